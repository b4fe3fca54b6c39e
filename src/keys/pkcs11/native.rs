//! Modules as they are: shared libraries, through `cryptoki`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism as Native, MechanismType};
use cryptoki::object::{
    Attribute, AttributeInfo, AttributeType, KeyType, ObjectClass, ObjectHandle,
};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo as NativeInfo};
use cryptoki::types::AuthPin;

use super::driver::{
    Connection, Driver, Family, Fault, FaultKind, Job, KeyKind, KeyName, Mechanism,
    StoredCertificate, StoredKey,
};
use super::info::{PinTries, TokenInfo};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Result};

/// Modules stay loaded and initialised until the process ends: there is one state of each for a
/// process, others may use it, and many do not bear being unloaded.
static LOADED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// # Errors
/// `Signer` when there is no such module, or it does not start.
pub(super) fn load(path: &Path) -> Result<Arc<dyn Driver>> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = loaded.get(path) {
        return Ok(Arc::new(Module(module.clone(), path.to_owned())));
    }
    let failed = |what: &str, source: Cryptoki| {
        let what = format!(
            "the PKCS#11 module {} {what} ({source}); give the library that came with the \
             token's driver, for this processor",
            path.display()
        );
        Error::new(ErrorKind::Signer, what).because(source)
    };
    let module = Pkcs11::new(path).map_err(|source| failed("cannot be loaded", source))?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Cryptoki::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(source) => return Err(failed("does not start", source)),
    }
    loaded.insert(path.to_owned(), module.clone());
    Ok(Arc::new(Module(module, path.to_owned())))
}

/// By where it was loaded from.
struct Module(Pkcs11, PathBuf);

impl Driver for Module {
    fn name(&self) -> String {
        self.1.display().to_string()
    }

    fn slots(&self) -> Result<Vec<u64>, Fault> {
        Ok(self.0.get_slots_with_token()?.into_iter().map(|it| it.id()).collect())
    }

    fn token(&self, slot: u64) -> Result<TokenInfo, Fault> {
        Ok(info(&self.0.get_token_info(Slot::try_from(slot)?)?))
    }

    fn mechanisms(&self, slot: u64) -> Result<Vec<Mechanism>, Fault> {
        let list = self.0.get_mechanism_list(Slot::try_from(slot)?)?;
        Ok(KNOWN.iter().filter(|(it, _)| list.contains(it)).map(|(_, known)| *known).collect())
    }

    fn open(&self, slot: u64) -> Result<Box<dyn Connection>, Fault> {
        let session = self.0.open_ro_session(Slot::try_from(slot)?)?;
        Ok(Box::new(Open { session, keys: Vec::new() }))
    }
}

fn info(native: &NativeInfo) -> TokenInfo {
    let tries = if native.user_pin_locked() {
        PinTries::Locked
    } else if native.user_pin_final_try() {
        PinTries::Last
    } else if native.user_pin_count_low() {
        PinTries::Fewer
    } else {
        PinTries::Unsaid
    };
    let sessions: Option<u64> = native.max_session_count().into();
    TokenInfo {
        label: tidy(native.label()),
        serial: tidy(native.serial_number()),
        manufacturer: tidy(native.manufacturer_id()),
        model: tidy(native.model()),
        tries,
        pin_pad: native.protected_authentication_path(),
        pin_set: native.user_pin_initialized(),
        login_required: native.login_required(),
        pin_octets: (native.min_pin_length(), native.max_pin_length()),
        sessions: sessions.and_then(|it| usize::try_from(it).ok()),
    }
}

/// Blanks fill these fields up; some modules take zeros.
fn tidy(text: &str) -> String {
    text.trim_matches(['\0', ' ']).to_owned()
}

struct Open {
    session: Session,
    /// Handles of keys that were found in this session.
    keys: Vec<(KeyName, ObjectHandle)>,
}

impl Connection for Open {
    fn login(&mut self, pin: Option<&str>) -> Result<(), Fault> {
        Ok(self.session.login(UserType::User, auth_pin(pin).as_ref())?)
    }

    fn certificates(&mut self, most: usize, octets: u64) -> Result<Vec<StoredCertificate>, Fault> {
        let mut found = Vec::new();
        for handle in self.find(&[Attribute::Class(ObjectClass::CERTIFICATE)], most)? {
            let value = [AttributeType::Value];
            let Some(length) = self.lengths(handle, &value)?.first().copied().flatten() else {
                continue;
            };
            let mut certificate = StoredCertificate {
                label: String::new(),
                id: Vec::new(),
                octets: length,
                der: Vec::new(),
            };
            let mut found_here = self.read(handle, &[AttributeType::Label, AttributeType::Id])?;
            if length <= octets {
                found_here.extend(self.session.get_attributes(handle, &value)?);
            }
            for attribute in found_here {
                match attribute {
                    Attribute::Label(it) => certificate.label = text(&it),
                    Attribute::Id(it) => certificate.id = it,
                    Attribute::Value(it) => certificate.der = it,
                    _ => {}
                }
            }
            found.push(certificate);
        }
        Ok(found)
    }

    fn keys(&mut self, most: usize) -> Result<Vec<StoredKey>, Fault> {
        let mut found = Vec::new();
        for handle in self.find(&[Attribute::Class(ObjectClass::PRIVATE_KEY)], most)? {
            found.extend(self.key(handle)?);
        }
        Ok(found)
    }

    fn sign(&mut self, job: &Job<'_>) -> Result<Vec<u8>, Fault> {
        let key = self.handle(job.key)?;
        Ok(self.session.sign(&native(job)?, key, &job.data)?)
    }

    fn begin(&mut self, job: &Job<'_>) -> Result<(), Fault> {
        let key = self.handle(job.key)?;
        Ok(self.session.sign_init(&native(job)?, key)?)
    }

    fn finish(&mut self, job: &Job<'_>, pin: Option<&str>) -> Result<Vec<u8>, Fault> {
        self.session.login(UserType::ContextSpecific, auth_pin(pin).as_ref())?;
        self.session.sign_update(&job.data)?;
        Ok(self.session.sign_final()?)
    }
}

impl Open {
    fn find(&self, template: &[Attribute], most: usize) -> Result<Vec<ObjectHandle>, Fault> {
        let handles = self.session.iter_objects(template)?.take(most.saturating_add(1));
        Ok(handles.collect::<Result<_, _>>()?)
    }

    /// How many bytes each of these has, unless it has none.
    fn lengths(
        &self,
        handle: ObjectHandle,
        wanted: &[AttributeType],
    ) -> Result<Vec<Option<u64>>, Fault> {
        let length = |it| match it {
            AttributeInfo::Available(length) => Some(u64::try_from(length).unwrap_or(u64::MAX)),
            _ => None,
        };
        let all = self.session.get_attribute_info(handle, wanted)?;
        Ok(all.into_iter().map(length).collect())
    }

    /// Those of these that are there; what is larger than any of them is, counts as none.
    fn read(
        &self,
        handle: ObjectHandle,
        wanted: &[AttributeType],
    ) -> Result<Vec<Attribute>, Fault> {
        let lengths = self.lengths(handle, wanted)?;
        let small = wanted.iter().zip(lengths);
        let small: Vec<AttributeType> = small
            .filter(|(_, length)| length.is_some_and(|it| it <= ATTRIBUTE))
            .map(|(it, _)| *it)
            .collect();
        Ok(self.session.get_attributes(handle, &small)?)
    }

    /// Nothing for keys of kinds that are not used here.
    fn key(&self, handle: ObjectHandle) -> Result<Option<StoredKey>, Fault> {
        let (mut kind, mut id, mut label, mut always_authenticate, mut public) =
            (None, Vec::new(), String::new(), false, Vec::new());
        let wanted = [
            AttributeType::KeyType,
            AttributeType::Id,
            AttributeType::Label,
            AttributeType::AlwaysAuthenticate,
            AttributeType::Modulus,
        ];
        for attribute in self.read(handle, &wanted)? {
            match attribute {
                Attribute::KeyType(KeyType::RSA) => kind = Some(KeyKind::Rsa),
                Attribute::KeyType(KeyType::EC) => kind = Some(KeyKind::Ec),
                Attribute::Id(it) => id = it,
                Attribute::Label(it) => label = text(&it),
                Attribute::AlwaysAuthenticate(it) => always_authenticate = it,
                Attribute::Modulus(it) => public = without_zeros(&it).to_vec(),
                _ => {}
            }
        }
        let Some(kind) = kind else { return Ok(None) };
        if kind == KeyKind::Ec {
            public = self.point(&id, &label)?;
        }
        let name = KeyName { id, kind, public };
        Ok(Some(StoredKey { name, label, always_authenticate }))
    }

    /// Private keys do not say their point; a public key beside one does. Of several with one
    /// `CKA_ID`, it is the one with the same label; where that does not tell, it is not known.
    fn point(&self, id: &[u8], label: &str) -> Result<Vec<u8>, Fault> {
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Id(id.to_vec()),
        ];
        let mut points = Vec::new();
        for handle in self.find(&template, SAME_ID)? {
            let (mut point, mut is_namesake) = (Vec::new(), false);
            for it in self.read(handle, &[AttributeType::EcPoint, AttributeType::Label])? {
                match it {
                    Attribute::EcPoint(it) => point = bare_point(it),
                    Attribute::Label(it) => is_namesake = text(&it) == label,
                    _ => {}
                }
            }
            points.push((point, is_namesake));
        }
        if points.len() > 1 {
            points.retain(|(_, is_namesake)| *is_namesake);
        }
        points.dedup();
        Ok(match points.as_mut_slice() {
            [(point, _)] => std::mem::take(point),
            _ => Vec::new(),
        })
    }

    fn handle(&mut self, key: &KeyName) -> Result<ObjectHandle, Fault> {
        if let Some((_, handle)) = self.keys.iter().find(|(it, _)| it == key) {
            return Ok(*handle);
        }
        let kind = match key.kind {
            KeyKind::Rsa => KeyType::RSA,
            KeyKind::Ec => KeyType::EC,
        };
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(kind),
            Attribute::Id(key.id.clone()),
        ];
        let named = self.find(&template, SAME_ID)?;
        let handle = match named.as_slice() {
            [handle] => *handle,
            [] => return Err(no_such_key("no private key has this CKA_ID")),
            several => self.one_of(several, key)?,
        };
        self.keys.push((key.clone(), handle));
        Ok(handle)
    }

    /// The one of the certificate among keys with one `CKA_ID`.
    fn one_of(&self, several: &[ObjectHandle], key: &KeyName) -> Result<ObjectHandle, Fault> {
        for handle in several {
            let found = self.key(*handle)?;
            if found.is_some_and(|it| !it.name.public.is_empty() && it.name == *key) {
                return Ok(*handle);
            }
        }
        let what = "several private keys have this CKA_ID, and which of them is the \
                    certificate's cannot be told; give each one of its own";
        Err(no_such_key(what))
    }
}

fn no_such_key(what: &str) -> Fault {
    Fault { kind: FaultKind::NoSuchKey, at_login: false, what: what.to_owned() }
}

/// Bytes of an attribute that is no certificate: an RSA modulus of 16,384 bits has 2,048.
const ATTRIBUTE: u64 = 4_096;
/// Keys with one `CKA_ID` that are looked at.
const SAME_ID: usize = 16;

fn without_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

/// A point is within an OCTET STRING (PKCS #11 3.1 §6.3.3); some modules leave that away.
fn bare_point(point: Vec<u8>) -> Vec<u8> {
    match point.as_slice() {
        [0x04, length, rest @ ..] if usize::from(*length) == rest.len() => rest.to_vec(),
        _ => point,
    }
}

fn auth_pin(pin: Option<&str>) -> Option<AuthPin> {
    pin.map(|it| AuthPin::new(it.into()))
}

fn text(octets: &[u8]) -> String {
    tidy(&String::from_utf8_lossy(octets))
}

const fn mechanism(family: Family, digest: Option<DigestAlgorithm>) -> Mechanism {
    Mechanism { family, digest }
}

/// PKCS #11 3.1 §6.1 and §6.3.
const KNOWN: [(MechanismType, Mechanism); 12] = {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    use Family::{Ecdsa, Pkcs1, Pss};
    [
        (MechanismType::RSA_PKCS, mechanism(Pkcs1, None)),
        (MechanismType::SHA256_RSA_PKCS, mechanism(Pkcs1, Some(Sha256))),
        (MechanismType::SHA384_RSA_PKCS, mechanism(Pkcs1, Some(Sha384))),
        (MechanismType::SHA512_RSA_PKCS, mechanism(Pkcs1, Some(Sha512))),
        (MechanismType::RSA_PKCS_PSS, mechanism(Pss, None)),
        (MechanismType::SHA256_RSA_PKCS_PSS, mechanism(Pss, Some(Sha256))),
        (MechanismType::SHA384_RSA_PKCS_PSS, mechanism(Pss, Some(Sha384))),
        (MechanismType::SHA512_RSA_PKCS_PSS, mechanism(Pss, Some(Sha512))),
        (MechanismType::ECDSA, mechanism(Ecdsa, None)),
        (MechanismType::ECDSA_SHA256, mechanism(Ecdsa, Some(Sha256))),
        (MechanismType::ECDSA_SHA384, mechanism(Ecdsa, Some(Sha384))),
        (MechanismType::ECDSA_SHA512, mechanism(Ecdsa, Some(Sha512))),
    ]
};

/// With its parameters.
fn native(job: &Job<'_>) -> Result<Native<'static>, Fault> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let unknown = || Fault {
        kind: FaultKind::Mechanism,
        at_login: false,
        what: format!("there is no mechanism for {}", job.algorithm),
    };
    let Mechanism { family, digest } = job.mechanism;
    Ok(match (family, digest) {
        (Family::Pkcs1, None) => Native::RsaPkcs,
        (Family::Pkcs1, Some(Sha256)) => Native::Sha256RsaPkcs,
        (Family::Pkcs1, Some(Sha384)) => Native::Sha384RsaPkcs,
        (Family::Pkcs1, Some(Sha512)) => Native::Sha512RsaPkcs,
        (Family::Ecdsa, None) => Native::Ecdsa,
        (Family::Ecdsa, Some(Sha256)) => Native::EcdsaSha256,
        (Family::Ecdsa, Some(Sha384)) => Native::EcdsaSha384,
        (Family::Ecdsa, Some(Sha512)) => Native::EcdsaSha512,
        (Family::Pss, digest) => {
            let parameters = pss(job.algorithm).ok_or_else(unknown)?;
            match digest {
                None => Native::RsaPkcsPss(parameters),
                Some(Sha256) => Native::Sha256RsaPkcsPss(parameters),
                Some(Sha384) => Native::Sha384RsaPkcsPss(parameters),
                Some(Sha512) => Native::Sha512RsaPkcsPss(parameters),
                Some(_) => return Err(unknown()),
            }
        }
        (Family::Pkcs1 | Family::Ecdsa, Some(_)) => return Err(unknown()),
    })
}

fn pss(algorithm: SignatureAlgorithm) -> Option<PkcsPssParams> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let SignatureAlgorithm::RsaPss(parameters) = algorithm else { return None };
    let hash_alg = match parameters.digest {
        Sha256 => MechanismType::SHA256,
        Sha384 => MechanismType::SHA384,
        Sha512 => MechanismType::SHA512,
        _ => return None,
    };
    let mgf = match parameters.mask_digest {
        Sha256 => PkcsMgfType::MGF1_SHA256,
        Sha384 => PkcsMgfType::MGF1_SHA384,
        Sha512 => PkcsMgfType::MGF1_SHA512,
        _ => return None,
    };
    let s_len = usize::try_from(parameters.salt_length).ok()?.try_into().ok()?;
    Some(PkcsPssParams { hash_alg, mgf, s_len })
}

impl From<Cryptoki> for Fault {
    fn from(error: Cryptoki) -> Self {
        let at_login = matches!(error, Cryptoki::Pkcs11(_, Function::Login));
        let kind = match &error {
            Cryptoki::Pkcs11(value, _) => kind(*value),
            _ => FaultKind::Other,
        };
        let what = match &error {
            Cryptoki::Pkcs11(value, function) => format!("C_{function}: {value:?}"),
            other => other.to_string(),
        };
        Self { kind, at_login, what }
    }
}

/// PKCS #11 3.1 §5.1.
fn kind(value: RvError) -> FaultKind {
    match value {
        RvError::PinIncorrect => FaultKind::PinIncorrect,
        RvError::PinInvalid | RvError::PinLenRange => FaultKind::PinMalformed,
        RvError::PinExpired => FaultKind::PinExpired,
        RvError::PinLocked => FaultKind::PinLocked,
        RvError::UserPinNotInitialized => FaultKind::PinUnset,
        RvError::FunctionCanceled | RvError::FunctionRejected | RvError::Cancel => {
            FaultKind::Cancelled
        }
        RvError::UserAlreadyLoggedIn => FaultKind::AlreadyLoggedIn,
        RvError::UserNotLoggedIn => FaultKind::NotLoggedIn,
        RvError::UserAnotherAlreadyLoggedIn | RvError::UserTooManyTypes => FaultKind::OtherUser,
        RvError::DeviceRemoved | RvError::TokenNotRecognized | RvError::SessionClosed => {
            FaultKind::Removed
        }
        RvError::TokenNotPresent
        | RvError::SlotIdInvalid
        | RvError::SessionHandleInvalid
        | RvError::KeyHandleInvalid
        | RvError::ObjectHandleInvalid => FaultKind::Stale,
        RvError::SessionCount => FaultKind::Sessions,
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::KeyTypeInconsistent
        | RvError::KeySizeRange
        | RvError::KeyFunctionNotPermitted => FaultKind::Mechanism,
        _ => FaultKind::Other,
    }
}
