//! Certificate revocation lists (RFC 5280 §5).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt;
use std::sync::Arc;

use super::entries::Entries;
use super::entry::Entry;
use super::extension::Extension;
use super::fault::Unusable;
use super::reason::Reasons;
use super::scope::{Scope, Subject, urls_of_points};
use super::signed::{Signed, Spent};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::encoding::pem;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::pki::x509::Name;
use crate::time::UtcTime;

/// A certificate revocation list (RFC 5280 §5). Cheap to clone: it is read once, and its
/// signature is checked once, however many documents ask it.
///
/// That there is one says nothing about who made it; its signature is checked against the
/// path of the certificate that it is asked about.
#[derive(Clone)]
pub struct Crl(Arc<Fields>);

struct Fields {
    der: Vec<u8>,
    issuer: Name,
    this_update: UtcTime,
    next_update: Option<UtcTime>,
    said: Extensions,
    entries: Entries,
    signed: Signed,
    fault: Option<Unusable>,
}

/// `CertificateList > tbs > extensions > extension > IssuingDistributionPoint > names`.
const DEPTH: usize = 24;

/// `Version ::= INTEGER { v1(0), v2(1), v3(2) }`.
const VERSION_2: [u8; 1] = [1];

const DELTA_CRL_INDICATOR: &str = "2.5.29.27";
/// X.509 §9.5.2.8.
const EXPIRED_CERTS_ON_CRL: &str = "2.5.29.60";
const ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const CRL_NUMBER: &str = "2.5.29.20";
const FRESHEST_CRL: &str = "2.5.29.46";

impl Crl {
    /// Reads one list in DER with nothing behind it.
    ///
    /// # Errors
    /// `Malformed` when it is none; `LimitExceeded` when it is larger than
    /// [`Limits::crl_bytes`].
    pub fn from_der(der: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self> {
        let der = der.into();
        within(der.len(), limits.crl_bytes, "bytes of a CRL")?;
        Fields::read(der).map(|fields| Self(Arc::new(fields)))
    }

    /// Reads every list of a file: PEM blocks (other kinds of block are passed over), or
    /// one list in DER.
    ///
    /// # Errors
    /// `Malformed` when there is no list, or when one cannot be read; `LimitExceeded` as
    /// [`from_der`](Self::from_der).
    pub fn all_from(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Result<Vec<Self>> {
        let bytes = bytes.into();
        if Value::only(&bytes, DEPTH).is_ok() {
            return Ok(vec![Self::from_der(bytes, limits)?]);
        }
        let blocks = pem::blocks(&bytes)?;
        let lists = blocks.into_iter().filter(|it| it.label == "X509 CRL" || it.label == "CRL");
        let all: Result<Vec<_>> =
            lists.map(|block| Self::from_der(block.bytes.to_vec(), limits)).collect();
        match all {
            Ok(all) if all.is_empty() => {
                Err(Error::malformed("there is no revocation list in this file"))
            }
            all => all,
        }
    }

    /// The list as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Who issued it, as RFC 4514 writes names.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.issuer.to_string()
    }

    /// When it was issued.
    #[must_use]
    pub fn this_update(&self) -> UtcTime {
        self.0.this_update
    }

    /// Up to when the next one was to be issued, where it says so.
    #[must_use]
    pub fn next_update(&self) -> Option<UtcTime> {
        self.0.next_update
    }

    /// Certificates that expired since then are kept on it, where it says so.
    pub(super) fn expired_since(&self) -> Option<UtcTime> {
        self.0.said.expired_since
    }

    /// How many certificates it lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it lists none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it lists changes to another list (§5.2.4).
    pub(super) fn is_delta(&self) -> bool {
        self.0.said.base.is_some()
    }

    /// Where the changes to it are said to be.
    pub(super) fn freshest_urls(&self) -> &[String] {
        &self.0.said.freshest
    }

    /// Whether it is a delta that brings `complete` up to date (§5.2.4, §6.3.3 (c)): of the
    /// same issuer, scope and key, changing a list no later than that one, and later than
    /// it itself.
    pub(super) fn updates(&self, complete: &Self) -> bool {
        let (own, other) = (&self.0.said, &complete.0.said);
        let numbers = match (&own.base, &own.number, &other.number) {
            (Some(base), Some(number), Some(other)) => {
                at_most(base, other) && !at_most(number, other)
            }
            _ => false,
        };
        numbers
            && !complete.is_delta()
            && self.0.issuer.matches(&complete.0.issuer)
            && own.scope_octets == other.scope_octets
            && own.authority_key == other.authority_key
    }

    pub(super) fn issuer_name(&self) -> &Name {
        &self.0.issuer
    }

    /// What keeps it from being used at all.
    pub(super) fn fault(&self) -> Option<&Unusable> {
        self.0.fault.as_ref()
    }

    /// The reasons that it speaks of for this certificate; none where it is about others.
    pub(super) fn reasons_for(&self, certificate: &Subject<'_>) -> Reasons {
        self.0.said.scope.reasons_for(certificate, &self.0.issuer)
    }

    /// What it says of this certificate, whoever made the list.
    ///
    /// # Errors
    /// `Malformed` when the certificate's entry cannot be read.
    pub(super) fn entry(&self, certificate: &Certificate) -> Result<Option<Entry>> {
        let (serial, issuer) = (certificate.serial_octets(), certificate.issuer_name());
        let direct = issuer.matches(&self.0.issuer);
        self.0.entries.find(&self.0.der, serial, issuer.der(), direct)
    }

    /// What it is signed by, as the outer field says.
    pub(super) fn algorithm(&self) -> &AlgorithmIdentifier {
        self.0.signed.algorithm()
    }

    /// Nothing when this key signed it.
    pub(super) fn check_signature(
        &self,
        public_key_info: &[u8],
        spent: &Spent,
        limits: &Limits,
    ) -> Result<Option<Unusable>> {
        self.0.signed.check(&self.0.der, public_key_info, spent, limits)
    }
}

impl Fields {
    /// `CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }`.
    fn read(der: Vec<u8>) -> Result<Self> {
        let mut outer = Value::only(&der, DEPTH)?.sequence()?;
        let to_be_signed = outer.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&outer.required()?)?;
        let signed = Signed::new(&to_be_signed, algorithm, &outer.required()?)?;
        outer.finish()?;

        let mut fields = to_be_signed.sequence()?;
        let version = fields.optional(Tag::INTEGER)?.map(|it| it.integer()).transpose()?;
        let inner_algorithm = AlgorithmIdentifier::read(&fields.required()?)?;
        let issuer = Name::read(fields.expect(Tag::SEQUENCE)?.raw())?;
        let this_update = fields.required()?.time()?;
        let next_update = match fields.optional(Tag::UTC_TIME)? {
            Some(time) => Some(time),
            None => fields.optional(Tag::GENERALIZED_TIME)?,
        };
        let next_update = next_update.map(|it| it.time()).transpose()?;
        let list = fields.optional(Tag::SEQUENCE)?;
        let extensions = fields.optional(Tag::context(0))?;
        fields.finish()?;

        let mut fault = None;
        // As in certificates: nobody signs the outer one, by which the check goes.
        if inner_algorithm != *signed.algorithm() {
            let what = "its two signature algorithms differ".to_owned();
            fault = Some(Unusable::Malformed { what });
        }
        // §5.1.2.1. Whoever takes it for version 1 does not see what it is about.
        if extensions.is_some() && version != Some(&VERSION_2) {
            let what = "it has extensions and is not of version 2".to_owned();
            fault = fault.or(Some(Unusable::Malformed { what }));
        }
        let mut said = Extensions::read(extensions, &issuer)?;
        let entries = Entries::read(list)?;
        let stranger = entries.unprocessed().map(str::to_owned);
        let stranger = stranger.map(|oid| Unusable::UnprocessedExtension { oid });
        let fault = fault.or(said.fault.take()).or(stranger);
        Ok(Self { issuer, this_update, next_update, said, entries, signed, fault, der })
    }
}

/// What the list as a whole says (RFC 5280 §5.2).
struct Extensions {
    scope: Scope,
    /// As the list has them: those of a delta have to be the same.
    scope_octets: Vec<u8>,
    authority_key: Vec<u8>,
    number: Option<Vec<u8>>,
    /// Of a delta: the number of the list that it changes.
    base: Option<Vec<u8>>,
    /// Where the changes to it are said to be (§5.2.6).
    freshest: Vec<String>,
    expired_since: Option<UtcTime>,
    /// One that forbids its use.
    fault: Option<Unusable>,
}

impl Extensions {
    fn read(extensions: Option<Value<'_>>, issuer: &Name) -> Result<Self> {
        let mut read = Self::none();
        let mut seen = Vec::new();
        let Some(extensions) = extensions else { return Ok(read) };
        let mut all = extensions.explicit()?.sequence()?;
        while let Some(extension) = all.next()? {
            let extension = Extension::read(&extension)?;
            if seen.contains(&extension.oid) {
                let what = format!("the extension {} is twice there", extension.oid);
                return Err(Error::malformed(what));
            }
            read.take(&extension, issuer)?;
            within(seen.len(), EXTENSIONS, "extensions of a CRL")?;
            seen.push(extension.oid);
        }
        Ok(read)
    }

    fn none() -> Self {
        Self {
            scope: Scope::everything(),
            scope_octets: Vec::new(),
            authority_key: Vec::new(),
            number: None,
            base: None,
            freshest: Vec::new(),
            expired_since: None,
            fault: None,
        }
    }

    fn take(&mut self, extension: &Extension<'_>, issuer: &Name) -> Result<()> {
        let value = || Value::only(extension.value, DEPTH);
        match extension.oid.as_str() {
            ISSUING_DISTRIBUTION_POINT => {
                self.scope = Scope::read(&value()?, issuer.der())?;
                self.scope_octets = extension.value.to_vec();
            }
            AUTHORITY_KEY_IDENTIFIER => self.authority_key = extension.value.to_vec(),
            CRL_NUMBER => self.number = Some(number(&value()?)?),
            DELTA_CRL_INDICATOR => self.base = Some(number(&value()?)?),
            // What helps to find the changes is worth nothing where it is broken.
            FRESHEST_CRL => self.freshest = urls_of_points(extension.value).unwrap_or_default(),
            EXPIRED_CERTS_ON_CRL => {
                self.expired_since = Some(value()?.is(Tag::GENERALIZED_TIME)?.time()?);
            }
            oid if extension.critical => {
                self.fault = Some(Unusable::UnprocessedExtension { oid: oid.to_owned() });
            }
            _ => {}
        }
        Ok(())
    }
}

/// A number without leading zeros, so that longer is larger.
fn number(value: &Value<'_>) -> Result<Vec<u8>> {
    let octets = value.is(Tag::INTEGER)?.integer()?;
    if octets.first().is_some_and(|first| *first >= 0x80) {
        return Err(Error::malformed("the number of a list is negative"));
    }
    Ok(octets.iter().copied().skip_while(|octet| *octet == 0).collect())
}

/// Whether the first number is at most the second.
fn at_most(a: &[u8], b: &[u8]) -> bool {
    (a.len(), a) <= (b.len(), b)
}

/// RFC 5280 defines seven.
const EXTENSIONS: usize = 64;

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {})", self.0.issuer, self.0.this_update)
    }
}
