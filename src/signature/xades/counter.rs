//! Countersigning: a signature over another signature's value (EN 319 132-1 §5.2.7), among
//! its unsigned properties.

use std::rc::Rc;

use super::create::{Reference, Statement};
use super::edit::{Insertion, check_unharmed};
use super::names::{COUNTERSIGNED_TYPE, V1_3_2};
use super::properties::QualifyingProperties;
use crate::crypto::DigestAlgorithm;
use crate::encoding::xml::{Document, Ids};
use crate::error::{Error, Result};
use crate::keys::{Signer, SigningOverride, ToBeSigned, fit_certificate};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::request::check_value;
use crate::signature::xmldsig::{
    CANONICALIZATION, ReadFiles, Signature, Transform, text_of, value_in_xml,
};
use crate::time::UtcTime;

/// A countersignature to be made: who countersigns confirms a signature, not the document.
///
/// The signature stays as it is, and so does all else that is there.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` is called"]
pub struct CounterSignatureBuilder<'a> {
    existing: &'a [u8],
    claimed_time: UtcTime,
    signature: Option<String>,
    overrides: Vec<SigningOverride>,
}

impl<'a> CounterSignatureBuilder<'a> {
    /// Countersigns the first signature of the XML document `existing`. `claimed_time`
    /// becomes the SigningTime.
    pub fn new(existing: &'a [u8], claimed_time: UtcTime) -> Self {
        Self { existing, claimed_time, signature: None, overrides: Vec::new() }
    }

    /// Countersigns the signature with this Id.
    pub fn signature(mut self, id: impl Into<String>) -> Self {
        self.signature = Some(id.into());
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// The document with the countersignature.
    ///
    /// # Errors
    /// `Malformed` when it is no XML; `Unsupported` when it is not in UTF-8 or its signature
    /// is of an edition before 1.3.2; `Misuse` when it has no such signature, or none whose
    /// value has an Id, and when another signature is over that one as it is; `Signer` when
    /// the certificate must not sign at the claimed time, and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        let limits = Limits::default();
        let chain = signer.certificate_chain();
        let algorithm = signer.algorithm();
        let certificate = fit_certificate(chain, algorithm, self.claimed_time, &self.overrides)?;
        let (text, mark) = text_of(self.existing)?;
        let document = Document::parse(text, mark, &limits)?;
        let signature = self.find(&document, &limits)?;
        let properties = QualifyingProperties::read(&document, signature.element, &limits)?;
        let properties = properties.ok_or_else(|| {
            Error::misuse("the signature is no XAdES signature: it holds no countersignature")
        })?;
        let ids = Ids::of(&document);
        let value = document.attribute(signature.value_element, "Id").unwrap_or_default();
        if ids.named(value).len() != 1 {
            let what = "the signature's value has no Id of its own, which a countersignature names";
            return Err(Error::misuse(what));
        }
        let mut octets = Vec::new();
        CANONICALIZATION.write_subtree(&document, signature.value_element, &mut octets)?;
        let statement = Statement {
            id: &self.free_id(&ids, certificate, &octets),
            chain,
            algorithm,
            signing_time: self.claimed_time,
            of_signature: String::new(),
            of_data: String::new(),
            references: vec![Reference {
                uri: format!("#{value}"),
                transforms: vec![Transform::Canonicalization(CANONICALIZATION)],
                digest: algorithm.digest().digest(&octets),
                kind: Some(COUNTERSIGNED_TYPE),
                mime_type: None,
            }],
            holds: None,
        };
        let element = signed(statement, certificate, signer)?;
        let added = Insertion::of(&document, &properties, &element)?.apply(self.existing, mark);
        let read = Rc::new(ReadFiles::new(&limits));
        check_unharmed(self.existing, &added, None, &read, &limits)?;
        Ok(added)
    }

    /// An Id that no element has.
    fn free_id(&self, ids: &Ids<'_>, certificate: &Certificate, octets: &[u8]) -> String {
        let time = self.claimed_time.to_string();
        let named = [certificate.der(), octets, time.as_bytes()].concat();
        let short = DigestAlgorithm::Sha256.digest(&named).to_string();
        let short = format!("id-{}", short.get(..32).unwrap_or(&short));
        let mut ends = (1..).map(|n: u32| if n == 1 { String::new() } else { format!("-{n}") });
        let id = ends.find_map(|end| {
            let id = format!("{short}{end}");
            ids.named(&id).is_empty().then_some(id)
        });
        id.unwrap_or(short)
    }

    fn find(&self, document: &Document<'_>, limits: &Limits) -> Result<Signature> {
        for node in Signature::all_in(document, limits)? {
            let id = document.attribute(node, "Id");
            if self.signature.is_none() || id == self.signature.as_deref() {
                return Signature::read(document, node, limits);
            }
        }
        Err(Error::misuse("there is no such signature"))
    }
}

/// The element that holds the countersignature.
fn signed(
    statement: Statement<'_>,
    certificate: &Certificate,
    signer: &dyn Signer,
) -> Result<String> {
    let algorithm = statement.algorithm;
    let parts = statement.parts()?;
    let to_be_signed = ToBeSigned::new(parts.signed_info.clone().into_bytes(), algorithm);
    let made = signer.sign(&to_be_signed)?;
    check_value(certificate, &to_be_signed, &made)?;
    let made = value_in_xml(certificate, algorithm, &made)?;
    let made = String::from_utf8_lossy(&made);
    Ok(format!(
        "<xades:CounterSignature xmlns:xades=\"{V1_3_2}\">{}{}{}{made}{}{}\
         </xades:CounterSignature>",
        parts.before, parts.signed_info, parts.before_value, parts.after, parts.end
    ))
}
