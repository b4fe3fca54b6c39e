//! From one level to the next, for all signatures of a container.

use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;

use crate::augmentation::cades::{self, completed};
use crate::augmentation::found::Found;
use crate::augmentation::level::Level;
use crate::augmentation::xades;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::signature::asic::{
    Augment, Container, ContainerType, Role, archived, covered_entries, rewritten,
};
use crate::signature::cms::{SignedData, unarmoured};
use crate::signature::xmldsig::ReadFiles;
use crate::source::{Files, Source};
use crate::validation::Validator;

/// Raises the CAdES and XAdES signatures of containers, of whomever, to a level.
///
/// Files and manifests stay as they are, octet for octet; a signature gets what a
/// [`cades::Augmenter`](crate::cades::Augmenter) or a
/// [`xades::Augmenter`](crate::xades::Augmenter) gives it. Level LTA of an ASiC-E with CAdES is
/// a time-stamp over everything in it (EN 319 162-1 Annex A.7): signatures that are under one,
/// or that another signature is over, are not touched any more, and the next time-stamp is
/// over them, the last one and what it takes to validate that one. Validate first: that a
/// signature is of a higher level does not make it a good one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use kyso::{Policy, Retrieve, TrustStore, UtcTime, Validator, asic, online, tsp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http: Arc<dyn Retrieve> = Arc::new(online::Http::new());
/// let tsa = tsp::Online::new("http://tsa.example.vn", http.clone());
/// let trust = TrustStore::from_bytes(&std::fs::read("roots.pem")?)?;
/// let validator =
///     Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http);
/// let container = std::fs::read("dossier.asice")?;
/// let raised = asic::Augmenter::new(asic::Level::Lta(&tsa, &validator)).augment(&container)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is raised until `augment` is called"]
pub struct Augmenter<'a> {
    level: Level<'a>,
    limits: Limits,
}

impl<'a> Augmenter<'a> {
    /// Raises all signatures of a container to `level`.
    pub fn new(level: Level<'a>) -> Self {
        let limits = level.validator().map_or_else(Limits::default, |it| it.limits().clone());
        Self { level, limits }
    }

    /// Exchanges the bounds on what is read.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Raises a container.
    ///
    /// # Errors
    /// `Malformed` when it is no container; `Misuse` when nothing in it can be raised as it
    /// is, or something at hand is missing: which certificate it is about is said; `Service`
    /// when the authority, or those who know of revocation, do not answer; `Signer` when a
    /// certificate was revoked; `Unsupported` for signatures in XML that are not in
    /// UTF-8, and for more than 4 GB;
    /// `LimitExceeded` when a bound was reached; `Io` when reading fails.
    pub fn augment(&self, container: &dyn Source) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.augment_to(container, &mut out)?;
        Ok(out)
    }

    /// As [`augment`](Self::augment), written out as it is made.
    ///
    /// # Errors
    /// As there; `Io` when writing fails.
    pub fn augment_to(&self, container: &dyn Source, out: &mut dyn Write) -> Result<()> {
        let container = Container::open(container, &self.limits)?;
        let by_cms = container.of(Role::Cades).chain(container.of(Role::TimeStamp)).next();
        let archives = matches!(self.level, Level::Lta(..))
            && container.container_type() == ContainerType::Extended
            && (by_cms.is_some() || container.of(Role::Xml).next().is_none());
        for role in [Role::Cades, Role::Xml, Role::TimeStamp] {
            let count = container.of(role).count();
            within(count, self.limits.asic_signatures, "signatures of a container")?;
        }
        let covered = covered_entries(&container, &self.limits)?;
        let mut replaced = BTreeMap::new();
        let read = Rc::new(ReadFiles::new(&self.limits));
        for name in container.of(Role::Xml).filter(|it| !covered.contains(*it)) {
            let raised = self.raised_xml(&container, name, archives, &read);
            replaced.insert(name.to_owned(), raised.map_err(|it| it.in_entry(name))?);
        }
        for name in container.of(Role::Cades).filter(|it| !covered.contains(*it)) {
            replaced.insert(name.to_owned(), self.raised(&container, name)?);
        }
        if let (true, Level::Lta(authority, validator)) = (archives, self.level) {
            if by_cms.is_none() {
                return Err(Error::misuse("there is nothing in the container to be kept"));
            }
            for name in container.of(Role::TimeStamp).filter(|it| !covered.contains(*it)) {
                let token = self.completed(&container, name, validator)?;
                replaced.insert(name.to_owned(), token);
            }
            return archived(&container, &replaced, &covered, authority, out);
        }
        if replaced.is_empty() {
            return Err(Error::misuse(
                "the container has no signature that could be raised: none, or other signatures \
                 or time-stamps are over all of them",
            ));
        }
        rewritten(&container, &replaced, out)
    }

    /// All XAdES signatures of one document. What will be under an archive manifest needs no
    /// archive time-stamp of its own.
    fn raised_xml(
        &self,
        container: &Container<'_>,
        name: &str,
        archives: bool,
        read: &Rc<ReadFiles>,
    ) -> Result<Vec<u8>> {
        let most = usize::try_from(self.limits.message_bytes).unwrap_or(usize::MAX);
        let document = container.read(name, most)?;
        let level = if archives { self.level.without_archive() } else { self.level };
        let augmenter = xades::Augmenter::new(level).with_limits(self.limits.clone());
        augmenter.augment_sharing(&document, container, read)
    }

    /// One CMS, over its manifest or the only file.
    fn raised(&self, container: &Container<'_>, name: &str) -> Result<Vec<u8>> {
        let signature = container.read(name, self.limits.cms_bytes)?;
        let level = match container.container_type() {
            // Over everything by the archive manifest, then.
            ContainerType::Extended => self.level.without_archive(),
            ContainerType::Simple => self.level,
        };
        let augmenter = cades::Augmenter::new(level).with_limits(self.limits.clone());
        let mut over: Vec<_> = container.manifests_of(name).map(|(name, _)| name).collect();
        if over.is_empty() {
            over.extend(container.data_files());
        }
        // Where several claim to be its manifest, what was signed tells which it is.
        let mut last = Error::misuse("what the signature is over is not in the container");
        for content in over {
            let Some(content) = container.open(content)? else { continue };
            match augmenter.augment_detached(&signature, &*content) {
                Ok(raised) => return Ok(raised),
                Err(error) => last = error,
            }
        }
        Err(last.in_entry(name))
    }

    /// A time-stamp token with what it takes to validate it: the next one will prove it.
    fn completed(
        &self,
        container: &Container<'_>,
        name: &str,
        validator: &Validator,
    ) -> Result<Vec<u8>> {
        let limits = &self.limits;
        let stored = container.read(name, limits.time_stamp_bytes)?;
        let token = unarmoured(&stored)?;
        let parsed = SignedData::parse(&token, limits)?;
        let mut found = Found::new(limits);
        found.take(&parsed)?;
        found.token(&token)?;
        completed(&token, &parsed, &found, validator, limits).map_err(|it| it.in_entry(name))
    }
}

impl Augment for Level<'_> {
    fn augment(&self, container: Vec<u8>) -> Result<Vec<u8>> {
        Augmenter::new(*self).augment(&container)
    }
}
