# Pages in a real browser: chromium without a window, as Debian has it.
load common

setup() {
  cd "$BATS_TEST_TMPDIR" || exit 1
}

# browse PAGE DRIVER [FRAGMENT]: opens PAGE with a script of tests/cli/browser at its end, which says what it saw: $seen.
# Nothing may be on the browser's console. With BUDGET set and empty the clock is the real one, and what comes later is not seen.
browse() {
  local nonce
  nonce=$(grep -o -m1 "'nonce-[0-9a-f]*'" "$1" | head -1 | tr -d "'" | cut -d- -f2)
  [ -n "$nonce" ]
  {
    cat "$1"
    printf '<script nonce="%s">\n' "$nonce"
    cat "$LOCKSTEP_ROOT/tests/cli/browser/$2"
    printf '</script>\n'
  } >driven.html
  timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$BATS_TEST_TMPDIR/profile" \
    --window-size=1400,900 ${BUDGET---virtual-time-budget=60000} --enable-logging=stderr --dump-dom "file://$PWD/driven.html${3:-}" \
    >dom.html 2>console.txt
  if grep 'CONSOLE' console.txt; then return 1; fi
  seen=$(sed -n '/<pre id="said">/,/END/p' dom.html)
  [[ "$seen" == *END* ]] || { echo "the driver did not come to its end"; tail -5 console.txt; return 1; }
  if grep WRONG <<<"$seen"; then return 1; fi
}

@test "a failure is walked through in a browser: steps, states, folding, the schedule that passes, keys" {
  lockstep run "$TOUR" --strategy pos --html page.html
  exits 1
  browse page.html trace.js
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/aba_stack.lua" --strategy pos --no-shrink --html folded.html
  exits 1
  browse folded.html fold.js
}

@test "dump, shrink and replay write the same page; run numbers several" {
  "$LOCKSTEP" run "$TOUR" --strategy pos --html a.html >/dev/null || true
  small=$(echo traces/*.shrunk.lockstep)
  lockstep dump "$small" --html b.html
  exits 0
  cmp a.html b.html
  lockstep dump "$small" --html -
  exits 0
  cmp a.html out
  lockstep replay "$small" --html c.html
  exits 1
  cmp a.html c.html
  lockstep shrink "$small" --html d.html
  exits 0
  grep -q '</html>' d.html
  lockstep run "$LOCKSTEP_ROOT/scenarios/bugs/lock_order.lua" "$TOUR" --strategy pos --html many.html
  exits 1
  [ -s many.html ] && [ -s many.2.html ] && [ ! -e many.3.html ]
  lockstep run "$LOCKSTEP_ROOT/scenarios/fixed/parent_wake.lua" --iterations 5 --html none.html
  exits 0
  has "$err" "--html: not written, there is no failure to show"
  [ ! -e none.html ]
}

@test "a trace that passes is walked through all the same" {
  "$LOCKSTEP" run "$TOUR" --strategy pos >/dev/null || true
  printf '%s\n' 'goto 5' 'take 1' run 'save passes.lockstep' | "$LOCKSTEP" debug "$(echo traces/*.shrunk.lockstep)" >/dev/null
  lockstep dump passes.lockstep --html page.html
  exits 0
  mkdir -p tests/cli/browser
  cat >tests/cli/browser/driver.js <<'JS'
(async () => {
  await new Promise((d) => setTimeout(d, 100));
  const ok = document.querySelector('.pill').textContent === 'passes' && !document.querySelector('.contrast');
  document.body.append(page.el('pre', {id: 'said'}, (ok ? 'ok' : 'WRONG') + '\nEND'));
})();
JS
  LOCKSTEP_ROOT=$PWD browse page.html driver.js
}

@test "names and values that are markup run no script" {
  cat >hostile.lua <<'LUA'
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local history = require "lockstep.history"
local checker = require "lockstep.checker"
local bad = "</script><script>window.pwned=1;document.title='pwned by'</script><img src=x onerror='window.pwned=2'>"
lockstep.scenario("<!--<script>" .. bad .. "\u{2028}\u{2029}\u{202e}]]>", function()
  local t = ets.new("t" .. bad, { "set", "public" })
  ets.insert(t, { bad, 0, "'\"><svg onload=window.pwned=3>" })
  local function worker(parent)
    lockstep.register(bad, lockstep.self())
    local n = ets.lookup_element(t, bad, 2)
    ets.insert(t, { bad, n + 1, "javascript:window.pwned=4" })
    lockstep.put("__proto__", bad)
    lockstep.send(parent, { bad, "\255\254 not utf-8 \0" })
  end
  local h = history.start()
  lockstep.spawn(worker, lockstep.self())
  lockstep.spawn(function(parent)
    local n = ets.lookup_element(t, bad, 2)
    ets.insert(t, { bad, n + 1 })
    lockstep.send(parent, bad)
  end, lockstep.self())
  lockstep.recv()
  lockstep.recv()
  history.op(h, "write", bad, function() return nil end)
  history.op(h, "read", nil, function() return ets.lookup_element(t, bad, 2) == 2 and bad or bad .. bad end)
  checker.check(h, "register")
end)
LUA
  lockstep run hostile.lua --strategy pos --html page.html
  exits 1
  [ "$(grep -c '<img' page.html)" -eq 0 ]
  browse page.html hostile.js
}

@test "histories: opens at the error, keys, orders and what blocks them, cycles, several files" {
  event() { printf '{"process":%s,"type":"%s","f":"%s","key":"%s","value":%s}\n' "$@"; }
  {
    for k in x y; do
      for v in 1 2; do event 0 invoke write "$k" "$v"; event 0 ok write "$k" "$v"; done
    done
    event 1 invoke read x null; event 1 ok read x 2
    event 1 invoke read y null; event 1 ok read y 1
  } >kv.jsonl
  printf '%s\n' '{"process":0,"type":"invoke","f":"txn","value":[["r","x",null],["w","y",1]]}' \
    '{"process":1,"type":"invoke","f":"txn","value":[["r","y",null],["w","x",1]]}' \
    '{"process":0,"type":"ok","f":"txn","value":[["r","x",null],["w","y",1]]}' \
    '{"process":1,"type":"ok","f":"txn","value":[["r","y",null],["w","x",1]]}' >skew.jsonl
  printf '%s\n' '{"process":0,"type":"invoke","f":"write","value":1}' '{"process":0,"type":"ok","f":"write","value":1}' >fine.jsonl
  lockstep check-history kv.jsonl skew.jsonl fine.jsonl --html page.html
  exits 1
  browse page.html history.js
}

@test "a thousand steps: less than a megabyte, and there in a second" {
  cat >long.lua <<'LUA'
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
lockstep.scenario("long", function()
  local t = ets.new("t", { "set", "public" })
  ets.insert(t, { "n", 0 })
  for w = 1, 4 do
    ets.insert(t, { w, 0, "nobody" })
    lockstep.spawn(function(parent)
      for i = 1, 124 do
        local n = ets.lookup_element(t, w, 2)
        ets.insert(t, { w, n + 1, "worker " .. w .. " in round " .. i })
      end
      if w < 3 then ets.insert(t, { "n", ets.lookup_element(t, "n", 2) + 1 }) end
      lockstep.send(parent, "done")
    end, lockstep.self())
  end
  for _ = 1, 4 do lockstep.recv() end
  assert(ets.lookup_element(t, "n", 2) == 2)
end)
LUA
  lockstep run long.lua --strategy random --no-shrink --seed 3
  exits 1
  lockstep dump "$(echo traces/*.lockstep)" --html page.html
  exits 0
  [ "$("$LOCKSTEP" dump "$(echo traces/*.lockstep)" --format events | wc -l)" -ge 1000 ]
  [ "$(wc -c <page.html)" -lt 1000000 ]
  mkdir -p tests/cli/browser
  # From the start of the navigation until all scripts have run and the browser has laid out what they made; by its real clock.
  cat >tests/cli/browser/driver.js <<'JS'
document.body.offsetHeight;
const ms = Math.round(performance.now()), rows = document.querySelectorAll('.diagram .row').length;
document.body.append(page.el('pre', {id: 'said'}, `${rows > 5 && rows < 200 ? 'ok' : 'WRONG'}: ${rows} rows\n${ms} ms\nEND`));
JS
  for _ in 1 2 3; do  # a busy machine is not the page's fault
    LOCKSTEP_ROOT=$PWD BUDGET='' browse page.html driver.js
    ms=$(grep -o '[0-9]* ms' <<<"$seen" | cut -d' ' -f1)
    [ "$ms" -gt 1000 ] || return 0
  done
  echo "it opens in $ms ms"
  return 1
}

@test "bad input: what cannot be written, what does not go together" {
  "$LOCKSTEP" run "$TOUR" --strategy pos >/dev/null || true
  small=$(echo traces/*.shrunk.lockstep)
  lockstep dump "$small" --html /no/such/folder/p.html
  exits 6
  has "$err" "--html: cannot write /no/such/folder/p.html: No such file or directory"
  lockstep dump "$small" --html p.html --history h.jsonl
  exits 2
  lockstep dump "$small" --html p.html --format mermaid
  exits 2
  has "$err" "--format has no effect beside --html"
  lockstep replay "$small" --scenario "$TOUR" --html p.html
  exits 2
  # A verdict stands also where its page cannot be written.
  lockstep run "$TOUR" --strategy pos --html /no/such/folder/p.html
  exits 1
  has "$out" "expected 2, got 1"
  has "$err" "--html: cannot write"
}
