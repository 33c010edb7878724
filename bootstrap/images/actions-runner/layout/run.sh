#!/bin/bash
# Stand-in for run.sh of GitHub's runner: writes beside itself, starts the listener, hands INT and TERM on to it as INT.
set -m
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cp -f "$root/bin/Runner.Listener" "$root/run-helper.sh" || exit 1
trap 'kill -INT -"$listener" 2> /dev/null' INT TERM
"$root/bin/Runner.Listener" run "$@" &
listener=$!
while kill -0 "$listener" 2> /dev/null; do
  wait "$listener"
done
echo "Exiting runner..."
