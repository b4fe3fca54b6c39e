//! XAdES signatures are made in, around and beside documents, countersigned and raised; they
//! verify, and what is changed or put in the wrong place does not.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs,
    unreachable_pub
)]

mod support;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use kyso::{
    CheckId, Conclusion, Digest, DigestAlgorithm, DocumentFormat, ErrorKind, Failed, Form,
    Indeterminate, Outcome, Policy, Report, SignatureLevel, Signer, SoftwareSigner, Source,
    TimeStampType, TrustStore, UtcTime, Validator, cades, xades,
};
use support::pki::{NOW, Pki};

const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- đến -->\r\n\
    <cv:CongVan xmlns:cv=\"urn:cv\" xmlns:x=\"urn:x\"><cv:So Id=\"so\">15/CV</cv:So>\r\n\
    <cv:TrichYeu>V/v họp &amp; báo cáo</cv:TrichYeu></cv:CongVan>\r\n";

fn now() -> UtcTime {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn signer(name: &str) -> SoftwareSigner {
    let read = |end: &str| std::fs::read(format!("testdata/keys/{name}.{end}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

fn pilot() -> Validator {
    let trust = std::fs::read("testdata/keys/ca.crt.pem").unwrap();
    Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
}

#[track_caller]
fn assert_passes(report: &Report, level: SignatureLevel) {
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.format(), DocumentFormat::Xml);
    for signature in report.signatures() {
        assert_eq!(signature.form(), Form::Xades);
        assert_eq!(signature.level(), level, "{report}");
        assert_eq!(signature.intact(), Some(true));
        assert!(signature.references().iter().all(|it| it.found && it.intact == Some(true)));
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn replaced(signed: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert!(text(signed).contains(from), "{from}");
    text(signed).replacen(from, to, 1).into_bytes()
}

/// Without one part of it, from the first of two marks up to the second.
fn without(signed: &[u8], from: &str, to: &str) -> Vec<u8> {
    let start = text(signed).find(from).unwrap();
    let end = start + text(signed)[start..].find(to).unwrap() + to.len();
    [&signed[..start], &signed[end..]].concat()
}

#[test]
fn a_signature_in_a_document_leaves_every_octet() {
    for name in ["rsa3072", "p256"] {
        let document = DOCUMENT.as_bytes();
        let builder = xades::SignatureBuilder::enveloped(&document, now());
        let signed = builder.sign(&signer(name)).unwrap();
        let (before, after) = DOCUMENT.split_at(DOCUMENT.find("</cv:CongVan>").unwrap());
        assert!(signed.starts_with(before.as_bytes()) && signed.ends_with(after.as_bytes()));
        let report = pilot().validate(&signed).unwrap();
        assert_passes(&report, SignatureLevel::BaselineB);
        let one = &report.signatures()[0];
        assert_eq!(one.claimed_time(), Some(now()));
        assert_eq!(one.covers().whole_file, Some(true));
        assert_eq!(one.references()[0].name, "(document)");
        let changed = replaced(&signed, "15/CV", "16/CV");
        let report = pilot().validate(&changed).unwrap();
        assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()), "{report}");
    }
}

#[test]
fn an_empty_root_is_opened_for_it() {
    let document = b"\xEF\xBB\xBF<r a='1' />".as_slice();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer("p256"));
    let signed = signed.unwrap();
    assert!(signed.starts_with(b"\xEF\xBB\xBF<r a='1' ><ds:Signature"));
    assert!(signed.ends_with(b"</ds:Signature></r>"));
    assert_passes(&pilot().validate(&signed).unwrap(), SignatureLevel::BaselineB);
}

#[test]
fn one_element_is_signed_and_the_rest_may_change() {
    let document = DOCUMENT.as_bytes();
    let builder = xades::SignatureBuilder::enveloped(&document, now()).element("so");
    let signed = builder.sign(&signer("p256")).unwrap();
    let report = pilot().validate(&signed).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    assert_eq!(report.signatures()[0].covers().whole_file, Some(false));
    // A second one signs something else, and neither harms the other.
    let again = signed.as_slice();
    let other = "2026-06-01T00:00:01Z".parse().unwrap();
    let both = xades::SignatureBuilder::enveloped(&again, other).element("so");
    let both = both.sign(&signer("rsa3072")).unwrap();
    let report = pilot().validate(&both).unwrap();
    assert_eq!(report.signatures().len(), 2);
    assert_passes(&report, SignatureLevel::BaselineB);
    // Two elements of the name: which one was signed is open.
    let twice = replaced(&signed, "<cv:TrichYeu>", "<cv:TrichYeu ID='so'>");
    let report = pilot().validate(&twice).unwrap();
    assert_eq!(report.conclusion(), Some(Failed::FormatFailure.into()), "{report}");
    let missing = xades::SignatureBuilder::enveloped(&document, now()).element("x");
    assert_eq!(missing.sign(&signer("p256")).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn a_signature_around_a_document_of_any_kind() {
    let document = [b"%PDF-1.7\0\xff".as_slice(); 40].concat();
    let builder = xades::SignatureBuilder::enveloping(&document, now());
    let signed = builder.mime_type("application/pdf").sign(&signer("p256")).unwrap();
    let report = pilot().validate(&signed).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    assert_eq!(report.signatures()[0].covers().whole_file, None);
    // What is signed is the very Object of this signature: elsewhere it is no part of it.
    let (start, end) =
        (text(&signed).rfind("<ds:Object").unwrap(), text(&signed).rfind("</ds:Sig"));
    let object = &text(&signed)[start..end.unwrap()];
    let moved = format!("<ds:Object><w>{object}</w></ds:Object>");
    let report = pilot().validate(&replaced(&signed, object, &moved)).unwrap();
    let expected = Conclusion::from(Indeterminate::SignedDataNotFound);
    assert_eq!(report.conclusion(), Some(expected), "{report}");
}

#[test]
fn a_signature_beside_files_finds_them_by_name() {
    let (one, two) = ("công văn".as_bytes(), vec![7; 70_000]);
    let builder = xades::SignatureBuilder::detached("Công văn.txt", &one, now())
        .mime_type("text/plain")
        .file("b/phụ lục.bin", &two);
    let signed = builder.sign(&signer("p256")).unwrap();
    let files = vec![("b/phụ lục.bin", two.clone()), ("Công văn.txt", one.to_vec())];
    let report = pilot().validate_with_files(&signed, &files).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    let report = pilot().validate(&signed).unwrap();
    let missing = Conclusion::from(Indeterminate::SignedDataNotFound);
    assert_eq!(report.conclusion(), Some(missing));
    assert!(report.signatures()[0].missing()[0].starts_with("content"), "{report}");
    let files = vec![("b/phụ lục.bin", one.to_vec()), ("Công văn.txt", one.to_vec())];
    let report = pilot().validate_with_files(&signed, &files).unwrap();
    assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()));
    // A single one by whatever name, and by its digest.
    let signed = xades::SignatureBuilder::detached("a", &one, now()).sign(&signer("p256")).unwrap();
    assert_passes(&pilot().validate_detached(&signed, one).unwrap(), SignatureLevel::BaselineB);
    let digest =
        |bytes| Digest::new(DigestAlgorithm::Sha256, DigestAlgorithm::Sha256.digest(bytes).value());
    let report = pilot().validate_digest(&signed, digest(one).unwrap()).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    let report = pilot().validate_digest(&signed, digest(b"other").unwrap()).unwrap();
    assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()));
}

#[test]
fn what_the_signer_says_is_signed() {
    let document = DOCUMENT.as_bytes();
    let digest = DigestAlgorithm::Sha256.digest(b"the rules");
    let policy = cades::SignaturePolicy::explicit("1.2.3.4", digest).unwrap();
    let place = xades::ProductionPlace {
        city: "Hà Nội".into(),
        country: "VN".into(),
        ..xades::ProductionPlace::default()
    };
    let signed = xades::SignatureBuilder::enveloped(&document, now())
        .signature_policy(policy.at("http://policy.test/a?b&c").unwrap())
        .production_place(place)
        .role("Văn thư <trưởng>")
        .commitment("http://uri.etsi.org/01903/v1.2.2#ProofOfApproval")
        .sign(&signer("p256"))
        .unwrap();
    let report = pilot().validate(&signed).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    let with = |rules: &[u8]| {
        let validator = pilot().with_signature_policy("1.2.3.4", rules);
        validator.validate(&signed).unwrap().conclusion().unwrap()
    };
    assert_eq!(with(b"the rules"), Conclusion::TotalPassed);
    assert_eq!(with(b"others"), Indeterminate::PolicyProcessingError.into());
    for (from, to) in [("trưởng", "phó"), ("Hà Nội", "Huế"), ("1.2.3.4", "1.2.3.5")] {
        let report = pilot().validate(&replaced(&signed, from, to)).unwrap();
        assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()), "{from}");
    }
}

/// The signed properties count only where a reference of the right type is to those within
/// this very signature.
#[test]
fn signed_properties_elsewhere_are_none() {
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer("p256"));
    let signed = signed.unwrap();
    let start = text(&signed).find("<xades:SignedProperties").unwrap();
    let end = text(&signed).find("</xades:SignedProperties>").unwrap();
    let properties = &text(&signed)[start..end + "</xades:SignedProperties>".len()];
    let other = properties.replacen(" Id=\"", " Id=\"x-", 1).replace("2026-", "2025-");
    let moved = replaced(&signed, properties, &other);
    let copy = format!(
        "<ds:Object xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\">{properties}</ds:Object></ds:Signature>"
    );
    let moved = replaced(&moved, "</ds:Signature>", &copy);
    let report = pilot().validate(&moved).unwrap();
    let one = &report.signatures()[0];
    assert_eq!(one.conclusion(), Indeterminate::SignedDataNotFound.into(), "{report}");
    assert_eq!((one.claimed_time(), one.level()), (None, SignatureLevel::NotEtsi));
    assert_eq!((one.references()[1].found, one.intact()), (false, Some(false)));
    // Of another type, the reference is to some data, and nothing says who signed.
    let kind = "Type=\"http://uri.etsi.org/01903#SignedProperties\"";
    let report = pilot().validate(&replaced(&signed, kind, "Type=\"urn:x\"")).unwrap();
    assert_eq!(report.signatures()[0].level(), SignatureLevel::NotEtsi);
    assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed));
}

/// A document may be prepared here, and completed elsewhere with a value from a key that is
/// elsewhere.
#[test]
fn the_value_may_come_later() {
    let document = DOCUMENT.as_bytes();
    let key = signer("p256");
    let prepare = || {
        let builder = xades::SignatureBuilder::enveloped(&document, now());
        builder.prepare(key.certificate_chain(), key.algorithm()).unwrap()
    };
    let stored = serde_json::to_string(&prepare()).unwrap();
    let value = key.sign(prepare().to_be_signed()).unwrap();
    let restored: kyso::Prepared = serde_json::from_str(&stored).unwrap();
    let signed = restored.complete(&value).unwrap();
    let signed = signed.to_vec(document).unwrap();
    assert_passes(&pilot().validate(&signed).unwrap(), SignatureLevel::BaselineB);
    let restored: kyso::Prepared = serde_json::from_str(&stored).unwrap();
    let other = DOCUMENT.replace("15", "16");
    let error = restored.complete(&value).unwrap().to_vec(other.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    // What was stored was exchanged: the properties are not those that are signed.
    let forged = stored.replacen(
        "2026-06-01T00:00:00Z</xades:SigningTime>",
        "2026-05-01T00:00:00Z</xades:SigningTime>",
        1,
    );
    assert_ne!(forged, stored);
    let restored: kyso::Prepared = serde_json::from_str(&forged).unwrap();
    assert_eq!(restored.complete(&value).unwrap_err().kind(), ErrorKind::Misuse);
}

/// Counts what is read of it.
struct Counting(Vec<u8>, AtomicU64);

impl Source for Counting {
    fn len(&self) -> u64 {
        Source::len(&self.0)
    }

    fn window(&self, range: Range<u64>) -> kyso::Result<Cow<'_, [u8]>> {
        self.1.fetch_add(range.end - range.start, Ordering::Relaxed);
        self.0.window(range)
    }
}

/// How often a document is read while it is signed, with two time-stamps over it before.
#[test]
fn what_is_signed_is_read_once() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let larger = "<a>x</a>".repeat(100_000);
    let document = Counting(format!("<r>{larger}</r>").into_bytes(), AtomicU64::new(0));
    let stamps = [pki.tsa(), pki.tsa()];
    let times = |builder: xades::SignatureBuilder<'_>| {
        document.1.store(0, Ordering::Relaxed);
        let builder = stamps.iter().fold(builder, |it, tsa| it.content_time_stamp(tsa));
        let mut out = Vec::new();
        builder.sign_to(&pki.signer(), &mut out).unwrap();
        let validator = Validator::new(pki.trust(), Policy::pilot(), at);
        let report = validator.validate_with_files(&out, &vec![("a.xml", &document.0)]).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        assert_eq!(report.signatures()[0].timestamps().len(), 2);
        document.1.load(Ordering::Relaxed) / document.len()
    };
    assert_eq!(times(xades::SignatureBuilder::detached("a.xml", &document, at)), 1);
    // And once more to be written.
    assert_eq!(times(xades::SignatureBuilder::enveloped(&document, at)), 2);
    assert_eq!(times(xades::SignatureBuilder::enveloping(&document, at)), 2);
}

/// Every length around what base64 is padded for, and what is written of it at once.
#[test]
fn what_is_enveloped_is_the_document() {
    let key = signer("p256");
    for length in [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 98_304, 100_000] {
        let document: Vec<u8> = (0..length).map(|n: u32| (n / 7).to_le_bytes()[0]).collect();
        let builder = xades::SignatureBuilder::enveloping(&document, now());
        let signed = builder.sign(&key).unwrap();
        assert_passes(&pilot().validate(&signed).unwrap(), SignatureLevel::BaselineB);
        let mut written = Vec::new();
        builder.sign_to(&key, &mut written).unwrap();
        assert_eq!(written.len(), signed.len());
        let plain = kyso::xmldsig::SignatureBuilder::enveloping(&document, now());
        let report = pilot().validate(&plain.sign(&key).unwrap()).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{length}: {report}");
        // What was prepared and kept elsewhere is completed around this document alone.
        let prepared = builder.prepare(key.certificate_chain(), key.algorithm()).unwrap();
        let stored = serde_json::to_string(&prepared).unwrap();
        let value = key.sign(prepared.to_be_signed()).unwrap();
        let restored: kyso::Prepared = serde_json::from_str(&stored).unwrap();
        let completed = restored.complete(&value).unwrap();
        assert_passes(
            &pilot().validate(&completed.to_vec(&document).unwrap()).unwrap(),
            SignatureLevel::BaselineB,
        );
        let other = vec![0xff; document.len().max(1)];
        assert_eq!(completed.to_vec(&other).unwrap_err().kind(), ErrorKind::Misuse);
    }
}

#[test]
fn a_countersignature_confirms_a_signature() {
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer("p256"));
    let signed = signed.unwrap();
    let other = signer("rsa3072");
    let both = xades::CounterSignatureBuilder::new(&signed, now()).sign(&other).unwrap();
    let report = pilot().validate(&both).unwrap();
    assert_passes(&report, SignatureLevel::BaselineB);
    let counter = &report.signatures()[1];
    assert!(counter.is_counter_signature() && !report.signatures()[0].is_counter_signature());
    // Put into another signature, it confirms nothing.
    let at = "2026-06-02T00:00:00Z".parse().unwrap();
    let later = xades::SignatureBuilder::enveloped(&document, at).sign(&signer("p256")).unwrap();
    let start = text(&both).find("<xades:UnsignedProperties").unwrap();
    let end = text(&both).rfind("</xades:QualifyingProperties>").unwrap();
    let stolen = &text(&both)[start..end];
    let grafted = replaced(
        &later,
        "</xades:QualifyingProperties>",
        &format!("{stolen}</xades:QualifyingProperties>"),
    );
    let report = pilot().validate(&grafted).unwrap();
    assert_eq!(report.signatures()[0].conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(report.signatures()[1].intact(), Some(false), "{report}");
    // Of two signatures by name; the first is under the second, and would break it.
    let two = both.as_slice();
    let twice = xades::SignatureBuilder::enveloped(&two, at).sign(&other).unwrap();
    let report = pilot().validate(&twice).unwrap();
    let id = report.signatures()[0].id().to_owned();
    let error = xades::CounterSignatureBuilder::new(&twice, now()).signature(id).sign(&other);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Misuse);
}

fn raised(
    pki: &Pki,
    level: usize,
    signed: &[u8],
    files: &[(&str, Vec<u8>)],
) -> kyso::Result<Vec<u8>> {
    let (tsa, validator) = (pki.tsa(), judge(pki));
    let level = match level {
        0 => xades::Level::T(&tsa),
        1 => xades::Level::Lt(&tsa, &validator),
        _ => xades::Level::Lta(&tsa, &validator),
    };
    xades::Augmenter::new(level).augment_with_files(signed, &files.to_vec())
}

fn judge(pki: &Pki) -> Validator {
    let now: UtcTime = NOW.parse().unwrap();
    let crls = [pki.root.crl(&[]), pki.middle.crl(&[])];
    Validator::new(pki.trust(), Policy::default(), now)
        .with_certificates([pki.middle.certificate.clone()])
        .with_crls(crls)
}

/// Judges by what stands in the document, and nothing else.
fn alone(pki: &Pki) -> Validator {
    Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
}

#[test]
fn signatures_are_raised_level_by_level() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let file = [("a.bin", vec![1, 2, 3])];
    let none: &[(&str, Vec<u8>)] = &[];
    let document = DOCUMENT.as_bytes();
    let enveloped = xades::SignatureBuilder::enveloped(&document, at);
    let enveloping = xades::SignatureBuilder::enveloping(&document, at);
    let detached = xades::SignatureBuilder::detached("a.bin", &file[0].1, at);
    for (builder, files) in [(enveloped, none), (enveloping, none), (detached, &file[..])] {
        let tsa = pki.tsa();
        let signed = builder.content_time_stamp(&tsa).sign(&pki.signer()).unwrap();
        let mut before = signed;
        let levels = [
            SignatureLevel::BaselineT,
            SignatureLevel::BaselineLt,
            SignatureLevel::BaselineLta,
            SignatureLevel::BaselineLta,
        ];
        for (n, level) in levels.into_iter().enumerate() {
            let after = raised(&pki, n, &before, files).unwrap();
            let report = alone(&pki).validate_with_files(&after, &files.to_vec()).unwrap();
            let one = &report.signatures()[0];
            assert_eq!(one.level(), level, "{report}");
            assert!(one.timestamps().iter().all(|it| it.imprint_intact == Some(true)), "{report}");
            if n > 0 {
                assert_passes(&report, level);
                assert_eq!(one.best_signature_time(), Some(at));
            }
            // Every octet is there, in its order.
            let mut rest = after.as_slice();
            let place = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
            rest = &rest[place..];
            assert!(rest.ends_with(&before[place..]));
            before = after;
        }
        let report = alone(&pki).validate_with_files(&before, &files.to_vec()).unwrap();
        let kinds: Vec<_> = report.signatures()[0].timestamps().iter().map(|it| it.kind).collect();
        let expected = [
            TimeStampType::AllDataObjectsTimestamp,
            TimeStampType::SignatureTimestamp,
            TimeStampType::ArchiveTimestamp,
            TimeStampType::ArchiveTimestamp,
        ];
        assert_eq!(kinds, expected);
    }
}

/// An archive time-stamp is over all that stands before it.
#[test]
fn what_is_under_an_archive_time_stamp_cannot_be_changed() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, at).sign(&pki.signer()).unwrap();
    let archived = raised(&pki, 2, &signed, &[]).unwrap();
    let archive = |bytes: &[u8]| {
        let report = alone(&pki).validate(bytes).unwrap();
        let stamps = report.signatures()[0].timestamps().to_vec();
        let found = stamps.into_iter().find(|it| it.kind == TimeStampType::ArchiveTimestamp);
        found.unwrap().imprint_intact
    };
    assert_eq!(archive(&archived), Some(true));
    let values = without(&archived, "<xades:RevocationValues", "</xades:RevocationValues>");
    assert_eq!(archive(&values), Some(false));
    assert_eq!(archive(&replaced(&archived, "15/CV", "16/CV")), Some(false));
    let object = "<ds:Object>x</ds:Object></ds:Signature>";
    assert_eq!(archive(&replaced(&archived, "</ds:Signature>", object)), Some(false));
    // What is added behind it leaves it as it is.
    let counter = xades::CounterSignatureBuilder::new(&archived, at).sign(&pki.signer()).unwrap();
    assert_eq!(archive(&counter), Some(true));
}

#[test]
fn what_cannot_hold_is_not_raised() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, at).sign(&pki.signer()).unwrap();
    let changed = replaced(&signed, "15/CV", "16/CV");
    assert_eq!(raised(&pki, 0, &changed, &[]).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(raised(&pki, 0, DOCUMENT.as_bytes(), &[]).unwrap_err().kind(), ErrorKind::Misuse);
    let file = vec![1];
    let beside = xades::SignatureBuilder::detached("a", &file, at).sign(&pki.signer()).unwrap();
    assert!(raised(&pki, 1, &beside, &[]).is_ok());
    assert_eq!(raised(&pki, 2, &beside, &[]).unwrap_err().kind(), ErrorKind::Misuse);
    // Someone else signed all of it.
    let inner = signed.as_slice();
    let later = "2026-06-15T00:00:01Z".parse().unwrap();
    let both = xades::SignatureBuilder::enveloped(&inner, later).sign(&pki.signer()).unwrap();
    let report = alone(&pki).validate(&both).unwrap();
    let (tsa, first) = (pki.tsa(), report.signatures()[0].id().to_owned());
    let error = xades::Augmenter::new(xades::Level::T(&tsa)).signature(first).augment(&both);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Misuse);
}

/// A token that was made over another signature proves nothing of this one.
#[test]
fn a_time_stamp_of_another_signature_is_none() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let (one, two) = (DOCUMENT.as_bytes(), DOCUMENT.replace("15", "16"));
    let two = two.as_bytes();
    let sign = |it: &dyn kyso::Source| {
        xades::SignatureBuilder::enveloped(it, at).sign(&pki.signer()).unwrap()
    };
    let (first, second) = (sign(&one), sign(&two));
    let stamped = raised(&pki, 0, &first, &[]).unwrap();
    let start = text(&stamped).find("<xades:UnsignedProperties").unwrap();
    let end = text(&stamped).find("</xades:QualifyingProperties>").unwrap();
    let stolen = text(&stamped)[start..end].to_owned() + "</xades:QualifyingProperties>";
    let grafted = replaced(&second, "</xades:QualifyingProperties>", &stolen);
    let report = judge(&pki).validate(&grafted).unwrap();
    let signature = &report.signatures()[0];
    assert_eq!(signature.timestamps()[0].imprint_intact, Some(false));
    assert_eq!(signature.best_signature_time(), None, "{report}");
}

/// A signature by XMLDSig alone says nothing of its signer, and passes only by its key.
#[test]
fn a_signature_without_properties_is_no_xades() {
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer("p256"));
    let plain = without(&signed.unwrap(), "<ds:Object ", "</ds:Object>");
    let report = pilot().validate(&plain).unwrap();
    let one = &report.signatures()[0];
    assert_eq!((one.form(), one.level()), (Form::XmlDsig, SignatureLevel::NotEtsi));
    assert_eq!(serde_json::to_value(one.form()).unwrap(), "XMLDSIG");
    let reference = one.checks().iter().find(|it| it.id == CheckId::SigningCertificateReference);
    assert_eq!(reference.unwrap().outcome, Outcome::Warning);
}

/// Comments are not signed: a reader of PDFs would show what begins in one.
#[test]
fn a_signed_document_is_no_pdf_besides() {
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer("p256"));
    let signed = signed.unwrap();
    let with = |comment: &str| pilot().validate(&replaced(&signed, "<!-- đến -->", comment));
    assert_passes(&with("<!-- đi -->").unwrap(), SignatureLevel::BaselineB);
    let error = with("<!-- %PDF-1.7 1 0 obj <</Type/Catalog>> -->").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn what_is_no_signature_or_no_xml_is_told() {
    let report = pilot().validate(DOCUMENT.as_bytes()).unwrap();
    assert_eq!((report.conclusion(), report.format()), (None, DocumentFormat::Xml));
    let kind = |text: &[u8]| pilot().validate(text).unwrap_err().kind();
    assert_eq!(kind(b"<a><b></a>"), ErrorKind::Malformed);
    assert_eq!(kind(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), ErrorKind::Malformed);
    assert_eq!(kind(b"<edXML:edXML xmlns:edXML='urn:e'/>"), ErrorKind::Unsupported);
    let broken = b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>";
    let report = pilot().validate(broken.as_slice()).unwrap();
    assert_eq!(report.conclusion(), Some(Failed::FormatFailure.into()), "{report}");
}

/// Whatever is changed in an archived signature, an answer comes, and nothing that is signed
/// passes as something else.
#[test]
fn no_change_of_one_octet_passes_for_what_was_signed() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let document = DOCUMENT.as_bytes();
    let signed = xades::SignatureBuilder::enveloped(&document, at).sign(&pki.signer()).unwrap();
    let archived = raised(&pki, 2, &signed, &[]).unwrap();
    let validator = alone(&pki);
    let end = text(&archived).find("<ds:SignatureValue").unwrap();
    // Behind a declaration that the signature has, too: without the one, the other holds.
    let start = text(&archived).find("<ds:CanonicalizationMethod").unwrap();
    for place in (0..archived.len()).step_by(37).chain(start..end) {
        let mut changed = archived.clone();
        changed[place] ^= 1;
        let Ok(report) = validator.validate(&changed) else { continue };
        if (start..end).contains(&place) {
            let passed = report.conclusion() == Some(Conclusion::TotalPassed);
            // White space in tags, and the kind of quotes, mean the same.
            let octet = archived[place];
            assert!(!passed || b" \"'".contains(&octet), "{place}: {report}");
        }
    }
}
