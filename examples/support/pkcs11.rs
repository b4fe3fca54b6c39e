//! A key on a token: one of those that [`Keys`](super::Keys) opens.

use std::path::{Path, PathBuf};

use kyso::pkcs11::{Choice, Login, Module, Pin};
use kyso::{Certificate, Error, ErrorKind, Result, SignatureAlgorithm, Signer};

/// Where the key is: `--pkcs11 MODULE --token LABEL|SERIAL [--key-label TEXT]`, and
/// `--pin-file FILE`; otherwise the PIN is that of the environment's `KYSO_PIN`. It is never an
/// argument, which everybody on a machine can read.
#[derive(Debug, Default)]
pub(crate) struct Options {
    module: Option<PathBuf>,
    token: Option<String>,
    key_label: Option<String>,
    pin_file: Option<PathBuf>,
}

impl Options {
    /// Whether the argument is one of these.
    pub(crate) fn read(
        &mut self,
        argument: &str,
        mut next: impl FnMut() -> std::result::Result<String, String>,
    ) -> std::result::Result<bool, String> {
        match argument {
            "--pkcs11" => self.module = Some(next()?.into()),
            "--token" => self.token = Some(next()?),
            "--key-label" => self.key_label = Some(next()?),
            "--pin-file" => self.pin_file = Some(next()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn is_given(&self) -> bool {
        self.module.is_some()
    }
}

/// The only key for signatures on the token, or the one that was named. `certificates` are
/// those that are not on it.
///
/// # Errors
/// Those of the token; `Misuse` when no token or no PIN is named.
pub(crate) fn open(
    options: &Options,
    certificates: Vec<Certificate>,
    algorithm: Option<SignatureAlgorithm>,
) -> Result<Box<dyn Signer>> {
    let module = options.module.as_ref().ok_or_else(|| misuse("give --pkcs11"))?;
    let token = options.token.as_ref().ok_or_else(|| misuse("--pkcs11 needs --token"))?;
    let token = Module::open(module)?.token(token)?.with_certificates(certificates);
    let login = if token.info().has_pin_pad() {
        Login::on_device()
    } else {
        Login::with_pin(pin(options.pin_file.as_deref())?)
    };
    let choice = options.key_label.clone().map_or(Choice::Only, Choice::Label);
    let signer = token.with_login(login).signer(&choice)?;
    Ok(Box::new(match algorithm {
        Some(algorithm) => signer.with_algorithm(algorithm)?,
        None => signer,
    }))
}

fn pin(file: Option<&Path>) -> Result<Pin> {
    if let Some(file) = file {
        let pin = super::first_line(file).map(|mut it| Pin::new(std::mem::take(&mut *it)));
        return pin.map_err(|why| Error::new(ErrorKind::Io, why));
    }
    std::env::var("KYSO_PIN")
        .map(Pin::new)
        .map_err(|_| misuse("give the PIN by --pin-file or in the environment's KYSO_PIN"))
}

fn misuse(what: &str) -> Error {
    Error::new(ErrorKind::Misuse, what)
}
