#!/bin/bash
# Makes the CMS in this directory with openssl, pyHanko and the keys beside it. They
# are committed, so that tests need neither.
#
#   ./make.sh          makes what is missing
#   rm FILE; ./make.sh makes FILE anew
#
# Needs openssl 3 and pyHanko (which signs CMS with Ed25519; openssl 3.0 does not).
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C
keys=../keys

[ -f content.txt ] || printf 'Kính gửi: Văn phòng.\n' > content.txt

# sign FILE KEY OPTIONS…: content.txt signed with a key.
sign() {
    local file=$1 key=$2; shift 2
    [ -f "$file" ] || openssl cms -sign -binary -outform DER -md sha256 -in content.txt \
        -signer "$keys/$key.crt.pem" -inkey "$keys/$key.key.pem" "$@" -out "$file"
}

sign detached.p7s    rsa2048
sign cades.p7s       rsa2048 -cades
sign enveloping.p7m  rsa2048 -nodetach -cades
# BER: lengths are indefinite, the content is a string in pieces.
sign stream.p7m      rsa2048 -nodetach -stream
sign pss.p7s         rsa2048 -cades -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest
sign p256.p7s        p256 -cades
sign p384.p7s        p384 -cades -md sha384
sign keyid.p7s       rsa2048 -keyid
sign noattr.p7m      rsa2048 -noattr -nodetach
sign nocerts.p7s     rsa2048 -cades -nocerts
sign two.p7s         rsa2048 -cades -signer $keys/p256.crt.pem -inkey $keys/p256.key.pem

# As the S/MIME tools of PKCS#7 1.5 write it, with their list of capabilities.
[ -f pkcs7.p7s ] || openssl smime -sign -binary -outform DER -md sha256 -in content.txt \
    -signer $keys/rsa2048.crt.pem -inkey $keys/rsa2048.key.pem -out pkcs7.p7s
[ -f armoured.pem ] || openssl pkcs7 -inform DER -in pkcs7.p7s -out armoured.pem

[ -f ed25519.p7s ] || pyhanko sign addsig --detach pemder --no-pass \
    --key $keys/ed25519.key.pem --cert $keys/ed25519.crt.pem content.txt ed25519.p7s
