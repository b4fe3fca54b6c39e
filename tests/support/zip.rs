//! ZIP archives as other programs, and forgers, write them.

/// All entries stored, in this order.
pub(crate) fn stored(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let start = u32::try_from(out.len()).unwrap();
        let size = u32::try_from(content.len()).unwrap();
        let mut common = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc(content).to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0; 2]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.bytes());
        out.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (start, size) =
        (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count, count].concat());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// The first entry's own header with an extra field of its own.
pub(crate) fn with_extra(archive: &[u8], extra: &[u8]) -> Vec<u8> {
    let mut field = vec![0x34, 0x12];
    field.extend(u16::try_from(extra.len()).unwrap().to_le_bytes());
    field.extend(extra);
    let name = usize::from(archive[26]) + 256 * usize::from(archive[27]);
    let mut out = archive.to_vec();
    out[28..30].copy_from_slice(&u16::try_from(field.len()).unwrap().to_le_bytes());
    out.splice(30 + name..30 + name, field.iter().copied());
    // Everything behind it has moved.
    let end = out.len() - 22;
    let by = u32::try_from(field.len()).unwrap();
    let moved = |out: &mut [u8], at: usize| {
        let old = u32::from_le_bytes(*out[at..].first_chunk().unwrap());
        out[at..at + 4].copy_from_slice(&(old + by).to_le_bytes());
        usize::try_from(old + by).unwrap()
    };
    let mut record = moved(&mut out, end + 16);
    let mut first = true;
    while record < end {
        if !first {
            moved(&mut out, record + 42);
        }
        first = false;
        let len =
            |at: usize| usize::from(out[record + at]) + 256 * usize::from(out[record + at + 1]);
        record += 46 + len(28) + len(30) + len(32);
    }
    out
}

/// One archive as the comment of another.
pub(crate) fn as_comment(archive: &[u8], comment: &[u8]) -> Vec<u8> {
    let mut out = archive.to_vec();
    let end = out.len() - 2;
    out[end..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
    out.extend(comment);
    out
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in content {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
