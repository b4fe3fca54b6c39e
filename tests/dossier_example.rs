//! The program `dossier`: the walk, the sheet, what is late.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "support/skip.rs"]
mod skip;

use std::path::Path;
use std::process::{Command, Output};

use kyso::dossier::{Desk, Dossier, Receipt};
use kyso::{SoftwareSigner, UtcTime};
use skip::program;

fn run(program: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output: Output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

#[test]
fn walks_shows_and_lists_what_is_late() {
    let Some(program) = program("dossier") else { return };
    let (code, said) = run(&program, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(said.matches(" → ").count(), 4, "five desks");
    assert!(said.contains("Hồ sơ toàn vẹn.") && said.contains("Trễ hạn 4 giờ"));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dossier");
    let file = folder.join("ho-so.asice");
    let (file, trust) = (file.to_str().unwrap(), folder.join("pki/trust/cong-vu.pem"));
    let (code, said) = run(&program, &["show", "--trust", trust.to_str().unwrap(), file]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("ký số hợp lệ: ").count(), 6);
    let stranger = folder.join("pki/trust/cong-cong.pem");
    let (code, said) = run(&program, &["show", "--trust", stranger.to_str().unwrap(), file]);
    assert_eq!(code, Some(1));
    assert!(said.contains("Hồ sơ không toàn vẹn!"));

    assert_eq!(run(&program, &["overdue", file]).0, Some(0), "it has ended");
    assert_eq!(run(&program, &["overdue", "Cargo.toml"]).0, Some(2));
    assert_eq!(run(&program, &["forget", file]).0, Some(64));
}

/// A dossier whose words would have a terminal show something else.
fn steering() -> Vec<u8> {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys");
    let read = |name: &str| std::fs::read(keys.join(name)).unwrap();
    let signer = SoftwareSigner::from_pem(&read("p256.key.pem"), &read("p256.crt.pem")).unwrap();
    let text = "giấy\u{202e}\u{2066}\u{200b}\u{9b}2K";
    let received_at: UtcTime = "2026-11-23T08:00:00+07:00".parse().unwrap();
    let receipt = Receipt {
        number: text.into(),
        procedure: text.into(),
        procedure_code: text.into(),
        applicant: kyso::dossier::Applicant { name: text.into(), ..Default::default() },
        desk: Desk::new(text, text),
        received_at,
        promised_at: received_at.plus_seconds(60),
        result_at: text.into(),
    };
    Dossier::create(receipt, &[], &signer).unwrap()
}

#[test]
fn what_a_dossier_says_steers_no_terminal() {
    let Some(program) = program("dossier") else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steering.asice");
    std::fs::write(&file, steering()).unwrap();
    let file = file.to_str().unwrap();
    let trust = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys/ca.crt.pem");
    let at = ["--time", "2026-11-24T08:00:00+07:00", file];
    let (_, sheet) =
        run(&program, &[&["show", "--trust", trust.to_str().unwrap()], &at[..]].concat());
    let (late, list) = run(&program, &[&["overdue"], &at[..]].concat());
    assert_eq!(late, Some(1));
    for said in [sheet, list] {
        assert!(said.contains("giấy"), "{said:?}");
        assert!(!said.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{9b}']), "{said:?}");
    }
}
