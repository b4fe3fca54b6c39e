//! The document that is attacked, and the tools to forge it.

use std::fs;

use kyso::pades::{DocMdp, SignatureBuilder};
use kyso::{CheckId, Conclusion, Outcome, Policy, Report, SoftwareSigner, TrustStore, Validator};

use crate::support::cms::{Cms, Identity};

pub(crate) const NOW: &str = "2026-11-22T08:00:00+07:00";

/// Numbers of what signing adds to [`document`], which has so many objects.
const OBJECTS: usize = 12;
pub(crate) const SIGNATURE: usize = 13;
pub(crate) const FIELD: usize = 14;

pub(crate) const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
pub(crate) const PAGE: &str =
    "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[14 0 R]>>";
pub(crate) const FORGED: &str =
    "<</Length 41>>\nstream\nBT /F 12 Tf 20 100 Td (Pay 9999999) Tj ET\nendstream";

/// The catalog once the document is signed, with more entries.
pub(crate) fn catalog(more: &str) -> String {
    format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[14 0 R]>>{more}>>")
}

/// The same with these fields besides the signed one, as `20 0 R`.
pub(crate) fn with_fields(fields: &str) -> String {
    format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[14 0 R {fields}]>>>>")
}

/// The page with these annotations besides the signature, as `20 0 R`.
pub(crate) fn with_annotations(annotations: &str) -> String {
    PAGE.replace("14 0 R]", &format!("14 0 R {annotations}]"))
}

/// One page that says "Pay 1000000", with some objects otherwise.
pub(crate) fn document(changed: &[(usize, &str)]) -> Vec<u8> {
    let page = PAGE.replace("/Annots[14 0 R]", "");
    let content = FORGED.replace("9999999", "1000000");
    let mut objects = vec!["null"; OBJECTS];
    objects[..5].copy_from_slice(&[
        CATALOG,
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
        &page,
        &content,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]);
    changed.iter().for_each(|(number, body)| objects[number - 1] = body);
    let objects: Vec<String> = objects.into_iter().map(str::to_owned).collect();
    crate::support::pdf::write(&objects)
}

pub(crate) fn signer(name: &str) -> SoftwareSigner {
    let read = |kind: &str| fs::read(format!("testdata/keys/{name}.{kind}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

pub(crate) fn builder(pdf: &[u8]) -> SignatureBuilder<'_, [u8]> {
    SignatureBuilder::new(pdf, NOW.parse().unwrap())
}

pub(crate) fn signed(pdf: &[u8]) -> Vec<u8> {
    builder(pdf).field("Leader").sign(&signer("p256")).unwrap()
}

pub(crate) fn certified(pdf: &[u8], permission: DocMdp) -> Vec<u8> {
    builder(pdf).field("Leader").certify(permission).sign(&signer("p256")).unwrap()
}

pub(crate) fn victim() -> Vec<u8> {
    signed(&document(&[]))
}

/// Where the newest cross-reference section begins.
pub(crate) fn start_xref(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let (_, tail) = text.rsplit_once("startxref\n").unwrap();
    tail.lines().next().unwrap().parse().unwrap()
}

/// An incremental update that is well-formed in itself.
pub(crate) fn append(pdf: &[u8], objects: &[(usize, &str)]) -> Vec<u8> {
    append_with(pdf, objects, "/Root 1 0 R")
}

pub(crate) fn append_with(pdf: &[u8], objects: &[(usize, &str)], trailer: &str) -> Vec<u8> {
    let (mut bytes, mut rows) = (pdf.to_vec(), String::new());
    for (number, body) in objects {
        rows += &format!("{number} 1\n{:010} 00000 n \n", bytes.len());
        bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    section(&bytes, &rows, trailer, start_xref(pdf))
}

/// A section of these rows alone, whose offsets lead wherever they lead.
pub(crate) fn section(pdf: &[u8], rows: &str, trailer: &str, previous: usize) -> Vec<u8> {
    let at = pdf.len();
    let text = format!(
        "xref\n{rows}trailer\n<</Size 60{trailer}/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n"
    );
    [pdf, text.as_bytes()].concat()
}

pub(crate) fn find(pdf: &[u8], what: &str) -> usize {
    let place = pdf.windows(what.len()).rposition(|it| it == what.as_bytes());
    place.unwrap_or_else(|| panic!("no {what:?}"))
}

/// Puts a text over the last occurrence of another, every other byte where it was.
pub(crate) fn in_place(pdf: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = find(pdf, from);
    overwritten(pdf, at..at + from.len(), to)
}

/// Puts a text over a stretch, and spaces over what is left of it.
pub(crate) fn overwritten(pdf: &[u8], place: std::ops::Range<usize>, to: &str) -> Vec<u8> {
    assert!(to.len() <= place.len(), "{to:?} is too long");
    let mut bytes = pdf.to_vec();
    let padded = format!("{to:width$}", width = place.len());
    bytes[place].copy_from_slice(padded.as_bytes());
    bytes
}

/// Where the last `/Contents <…>` stands, its key included.
pub(crate) fn contents(pdf: &[u8]) -> std::ops::Range<usize> {
    let start = find(pdf, "/Contents <");
    let end = start + pdf[start..].iter().position(|it| *it == b'>').unwrap();
    start..end + 1
}

/// The digits of the value, without the zeros behind it.
pub(crate) fn digits(pdf: &[u8]) -> String {
    let text = String::from_utf8_lossy(&pdf[contents(pdf)]).into_owned();
    let digits = text.trim_start_matches("/Contents <").trim_end_matches('>');
    // A SEQUENCE whose length takes two bytes.
    let length = digits.strip_prefix("3082").unwrap().get(..4).unwrap();
    let length = usize::from_str_radix(length, 16).unwrap() + 4;
    digits[..length * 2].to_owned()
}

/// Where the last `/ByteRange […]` stands, its key included, and its numbers.
pub(crate) fn byte_range(pdf: &[u8]) -> (std::ops::Range<usize>, [usize; 4]) {
    let start = find(pdf, "/ByteRange [");
    let end = start + pdf[start..].iter().position(|it| *it == b']').unwrap();
    let text = std::str::from_utf8(&pdf[start + 12..end]).unwrap();
    let numbers: Vec<usize> = text.split(' ').map(|it| it.parse().unwrap()).collect();
    (start..end + 1, numbers.try_into().unwrap())
}

pub(crate) fn judge(pdf: &[u8]) -> Report {
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    Validator::new(trust, Policy::pilot(), NOW.parse().unwrap()).validate(pdf).unwrap()
}

pub(crate) fn passes(pdf: &[u8]) {
    let report = judge(pdf);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

/// The leader's signature does not pass, and neither does the document: this check
/// says so, in these words.
#[track_caller]
pub(crate) fn refused(pdf: &[u8], id: CheckId, words: &str) {
    let report = judge(pdf);
    assert!(!report.signatures().is_empty(), "nothing is signed");
    assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let leader = report.signatures().iter().filter(|it| it.id() == "Leader");
    assert!(leader.clone().all(|it| it.conclusion() != Conclusion::TotalPassed), "{report}");
    let mut checks = report.signatures().iter().flat_map(|it| it.checks());
    let named = checks.any(|it| {
        let holds = matches!(it.outcome, Outcome::Ok | Outcome::Information);
        it.id == id && !holds && it.message_en.contains(words)
    });
    assert!(named, "{id:?} does not say {words:?}: {report}");
}

/// What came later is more than is let pass.
#[track_caller]
pub(crate) fn changed(pdf: &[u8]) {
    refused(pdf, CheckId::LaterChanges, "");
}

/// What a field of the form said is another now.
#[track_caller]
pub(crate) fn refilled(pdf: &[u8]) {
    refused(pdf, CheckId::FormRefilling, "");
}

/// What came later is more than the certification permits.
#[track_caller]
pub(crate) fn not_permitted(pdf: &[u8]) {
    refused(pdf, CheckId::PermittedChanges, "");
}

/// Where the Contents of a document stand that is being crafted.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) len: usize,
}

impl Place {
    /// As it should be.
    pub(crate) fn range(self) -> [usize; 4] {
        [0, self.start, self.end, self.len - self.end]
    }
}

pub(crate) fn crafted(range: impl Fn(Place) -> [usize; 4]) -> Vec<u8> {
    crafted_with(|at| (range(at), String::new()))
}

/// A document whose signature holds over the stretches that it names, wherever they are.
/// What is given besides stands behind the signature, between the stretches; it may have
/// the ByteRange, which is then nowhere else.
pub(crate) fn crafted_with(range: impl Fn(Place) -> ([usize; 4], String)) -> Vec<u8> {
    const ROOM: usize = 6_000;
    let (named, value) = (format!("/ByteRange[{:60}]", ""), format!("<{}>", " ".repeat(ROOM)));
    let signature = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached{named}\n/Contents {value}>>"
    );
    let field =
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Leader)/Rect[0 0 0 0]/F 132/P 3 0 R/V 13 0 R>>";
    let root = catalog("");
    let content = FORGED.replace("9999999", "1000000");
    let mut objects = vec!["null"; OBJECTS];
    objects[..5].copy_from_slice(&[
        &root,
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
        PAGE,
        &content,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]);
    objects.extend([signature.as_str(), field]);
    let objects: Vec<String> = objects.into_iter().map(str::to_owned).collect();
    let mut pdf = crate::support::pdf::write(&objects);
    let start = find(&pdf, &value);
    let at = Place { start, end: start + value.len(), len: pdf.len() };
    let ([a, b, c, d], besides) = range(at);
    let text = format!("/ByteRange [{a} {b} {c} {d}]");
    let place = find(&pdf, &named);
    let text = if besides.contains("/ByteRange") { "" } else { &text };
    pdf = overwritten(&pdf, place..place + named.len(), text);
    let covered = [&pdf[a..a + b], &pdf[c..c + d]].concat();
    let identity = Identity::rsa();
    let cms = Cms::over(&covered, &identity).signed_by(&identity);
    let digits: String = cms.iter().map(|byte| format!("{byte:02x}")).collect();
    let padding = "0".repeat(if besides.is_empty() { ROOM - digits.len() } else { 0 });
    overwritten(&pdf, at.start..at.end, &format!("<{digits}{padding}>{besides}"))
}
