//! Everything that can be asked of an archive: for fuzzers.

use super::{Archive, Compression, Writer, list};
use crate::error::Result;
use crate::limits::Limits;

/// The bounds that keep a fuzzer quick.
fn limits() -> Limits {
    Limits { zip_entries: 64, zip_entry_bytes: 1 << 20, zip_bytes: 1 << 20, ..Limits::default() }
}

/// The entries, where all of them can be read. What another reader finds has to be the same,
/// and so what is written anew.
#[allow(clippy::expect_used)]
pub(crate) fn exhaust(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let limits = limits();
    let archive = Archive::open(&bytes, &limits).ok()?;
    let names = list(bytes, 64).expect("another reader opens it, too").names;
    assert_eq!(names.len(), archive.entries().len(), "another reader finds as many entries");
    let all = contents(&archive).ok()?;
    for (entry, (_, content)) in archive.entries().iter().zip(&all) {
        let source = archive.content(entry);
        assert_eq!(source.len(), entry.size);
        let half = entry.size / 2;
        let parts = [half..entry.size, 0..half, half..entry.size];
        for range in parts {
            let start = usize::try_from(range.start).expect("it is small");
            let end = usize::try_from(range.end).expect("it is small");
            let part = source.window(range).expect("what was read is read again");
            assert_eq!(Some(part.as_ref()), content.get(start..end));
        }
    }
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for entry in archive.in_order() {
        // Such as tell where they stand in eight bytes are not.
        writer.copy(&archive, entry, &entry.name).ok()?;
    }
    let more = "META-INF/added";
    let added = writer.add(more, &bytes, Compression::Deflated).is_ok();
    writer.finish().ok()?;
    let wide = Limits { zip_entries: 65, zip_bytes: 1 << 30, ..limits };
    let again = Archive::open(&out, &wide).expect("own writing is read");
    let mut copied = contents(&again).expect("own writing is whole");
    copied.retain(|it| !added || it.0 != more);
    let sorted = |mut all: Vec<(String, Vec<u8>)>| {
        all.sort();
        all
    };
    assert_eq!(sorted(copied), sorted(all.clone()), "what is taken over is the same");
    Some(all)
}

fn contents(archive: &Archive<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let all = archive.entries().iter();
    all.map(|it| Ok((it.name.clone(), archive.read(it, usize::MAX)?))).collect()
}

/// An archive of what the bytes say: a name of these, a length, a content, and again.
#[cfg(fuzzing)]
pub(crate) fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    const NAMES: [&str; 12] = [
        "mimetype",
        "a.txt",
        "b c.txt",
        "META-INF/ASiCManifest.xml",
        "META-INF/signature.p7s",
        "META-INF/ASiCManifest1.xml",
        "META-INF/signature1.p7s",
        "META-INF/timestamp.tst",
        "META-INF/ASiCArchiveManifest.xml",
        "META-INF/timestamp1.tst",
        "META-INF/evidencerecord.ers",
        "META-INF/manifest.xml",
    ];
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    let mut rest = bytes;
    while let [name, high, low, after @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (content, after) = after.split_at_checked(len)?;
        rest = after;
        let name = NAMES.get(usize::from(*name & 0x7f).checked_rem(NAMES.len())?)?;
        let how = if len % 2 == 0 { Compression::Stored } else { Compression::Deflated };
        writer.add(name, &content, how).ok()?;
    }
    writer.finish().ok()?;
    Some(out)
}
