//! A module of the tests' own, whose tokens are taken out, refuse and forget when they are told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::driver::{
    Connection, Driver, Family, Fault, FaultKind, Job, KeyKind, KeyName, Mechanism,
    StoredCertificate, StoredKey,
};
use super::info::{PinTries, TokenInfo};
use super::token::Module;
use crate::crypto::DigestAlgorithm;
use crate::keys::signer::{Signer, ToBeSigned};
use crate::keys::software::SoftwareSigner;

pub(super) const PIN: &str = "428913";

/// A token, wherever it is.
pub(super) struct FakeToken {
    pub(super) slot: Option<u64>,
    pub(super) info: TokenInfo,
    pub(super) tries: usize,
    pub(super) logged_in: bool,
    /// Raised when it is taken out: sessions of before are not known any more.
    epoch: u64,
    pub(super) open: usize,
    pub(super) most_open: usize,
    pub(super) sessions: usize,
    pub(super) always_authenticate: bool,
    /// Each PIN that was presented; nothing for one that was entered at its keys.
    pub(super) presented: Vec<Option<String>>,
    pub(super) signed: usize,
    /// How often somebody who was not logged in asked for a signature.
    pub(super) unknown: usize,
    /// Done while the next session is being closed, once the token has closed it.
    pub(super) at_close: Option<Box<dyn FnOnce() + Send>>,
    /// What it answers to calls by these names instead of doing them.
    pub(super) faults: VecDeque<(&'static str, FaultKind)>,
    pub(super) certificates: Vec<(String, Vec<u8>, Vec<u8>)>,
    pub(super) keys: Vec<StoredKey>,
}

impl FakeToken {
    /// With a key by the `CKA_ID` 1.
    pub(super) fn new(slot: u64, label: &str, serial: &str) -> Self {
        let name = KeyName { id: vec![1], kind: KeyKind::Rsa, public: Vec::new() };
        let certificate = signer().certificate_chain()[0].der().to_vec();
        Self {
            slot: Some(slot),
            info: info(label, serial),
            tries: 3,
            logged_in: false,
            epoch: 0,
            open: 0,
            most_open: 0,
            sessions: usize::MAX,
            always_authenticate: false,
            presented: Vec::new(),
            signed: 0,
            unknown: 0,
            at_close: None,
            faults: VecDeque::new(),
            certificates: vec![("leader".into(), vec![1], certificate)],
            keys: vec![StoredKey { name, label: "key".into(), always_authenticate: false }],
        }
    }

    pub(super) fn take_out(&mut self) {
        self.slot = None;
        self.epoch += 1;
        self.open = 0;
        self.logged_in = false;
    }

    fn answer(&mut self, call: &str) -> Result<(), Fault> {
        match self.faults.front() {
            Some((name, kind)) if *name == call => {
                let kind = *kind;
                self.faults.pop_front();
                Err(fault(kind, call == "login"))
            }
            _ => Ok(()),
        }
    }

    fn present(&mut self, pin: Option<&str>) -> Result<(), Fault> {
        self.presented.push(pin.map(str::to_owned));
        self.answer("login")?;
        if self.tries == 0 {
            return Err(fault(FaultKind::PinLocked, true));
        }
        if self.info.pin_pad != pin.is_none() || pin.is_some_and(|it| it != PIN) {
            self.tries -= 1;
            self.info.tries = match self.tries {
                0 => PinTries::Locked,
                1 => PinTries::Last,
                _ => PinTries::Fewer,
            };
            return Err(fault(FaultKind::PinIncorrect, true));
        }
        self.tries = 3;
        self.info.tries = PinTries::Unsaid;
        Ok(())
    }
}

fn fault(kind: FaultKind, at_login: bool) -> Fault {
    Fault { kind, at_login, what: format!("{kind:?}") }
}

fn info(label: &str, serial: &str) -> TokenInfo {
    TokenInfo {
        label: label.into(),
        serial: serial.into(),
        manufacturer: "kyso".into(),
        model: "fake".into(),
        tries: PinTries::Unsaid,
        pin_pad: false,
        pin_set: true,
        login_required: true,
        pin_octets: (4, 16),
        sessions: None,
    }
}

/// The key of the tokens.
pub(super) fn signer() -> SoftwareSigner {
    let key = include_bytes!("../../../testdata/keys/rsa2048.key.pem");
    let certificate = include_bytes!("../../../testdata/keys/rsa2048.crt.pem");
    SoftwareSigner::from_pem(key, certificate).unwrap()
}

/// With a number of its own: modules of different tests are different ones.
#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<Vec<FakeToken>>>, usize);

static FAKES: AtomicUsize = AtomicUsize::new(0);

impl Fake {
    pub(super) fn new(tokens: Vec<FakeToken>) -> Self {
        Self(Arc::new(Mutex::new(tokens)), FAKES.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn module(&self) -> Module {
        Module::over(Arc::new(self.clone()))
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Vec<FakeToken>> {
        self.0.lock().unwrap()
    }

    /// Does `work` with the first token.
    pub(super) fn first<T>(&self, work: impl FnOnce(&mut FakeToken) -> T) -> T {
        work(&mut self.tokens()[0])
    }

    fn at<T>(
        &self,
        slot: u64,
        work: impl FnOnce(&mut FakeToken) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self.tokens().iter_mut().find(|it| it.slot == Some(slot)) {
            Some(token) => work(token),
            None => Err(fault(FaultKind::Removed, false)),
        }
    }
}

impl Driver for Fake {
    fn name(&self) -> String {
        format!("fake {}", self.1)
    }

    fn slots(&self) -> Result<Vec<u64>, Fault> {
        Ok(self.tokens().iter().filter_map(|it| it.slot).collect())
    }

    fn token(&self, slot: u64) -> Result<TokenInfo, Fault> {
        self.at(slot, |token| Ok(token.info.clone()))
    }

    fn mechanisms(&self, slot: u64) -> Result<Vec<Mechanism>, Fault> {
        let digest = Some(DigestAlgorithm::Sha256);
        let families = [Family::Pkcs1, Family::Pss];
        self.at(slot, |_| {
            Ok(families.into_iter().map(|family| Mechanism { family, digest }).collect())
        })
    }

    fn open(&self, slot: u64) -> Result<Box<dyn Connection>, Fault> {
        let epoch = self.at(slot, |token| {
            token.answer("open")?;
            if token.open >= token.sessions {
                return Err(fault(FaultKind::Sessions, false));
            }
            token.open += 1;
            token.most_open = token.most_open.max(token.open);
            Ok(token.epoch)
        })?;
        let of = self.tokens().iter().position(|it| it.slot == Some(slot)).unwrap();
        Ok(Box::new(Session { fake: self.clone(), of, epoch }))
    }
}

struct Session {
    fake: Fake,
    of: usize,
    epoch: u64,
}

impl Session {
    fn token<T>(&self, work: impl FnOnce(&mut FakeToken) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut tokens = self.fake.tokens();
        let token = &mut tokens[self.of];
        match token.slot {
            None => Err(fault(FaultKind::Stale, false)),
            Some(_) if token.epoch != self.epoch => Err(fault(FaultKind::Stale, false)),
            Some(_) => work(token),
        }
    }

    fn value(job: &Job<'_>) -> Vec<u8> {
        let signer = signer().with_algorithm(job.algorithm).unwrap();
        let to_be_signed = ToBeSigned::new(job.data.clone(), job.algorithm);
        signer.sign(&to_be_signed).unwrap().bytes().to_vec()
    }
}

impl Connection for Session {
    fn login(&mut self, pin: Option<&str>) -> Result<(), Fault> {
        self.token(|token| {
            if token.logged_in {
                return Err(fault(FaultKind::AlreadyLoggedIn, true));
            }
            token.present(pin)?;
            token.logged_in = true;
            Ok(())
        })
    }

    fn certificates(&mut self, most: usize, octets: u64) -> Result<Vec<StoredCertificate>, Fault> {
        self.token(|token| {
            let stored = token.certificates.iter().take(most + 1).map(|(label, id, der)| {
                let length = u64::try_from(der.len()).unwrap();
                let der = if length > octets { Vec::new() } else { der.clone() };
                StoredCertificate { label: label.clone(), id: id.clone(), octets: length, der }
            });
            Ok(stored.collect())
        })
    }

    fn keys(&mut self, most: usize) -> Result<Vec<StoredKey>, Fault> {
        self.token(|token| {
            let seen = if token.logged_in { most + 1 } else { 0 };
            let always_authenticate = token.always_authenticate;
            let keys = token.keys.iter().take(seen).cloned();
            Ok(keys.map(|it| StoredKey { always_authenticate, ..it }).collect())
        })
    }

    fn sign(&mut self, job: &Job<'_>) -> Result<Vec<u8>, Fault> {
        self.token(|token| {
            token.answer("sign")?;
            if !token.logged_in || token.always_authenticate {
                token.unknown += 1;
                return Err(fault(FaultKind::NotLoggedIn, false));
            }
            token.signed += 1;
            Ok(())
        })?;
        Ok(Self::value(job))
    }

    fn begin(&mut self, _: &Job<'_>) -> Result<(), Fault> {
        self.token(|token| token.answer("begin"))
    }

    fn finish(&mut self, job: &Job<'_>, pin: Option<&str>) -> Result<Vec<u8>, Fault> {
        self.token(|token| {
            token.present(pin)?;
            token.answer("sign")?;
            token.signed += 1;
            Ok(())
        })?;
        Ok(Self::value(job))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut tokens = self.fake.tokens();
        let token = &mut tokens[self.of];
        if token.epoch == self.epoch {
            token.open -= 1;
            token.logged_in &= token.open > 0;
        }
        let meanwhile = token.at_close.take();
        drop(tokens);
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
    }
}
