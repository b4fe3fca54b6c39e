//! Archives of exactly one file, as messages wrap attachments.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipSliceEntry};

use crate::error::{Error, Result};

/// The names of the entries, as the directory has them, up to `most`.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) names: Vec<String>,
    /// Whether there are more than were asked for.
    pub(crate) more: bool,
}

/// Whether the bytes begin as an archive does, be it an empty one.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// What the central directory lists.
pub(crate) fn list(bytes: &[u8], most: usize) -> Result<Listing> {
    let archive = ZipArchive::from_slice(bytes).map_err(unreadable)?;
    let mut entries = archive.entries();
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().map_err(unreadable)? {
        if names.len() == most {
            return Ok(Listing { names, more: true });
        }
        names.push(String::from_utf8_lossy(entry.file_path().as_ref()).into_owned());
    }
    Ok(Listing { names, more: false })
}

/// The one file of an archive of one file, inflated to at most `limit` bytes, its
/// size and CRC checked.
pub(crate) fn read_single(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let archive = ZipArchive::from_slice(bytes).map_err(unreadable)?;
    if usize::try_from(archive.end_offset()) != Ok(bytes.len()) {
        return Err(Error::malformed("there are bytes after the ZIP archive"));
    }
    let mut entries = archive.entries();
    let header = entries
        .next_entry()
        .map_err(unreadable)?
        .ok_or_else(|| Error::malformed("the ZIP archive is empty"))?;
    if entries.next_entry().map_err(unreadable)?.is_some() {
        return Err(Error::malformed("the ZIP archive has more than one entry"));
    }
    if header.is_dir() || header.flags().is_encrypted() || header.local_header_offset() != 0 {
        return Err(Error::malformed("the entry of the ZIP archive is no plain file at its start"));
    }
    let entry = archive.get_entry(header.wayfinder()).map_err(unreadable)?;
    agree(&archive, &header, &entry)?;
    let method = header.compression_method();
    // The size in the header is a wish; never more memory than the data can fill.
    let claimed = usize::try_from(header.uncompressed_size_hint()).unwrap_or(usize::MAX);
    let room = claimed.min(limit).min(entry.data().len().saturating_mul(4));
    match method {
        CompressionMethod::STORE => inflate(entry.verifying_reader(entry.data()), limit, room),
        CompressionMethod::DEFLATE => {
            inflate(entry.verifying_reader(DeflateDecoder::new(entry.data())), limit, room)
        }
        other => Err(Error::unsupported(format!("ZIP compression method {}", other.as_u16()))),
    }
}

/// Both headers, the descriptor and the end record have to say the same, and nothing
/// may stand between them: readers differ in which of them they go by.
fn agree(
    archive: &ZipSliceArchive<&[u8]>,
    header: &ZipFileHeaderRecord<'_>,
    entry: &ZipSliceEntry<'_>,
) -> Result<()> {
    let differ = |what: &str| Err(Error::malformed(format!("the ZIP archive {what}")));
    let local = entry.local_header();
    if local.compression_method() != header.compression_method()
        || local.file_path().as_ref() != header.file_path().as_ref()
        || local.flags() != header.flags()
    {
        return differ("describes its entry in two ways");
    }
    for mut fields in [header.extra_fields(), local.extra_fields()] {
        fields.by_ref().for_each(drop);
        if !fields.remaining_bytes().is_empty() {
            return differ("has extra fields that overrun their room");
        }
    }
    let claimed = (header.crc32(), header.compressed_size_hint(), header.uncompressed_size_hint());
    let descriptor = entry.data_descriptor().map_err(unreadable)?;
    let again = match &descriptor {
        Some(it) => (it.crc32(), it.compressed_size(), it.uncompressed_size()),
        None => (local.crc32(), local.compressed_size_hint(), local.uncompressed_size_hint()),
    };
    if again != claimed {
        return differ("gives its entry two sizes or checksums");
    }
    if header.compression_method() == CompressionMethod::STORE && claimed.1 != claimed.2 {
        return differ("stores its entry in another size");
    }
    let (_, end) = entry.compressed_data_range();
    let between = archive.directory_offset().saturating_sub(end);
    // A descriptor has a mark or none, and sizes of four bytes or eight.
    let sound = match descriptor {
        None => between == 0,
        Some(_) => matches!(between, 12 | 16 | 20 | 24),
    };
    if !sound || archive.entries_hint() != 1 || !directory_fits(archive) {
        return differ("has more in it than its directory says");
    }
    Ok(())
}

fn inflate(reader: impl Read, limit: usize, room: usize) -> Result<Vec<u8>> {
    let mut content = Vec::with_capacity(room);
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bounded = reader.take(most);
    bounded.read_to_end(&mut content).map_err(|source| {
        Error::malformed(format!("the ZIP entry cannot be read: {source}")).because(source)
    })?;
    if content.len() > limit {
        return Err(Error::limit(format_args!("{limit} bytes in one attachment")));
    }
    Ok(content)
}

/// Whether the directory is as long as the end record says; ZIP64 says it elsewhere.
fn directory_fits(archive: &ZipSliceArchive<&[u8]>) -> bool {
    const SIZE_IN_RECORD: usize = 12;
    let found = archive.eocd_offset().saturating_sub(archive.directory_offset());
    usize::try_from(archive.eocd_offset())
        .ok()
        .and_then(|at| archive.get_ref().get(at.checked_add(SIZE_IN_RECORD)?..)?.first_chunk())
        .map(|size| u32::from_le_bytes(*size))
        .is_some_and(|size| size == u32::MAX || u64::from(size) == found)
}

/// An archive with this one file, deflated: to the byte as Java's `ZipOutputStream`
/// lays it out, whose readers are on the other side (version 2.0, names in UTF-8,
/// sizes in a data descriptor, no extra fields). The file's date is 1 January 1980,
/// the earliest there is: equal content gives equal bytes.
pub(crate) fn write_single(name: &str, content: &[u8]) -> Result<Vec<u8>> {
    let size = |len: usize| {
        u32::try_from(len).map_err(|_| Error::unsupported("more than 4 GB in one ZIP entry"))
    };
    let mut out = Vec::with_capacity(content.len().saturating_div(2).saturating_add(256));
    out.extend(b"PK\x03\x04");
    out.extend(VERSION_FLAGS_METHOD_DATE);
    out.extend([0; 12]); // CRC and sizes follow the data
    let name_len = u16::try_from(name.len())
        .map_err(|_| Error::misuse("a ZIP entry's name is longer than 64 KB"))?;
    out.extend(name_len.to_le_bytes());
    out.extend([0; 2]); // extra field
    out.extend(name.bytes());
    let header = out.len();

    let mut encoder = DeflateEncoder::new(out, Compression::default());
    encoder.write_all(content)?;
    let mut out = encoder.finish()?;
    let mut sums = Vec::with_capacity(12);
    sums.extend(rawzip::crc32(content).to_le_bytes());
    sums.extend(size(out.len().saturating_sub(header))?.to_le_bytes());
    sums.extend(size(content.len())?.to_le_bytes());
    out.extend(b"PK\x07\x08");
    out.extend(&sums);

    let directory = out.len();
    out.extend(b"PK\x01\x02\x14\x00");
    out.extend(VERSION_FLAGS_METHOD_DATE);
    out.extend(&sums);
    out.extend(name_len.to_le_bytes());
    // Extra field, comment, disk, attributes, and the entry's offset: all nought.
    out.extend([0; 16]);
    out.extend(name.bytes());
    let directory_len = size(out.len().saturating_sub(directory))?;
    out.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    out.extend(directory_len.to_le_bytes());
    out.extend(size(directory)?.to_le_bytes());
    out.extend([0; 2]); // comment
    Ok(out)
}

/// Version 2.0; flags "descriptor" and "UTF-8"; deflate; midnight; 1980-01-01.
const VERSION_FLAGS_METHOD_DATE: [u8; 10] = [0x14, 0, 0x08, 0x08, 8, 0, 0, 0, 0x21, 0];

fn unreadable(source: rawzip::Error) -> Error {
    Error::malformed(format!("the ZIP archive cannot be read: {source}")).because(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn reads_back_what_it_writes() {
        for content in [&b""[..], b"x", &[7; 100_000]] {
            let archive = write_single("0.xlsx", content).unwrap();
            assert!(is_archive(&archive));
            assert_eq!(list(&archive, 2).unwrap().names, ["0.xlsx"]);
            assert_eq!(read_single(&archive, 100_000).unwrap(), content);
            // Deflate, names in UTF-8, sizes in a descriptor, as the national kit.
            assert_eq!(archive[6..10], [0x08, 0x08, 8, 0]);
        }
    }

    /// What others read and we do not: bytes after the end, an encrypted entry, a
    /// wrong checksum (seen only when the data is read), a method that is not known,
    /// and extra fields in one header alone that move the data.
    const STRICTER: [&str; 5] = [
        "libzip/incons-archive-comment-shorter.zip",
        "zip-rs/ignore_encryption_flag.zip",
        "libzip/incons-data.zip",
        "zip-rs/xz.zip",
        "libzip/incons-ef-local-dupe-zip64-v2.zip",
    ];

    /// Archives that other readers were caught with. Each that is unsound is refused;
    /// of the sound ones, those with one plain file are read.
    #[test]
    fn the_archives_of_others() {
        let Some(corpus) = crate::samples::corpus("zip") else { return };
        let cases = std::fs::read(corpus.join("cases.json")).unwrap();
        let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
        let mut wrong = Vec::new();
        for case in &cases {
            let file = case["file"].as_str().unwrap();
            let bytes = std::fs::read(corpus.join(file)).unwrap();
            let single = list(&bytes, 2).is_ok_and(|it| it.names.len() == 1);
            let sound = single && case["expect"] != "reject" && !STRICTER.contains(&file);
            if read_single(&bytes, 1 << 20).is_ok() != sound {
                wrong.push(file.to_owned());
            }
        }
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn stops_at_the_limit_whatever_the_headers_say() {
        let mut bomb = write_single("0.txt", &[0; 1 << 20]).unwrap();
        let error = read_single(&bomb, 1 << 19).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        // The directory claims ten bytes.
        let directory = bomb.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
        bomb[directory + 24..directory + 28].copy_from_slice(&10_u32.to_le_bytes());
        assert!(read_single(&bomb, 1 << 21).is_err());
    }

    #[test]
    fn refuses_any_changed_byte_or_reads_the_same() {
        let content = b"0123456789 0123456789 0123456789";
        let archive = write_single("a.txt", content).unwrap();
        for at in 0..archive.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut changed = archive.clone();
                changed[at] ^= flip;
                if let Ok(read) = read_single(&changed, 1000) {
                    assert_eq!(read, content, "byte {at}");
                }
            }
        }
        for cut in 0..archive.len() {
            assert!(read_single(&archive[..cut], 1000).is_err(), "cut at {cut}");
        }
        let mut more = archive;
        more.push(0);
        assert!(read_single(&more, 1000).is_err(), "a byte after the end");
    }
}
