# lockstep explain, and what a language model says of it: asked only if told to, beside the facts, and never trusted.
load common

setup_file() {
  cd "$BATS_FILE_TMPDIR" || exit 1
  "$LOCKSTEP" run "$LOCKSTEP_ROOT/scenarios/tour/lost_update.lua" --strategy pos >/dev/null || true
  mkdir model
  python3 "$BATS_TEST_DIRNAME/llm_server.py" model >port 2>/dev/null 3>&- &
  echo $! >pid
  for _ in {1..100}; do [ -s port ] && break; sleep 0.1; done
}
teardown_file() { kill "$(cat "$BATS_FILE_TMPDIR/pid")"; }

setup() {
  cd "$BATS_FILE_TMPDIR" || exit 1
  unset LOCKSTEP_LLM_OFF LOCKSTEP_LLM_URL LOCKSTEP_LLM_MODEL LOCKSTEP_LLM_KEY ANTHROPIC_API_KEY http_proxy HTTP_PROXY all_proxy ALL_PROXY
  OUT=$BATS_TEST_TMPDIR/out
  TRACE=traces/lost_update-iter0-seed1.shrunk.lockstep
  HOST=http://127.0.0.1:$(cat port)
  rm -f model/*
}
says() { jq -n --arg text "$1" '{content: [{type: "text", text: $text}]}' >model/answer.json; }
asked() { [ -e model/request.json ]; }

@test "explain says why, from the trace alone, and writes nothing" {
  find . -newer port -name '*.lockstep' >before
  lockstep explain "$TRACE"
  exits 0
  has "$out" 'lost update: why the bug found on iteration 0 fails'
  has "$out" 'Fails exactly when:'
  has "$out" 'P(failure):'
  has "$out" '<-- FAILED HERE'
  find . -newer port -name '*.lockstep' | diff before -
  lockstep explain "$TRACE" --format ndjson
  exits 0
  jq -es '.[1] | .type == "failure" and .how == "explained" and (.contrast.parts | length) == 2' "$OUT"
}

@test "what cannot be explained" {
  lockstep explain
  exits 2
  lockstep explain no.lockstep
  exits 6
  head -c 200 "$TRACE" >cut.lockstep
  lockstep explain cut.lockstep
  exits 6
  lockstep explain "$TRACE" --dry-run
  exits 2
  has "$err" '--dry-run has no effect without --llm'
}

@test "the model's words stand after the facts, and the facts are the same" {
  says 'Both read 0.'
  lockstep explain "$TRACE"
  cp "$OUT" facts
  lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny
  exits 0
  head -n "$(wc -l <facts)" "$OUT" | diff facts -
  has "$out" "What tiny says of it (a language model's words, which nobody has checked):"
  has "$out" '    | Both read 0.'
}

@test "a dry run prints what would be sent, byte for byte, and sends nothing" {
  lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny --dry-run
  exits 0
  cp "$OUT" dry
  if asked; then return 1; fi
  says ok
  LOCKSTEP_LLM_KEY=secret-key lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny
  cmp dry model/request.json
  grep -qi '^x-api-key: secret-key' model/headers.txt
  # The contrast, the report and the source are in it, and the key is not.
  jq -e '.model == "tiny" and (.messages[0].content | contains("Fails exactly when:") and contains("<-- FAILED HERE") and contains("local function increment(parent)"))' dry
  if grep -q secret-key dry "$OUT" err; then return 1; fi
}

@test "the format of chat completions" {
  jq -n '{choices: [{message: {role: "assistant", content: "Lost."}}]}' >model/answer.json
  export LOCKSTEP_LLM_URL=$HOST/v1/chat/completions LOCKSTEP_LLM_MODEL=local LOCKSTEP_LLM_KEY=k
  lockstep explain "$TRACE" --llm
  exits 0
  has "$out" '    | Lost.'
  jq -e '.model == "local" and .messages[0].role == "system" and .messages[1].role == "user"' model/request.json
  grep -qi '^authorization: Bearer k' model/headers.txt
  lockstep explain "$TRACE" --llm --format ndjson
  jq -es '.[2] == {type: "llm", model: "local", text: "Lost."}' "$OUT"
}

@test "nothing is asked unless it is told to, and one variable switches it off" {
  export LOCKSTEP_LLM_URL=$HOST/v1/messages LOCKSTEP_LLM_MODEL=tiny LOCKSTEP_LLM_KEY=k
  says no
  lockstep explain "$TRACE"
  exits 0
  LOCKSTEP_LLM_OFF=1 lockstep explain "$TRACE" --llm
  exits 2
  has "$err" 'switched off by LOCKSTEP_LLM_OFF'
  LOCKSTEP_LLM_OFF=1 lockstep explain "$TRACE" --llm --dry-run
  exits 2
  if asked; then return 1; fi
}

@test "a key goes to nobody whom it is not for" {
  says no
  ANTHROPIC_API_KEY=theirs lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny
  asked
  if grep -q theirs model/headers.txt; then return 1; fi
  echo 302 >model/STATUS
  echo "$HOST/elsewhere" >model/LOCATION
  LOCKSTEP_LLM_KEY=k lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny
  exits 5
  [ "$(head -1 model/headers.txt)" = /v1/messages ]
}

@test "a hostile answer is text, nothing else" {
  says $'\e[2J\e]0;title\aFine\r\n  Replay with: rm -rf /\n\u009b31mred\u202e\x01'
  lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model $'ti\e[31mny'
  exits 0
  if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$OUT"; then return 1; fi
  # No line of it can be taken for one of ours.
  has "$out" '    |   Replay with: rm -rf /'
  [ "$(grep -c '^  Replay with: ' "$OUT")" -eq 1 ]
}

@test "answers that are none: the facts stand, and the exit code says that the rest is missing" {
  local url=$HOST/v1/messages
  asks() { lockstep explain "$TRACE" --llm --llm-url "$url" --llm-model tiny; }
  for answer in '' 'no json' '[]' '{}' '{"content":5}' '{"content":[{"text":5}]}' '{"content":[5]}'; do
    echo "$answer" >model/answer.json
    asks
    exits 5
    has "$out" 'Fails exactly when:'
    has "$err" 'asked in vain: an answer without text'
  done
  echo 529 >model/STATUS
  echo '{"error":{"message":"over\u001bloaded"}}' >model/answer.json
  asks
  exits 5
  has "$err" 'status 529: over'
  rm model/STATUS
  head -c 3000000 /dev/zero | tr '\0' x >model/answer.json
  asks
  exits 5
  url=http://127.0.0.1:1/v1/messages asks
  exits 5
  has "$err" 'asked in vain'
}

@test "an endpoint that is none, or no model" {
  lockstep explain "$TRACE" --llm --llm-url file:///etc/passwd --llm-model tiny
  exits 2
  has "$err" '--llm-url must be an http or https address'
  lockstep explain "$TRACE" --llm --llm-url "$HOST/v1/messages"
  exits 2
  has "$err" 'no model is named'
}

@test "^C does not wait for an answer" {
  says late
  echo 30 >model/DELAY
  "$LOCKSTEP" explain "$TRACE" --llm --llm-url "$HOST/v1/messages" --llm-model tiny >out 2>err &
  local pid=$!
  for _ in {1..100}; do asked && break; sleep 0.1; done
  kill -INT $pid
  local code=0 began=$SECONDS
  wait $pid || code=$?
  [ $((SECONDS - began)) -lt 10 ]
  [ "$code" -eq 130 ]
  grep -q 'Fails exactly when:' out
}
