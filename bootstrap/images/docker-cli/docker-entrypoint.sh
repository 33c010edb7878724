#!/bin/sh
# Stand-in for the entrypoint of the official docker:cli image: finds the daemon when DOCKER_HOST does not name it.
set -eu
if [ -z "${DOCKER_HOST:-}" ] && [ ! -S /var/run/docker.sock ]; then
  certificates=${DOCKER_TLS_CERTDIR:-}/client
  if [ -n "${DOCKER_TLS_VERIFY:-}" ] || [ -s "$certificates/cert.pem" ]; then
    export DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="${DOCKER_CERT_PATH:-$certificates}"
  else
    export DOCKER_HOST=tcp://docker:2375
  fi
fi
# A flag or a subcommand of docker means docker; anything else is a program of its own, like a job's shell.
if [ "${1#-}" != "${1:-}" ] || { [ -n "${1:-}" ] && docker help "$1" >/dev/null 2>&1; }; then
  set -- docker "$@"
fi
exec "$@"
