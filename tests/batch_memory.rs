//! Two hundred documents of four megabytes are signed and verified in the memory of those
//! that are under way.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod support;

use std::io;

use kyso::batch::{Batch, Made, SignatureRequest, ToSign, ToVerify};
use kyso::{Policy, Result, Signer, Validator, cades};
use support::holder::Holder;
use support::pki::{NOW, Pki};

const COUNT: usize = 200;
const SIZE: usize = 4 << 20;
const WINDOW: usize = 8;
/// All of them would be 800 MB; what the system's allocator holds back is counted, too.
const CEILING: u64 = 300;

/// In megabytes, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|it| it >> 10)
}

struct Large<'a> {
    signature: &'a [u8],
}

impl ToSign for Large<'_> {
    type Document = Vec<u8>;
    type Kept = ();

    fn open(&self) -> Result<Vec<u8>> {
        Ok(vec![7; SIZE])
    }

    fn request<'a>(&'a self, document: &'a Vec<u8>) -> Result<SignatureRequest<'a>> {
        Ok(cades::SignatureBuilder::new(document, NOW.parse()?).enveloping().into())
    }

    fn keep(&self, made: &Made<'_>) -> Result<()> {
        made.write_to(&mut io::sink())
    }
}

impl ToVerify for Large<'_> {
    type Document = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        Ok(self.signature.to_vec())
    }

    fn content(&self) -> Result<Option<Vec<u8>>> {
        ToSign::open(self).map(Some)
    }
}

#[test]
fn memory_does_not_grow_with_the_count() {
    let pki = Pki::new();
    let content = vec![7; SIZE];
    let at = NOW.parse().unwrap();
    let signature = cades::SignatureBuilder::new(&content, at).sign(&pki.signer()).unwrap();
    drop(content);
    let batch = Batch::new().threads(4).window(WINDOW);
    let documents = || std::iter::repeat_with(|| Large { signature: &signature }).take(COUNT);
    let all = u64::try_from(COUNT).unwrap();

    for signer in [&pki.signer() as &dyn Signer, &Holder(pki.signer(), usize::MAX)] {
        let progress = batch.sign_all(signer, documents(), |_, _| ()).unwrap();
        assert_eq!(progress.done, all);
    }
    let validator = Validator::new(pki.trust(), Policy::pilot(), at);
    let progress = batch.verify_all(&validator, documents(), |_, outcome| {
        assert!(outcome.into_result().unwrap().into_validated().is_ok());
    });
    assert_eq!(progress.unwrap().done, all);

    if let Some(most) = most_memory() {
        println!("{most} MB at most");
        assert!(most < CEILING, "{most} MB");
    }
}
