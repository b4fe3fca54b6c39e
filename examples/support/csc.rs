//! A key that a remote service keeps (CSC API, version 2): one of those that
//! [`Keys`](super::Keys) opens.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use kyso::csc::{Access, Answer, Authorise, Client, Factor, FactorKind, Question, RemoteSigner};
use kyso::{ErrorKind, SignatureAlgorithm, Signer, UtcTime};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where the key is, and what its holder answers.
#[derive(Default)]
pub(crate) struct Options {
    url: Option<String>,
    credential: Option<String>,
    token: Option<PathBuf>,
    pin: Option<PathBuf>,
    pin_factor: Option<String>,
    otp: Option<String>,
    phone: bool,
    description: Option<String>,
    roots: Option<PathBuf>,
}

impl Options {
    /// Whether the option is one of these.
    pub(crate) fn read(
        &mut self,
        option: &str,
        mut value: impl FnMut() -> Result<String, String>,
    ) -> Result<bool, String> {
        match option {
            "--csc" => self.url = Some(value()?),
            "--credential" => self.credential = Some(value()?),
            "--csc-token-file" => self.token = Some(value()?.into()),
            "--csc-pin-file" => self.pin = Some(value()?.into()),
            "--csc-pin-factor" => self.pin_factor = Some(value()?),
            "--csc-otp" => self.otp = Some(value()?),
            "--csc-phone" => self.phone = true,
            "--csc-description" => self.description = Some(value()?),
            "--csc-roots" => self.roots = Some(value()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a service is to sign.
    pub(crate) fn is_given(&self) -> bool {
        self.url.is_some()
    }
}

/// The key, once the service has told of it. Secrets come from files, not from the command
/// line, which others can read.
pub(crate) fn open(
    options: &Options,
    algorithm: Option<SignatureAlgorithm>,
) -> Outcome<Box<dyn Signer>> {
    let url = options.url.as_deref().ok_or("give --csc")?;
    let token = options.token.clone().ok_or("--csc needs --csc-token-file")?;
    // Read anew where the service refuses it: another program may have renewed it.
    let access = Access::tokens(move || match secret(&token) {
        Ok(mut token) => Ok(mem::take(&mut *token)),
        Err(why) => Err(kyso::Error::new(ErrorKind::Io, why)),
    });
    let mut client = Client::new(url, access, UtcTime::now)?;
    if let Some(roots) = &options.roots {
        client = client.with_roots(&fs::read(roots)?)?;
    }
    let credential = match &options.credential {
        Some(credential) => credential.clone(),
        None => only(client.credentials()?)?,
    };
    let pin = options.pin.as_deref().map(secret).transpose()?;
    let holder = Holder {
        pin,
        pin_factor: options.pin_factor.clone(),
        otp: options.otp.clone(),
        used: AtomicBool::default(),
        refused: AtomicBool::default(),
    };
    let mut signer = RemoteSigner::open(client, &credential, holder)?;
    if let Some(algorithm) = algorithm {
        signer = signer.with_algorithm(algorithm)?;
    }
    if let Some(description) = &options.description {
        signer = signer.with_description(description);
    }
    if options.phone {
        signer = signer.asynchronous();
    }
    Ok(Box::new(signer))
}

fn only(mut credentials: Vec<String>) -> Outcome<String> {
    match (credentials.pop(), credentials.is_empty()) {
        (Some(it), true) => Ok(it),
        (None, _) => Err("the service keeps no key for this token".into()),
        (Some(last), false) => {
            credentials.push(last);
            let shown: Vec<_> =
                credentials.iter().map(|it| it.escape_debug().to_string()).collect();
            Err(format!("give --credential, one of {}", shown.join(" ")).into())
        }
    }
}

/// Spaces around it are none of it, either. An empty one would be counted as a wrong one.
fn secret(path: &Path) -> Result<Zeroizing<String>, String> {
    let line = super::first_line(path)?;
    match line.trim() {
        "" => Err(format!("{}: there is nothing in its first line", path.display())),
        it => Ok(Zeroizing::new(it.to_owned())),
    }
}

/// What was given on the command line, in a person's place.
struct Holder {
    pin: Option<Zeroizing<String>>,
    pin_factor: Option<String>,
    otp: Option<String>,
    used: AtomicBool,
    refused: AtomicBool,
}

impl Holder {
    fn answer(&self, factor: &Factor) -> kyso::Result<Answer> {
        let refuse = |what: &str| Err(kyso::Error::new(ErrorKind::Signer, what));
        if self.is_pin(factor) {
            return match &self.pin {
                Some(pin) => Ok(Answer::new(&factor.id, pin.as_str())),
                None => refuse("the service wants a PIN: give --csc-pin-file"),
            };
        }
        if !is_code(factor) {
            return refuse(&format!(
                "the service wants {:?}, and it is not known what that is: where the PIN is \
                 meant, give --csc-pin-factor with this name",
                factor.id
            ));
        }
        match self.otp.as_deref() {
            Some("ask") => Ok(Answer::new(&factor.id, ask(factor)?)),
            Some(code) if !self.used.swap(true, Ordering::SeqCst) => {
                Ok(Answer::new(&factor.id, code))
            }
            Some(_) => refuse("the code of --csc-otp was used: sign again with another"),
            None => refuse("the service wants a code: give --csc-otp, or --csc-otp ask"),
        }
    }

    /// Not every password is the PIN: what is sent for another one is told, and counted as a
    /// wrong one.
    fn is_pin(&self, factor: &Factor) -> bool {
        match &self.pin_factor {
            Some(id) => factor.id == *id,
            None => {
                factor.kind == FactorKind::Password && !is_code(factor) && is_called(factor, "PIN")
            }
        }
    }
}

/// Whether something makes the answer, or the service sends it first.
fn is_code(factor: &Factor) -> bool {
    let is_made = !factor.generator.is_empty() || is_called(factor, "OTP");
    factor.kind == FactorKind::ChallengeResponse || is_made
}

fn is_called(factor: &Factor, name: &str) -> bool {
    let mut words = factor.id.split(|it: char| !it.is_ascii_alphabetic());
    words.any(|it| it.eq_ignore_ascii_case(name))
}

impl Authorise for Holder {
    fn authorise(&self, question: &Question<'_>) -> kyso::Result<Vec<Answer>> {
        if self.refused.load(Ordering::SeqCst) {
            let what = "the service refused the PIN or the code: it is not sent again";
            return Err(kyso::Error::new(ErrorKind::Signer, what));
        }
        let asked = question.factors().iter().filter(|it| it.is_asked_here());
        asked.map(|it| self.answer(it)).collect()
    }

    fn refused(&self) {
        self.refused.store(true, Ordering::SeqCst);
    }
}

/// Asks whoever sits before the program.
#[allow(clippy::print_stderr, reason = "a program speaks to who runs it")]
fn ask(factor: &Factor) -> kyso::Result<String> {
    let Factor { id, label, description, challenge, .. } = factor;
    let challenge = challenge.as_deref().unwrap_or_default();
    // The name is as the service gave it, and may hold what turns a terminal around.
    eprintln!("{} {label} {description} {challenge}", id.escape_debug());
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "" => Err(kyso::Error::new(ErrorKind::Signer, "no code was entered")),
        code => Ok(code.to_owned()),
    }
}
