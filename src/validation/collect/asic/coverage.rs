//! Which files the signatures of a container are over.

use std::collections::BTreeSet;

use super::Collector;
use crate::signature::asic::{Container, Role, from_root};
use crate::validation::facts::{DigestFact, Digested, FileFact, ReferenceKind, SignatureFacts};

/// How a signature is over an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// The entry is what was signed.
    Whole,
    /// A part of it is, or what XML says in it without its comments: the rest may have been
    /// written by anybody.
    Part,
    /// It is not as it was signed.
    Broken,
}

impl Collector<'_, '_> {
    /// What each signature is over, by the names of the entries. What countersigns is over
    /// another signature.
    pub(super) fn covers(&self) -> impl Iterator<Item = (&str, Cover)> {
        let signatures = self.facts.signatures.iter().filter(|it| !it.counter_signature);
        signatures.flat_map(|it| {
            by_cms(it).chain(by_xml(it, self.container)).map(|(name, cover)| {
                // Anybody can write down a digest.
                match it.value_holds() {
                    Some(true) => (name, cover),
                    Some(false) | None => (name, Cover::Broken),
                }
            })
        })
    }

    /// The files that no signature is over, or in a container without signatures no
    /// time-stamp; and those of them of which a part is signed.
    pub(super) fn uncovered(&self) -> (Vec<String>, Vec<String>) {
        let named = |wanted| self.covers().filter(move |it| it.1 == wanted).map(|it| it.0);
        let mut covered: BTreeSet<_> = named(Cover::Whole).collect();
        if self.facts.signatures.is_empty() {
            self.stamped_files(&mut covered);
        }
        let in_part: BTreeSet<_> = named(Cover::Part).collect();
        let files = self.container.of(Role::Data).chain(self.container.of(Role::Other));
        let uncovered = files.chain(self.idle()).filter(|it| !covered.contains(it));
        let uncovered: Vec<_> = uncovered.map(str::to_owned).collect();
        let in_part = uncovered.iter().filter(|it| in_part.contains(it.as_str())).cloned();
        let in_part = in_part.collect();
        (uncovered, in_part)
    }

    /// Entries that stand where signatures do, and of which nothing else is said: anything may be
    /// in them. Of the list of files that a package keeps, only where a signature was over it.
    fn idle(&self) -> Vec<&str> {
        let named: BTreeSet<_> = self.covers().map(|it| it.0).collect();
        let places = self.facts.signatures.iter().filter_map(|it| it.container.as_ref());
        let signatures: BTreeSet<_> = places.clone().map(|it| it.entry.as_str()).collect();
        let signed: BTreeSet<_> = places.filter_map(|it| it.signed.as_deref()).collect();
        let container = self.container;
        let none_in = |role| container.of(role).filter(|it| !signatures.contains(it));
        let packages = container.of(Role::Package).filter(|it| named.contains(it));
        let manifests = container.manifests().filter(|it| it.1.is_ok()).map(|it| it.0);
        let manifests = manifests.filter(|it| !signed.contains(it) && !self.claimed.contains(it));
        none_in(Role::Cades).chain(none_in(Role::Xml)).chain(manifests).chain(packages).collect()
    }

    /// Files that a signature is over, or would be if they and it were as they were made, and
    /// not in part: what is wrong is said of it. All where there is no signature.
    pub(super) fn answered(&self) -> BTreeSet<String> {
        let names: BTreeSet<_> =
            self.covers().filter(|it| it.1 != Cover::Part).map(|it| it.0).collect();
        let all = self.facts.signatures.is_empty();
        let files = self.container.data_files().filter(|it| all || names.contains(it));
        files.map(str::to_owned).collect()
    }
}

fn by_cms(facts: &SignatureFacts) -> impl Iterator<Item = (&str, Cover)> {
    let cover = |holds| if holds && facts.covers_data() { Cover::Whole } else { Cover::Broken };
    facts.container.iter().flat_map(move |it| {
        let listed = it.entries.iter().map(move |it| (it.name.as_str(), cover(it.holds())));
        it.signed.as_deref().map(|it| (it, cover(true))).into_iter().chain(listed)
    })
}

/// By the files that were digested, whatever they are called to a reader.
pub(super) fn by_xml<'f>(
    facts: &'f SignatureFacts,
    container: &Container<'_>,
) -> impl Iterator<Item = (&'f str, Cover)> {
    let open_document = container.is_open_document();
    let references = facts.xml.iter().flat_map(|it| &it.references);
    let data = references.filter(|it| it.kind == ReferenceKind::Data && it.found);
    data.filter_map(move |it| {
        let FileFact { name, digested } = it.file.as_ref()?;
        let cover = match (it.digest, digested) {
            (DigestFact::Matches, Digested::AsItStands | Digested::Canonical) => Cover::Whole,
            // It is what OpenDocument asks for, and no program for it shows the rest.
            (DigestFact::Matches, Digested::Meaning) if open_document => Cover::Whole,
            (DigestFact::Matches, Digested::Meaning | Digested::Part) => Cover::Part,
            _ => Cover::Broken,
        };
        Some((from_root(name), cover))
    })
}

impl SignatureFacts {
    /// Whether the data that its value is over is the one that was signed.
    pub(in crate::validation) fn covers_data(&self) -> bool {
        match self.data.digest {
            DigestFact::Matches => true,
            // Without signed attributes the value itself is over the data.
            DigestFact::NotCompared => self.data.found && !self.data.signed_attributes,
            DigestFact::Missing | DigestFact::Differs | DigestFact::Unsupported => false,
        }
    }
}
