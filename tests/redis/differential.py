#!/usr/bin/env python3
"""Sends random commands to a real server and to ours, and compares the replies, errors included.

usage: differential.py LOCKSTEP [COMMANDS [SEED]]"""
import os
import random
import re
import subprocess
import sys
import tempfile

import commands
import server

CHUNK = 200  # commands of a scenario, which starts with an empty server
UNORDERED = {b"smembers", b"sinter", b"sdiff", b"sunion", b"keys"}

HEAD = """local lockstep = require "lockstep"
local redis = require "lockstep.redis"

local function text(v)
  if v == false then return "_" end
  if type(v) == "string" then return "$" .. v end
  if type(v) == "number" then return ":" .. v end
  if v.ok then return "+" .. v.ok end
  if v.err then
    return "-" .. v.err:gsub(" script: .*", ""):gsub("user_script:%d+: ", ""):gsub("(Error compiling script).*", "%1")
  end
  local list = {}
  for i, x in ipairs(v) do list[i] = text(x) end
  return list
end
local function flat(v, unordered)
  if type(v) == "string" then return v end
  local list = {}
  for i, x in ipairs(v) do list[i] = flat(x, unordered) end
  if unordered then table.sort(list) end
  return "[" .. table.concat(list, ", ") .. "]"
end

local function compare(name, list)
  lockstep.scenario(name, function()
    local c = redis.server():connect()
    for i, one in ipairs(list) do
      local got = flat(text(c:raw(table.unpack(one.command))), one.unordered)
      local wanted = flat(one.reply, one.unordered)
      if got ~= wanted then
        error(("command %d of %s: %q is %q, but here %q"):format(i, name, table.concat(one.command, " "), wanted, got), 0)
      end
    end
  end)
end
"""


def is_unordered(command):
    """Sets come in any order; so do they through a script."""
    names = {word.lower() for word in (command[:1] if command[0] != b"eval" else command[4:5])}
    return bool(names & UNORDERED)


def without_place(reply):
    """An error of a script without where it was, and of one that is no Lua without what the parser says."""
    if isinstance(reply, list):
        return [without_place(item) for item in reply]
    if not reply.startswith(b"-"):
        return reply
    text = re.sub(rb"user_script:\d+: ", b"", reply.split(b" script: ")[0])
    return re.sub(rb"(Error compiling script).*", rb"\1", text)


def lua(value):
    if isinstance(value, bytes):
        return '"' + "".join("\\%03d" % b if b < 32 or b > 126 or b in b'"\\' else chr(b) for b in value) + '"'
    return "{" + ", ".join(lua(v) for v in value) + "}"


def scenario(name, chunk, replies):
    lines = ["compare(%s, {" % lua(name.encode())]
    for command, reply in zip(chunk, replies):
        unordered = ", unordered = true" if is_unordered(command) else ""
        lines.append("  { command = %s, reply = %s%s }," % (lua(command), lua(without_place(reply)), unordered))
    return "\n".join(lines + ["})", ""])


def main():
    lockstep = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 31)
    print("%d commands, seed %d" % (count, seed), flush=True)
    rng = random.Random(seed)
    failed = False
    with server.Server() as redis, tempfile.TemporaryDirectory() as folder:
        connection = redis.connect()
        for begin in range(0, count, 20 * CHUNK):
            parts = [HEAD]
            for start in range(begin, min(begin + 20 * CHUNK, count), CHUNK):
                chunk = list(commands.commands(rng, min(CHUNK, count - start)))
                connection.send([[b"flushall"]])
                parts.append(scenario("chunk %d" % (start // CHUNK), chunk, connection.send(chunk)))
            path = os.path.join(folder, "commands.lua")
            with open(path, "w") as file:
                file.write("\n".join(parts))
            done = subprocess.run([lockstep, "run", path, "--iterations", "1", "--no-shrink", "--trace-dir", folder],
                                  capture_output=True, text=True, errors="replace", check=False)
            if done.returncode != 0:
                failed = True
                shown = [line for line in done.stdout.splitlines() if "Reason:" in line or "but here" in line]
                print("\n".join(shown or [done.stdout[-2000:], done.stderr[-2000:]]))
    print("different" if failed else "all replies are equal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
