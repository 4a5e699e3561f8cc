-- Scenarios and the library run in a sandbox: what is listed is all there is (vm/README.md).
std = {
  read_globals = {
    "_G", "_VERSION", "assert", "coroutine", "error", "getmetatable", "ipairs", "load", "math", "next", "pairs", "pcall",
    "print", "rawequal", "rawget", "rawlen", "rawset", "require", "select", "setmetatable", "string", "table",
    "tonumber", "tostring", "type", "utf8", "xpcall",
  },
}
max_line_length = false -- .editorconfig and taste
ignore = { "212", "311", "431" } -- arguments kept for their names, a first nil, a server inside a server
exclude_files = { "build", "tests/lua/bad" }
files["lua/meta"] = { ignore = { "212", "241" } } -- stubs: arguments without bodies
files["scenarios/failures/misuse_global.lua"] = { ignore = { "111" } } -- the mistake it shows
