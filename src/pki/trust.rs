//! What the caller trusts. Nothing is trusted that the caller did not hand in.

use std::sync::Arc;

use super::x509::{Certificate, Name, NameConstraints, PublicKey};
use crate::error::Result;
use crate::limits::Limits;
use crate::time::UtcTime;

/// A name and a key that the caller trusts to issue certificates (RFC 5280 §6.1.1 (d)).
///
/// That is less than a certificate on purpose: an anchor's own signature and validity
/// decide nothing, so that a root signed with SHA-1 or past its date serves until the
/// caller takes it away or gives it a [sunset](Self::with_sunset). Of its extensions two
/// things count: a certificate that is no authority's is trusted for itself alone, and
/// what its name constraints exclude it cannot vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustAnchor {
    name: Name,
    public_key_info: Vec<u8>,
    public_key: PublicKey,
    key_id: Option<Vec<u8>>,
    certificate: Option<Certificate>,
    domain: Option<String>,
    sunset: Option<UtcTime>,
    constrained: bool,
}

impl TrustAnchor {
    /// From a name (`Name` of RFC 5280 in DER) and a key (`SubjectPublicKeyInfo` in DER).
    ///
    /// # Errors
    /// `Malformed` when the name is none. A key that cannot be read is told of when it is used.
    pub fn new(name: &[u8], public_key_info: &[u8]) -> Result<Self> {
        Ok(Self {
            name: Name::read(name)?,
            public_key_info: public_key_info.to_vec(),
            public_key: PublicKey::of(public_key_info),
            key_id: None,
            certificate: None,
            domain: None,
            sunset: None,
            constrained: false,
        })
    }

    /// The name and the key of a certificate; where it is no authority's, the certificate
    /// alone, not what its key issues.
    #[must_use]
    pub fn from_certificate(certificate: Certificate) -> Self {
        Self {
            name: certificate.subject_name().clone(),
            public_key_info: certificate.public_key_info().to_vec(),
            public_key: certificate.public_key(),
            key_id: certificate.subject_key_identifier().map(<[u8]>::to_vec),
            certificate: Some(certificate),
            domain: None,
            sunset: None,
            constrained: false,
        }
    }

    /// Names the domain of trust, such as the government's own (*công vụ*) or the
    /// public one; reports repeat it.
    #[must_use]
    pub fn with_domain(mut self, label: impl Into<String>) -> Self {
        self.domain = Some(label.into());
        self
    }

    /// Puts the path length and the policies of its certificate in force too (RFC 5937);
    /// nothing changes where it was made without one.
    #[must_use]
    pub fn with_constraints_of_certificate(mut self) -> Self {
        self.constrained = true;
        self
    }

    /// Trusted up to this instant only.
    #[must_use]
    pub fn with_sunset(mut self, at: UtcTime) -> Self {
        self.sunset = Some(at);
        self
    }

    /// Whose key it is, as RFC 4514 writes names.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.text().to_owned()
    }

    /// The domain of trust, where the caller named one.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Until when it is trusted, where the caller set a limit.
    #[must_use]
    pub fn sunset(&self) -> Option<UtcTime> {
        self.sunset
    }

    /// The certificate that it was made from.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    pub(crate) fn subject_name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    /// The kind and size of the key.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.public_key
    }

    pub(crate) fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// Whether it may issue certificates. What its certificate says of trust is the
    /// caller's to decide, but a certificate that is no authority's was handed in to be
    /// trusted for itself: whoever holds its key must not make others from it. Roots of
    /// old say nothing, and issue themselves.
    pub(crate) fn may_issue(&self) -> bool {
        self.certificate.as_ref().is_none_or(|certificate| {
            let authority = match certificate.basic_constraints() {
                Some(constraints) => constraints.ca,
                None => certificate.is_self_issued(),
            };
            let usage = certificate.key_usage().filter(|_| certificate.fault().is_none());
            authority && usage.is_none_or(|usage| usage.key_cert_sign)
        })
    }

    /// RFC 5280 leaves an anchor's constraints to the application; those on names are in
    /// force everywhere.
    pub(crate) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.certificate.as_ref().and_then(Certificate::name_constraints)
    }

    /// The certificate, where all its constraints are in force.
    pub(crate) fn constraints(&self) -> Option<&Certificate> {
        self.certificate.as_ref().filter(|_| self.constrained)
    }

    /// Whether it stands for this very certificate.
    pub(crate) fn is_of(&self, certificate: &Certificate) -> bool {
        self.certificate.as_ref() == Some(certificate)
    }
}

/// All that the caller trusts. An empty one trusts nothing. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustStore {
    /// Shared stores are compared by where they are first, not by what they hold.
    anchors: Arc<Vec<TrustAnchor>>,
}

impl TrustStore {
    /// One that trusts nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts every certificate of a file: PEM, DER, or a PKCS#7 bag.
    ///
    /// # Errors
    /// As [`Certificate::all_from`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Ok(Certificate::all_from(bytes, &Limits::default())?.into_iter().collect())
    }

    /// Adds an anchor.
    pub fn add(&mut self, anchor: TrustAnchor) {
        if !self.anchors.contains(&anchor) {
            Arc::make_mut(&mut self.anchors).push(anchor);
        }
    }

    /// Adds all that another one trusts.
    pub fn merge(&mut self, other: Self) {
        other.anchors.iter().for_each(|anchor| self.add(anchor.clone()));
    }

    /// What is trusted.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }
}

impl FromIterator<Certificate> for TrustStore {
    fn from_iter<I: IntoIterator<Item = Certificate>>(certificates: I) -> Self {
        certificates.into_iter().map(TrustAnchor::from_certificate).collect()
    }
}

impl FromIterator<TrustAnchor> for TrustStore {
    fn from_iter<I: IntoIterator<Item = TrustAnchor>>(anchors: I) -> Self {
        let mut store = Self::new();
        anchors.into_iter().for_each(|anchor| store.add(anchor));
        store
    }
}
