//! Verifies every file of a folder or a list, each beside the content that it signs where
//! that stands elsewhere.
//!
//! Exit: 0 every signature passed · 1 some failed · 2 otherwise not settled, or nothing is
//! signed · 3 some could not be read, or are left · 64 wrong usage.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use kyso::batch::{Batch, Outcome, ToVerify};
use kyso::{
    Certificate, Conclusion, Crl, OcspResponse, Policy, Report, Seekable, SignatureReport,
    TrustStore, UtcTime, Validator,
};
use serde::Serialize;

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/batch.rs"]
mod batch;
#[path = "support/files.rs"]
mod files;
#[path = "support/network.rs"]
mod network;
#[path = "support/options.rs"]
mod options;
#[path = "support/text.rs"]
mod text;

use batch::{Bar, Entry, Row};
use network::Network;

const USAGE: &str = "\
batch_verify [OPTIONS] IN                  every file of the folder IN
batch_verify [OPTIONS] --manifest LIST     the files that LIST names: a path a line, or a .csv
                                           with the columns signed file and content
The signature NAME.p7s is over NAME, beside it or in the folder of contents.

  --contents FOLDER   where the contents of detached signatures are
  --recursive      folders below IN, too
  --summary FILE.csv|FILE.json   what came of each file, in Vietnamese and English
  --threads N      as many as there are cores, unless given
  --trust FILE     trusted certificates: PEM, DER, PKCS#7 bag or a folder of these (repeatable)
  --cert FILE      further certificates, never trusted (repeatable)
  --time TIME      validation time, RFC 3339 (default: now)
  --policy FILE    policy as JSON; or `vietnam`, `etsi`, or `pilot`, which requires no
                   revocation data
  --crl FILE       revocation lists: PEM or DER (repeatable)
  --ocsp FILE      OCSP responses: DER or PEM (repeatable)";

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[derive(Default)]
struct Options {
    trust: TrustStore,
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    at: Option<UtcTime>,
    policy: Policy,
    network: Network,
    contents: Option<PathBuf>,
    manifest: Option<PathBuf>,
    recursive: bool,
    summary: Option<PathBuf>,
    threads: usize,
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let options = match arguments::all().and_then(Options::read) {
        Ok(options) => options,
        Err(error) => {
            return arguments::wrong_usage(&*error, &format!("{USAGE}\n{}", network::USAGE));
        }
    };
    run(&options).unwrap_or_else(|error| {
        arguments::failed("batch_verify", &*error);
        ExitCode::from(3)
    })
}

fn run(options: &Options) -> Result<ExitCode> {
    let files = options.files()?;
    let cancel = batch::cancelled_by_signals()?;
    let bar = Bar::new(files.len());
    let told = |progress| bar.show(0, progress);
    let batch = Batch::new().threads(options.threads).cancelled_by(&cancel).progress(&told);
    let mut rows = Vec::new();
    batch.verify_all(&options.validator()?, files, |signed, outcome| {
        rows.push(Line::new(&signed, &outcome));
    })?;
    bar.end();
    if let Some(path) = &options.summary {
        batch::write_summary(path, &rows)?;
    }
    // From best to worst; where there is nothing, nothing is settled.
    let mut code = if rows.is_empty() { 2 } else { 0 };
    for (verdict, follows) in VERDICTS {
        let count = rows.iter().filter(|row| row.verdict == verdict).count();
        if count > 0 {
            println!("{verdict:<14} {count:>8}");
            code = follows;
        }
    }
    Ok(ExitCode::from(code))
}

const VERDICTS: [(&str, u8); 6] = [
    ("TOTAL_PASSED", 0),
    ("UNSIGNED", 2),
    ("INDETERMINATE", 2),
    ("TOTAL_FAILED", 1),
    ("UNREADABLE", 3),
    ("LEFT", 3),
];

/// A file with signatures, and where their content is, if elsewhere.
struct Signed {
    path: PathBuf,
    content: Option<PathBuf>,
}

impl ToVerify for Signed {
    type Document = Seekable<File>;

    fn open(&self) -> kyso::Result<Self::Document> {
        self.path.open()
    }

    fn content(&self) -> kyso::Result<Option<Self::Document>> {
        self.content.as_ref().map(ToVerify::open).transpose()
    }
}

/// What came of a file.
#[derive(Serialize)]
struct Line {
    file: String,
    verdict: &'static str,
    indication: String,
    signer: String,
    reason_vi: String,
    reason_en: String,
}

impl Line {
    fn new(signed: &Signed, outcome: &Outcome<Report>) -> Self {
        let mut line = Self {
            file: signed.path.display().to_string(),
            verdict: "LEFT",
            indication: String::new(),
            signer: String::new(),
            reason_vi: String::new(),
            reason_en: String::new(),
        };
        match outcome {
            Outcome::Done(report) => line.read(report),
            Outcome::Failed(error) => {
                line.verdict = "UNREADABLE";
                line.reason_vi = format!("Không đọc được văn bản: {error}.");
                line.reason_en = format!("The document cannot be read: {error}.");
            }
            Outcome::NotBegun(ended) => {
                line.reason_vi = "Chưa kiểm tra: việc kiểm tra đã bị dừng.".to_owned();
                line.reason_en = format!("Not verified: {ended}.");
            }
        }
        line
    }

    fn read(&mut self, report: &Report) {
        (self.verdict, self.indication) = match report.conclusion() {
            Some(Conclusion::TotalPassed) => ("TOTAL_PASSED", String::new()),
            Some(Conclusion::TotalFailed(why)) => ("TOTAL_FAILED", why.name().to_owned()),
            Some(Conclusion::Indeterminate(why)) => ("INDETERMINATE", why.name().to_owned()),
            None => ("UNSIGNED", String::new()),
        };
        let signatures = report.signatures();
        let signers: Vec<_> = signatures.iter().filter_map(SignatureReport::signer).collect();
        self.signer = signers.join("; ");
        if signatures.is_empty() {
            self.reason_vi = "Văn bản không có chữ ký số.".to_owned();
            self.reason_en = "The document is not signed.".to_owned();
        }
        let open = signatures.iter().filter(|it| it.conclusion() != Conclusion::TotalPassed);
        let checks = open
            .flat_map(SignatureReport::checks)
            .filter(|it| matches!(it.outcome, kyso::Outcome::Failed | kyso::Outcome::NotChecked));
        for check in checks {
            add(&mut self.reason_vi, &check.message_vi);
            add(&mut self.reason_en, &check.message_en);
        }
    }
}

fn add(text: &mut String, sentence: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
}

impl Row for Line {
    const HEAD: &'static [&'static str] =
        &["file", "verdict", "indication", "signer", "reason_vi", "reason_en"];

    fn cells(&self) -> Vec<String> {
        let Self { file, verdict, indication, signer, reason_vi, reason_en } = self;
        [file, &(*verdict).to_owned(), indication, signer, reason_vi, reason_en]
            .map(String::clone)
            .into()
    }
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                flag if options.network.flag(flag) => {}
                "--cache" => options.network.keep_in(next()?),
                "--trust" => {
                    options.trust.merge(options::certificates(&next()?)?.into_iter().collect());
                }
                "--cert" => options.certificates.extend(options::certificates(&next()?)?),
                "--crl" => options.crls.extend(options::crls(&next()?)?),
                "--ocsp" => options.responses.extend(options::responses(&next()?)?),
                "--time" => options.at = Some(next()?.parse()?),
                "--policy" => options.policy = options::policy(&next()?)?,
                "--contents" => options.contents = Some(next()?.into()),
                "--manifest" => options.manifest = Some(next()?.into()),
                "--recursive" => options.recursive = true,
                "--summary" => options.summary = Some(batch::summary(next()?)?),
                "--threads" => options.threads = next()?.parse()?,
                text if text.starts_with("--") => return Err(format!("no option {text}").into()),
                path => options.paths.push(path.into()),
            }
        }
        match (&options.manifest, options.paths.len()) {
            (Some(_), 0) | (None, 1) => Ok(options),
            _ => Err("give IN, or --manifest LIST".into()),
        }
    }

    fn files(&self) -> Result<Vec<Signed>> {
        let entries = match (&self.manifest, self.paths.as_slice()) {
            (Some(list), _) => batch::manifest(list)?,
            (None, [folder]) => batch::folder(folder, self.recursive)?,
            _ => return Err("give IN, or --manifest LIST".into()),
        };
        let files: Vec<_> = entries.into_iter().map(|entry| self.signed(entry)).collect();
        // What a signature beside it is over is verified by that one.
        let contents: HashSet<_> = files.iter().filter_map(|it| it.content.clone()).collect();
        Ok(files.into_iter().filter(|it| !contents.contains(&it.path)).collect())
    }

    fn signed(&self, entry: Entry) -> Signed {
        let (path, mut content) = (entry.path, entry.output);
        if content.is_none() && path.extension().is_some_and(|it| it.eq_ignore_ascii_case("p7s")) {
            let beside = path.with_extension("");
            let elsewhere = self.contents.as_ref().map(|it| it.join(entry.name.with_extension("")));
            content = elsewhere.into_iter().chain([beside]).find(|it| it.is_file());
        }
        Signed { path, content }
    }

    fn validator(&self) -> kyso::Result<Validator> {
        let at = self.at.unwrap_or_else(UtcTime::now);
        let validator = Validator::new(self.trust.clone(), self.policy.clone(), at)
            .with_certificates(self.certificates.clone())
            .with_crls(self.crls.clone())
            .with_ocsp_responses(self.responses.clone());
        Ok(match self.network.retrieval(&self.policy, at)? {
            Some(retrieval) => validator.with_retrieval(retrieval),
            None => validator,
        })
    }
}
