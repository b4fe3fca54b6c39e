//! Files of every form, and other projects' collections.
#![allow(clippy::arithmetic_side_effects)]

use super::section::Form;
use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::samples::corpus;
use crate::source::Source;

fn open<'a>(source: &'a dyn Source, limits: &'a Limits) -> Result<Reader<'a>> {
    open_with(source, limits, &Password::default())
}

fn open_with<'a>(
    source: &'a dyn Source,
    limits: &'a Limits,
    password: &Password,
) -> Result<Reader<'a>> {
    Reader::open_with(source, limits, password).or_else(|error| {
        if error.kind() != ErrorKind::Malformed {
            return Err(error);
        }
        Reader::open_recovered_with(source, limits, password, error.to_string())
    })
}

/// Pages by walking the tree, each node once.
fn count_pages(view: View<'_>) -> Result<usize> {
    let (_, catalog) = view.catalog()?;
    let mut seen = std::collections::HashSet::new();
    let mut open: Vec<Object> = catalog.get("Pages").into_iter().cloned().collect();
    let mut pages = 0;
    while let Some(node) = open.pop() {
        if let Some(reference) = node.as_reference()
            && !seen.insert(reference)
        {
            return Err(Error::malformed("the page tree runs in a circle"));
        }
        let node = view.resolve(&node)?;
        let Some(node) = node.as_dictionary() else { continue };
        if node.contains("Kids") {
            open.extend(view.array(node, "Kids")?);
        } else {
            pages += 1;
        }
    }
    Ok(pages)
}

fn strict(pdf: &dyn Source) -> Result<usize> {
    let limits = Limits::default();
    let reader = Reader::open(pdf, &limits)?;
    assert_eq!(reader.chain().irregular(), [""; 0]);
    count_pages(reader.newest())
}

#[test]
fn every_form_of_cross_reference() {
    let objects = sample::with(&[]);
    assert_eq!(strict(&sample::table(&objects)).unwrap(), 1);
    assert_eq!(strict(&sample::streams(&objects, &[])).unwrap(), 1);
    assert_eq!(strict(&sample::streams(&objects, &[1, 2, 3])).unwrap(), 1);
    assert_eq!(strict(&sample::hybrid()).unwrap(), 1);
}

#[test]
fn a_hybrid_file_shows_what_its_table_hides() {
    let (pdf, limits) = (sample::hybrid(), Limits::default());
    let reader = Reader::open(&pdf, &limits).unwrap();
    let hidden = reader.newest().get(Reference { number: 5, generation: 0 }).unwrap();
    assert_eq!(hidden, Object::String(b"here".to_vec()));
    assert_eq!(reader.chain().revisions()[0].form, Form::Hybrid);
}

#[test]
fn endings_and_beginnings_that_writers_leave() {
    let whole = sample::table(&sample::with(&[]));
    let bare = whole.strip_suffix(b"\n").unwrap().to_vec();
    assert_eq!(strict(&bare).unwrap(), 1);
    assert_eq!(strict(&[&whole[..], b"\n\0  \r\n"].concat()).unwrap(), 1);
    assert_eq!(strict(&[b"HTTP/1.1 200 OK\r\n\r\n", &whole[..]].concat()).unwrap(), 1);
}

/// Revisions come from the chain, oldest first, and each sees its own past.
#[test]
fn every_revision_sees_the_file_as_it_was() {
    let mut pdf = sample::table(&sample::with(&[]));
    let start = |pdf: &[u8]| pdf.windows(5).position(|it| it == b"xref\n").unwrap();
    let first = start(&pdf);
    let end = pdf.len() as u64;
    let second = sample::append_table(
        &mut pdf,
        &[(5, "(new)".to_owned()), (4, "(other)".to_owned())],
        "/Root 1 0 R",
        Some(first),
    );
    let limits = Limits::default();
    let reader = Reader::open(&pdf, &limits).unwrap();
    let [one, two] = reader.chain().revisions() else { panic!("two revisions") };
    assert_eq!((one.start, one.end), (0, end));
    assert_eq!((two.start, two.end), (end, pdf.len() as u64));
    assert_eq!((two.start_xref, &two.changed[..]), (second as u64, &[4, 5][..]));
    let get = |revision, number| reader.at(revision).get(Reference { number, generation: 0 });
    assert_eq!(get(0, 5).unwrap(), Object::Null);
    assert_eq!(get(1, 5).unwrap(), Object::String(b"new".to_vec()));
    assert!(matches!(get(0, 4).unwrap(), Object::Stream(_)));
    assert_eq!(get(1, 4).unwrap(), Object::String(b"other".to_vec()));
    assert_eq!(reader.chain().size(), 20);
}

/// What makes readers disagree is refused or named.
#[test]
fn mangled_chains_are_refused_or_named() {
    let whole = sample::table(&sample::with(&[]));
    let at = whole.windows(5).position(|it| it == b"xref\n").unwrap();
    let edit = |from: &str, to: &str| {
        let position = whole.windows(from.len()).rposition(|it| it == from.as_bytes()).unwrap();
        [&whole[..position], to.as_bytes(), &whole[position + from.len()..]].concat()
    };
    let limits = Limits::default();
    let looped = edit("/Size", &format!("/Prev {at}/Size"));
    for (broken, what) in [
        (looped, "circle"),
        (edit("xref\n0 1", "xrof\n0 1"), "neither"),
        (edit("trailer", "trialer"), "trailer is missing"),
        (edit("%%EOF", "%EOF"), "startxref"),
        (edit(&format!("startxref\n{at}"), "startxref\n99999999"), "beyond"),
        (edit("/Size", "/Prev -1/Size"), "Prev"),
        (edit("00000 n \ntrailer", "00000 x \ntrailer"), "entry"),
        (edit("\n4 1\n", "\n4 9999\n"), "entry"),
        (edit("\n4 1\n", "\n4 999999999\n"), "limit"),
    ] {
        let error = Reader::open(&broken, &limits).err().unwrap().to_string();
        assert!(error.contains(what), "{error}, not {what}");
    }
    for (strange, what) in [
        (edit("\n4 1\n", "\n3 1\n"), "twice"),
        (edit("/Size 20", "/Size 2"), "Size"),
        (edit("%%EOF\n", "%%EOF\nmore"), "follow"),
        (edit("0 1\n0000000000 65535 f ", "9 1\n0000009999 00000 n "), "behind"),
    ] {
        let reader = Reader::open(&strange, &limits).unwrap();
        let named = reader.chain().irregular().join(", ");
        assert!(named.contains(what), "{named}, not {what}");
    }
}

/// A number in the cross-reference section that another object stands under.
#[test]
fn an_object_is_what_its_entry_says() {
    let pdf = sample::table(&sample::with(&[]));
    let at = pdf.windows(7).position(|it| it == b"3 0 obj").unwrap();
    let pdf = [&pdf[..at], b"9", &pdf[at + 1..]].concat();
    let limits = Limits::default();
    let reader = Reader::open(&pdf, &limits).unwrap();
    let error = reader.newest().get(Reference { number: 3, generation: 0 }).unwrap_err();
    assert_eq!((error.kind(), error.offset().is_some()), (ErrorKind::Malformed, true));
}

/// Searching finds what a broken chain does not, and says so.
#[test]
fn recovery_is_never_silent() {
    let limits = Limits::default();
    for packed in [&[][..], &[1, 2, 3]] {
        let mut pdf = sample::streams(&sample::with(&[]), packed);
        let at = pdf.windows(9).rposition(|it| it == b"startxref").unwrap();
        pdf.truncate(at);
        let reader = open(&pdf, &limits).unwrap();
        assert!(reader.chain().recovered().unwrap().contains("startxref"));
        assert_eq!(count_pages(reader.newest()).unwrap(), 1, "{packed:?}");
        assert!(Update::new(&reader).is_err(), "never for signing");
    }
}

/// Any byte may be anything: an answer, no panic.
#[test]
fn mutations_end_in_an_answer() {
    let objects = sample::with(&[(1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>")]);
    let bases = [sample::table(&objects), sample::streams(&objects, &[1, 2, 3]), sample::hybrid()];
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for base in bases {
        for _ in 0..1_000 {
            let mut pdf = base.clone();
            for _ in 0..=next() % 3 {
                let at = next() % pdf.len();
                match next() % 4 {
                    0 => pdf[at] = next().to_le_bytes()[0],
                    1 => pdf[at] = b"0123456789<>[]()/ R"[next() % 19],
                    2 => pdf.truncate(at.max(1)),
                    _ => pdf.splice(at..at, base[..at.min(40)].to_vec()).for_each(drop),
                }
            }
            exhaust::exhaust(&pdf);
        }
    }
}

#[test]
fn the_robustness_collection_is_read_or_refused() {
    let Some(folder) = corpus("pdf-robustness") else { return };
    let cases = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&cases).unwrap();
    let limits = Limits::default();
    let (mut right, mut sound, mut wrong) = (0, 0, Vec::new());
    for case in cases.as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let counted = open(&bytes, &limits).and_then(|reader| count_pages(reader.newest()));
        if case["qpdf_check"] != "ok" {
            continue;
        }
        sound += 1;
        match counted {
            Ok(pages) if Some(pages as u64) == case["pages"].as_u64() => right += 1,
            other => wrong.push(format!("{file}: {other:?}, not {}", case["pages"])),
        }
    }
    println!("right page count: {right} of {sound}; divergences: {wrong:#?}");
    // Without the feature the pages in encrypted object streams cannot be seen.
    let locked = |it: &String| it.contains("encrypted PDF") && !cfg!(feature = "encrypted-pdf");
    assert!(wrong.iter().all(locked) && right > 250, "{wrong:#?}");
}

#[test]
fn the_static_collection_is_read_or_refused() {
    let Some(folder) = corpus("pdf-pyhanko-static") else { return };
    let limits = Limits::default();
    let (mut read, mut recovered, mut refused) = (0, Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "pdf") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match open(&bytes, &limits).and_then(|it| Ok((count_pages(it.newest())?, it))) {
            Ok((_, reader)) => match reader.chain().recovered() {
                None => read += 1,
                Some(reason) => recovered.push(format!("{name}: {reason}")),
            },
            Err(error) => refused.push(format!("{name}: {error}")),
        }
    }
    println!("read {read}, searched {recovered:#?}, refused {refused:#?}");
    assert!(read > 50);
}

/// Objects within one another's strings: each is short to name and long to read.
#[test]
fn reading_the_same_bytes_again_and_again_ends() {
    let limits = Limits { pdf_read_bytes: 1 << 20, ..Limits::default() };
    let fields: String = (20..2_000).map(|n| format!("{n} 0 R ")).collect();
    let form = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{fields}]>>>>");
    let nested = |n| format!("<</T({}", "x".repeat(if n == 1_999 { 200_000 } else { 0 }));
    let mut objects = sample::with(&[(1, &form)]);
    objects.extend((20..2_000).map(|n| (n, nested(n))));
    objects.push((2_000, ")>>".repeat(2_000)));
    let pdf = sample::table(&objects);
    let reader = Reader::open(&pdf, &limits).unwrap();
    assert_eq!(fields_error(&reader), ErrorKind::LimitExceeded);
    let many = [&b"%PDF-1.7\n"[..], &b"1 0 obj<</A(".repeat(200_000)].concat();
    let error = Reader::open_recovered(&many, &limits, String::new()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

fn fields_error(reader: &Reader<'_>) -> ErrorKind {
    fields(reader.newest()).unwrap_err().kind()
}

/// One object of very many values takes far more memory than bytes.
#[test]
fn values_of_one_object_are_bounded() {
    let limits = Limits::default();
    let array = format!("[{}]", "0 ".repeat(limits.pdf_object_values));
    let pdf = sample::table(&sample::with(&[(5, &array)]));
    let reader = Reader::open(&pdf, &limits).unwrap();
    let error = reader.newest().get(Reference { number: 5, generation: 0 }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

fn irregular(pdf: &[u8]) -> String {
    let limits = Limits::default();
    Reader::open(&pdf, &limits).unwrap().chain().irregular().join("; ")
}

/// An object waits in an object stream that a later revision brings.
#[test]
fn objects_in_a_stream_that_is_not_there_are_noted() {
    let sound = sample::streams(&sample::with(&[(5, "(x)")]), &[5]);
    assert_eq!(irregular(&sound), "");
    let text = String::from_utf8(sound[15..].to_vec()).unwrap();
    assert!(text.contains("02000000060000"));
    let waiting = text.replace("02000000060000", "02000000140000");
    let pdf = [&sound[..15], waiting.as_bytes()].concat();
    assert!(irregular(&pdf).contains("object stream that is not there"));
}

/// The table and the stream beside it name two places for one object.
#[test]
fn hybrid_sections_that_disagree_are_noted() {
    let sound = sample::hybrid();
    assert_eq!(irregular(&sound), "");
    let text = String::from_utf8(sound[15..].to_vec()).unwrap();
    let disagreeing = text.replace("/Index[5 2]", "/Index[4 2]");
    assert_ne!(text, disagreeing);
    assert!(irregular(&[&sound[..15], disagreeing.as_bytes()].concat()).contains("stands twice"));
    let at = text.find("/XRefStm ").unwrap() + 9;
    let behind =
        format!("{}9999>>\nstartxref{}", &text[..at], text.rsplit_once("startxref").unwrap().1);
    let pdf = [&sound[..15], behind.as_bytes()].concat();
    let error = Reader::open(&&pdf[..], &Limits::default()).err().unwrap();
    assert!(error.to_string().contains("XRefStm lies behind"), "{error}");
}

/// Readers differ in which of two roots they take.
#[test]
fn trailers_with_a_key_twice_are_noted() {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    sample::append_table(&mut pdf, &sample::with(&[]), "/Root 1 0 R/Root 2 0 R", None);
    assert!(irregular(&pdf).contains("twice in a trailer"));
}

/// A small cross-reference stream for each revision, large when inflated.
#[test]
fn cross_reference_streams_that_inflate_are_charged() {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![0; 4 << 20]).unwrap();
    let rows = encoder.finish().unwrap();
    let head = format!(
        "1 0 obj\n<</Type/XRef/Size 1/Root 1 0 R/W[1 8 8]/Index[]/Filter/FlateDecode/Length {}>>\nstream\n",
        rows.len()
    );
    pdf.extend_from_slice(&[head.as_bytes(), &rows, b"\nendstream\nendobj\n"].concat());
    pdf.extend_from_slice(b"startxref\n9\n%%EOF\n");
    assert!(Reader::open(&pdf, &Limits::default()).is_ok());
    let limits = Limits { pdf_read_bytes: 1 << 20, ..Limits::default() };
    let error = Reader::open(&pdf, &limits).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

/// Data that are broken at their end cost as much as any, however often they are asked for.
#[test]
fn data_that_cannot_be_decoded_are_charged() {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![b' '; 4 << 20]).unwrap();
    let whole = encoder.finish().unwrap();
    let mut broken = whole.clone();
    broken.truncate(whole.len() - 4);
    // White space alone is nothing in hexadecimal digits.
    for (data, filter) in [(broken, "/FlateDecode"), (whole, "[/FlateDecode/ASCIIHexDecode]")] {
        let mut pdf = b"%PDF-1.7\n".to_vec();
        let head = format!("5 0 obj\n<</Filter{filter}/Length {}>>\nstream\n", data.len());
        pdf.extend([head.as_bytes(), &data, b"\nendstream\nendobj\n"].concat());
        let at = pdf.len();
        let tail = format!(
            "xref\n5 1\n0000000009 00000 n \ntrailer\n<</Size 6/Root 1 0 R>>\n\
             startxref\n{at}\n%%EOF\n"
        );
        pdf.extend(tail.as_bytes());
        let limits = Limits { pdf_read_bytes: 10 << 20, ..Limits::default() };
        let reader = Reader::open(&pdf, &limits).unwrap();
        let stream = reader.newest().get(Reference { number: 5, generation: 0 }).unwrap();
        let Object::Stream(stream) = stream else { panic!("a stream") };
        let outcomes: Vec<_> = (0..4)
            .map(|_| reader.newest().decoded(&stream).err().map(|error| error.kind()))
            .collect();
        assert_eq!(outcomes.last(), Some(&Some(ErrorKind::LimitExceeded)), "{filter} {outcomes:?}");
        assert_ne!(outcomes.first(), outcomes.last(), "{filter}");
    }
}

/// Two numbers in one place: the second is not what stands there, whoever was asked before.
#[test]
fn an_object_stream_is_read_under_its_own_number_only() {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.extend(b"5 0 obj\n<</Type/ObjStm/N 2/First 8/Length 15>>\nstream\n");
    pdf.extend(b"7 0 8 4 (a) (b)\nendstream\nendobj\n");
    let at = pdf.len();
    let rows = format!("0100000009000001000000090000{}{}", "02000000050000", "02000000060001");
    let text = format!(
        "9 0 obj\n<</Type/XRef/Size 10/Root 1 0 R/W[1 4 2]/Index[5 4]/Filter/ASCIIHexDecode\
         /Length {}>>\nstream\n{rows}>\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n",
        rows.len() + 1
    );
    pdf.extend(text.as_bytes());
    let limits = Limits::default();
    for order in [[7, 8], [8, 7]] {
        let reader = Reader::open(&pdf, &limits).unwrap();
        for number in order {
            let read = reader.newest().get(Reference { number, generation: 0 });
            assert_eq!(read.is_ok(), number == 7, "{order:?}: {number}: {read:?}");
        }
    }
}
