//! A folder of PDFs, for the programs `batch_sign` and `batch_verify`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{example, pdf};

pub(crate) struct Folder {
    root: PathBuf,
    time: &'static str,
}

impl Folder {
    /// So many PDFs, each another one.
    pub(crate) fn of(many: usize, root: &Path, time: &'static str) -> Self {
        fs::create_dir(root.join("in")).unwrap();
        for number in 0..many {
            let objects = [
                "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
                "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
                format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 {}]>>", 800 + number),
            ];
            fs::write(root.join(format!("in/{number:02}.pdf")), pdf::write(&objects)).unwrap();
        }
        Self { root: root.to_owned(), time }
    }

    /// The exit code and what the program says, which is shown where a test fails.
    fn run(&self, name: &str, options: &[&str], folders: &[&str]) -> Option<(Option<i32>, String)> {
        let folders: Vec<PathBuf> = folders.iter().map(|it| self.root.join(it)).collect();
        let folders: Vec<&str> = folders.iter().map(|it| it.to_str().unwrap()).collect();
        let output = example(name, &[options, &["--time", self.time], &folders[..]].concat())?;
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        println!("{said}");
        Some((output.status.code(), said))
    }

    pub(crate) fn sign(&self, options: &[&str]) -> Option<(Option<i32>, String)> {
        self.run("batch_sign", options, &["in", "out"])
    }

    /// What `batch_verify` finds of each that is signed: every one passes.
    #[track_caller]
    pub(crate) fn all_pass(&self, many: usize) {
        let summary = self.root.join("verified.json");
        let trust = ["--trust", "testdata/keys/ca.crt.pem", "--policy", "pilot"];
        let told = ["--summary", summary.to_str().unwrap()];
        let (code, said) =
            self.run("batch_verify", &[&trust[..], &told].concat(), &["out"]).unwrap();
        assert_eq!(code, Some(0), "{said}");
        let rows: Vec<Value> = serde_json::from_slice(&fs::read(summary).unwrap()).unwrap();
        assert_eq!(rows.len(), many);
        assert!(rows.iter().all(|it| it["verdict"] == "TOTAL_PASSED"), "{rows:?}");
    }

    /// One of those that are signed.
    pub(crate) fn signed(&self, number: usize) -> Vec<u8> {
        fs::read(self.root.join(format!("out/{number:02}.pdf"))).unwrap()
    }
}
