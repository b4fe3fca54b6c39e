//! Signature validation objects (TS 119 102-2 §4.4): each once, named by its digest.

use std::collections::BTreeMap;
use std::io::Write;

use super::Xml;
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64;
use crate::error::Result;
use crate::pki::{Certificate, TrustAnchor};
use crate::validation::report::SignatureReport;

/// What the reports refer to, in the order of their names.
#[derive(Default)]
pub(super) struct Objects {
    all: BTreeMap<String, Object>,
}

struct Object {
    kind: Kind,
    octets: Vec<u8>,
}

/// §4.4.4.
#[derive(Clone, Copy)]
enum Kind {
    Certificate,
    Crl,
    OcspResponse,
    PublicKey,
}

/// Lists of a government's authority may have tens of megabytes; beyond this many bytes
/// an object is given by its digest alone, as §4.4.5 allows.
const IN_FULL: usize = 1 << 20;

impl Objects {
    /// Adds what one signature was judged by.
    pub(super) fn collect(&mut self, signature: &SignatureReport) {
        let it = &signature.particulars;
        let certificates = it.chain.iter().chain(&it.certificates);
        for certificate in certificates.chain(it.revoked.iter().map(|it| &it.certificate)) {
            self.add(Kind::Certificate, certificate.der());
        }
        if let Some(anchor) = &it.anchor {
            let kind = anchor.certificate().map_or(Kind::PublicKey, |_| Kind::Certificate);
            self.add(kind, octets_of(anchor));
        }
        it.crls.iter().for_each(|it| self.add(Kind::Crl, it.der()));
        it.responses.iter().for_each(|it| self.add(Kind::OcspResponse, it.der()));
    }

    fn add(&mut self, kind: Kind, octets: &[u8]) {
        self.all.entry(id(octets)).or_insert_with(|| Object { kind, octets: octets.to_vec() });
    }

    /// The name of an object that was added.
    pub(super) fn id_of(&self, octets: &[u8]) -> Option<String> {
        Some(id(octets)).filter(|id| self.all.contains_key(id))
    }

    /// Writes them; nothing where there are none.
    pub(super) fn write<W: Write>(&self, xml: &mut Xml<W>) -> Result<()> {
        if self.all.is_empty() {
            return Ok(());
        }
        xml.within("SignatureValidationObjects", &[], |xml| {
            self.all.iter().try_for_each(|(id, object)| object.write(xml, id))
        })
    }
}

impl Object {
    fn write<W: Write>(&self, xml: &mut Xml<W>, id: &str) -> Result<()> {
        xml.within("ValidationObject", &[("id", id)], |xml| {
            xml.text("ObjectType", self.kind.name())?;
            xml.within("ValidationObjectRepresentation", &[], |xml| {
                if self.octets.len() <= IN_FULL {
                    xml.text("base64", &base64::encode(&self.octets))
                } else {
                    xml.digest(&DigestAlgorithm::Sha256.digest(&self.octets))
                }
            })
        })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "urn:etsi:019102:validationObject:certificate",
            Self::Crl => "urn:etsi:019102:validationObject:CRL",
            Self::OcspResponse => "urn:etsi:019102:validationObject:OCSPResponse",
            Self::PublicKey => "urn:etsi:019102:validationObject:publicKey",
        }
    }
}

/// What stands for an anchor: its certificate, or its key where it has none.
pub(super) fn octets_of(anchor: &TrustAnchor) -> &[u8] {
    anchor.certificate().map_or(anchor.public_key_info(), Certificate::der)
}

/// An `xs:ID` has to begin with a letter.
fn id(octets: &[u8]) -> String {
    format!("O-{}", DigestAlgorithm::Sha256.digest(octets))
}
