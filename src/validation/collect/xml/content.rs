//! Whether an XML signature is over the content that was handed in. One that is good by itself,
//! over something else, says nothing of it.

use super::references::{Follower, digested};
use crate::crypto::{Digest, DigestContext};
use crate::encoding::base64;
use crate::encoding::xml::{Canonicalization, Method, NodeId};
use crate::error::Result;
use crate::signature::xmldsig::{DS, Found, Processed, Reference, Target, Transform};
use crate::validation::facts::{DigestFact, Digested, Named, ReferenceFacts, ReferenceKind};
use crate::validation::format::{SNIFFED, is_xml};

/// What the references of a signature make of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum OverContent {
    #[default]
    Not,
    /// It would take more than its digest to tell.
    Unknown,
    /// One may be to it that does not hold, or cannot be followed, which is told of that one.
    Open,
    /// One is to it, and digests a part.
    Part,
    Whole,
}

impl Follower<'_, '_> {
    /// Looks at a reference that was followed, of `SignedInfo` or of a manifest in it.
    pub(super) fn look_for_content(
        &mut self,
        reference: &Reference,
        processed: &Processed,
        facts: &ReferenceFacts,
    ) -> Result<()> {
        let is_data = facts.kind == ReferenceKind::Data;
        if !self.source.content || !is_data || self.over_content == OverContent::Whole {
            return Ok(());
        }
        let over = match (facts.found, facts.digest) {
            (true, DigestFact::Matches) if is_beside(processed) => extent(reference),
            (true, DigestFact::Matches) => self.holds_content(reference, processed)?,
            (true, DigestFact::Differs) if !is_beside(processed) => OverContent::Not,
            _ => OverContent::Open,
        };
        self.over_content = self.over_content.max(over);
        Ok(())
    }

    /// Looks at an entry of a manifest that is signed. One that does not hold decides nothing.
    pub(super) fn look_in_manifest(
        &mut self,
        entry: &Reference,
        processed: &Processed,
        facts: &ReferenceFacts,
    ) -> Result<()> {
        match (facts.found, facts.digest) {
            (true, DigestFact::Matches) => self.look_for_content(entry, processed, facts),
            _ => Ok(()),
        }
    }

    /// What is signed within the document may be the same: octet by octet, in base64, or in its
    /// canonical form.
    fn holds_content(
        &mut self,
        reference: &Reference,
        processed: &Processed,
    ) -> Result<OverContent> {
        let plain = Reference { uri: None, transforms: Vec::new(), ..reference.clone() };
        if self.is_content(&plain)? {
            return Ok(OverContent::Whole);
        }
        let object = self.object(processed);
        if let Some(octets) = object.map(|it| self.encoded(it)).transpose()?.flatten() {
            let by = self.source.digest.map(Digest::algorithm).or(reference.digest_algorithm);
            let digest_value = by.map(|it| it.digest(&octets).value().to_vec());
            let digest_value = digest_value.unwrap_or_default();
            let decoded = Reference { digest_algorithm: by, digest_value, ..plain };
            return Ok(match self.is_content(&decoded)? {
                true => OverContent::Whole,
                false => OverContent::Not,
            });
        }
        if let Some(content) = self.source.digest {
            let told = reference.digest_algorithm == Some(content.algorithm())
                && reference.transforms == [Transform::Base64];
            return Ok(if told { OverContent::Not } else { OverContent::Unknown });
        }
        let canonical = match object {
            Some(object) => self.wrapped(object, plain)?,
            None => canonical(plain, &reference.transforms),
        };
        match canonical {
            Some(it) if self.is_xml()? && self.is_content(&it)? => Ok(extent(&it)),
            _ => Ok(OverContent::Not),
        }
    }

    fn is_content(&mut self, reference: &Reference) -> Result<bool> {
        if let Some(content) = self.source.digest {
            return Ok(is_digest(reference, content));
        }
        let found = self.dereferencer.process(self.signature.element, reference)?.found;
        Ok(matches!(found, Found::Matches))
    }

    fn is_xml(&self) -> Result<bool> {
        let Some(content) = self.source.files.map(|it| it.open("")).transpose()?.flatten() else {
            return Ok(false);
        };
        Ok(is_xml(&content.window(0..content.len().min(SNIFFED))?))
    }

    /// The Object that was digested with its tags, as other programs do it.
    fn object(&self, processed: &Processed) -> Option<NodeId> {
        let document = self.source.document;
        let (Some(Target::Element(node)), Some(covered)) = (&processed.target, &processed.covered)
        else {
            return None;
        };
        let is_object = document.element(*node).is_some_and(|it| it.is(DS, "Object"));
        (is_object && covered.holds(document, *node)).then_some(*node)
    }

    /// What it says it has in base64.
    fn encoded(&self, object: NodeId) -> Result<Option<Vec<u8>>> {
        let document = self.source.document;
        let encoding = document.attribute(object, "Encoding").unwrap_or_default();
        if !encoding.ends_with("#base64") || document.child_elements(object).next().is_some() {
            return Ok(None);
        }
        self.dereferencer.effort(document.place(object).len())?;
        Ok(base64::decode(&document.text_of(object)))
    }

    /// A reference to what has the meaning of the one element in it.
    fn wrapped(&mut self, object: NodeId, plain: Reference) -> Result<Option<Reference>> {
        let mut elements = self.source.document.child_elements(object);
        let (Some(one), None, Some(by)) =
            (elements.next(), elements.next(), plain.digest_algorithm)
        else {
            return Ok(None);
        };
        let form = |comments| Canonicalization::new(Method::Exclusive, comments);
        let mut digesting = DigestContext::new(by);
        self.dereferencer.canonical(one, &form(false), &mut digesting)?;
        let digest_value = digesting.finish().value().to_vec();
        // Comments that the content has are none that were signed.
        let transforms = vec![Transform::Canonicalization(form(true))];
        Ok(Some(Reference { transforms, digest_value, ..plain }))
    }

    /// Notes that the signature is not over the content, or not over all of it. A
    /// countersignature is over the signature that it stands in.
    pub(super) fn expect_content(&mut self) {
        if !self.source.content || self.outer.is_some() {
            return;
        }
        let over = self.over_content;
        self.followed.xml.covers_whole_document =
            matches!(over, OverContent::Not | OverContent::Part).then_some(false);
        if let OverContent::Not | OverContent::Unknown = over {
            let differs = over == OverContent::Not;
            self.followed.xml.references.push(ReferenceFacts {
                name: "content".to_owned(),
                file: None,
                kind: ReferenceKind::Content,
                found: true,
                digest: if differs { DigestFact::Differs } else { DigestFact::Unsupported },
                algorithm: Named::NOTHING,
                trouble: None,
                element: None,
                transforms: Vec::new(),
            });
        }
    }
}

fn is_beside(processed: &Processed) -> bool {
    matches!(processed.target, Some(Target::File(_) | Target::Unnamed))
}

/// How much of a file a reference digests that is as it was.
fn extent(reference: &Reference) -> OverContent {
    match digested(reference) {
        Digested::AsItStands | Digested::Canonical => OverContent::Whole,
        Digested::Meaning | Digested::Part => OverContent::Part,
    }
}

/// A reference to what has the canonical form that these transforms end with: whatever they
/// leave out of the document, what is left is what is signed.
fn canonical(plain: Reference, transforms: &[Transform]) -> Option<Reference> {
    let form = match transforms.last() {
        Some(Transform::Canonicalization(form)) => form.clone(),
        Some(Transform::Base64 | Transform::Unknown(_)) => return None,
        Some(Transform::Enveloped | Transform::XPath(_) | Transform::Filter2(_)) | None => {
            Canonicalization::new(Method::Inclusive, false)
        }
    };
    Some(Reference { transforms: vec![Transform::Canonicalization(form)], ..plain })
}

fn is_digest(reference: &Reference, content: &Digest) -> bool {
    reference.digest_algorithm == Some(content.algorithm())
        && reference.digest_value == content.value()
}
