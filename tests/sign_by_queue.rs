//! The program `sign_by_queue`: a key on a machine that sees no document.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    missing_docs
)]

#[allow(dead_code)] // each test uses a part of it
#[path = "support/csc.rs"]
mod service;
#[allow(dead_code)]
#[path = "support/signed.rs"]
mod signed;
mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use service::{NOW, remote};
use support::run;

const PDF: &str = "testdata/pdf/cairo.pdf";
const CERTIFICATE: &str = "testdata/keys/rsa2048.crt.pem";

struct Queue {
    folder: tempfile::TempDir,
}

impl Queue {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn prepare(&self, job: &str) -> Option<(Option<i32>, String)> {
        let (queue, out) = (self.path("queue"), self.path(&format!("{job}.pdf")));
        let (queue, out) = (queue.to_str().unwrap(), out.to_str().unwrap());
        let who = ["--cert", CERTIFICATE, "--algorithm", "RSA_SHA256", "--time", NOW];
        run("sign_by_queue", &[&["prepare", queue, "--job", job][..], &who, &[PDF, out]].concat())
    }

    fn role(&self, role: &str, options: &[&str]) -> (Option<i32>, String) {
        let queue = self.path("queue");
        run("sign_by_queue", &[&[role, queue.to_str().unwrap()][..], options].concat()).unwrap()
    }

    fn passes(&self, names: &[&str]) {
        for name in names {
            signed::passes(&fs::read(self.path(name)).unwrap(), None);
        }
    }

    fn json(&self, folder: &str, job: &str) -> (PathBuf, Value) {
        let path = self.path("queue").join(folder).join(format!("{job}.json"));
        let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (path, value)
    }
}

const SOFTWARE: [&str; 4] = ["--key", "testdata/keys/rsa2048.key.pem", "--cert", CERTIFICATE];

#[test]
fn a_queue_is_prepared_signed_and_completed() {
    let queue = Queue::new();
    let (_service, options) = remote(queue.folder.path());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    for key in [&SOFTWARE[..], &options] {
        for job in ["one", "two"] {
            let Some((code, said)) = queue.prepare(job) else { return };
            assert_eq!(code, Some(0), "{said}");
        }
        let before = queue.json("jobs", "one");
        let (code, said) = queue.prepare("one").unwrap();
        assert!(code == Some(0) && said.contains("already"), "{said}");
        assert_eq!(queue.json("jobs", "one"), before, "it stays as it was");
        let (code, said) = queue.role("complete", &[]);
        assert!(code == Some(0) && said.matches("waits").count() == 2, "{said}");
        // The key's machine has no documents, and needs none.
        fs::rename(queue.path("queue/states"), queue.path("elsewhere")).unwrap();
        let (code, said) = queue.role("sign", key);
        assert!(code == Some(0) && said.matches("signed").count() == 2, "{said}");
        let (code, said) = queue.role("sign", key);
        assert!(code == Some(0) && said.contains("nothing waits"), "{said}");
        fs::rename(queue.path("elsewhere"), queue.path("queue/states")).unwrap();
        let (code, said) = queue.role("complete", &[]);
        assert_eq!(code, Some(0), "{said}");
        queue.passes(&["one.pdf", "two.pdf"]);
        let (code, said) = queue.role("complete", &[]);
        assert!(code == Some(0) && said.matches("already").count() == 2, "{said}");
        // What was lost is written again.
        fs::remove_file(queue.path("two.pdf")).unwrap();
        assert_eq!(queue.role("complete", &[]).0, Some(0));
        queue.passes(&["two.pdf"]);
        fs::remove_dir_all(queue.path("queue")).unwrap();
    }
}

#[test]
fn what_was_changed_in_the_queue_is_refused() {
    let queue = Queue::new();
    for job in ["one", "two", "three"] {
        let Some((code, said)) = queue.prepare(job) else { return };
        assert_eq!(code, Some(0), "{said}");
    }
    // A job for another key, and one that was changed.
    let (path, mut job) = queue.json("jobs", "three");
    let whole = job.clone();
    job["digest"] = json!("00");
    fs::write(&path, job.to_string()).unwrap();
    let other = ["--key", "testdata/keys/p256.key.pem", "--cert", "testdata/keys/p256.crt.pem"];
    let (code, said) = queue.role("sign", &other);
    assert!(code == Some(1) && said.matches("another key").count() == 3, "{said}");
    let (code, said) = queue.role("sign", &SOFTWARE);
    assert!(code == Some(1) && said.contains("three: it was changed"), "{said}");
    fs::write(&path, whole.to_string()).unwrap();
    assert_eq!(queue.role("sign", &SOFTWARE).0, Some(0));

    // An answer that is another's, and one whose value was changed; the third is completed.
    let (one, answer) = queue.json("answers", "one");
    let mut value = answer["value"].as_str().unwrap().to_owned();
    let first = if value.starts_with('A') { "B" } else { "A" };
    value.replace_range(..1, first);
    fs::write(&one, json!({ "digest": answer["digest"], "value": value }).to_string()).unwrap();
    fs::write(queue.path("queue/answers/two.json"), "{\"digest\":").unwrap();
    let (code, said) = queue.role("complete", &[]);
    assert!(code == Some(1) && said.contains("one: ") && said.contains("two: "), "{said}");
    assert!(!queue.path("one.pdf").exists() && !queue.path("two.pdf").exists());
    queue.passes(&["three.pdf"]);
    // Taken away, they are answered anew.
    for name in ["one", "two"] {
        fs::remove_file(queue.path(&format!("queue/answers/{name}.json"))).unwrap();
    }
    assert_eq!(queue.role("sign", &SOFTWARE).0, Some(0));
    assert_eq!(queue.role("complete", &[]).0, Some(0));
    queue.passes(&["one.pdf", "two.pdf"]);
    for name in ["../x", "", "a/b", "x.json"] {
        let (code, said) = queue.prepare(name).unwrap();
        assert!(code == Some(1) && said.contains("no name"), "{name}: {said}");
    }
}
