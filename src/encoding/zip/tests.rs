#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::io::Cursor;

use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::source::{Seekable, Source};
use crate::time::UtcTime;

fn at() -> UtcTime {
    "2026-11-22T01:02:04Z".parse().unwrap()
}

fn sample() -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).dated(at());
    writer.add("mimetype", b"application/vnd.etsi.asic-e+zip", Compression::Stored).unwrap();
    writer.add("tờ trình.txt", &[b'x'; 5_000], Compression::Deflated).unwrap();
    writer.add("META-INF/a.xml", b"<a/>", Compression::Deflated).unwrap();
    writer.add("empty", b"", Compression::Deflated).unwrap();
    writer.finish().unwrap();
    out
}

fn open(bytes: &[u8]) -> crate::error::Result<Archive<'_>> {
    // Not by reference to a slice, which has no size.
    Archive::open(Box::leak(Box::new(bytes.to_vec())), &Limits::default())
}

#[test]
fn reads_back_what_it_writes_from_memory_and_from_a_stream() {
    let bytes = sample();
    assert_eq!(bytes, sample(), "equal content gives equal bytes");
    // Stored, no flags, no extra field: what the first bytes of a file are told by.
    assert_eq!(bytes[..10], *b"PK\x03\x04\x14\0\0\0\0\0");
    assert_eq!(bytes[28..69], *b"\0\0mimetypeapplication/vnd.etsi.asic-e+zip");
    let stream = Seekable::new(Cursor::new(bytes.clone())).unwrap();
    let limits = Limits::default();
    for source in [&bytes as &dyn Source, &stream] {
        let archive = Archive::open(source, &limits).unwrap();
        let names: Vec<_> = archive.entries().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["mimetype", "tờ trình.txt", "META-INF/a.xml", "empty"]);
        assert_eq!(archive.first().unwrap().name, "mimetype");
        let long = archive.entry("tờ trình.txt").unwrap();
        assert_eq!(archive.read(long, 5_000).unwrap(), [b'x'; 5_000]);
        assert_eq!(archive.read(long, 4_999).unwrap_err().kind(), ErrorKind::LimitExceeded);
        let content = archive.content(long);
        assert_eq!(content.len(), 5_000);
        for range in [0..10, 10..20, 4_990..5_000, 0..5_000, 17..18, 5_000..5_000] {
            let len = usize::try_from(range.end - range.start).unwrap();
            assert_eq!(content.window(range).unwrap(), vec![b'x'; len]);
        }
        assert!(content.window(0..5_001).is_err());
        assert_eq!(archive.read(archive.entry("empty").unwrap(), 0).unwrap(), b"");
    }
}

#[test]
fn what_is_added_leaves_every_octet_where_it_was() {
    let bytes = sample();
    let archive = open(&bytes).unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).dated(at());
    for entry in archive.in_order() {
        writer.copy(&archive, entry, &entry.name).unwrap();
    }
    assert!(writer.add("empty", b"", Compression::Stored).is_err(), "it is there");
    assert!(writer.add("../a", b"", Compression::Stored).is_err());
    writer.add("META-INF/b.xml", b"<b/>", Compression::Stored).unwrap();
    writer.finish().unwrap();
    let body = place(&bytes, b"PK\x01\x02", 0);
    assert_eq!(out[..body], bytes[..body]);
    let more = open(&out).unwrap();
    assert_eq!(more.entries().len(), 5);
    assert_eq!(more.read(more.entry("META-INF/b.xml").unwrap(), 10).unwrap(), b"<b/>");
}

#[test]
fn an_entry_is_taken_over_under_another_name() {
    let bytes = sample();
    let archive = open(&bytes).unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).dated(at());
    for entry in archive.in_order().into_iter().filter(|it| it.name != "empty") {
        let name = if entry.name == "META-INF/a.xml" { "META-INF/old.xml" } else { &entry.name };
        writer.copy(&archive, entry, name).unwrap();
    }
    writer.finish().unwrap();
    let mut expected = contents(&bytes).unwrap();
    expected.pop();
    expected[2].0 = "META-INF/old.xml".into();
    assert_eq!(contents(&out).unwrap(), expected);
}

/// What is read of it, if anything.
fn contents(bytes: &[u8]) -> crate::error::Result<Vec<(String, Vec<u8>)>> {
    let archive = open(bytes)?;
    let all = archive.entries().iter();
    all.map(|it| Ok((it.name.clone(), archive.read(it, 1 << 24)?))).collect()
}

#[test]
fn any_changed_byte_is_refused_or_changes_nothing() {
    let bytes = sample();
    let whole = contents(&bytes).unwrap();
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            if let Ok(read) = contents(&changed) {
                assert_eq!(read, whole, "byte {at}");
            }
        }
    }
    for cut in 0..bytes.len() {
        assert!(contents(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

fn refused(bytes: &[u8], what: &str) {
    let error = contents(bytes).unwrap_err();
    assert!(error.to_string().contains(what), "{error}");
    let told = error.offset().is_some() || error.kind() == ErrorKind::LimitExceeded;
    assert!(told || error.to_string().contains("end record"), "{error}");
}

fn place(bytes: &[u8], mark: &[u8], nth: usize) -> usize {
    let found = bytes.windows(mark.len()).enumerate().filter(|(_, it)| *it == mark);
    found.map(|(at, _)| at).nth(nth).unwrap()
}

#[test]
fn a_second_directory_is_refused_wherever_it_stands() {
    let bytes = sample();
    let end = place(&bytes, b"PK\x05\x06", 0);
    // Another archive as a comment of the first.
    let mut commented = bytes.clone();
    let len = u16::try_from(bytes.len()).unwrap().to_le_bytes();
    commented[end + 20..end + 22].copy_from_slice(&len);
    commented.extend(&bytes);
    refused(&commented, "two end records");
    // Another end record in the comment, that only a careless reader takes.
    let mut careless = bytes.clone();
    careless[end + 20..end + 22].copy_from_slice(&30_u16.to_le_bytes());
    careless.extend([&bytes[end..], &[0; 8]].concat());
    refused(&careless, "two end records");
    // Two archives, one after the other.
    refused(&[&bytes[..], &bytes].concat(), "does not end where");
    // And what is behind, or before.
    refused(&[&bytes[..], b"\0"].concat(), "bytes after");
    let before = [b"MZ", &bytes[..]].concat();
    assert!(contents(&before).is_err());
    let mut mended = before;
    let offset = u32::from_le_bytes(*bytes[end + 16..].first_chunk().unwrap());
    mended[end + 2 + 16..end + 2 + 20].copy_from_slice(&(offset + 2).to_le_bytes());
    refused(&mended, "no entry where the directory says");
}

#[test]
fn entries_that_share_bytes_or_names_are_refused() {
    let bytes = sample();
    // The directory's second entry is the first one again.
    let (first, second) = (place(&bytes, b"PK\x01\x02", 0), place(&bytes, b"PK\x01\x02", 1));
    let end = place(&bytes, b"PK\x05\x06", 0);
    let mut twice = bytes[..second].to_vec();
    twice.extend(&bytes[first..second]);
    twice.extend(&bytes[second..end]);
    let grown = u32::try_from(twice.len() - first).unwrap();
    twice.extend(&bytes[end..]);
    let end = twice.len() - 22;
    twice[end + 8..end + 12].copy_from_slice(&[5, 0, 5, 0]);
    twice[end + 12..end + 16].copy_from_slice(&grown.to_le_bytes());
    refused(&twice, "same name");
    // An entry that the directory leaves out.
    let mut hidden = bytes[..first].to_vec();
    hidden.extend(&bytes[second..]);
    let end = hidden.len() - 22;
    hidden[end + 8..end + 12].copy_from_slice(&[3, 0, 3, 0]);
    let shrunk = u32::try_from(end - first).unwrap();
    hidden[end + 12..end + 16].copy_from_slice(&shrunk.to_le_bytes());
    refused(&hidden, "before the first entry");
}

#[test]
fn links_locks_and_unknown_methods_are_refused() {
    let central = place(&sample(), b"PK\x01\x02", 0);
    let mut link = sample();
    link[central + 5] = 3;
    link[central + 38..central + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    refused(&link, "symbolic link");
    let mut file = sample();
    file[central + 5] = 3;
    file[central + 38..central + 42].copy_from_slice(&(0o100_644_u32 << 16).to_le_bytes());
    assert!(contents(&file).is_ok());
    for (bit, what) in [(1, "encrypted"), (1 << 5, "unknown flags"), (1 << 6, "unknown flags")] {
        let mut locked = sample();
        locked[6] |= bit;
        locked[central + 8] |= bit;
        refused(&locked, what);
    }
    let mut method = sample();
    method[8] = 93;
    method[central + 10] = 93;
    refused(&method, "compression method 93");
}

/// Stored entries, each with a descriptor where its own header says so.
fn described(entries: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content, later) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).unwrap();
        let sizes = [crc.sum(), size, size].map(u32::to_le_bytes).concat();
        let head = [20, 0, 8 * u8::from(*later), 0, 0, 0, 0, 0, 0x21, 0];
        let len = [u8::try_from(name.len()).unwrap(), 0, 0, 0];
        let start = u32::try_from(out.len()).unwrap().to_le_bytes();
        let known = if *later { &[0; 12][..] } else { &sizes };
        out.extend([b"PK\x03\x04", &head[..], known, &len, name.as_bytes(), content].concat());
        if *later {
            out.extend([b"PK\x07\x08", &sizes[..]].concat());
        }
        directory.extend([b"PK\x01\x02\x14\0", &head[..], &sizes, &len, &[0; 10], &start].concat());
        directory.extend(name.as_bytes());
    }
    let count = [u8::try_from(entries.len()).unwrap(), 0];
    let (size, start) = (directory.len(), out.len());
    let places = [size, start].map(|it| u32::try_from(it).unwrap().to_le_bytes()).concat();
    out.extend(directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &places, &[0, 0]].concat());
    out
}

/// Who reads without the directory takes the first descriptor for the end of the entry.
#[test]
fn stored_data_whose_end_has_to_be_guessed_is_refused() {
    let inner = described(&[("contract.pdf", b"another", false)]);
    let hidden = [b"PK\x07\x08", &[0; 12][..], &inner].concat();
    refused(&described(&[("a", &hidden, true)]), "does not say its size");
    assert_eq!(contents(&described(&[("a", &hidden, false)])).unwrap()[0].1, hidden);
    // Nor where its checksum is nothing.
    refused(&described(&[("a", b"\x9d\x0a\xd9\x6d", true)]), "does not say its size");
    // Nothing, and folders, end where they begin.
    assert!(contents(&described(&[("a/", b"", true), ("b", b"", true)])).is_ok());
}

#[test]
fn names_of_which_a_disk_keeps_one_are_refused() {
    for (one, other) in
        [("a.pdf", "A.pdf"), ("a", "a/b"), ("Đơn.pdf", "Đo\u{31b}n.pdf"), ("a", "a.")]
    {
        let both = described(&[(one, b"1", false), (other, b"2", false)]);
        refused(&both, "on a disk");
    }
    assert!(contents(&described(&[("a.txt", b"1", false), ("a", b"2", false)])).is_ok());
    // None is written that would not be read.
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.add("a.pdf", b"1", Compression::Stored).unwrap();
    writer.add("A.pdf", b"2", Compression::Stored).unwrap();
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Misuse);
}

/// An entry that says `claimed` of what inflates to `real` zeros.
fn bomb(claimed: u32, real: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).dated(at());
    writer.add("a.txt", &vec![0; real], Compression::Deflated).unwrap();
    writer.finish().unwrap();
    let (descriptor, central) = (place(&out, b"PK\x07\x08", 0), place(&out, b"PK\x01\x02", 0));
    for at in [descriptor + 12, central + 24] {
        out[at..at + 4].copy_from_slice(&claimed.to_le_bytes());
    }
    out
}

#[test]
fn bombs_are_bounded_whatever_the_headers_say() {
    let limit = |bytes: &[u8], what: &str| {
        let error = contents(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
        assert!(error.to_string().contains(what), "{error}");
    };
    limit(&bomb(32 << 20, 32 << 20), "200 times");
    limit(&bomb(3 << 30, 1_000), "one entry");
    refused(&bomb(10, 1 << 20), "more than the headers say");
    refused(&bomb(1 << 20, 10), "less than the headers say");
    let small = Limits { zip_bytes: 4_000, ..Limits::default() };
    assert!(Archive::open(&sample(), &small).is_err());
    let few = Limits { zip_entries: 3, ..Limits::default() };
    assert!(Archive::open(&sample(), &few).is_err());
}

/// What others read and we do not, each with the reason.
const STRICTER: [(&str, &str); 9] = [
    ("libzip/filename_duplicate.zip", "two entries of one name"),
    ("libzip/filename_duplicate_empty.zip", "two entries of one name"),
    ("libzip/incons-archive-comment-shorter.zip", "bytes after the end record"),
    ("libzip/incons-data.zip", "the checksum is wrong, which others see later or never"),
    ("libzip/incons-ef-local-dupe-zip64-v2.zip", "sizes in one header that are not in the other"),
    ("libzip/incons-gap-before-eocd.zip", "bytes that no entry has"),
    ("libzip/incons-gap-before-local.zip", "bytes that no entry has"),
    ("go/test-prefix.zip", "bytes before the first entry"),
    ("go/test-badbase.zip", "bytes before the first entry"),
];

#[test]
fn the_archives_of_others() {
    let Some(corpus) = crate::samples::corpus("zip") else { return };
    let cases = std::fs::read(corpus.join("cases.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
    let (mut agree, mut wrong) = (0, Vec::new());
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        let bytes = std::fs::read(corpus.join(file)).unwrap();
        let read = contents(&bytes);
        assert!(exhaust::exhaust(&bytes).is_none() || read.is_ok());
        let listed = STRICTER.iter().any(|(name, _)| *name == file);
        let agrees = match case["expect"].as_str().unwrap() {
            "reject" => read.is_err(),
            "ok" => read.is_ok(),
            _ => true,
        };
        agree += usize::from(agrees);
        if agrees == listed {
            wrong.push(format!("{file}: {:?}", read.err()));
        }
    }
    println!("zip: {agree} of {} agree", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
