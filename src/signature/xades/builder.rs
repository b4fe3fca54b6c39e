//! Signing by XAdES, at level B-B and up (EN 319 132-1 §6).

use std::fmt;
use std::io::Write;

use super::create::Statement;
use super::data::{Data, File, Wanted};
use super::said::{ProductionPlace, Said};
use crate::crypto::{Digest, SignatureAlgorithm};
use crate::encoding::base64;
use crate::error::{Error, Result};
#[cfg(feature = "batch")]
use crate::keys::SignatureValue;
use crate::keys::{Signer, SigningOverride, fit_certificate};
use crate::pki::Certificate;
use crate::signature::cades::SignaturePolicy;
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{Prepared, Signed, sign_prepared};
use crate::signature::tsp::{Authorities, TimeStampAuthority, token_over};
use crate::signature::xmldsig::EXCLUSIVE;
use crate::source::{Files, Source};
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
    said: Said,
    content_time_stamps: Authorities<'a>,
    overrides: Vec<SigningOverride>,
    among: Option<&'a str>,
    level: Option<&'a dyn Augment>,
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

    /// Signs a document of any kind, which the signature holds in base64. It is read piece by
    /// piece: once to be signed, and once to be written.
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
            said: Said::default(),
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
        self.said.policy = Some(policy);
        self
    }

    /// Says where it was signed.
    pub fn production_place(mut self, place: ProductionPlace) -> Self {
        self.said.place = Some(place);
        self
    }

    /// Claims a role (EN 319 132-1 §5.2.6); nothing proves it.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.said.roles.push(role.into());
        self
    }

    /// Says what is committed to (EN 319 132-1 §5.2.3) by the URI of the commitment, as
    /// `http://uri.etsi.org/01903/v1.2.2#ProofOfApproval`.
    pub fn commitment(mut self, uri: impl Into<String>) -> Self {
        self.said.commitments.push(uri.into());
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
        let signed = self.complete(signer)?.to_vec(self.data.document()?)?;
        self.raised(signed)
    }

    /// Signs, and writes it out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        match self.level {
            Some(_) => Ok(out.write_all(&self.sign(signer)?)?),
            None => self.complete(signer)?.write_to(self.data.document()?, out),
        }
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        sign_prepared(self.prepared(signer.certificate_chain(), signer.algorithm())?, signer)
    }

    fn raised(&self, signed: Vec<u8>) -> Result<Vec<u8>> {
        let Some(level) = self.level else { return Ok(signed) };
        let files = self.data.files().iter().map(|it| (&*it.name, it.source));
        level.augment(signed, &files.collect::<Vec<(&str, &dyn Source)>>())
    }

    fn prepared(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        let certificate = fit_certificate(chain, algorithm, self.claimed_time, &self.overrides)?;
        let material = self.data.read(&Wanted {
            by: algorithm.digest(),
            stamped_by: self.content_time_stamps.0.iter().map(|it| it.digest_algorithm()).collect(),
            element: self.element.as_deref(),
            among: self.among,
            certificate,
            claimed_time: self.claimed_time,
        })?;
        let stamps = self.stamped(&material.imprints)?;
        let statement = Statement {
            id: &material.id,
            chain,
            algorithm,
            signing_time: self.claimed_time,
            of_signature: self.said.of_signature()?,
            of_data: format!("{}{stamps}", self.said.of_data()?),
            references: material.references,
            holds: material.holds,
        };
        let parts = statement.parts()?;
        Ok(Prepared::of_xml(parts, algorithm, chain, material.document, material.place))
    }

    /// The time-stamps over the data, whose digests are those that the authorities ask for.
    fn stamped(&self, imprints: &[Digest]) -> Result<String> {
        let stamp = |(authority, imprint): (&&dyn TimeStampAuthority, &Digest)| {
            let token = token_over(*authority, imprint)?;
            Ok(format!(
                "<xades:AllDataObjectsTimeStamp><ds:CanonicalizationMethod \
                 Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
                 <xades:EncapsulatedTimeStamp>{}</xades:EncapsulatedTimeStamp>\
                 </xades:AllDataObjectsTimeStamp>",
                base64::encode(token.der())
            ))
        };
        self.content_time_stamps.0.iter().zip(imprints).map(stamp).collect()
    }
}

#[cfg(feature = "batch")]
impl Create for SignatureBuilder<'_> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepared(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        let signed = prepared.complete(value)?;
        match self.level {
            None => Ok(Made::around(self.data.document()?, signed)),
            Some(_) => Ok(Made::whole(self.raised(signed.to_vec(self.data.document()?)?)?)),
        }
    }
}

#[cfg(feature = "batch")]
impl<'a> From<SignatureBuilder<'a>> for SignatureRequest<'a> {
    fn from(builder: SignatureBuilder<'a>) -> Self {
        Self::new(builder)
    }
}
