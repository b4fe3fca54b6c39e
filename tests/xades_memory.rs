//! A signed XML document with a large attachment takes less than three times itself.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::arithmetic_side_effects, missing_docs)]

use std::fs::File;
use std::io::{BufWriter, Write};

use kyso::{
    Conclusion, Policy, Seekable, SoftwareSigner, Source, TrustStore, UtcTime, Validator, xades,
};

/// A line of an attachment in base64, which has so many.
const BLOCK: &[u8] = b"VsOgIMSRw6J5IGzDoCBt4buZdCBkw7JuZyBj4bunYSB04buHcCDEkcOtbmggY8OhIG5ow6km\n";
const BLOCKS: usize = 460_000;

/// In bytes, where the system tells.
fn most_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|it| it << 10)
}

#[test]
fn a_large_attachment_is_digested_where_it_stands() {
    let read = |end: &str| std::fs::read(format!("testdata/keys/p256.{end}.pem")).unwrap();
    let signer = SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap();
    let at: UtcTime = "2026-06-01T00:00:00Z".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.xml");
    let mut out = BufWriter::new(File::create(&plain).unwrap());
    out.write_all(b"<m><a>").unwrap();
    (0..BLOCKS).for_each(|_| out.write_all(BLOCK).unwrap());
    out.write_all(b"</a></m>").unwrap();
    out.into_inner().unwrap();
    let document = Seekable::new(File::open(&plain).unwrap()).unwrap();
    let signed = folder.path().join("signed.xml");
    let mut out = File::create(&signed).unwrap();
    xades::SignatureBuilder::enveloped(&document, at).sign_to(&signer, &mut out).unwrap();
    let length = usize::try_from(document.len()).unwrap();
    let before = most_memory();
    let trust = TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap());
    let validator = Validator::new(trust.unwrap(), Policy::pilot(), at);
    let file = Seekable::new(File::open(&signed).unwrap()).unwrap();
    let report = validator.validate(&file).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    if let (Some(before), Some(after)) = (before, most_memory()) {
        println!("{length} bytes: {before} before verifying, {after} after");
        assert!(after < 3 * length, "{after} for {length}");
    }
}
