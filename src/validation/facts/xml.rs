//! What is known about a signature in XML.

use serde::Serialize;

use super::{DigestFact, Named};
use crate::crypto::DigestAlgorithm;

/// What an XML signature refers to, and how its document holds it.
#[derive(Debug, Clone, Default, Serialize)]
pub(in crate::validation) struct XmlFacts {
    /// Those of `SignedInfo`, in their order.
    pub(in crate::validation) references: Vec<ReferenceFacts>,
    /// Those of the manifests among what is signed: the signer says nothing but their digests
    /// (XMLDSig §5.1).
    pub(in crate::validation) manifest: Vec<ReferenceFacts>,
    /// What is not as its format asks.
    pub(in crate::validation) findings: Vec<XmlFinding>,
    /// Whether the whole document is signed but its signatures; nothing where what is signed
    /// stands elsewhere.
    pub(in crate::validation) covers_whole_document: Option<bool>,
}

/// A reference and what it came to.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct ReferenceFacts {
    /// Its URI, as a reader is told of it: it may be cut.
    pub(in crate::validation) name: String,
    /// Where it is to a file.
    pub(in crate::validation) file: Option<FileFact>,
    pub(in crate::validation) kind: ReferenceKind,
    pub(in crate::validation) found: bool,
    pub(in crate::validation) digest: DigestFact,
    pub(in crate::validation) algorithm: Named<DigestAlgorithm>,
    /// Why it was not found or not digested, in words.
    pub(in crate::validation) trouble: Option<String>,
    /// What of the document it digests.
    pub(in crate::validation) element: Option<ReferencedElement>,
    /// The identifiers of its transforms, in their order.
    pub(in crate::validation) transforms: Vec<String>,
}

/// The element of the document that a reference digests, as it was found: nobody has to look
/// it up a second time by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReferencedElement {
    /// Its name as it is written, with its prefix.
    pub name: String,
    /// Where it begins, and how long it is with its tags: in bytes of the document, which
    /// counts as UTF-8.
    pub byte_range: [u64; 2],
    /// Whether all that is in it is signed, but for signatures and comments.
    pub whole: bool,
}

/// A file that a reference is to.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct FileFact {
    pub(in crate::validation) name: String,
    pub(in crate::validation) digested: Digested,
}

/// What of a file was digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(in crate::validation) enum Digested {
    /// Its octets.
    AsItStands,
    /// All that XML says in it.
    Canonical,
    /// The same without comments, and without what no name in it makes use of.
    Meaning,
    /// What a transform left of it.
    Part,
}

/// What a reference is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(in crate::validation) enum ReferenceKind {
    Data,
    SignedProperties,
    KeyInfo,
    /// A manifest within the signature, which refers to more.
    Manifest,
    /// The value of the signature that is countersigned.
    CountersignedValue,
    /// The content that was handed in, to which none is.
    Content,
}

/// What of a signature's place and form is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::validation) enum XmlFinding {
    /// A reference is to an Id that several elements have.
    AmbiguousId(String),
    /// No reference is to its signed properties: anybody may have put them there.
    PropertiesNotSigned,
    /// So many Objects stand in the signature, and are signed by nothing.
    UnsignedObjects(usize),
}

impl XmlFacts {
    /// The files beside the signature that are as they were when it was made, each whole.
    pub(in crate::validation) fn files_covered(&self) -> impl Iterator<Item = &str> {
        let intact = |it: &&ReferenceFacts| it.found && it.digest == DigestFact::Matches;
        let files = self.references.iter().filter(intact).filter_map(|it| it.file.as_ref());
        let whole = [Digested::AsItStands, Digested::Canonical];
        files.filter(move |it| whole.contains(&it.digested)).map(|it| it.name.as_str())
    }

    /// Whether everything referred to is at hand.
    pub(in crate::validation) fn found(&self) -> bool {
        self.references.iter().all(|it| it.found)
    }

    /// What the digests of all references come to.
    pub(in crate::validation) fn digest(&self) -> DigestFact {
        let all = || self.references.iter().filter(|it| it.found).map(|it| it.digest);
        let worst = [
            DigestFact::Differs,
            DigestFact::Missing,
            DigestFact::Unsupported,
            DigestFact::NotCompared,
        ];
        let found = worst.into_iter().find(|wanted| all().any(|it| it == *wanted));
        found.unwrap_or(match self.references.is_empty() {
            true => DigestFact::Missing,
            false => DigestFact::Matches,
        })
    }
}
