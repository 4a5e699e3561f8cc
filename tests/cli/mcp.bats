# lockstep mcp, over pipes, without a client's library (tests/mcp_clients_test.sh has those).
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
  mkdir root
  cp "$TOUR" root/
  cp "$LOCKSTEP_ROOT/scenarios/fixed/late_reply.lua" root/fixed.lua
}

# One message a line in, answers out, in the order of their ids.
serve() {
  status=0
  "$LOCKSTEP" mcp --root root "$@" >raw 2>err || status=$?
  jq -cs 'flatten(1) | sort_by(.id) | .[]' raw >answers
}
call() {  # call ID TOOL ARGUMENTS
  jq -cn --argjson id "$1" --arg tool "$2" --argjson arguments "$3" \
    '{jsonrpc: "2.0", id: $id, method: "tools/call", params: {name: $tool, arguments: $arguments}}'
}
answer() { jq -c "select(.id == $1)" answers; }  # answer ID
is() {  # is ID FILTER: true of the answer
  jq -es "map(select(.id == $1)) | length == 1 and (.[0] | $2)" answers >/dev/null || { answer "$1"; echo "not so: $2"; return 1; }
}

many() {  # a scenario with so many schedules that no search of it ends
  scenario root/many.lua many <<'LUA'
  for _ = 1, 4 do
    lockstep.spawn(function(root)
      for _ = 1, 50 do lockstep.yield() end
      lockstep.send(root, lockstep.self())
    end, lockstep.self())
  end
  for _ = 1, 4 do lockstep.recv() end
LUA
}

@test "the era of handshakes" {
  serve <<'LINES'
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"ping"}
{"jsonrpc":"2.0","id":3,"method":"tools/list"}
{"jsonrpc":"2.0","id":4,"method":"initialize","params":{"protocolVersion":"1999-01-01"}}
LINES
  [ "$status" -eq 0 ]
  [ "$(wc -l <raw)" -eq 4 ]
  is 1 '.result.protocolVersion == "2025-06-18" and .result.serverInfo.name == "lockstep" and .result.capabilities.tools != null'
  is 2 '.result == {}'
  is 3 '[.result.tools[].name] == ["list_scenarios", "run", "verify", "replay", "explain", "diff", "lint", "check_history"]'
  is 3 'all(.result.tools[]; .inputSchema.type == "object" and .description != "") and (.result | has("ttlMs") | not)'
  is 4 '.result.protocolVersion == "2025-11-25"'
}

@test "the era without state" {
  local meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}'
  serve <<LINES
{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{$meta}}
{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{$meta}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{$meta,"name":"lint","arguments":{"file":"fixed.lua"}}}
{"jsonrpc":"2.0","id":4,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2031-01-01"}}}
LINES
  is 1 '.result | .supportedVersions == ["2026-07-28"] and .resultType == "complete" and .ttlMs > 0 and .cacheScope == "public"'
  is 2 '.result | .resultType == "complete" and .ttlMs > 0 and (.tools | length) == 8'
  is 3 '.result | .resultType == "complete" and .structuredContent.summary == "0 findings"'
  is 4 '.error | .code == -32022 and .data.supported == ["2026-07-28"] and .data.requested == "2031-01-01"'
}

@test "a failure is found, and its trace is what goes from call to call" {
  serve < <(call 1 run '{"file":"lost_update.lua","strategy":"pos"}')
  is 1 '.result.isError == false'
  is 1 '.result.structuredContent == (.result.content[0].text | fromjson)'
  is 1 '.result.structuredContent | .exit_code == 1 and .complete and (.failures | length) == 1'
  is 1 '.result.structuredContent.failures[0] | .reason == "expected 2, got 1" and (.fails_when.parts | length) == 2 and .plain_runs.tried == 10000'
  is 1 '.result.structuredContent.failures[0].steps[-1] | endswith("<-- FAILED HERE")'
  local trace full
  trace=$(answer 1 | jq -r '.result.structuredContent.failures[0].trace')
  full=$(answer 1 | jq -r '.result.structuredContent.failures[0].trace_before_shrinking')
  [ -s "root/$trace" ] && [ -s "root/$full" ]
  sed 's/ets.insert(counter, { "n", n + 1 })/ets.update_counter(counter, "n", 1)/' "$TOUR" >root/repaired.lua
  serve < <(
    call 1 explain "{\"trace\":\"$trace\"}"
    call 2 replay "{\"trace\":\"$trace\"}"
    call 3 replay "{\"trace\":\"$trace\",\"scenario_file\":\"repaired.lua\"}"
    call 4 diff "{\"a\":\"$trace\",\"b\":\"$full\"}"
    call 5 replay "{\"trace\":\"$trace\",\"scenario_file\":\"lost_update.lua\"}"
  )
  is 1 '.result.structuredContent.failures[0].fails_when.parts | length == 2'
  is 2 '.result.structuredContent | .exit_code == 1 and .failures[0].how == "replayed"'
  is 3 '.result.structuredContent | .exit_code == 0 and .results[0].fix.verdict == "passes"'
  is 4 '.result.structuredContent | .exit_code == 1 and .results[0].type == "diff"'
  is 5 '.result.structuredContent.exit_code == 1'
}

@test "proofs, lists, lints and histories" {
  mkdir root/sub
  cp root/fixed.lua root/sub/again.lua
  echo 'return 1' >root/helper.lua
  echo 'x = (' >root/broken.lua
  printf '%s\n' '{"process":0,"type":"invoke","f":"write","value":1}' '{"process":0,"type":"ok","f":"write","value":1}' \
    '{"process":1,"type":"invoke","f":"read","value":null}' '{"process":1,"type":"ok","f":"read","value":2}' >root/h.jsonl
  printf 'local lockstep = require "lockstep"\nlockstep.scenario("a", function() os.exit(1) end)\n' >root/bad.lua
  serve < <(
    call 1 verify '{"file":"fixed.lua"}'
    call 2 list_scenarios '{}'
    call 3 list_scenarios '{"path":"sub"}'
    call 4 lint '{"file":"bad.lua"}'
    call 5 check_history '{"file":"h.jsonl","model":"register"}'
    call 6 verify '{"file":"lost_update.lua"}'
    call 7 run '{"file":"broken.lua"}'
  )
  is 1 '.result.structuredContent | .exit_code == 0 and .scenarios[0].verification.verdict == "verified"'
  is 2 '[.result.structuredContent.scenarios[].file] | index("lost_update.lua") != null and index("sub/again.lua") != null'
  is 3 '.result.structuredContent | [.scenarios[].file] == ["sub/again.lua"] and .summary == "1 scenario"'
  is 4 '.result.structuredContent | .exit_code == 1 and .findings[0].rule == "outside-sandbox"'
  is 5 '.result.structuredContent.exit_code == 1 and .result.isError == false'
  is 6 '.result.structuredContent | .exit_code == 1 and .failures[0].scenario == "lost update"'
  is 7 '.result.isError and .result.structuredContent.exit_code == 3 and (.result.structuredContent.messages | length) > 0'
}

@test "one scenario of several, by its whole name" {
  printf '%s\n' 'local lockstep = require "lockstep"' 'lockstep.scenario("a", function() end)' \
    'lockstep.scenario("ab", function() error("no") end)' >root/two.lua
  serve < <(call 1 run '{"file":"two.lua","scenario":"a"}'; call 2 run '{"file":"two.lua","scenario":"--format=text"}')
  is 1 '.result.structuredContent | .exit_code == 0 and (.scenarios | length) == 1'
  is 2 '.result.isError and .result.structuredContent.exit_code == 2'
}

@test "what is malformed is refused by number, and the server lives on" {
  serve < <(
    echo 'no json'
    echo '[]'
    echo '1'
    echo '{"jsonrpc":"1.0","id":3,"method":"ping"}'
    echo '{"jsonrpc":"2.0","id":{},"method":"ping"}'
    echo '{"jsonrpc":"2.0","id":5}'
    echo '{"jsonrpc":"2.0","id":6,"method":"ping","params":[1]}'
    echo '{"jsonrpc":"2.0","id":7,"method":"no/such"}'
    echo '{"jsonrpc":"2.0","method":"no/such/notification"}'
    echo '{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":5}}'
    echo '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"run","arguments":[]}}'
    echo '{"jsonrpc":"2.0","id":10,"result":{}}'
    echo
    call 11 rum '{}'
    call 12 run '{}'
    call 13 run '{"file":"lost_update.lua","files":1}'
    call 14 run '{"file":5}'
    call 15 run '{"file":"lost_update.lua","seed":-1}'
    call 16 run '{"file":"lost_update.lua","iterations":1.5}'
    call 17 run '{"file":"lost_update.lua","keep_going":"yes"}'
    call 18 run '{"file":"lost_update.lua","time_ms":0}'
    call 19 run '{"file":"lost_update.lua","time_ms":61000}'
    call 20 run '{"file":"lost_update.lua","strategy":""}'
    call 21 run '{"file":"nothing.lua"}'
    call 22 run '{"file":"."}'
    head -c 3000000 /dev/zero | tr '\0' x
    echo
    printf '%s' "$(printf '[%.0s' {1..100000})"
    echo
    echo '{"jsonrpc":"2.0","id":99,"method":"ping"}'
  )
  [ "$status" -eq 0 ]
  is 99 '.result == {}'
  [ "$(jq -s '[.[] | select(.id == null) | .error.code] | sort | join(" ")' answers)" = '"-32700 -32700 -32600 -32600 -32600 -32600"' ]
  for id in 3 5; do is $id '.error.code == -32600'; done
  is 7 '.error.code == -32601'
  for id in 6 8 9 11 12 13 14 15 16 17 18 19 20 21 22; do is $id '.error.code == -32602'; done
  is 11 '.error.message | contains("did you mean run?")'
  is 19 '.error.message | contains("--max-time")'
  [ -z "$(answer 10)" ]
}

@test "nothing leaves the root: neither .. nor links nor what a scenario requires" {
  mkdir outside
  cp "$TOUR" outside/secret.lua
  echo 'return { word = "outside" }' >outside/helper.lua
  ln -s ../outside/secret.lua root/link.lua
  ln -s ../outside root/folder
  ln -s ../outside/helper.lua root/helper.lua
  printf '%s\n' 'local lockstep = require "lockstep"' 'local helper = require "helper"' \
    'lockstep.scenario("a", function() assert(false, helper.word) end)' >root/requires.lua
  serve < <(
    call 1 run '{"file":"../outside/secret.lua"}'
    call 2 run "{\"file\":\"$PWD/outside/secret.lua\"}"
    call 3 run '{"file":"link.lua"}'
    call 4 run '{"file":"folder/secret.lua"}'
    call 5 list_scenarios '{"path":".."}'
    call 6 list_scenarios '{"path":"folder"}'
    call 7 run '{"file":"requires.lua"}'
    call 8 run '{"file":"./../root/lost_update.lua","iterations":1}'
    call 9 list_scenarios '{}'
  )
  for id in 1 2 3 4 5 6; do is $id '.error.code == -32602 and (.error.message | contains("outside the root"))'; done
  is 7 '.result.isError and (.result.content[0].text | contains("outside") and (contains("assertion") | not))'
  is 8 '.result != null'
  is 9 '[.result.structuredContent.scenarios[].file] == ["fixed.lua", "lost_update.lua"]'
  # Traces are not written through a link either.
  mkdir elsewhere
  rm -rf root/traces
  ln -s ../elsewhere root/traces
  serve < <(call 1 run '{"file":"lost_update.lua"}')
  [ -z "$(ls elsewhere)" ]
  is 1 '.result.structuredContent | .exit_code == 1 and .failures[0].trace == "" and (.messages | tostring | contains("cannot write"))'
}

@test "a call ends in its time, whatever the scenario does" {
  scenario root/long.lua long <<<'for _ = 1, 1e15 do end'
  many
  local began=$SECONDS
  serve --max-time 2s < <(
    call 1 run '{"file":"long.lua","time_ms":400}'
    call 2 run '{"file":"many.lua","strategy":"random","iterations":1000000000,"time_ms":400}'
    call 3 run '{"file":"many.lua","time_ms":2001}'
    call 4 verify '{"file":"many.lua","time_ms":400}'
  )
  [ $((SECONDS - began)) -lt 30 ]
  is 1 '.result.structuredContent | .exit_code != 1'
  is 2 '.result.structuredContent | .exit_code == 0 and .scenarios[0].stop == "time"'
  is 3 '.error.code == -32602'
  is 4 '.result != null'
}

# A server to talk with: ask LINE, then hear FILTER waits for a message of which it is true.
open_server() {
  coproc SERVER { exec "$LOCKSTEP" mcp --root root 2>err; }
  server=$SERVER_PID
}
ask() { echo "$1" >&"${SERVER[1]}"; }
hear() {
  local line
  while IFS= read -r -t 60 line <&"${SERVER[0]}"; do
    echo "$line" >>heard
    if jq -e "$1" <<<"$line" >/dev/null; then return 0; fi
  done
  echo "never heard: $1"
  return 1
}

@test "progress, cancellation, and other answers meanwhile" {
  many
  open_server
  ask "$(call 1 run '{"file":"many.lua","strategy":"random","iterations":1000000000,"time_ms":50000}' | jq -c '.params._meta = {progressToken: "p"}')"
  hear '.method == "notifications/progress" and .params.progressToken == "p" and .params.total == 50 and .params.progress > 0'
  ask "$(call 2 lint '{"file":"fixed.lua"}')"
  hear '.id == 2 and .result.structuredContent.exit_code == 0'
  ask '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
  ask '{"jsonrpc":"2.0","id":3,"method":"ping"}'
  hear '.id == 3'
  ask "$(call 4 run '{"file":"lost_update.lua"}')"
  hear '.id == 4 and .result.structuredContent.exit_code == 1'
  local in=${SERVER[1]}
  exec {in}>&-
  wait "$server"
  # A cancelled request gets no answer.
  if jq -e 'select(.id == 1)' heard; then return 1; fi
}

@test "a call whose process dies is an error, and the next one is answered" {
  many
  open_server
  ask "$(call 1 run '{"file":"many.lua","strategy":"random","iterations":1000000000,"time_ms":50000}')"
  local child=
  for _ in {1..100}; do
    child=$(pgrep -P "$server" | head -1) || true
    [ -z "$child" ] || break
    sleep 0.1
  done
  [ -n "$child" ]
  kill -9 "$child"
  hear '.id == 1 and .result.isError and .result.structuredContent.exit_code == 137'
  ask '{"jsonrpc":"2.0","id":2,"method":"ping"}'
  hear '.id == 2'
  kill "$server"
  wait "$server" || true
}

@test "a batch is answered by a batch" {
  serve <<<'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"lint","arguments":{"file":"fixed.lua"}}},5]'
  [ "$(wc -l <raw)" -eq 1 ]
  [ "$(jq -c '[.[] | [.id, .error.code]] | sort' raw)" = '[[null,-32600],[1,null],[2,null]]' ]
}

@test "results are short whatever there is" {
  scenario root/long.lua long <<'LUA'
  for _ = 1, 3000 do lockstep.yield() end
  lockstep.send(lockstep.self(), ("x"):rep(100000))
  error(("y"):rep(100000))
LUA
  serve < <(call 1 run '{"file":"long.lua"}')
  is 1 '.result.structuredContent | .exit_code == 1 and (.complete | not)'
  is 1 '.result.content[0].text | length < 20000'
}

@test "a root that is none is refused" {
  lockstep mcp --root no/such
  exits 2
  has "$err" '--root no/such is no folder'
  lockstep mcp extra
  exits 2
}
