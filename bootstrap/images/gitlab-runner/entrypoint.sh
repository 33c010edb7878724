#!/bin/sh
# As the official image's entrypoint: takes a CA certificate into the system's store, then runs GitLab Runner.
set -eu
ca=${CA_CERTIFICATES_PATH:-/etc/gitlab-runner/certs/ca.crt}
if [ -f "$ca" ]; then
  cp "$ca" /usr/local/share/ca-certificates/ca.crt
  update-ca-certificates --fresh >/dev/null
fi
exec gitlab-runner "$@"
