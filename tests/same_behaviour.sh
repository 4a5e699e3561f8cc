#!/bin/bash
# same_behaviour.sh OLD NEW [FOLDER...]: two binaries, for a change that is to change no behaviour: the same reports,
# texts and exit codes over the scenarios of these folders (default bugs, fixed, tour, failures), and the same bytes of
# traces. What depends on time is left out. A folder that KEEP=FOLDER made of OLD's outputs may stand for OLD.
set -u
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
binaries=("$(realpath "$1")" "$(realpath "$2")")
shift 2
scenarios=$(realpath "$(dirname "$0")/../scenarios")
[ $# -gt 0 ] || set -- bugs fixed tour failures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# outputs BINARY OUT FOLDER...: one file for each scenario file and command, and the sums of the traces.
outputs() {
  local binary=$1 out=$2 file folder name
  shift 2
  mkdir -p "$out/traces"
  cd "$out" || exit 2
  say() {
    "$binary" "${@:2}" > "$1" 2>&1
    echo "exit code $?" >> "$1"
    sed -i -E '/^  rate: /d; /^  time: /d; s/(under every schedule tried) \([0-9]+\)/\1/
      s/"(seconds|cpu_seconds|executions_per_second|steps_per_second|schedules_all_failing)":[0-9.e+-]+,?//g' "$1"
  }
  for folder; do
    for file in "$scenarios/$folder"/*.lua; do
      name=$folder.$(basename "$file" .lua)
      say "$name.run" run "$file" --seed 1 -n 200 --format ndjson --trace-dir "traces/$name"
      say "$name.text" run "$file" --seed 1 -n 200 --strategy pos --no-progress --trace-dir "traces/$name.pos"
      say "$name.verify" verify "$file" --seed 1 -n 1000 --no-progress --trace-dir "traces/$name.verify"
    done
  done
  find traces -type f -print0 | sort -z | xargs -0r sha256sum > sums
  rm -rf traces
}

for side in 0 1; do
  if [ -d "${binaries[side]}" ]; then
    ln -s "${binaries[side]}" "$work/$side"
  else
    outputs "${binaries[side]}" "$work/$side" "$@"
  fi
done
[ -z "${KEEP:-}" ] || cp -r "$work/0" "$KEEP"
diff -r "$work/0" "$work/1" > "$work/differences" || {
  cut -c1-400 "$work/differences" | head -60
  exit 1
}
echo "the same: $(wc -l < "$work/1/sums") traces, $(find "$work/1/" -type f | wc -l) outputs"
