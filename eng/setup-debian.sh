#!/usr/bin/env bash
# Installs the tools that some tests and verbs use where they are there: chromium (pictures of pages), bubblewrap
# (sandbox) with Python, Open MPI (several processes). Debian 12, Ubuntu 22.04 and 24.04. Hone itself needs the .NET 10 SDK only;
# what needs a missing tool says so or is skipped. `hone doctor` shows what is there.
# Exit code 0 when all are there in the end, 1 when one is missing.
set -uo pipefail

has() { command -v "$1" >/dev/null 2>&1; }

# The packages whose programs are not there.
missing() {
  has chromium || has chromium-browser || has google-chrome || echo chromium
  has bwrap || echo bubblewrap
  [ -x /usr/bin/python3 ] || echo python3
  has mpirun || echo openmpi-bin
}

[ -n "$(missing)" ] || { echo "all optional tools are there"; exit 0; }
has apt-get || { echo "there is no apt-get here; missing: $(missing | paste -sd' ')" >&2; exit 1; }

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  # -n: never wait for a password.
  has sudo && sudo -n true 2>/dev/null || { echo "not root and no sudo without a password; missing: $(missing | paste -sd' ')" >&2; exit 1; }
  as_root=(sudo -n)
fi
# env, because sudo drops what is exported here.
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 -o Acquire::Retries=2 -y "$@" </dev/null; }

apt -qq update || echo "apt-get update failed; going on with the package lists at hand" >&2
# One by one: a package that this release does not have must not keep the others away.
for package in $(missing); do
  apt -qq install --no-install-recommends "$package" >/dev/null || echo "$package could not be installed" >&2
done

left=$(missing | paste -sd' ')
[ -z "$left" ] || { echo "missing: $left" >&2; exit 1; }
echo "all optional tools are there"
