"""OpenSSL, pyHanko, poppler's pdfsig, MuPDF and qpdf."""

import asyncio
import io
import logging

from asn1crypto import cms as asn1
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.validation import (SignatureCoverageLevel, StandardCMSSignatureStatus,
                                     async_validate_cms_signature, async_validate_detached_cms,
                                     validate_pdf_signature)
from pyhanko_certvalidator import ValidationContext

from calls import refusal, run
from samples import CA

logging.disable(logging.WARNING)

# What pyHanko's strict mode refuses, signed or not: MuPDF's free entry of generation
# 65536, and hybrid files.
NOT_STRICT = ("mupdf", "hybrid")


class Openssl:
    name = "openssl"
    # BER is what `-stream` writes: indefinite lengths and the content in pieces.
    cms_forms = {
        "detached": [],
        "detached CAdES": ["-cades"],
        "detached without attributes": ["-noattr"],
        "enveloping": ["-nodetach"],
        "enveloping CAdES": ["-nodetach", "-cades"],
        "enveloping BER": ["-nodetach", "-stream"],
    }

    def __init__(self, folder):
        self.folder = folder

    def refuses_cms(self, cms, content):
        return refusal(self.verify, cms, content)

    def verify(self, cms, content):
        signature, given, out = (self.folder / name for name in ("o.p7", "o.in", "o.out"))
        signature.write_bytes(cms)
        options = []
        if content is not None:
            given.write_bytes(content)
            options = ["-content", given]
        run("openssl", "cms", "-verify", "-cades", "-inform", "DER", "-binary", "-in", signature,
            *options, "-CAfile", CA, "-purpose", "any", "-out", out)

    def sign_cms(self, content, algorithm, form):
        given, out = self.folder / "o.in", self.folder / "o.p7"
        given.write_bytes(content)
        digest = [] if algorithm.key == "ed25519" else ["-md", algorithm.digest]
        pss = ["-keyopt", "rsa_padding_mode:pss"] if algorithm.pss else []
        run("openssl", "cms", "-sign", "-binary", "-in", given, "-outform", "DER", "-out", out,
            "-signer", algorithm.certificate, "-inkey", algorithm.private_key, "-certfile", CA,
            *digest, *pss, *self.cms_forms[form])
        return out.read_bytes()

    def value(self, to_be_signed, algorithm):
        """What a key that is elsewhere answers."""
        given = self.folder / "o.in"
        given.write_bytes(to_be_signed)
        digest = [] if algorithm.key == "ed25519" else ["-digest", algorithm.digest]
        pss = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
        return run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", algorithm.private_key,
                   "-in", given, *digest, *(pss if algorithm.pss else []))


class Pyhanko:
    name = "pyhanko"
    cms_forms = ("detached", "enveloping")
    signatures = 2

    def __init__(self, folder):
        self.folder = folder
        self.root = load_cert_from_pemder(str(CA))

    def trust(self):
        return ValidationContext(trust_roots=[self.root], allow_fetching=False)

    def signer(self, algorithm):
        return SimpleSigner.load(str(algorithm.private_key), str(algorithm.certificate),
                                 ca_chain_files=(str(CA),), prefer_pss=algorithm.pss)

    def refuses_cms(self, cms, content):
        return refusal(self.verify_cms, cms, content)

    def verify_cms(self, cms, content):
        signed_data = asn1.ContentInfo.load(cms)["content"]
        if content is None:
            held = async_validate_cms_signature(
                signed_data, StandardCMSSignatureStatus, validation_context=self.trust())
        else:
            held = async_validate_detached_cms(
                content, signed_data, signer_validation_context=self.trust())
        held = asyncio.run(held)
        return None if held.bottom_line else held.summary()

    def refuses_pdf(self, path, count, source):
        return refusal(self.verify_pdf, path, count, source.stem not in NOT_STRICT)

    def verify_pdf(self, path, count, strict):
        reader = opened(PdfFileReader(io.BytesIO(path.read_bytes()), strict=strict))
        signatures = reader.embedded_signatures
        if len(signatures) != count:
            return f"found {len(signatures)} signatures"
        for one in signatures:
            held = validate_pdf_signature(one, self.trust())
            if not held.bottom_line:
                return f"{one.field_name}: {held.summary()}"
        if held.coverage != SignatureCoverageLevel.ENTIRE_FILE:
            return f"the last signature covers {held.coverage}"
        return None

    def sign_cms(self, content, algorithm, form):
        return asyncio.run(self.signer(algorithm).async_sign_general_data(
            content, algorithm.digest, detached=form == "detached")).dump()

    def signs(self, algorithm, pdf):
        return True

    def sign_pdf(self, pdf, algorithm):
        data = pdf.read_bytes()
        for field, subfilter in (("Leader", SigSeedSubFilter.PADES),
                                 ("Agency", SigSeedSubFilter.ADOBE_PKCS7_DETACHED)):
            writer = opened(IncrementalPdfFileWriter(io.BytesIO(data), strict=False))
            about = PdfSignatureMetadata(field_name=field, md_algorithm=algorithm.digest,
                                         subfilter=subfilter)
            data = sign_pdf(writer, about, signer=self.signer(algorithm)).getvalue()
        out = self.folder / "pyhanko.pdf"
        out.write_bytes(data)
        return out


def opened(pdf):
    """With the empty password where it is encrypted."""
    if isinstance(pdf, PdfFileReader):
        if pdf.encrypted:
            pdf.decrypt("")
    elif pdf.prev.encrypted:
        pdf.encrypt("")
    return pdf


class Pdfsig:
    """Its database of keys is NSS's, as Firefox has it."""

    name = "pdfsig"
    signatures = 1

    def __init__(self, folder):
        self.folder = folder
        self.database = folder / "nss"
        self.database.mkdir()
        run("certutil", "-N", "-d", self.database, "--empty-password")
        run("certutil", "-A", "-d", self.database, "-n", "ca", "-t", "C,C,C", "-i", CA)
        self.imported = set()

    def refuses_pdf(self, path, count, source):
        return refusal(self.verify, path, count)

    def verify(self, path, count):
        text = run("pdfsig", "-nocert", path).decode()
        valid = text.count("Signature Validation: Signature is Valid.")
        return None if valid == count else f"{valid} of {count} valid: {text}"

    def signs(self, algorithm, pdf):
        """It has no options for these: SHA-256 and PKCS#1, whatever the key."""
        return algorithm.digest == "sha256" and not algorithm.pss

    def sign_pdf(self, pdf, algorithm):
        if algorithm.key not in self.imported:
            run("pk12util", "-i", pkcs12(self.folder, algorithm), "-d", self.database,
                "-W", "test", "-K", "")
            self.imported.add(algorithm.key)
        out = self.folder / "pdfsig.pdf"
        out.unlink(missing_ok=True)
        run("pdfsig", "-nssdir", self.database, "-add-signature", "-nick", algorithm.key, pdf, out)
        return out


class Mutool:
    name = "mutool"
    signatures = 1

    def __init__(self, folder):
        self.folder = folder

    def signs(self, algorithm, pdf):
        """It fills a field that is there, with the SHA-1 of the document."""
        return str(algorithm) == "rsa2048-sha256" and pdf.stem == "libreoffice"

    def sign_pdf(self, pdf, algorithm):
        empty, out = self.folder / "field.pdf", self.folder / "mutool.pdf"
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf.read_bytes()))
        append_signature_field(writer, SigFieldSpec("Leader", box=(10, 10, 100, 50)))
        with empty.open("wb") as file:
            writer.write(file)
        field = run("mutool", "sign", "-v", empty).decode().split("signature ")[1].split(":")[0]
        run("mutool", "sign", "-s", pkcs12(self.folder, algorithm), "-P", "test",
            "-o", out, empty, field)
        return out


class Qpdf:
    name = "qpdf"

    def __init__(self, folder):
        self.folder = folder

    def refuses_pdf(self, path, count, source):
        """What follows the rules of ISO 32000 leaves it without a warning."""
        return refusal(lambda: run("qpdf", "--check", path) and None)


def pkcs12(folder, algorithm):
    out = folder / f"{algorithm.key}.p12"
    run("openssl", "pkcs12", "-export", "-in", algorithm.certificate,
        "-inkey", algorithm.private_key, "-name", algorithm.key, "-passout", "pass:test",
        "-out", out)
    return out
