//! Who may sign for an agency.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::fingerprint::Fingerprint;
use crate::error::{Error, Result};
use crate::pki::Certificate;
use crate::time::UtcTime;

/// That certain certificates may sign for an agency, set by an administrator who knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// Which certificates.
    pub known_by: KnownBy,
    /// As whom they sign.
    #[serde(default)]
    pub role: Role,
    /// The domain of trust in which their path has to end
    /// ([`TrustAnchor::with_domain`](crate::TrustAnchor::with_domain)); any where there is
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UtcTime>,
    /// Until when, that moment not included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcTime>,
    /// For people: by which decision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// By what a certificate is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum KnownBy {
    /// The certificate itself: SHA-256 over its DER.
    Certificate(Fingerprint),
    /// The key, in whichever certificate: SHA-256 over `SubjectPublicKeyInfo` (RFC 5280
    /// §4.1.2.7). It stays through renewals.
    PublicKey(Fingerprint),
    /// Issuer and serial number, as [`Certificate::issuer`] and [`Certificate::serial`]
    /// write them; of the serial number, case, colons and zeros in front do not matter.
    IssuerSerial {
        /// RFC 4514.
        issuer: String,
        /// In hexadecimal.
        serial: String,
    },
    /// What the subject says, of all that is named here. Texts are compared letter by
    /// letter, whichever way their accents are composed (Unicode NFC).
    Subject {
        /// O, the last where there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organization: Option<String>,
        /// OU, any where there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organizational_unit: Option<String>,
        /// CN, the last where there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        common_name: Option<String>,
    },
}

/// As whom a certificate signs (Decree 30/2020/NĐ-CP art. 5: a document has the signature of
/// the person who may sign it, and that of the agency).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// *Người có thẩm quyền.*
    Leader,
    /// *Ký số của cơ quan, tổ chức*: in place of the seal.
    AgencySeal,
    /// Either.
    #[default]
    Any,
}

impl Role {
    /// Whether one who may sign in this role satisfies what asks for another.
    pub(super) fn serves(self, asked: Self) -> bool {
        self == asked || self == Self::Any || asked == Self::Any
    }

    /// In Vietnamese.
    #[must_use]
    pub fn name_vi(self) -> &'static str {
        match self {
            Self::Leader => "người có thẩm quyền",
            Self::AgencySeal => "chữ ký số của cơ quan",
            Self::Any => "bất kỳ",
        }
    }

    /// In English.
    #[must_use]
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Leader => "the person in charge",
            Self::AgencySeal => "the agency's own signature",
            Self::Any => "any",
        }
    }
}

impl Authorization {
    fn new(known_by: KnownBy) -> Self {
        let note = String::new();
        Self { known_by, role: Role::Any, domain: None, from: None, until: None, note }
    }

    /// For one certificate, until it is renewed.
    #[must_use]
    pub fn of_certificate(certificate: &Certificate) -> Self {
        Self::new(KnownBy::Certificate((*certificate.digest()).into()))
    }

    /// For one key, in whichever certificate.
    #[must_use]
    pub fn of_public_key(certificate: &Certificate) -> Self {
        Self::new(KnownBy::PublicKey(Fingerprint::of(certificate.public_key_info())))
    }

    /// For the certificate of this issuer and serial number.
    #[must_use]
    pub fn of_issuer_serial(issuer: impl Into<String>, serial: impl Into<String>) -> Self {
        Self::new(KnownBy::IssuerSerial { issuer: issuer.into(), serial: serial.into() })
    }

    /// For all certificates of a domain of trust whose subject says what is added by
    /// [`with_organization`](Self::with_organization) and its like. A domain is asked for
    /// because another's authorities may give anyone the same name.
    #[must_use]
    pub fn of_subject(domain: impl Into<String>) -> Self {
        let subject =
            KnownBy::Subject { organization: None, organizational_unit: None, common_name: None };
        Self { domain: Some(domain.into()), ..Self::new(subject) }
    }

    /// Asks for this organisation in the subject. Only for
    /// [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn with_organization(mut self, name: impl Into<String>) -> Self {
        if let KnownBy::Subject { organization, .. } = &mut self.known_by {
            *organization = Some(name.into());
        }
        self
    }

    /// Asks for this organisational unit in the subject. Only for
    /// [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn with_organizational_unit(mut self, name: impl Into<String>) -> Self {
        if let KnownBy::Subject { organizational_unit, .. } = &mut self.known_by {
            *organizational_unit = Some(name.into());
        }
        self
    }

    /// Asks for this common name in the subject. Only for
    /// [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn with_common_name(mut self, name: impl Into<String>) -> Self {
        if let KnownBy::Subject { common_name, .. } = &mut self.known_by {
            *common_name = Some(name.into());
        }
        self
    }

    /// In this role alone.
    #[must_use]
    pub fn as_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// In this domain of trust alone.
    #[must_use]
    pub fn in_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// From this moment on.
    #[must_use]
    pub fn from(mut self, at: UtcTime) -> Self {
        self.from = Some(at);
        self
    }

    /// Until just before this moment.
    #[must_use]
    pub fn until(mut self, at: UtcTime) -> Self {
        self.until = Some(at);
        self
    }

    /// Whether it can be relied on.
    ///
    /// # Errors
    /// `Misuse` when it ends before it begins, when it asks nothing of a subject, when it
    /// goes by a subject and names no domain of trust, or when its serial number is none.
    pub fn check(&self) -> Result<()> {
        if self.from.zip(self.until).is_some_and(|(from, until)| until <= from) {
            return Err(Error::misuse("an authorization ends before it begins"));
        }
        match &self.known_by {
            KnownBy::Certificate(_) | KnownBy::PublicKey(_) => Ok(()),
            KnownBy::IssuerSerial { issuer, serial } => {
                if issuer.is_empty() || serial_digits(serial).is_none() {
                    return Err(Error::misuse(
                        "an authorization by issuer and serial number has one of them missing",
                    ));
                }
                Ok(())
            }
            KnownBy::Subject { organization, organizational_unit, common_name } => {
                let mut asked =
                    [organization, organizational_unit, common_name].into_iter().flatten();
                let says = asked.clone().next().is_some() && asked.all(|it| !it.trim().is_empty());
                let domain = self.domain.as_ref().is_some_and(|it| !it.is_empty());
                if !says || !domain {
                    return Err(Error::misuse(
                        "an authorization by subject asks nothing of it, or names no domain of \
                         trust",
                    ));
                }
                Ok(())
            }
        }
    }

    /// Whether it is about this certificate, whose path ends in this domain of trust.
    pub(super) fn is_about(&self, certificate: &Certificate, domain: Option<&str>) -> bool {
        self.domain.as_deref().is_none_or(|it| Some(it) == domain)
            && self.known_by.is_of(certificate)
    }
}

impl KnownBy {
    fn is_of(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Certificate(digest) => *digest == (*certificate.digest()).into(),
            Self::PublicKey(digest) => *digest == Fingerprint::of(certificate.public_key_info()),
            Self::IssuerSerial { issuer, serial } => {
                let serial = serial_digits(serial);
                serial.is_some()
                    && serial == serial_digits(&certificate.serial())
                    && *issuer == certificate.issuer()
            }
            Self::Subject { organization, organizational_unit, common_name } => {
                let subject = certificate.subject_name();
                let units = subject.units();
                let says = |asked: &Option<String>, said: &[&str]| {
                    asked.as_ref().is_none_or(|it| said.iter().any(|said| same_text(it, said)))
                };
                [organization, organizational_unit, common_name].iter().any(|it| it.is_some())
                    && says(organization, subject.organization().as_slice())
                    && says(organizational_unit, &units)
                    && says(common_name, subject.common_name().as_slice())
            }
        }
    }
}

/// The digits that count; nothing where it is no number.
fn serial_digits(serial: &str) -> Option<String> {
    let digits: String = serial.chars().filter(|it| !matches!(it, ':' | ' ')).collect();
    let number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit());
    number.then(|| digits.trim_start_matches('0').to_ascii_lowercase())
}

fn same_text(one: &str, other: &str) -> bool {
    one.nfc().eq(other.nfc())
}
