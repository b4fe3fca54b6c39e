//! Making containers, and adding signatures and time-stamps to them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

use super::container::{Container, ContainerType, Role};
use super::in_xml::XmlPlan;
use super::plan::{Plan, Signed, Subject};
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::zip::Compression;
use crate::error::{Error, Result};
use crate::keys::{SignatureValue, Signer, SigningOverride};
use crate::pki::Certificate;
use crate::signature::cades::{self, SignaturePolicy};
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{Prepared, sign_prepared};
use crate::signature::tsp::{TimeStampAuthority, token_over};
use crate::source::Source;
use crate::time::UtcTime;

/// A container to be made, or one to which a signature or a time-stamp is added: with CAdES
/// (EN 319 162-1 §5), or [`with_xades`](Self::with_xades) (§6).
///
/// Files are read piece by piece, whatever their size. Equal files, signed at an equal time,
/// give an equal container but for the signature.
///
/// ```
/// use kyso::{SoftwareSigner, UtcTime, asic};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
/// # let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
/// # let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
/// let signer = SoftwareSigner::from_pem(&key, &certificates)?;
/// let (letter, annex) = ("Kính gửi".as_bytes().to_vec(), b"1;2;3".to_vec());
/// let dossier = asic::ContainerBuilder::extended(UtcTime::now())
///     .file_of_type("công văn.txt", "text/plain", &letter)
///     .file("phụ lục/bảng.csv", &annex)
///     .sign(&signer)?;
/// # assert!(dossier.starts_with(b"PK"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is made until `sign`, `prepare` or `time_stamp` is called"]
pub struct ContainerBuilder<'a> {
    pub(super) kind: ContainerType,
    pub(super) existing: Option<&'a Container<'a>>,
    pub(super) files: Vec<NewFile<'a>>,
    pub(super) over_everything: bool,
    pub(super) compression: Compression,
    pub(super) claimed_time: UtcTime,
    pub(super) overrides: Vec<SigningOverride>,
    pub(super) signature_policy: Option<SignaturePolicy>,
    /// Of entries that are there, or are added.
    pub(super) known: Option<&'a BTreeMap<String, Digest>>,
    xades: bool,
    level: Option<&'a dyn Augment>,
}

/// A file to be put into a container.
#[derive(Clone)]
pub(super) struct NewFile<'a> {
    pub(super) name: String,
    pub(super) mime_type: Option<String>,
    pub(super) content: &'a dyn Source,
}

/// Raises the signatures of a container. [`asic::Level`](crate::asic::Level) does.
pub trait Augment: fmt::Debug {
    /// # Errors
    /// As the one who augments says.
    fn augment(&self, container: Vec<u8>) -> Result<Vec<u8>>;
}

impl<'a> ContainerBuilder<'a> {
    /// An ASiC-S: one file, and signatures over it. `claimed_time` becomes the signing-time
    /// attribute, and is when the certificate has to be valid.
    pub fn simple(claimed_time: UtcTime) -> Self {
        Self::new(ContainerType::Simple, None, claimed_time)
    }

    /// An ASiC-E: any number of files, and signatures over them. `claimed_time` as in
    /// [`simple`](Self::simple).
    pub fn extended(claimed_time: UtcTime) -> Self {
        Self::new(ContainerType::Extended, None, claimed_time)
    }

    /// Adds to a container. What is there stays as it is, octet for octet, but for the CMS
    /// of an ASiC-S, or its document of signatures in XML, which the new signer joins, and for
    /// the list of files that `with_xades` keeps.
    pub fn beside(container: &'a Container<'a>, claimed_time: UtcTime) -> Self {
        Self::new(container.container_type(), Some(container), claimed_time)
    }

    fn new(
        kind: ContainerType,
        existing: Option<&'a Container<'a>>,
        claimed_time: UtcTime,
    ) -> Self {
        Self {
            kind,
            existing,
            files: Vec::new(),
            over_everything: false,
            compression: Compression::Deflated,
            claimed_time,
            overrides: Vec::new(),
            signature_policy: None,
            known: None,
            xades: false,
            level: None,
        }
    }

    /// A manifest lists these entries by these digests, where they are of its algorithm, and
    /// their files are not read for it.
    pub(crate) fn knowing(mut self, digests: &'a BTreeMap<String, Digest>) -> Self {
        self.known = Some(digests);
        self
    }

    /// Adds a file under this name, which is a path below the container's root.
    pub fn file(self, name: impl Into<String>, content: &'a dyn Source) -> Self {
        self.add(name.into(), None, content)
    }

    /// As [`file`](Self::file); the signature says of what kind it is, as in
    /// `application/pdf`.
    pub fn file_of_type(
        self,
        name: impl Into<String>,
        mime_type: impl Into<String>,
        content: &'a dyn Source,
    ) -> Self {
        self.add(name.into(), Some(mime_type.into()), content)
    }

    fn add(mut self, name: String, mime_type: Option<String>, content: &'a dyn Source) -> Self {
        self.files.push(NewFile { name, mime_type, content });
        self
    }

    /// Signs what stands in `META-INF` already, too: the signatures of those before, their
    /// manifests, time-stamps and evidence records. Only in an ASiC-E. None of them can be
    /// raised any more then, but by an archive time-stamp over all.
    pub fn over_everything(mut self) -> Self {
        self.over_everything = true;
        self
    }

    /// Signs by XAdES: in `META-INF/signatures.xml` of an ASiC-S, and in
    /// `META-INF/signatures001.xml` and on of an ASiC-E, by the names of all files (EN 319 162-1
    /// §4.3.3.2, §4.4.3.2). An ASiC-E lists its files as OpenDocument does, too, which other
    /// programs ask for. Beside others, the media types of that list are signed as those of the
    /// files, as these programs want the two to agree: who wrote the list need not have signed
    /// it, so look at it before you do. Containers have signatures of one kind: such a signature joins none by
    /// CMS, nor is it over anything but files.
    pub fn with_xades(mut self) -> Self {
        self.xades = true;
        self
    }

    /// Stores files as they are, where they are compressed already.
    pub fn stored(mut self) -> Self {
        self.compression = Compression::Stored;
        self
    }

    /// Signs under this policy (EN 319 122-1 §5.2.9, EN 319 132-1 §5.2.9).
    pub fn signature_policy(mut self, policy: SignaturePolicy) -> Self {
        self.signature_policy = Some(policy);
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Raises the signature beyond B as soon as it is made, with those that are there. The
    /// container is in memory then.
    pub fn level(mut self, level: &'a dyn Augment) -> Self {
        self.level = Some(level);
        self
    }

    /// Everything but the value, for a key that is elsewhere; [`complete`](Self::complete)
    /// of a builder with the same files takes it. What is completed is of level B.
    ///
    /// # Errors
    /// `Misuse` when a level was asked for, which comes after completing; and as
    /// [`sign`](Self::sign) says.
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
        self.prepared_of_kind(certificate_chain, algorithm)
    }

    fn prepared_of_kind(
        &self,
        chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        if self.xades {
            return XmlPlan::of(self)?.prepared(self, chain, algorithm);
        }
        let plan = Plan::of(self, Signed::Cades, algorithm.digest())?;
        self.prepared(&plan, chain, algorithm)
    }

    /// Writes the container with this value, whose files are those that were prepared.
    ///
    /// # Errors
    /// `Signer` when the value does not verify with the certificate; `Misuse` when it was
    /// prepared over other files; `Io`.
    pub fn complete_to(
        &self,
        prepared: Prepared,
        value: &SignatureValue,
        out: &mut dyn Write,
    ) -> Result<()> {
        if self.xades {
            let plan = XmlPlan::of(self)?;
            let document = plan.with(&prepared.complete(value)?)?;
            plan.check(&document)?;
            return plan.write(self, &document, out);
        }
        let by = prepared.to_be_signed().algorithm().digest();
        let plan = Plan::of(self, Signed::Cades, by)?;
        if plan.digest(by)?.value() != prepared.document().digest() {
            return Err(Error::misuse("the container was prepared over other files"));
        }
        let signed = prepared.complete(value)?;
        plan.write(self, &signed.to_vec(plan.subject.source())?, out)
    }

    /// As [`complete_to`](Self::complete_to), in memory.
    ///
    /// # Errors
    /// As there.
    pub fn complete(&self, prepared: Prepared, value: &SignatureValue) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.complete_to(prepared, value, &mut out)?;
        Ok(out)
    }

    /// Signs, and gives the container in memory.
    ///
    /// # Errors
    /// `Misuse` for names that cannot stand in a container, or are there already, for an
    /// ASiC-S of several files, and for a container that cannot be added to; `Signer` when the
    /// certificate must not sign at the claimed time, and as the signer's own; `Unsupported`
    /// for more than 4 GB; `Io` when reading fails.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.signed_to(signer, &mut out)?;
        match self.level {
            Some(level) => level.augment(out),
            None => Ok(out),
        }
    }

    /// Signs, and writes the container out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        match self.level {
            Some(_) => Ok(out.write_all(&self.sign(signer)?)?),
            None => self.signed_to(signer, out),
        }
    }

    fn signed_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        let algorithm = signer.algorithm();
        if self.xades {
            let plan = XmlPlan::of(self)?;
            let prepared = plan.prepared(self, signer.certificate_chain(), algorithm)?;
            let document = plan.with(&sign_prepared(prepared, signer)?)?;
            return plan.write(self, &document, out);
        }
        let plan = Plan::of(self, Signed::Cades, algorithm.digest())?;
        let prepared = self.prepared(&plan, signer.certificate_chain(), algorithm)?;
        let signed = sign_prepared(prepared, signer)?;
        plan.write(self, &signed.to_vec(plan.subject.source())?, out)
    }

    fn prepared(
        &self,
        plan: &Plan<'_>,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        let mut builder = cades::SignatureBuilder::new(plan.subject.source(), self.claimed_time);
        if let Some(policy) = &self.signature_policy {
            builder = builder.signature_policy(policy.clone());
        }
        if let Subject::File { mime_type: Some(mime_type), .. } = &plan.subject {
            builder = builder.mime_type(mime_type.as_str());
        }
        for it in &self.overrides {
            builder = builder.allow(*it);
        }
        if let Some(existing) = &plan.existing {
            builder = builder.beside(existing);
        }
        builder.prepare(certificate_chain, algorithm)
    }

    /// Has all files time-stamped, instead of signing them: proof that they existed then,
    /// and of nobody's will.
    ///
    /// # Errors
    /// As [`sign`](Self::sign) says of files; `Misuse` where an ASiC-S has a time-stamp
    /// already; `Service` when the authority does not answer as it should.
    pub fn time_stamp(&self, authority: &dyn TimeStampAuthority) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.time_stamp_to(authority, &mut out)?;
        Ok(out)
    }

    /// As [`time_stamp`](Self::time_stamp), written out as it is made.
    ///
    /// # Errors
    /// As there; `Io` when writing fails.
    pub fn time_stamp_to(
        &self,
        authority: &dyn TimeStampAuthority,
        out: &mut dyn Write,
    ) -> Result<()> {
        if self.xades {
            return Err(Error::misuse("a time-stamp over files is no XAdES signature"));
        }
        let by = authority.digest_algorithm();
        let plan = Plan::of(self, Signed::TimeStamp, by)?;
        let token = token_over(authority, &plan.digest(by)?)?;
        plan.write(self, token.der(), out)
    }

    /// Files that are there, and those that are added; what is wrong with their names.
    pub(super) fn check_files(&self) -> Result<()> {
        for file in &self.files {
            if Role::of(&file.name) != Role::Data {
                return Err(Error::misuse("this name is kept for what makes a container")
                    .in_entry(&file.name));
            }
            if self.kind == ContainerType::Simple && file.name.contains('/') {
                return Err(
                    Error::misuse("the file of an ASiC-S is in no folder").in_entry(&file.name)
                );
            }
        }
        let existing = self.existing.map_or(0, |it| it.data_files().count());
        let all = existing.saturating_add(self.files.len());
        match (self.kind, all) {
            (_, 0) => Err(Error::misuse("there is no file to be signed")),
            (ContainerType::Simple, 2..) => {
                Err(Error::misuse("an ASiC-S has one file; more of them make an ASiC-E"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for ContainerBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.files.iter().map(|it| it.name.as_str()).collect();
        write!(f, "ContainerBuilder({}, {names:?}, level {:?})", self.kind, self.level)
    }
}

/// The digest that a manifest lists entries by.
pub(super) fn listable(algorithm: DigestAlgorithm) -> Result<DigestAlgorithm> {
    match algorithm {
        DigestAlgorithm::Sha1 => Err(Error::misuse("no manifest is made by SHA-1")),
        other => Ok(other),
    }
}

#[cfg(feature = "batch")]
impl Create for ContainerBuilder<'_> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepared_of_kind(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        let container = self.complete(prepared, value)?;
        Ok(Made::whole(match self.level {
            Some(level) => level.augment(container)?,
            None => container,
        }))
    }
}

#[cfg(feature = "batch")]
impl<'a> From<ContainerBuilder<'a>> for SignatureRequest<'a> {
    fn from(builder: ContainerBuilder<'a>) -> Self {
        Self::new(builder)
    }
}
