"""PAdES at T, LT and LTA: ours before pyHanko and pdfsig, pyHanko's before us, and either raised by us.

Run by `tests/interop/run`. Everything is made anew, as for `levels.py`, whose root, signer and
time-stamp authority it has.
"""

import argparse
import asyncio
import io
import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from asn1crypto import pem
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, signers, timestamps
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (LocalKnowledge, PdfSignatureValidationSpec,
                                                 SignatureValidationSpec)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from calls import run
from levels import World, serve, trust

# It says at length what it does not conclude.
logging.disable(logging.ERROR)

ROOT = Path(__file__).parents[2]
PDFS = ["libreoffice", "qpdf-object-streams", "reportlab-form"]


class Ours:
    def __init__(self, world, examples, url):
        self.world, self.examples = world, examples
        self.services = ["--tsa", url, "--local", "--trust", world.path("root.pem"),
                         "--crl", world.path("crl.pem")]

    def sign(self, pdf, level, *more):
        out = self.world.path(f"ours-{pdf.stem}-{level}.pdf")
        run(self.examples / "sign", "--key", self.world.path("signer.key"),
            "--cert", self.world.path("signer.pem"), "--level", level, *self.services, *more,
            pdf, out)
        return out

    def sign_remotely(self, pdf, level):
        """OpenSSL has the key, and answers the value."""
        state, request, answer, out = (self.world.path(f"remote-{pdf.stem}-{level}.{it}")
                                       for it in ("json", "request", "value", "pdf"))
        at = ["--level", level, *self.services]
        run(self.examples / "sign", "--prepare", state, "--algorithm", "RSA_SHA256",
            "--cert", self.world.path("signer.pem"), *at, pdf, request)
        answer.write_bytes(run("openssl", "pkeyutl", "-sign", "-rawin", "-digest", "sha256",
                               "-inkey", self.world.path("signer.key"), "-in", request))
        run(self.examples / "sign", "--complete", state, "--value", answer, *at, pdf, out)
        return out

    def augment(self, pdf, level):
        out = self.world.path(f"{pdf.stem}-{level}.pdf")
        run(self.examples / "sign", "--augment", "--level", level, *self.services, pdf, out)
        if not out.read_bytes().startswith(pdf.read_bytes()):
            raise RuntimeError("earlier bytes were touched")
        return out

    def refuses(self, pdf, level, stamps, count):
        """Without the list, and asking nobody: what the document holds has to be enough."""
        given = [] if level in ("LT", "LTA") else ["--crl", self.world.path("crl.pem")]
        done = subprocess.run(
            [self.examples / "verify", "--json", "--trust", self.world.path("root.pem"), *given,
             pdf], capture_output=True, text=True)
        signatures = json.loads(done.stdout)["signatures"]
        if len(signatures) != count:
            return f"{len(signatures)} signatures"
        for one in signatures:
            if one["conclusion"] != "TOTAL_PASSED":
                return json.dumps(one["checks"], ensure_ascii=False)
            if one["level"] != f"BASELINE-{level}":
                return f"level {one['level']}"
            found = [(it["imprint_intact"], it["signature_intact"]) for it in one["timestamps"]]
            if found != [(True, True)] * stamps:
                return f"time-stamps {found}"
        return None


class Peers:
    """pyHanko, with its difference analysis, and pdfsig."""

    def __init__(self, world):
        self.world = world
        _, _, self.crl = pem.unarmor(world.path("crl.pem").read_bytes())

    def context(self, **options):
        return ValidationContext(trust_roots=trust(self.world), allow_fetching=False, **options)

    def pyhanko_refuses(self, pdf, level):
        try:
            return self.pyhanko(PdfFileReader(io.BytesIO(pdf.read_bytes())), level)
        except Exception as error:  # a peer may fail in any way
            return f"{type(error).__name__}: {error}"

    def pyhanko(self, reader, level):
        known = self.context(crls=[self.crl], revocation_mode="require")
        for one in reader.embedded_regular_signatures:
            status = validate_pdf_signature(one, known, ts_validation_context=known)
            if not status.bottom_line:
                return status.pretty_print_details()
            if status.modification_level > ModificationLevel.FORM_FILLING:
                return f"modified: {status.modification_level}"
        for one in reader.embedded_timestamp_signatures:
            status = validate_pdf_timestamp(one, known)
            if not (status.intact and status.valid and status.trusted):
                return f"time-stamp: {status.summary()}"
            if status.modification_level > ModificationLevel.LTA_UPDATES:
                return f"modified after the time-stamp: {status.modification_level}"
        if level in ("LT", "LTA"):
            return self.long_term(reader, level)
        return None

    def long_term(self, reader, level):
        """From the document's own store; what is time-stamped, by EN 319 102-1 as well."""
        store = DocumentSecurityStore.read_dss(reader)
        stored = store.as_validation_context(dict(
            trust_roots=trust(self.world), allow_fetching=False, revocation_mode="require"))
        for one in reader.embedded_regular_signatures:
            status = validate_pdf_signature(one, stored, ts_validation_context=stored)
            if not status.bottom_line:
                return f"by its store: {status.pretty_print_details()}"
        spec = PdfSignatureValidationSpec(SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(
                trust_manager=SimpleTrustManager.build(trust(self.world)),
                revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)),
            local_knowledge=LocalKnowledge()))
        for one in reader.embedded_regular_signatures if level == "LTA" else ():
            result = asyncio.run(ades_lta_validation(one, spec))
            if result.ades_subindic != AdESPassed.OK:
                return f"EN 319 102-1: {result.ades_subindic}"
        return None

    def pdfsig_refuses(self, pdf, count):
        """It tells digest and value of the signature; time-stamps it only lists."""
        done = subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True)
        valid = done.stdout.count("Signature Validation: Signature is Valid.")
        return None if valid == count else done.stdout + done.stderr

    def sign(self, pdf, url, level, twice=False):
        """As pyHanko writes a level; LTA twice is one that was updated."""
        signer = SimpleSigner.load(
            str(self.world.path("signer.key")), str(self.world.path("signer.pem")),
            ca_chain_files=[str(self.world.path("root.pem"))])
        stamper = timestamps.HTTPTimeStamper(url)
        context = self.context(crls=[self.crl], revocation_mode="require")
        out = self.world.path(f"pyhanko-{pdf.stem}-{level}{'-again' if twice else ''}.pdf")
        about = PdfSignatureMetadata(
            field_name="Leader", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256",
            embed_validation_info=level != "T", use_pades_lta=level == "LTA",
            validation_context=context)
        made = io.BytesIO()
        signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf.read_bytes()), strict=False),
                         about, signer=signer, timestamper=stamper, output=made)
        for _ in range(2 if twice else 0):
            # A time-stamp of its own needs what the last one needs.
            made = io.BytesIO(made.getvalue())
            signers.PdfTimeStamper(stamper).update_archival_timestamp_chain(
                PdfFileReader(made), context, in_place=True)
        out.write_bytes(made.getvalue())
        return out


STAMPS = {"T": 1, "LT": 1, "LTA": 2}


def cases(ours, peers, url):
    """Each with its level, the time-stamps of each signature, and how many signatures."""
    for name in PDFS:
        pdf = ROOT / f"testdata/pdf/{name}.pdf"
        for level, stamps in STAMPS.items():
            yield f"ours {name} {level}", ours.sign(pdf, level), level, stamps
            yield f"remote {name} {level}", ours.sign_remotely(pdf, level), level, stamps
            theirs = peers.sign(pdf, url, level)
            yield f"pyHanko {name} {level}", theirs, level, stamps
            for higher in list(STAMPS)[list(STAMPS).index(level) + 1:]:
                raised = ours.augment(theirs, higher)
                yield f"pyHanko {name} {level} to {higher}", raised, higher, STAMPS[higher]
        again = peers.sign(pdf, url, "LTA", twice=True)
        yield f"pyHanko {name} LTA again", again, "LTA", 4
        renewed = ours.augment(again, "LTA")
        yield f"pyHanko {name} LTA again, renewed", renewed, "LTA", 5
        for n in range(3):
            renewed = ours.augment(renewed if n else ours.sign(pdf, "LTA"), "LTA")
        yield f"ours {name} LTA renewed", renewed, "LTA", 5
        sealed = ours.sign(peers.sign(pdf, url, "T"), "LTA", "--field", "Agency")
        yield f"pyHanko {name} T, sealed by us", sealed, "LTA", 2, 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=Path, required=True)
    arguments, _ = parser.parse_known_args()
    passed, failed = 0, 0

    def judge(case, reason):
        nonlocal passed, failed
        passed, failed = passed + (not reason), failed + bool(reason)
        if reason:
            print(f"FAILED {case}: {reason}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        url = serve(world)
        ours, peers = Ours(world, arguments.examples.absolute(), url), Peers(world)
        for case, pdf, level, stamps, *count in cases(ours, peers, url):
            count = count[0] if count else 1
            judge(f"{case} before us", ours.refuses(pdf, level, stamps, count))
            judge(f"{case} before pyHanko", peers.pyhanko_refuses(pdf, level))
            judge(f"{case} before pdfsig", peers.pdfsig_refuses(pdf, count))
    print(f"pdf levels: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
