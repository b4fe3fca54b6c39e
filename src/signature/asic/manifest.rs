//! ASiCManifest: the list of what a signature or a time-stamp in a container is over
//! (EN 319 162-1 Annex A.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::names::referred;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::percent;
use crate::encoding::xml::{Document, NodeId, decode};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::xmldsig::{DS as XMLDSIG, digest, digest_algorithm};

/// Of EN 319 162-1, then those of TS 102 918 and what was made of them.
pub(super) const NAMESPACES: [&str; 4] = [
    "http://uri.etsi.org/02918/v1.2.1#",
    "http://uri.etsi.org/02918/v1.1.1#",
    "http://uri.etsi.org/2918/v1.2.1#",
    "http://uri.etsi.org/2918/v1.1.1#",
];

/// What one object of the container is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The entry whose signature or time-stamp this is the data of.
    pub(crate) signature: Option<String>,
    pub(crate) references: Vec<Reference>,
}

/// An entry that is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// As it stands there.
    pub(crate) uri: String,
    /// Nothing where it leads out of the container.
    pub(crate) name: Option<String>,
    pub(crate) mime_type: Option<String>,
    /// The identifier of the digest's algorithm.
    pub(crate) method: String,
    pub(crate) value: Vec<u8>,
}

impl Reference {
    /// Nothing for a digest that this crate cannot compute.
    pub(crate) fn algorithm(&self) -> Option<DigestAlgorithm> {
        match self.method.as_str() {
            // What older programs write.
            "http://www.w3.org/2000/09/xmldsig#sha256" => Some(DigestAlgorithm::Sha256),
            uri => digest_algorithm(uri),
        }
    }
}

impl Manifest {
    /// # Errors
    /// `Malformed` where it is no manifest; `LimitExceeded` when a bound was reached.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self> {
        let (text, mark) = decode(bytes)?;
        let document = Document::parse(&text, mark, limits)?;
        let root = document.root_element();
        let named =
            |it: &&str| document.element(root).is_some_and(|root| root.is(it, "ASiCManifest"));
        let Some(namespace) = NAMESPACES.into_iter().find(named) else {
            return Err(Error::malformed("this is no ASiCManifest").at_offset(0));
        };
        let mut signatures = document.children_named(root, namespace, "SigReference");
        let signature = signatures.next();
        if let Some(second) = signatures.next() {
            let error = Error::malformed("a manifest is of two signatures");
            return Err(error.at_offset(document.offset(second)));
        }
        let uri = signature.and_then(|it| document.attribute(it, "URI"));
        let references = document.children_named(root, namespace, "DataObjectReference");
        let references: Result<_> = references.map(|it| reference(&document, it)).collect();
        Ok(Self { signature: uri.and_then(referred), references: references? })
    }
}

fn reference(document: &Document<'_>, node: NodeId) -> Result<Reference> {
    let broken = |what: &str| Error::malformed(what).at_offset(document.offset(node));
    let uri = document.attribute(node, "URI").ok_or_else(|| broken("a reference lacks its URI"))?;
    let only = |local: &str| {
        let mut all = document.children_named(node, XMLDSIG, local);
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(broken("a reference has not exactly one digest")),
        }
    };
    let method = document.attribute(only("DigestMethod")?, "Algorithm");
    let method = method.ok_or_else(|| broken("a digest lacks its algorithm"))?;
    let value = document.text_of(only("DigestValue")?);
    let value: String = value.split_ascii_whitespace().collect();
    let value = STANDARD.decode(value).map_err(|it| broken("a digest is no base64").because(it))?;
    Ok(Reference {
        uri: uri.to_owned(),
        name: referred(uri),
        mime_type: document.attribute(node, "MimeType").map(str::to_owned),
        method: method.to_owned(),
        value,
    })
}

/// What a manifest is to say of one entry.
#[derive(Debug, Clone)]
pub(super) struct Listed<'a> {
    pub(super) name: &'a str,
    pub(super) mime_type: Option<&'a str>,
    pub(super) digest: Digest,
    /// Whether it is the one to begin with (Annex A.4).
    pub(super) root: bool,
}

/// A manifest for the object that will stand in the entry `signature`. Equal lists give equal
/// octets.
///
/// # Errors
/// `Misuse` for a media type that is none.
pub(super) fn write(signature: &str, mime_type: &str, entries: &[Listed<'_>]) -> Result<Vec<u8>> {
    let [namespace, ..] = NAMESPACES;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
         <asic:ASiCManifest xmlns:asic=\"{namespace}\" xmlns:ds=\"{XMLDSIG}\">\n\
         <asic:SigReference MimeType=\"{mime_type}\" URI=\"{}\"/>\n",
        percent::encoded(signature)
    );
    for entry in entries {
        text.push_str("<asic:DataObjectReference");
        if let Some(mime_type) = entry.mime_type {
            check_mime_type(mime_type)?;
            text.push_str(&format!(" MimeType=\"{mime_type}\""));
        }
        if entry.root {
            text.push_str(" Rootfile=\"true\"");
        }
        text.push_str(&format!(
            " URI=\"{}\">{}</asic:DataObjectReference>\n",
            percent::encoded(entry.name),
            digest(&entry.digest)
        ));
    }
    text.push_str("</asic:ASiCManifest>\n");
    Ok(text.into_bytes())
}

/// RFC 6838 §4.2, with parameters: nothing that XML would take for its own.
pub(super) fn check_mime_type(mime_type: &str) -> Result<()> {
    let fits = |it: u8| it.is_ascii_graphic() && !matches!(it, b'"' | b'<' | b'&') || it == b' ';
    if mime_type.contains('/') && mime_type.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::misuse(format!("{mime_type:?} is no media type")))
}
