"""Files that no tool at hand writes, made from openssl-plain.p12 (everything but the
MAC in the clear), with Python's own hashlib: a MAC with no password at all (other
than an empty one), PBMAC1 (RFC 9579), BER in pieces, bags within bags, and passwords
as OpenSSL before 1.1.0 and NSS before 2018 spelt them."""
import base64
import hashlib
import hmac
import pathlib
import subprocess

here = pathlib.Path(__file__).parent


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def split(data):
    """The values that stand side by side, each with its header, and their contents."""
    values = []
    while data:
        length, header = data[1], 2
        if length & 0x80:
            header = 2 + (length & 0x7F)
            length = int.from_bytes(data[2:header], "big")
        values.append((data[: header + length], data[header : header + length]))
        data = data[header + length :]
    return values


def oid(text):
    first, second, *rest = map(int, text.split("."))
    content = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return tlv(6, content)


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


DATA = oid("1.2.840.113549.1.7.1")
SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1") + b"\5\0")
SALT = b"kyso TEST salt"


def pkcs12_kdf(password, salt, iterations, octets):
    """RFC 7292 Annex B.2 for one block of SHA-256 and the MAC."""
    fill = lambda text: (text * 64)[: 64 * -(-len(text) // 64)]
    hashed = hashlib.sha256(b"\3" * 64 + fill(salt) + fill(password)).digest()
    for _ in range(iterations - 1):
        hashed = hashlib.sha256(hashed).digest()
    return hashed[:octets]


def mac_data(safe, key, algorithm, iterations=2048):
    value = hmac.new(key, safe, "sha256").digest()
    return tlv(0x30, tlv(0x30, algorithm + tlv(4, value)) + tlv(4, SALT) + integer(iterations))


def pfx(safe, mac, safe_as=lambda octets: tlv(4, octets)):
    return tlv(0x30, integer(3) + tlv(0x30, DATA + tlv(0xA0, safe_as(safe))) + mac)


def with_password(safe, password="kyso"):
    key = pkcs12_kdf((password + "\0").encode("utf-16-be"), SALT, 2048, 32)
    return mac_data(safe, key, SHA256)


def pieces(octets):
    """A constructed OCTET STRING of indefinite length."""
    parts = [octets[at : at + 100] for at in range(0, len(octets), 100)]
    return b"\x24\x80" + b"".join(tlv(4, part) for part in parts) + b"\0\0"


def nested(safe, levels):
    """Puts the bags of every SafeContents into a bag of their own, and so on."""
    infos = b""
    for info, content in split(split(safe)[0][1]):
        bags = split(split(split(content)[1][1])[0][1])[0][0]
        for _ in range(levels):
            bag = oid("1.2.840.113549.1.12.10.1.6") + tlv(0xA0, bags)
            bags = tlv(0x30, tlv(0x30, bag))
        infos += tlv(0x30, DATA + tlv(0xA0, tlv(4, bags)))
    return tlv(0x30, infos)


def safe_of(name):
    fields = split(split((here / name).read_bytes())[0][1])
    return split(split(split(fields[1][1])[1][1])[0][0])[0][1]


def with_bags_reversed(safe):
    infos = b""
    for info, content in split(split(safe)[0][1]):
        bags = split(split(split(split(content)[1][1])[0][1])[0][1])
        bags = tlv(0x30, b"".join(bag for bag, _ in reversed(bags)))
        infos += tlv(0x30, DATA + tlv(0xA0, tlv(4, bags)))
    return tlv(0x30, infos)


safe = safe_of("openssl-plain.p12")

renewed = with_bags_reversed(safe_of("openssl-renewed.p12"))
(here / "crafted-renewed.p12").write_bytes(pfx(renewed, with_password(renewed)))

null = mac_data(safe, pkcs12_kdf(b"", SALT, 2048, 32), SHA256)
(here / "crafted-null.p12").write_bytes(pfx(safe, null))

hmac_sha256 = tlv(0x30, oid("1.2.840.113549.2.9") + b"\5\0")
pbkdf2 = tlv(0x30, tlv(4, SALT) + integer(2048) + integer(32) + hmac_sha256)
pbmac1 = tlv(0x30, oid("1.2.840.113549.1.5.14") + tlv(0x30, tlv(0x30, oid("1.2.840.113549.1.5.12") + pbkdf2) + hmac_sha256))
key = hashlib.pbkdf2_hmac("sha256", b"kyso", SALT, 2048, 32)
(here / "crafted-pbmac1.p12").write_bytes(pfx(safe, mac_data(safe, key, pbmac1, 1)))

(here / "crafted-ber.p12").write_bytes(pfx(safe, with_password(safe), pieces))
for levels, name in [(3, "nested"), (70, "too-deep")]:
    deep = nested(safe, levels)
    (here / f"crafted-{name}.p12").write_bytes(pfx(deep, with_password(deep)))

many = mac_data(safe, key, SHA256, 2**31 - 1)
(here / "crafted-iterations.p12").write_bytes(pfx(safe, many))

# OpenSSL before 1.1.0 took each octet of UTF-8 for a character.
spelt = b"".join(bytes([0, octet]) for octet in "mật khẩu".encode()) + b"\0\0"
old = mac_data(safe, pkcs12_kdf(spelt, SALT, 2048, 32), SHA256)
(here / "crafted-old-openssl.p12").write_bytes(pfx(safe, old))

# NSS before 2018 derived by PBKDF2 from the password as a BMPString.
body = "".join((here / "p256.key.pem").read_text().splitlines()[1:-1])
key = hashlib.pbkdf2_hmac("sha256", "kyso\0".encode("utf-16-be"), SALT, 2048, 32)
command = ["openssl", "enc", "-aes-256-cbc", "-K", key.hex(), "-iv", bytes(16).hex()]
encrypted = subprocess.run(command, input=base64.b64decode(body), capture_output=True, check=True).stdout
aes = tlv(0x30, oid("2.16.840.1.101.3.4.1.42") + tlv(4, bytes(16)))
pbes2 = tlv(0x30, oid("1.2.840.113549.1.5.13") + tlv(0x30, tlv(0x30, oid("1.2.840.113549.1.5.12") + pbkdf2) + aes))
text = base64.encodebytes(tlv(0x30, pbes2 + tlv(4, encrypted))).decode()
label = "ENCRYPTED PRIVATE KEY"
(here / "crafted-old-nss.pem").write_text(f"-----BEGIN {label}-----\n{text}-----END {label}-----\n")
