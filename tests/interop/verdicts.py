"""The same certificates, lists, answers and signatures before us, OpenSSL and pyHanko: what
each is able to judge has to come to the same.

Run by `tests/interop/run`. A peer that is known to judge otherwise is named in the case with its
verdict and the reason; that it still does is checked, too.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import logging
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from asn1crypto import cms as asn1, crl as asn1_crl, ocsp as asn1_ocsp, x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.validation.ades import ades_basic_validation, ades_with_time_validation
from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (REQUIRE_REVINFO, CertRevTrustPolicy,
                                               PKIXValidationParams)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from samples import ROOT
from world import (CONTENT, NOW, World, answer, crl, days, issue, responder, sign, time_stamper)

logging.disable(logging.CRITICAL)  # pyHanko tells each failure twice

# What a verdict comes to, in one word for all.
WORDS = {
    "good": ["TOTAL_PASSED", "OK", "valid"],
    "revoked": ["REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE", "certificate revoked",
                "was revoked"],
    "time": ["OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED", "EXPIRED", "NOT_YET_VALID",
             "certificate has expired", "certificate is not yet valid"],
    "untrusted": ["NO_CERTIFICATE_CHAIN_FOUND", "self-signed certificate in certificate chain",
                  "unable to get local issuer certificate", "self-signed certificate"],
    "path": ["CHAIN_CONSTRAINTS_FAILURE", "CERTIFICATE_CHAIN_GENERAL_FAILURE",
             "path length constraint exceeded", "invalid CA certificate", "no explicit policy",
             "permitted subtree violation", "unhandled critical extension",
             "unsuitable certificate purpose"],
    "unknown": ["TRY_LATER", "unable to get certificate CRL", "CRL has expired",
                "CRL signature failure", "CRL is not yet valid"],
    "tampered": ["HASH_FAILURE", "SIG_CRYPTO_FAILURE", "content verify error", "digest failure",
                 "bad signature", "verification failure"],
}


def word(said):
    """The word for a sub-indication, or for what OpenSSL prints."""
    for name, names in WORDS.items():
        if said in names:
            return name
    for name, names in WORDS.items():
        if any(it in said for it in names if " " in it):
            return name
    return f"other: {said.strip()[-200:]}"


@dataclass
class Case:
    name: str
    expected: str
    world: World
    crls: list = field(default_factory=list)
    ocsps: list = field(default_factory=list)
    at: object = NOW
    # A signature, or nothing where the certificate by itself is asked about.
    cms: bytes = None
    content: bytes = CONTENT
    others: list = None
    trust: object = None
    # The policy that has to hold, as an OID.
    policy: str = None
    # Whether there is a time-stamp beside the signature.
    stamped: bool = False
    # Who judges otherwise, what they say, and why; nothing said where they cannot judge.
    known: dict = field(default_factory=dict)

    @property
    def anchor(self):
        return self.trust or self.world.root

    @property
    def certificates(self):
        return [self.world.middle] if self.others is None else self.others


def run(*command):
    done = subprocess.run([str(it) for it in command], capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def pem(der, label):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


class Judges:
    def __init__(self, folder, examples):
        self.folder, self.examples = folder, examples

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ours(self, case):
        options = ["--json", "--time", case.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                   "--trust", self.file("root.der", case.anchor.der)]
        for kind, all_of in (("crl", case.crls), ("ocsp", case.ocsps),
                             ("cert", [it.der for it in case.certificates])):
            for n, der in enumerate(all_of):
                options += [f"--{kind}", self.file(f"{n}.{kind}", der)]
        if case.cms is None:
            return self.our_certificate(case, options)
        content = self.file("content", case.content)
        code, text = run(self.examples / "verify", *options, "--content", content,
                         self.file("signature.p7s", case.cms))
        signature = json.loads(text)["signatures"][0]
        return word(signature["sub_indication"] or signature["conclusion"])

    def our_certificate(self, case, options):
        if case.policy:
            options += ["--initial-policy", case.policy, "--require-explicit-policy"]
        code, text = run(self.examples / "check_certificate", *options,
                         self.file("leaf.der", case.world.leaf.der))
        report = json.loads(text)
        statuses = [it["status"] for it in report["revocation"]]
        if report["conclusion"] == "valid":
            return "good"
        if "revoked" in statuses:
            return "revoked"
        reason = report["reason"]
        for said, means in (("no trusted issuer", "untrusted"), ("not signed by", "untrusted"),
                            ("have other keys", "untrusted"),
                            ("expired", "time"), ("not yet valid", "time"), ("polic", "path"),
                            ("permitted", "path"), ("more than", "path"), ("may not", "path"),
                            ("authority", "path")):
            if not statuses and said in reason:
                return means
        return "unknown" if "unknown" in statuses else f"other: {reason}"

    def openssl(self, case):
        """It takes no OCSP responses where it verifies paths; `openssl ocsp` judges one alone."""
        if case.stamped:
            return None  # it does not look at them
        if case.ocsps:
            return self.openssl_ocsp(case)
        crls = "".join(pem(it, "X509 CRL") for it in case.crls)
        trusted = self.file("trusted.pem", pem(case.anchor.der, "CERTIFICATE") + crls)
        others = self.file("others.pem", "".join(pem(it.der, "CERTIFICATE")
                                                 for it in case.certificates))
        options = ["-CAfile", trusted, "-no-CApath", "-no-CAstore", "-x509_strict",
                   "-attime", int(case.at.timestamp()), "-crl_check_all"]
        if case.cms is None:
            if case.policy:
                options += ["-policy", case.policy, "-explicit_policy"]
            leaf = self.file("leaf.pem", pem(case.world.leaf.der, "CERTIFICATE"))
            untrusted = ["-untrusted", others] if case.certificates else []
            code, text = run("openssl", "verify", *options, *untrusted, leaf)
        else:
            certificates = ["-certfile", others] if case.certificates else []
            code, text = run("openssl", "cms", "-verify", "-cades", "-inform", "DER", "-binary",
                             "-in", self.file("signature.p7s", case.cms), "-content",
                             self.file("content", case.content), *certificates, *options,
                             "-purpose", "any", "-out", self.folder / "out")
        return "good" if code == 0 else word(text)

    def openssl_ocsp(self, case):
        """Of the last answer alone, and by the clock, hence not of other times."""
        world = case.world
        if case.at != NOW or case.cms is not None:
            return None
        code, text = run("openssl", "ocsp", "-respin", self.file("0.ocsp", case.ocsps[0]),
                         "-issuer", self.file("i.pem", pem(world.middle.der, "CERTIFICATE")),
                         "-cert", self.file("l.pem", pem(world.leaf.der, "CERTIFICATE")),
                         "-CAfile", self.file("r.pem", pem(world.root.der, "CERTIFICATE")),
                         "-no_nonce")
        if "Response verify OK" not in text or "Status times invalid" in text:
            return "unknown"
        if "No Status found" in text:
            return "unknown"
        found = re.search(r"l\.pem: (\w+)", text)
        return found.group(1) if found else f"other: {text}"

    def pyhanko(self, case):
        roots = SimpleTrustManager.build(trust_roots=[case.anchor.asn1])
        crls = [asn1_crl.CertificateList.load(it) for it in case.crls]
        ocsps = [asn1_ocsp.OCSPResponse.load(it) for it in case.ocsps]
        if case.cms is None:
            return self.pyhanko_certificate(case, roots, crls, ocsps)
        policy = CertValidationPolicySpec(
            roots, CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=False))
        known = LocalKnowledge(
            known_crls=[CRLContainer(it) for it in crls],
            known_ocsps=[OCSPContainer(it) for it in ocsps],
            known_certs=[it.asn1 for it in case.certificates])
        # Without a time-stamp its process for these fails whatever else it finds.
        validation = ades_with_time_validation if case.stamped else ades_basic_validation
        result = asyncio.run(validation(
            asn1.ContentInfo.load(case.cms)["content"],
            SignatureValidationSpec(policy, local_knowledge=known),
            # A time that is told would be the signature's own, whatever a time-stamp says.
            timing_info=None if case.stamped else ValidationTimingInfo(case.at, case.at, True),
            raw_digest=hashlib.sha256(case.content).digest()))
        return word(result.ades_subindic.name)

    def pyhanko_certificate(self, case, roots, crls, ocsps):
        context = ValidationContext(trust_manager=roots, moment=case.at, allow_fetching=False,
                                    crls=crls, ocsps=ocsps, revocation_mode="require")
        params = case.policy and PKIXValidationParams(
            user_initial_policy_set=frozenset([case.policy]), initial_explicit_policy=True)
        validator = CertificateValidator(
            case.world.leaf.asn1, [it.asn1 for it in case.certificates],
            validation_context=context, pkix_params=params or None)
        try:
            asyncio.run(validator.async_validate_path())
            return "good"
        except Exception as error:
            name = type(error).__name__
            return {"RevokedError": "revoked", "ExpiredError": "time", "NotYetValidError": "time",
                    "PathBuildingError": "untrusted", "InsufficientRevinfoError": "unknown",
                    "InsufficientPOEError": "unknown", "StaleRevinfoError": "unknown",
                    "PathValidationError": "path"}.get(name, f"other: {name}: {error}")


def paths():
    """Certificates by themselves."""
    world = World()
    good = world.lists()
    stranger = World()
    yield Case("good", "good", world, good)
    yield Case("another root", "untrusted", world, good, trust=stranger.root)
    yield Case("no intermediate authority", "untrusted", world, good, others=[])
    yield Case("no lists", "unknown", world)
    yield Case("a list of the root alone", "unknown", world, good[:1])
    for name, day in (("expired", 500), ("not yet valid", -500)):
        lists = world.lists({"this": day - 1, "following": day + 7},
                            {"this": day - 1, "following": day + 7})
        yield Case(name, "time", world, lists, at=days(day))
    expired = World(leaf={"start": -100, "end": -10})
    yield Case("the signer's expired", "time", expired, expired.lists())
    early = World(leaf={"start": 10, "end": 100})
    yield Case("the signer's not yet valid", "time", early, early.lists())
    expired = World(middle={"start": -100, "end": -10})
    yield Case("the authority's expired", "time", expired, expired.lists())
    for who, expected in (("leaf", {"middle": {"revoked": [(world.leaf, -5)]}}),
                          ("middle", {"root": {"revoked": [(world.middle, -5)]}})):
        yield Case(f"{who} revoked", "revoked", world, world.lists(**expected))
    stale = {"this": -30, "following": -20}
    yield Case("a stale list", "unknown", world, world.lists(middle=stale))
    yield Case("a list of tomorrow", "unknown", world,
               world.lists(middle={"this": 1, "following": 8}))
    forged = world.lists(middle={"key": stranger.middle.key})
    yield Case("a list by another key", "unknown", world, forged)
    deep = World(middle={"path": 0})
    below = issue("Below", deep.middle, authority=True)
    deep.leaf = issue("Signer", below)
    yield Case("a path too long", "path", deep, [*deep.lists(), crl(below)],
               others=[deep.middle, below])
    none = World(middle={"usages": {"digital_signature"}})
    yield Case("an authority whose key may not issue", "path", none, none.lists())
    subtree = x509.NameConstraints([x509.DNSName("gov.test")], None)
    for name, expected in (("office.gov.test", "good"), ("office.test", "path")):
        named = x509.SubjectAlternativeName([x509.DNSName(name)])
        bound = World(middle={"extra": [(subtree, True)]}, leaf={"extra": [(named, False)]})
        yield Case(f"{name} below gov.test", expected, bound, bound.lists())


def policies():
    def policy(oid):
        found = x509.CertificatePolicies([x509.PolicyInformation(
            x509.ObjectIdentifier(oid), None)])
        return {"extra": [(found, False)]}

    for name, leaf, expected in (("the policy asked for", "1.2.3.4", "good"),
                                 ("another policy", "1.2.3.5", "path")):
        world = World(middle=policy("2.5.29.32.0"), leaf=policy(leaf))
        yield Case(name, expected, world, world.lists(), policy="1.2.3.4")
    world = World()
    yield Case("no policy at all", "path", world, world.lists(), policy="1.2.3.4")


def answers():
    """OCSP for the signer, a list for the authority."""
    world = World()
    lists = [crl(world.root)]
    stranger, charged = World(), responder(world.middle)
    for name, expected, options in (
            ("good", "good", {}),
            ("revoked", "revoked", {"status": "revoked", "revoked": -3}),
            ("unknown", "unknown", {"status": "unknown"}),
            ("stale", "unknown", {"this": -30, "following": -20}),
            ("of tomorrow", "unknown", {"this": 1, "following": 8}),
            ("by a charged responder", "good", {"responder": charged}),
            ("by one not charged", "unknown", {"responder": responder(world.middle, False)}),
            ("by a stranger", "unknown", {"responder": responder(stranger.middle)})):
        made = answer(world.leaf, world.middle, **options)
        yield Case(f"an answer {name}", expected, world, lists, [made])
    other = issue("Other", world.middle)
    yield Case("an answer about another", "unknown", world, lists,
               [answer(other, world.middle)])


def signatures():
    world = World()
    good = world.lists()
    cms = sign(world.leaf, [world.middle])
    yield Case("a signature", "good", world, good, cms=cms)
    yield Case("another content", "tampered", world, good, cms=cms, content=CONTENT[:-1] + b"!")
    flipped = cms[:-1] + bytes([cms[-1] ^ 1])
    yield Case("another value", "tampered", world, good, cms=flipped)
    yield Case("a signature under another root", "untrusted", world, good, cms=cms,
               trust=World().root)
    yield Case("a signature without lists", "unknown", world, cms=cms, known={
        "pyhanko": ("path", "it calls missing data a failure of the path, not TRY_LATER")})
    revoked = world.lists(middle={"revoked": [(world.leaf, -5)]})
    yield Case("a signature, the signer revoked", "revoked", world, revoked, cms=cms)
    expired = World(leaf={"start": -100, "end": -10})
    yield Case("a signature, the signer expired", "time", expired, expired.lists(),
               cms=sign(expired.leaf, [expired.middle]))
    made = answer(world.leaf, world.middle)
    yield Case("a signature, an answer", "good", world, [crl(world.root)], [made], cms=cms)


def time_stamps():
    """Signatures whose certificates are out of their time or revoked by now."""
    def case(name, expected, world, by, day, lists, known=None, **options):
        tsa, stamper = time_stamper(by, day, **options)
        return Case(name, expected, world, lists, others=[world.middle, tsa, by], stamped=True,
                    cms=sign(world.leaf, [world.middle, by], stamper), known=known or {})

    def pyhanko(said, why="it lets the signature fail as its time-stamp does"):
        return {"pyhanko": (said, why)}

    no_expiry = "by this process it leaves expiry to the one for archival data, in its own words"
    no_authority = "by this process it does not ask when an authority was revoked"

    world = World(leaf={"start": -100, "end": -10})
    # Authorities may take expired certificates off their lists: one from before counts.
    good, by = world.lists(middle={"this": -12}), world.middle
    yield case("expired, stamped before", "good", world, by, -20, good)
    yield case("expired, stamped after", "time", world, by, -5, good, pyhanko("good", no_expiry))
    yield case("expired, stamped under another root", "time", world, World().middle, -20, good,
               pyhanko("untrusted"))
    yield case("expired, stamped by who may not", "time", world, by, -20, good,
               pyhanko("path"), purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    yield case("expired, and so is who stamped", "time", world, by, -20, good,
               start=-100, end=-10)
    world = World()
    by = world.middle
    revoked = world.lists(middle={"revoked": [(world.leaf, -10)]})
    yield case("revoked, stamped before", "good", world, by, -20, revoked)
    yield case("revoked, stamped after", "revoked", world, by, -5, revoked)
    by = issue("Other Authority", world.root, authority=True)
    revoked = [*world.lists(root={"revoked": [(world.middle, -10)]}), crl(by)]
    # What the revoked authority itself says of the signer is proven by now alone.
    for name, day in (("before", -20), ("after", -5)):
        yield case(f"the authority revoked, stamped {name}", "revoked", world, by, day, revoked,
                   pyhanko("good", no_authority))
    lists = [*world.lists(root={"revoked": [(by, -10)]}), crl(by)]
    yield case("who stamped is revoked, the signer is not", "good", world, by, -20, lists,
               pyhanko("revoked"))


class Score:
    def __init__(self):
        self.agreed = self.failed = self.known = self.unasked = 0

    def add(self, case, judge, said):
        expected, reason = case.known.get(judge, (case.expected, None))
        if said is None:
            self.unasked += 1
        elif said != expected:
            self.failed += 1
            print(f"FAILED {case.name}: {judge} says {said}, not {expected}", flush=True)
        elif reason:
            self.known += 1
            print(f"known  {case.name}: {judge} says {said}: {reason}")
        else:
            self.agreed += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, default=ROOT / "target/release/examples",
                        help="where `verify` and `check_certificate` were built")
    options = parser.parse_args()
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        judges = Judges(Path(folder), options.examples)
        for cases in (paths, policies, answers, signatures, time_stamps):
            for case in cases():
                for judge in ("ours", "openssl", "pyhanko"):
                    score.add(case, judge, getattr(judges, judge)(case))
    print(f"verdicts: {score.agreed} agree, {score.failed} do not, {score.known} known, "
          f"{score.unasked} cannot be judged by the peer")
    return 1 if score.failed or not score.agreed else 0


if __name__ == "__main__":
    sys.exit(main())
