//! May a certificate be relied on? `check_certificate [OPTIONS] LEAF`.
//!
//! ```text
//! cargo run --example check_certificate -- --trust roots/ --cert intermediates.pem officer.cer
//! ```
//!
//! Exit: 0 valid · 1 invalid · 2 not settled · 3 unreadable · 64 wrong usage.
#![allow(clippy::print_stderr)] // a program's words

#[path = "support/network.rs"]
mod network;
#[path = "support/options.rs"]
mod options;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::{
    Certificate, CertificateConclusion, CertificateReport, Crl, Error, ErrorKind, Limits,
    OcspResponse, PathRequirements, Policy, Revocation, TrustStore, UtcTime, Validator,
};
use network::Network;
use options::{certificates, crls, policy, responses, text};

const USAGE: &str = "\
check_certificate [OPTIONS] LEAF
  --trust FILE     trusted certificates: PEM, DER, PKCS#7 bag or a folder of these (repeatable)
  --cert FILE      further certificates, never trusted (repeatable)
  --time TIME      validation time, RFC 3339 (default: now)
  --policy FILE    policy as JSON; or one that is ready made: `vietnam`, `etsi`, or `pilot`,
                   which requires no revocation data
  --no-revocation  do not ask whether a certificate is revoked
  --max-depth N    most authorities between the certificate and the anchor
  --usage OID      extended key usage to require
  --initial-policy OID (repeatable), --require-explicit-policy, --inhibit-policy-mapping,
  --inhibit-any-policy
                   what RFC 5280 6.1.1 asks of certificate policies
  --crl FILE       revocation lists: PEM or DER (repeatable)
  --ocsp FILE      OCSP responses: DER or PEM (repeatable)
  --json           one JSON object";

struct Options {
    trust: TrustStore,
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    at: UtcTime,
    policy: Policy,
    no_revocation: bool,
    requirements: PathRequirements,
    network: Network,
    json: bool,
    leaf: Option<PathBuf>,
}

fn main() -> ExitCode {
    let (options, leaf) = match Options::parse(std::env::args_os().skip(1)) {
        Ok(parsed) => parsed,
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}\n{}", network::USAGE);
            return ExitCode::from(64);
        }
    };
    let report = match check(&options, &leaf) {
        Ok(report) => report,
        Err(error) => CertificateReport::unreadable(&error),
    };
    let text = match options.json {
        true => serde_json::to_string(&report).unwrap_or_default() + "\n",
        false => report.to_string(),
    };
    // Where nobody reads on, the code still says what came out; a full disk is no pass.
    let written = io::stdout().write_all(text.as_bytes());
    ExitCode::from(match report.conclusion {
        _ if written.is_err() => 3,
        Some(CertificateConclusion::Valid) => 0,
        Some(CertificateConclusion::Invalid) => 1,
        Some(CertificateConclusion::Indeterminate) => 2,
        None => 3,
    })
}

/// The first certificate of the file is the one in question; others may stand in its path.
fn check(options: &Options, leaf: &Path) -> kyso::Result<CertificateReport> {
    let all = Certificate::all_from(&fs::read(leaf)?, &Limits::default())?;
    let Some((certificate, others)) = all.split_first() else {
        return Err(Error::new(ErrorKind::Malformed, "there is no certificate in this file"));
    };
    let mut policy = options.policy.clone();
    if options.no_revocation {
        policy.revocation = Revocation::NotRequired;
    }
    let retrieval = options.network.retrieval(&policy, options.at)?;
    let mut validator = Validator::new(options.trust.clone(), policy, options.at)
        .with_certificates(options.certificates.iter().chain(others).cloned())
        .with_crls(options.crls.iter().cloned())
        .with_ocsp_responses(options.responses.iter().cloned())
        .with_requirements(options.requirements.clone());
    if let Some(retrieval) = retrieval {
        validator = validator.with_retrieval(retrieval);
    }
    validator.check_certificate(certificate)
}

impl Options {
    /// Names of files need not be UTF-8; options and other values do.
    fn parse(arguments: impl Iterator<Item = OsString>) -> Result<(Self, PathBuf), String> {
        let mut options = Self {
            trust: TrustStore::new(),
            certificates: Vec::new(),
            crls: Vec::new(),
            responses: Vec::new(),
            at: UtcTime::now(),
            policy: Policy::default(),
            no_revocation: false,
            requirements: PathRequirements::default(),
            network: Network::default(),
            json: false,
            leaf: None,
        };
        let mut rest = arguments;
        let mut only_files = false;
        while let Some(argument) = rest.next() {
            if only_files || !argument.as_encoded_bytes().starts_with(b"--") {
                if options.leaf.replace(argument.into()).is_some() {
                    return Err("more than one file is named".into());
                }
                continue;
            }
            let argument = text(argument)?;
            if argument == "--" {
                only_files = true;
            } else if !options.flag(&argument) {
                let value = rest.next().map(text).transpose()?;
                options.set(&argument, value)?;
            }
        }
        let leaf = options.leaf.take().ok_or("no file is named")?;
        Ok((options, leaf))
    }

    /// Sets an option that has no value; whether it is one.
    fn flag(&mut self, name: &str) -> bool {
        match name {
            "--json" => self.json = true,
            "--no-revocation" => self.no_revocation = true,
            "--require-explicit-policy" => self.requirements.require_explicit_policy = true,
            "--inhibit-policy-mapping" => self.requirements.inhibit_policy_mapping = true,
            "--inhibit-any-policy" => self.requirements.inhibit_any_policy = true,
            _ => return self.network.flag(name),
        }
        true
    }

    fn set(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        let value = || value.ok_or_else(|| format!("{name} wants a value behind it"));
        match name {
            "--trust" => self.trust.merge(certificates(&value()?)?.into_iter().collect()),
            "--cert" => self.certificates.extend(certificates(&value()?)?),
            "--time" => self.at = value()?.parse().map_err(|it: Error| it.to_string())?,
            "--policy" => self.policy = policy(&value()?)?,
            "--max-depth" => {
                let depth = value()?.parse().map_err(|_| "--max-depth wants a number")?;
                self.requirements.max_depth = Some(depth);
            }
            "--usage" => self.requirements.extended_key_usage = Some(identifier(value()?)?),
            "--initial-policy" => {
                self.requirements.initial_policies.insert(identifier(value()?)?);
            }
            "--cache" => self.network.keep_in(value()?),
            "--crl" => self.crls.extend(crls(&value()?)?),
            "--ocsp" => self.responses.extend(responses(&value()?)?),
            other => return Err(format!("there is no option {other}")),
        }
        Ok(())
    }
}

/// An object identifier in dotted form.
fn identifier(value: String) -> Result<String, String> {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if value.contains('.') && value.split('.').all(is_number) {
        Ok(value)
    } else {
        Err(format!("{value} is no object identifier in dotted form"))
    }
}
