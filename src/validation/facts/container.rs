//! What is known about a signature that stands in a container (EN 319 162-1).

use serde::Serialize;

use super::DigestFact;
use crate::crypto::DigestAlgorithm;

/// Where a signature stands, and which files it is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(in crate::validation) struct ContainerFacts {
    /// The entry that holds it.
    pub(in crate::validation) entry: String,
    /// The entry that its value is over: the file, or the manifest that lists the files.
    pub(in crate::validation) signed: Option<String>,
    /// What the manifest lists.
    pub(in crate::validation) entries: Vec<EntryFact>,
    /// Why none of the manifests could be its own, where one that cannot be read may be.
    pub(in crate::validation) manifest_unreadable: Option<String>,
    /// What the container is not that its kind has to be.
    pub(in crate::validation) misshapen: Option<Misshapen>,
    /// Whether it is over every file of the container.
    pub(in crate::validation) covers_all: bool,
}

/// EN 319 162-1 §4.3.3.1, §4.4.3.1: an ASiC-S has one file, which is in no folder, and one
/// file of signatures over it (§4.3.3.2); an ASiC-E has any. Otherwise programs differ in what
/// they show as signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(in crate::validation) enum Misshapen {
    /// An ASiC-S has this many files.
    NotOneFile(usize),
    /// The file of an ASiC-S is in a folder.
    InFolder,
    /// An ASiC-E has no file.
    NoFile,
    /// An ASiC-S has this many files of signatures, of which a program may read only the one
    /// that the standard names.
    SeveralSignatureFiles(usize),
}

/// An entry that a manifest lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::validation) struct EntryFact {
    /// Its name, or the reference as it stands where that leads nowhere.
    pub(in crate::validation) name: String,
    pub(in crate::validation) found: bool,
    /// Nothing for a digest that this crate cannot compute.
    pub(in crate::validation) algorithm: Option<DigestAlgorithm>,
    /// The identifier of the algorithm.
    pub(in crate::validation) method: String,
    pub(in crate::validation) digest: DigestFact,
}

impl EntryFact {
    /// Whether it is there, as it was listed.
    pub(in crate::validation) fn holds(&self) -> bool {
        self.found && self.digest == DigestFact::Matches
    }
}
