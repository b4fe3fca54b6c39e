"""XAdES: ours before signxml, and theirs before us. Run by `tests/interop/run`."""

from samples import Algorithm
from calls import refusal
from services import PILOT, judge

DOCUMENT = '<cv:CongVan xmlns:cv="urn:cv" Id="cv"><cv:So>15/CV</cv:So><!-- đến --></cv:CongVan>'


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


# What it is known not to manage, and why.
KNOWN = {
    f"we verify signxml's, {key}, http://www.w3.org/2001/10/xml-exc-c14n#":
        "it digests SignedProperties where other namespaces are in use than in what it writes; "
        "libxmlsec1 refuses that, too"
    for key in ("rsa2048", "p256", "p384")
}

if __name__ == "__main__":
    judge("xades", [with_signxml], KNOWN)
