//! A time-stamp authority for tests (RFC 3161): it answers requests at whatever time it is
//! told to, and wrongly where a test wants that. Bytes in, bytes out; it checks nothing.
#![allow(dead_code)] // each test uses a part of it

use std::fmt;
use std::sync::Arc;

use rcgen::{
    CertificateParams, CustomExtension, DnType, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, SerialNumber, SigningKey as _,
};
use ring::digest;

/// `id-ct-TSTInfo`
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// A key that issues tokens, with its certificate.
#[derive(Clone)]
pub(crate) struct TestTsa {
    key: Arc<KeyPair>,
    /// The authority's own first.
    chain: Vec<Vec<u8>>,
    time: String,
    change: Arc<dyn Fn(&mut Answer) + Send + Sync>,
}

/// What is about to be answered.
pub(crate) struct Answer {
    /// `PKIStatus` (RFC 3161 §2.4.2): 0 grants, 2 rejects.
    pub(crate) status: u8,
    /// What else stands in `PKIStatusInfo`, in DER.
    pub(crate) status_rest: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) policy: String,
    /// `MessageImprint`
    pub(crate) imprint: Vec<u8>,
    /// The digits of a GeneralizedTime, with its Z.
    pub(crate) time: String,
    /// `Accuracy` and `ordering`, in DER.
    pub(crate) accuracy: Vec<u8>,
    /// An INTEGER, where there was one in the request.
    pub(crate) nonce: Vec<u8>,
    /// `tsa` and `extensions`, in DER.
    pub(crate) rest: Vec<u8>,
    /// Those that stand in the token; none where none were asked for.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Whom the signed attribute names.
    pub(crate) named: Vec<u8>,
    /// How many times the signer stands in the token.
    pub(crate) signers: usize,
    /// Signs something else than what the token says.
    pub(crate) forged: bool,
    /// Whether a token comes along at all.
    pub(crate) token: bool,
}

/// A certificate as RFC 3161 §2.3 wants it: good for time-stamps, critically, and for
/// nothing else.
pub(crate) fn params(name: &str, serial: u64) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions = vec![time_stamping(true)];
    Ok(params)
}

/// The extended key usage of authorities, `id-kp-timeStamping`.
pub(crate) fn time_stamping(critical: bool) -> CustomExtension {
    purpose(&["1.3.6.1.5.5.7.3.8"], critical)
}

/// An extended key usage, by its identifiers.
pub(crate) fn purpose(usages: &[&str], critical: bool) -> CustomExtension {
    let usages: Vec<u8> = usages.iter().flat_map(|it| oid(it)).collect();
    let usages = tlv(0x30, &[&usages]);
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], usages);
    extension.set_criticality(critical);
    extension
}

impl TestTsa {
    /// `chain` in DER, the certificate of `key` first.
    pub(crate) fn new(key: KeyPair, chain: Vec<Vec<u8>>) -> Self {
        let time = "20260615000000Z".to_owned();
        Self { key: Arc::new(key), chain, time, change: Arc::new(|_| {}) }
    }

    /// The same with its clock at this RFC 3339 time in UTC.
    pub(crate) fn at(&self, time: impl fmt::Display) -> Self {
        let time = time.to_string().replace(['-', ':', 'T'], "");
        Self { time, ..self.clone() }
    }

    /// The same with another answer than it would give.
    pub(crate) fn answering(&self, change: impl Fn(&mut Answer) + Send + Sync + 'static) -> Self {
        Self { change: Arc::new(change), ..self.clone() }
    }

    /// `TimeStampResp` to a `TimeStampReq`; nothing where that is none.
    pub(crate) fn respond(&self, request: &[u8]) -> Option<Vec<u8>> {
        let fields = items(items(request).first()?.content);
        let [version, imprint, rest @ ..] = fields.as_slice() else { return None };
        let wanted = rest.iter().find(|it| it.tag == 6).map(|it| it.raw.to_vec());
        let mut answer = Answer {
            status: 0,
            status_rest: Vec::new(),
            content_type: TST_INFO,
            policy: "1.3.6.1.4.1.99999.1".to_owned(),
            imprint: imprint.raw.to_vec(),
            time: self.time.clone(),
            accuracy: Vec::new(),
            nonce: rest.iter().find(|it| it.tag == 2).map_or_else(Vec::new, |it| it.raw.to_vec()),
            rest: Vec::new(),
            certificates: Vec::new(),
            named: self.chain.first()?.clone(),
            signers: 1,
            forged: false,
            token: true,
        };
        if rest.iter().any(|it| it.tag == 1 && it.content != [0]) {
            answer.certificates.clone_from(&self.chain);
        }
        (self.change)(&mut answer);
        let policy = wanted.unwrap_or_else(|| oid(&answer.policy));
        let status = tlv(0x30, &[&[2, 1, answer.status], &answer.status_rest]);
        let token = if answer.token { self.token(&answer, version.raw, &policy)? } else { vec![] };
        Some(tlv(0x30, &[&status, &token]))
    }

    /// `TSTInfo` in a CMS with one signer (RFC 3161 §2.4.2).
    fn token(&self, answer: &Answer, version: &[u8], policy: &[u8]) -> Option<Vec<u8>> {
        // As unique as what it is about.
        let about = [answer.time.as_bytes(), &answer.imprint, &answer.nonce].concat();
        let serial = [&[0x40], sha256(&about).get(..8)?].concat();
        let info = tlv(
            0x30,
            &[
                version,
                policy,
                &answer.imprint,
                &tlv(2, &[&serial]),
                &tlv(0x18, &[answer.time.as_bytes()]),
                &answer.accuracy,
                &answer.nonce,
                &answer.rest,
            ],
        );
        let signer = self.signer_info(answer, &info)?;
        let content = tlv(0xa0, &[&tlv(4, &[&info])]);
        let certificates = match answer.certificates.is_empty() {
            true => Vec::new(),
            false => tlv(0xa0, &[&sorted(answer.certificates.clone())]),
        };
        let signed_data = tlv(
            0x30,
            &[
                &[2, 1, 3],
                &tlv(0x31, &[&self.digest_identifier()]),
                &tlv(0x30, &[&oid(answer.content_type), &content]),
                &certificates,
                &tlv(0x31, &[&signer.repeat(answer.signers)]),
            ],
        );
        Some(tlv(0x30, &[&oid("1.2.840.113549.1.7.2"), &tlv(0xa0, &[&signed_data])]))
    }

    fn signer_info(&self, answer: &Answer, info: &[u8]) -> Option<Vec<u8>> {
        let attribute =
            |kind: &str, value: Vec<u8>| tlv(0x30, &[&oid(kind), &tlv(0x31, &[&value])]);
        let reference = self.certificate_reference(&answer.named);
        let attributes = sorted(vec![
            attribute("1.2.840.113549.1.9.3", oid(answer.content_type)),
            attribute("1.2.840.113549.1.9.4", tlv(4, &[&self.digest(info)])),
            attribute("1.2.840.113549.1.9.16.2.47", reference),
        ]);
        let to_be_signed = match answer.forged {
            true => b"something else".to_vec(),
            false => tlv(0x31, &[&attributes]),
        };
        Some(tlv(
            0x30,
            &[
                &[2, 1, 1],
                &identifier(self.chain.first()?)?,
                &self.digest_identifier(),
                &tlv(0xa0, &[&attributes]),
                &self.signature_identifier()?,
                &tlv(4, &[&self.key.sign(&to_be_signed).ok()?]),
            ],
        ))
    }

    /// `SigningCertificateV2` (RFC 5035 §3); SHA-256 goes without saying.
    fn certificate_reference(&self, certificate: &[u8]) -> Vec<u8> {
        let named = match self.digest_algorithm().0 == &digest::SHA256 {
            true => Vec::new(),
            false => self.digest_identifier(),
        };
        let reference = tlv(0x30, &[&named, &tlv(4, &[&self.digest(certificate)])]);
        tlv(0x30, &[&tlv(0x30, &[&reference])])
    }

    /// What digests the content: the one of the signature, and for Ed25519 SHA-512
    /// (RFC 8419 §3.1).
    fn digest_algorithm(&self) -> (&'static digest::Algorithm, &'static str) {
        let algorithm = self.key.algorithm();
        if algorithm == &PKCS_ECDSA_P384_SHA384 {
            (&digest::SHA384, "2.16.840.1.101.3.4.2.2")
        } else if algorithm == &PKCS_ED25519 {
            (&digest::SHA512, "2.16.840.1.101.3.4.2.3")
        } else {
            (&digest::SHA256, "2.16.840.1.101.3.4.2.1")
        }
    }

    fn digest(&self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.digest_algorithm().0, bytes).as_ref().to_vec()
    }

    fn digest_identifier(&self) -> Vec<u8> {
        tlv(0x30, &[&oid(self.digest_algorithm().1)])
    }

    fn signature_identifier(&self) -> Option<Vec<u8>> {
        let known = [
            (&PKCS_ECDSA_P256_SHA256, "1.2.840.10045.4.3.2", &[][..]),
            (&PKCS_ECDSA_P384_SHA384, "1.2.840.10045.4.3.3", &[]),
            (&PKCS_ED25519, "1.3.101.112", &[]),
            (&PKCS_RSA_SHA256, "1.2.840.113549.1.1.11", &[5, 0]),
        ];
        let (_, name, parameters) =
            known.into_iter().find(|(algorithm, ..)| *algorithm == self.key.algorithm())?;
        Some(tlv(0x30, &[&oid(name), parameters]))
    }
}

impl fmt::Debug for TestTsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestTsa({})", self.time)
    }
}

/// Issuer and serial number of a certificate, as `SignerIdentifier` has them.
fn identifier(certificate: &[u8]) -> Option<Vec<u8>> {
    let fields = items(items(items(certificate).first()?.content).first()?.content);
    let skip = usize::from(fields.first()?.tag == 0xa0);
    let (serial, issuer) = (fields.get(skip)?, fields.get(skip + 2)?);
    Some(tlv(0x30, &[issuer.raw, serial.raw]))
}

struct Item<'a> {
    tag: u8,
    raw: &'a [u8],
    content: &'a [u8],
}

/// The values that stand side by side, as far as they can be told apart.
fn items(mut bytes: &[u8]) -> Vec<Item<'_>> {
    let mut all = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let octets = if *first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let Some((long, _)) = rest.split_at_checked(octets) else { break };
        let length = match octets {
            0 => usize::from(*first),
            _ => long.iter().fold(0, |sum: usize, byte| sum.wrapping_shl(8) | usize::from(*byte)),
        };
        let start = octets + 2;
        let Some((raw, after)) = bytes.split_at_checked(start.saturating_add(length)) else {
            break;
        };
        all.push(Item { tag: *tag, raw, content: raw.get(start..).unwrap_or_default() });
        bytes = after;
    }
    all
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let octets: Vec<u8> =
        content.len().to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    let length = match *octets.as_slice() {
        [] => vec![0],
        [short @ 0..0x80] => vec![short],
        _ => [&[0x80 | u8::try_from(octets.len()).unwrap_or(0x7f)], octets.as_slice()].concat(),
    };
    [vec![tag], length, content].concat()
}

fn oid(text: &str) -> Vec<u8> {
    let mut arcs = text.split('.').map(|arc| arc.parse::<u64>().unwrap_or(0));
    let first = arcs.next().unwrap_or(0) * 40 + arcs.next().unwrap_or(0);
    let mut content = Vec::new();
    for arc in [first].into_iter().chain(arcs) {
        let bits = (u64::BITS - arc.leading_zeros()).max(1);
        let groups = (0..bits.div_ceil(7)).rev();
        content.extend(groups.map(|at| {
            let more = if at == 0 { 0 } else { 0x80 };
            u8::try_from(arc >> (7 * at) & 0x7f).unwrap_or(0) | more
        }));
    }
    tlv(6, &[&content])
}

/// As DER wants a SET OF.
fn sorted(mut values: Vec<Vec<u8>>) -> Vec<u8> {
    values.sort();
    values.concat()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}
