//! PDFs of every producer at hand, signed once and twice, judged by other programs.

use std::borrow::Cow;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::*;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::pdf::{Object, Reader, Reference, sample};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{SignatureValue, Signer, SigningOverride, ToBeSigned};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::source::Source;
use crate::time::UtcTime;

/// The P-256 key of the test data.
pub(super) struct TestSigner {
    key: EcdsaKeyPair,
    chain: Vec<Certificate>,
}

fn pem(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(path);
    let text = fs::read_to_string(path).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

pub(super) fn signer() -> TestSigner {
    let random = SystemRandom::new();
    let key = pem("p256.key.pem");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key, &random).unwrap();
    let chain = ["p256.crt.pem", "ca.crt.pem"];
    let chain = chain.map(|path| Certificate::from_der(&pem(path)).unwrap()).to_vec();
    TestSigner { key, chain }
}

impl Signer for TestSigner {
    fn certificate_chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        let value = self
            .key
            .sign(&SystemRandom::new(), to_be_signed.bytes())
            .map_err(|_| Error::new(ErrorKind::Signer, "the key refused"))?;
        Ok(SignatureValue::new(value.as_ref().to_vec()))
    }
}

pub(super) fn time() -> UtcTime {
    "2026-11-22T01:00:00Z".parse().unwrap()
}

/// The project's own PDFs, by name.
pub(super) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pdf");
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "pdf"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

#[cfg(not(feature = "encrypted-pdf"))]
fn sample(name: &str) -> Vec<u8> {
    samples().into_iter().find(|it| it.0 == name).unwrap().1
}

/// What a program says of a file; nothing where there is no such program.
pub(super) fn ask(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<(bool, String)> {
    let file = tempfile::Builder::new().suffix(".pdf").tempfile().unwrap();
    fs::write(file.path(), pdf).unwrap();
    match Command::new(program).args(arguments).arg(file.path()).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(_) => {
            println!("skipped: no {program}");
            None
        }
    }
}

pub(super) fn judged_by_others(name: &str, pdf: &[u8], signatures: usize) {
    if let Some((clean, text)) = ask("qpdf", &["--check"], pdf) {
        assert!(clean && !text.contains("WARNING"), "{name}: {text}");
    }
    if let Some((_, text)) = ask("pdfsig", &["-nocert"], pdf) {
        let valid = text.matches("Signature is Valid").count();
        assert_eq!(valid, signatures, "{name}: {text}");
        assert!(text.contains("Total document signed"), "{name}: {text}");
    }
}

#[test]
fn every_producers_file_is_signed_twice() {
    let (leader, seal) = (signer(), signer());
    let readable = |name: &str| cfg!(feature = "encrypted-pdf") || !name.contains("encrypted");
    for (name, original) in samples().into_iter().filter(|it| readable(&it.0)) {
        let once = SignatureBuilder::new(&original, time())
            .reason("Phê duyệt")
            .location("Hà Nội")
            .sign(&leader)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&once[..original.len()], &original[..], "{name}: the original's bytes");
        judged_by_others(&name, &once, 1);
        let twice = SignatureBuilder::new(&once, time().plus_seconds(60))
            .rectangle([100.0, 100.0, 200.0, 150.0])
            .sub_filter(SubFilter::AdbePkcs7Detached)
            .sign(&seal)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&twice[..once.len()], &once[..], "{name}: the first signature's bytes");
        judged_by_others(&name, &twice, 2);
        judged_by_us(&name, &twice);
        if let Some(folder) = std::env::var_os("KYSO_KEEP") {
            fs::write(PathBuf::from(folder).join(&name), &twice).unwrap();
        }
    }
}

/// As without the feature.
#[cfg(not(feature = "encrypted-pdf"))]
#[test]
fn encrypted_files_are_refused_by_name() {
    let error =
        SignatureBuilder::new(&sample("qpdf-encrypted.pdf"), time()).sign(&signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("encrypted"), "{error}");
}

/// Leader and seal, as `every_producers_file_is_signed_twice` makes them.
fn judged_by_us(name: &str, pdf: &[u8]) {
    let found = parse(&pdf, &Limits::default()).unwrap();
    let [leader, seal] = &found.signatures[..] else { panic!("{name}: two signatures") };
    assert_eq!(found.defects, [], "{name}");
    for (n, signature) in [leader, seal].into_iter().enumerate() {
        assert_eq!(signature.findings, [], "{name}");
        assert_eq!(signature.field, format!("Signature{}", n + 1), "{name}");
        assert_eq!((signature.page, signature.permitted), (Some(1), None), "{name}");
        assert_eq!(signature.revision, Some(found.revisions - 1 + n), "{name}");
        let wanted = [(signature.byte_range.unwrap(), DigestAlgorithm::Sha256)];
        let digest = digests(pdf, &wanted).unwrap().remove(0);
        let held = signature.contents.windows(32).any(|it| it == digest.value());
        assert!(held, "{name}: the message digest is in the CMS");
    }
    assert_eq!(leader.reason.as_deref(), Some("Phê duyệt"));
    assert_eq!(leader.location.as_deref(), Some("Hà Nội"));
    assert_eq!((leader.claimed_time, seal.reason.as_ref()), (Some(time()), None));
    assert_eq!(leader.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert_eq!(seal.sub_filter.as_deref(), Some("adbe.pkcs7.detached"));
    assert_eq!((leader.covers_whole_file, seal.covers_whole_file), (false, true), "{name}");
    assert_eq!(leader.later_changes, LaterChanges::Signatures, "{name}");
    assert_eq!((seal.later_changes, seal.bytes_following), (LaterChanges::None, 0), "{name}");
}

pub(super) fn read(pdf: &[u8]) -> PdfSignatures {
    parse(&pdf, &Limits::default()).unwrap()
}

pub(super) fn sign(pdf: &[u8]) -> Vec<u8> {
    SignatureBuilder::new(pdf, time()).sign(&signer()).unwrap()
}

/// Where the form, its fields and a page's annotations may stand, direct or not.
#[test]
fn forms_and_annotations_of_every_shape() {
    const TEXT_FIELD: (u32, &str) =
        (8, "<</Type/Annot/Subtype/Widget/FT/Tx/T(Signature1)/Rect[0 0 9 9]/P 3 0 R>>");
    const PAGE: (u32, &str) = (3, "<</Type/Page/Parent 2 0 R/Annots[8 0 R]>>");
    const INDIRECT: (u32, &str) = (3, "<</Type/Page/Parent 2 0 R/Annots 9 0 R>>");
    let shapes: [&[(u32, &str)]; 4] = [
        &[],
        &[(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"), PAGE, TEXT_FIELD],
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>"),
            (7, "<</Fields[8 0 R]>>"),
            PAGE,
            TEXT_FIELD,
        ],
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>"),
            (7, "<</Fields 10 0 R/SigFlags 3>>"),
            (9, "[8 0 R]"),
            (10, "[8 0 R]"),
            INDIRECT,
            TEXT_FIELD,
        ],
    ];
    for (n, shape) in shapes.into_iter().enumerate() {
        let objects = sample::with(shape);
        let packed: Vec<u32> = objects.iter().map(|it| it.0).filter(|it| *it != 4).collect();
        for original in [sample::table(&objects), sample::streams(&objects, &packed)] {
            let once = sign(&original);
            judged_by_others(&format!("shape {n}"), &once, 1);
            let twice = sign(&once);
            judged_by_others(&format!("shape {n} twice"), &twice, 2);
            let found = read(&twice);
            let names: Vec<_> = found.signatures.iter().map(|it| it.field.as_str()).collect();
            // The text field has the first name.
            let expected =
                if n == 0 { ["Signature1", "Signature2"] } else { ["Signature2", "Signature3"] };
            assert_eq!(names, expected);
            let later: Vec<_> = found.signatures.iter().map(|it| it.later_changes).collect();
            assert_eq!(later, [LaterChanges::Signatures, LaterChanges::None], "shape {n}");
        }
    }
}

const FORM: (u32, &str) = (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R 9 0 R]>>>>");

/// An empty field is signed where it is; any other is refused.
#[test]
fn existing_fields() {
    let parts = [
        FORM,
        (3, "<</Type/Page/Parent 2 0 R/Annots[7 0 R 9 0 R]>>"),
        (7, "<</Type/Annot/Subtype/Widget/FT/Sig/T(L\\303\\243nh)/Rect[0 0 0 0]/F 132/P 3 0 R>>"),
        (9, "<</FT/Tx/T(text)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R>>"),
    ];
    let original = sample::table(&sample::with(&parts));
    let name = "LÃ£nh";
    let signed = SignatureBuilder::new(&original, time()).field(name).sign(&signer()).unwrap();
    judged_by_others("existing field", &signed, 1);
    let found = read(&signed);
    assert_eq!((found.signatures.len(), &found.signatures[0].field[..]), (1, name));
    assert_eq!(found.signatures[0].findings, []);
    for (field, said) in [
        (name, "signed already"),
        ("text", "no signature field"),
        ("a..b", "no field can be called"),
    ] {
        let error =
            SignatureBuilder::new(&signed, time()).field(field).sign(&signer()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains(said), "{error}");
    }
    let error = SignatureBuilder::new(&signed, time()).page(2).sign(&signer()).unwrap_err();
    assert!(error.to_string().contains("no page 2"), "{error}");
}

/// The second signer fills a field that the first left empty.
#[test]
fn a_field_filled_after_a_signature_is_a_signature() {
    let parts = [
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/SigFlags 3>>>>"),
        (3, "<</Type/Page/Parent 2 0 R/Annots[7 0 R]>>"),
        (7, "<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/Rect[0 0 50 50]/F 4/P 3 0 R>>"),
    ];
    let once = sign(&sample::table(&sample::with(&parts)));
    let twice = SignatureBuilder::new(&once, time()).field("seal").sign(&signer()).unwrap();
    judged_by_others("filled later", &twice, 2);
    let found = read(&twice);
    assert_eq!(found.signatures[0].later_changes, LaterChanges::Signatures);
    assert_eq!(found.signatures[1].field, "seal");
}

#[test]
fn nothing_is_added_to_what_permits_no_changes() {
    let certified = |p| {
        let parts =
            format!("<</Reference[<</TransformMethod/DocMDP/TransformParams<</P {p}>>>>]>>");
        let catalog = "<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 7 0 R>>>>";
        sample::table(&sample::with(&[(1, catalog), (7, &parts)]))
    };
    let error = SignatureBuilder::new(&certified(1), time()).sign(&signer()).unwrap_err();
    assert!(error.to_string().contains("permits no"), "{error}");
    for p in [2, 3] {
        let signed = SignatureBuilder::new(&certified(p), time()).sign(&signer()).unwrap();
        assert_eq!(read(&signed).certification, Some(p));
    }
}

#[test]
fn a_certificate_that_must_not_sign_is_refused() {
    let pdf = sample::table(&sample::with(&[]));
    let too_early = "2001-01-01T00:00:00Z".parse().unwrap();
    let builder = SignatureBuilder::new(&pdf, too_early);
    assert_eq!(builder.sign(&signer()).unwrap_err().kind(), ErrorKind::Signer);
    builder.allow(SigningOverride::NotYetValidCertificate).sign(&signer()).unwrap();
}

/// The value comes later, from elsewhere, to another process.
#[test]
fn prepared_signatures_travel() {
    let (pdf, signer) = (sample::table(&sample::with(&[])), signer());
    let builder = SignatureBuilder::new(&pdf, time()).reason("Trình ký");
    let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap();
    let json = serde_json::to_string(&prepared).unwrap();
    let prepared: crate::signature::Prepared = serde_json::from_str(&json).unwrap();
    let value = signer.sign(prepared.to_be_signed()).unwrap();
    let signed = prepared.complete(&value).unwrap();
    let bytes = signed.to_vec(&pdf).unwrap();
    judged_by_others("prepared", &bytes, 1);
    assert_eq!(signed.len(), bytes.len() as u64);
    let other = [&pdf[..], b"\n"].concat();
    assert_eq!(signed.to_vec(&other).unwrap_err().kind(), ErrorKind::Misuse);
}

/// A document that counts how much of it is asked for at once.
struct Counting<'a> {
    bytes: &'a [u8],
    largest: AtomicU64,
    total: AtomicU64,
}

/// What stands in the newest revision, and how many bytes were asked for to tell it.
pub(super) fn read_counting(pdf: &[u8]) -> (PdfSignatures, u64) {
    let source = Counting { bytes: pdf, largest: AtomicU64::new(0), total: AtomicU64::new(0) };
    let found = parse(&source, &Limits::default()).unwrap();
    (found, source.total.into_inner())
}

impl Source for Counting<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let size = range.end - range.start;
        self.largest.fetch_max(size, Ordering::Relaxed);
        self.total.fetch_add(size, Ordering::Relaxed);
        self.bytes.window(range)
    }
}

/// Memory goes with the update, not with the document; and the document is read once.
#[test]
fn large_documents_are_read_in_pieces_and_once() {
    const IMAGE: usize = 40 << 20;
    let image = format!("<</Length {IMAGE}>>\nstream\n{}\nendstream", "0".repeat(IMAGE));
    let mut objects = sample::with(&[(5, &image)]);
    objects.extend((20..20_000).map(|n| (n, format!("<</N {n}>>"))));
    let pdf = sample::table(&objects);
    let counting = |bytes| Counting { bytes, largest: AtomicU64::new(0), total: AtomicU64::new(0) };
    let source = counting(&pdf);
    let mut signed = Vec::new();
    SignatureBuilder::new(&source, time()).sign_to(&signer(), &mut signed).unwrap();
    let (largest, total) = (source.largest.into_inner(), source.total.into_inner());
    assert!(largest <= 512 << 10, "{largest} bytes at once");
    // Once to hash, once to write, and a little to find the objects.
    assert!(total < 2 * Source::len(&pdf) + (4 << 20), "{total} bytes in all");

    let source = counting(&signed);
    let found = parse(&source, &Limits::default()).unwrap();
    let range = found.signatures[0].byte_range.unwrap();
    let wanted = [(range, DigestAlgorithm::Sha256), (range, DigestAlgorithm::Sha512)];
    digests(&source, &wanted).unwrap();
    let (largest, total) = (source.largest.into_inner(), source.total.into_inner());
    assert!(largest <= 512 << 10, "{largest} bytes at once");
    assert!(total < Source::len(&signed) + (4 << 20), "{total} bytes in all");
}

/// Fifty signers: each sees the later ones, and nothing is read fifty times.
#[test]
fn many_signatures_in_one_file() {
    let mut pdf = sample::streams(&sample::with(&[]), &[1, 2, 3]);
    for _ in 0..50 {
        pdf = sign(&pdf);
    }
    let found = read(&pdf);
    assert_eq!(found.signatures.len(), 50);
    assert_eq!((found.revisions, &found.defects[..]), (51, &[][..]));
    let (last, earlier) = found.signatures.split_last().unwrap();
    assert!(earlier.iter().all(|it| it.later_changes == LaterChanges::Signatures));
    assert_eq!(last.later_changes, LaterChanges::None);
    assert!(found.signatures.iter().all(|it| it.findings.is_empty()));
}

/// References to nothing are replaced, never given an object behind the trailer's Size.
#[test]
fn references_to_nothing() {
    let parts = [
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 900 0 R>>"),
        (3, "<</Type/Page/Parent 2 0 R/Annots 901 0 R>>"),
    ];
    let signed = sign(&sample::table(&sample::with(&parts)));
    judged_by_others("references to nothing", &signed, 1);
    assert_eq!(read(&signed).defects, []);
    let parts = [(3, "<</Type/Page/Parent 2 0 R/Annots 4 0 R>>")];
    let pdf = sample::table(&sample::with(&parts));
    let error = SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let pdf = sample::table(&sample::with(&[]));
    let huge = String::from_utf8_lossy(&pdf).replace("/Size 20", "/Size 4294967295");
    let pdf = [&pdf[..15], &huge.as_bytes()[huge.find("\n1 0 obj").unwrap()..]].concat();
    let error = SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}

/// A year of a busy register: each day some updates, and as many pages as it has entries.
#[test]
fn thousands_of_revisions_and_pages() {
    const PAGES: u32 = 20_000;
    const UPDATES: usize = 2_000;
    let kids: String = (0..PAGES).map(|n| format!("{} 0 R ", 10 + n)).collect();
    let tree = format!("<</Type/Pages/Kids[{kids}]/Count {PAGES}/MediaBox[0 0 9 9]>>");
    let mut objects = sample::with(&[(2, &tree)]);
    objects.extend((0..PAGES).map(|n| (10 + n, "<</Type/Page/Parent 2 0 R>>".to_owned())));
    let mut pdf = sample::table(&objects);
    let mut previous = pdf.windows(5).position(|it| it == b"xref\n").unwrap();
    for n in 0..UPDATES {
        let object = [(5, format!("(entry {n})"))];
        let trailer = format!("/Root 1 0 R/Size {}", 10 + PAGES);
        previous = sample::append_table(&mut pdf, &object, &trailer, Some(previous));
    }
    let signed = SignatureBuilder::new(&pdf, time()).page(PAGES).sign(&signer()).unwrap();
    let found = read(&signed);
    assert_eq!((found.revisions, found.signatures.len()), (UPDATES + 2, 1));
    let signature = &found.signatures[0];
    assert_eq!((&signature.findings[..], &found.defects[..]), (&[][..], &[][..]));
    assert_eq!(signature.page, Some(PAGES as usize));
    let error = SignatureBuilder::new(&pdf, time()).page(PAGES + 1).sign(&signer()).unwrap_err();
    assert!(error.to_string().contains("no page 20001"), "{error}");
}

/// What PDF/A asks of metadata holds as before: a signature leaves it alone, and the
/// identifier keeps its first part (ISO 32000-2 §14.4).
#[test]
fn metadata_stay_as_they_are() {
    let parts = [
        (1, "<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R>>"),
        (7, "<</Type/Metadata/Subtype/XML/Length 4>>\nstream\n<x/>\nendstream"),
        (8, "<</Title(Quyet dinh)/ModDate(D:2026)>>"),
    ];
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let trailer = "/Root 1 0 R/Info 8 0 R/ID[(first)(second)]";
    sample::append_table(&mut pdf, &sample::with(&parts), trailer, None);
    let signed = sign(&sign(&pdf));
    let (limits, source) = (Limits::default(), &signed[..]);
    let reader = Reader::open(&source, &limits).unwrap();
    let [_, updates @ ..] = reader.chain().revisions() else { panic!("revisions") };
    assert_eq!(updates.len(), 2);
    for update in updates {
        assert!(!update.changed.contains(&7) && !update.changed.contains(&8));
        let information = update.trailer.get("Info").and_then(Object::as_reference);
        assert_eq!(information, Some(Reference { number: 8, generation: 0 }));
        let id = update.trailer.get("ID").and_then(Object::as_array).unwrap();
        assert_eq!(id[0], Object::String(b"first".to_vec()));
        assert_ne!(id[1], Object::String(b"second".to_vec()));
    }
    let ids = updates.iter().map(|it| it.trailer.get("ID").unwrap());
    assert_eq!(ids.collect::<Vec<_>>().windows(2).filter(|it| it[0] == it[1]).count(), 0);
}
