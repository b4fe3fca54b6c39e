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

# A key whose holder may sign by PSS only, and one that is too small to sign here.
key rsapss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 \
    -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48
certificate rsapss rsapss signer "$from" "$to"
key rsa2304 -algorithm RSA -pkeyopt rsa_keygen_bits:2304
certificate rsa2304 rsa2304 signer "$from" "$to"
key e3 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
certificate e3 e3 signer "$from" "$to"

# The same keys in other clothes. The password is "kyso" everywhere.
have() { [ -f "$1" ]; }
have rsa2048.traditional.pem || openssl pkey -traditional -in rsa2048.key.pem -out rsa2048.traditional.pem
have p384.traditional.pem || openssl pkey -traditional -in p384.key.pem -out p384.traditional.pem
have p256.nopublic.pem || openssl ec -in p256.key.pem -no_public 2> /dev/null |
    openssl pkcs8 -topk8 -nocrypt -out p256.nopublic.pem
for prf in SHA1 SHA224 SHA256 SHA384 SHA512; do
    name=p256.pbes2-${prf,,}.pem
    have $name || openssl pkcs8 -topk8 -v2 aes-192-cbc -v2prf hmacWith$prf -passout pass:kyso \
        -in p256.key.pem -out $name
done
have p256.pbes2-3des.pem || openssl pkcs8 -topk8 -v2 des3 -passout pass:kyso -in p256.key.pem -out p256.pbes2-3des.pem
have p256.scrypt.pem || openssl pkcs8 -topk8 -scrypt -passout pass:kyso -in p256.key.pem -out p256.scrypt.pem

# p12 NAME OPTIONS…: p256 with its issuer, by openssl.
p12() {
    local name=$1; shift
    have "$name.p12" || openssl pkcs12 -export -inkey p256.key.pem -in p256.crt.pem -certfile ca.crt.pem \
        -passout "pass:${password-kyso}" "$@" -out "$name.p12"
}
p12 openssl -name "Văn thư"
p12 openssl-legacy -legacy
p12 openssl-aes128 -keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512
p12 openssl-2des-rc2 -legacy -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-RC2-128 -macalg sha224
p12 openssl-rc4 -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40 -macalg sha384
p12 openssl-nomac -nomac
p12 openssl-noiter -noiter -nomaciter
p12 openssl-plain -keypbe NONE -certpbe NONE
password='' p12 openssl-empty
password='' p12 openssl-empty-legacy -legacy
password='mật khẩu' p12 openssl-vietnamese
password='mật khẩu' p12 openssl-vietnamese-legacy -legacy
# As Windows exports: the old scheme for both, 2,000 iterations, and attributes of its own.
p12 openssl-as-windows -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -iter 2000 \
    -name "Văn thư" -CSP "Microsoft Enhanced Cryptographic Provider v1.0" -LMK
# Two certificates for one key; craft.py changes their order.
have openssl-renewed.p12 || openssl pkcs12 -export -inkey p256.key.pem -in p256.crt.pem -certfile expired.crt.pem \
    -keypbe NONE -certpbe NONE -passout pass:kyso -out openssl-renewed.p12
have openssl-nocertificate.p12 ||
    openssl pkcs12 -export -nocerts -inkey p256.key.pem -passout pass:kyso -out openssl-nocertificate.p12
have openssl-nokey.p12 ||
    openssl pkcs12 -export -nokeys -in p256.crt.pem -passout pass:kyso -out openssl-nokey.p12

# Java: EC keys without the public point, one file with two keys, and the old format.
java() {
    local file=$1 alias=$2; shift 2
    keytool -genkeypair -alias "$alias" -keystore "$file" -storetype PKCS12 -storepass kyso-kyso \
        -dname "CN=kyso TEST java $alias - do not trust, O=kyso TEST, C=VN" \
        -startdate 2020/01/01 -validity 36000 "$@" 2> /dev/null
}
have java.p12 || java java.p12 ec -keyalg EC -groupname secp384r1
have java-legacy.p12 || java java-legacy.p12 ec -keyalg EC -groupname secp256r1 -J-Dkeystore.pkcs12.legacy
have java-two.p12 || {
    java java-two.p12 seal -keyalg EC -groupname secp256r1
    java java-two.p12 leader -keyalg RSA -keysize 2048
}
have java-mixed.p12 || {
    java java-mixed.p12 cipher -keyalg EC -groupname secp256r1 -ext KU=keyAgreement
    java java-mixed.p12 seal -keyalg EC -groupname secp256r1 -ext KU=digitalSignature
}

# NSS (Firefox): BER with indefinite lengths.
nss() {
    local name=$1; shift
    have "$name.p12" && return
    mkdir -p "$work/nss"
    [ -f "$work/nss/cert9.db" ] || {
        certutil -N -d "$work/nss" --empty-password
        openssl pkcs12 -export -inkey p256.key.pem -in p256.crt.pem -certfile ca.crt.pem -name nss \
            -passout pass:kyso -out "$work/in.p12"
        pk12util -i "$work/in.p12" -d "$work/nss" -W kyso > /dev/null
    }
    pk12util -o "$name.p12" -n nss -d "$work/nss" -W "${password-kyso}" "$@" > /dev/null
}
nss nss
nss nss-legacy -c "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC" -C "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC" -M SHA-1
password='mật khẩu' nss nss-vietnamese

python3 craft.py
