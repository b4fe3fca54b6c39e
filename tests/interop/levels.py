"""CAdES at T, LT and LTA: ours before OpenSSL and pyHanko, pyHanko's and OpenSSL's raised and judged by us.

Run by `tests/interop/run`. Everything is made anew: a root, a signer, a time-stamp
authority that is OpenSSL's behind HTTP on loopback, a revocation list.
"""

import argparse
import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import cms, pem
from asn1crypto.crl import CertificateList
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign import signers, timestamps
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from calls import run

CONTENT = "Công văn thử nghiệm số 02/TEST-UBND\r\n".encode() * 50

CONFIG = """
[ca]
default_ca = root
[root]
database = {0}/index
crlnumber = {0}/number
default_md = sha256
default_crl_days = 30
private_key = {0}/root.key
certificate = {0}/root.pem
[tsa]
signer_cert = {0}/tsa.pem
certs = {0}/root.pem
signer_key = {0}/tsa.key
signer_digest = sha256
serial = {0}/serial
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
USAGES = {
    "root": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign",
    "signer": "keyUsage=critical,nonRepudiation",
    "tsa": "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping",
}


class World:
    def __init__(self, folder):
        self.folder = folder
        for name, text in [("index", ""), ("number", "01"), ("serial", "01"),
                           ("config", CONFIG.format(folder))]:
            self.path(name).write_text(text)
        for name, usage in USAGES.items():
            self.certify(name, usage)
        run("openssl", "ca", "-config", self.path("config"), "-gencrl",
            "-out", self.path("crl.pem"))
        self.document = self.path("document")
        self.document.write_bytes(CONTENT)

    def path(self, name):
        return self.folder / name

    def certify(self, name, usage):
        key, request, certificate = (self.path(f"{name}.{it}") for it in ("key", "csr", "pem"))
        extensions = self.path(f"{name}.ext")
        extensions.write_text(
            f"{usage}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n"
            if name != "root" else f"{usage}\nsubjectKeyIdentifier=hash\n")
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
            "-subj", f"/CN=TEST {name}", "-out", request)
        issuer = (["-signkey", key] if name == "root" else
                  ["-CA", self.path("root.pem"), "-CAkey", self.path("root.key"),
                   "-set_serial", str(100 + len(name))])
        run("openssl", "x509", "-req", "-in", request, *issuer, "-days", "100",
            "-extfile", extensions, "-out", certificate)

    def time_stamp(self, request):
        path = self.path("request.tsq")
        path.write_bytes(request)
        return run("openssl", "ts", "-reply", "-config", self.path("config"), "-section", "tsa",
                   "-queryfile", path)


def serve(world):
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                answer = world.time_stamp(request)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


class Ours:
    def __init__(self, world, examples, url):
        self.world, self.examples = world, examples
        self.services = ["--tsa", url, "--local", "--trust", world.path("root.pem"),
                         "--crl", world.path("crl.pem")]

    def sign(self, level):
        out = self.world.path(f"ours-{level}.p7s")
        run(self.examples / "sign", "--key", self.world.path("signer.key"),
            "--cert", self.world.path("signer.pem"), "--level", level, *self.services,
            self.world.document, out)
        return out

    def augment(self, signature, level):
        out = self.world.path(f"{signature.stem}-{level}.p7s")
        run(self.examples / "sign", "--augment", signature, "--level", level, *self.services,
            self.world.document, out)
        return out

    def verify(self, signature):
        done = subprocess.run(
            [self.examples / "verify", "--json", "--trust", self.world.path("root.pem"),
             "--crl", self.world.path("crl.pem"), "--content", self.world.document, signature],
            capture_output=True, text=True)
        return json.loads(done.stdout)["signatures"][0]

    def refuses(self, signature, level, stamps):
        one = self.verify(signature)
        if one["conclusion"] != "TOTAL_PASSED":
            return json.dumps(one["checks"], ensure_ascii=False)
        if not one["level"].endswith(level):
            return f"level {one['level']}"
        found = [(it["imprint_intact"], it["signature_intact"]) for it in one["timestamps"]]
        return None if found == [(True, True)] * stamps else f"time-stamps {found}"


def openssl_refuses(world, signature):
    try:
        run("openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", signature,
            "-content", world.document, "-CAfile", world.path("root.pem"), "-purpose", "any",
            "-out", world.path("verified"))
    except RuntimeError as error:
        return str(error)
    return None


def load(world, signature):
    return cms.ContentInfo.load(signature.read_bytes())["content"]


def trust(world):
    return [load_cert_from_pemder(str(world.path("root.pem")))]


def pyhanko_refuses(world, signature):
    """Value, digest and time-stamp; then by EN 319 102-1 with time, revocation required."""
    _, _, crl = pem.unarmor(world.path("crl.pem").read_bytes())
    context = ValidationContext(trust_roots=trust(world), crls=[crl], allow_fetching=False,
                                revocation_mode="require")
    status = asyncio.run(async_validate_detached_cms(
        CONTENT, load(world, signature), signer_validation_context=context,
        ts_validation_context=context))
    if not (status.intact and status.valid and status.trusted):
        return status.summary()
    stamp = status.timestamp_validity
    if stamp is None or not (stamp.intact and stamp.valid and stamp.trusted):
        return f"time-stamp: {stamp and stamp.summary()}"
    spec = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust(world)),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)),
        local_knowledge=LocalKnowledge(known_crls=[CRLContainer(CertificateList.load(crl))]))
    signed = load(world, signature)
    algorithm = signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    result = asyncio.run(ades_with_time_validation(
        signed, validation_spec=spec, raw_digest=hashlib.new(algorithm, CONTENT).digest()))
    return None if result.ades_subindic == AdESPassed.OK else str(result.ades_subindic)


def by_pyhanko(world, url):
    signer = signers.SimpleSigner.load(
        str(world.path("signer.key")), str(world.path("signer.pem")),
        ca_chain_files=[str(world.path("root.pem"))])
    stamper = timestamps.HTTPTimeStamper(url)
    signed = asyncio.run(signer.async_sign_general_data(
        CONTENT, "sha256", timestamper=stamper, use_cades=True,
        signed_attr_settings=PdfCMSSignedAttributes(
            signing_time=datetime.now(timezone.utc), cades_signed_attrs=CAdESSignedAttrSpec())))
    out = world.path("pyhanko.p7s")
    out.write_bytes(signed.dump())
    return out


def by_openssl(world):
    out = world.path("openssl.p7s")
    run("openssl", "cms", "-sign", "-cades", "-binary", "-outform", "DER", "-md", "sha256",
        "-signer", world.path("signer.pem"), "-inkey", world.path("signer.key"),
        "-in", world.document, "-out", out)
    return out


STAMPS = {"T": 1, "LT": 1, "LTA": 2}


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
        ours = Ours(world, arguments.examples.absolute(), url)
        made = [("ours", ours.sign(level), level) for level in STAMPS]
        for name, signature in [("pyHanko", by_pyhanko(world, url)),
                                ("OpenSSL", by_openssl(world))]:
            made += [(name, ours.augment(signature, level), level) for level in STAMPS]
        for name, signature, level in made:
            judge(f"{name} {level} before us", ours.refuses(signature, level, STAMPS[level]))
            judge(f"{name} {level} before OpenSSL", openssl_refuses(world, signature))
            judge(f"{name} {level} before pyHanko", pyhanko_refuses(world, signature))
    print(f"levels: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
