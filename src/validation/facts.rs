//! What is known about one signature before anybody judges it. Facts own what they
//! say, so that a case can be judged again without the document.

mod claims;
mod container;
mod evidence_record;
mod level;
mod pdf;
mod time_stamp;
mod xml;

use std::fmt;
use std::ops::Range;

pub use claims::Claims;
pub(super) use container::{ContainerFacts, EntryFact, Misshapen};
use der::asn1::ObjectIdentifier;
pub use evidence_record::EvidenceRecordType;
pub(super) use evidence_record::{DataObjectFact, EvidenceRecordFacts, Unreadable};
pub use level::SignatureLevel;
pub(super) use pdf::PdfFacts;
pub use pdf::PdfWords;
use serde::{Serialize, Serializer};
pub use time_stamp::TimeStampType;
pub(super) use time_stamp::{Covers, TimeStampFacts};
pub use xml::ReferencedElement;
pub(super) use xml::{Digested, FileFact, ReferenceFacts, ReferenceKind, XmlFacts, XmlFinding};

use super::poe::ObjectId;
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::signature::pades::RevisionChanges;
use crate::time::UtcTime;

/// One signature, as found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SignatureFacts {
    /// The PDF field's name, the XML Id, or the signature's position.
    pub(super) id: String,
    pub(super) form: Form,
    pub(super) counter_signature: bool,
    /// What cannot be read, in words with the offset. Nothing below is known then.
    pub(super) unreadable: Option<String>,
    /// Bytes that follow the CMS and are no padding.
    pub(super) trailing: usize,
    /// Signed attributes that are there twice, or not as they are defined.
    pub(super) attribute_faults: Vec<AttributeFact>,
    pub(super) signer: SignerFacts,
    /// What came with the signature about revocation.
    #[serde(skip)]
    pub(super) revocation: RevocationFacts,
    pub(super) signature_policy: Option<NamedPolicy>,
    pub(super) claimed_time: Option<UtcTime>,
    pub(super) claims: Claims,
    pub(super) digest_algorithm: Named<DigestAlgorithm>,
    pub(super) signature_algorithm: Named<SignatureAlgorithm>,
    pub(super) data: DataFacts,
    /// Where digest and signature algorithm are named differently.
    pub(super) disagreements: Vec<Disagreement>,
    pub(super) value: ValueFact,
    #[serde(skip)]
    pub(super) octets: SignatureOctets,
    pub(super) pdf: Option<PdfFacts>,
    /// Where it stands in a container, and what it is over there.
    pub(super) container: Option<ContainerFacts>,
    pub(super) xml: Option<XmlFacts>,
    pub(super) level: SignatureLevel,
    /// What names the signature value where its existence is proven.
    pub(super) value_id: ObjectId,
    /// All that stands in the same CMS and may have to be proven to have existed: values,
    /// certificates, revocation information, tokens.
    #[serde(skip)]
    pub(super) objects: Vec<ObjectId>,
    /// Those among its attributes.
    pub(super) time_stamps: Vec<TimeStampFacts>,
    /// The time-stamps over the document that cover it, by their place in
    /// [`DocumentFacts::time_stamps`].
    pub(super) document_time_stamps: Vec<usize>,
    /// Evidence records among its attributes, the newest first.
    pub(super) evidence_records: Vec<EvidenceRecordFacts>,
}

/// All that is known about the signatures of one document.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct DocumentFacts {
    pub(super) signatures: Vec<SignatureFacts>,
    /// Time-stamps over the document as it was then (EN 319 142-1 §5.4.3).
    pub(super) time_stamps: Vec<TimeStampFacts>,
    /// Evidence records over the document, or over its parts.
    pub(super) evidence_records: Vec<EvidenceRecordFacts>,
    /// Where in the file things stand that a time-stamp over the document may cover.
    #[serde(skip)]
    pub(super) objects: Vec<(Range<u64>, ObjectId)>,
    /// What came after the oldest signature of a PDF, revision by revision.
    pub(super) changes: Vec<RevisionChanges>,
}

impl DocumentFacts {
    /// Those beside the signatures, then those over the document, then those of evidence
    /// records.
    pub(super) fn all_time_stamps(&self) -> impl Iterator<Item = &TimeStampFacts> {
        let own = self.signatures.iter().flat_map(|it| &it.time_stamps);
        let records = self.signatures.iter().flat_map(|it| &it.evidence_records);
        let records = records.chain(&self.evidence_records).flat_map(|it| &it.time_stamps);
        own.chain(&self.time_stamps).chain(records)
    }

    /// The signatures, then those on the time-stamps.
    pub(super) fn all_signatures(&self) -> impl Iterator<Item = &SignatureFacts> {
        let tokens = self.all_time_stamps().filter_map(|it| it.token.as_deref());
        self.signatures.iter().chain(tokens)
    }
}

/// Revocation information that came along, whoever made it.
#[derive(Debug, Clone, Default)]
pub(super) struct RevocationFacts {
    pub(super) crls: Vec<Known<Crl>>,
    pub(super) responses: Vec<Known<OcspResponse>>,
}

/// Something, and what names it where its existence is proven.
#[derive(Debug, Clone)]
pub(super) struct Known<T> {
    pub(super) id: ObjectId,
    pub(super) item: T,
}

impl RevocationFacts {
    pub(super) fn extend(&mut self, other: Self) {
        self.crls.extend(other.crls);
        self.responses.extend(other.responses);
    }

    /// What names each of them.
    pub(super) fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.crls.iter().map(|it| it.id).chain(self.responses.iter().map(|it| it.id))
    }
}

/// What other programs know a signature by (TS 119 102-2 §4.3.3).
#[derive(Debug, Clone, Default)]
pub(super) struct SignatureOctets {
    /// The signature value.
    pub(super) value: Vec<u8>,
    /// The digest of what the value is over.
    pub(super) to_be_signed: Option<Digest>,
    /// The digest of the signed data, as the signer states it or, where that is all that
    /// is signed, as it is.
    pub(super) data: Option<Digest>,
}

/// A signed attribute that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AttributeFact {
    pub(super) what: String,
    pub(super) kind: AttributeFaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum AttributeFaultKind {
    /// One that RFC 5652 §11 or RFC 6211 defines: the value cannot hold without it.
    Core,
    /// Another one is there more than once.
    Repeated,
    /// One stands among the unsigned that has to be signed, or the other way round.
    Misplaced,
    /// The reference to the signing certificate cannot be read.
    Reference,
    /// Another one cannot be read.
    Other,
}

/// The format of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Form {
    /// PDF, `ETSI.CAdES.detached` (EN 319 142-1).
    #[serde(rename = "PAdES")]
    Pades,
    /// PDF, as ISO 32000-1 §12.8.3.3 has it (`adbe.pkcs7.…`).
    #[serde(rename = "PKCS7")]
    Pkcs7,
    /// CMS that signs a reference to the signing certificate (EN 319 122-1).
    #[serde(rename = "CAdES")]
    Cades,
    /// CMS without one (RFC 5652).
    #[serde(rename = "CMS")]
    Cms,
    /// XML with qualifying properties (EN 319 132-1).
    #[serde(rename = "XAdES")]
    Xades,
    /// XML without any (XMLDSig).
    #[serde(rename = "XMLDSIG")]
    XmlDsig,
}

impl fmt::Display for Form {
    /// As the JSON of reports spells it: `PAdES`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// An algorithm, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Named<T> {
    pub(super) known: Option<T>,
    /// Nothing where nothing is said.
    #[serde(serialize_with = "dotted")]
    pub(super) oid: Option<ObjectIdentifier>,
    /// What XML names it by.
    pub(super) uri: Option<String>,
}

impl<T> Named<T> {
    /// Where nothing is said.
    pub(super) const NOTHING: Self = Self { known: None, oid: None, uri: None };

    /// By its object identifier.
    pub(super) fn by_oid(known: Option<T>, oid: ObjectIdentifier) -> Self {
        Self { known, oid: Some(oid), uri: None }
    }

    /// By its URI (RFC 9231).
    pub(super) fn by_uri(known: Option<T>, uri: &str) -> Self {
        Self { known, oid: None, uri: Some(uri.to_owned()) }
    }

    /// Its object identifier in dotted form, or its URI; empty where nothing is said.
    pub(super) fn identifier(&self) -> String {
        let oid = self.oid.map(|it| it.to_string());
        oid.or_else(|| self.uri.clone()).unwrap_or_default()
    }
}

fn dotted<S: Serializer>(oid: &Option<ObjectIdentifier>, serializer: S) -> Result<S::Ok, S::Error> {
    oid.map(|it| it.to_string()).serialize(serializer)
}

/// Who is said to have signed.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct SignerFacts {
    /// The certificate that the signed reference names; without one, that which the
    /// unsigned identifier names.
    pub(super) certificate: Option<Certificate>,
    /// All certificates that came with the signature.
    pub(super) certificates: Vec<Certificate>,
    pub(super) reference: CertificateReferenceFact,
    /// The digest that this reference has of it, in XML, where the signer chooses it.
    pub(super) reference_digest: Option<DigestAlgorithm>,
    /// Whether issuer and serial number in the signed reference are the certificate's.
    pub(super) issuer_serial: Option<bool>,
    /// Whether the unsigned identifier names the same certificate.
    pub(super) identifier: Option<bool>,
}

/// The signed reference to the signing certificate (RFC 5035).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) enum CertificateReferenceFact {
    #[default]
    Absent,
    Matches,
    /// No certificate at hand has this digest.
    Differs,
    /// The digest cannot be computed here.
    Unsupported,
}

/// The policy that the signer names (EN 319 122-1 §5.2.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum NamedPolicy {
    Implied,
    /// In XML the identifier may be another URI than that of an object identifier.
    Explicit {
        oid: String,
        digest: Option<PolicyDigest>,
    },
}

/// The digest of a policy's document, as the signer named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PolicyDigest {
    /// Nothing for a digest that this crate cannot compute.
    pub(super) algorithm: Option<DigestAlgorithm>,
    pub(super) value: Vec<u8>,
}

/// The signed data and what the signature says of it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct DataFacts {
    pub(super) found: bool,
    /// Without signed attributes the value is over the data itself.
    pub(super) signed_attributes: bool,
    /// Whether a content that is signed without attributes looks like the attributes of
    /// another signature.
    pub(super) mimicry: MimicryFact,
    pub(super) digest: DigestFact,
    pub(super) content_type: ContentTypeFact,
    /// What the content within is to the one that stands elsewhere, where there are both.
    pub(super) encapsulated: Option<EncapsulatedFact>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) enum DigestFact {
    /// There are no signed attributes to hold one, or no data to compare.
    #[default]
    NotCompared,
    Missing,
    Matches,
    Differs,
    /// The digest cannot be computed here.
    Unsupported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) enum ContentTypeFact {
    /// There are no signed attributes to hold one.
    #[default]
    NotSigned,
    Missing,
    Matches,
    Differs,
    /// RFC 5652 §11.4: a countersignature must not have one, and has.
    Forbidden,
    /// RFC 5652 §5.3: what is not plain data has to be signed with its type, and is not.
    Unprotected,
}

/// Algorithms that are named twice and differently. Implementations that compare
/// neither let an attacker swap a strong digest for a weak one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum Disagreement {
    /// `signatureAlgorithm` holds another digest than `digestAlgorithm`.
    Digest { stated: String, signature: String },
    /// The protected algorithms of RFC 6211 are others than those used.
    AlgorithmProtection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) enum MimicryFact {
    #[default]
    No,
    Yes,
    /// Only the content's digest is at hand.
    NotSeen,
}

/// What the check of the signature value came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum ValueFact {
    Valid,
    /// Valid by a key that stands in the signature, of which nothing says whose it is.
    ValidByKey,
    /// Valid, but the DigestInfo lacks its NULL (RFC 8017 §9.2).
    ValidWithoutNull,
    /// The value is over the signed attributes in the order they stand in, not in DER
    /// order as RFC 5652 §5.4 asks.
    ValidAsStoredOnly,
    Invalid,
    /// The primitive is not at hand, which says nothing about the signature.
    Unsupported,
    /// Key, parameters or attributes cannot be read.
    Unreadable(String),
    /// Without the certificate or the data there is nothing to check with.
    NotChecked,
}

/// A content within a signature that should be detached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum EncapsulatedFact {
    /// The covered bytes once more, or their digest where the format wants that.
    Same,
    Empty,
    Other,
}

impl SignatureFacts {
    /// Whether the value holds: it verifies, and nothing says that it should not have.
    /// Nothing where that could not be computed.
    pub(super) fn value_holds(&self) -> Option<bool> {
        let core = self.attribute_faults.iter().any(|it| it.kind == AttributeFaultKind::Core);
        match self.value {
            _ if core || !self.disagreements.is_empty() => Some(false),
            ValueFact::Valid | ValueFact::ValidByKey | ValueFact::ValidWithoutNull => Some(true),
            ValueFact::ValidAsStoredOnly | ValueFact::Invalid | ValueFact::Unreadable(_) => {
                Some(false)
            }
            ValueFact::Unsupported | ValueFact::NotChecked => None,
        }
    }

    /// Facts about a signature of which nothing is known yet.
    pub(super) fn new(id: String, form: Form) -> Self {
        Self {
            id,
            form,
            counter_signature: false,
            unreadable: None,
            trailing: 0,
            attribute_faults: Vec::new(),
            signer: SignerFacts::default(),
            revocation: RevocationFacts::default(),
            signature_policy: None,
            claimed_time: None,
            claims: Claims::default(),
            digest_algorithm: Named::NOTHING,
            signature_algorithm: Named::NOTHING,
            data: DataFacts::default(),
            disagreements: Vec::new(),
            value: ValueFact::NotChecked,
            octets: SignatureOctets::default(),
            pdf: None,
            container: None,
            xml: None,
            level: SignatureLevel::NotEtsi,
            value_id: ObjectId::of(&[]),
            objects: Vec::new(),
            time_stamps: Vec::new(),
            document_time_stamps: Vec::new(),
            evidence_records: Vec::new(),
        }
    }
}
