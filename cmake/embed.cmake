# Writes OUT, a C++ file with every file of FILES (relative to ROOT) as a string literal, so that the binary needs no file beside it.
# HEADER declares, in NAMESPACE, struct EmbeddedFile { name, text }, the array NAME and NAMECount.
set(body "// Made by cmake/embed.cmake.\n#include \"${HEADER}\"\nnamespace ${NAMESPACE} {\nconst EmbeddedFile ${NAME}[] = {\n")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text HEX)
  string(LENGTH "${text}" hex_length)
  math(EXPR size "${hex_length} / 2")
  # 16 kB pieces: compilers limit one literal's length.
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" text "${text}")
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f]))" "\\1\"\n\"" text "${text}")
  string(APPEND body "{\"${file}\", {\"${text}\", ${size}}},\n")
endforeach()
string(APPEND body "};\nconst size_t ${NAME}Count = sizeof ${NAME} / sizeof ${NAME}[0];\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUT} "${body}")
