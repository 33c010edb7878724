#!/bin/bash
# Stand-in for the entrypoint of the official docker:dind and docker:dind-rootless images: same certificates, names,
# sizes and rules, written anew from its documented behaviour. It does not probe iptables variants.
set -euo pipefail

days=825

rootless() { [ "$(id -u)" -ne 0 ]; }

# One "DNS:" or "IP:" entry a line: every address and host name of this container, then DOCKER_TLS_SAN's.
subject_names() {
  {
    hostname -I | tr ' ' '\n' | sed -n 's/^./IP:&/p'
    printf 'IP:127.0.0.1\nDNS:docker\nDNS:localhost\nDNS:%s\n' "$(hostname -s)"
    [ ! -s /etc/hostname ] || printf 'DNS:%s\n' "$(cat /etc/hostname)"
    printf '%s' "${DOCKER_TLS_SAN:-}" | tr ', ' '\n\n' | sed '/^$/d'
    printf '\n'
  } | sed '/^$/d' | sort -u
}

key() { [ -s "$1" ] || openssl genrsa -out "$1" 4096 2>/dev/null; }

# sign DIR CN EXTENSIONS: a certificate for DIR/key.pem, signed anew by the CA at every start.
sign() {
  local dir=$1 name=$2 extensions=$3
  key "$dir/key.pem"
  printf '[v3]\n%s\n' "$extensions" > "$dir/openssl.cnf"
  openssl req -new -key "$dir/key.pem" -out "$dir/csr.pem" -subj "/CN=$name"
  openssl x509 -req -in "$dir/csr.pem" -CA "$certs/ca/cert.pem" -CAkey "$certs/ca/key.pem" -CAcreateserial \
    -out "$dir/cert.pem" -days "$days" -extfile "$dir/openssl.cnf" -extensions v3 2>/dev/null
  cp "$certs/ca/cert.pem" "$dir/ca.pem"
  openssl verify -CAfile "$dir/ca.pem" "$dir/cert.pem"
}

make_certificates() {
  certs=$DOCKER_TLS_CERTDIR
  if [ -s "$certs/server/cert.pem" ] && [ -s "$certs/server/key.pem" ] && [ -s "$certs/server/ca.pem" ] &&
    [ ! -s "$certs/ca/key.pem" ]; then
    openssl verify -CAfile "$certs/server/ca.pem" "$certs/server/cert.pem" # the user's own: checked, not made
    return
  fi
  mkdir -p "$certs"/{ca,server,client}
  key "$certs/ca/key.pem"
  openssl req -new -x509 -key "$certs/ca/key.pem" -out "$certs/ca/cert.pem" -days "$days" -subj '/CN=docker:dind CA'
  sign "$certs/server" 'docker:dind server' "extendedKeyUsage = serverAuth
subjectAltName = $(subject_names | paste -sd,)"
  sign "$certs/client" 'docker:dind client' 'extendedKeyUsage = clientAuth'
  chmod 0644 "$certs/client/key.pem"
}

socket=/var/run/docker.sock
if rootless; then
  export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  socket=$XDG_RUNTIME_DIR/docker.sock
fi

# Hosts and TLS are added only for flags; a command that starts with `dockerd` gets neither.
published=()
if [ "$#" -eq 0 ] || [ "${1#-}" != "$1" ]; then
  if [ -n "${DOCKER_TLS_CERTDIR:-}" ]; then
    make_certificates
    published=(-p 0.0.0.0:2376:2376/tcp)
    set -- --host=tcp://0.0.0.0:2376 --tlsverify --tlscacert="$DOCKER_TLS_CERTDIR/server/ca.pem" \
      --tlscert="$DOCKER_TLS_CERTDIR/server/cert.pem" --tlskey="$DOCKER_TLS_CERTDIR/server/key.pem" "$@"
  else
    published=(-p 0.0.0.0:2375:2375/tcp)
    set -- --host=tcp://0.0.0.0:2375 "$@"
  fi
  set -- dockerd --host="unix://$socket" "$@"
fi

if [ "$1" = dockerd ] && rootless; then
  mkdir -p "$XDG_RUNTIME_DIR" "$HOME/.local/share/docker"
  read -ra flags <<< "${DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS:-}"
  exec rootlesskit --net="${DOCKERD_ROOTLESS_ROOTLESSKIT_NET:-slirp4netns}" \
    --mtu="${DOCKERD_ROOTLESS_ROOTLESSKIT_MTU:-1500}" --disable-host-loopback --port-driver=builtin \
    --copy-up=/etc --copy-up=/run "${flags[@]}" "${published[@]}" \
    "$@" --userland-proxy-path="$(command -v rootlesskit-docker-proxy)"
fi
if [ "$1" = dockerd ]; then
  rm -f /run/docker*.pid /run/docker/containerd/containerd*.pid
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then # nested containers need the controllers: no process in the root group
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs || :
    sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
  fi
  exec docker-init -- "$@"
fi
exec "$@"
