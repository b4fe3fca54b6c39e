"""A small PKI whose certificates, lists and answers are as a case wants them."""

import asyncio
import io
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from asn1crypto import keys as asn1_keys, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

# A little later than what is made while the cases run, and near enough for who asks the clock.
NOW = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
CONTENT = "Công văn thử nghiệm số 02/TEST-UBND\r\n".encode() * 50


def days(count):
    """So many days from now; before now where there are fewer than none."""
    return NOW + timedelta(days=count)


@dataclass
class Identity:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self):
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self):
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


SIGNS = {"digital_signature", "content_commitment"}
ISSUES = {"key_cert_sign", "crl_sign"}


def usage(*named):
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in named for name in every})


def issue(name, issuer=None, authority=False, start=-400, end=400, usages=None, path=None,
          extra=(), rsa_key=False):
    """`extra`: pairs of an extension and whether it is critical."""
    key = rsa.generate_private_key(65537, 2048) if rsa_key else ec.generate_private_key(
        ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by = issuer or Identity(key, None)
    issuer_name = issuer.certificate.subject if issuer else subject
    usages = usages or (ISSUES if authority else SIGNS)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(days(start)).not_valid_after(days(end))
               .add_extension(x509.BasicConstraints(authority, path), True)
               .add_extension(usage(*usages), True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                   by.key.public_key()), False))
    if not authority:
        # Where none is named, pyHanko takes no answer.
        url = x509.UniformResourceIdentifier("http://ocsp.test/")
        where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, url)
        builder = builder.add_extension(x509.AuthorityInformationAccess([where]), False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    return Identity(key, builder.sign(by.key, hashes.SHA256()))


def crl(issuer, revoked=(), this=-1, following=7, key=None):
    """`revoked`: pairs of a certificate and the day; `key`: another's, who must not."""
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
               .last_update(days(this)).next_update(days(following))
               .add_extension(x509.CRLNumber(1), False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                   issuer.key.public_key()), False))
    for identity, day in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(identity.certificate.serial_number)
            .revocation_date(days(day))
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False).build())
    return builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def answer(of, issuer, status="good", this=-1, following=7, revoked=None, responder=None):
    """An OCSP response; `revoked` is the day."""
    by = responder or issuer
    statuses = {"good": ocsp.OCSPCertStatus.GOOD, "revoked": ocsp.OCSPCertStatus.REVOKED,
                "unknown": ocsp.OCSPCertStatus.UNKNOWN}
    builder = (ocsp.OCSPResponseBuilder()
               .add_response(
                   cert=of.certificate, issuer=issuer.certificate, algorithm=hashes.SHA1(),
                   cert_status=statuses[status], this_update=days(this),
                   next_update=days(following),
                   revocation_time=None if revoked is None else days(revoked),
                   revocation_reason=None if revoked is None
                   else x509.ReasonFlags.key_compromise)
               .responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate))
    if responder:
        builder = builder.certificates([responder.certificate])
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def responder(issuer, allowed=True):
    purpose = ExtendedKeyUsageOID.OCSP_SIGNING if allowed else ExtendedKeyUsageOID.CODE_SIGNING
    return issue("Responder", issuer, usages={"digital_signature"},
                 extra=[(x509.ExtendedKeyUsage([purpose]), False), (x509.OCSPNoCheck(), False)])


def time_stamper(issuer, day, critical=True, purpose=ExtendedKeyUsageOID.TIME_STAMPING, **options):
    """An authority that says it is that day, and its certificate. pyHanko's has RSA keys."""
    tsa = issue("Time Stamping Authority", issuer, usages={"digital_signature"}, rsa_key=True,
                extra=[(x509.ExtendedKeyUsage([purpose]), critical)], **options)
    return tsa, DummyTimeStamper(tsa.asn1, tsa.asn1_key, fixed_dt=days(day))


def sign(leaf, others=(), time_stamper=None, content=CONTENT):
    """CAdES, detached, with these certificates besides the signer's."""
    store = SimpleCertificateStore()
    store.register_multiple(it.asn1 for it in others)
    signer = SimpleSigner(leaf.asn1, leaf.asn1_key, store)
    made = asyncio.run(signer.async_sign_general_data(
        io.BytesIO(content), "sha256", detached=True, use_cades=True, timestamper=time_stamper))
    return made.dump()


class World:
    """Root, intermediate authority and signer, each as usual unless a case says otherwise."""

    def __init__(self, leaf=None, middle=None, root=None):
        self.root = issue("Root", authority=True, **(root or {}))
        self.middle = issue("Authority", self.root, authority=True, **(middle or {}))
        self.leaf = issue("Signer", self.middle, **(leaf or {}))

    def lists(self, root=None, middle=None):
        """A list of each authority, as usual unless told otherwise."""
        return [crl(self.root, **(root or {})), crl(self.middle, **(middle or {}))]
