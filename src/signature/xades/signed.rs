//! `SignedProperties` (EN 319 132-1 §5.2, TS 101 903 §7.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::certificate_reference::CertificateReference;
use super::policy::NamedPolicy;
use super::properties::{PropertyFault, child, named, once, text};
use super::time_stamp::{TimeStamp, TimeStampKind};
use crate::encoding::xml::{Document, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};
use crate::time::UtcTime;

/// What the signer says; it is signed only where a Reference covers it.
#[derive(Debug)]
pub(crate) struct SignedProperties {
    pub(crate) node: NodeId,
    pub(crate) signing_time: Option<UtcTime>,
    /// The signing time as it stands, where it names no zone.
    pub(crate) time_without_zone: Option<String>,
    pub(crate) signing_certificate: Option<SigningCertificate>,
    pub(crate) policy: Option<NamedPolicy>,
    pub(crate) production_place: Vec<String>,
    /// Claimed ones.
    pub(crate) roles: Vec<String>,
    pub(crate) formats: Vec<DataObjectFormat>,
    /// By their identifiers.
    pub(crate) commitments: Vec<String>,
    /// Those over the signed data.
    pub(crate) time_stamps: Vec<TimeStamp>,
    pub(crate) faults: Vec<PropertyFault>,
}

/// `SigningCertificate` and `SigningCertificateV2` (EN 319 132-1 §5.2.2).
#[derive(Debug, Clone)]
pub(crate) struct SigningCertificate {
    /// Those of the path may stand behind that of the signer.
    pub(crate) references: Vec<CertificateReference>,
    /// Those of the first edition, where both are there.
    pub(crate) first: Vec<CertificateReference>,
}

/// EN 319 132-1 §5.2.4.
#[derive(Debug, Clone, Default)]
pub(crate) struct DataObjectFormat {
    /// The Id of a Reference, its mark left out; nothing where it refers to none so.
    pub(crate) reference: Option<String>,
    pub(crate) mime_type: Option<String>,
    pub(crate) encoding: Option<String>,
    /// Whether description or identifier are there.
    pub(crate) described: bool,
    /// Whether each of its parts is there only once.
    pub(crate) once: bool,
}

impl SignedProperties {
    pub(super) fn read(document: &Document<'_>, node: NodeId, limits: &Limits) -> Result<Self> {
        let mut read = Self {
            node,
            signing_time: None,
            time_without_zone: None,
            signing_certificate: None,
            policy: None,
            production_place: Vec::new(),
            roles: Vec::new(),
            formats: Vec::new(),
            commitments: Vec::new(),
            time_stamps: Vec::new(),
            faults: Vec::new(),
        };
        if let Some(of_signature) =
            once(document, node, "SignedSignatureProperties", &mut read.faults)
        {
            read.of_signature(document, of_signature, limits)?;
        }
        if let Some(of_data) = once(document, node, "SignedDataObjectProperties", &mut read.faults)
        {
            read.of_data(document, of_data, limits)?;
        }
        Ok(read)
    }

    fn of_signature(
        &mut self,
        document: &Document<'_>,
        node: NodeId,
        limits: &Limits,
    ) -> Result<()> {
        self.time(document, node);
        self.certificate(document, node, limits)?;
        let faults = &mut self.faults;
        if let Some(it) = once(document, node, "SignaturePolicyIdentifier", faults) {
            self.policy = NamedPolicy::read(document, it);
            if self.policy.is_none() {
                faults.push(PropertyFault::malformed("SignaturePolicyIdentifier"));
            }
        }
        for name in ["SignatureProductionPlace", "SignatureProductionPlaceV2"] {
            if let Some(it) = once(document, node, name, faults) {
                let parts = document.child_elements(it).take(limits.cms_attributes);
                self.production_place.extend(parts.map(|it| text(document, it)));
            }
        }
        for name in ["SignerRole", "SignerRoleV2"] {
            if let Some(it) = once(document, node, name, faults) {
                let claimed = child(document, it, "ClaimedRoles").into_iter();
                let roles = claimed.flat_map(|it| named(document, it, "ClaimedRole"));
                self.roles.extend(roles.take(limits.cms_attributes).map(|it| text(document, it)));
            }
        }
        Ok(())
    }

    fn time(&mut self, document: &Document<'_>, node: NodeId) {
        let Some(it) = once(document, node, "SigningTime", &mut self.faults) else { return };
        let said = text(document, it);
        self.signing_time = said.parse().ok();
        if self.signing_time.is_none() {
            // XML Schema part 2 §3.2.7: the zone may be left out.
            match format!("{said}Z").parse::<UtcTime>() {
                Ok(_) => self.time_without_zone = Some(said),
                Err(_) => self.faults.push(PropertyFault::malformed("SigningTime")),
            }
        }
    }

    fn certificate(
        &mut self,
        document: &Document<'_>,
        node: NodeId,
        limits: &Limits,
    ) -> Result<()> {
        let faults = &mut self.faults;
        let first = once(document, node, "SigningCertificate", faults);
        let second = once(document, node, "SigningCertificateV2", faults);
        let Some(it) = second.or(first) else { return Ok(()) };
        let older = first.filter(|_| second.is_some());
        self.signing_certificate = signing_certificate(document, it, older, limits)?;
        if self.signing_certificate.is_none() {
            faults.push(PropertyFault::malformed("SigningCertificate"));
        }
        if older.is_some() {
            faults.push(PropertyFault::both_editions("SigningCertificate"));
        }
        Ok(())
    }

    fn of_data(&mut self, document: &Document<'_>, node: NodeId, limits: &Limits) -> Result<()> {
        let count = document.child_elements(node).count();
        within(count, limits.cms_attributes, "properties of signed data")?;
        for it in named(document, node, "DataObjectFormat") {
            self.formats.push(DataObjectFormat::read(document, it));
        }
        for it in named(document, node, "CommitmentTypeIndication") {
            let id = child(document, it, "CommitmentTypeId");
            let id = id.and_then(|it| child(document, it, "Identifier"));
            self.commitments.extend(id.map(|it| text(document, it)));
        }
        for it in document.child_elements(node) {
            let Some(kind) = TimeStampKind::of(document, it).filter(|it| it.is_over_data()) else {
                continue;
            };
            self.time_stamps.push(TimeStamp::read(document, it, kind, limits)?);
        }
        Ok(())
    }
}

/// `older` is of the first edition, beside one of the second.
fn signing_certificate(
    document: &Document<'_>,
    node: NodeId,
    older: Option<NodeId>,
    limits: &Limits,
) -> Result<Option<SigningCertificate>> {
    let read = |node: NodeId| -> Result<Option<Vec<_>>> {
        let all = named(document, node, "Cert").map(|it| CertificateReference::read(document, it));
        let all: Option<Vec<_>> = all.collect();
        let all = all.filter(|it| !it.is_empty());
        within(
            all.as_ref().map_or(0, Vec::len),
            limits.certificates,
            "references to certificates",
        )?;
        Ok(all)
    };
    let Some(references) = read(node)? else { return Ok(None) };
    let first = match older {
        Some(older) => match read(older)? {
            Some(first) => first,
            None => return Ok(None),
        },
        None => Vec::new(),
    };
    Ok(Some(SigningCertificate { references, first }))
}

impl DataObjectFormat {
    fn read(document: &Document<'_>, node: NodeId) -> Self {
        let mut faults = Vec::new();
        let mut one = |local| once(document, node, local, &mut faults);
        let [description, identifier] = [one("Description"), one("ObjectIdentifier")];
        let [mime_type, encoding] = [one("MimeType"), one("Encoding")];
        let reference = document.attribute(node, "ObjectReference");
        Self {
            reference: reference.and_then(|it| it.strip_prefix('#')).map(str::to_owned),
            mime_type: mime_type.map(|it| text(document, it)),
            encoding: encoding.map(|it| text(document, it)),
            described: description.is_some() || identifier.is_some(),
            once: faults.is_empty(),
        }
    }
}
