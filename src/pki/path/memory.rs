//! What searches found out, for those that come after: across documents, validators and
//! threads.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::build::{PathFinder, ValidatedPath};
use super::checks::{Outcome, Pair};
use super::requirements::PathRequirements;
use super::validate::{Phase, is_past_sunset, phase};
use crate::error::Result;
use crate::limits::{Limits, REMEMBERED_BYTES, within};
use crate::pki::revocation::{Lists, ReadLists};
use crate::pki::{Certificate, TrustStore};

/// What validators found out and need not compute again: certificates that were read,
/// signatures on them that were checked, and paths that hold. Cheap to clone; clones
/// share what is remembered, and may be used from many threads.
///
/// It changes how long an answer takes and never the answer, and holds nothing secret.
/// A path counts again only for the same end entity, the same certificates beside it, the
/// same anchors, requirements and limits, and at a time when each of these certificates
/// is as much before, within or after its validity as it was, and each anchor's sunset as
/// far. Nothing that revocation data says is remembered here: it is asked each time, by
/// look-ups, and a [`Crl`](crate::Crl) itself knows whose signature it carries. Lists that
/// are kept on disk ([`Retrieve::edition`](crate::Retrieve::edition)) are read once as long
/// as they are the same; of them there are as many bytes as [`Limits::crl_bytes`] allows one.
///
/// How much there may be is [`Limits::remembered`]; then what was not used for long is
/// forgotten.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    certificates: Generations<Tail, Certificate>,
    signatures: Generations<Pair, Outcome>,
    paths: Generations<Key, Remembered>,
    lists: Lists,
}

/// Everything that the answer of a search depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    end_entity: Certificate,
    candidates: Vec<Certificate>,
    trust: TrustStore,
    requirements: PathRequirements,
    limits: Limits,
    /// Of the end entity and each candidate.
    phases: Vec<Phase>,
    /// Of each anchor.
    past_sunset: Vec<bool>,
}

/// A path that was found, and the checks of signatures that finding it took: they count
/// for a document whether they are computed or remembered.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) path: ValidatedPath,
    pub(super) signatures: Vec<(Pair, Outcome)>,
}

impl Memory {
    /// One that remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Certificate::from_der_within`], but that the same bytes are read once.
    pub(crate) fn certificate(&self, der: &[u8], limits: &Limits) -> Result<Certificate> {
        within(der.len(), limits.certificate_bytes, "bytes of a certificate")?;
        let known = self.inner().certificates.get(&tail(der), limits);
        if let Some(known) = known.filter(|it| it.der() == der) {
            return Ok(known);
        }
        let certificate = Certificate::from_der_within(der, limits)?;
        if der.len() <= REMEMBERED_BYTES {
            self.inner().certificates.insert(tail(der), certificate.clone(), limits);
        }
        Ok(certificate)
    }

    pub(super) fn signature(&self, pair: &Pair, limits: &Limits) -> Option<Outcome> {
        self.inner().signatures.get(pair, limits)
    }

    pub(super) fn remember_signature(&self, pair: Pair, outcome: Outcome, limits: &Limits) {
        self.inner().signatures.insert(pair, outcome, limits);
    }

    pub(super) fn path(&self, key: &Key) -> Option<Remembered> {
        self.inner().paths.get(key, &key.limits)
    }

    pub(super) fn remember_path(&self, key: Key, remembered: Remembered) {
        let beside = key.candidates.iter().map(|it| it.der().len());
        let bytes = beside.fold(key.end_entity.der().len(), usize::saturating_add);
        if bytes <= REMEMBERED_BYTES {
            let limits = key.limits.clone();
            self.inner().paths.insert(key, remembered, &limits);
        }
    }

    /// Lists that stood at this URL, in this edition.
    pub(crate) fn lists(&self, url: &str, edition: &[u8]) -> Option<ReadLists> {
        self.inner().lists.get(url, edition)
    }

    pub(crate) fn remember_lists(&self, read: ReadLists, limits: &Limits) {
        self.inner().lists.keep(read, limits);
    }

    /// A lock is poisoned by a panic only, and what it guards is whole all the same.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    /// Taken apart by name, so that nobody adds a field without a word on it here. Who has
    /// a check of his own, or asked elsewhere, does not come here.
    pub(super) fn of(finder: &PathFinder<'_>, end_entity: &Certificate) -> Self {
        let PathFinder {
            trust,
            candidates,
            at,
            requirements,
            limits,
            checks: _,
            check: _,
            issuers: _,
        } = *finder;
        let all = std::iter::once(end_entity).chain(candidates);
        Self {
            end_entity: end_entity.clone(),
            candidates: candidates.to_vec(),
            trust: trust.clone(),
            requirements: requirements.clone(),
            limits: limits.clone(),
            phases: all.map(|it| phase(it, at)).collect(),
            past_sunset: trust.anchors().iter().map(|it| is_past_sunset(it, at)).collect(),
        }
    }
}

/// The rest is compared, not hashed.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.end_entity.digest().hash(state);
        self.candidates.iter().for_each(|it| it.digest().hash(state));
    }
}

/// The last octets of a certificate, of its issuer's signature: where to look for it. What is
/// found there is compared whole; of two that end alike the later one is remembered.
type Tail = [u8; 32];

fn tail(der: &[u8]) -> Tail {
    der.last_chunk().copied().unwrap_or_default()
}

/// What was used since the last turn, and what was used before: when the first is full, the
/// second is forgotten.
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    fn get(&mut self, key: &K, limits: &Limits) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone(), limits);
        Some(value)
    }

    fn insert(&mut self, key: K, value: V, limits: &Limits) {
        if self.young.len() >= limits.remembered {
            self.old = std::mem::take(&mut self.young);
        }
        if limits.remembered > 0 {
            self.young.insert(key, value);
        }
    }

    fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        f.debug_struct("Memory")
            .field("certificates", &inner.certificates.len())
            .field("signatures", &inner.signatures.len())
            .field("paths", &inner.paths.len())
            .field("lists", &inner.lists.len())
            .finish()
    }
}
