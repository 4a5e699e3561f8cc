#!/bin/bash
# The Debian package on a machine that has nothing: a fresh root of Debian 12 with its required packages, the package
# installed with what it depends on, and a first bug found. By name, as root, with debootstrap and a mirror to be reached.
#   tests/bare_package.sh build/release
set -eu
cd "$(dirname "$0")/.."
build=${1:?a build folder}
[ "$(id -u)" -eq 0 ] || { echo "bare_package: chroot needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "bare_package: install debootstrap first" >&2; exit 2; }
root=$(mktemp -d /var/tmp/bare.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
(cd "$build" && cpack -G DEB -B "$root/made" >/dev/null)
debootstrap --variant=minbase bookworm "$root/debian" "${BARE_MIRROR:-http://deb.debian.org/debian}" >"$root/log" 2>&1 ||
  { tail -5 "$root/log" >&2; exit 1; }
cp /etc/resolv.conf "$root/debian/etc/resolv.conf"
for settings in /etc/apt/apt.conf.d/*proxy*; do # how this machine reaches its mirror
  [ ! -e "$settings" ] || cp "$settings" "$root/debian/etc/apt/apt.conf.d/"
done
cp "$root"/made/lockstep_*.deb "$root/debian/lockstep.deb"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive \
  http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" chroot "$root/debian" sh -euc '
  apt-get update -q >/dev/null
  apt-get install -qy --no-install-recommends /lockstep.deb >/dev/null
  cd /tmp
  lockstep new first
  lockstep run first.lua || [ $? -eq 1 ]
  apt-get remove -qy lockstep >/dev/null
  [ ! -e /usr/bin/lockstep ] && [ ! -e /usr/share/man/man1/lockstep.1 ]
'
