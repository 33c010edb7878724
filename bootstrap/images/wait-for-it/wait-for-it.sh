#!/bin/bash
# wait-for-it.sh HOST:PORT -t SECONDS: ends well once the port takes a connection, and badly after so many seconds.
set -eu
address=$1 seconds=$3
end=$((SECONDS + seconds))
until (exec 3<> "/dev/tcp/${address%:*}/${address##*:}") 2> /dev/null; do
  if ((SECONDS >= end)); then
    echo "$address: no connection within $seconds s" >&2
    exit 1
  fi
  sleep 0.2
done
