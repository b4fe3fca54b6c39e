"""Certifications, locked fields and fields for later signers: ours before pyHanko and pdfsig,
pyHanko's before us, and each signing into what the other made.

Run by `tests/interop/run`.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, fields, sign_pdf
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec
from pyhanko.sign.validation import validate_pdf_signature

from ours import Ours
from peers import Pdfsig, Pyhanko
from samples import SHORT_PDFS, Algorithm

RSA = Algorithm("rsa2048", "sha256")
BOX = "50,50,150,100"
PERMISSIONS = (MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE)
# How our options call what pyHanko calls so.
LOCKS = {
    "all": FieldMDPSpec(FieldMDPAction.ALL),
    "include:Leader,Office.Clerk": FieldMDPSpec(FieldMDPAction.INCLUDE, ["Leader", "Office.Clerk"]),
    "exclude:Office.Agency": FieldMDPSpec(FieldMDPAction.EXCLUDE, ["Office.Agency"]),
}
BARS_AGENCY = {"all": True, "include:Leader,Office.Clerk": False, "exclude:Office.Agency": False}
# pyHanko takes something that locked text fields share for a change of them, though it
# stays as it is; its own second signature fares no better.
KNOWN = {("reportlab-form", "exclude:Office.Agency")}
SEED = fields.SigSeedValueSpec(
    flags=fields.SigSeedValFlags.SUBFILTER | fields.SigSeedValFlags.REASONS
    | fields.SigSeedValFlags.DIGEST_METHOD,
    subfilters=[fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED], reasons=["Phê duyệt"],
    digest_methods=["sha256"])


class Cases:
    def __init__(self, folder, examples, pdf):
        self.folder, self.pdf = folder, pdf
        self.ours, self.pyhanko = Ours(folder, examples), Pyhanko(folder)
        self.pdfsig = Pdfsig(folder)
        self.passed, self.failed, self.count = 0, 0, 0

    def judge(self, case, reason):
        self.passed, self.failed = self.passed + (not reason), self.failed + bool(reason)
        if reason:
            print(f"FAILED {self.pdf.stem}: {case}: {reason}", flush=True)

    def path(self):
        self.count += 1
        return self.folder / f"{self.pdf.stem}-{self.count}.pdf"

    # Who signs.

    def we_sign(self, pdf, field, *options):
        return self.ours.sign(pdf, self.path(), RSA, "--field", field, *options)

    def we_add(self, pdf, *names, options=()):
        added = [it for name in names for it in ("--add-field", name)]
        return self.ours.run_sign(*added, *options, pdf, self.path())

    def they_sign(self, pdf, field, **about):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf.read_bytes()))
        meta = PdfSignatureMetadata(field_name=field, md_algorithm="sha256", **about)
        out = self.path()
        out.write_bytes(sign_pdf(writer, meta, signer=self.pyhanko.signer(RSA)).getvalue())
        return out

    def they_add(self, pdf, *specs):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf.read_bytes()))
        for spec in specs:
            fields.append_signature_field(writer, spec)
        out = self.path()
        with out.open("wb") as file:
            writer.write(file)
        return out

    # Who judges.

    def all_accept(self, case, pdf, count, permission=None, lock=None, known=False):
        """By all: each signature holds, and no later change breaks what an earlier one permits."""
        refused = self.pyhanko_refuses(pdf, count, permission, lock)
        if known:
            refused = None if refused else "pyHanko accepts by now what it was known not to"
        self.judge(f"{case}, before us", self.ours.refuses_pdf(pdf, count, self.pdf))
        self.judge(f"{case}, before pdfsig", self.pdfsig.refuses_pdf(pdf, count, self.pdf))
        self.judge(f"{case}, before pyHanko", refused)

    def pyhanko_refuses(self, pdf, count, permission, lock):
        found = PdfFileReader(io.BytesIO(pdf.read_bytes())).embedded_signatures
        if len(found) != count:
            return f"{len(found)} signatures"
        if found[0].docmdp_level != permission or found[0].fieldmdp != lock:
            return f"{found[0].docmdp_level}, {found[0].fieldmdp}"
        for one in found:
            held = validate_pdf_signature(one, self.pyhanko.trust())
            if not (held.bottom_line and held.docmdp_ok and held.seed_value_ok):
                return f"{one.field_name}: {held.pretty_print_details()}"
        return None

    def we_refuse(self, case, said, pdf, field, *options):
        try:
            self.we_sign(pdf, field, *options)
            self.judge(case, "was signed")
        except RuntimeError as error:
            self.judge(case, None if said in str(error) else str(error))

    # What is tried.

    def run(self):
        for permission in PERMISSIONS:
            self.certified(permission)
        for name, spec in LOCKS.items():
            self.locked(name, spec)
        self.seeded()

    def certified(self, permission):
        p, case = permission.value, f"certification {permission.value}"
        certified = self.we_sign(self.pdf, "Leader", "--certify", str(p))
        self.all_accept(f"our {case}", certified, 1, permission)
        theirs = self.they_sign(self.pdf, "Leader", certify=True, docmdp_permissions=permission)
        self.all_accept(f"their {case}", theirs, 1, permission)
        for made, pdf in (("our", certified), ("their", theirs)):
            self.we_refuse(f"{made} {case}, again", "comes first", pdf, "X", "--certify", "2")
            if permission == MDPPerm.NO_CHANGES:
                self.we_refuse(f"{made} {case}", "no further signature", pdf, "X")
                continue
            self.all_accept(f"{made} {case}, then we", self.we_sign(pdf, "X"), 2, permission)
            self.all_accept(f"{made} {case}, then they", self.they_sign(pdf, "X"), 2, permission)

    def locked(self, name, spec):
        names = ("Leader", "Office.Clerk", "Office.Agency")
        empty = self.we_add(self.pdf, *names, options=("--rectangle", BOX))
        lock = self.they_add(self.pdf, *(
            SigFieldSpec(it, box=(50, 50, 150, 100), field_mdp_spec=spec if it == "Leader" else None)
            for it in names))
        made = [
            ("we lock", self.we_sign(empty, "Leader", "--lock", name), None),
            ("we certify and lock",
             self.we_sign(empty, "Leader", "--lock", name, "--certify", "2"), MDPPerm.FILL_FORMS),
            ("we sign a field of theirs with a lock", self.we_sign(lock, "Leader"), None),
            ("they sign a field of theirs with a lock", self.they_sign(lock, "Leader"), None),
            ("they sign a field of ours with a lock", self.they_sign(self.we_add(
                self.we_add(self.pdf, *names[1:]), "Leader", options=("--lock", name)),
                "Leader"), None),
        ]
        for case, pdf, permission in made:
            case = f"{case} {name}"
            self.all_accept(case, pdf, 1, permission, spec)
            self.we_refuse(f"{case}: the clerk", "is locked by", pdf, "Office.Clerk")
            if BARS_AGENCY[name]:
                self.we_refuse(f"{case}: the agency", "is locked by", pdf, "Office.Agency")
                continue
            for who, sign in (("we", self.we_sign), ("they", self.they_sign)):
                both = sign(pdf, "Office.Agency")
                self.all_accept(f"{case}, then {who}", both, 2, permission, spec,
                                known=(self.pdf.stem, name) in KNOWN)

    def seeded(self):
        pdf = self.they_add(self.pdf, SigFieldSpec("Leader", seed_value_dict=SEED))
        signed = self.we_sign(pdf, "Leader", "--reason", "Phê duyệt")
        self.all_accept("seed values", signed, 1)
        self.we_refuse("seed values", "one of the reasons", pdf, "Leader")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--short", action="store_true")
    arguments, _ = parser.parse_known_args()
    passed, failed = 0, 0
    for pdf in SHORT_PDFS[:1] if arguments.short else SHORT_PDFS:
        with tempfile.TemporaryDirectory() as folder:
            cases = Cases(Path(folder), arguments.examples.absolute(), pdf)
            cases.run()
            passed, failed = passed + cases.passed, failed + cases.failed
    print(f"fields: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
