"""XAdES and containers: ours before signxml, libdigidocpp and unzip, and theirs before us.

Run by `tests/interop/run`. Everything is made anew: a root, a signer, who answers for its
certificate, a time-stamp authority, and the trusted list that libdigidocpp asks for, which
we sign; it is told to fetch nothing. Peers that are missing are left out, and that is said.
"""

import argparse
import base64
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, pkcs12, BestAvailableEncryption)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.sign.timestamps import DummyTimeStamper

from samples import CA, ROOT, Algorithm

DOCUMENT = '<cv:CongVan xmlns:cv="urn:cv" Id="cv"><cv:So>15/CV</cv:So><!-- đến --></cv:CongVan>'
FILE = "Công văn số 15/CV\r\n".encode()
PASSWORD = "test"


def run(*command):
    command = [str(it) for it in command]
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        text = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"{Path(command[0]).name}: {text[-600:]}")
    return done.stdout


def refusal(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:  # a peer may fail in any way
        return f"{type(error).__name__}: {error}"


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

    def refuses(self, path, *options, trust=CA, level=None):
        command = [self.examples / "verify", "--json", "--trust", trust, *options, path]
        done = subprocess.run([str(it) for it in command], capture_output=True, text=True)
        report = json.loads(done.stdout)
        if report["error"]:
            return report["error"]["message"]
        signatures = report["signatures"]
        if not signatures:
            return "found no signature"
        for one in signatures:
            if one["conclusion"] != "TOTAL_PASSED":
                return f"{one['conclusion']} {one['sub_indication']}"
            if level and not one["level"].endswith(level):
                return f"level {one['level']}"
        return None


PILOT = ["--policy", ROOT / "tests/interop/policy.json"]


def with_signxml(ours, folder):
    from lxml import etree
    from signxml import SignatureConfiguration
    from signxml.xades import XAdESSigner, XAdESVerifier

    document = folder / "document.xml"
    document.write_text(DOCUMENT)
    for key, digest in (("rsa2048", "rsa-sha256"), ("p256", "ecdsa-sha256"),
                        ("p384", "ecdsa-sha384")):
        algorithm = Algorithm(key, "sha256")
        signed = ours.sign(algorithm.private_key, algorithm.certificate, document,
                           folder / "ours.xml").read_bytes()
        certificate = algorithm.certificate.read_text()

        def verify(data):
            # Three references: the document, and what the signature says of itself.
            XAdESVerifier().verify(data, x509_cert=certificate, expect_references=2)

        yield f"signxml verifies ours, {key}", refusal(verify, signed)
        changed = refusal(verify, signed.replace(b"15/CV", b"16/CV"))
        yield f"signxml refuses ours changed, {key}", None if changed else "it is taken"
        for canonical in ("http://www.w3.org/2001/10/xml-exc-c14n#",
                          "http://www.w3.org/2006/12/xml-c14n11",
                          "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"):
            signer = XAdESSigner(signature_algorithm=digest, c14n_algorithm=canonical)
            theirs = signer.sign(etree.fromstring(DOCUMENT), cert=certificate,
                                 key=algorithm.private_key.read_text())
            (folder / "theirs.xml").write_bytes(etree.tostring(theirs))
            yield f"we verify signxml's, {key}, {canonical}", ours.refuses(
                folder / "theirs.xml", *PILOT, level="BASELINE-B")


def trusted_list(world):
    """As TS 119 612 has it, as far as libdigidocpp reads it; without its signature."""
    def name(tag):
        return f'<{tag}><Name xml:lang="en">TEST</Name></{tag}>'

    def service(kind, who):
        certificate = base64.b64encode(world.der(who)).decode()
        return (f"<TSPService><ServiceInformation><ServiceTypeIdentifier>"
                f"http://uri.etsi.org/TrstSvc/Svctype/{kind}</ServiceTypeIdentifier>"
                f"{name('ServiceName')}<ServiceDigitalIdentity><DigitalId><X509Certificate>"
                f"{certificate}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
                f"<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
                f"</ServiceStatus><StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>"
                f"</ServiceInformation></TSPService>")

    services = "".join(service(*it) for it in (
        ("CA/QC", "root"), ("Certstatus/OCSP", "responder"), ("TSA/QTST", "tsa")))
    return (f'<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" '
            f'TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>'
            f"<TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>1"
            f"</TSLSequenceNumber><TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
            f"EUgeneric</TSLType>{name('SchemeOperatorName')}<SchemeTerritory>VN"
            f"</SchemeTerritory><ListIssueDateTime>2020-01-01T00:00:00Z</ListIssueDateTime>"
            f"<NextUpdate><dateTime>2090-01-01T00:00:00Z</dateTime></NextUpdate>"
            f"</SchemeInformation><TrustServiceProviderList><TrustServiceProvider><TSPServices>"
            f"{services}</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
            f"</TrustServiceStatusList>")


def container(signature, path):
    """As ASiC-E has it (EN 319 162-1 §4.4): the file and the signature that names it."""
    mime_type = "application/vnd.etsi.asic-e+zip"
    at = signature.index(b"<ds:Signature")
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in (("/", mime_type), ("cong-van.txt", "text/plain")))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", mime_type)
        archive.writestr("cong-van.txt", FILE, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:'
            f'1.0" manifest:version="1.2">{entries}</manifest:manifest>'))
        archive.writestr("META-INF/signatures0.xml", (
            b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#">'
            + signature[at:] + b"</asic:XAdESSignatures>"))
    return path


class Digidoc:
    def __init__(self, world, ours):
        import pydigidoc
        import pydigidoc.digidoc as library
        self.world, self.library = world, library
        cache = world.path("digidoc")
        shutil.copytree(Path(pydigidoc.__file__).parent / "schema", cache)
        plain = world.path("list.xml")
        plain.write_text(trusted_list(world))
        ours.sign(world.path("scheme.key"), world.path("scheme.pem"), plain, cache / "vn.xml")
        conf = library.DigiDocConf(str(cache))
        # A port that nobody listens at: the list has to be taken as it is.
        conf.set_tslurl("http://127.0.0.1:9/vn.xml")
        conf.set_tslcert(world.der("scheme"))
        conf.set_tslonline_digest(False)
        conf.set_tsltime_out(1)
        conf.set_tsurl(world.url)
        conf.set_tscert(world.der("tsa"))
        library.Conf.init(conf.transfer())
        library.initialize("kyso interop")

    def refuses(self, path):
        opened = self.library.Container.open(str(path))
        signatures = list(opened.signatures())
        if len(signatures) != 1:
            return f"found {len(signatures)} signatures"
        signatures[0].validate()
        return None

    def sign(self, path, profile):
        key, certificate = self.world.identities["signer"]
        keys = self.world.path("signer.p12")
        keys.write_bytes(pkcs12.serialize_key_and_certificates(
            b"signer", key, certificate, [self.world.identities["root"][1]],
            BestAvailableEncryption(PASSWORD.encode())))
        content = self.world.path("cong-van.txt")
        made = self.library.Container.create(str(path))
        made.add_data_file(str(content), "text/plain")
        signer = self.library.PKCS12Signer(str(keys), PASSWORD)
        signer.set_profile(profile)
        made.sign(signer)
        made.save()
        return path


def with_digidoc(ours, world):
    content = world.path("cong-van.txt")
    content.write_bytes(FILE)
    digidoc = Digidoc(world, ours)
    services = ["--tsa", world.url, "--local", "--trust", world.path("root.pem")]
    for level in ("B", "LT", "LTA"):
        options = ["--level", level, *services] if level != "B" else []
        signature = ours.sign(
            world.path("signer.key"), world.path("signer.pem"), "--xades", "--detached",
            "--mime-type", "text/plain", *options, content, world.path(f"ours-{level}.xml"))
        made = container(signature.read_bytes(), world.path(f"ours-{level}.asice"))
        run("unzip", "-t", made)
        yield f"libdigidocpp validates ours, {level}", refusal(digidoc.refuses, made)
        swapped = world.path("swapped.asice")
        with zipfile.ZipFile(made) as one, zipfile.ZipFile(swapped, "w") as other:
            for entry in one.infolist():
                data = one.read(entry)
                other.writestr(entry, b"16/CV" if entry.filename == "cong-van.txt" else data)
        refused = refusal(digidoc.refuses, swapped)
        yield f"libdigidocpp refuses ours swapped, {level}", None if refused else "it is taken"
    # It keeps nothing about the authority's certificate, and so reaches no LT.
    for profile, level in (("BES", "B-B"), ("time-stamp", "B-T"), ("time-stamp-archive", "B-T")):
        path = world.path(f"theirs-{profile}.asice")
        said = refusal(digidoc.sign, path, profile)
        if isinstance(said, str):
            yield f"libdigidocpp signs, {profile}", said
            continue
        # What it signed, by its name, and the signature as it stands in the container.
        signature = world.path(f"theirs-{profile}.xml")
        with zipfile.ZipFile(path) as archive:
            signature.write_bytes(archive.read("META-INF/signatures0.xml"))
        beside = ["--content", f"cong-van.txt={content}", *PILOT]
        yield f"we verify libdigidocpp's, {profile}", ours.refuses(
            signature, *beside, trust=world.path("root.pem"), level=level.replace("B-", "BASELINE-"))
        content.write_bytes(FILE.replace(b"15", b"16"))
        refused = ours.refuses(signature, *beside, trust=world.path("root.pem"))
        yield f"we refuse libdigidocpp's swapped, {profile}", None if refused else "it is taken"
        content.write_bytes(FILE)


# What peers are known not to manage, and why.
KNOWN = {
    "libdigidocpp validates ours, B": "it takes no signature without a time-stamp "
                                      "('UnsignedProperties' is missing)",
} | {
    f"we verify signxml's, {key}, http://www.w3.org/2001/10/xml-exc-c14n#":
        "it digests SignedProperties where other namespaces are in use than in what it writes; "
        "libxmlsec1 refuses that, too"
    for key in ("rsa2048", "p256", "p384")
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--examples", type=Path, required=True)
    options = arguments.parse_args()
    wrong, tried, listed = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        ours, world = Ours(folder, options.examples), World(folder)
        for peer, cases in (("signxml", lambda: with_signxml(ours, folder)),
                            ("libdigidocpp", lambda: with_digidoc(ours, world))):
            try:
                for case, refused in cases():
                    tried += 1
                    reason = KNOWN.get(case)
                    listed += bool(refused and reason)
                    if refused and not reason:
                        wrong.append(f"{case}: {refused}")
                    elif reason and not refused:
                        wrong.append(f"{case}: it works now, though it is listed ({reason})")
            except ImportError as error:
                print(f"xades: skipped {peer}: {error}")
    for line in wrong:
        print(f"xades: {line}", file=sys.stderr)
    print(f"xades: {tried} cases, {listed} listed, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
