#!/bin/bash
# The Debian package: what is in it, what it depends on, and that the binary in it finds a bug where there is nothing else.
set -eu
lockstep=${LOCKSTEP:?the binary}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

(cd "$(dirname "$lockstep")" && cpack -G DEB -B "$work/made" >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
deb=$(echo "$work"/made/lockstep_*.deb)
dpkg-deb -x "$deb" "$work/root"
dpkg-deb -f "$deb" Package Version Architecture Depends >"$work/control"
grep -qx 'Package: lockstep' "$work/control" || fail "$(cat "$work/control")"

# Every library that the binary asks for is of a package that it depends on.
ldd "$work/root/usr/bin/lockstep" | awk '$2 == "=>" { print $3 }' | while read -r library; do
  owner=$(dpkg -S "$(readlink -f "$library")" 2>/dev/null || dpkg -S "$library" 2>/dev/null || dpkg -S "/usr$library")
  owner=${owner%%:*}
  grep '^Depends:' "$work/control" | grep -qw -- "$owner" || fail "$library is of $owner, which is no dependency"
done

share=$work/root/usr/share
for file in man/man1/lockstep.1 man/man1/lockstep-run.1 man/man1/lockstep-check-history.1 doc/lockstep/copyright \
  bash-completion/completions/lockstep zsh/vendor-completions/_lockstep fish/vendor_completions.d/lockstep.fish; do
  [ -s "$share/$file" ] || fail "$file is missing"
done
# One page a command, and each command on the first.
"$lockstep" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | while read -r command; do
  [ -s "$share/man/man1/lockstep-$command.1" ] || fail "no page of $command"
  grep -q "^.BR lockstep.-${command//-/.-} (1)" "$share/man/man1/lockstep.1" || fail "lockstep.1 has no $command"
done
# No line of a page is taken for a request of roff that there is none of.
! grep -hE "^[.']" "$share"/man/man1/*.1 | grep -vE '^\.(TH|SH|TP|BR|nf|fi)( |$)' || fail 'not what roff knows'
bash -n "$share/bash-completion/completions/lockstep"
for library in liblua5.4 libfmt libspdlog libcli11 nlohmann libcereal libedit libbsd libmd libncurses; do
  grep -q "^==== $library" "$share/doc/lockstep/copyright" || fail "no notice of $library"
done

cd "$work"
env -i "$work/root/usr/bin/lockstep" new first >/dev/null
code=0
env -i "$work/root/usr/bin/lockstep" run first.lua >report || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1"
grep -q 'found a concurrency bug' report
