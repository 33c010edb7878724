#!/bin/sh
# entrypoint.sh: lets the user `ci`, with the key in AUTHORIZED_KEY, use the engine whose socket is SOCKET.
set -eu
usual=/var/run/docker.sock
[ "${SOCKET:-$usual}" = "$usual" ] || ln -s "$SOCKET" "$usual"
groupadd --non-unique --gid "$(stat --dereference --format %g "$usual")" engine
usermod --append --groups engine ci
install -d -m 0700 -o ci /home/ci/.ssh
printf '%s\n' "$AUTHORIZED_KEY" > /home/ci/.ssh/authorized_keys
mkdir -p /run/sshd
ssh-keygen -A
exec /usr/sbin/sshd -D -e -o PasswordAuthentication=no -o PermitRootLogin=no
