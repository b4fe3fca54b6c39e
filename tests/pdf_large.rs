//! A PDF of more than four gigabytes, of which only the ends are anywhere: offsets have 64
//! bits, and neither signing nor verifying takes memory for the document.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, clippy::cast_possible_truncation, clippy::print_stdout)]

mod support;

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use kyso::{Conclusion, ErrorKind, Policy, Result, SignatureLevel, Source, Validator, pades};
use support::pki::{NOW, Pki};

/// Zeros between a beginning and an end.
struct Sparse {
    head: Vec<u8>,
    zeros: u64,
    tail: Vec<u8>,
}

impl Source for Sparse {
    fn len(&self) -> u64 {
        self.head.len() as u64 + self.zeros + self.tail.len() as u64
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let mut window = vec![0; (range.end - range.start) as usize];
        for (bytes, start) in [(&self.head, 0), (&self.tail, self.head.len() as u64 + self.zeros)] {
            let end = start + bytes.len() as u64;
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                let place = (from - range.start) as usize..(to - range.start) as usize;
                let bytes = &bytes[(from - start) as usize..(to - start) as usize];
                window[place].copy_from_slice(bytes);
            }
        }
        Ok(Cow::Owned(window))
    }
}

/// A page whose content is a stream of zeros; what is behind it lies beyond.
fn large(zeros: u64) -> Sparse {
    let head = format!("%PDF-2.0\n4 0 obj\n<</Length {zeros}>>\nstream\n").into_bytes();
    let mut tail = b"\nendstream\nendobj\n".to_vec();
    let mut rows = format!("0 1\n0000000000 65535 f \n4 1\n{:010} 00000 n \n", 9);
    for (number, body) in [
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]/Resources<<>>>>"),
        (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"),
    ] {
        let at = head.len() as u64 + zeros + tail.len() as u64;
        rows += &format!("{number} 1\n{at:010} 00000 n \n");
        tail.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let at = head.len() as u64 + zeros + tail.len() as u64;
    let end = format!("xref\n{rows}trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n");
    tail.extend_from_slice(end.as_bytes());
    Sparse { head, zeros, tail }
}

/// Keeps what is written behind so many bytes.
struct Behind {
    skipped: u64,
    kept: Vec<u8>,
}

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skipped.min(bytes.len() as u64);
        self.skipped -= skipped;
        self.kept.extend_from_slice(&bytes[skipped as usize..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sign(pki: &Pki, document: Sparse) -> Sparse {
    let mut out = Behind { skipped: document.len(), kept: Vec::new() };
    let builder = pades::SignatureBuilder::new(&document, NOW.parse().unwrap());
    builder.sign_to(&pki.signer(), &mut out).unwrap();
    assert_eq!(out.skipped, 0, "the document was written, too");
    let tail = [document.tail, out.kept].concat();
    Sparse { tail, ..document }
}

/// In megabytes, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|it| it >> 10)
}

#[test]
fn more_than_four_gigabytes_are_signed_twice_and_verified() {
    let pki = Pki::new();
    let original = large((4 << 30) + 12_345);
    let signed = sign(&pki, sign(&pki, original));
    let validator = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap());
    let report = validator.validate(&signed).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures().len(), 2);
    if let Some(most) = most_memory() {
        println!("{most} MB at most");
        assert!(most < 64, "{most} MB");
    }
    // One bit behind the first four gigabytes.
    let mut changed = signed;
    let at = changed.tail.windows(8).position(|it| it == b"/Parent ").unwrap();
    changed.tail[at + 8] ^= 1;
    assert_ne!(validator.validate(&changed).unwrap().conclusion(), Some(Conclusion::TotalPassed));
}

/// Time-stamps and stored data are further revisions of it.
#[test]
fn a_large_file_is_archived_and_signed_once_more() {
    let pki = Pki::new();
    let (tsa, at) = (pki.tsa(), NOW.parse().unwrap());
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let validator = Validator::new(pki.trust(), Policy::default(), at).with_crls(lists);
    let document = large(1 << 28);
    let mut out = Behind { skipped: document.len(), kept: Vec::new() };
    let level = pades::Level::Lta(&tsa, &validator);
    let builder = pades::SignatureBuilder::new(&document, at).level(&level);
    builder.sign_to(&pki.signer(), &mut out).unwrap();
    let tail = [&document.tail[..], &out.kept].concat();
    let signed = sign(&pki, Sparse { tail, ..document });
    let report = validator.validate(&signed).unwrap();
    let found: Vec<_> =
        report.signatures().iter().map(|it| (it.conclusion(), it.level())).collect();
    let levels = [SignatureLevel::BaselineLta, SignatureLevel::BaselineB];
    assert_eq!(found, levels.map(|it| (Conclusion::TotalPassed, it)), "{report}");
    if let Some(most) = most_memory() {
        println!("{most} MB at most");
        assert!(most < 64, "{most} MB");
    }
}

/// A table has ten digits for an offset.
#[test]
fn what_a_table_cannot_name_is_refused() {
    let document = large(9_999_999_500);
    let error = pades::FieldBuilder::new(&document)
        .field(pades::EmptyField::new("later"))
        .add_to(&mut Behind { skipped: u64::MAX, kept: Vec::new() })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
}
