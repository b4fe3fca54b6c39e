"""A root, and below it a signer, who answers for its certificate, and a time-stamp authority, all
on loopback; our examples; and how cases are counted.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.sign.timestamps import DummyTimeStamper

from calls import run
from samples import CA, ROOT

PILOT = ["--policy", ROOT / "tests/interop/policy.json"]


class World:
    """A root, and below it a signer, a time-stamp authority and who answers for both."""

    def __init__(self, folder):
        self.folder, self.identities = folder, {}
        self.server = server(self)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.issue("root", authority=True)
        self.issue("signer", usages=("digital_signature", "content_commitment"), qualified=True)
        self.issue("tsa", purpose=ExtendedKeyUsageOID.TIME_STAMPING)
        self.issue("responder", purpose=ExtendedKeyUsageOID.OCSP_SIGNING)
        # The list's own, which is below nobody.
        self.issue("scheme", issuer="scheme", usages=("digital_signature",))
        load = load_private_key_from_pemder(str(self.path("tsa.key")), None)
        self.stamper = DummyTimeStamper(load_cert_from_pemder(str(self.path("tsa.pem"))), load)
        # Not by a thread: who asks from within a library keeps Python from answering.
        multiprocessing.get_context("fork").Process(
            target=self.server.serve_forever, daemon=True).start()

    def path(self, name):
        return self.folder / name

    def der(self, name):
        return self.identities[name][1].public_bytes(Encoding.DER)

    def issue(self, name, issuer="root", authority=False, usages=(), purpose=None,
              qualified=False):
        key = rsa.generate_private_key(65537, 2048)
        now = datetime.now(timezone.utc)
        subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                             x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST"),
                             x509.NameAttribute(NameOID.COMMON_NAME, f"TEST {name}")])
        by, above = (key, subject)
        if name != issuer and not authority:
            by, certificate = self.identities[issuer]
            above = certificate.subject
        named = ("key_cert_sign", "crl_sign") if authority else usages or ("digital_signature",)
        every = ("digital_signature", "content_commitment", "key_encipherment",
                 "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                 "encipher_only", "decipher_only")
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(above)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - timedelta(days=2))
                   .not_valid_after(now + timedelta(days=30))
                   .add_extension(x509.BasicConstraints(authority, None), True)
                   .add_extension(x509.KeyUsage(**{it: it in named for it in every}), True)
                   .add_extension(
                       x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       by.public_key()), False))
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), True)
        if qualified:
            # QcCompliance and QcSSCD (EN 319 412-5), without which libdigidocpp takes none.
            statements = bytes.fromhex("3014" + "3008060604008e460101" + "3008060604008e460104")
            qc_statements = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
            builder = builder.add_extension(
                x509.UnrecognizedExtension(qc_statements, statements), False)
        if purpose == ExtendedKeyUsageOID.OCSP_SIGNING:
            builder = builder.add_extension(x509.OCSPNoCheck(), False)
        elif not authority:
            where = x509.UniformResourceIdentifier(self.url)
            builder = builder.add_extension(x509.AuthorityInformationAccess([
                x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)]), False)
        certificate = builder.sign(by, hashes.SHA256())
        self.identities[name] = (key, certificate)
        self.path(f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        self.path(f"{name}.key").write_bytes(key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def stamp(self, request):
        return self.stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()

    def answer(self, request):
        asked = ocsp.load_der_ocsp_request(request)
        found = {it.serial_number: it for _, it in self.identities.values()}
        key, responder = self.identities["responder"]
        now = datetime.now(timezone.utc)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=found[asked.serial_number], issuer=self.identities["root"][1],
            algorithm=asked.hash_algorithm, cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now, next_update=now + timedelta(days=1), revocation_time=None,
            revocation_reason=None)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
        for extension in asked.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                builder = builder.add_extension(extension.value, False)
        made = builder.certificates([responder]).sign(key, hashes.SHA256())
        return made.public_bytes(Encoding.DER)


def server(world):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["content-length"]))
            stamps = "timestamp" in self.headers["content-type"]
            answer = world.stamp(request) if stamps else world.answer(request)
            kind = "timestamp-reply" if stamps else "ocsp-response"
            self.send_response(200)
            self.send_header("content-type", f"application/{kind}")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    return HTTPServer(("127.0.0.1", 0), Handler)


class Ours:
    def __init__(self, folder, examples):
        self.folder, self.examples = folder, examples

    def sign(self, key, certificate, *options):
        run(self.examples / "sign", "--key", key, "--cert", certificate, *options)
        return options[-1]

    def augment(self, *options):
        run(self.examples / "sign", "--augment", *options)
        return options[-1]

    def refuses(self, path, *options, trust=CA, level=None, count=None):
        """`level` of each; `count` of signatures, of which there is one at least."""
        command = [self.examples / "verify", "--json", "--trust", trust, *options, path]
        done = subprocess.run([str(it) for it in command], capture_output=True, text=True)
        report = json.loads(done.stdout)
        if report["error"]:
            return report["error"]["message"]
        signatures = report["signatures"]
        if not signatures:
            return "found no signature"
        if count not in (None, len(signatures)):
            return f"found {len(signatures)} signatures"
        if report.get("uncovered_entries"):
            return f"nobody signed {report['uncovered_entries']}"
        for one in signatures:
            if one["conclusion"] != "TOTAL_PASSED":
                return f"{one['conclusion']} {one['sub_indication']}"
            if level and not one["level"].endswith(level):
                return f"level {one['level']}"
        return None


def judge(name, groups, known):
    """Runs the cases of each group, which are given our examples and a folder. A case is its name
    and why it was refused, or nothing. `known`: the cases that peers do not manage, and why.
    """
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--examples", type=Path, required=True)
    options = arguments.parse_args()
    wrong, tried, listed = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for group in groups:
            for case, refused in group(Ours(folder, options.examples), folder):
                tried += 1
                reason = known.get(case)
                listed += bool(refused and reason)
                if refused and not reason:
                    wrong.append(f"{case}: {refused}")
                elif reason and not refused:
                    wrong.append(f"{case}: it works now, though it is listed ({reason})")
    for line in wrong:
        print(f"{name}: {line}", file=sys.stderr)
    print(f"{name}: {tried} cases, {listed} listed, {len(wrong)} wrong")
    sys.exit(1 if wrong or not tried else 0)
