//! Making plain XML signatures (XMLDSig 1.1): enveloped, enveloping, detached, and within a
//! document beside what they are over.

use std::fmt;
use std::io::Write;

use super::DS;
use super::create::{
    CANONICALIZATION, Draft, NewReference, digest_document, digest_nodes, key_info, text_of,
};
use super::transform::Transform;
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::percent;
use crate::encoding::xml::{Document, Ids, NodeId};
use crate::error::{Error, Result};
#[cfg(feature = "batch")]
use crate::keys::SignatureValue;
use crate::keys::{Signer, SigningOverride, fit_certificate};
use crate::limits::Limits;
use crate::pki::Certificate;
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{self, Prepared, Signed, XmlPlace, sign_prepared};
use crate::source::Source;
use crate::time::UtcTime;

/// A plain XML signature to be made. What says who signed, and when, is
/// XAdES; this is for those who ask for no more than XMLDSig.
///
/// ```
/// use kyso::{SoftwareSigner, UtcTime, xmldsig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
/// # let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
/// # let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
/// let signer = SoftwareSigner::from_pem(&key, &certificates)?;
/// let letter = b"<letter><to>Room 12</to></letter>";
/// let signed = xmldsig::SignatureBuilder::enveloped(letter, UtcTime::now()).sign(&signer)?;
/// assert!(String::from_utf8(signed)?.ends_with("</ds:Signature></letter>"));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is signed until `sign` or `prepare` is called"]
#[derive(Clone)]
pub struct SignatureBuilder<'a> {
    claimed_time: UtcTime,
    form: Form<'a>,
    id: Option<String>,
    overrides: Vec<SigningOverride>,
}

#[derive(Clone)]
enum Form<'a> {
    /// In a document, over all of it or over some elements by their Ids; inside an element by
    /// its Id, or else the root.
    Within {
        document: &'a dyn Source,
        over: Vec<String>,
        inside: Option<Host>,
    },
    Enveloping(&'a dyn Source),
    Detached(Vec<(String, &'a dyn Source)>),
}

/// The element that a signature is put into.
#[derive(Clone)]
enum Host {
    Id(String),
    /// The only one of this name, in whatever namespace.
    Named(&'static str),
}

impl fmt::Debug for SignatureBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match &self.form {
            Form::Within { over, .. } if over.is_empty() => "enveloped",
            Form::Within { .. } => "within",
            Form::Enveloping(_) => "enveloping",
            Form::Detached(_) => "detached",
        };
        write!(f, "SignatureBuilder({form}, {})", self.claimed_time)
    }
}

/// The Id of what an enveloping signature holds.
const OBJECT: &str = "object-1";

impl<'a> SignatureBuilder<'a> {
    /// Over a whole XML document in UTF-8; the signature is put at the end of its root
    /// element. `claimed_time` is when the certificate has to be valid; it stands nowhere in
    /// the signature.
    pub fn enveloped(document: &'a dyn Source, claimed_time: UtcTime) -> Self {
        Self::new(Form::Within { document, over: Vec::new(), inside: None }, claimed_time)
    }

    /// Over elements of an XML document in UTF-8, by their Ids; the signature is put at the
    /// end of its root element.
    pub fn over<I: Into<String>>(
        document: &'a dyn Source,
        ids: impl IntoIterator<Item = I>,
        claimed_time: UtcTime,
    ) -> Self {
        let over = ids.into_iter().map(Into::into).collect();
        Self::new(Form::Within { document, over, inside: None }, claimed_time)
    }

    /// Holding a file, of whatever kind, in base64.
    pub fn enveloping(file: &'a dyn Source, claimed_time: UtcTime) -> Self {
        Self::new(Form::Enveloping(file), claimed_time)
    }

    /// Over files that stay beside it, by their names.
    pub fn detached<N: Into<String>>(
        files: impl IntoIterator<Item = (N, &'a dyn Source)>,
        claimed_time: UtcTime,
    ) -> Self {
        let files = files.into_iter().map(|(name, file)| (name.into(), file)).collect();
        Self::new(Form::Detached(files), claimed_time)
    }

    fn new(form: Form<'a>, claimed_time: UtcTime) -> Self {
        Self { claimed_time, form, id: None, overrides: Vec::new() }
    }

    /// The Id of the signature.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The signature is put at the end of the element of this Id; of no effect on one that is
    /// in no document.
    pub fn inside(mut self, id: impl Into<String>) -> Self {
        if let Form::Within { inside, .. } = &mut self.form {
            *inside = Some(Host::Id(id.into()));
        }
        self
    }

    /// As [`inside`](Self::inside), of the only element of this name.
    pub(crate) fn inside_only(mut self, local: &'static str) -> Self {
        if let Form::Within { inside, .. } = &mut self.form {
            *inside = Some(Host::Named(local));
        }
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Everything but the value, for a key that is elsewhere.
    ///
    /// # Errors
    /// `Misuse` without a certificate, when `algorithm` is not its key's or has no name in
    /// XML, and when there is nothing to be signed or not the one element that is asked for;
    /// `Signer` when the certificate must not sign at the claimed time; `Malformed` when the
    /// document is no XML; `Unsupported` when it is not in UTF-8; `Io` when reading fails.
    pub fn prepare(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        fit_certificate(certificate_chain, algorithm, self.claimed_time, &self.overrides)?;
        let mut draft = Draft {
            id: self.id.clone(),
            value_id: None,
            algorithm,
            references: Vec::new(),
            key_info: Some(key_info(None, certificate_chain)),
            objects: Vec::new(),
            holds: None,
        };
        let by = algorithm.digest();
        let (document, place) = match &self.form {
            Form::Within { document, over, inside } => {
                within(*document, over, inside.as_ref(), by, &mut draft)?
            }
            Form::Enveloping(file) => {
                let document = request::Document::read(*file, by)?;
                draft.references.push(enveloped_file(by, document.digest())?);
                draft.holds = Some(object());
                (document, XmlPlace::around())
            }
            Form::Detached(files) => {
                for (name, file) in files {
                    draft.references.push(beside(name, *file, by)?);
                }
                let nothing: &[u8] = &[];
                (request::Document::read(nothing, by)?, XmlPlace::alone())
            }
        };
        if draft.references.is_empty() {
            return Err(Error::misuse("there is nothing to be signed"));
        }
        let parts = draft.parts()?;
        Ok(Prepared::of_xml(parts, algorithm, certificate_chain, document, place))
    }

    /// Signs, and gives the signed document in memory; of a detached or enveloping signature,
    /// the signature.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        self.complete(signer)?.to_vec(self.document())
    }

    /// Signs, and writes out what [`sign`](Self::sign) gives.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        self.complete(signer)?.write_to(self.document(), out)
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        sign_prepared(self.prepare(signer.certificate_chain(), signer.algorithm())?, signer)
    }

    /// What [`Signed`] is written around: nothing for files beside it.
    fn document(&self) -> &dyn Source {
        match &self.form {
            Form::Within { document, .. } => *document,
            Form::Enveloping(file) => *file,
            Form::Detached(_) => &[0_u8; 0],
        }
    }
}

/// Adds references to a document or its elements, and says which it is and where the signature
/// goes.
fn within(
    source: &dyn Source,
    over: &[String],
    inside: Option<&Host>,
    by: DigestAlgorithm,
    draft: &mut Draft,
) -> Result<(request::Document, XmlPlace)> {
    let limits = Limits::default();
    let bytes = source.window(0..source.len())?;
    let (text, mark) = text_of(&bytes)?;
    let document = Document::parse(text, mark, &limits)?;
    let ids = Ids::of(&document);
    let named = |id: &str| match ids.named(id) {
        [one] => Ok(*one),
        _ => Err(Error::misuse(format!("there is not one element with the Id {id:?}"))),
    };
    let host = match inside {
        None => document.root_element(),
        Some(Host::Id(id)) => named(id)?,
        Some(Host::Named(local)) => only(&document, local)?,
    };
    if over.is_empty() {
        let digest = digest_document(&document, by)?;
        draft.references.push(reference(String::new(), true, digest));
    }
    for id in over {
        let element = named(id)?;
        // A signature within what it is over leaves itself out.
        let enveloped = document.is_within(host, element);
        let digest = digest_nodes(&document, element, by)?;
        draft.references.push(reference(format!("#{id}"), enveloped, digest));
    }
    Ok((request::Document::read(&*bytes, by)?, end_of(&document, host, mark)?))
}

fn only(document: &Document<'_>, local: &str) -> Result<NodeId> {
    let is_named = |it: &NodeId| document.element(*it).is_some_and(|it| it.local == local);
    let mut named = document.subtree(NodeId::ROOT).filter(is_named);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Error::misuse(format!("there is not one element {local}"))),
    }
}

/// Before the end tag of an element.
fn end_of(document: &Document<'_>, element: NodeId, mark: u64) -> Result<XmlPlace> {
    let at = document.end_tag(element).ok_or_else(|| {
        Error::misuse("an element without an end tag has no place for a signature")
            .at_offset(document.offset(element))
    })?;
    let at = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(mark);
    Ok(XmlPlace::within(at..at))
}

fn reference(uri: String, enveloped: bool, digest: Digest) -> NewReference {
    let canonical = Transform::Canonicalization(CANONICALIZATION);
    let transforms = match enveloped {
        true => vec![Transform::Enveloped, canonical],
        false => vec![canonical],
    };
    NewReference { id: None, uri: Some(uri), type_uri: None, transforms, digest }
}

fn enveloped_file(by: DigestAlgorithm, digest: &[u8]) -> Result<NewReference> {
    Ok(NewReference {
        id: None,
        uri: Some(format!("#{OBJECT}")),
        type_uri: None,
        transforms: vec![Transform::Base64],
        digest: Digest::new(by, digest)?,
    })
}

/// The start tag of what holds a file.
fn object() -> String {
    format!(
        "<ds:Object xmlns:ds=\"{DS}\" Encoding=\"http://www.w3.org/2000/09/xmldsig#base64\" \
         Id=\"{OBJECT}\">"
    )
}

/// A reference to a file by its name.
fn beside(name: &str, file: &dyn Source, by: DigestAlgorithm) -> Result<NewReference> {
    let document = request::Document::read(file, by)?;
    Ok(NewReference {
        id: None,
        uri: Some(percent::encoded(name)),
        type_uri: None,
        transforms: Vec::new(),
        digest: Digest::new(by, document.digest())?,
    })
}

#[cfg(feature = "batch")]
impl Create for SignatureBuilder<'_> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepare(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        Ok(Made::around(self.document(), prepared.complete(value)?))
    }
}

#[cfg(feature = "batch")]
impl<'a> From<SignatureBuilder<'a>> for SignatureRequest<'a> {
    fn from(builder: SignatureBuilder<'a>) -> Self {
        Self::new(builder)
    }
}
