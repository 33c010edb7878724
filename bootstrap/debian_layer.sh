#!/bin/sh
# debian_layer.sh BASE WORK PACKAGE...: installs packages over BASE; what they add is left in WORK/upper.
# Run it under `unshare --mount`, so that its mounts end with it, however it ends.
set -eu
base=$1 work=$2
shift 2
root=$work/root
mkdir -p "$work/upper" "$work/work" "$root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$root"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get update
chroot "$root" apt-get install --yes --no-install-recommends "$@"
