"""Signatures that other programs made with the keys of testdata/keys, so that tests
need none of them. Run with the Python of `tests/interop/run`: target/peers/bin/python."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests/interop"))

from peers import Mutool, Openssl, Pyhanko  # noqa: E402
from samples import Algorithm, ROOT  # noqa: E402

CONTENT = HERE / "content.txt"
RSA, PSS = Algorithm("rsa2048", "sha256"), Algorithm("rsa2048", "sha384", True)
P256, P384 = Algorithm("p256", "sha256"), Algorithm("p384", "sha384")
ED25519 = Algorithm("ed25519", "sha512")


def main(folder):
    CONTENT.write_bytes("Công văn thử nghiệm\r\n".encode())
    content = CONTENT.read_bytes()
    openssl, pyhanko, mutool = Openssl(folder), Pyhanko(folder), Mutool(folder)
    for peer, algorithm, form in (
        (openssl, RSA, "detached"), (openssl, PSS, "detached CAdES"),
        (openssl, RSA, "detached without attributes"), (openssl, P256, "enveloping CAdES"),
        (openssl, P384, "enveloping BER"), (pyhanko, ED25519, "detached"),
        (pyhanko, PSS, "enveloping"),
    ):
        name = f"{peer.name}-{algorithm}-{form.replace(' ', '-')}.p7"
        (HERE / name).write_bytes(peer.sign_cms(content, algorithm, form))
    for peer, algorithm, source in (
        (pyhanko, RSA, "hybrid"), (pyhanko, PSS, "pikepdf"), (pyhanko, P256, "reportlab-form"),
        (pyhanko, ED25519, "cairo"), (mutool, RSA, "hybrid"),
    ):
        pdf = ROOT / f"testdata/pdf/{source}.pdf"
        name = f"{peer.name}-{algorithm}-{source}.pdf"
        (HERE / name).write_bytes(peer.sign_pdf(pdf, algorithm).read_bytes())


with tempfile.TemporaryDirectory() as temporary:
    main(Path(temporary))
