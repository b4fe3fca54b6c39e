//! What of a document and of a signature is signed.

use std::cell::Cell;

use super::references::Follower;
use crate::encoding::xml::{Document, Kind, NodeId, Piece, Selection};
use crate::error::Result;
use crate::signature::xmldsig::{Covered, DS, Processed, Reference, Target, Transform};
use crate::validation::facts::{ReferencedElement, XmlFinding};

impl Follower<'_, '_> {
    /// Notes what of the document is signed.
    pub(super) fn covered(&mut self, reference: &Reference, processed: &Processed) {
        let document = self.source.document;
        let (root, signature) = (document.root_element(), self.signature.element);
        // A filter by an expression may have left anything out.
        let plain =
            |it: &Transform| matches!(it, Transform::Enveloped | Transform::Canonicalization(_));
        let plain = reference.transforms.iter().all(plain);
        let is_whole = match (&processed.target, &processed.covered) {
            // Of a signature that is all there is, nothing is left.
            (Some(Target::Document), Some(_)) => Some(plain && root != signature),
            (Some(Target::Element(node)), Some(_)) if document.is_within(*node, signature) => None,
            // An instruction beside the root is no part of it, and may say how it is shown.
            (Some(Target::Element(node)), Some(_)) => {
                Some(plain && *node == root && !is_instructed(document))
            }
            _ => None,
        };
        let before = self.followed.xml.covers_whole_document;
        self.followed.xml.covers_whole_document = match (before, is_whole) {
            (Some(before), Some(now)) => Some(before || now),
            (before, now) => before.or(now),
        };
    }

    /// The element that was digested, and whether all of it was.
    pub(super) fn element(&self, processed: &Processed) -> Result<Option<ReferencedElement>> {
        let (document, signature) = (self.source.document, self.signature.element);
        let node = match &processed.target {
            Some(Target::Document) => document.root_element(),
            Some(Target::Element(node)) => *node,
            _ => return Ok(None),
        };
        let (Some(covered), Some(element)) = (&processed.covered, document.element(node)) else {
            return Ok(None);
        };
        let is_signature =
            |it: NodeId| document.element(it).is_some_and(|it| it.is(DS, "Signature"));
        let whole = match covered {
            _ if node == signature => false,
            Covered::Nodes(nodes) | Covered::Text(nodes) => {
                let (whole, looked) = nodes.holds_but(document, node, is_signature);
                self.dereferencer.effort(looked)?;
                whole
            }
            Covered::Octets(_) | Covered::File { .. } => false,
        };
        let length = u64::try_from(document.place(node).len()).unwrap_or(u64::MAX);
        Ok(Some(ReferencedElement {
            name: element.qualified.to_owned(),
            byte_range: [document.offset(node), length],
            whole,
        }))
    }

    /// Whether what was digested is more than what the signature says of itself.
    pub(super) fn is_data(&self, reference: &Reference, processed: &Processed) -> Result<bool> {
        // Of what was not digested something else is told.
        let Some(covered) = &processed.covered else { return Ok(true) };
        if self.is_empty_object(processed, covered) {
            return Ok(true);
        }
        if digests_nothing(reference, covered) {
            return Ok(false);
        }
        let (document, signature) = (self.source.document, self.signature.element);
        let is_of_signature = |it: NodeId| document.parent(it) == Some(signature);
        let named = |it: NodeId, local: &str| document.element(it).is_some_and(|e| e.is(DS, local));
        let apart = |it: NodeId| {
            let is_object = || named(it, "Object") && self.of_properties != Some(it);
            let is_property =
                |it| named(it, "SignatureProperties") || named(it, "SignatureProperty");
            (is_of_signature(it) && !is_object())
                || (is_property(it) && document.is_within(it, signature))
        };
        let around = |it: NodeId| it == signature || is_of_signature(it);
        self.reaches(covered, apart, |it| !around(it))
    }

    /// Whether it is all of an Object of the signature with nothing in it: an empty file.
    fn is_empty_object(&self, processed: &Processed, covered: &Covered) -> bool {
        let Some(Target::Element(node)) = processed.target else { return false };
        let document = self.source.document;
        self.signature.objects.contains(&node)
            && document.children(node).next().is_none()
            && covered.nodes().is_some_and(|it| it.holds(document, node))
    }

    /// Notes the signature's own Objects of which a reference that holds covers something.
    pub(super) fn note_objects(
        &mut self,
        reference: &Reference,
        processed: &Processed,
    ) -> Result<()> {
        let (document, signature) = (self.source.document, self.signature.element);
        let Some(covered) = &processed.covered else { return Ok(()) };
        let is_empty = self.is_empty_object(processed, covered);
        if digests_nothing(reference, covered) && !is_empty {
            return Ok(());
        }
        if let Some(Target::Element(node)) = &processed.target
            && document.is_within(*node, signature)
        {
            let of_signature = |it: &NodeId| document.parent(*it) == Some(signature);
            let object = document.ancestors_or_self(*node).find(of_signature);
            if is_empty || self.reaches(covered, |_| false, |_| true)? {
                self.signed_objects.extend(object);
            }
            return Ok(());
        }
        // A wider one leaves the signature out, as a rule.
        let Covered::Nodes(nodes) = covered else { return Ok(()) };
        let mut held = Vec::new();
        for object in self.signature.objects.iter().filter(|it| !self.signed_objects.contains(it)) {
            self.dereferencer.effort(match nodes {
                Selection::Subtree(it) => it.without().len().saturating_add(1),
                Selection::Set(_) => document.subtree(*object).count(),
            })?;
            held.extend(nodes.holds(document, *object).then_some(*object));
        }
        self.signed_objects.extend(held);
        Ok(())
    }

    /// XMLDSig §8.1.1: what is not signed may be anything, and looks as if it were.
    pub(super) fn unsigned_objects(&mut self) {
        let objects = self.signature.objects.iter().filter(|it| !self.is_of_properties(**it));
        let unsigned = objects.filter(|it| !self.signed_objects.contains(it)).count();
        if unsigned > 0 {
            self.followed.xml.findings.push(XmlFinding::UnsignedObjects(unsigned));
        }
    }

    /// Whether it is the Object of the properties, with nothing else in it.
    fn is_of_properties(&self, object: NodeId) -> bool {
        let document = self.source.document;
        let read = Cell::new(0_usize);
        self.of_properties == Some(object)
            && document.child_elements(object).count() == 1
            && !document.children(object).any(|it| has_letters(document, it, &read))
    }

    /// Whether something with a meaning was digested: an element or a text.
    fn reaches(
        &self,
        covered: &Covered,
        apart: impl Fn(NodeId) -> bool,
        counts: impl Fn(NodeId) -> bool,
    ) -> Result<bool> {
        let document = self.source.document;
        let Some(nodes) = covered.nodes() else { return Ok(true) };
        let is_text = matches!(covered, Covered::Text(_));
        let read = Cell::new(0_usize);
        let wanted = |it: NodeId| match document.kind(it) {
            Kind::Element(_) => !is_text && counts(it),
            Kind::Text(_) => counts(it) && has_letters(document, it, &read),
            _ => false,
        };
        let (found, looked) = nodes.any(document, apart, wanted);
        let effort = looked.saturating_mul(EFFORT).saturating_add(read.get());
        self.dereferencer.effort(effort)?;
        Ok(found)
    }
}

/// What it takes to look at a node, in octets that are digested meanwhile.
const EFFORT: usize = 64;

/// Whether transforms left nothing. An empty file is one all the same.
fn digests_nothing(reference: &Reference, covered: &Covered) -> bool {
    let of_nothing = || {
        let by = reference.digest_algorithm;
        by.is_some_and(|it| it.digest(&[]).value() == reference.digest_value)
    };
    !matches!(covered, Covered::File { as_it_stands: true }) && of_nothing()
}

fn is_instructed(document: &Document<'_>) -> bool {
    let is_instruction = |it| matches!(document.kind(it), Kind::Instruction { .. });
    document.children(NodeId::ROOT).any(is_instruction)
}

/// Whether a text is more than white space; `read` counts its octets.
fn has_letters(document: &Document<'_>, node: NodeId, read: &Cell<usize>) -> bool {
    let blank = |it: char| matches!(it, ' ' | '\t' | '\r' | '\n');
    document.pieces(node).iter().any(|piece| match piece {
        Piece::Raw(text) => {
            let first = text.find(|it| !blank(it));
            read.set(read.get().saturating_add(first.unwrap_or(text.len())));
            first.is_some()
        }
        Piece::Char(it) => !blank(*it),
    })
}
