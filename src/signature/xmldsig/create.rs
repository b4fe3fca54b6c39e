//! Assembling a `ds:Signature`, whatever is in it: plain ones and XAdES alike.
//!
//! `SignedInfo` is written in its canonical form, by the exclusive method, so that what is
//! signed stands in the document octet by octet, and a signature that is moved into another
//! document stays what it was. All that is put in declares its namespaces itself.

use std::borrow::Cow;

use super::transform::Transform;
use super::{DS, digest_uri, signature_uri};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext, SignatureAlgorithm};
use crate::encoding::base64;
use crate::encoding::xml::{
    Canonicalization, Document, Ids, Method, NodeId, Selection, Sink, Subtree, decode,
};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;

/// The canonicalization that everything is written by.
pub(crate) const CANONICALIZATION: Canonicalization =
    Canonicalization::new(Method::Exclusive, false);

/// A signature that lacks its value.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) id: Option<String>,
    /// The Id of the element that has the value.
    pub(crate) value_id: Option<String>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) references: Vec<NewReference>,
    /// A whole `ds:KeyInfo`, where there is one.
    pub(crate) key_info: Option<String>,
    /// Whole `ds:Object`s.
    pub(crate) objects: Vec<String>,
    /// The start tag of one more, where it is to hold the document.
    pub(crate) holds: Option<String>,
}

/// A reference with the digest of what it is to.
#[derive(Debug, Clone)]
pub(crate) struct NewReference {
    pub(crate) id: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) type_uri: Option<String>,
    /// Those that have no parameters.
    pub(crate) transforms: Vec<Transform>,
    pub(crate) digest: Digest,
}

/// A signature in the order that it is written in. The value comes in between, and the
/// document, where it holds that.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) before: String,
    /// What is signed, as it stands after `before`.
    pub(crate) signed_info: String,
    /// After that, before the value in base64.
    pub(crate) before_value: String,
    pub(crate) after: String,
    /// After the document.
    pub(crate) end: String,
}

impl Draft {
    /// # Errors
    /// `Misuse` when the algorithm has no identifier in XML.
    pub(crate) fn parts(&self) -> Result<Parts> {
        let before = format!("<ds:Signature xmlns:ds=\"{DS}\"{}>", id(self.id.as_deref()));
        let objects = self.objects.concat();
        let key_info = self.key_info.as_deref().unwrap_or_default();
        let holds = self.holds.as_deref().unwrap_or_default();
        let end = if holds.is_empty() { "" } else { "</ds:Object>" };
        Ok(Parts {
            before,
            signed_info: self.signed_info()?,
            before_value: format!("<ds:SignatureValue{}>", id(self.value_id.as_deref())),
            after: format!("</ds:SignatureValue>{key_info}{objects}{holds}"),
            end: format!("{end}</ds:Signature>"),
        })
    }

    /// `SignedInfo` in its canonical form.
    fn signed_info(&self) -> Result<String> {
        let method = signature_uri(self.algorithm).ok_or_else(|| {
            Error::misuse(format!("{} has no name in XML signatures", self.algorithm))
        })?;
        let references: Vec<String> = self.references.iter().map(NewReference::to_xml).collect();
        Ok(format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\">\
             <ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>{}</ds:SignedInfo>",
            CANONICALIZATION.uri(),
            references.concat(),
        ))
    }
}

impl NewReference {
    /// Attributes stand in the order of their names.
    fn to_xml(&self) -> String {
        let attribute = |name: &str, value: &Option<String>| {
            value.as_ref().map(|it| format!(" {name}=\"{}\"", escaped(it))).unwrap_or_default()
        };
        let transform = |it: &Transform| {
            format!("<ds:Transform Algorithm=\"{}\"></ds:Transform>", escaped(it.uri()))
        };
        let transforms: Vec<String> = self.transforms.iter().map(transform).collect();
        let transforms = match transforms.as_slice() {
            [] => String::new(),
            some => format!("<ds:Transforms>{}</ds:Transforms>", some.concat()),
        };
        format!(
            "<ds:Reference{}{}{}>{transforms}{}</ds:Reference>",
            attribute("Id", &self.id),
            attribute("Type", &self.type_uri),
            attribute("URI", &self.uri),
            digest(&self.digest),
        )
    }
}

/// `DigestMethod` and `DigestValue`.
pub(crate) fn digest(digest: &Digest) -> String {
    format!(
        "<ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue>",
        digest_uri(digest.algorithm()),
        base64::encode(digest.value())
    )
}

fn id(id: Option<&str>) -> String {
    id.map(|it| format!(" Id=\"{}\"", escaped(it))).unwrap_or_default()
}

/// The value of an attribute in its canonical form, and a text as well.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#x9;"),
            '\n' => escaped.push_str("&#xA;"),
            '\r' => escaped.push_str("&#xD;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A `ds:KeyInfo` with the signer's certificate and those above it.
pub(crate) fn key_info(id: Option<&str>, chain: &[Certificate]) -> String {
    let certificate = |it: &Certificate| {
        format!("<ds:X509Certificate>{}</ds:X509Certificate>", base64::encode(it.der()))
    };
    let certificates: Vec<String> = chain.iter().map(certificate).collect();
    format!(
        "<ds:KeyInfo xmlns:ds=\"{DS}\"{}><ds:X509Data>{}</ds:X509Data></ds:KeyInfo>",
        self::id(id),
        certificates.concat()
    )
}

/// The text of a document that something is to be put into, and the bytes of a mark before it.
///
/// # Errors
/// `Malformed` when it is no text; `Unsupported` when it is not in UTF-8.
pub(crate) fn text_of(bytes: &[u8]) -> Result<(&str, u64)> {
    match decode(bytes)? {
        (Cow::Borrowed(text), mark) => Ok((text, mark)),
        (Cow::Owned(_), _) => {
            Err(Error::unsupported("only into XML in UTF-8 something can be put as it stands"))
        }
    }
}

/// The digest of a document that a signature is put into: what a reference to the whole of
/// it comes to that leaves the signature out.
///
/// # Errors
/// None but those of digesting.
pub(crate) fn digest_document(document: &Document<'_>, by: DigestAlgorithm) -> Result<Digest> {
    digest_nodes(document, NodeId::ROOT, by)
}

/// The digest of an element, comments left out.
///
/// # Errors
/// None but those of digesting.
pub(crate) fn digest_nodes(
    document: &Document<'_>,
    apex: NodeId,
    by: DigestAlgorithm,
) -> Result<Digest> {
    let mut context = DigestContext::new(by);
    write_nodes(document, apex, &mut context)?;
    Ok(context.finish())
}

/// The canonical form of an element, or of the whole document, comments left out.
///
/// # Errors
/// Those of the sink.
pub(crate) fn write_nodes(
    document: &Document<'_>,
    apex: NodeId,
    sink: &mut dyn Sink,
) -> Result<()> {
    CANONICALIZATION.write(document, &Selection::Subtree(Subtree::new(apex, false)), sink)
}

impl Sink for DigestContext {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.update(octets);
        Ok(())
    }
}

/// The digest of an element, by its Id, in what is put into the signature. It is what it will
/// be in there: nothing of what is around is in the exclusive form.
///
/// # Errors
/// `Misuse` when there is no such element, or no well-formed XML.
pub(crate) fn digest_within(xml: &str, id: &str, by: DigestAlgorithm) -> Result<Digest> {
    let limits = Limits::default();
    let document = Document::parse(xml, 0, &limits)
        .map_err(|it| Error::misuse("what is to be signed is no XML").because(it))?;
    let ids = Ids::of(&document);
    match ids.named(id) {
        [one] => digest_nodes(&document, *one, by),
        _ => Err(Error::misuse(format!("there is not one element with the Id {id:?}"))),
    }
}
