-- redis.scripts: scripts that lie in files, as BullMQ and Bull write them: FILE-N.lua has N keys, and a line
-- `--- @include "path"` stands for another file, looked for from the folder of the one that names it. What is named again
-- further down is there already.
local lockstep = require "lockstep"
local scripting = require "lockstep.redis.scripting"

local scripts = {}

-- "a/b/../c" as "a/c"; nil if it leads out.
local function normal(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      if #parts == 0 then return nil end
      table.remove(parts)
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

-- The file with those that it includes in the place of the lines that do. `seen`: what is there already, or being read.
local function read(name, seen)
  seen[name] = "begun"
  local text = ("\n" .. lockstep.source(name) .. "\n"):gsub("\r\n", "\n")
  local folder = name:match("^(.*/)") or ""
  text = text:gsub("(\n[ \t]*)%-%-%-?[ \t]*@include[ \t]+([\"'])([^\n]-)%2[^\n]*", function(begin, _, path)
    local file = normal(folder .. path .. (path:find("%.lua$") and "" or ".lua"))
    if not file then error(name .. ": @include \"" .. path .. "\" leads out of the folders that are searched", 0) end
    if seen[file] == "begun" then error(name .. ": @include \"" .. path .. "\" comes back to " .. file, 0) end
    return begin .. (seen[file] and "" or read(file, seen))
  end)
  seen[name] = "read"
  return text:sub(2, -2)
end

-- The script of a file as {name, keys, text, sha}; its number of keys is in its name, or else `keys`.
function scripts.load(file, keys)
  local name, n = file:match("([^/]+)%-(%d+)%.lua$")
  keys = math.tointeger(tonumber(n or keys))
  if not keys then
    error("redis.load: how many keys has " .. file .. "? A second argument, or FILE-N.lua, says so", 3)
  end
  local good, text = pcall(read, normal(file) or file, {})
  if not good then error((text:gsub("^[%w_/%.]+:%d+: ", "")), 3) end
  return { name = name or file:match("([^/]+)%.lua$") or file, keys = keys, text = text, sha = scripting.preload(text) }
end

return scripts
