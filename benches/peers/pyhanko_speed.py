"""pyHanko on the documents of the bench `speed`, in one process that is warm.

    pyhanko_speed.py sign KEY PDF          PAdES B-B, 20 documents a round
    pyhanko_speed.py sign-kept KEY PDF     ... with the key parsed once: its signer does so each time
    pyhanko_speed.py verify KEY PDF        path to the test CA, nothing fetched
    pyhanko_speed.py once KEY PDF          every signature of the file, once, with modifications
    pyhanko_speed.py base64                Python's own

Prints the version, milliseconds a document, those of the floor (the bare key operations,
SHA-256 and, for signing, one copy, by `cryptography` and hashlib), and the ratio of the two,
separated by tabs; for base64 megabytes a second, encoded and decoded.
"""

import asyncio
import base64
import hashlib
import io
import os
import platform
import statistics
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

KEYS = Path(__file__).parents[2] / "testdata/keys"
AT = datetime(2026, 11, 22, 1, tzinfo=timezone.utc)
# As the bench `speed`.
SECONDS, ROUNDS = 6, 9
DOCUMENTS = 20
MESSAGE = bytes(200)


class Bare:
    """The key in `cryptography`, with no format around it."""

    def __init__(self, name):
        pem = (KEYS / f"{name}.key.pem").read_bytes()
        self.key = serialization.load_pem_private_key(pem, None)
        self.public = self.key.public_key()
        how = ec.ECDSA(hashes.SHA256())
        self.how = (how,)
        if isinstance(self.key, rsa.RSAPrivateKey):
            self.how = (padding.PKCS1v15(), hashes.SHA256())
        self.value = self.sign(MESSAGE)

    def sign(self, message):
        return self.key.sign(message, *self.how)

    def verify(self):
        self.public.verify(self.value, MESSAGE, *self.how)


def in_turns(documents, floor, whole):
    """Prints the medians for one document, and of the rounds' ratios."""
    floor()
    whole()
    floors, wholes, ratios = [], [], []
    end = time.perf_counter() + SECONDS
    while len(ratios) < ROUNDS or time.perf_counter() < end:
        floors.append(took(floor) / documents)
        wholes.append(took(whole) / documents)
        ratios.append(wholes[-1] / floors[-1])
    told(*map(statistics.median, (wholes, floors, ratios)))


def took(work):
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def told(whole, floor, ratio):
    print(f"pyHanko {version('pyhanko')}\t{whole:.4f}\t{floor:.4f}\t{ratio:.2f}")


def sign(name, pdf, kept=False):
    key, certificate = (str(KEYS / f"{name}.{part}.pem") for part in ("key", "crt"))
    bare, data = Bare(name), pdf.read_bytes()
    signer = SimpleSigner.load(key, certificate)
    if kept:
        signer.sign_raw = lambda data, digest_algorithm: bare.sign(data)
    about = PdfSignatureMetadata(field_name="Signature", md_algorithm="sha256",
                                 subfilter=SigSeedSubFilter.PADES)
    signer = PdfSigner(about, signer)

    async def one():
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        # Told how long a signature gets, it makes no other one to find out.
        await signer.async_sign_pdf(writer, bytes_reserved=8192, output=io.BytesIO())

    async def all_of_them():
        for _ in range(DOCUMENTS):
            await one()

    def floor():
        for _ in range(DOCUMENTS):
            hashlib.sha256(data).digest()
            bare.sign(MESSAGE)
            bytearray(data)

    loop = asyncio.new_event_loop()
    in_turns(DOCUMENTS, floor, lambda: loop.run_until_complete(all_of_them()))


def trust():
    return ValidationContext(trust_roots=[load_cert_from_pemder(str(KEYS / "ca.crt.pem"))],
                             moment=AT, allow_fetching=False, revocation_mode="soft-fail")


async def validate(data, context):
    """How many signatures hold, every one of which has to."""
    signatures = PdfFileReader(io.BytesIO(data)).embedded_signatures
    for one in signatures:
        status = await async_validate_pdf_signature(one, context)
        if not status.bottom_line:
            sys.exit(f"{one.field_name}: {status.summary()}")
    return len(signatures)


def verify(name, pdf):
    bare, data, context = Bare(name), pdf.read_bytes(), trust()

    def floor():
        hashlib.sha256(data).digest()
        bare.verify()

    loop = asyncio.new_event_loop()
    in_turns(1, floor, lambda: loop.run_until_complete(validate(data, context)))


def once(name, pdf):
    bare, data, count = Bare(name), pdf.read_bytes(), 0

    def whole():
        nonlocal count
        count = asyncio.run(validate(data, trust()))

    def floor():
        hashlib.sha256(data).digest()
        for _ in range(count):
            bare.verify()

    whole = took(whole)
    floor = statistics.median(took(floor) for _ in range(ROUNDS))
    told(whole, floor, whole / floor)


def base64_rates():
    contents = [os.urandom(1 << 20) for _ in range(100)]
    texts = [base64.b64encode(it) for it in contents]

    def rate(work, all_of_them):
        def every():
            for one in all_of_them:
                work(one)
        seconds = statistics.median(took(every) for _ in range(ROUNDS)) / 1e3
        return sum(map(len, contents)) / 1e6 / seconds

    encoding, decoding = rate(base64.b64encode, contents), rate(base64.b64decode, texts)
    print(f"Python {platform.python_version()}\t{encoding:.0f}\t{decoding:.0f}")


def main(case, *arguments):
    if case == "base64":
        return base64_rates()
    key, pdf = arguments[0], Path(arguments[1])
    if case.startswith("sign"):
        return sign(key, pdf, kept=case == "sign-kept")
    return {"verify": verify, "once": once}[case](key, pdf)


main(*sys.argv[1:])
