//! The validation report of ETSI TS 119 102-2 (V1.2.1 and later, whose XML has the
//! namespace of V1.2.1), for programs that know no other.
//!
//! Elements stand in the order of the schema. The report is not signed, and refers to
//! no signed data but by its digest.

mod attributes;
mod objects;

use std::io::Write;

use self::objects::Objects;
use super::{Report, SignatureReport};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::base64;
use crate::encoding::xml::Writer;
use crate::error::{Error, Result};
use crate::time::UtcTime;
use crate::validation::check::{Check, Outcome};
use crate::validation::conclusion::Conclusion;
use crate::validation::text::printable;

const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns", "http://uri.etsi.org/19102/v1.2.1#"),
    ("xmlns:ds", "http://www.w3.org/2000/09/xmldsig#"),
    ("xmlns:XAdES", "http://uri.etsi.org/01903/v1.3.2#"),
];

/// §4.4.6.2: nothing but validation proves existence here.
const BY_VALIDATION: &str = "urn:etsi:019102:poetype:validation";
/// §4.3.5.4.2.
const APPLIED: &str = "urn:etsi:019102:constraintStatus:applied";
/// §4.3.11.1: the process for signatures with archive data, which all others begin.
const PROCESS: &str = "urn:etsi:019102:validationprocess:LTA";
/// Checks are this crate's own; an identifier by which a reader may tell them apart.
const CHECK: &str = "urn:x-kyso:check:";
/// What would settle what is open; the same kind of identifier.
const MISSING: &str = "urn:x-kyso:missing";

impl Report {
    /// Writes the validation report of ETSI TS 119 102-2.
    ///
    /// # Errors
    /// `Unsupported` where nothing is signed or the document could not be read: the
    /// standard knows no report without a signature. `Io` when writing fails.
    pub fn write_etsi(&self, mut out: impl Write) -> Result<()> {
        let Some(at) = self.validation_time().filter(|_| !self.signatures().is_empty()) else {
            return Err(Error::unsupported("ETSI TS 119 102-2 has no report without a signature"));
        };
        let mut xml = Xml { writer: Writer::new(&mut out) };
        let mut objects = Objects::default();
        xml.within("ValidationReport", NAMESPACES, |xml| {
            for (n, signature) in self.signatures().iter().enumerate() {
                objects.collect(signature);
                let part = Part { report: self, signature, at, n, objects: &objects };
                xml.within("SignatureValidationReport", &[], |xml| part.write(xml))?;
            }
            objects.write(xml)
        })
    }
}

/// One signature's report.
struct Part<'a> {
    report: &'a Report,
    signature: &'a SignatureReport,
    at: UtcTime,
    n: usize,
    objects: &'a Objects,
}

impl Part<'_> {
    fn write(&self, xml: &mut Xml<'_>) -> Result<()> {
        self.identifier(xml)?;
        xml.within("ValidationConstraintsEvaluationReport", &[], |xml| self.constraints(xml))?;
        xml.within("ValidationTimeInfo", &[], |xml| self.times(xml))?;
        if let Some(data) = &self.signature.particulars.octets.data {
            xml.within("SignersDocument", &[], |xml| xml.digest(data))?;
        }
        attributes::write(xml, self.signature, self.objects)?;
        self.signer(xml)?;
        xml.within("SignatureValidationProcess", &[], |xml| {
            xml.text("SignatureValidationProcessID", PROCESS)
        })?;
        xml.within("SignatureValidationStatus", &[], |xml| {
            xml.indication(self.signature.conclusion())?;
            self.grounds(xml)
        })
    }

    /// §4.3.3.
    fn identifier(&self, xml: &mut Xml<'_>) -> Result<()> {
        let octets = &self.signature.particulars.octets;
        let id = format!("S-{}", self.n.saturating_add(1));
        xml.within("SignatureIdentifier", &[("id", &id)], |xml| {
            if let Some(digest) = &octets.to_be_signed {
                xml.digest(digest)?;
            }
            if !octets.value.is_empty() {
                xml.text("ds:SignatureValue", &base64::encode(&octets.value))?;
            }
            xml.text("HashOnly", "false")?;
            xml.text("DocHashOnly", "false")?;
            xml.text("DAIdentifier", self.signature.id())
        })
    }

    /// §4.3.5.
    fn constraints(&self, xml: &mut Xml<'_>) -> Result<()> {
        xml.within("SignatureValidationPolicy", &[], |xml| {
            xml.within("SignaturePolicyIdentifier", &[], |xml| {
                xml.text("XAdES:SignaturePolicyImplied", "")
            })?;
            xml.text("PolicyName", self.report.policy())
        })?;
        for check in self.signature.checks() {
            xml.within("ValidationConstraint", &[], |xml| constraint(xml, check))?;
        }
        Ok(())
    }

    /// §4.3.6: where nothing proves an earlier time, the validation time is the best.
    fn times(&self, xml: &mut Xml<'_>) -> Result<()> {
        let best = self.signature.best_signature_time();
        xml.text("ValidationTime", &self.at.to_string())?;
        xml.within("BestSignatureTime", &[], |xml| {
            xml.proof(best.unwrap_or(self.at))?;
            let proof = best.and_then(|best| self.proof(best));
            proof.map_or(Ok(()), |id| xml.reference("POEObject", &id))
        })
    }

    /// The time-stamp that proves this time.
    fn proof(&self, best: UtcTime) -> Option<String> {
        let stamps = self.signature.timestamps().iter().zip(&self.signature.particulars.stamps);
        let mut proofs = stamps
            .filter(|(it, _)| it.time == Some(best) && it.conclusion == Conclusion::TotalPassed);
        self.objects.id_of(&proofs.next()?.1.octets)
    }

    /// §4.3.9.
    fn signer(&self, xml: &mut Xml<'_>) -> Result<()> {
        let signer = self.signature.particulars.chain.certificates.first();
        let Some(id) = signer.and_then(|it| self.objects.id_of(it.der())) else { return Ok(()) };
        xml.within("SignerInformation", &[], |xml| {
            xml.reference("SignerCertificate", &id)?;
            let name = self.signature.signer_name().or(self.signature.signer());
            name.map_or(Ok(()), |name| xml.text("Signer", name))
        })
    }

    /// §4.3.12: what the status rests on, and what would settle an INDETERMINATE.
    fn grounds(&self, xml: &mut Xml<'_>) -> Result<()> {
        xml.within("AssociatedValidationReportData", &[], |xml| {
            self.objects.write_chain(xml, &self.signature.particulars.chain)?;
            self.missing(xml)
        })
    }

    fn missing(&self, xml: &mut Xml<'_>) -> Result<()> {
        if self.signature.missing().is_empty() {
            return Ok(());
        }
        xml.within("AdditionalValidationReportData", &[], |xml| {
            for missing in self.signature.missing() {
                xml.within("ReportData", &[], |xml| {
                    xml.text("Type", MISSING)?;
                    xml.text("Value", missing)
                })?;
            }
            Ok(())
        })
    }
}

/// §4.3.5.4. What merely informs has no status of its own.
fn constraint(xml: &mut Xml<'_>, check: &Check) -> Result<()> {
    xml.text("ValidationConstraintIdentifier", &format!("{CHECK}{}", check.id))?;
    xml.within("ConstraintStatus", &[], |xml| xml.text("Status", APPLIED))?;
    let status = match check.outcome {
        Outcome::Ok => Some("total-passed"),
        Outcome::Failed => Some("total-failed"),
        Outcome::NotChecked => Some("indeterminate"),
        Outcome::Information | Outcome::Warning => None,
    };
    if let Some(status) = status {
        xml.within("ValidationStatus", &[], |xml| {
            xml.text("MainIndication", &format!("{MAIN}{status}"))
        })?;
    }
    xml.text("Indications", &format!("{} / {}", check.message_vi, check.message_en))
}

/// §4.3.4.
const MAIN: &str = "urn:etsi:019102:mainindication:";

/// A writer that knows the elements which occur everywhere.
struct Xml<'w> {
    writer: Writer<'w>,
}

impl Xml<'_> {
    /// An element and what `fill` puts into it.
    fn within(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        fill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.writer.start(name, attributes)?;
        fill(self)?;
        self.writer.end()
    }

    /// Whatever the text is, it is text, and none of it steers who shows it.
    fn text(&mut self, name: &'static str, text: &str) -> Result<()> {
        let text: String = printable(text)
            .chars()
            .map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
            .collect();
        self.writer.text(name, &text)
    }

    /// `VOReferenceType` (§4.4.2).
    fn reference(&mut self, name: &'static str, id: &str) -> Result<()> {
        self.within(name, &[("VOReference", id)], |_| Ok(()))
    }

    /// The beginning of `POEType` (§4.4.6).
    fn proof(&mut self, at: UtcTime) -> Result<()> {
        self.text("POETime", &at.to_string())?;
        self.text("TypeOfProof", BY_VALIDATION)
    }

    /// `XAdES:DigestAlgAndValueType`.
    fn digest(&mut self, digest: &Digest) -> Result<()> {
        self.within("DigestAlgAndValue", &[], |xml| {
            let method = [("Algorithm", algorithm(digest.algorithm()))];
            xml.within("ds:DigestMethod", &method, |_| Ok(()))?;
            xml.text("ds:DigestValue", &base64::encode(digest.value()))
        })
    }

    fn indication(&mut self, conclusion: Conclusion) -> Result<()> {
        let main = match conclusion {
            Conclusion::TotalPassed => "total-passed",
            Conclusion::Indeterminate(_) => "indeterminate",
            Conclusion::TotalFailed(_) => "total-failed",
        };
        self.text("MainIndication", &format!("{MAIN}{main}"))?;
        let sub = conclusion.sub_indication();
        let sub = sub.map(|it| format!("urn:etsi:019102:subindication:{it}"));
        sub.map_or(Ok(()), |it| self.text("SubIndication", &it))
    }
}

/// XML Encryption 1.1 §5.8, RFC 9231 §2.1.
fn algorithm(digest: DigestAlgorithm) -> &'static str {
    match digest {
        DigestAlgorithm::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        DigestAlgorithm::Sha224 => "http://www.w3.org/2001/04/xmldsig-more#sha224",
        DigestAlgorithm::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        DigestAlgorithm::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
        DigestAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        DigestAlgorithm::Sha3_224 => "http://www.w3.org/2007/05/xmldsig-more#sha3-224",
        DigestAlgorithm::Sha3_256 => "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
        DigestAlgorithm::Sha3_384 => "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
        DigestAlgorithm::Sha3_512 => "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
    }
}
