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

/// A key that did not sign is not asked for the rest: what was wrong once is wrong again, and
/// counted.
#[test]
fn a_key_that_refuses_is_asked_for_nothing_more() {
    let queue = Queue::new();
    let (service, options) = remote(queue.folder.path());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    for job in ["one", "two", "three"] {
        let Some((code, said)) = queue.prepare(job) else { return };
        assert_eq!(code, Some(0), "{said}");
    }
    service.state(|it| {
        it.multisign = json!(1);
        it.instead.push_back(("signatures/signHash", 500, String::new()));
    });
    let (code, said) = queue.role("sign", &options);
    assert!(code == Some(1) && said.contains("the rest was left"), "{said}");
    assert_eq!(service.count("credentials/authorize"), 1);
    let (code, said) = queue.role("sign", &options);
    assert_eq!((code, service.count("credentials/authorize")), (Some(0), 4), "{said}");
}

#[test]
fn what_is_no_job_keeps_none_of_the_others() {
    let queue = Queue::new();
    let Some((code, said)) = queue.prepare("good") else { return };
    assert_eq!(code, Some(0), "{said}");
    let jobs = queue.path("queue/jobs");
    fs::write(jobs.join("broken.json"), "{\"to_be_signed\":").unwrap();
    fs::write(jobs.join("large.json"), vec![b' '; (256 << 10) + 1]).unwrap();
    fs::create_dir(jobs.join("folder.json")).unwrap();
    #[cfg(unix)]
    {
        let elsewhere = queue.path("elsewhere.json");
        fs::copy(jobs.join("good.json"), &elsewhere).unwrap();
        std::os::unix::fs::symlink(elsewhere, jobs.join("link.json")).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(jobs.join("pipe.json")).status();
        assert!(pipe.unwrap().success());
    }
    let (code, said) = queue.role("sign", &SOFTWARE);
    assert!(code == Some(1) && said.contains("good: signed"), "{said}");
    for name in ["broken", "large", "folder", "link", "pipe"] {
        let is_said = said.contains(&format!("{name}.json: "));
        assert_eq!(is_said, cfg!(unix) || !["link", "pipe"].contains(&name), "{name}: {said}");
        assert!(!queue.path(&format!("queue/answers/{name}.json")).exists());
    }
    assert_eq!(queue.role("complete", &[]).0, Some(0));
    queue.passes(&["good.pdf"]);
}

#[test]
fn a_flood_of_jobs_is_signed_in_parts() {
    let queue = Queue::new();
    let Some((code, said)) = queue.prepare("z") else { return };
    assert_eq!(code, Some(0), "{said}");
    let jobs = queue.path("queue/jobs");
    for n in 0..1_000 {
        fs::write(jobs.join(format!("a{n:04}.json")), "{}").unwrap();
    }
    let (code, said) = queue.role("sign", &SOFTWARE);
    assert!(code == Some(1) && said.contains("1 more wait"), "{said}");
    assert!(!queue.path("queue/answers/z.json").exists());
    fs::remove_file(jobs.join("a0000.json")).unwrap();
    let (code, said) = queue.role("sign", &SOFTWARE);
    assert!(code == Some(1) && said.contains("z: signed"), "{said}");
}
