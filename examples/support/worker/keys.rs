//! The key that a worker signs with.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kyso::{Signer, SoftwareSigner, pkcs12};

#[derive(Default)]
pub(crate) struct KeyOptions {
    key: Option<PathBuf>,
    certificates: Vec<PathBuf>,
    p12: Option<PathBuf>,
}

impl KeyOptions {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The certificates alone, for who names a signer without being one.
    pub(crate) fn certificates(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let files = self.certificates.iter().map(|path| read(path));
        Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Nothing where no key is named. The password is in `KYSO_PASSWORD`: command lines are
    /// seen by everybody on the machine.
    pub(crate) fn open(&self) -> Result<Option<Box<dyn Signer>>, Box<dyn Error>> {
        let password = std::env::var("KYSO_PASSWORD").unwrap_or_default();
        let signer = match (&self.key, &self.p12) {
            (None, None) => return Ok(None),
            (Some(_), None) if self.certificates.is_empty() => {
                return Err("--key needs --cert, the certificate that belongs to it".into());
            }
            (Some(key), None) => {
                SoftwareSigner::from_encrypted_pem(&read(key)?, &password, &self.certificates()?)?
            }
            (None, Some(p12)) => pkcs12::open(&read(p12)?, password.as_str())?,
            (Some(_), Some(_)) => return Err("give --key or --p12, not both".into()),
        };
        Ok(Some(Box::new(signer)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
