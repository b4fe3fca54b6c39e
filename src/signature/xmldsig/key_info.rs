//! `ds:KeyInfo` (XMLDSig 1.1 §4.5): hints at whose key it is. Nothing here is trusted, and
//! nothing is followed.

use super::base64::octets;
use super::key_value::public_key_info;
use super::{DS, DSIG11};
use crate::encoding::xml::{Document, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// What a `KeyInfo` says, as far as it can be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyInfo {
    pub(crate) names: Vec<String>,
    pub(crate) certificates: Vec<Certificate>,
    /// CRLs, as they stand.
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) issuer_serials: Vec<IssuerSerial>,
    pub(crate) subject_names: Vec<String>,
    pub(crate) subject_key_identifiers: Vec<Vec<u8>>,
    /// Keys as `SubjectPublicKeyInfo`.
    pub(crate) keys: Vec<Vec<u8>>,
    /// Names of elements that are not read, or could not be.
    pub(crate) unread: Vec<String>,
}

/// The issuer as RFC 2253 writes it, and the serial number in decimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerSerial {
    pub(crate) issuer: String,
    pub(crate) serial: String,
}

impl KeyInfo {
    /// # Errors
    /// `LimitExceeded` when it holds too much.
    pub(crate) fn read(document: &Document<'_>, element: NodeId, limits: &Limits) -> Result<Self> {
        let mut found = Self::default();
        for (n, child) in document.child_elements(element).enumerate() {
            within(n, limits.certificates, "elements in one KeyInfo")?;
            let Some(it) = document.element(child) else { continue };
            match (it.namespace.as_deref(), it.local) {
                (Some(DS), "KeyName") => found.names.push(text(document, child)),
                (Some(DS), "X509Data") => found.read_x509(document, child, limits)?,
                (Some(DS), "KeyValue") | (Some(DSIG11), "DEREncodedKeyValue") => {
                    match public_key_info(document, child) {
                        Some(key) => found.keys.push(key),
                        None => found.unread.push(it.qualified.to_owned()),
                    }
                }
                _ => found.unread.push(it.qualified.to_owned()),
            }
        }
        Ok(found)
    }

    fn read_x509(&mut self, document: &Document<'_>, data: NodeId, limits: &Limits) -> Result<()> {
        for child in document.child_elements(data) {
            let Some(it) = document.element(child) else { continue };
            let local = if it.namespace.as_deref() == Some(DS) { it.local } else { "" };
            let read = match local {
                "X509Certificate" => certificate(document, child, limits).map(|it| {
                    self.certificates.push(it);
                }),
                "X509CRL" => octets(document, child).ok().map(|it| self.crls.push(it)),
                "X509SKI" => {
                    octets(document, child).ok().map(|it| self.subject_key_identifiers.push(it))
                }
                "X509SubjectName" => {
                    self.subject_names.push(text(document, child));
                    Some(())
                }
                "X509IssuerSerial" => issuer_serial(document, child).map(|it| {
                    self.issuer_serials.push(it);
                }),
                _ => None,
            };
            if read.is_none() {
                self.unread.push(it.qualified.to_owned());
            }
            within(self.certificates.len(), limits.certificates, "certificates in one KeyInfo")?;
            within(self.unread.len(), limits.certificates, "unread elements in one KeyInfo")?;
        }
        Ok(())
    }
}

fn certificate(document: &Document<'_>, element: NodeId, limits: &Limits) -> Option<Certificate> {
    // What base64 makes of it, with room for line ends.
    let most = limits.certificate_bytes.saturating_mul(2);
    let length = document.place(element).len();
    let der = (length <= most).then(|| octets(document, element).ok()).flatten()?;
    Certificate::from_der_within(&der, limits).ok()
}

fn issuer_serial(document: &Document<'_>, element: NodeId) -> Option<IssuerSerial> {
    let of = |local| document.children_named(element, DS, local).next();
    Some(IssuerSerial {
        issuer: text(document, of("X509IssuerName")?),
        serial: text(document, of("X509SerialNumber")?),
    })
}

fn text(document: &Document<'_>, element: NodeId) -> String {
    document.text_of(element).trim_matches([' ', '\t', '\r', '\n']).to_owned()
}
