//! Signature validation objects (TS 119 102-2 §4.4): each once, named by its digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Xml;
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64;
use crate::error::Result;
use crate::pki::{Certificate, TrustAnchor};
use crate::time::UtcTime;
use crate::validation::conclusion::Conclusion;
use crate::validation::poe::ObjectId;
use crate::validation::report::particulars::{Chain, Revoked};
use crate::validation::report::{SignatureReport, TimeStampReport};

/// What the reports refer to, in the order of their names.
#[derive(Default)]
pub(super) struct Objects {
    all: BTreeMap<String, Object>,
}

struct Object {
    kind: Kind,
    octets: Vec<u8>,
    /// By which proofs name it.
    id: ObjectId,
    /// The earliest time at which it is proven to have existed.
    proven: Option<UtcTime>,
    /// What a time-stamp came to.
    stamp: Option<(TimeStampReport, Arc<Chain>)>,
}

/// §4.4.4.
#[derive(Clone, Copy)]
enum Kind {
    Certificate,
    Crl,
    OcspResponse,
    PublicKey,
    TimeStamp,
}

/// Lists of a government's authority may have tens of megabytes; beyond this many bytes
/// an object is given by its digest alone, as §4.4.5 allows.
const IN_FULL: usize = 1 << 20;

impl Objects {
    /// Adds what one signature was judged by.
    pub(super) fn collect(&mut self, signature: &SignatureReport) {
        let it = &signature.particulars;
        it.certificates.iter().for_each(|it| self.add(Kind::Certificate, it.der()));
        self.collect_chain(&it.chain);
        for (report, stamp) in signature.timestamps().iter().zip(&it.stamps) {
            self.collect_chain(&stamp.chain);
            self.add(Kind::TimeStamp, &stamp.octets);
            if let Some(object) = self.all.get_mut(&id(&stamp.octets)) {
                object.stamp = Some((report.clone(), stamp.chain.clone()));
            }
        }
        it.crls.iter().for_each(|it| self.add(Kind::Crl, it.der()));
        it.responses.iter().for_each(|it| self.add(Kind::OcspResponse, it.der()));
        for object in self.all.values_mut() {
            let proven = it.proven.get(&object.id);
            object.proven = [object.proven, proven].into_iter().flatten().min();
        }
    }

    fn collect_chain(&mut self, chain: &Chain) {
        let revoked = chain.revoked.iter().map(|it| &it.certificate);
        for certificate in chain.certificates.iter().chain(revoked) {
            self.add(Kind::Certificate, certificate.der());
        }
        if let Some(anchor) = &chain.anchor {
            let kind = anchor.certificate().map_or(Kind::PublicKey, |_| Kind::Certificate);
            self.add(kind, octets_of(anchor));
        }
    }

    fn add(&mut self, kind: Kind, octets: &[u8]) {
        self.all.entry(id(octets)).or_insert_with(|| Object {
            kind,
            octets: octets.to_vec(),
            id: ObjectId::of(octets),
            proven: None,
            stamp: None,
        });
    }

    /// The name of an object that was added.
    pub(super) fn id_of(&self, octets: &[u8]) -> Option<String> {
        Some(id(octets)).filter(|id| self.all.contains_key(id))
    }

    /// Writes them; nothing where there are none.
    pub(super) fn write(&self, xml: &mut Xml<'_>) -> Result<()> {
        if self.all.is_empty() {
            return Ok(());
        }
        xml.within("SignatureValidationObjects", &[], |xml| {
            self.all.iter().try_for_each(|(id, object)| object.write(xml, id, self))
        })
    }

    /// §4.3.12: what was validated, up to which anchor, and who is revoked.
    pub(super) fn write_chain(&self, xml: &mut Xml<'_>, chain: &Chain) -> Result<()> {
        let signer = chain.certificates.first().and_then(|it| self.id_of(it.der()));
        let anchor = chain.anchor.as_ref().and_then(|it| self.id_of(octets_of(it)));
        if let Some(anchor) = &anchor {
            xml.reference("TrustAnchor", anchor)?;
        }
        if let Some(signer) = &signer {
            xml.within("CertificateChain", &[], |xml| {
                xml.reference("SigningCertificate", signer)?;
                let others = chain.certificates.iter().skip(1);
                for id in others.filter_map(|it| self.id_of(it.der())) {
                    xml.reference("IntermediateCertificate", &id)?;
                }
                anchor.as_ref().map_or(Ok(()), |it| xml.reference("TrustAnchor", it))
            })?;
        }
        let revoked = chain.revoked.as_ref();
        let revoked = revoked.and_then(|it| Some((it, self.id_of(it.certificate.der())?)));
        revoked.map_or(Ok(()), |(it, id)| write_revoked(xml, it, &id))
    }
}

impl Object {
    fn write(&self, xml: &mut Xml<'_>, id: &str, all: &Objects) -> Result<()> {
        xml.within("ValidationObject", &[("id", id)], |xml| {
            xml.text("ObjectType", self.kind.name())?;
            xml.within("ValidationObjectRepresentation", &[], |xml| {
                if self.octets.len() <= IN_FULL {
                    xml.text("base64", &base64::encode(&self.octets))
                } else {
                    xml.digest(&DigestAlgorithm::Sha256.digest(&self.octets))
                }
            })?;
            if let Some(proven) = self.proven {
                xml.within("POE", &[], |xml| xml.proof(proven))?;
            }
            let stamp = self.stamp.as_ref();
            stamp.map_or(Ok(()), |(report, chain)| write_stamp(xml, report, chain, all))
        })
    }
}

/// What a time-stamp proves, and what it came to (§4.4.7, §4.4.8).
fn write_stamp(
    xml: &mut Xml<'_>,
    report: &TimeStampReport,
    chain: &Chain,
    all: &Objects,
) -> Result<()> {
    if let Some(time) = report.time.filter(|_| report.conclusion == Conclusion::TotalPassed) {
        xml.within("POEProvisioning", &[], |xml| xml.text("POETime", &time.to_string()))?;
    }
    xml.within("ValidationReport", &[], |xml| {
        xml.within("SignatureValidationStatus", &[], |xml| {
            xml.indication(report.conclusion)?;
            xml.within("AssociatedValidationReportData", &[], |xml| all.write_chain(xml, chain))
        })
    })
}

fn write_revoked(xml: &mut Xml<'_>, revoked: &Revoked, id: &str) -> Result<()> {
    xml.within("RevocationStatusInformation", &[], |xml| {
        xml.reference("ValidationObjectId", id)?;
        xml.text("RevocationTime", &revoked.at.to_string())?;
        let reason = revoked.reason.as_ref();
        let reason = reason.map(|it| format!("urn:etsi:019102:revocationReason:{it}"));
        reason.map_or(Ok(()), |it| xml.text("RevocationReason", &it))
    })
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "urn:etsi:019102:validationObject:certificate",
            Self::Crl => "urn:etsi:019102:validationObject:CRL",
            Self::OcspResponse => "urn:etsi:019102:validationObject:OCSPResponse",
            Self::TimeStamp => "urn:etsi:019102:validationObject:timestamp",
            Self::PublicKey => "urn:etsi:019102:validationObject:publicKey",
        }
    }
}

/// What stands for an anchor: its certificate, or its key where it has none.
fn octets_of(anchor: &TrustAnchor) -> &[u8] {
    anchor.certificate().map_or(anchor.public_key_info(), Certificate::der)
}

/// An `xs:ID` has to begin with a letter.
fn id(octets: &[u8]) -> String {
    format!("O-{}", DigestAlgorithm::Sha256.digest(octets))
}
