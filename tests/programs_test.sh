#!/bin/bash
# Each program that the scripts and the tests of the shell call is essential or required in Debian, and so on any machine, or
# its package is named in .ci/setup: where the developers' machine has a program that a bare one lacks, tests fail there alone.
# Looks at the words where a command stands; a program that this machine lacks is not known to be one. A script may ask by
# `command -v` whether there is a program, and do without.
set -u
cd "${LOCKSTEP_ROOT:-$(dirname "$0")/..}" || exit 2

# These ask themselves for what they need: for root, by name, and where there is npm or Slurm.
mapfile -t scripts < <(git ls-files '*.sh' '*.bats' '*.bash' .ci/run .ci/setup ':!tests/bare_*.sh' ':!tests/mcp_clients_test.sh' ':!*slurm.sh')
[ "${#scripts[@]}" -gt 10 ] || { echo "only ${#scripts[@]} scripts were found"; exit 1; }

# Words at the start of a command: of a line, after an operator, a keyword, or a program that starts another one.
# What a here-document holds is no command.
words() {
  awk 'end { if ($0 ~ "^[ \t]*" end "$") end = ""; next }
       { print }
       match($0, /<<-?["\047]?[A-Z]+/) { end = substr($0, RSTART, RLENGTH); gsub(/[^A-Z]/, "", end) }' "$@" |
    sed -E "s/^[[:space:]]*#.*//; s/'[^']*'//g" |
    grep -oP '(^|[|;&(`!]|\b(then|do|else|run|exec|sudo|xargs|timeout|env|command|if|while|until)) *([A-Z_]+=[^ ]* +|-[a-zA-Z0-9]+ +|[0-9.]+s? +)*[a-z][a-z0-9_.+-]*(?=[ ;)|&]|$)' |
    grep -oE '[a-z][a-z0-9_.+-]*$' | sort -u
}

declare -A wanted
while read -r package; do wanted[$package]=1; done < <(
  sed -n '/^BUILD=/,/"$/p; /^TEST=/,/"$/p' .ci/setup | sed 's/^[A-Z]*=//' | tr -d '"' | tr -s ' \n' '\n' | grep .)
[ "${#wanted[@]}" -gt 15 ] || { echo ".ci/setup names only ${#wanted[@]} packages"; exit 1; }
# What those bring along by declaration is there as well.
direct=$(dpkg-query -W -f '${Pre-Depends},${Depends}\n' "${!wanted[@]}" 2>/dev/null |
  tr ',|' '\n' | sed -E 's/^ *([a-z0-9.+-]+).*/\1/' | sort -u)
while read -r package; do [ -n "$package" ] && wanted[$package]=1; done <<<"$direct"

failures=0
looked=0
for word in $(words "${scripts[@]}"); do
  file=$(type -P -- "$word") || continue
  # Where / and /usr are one, packages know a file by either name; links of alternatives by what they lead to.
  packages=$(for name in "$file" "/usr${file#/usr}" "${file#/usr}" "$(readlink -f "$file")"; do dpkg-query -S "$name" 2>/dev/null; done |
    sed 's/: .*//' | tr -d ' ' | tr ',' '\n' | sed 's/:.*//' | sort -u)
  [ -n "$packages" ] || continue # not from a package
  looked=$((looked + 1))
  ok=
  for package in $packages; do
    case "$(dpkg-query -W -f '${Essential} ${Priority}' "$package" 2>/dev/null)" in
      yes*|*required) ok=1 ;;
    esac
    [ -z "${wanted[$package]:-}" ] || ok=1
  done
  [ -z "$ok" ] || continue
  mapfile -t unasked < <(for script in "${scripts[@]}"; do words "$script" | grep -qx "$word" && ! grep -q "command -v $word" "$script" && echo "$script"; done)
  [ "${#unasked[@]}" -eq 0 ] || {
    echo "$word is called by ${unasked[*]:0:3}: .ci/setup does not install $packages"
    failures=$((failures + 1))
  }
done
[ "$looked" -gt 20 ] || { echo "only $looked programs were found"; exit 1; }
[ "$failures" -eq 0 ] && echo "$looked programs, all installed by .ci/setup or on any Debian"
exit "$failures"
