//! Keys, wherever they are: options that name one, and its signer.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::{Certificate, Limits, SignatureAlgorithm, Signer, SoftwareSigner, pkcs12};
use zeroize::Zeroizing;

#[path = "csc.rs"]
mod csc;
#[path = "pkcs11.rs"]
mod pkcs11;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the help says.
const USAGE: &str = "\
KEY        --key FILE --cert FILE... (PEM), or --p12 FILE
           --password-file FILE | --password-env NAME   the first line of a file, or a variable;
                                                 that of the environment's KYSO_PASSWORD, unless given
           --password TEXT                       everybody on the machine can see a command line
           --pkcs11 MODULE --token LABEL|SERIAL  or on a token: the library of its driver; and which token
           --key-label TEXT                      where there are several keys; --cert FILE for certificates not on it
           --pin-file FILE                       its PIN; that of the environment's KYSO_PIN, unless given
           --csc URL [--credential ID] --csc-token-file FILE   or with a service, as https://host/csc/v2
           [--csc-pin-file FILE] [--csc-otp CODE|ask] [--csc-phone]   what its holder answers; phone: waits for one
           [--csc-pin-factor ID]                 what the service calls the PIN, where it is not PIN
           [--csc-description TEXT] [--csc-roots FILE]   what the holder is shown; whom TLS trusts
           --algorithm RSA_SHA256                (or RSA_SSA_PSS_SHA256_MGF1, ECDSA_SHA256, ED25519, ...)";

/// Of a program that takes these options, too.
pub(crate) fn wrong_usage(error: &dyn Error, usage: &str) -> ExitCode {
    crate::arguments::wrong_usage(error, &format!("{usage}\n{USAGE}"))
}

/// Which key it is, and what it signs by. Another kind of holder is options of its own here,
/// and an arm in [`open`](Keys::open).
#[derive(Default)]
pub(crate) struct Keys {
    key: Option<PathBuf>,
    p12: Option<PathBuf>,
    token: pkcs11::Options,
    service: csc::Options,
    certificates: Vec<PathBuf>,
    password: Secret,
    /// The key's usual one, unless given.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
}

impl Keys {
    /// Whether the option is one of these.
    pub(crate) fn read(
        &mut self,
        option: &str,
        mut value: impl FnMut() -> Result<String, String>,
    ) -> Result<bool, String> {
        match option {
            "--key" => self.key = Some(value()?.into()),
            "--cert" => self.certificates.push(value()?.into()),
            "--p12" => self.p12 = Some(value()?.into()),
            "--password" => self.password = Secret::Text(value()?),
            "--password-file" => self.password = Secret::File(value()?.into()),
            "--password-env" => self.password = Secret::Variable(value()?),
            "--algorithm" => self.algorithm = Some(crate::options::algorithm(&value()?)?),
            _ => {
                return Ok(
                    self.token.read(option, &mut value)? || self.service.read(option, value)?
                );
            }
        }
        Ok(true)
    }

    /// How many keys are named: one is enough.
    pub(crate) fn named(&self) -> usize {
        let files = [self.key.is_some(), self.p12.is_some()];
        let others = [self.token.is_given(), self.service.is_given()];
        files.into_iter().chain(others).filter(|it| *it).count()
    }

    pub(crate) fn open(&self) -> Outcome<Box<dyn Signer>> {
        if self.named() != 1 {
            return Err("give one of --key, --p12, --pkcs11 and --csc".into());
        }
        let signer = match (&self.key, &self.p12) {
            (Some(_), _) if self.certificates.is_empty() => {
                return Err("--key needs --cert, the certificate that belongs to it".into());
            }
            (Some(key), _) => {
                let (key, chain) = (Zeroizing::new(bytes(key)?), self.certificates()?);
                SoftwareSigner::from_encrypted_pem(&key, &self.password.read()?, &chain)?
            }
            (None, Some(p12)) => pkcs12::open(&bytes(p12)?, self.password.read()?.as_str())?,
            (None, None) if self.service.is_given() => {
                return csc::open(&self.service, self.algorithm);
            }
            (None, None) => {
                return Ok(pkcs11::open(&self.token, self.issuers()?, self.algorithm)?);
            }
        };
        Ok(Box::new(match self.algorithm {
            Some(algorithm) => signer.with_algorithm(algorithm)?,
            None => signer,
        }))
    }

    /// The certificates alone, for who names a signer without being one.
    pub(crate) fn certificates(&self) -> Outcome<Vec<u8>> {
        let files = self.certificates.iter().map(|path| bytes(path));
        Ok(files.collect::<Outcome<Vec<_>>>()?.concat())
    }

    /// What a token need not have.
    fn issuers(&self) -> Outcome<Vec<Certificate>> {
        match self.certificates()? {
            none if none.is_empty() => Ok(Vec::new()),
            some => Ok(Certificate::all_from(&some, &Limits::default())?),
        }
    }
}

/// A password, from where others do not see it.
#[derive(Default)]
enum Secret {
    /// That of `KYSO_PASSWORD`, where there is one.
    #[default]
    Unsaid,
    Text(String),
    File(PathBuf),
    Variable(String),
}

impl Secret {
    /// Errors name where it is, never what it is.
    fn read(&self) -> Outcome<Zeroizing<String>> {
        Ok(match self {
            Self::Unsaid => Zeroizing::new(variable("KYSO_PASSWORD")?.unwrap_or_default()),
            Self::Text(text) => Zeroizing::new(text.clone()),
            Self::File(path) => first_line(path)?,
            Self::Variable(name) => {
                Zeroizing::new(variable(name)?.ok_or_else(|| format!("{name} is not set"))?)
            }
        })
    }
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(_) => Err(format!("{name} is no UTF-8")),
    }
}

/// What a file of a secret holds: the line's end is none of it. It is wiped after its use.
fn first_line(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = Zeroizing::new(text);
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    text.truncate(end);
    Ok(text)
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
