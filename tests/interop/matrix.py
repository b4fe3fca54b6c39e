"""Both directions for each algorithm: CAdES detached and enveloping, PAdES signed twice.

Run by `tests/interop/run`. What one cannot do is listed in `samples.known` with the reason; they
are tried all the same, and counted apart from what passed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from ours import Ours
from peers import Mutool, Openssl, Pdfsig, Pyhanko, Qpdf
from samples import ALGORITHMS, ROOT, SHORT_ALGORITHMS, SHORT_PDFS, Cell, known, pdfs_for

CONTENT = "Công văn thử nghiệm số 01/TEST-UBND\r\n".encode() * 100


class Score:
    def __init__(self):
        self.passed = self.failed = self.known = 0
        self.reasons = {}

    def add(self, case, reason, known_reason=None):
        """`reason` is why a verifier refused, or nothing where it accepted."""
        if reason is None:
            self.passed += 1
        elif known_reason:
            self.known += 1
            self.reasons.setdefault(known_reason, []).append(case)
        else:
            self.failed += 1
            print(f"FAILED {case}: {reason}", flush=True)

    def must_refuse(self, case, reason):
        self.add(case, None if reason else "accepted what was tampered with")

    def close(self):
        for reason, cases in self.reasons.items():
            print(f"known  {len(cases):3} cases, such as {cases[0]}: {reason}")
        print(f"{self.passed} passed, {self.failed} failed, {self.known} known limits")
        return 1 if self.failed or not self.passed else 0


def attempt(action, *arguments):
    """What a peer made, or why it made nothing."""
    try:
        return action(*arguments), None
    except Exception as error:  # a peer may fail in any way
        return None, f"{type(error).__name__}: {error}"


class Matrix:
    def __init__(self, folder, examples):
        self.folder, self.score = folder, Score()
        self.ours, self.qpdf, self.mutool = Ours(folder, examples), Qpdf(folder), Mutool(folder)
        self.openssl, self.pyhanko, self.pdfsig = Openssl(folder), Pyhanko(folder), Pdfsig(folder)

    def judge(self, case, cell, reason):
        self.score.add(f"{case} {cell.who} {cell.algorithm}", reason, known(cell))

    def cms_of_ours(self, algorithm):
        for form in ("detached", "enveloping"):
            case, mine = f"CAdES {form} of ours,", Cell("ours", "signs", algorithm, form)
            cms, reason = attempt(self.ours.sign_cms, CONTENT, algorithm, form)
            if reason:
                self.judge(case, mine, reason)
                continue
            content = CONTENT if form == "detached" else None
            for peer in (self.openssl, self.pyhanko, self.ours):
                cell = Cell(peer.name, "verifies", algorithm, form)
                self.judge(case, cell, peer.refuses_cms(cms, content))

    def cms_of_peers(self, algorithm):
        for peer in (self.openssl, self.pyhanko):
            for form in peer.cms_forms:
                case = f"CMS {form} of {peer.name},"
                cms, reason = attempt(peer.sign_cms, CONTENT, algorithm, form)
                if reason:
                    self.judge(case, Cell(peer.name, "signs", algorithm, form), reason)
                    continue
                content = CONTENT if form.startswith("detached") else None
                cell = Cell("ours", "verifies", algorithm, form)
                self.judge(case, cell, self.ours.refuses_cms(cms, content, form))

    def pdf_of_ours(self, algorithm, pdf):
        """The leader signs, then the agency seals: both stay valid."""
        case = f"PAdES {pdf.name} of ours,"
        signed, reason = attempt(self.ours.sign_pdf_twice, pdf, algorithm)
        if reason:
            self.judge(case, Cell("ours", "signs", algorithm, pdf.name), reason)
            return
        for peer in (self.pyhanko, self.pdfsig, self.qpdf, self.ours):
            cell = Cell(peer.name, "verifies", algorithm, pdf.name)
            self.judge(case, cell, peer.refuses_pdf(signed, 2, pdf))

    def remote_key(self, algorithm, pdf):
        """Prepared here, signed by a key in OpenSSL, completed here."""
        case = f"PAdES {pdf.name} by OpenSSL's key,"
        signed, reason = attempt(self.ours.sign_remotely, pdf, algorithm, self.openssl.value)
        if not reason:
            reason = self.pyhanko.refuses_pdf(signed, 1, pdf)
        self.judge(case, Cell("pyhanko", "verifies", algorithm, pdf.name), reason)

    def pdf_of_peers(self, algorithm, pdf):
        for peer in (self.pyhanko, self.pdfsig, self.mutool):
            if not peer.signs(algorithm, pdf):
                continue
            case = f"PDF {pdf.name} of {peer.name},"
            signed, reason = attempt(peer.sign_pdf, pdf, algorithm)
            if reason:
                self.judge(case, Cell(peer.name, "signs", algorithm, pdf.name), reason)
                continue
            cell = Cell("ours", "verifies", algorithm, pdf.name)
            self.judge(case, cell, self.ours.refuses_pdf(signed, peer.signatures, peer))

    def tampered(self, algorithm, pdf):
        """Every verifier here is able to say no."""
        cms = self.ours.sign_cms(CONTENT, algorithm, "detached")
        for peer in (self.openssl, self.pyhanko, self.ours):
            refused = peer.refuses_cms(cms, CONTENT[:-1] + b"!")
            self.score.must_refuse(f"another content {peer.name}", refused)
        signed = bytearray(self.ours.sign_pdf_twice(pdf, algorithm).read_bytes())
        signed[len(signed) // 8] ^= 1
        path = self.folder / "tampered.pdf"
        path.write_bytes(signed)
        for peer in (self.pyhanko, self.pdfsig, self.ours):
            self.score.must_refuse(f"a changed bit {peer.name}", peer.refuses_pdf(path, 2, pdf))

    def run(self, algorithms, pdfs_for):
        for algorithm in algorithms:
            before, pdfs = self.score.passed, pdfs_for(algorithm)
            self.cms_of_ours(algorithm)
            self.cms_of_peers(algorithm)
            self.remote_key(algorithm, pdfs[0])
            for pdf in pdfs:
                self.pdf_of_ours(algorithm, pdf)
                self.pdf_of_peers(algorithm, pdf)
            print(f"{algorithm}: {self.score.passed - before} passed", flush=True)
        self.tampered(algorithms[0], SHORT_PDFS[0])
        return self.score.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one key and one PDF of each kind")
    parser.add_argument("--examples", type=Path, default=ROOT / "target/release/examples",
                        help="where `sign` and `verify` were built")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(Path(folder), options.examples)
        if options.short:
            return matrix.run(SHORT_ALGORITHMS, lambda _: SHORT_PDFS)
        return matrix.run(ALGORITHMS, pdfs_for)


if __name__ == "__main__":
    sys.exit(main())
