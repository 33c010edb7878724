#!/bin/sh
# The certificate maker: makes a daemon's authority, server's and client's certificate, or keeps what there is.
#
# Usage: certificates.sh NAMES GROUP, with the server's names as openssl writes them (DNS:a,DNS:b) and the group of the
# daemon, which this script's user is in. The volumes are /certs/ca, /certs/server and /certs/client. ROTATED in the
# environment is a day: one other than the last one means that everything is made anew, none means nothing. In /authority
# there may be a user's own authority, cert.pem and key.pem; its key is removed at the end. The last lines are the ends of
# the certificates' lives.
set -eu
umask 077

life_days=825
renewal_seconds=23760000 # 275 days, a third of it: what has less left is signed anew

names=$1 group=$2 own=/authority
trap 'rm -f "$own/key.pem"' EXIT
cd /certs

fail() {
  echo "problem: $1" >&2
  exit 1
}

# A certificate counts if it has a third of its life left, its authority signed it, and its key is there.
counts() {
  openssl x509 -in "$1/cert.pem" -noout -checkend "$renewal_seconds" &&
    openssl verify -CAfile ca/cert.pem "$1/cert.pem" && cmp ca/cert.pem "$1/ca.pem" && [ -s "$1/key.pem" ]
}
all_count() {
  { [ -s "$own/cert.pem" ] || [ -s ca/key.pem ]; } && [ "$(cat server/names)" = "$names" ] &&
    counts server && counts client
}

# sign FOLDER EXTENSION ISSUER...: a certificate for the folder's key, which is made if there is none.
sign() {
  folder=$1 extension=$2
  shift 2
  if [ ! -s "$folder/key.pem" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$folder/key.new"
    mv "$folder/key.new" "$folder/key.pem"
  fi
  openssl req -new -key "$folder/key.pem" -subj "/CN=ci-runners $folder" -out /tmp/request.pem
  printf '%s\n' "$extension" 'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' > /tmp/extensions
  openssl x509 -req -in /tmp/request.pem -days "$life_days" -sha384 -set_serial "0x$(openssl rand -hex 16)" \
    -extfile /tmp/extensions -out "$folder/cert.new" "$@"
  mv "$folder/cert.new" "$folder/cert.pem"
}

# Planned rotation: somebody may have the old keys, so that all of them go.
if [ -n "${ROTATED:-}" ] && [ "$(cat server/rotated 2> /dev/null || true)" != "$ROTATED" ]; then
  rm -f ca/key.pem server/key.pem client/key.pem
fi
if [ -s "$own/cert.pem" ]; then
  if ! cmp -s "$own/cert.pem" ca/cert.pem; then
    rm -f ca/key.pem server/key.pem client/key.pem
    cp "$own/cert.pem" ca/cert.new
    mv ca/cert.new ca/cert.pem
  fi
elif ! openssl x509 -in ca/cert.pem -noout -subject 2> /dev/null | grep -q 'ci-runners ca$'; then
  # Nobody's, or one that a daemon made itself: that was in reach of its jobs.
  rm -f ca/key.pem
fi

# All are signed at once, so that they end at once. Keys stay where only names or dates change; under a new authority
# they are new, since it may be there because somebody has the old ones.
if ! all_count > /dev/null 2>&1; then
  if [ -s "$own/cert.pem" ]; then
    authority=$own/key.pem
    openssl pkey -in "$authority" -pubout -out /tmp/key.pub 2> /dev/null < /dev/null ||
      fail 'authority_key cannot be read: it has to be a private key in PEM without a passphrase'
    openssl x509 -in ca/cert.pem -noout -pubkey | cmp -s - /tmp/key.pub ||
      fail 'authority_key is not the key of the first certificate in certificates.authority_certificate'
  else
    authority=ca/key.pem
    [ -s ca/key.pem ] || rm -f server/key.pem client/key.pem
    sign ca 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign' -signkey ca/key.pem
  fi
  sign server "extendedKeyUsage = serverAuth
subjectAltName = $names" -CA ca/cert.pem -CAkey "$authority"
  sign client 'extendedKeyUsage = clientAuth' -CA ca/cert.pem -CAkey "$authority"
  openssl verify -CAfile ca/cert.pem server/cert.pem client/cert.pem > /dev/null 2>&1 ||
    fail 'certificates.authority_certificate has ended, or does not go up to the authority that signs itself'
  for folder in server client; do
    cp ca/cert.pem "$folder/ca.new"
    mv "$folder/ca.new" "$folder/ca.pem"
  done
  printf '%s' "$names" > server/names
fi
[ -z "${ROTATED:-}" ] || printf '%s' "$ROTATED" > server/rotated

# The server's key is for the daemon's group alone; the client's for every user, since jobs may run as any.
chmod 0700 ca
chmod 0755 server client
chmod 0644 server/cert.pem server/ca.pem client/cert.pem client/ca.pem client/key.pem
chgrp "$group" server/key.pem
chmod 0640 server/key.pem
for folder in ca server client; do
  openssl x509 -in "$folder/cert.pem" -noout -enddate
done
