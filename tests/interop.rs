//! Our signatures before other programs and theirs before us, and the verdicts of all on
//! the same case: the short form of `tests/interop/run`, where that has been run once and
//! the peers are at hand.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::path::Path;
use std::process::Command;

use kyso::DigestAlgorithm;

/// Runs one of the scripts, if it can be.
fn run(script: &str, options: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/peers/bin/python");
    // Cargo puts tests into `deps`, beside `examples`.
    let this = std::env::current_exe().unwrap();
    let examples = this.parent().and_then(Path::parent).unwrap().join("examples");
    let programs = ["sign", "verify", "check_certificate"].map(|it| examples.join(it));
    for needed in programs.iter().chain([&python]) {
        if !needed.exists() {
            skip::skipped(format_args!("no {}; tests/interop/run makes it", needed.display()));
            return;
        }
    }
    if !is_as_asked_for(root) {
        skip::skipped("the peers are of another time; tests/interop/run renews them");
        return;
    }
    let done = Command::new(python)
        .arg(root.join("tests/interop").join(script))
        .args(options)
        .arg("--examples")
        .arg(examples)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    println!("{said}");
}

/// Whether the peers were installed by the list as it is now.
fn is_as_asked_for(root: &Path) -> bool {
    let list = fs::read(root.join("tests/interop/requirements.txt")).unwrap();
    let digest = DigestAlgorithm::Sha256.digest(&list).to_string();
    let installed = fs::read_to_string(root.join("target/peers/installed"));
    installed.is_ok_and(|it| it.starts_with(&digest))
}

#[test]
fn peers_and_we_accept_each_other() {
    run("matrix.py", &["--short"]);
}

#[test]
fn peers_and_we_come_to_the_same_verdicts() {
    run("verdicts.py", &[]);
}

#[test]
fn peers_and_we_keep_to_certifications_and_locks() {
    run("fields.py", &["--short"]);
}

#[test]
fn peers_and_we_accept_each_others_xml() {
    run("xades.py", &[]);
}

#[test]
fn peers_and_we_accept_each_others_containers() {
    run("containers.py", &[]);
}
