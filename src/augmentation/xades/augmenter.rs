//! From one level to the next.

use std::rc::Rc;

use super::data;
use crate::augmentation::level::Level;
use crate::crypto::Verification;
use crate::encoding::base64;
use crate::encoding::xml::{Canonicalization, Document, Method, NodeId};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::tsp::{TimeStampAuthority, token_over};
use crate::signature::xades::{
    Augment, Insertion, Part, QualifyingProperties, Referred, Stamped, TimeStampKind, V1_3_2,
    V1_4_1, check_unharmed, digest_parts, is_signed_properties,
};
use crate::signature::xmldsig::{
    DS, Dereferencer, EXCLUSIVE, Found as Reached, KeyInfo, ReadFiles, Signature, Target, text_of,
};
use crate::source::Files;

/// Raises finished XAdES signatures, of whomever, to a level (EN 319 102-1 §6).
///
/// Documents stay octet for octet what they were: only unsigned properties are put in. A
/// time-stamp over the signature that is there serves; an archive time-stamp is added over
/// those that are there. Validate first: that a signature is of a higher level does not make
/// it a good one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use kyso::{Policy, Retrieve, TrustStore, UtcTime, Validator, online, tsp, xades};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http: Arc<dyn Retrieve> = Arc::new(online::Http::new());
/// let tsa = tsp::Online::new("http://tsa.example.vn", http.clone());
/// let trust = TrustStore::from_bytes(&std::fs::read("roots.pem")?)?;
/// let validator =
///     Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http);
/// let signed = std::fs::read("decision.xml")?;
/// let raised = xades::Augmenter::new(xades::Level::Lta(&tsa, &validator)).augment(&signed)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is raised until `augment` or `augment_with_files` is called"]
pub struct Augmenter<'a> {
    level: Level<'a>,
    signature: Option<String>,
    limits: Limits,
}

impl<'a> Augmenter<'a> {
    /// Raises all signatures of a document to `level`, countersignatures left as they are.
    pub fn new(level: Level<'a>) -> Self {
        let limits = level.validator().map_or_else(Limits::default, |it| it.limits().clone());
        Self { level, signature: None, limits }
    }

    /// Raises the signature with this Id only.
    pub fn signature(mut self, id: impl Into<String>) -> Self {
        self.signature = Some(id.into());
        self
    }

    /// Exchanges the bounds on what is read.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Raises signatures that hold what they sign, or stand in it; those over files beside
    /// them as far as these are not needed, which is LT.
    ///
    /// # Errors
    /// `Malformed` when it is no XML; `Unsupported` when it is not in UTF-8, or for signatures
    /// of an edition before 1.3.2; `Misuse` when there is no such signature, when one cannot
    /// be raised as it is, when another one is over it, or something at hand is missing: which
    /// certificate it is about is said; `Service` when the authority, or those who know of
    /// revocation, do not answer; `Signer` when a certificate was revoked; `LimitExceeded`
    /// when a bound was reached.
    pub fn augment(&self, signature: &[u8]) -> Result<Vec<u8>> {
        self.raise(signature, &self.beside(None))
    }

    /// Raises signatures over files beside them.
    ///
    /// # Errors
    /// As [`augment`](Self::augment); `Io` when reading a file fails.
    pub fn augment_with_files(&self, signature: &[u8], files: &dyn Files) -> Result<Vec<u8>> {
        self.raise(signature, &self.beside(Some(files)))
    }

    /// As [`augment_with_files`](Self::augment_with_files), with what others read of the same
    /// files.
    pub(crate) fn augment_sharing(
        &self,
        signature: &[u8],
        files: &dyn Files,
        read: &Rc<ReadFiles>,
    ) -> Result<Vec<u8>> {
        self.raise(signature, &Beside { files: Some(files), read: Rc::clone(read) })
    }

    fn beside<'f>(&self, files: Option<&'f dyn Files>) -> Beside<'f> {
        Beside { files, read: Rc::new(ReadFiles::new(&self.limits)) }
    }

    fn raise(&self, signature: &[u8], beside: &Beside<'_>) -> Result<Vec<u8>> {
        let wanted = self.wanted(signature, beside)?;
        let mut raised = signature.to_vec();
        for place in &wanted {
            raised = self.time_stamped(raised, *place, beside)?;
            if let Some(validator) = self.level.validator() {
                raised = self.within(raised, *place, beside, |one| {
                    data::elements(one, validator, &self.limits)
                })?;
            }
            if let Level::Lta(authority, _) = self.level {
                raised = self.within(raised, *place, beside, |one| archive(one, authority))?;
            }
        }
        check_unharmed(signature, &raised, beside.files, &beside.read, &self.limits)?;
        Ok(raised)
    }

    /// The places of the signatures that are to be raised, each of which has to hold.
    fn wanted(&self, bytes: &[u8], beside: &Beside<'_>) -> Result<Vec<usize>> {
        let (text, mark) = text_of(bytes)?;
        let document = Document::parse(text, mark, &self.limits)?;
        let mut dereferencer = beside.dereferencer(&document, &self.limits);
        let mut places = Vec::new();
        for (n, node) in Signature::all_in(&document, &self.limits)?.into_iter().enumerate() {
            let named = match &self.signature {
                Some(id) => document.attribute(node, "Id") == Some(id),
                None => !is_countersignature(&document, node),
            };
            if named {
                let one = One::read(&document, node, &self.limits)?;
                one.check(&mut dereferencer)?;
                places.push(n);
            }
        }
        match places.is_empty() {
            true => Err(Error::misuse("there is no such signature")),
            false => Ok(places),
        }
    }

    /// Puts in what `elements` makes, if anything. Those before it in the document keep their
    /// places.
    fn within(
        &self,
        bytes: Vec<u8>,
        place: usize,
        beside: &Beside<'_>,
        elements: impl FnOnce(&mut Raised<'_, '_>) -> Result<String>,
    ) -> Result<Vec<u8>> {
        let (text, mark) = text_of(&bytes)?;
        let document = Document::parse(text, mark, &self.limits)?;
        let nodes = Signature::all_in(&document, &self.limits)?;
        let node = nodes.get(place).copied();
        let node = node.ok_or_else(|| Error::misuse("there is no such signature"))?;
        let one = One::read(&document, node, &self.limits)?;
        let dereferencer = beside.dereferencer(&document, &self.limits);
        let mut raised = Raised { one: &one, dereferencer };
        let elements = elements(&mut raised)?;
        if elements.is_empty() {
            return Ok(bytes);
        }
        let insertion = Insertion::of(&document, &one.properties, &elements)?;
        Ok(insertion.apply(&bytes, mark))
    }

    /// Level T: a signature without a time-stamp over its value gets one.
    fn time_stamped(&self, bytes: Vec<u8>, place: usize, beside: &Beside<'_>) -> Result<Vec<u8>> {
        let authority = self.level.authority();
        self.within(bytes, place, beside, |one| {
            let mut there = one.one.properties.unsigned.time_stamps();
            if there.any(|(_, it)| it.kind == TimeStampKind::Signature && !it.tokens.is_empty()) {
                return Ok(String::new());
            }
            let value = [Part::Element(one.one.signature.value_element)];
            let token = one.token(&value, authority)?;
            Ok(container("xades:SignatureTimeStamp", V1_3_2, &token))
        })
    }
}

/// The files beside a document, and what is known of them by now.
struct Beside<'f> {
    files: Option<&'f dyn Files>,
    read: Rc<ReadFiles>,
}

impl Beside<'_> {
    fn dereferencer<'d>(
        &'d self,
        document: &'d Document<'d>,
        limits: &'d Limits,
    ) -> Dereferencer<'d> {
        Dereferencer::new(document, self.files, limits).sharing(Rc::clone(&self.read))
    }
}

impl Augment for Level<'_> {
    fn augment(&self, signature: Vec<u8>, files: &dyn Files) -> Result<Vec<u8>> {
        Augmenter::new(*self).augment_with_files(&signature, files)
    }
}

/// A signature that is raised.
pub(super) struct One<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) signature: Signature,
    pub(super) properties: QualifyingProperties,
    pub(super) key_info: KeyInfo,
    pub(super) certificate: Certificate,
}

/// It, and what follows its references.
pub(super) struct Raised<'r, 'd> {
    pub(super) one: &'r One<'d>,
    dereferencer: Dereferencer<'d>,
}

impl<'d> One<'d> {
    fn read(document: &'d Document<'d>, node: NodeId, limits: &Limits) -> Result<Self> {
        let no_xades = || Error::misuse("a signature that is to be raised is no XAdES signature");
        let signature = Signature::read(document, node, limits).map_err(|error| {
            Error::misuse("a signature that is to be raised is broken").because(error.to_string())
        })?;
        let properties = QualifyingProperties::read(document, node, limits)?;
        let properties = properties.ok_or_else(no_xades)?;
        let key_info = match signature.key_info {
            Some(it) => KeyInfo::read(document, it, limits)?,
            None => KeyInfo::default(),
        };
        let signed = properties.signed.as_ref().and_then(|it| it.signing_certificate.as_ref());
        let references = signed.map(|it| it.references.as_slice()).ok_or_else(no_xades)?;
        let pool = data::certificates(document, &properties, &key_info, limits)?;
        let named = |it: &&Certificate| {
            references.iter().any(|reference| reference.digest_matches(it) == Some(true))
        };
        let certificate = pool.iter().find(named).cloned().ok_or_else(|| {
            Error::misuse("the signer's certificate does not stand in the signature")
        })?;
        Ok(Self { document, signature, properties, key_info, certificate })
    }

    /// Refuses what would be sealed though it cannot be what it should be.
    fn check(&self, dereferencer: &mut Dereferencer<'_>) -> Result<()> {
        let key = self.certificate.public_key_info();
        if dereferencer.check_value(&self.signature, key)? == Verification::Invalid {
            return Err(Error::misuse("the value of a signature that is to be raised is wrong"));
        }
        for reference in &self.signature.signed_info.references {
            let processed = dereferencer.process(self.signature.element, reference)?;
            let outside = matches!(processed.target, Some(Target::File(_) | Target::Unnamed));
            match processed.found {
                Reached::Matches | Reached::Unsupported(_) => {}
                Reached::Missing if outside => {}
                _ => return Err(Error::misuse("the signature is over something else")),
            }
        }
        Ok(())
    }
}

impl Raised<'_, '_> {
    /// A token over these parts, in base64.
    fn token(&mut self, over: &[Part], authority: &dyn TimeStampAuthority) -> Result<String> {
        let method = Canonicalization::new(Method::Exclusive, false);
        let by = authority.digest_algorithm();
        let digest = digest_parts(&mut self.dereferencer, &self.one.signature, over, &method, by)?;
        let digest = digest.ok_or_else(|| {
            Error::misuse("an archive time-stamp is over the signed files, too: hand them in")
        })?;
        Ok(base64::encode(token_over(authority, &digest)?.der()))
    }
}

/// Level LTA: an archive time-stamp over everything (EN 319 132-1 §5.5.2).
fn archive(raised: &mut Raised<'_, '_>, authority: &dyn TimeStampAuthority) -> Result<String> {
    let one = raised.one;
    let references: Vec<_> = one.signature.signed_info.references.iter().map(referred).collect();
    let stamped = Stamped {
        document: one.document,
        ids: raised.dereferencer.ids(),
        signature: one.signature.element,
        properties: &one.properties,
        references: &references,
    };
    let over = stamped.archive_to_come();
    let over = over.ok_or_else(|| Error::misuse("the signature is broken"))?;
    let token = raised.token(&over, authority)?;
    Ok(container("xades141:ArchiveTimeStamp", V1_4_1, &token))
}

fn referred(reference: &crate::signature::xmldsig::Reference) -> Referred {
    Referred {
        id: reference.id.clone(),
        uri: reference.uri.clone(),
        is_signed_properties: reference.type_uri.as_deref().is_some_and(is_signed_properties),
    }
}

/// A time-stamp (EN 319 132-1 §5.1.4.2); what is in it is of edition 1.3.2 in any case.
fn container(name: &str, namespace: &str, token: &str) -> String {
    let prefix = name.split(':').next().unwrap_or_default();
    let declared = match namespace == V1_3_2 {
        true => format!(" xmlns:xades=\"{V1_3_2}\""),
        false => format!(" xmlns:{prefix}=\"{namespace}\" xmlns:xades=\"{V1_3_2}\""),
    };
    format!(
        "<{name}{declared}><ds:CanonicalizationMethod xmlns:ds=\"{DS}\" \
         Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod><xades:EncapsulatedTimeStamp>\
         {token}</xades:EncapsulatedTimeStamp></{name}>"
    )
}

/// Whether it stands among the unsigned properties of another signature.
fn is_countersignature(document: &Document<'_>, node: NodeId) -> bool {
    let above = document.parent(node).and_then(|it| document.element(it));
    above.is_some_and(|it| it.local == "CounterSignature")
}
