//! Adding unsigned properties to a signature (EN 319 132-1 §4.3.5) in the text that it stands
//! in: every octet that is there stays.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;
use std::rc::Rc;

use super::names::{V1_3_2, Version};
use super::properties::QualifyingProperties;
use crate::encoding::xml::{Document, NodeId};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::xmldsig::{Dereferencer, Found, ReadFiles, Signature, text_of};
use crate::source::Files;

/// Where something goes, and what.
#[derive(Debug)]
pub(crate) struct Insertion {
    /// In the text.
    place: Range<usize>,
    text: String,
}

impl Insertion {
    /// Puts `elements` behind the unsigned properties of a signature.
    ///
    /// # Errors
    /// `Unsupported` for editions of the schema before 1.3.2.
    pub(crate) fn of(
        document: &Document<'_>,
        properties: &QualifyingProperties,
        elements: &str,
    ) -> Result<Self> {
        let namespace = document.element(properties.node).and_then(|it| it.namespace.clone());
        if Version::of(namespace.as_deref()) != Some(Version::V132) {
            let what = "only signatures of XAdES 1.3.2 and on are added to";
            return Err(Error::unsupported(what));
        }
        let unsigned = &properties.unsigned;
        let (within, text) = match (unsigned.node, unsigned.parent) {
            (Some(node), _) => (node, elements.to_owned()),
            (None, Some(node)) => (node, of_signature(elements)),
            (None, None) => (properties.node, in_unsigned(elements)),
        };
        // The properties of data come behind those of the signature.
        let first = document.child_elements(within).next();
        let first = first.filter(|_| unsigned.node.is_none() && unsigned.parent.is_some());
        Ok(match first {
            Some(first) => {
                let at = document.place(first).start;
                Self { place: at..at, text }
            }
            None => Self::at_end(document, within, text),
        })
    }

    fn at_end(document: &Document<'_>, element: NodeId, text: String) -> Self {
        if let Some(at) = document.end_tag(element) {
            return Self { place: at..at, text };
        }
        let end = document.place(element).end;
        let name = document.element(element).map(|it| it.qualified).unwrap_or_default();
        let place = end.saturating_sub("/>".len())..end;
        Self { place, text: format!(">{text}</{name}>") }
    }

    /// The document with it.
    pub(crate) fn apply(&self, bytes: &[u8], mark: u64) -> Vec<u8> {
        let mark = usize::try_from(mark).unwrap_or(usize::MAX);
        let from = self.place.start.saturating_add(mark);
        let to = self.place.end.saturating_add(mark);
        let before = bytes.get(..from).unwrap_or_default();
        let after = bytes.get(to..).unwrap_or_default();
        [before, self.text.as_bytes(), after].concat()
    }
}

fn of_signature(elements: &str) -> String {
    format!(
        "<xades:UnsignedSignatureProperties xmlns:xades=\"{V1_3_2}\">{elements}\
         </xades:UnsignedSignatureProperties>"
    )
}

fn in_unsigned(elements: &str) -> String {
    format!(
        "<xades:UnsignedProperties xmlns:xades=\"{V1_3_2}\"><xades:UnsignedSignatureProperties>\
         {elements}</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )
}

/// Refuses an addition under which a reference of any signature no longer holds that did: the
/// signature that was added to is itself under another one. Files that were `read` are not read
/// again.
///
/// # Errors
/// `Misuse`, and as reading the documents fails.
pub(crate) fn check_unharmed(
    before: &[u8],
    after: &[u8],
    files: Option<&dyn Files>,
    read: &Rc<ReadFiles>,
    limits: &Limits,
) -> Result<()> {
    let holding = |bytes| holding(bytes, files, read, limits);
    let (before, after) = (holding(before)?, holding(after)?);
    // Countersignatures stand within the signature, and so may be new in the middle.
    match before.iter().all(|it| after.contains(it)) {
        true => Ok(()),
        false => Err(Error::misuse(
            "another signature in the document is over this one as it is, and would break",
        )),
    }
}

/// What names each reference that holds: the value of its signature, and its place.
fn holding(
    bytes: &[u8],
    files: Option<&dyn Files>,
    read: &Rc<ReadFiles>,
    limits: &Limits,
) -> Result<Vec<(Vec<u8>, usize)>> {
    let (text, mark) = text_of(bytes)?;
    let document = Document::parse(text, mark, limits)?;
    let mut dereferencer = Dereferencer::new(&document, files, limits).sharing(Rc::clone(read));
    let mut all = Vec::new();
    for node in Signature::all_in(&document, limits)? {
        let Ok(signature) = Signature::read(&document, node, limits) else { continue };
        for (n, reference) in signature.signed_info.references.iter().enumerate() {
            let processed = dereferencer.process(node, reference)?;
            if matches!(processed.found, Found::Matches) {
                all.push((signature.value.clone(), n));
            }
        }
    }
    Ok(all)
}
