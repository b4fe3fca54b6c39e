//! The programs `batch_sign` and `batch_verify`: what they sign, leave and say, and how they
//! go on where they were ended.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use kyso::{UtcTime, cades, pades};
use serde_json::Value;
use support::pki::Pki;
use support::{example, program};

const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");
const KEY: [&str; 4] =
    ["--key", "testdata/keys/p256.key.pem", "--cert", "testdata/keys/p256.crt.pem"];
const OTHER_KEY: [&str; 4] =
    ["--key", "testdata/keys/rsa2048.key.pem", "--cert", "testdata/keys/rsa2048.crt.pem"];
/// When all keys of the tests are valid.
const TIME: [&str; 2] = ["--time", "2026-11-22T08:00:00+07:00"];
const TRUST: [&str; 4] = ["--trust", "testdata/keys/ca.crt.pem", "--policy", "pilot"];

/// A folder that is signed, into another.
struct Folders {
    _kept: tempfile::TempDir,
    root: PathBuf,
}

impl Folders {
    /// With two PDFs, one of them deeper, and two other files.
    fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let it = Self { root: kept.path().to_owned(), _kept: kept };
        it.put("in/a.pdf", PDF);
        it.put("in/2026/quyết định.pdf", &[PDF].concat());
        it.put("in/note.txt", "Kính gửi: Văn phòng.".as_bytes());
        it.put("in/2026/table,one.csv", b"1;2");
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn signing(&self, key: &[&str], more: &[&str]) -> Vec<String> {
        let summary = self.text("summary.json");
        let (input, out) = (self.text("in"), self.text("out"));
        let places = ["--summary", &summary, &input, &out];
        let all = [key, &TIME, more, &places].concat();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Signs all of `in`; the exit code and what came of each, by the name of the file.
    fn sign(&self, key: &[&str], more: &[&str]) -> Option<(i32, BTreeMap<String, Value>)> {
        let arguments = self.signing(key, more);
        let output = run("batch_sign", &arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        Some((output.status.code().unwrap(), self.summary()))
    }

    fn summary(&self) -> BTreeMap<String, Value> {
        let rows: Vec<Value> =
            serde_json::from_slice(&fs::read(self.path("summary.json")).unwrap()).unwrap();
        let name = |row: &Value| {
            let file = Path::new(row["file"].as_str().unwrap()).to_owned();
            file.file_name().unwrap().to_str().unwrap().to_owned()
        };
        rows.into_iter().map(|row| (name(&row), row)).collect()
    }

    /// How many files there were of each outcome.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for row in self.summary().values() {
            *counts.entry(row["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }

    /// Verifies all of `out`.
    fn verify(&self) -> (i32, Vec<Value>) {
        let (contents, out) = (self.text("in"), self.text("out"));
        let summary = self.text("verified.json");
        let places = ["--recursive", "--contents", &contents, "--summary", &summary, &out];
        let output = run("batch_verify", &[&TRUST[..], &TIME, &places].concat()).unwrap();
        let rows = serde_json::from_slice(&fs::read(summary).unwrap()).unwrap();
        (output.status.code().unwrap(), rows)
    }
}

/// What it said is shown where a test fails.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let output = example(program, arguments)?;
    println!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Some(output)
}

#[track_caller]
fn assert_outcomes(found: &BTreeMap<String, Value>, expected: &[(&str, &str)]) {
    let found: Vec<_> =
        found.iter().map(|(name, row)| (name.as_str(), row["outcome"].as_str().unwrap())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_folder_is_signed_and_verified() {
    let folders = Folders::new();
    let Some((code, rows)) = folders.sign(&KEY, &["--recursive"]) else { return };
    let names = ["a.pdf", "note.txt", "quyết định.pdf", "table,one.csv"];
    assert_outcomes(&rows, &names.map(|it| (it, "signed")));
    assert_eq!(code, 0);
    assert!(rows.values().all(|row| row["seconds"].as_f64().unwrap() > 0.0));
    let (code, verdicts) = folders.verify();
    assert_eq!((code, verdicts.len()), (0, 4), "{verdicts:?}");
    assert!(verdicts.iter().all(|it| it["verdict"] == "TOTAL_PASSED"), "{verdicts:?}");
    assert!(verdicts.iter().all(|it| it["signer"].as_str().unwrap().contains("CN=")));
    assert!(fs::read(folders.path("out/a.pdf")).unwrap().starts_with(PDF));
    // Only what stands in the folder itself, unless asked.
    fs::remove_dir_all(folders.path("out")).unwrap();
    let (code, rows) = folders.sign(&KEY, &[]).unwrap();
    assert_outcomes(&rows, &[("a.pdf", "signed"), ("note.txt", "signed")]);
    assert_eq!(code, 0);
}

#[test]
fn what_is_signed_is_left_and_what_is_not_quite_is_signed_again() {
    let folders = Folders::new();
    // An input that this key has signed before: its copy is not its output.
    let key = [KEY[1], KEY[3]].map(|it| fs::read(it).unwrap());
    let signer = kyso::SoftwareSigner::from_pem(&key[0], &key[1]).unwrap();
    let at: UtcTime = TIME[1].parse().unwrap();
    let signed = pades::SignatureBuilder::new(PDF, at).sign(&signer).unwrap();
    folders.put("in/signed.pdf", &signed);
    folders.put("out/signed.pdf", &signed);
    let Some((_, rows)) = folders.sign(&KEY, &[]) else { return };
    assert_outcomes(&rows, &["a.pdf", "note.txt", "signed.pdf"].map(|it| (it, "signed")));
    let all = ["out/a.pdf", "out/note.txt.p7s", "out/signed.pdf"];
    let right = all.map(|it| fs::read(folders.path(it)).unwrap());
    let (code, rows) = folders.sign(&KEY, &[]).unwrap();
    assert_outcomes(&rows, &["a.pdf", "note.txt", "signed.pdf"].map(|it| (it, "skipped")));
    assert_eq!(code, 0);
    assert_eq!(
        all.map(|it| fs::read(folders.path(it)).unwrap()),
        right,
        "they are left as they are"
    );

    let stranger = Pki::new().signer();
    let by_stranger = pades::SignatureBuilder::new(PDF, at).sign(&stranger).unwrap();
    let another = fs::read("testdata/pdf/cairo.pdf").unwrap();
    let of_another = pades::SignatureBuilder::new(&another, at).sign(&signer).unwrap();
    let of_other_content = cades::SignatureBuilder::new(&b"Another content"[..], at).sign(&signer);
    let changed = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let pdf = &right[0];
    for (name, bytes) in [
        ("a.pdf", changed(pdf, 1000)),
        // Within what was appended, before and in the signature itself.
        ("a.pdf", changed(pdf, PDF.len() + 20)),
        ("a.pdf", changed(pdf, pdf.windows(10).position(|it| it == b"/Contents ").unwrap() + 900)),
        ("a.pdf", pdf[..pdf.len() - 40].to_vec()),
        ("a.pdf", PDF.to_vec()),
        ("a.pdf", Vec::new()),
        ("a.pdf", by_stranger),
        ("a.pdf", of_another),
        ("note.txt.p7s", changed(&right[1], right[1].len() - 5)),
        ("note.txt.p7s", of_other_content.unwrap()),
        ("signed.pdf", signed),
    ] {
        folders.put(&format!("out/{name}"), &bytes);
        let (code, rows) = folders.sign(&KEY, &[]).unwrap();
        let input = name.trim_end_matches(".p7s");
        let again = rows.iter().filter(|(_, row)| row["outcome"] == "signed");
        assert_eq!(again.map(|it| it.0.as_str()).collect::<Vec<_>>(), [input]);
        assert_eq!((code, folders.verify().0), (0, 0), "{name}");
    }
    // Another key's signature is another one; and so is one over an input that has changed.
    let (_, rows) = folders.sign(&OTHER_KEY, &[]).unwrap();
    assert!(rows.values().all(|row| row["outcome"] == "signed"), "{rows:?}");
    folders.put("in/note.txt", b"Another text");
    let (_, rows) = folders.sign(&OTHER_KEY, &[]).unwrap();
    let expected = [("a.pdf", "skipped"), ("note.txt", "signed"), ("signed.pdf", "skipped")];
    assert_outcomes(&rows, &expected);
}

/// One of level B is not of level T; and where that cannot be had, the old one stays.
#[test]
fn a_level_that_was_not_reached_is_asked_for_again() {
    let folders = Folders::new();
    let Some((0, _)) = folders.sign(&KEY, &[]) else { return };
    let before = fs::read(folders.path("out/a.pdf")).unwrap();
    // There is no such address.
    let level = ["--level", "T", "--tsa", "http://tsa.invalid/", "--local"];
    let (code, rows) = folders.sign(&KEY, &level).unwrap();
    assert_outcomes(&rows, &[("a.pdf", "failed"), ("note.txt", "failed")]);
    assert_eq!(code, 1);
    assert_eq!(fs::read(folders.path("out/a.pdf")).unwrap(), before);
}

#[test]
fn what_cannot_be_signed_does_not_stop_the_rest() {
    let folders = Folders::new();
    folders.put("in/broken.pdf", b"%PDF-1.7\nbut nothing else");
    folders.put("in/empty.txt", b"");
    // Nothing hidden is signed: it may be half a file.
    folders.put("in/.tmp1234", b"half");
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folders.path("in/lost.pdf")).unwrap();
    let Some((code, rows)) = folders.sign(&KEY, &["--threads", "1"]) else { return };
    assert_eq!(code, 1);
    let expected = [
        ("a.pdf", "signed"),
        ("broken.pdf", "failed"),
        ("empty.txt", "signed"),
        #[cfg(unix)]
        ("lost.pdf", "failed"),
        ("note.txt", "signed"),
    ];
    assert_outcomes(&rows, &expected);
    assert!(rows["broken.pdf"]["reason"].as_str().unwrap().contains("PDF"), "{rows:?}");
    assert!(!folders.path("out/broken.pdf").exists());
    let (code, verdicts) = folders.verify();
    assert_eq!((code, verdicts.len()), (0, 3));
}

#[test]
fn wrong_use_signs_nothing() {
    let folders = Folders::new();
    fs::create_dir(folders.path("nothing")).unwrap();
    let (nothing, input, out) = (folders.text("nothing"), folders.text("in"), folders.text("out"));
    let within = folders.text("in/2026/out");
    let wrong_password =
        ["--p12", "testdata/keys/openssl-aes128.p12", "--password-env", "KYSO_NO_SUCH_VARIABLE"];
    for arguments in [
        &[&KEY[..], &[&nothing, &out]].concat()[..],
        &[&KEY[..], &[&folders.text("none"), &out]].concat(),
        &[&KEY[..], &[&input]].concat(),
        &[&KEY[..], &["--no-such-option", &input, &out]].concat(),
        &[&KEY[..], &["--summary", "summary.txt", &input, &out]].concat(),
        &[&KEY[..2], &[&input, &out]].concat(),
        &[&input, &out],
        // One key is enough.
        &[&KEY[..], &["--pkcs11", "module.so", &input, &out]].concat(),
        &[&KEY[..], &["--csc", "https://service.example", &input, &out]].concat(),
        &[&wrong_password[..], &[&input, &out]].concat(),
        &[&KEY[..], &["--recursive", &input, &within]].concat(),
        &[&KEY[..], &[&input, &input]].concat(),
        &[&KEY[..], &["--manifest", "no such file", &out]].concat(),
    ] {
        let Some(output) = run("batch_sign", arguments) else { return };
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let files = fs::read_dir(folders.path("out")).unwrap();
    assert_eq!(files.count(), 0);
}

/// The password is in a file or a variable, and in no argument.
#[test]
fn passwords_need_not_be_arguments() {
    let folders = Folders::new();
    folders.put("password", "mật khẩu\nanother line".as_bytes());
    let (key, file) = ("testdata/keys/openssl-vietnamese.p12", folders.text("password"));
    let Some((code, _)) = folders.sign(&["--p12", key, "--password-file", &file], &[]) else {
        return;
    };
    assert_eq!(code, 0);
    let named = ["--p12", key, "--password-env", "KYSO_TEST_PASSWORD"];
    for (key, variable, password, code) in [
        (&named[..], "KYSO_TEST_PASSWORD", "mật khẩu", 0),
        (&named, "KYSO_TEST_PASSWORD", "another-word", 2),
        (&named[..2], "KYSO_PASSWORD", "mật khẩu", 0),
        (&named[..2], "KYSO_PASSWORD", "another-word", 2),
    ] {
        let mut command = Command::new(program("batch_sign").unwrap());
        command.args(folders.signing(key, &[])).env(variable, password);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert!(!String::from_utf8(output.stderr).unwrap().contains(password));
    }
}

#[test]
fn a_list_says_what_is_signed_and_where_it_goes() {
    let folders = Folders::new();
    let at = |name: &str| folders.text(name);
    let list = [
        "input,output".to_owned(),
        format!("{},{}", at("in/a.pdf"), at("one/first.pdf")),
        format!("\"{}\",\"{}\"", at("in/2026/table,one.csv"), at("one/table,\"\"one\"\".p7s")),
        format!("{},{}", at("in/note.txt"), at("one/first.pdf")),
        format!("{},{}", at("in/a.pdf"), at("in/a.pdf")),
        at("in/missing.pdf"),
        at("in/note.txt"),
    ];
    folders.put("list.csv", list.join("\r\n").as_bytes());
    let (list, summary, out) = (at("list.csv"), at("summary.csv"), at("out"));
    let arguments = ["--summary", &summary, "--manifest", &list, &out];
    let arguments = [&KEY[..], &TIME, &arguments].concat();
    let Some(output) = run("batch_sign", &arguments) else { return };
    assert_eq!(output.status.code(), Some(1));
    let table = fs::read_to_string(summary).unwrap();
    let rows: Vec<_> = table.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(rows[0], "file,output,outcome,reason,seconds");
    let outcomes: Vec<_> = rows[1..].iter().map(|row| row.contains("\"signed\"")).collect();
    assert_eq!(outcomes, [true, true, false, false, false, true], "{table}");
    assert!(rows[3].contains("the same output") && rows[4].contains("written over"), "{table}");
    for file in ["one/first.pdf", "one/table,\"one\".p7s", "out/note.txt.p7s"] {
        assert!(folders.path(file).is_file(), "{file}");
    }
    assert_eq!(fs::read(folders.path("in/a.pdf")).unwrap(), PDF);
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Begins to sign many, and waits until some are.
#[cfg(unix)]
fn half_way(folders: &Folders) -> Option<Running> {
    for number in 0..400 {
        folders.put(&format!("in/{number}.pdf"), PDF);
    }
    let mut command = Command::new(program("batch_sign")?);
    command.args(folders.signing(&OTHER_KEY, &["--recursive"]));
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    while !folders.path("out/100.pdf").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Some(running)
}

#[cfg(unix)]
#[test]
fn it_goes_on_where_it_was_killed() {
    let folders = Folders::new();
    let Some(mut running) = half_way(&folders) else { return };
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    let (code, _) = folders.sign(&OTHER_KEY, &["--recursive"]).unwrap();
    let counts = folders.counts();
    println!("{counts:?}");
    assert!(code == 0 && counts["skipped"] > 0, "{counts:?}");
    assert_eq!(counts.values().sum::<usize>(), 404);
    let (code, verdicts) = folders.verify();
    assert_eq!((code, verdicts.len()), (0, 404));
}

#[cfg(unix)]
#[test]
fn it_ends_in_order_when_it_is_interrupted() {
    let folders = Folders::new();
    let Some(mut running) = half_way(&folders) else { return };
    let told = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status();
    assert!(told.unwrap().success());
    let code = running.0.wait().unwrap().code();
    let counts = folders.counts();
    println!("{counts:?}");
    let left = counts.get("left").copied().unwrap_or_default();
    assert_eq!(code, Some(i32::from(left > 0)));
    assert_eq!(counts["signed"] + left, 404, "{counts:?}");
    let signed = counts["signed"];
    assert_eq!(folders.sign(&OTHER_KEY, &["--recursive"]).unwrap().0, 0);
    assert_eq!(folders.counts()["skipped"], signed);
}

#[test]
fn verdicts_are_counted_and_explained() {
    let folders = Folders::new();
    let verify = |more: &[&str]| run("batch_verify", &[&TRUST[..], &TIME, more].concat());
    let (input, out) = (folders.text("in"), folders.text("out"));
    let Some((0, _)) = folders.sign(&KEY, &[]) else { return };
    let signed = fs::read(folders.path("out/a.pdf")).unwrap();
    let with = |name: &str, bytes: &[u8], code: i32| {
        folders.put(&format!("out/{name}"), bytes);
        let (found, verdicts) = folders.verify();
        assert_eq!(found, code, "{verdicts:?}");
        let row = verdicts.into_iter().find(|it| it["file"].as_str().unwrap().ends_with(name));
        row.unwrap()
    };
    let row = with("b.pdf", PDF, 2);
    assert_eq!(row["verdict"], "UNSIGNED");
    assert_eq!(row["reason_vi"], "Văn bản không có chữ ký số.");
    let mut changed = signed.clone();
    changed[1000] ^= 1;
    let row = with("c.pdf", &changed, 1);
    assert_eq!(
        (&row["verdict"], &row["indication"]),
        (&"TOTAL_FAILED".into(), &"HASH_FAILURE".into())
    );
    assert!(row["reason_vi"].as_str().unwrap().len() > 20, "{row}");
    assert!(row["reason_en"].as_str().unwrap().contains("digest"), "{row}");
    let row = with("d.pdf", b"no PDF", 3);
    assert_eq!(row["verdict"], "UNREADABLE");
    // Who is not trusted; no files; none of that.
    for (arguments, code) in [
        (&[&TIME[..], &[&out]].concat()[..], 3),
        (&[&TIME[..], &["--policy", "pilot", &folders.text("none")]].concat(), 3),
        (&["--no-such-option", &out], 64),
        (&[&input, &out], 64),
        (&[], 64),
    ] {
        assert_eq!(
            run("batch_verify", arguments).unwrap().status.code(),
            Some(code),
            "{arguments:?}"
        );
    }
    fs::create_dir(folders.path("nothing")).unwrap();
    assert_eq!(verify(&[&folders.text("nothing")]).unwrap().status.code(), Some(2));
    // A list with contents; and the table that is printed.
    let list = format!("{out}/note.txt.p7s,{input}/note.txt\r\n{out}/a.pdf\r\n");
    folders.put("list.csv", list.as_bytes());
    let output = verify(&["--manifest", &folders.text("list.csv")]).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("TOTAL_PASSED          2\n"));
}
