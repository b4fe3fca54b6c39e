//! Verifies signed documents: `verify [OPTIONS] FILE...`.
//!
//! ```text
//! cargo run --example verify -- --trust roots/ --policy policy.json cong-van.pdf
//! ```
//!
//! Exit: 0 every signature passed · 1 some failed · 2 otherwise not settled, or nothing
//! is signed · 3 unreadable · 64 wrong usage.
#![allow(clippy::print_stderr)] // a program's words

#[path = "support/files.rs"]
mod files;
#[path = "support/network.rs"]
mod network;
#[path = "support/options.rs"]
mod options;

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use files::write_whole;
use kyso::{
    Certificate, Conclusion, Crl, DetailedReport, DocumentFormat, Evidence, Limits, OcspResponse,
    Policy, Report, Seekable, Source, TrustStore, UtcTime, Validator, edxml,
};
use network::Network;
use options::{certificates, crls, evidence, policy, responses, text};
use serde::Serialize;

const USAGE: &str = "\
verify [OPTIONS] FILE...
  --trust FILE     trusted certificates: PEM, DER, PKCS#7 bag or a folder of these (repeatable)
  --cert FILE      further certificates, never trusted (repeatable)
  --content FILE   content of detached signatures, or what an evidence record is over; NAME=FILE
                   for the signature or record NAME, or for the file NAME that an XML signature
                   refers to (repeatable)
  --time TIME      validation time, RFC 3339 (default: now, or the evidence's)
  --policy FILE    policy as JSON; or one that is ready made: `vietnam`, `etsi`, or `pilot`,
                   which requires no revocation data
  --crl FILE       revocation lists: PEM or DER (repeatable)
  --ocsp FILE      OCSP responses: DER or PEM (repeatable)
  --html FILE      one page on all files, for people, besides what is printed
  --save-evidence FILE   keeps what the verdict rests on, for the same verdict later
  --evidence FILE  verifies with what was kept; nobody is asked, whatever --online says
  --etsi FILE      the validation report of ETSI TS 119 102-2 (XML)
                   these three go with one file only
  --password TEXT  opens encrypted PDFs; the empty one is tried in any case
  --detailed       every process, block and check too; with --json in the field `detailed`
  --json           one JSON object a file, one a line";

struct Options {
    trust: TrustStore,
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    contents: Vec<(Option<String>, PathBuf)>,
    at: Option<UtcTime>,
    policy: Option<Policy>,
    network: Network,
    password: Option<String>,
    html: Option<PathBuf>,
    etsi: Option<PathBuf>,
    evidence: Option<Evidence>,
    save_evidence: Option<PathBuf>,
    detailed: bool,
    json: bool,
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}\n{}", network::USAGE);
            return ExitCode::from(64);
        }
    };
    let validator = match options.validator() {
        Ok(validator) => validator,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(3);
        }
    };
    let (mut worst, mut reports) = (0, Vec::new());
    for file in &options.files {
        let report = match verify(&validator, &options, file) {
            Ok(report) => report,
            Err(error) => Report::unreadable(&error),
        };
        let report = report.for_file(file.display().to_string());
        let text = text_of(&report, &options);
        // Where nobody reads on, the code still says what came out; a full disk is no pass.
        let written = io::stdout().write_all(text.as_bytes());
        worst = worse(worst, if written.is_ok() { exit_code(&report) } else { 3 });
        reports.push(report);
    }
    if let Err(error) = write_files(&options, &reports) {
        eprintln!("{error}");
        worst = 3;
    }
    ExitCode::from(worst)
}

/// What is printed.
fn text_of(report: &Report, options: &Options) -> String {
    if !options.json {
        let details = options.detailed.then(|| report.detailed().to_string());
        return format!("{report}{}", details.unwrap_or_default());
    }
    let detailed = options.detailed.then(|| report.detailed());
    serde_json::to_string(&Full { report, detailed }).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Full<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    detailed: Option<DetailedReport<'a>>,
}

/// What was asked for besides what is printed.
fn write_files(options: &Options, reports: &[Report]) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &options.html {
        write_whole(path, Report::to_html_page(reports).as_bytes())?;
    }
    let [report] = reports else { return Ok(()) };
    if let Some(path) = &options.etsi {
        let mut xml = Vec::new();
        report.write_etsi(&mut xml)?;
        write_whole(path, &xml)?;
    }
    if let Some(path) = &options.save_evidence {
        let evidence = report.evidence().ok_or("there is no evidence to save")?;
        write_whole(path, &serde_json::to_vec(evidence)?)?;
    }
    Ok(())
}

fn verify(validator: &Validator, options: &Options, path: &Path) -> kyso::Result<Report> {
    let file = Seekable::new(File::open(path)?)?;
    let beside = options.files_beside(path);
    if !beside.is_empty() && is_xml(&file)? {
        let open = |(name, path): (String, &Path)| Ok((name, Seekable::new(File::open(path)?)?));
        let files = beside.into_iter().map(open).collect::<kyso::Result<Vec<_>>>()?;
        return validator.validate_with_files(&file, &files);
    }
    let contents = options.contents_for(path);
    match contents.as_slice() {
        [] => match message(&file)? {
            Some(message) => edxml::validate(&message, validator, &Limits::default()),
            None => validator.validate(&file),
        },
        // A PDF holds its content itself.
        _ if is_pdf(&file)? => validator.validate(&file),
        [content] => {
            let content = Seekable::new(File::open(content)?)?;
            validator.validate_detached(&file, &content)
        }
        // An evidence record is over several, and a signature in CMS is not.
        several => {
            let open = |it: &&Path| Ok((it.display().to_string(), Seekable::new(File::open(it)?)?));
            let opened = several.iter().map(open).collect::<kyso::Result<Vec<_>>>()?;
            validator.validate_with_files(&file, &opened)
        }
    }
}

fn is_pdf(file: &dyn Source) -> kyso::Result<bool> {
    Ok(file.window(0..file.len().min(5))?.as_ref() == b"%PDF-")
}

/// The whole file, where it is a message of QCVN 102.
fn message(file: &dyn Source) -> kyso::Result<Option<Vec<u8>>> {
    let start = file.window(0..file.len().min(4096))?;
    if !is_xml(file)? || !start.windows(5).any(|it| it == b"edXML") {
        return Ok(None);
    }
    let whole = file.window(0..file.len())?;
    Ok(edxml::is_message(&whole).then(|| whole.into_owned()))
}

fn is_xml(file: &dyn Source) -> kyso::Result<bool> {
    let start = file.window(0..file.len().min(256))?;
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&start);
    Ok(text.trim_ascii_start().starts_with(b"<"))
}

fn exit_code(report: &Report) -> u8 {
    // A record by itself is judged for what it is: of all else, those who signed are asked.
    let conclusion = match report.format() {
        DocumentFormat::EvidenceRecord => report.evidence_conclusion(),
        _ => report.conclusion(),
    };
    match conclusion {
        _ if report.error().is_some() => 3,
        Some(Conclusion::TotalPassed) => 0,
        Some(Conclusion::TotalFailed(_)) => 1,
        Some(Conclusion::Indeterminate(_)) | None => 2,
    }
}

/// Of several files: unreadable, then failed, then not settled.
fn worse(one: u8, other: u8) -> u8 {
    let rank = |code: u8| [0, 2, 1, 3].iter().position(|it| *it == code);
    if rank(other) > rank(one) { other } else { one }
}

impl Options {
    /// Names of files need not be UTF-8; options and other values do.
    fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self {
            trust: TrustStore::new(),
            certificates: Vec::new(),
            crls: Vec::new(),
            responses: Vec::new(),
            contents: Vec::new(),
            at: None,
            policy: None,
            network: Network::default(),
            password: None,
            html: None,
            etsi: None,
            evidence: None,
            save_evidence: None,
            detailed: false,
            json: false,
            files: Vec::new(),
        };
        let mut rest = arguments;
        let mut only_files = false;
        while let Some(argument) = rest.next() {
            if only_files || !argument.as_encoded_bytes().starts_with(b"--") {
                options.files.push(argument.into());
                continue;
            }
            let argument = text(argument)?;
            let mut value = || match rest.next() {
                Some(value) => text(value),
                None => Err(format!("{argument} wants a value behind it")),
            };
            match argument.as_str() {
                "--" => only_files = true,
                "--detailed" => options.detailed = true,
                "--json" => options.json = true,
                flag if options.network.flag(flag) => {}
                "--cache" => options.network.keep_in(value()?),
                "--crl" => options.crls.extend(crls(&value()?)?),
                "--ocsp" => options.responses.extend(responses(&value()?)?),
                "--evidence" => options.evidence = Some(evidence(&value()?)?),
                "--save-evidence" => options.save_evidence = Some(value()?.into()),
                "--etsi" => options.etsi = Some(value()?.into()),
                "--html" => options.html = Some(value()?.into()),
                "--password" => options.password = Some(value()?),
                "--trust" => options.trust.merge(certificates(&value()?)?.into_iter().collect()),
                "--cert" => options.certificates.extend(certificates(&value()?)?),
                "--content" => options.contents.push(content(&value()?)),
                "--time" => {
                    let at = value()?.parse().map_err(|it: kyso::Error| it.to_string())?;
                    options.at = Some(at);
                }
                "--policy" => options.policy = Some(policy(&value()?)?),
                other => return Err(format!("there is no option {other}")),
            }
        }
        match options.files.len() {
            0 => Err("no file is named".into()),
            1 => Ok(options),
            _ if options.is_about_one_file() => {
                Err("--etsi, --evidence and --save-evidence go with one file".into())
            }
            _ => Ok(options),
        }
    }

    fn is_about_one_file(&self) -> bool {
        self.etsi.is_some() || self.evidence.is_some() || self.save_evidence.is_some()
    }

    /// Time and policy are the evidence's where none are named; what is trusted never is.
    fn validator(&self) -> kyso::Result<Validator> {
        let evidence = self.evidence.as_ref();
        let policy = self.policy.clone().or(evidence.map(|it| it.policy().clone()));
        let at = self.at.or(evidence.map(Evidence::validation_time));
        let at = at.unwrap_or_else(UtcTime::now);
        let policy = policy.unwrap_or_default();
        let retrieval = self.network.retrieval(&policy, at)?;
        let mut validator = Validator::new(self.trust.clone(), policy, at);
        if let Some(evidence) = evidence {
            validator = validator.with_evidence(evidence)?;
        } else if let Some(retrieval) = retrieval {
            validator = validator.with_retrieval(retrieval);
        }
        if self.save_evidence.is_some() {
            validator = validator.keep_evidence();
        }
        if let Some(password) = &self.password {
            validator = validator.with_password(password);
        }
        Ok(validator
            .with_certificates(self.certificates.clone())
            .with_crls(self.crls.clone())
            .with_ocsp_responses(self.responses.clone()))
    }

    /// The contents that were named for this file, or else those without a name.
    fn contents_for(&self, file: &Path) -> Vec<&Path> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let of = |name: &Option<String>| -> Vec<&Path> {
            let all = self.contents.iter().filter(|(it, _)| it == name);
            all.map(|(_, path)| path.as_path()).collect()
        };
        let named = if name.is_some() { of(&name) } else { Vec::new() };
        if named.is_empty() { of(&None) } else { named }
    }

    /// What an XML signature refers to by these names, or else by the files' own, where there
    /// are several or one has another name than the signature's.
    fn files_beside(&self, signature: &Path) -> Vec<(String, &Path)> {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let own = name(signature);
        match self.contents.as_slice() {
            [] | [(None, _)] => Vec::new(),
            [(Some(named), _)] if *named == own => Vec::new(),
            all => all
                .iter()
                .map(|(named, path)| (named.clone().unwrap_or_else(|| name(path)), &**path))
                .collect(),
        }
    }
}

/// `NAME=FILE`, or a file whose own name may hold an equals sign.
fn content(value: &str) -> (Option<String>, PathBuf) {
    match value.split_once('=') {
        Some((name, file)) if !Path::new(value).exists() => (Some(name.into()), file.into()),
        Some(_) | None => (None, value.into()),
    }
}
