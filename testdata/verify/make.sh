#!/bin/bash
# Makes vectors.json: signature values by openssl that ring alone does not check, or
# that nobody may accept. The keys are thrown away.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'kyso TEST message' > "$work/message"

rsa() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:"$2" "${@:3}" -out "$work/$1" 2> /dev/null; }
ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:"$2" "${@:3}" -out "$work/$1"; }

first=1
# vector NAME EXPECTED KEY ALGORITHM: with the value in $work/value.
vector() {
    [ $first = 1 ] || echo ,
    first=0
    printf '{"name": "%s", "expected": "%s", "algorithm": %s,\n"key": "%s",\n"value": "%s"}' "$1" "$2" "$4" \
        "$(openssl pkey -in "$work/$3" -pubout -outform DER | base64 -w0)" "$(base64 -w0 < "$work/value")"
}
sign() { openssl dgst "-$1" -sign "$work/$2" "${@:3}" -out "$work/value" "$work/message"; }
# name DIGEST: as reports spell it.
name() { local upper=${1^^}; echo "${upper//-/_}"; }
# plain KEY: the value's two numbers at full length instead of their SEQUENCE.
plain() {
    local digits=64
    case $1 in *384*) digits=96 ;; *521*) digits=132 ;; esac
    openssl asn1parse -inform DER -in "$work/value" | sed -n 's/.*INTEGER *://p' | while read -r it; do
        printf "%${digits}s" "$it" | tr ' ' 0 | xxd -r -p
    done > "$work/plain"
    mv "$work/plain" "$work/value"
}
pkcs1() { printf '{"RsaPkcs1": "%s"}' "$1"; }
pss() { printf '{"RsaPss": {"digest": "%s", "mask_digest": "%s", "salt_length": %s}}' "$1" "$2" "$3"; }
pss_options() { echo -sigopt rsa_padding_mode:pss -sigopt "rsa_mgf1_md:$1" -sigopt "rsa_pss_saltlen:$2"; }
# raw DIGEST KEY HEX: PKCS#1 padding around a DigestInfo given in hex, then the message's digest.
raw() {
    { printf '%s' "$3" | xxd -r -p; openssl dgst "-$1" -binary "$work/message"; } > "$work/info"
    openssl pkeyutl -sign -inkey "$work/$2" -pkeyopt rsa_padding_mode:pkcs1 -in "$work/info" -out "$work/value"
}

{
echo '['
rsa rsa512 512; rsa rsa1024 1024; rsa rsa1025 1025; rsa rsa2048 2048; rsa rsa2049 2049
rsa e3 2048 -pkeyopt rsa_keygen_pubexp:3
for it in sha1 sha256; do
    sign $it rsa512; vector "512 bit, $it" Valid rsa512 "$(pkcs1 ${it^^})"
done
sign sha384 rsa1024; vector "1024 bit, SHA-384" Valid rsa1024 "$(pkcs1 SHA384)"
vector "signed with SHA-384, said to be SHA-256" Invalid rsa1024 "$(pkcs1 SHA256)"
sign sha1 rsa2048; vector "SHA-1" Valid rsa2048 "$(pkcs1 SHA1)"
sign sha512 e3; vector "exponent 3" Valid e3 "$(pkcs1 SHA512)"
# openssl refuses nothing here: the DigestInfo is only bytes to it.
raw sha256 rsa2048 302f300b06096086480165030402010420
vector "DigestInfo without NULL" ValidWithoutNull rsa2048 "$(pkcs1 SHA256)"
raw sha256 rsa2048 3031300d060960864801650304020205000420
vector "DigestInfo naming another digest" Invalid rsa2048 "$(pkcs1 SHA256)"
raw sha256 rsa2048 ''
vector "digest without DigestInfo" Invalid rsa2048 "$(pkcs1 SHA256)"
for key in rsa1025 rsa2048 rsa2049; do
    for salt in 0 20 32 33; do
        for mask in sha1 sha256; do
            sign sha256 $key $(pss_options $mask $salt)
            vector "PSS, $key, MGF1 with $mask, salt $salt" Valid $key "$(pss SHA256 ${mask^^} $salt)"
        done
    done
done
vector "PSS with less salt than said" Invalid rsa2049 "$(pss SHA256 SHA256 32)"
vector "PSS with another mask than said" Invalid rsa2049 "$(pss SHA256 SHA1 33)"
sign sha1 rsa2048 $(pss_options sha1 20); vector "PSS with SHA-1" Valid rsa2048 "$(pss SHA1 SHA1 20)"
vector "PSS said to be PKCS#1 v1.5" Invalid rsa2048 "$(pkcs1 SHA1)"

restricted() { openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 "${@:2}" -out "$work/$1" 2> /dev/null; }
restricted free
restricted only -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32
restricted strange -pkeyopt rsa_pss_keygen_md:sha512-256 -pkeyopt rsa_pss_keygen_mgf1_md:sha512-256 -pkeyopt rsa_pss_keygen_saltlen:32
sign sha256 free $(pss_options sha256 32); vector "PSS key without restrictions" Valid free "$(pss SHA256 SHA256 32)"
vector "PSS key used for PKCS#1 v1.5" Invalid free "$(pkcs1 SHA256)"
sign sha256 only $(pss_options sha256 40); vector "PSS key with restrictions, kept" Valid only "$(pss SHA256 SHA256 40)"
vector "PSS key with restrictions, too little salt" Invalid only "$(pss SHA256 SHA256 20)"
vector "PSS key with restrictions, other digest" Invalid only "$(pss SHA384 SHA384 48)"
vector "PSS key for a digest not at hand" Unsupported strange "$(pss SHA256 SHA256 32)"

for it in sha224 sha3-224 sha3-256 sha3-384 sha3-512; do
    sign $it rsa2048; vector "RSA, $it" Valid rsa2048 "$(pkcs1 "$(name $it)")"
done
sign sha3-384 rsa2049 $(pss_options sha3-384 48); vector "PSS with SHA3-384" Valid rsa2049 "$(pss SHA3_384 SHA3_384 48)"

for curve in P-256 P-384 P-521 brainpoolP256r1 brainpoolP256t1 brainpoolP384r1 brainpoolP384t1; do
    ec $curve $curve
    for it in sha1 sha224 sha256 sha384 sha512 sha3-224 sha3-256 sha3-384 sha3-512; do
        sign $it $curve; vector "$curve, $it" Valid $curve "{\"Ecdsa\": \"$(name $it)\"}"
    done
    vector "$curve, signed with SHA3-512" Invalid $curve '{"Ecdsa": "SHA512"}'
    vector "$curve, said to be RSA" Invalid $curve "$(pkcs1 SHA256)"
    vector "$curve, said to be DSA" Invalid $curve '{"Dsa": "SHA3_512"}'
    openssl pkey -in "$work/$curve" -ec_conv_form compressed -out "$work/compressed"
    sign sha256 compressed; vector "$curve, point compressed" Valid compressed '{"Ecdsa": "SHA256"}'
    for it in sha256 sha384 sha512; do
        sign $it $curve; plain $curve; vector "$curve, plain, $it" Valid $curve "{\"PlainEcdsa\": \"$(name $it)\"}"
    done
    vector "$curve, plain, said not to be" Invalid $curve '{"Ecdsa": "SHA512"}'
done
for curve in secp256k1 P-224 brainpoolP512r1; do
    ec $curve $curve; sign sha256 $curve; vector "$curve" Unsupported $curve '{"Ecdsa": "SHA256"}'
done
vector "another curve, said to be RSA" Invalid P-521 "$(pkcs1 SHA256)"
ec explicit P-256 -pkeyopt ec_param_enc:explicit
sign sha256 explicit; vector "curve spelt out" Unsupported explicit '{"Ecdsa": "SHA256"}'
openssl genpkey -algorithm ED25519 -out "$work/ed25519"
openssl pkeyutl -sign -inkey "$work/ed25519" -rawin -in "$work/message" -out "$work/value"
vector "Ed25519" Valid ed25519 '"Ed25519"'
vector "Ed25519, said to be ECDSA" Invalid ed25519 '{"Ecdsa": "SHA256"}'
for bits in "1024 160" "2048 224" "2048 256" "3072 256"; do
    openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:${bits% *} \
        -pkeyopt dsa_paramgen_q_bits:${bits#* } -out "$work/parameters" 2> /dev/null
    openssl genpkey -paramfile "$work/parameters" -out "$work/dsa"
    for it in sha1 sha224 sha256 sha512 sha3-256; do
        sign $it dsa; vector "DSA $bits, $it" Valid dsa "{\"Dsa\": \"$(name $it)\"}"
    done
    vector "DSA $bits, signed with SHA3-256" Invalid dsa '{"Dsa": "SHA256"}'
    vector "DSA $bits, said to be ECDSA" Invalid dsa '{"Ecdsa": "SHA3_256"}'
done
openssl genpkey -algorithm ED448 -out "$work/ed448"
vector "Ed448" Unsupported ed448 '"Ed25519"'
echo; echo ']'
} > "$work/vectors.json"
mv "$work/vectors.json" vectors.json
