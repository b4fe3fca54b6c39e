//! CMS of several makers, and what hostile hands make of them.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use super::exhaust::{exhaust, exhaust_attributes};
use super::oids::{COUNTERSIGNATURE, SIGNING_TIME};
use super::signer::SignerIdentifier;
use super::{Fault, SignedAttributes, SignedData, SignerInfo, unarmoured};
use crate::crypto::{Verification, verify};
use crate::encoding::asn1::writer::{OID, SEQUENCE, SET, constructed, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::pki::Certificate;

pub(super) fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

fn read(name: &str) -> Vec<u8> {
    let bytes = fs::read(testdata("cms").join(name)).unwrap();
    unarmoured(&bytes).unwrap().into_owned()
}

fn parse(bytes: &[u8]) -> SignedData<'_> {
    SignedData::parse(bytes, &Limits::default()).unwrap()
}

fn first<'c, 'a>(cms: &'c SignedData<'a>) -> &'c SignerInfo<'a> {
    cms.signers()[0].as_ref().unwrap()
}

/// Everything of `testdata/cms` that is a CMS.
fn all() -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(testdata("cms"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| [".p7s", ".p7m", ".pem"].iter().any(|it| name.ends_with(it)))
        .map(|name| (name.clone(), read(&name)))
        .collect();
    found.sort();
    assert!(found.len() >= 13, "the test data is not there");
    found
}

fn certificates(cms: &SignedData<'_>) -> Vec<Certificate> {
    let embedded = cms.certificates().iter().map(|der| Certificate::from_der(der).unwrap());
    let rsa = fs::read(testdata("keys/rsa2048.crt.pem")).unwrap();
    let (_, rsa) = x509_parser::pem::parse_x509_pem(&rsa).unwrap();
    embedded.chain([Certificate::from_der(&rsa.contents).unwrap()]).collect()
}

/// Whether the attributes stand in the CMS as RFC 5652 §5.3 wants them.
pub(super) fn is_der(attributes: &SignedAttributes<'_>) -> bool {
    attributes.to_be_signed().unwrap() == attributes.as_stored()
}

/// Whether the signer signed these bytes, by the message digest and the value.
fn signed(signer: &SignerInfo<'_>, certificates: &[Certificate], content: &[u8]) -> bool {
    let certificate = signer.find_certificate(certificates).unwrap();
    let algorithm = signer.signature_algorithm().unwrap().unwrap();
    let digest = signer.digest_algorithm().unwrap().digest(content);
    let bytes = signer.bytes_to_verify().unwrap();
    let stated = signer.signed_attributes().map(|it| it.message_digest().unwrap().unwrap());
    let digest_ok = stated.is_none_or(|it| it.as_ref() == digest.value());
    let message = bytes.as_deref().unwrap_or(content);
    let value = verify(certificate.public_key_info(), algorithm, message, signer.signature());
    digest_ok && value.unwrap() == Verification::Valid
}

#[test]
fn every_maker_is_understood() {
    let content = fs::read(testdata("cms/content.txt")).unwrap();
    for (name, bytes) in all() {
        let cms = parse(&bytes);
        let certificates = certificates(&cms);
        if let Some(held) = cms.content() {
            assert_eq!(held.bytes().unwrap().as_ref(), content, "{name}");
        }
        for signer in cms.signers() {
            let signer = signer.as_ref().unwrap();
            assert!(signed(signer, &certificates, &content), "{name}");
            assert!(!signed(signer, &certificates, b"another"), "{name}");
            if let Some(attributes) = signer.signed_attributes() {
                assert_eq!(attributes.faults(), [], "{name}");
                assert!(is_der(attributes), "{name}");
            }
        }
        assert!(cms.trailing().is_empty(), "{name}");
    }
}

#[test]
fn forms_are_told_apart() {
    for (name, content, signers, attributes, certificates) in [
        ("detached.p7s", false, 1, true, 1),
        ("enveloping.p7m", true, 1, true, 1),
        ("stream.p7m", true, 1, true, 1),
        ("keyid.p7s", false, 1, true, 1),
        ("noattr.p7m", true, 1, false, 1),
        ("nocerts.p7s", false, 1, true, 0),
        ("two.p7s", false, 2, true, 2),
    ] {
        let bytes = read(name);
        let cms = parse(&bytes);
        assert_eq!(cms.content().is_some(), content, "{name}");
        assert_eq!(cms.signers().len(), signers, "{name}");
        assert_eq!(cms.certificates().len(), certificates, "{name}");
        assert_eq!(first(&cms).signed_attributes().is_some(), attributes, "{name}");
    }
    let bytes = read("keyid.p7s");
    let by_key =
        matches!(first(&parse(&bytes)).identifier(), SignerIdentifier::SubjectKeyIdentifier(_));
    assert!(by_key);
}

#[test]
fn signing_certificate_of_both_versions() {
    let bytes = read("cades.p7s");
    let cms = parse(&bytes);
    let certificates = certificates(&cms);
    let attributes = first(&cms).signed_attributes().unwrap();
    let reference = attributes.signing_certificate_v2().unwrap().unwrap();
    let reference = reference.signer().unwrap();
    assert_eq!(reference.digest_matches(&certificates[0]), Some(true));
    assert_eq!(attributes.signing_certificate(), Ok(None));

    let two = read("two.p7s");
    let other = Certificate::from_der(parse(&two).certificates()[1]).unwrap();
    let both = [reference.digest_matches(&certificates[0]), reference.digest_matches(&other)];
    assert!(both.contains(&Some(true)));
}

/// A CMS with the parts of `signer` replaced: `edit` gets the elements of the SignerInfo.
fn edited(bytes: &[u8], edit: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let outer = Value::only(bytes, 32).unwrap();
    let mut info = parts(&outer);
    let mut data = parts(&Value::only(&info[1], 32).unwrap().explicit().unwrap());
    let signers = data.pop().unwrap();
    let mut signers = parts(&Value::only(&signers, 32).unwrap());
    let mut signer = parts(&Value::only(&signers[0], 32).unwrap());
    edit(&mut signer);
    signers[0] = tlv(SEQUENCE, &[&signer.concat()]);
    data.push(tlv(SET, &[&signers.concat()]));
    info[1] = tlv(constructed(0), &[&tlv(SEQUENCE, &[&data.concat()])]);
    tlv(SEQUENCE, &[&info.concat()])
}

fn parts(value: &Value<'_>) -> Vec<Vec<u8>> {
    let mut values = value.values().unwrap();
    std::iter::from_fn(|| values.next().unwrap()).map(|value| value.raw().to_vec()).collect()
}

/// The first `SignerInfo` as it stands.
fn first_signer(bytes: &[u8]) -> Vec<u8> {
    let found = RefCell::new(Vec::new());
    edited(bytes, |fields| *found.borrow_mut() = tlv(SEQUENCE, &[&fields.concat()]));
    found.into_inner()
}

/// As [`edited`], with the signed attributes.
fn with_attributes(bytes: &[u8], edit: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    edited(bytes, |signer| {
        let mut attributes = parts(&Value::only(&signer[3], 32).unwrap());
        edit(&mut attributes);
        signer[3] = tlv(constructed(0), &[&attributes.concat()]);
    })
}

/// RFC 5652 §5.4: what is hashed is DER, whatever stands in the CMS.
#[test]
fn attributes_out_of_order_are_hashed_in_order() {
    let bytes = read("cades.p7s");
    let cms = parse(&bytes);
    let original = first(&cms).bytes_to_verify().unwrap();
    assert_eq!(original, first(&cms).signed_attributes().map(|it| it.as_stored()));

    let turned = with_attributes(&bytes, |attributes| attributes.reverse());
    let cms = parse(&turned);
    let attributes = first(&cms).signed_attributes().unwrap();
    assert!(!is_der(attributes));
    assert_ne!(Some(attributes.as_stored()), original);
    assert_eq!(first(&cms).bytes_to_verify().unwrap(), original);
}

#[test]
fn attributes_in_ber_are_hashed_in_der() {
    let bytes = read("cades.p7s");
    let original = first(&parse(&bytes)).bytes_to_verify().unwrap();
    let indefinite = edited(&bytes, |signer| {
        let attributes: Vec<u8> = parts(&Value::only(&signer[3], 32).unwrap())
            .iter()
            .flat_map(|one| {
                let inner = parts(&Value::only(one, 32).unwrap()).concat();
                [&[0x30, 0x80], inner.as_slice(), &[0, 0]].concat()
            })
            .collect();
        signer[3] = [&[0xa0, 0x80], attributes.as_slice(), &[0, 0]].concat();
    });
    let cms = parse(&indefinite);
    assert_eq!(first(&cms).bytes_to_verify().unwrap(), original);
    assert!(!is_der(first(&cms).signed_attributes().unwrap()));
}

/// The value with indefinite lengths and strings in pieces wherever BER lets; what is
/// under `[0]` directly in a SignedData, the certificates, stays.
fn in_ber(value: &Value<'_>, depth: usize) -> Vec<u8> {
    let mut tag = value.identifier().to_vec();
    let certificates = depth == 3 && value.tag() == Tag::context(0);
    if value.tag() == Tag::OCTET_STRING && !value.is_constructed() {
        tag[0] |= 0x20;
        let pieces = value.content().chunks(100).map(|piece| tlv(0x04, &[piece]));
        return [tag, vec![0x80], pieces.flatten().collect(), vec![0, 0]].concat();
    }
    if !value.is_constructed() || certificates {
        return value.raw().to_vec();
    }
    let mut values = value.values().unwrap();
    let inner = std::iter::from_fn(|| values.next().unwrap());
    let inner: Vec<u8> = inner.flat_map(|it| in_ber(&it, depth + 1)).collect();
    [tag, vec![0x80], inner, vec![0, 0]].concat()
}

/// The same CMS in BER throughout says the same and verifies just so.
#[test]
fn ber_and_der_say_the_same() {
    let content = fs::read(testdata("cms/content.txt")).unwrap();
    for (name, der) in all() {
        let ber = in_ber(&Value::only(&der, 32).unwrap(), 0);
        let (one, other) = (parse(&der), parse(&ber));
        let certificates = certificates(&other);
        assert_eq!(one.certificates(), other.certificates(), "{name}");
        let held = |cms: &SignedData<'_>| cms.content().map(|it| it.bytes().unwrap().into_owned());
        assert_eq!(held(&one), held(&other), "{name}");
        for (one, other) in one.signers().iter().zip(other.signers()) {
            let (one, other) = (one.as_ref().unwrap(), other.as_ref().unwrap());
            assert_eq!(one.bytes_to_verify().unwrap(), other.bytes_to_verify().unwrap(), "{name}");
            assert_eq!(one.digest_identifier(), other.digest_identifier(), "{name}");
            assert_eq!(one.signature_identifier(), other.signature_identifier(), "{name}");
            assert!(signed(other, &certificates, &content), "{name}");
        }
    }
}

#[test]
fn attributes_that_are_not_as_defined() {
    let bytes = read("cades.p7s");
    let signing_time = |values: &[&[u8]]| {
        let oid = tlv(OID, &[SIGNING_TIME.as_bytes()]);
        tlv(SEQUENCE, &[&oid, &tlv(SET, values)])
    };
    let is_time =
        |attribute: &Vec<u8>| attribute.windows(9).any(|window| window == SIGNING_TIME.as_bytes());
    let time = tlv(0x17, &[b"261122080000Z"]);
    for (with, expected) in [
        (vec![signing_time(&[])], "has no value"),
        (vec![signing_time(&[&time, &time])], "has several values"),
        (vec![signing_time(&[&time]), signing_time(&[&time])], "is there more than once"),
        (vec![signing_time(&[&[5, 0]])], "is malformed: an ASN.1 value"),
    ] {
        let changed = with_attributes(&bytes, |attributes| {
            attributes.retain(|it| !is_time(it));
            attributes.extend(with.clone());
        });
        let cms = parse(&changed);
        let faults = first(&cms).signed_attributes().unwrap().faults();
        assert_eq!(faults.len(), 1, "{expected}");
        let text = faults[0].to_string();
        assert!(text.starts_with("attribute signing-time ") && text.contains(expected), "{text}");
    }
}

/// An attribute that nothing here knows may not be twice there either.
#[test]
fn unknown_attributes_are_not_repeated() {
    let one = tlv(SEQUENCE, &[&[OID, 2, 0x2a, 3], &tlv(SET, &[&[5, 0]])]);
    let changed = with_attributes(&read("cades.p7s"), |attributes| {
        attributes.extend([one.clone(), one.clone()]);
    });
    let cms = parse(&changed);
    let faults = first(&cms).signed_attributes().unwrap().faults();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].fault, Fault::Repeated);
}

#[test]
fn a_broken_signer_does_not_hide_the_other() {
    let broken = edited(&read("two.p7s"), |signer| signer[4] = vec![5, 0]);
    let cms = parse(&broken);
    let error = cms.signers()[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.offset().is_some());
    assert!(cms.signers()[1].is_ok());
}

/// The fields of `signer`, with `counter` as its countersignature.
fn countersigned(signer: &[u8], counter: &[u8]) -> Vec<Vec<u8>> {
    let oid = tlv(OID, &[COUNTERSIGNATURE.as_bytes()]);
    let attribute = tlv(SEQUENCE, &[&oid, &tlv(SET, &[counter])]);
    let mut fields = parts(&Value::only(signer, 32).unwrap());
    fields.push(tlv(constructed(1), &[&attribute]));
    fields
}

/// Certificates of other kinds are stepped over; what is no ASN.1 among them is not.
#[test]
fn certificates_of_other_kinds() {
    let plain = read("nocerts.p7s");
    let with = |certificates: &[u8]| {
        let mut info = parts(&Value::only(&plain, 32).unwrap());
        let mut data = parts(&Value::only(&info[1], 32).unwrap().explicit().unwrap());
        data.insert(3, tlv(constructed(0), &[certificates]));
        info[1] = tlv(constructed(0), &[&tlv(SEQUENCE, &[&data.concat()])]);
        tlv(SEQUENCE, &[&info.concat()])
    };
    let kinds = with(&[0xa1, 2, 5, 0, 0x30, 0, 0xa0, 0]);
    assert_eq!(parse(&kinds).certificates(), [[0x30, 0]]);
    let error = SignedData::parse(&with(&[0x30, 5]), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("certificates"), "{error}");
}

#[test]
fn countersignatures_of_countersignatures() {
    let plain = read("detached.p7s");
    let signer = first_signer(&plain);
    let inner = tlv(SEQUENCE, &[&countersigned(&signer, &signer).concat()]);
    let outer = edited(&plain, |fields| *fields = countersigned(&signer, &inner));

    let limits = Limits::default();
    let cms = parse(&outer);
    let one = first(&cms).unsigned_attributes().countersignatures(&limits).unwrap();
    let one = one[0].as_ref().unwrap();
    let over = first(&parse(&plain)).signature().to_vec();
    assert_eq!(one.signature(), over);
    let two = one.unsigned_attributes().countersignatures(&limits).unwrap();
    let two = two[0].as_ref().unwrap();
    assert_eq!(two.signature(), over);
    assert_eq!(two.unsigned_attributes().countersignatures(&limits).unwrap().len(), 0);

    let few = Limits { cms_signers: 2, ..Limits::default() };
    let error = SignedData::parse(&outer, &few).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "they count as signers");
}

/// RFC 5652 §5.2.1: what PKCS#7 1.5 held need not be an OCTET STRING.
#[test]
fn content_of_any_type_and_in_pieces() {
    let pieces: &[u8] = &[0x24, 0x80, 4, 1, 1, 0x24, 0x80, 4, 1, 2, 0, 0, 4, 0, 4, 1, 3, 0, 0];
    for (content, expected) in [
        (pieces, Some(&[1_u8, 2, 3][..])),
        (&[4, 0], Some(&[])),
        (&[0x30, 0x80, 2, 1, 7, 0, 0], Some(&[2, 1, 7])),
        (&[0x24, 3, 2, 1, 7], None),
    ] {
        let data = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
        let held = tlv(SEQUENCE, &[&data, &tlv(constructed(0), &[content])]);
        let body = tlv(SEQUENCE, &[&[2, 1, 1], &[SET, 0], &held, &[SET, 0]]);
        let kind = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
        let cms = tlv(SEQUENCE, &[&kind, &tlv(constructed(0), &[&body])]);
        let read = parse(&cms).content().unwrap().bytes().map(|it| it.into_owned());
        assert_eq!(read.ok().as_deref(), expected);
    }
}

#[test]
fn what_follows_is_told() {
    let mut bytes = read("stream.p7m");
    let whole = bytes.len();
    bytes.extend([0; 100]);
    let cms = parse(&bytes);
    assert_eq!(cms.trailing(), &bytes[whole..]);
}

#[test]
fn bounds_are_errors_of_their_own() {
    let two = read("two.p7s");
    let base = Limits::default;
    for limits in [
        Limits { cms_signers: 1, ..base() },
        Limits { certificates: 1, ..base() },
        Limits { cms_attributes: 1, ..base() },
        Limits { cms_bytes: 1_000, ..base() },
        Limits { cms_signed_attributes_bytes: 100, ..base() },
        Limits { asn1_depth: 6, ..base() },
    ] {
        let kind = match SignedData::parse(&two, &limits) {
            Err(error) => error.kind(),
            Ok(cms) => cms.signers().iter().find_map(|it| it.as_ref().err()).unwrap().kind(),
        };
        assert_eq!(kind, ErrorKind::LimitExceeded, "{limits:?}");
    }
}

#[test]
fn other_inputs_are_refused() {
    for (bytes, kind) in [
        (&b""[..], ErrorKind::Malformed),
        (b"%PDF-1.7", ErrorKind::Malformed),
        (&[0x30, 0x80], ErrorKind::Malformed),
        (&[0x30, 4, 0x06, 2, 0x2a, 3], ErrorKind::Unsupported),
    ] {
        let error = SignedData::parse(bytes, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), kind, "{bytes:02x?}");
    }
}

/// Every byte changed, and every length cut: nothing panics.
#[test]
fn mutations_are_survived() {
    let mut survived = 0_usize;
    for (_, bytes) in all() {
        for at in 0..bytes.len() {
            let mut mutant = bytes.clone();
            // Lengths off by one and far off; tags of another kind.
            mutant[at] ^= [0x01, 0x80, 0x20, 0xff][at % 4];
            survived += usize::from(exhaust(&mutant));
            assert!(!exhaust(&bytes[..at]));
        }
        let cms = parse(&bytes);
        let Some(attributes) = first(&cms).signed_attributes() else { continue };
        let attributes = attributes.as_stored();
        assert!(exhaust_attributes(&attributes));
        for at in 0..attributes.len() {
            let mut mutant = attributes.clone();
            mutant[at] = mutant[at].wrapping_add(1);
            survived += usize::from(exhaust_attributes(&mutant));
        }
    }
    assert!(survived > 0);
}
