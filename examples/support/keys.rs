//! Keys, wherever they are: options that name one, and its signer.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kyso::{Signer, SoftwareSigner, pkcs12};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the help says.
pub(crate) const USAGE: &str = "\
KEY        --key FILE --cert FILE... (PEM), or --p12 FILE
           --password-file FILE | --password-env NAME   the first line of a file, or a variable;
           --password TEXT       everybody on the machine can see a command line";

/// Which key it is. Another kind of holder is options of its own here, and an arm in
/// [`open`](Keys::open).
#[derive(Default)]
pub(crate) struct Keys {
    key: Option<PathBuf>,
    p12: Option<PathBuf>,
    certificates: Vec<PathBuf>,
    password: Secret,
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn open(&self) -> Outcome<Box<dyn Signer>> {
        match (&self.key, &self.p12) {
            (Some(_), None) if self.certificates.is_empty() => {
                Err("--key needs --cert, the certificate that belongs to it".into())
            }
            (Some(key), None) => {
                let certificates = self.certificates.iter().map(|path| bytes(path));
                let certificates = certificates.collect::<Outcome<Vec<_>>>()?.concat();
                let password = self.password.read()?;
                let key = bytes(key)?;
                Ok(Box::new(SoftwareSigner::from_encrypted_pem(&key, &password, &certificates)?))
            }
            (None, Some(p12)) => {
                let password = self.password.read()?;
                Ok(Box::new(pkcs12::open(&bytes(p12)?, password.as_str())?))
            }
            _ => Err("give --key or --p12".into()),
        }
    }
}

/// A password or PIN, from where others do not see it.
#[derive(Default)]
pub(crate) enum Secret {
    #[default]
    None,
    Text(String),
    File(PathBuf),
    Variable(String),
}

impl Secret {
    /// Errors name where it is, never what it is.
    pub(crate) fn read(&self) -> Outcome<String> {
        match self {
            Self::None => Ok(String::new()),
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => {
                let text = fs::read_to_string(path);
                let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
                Ok(text.lines().next().unwrap_or_default().to_owned())
            }
            Self::Variable(name) => match std::env::var(name) {
                Ok(value) => Ok(value),
                Err(std::env::VarError::NotPresent) => Err(format!("{name} is not set").into()),
                Err(_) => Err(format!("{name} is no UTF-8").into()),
            },
        }
    }
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
