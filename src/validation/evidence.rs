//! What a validation rested on, so that it can be made again later, offline, and come to
//! the same report.
//!
//! Facts are not kept. They say what parsing and cryptography found, and nobody could
//! check a saved "the value verifies"; the document and what is kept here can be checked
//! again, and give the same facts.

use serde::{Deserialize, Serialize};

use super::facts::{DocumentFacts, SignatureFacts};
use super::policy::Policy;
use super::report::SignatureReport;
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64::Octets;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::revocation::{Exchange, Replay};
use crate::pki::{Certificate, Crl, OcspResponse, PathRequirements, TrustAnchor};
use crate::time::UtcTime;

/// What a validation rested on besides the document and the trust store: the time, the
/// policy, everything that was handed in, found in the document or asked for elsewhere.
///
/// Its serde form is meant to be kept beside the document. It is evidence and nothing
/// more: nothing in it is believed but for its own signature, and no anchor in it is
/// trusted. Whoever hands one in takes over its time and policy only by choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    version: u32,
    validation_time: UtcTime,
    policy: Policy,
    requirements: PathRequirements,
    anchors: Vec<Anchor>,
    given: Material,
    found: Material,
    /// Nothing where nobody could be asked.
    retrieved: Option<Retrieved>,
}

/// The one that is written and read.
const VERSION: u32 = 1;

/// An anchor that a path led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Anchor {
    name: String,
    domain: Option<String>,
    /// The SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    key_sha256: String,
}

/// Objects in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Material {
    certificates: Vec<Octets>,
    crls: Vec<Octets>,
    ocsp_responses: Vec<Octets>,
    #[serde(default)]
    time_stamp_tokens: Vec<Octets>,
}

/// Questions, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Retrieved {
    remembers: bool,
    exchanges: Vec<Exchange>,
}

/// What the embedding application handed in, read again.
pub(super) struct Given {
    pub(super) certificates: Vec<Certificate>,
    pub(super) crls: Vec<Crl>,
    pub(super) responses: Vec<OcspResponse>,
    pub(super) requirements: PathRequirements,
    pub(super) past: Option<Replay>,
}

/// What one validation was made with.
pub(super) struct Inputs<'a> {
    pub(super) at: UtcTime,
    pub(super) policy: &'a Policy,
    pub(super) requirements: &'a PathRequirements,
    pub(super) certificates: &'a [Certificate],
    pub(super) crls: &'a [Crl],
    pub(super) responses: &'a [OcspResponse],
    /// Whether who was asked may give answers of old, and what was said.
    pub(super) retrieved: Option<(bool, Vec<Exchange>)>,
}

impl Evidence {
    pub(super) fn of(
        inputs: Inputs<'_>,
        facts: &DocumentFacts,
        reports: &[SignatureReport],
    ) -> Self {
        let given = Material::given(&inputs, &pool(&inputs, facts));
        let mut found = Material::default();
        facts.all_signatures().for_each(|it| found.add_found(it));
        let stamps = facts.all_time_stamps();
        stamps.for_each(|it| add(&mut found.time_stamp_tokens, &it.octets));
        let mut anchors: Vec<Anchor> = Vec::new();
        for anchor in reports.iter().filter_map(SignatureReport::anchor).map(Anchor::of) {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
        let retrieved = inputs.retrieved;
        Self {
            version: VERSION,
            validation_time: inputs.at,
            policy: inputs.policy.clone(),
            requirements: inputs.requirements.clone(),
            anchors,
            given,
            found,
            retrieved: retrieved.map(|(remembers, exchanges)| Retrieved { remembers, exchanges }),
        }
    }

    /// The time at which it was judged.
    #[must_use]
    pub fn validation_time(&self) -> UtcTime {
        self.validation_time
    }

    /// The policy that judged.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The anchors that paths led to: the name of each and the SHA-256 of its
    /// `SubjectPublicKeyInfo` in hexadecimal.
    pub fn anchors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.anchors.iter().map(|it| (it.name.as_str(), it.key_sha256.as_str()))
    }

    /// Reads all that was handed in.
    ///
    /// # Errors
    /// `Unsupported` for another version; `Malformed` when an object cannot be read;
    /// `LimitExceeded` when a bound was reached.
    pub(super) fn given(&self, limits: &Limits) -> Result<Given> {
        if self.version != VERSION {
            let version = self.version;
            return Err(Error::unsupported(format!("evidence of version {version}")));
        }
        let given = &self.given;
        let certificates = given.certificates.iter();
        let crls = given.crls.iter().map(|it| Crl::from_der(it.as_slice(), limits));
        let responses = given.ocsp_responses.iter();
        Ok(Given {
            certificates: certificates
                .map(|it| Certificate::from_der_within(it.as_slice(), limits))
                .collect::<Result<_>>()?,
            crls: crls.collect::<Result<_>>()?,
            responses: responses
                .map(|it| OcspResponse::from_der(it.as_slice(), limits))
                .collect::<Result<_>>()?,
            requirements: self.requirements.clone(),
            past: self.retrieved.as_ref().map(|it| Replay::new(it.exchanges.clone(), it.remembers)),
        })
    }
}

impl Anchor {
    fn of(anchor: &TrustAnchor) -> Self {
        Self {
            name: anchor.name(),
            domain: anchor.domain().map(str::to_owned),
            key_sha256: DigestAlgorithm::Sha256.digest(anchor.public_key_info()).to_string(),
        }
    }
}

impl Material {
    /// What was handed in. Order counts: of several paths the first that holds is taken.
    fn given(inputs: &Inputs<'_>, pool: &[Certificate]) -> Self {
        let crls = inputs.crls.iter().filter(|crl| pool.iter().any(|it| crl.concerns(it)));
        Self {
            certificates: inputs.certificates.iter().map(|it| it.der().into()).collect(),
            crls: crls.map(|it| it.der().into()).collect(),
            ocsp_responses: inputs.responses.iter().map(|it| it.der().into()).collect(),
            time_stamp_tokens: Vec::new(),
        }
    }

    /// What came with the document is read from it again; it stands here so that the
    /// evidence is whole without it.
    fn add_found(&mut self, facts: &SignatureFacts) {
        for it in &facts.signer.certificates {
            add(&mut self.certificates, it.der());
        }
        for it in &facts.revocation.crls {
            add(&mut self.crls, it.item.der());
        }
        for it in &facts.revocation.responses {
            add(&mut self.ocsp_responses, it.item.der());
        }
    }
}

fn add(all: &mut Vec<Octets>, der: &[u8]) {
    if !all.iter().any(|it| it.as_slice() == der) {
        all.push(der.into());
    }
}

/// Every certificate that a list might have been asked about. Lists can be large, and one
/// that is about none of these played no part.
fn pool(inputs: &Inputs<'_>, facts: &DocumentFacts) -> Vec<Certificate> {
    let found = facts.all_signatures().flat_map(|it| &it.signer.certificates);
    let responses = facts.all_signatures().flat_map(|it| &it.revocation.responses);
    let responses = responses.map(|it| &it.item).chain(inputs.responses);
    let signers = responses.flat_map(OcspResponse::accompanying);
    let exchanges = inputs.retrieved.iter().flat_map(|it| &it.1);
    let mut all: Vec<_> = inputs.certificates.iter().chain(found).chain(signers).cloned().collect();
    all.extend(exchanges.flat_map(Exchange::certificates));
    all
}
