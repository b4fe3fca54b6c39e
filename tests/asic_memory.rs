//! A container with a file of a hundred megabytes takes no hundred megabytes, stored or
//! deflated, whether it is made, judged or raised.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod support;

use std::fs::File;
use std::io::{BufWriter, Write};

use kyso::asic::{Augmenter, ContainerBuilder, Level};
use kyso::{Conclusion, Policy, Seekable, UtcTime, Validator};
use support::pki::{NOW, Pki};

const BLOCK: usize = 1 << 20;
const BLOCKS: usize = 100;

/// In megabytes, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|it| it >> 10)
}

/// What deflates to about half of it.
fn block(n: usize) -> Vec<u8> {
    let mut state = u32::try_from(n).unwrap() | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 28).unwrap()
    };
    std::iter::repeat_with(next).take(BLOCK).collect()
}

#[test]
fn a_file_of_a_hundred_megabytes_is_streamed() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut file = BufWriter::new(File::create(path("large")).unwrap());
    (0..BLOCKS).for_each(|n| file.write_all(&block(n)).unwrap());
    file.into_inner().unwrap();
    let open = |name: &str| Seekable::new(File::open(path(name)).unwrap()).unwrap();
    let large = open("large");
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let validator = Validator::new(pki.trust(), Policy::default(), at).with_crls(lists);
    let tsa = pki.tsa();
    for builder in [
        ContainerBuilder::simple(at).file("large.bin", &large).stored(),
        ContainerBuilder::extended(at).file("large.bin", &large),
    ] {
        let mut made = BufWriter::new(File::create(path("made")).unwrap());
        builder.sign_to(&pki.signer(), &mut made).unwrap();
        made.into_inner().unwrap();
        let report = validator.validate(&open("made")).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert!(report.uncovered_entries().is_empty());
        let mut raised = BufWriter::new(File::create(path("raised")).unwrap());
        let level = Level::Lta(&tsa, &validator);
        Augmenter::new(level).augment_to(&open("made"), &mut raised).unwrap();
        raised.into_inner().unwrap();
        let report = validator.validate(&open("raised")).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    }
    let Some(most) = most_memory() else { return };
    println!("a container of {BLOCKS} MB: {most} MB of memory at most");
    assert!(most < 64, "{most} MB");
}
