#!/bin/bash
# The README's commands on a machine that has nothing: a fresh root of Debian 12, its required packages alone, and what is
# committed here. As root, with debootstrap installed and a mirror to be reached; 3 GB of disk, and as long as the commands.
#   tests/bare_machine.sh                        ./tour.sh, then ./test.sh
#   tests/bare_machine.sh './test.sh release'    only these
# BARE_ROOT=DIR keeps the root there, and takes up one that is there; else it is put away at the end.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "bare_machine: chroot needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "bare_machine: install debootstrap first" >&2; exit 2; }
[ $# -gt 0 ] || set -- ./tour.sh ./test.sh
mirror=${BARE_MIRROR:-http://deb.debian.org/debian}

root=${BARE_ROOT:-$(mktemp -d /var/tmp/bare.XXXXXX)}
# shellcheck disable=SC2317  # called by the trap
put_away() {
  for mounted in dev/pts dev proc sys; do umount "$root/$mounted" 2>/dev/null || true; done
  if grep -q " $root/" /proc/mounts; then # what is there is this machine's own
    echo "bare_machine: $root is in use, and left as it is" >&2
  elif [ -z "${BARE_ROOT:-}" ]; then
    rm -rf --one-file-system "$root"
  fi
}
trap put_away EXIT

[ -x "$root/bin/sh" ] || debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail -5 "$root.log" >&2; echo "bare_machine: debootstrap failed, see $root.log" >&2; exit 1; }
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts" # tests of terminals open one
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for settings in /etc/apt/apt.conf.d/*proxy*; do # how this machine reaches its mirror
  [ ! -e "$settings" ] || cp "$settings" "$root/etc/apt/apt.conf.d/"
done

rm -rf "$root/lockstep"
git clone --quiet --no-hardlinks . "$root/lockstep"
shared=$(readlink -f ../shared || true) # cases that tests read if they are there
if [ -d "$shared" ]; then rm -rf "$root/shared" && cp -r "$shared" "$root/shared"; fi

status=0
for command; do
  echo "== $command"
  started=$SECONDS
  expected=0
  [ "$command" != ./tour.sh ] || expected=1 # it finds its bug
  code=0
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
    chroot "$root" sh -c "cd /lockstep && $command" || code=$?
  echo "== $command ended with $code, in $((SECONDS - started)) s"
  [ "$code" -eq "$expected" ] || status=1
done
exit $status
