"""Containers (EN 319 162-1): ours before libdigidocpp, OpenSSL, xmlsec1 and whoever reads ZIP, and
theirs before us.

Run by `tests/interop/run`. What is ours is made by our example `sign`, and changed by none before
it is shown to a peer.
"""

import base64
import hashlib
import platform
import sys
import zipfile
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from samples import CA, Algorithm
from calls import refusal, run
from services import PILOT, World, judge

LETTER, ANNEX = "công văn số 15.txt", "phu-luc.csv"
CONTENTS = {LETTER: "Công văn số 15/CV\r\n".encode(), ANNEX: b"1;2;3\n" * 1_000}
FILES = {"asic-s": [LETTER], "asic-e": [LETTER, ANNEX]}
MIME_TYPES = {kind: f"application/vnd.etsi.{kind}+zip" for kind in FILES}
ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
KEYS = [Algorithm("rsa2048", "sha256"), Algorithm("p256", "sha256"), Algorithm("p384", "sha384")]


def write_files(folder):
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {it: archive.read(it) for it in archive.namelist()}


def swapped(path, name=LETTER):
    """The same with another file under this name, which holds as a ZIP."""
    out = path.with_name(f"swapped-{path.name}")
    with zipfile.ZipFile(path) as one, zipfile.ZipFile(out, "w") as other:
        for entry in one.infolist():
            other.writestr(entry, b"16/CV" if entry.filename == name else one.read(entry))
    return out


def taken(refused):
    return None if refused else "it is taken"


def faults_of_zip(path, kind):
    """As §A.1 has it: `mimetype` first, as it is, so that it is told at a fixed place."""
    run("unzip", "-t", path)
    with zipfile.ZipFile(path) as archive:
        first, names = archive.infolist()[0], archive.namelist()
        plain = (first.compress_type, first.extra, first.header_offset)
        if archive.testzip() or (first.filename, *plain) != ("mimetype", 0, b"", 0):
            return f"it begins with {first}"
        if [it for it in names if it in CONTENTS] != FILES[kind] or len(names) != len(set(names)):
            return f"its entries are {names}"
    mime_type = MIME_TYPES[kind].encode()
    if path.read_bytes()[38:38 + len(mime_type)] != mime_type:
        return "no media type at 38"
    return None


def signed_by_cms(container, kind, folder):
    """The CMS of a container, and what it is over, both as files."""
    found = entries(container)
    if kind == "asic-s":
        signature, signed = found["META-INF/signature.p7s"], found[LETTER]
    else:
        name = next(it for it in found if it.startswith("META-INF/ASiCManifest"))
        signed = found[name]
        manifest = ElementTree.fromstring(signed)
        signature = found[unquote(manifest.find(f"{ASIC}SigReference").get("URI"))]
        listed = manifest.findall(f"{ASIC}DataObjectReference")
        if [unquote(it.get("URI")) for it in listed] != FILES[kind]:
            raise RuntimeError(f"the manifest lists {[it.attrib for it in listed]}")
        for it in listed:
            digest = hashlib.new(it.find(f"{DSIG}DigestMethod").get("Algorithm")[-6:])
            digest.update(found[unquote(it.get("URI"))])
            if base64.b64decode(it.find(f"{DSIG}DigestValue").text) != digest.digest():
                raise RuntimeError(f"the digest of {it.get('URI')} is another's")
    cms, content = folder / "signature.p7s", folder / "signed"
    cms.write_bytes(signature)
    content.write_bytes(signed)
    return cms, content


def verify_cms(container, kind, folder, trust):
    cms, content = signed_by_cms(container, kind, folder)
    run("openssl", "cms", "-verify", "-cades", "-inform", "DER", "-binary", "-in", cms,
        "-content", content, "-CAfile", trust, "-purpose", "any", "-out", folder / "out")


def verify_xml(container, folder, trust):
    """The container's files beside its signature, where xmlsec1 looks for what is named."""
    opened = folder / f"opened-{container.name}"
    with zipfile.ZipFile(container) as archive:
        archive.extractall(opened)
        [signature] = (it for it in archive.namelist() if it.startswith("META-INF/signatures"))
    # What it loads by an URI, it does not decode.
    for name in CONTENTS:
        if (opened / name).exists():
            (opened / quote(name)).write_bytes((opened / name).read_bytes())
    run("xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", trust,
        "--id-attr:Id", "SignedProperties", opened / signature, cwd=opened)


def ours_by_cms(ours, folder):
    write_files(folder)
    for kind, names in FILES.items():
        for algorithm in KEYS:
            case = f"{kind} with CAdES, {algorithm}"
            made = ours.sign(algorithm.private_key, algorithm.certificate, f"--{kind}",
                             *(folder / it for it in names), folder / f"ours-{algorithm}.{kind}")
            yield f"ZIP, ours, {case}", refusal(faults_of_zip, made, kind)
            yield f"OpenSSL verifies ours, {case}", refusal(verify_cms, made, kind, folder, CA)
            refused = refusal(verify_cms, swapped(made), kind, folder, CA)
            yield f"OpenSSL and the digests refuse ours swapped, {case}", taken(refused)


def ours_by_xml(ours, folder):
    write_files(folder)
    for kind, names in FILES.items():
        for algorithm in KEYS:
            case = f"{kind} with XAdES, {algorithm}"
            made = ours.sign(
                algorithm.private_key, algorithm.certificate, f"--{kind}", "--xades",
                *(folder / it for it in names), folder / f"ours-xades-{algorithm}.{kind}")
            yield f"ZIP, ours, {case}", refusal(faults_of_zip, made, kind)
            yield f"xmlsec1 verifies ours, {case}", refusal(verify_xml, made, folder, CA)
            refused = refusal(verify_xml, swapped(made), folder, CA)
            yield f"xmlsec1 refuses ours swapped, {case}", taken(refused)


def manifest(signature, names):
    listed = "".join(
        f'<asic:DataObjectReference URI="{quote(name)}" MimeType="text/plain">'
        f'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>'
        f"{base64.b64encode(hashlib.sha256(CONTENTS[name]).digest()).decode()}</ds:DigestValue>"
        "</asic:DataObjectReference>" for name in names)
    return (f'<asic:ASiCManifest xmlns:asic="{ASIC[1:-1]}" xmlns:ds="{DSIG[1:-1]}">'
            f'<asic:SigReference URI="{signature}" MimeType="application/x-pkcs7-signature"/>'
            f"{listed}</asic:ASiCManifest>").encode()


def packed_by_openssl(kind, algorithm, folder):
    """A signature by OpenSSL, and the container around it by another's ZIP."""
    signature = "META-INF/signature.p7s" if kind == "asic-s" else "META-INF/signature001.p7s"
    listed = manifest(signature, FILES[kind])
    content, cms = folder / "signed", folder / "signature.p7s"
    content.write_bytes(CONTENTS[LETTER] if kind == "asic-s" else listed)
    run("openssl", "cms", "-sign", "-binary", "-cades", "-md", algorithm.digest, "-in", content,
        "-signer", algorithm.certificate, "-inkey", algorithm.private_key, "-certfile", CA,
        "-outform", "DER", "-out", cms)
    made = folder / f"theirs-{algorithm}.{kind}"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", MIME_TYPES[kind])
        for name in FILES[kind]:
            archive.writestr(name, CONTENTS[name], zipfile.ZIP_DEFLATED)
        if kind == "asic-e":
            archive.writestr("META-INF/ASiCManifest001.xml", listed, zipfile.ZIP_DEFLATED)
        archive.write(cms, signature)
    return made


def theirs_by_cms(ours, folder):
    write_files(folder)
    for kind in FILES:
        for algorithm in KEYS:
            case = f"{kind}, {algorithm}"
            made = packed_by_openssl(kind, algorithm, folder)
            yield f"we verify OpenSSL's, {case}", ours.refuses(
                made, *PILOT, level="BASELINE-B", count=1)
            yield f"we refuse OpenSSL's swapped, {case}", taken(
                ours.refuses(swapped(made), *PILOT))
            # By a second signature of ours, the first stays what it was.
            both = ours.sign(algorithm.private_key, algorithm.certificate, made,
                             folder / f"both-{algorithm}.{kind}")
            yield f"we verify OpenSSL's and ours, {case}", ours.refuses(both, *PILOT, count=2)


class Levels:
    """What our example needs to sign, and to raise to a level."""

    def __init__(self, world):
        self.keys = world.path("signer.key"), world.path("signer.pem")
        self.services = ["--tsa", world.url, "--local", "--trust", world.path("root.pem")]

    def at(self, level):
        return ["--level", level, *self.services] if level != "B" else []


def with_digidoc(ours, folder):
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        print("containers: left out libdigidocpp, which is in no package for this machine")
        return
    from digidoc import Digidoc

    write_files(folder)
    world = World(folder)
    digidoc, levels = Digidoc(world, ours), Levels(world)
    yield from ours_before_digidoc(ours, digidoc, levels, folder)
    yield from digidocs_before_us(ours, digidoc, levels, folder)


def ours_before_digidoc(ours, digidoc, levels, folder):
    trust = folder / "root.pem"
    for level in ("B", "T", "LT", "LTA"):
        for kind, names in FILES.items():
            def signed(*options, out):
                return ours.sign(*levels.keys, *levels.at(level), *options, folder / out)

            case, files = f"{kind} with XAdES, {level}", [folder / it for it in names]
            made = signed(f"--{kind}", "--xades", *files, out=f"ours-{level}.{kind}")
            yield f"ZIP, ours, {case}", refusal(faults_of_zip, made, kind)
            yield f"libdigidocpp validates ours, {case}", refusal(digidoc.validate, made, names)
            if level.startswith("LT"):
                yield f"libdigidocpp refuses ours swapped, {case}", taken(
                    refusal(digidoc.validate, swapped(made), names))
            yield f"xmlsec1 verifies ours, {case}", refusal(verify_xml, made, folder, trust)
            twice = signed(made, "--xades", out=f"ours-twice-{level}.{kind}")
            yield f"libdigidocpp validates ours twice, {case}", refusal(
                digidoc.validate, twice, names, 2)
            made = signed(f"--{kind}", *files, out=f"ours-cades-{level}.{kind}")
            case = f"{kind} with CAdES, {level}"
            yield f"ZIP, ours, {case}", refusal(faults_of_zip, made, kind)
            yield f"OpenSSL verifies ours, {case}", refusal(verify_cms, made, kind, folder, trust)


def digidocs_before_us(ours, digidoc, levels, folder):
    trust, names = folder / "root.pem", FILES["asic-e"]
    # It keeps nothing about the authority's certificate, and so reaches no LT.
    for profile, level in (("BES", "B"), ("time-stamp", "T"), ("time-stamp-archive", "T")):
        path = folder / f"theirs-{profile}.asice"
        said = refusal(digidoc.sign, path, profile, [folder / it for it in names])
        yield f"libdigidocpp signs, {profile}", said if isinstance(said, str) else None
        yield f"we verify libdigidocpp's, {profile}", ours.refuses(
            path, *PILOT, trust=trust, level=f"BASELINE-{level}", count=1)
        for name in names:
            refused = ours.refuses(swapped(path, name), *PILOT, trust=trust)
            yield f"we refuse libdigidocpp's swapped, {profile}, {name}", taken(refused)
        yield from signature_alone(ours, path, profile, level, folder)
        both = ours.sign(*levels.keys, *levels.at("LT"), "--xades", path,
                         folder / f"both-{profile}.asice")
        yield f"we verify libdigidocpp's and ours, {profile}", ours.refuses(
            both, *PILOT, trust=trust, count=2)
        if profile == "BES":
            continue  # which it does not take from itself
        yield f"libdigidocpp validates its own and ours, {profile}", refusal(
            digidoc.validate, both, names, 2)
        raised = ours.augment("--level", "LTA", *levels.services, path,
                              folder / f"raised-{profile}.asice")
        yield f"libdigidocpp validates its own raised by us, {profile}", refusal(
            digidoc.validate, raised, names)
        yield f"we verify libdigidocpp's raised by us, {profile}", ours.refuses(
            raised, *PILOT, trust=trust, level="BASELINE-LTA", count=1)
    made = ours.sign(*levels.keys, *levels.at("LT"), "--asic-e", "--xades",
                     *(folder / it for it in names), folder / "added-to.asice")
    said = refusal(digidoc.sign, made, "time-stamp", [])
    yield "libdigidocpp signs beside ours", said if isinstance(said, str) else None
    yield "we verify ours and libdigidocpp's", ours.refuses(made, *PILOT, trust=trust, count=2)


def signature_alone(ours, path, profile, level, folder):
    """Taken out of its container, and the files handed in by their names."""
    signature = folder / f"theirs-{profile}.xml"
    signature.write_bytes(entries(path)["META-INF/signatures0.xml"])
    other = folder / "other"
    other.write_bytes(b"16/CV")

    def refuses(letter):
        named = [f"{LETTER}={letter}", f"{ANNEX}={folder / ANNEX}"]
        beside = [part for it in named for part in ("--content", it)]
        return ours.refuses(signature, *beside, *PILOT, trust=folder / "root.pem",
                            level=f"BASELINE-{level}")

    yield f"we verify libdigidocpp's alone, {profile}", refuses(folder / LETTER)
    yield f"we refuse libdigidocpp's alone, swapped, {profile}", taken(refuses(other))


# What peers are known not to manage, and why.
KNOWN = {
    f"libdigidocpp validates ours{twice}, {kind} with XAdES, {level}": why
    for level, why in (("B", "it takes no signature without a time-stamp "
                             "('UnsignedProperties' is missing)"),
                       ("T", "nor without revocation data ('RevocationValues' is missing)"))
    for kind in FILES for twice in ("", " twice")
} | {
    f"libdigidocpp validates its own raised by us, {profile}":
        "an archive time-stamp is over the references as their transforms make them "
        "(EN 319 132-1 §5.5.2.2); it takes the time-stamp's own method for SignedProperties, "
        "which in what it made is another one"
    for profile in ("time-stamp", "time-stamp-archive")
} | {
    "libdigidocpp validates its own and ours, time-stamp-archive":
        "it takes validation data that stands behind an archive time-stamp, as it has to, for "
        "what that one is over",
}

if __name__ == "__main__":
    judge("containers", [ours_by_cms, ours_by_xml, theirs_by_cms, with_digidoc], KNOWN)
