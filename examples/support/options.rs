//! Values of options that several programs take.
#![allow(dead_code, reason = "not every program takes all of them")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use kyso::{
    Certificate, Crl, DigestAlgorithm, Evidence, Limits, OcspResponse, Policy, PssParameters,
    SignatureAlgorithm,
};

pub(crate) fn text(argument: OsString) -> Result<String, String> {
    argument.into_string().map_err(|it| format!("{} is no UTF-8", it.display()))
}

/// A file of JSON, or the name of a policy that is ready made.
pub(crate) fn policy(value: &str) -> Result<Policy, String> {
    match value {
        _ if Path::new(value).exists() => {}
        "vietnam" => return Ok(Policy::vietnam_official()),
        "etsi" => return Ok(Policy::etsi()),
        "pilot" => return Ok(Policy::pilot()),
        _ => {}
    }
    let text = fs::read_to_string(value).map_err(|error| format!("{value}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{value}: {error}"))
}

/// What another run kept.
#[allow(dead_code, reason = "not every program reads it")]
pub(crate) fn evidence(value: &str) -> Result<Evidence, String> {
    let text = fs::read(value).map_err(|error| format!("{value}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{value}: {error}"))
}

/// The certificates of a file, or of each file of a folder that holds some.
#[allow(clippy::print_stderr, reason = "a program speaks to who runs it")]
pub(crate) fn certificates(value: &str) -> Result<Vec<Certificate>, String> {
    let path = Path::new(value);
    if !path.is_dir() {
        return certificates_of(path);
    }
    let entries = fs::read_dir(path).map_err(|error| format!("{value}: {error}"))?;
    let mut files: Vec<_> = entries.filter_map(|it| it.ok().map(|it| it.path())).collect();
    files.retain(|file| file.is_file());
    files.sort();
    let mut all = Vec::new();
    for file in files {
        match certificates_of(&file) {
            Ok(certificates) => all.extend(certificates),
            Err(message) => eprintln!("passed over: {message}"),
        }
    }
    Ok(all)
}

fn certificates_of(file: &Path) -> Result<Vec<Certificate>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Certificate::all_from(&bytes, &Limits::default())
        .map_err(|error| format!("{}: {error}", file.display()))
}

pub(crate) fn crls(value: &str) -> Result<Vec<Crl>, String> {
    let bytes = fs::read(value).map_err(|error| format!("{value}: {error}"))?;
    Crl::all_from(bytes, &Limits::default()).map_err(|error| format!("{value}: {error}"))
}

pub(crate) fn responses(value: &str) -> Result<Vec<OcspResponse>, String> {
    let bytes = fs::read(value).map_err(|error| format!("{value}: {error}"))?;
    OcspResponse::all_from(&bytes, &Limits::default()).map_err(|error| format!("{value}: {error}"))
}

/// By the name that reports give it.
pub(crate) fn algorithm(name: &str) -> Result<SignatureAlgorithm, String> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    [Sha256, Sha384, Sha512]
        .into_iter()
        .flat_map(|digest| {
            [
                SignatureAlgorithm::RsaPkcs1(digest),
                SignatureAlgorithm::RsaPss(PssParameters::new(digest)),
                SignatureAlgorithm::Ecdsa(digest),
                SignatureAlgorithm::Ed25519,
            ]
        })
        .find(|algorithm| algorithm.to_string() == name)
        .ok_or_else(|| format!("no algorithm {name}"))
}
