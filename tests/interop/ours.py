"""This crate, through its own examples `sign` and `verify`."""

import json
import subprocess

from etsi import faults_of
from samples import CA, ROOT


class Ours:
    name = "ours"

    def __init__(self, folder, examples):
        self.folder, self.examples = folder, examples

    def run_sign(self, *options):
        command = [self.examples / "sign", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return options[-1]

    def sign(self, document, out, algorithm, *options):
        key = ["--key", algorithm.private_key, "--cert", algorithm.certificate, "--cert", CA]
        return self.run_sign(*key, "--algorithm", name(algorithm), *options, document, out)

    def sign_cms(self, content, algorithm, form):
        document, out = self.folder / "content", self.folder / "ours.p7"
        document.write_bytes(content)
        return self.sign(document, out, algorithm, f"--{form}").read_bytes()

    def sign_pdf_twice(self, pdf, algorithm):
        """Invisible as PAdES, then in a rectangle as the field's older tools write it."""
        leader = self.sign(pdf, self.folder / "leader.pdf", algorithm, "--field", "Leader")
        return self.sign(leader, self.folder / "sealed.pdf", algorithm, "--field", "Agency",
                         "--pkcs7", "--rectangle", "50,50,250,120")

    def sign_remotely(self, pdf, algorithm, remote):
        """`remote` has the key: it gets what is to be signed, and answers the value."""
        state, request, answer, out = (
            self.folder / file for file in ("state.json", "request", "answer", "remote.pdf"))
        self.run_sign("--prepare", state, "--algorithm", name(algorithm),
                      "--cert", algorithm.certificate, "--cert", CA, pdf, request)
        answer.write_bytes(remote(request.read_bytes(), algorithm))
        return self.run_sign("--complete", state, "--value", answer, pdf, out)

    def verify(self, path, *options):
        command = [self.examples / "verify", "--json", "--trust", CA,
                   "--policy", ROOT / "tests/interop/policy.json"]
        done = subprocess.run([*command, *options, path], capture_output=True, text=True)
        return json.loads(done.stdout)

    def refuses_cms(self, cms, content, form="detached"):
        path = self.folder / "verify.p7"
        path.write_bytes(cms)
        options = []
        if content is not None:
            (self.folder / "content").write_bytes(content)
            options = ["--content", self.folder / "content"]
        return refusal(self.verify(path, *options), 1, form)

    def refuses_pdf(self, path, count, origin):
        """`origin` is the peer that signed, or the PDF that we signed."""
        etsi = self.folder / "etsi.xml"
        refused = refusal(self.verify(path, "--etsi", etsi), count, origin.name)
        return refused or "; ".join(faults_of(etsi.read_bytes())) or None


def name(algorithm):
    """As reports spell it, and `sign --algorithm` takes it."""
    digest = algorithm.digest.upper()
    if algorithm.key.startswith("rsa"):
        return f"RSA_SSA_PSS_{digest}_MGF1" if algorithm.pss else f"RSA_{digest}"
    return "ED25519" if algorithm.key == "ed25519" else f"ECDSA_{digest}"


# Intact, but not what the policy asks for: what each of its signatures comes to.
LESS = {"mutool": "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"}  # it signs the SHA-1 of a document


def refusal(report, count, origin):
    if report["error"]:
        return report["error"]["message"]
    signatures = report["signatures"]
    if len(signatures) != count:
        return f"found {len(signatures)} signatures in place of {count}"
    for one in signatures:
        if not one["intact"]:
            return f"{one['id']} is not intact: {json.dumps(one['checks'], ensure_ascii=False)}"
        expected = "INDETERMINATE" if origin in LESS else "TOTAL_PASSED"
        if (one["conclusion"], one["sub_indication"]) != (expected, LESS.get(origin)):
            return f"{one['id']} is {one['conclusion']} {one['sub_indication']}"
    return None
