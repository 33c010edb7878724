"""What makes a daemon's certificates where its image does not: a shell script around openssl.

Kinds, names and life are those of docker:dind (docker-library/docker, dockerd-entrypoint.sh); its keys are RSA of 4096
bits, these are of the stronger curve P-384.
"""

AUTHORITY = "/certs/ca"
"""The certificate authority. Its key is here and nowhere else."""
SERVER_CERTIFICATES = "/certs/server"
"""ca.pem, cert.pem and key.pem of the daemon."""

LIFE_DAYS = 825
"""Days that a certificate holds: docker:dind's own."""
RENEWAL_DAYS = 275
"""Days before its end from which a certificate is signed anew when the script runs: a third of its life."""

SCRIPT = f"""set -eu
umask 077
cd /certs

# A certificate counts if it has a third of its life left, its authority signed it, and its names are those asked for.
counts() {{
  openssl x509 -in "$1/cert.pem" -noout -checkend {RENEWAL_DAYS * 86400} &&
    openssl verify -CAfile ca/cert.pem "$1/cert.pem" && cmp ca/cert.pem "$1/ca.pem" && [ -s "$1/key.pem" ]
}}
all_count() {{
  [ -s ca/key.pem ] && [ "$(cat server/names)" = "$SERVER_NAMES" ] && counts server && counts client
}}

# sign FOLDER EXTENSION ISSUER...: a certificate for the folder's key, which is made if there is none.
sign() {{
  folder=$1 extension=$2
  shift 2
  if [ ! -s "$folder/key.pem" ]; then
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$folder/key.new"
    mv "$folder/key.new" "$folder/key.pem"
  fi
  openssl req -new -key "$folder/key.pem" -subj "/CN=ci-runners $folder" -out /tmp/request.pem
  printf '%s\\n' "$extension" 'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' > /tmp/extensions
  openssl x509 -req -in /tmp/request.pem -days {LIFE_DAYS} -sha384 -set_serial "0x$(openssl rand -hex 16)" \\
    -extfile /tmp/extensions -out "$folder/cert.new" "$@"
  mv "$folder/cert.new" "$folder/cert.pem"
  cp ca/cert.pem "$folder/ca.new"
  mv "$folder/ca.new" "$folder/ca.pem"
}}

# All three are signed at once, so that they end at once. Keys stay, so that a daemon or a client with an older
# certificate still gets on with the newer ones; but under a new authority they are new, since it may be there because
# somebody has the old ones.
if ! all_count > /dev/null 2>&1; then
  [ -s ca/key.pem ] || rm -f server/key.pem client/key.pem
  issuer='-CA ca/cert.pem -CAkey ca/key.pem'
  sign ca 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign' -signkey ca/key.pem
  sign server "extendedKeyUsage = serverAuth
subjectAltName = $SERVER_NAMES" $issuer
  sign client 'extendedKeyUsage = clientAuth' $issuer
  printf '%s' "$SERVER_NAMES" > server/names
fi

# The server's key is for the daemon's group alone; the client's for every user, since jobs may run as any.
chmod 0700 ca
chmod 0755 server client
chmod 0644 server/cert.pem server/ca.pem client/cert.pem client/ca.pem client/key.pem
chgrp "$SERVER_GROUP" server/key.pem
chmod 0640 server/key.pem
openssl x509 -in ca/cert.pem -noout -enddate
"""
"""Run with SERVER_NAMES (`DNS:a,DNS:b`) and SERVER_GROUP (a group id that its user is in).

What is there and counts stays. Its last line is the end of the certificates' life, the authority's: it ends first.
"""


def subject_names(names: tuple[str, ...]) -> str:
    """Host names as openssl writes them (openssl, x509v3_config, Subject Alternative Name)."""
    return ",".join(f"DNS:{name}" for name in names)
