//! Signing by XAdES, at level B-B and up (EN 319 132-1 §6).

use std::fmt;
use std::io::Write;

use super::algorithms::{BASE64, ENVELOPED, EXCLUSIVE};
use super::create::{Reference, Statement};
use super::said::{ProductionPlace, policy_text};
use super::target::Target;
use super::write::{element, escaped, uri_of};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext, SignatureAlgorithm};
use crate::encoding::base64;
use crate::error::{Error, Result};
#[cfg(feature = "batch")]
use crate::keys::SignatureValue;
use crate::keys::{Signer, SigningOverride, fit_certificate};
use crate::pki::Certificate;
use crate::signature::cades::SignaturePolicy;
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{Document, Layout, Prepared, Signed, sign_prepared};
use crate::signature::tsp::{Authorities, TimeStampAuthority, token_over};
use crate::source::{Files, Source, for_each_piece};
use crate::time::UtcTime;

/// A XAdES signature to be made, of level B unless a higher one is asked for: in an XML
/// document, around a document of any kind, or beside files.
///
/// ```
/// use kyso::{SoftwareSigner, UtcTime, xades};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
/// # let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
/// # let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
/// let signer = SoftwareSigner::from_pem(&key, &certificates)?;
/// let document = "<CongVan><TrichYeu>V/v họp</TrichYeu></CongVan>".as_bytes();
/// let signed = xades::SignatureBuilder::enveloped(&document, UtcTime::now())
///     .role("Văn thư")
///     .sign(&signer)?;
/// # assert!(signed.len() > document.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` or `prepare` is called"]
pub struct SignatureBuilder<'a> {
    data: Data<'a>,
    claimed_time: UtcTime,
    element: Option<String>,
    signature_policy: Option<SignaturePolicy>,
    production_place: Option<ProductionPlace>,
    roles: Vec<String>,
    commitments: Vec<String>,
    content_time_stamps: Authorities<'a>,
    overrides: Vec<SigningOverride>,
    among: Option<&'a str>,
    level: Option<&'a dyn Augment>,
}

/// What the signature and the signed data are to each other.
#[derive(Clone)]
enum Data<'a> {
    Enveloped(&'a dyn Source),
    Enveloping(File<'a>),
    Detached(Vec<File<'a>>),
}

#[derive(Clone)]
struct File<'a> {
    name: String,
    source: &'a dyn Source,
    mime_type: Option<String>,
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enveloped(_) => f.write_str("Enveloped"),
            Self::Enveloping(_) => f.write_str("Enveloping"),
            Self::Detached(files) => {
                f.debug_list().entries(files.iter().map(|it| &it.name)).finish()
            }
        }
    }
}

/// Raises what was just signed. [`xades::Level`](crate::xades::Level) does.
pub trait Augment: fmt::Debug {
    /// `signature` is XML with this signature, `files` what it signs beside itself.
    ///
    /// # Errors
    /// As the one who augments says.
    fn augment(&self, signature: Vec<u8>, files: &dyn Files) -> Result<Vec<u8>>;
}

impl<'a> SignatureBuilder<'a> {
    /// Signs an XML document within itself, in UTF-8: the signature becomes the last child of
    /// its root element, and no octet changes but by that. Signatures that are there already
    /// are signed along; where they were made over the whole document, too, they no longer
    /// hold then.
    ///
    /// `claimed_time` becomes the SigningTime, and is when the certificate has to be valid.
    pub fn enveloped(document: &'a dyn Source, claimed_time: UtcTime) -> Self {
        Self::of(Data::Enveloped(document), claimed_time)
    }

    /// Signs a document of any kind, which the signature holds in base64.
    pub fn enveloping(document: &'a dyn Source, claimed_time: UtcTime) -> Self {
        let file = File { name: String::new(), source: document, mime_type: None };
        Self::of(Data::Enveloping(file), claimed_time)
    }

    /// Signs a file beside which the signature stands. It is read once, piece by piece.
    pub fn detached(
        name: impl Into<String>,
        document: &'a dyn Source,
        claimed_time: UtcTime,
    ) -> Self {
        Self::of(Data::Detached(Vec::new()), claimed_time).file(name, document)
    }

    fn of(data: Data<'a>, claimed_time: UtcTime) -> Self {
        Self {
            data,
            claimed_time,
            element: None,
            signature_policy: None,
            production_place: None,
            roles: Vec::new(),
            commitments: Vec::new(),
            content_time_stamps: Authorities::default(),
            overrides: Vec::new(),
            among: None,
            level: None,
        }
    }

    /// Signs one more file, where files are signed that stand beside.
    pub fn file(mut self, name: impl Into<String>, document: &'a dyn Source) -> Self {
        if let Data::Detached(files) = &mut self.data {
            files.push(File { name: name.into(), source: document, mime_type: None });
        }
        self
    }

    /// What kind of document it is, as in `application/pdf` (EN 319 132-1 §5.2.4): the file
    /// named last, where there are several.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        let of = match &mut self.data {
            Data::Enveloped(_) => None,
            Data::Enveloping(file) => Some(file),
            Data::Detached(files) => files.last_mut(),
        };
        if let Some(file) = of {
            file.mime_type = Some(mime_type.into());
        }
        self
    }

    /// Signs only the element with this Id of the document that the signature is put into.
    pub fn element(mut self, id: impl Into<String>) -> Self {
        self.element = Some(id.into());
        self
    }

    /// Signs under this policy (EN 319 132-1 §5.2.9).
    pub fn signature_policy(mut self, policy: SignaturePolicy) -> Self {
        self.signature_policy = Some(policy);
        self
    }

    /// Says where it was signed.
    pub fn production_place(mut self, place: ProductionPlace) -> Self {
        self.production_place = Some(place);
        self
    }

    /// Claims a role (EN 319 132-1 §5.2.6); nothing proves it.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Says what is committed to (EN 319 132-1 §5.2.3) by the URI of the commitment, as
    /// `http://uri.etsi.org/01903/v1.2.2#ProofOfApproval`.
    pub fn commitment(mut self, uri: impl Into<String>) -> Self {
        self.commitments.push(uri.into());
        self
    }

    /// Has the data time-stamped before it is signed, and signs the time-stamp along
    /// (EN 319 132-1 §5.2.8.1): the signature is not older than that. One for each authority.
    pub fn content_time_stamp(mut self, authority: &'a dyn TimeStampAuthority) -> Self {
        self.content_time_stamps.0.push(authority);
        self
    }

    /// Raises the signature beyond B as soon as it is made.
    pub fn level(mut self, level: &'a dyn Augment) -> Self {
        self.level = Some(level);
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Makes the element alone, to be put into a document: nothing in this text has its Ids.
    pub(crate) fn among(mut self, document: &'a str) -> Self {
        self.among = Some(document);
        self
    }

    /// Everything but the value, for a key that is elsewhere. What is completed is of level
    /// B; [`xades::Augmenter`](crate::xades::Augmenter) raises it. The document that
    /// [`Signed`] asks for is the one that is signed, or the first of the files.
    ///
    /// # Errors
    /// `Malformed` when a document that the signature is to be put into is no XML;
    /// `Unsupported` when it is not in UTF-8; `Misuse` when a level was asked for, which comes
    /// after completing, when the element to be signed is not there, without a certificate,
    /// and when `algorithm` is not its key's; `Signer` when the certificate must not sign at
    /// the claimed time; `Service` when an authority does not answer as it should; `Io` when
    /// reading fails.
    pub fn prepare(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        if self.level.is_some() {
            return Err(Error::misuse(
                "a signature is raised once it is completed: prepare it without a level",
            ));
        }
        self.prepared(certificate_chain, algorithm)
    }

    /// Signs, and gives the document with its signature, or the signature beside it.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        let signed = self.complete(signer)?.to_vec(self.document()?)?;
        self.raised(signed)
    }

    /// Signs, and writes it out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        match self.level {
            Some(_) => Ok(out.write_all(&self.sign(signer)?)?),
            None => self.complete(signer)?.write_to(self.document()?, out),
        }
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        sign_prepared(self.prepared(signer.certificate_chain(), signer.algorithm())?, signer)
    }

    fn raised(&self, signed: Vec<u8>) -> Result<Vec<u8>> {
        let Some(level) = self.level else { return Ok(signed) };
        let files: Vec<(&str, &dyn Source)> = match &self.data {
            Data::Detached(files) => files.iter().map(|it| (&*it.name, it.source)).collect(),
            Data::Enveloped(_) | Data::Enveloping(_) => Vec::new(),
        };
        level.augment(signed, &files)
    }

    /// The document, or the first of several files.
    fn document(&self) -> Result<&'a dyn Source> {
        match &self.data {
            Data::Enveloped(document) => Ok(*document),
            Data::Enveloping(file) => Ok(file.source),
            Data::Detached(files) => {
                let first = files.first().map(|it| it.source);
                first.ok_or_else(|| Error::misuse("there is no file to be signed"))
            }
        }
    }

    fn prepared(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        let certificate = fit_certificate(chain, algorithm, self.claimed_time, &self.overrides)?;
        let by = algorithm.digest();
        let document = Document::read(self.document()?, by)?;
        let material = self.material(certificate, by)?;
        let stamps = self.stamped()?;
        let statement = Statement {
            id: &material.id,
            chain,
            algorithm,
            signing_time: self.claimed_time,
            of_signature: self.of_signature()?,
            of_data: format!("{}{stamps}", self.of_data()?),
            references: material.references,
            objects: material.objects,
        };
        let unsigned = statement.unsigned()?;
        let layout = Layout::Xades {
            head: [material.before.as_str(), &unsigned.head].concat(),
            tail: [&unsigned.tail, material.after.as_str()].concat(),
            outside: (material.before.len(), material.after.len()),
            replaces: material.replaces,
        };
        Ok(Prepared::new(algorithm, chain, unsigned.to_be_signed, document, layout))
    }

    fn of_signature(&self) -> Result<String> {
        let mut text = String::new();
        if let Some(policy) = &self.signature_policy {
            text.push_str(&policy_text(policy)?);
        }
        if let Some(place) = &self.production_place {
            text.push_str(&place.text()?);
        }
        if !self.roles.is_empty() {
            let roles: Result<String> =
                self.roles.iter().map(|it| element("xades:ClaimedRole", it)).collect();
            let roles = roles?;
            text.push_str(&format!(
                "<xades:SignerRoleV2><xades:ClaimedRoles>{roles}</xades:ClaimedRoles>\
                 </xades:SignerRoleV2>"
            ));
        }
        Ok(text)
    }

    fn of_data(&self) -> Result<String> {
        let commitment = |it: &String| {
            let id = element("xades:Identifier", it)?;
            Ok(format!(
                "<xades:CommitmentTypeIndication><xades:CommitmentTypeId>{id}\
                 </xades:CommitmentTypeId><xades:AllSignedDataObjects>\
                 </xades:AllSignedDataObjects></xades:CommitmentTypeIndication>"
            ))
        };
        self.commitments.iter().map(commitment).collect()
    }

    /// The time-stamps over the data.
    fn stamped(&self) -> Result<String> {
        let stamp = |authority: &&dyn TimeStampAuthority| {
            let by = authority.digest_algorithm();
            let mut context = DigestContext::new(by);
            self.write_data(&mut context)?;
            let token = token_over(*authority, &context.finish())?;
            Ok(format!(
                "<xades:AllDataObjectsTimeStamp><ds:CanonicalizationMethod \
                 Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
                 <xades:EncapsulatedTimeStamp>{}</xades:EncapsulatedTimeStamp>\
                 </xades:AllDataObjectsTimeStamp>",
                base64::encode(token.der())
            ))
        };
        self.content_time_stamps.0.iter().map(stamp).collect()
    }

    /// What the references to data come to, one behind the other.
    fn write_data(&self, context: &mut DigestContext) -> Result<()> {
        match &self.data {
            Data::Enveloped(document) => {
                let bytes = document.window(0..document.len())?;
                let target = Target::find(&bytes, self.element.as_deref())?;
                *context = target.digest_into(context.clone())?;
            }
            Data::Enveloping(file) => read(file.source, context)?,
            Data::Detached(files) => {
                files.iter().try_for_each(|it| read(it.source, context))?;
            }
        }
        Ok(())
    }

    fn material(&self, certificate: &Certificate, by: DigestAlgorithm) -> Result<Material> {
        match &self.data {
            Data::Enveloped(document) => self.in_document(*document, certificate, by),
            Data::Enveloping(file) => self.around(file, certificate, by),
            Data::Detached(files) => self.beside(files, certificate, by),
        }
    }

    fn in_document(
        &self,
        document: &dyn Source,
        certificate: &Certificate,
        by: DigestAlgorithm,
    ) -> Result<Material> {
        let bytes = document.window(0..document.len())?;
        let target = Target::find(&bytes, self.element.as_deref())?;
        let digest = target.digest_into(DigestContext::new(by))?.finish();
        let id = self.id(certificate, &digest, |it| !target.has_id(it));
        let (before, after, replaces) = target.place()?;
        let reference = Reference {
            uri: self.element.as_ref().map(|it| format!("#{it}")).unwrap_or_default(),
            transforms: match target.holds_signature() {
                true => &[ENVELOPED, EXCLUSIVE],
                false => &[EXCLUSIVE],
            },
            digest,
            kind: None,
            mime_type: Some("text/xml".into()),
        };
        Ok(Material {
            id,
            references: vec![reference],
            objects: String::new(),
            before,
            after,
            replaces: Some(replaces),
        })
    }

    fn around(
        &self,
        file: &File<'_>,
        certificate: &Certificate,
        by: DigestAlgorithm,
    ) -> Result<Material> {
        self.no_element()?;
        let mut context = DigestContext::new(by);
        read(file.source, &mut context)?;
        let digest = context.finish();
        let id = self.id(certificate, &digest, |_| true);
        let mime_type = file.mime_type.clone().unwrap_or_else(|| OCTETS.to_owned());
        let objects = format!(
            "<ds:Object Id=\"{id}-object\" MimeType=\"{}\" \
             Encoding=\"http://www.w3.org/2000/09/xmldsig#base64\">{}</ds:Object>",
            escaped(&mime_type)?,
            base64::encode(&file.source.window(0..file.source.len())?)
        );
        let reference = Reference {
            uri: format!("#{id}-object"),
            transforms: &[BASE64],
            digest,
            kind: Some(OBJECT),
            mime_type: Some(mime_type),
        };
        Ok(Material::alone(id, vec![reference], objects))
    }

    fn beside(
        &self,
        files: &[File<'_>],
        certificate: &Certificate,
        by: DigestAlgorithm,
    ) -> Result<Material> {
        self.no_element()?;
        let mut references = Vec::new();
        let mut all = DigestContext::new(by);
        for file in files {
            if file.name.is_empty() {
                return Err(Error::misuse("a file that is signed needs a name"));
            }
            let mut context = DigestContext::new(by);
            read(file.source, &mut context)?;
            let digest = context.finish();
            all.update(digest.value());
            references.push(Reference {
                uri: uri_of(&file.name),
                transforms: &[],
                digest,
                kind: None,
                mime_type: Some(file.mime_type.clone().unwrap_or_else(|| OCTETS.to_owned())),
            });
        }
        let is_free = |id: &str| self.among.is_none_or(|it| !it.contains(id));
        let id = self.id(certificate, &all.finish(), is_free);
        let mut material = Material::alone(id, references, String::new());
        if self.among.is_some() {
            material.before.clear();
        }
        Ok(material)
    }

    fn no_element(&self) -> Result<()> {
        match &self.element {
            None => Ok(()),
            Some(_) => Err(Error::misuse("only in a document can one element be signed")),
        }
    }

    /// The same for the same data, signer and time, unless it is taken.
    fn id(
        &self,
        certificate: &Certificate,
        data: &Digest,
        is_free: impl Fn(&str) -> bool,
    ) -> String {
        let time = self.claimed_time.to_string();
        let mut context = DigestContext::new(DigestAlgorithm::Sha256);
        [&certificate.digest()[..], data.value(), time.as_bytes()]
            .iter()
            .for_each(|it| context.update(it));
        let digest = context.finish().to_string();
        let short = format!("id-{}", digest.get(..32).unwrap_or(&digest));
        let mut numbered = (2..).map(|n: u32| format!("{short}-{n}"));
        if is_free(&short) {
            return short;
        }
        numbered.find(|it| is_free(it)).unwrap_or(short)
    }
}

const OCTETS: &str = "application/octet-stream";
/// XMLDSig §4.5.
const OBJECT: &str = "http://www.w3.org/2000/09/xmldsig#Object";

/// What a signature is made of, and where it goes.
struct Material {
    id: String,
    references: Vec<Reference>,
    objects: String,
    /// What is written before and behind the signature besides.
    before: String,
    after: String,
    /// The octets of the document that it is put in the place of; nothing where it stands
    /// alone.
    replaces: Option<std::ops::Range<u64>>,
}

impl Material {
    fn alone(id: String, references: Vec<Reference>, objects: String) -> Self {
        let before = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        Self { id, references, objects, before, after: String::new(), replaces: None }
    }
}

fn read(source: &dyn Source, context: &mut DigestContext) -> Result<()> {
    for_each_piece(source, 0..source.len(), |piece| {
        context.update(piece);
        Ok(())
    })
}

#[cfg(feature = "batch")]
impl Create for SignatureBuilder<'_> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepared(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        let signed = prepared.complete(value)?;
        match self.level {
            None => Ok(Made::around(self.document()?, signed)),
            Some(_) => Ok(Made::whole(self.raised(signed.to_vec(self.document()?)?)?)),
        }
    }
}

#[cfg(feature = "batch")]
impl<'a> From<SignatureBuilder<'a>> for SignatureRequest<'a> {
    fn from(builder: SignatureBuilder<'a>) -> Self {
        Self::new(builder)
    }
}
