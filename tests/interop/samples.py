"""What is signed with what, and what peers are known not to manage."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = ROOT / "testdata/keys"
CA = KEYS / "ca.crt.pem"
PDFS = sorted((ROOT / "testdata/pdf").glob("*.pdf"))
SHORT_PDFS = [pdf for pdf in PDFS if pdf.stem in ("libreoffice", "pikepdf", "reportlab-form")]


@dataclass(frozen=True)
class Algorithm:
    key: str
    digest: str
    pss: bool = False

    def __str__(self):
        return f"{self.key}-{self.digest}{'-pss' if self.pss else ''}"

    @property
    def private_key(self):
        return KEYS / f"{self.key}.key.pem"

    @property
    def certificate(self):
        return KEYS / f"{self.key}.crt.pem"


ALGORITHMS = [
    Algorithm(f"rsa{bits}", digest, pss)
    for bits in (2048, 3072, 4096)
    for digest in ("sha256", "sha384", "sha512")
    for pss in (False, True)
] + [Algorithm("p256", "sha256"), Algorithm("p384", "sha384"), Algorithm("ed25519", "sha512")]
SHORT_ALGORITHMS = [one for one in ALGORITHMS if one.key not in ("rsa3072", "rsa4096")
                    and (one.digest == "sha256" or not one.key.startswith("rsa"))]


def pdfs_for(algorithm):
    """More bits change nothing about a PDF but the room that the signature takes."""
    return SHORT_PDFS if algorithm.key in ("rsa3072", "rsa4096") else PDFS


@dataclass(frozen=True)
class Cell:
    """Who does what, with which algorithm, to which form of CMS or which PDF."""

    who: str
    does: str
    algorithm: Algorithm
    form: str


def known(cell):
    """Why this one is not expected to manage, or nothing."""
    who, key = cell.who, cell.algorithm.key
    signs = cell.does == "signs"
    rules = [
        (who == "openssl" and key == "ed25519",
         "OpenSSL 3.0 hands Ed25519 a digest within CMS ('no default digest', 'invalid digest')"),
        (who == "openssl" and signs and cell.algorithm.pss and cell.form == "enveloping BER",
         "OpenSSL 3.0 cannot stream with PSS ('illegal zero content')"),
        (who == "pdfsig" and key == "ed25519", "the NSS under pdfsig knows no Ed25519 in CMS"),
        (who == "pdfsig" and signs and key in ("p256", "p384"),
         "pdfsig 22.12 mistakes the length of most EC signatures ('unable update signature')"),
        (who == "pyhanko" and cell.form == "junk-prefix.pdf",
         "pyHanko reads no PDF that does not begin with its header ('Illegal PDF header')"),
    ]
    return next((reason for applies, reason in rules if applies), None)
