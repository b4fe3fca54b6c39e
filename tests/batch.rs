//! Many documents signed with one key, of software or of a holder that takes many values
//! at once, and verified with one validator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kyso::batch::{
    Batch, Cancel, Ended, Made, Outcome, Progress, SignatureRequest, ToSign, ToVerify,
};
use kyso::{
    Certificate, Conclusion, Error, ErrorKind, Policy, Report, Result, SignatureAlgorithm,
    SignatureLevel, SignatureValue, Signer, SoftwareSigner, ToBeSigned, Validator, cades, pades,
};
use support::pki::{NOW, Pki};

const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");

/// A document that is made when it is opened, and counts that.
struct Document<'a> {
    number: usize,
    kind: Kind,
    levels: Option<&'a (pades::Level<'a>, cades::Level<'a>)>,
    opened: &'a AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Pdf,
    File,
    NoPdf,
    Missing,
}

fn documents<'a>(kinds: &[Kind], opened: &'a AtomicUsize) -> Vec<Document<'a>> {
    let kinds = kinds.iter().enumerate();
    kinds.map(|(number, kind)| Document { number, kind: *kind, levels: None, opened }).collect()
}

impl Document<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self.kind {
            // Each another one, by the remark on its second line.
            Kind::Pdf => {
                [&PDF[..10], format!("{:04}", self.number).as_bytes(), &PDF[14..]].concat()
            }
            _ => format!("document {}", self.number).into_bytes(),
        }
    }
}

impl ToSign for Document<'_> {
    type Document = Vec<u8>;
    type Kept = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.kind == Kind::Missing {
            return Err(Error::new(ErrorKind::Io, "there is no such file"));
        }
        Ok(self.bytes())
    }

    fn request<'a>(&'a self, document: &'a Vec<u8>) -> Result<SignatureRequest<'a>> {
        let at = NOW.parse()?;
        if self.kind == Kind::File {
            let builder = cades::SignatureBuilder::new(document, at);
            return Ok(match self.levels {
                Some((_, level)) => builder.level(level).into(),
                None => builder.into(),
            });
        }
        let builder = pades::SignatureBuilder::new(document, at);
        Ok(match self.levels {
            Some((level, _)) => builder.level(level).into(),
            None => builder.into(),
        })
    }

    fn keep(&self, made: &Made<'_>) -> Result<Vec<u8>> {
        made.to_vec()
    }
}

/// A holder of keys that a person or a service stands behind, and that says what it was asked.
struct Holder {
    key: SoftwareSigner,
    size: usize,
    calls: Mutex<Vec<usize>>,
    /// What becomes of its right answers, given how many values it was asked for before.
    spoil: fn(usize, &mut Vec<Result<SignatureValue>>),
}

impl Holder {
    fn new(key: SoftwareSigner, size: usize) -> Self {
        Self { key, size, calls: Mutex::new(Vec::new()), spoil: |_, _| () }
    }

    fn calls(&self) -> Vec<usize> {
        self.calls.lock().unwrap().clone()
    }
}

impl Signer for Holder {
    fn certificate_chain(&self) -> &[Certificate] {
        self.key.certificate_chain()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        self.sign_all(std::slice::from_ref(to_be_signed)).remove(0)
    }

    fn sign_all(&self, batch: &[ToBeSigned]) -> Vec<Result<SignatureValue>> {
        let mut calls = self.calls.lock().unwrap();
        let before = calls.iter().sum();
        calls.push(batch.len());
        drop(calls);
        let mut answers = batch.iter().map(|it| self.key.sign(it)).collect();
        (self.spoil)(before, &mut answers);
        answers
    }

    fn batch_size(&self) -> usize {
        self.size
    }
}

fn refusal(kind: ErrorKind) -> Result<SignatureValue> {
    Err(Error::new(kind, "no"))
}

/// What came of each, in a word; what was signed has to pass, over its own document.
fn words(pki: &Pki, outcomes: &[(Document<'_>, Outcome<Vec<u8>>)]) -> Vec<String> {
    let validator = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap());
    let mut words = Vec::new();
    for (number, (document, outcome)) in outcomes.iter().enumerate() {
        assert_eq!(document.number, number, "out of order");
        words.push(match outcome {
            Outcome::Done(signed) => {
                let report = match document.kind {
                    Kind::File => validator.validate_detached(signed, &document.bytes()),
                    _ => validator.validate(signed),
                };
                let report = report.unwrap();
                assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
                let whole = document.kind == Kind::File || signed.starts_with(&document.bytes());
                assert!(whole, "another document was signed");
                "signed".to_owned()
            }
            Outcome::Failed(error) => format!("{:?}", error.kind()),
            Outcome::NotBegun(Ended::Key(kind, _)) => format!("left: {kind:?}"),
            Outcome::NotBegun(ended) => format!("left: {ended}"),
        });
    }
    words
}

fn sign<'a>(
    pki: &Pki,
    batch: &Batch<'_>,
    signer: &dyn Signer,
    documents: Vec<Document<'a>>,
) -> Vec<String> {
    let mut outcomes = Vec::new();
    let progress =
        batch.sign_all(signer, documents, |document, it| outcomes.push((document, it))).unwrap();
    let words = words(pki, &outcomes);
    let count = |it: &str| u64::try_from(words.iter().filter(|word| word.starts_with(it)).count());
    assert_eq!((Ok(progress.done), Ok(progress.not_begun)), (count("signed"), count("left")));
    assert_eq!(progress.total, Some(progress.done + progress.failed + progress.not_begun));
    words
}

use Kind::{File, Missing, NoPdf, Pdf};

const MIXED: [Kind; 10] = [Pdf, File, NoPdf, Pdf, Missing, Pdf, File, Pdf, Pdf, Pdf];
const OUTCOMES: [&str; 10] = [
    "signed",
    "signed",
    "Malformed",
    "signed",
    "Io",
    "signed",
    "signed",
    "signed",
    "signed",
    "signed",
];

#[test]
fn a_key_in_software_signs_all_that_can_be_signed() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    for threads in [1, 3] {
        let batch = Batch::new().threads(threads);
        assert_eq!(sign(&pki, &batch, &pki.signer(), documents(&MIXED, &opened)), OUTCOMES);
    }
}

#[test]
fn a_holder_is_asked_for_as_many_as_it_takes() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    for (size, window, calls) in [
        (4, None, &[3, 3, 2][..]),
        (100, None, &[8]),
        (usize::MAX, Some(3), &[2, 2, 3, 1]),
        (2, Some(1), &[1; 8]),
    ] {
        let holder = Holder::new(pki.signer(), size);
        let batch = window.map_or(Batch::new(), |it| Batch::new().window(it));
        assert_eq!(sign(&pki, &batch, &holder, documents(&MIXED, &opened)), OUTCOMES);
        assert_eq!(holder.calls(), calls, "without those that could not be prepared");
    }
}

/// Of both formats, by both ways.
#[test]
fn levels_above_b_are_reached() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let tsa = pki.tsa();
    let levels = (pades::Level::T(&tsa), cades::Level::T(&tsa));
    let validator = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap());
    let holder = Holder::new(pki.signer(), 3);
    for signer in [&pki.signer() as &dyn Signer, &holder] {
        let mut documents = documents(&[Pdf, File, Pdf, File], &opened);
        documents.iter_mut().for_each(|it| it.levels = Some(&levels));
        let each = |document: Document<'_>, outcome: Outcome<Vec<u8>>| {
            let signed = outcome.into_result().unwrap();
            let report = match document.kind {
                File => validator.validate_detached(&signed, &document.bytes()),
                _ => validator.validate(&signed),
            };
            let report = report.unwrap();
            assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineT, "{report}");
            assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        };
        assert_eq!(Batch::new().sign_all(signer, documents, each).unwrap().done, 4);
    }
    assert_eq!(holder.calls(), [3, 1]);
}

/// A key that refuses, or that signs until it does, of those that sign one by one.
struct Refusing {
    holder: Holder,
    from: usize,
    kind: ErrorKind,
}

impl Signer for Refusing {
    fn certificate_chain(&self) -> &[Certificate] {
        self.holder.certificate_chain()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.holder.algorithm()
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        let before = self.holder.calls().len();
        let answer = self.holder.sign(to_be_signed);
        if before >= self.from {
            // Long enough for the other threads to come to the same point.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        if before >= self.from { refusal(self.kind) } else { answer }
    }
}

/// With a wrong PIN each thread would be one more try.
#[test]
fn a_key_that_refuses_is_asked_once() {
    let pki = Pki::new();
    for kind in [ErrorKind::Signer, ErrorKind::Service] {
        let opened = AtomicUsize::new(0);
        let key = Refusing { holder: Holder::new(pki.signer(), 1), from: 0, kind };
        let batch = Batch::new().threads(4).window(8);
        let words = sign(&pki, &batch, &key, documents(&[Pdf; 40], &opened));
        assert_eq!(key.holder.calls().len(), 1);
        // Which of those under way came first is open.
        assert_eq!(words.iter().filter(|it| **it == format!("{kind:?}")).count(), 1);
        assert_eq!(words.iter().filter(|it| **it == format!("left: {kind:?}")).count(), 39);
        assert!(opened.into_inner() <= 8, "what is left is not opened");
    }
}

/// A token that is pulled out: each thread fails once at most.
#[test]
fn a_key_that_is_gone_is_not_asked_again() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let key =
        |from| Refusing { holder: Holder::new(pki.signer(), 1), from, kind: ErrorKind::Signer };
    let gone = key(5);
    let words = sign(&pki, &Batch::new().threads(1), &gone, documents(&[Pdf; 10], &opened));
    assert_eq!(words[..6], ["signed", "signed", "signed", "signed", "signed", "Signer"]);
    assert!(words[6..].iter().all(|it| it == "left: Signer"), "{words:?}");
    assert_eq!(gone.holder.calls().len(), 6);
    let gone = key(5);
    sign(&pki, &Batch::new().threads(3), &gone, documents(&[Pdf; 30], &opened));
    // Those that are under way when it goes may have been counted late.
    assert!(gone.holder.calls().len() <= 5 + 2 * 3);
}

/// Whoever refuses one document says so by another kind.
#[test]
fn what_is_refused_for_one_document_is_refused_for_one() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let mut holder = Holder::new(pki.signer(), 3);
    holder.spoil = |before, answers| {
        if before == 3 {
            answers[1] = refusal(ErrorKind::Unsupported);
        }
    };
    let words = sign(&pki, &Batch::new(), &holder, documents(&[Pdf; 8], &opened));
    let mut expected = ["signed"; 8];
    expected[4] = "Unsupported";
    assert_eq!(words, expected);
    assert_eq!(holder.calls(), [3, 3, 2]);
}

#[test]
fn a_holder_that_refuses_is_not_asked_again() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let mut holder = Holder::new(pki.signer(), 3);
    holder.spoil = |before, answers| {
        if before == 3 {
            answers[1] = refusal(ErrorKind::Service);
        }
    };
    let words = sign(&pki, &Batch::new(), &holder, documents(&[Pdf; 9], &opened));
    // What was signed in the same call is kept.
    assert_eq!(words[..6], ["signed", "signed", "signed", "signed", "Service", "signed"]);
    assert!(words[6..].iter().all(|it| it == "left: Service"), "{words:?}");
    assert_eq!((holder.calls(), opened.into_inner()), (vec![3, 3], 6));
}

/// Values of another document, or of nothing, are kept nowhere.
#[test]
fn wrong_values_fail_by_themselves() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let mut holder = Holder::new(pki.signer(), 4);
    holder.spoil = |before, answers| {
        if before == 0 {
            answers.swap(0, 2);
        } else {
            answers[1] = Ok(SignatureValue::new(b"value".to_vec()));
        }
    };
    let words = sign(&pki, &Batch::new(), &holder, documents(&[Pdf; 8], &opened));
    let (yes, no) = ("signed", "Signer");
    assert_eq!(words, [no, yes, no, yes, yes, no, yes, yes]);
}

#[test]
fn fewer_answers_than_were_asked_for_are_the_end() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    for panics in [false, true] {
        let mut holder = Holder::new(pki.signer(), 3);
        holder.spoil = match panics {
            true => |_, _| panic!("the driver is broken"),
            false => |_, answers| answers.truncate(1),
        };
        let words = sign(&pki, &Batch::new(), &holder, documents(&[Pdf; 5], &opened));
        let first = if panics { "Signer" } else { "signed" };
        assert_eq!(words, [first, "Signer", "Signer", "left: Signer", "left: Signer"]);
        assert_eq!(holder.calls(), [3]);
    }
    // More than that are of nobody.
    let mut holder = Holder::new(pki.signer(), 3);
    holder.spoil = |_, answers| answers.push(refusal(ErrorKind::Misuse));
    let words = sign(&pki, &Batch::new(), &holder, documents(&[Pdf; 5], &opened));
    assert_eq!(words, ["signed"; 5]);
}

/// What the holder has signed is completed: somebody may have confirmed it, or paid for it.
#[test]
fn what_is_signed_is_kept_when_it_is_cancelled() {
    let (pki, opened) = (Pki::new(), AtomicUsize::new(0));
    let cancel = Cancel::new();
    let told = |progress: Progress| {
        if progress.done == 1 {
            cancel.cancel();
        }
    };
    let batch = Batch::new().cancelled_by(&cancel).progress(&told);
    let holder = Holder::new(pki.signer(), 3);
    let words = sign(&pki, &batch, &holder, documents(&[Pdf; 7], &opened));
    assert_eq!(words[..3], ["signed"; 3]);
    assert_eq!(words[3..], ["left: the batch was cancelled"; 4]);
    assert_eq!((holder.calls(), opened.into_inner()), (vec![3], 3));
}

/// A signature beside its content, or a file by its path.
enum Signed {
    Beside(Vec<u8>, Vec<u8>),
    Within(Vec<u8>),
}

impl ToVerify for Signed {
    type Document = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        match self {
            Self::Beside(signature, _) => Ok(signature.clone()),
            Self::Within(document) => Ok(document.clone()),
        }
    }

    fn content(&self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Beside(_, content) => Ok(Some(content.clone())),
            Self::Within(_) => Ok(None),
        }
    }
}

#[test]
fn documents_are_verified_in_order_with_one_validator() {
    let (pki, content) = (Pki::new(), b"content".to_vec());
    let (at, signer) = (NOW.parse().unwrap(), pki.signer());
    let detached = cades::SignatureBuilder::new(&content, at).sign(&signer).unwrap();
    let pdf = pades::SignatureBuilder::new(PDF, at).sign(&signer).unwrap();
    let mut broken = pdf.clone();
    broken[200] ^= 1;
    let all = || {
        vec![
            Signed::Beside(detached.clone(), content.clone()),
            Signed::Beside(detached.clone(), b"another".to_vec()),
            Signed::Within(pdf.clone()),
            Signed::Within(broken.clone()),
            Signed::Within(PDF.to_vec()),
            Signed::Within(b"text".to_vec()),
        ]
    };
    let validator = Validator::new(pki.trust(), Policy::pilot(), at);
    let alone: Vec<_> = all()
        .iter()
        .map(|it| match it {
            Signed::Beside(signature, content) => validator.validate_detached(signature, content),
            Signed::Within(document) => validator.validate(document),
        })
        .map(|it| it.map(|report| serde_json::to_string(&report).unwrap()))
        .collect();
    assert_eq!(alone.iter().filter(|it| it.is_ok()).count(), 5);
    let mut place = 0;
    let each = |_, outcome: Outcome<Report>| {
        match (&alone[place % 6], outcome.into_result()) {
            (Ok(alone), Ok(report)) => assert_eq!(&serde_json::to_string(&report).unwrap(), alone),
            (Err(alone), Err(error)) => assert_eq!(error.to_string(), alone.to_string()),
            (alone, outcome) => panic!("{alone:?} became {outcome:?}"),
        }
        place += 1;
    };
    let documents = (0..20).flat_map(|_| all());
    let progress = Batch::new().threads(3).verify_all(&validator, documents, each).unwrap();
    assert_eq!((progress.done, progress.failed), (100, 20));
}

#[test]
fn files_are_verified_by_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    let at = NOW.parse().unwrap();
    let signed = pades::SignatureBuilder::new(PDF, at).sign(&pki.signer()).unwrap();
    std::fs::write(folder.path().join("signed.pdf"), signed).unwrap();
    let files = ["signed.pdf", "none.pdf"].map(|it| folder.path().join(it));
    let validator = Validator::new(pki.trust(), Policy::pilot(), at);
    let mut words = Vec::new();
    let each = |file: PathBuf, outcome: Outcome<Report>| {
        words.push((file, outcome.into_result().map(|it| it.conclusion()).map_err(|it| it.kind())));
    };
    Batch::new().verify_all(&validator, files.clone(), each).unwrap();
    let [first, second] = files;
    let passed = Ok(Some(Conclusion::TotalPassed));
    assert_eq!(words, [(first, passed), (second, Err(ErrorKind::Io))]);
}
