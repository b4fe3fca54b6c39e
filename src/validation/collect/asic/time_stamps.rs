//! The time-stamps of a container (EN 319 162-1 §4.3.3.2, §4.4.3.2): over the file of an
//! ASiC-S, or over what the manifest that names them lists.

use std::collections::{BTreeMap, BTreeSet};

use super::{COVERED, Collector, Stale};
use crate::crypto::DigestAlgorithm;
use crate::error::Result;
use crate::limits::within;
use crate::pki::Certificate;
use crate::signature::asic::Role;
use crate::validation::collect::time_stamp::{self, Beside};
use crate::validation::facts::{
    Covers, EntryFact, SignatureFacts, SignatureLevel, TimeStampFacts, TimeStampType,
};

impl<'c> Collector<'c, '_> {
    /// All time-stamps are read before it is told what they cover: one may cover another.
    pub(super) fn time_stamps(&mut self) -> Result<()> {
        let pool = self.pool()?;
        let revocation = self.revocation()?;
        let mut over = Vec::new();
        for entry in self.container.of(Role::TimeStamp) {
            let token = self.container.read(entry, self.known.limits.time_stamp_bytes)?;
            let (mut stamp, of) = self.time_stamp(entry, &token, &pool)?;
            if let (None, Some(true)) = (of, stamp.imprint_intact) {
                self.stamped_file = self.container.data_files().next();
            }
            let mut objects = vec![stamp.id];
            if let Some(token) = &mut stamp.token {
                token.id = entry.to_owned();
                objects.extend(&token.objects);
                token.revocation.extend(revocation.clone());
            }
            self.objects.insert(entry, objects);
            self.facts.time_stamps.push(stamp);
            over.push((entry, of));
        }
        let mut all = 0_usize;
        for (n, (entry, of)) in over.into_iter().enumerate() {
            let Some(of) = of else { continue };
            self.claimed.insert(of);
            let Some(stamp) = self.facts.time_stamps.get_mut(n) else { continue };
            let intact = stamp.imprint_intact == Some(true);
            let listed = self.listed.get(of).map(Vec::as_slice).unwrap_or_default();
            stamped(&mut self.facts.signatures, n, listed, intact);
            if !intact {
                continue;
            }
            self.stamped.insert(of);
            let mut objects = Vec::new();
            for it in listed.iter().filter(|it| it.holds()) {
                let inside = self.objects.get(it.name.as_str()).into_iter().flatten();
                let before = objects.len();
                objects.extend(inside);
                all = all.saturating_add(objects.len().saturating_sub(before));
                within(all, COVERED, "things that the time-stamps of a container cover")?;
            }
            stamp.covers = Covers::Objects(objects);
            stamp.index = weakest(listed);
            let broken = listed.iter().filter(|it| !it.holds());
            self.stale.extend(
                broken.map(|it| Stale { time_stamp: entry.to_owned(), entry: it.name.clone() }),
            );
        }
        Ok(())
    }

    /// The time-stamp, and the manifest that it is over.
    fn time_stamp(
        &mut self,
        entry: &str,
        token: &[u8],
        pool: &[Certificate],
    ) -> Result<(TimeStampFacts, Option<&'c str>)> {
        let container = self.container;
        let manifests: Vec<_> = container.manifests_of(entry).map(|(name, _)| name).collect();
        // Without a manifest it is over the only file.
        let mut files = container.data_files();
        let only = files.next().filter(|_| manifests.is_empty() && files.next().is_none());
        let mut of = manifests.first().copied();
        let known = Beside { certificates: pool, ..self.known };
        let kind = TimeStampType::ContainerTimestamp;
        let digests = &mut self.digests;
        let facts = time_stamp::compared(kind, token, known, |info| {
            let Some(algorithm) = DigestAlgorithm::from_oid(info.algorithm) else {
                return Ok(None);
            };
            let mut compared = None;
            for name in manifests.iter().copied().chain(only) {
                let computed = digests.compute(name, [algorithm].into())?;
                let same = computed.iter().any(|it| it.value() == info.imprint);
                compared = Some(same);
                if same {
                    of = manifests.contains(&name).then_some(name);
                    break;
                }
            }
            Ok(compared)
        })?;
        Ok((facts, of))
    }

    /// What time-stamps are over, where there is nothing else.
    pub(super) fn stamped_files<'a>(&'a self, covered: &mut BTreeSet<&'a str>) {
        covered.extend(self.stamped_file);
        let listed = self.stamped.iter().filter_map(|it| self.listed.get(it)).flatten();
        covered.extend(listed.filter(|it| it.holds()).map(|it| it.name.as_str()));
    }
}

/// The signatures that a manifest lists have the time-stamp that is over it, or is said to be;
/// but it archives only what it proves.
fn stamped(signatures: &mut [SignatureFacts], stamp: usize, listed: &[EntryFact], intact: bool) {
    let names: BTreeMap<_, _> = listed.iter().map(|it| (it.name.as_str(), it.holds())).collect();
    for facts in signatures.iter_mut().filter(|it| !it.counter_signature) {
        let Some(place) = &facts.container else { continue };
        if let Some(holds) = names.get(place.entry.as_str()) {
            facts.document_time_stamps.push(stamp);
            if intact && *holds {
                facts.level = archived(facts.level);
            }
        }
    }
}

/// A digest that stands between a time-stamp and what it covers is as good as its length.
fn weakest(listed: &[EntryFact]) -> Option<DigestAlgorithm> {
    let used = listed.iter().filter(|it| it.holds()).filter_map(|it| it.algorithm);
    used.min_by_key(|it| it.octets())
}

/// EN 319 162-1 §5.4: an archive manifest's time-stamp is what an archive time-stamp in the
/// signature would be.
fn archived(level: SignatureLevel) -> SignatureLevel {
    match level {
        SignatureLevel::BaselineLt => SignatureLevel::BaselineLta,
        SignatureLevel::Xl => SignatureLevel::A,
        other => other,
    }
}
