"""This crate, through its own examples `sign` and `verify`."""

import json
import subprocess

from samples import CA, ROOT


class Ours:
    name = "ours"

    def __init__(self, folder, examples):
        self.folder, self.examples = folder, examples

    def sign(self, document, out, algorithm, *options):
        command = [self.examples / "sign", "--key", algorithm.private_key,
                   "--cert", algorithm.certificate, "--cert", CA]
        if algorithm.key.startswith("rsa"):
            command += ["--digest", algorithm.digest]
        if algorithm.pss:
            command += ["--pss"]
        done = subprocess.run([*command, *options, document, out], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return out

    def sign_cms(self, content, algorithm, form):
        document, out = self.folder / "content", self.folder / "ours.p7"
        document.write_bytes(content)
        return self.sign(document, out, algorithm, f"--{form}").read_bytes()

    def sign_pdf_twice(self, pdf, algorithm):
        leader = self.sign(pdf, self.folder / "leader.pdf", algorithm, "--field", "Leader")
        return self.sign(leader, self.folder / "sealed.pdf", algorithm, "--field", "Agency")

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
        return refusal(self.verify(path), count, origin.name)


# Intact, but not what the policy asks for: why, by who or what made it.
LESS = {
    "mutool": "signs the SHA-1 of the document",
    "detached without attributes": "nothing signed says whose certificate it is",
}


def refusal(report, count, origin):
    if report["error"]:
        return report["error"]["message"]
    signatures = report["signatures"]
    if len(signatures) != count:
        return f"found {len(signatures)} signatures in place of {count}"
    for one in signatures:
        if not one["intact"]:
            return f"{one['id']} is not intact: {json.dumps(one['checks'], ensure_ascii=False)}"
        if one["conclusion"] != "TOTAL_PASSED" and origin not in LESS:
            return f"{one['id']} is {one['conclusion']} {one['sub_indication']}"
    return None
