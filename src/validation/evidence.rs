//! What a validation rested on, so that it can be made again later, offline, and come to
//! the same report.
//!
//! Facts are not kept. They say what parsing and cryptography found, and nobody could
//! check a saved "the value verifies"; the document and what is kept here can be checked
//! again, and give the same facts.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::facts::{DocumentFacts, SignatureFacts};
use super::policy::Policy;
use super::report::{EvidenceRecordReport, SignatureReport};
use super::validator::Validator;
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64::Octets;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::revocation::{Exchange, Gathering, Recorder, Replay};
use crate::pki::{Certificate, Crl, OcspResponse, PathRequirements, TrustAnchor};
use crate::retrieval::Retrieve;
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
    /// Signature policies that were handed in, by their identifiers.
    #[serde(default)]
    signature_policies: Vec<(String, Octets)>,
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
struct Given {
    certificates: Vec<Certificate>,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    requirements: PathRequirements,
    past: Option<Replay>,
}

impl Validator {
    /// Lets every report keep what it rested on: [`Report::evidence`](crate::Report::evidence). Lists may be large,
    /// so that it is not done unasked.
    #[must_use]
    pub fn keep_evidence(mut self) -> Self {
        self.keeps_evidence = true;
        self
    }

    /// Judges with what another validation rested on: all that was handed in and asked for
    /// elsewhere is exchanged for what is in the evidence, and nobody is asked.
    ///
    /// Under the same trust, limits, [policy](Evidence::policy) and
    /// [time](Evidence::validation_time) the same document gets the same report. What is
    /// trusted is never taken from evidence.
    ///
    /// # Errors
    /// `Unsupported` for evidence of another version; `Malformed` when an object in it cannot
    /// be read; `LimitExceeded` when one is larger than the bounds allow.
    pub fn with_evidence(mut self, evidence: &Evidence) -> Result<Self> {
        let given = evidence.given(&self.limits)?;
        self.certificates = given.certificates;
        self.crls = given.crls;
        self.responses = given.responses;
        self.requirements = given.requirements;
        let policies = evidence.signature_policies.iter();
        self.signature_policies =
            policies.map(|(id, octets)| (id.clone(), octets.as_slice().to_vec())).collect();
        self.past = given.past.map(Arc::new);
        self.retrieval = self.past.clone().map(|it| it as Arc<dyn Retrieve>);
        Ok(self)
    }

    /// Who keeps what is asked elsewhere and what comes back, where that is wanted.
    pub(super) fn recorder(&self) -> Option<Recorder<'_>> {
        self.retrieval.as_deref().filter(|_| self.keeps_evidence).map(Recorder::new)
    }

    /// As [`gathering`](Self::gathering), with all of it kept.
    pub(super) fn recorded<'a>(
        &'a self,
        recorder: Option<&'a Recorder<'a>>,
    ) -> Option<Gathering<'a>> {
        let recorded = recorder.map(|it| self.gathering_by(it));
        recorded.or_else(|| self.gathering())
    }

    /// Nothing where it is not to be kept.
    pub(super) fn evidence(
        &self,
        facts: &DocumentFacts,
        reports: &[SignatureReport],
        records: &[EvidenceRecordReport],
        recorder: Option<&Recorder<'_>>,
    ) -> Option<Evidence> {
        let retrieved =
            recorder.map(|it| Retrieved { remembers: it.remembers(), exchanges: it.exchanges() });
        let reached = reports.iter().flat_map(SignatureReport::anchors);
        let reached = reached.chain(records.iter().flat_map(EvidenceRecordReport::anchors));
        self.keeps_evidence.then(|| Evidence::of(self, facts, reached.map(Anchor::of), retrieved))
    }
}

impl Evidence {
    fn of(
        validator: &Validator,
        facts: &DocumentFacts,
        reached: impl Iterator<Item = Anchor>,
        retrieved: Option<Retrieved>,
    ) -> Self {
        let mut found = Material::default();
        facts.all_signatures().for_each(|it| found.add_found(it));
        let stamps = facts.all_time_stamps();
        stamps.for_each(|it| add(&mut found.time_stamp_tokens, &it.octets));
        let mut anchors: Vec<Anchor> = Vec::new();
        for anchor in reached {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
        Self {
            version: VERSION,
            validation_time: validator.at,
            policy: validator.policy.clone(),
            requirements: validator.requirements.clone(),
            anchors,
            given: Material::given(validator, &pool(validator, facts, retrieved.as_ref())),
            found,
            signature_policies: validator
                .signature_policies
                .iter()
                .map(|(id, octets)| (id.clone(), octets.as_slice().into()))
                .collect(),
            retrieved,
        }
    }

    /// With what the same validator rested on for the parts of the same document: of what was
    /// handed in, each has the lists that concern it.
    pub(super) fn with_parts(mut self, parts: &[Arc<Self>]) -> Self {
        for anchor in parts.iter().flat_map(|it| &it.anchors) {
            if !self.anchors.contains(anchor) {
                self.anchors.push(anchor.clone());
            }
        }
        join(&mut self.given.crls, parts.iter().flat_map(|it| &it.given.crls));
        let found = || parts.iter().map(|it| &it.found);
        join(&mut self.found.certificates, found().flat_map(|it| &it.certificates));
        join(&mut self.found.crls, found().flat_map(|it| &it.crls));
        join(&mut self.found.ocsp_responses, found().flat_map(|it| &it.ocsp_responses));
        join(&mut self.found.time_stamp_tokens, found().flat_map(|it| &it.time_stamp_tokens));
        for part in parts.iter().filter_map(|it| it.retrieved.as_ref()) {
            match &mut self.retrieved {
                Some(own) => own.exchanges.extend_from_slice(&part.exchanges),
                none => *none = Some(part.clone()),
            }
        }
        self
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
    fn given(&self, limits: &Limits) -> Result<Given> {
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
    fn given(validator: &Validator, pool: &[Certificate]) -> Self {
        let crls = validator.crls.iter().filter(|crl| pool.iter().any(|it| crl.concerns(it)));
        Self {
            certificates: validator.certificates.iter().map(|it| it.der().into()).collect(),
            crls: crls.map(|it| it.der().into()).collect(),
            ocsp_responses: validator.responses.iter().map(|it| it.der().into()).collect(),
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

/// Adds what is not there yet. A message has many parts: each is looked at once.
fn join<'o>(all: &mut Vec<Octets>, others: impl Iterator<Item = &'o Octets>) {
    let digest = |it: &Octets| DigestAlgorithm::Sha256.digest(it.as_slice()).value().to_vec();
    let mut known: HashSet<Vec<u8>> = all.iter().map(digest).collect();
    all.extend(others.filter(|it| known.insert(digest(it))).cloned());
}

/// Every certificate that a list might have been asked about. Lists can be large, and one
/// that is about none of these played no part.
fn pool(
    validator: &Validator,
    facts: &DocumentFacts,
    retrieved: Option<&Retrieved>,
) -> Vec<Certificate> {
    let found = facts.all_signatures().flat_map(|it| &it.signer.certificates);
    let responses = facts.all_signatures().flat_map(|it| &it.revocation.responses);
    let responses = responses.map(|it| &it.item).chain(&validator.responses);
    let signers = responses.flat_map(OcspResponse::accompanying);
    let given = validator.certificates.iter();
    let mut all: Vec<_> = given.chain(found).chain(signers).cloned().collect();
    let exchanges = retrieved.into_iter().flat_map(|it| &it.exchanges);
    all.extend(exchanges.flat_map(Exchange::certificates));
    all
}
