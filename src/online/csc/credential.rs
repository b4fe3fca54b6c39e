//! What a service says of one key (§11.5).

use super::algorithm;
use super::authorise::Factor;
use super::refusal::{cleaned, garbled};
use super::value;
use super::wire;
use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::error::{Error, Place, Result};
use crate::limits::{Limits, within};
use crate::pki::{self, Certificate};

/// A key that a service keeps, as it describes it.
#[derive(Debug, Clone)]
pub struct Credential {
    id: String,
    description: String,
    algorithms: Vec<String>,
    enabled: bool,
    status: CredentialStatus,
    mode: AuthorisationMode,
    /// Whether all factors have to be answered; else the holder chooses.
    pub(super) wants_all: bool,
    factors: Vec<Factor>,
    bound: bool,
    multisign: usize,
    chain: Vec<Certificate>,
    default_algorithm: SignatureAlgorithm,
}

/// What the service says of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialStatus {
    /// It may be signed with.
    Valid,
    /// Its time is over.
    Expired,
    /// Its issuer took it back.
    Revoked,
    /// Its issuer took it back for the time being.
    Suspended,
    /// The service does not say.
    Unknown,
}

/// How the holder agrees to a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorisationMode {
    /// The service sees to it: by itself, or by asking the holder's phone.
    Implicit,
    /// The holder answers here: a PIN, a code.
    Explicit,
    /// The holder agrees in a browser (OAuth 2.0), which ends in an access token for the key.
    OAuth2Code,
}

const CALL: &str = "credentials/info";
/// Ways to agree that one key may have, and letters of what is told about one.
const FACTORS: usize = 16;
const TEXT: usize = 300;

impl Credential {
    pub(super) fn read(id: &str, wire: wire::CredentialAnswer, limits: &Limits) -> Result<Self> {
        let certificates = wire.cert.certificates.unwrap_or_default();
        let chain = chain(&certificates, limits)?;
        let Some(certificate) = chain.first() else {
            return Err(garbled(CALL, "has no certificate"));
        };
        let about = |it: Error| it.at(Place::Certificate(certificate.subject()));
        let key = PublicKey::read(certificate.public_key_info()).map_err(about)?;
        let algorithms = wire.key.algo;
        let found = algorithm::default_of(&key, &algorithms)?;
        let default_algorithm = found.ok_or_else(|| {
            about(garbled(CALL, "lists no algorithm that the certificate's key signs with"))
        })?;
        if let (Some(says), Some(has)) = (wire.key.len.filter(|it| *it > 0), bits(certificate))
            && says != has
        {
            let why = format!("describes a key of {says} bits, and the certificate's has {has}");
            return Err(about(garbled(CALL, &why)));
        }
        let (mode, factors) = authorisation(&wire.auth)?;
        let multisign = wire.multisign.unwrap_or(1);
        Ok(Self {
            id: id.to_owned(),
            description: cleaned(&wire.description.unwrap_or_default(), TEXT, &[]),
            enabled: wire.key.status.as_deref() != Some("disabled"),
            status: CredentialStatus::read(wire.cert.status.as_deref()),
            mode,
            wants_all: wire.auth.expression.as_deref().is_none_or(wants_all),
            factors,
            bound: wire.scal == Some(2),
            multisign: usize::try_from(multisign).unwrap_or(usize::MAX).max(1),
            algorithms,
            default_algorithm,
            chain,
        })
    }

    /// By what the service knows it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the service says of it, for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Identifiers of the algorithms that the service signs with.
    #[must_use]
    pub fn algorithms(&self) -> &[String] {
        &self.algorithms
    }

    /// Whether the key may be used at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// What the service says of the certificate. It is no proof: validation finds out.
    #[must_use]
    pub fn status(&self) -> CredentialStatus {
        self.status
    }

    /// How the holder agrees.
    #[must_use]
    pub fn mode(&self) -> AuthorisationMode {
        self.mode
    }

    /// What the holder is asked for.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Whether what the holder agrees to is bound to the hashes (SCAL 2).
    #[must_use]
    pub fn is_bound_to_hashes(&self) -> bool {
        self.bound
    }

    /// Signatures that the holder can agree to at once.
    #[must_use]
    pub fn multisign(&self) -> usize {
        self.multisign
    }

    /// The certificate of the key, then its issuers as far as the service gives them.
    #[must_use]
    pub fn certificate_chain(&self) -> &[Certificate] {
        &self.chain
    }

    pub(super) fn default_algorithm(&self) -> SignatureAlgorithm {
        self.default_algorithm
    }
}

impl CredentialStatus {
    fn read(text: Option<&str>) -> Self {
        match text {
            Some("valid") => Self::Valid,
            Some("expired") => Self::Expired,
            Some("revoked") => Self::Revoked,
            Some("suspended") => Self::Suspended,
            _ => Self::Unknown,
        }
    }
}

fn chain(texts: &[String], limits: &Limits) -> Result<Vec<Certificate>> {
    within(texts.len(), limits.certificates, "certificates of one key")?;
    let mut chain = Vec::with_capacity(texts.len());
    for text in texts {
        // Four letters for three bytes.
        within(text.len() / 4 * 3, limits.certificate_bytes, "bytes of one certificate")?;
        let der = value::decode(text)
            .ok_or_else(|| garbled(CALL, "has a certificate that is no base64"))?;
        chain.push(Certificate::from_der_within(&der, limits)?);
    }
    Ok(chain)
}

/// Of a key, where its kind and its size are known.
fn bits(certificate: &Certificate) -> Option<u64> {
    let bits = match certificate.public_key() {
        pki::PublicKey::Rsa { bits } => Some(bits),
        pki::PublicKey::EllipticCurve { bits } => bits,
        _ => None,
    };
    bits.and_then(|it| u64::try_from(it).ok())
}

fn authorisation(wire: &wire::Auth) -> Result<(AuthorisationMode, Vec<Factor>)> {
    let objects = wire.objects.as_deref().unwrap_or_default();
    within(objects.len(), FACTORS, "ways to agree to a signature")?;
    let factors: Vec<Factor> = objects.iter().map(Factor::read).collect::<Result<_>>()?;
    let mode = match wire.mode.as_deref() {
        Some("oauth2code") => AuthorisationMode::OAuth2Code,
        // §13.10: nothing is asked for here.
        Some("implicit") | None => AuthorisationMode::Implicit,
        Some("explicit") if factors.is_empty() => AuthorisationMode::Implicit,
        Some("explicit") => AuthorisationMode::Explicit,
        Some(_) => return Err(garbled(CALL, "names a mode of authorisation that is not known")),
    };
    Ok((mode, factors))
}

/// An expression such as `PIN AND (OTP OR SMS)` leaves a choice.
fn wants_all(expression: &str) -> bool {
    let mut words = expression.split(|it: char| it.is_whitespace() || it == '(' || it == ')');
    !words.any(|it| it.eq_ignore_ascii_case("or") || it.eq_ignore_ascii_case("xor"))
}
