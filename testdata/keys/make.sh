#!/bin/bash
# Makes the test keys in this directory. Nothing here protects anything: the keys
# are published with the source. Run it only to add material; what stands is
# committed, so that tests need neither openssl nor today's date.
#
#   ./make.sh          makes what is missing
#   rm FILE; ./make.sh makes FILE anew
#
# Needs openssl 3 (with the legacy provider), keytool and pk12util/certutil.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

from=20200101000000Z
to=21191231235959Z

cat > "$work/ca.cnf" <<EOF
[ca]
default_ca = test
[test]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
countryName = optional
organizationName = optional
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
[issuer]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[encipherment]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyEncipherment
[plain]
basicConstraints = critical, CA:FALSE
EOF
: > "$work/index.txt"

# key NAME OPTIONS…: a private key as PKCS#8 PEM.
key() {
    local name=$1; shift
    [ -f "$name.key.pem" ] || openssl genpkey "$@" -out "$name.key.pem" 2> /dev/null
}

# certificate NAME KEY EXTENSIONS FROM TO: issued by the test CA.
certificate() {
    local name=$1 key=$2 extensions=$3 from=$4 to=$5 self=()
    [ -f "$name.crt.pem" ] && return
    [ "$name" = ca ] && self=(-selfsign)
    openssl req -new -utf8 -config "$work/ca.cnf" -key "$key.key.pem" \
        -subj "/C=VN/O=kyso TEST/CN=kyso TEST $name - do not trust" -out "$work/$name.csr"
    openssl ca -batch -utf8 -notext -config "$work/ca.cnf" -extensions "$extensions" \
        -keyfile ca.key.pem -cert ca.crt.pem "${self[@]}" \
        -startdate "$from" -enddate "$to" -in "$work/$name.csr" -out "$name.crt.pem" 2> "$work/log" ||
        { cat "$work/log"; exit 1; }
}

key ca -algorithm EC -pkeyopt ec_paramgen_curve:P-256
certificate ca ca issuer "$from" "$to"

key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key ed25519 -algorithm ED25519
for name in rsa2048 rsa3072 rsa4096 p256 p384 ed25519; do
    certificate $name $name signer "$from" "$to"
done

# Certificates that signing must refuse unless it is overridden by name.
certificate expired p256 signer 20100101000000Z 20101231235959Z
certificate future p256 signer 21180101000000Z "$to"
certificate encipherment p256 encipherment "$from" "$to"
# One without key usage, which restricts nothing.
certificate plain p256 plain "$from" "$to"
