#!/bin/sh
# Makes the OCSP responses beside it with OpenSSL 3. The signers' keys are thrown away; the
# leaf's is testdata/keys/p256.key.pem. Everything is for tests; trust none of it.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cat > "$work/cnf" <<CNF
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[leaf]
keyUsage = critical, nonRepudiation
authorityInfoAccess = OCSP;URI:http://ocsp.test/
[delegated]
extendedKeyUsage = OCSPSigning
noCheck = ignored
[checked]
extendedKeyUsage = OCSPSigning
[other]
extendedKeyUsage = clientAuth
noCheck = ignored
CNF
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"; }
name() { echo "/O=kyso TEST/CN=OCSP TEST $1"; }
authority() {
  key "$1"
  openssl req -x509 -new -key "$work/$1.key" -subj "$(name "$2")" -days 36500 -set_serial "$3" \
    -config "$work/cnf" -extensions ca -out "$work/$1.pem"
}
# name key serial issuer section
certify() {
  openssl req -new -key "$2" -subj "$(name "$1")" -config "$work/cnf" -out "$work/$1.csr"
  openssl x509 -req -in "$work/$1.csr" -CA "$work/$4.pem" -CAkey "$work/$4.key" -days 36500 \
    -set_serial "$3" -extfile "$work/cnf" -extensions "$5" -out "$work/$1.pem"
}
printf '[req]\ndistinguished_name = dn\n[dn]\n' >> "$work/cnf"
authority ca ca 1
authority stranger ca 2
certify leaf ../keys/p256.key.pem 0x1001 ca leaf
for one in delegated checked other; do
  key $one
  certify $one "$work/$one.key" "0x20$(printf %s $one | wc -c)" ca $one
done
key foreign
certify foreign "$work/foreign.key" 0x3001 stranger delegated

subject=$(name leaf)
good="V	21250101000000Z		1001	unknown	$subject"
revoked="R	21250101000000Z	260101000000Z,keyCompromise	1001	unknown	$subject"
other="V	21250101000000Z		9999	unknown	$subject"
# output index signer [option of openssl]
answer() {
  out=$1 index=$2 signer=$3
  shift 3
  printf '%s\n' "$index" > "$work/index"
  openssl ocsp -index "$work/index" -CA "$work/ca.pem" -rsigner "$work/$signer.pem" \
    -rkey "$work/$signer.key" -ndays 36500 -no_nonce -issuer "$work/ca.pem" "$@" \
    -cert "$work/leaf.pem" -respout "$out.ors" -noverify > /dev/null
}
answer good "$good" ca
answer good-key-id "$good" ca -resp_key_id
answer good-sha256 "$good" ca -sha256
answer revoked "$revoked" ca
answer unknown "$other" ca
answer delegated "$good" delegated
answer delegated-revoked "$revoked" delegated -resp_key_id
answer no-check-missing "$good" checked
answer no-usage "$good" other
answer foreign "$good" foreign
answer stranger "$good" stranger
cp "$work/ca.pem" "$work/leaf.pem" .
# OCSPResponseStatus tryLater
printf '0\003\n\001\003' > refused.ors
