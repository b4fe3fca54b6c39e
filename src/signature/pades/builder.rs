//! Signing a PDF at level B-B and up (EN 319 142-1 §6).

use std::io::Write;

use super::certification::DocMdp;
use super::complete::Augment;
use super::create::{Look, Request, Said, Tail, append};
use super::lock::FieldLock;
#[cfg(feature = "appearance")]
use super::look::{Shown, Subject};
use super::seed::Offer;
use super::sub_filter::SubFilter;
#[cfg(feature = "appearance")]
use crate::appearance::{Appearance, Placement};
use crate::crypto::{DigestAlgorithm, DigestContext, SignatureAlgorithm};
use crate::encoding::pdf::{Password, Reader};
use crate::error::{Error, Result};
use crate::keys::{SignatureValue, Signer, SigningOverride, fit_certificate};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::create::{SignedAttributes, space_for};
use crate::signature::cms::oids::ID_DATA;
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{Document, Layout, Prepared, Signed};
use crate::source::{Source, for_each_piece};
use crate::time::UtcTime;

/// A PAdES signature to be made, of level B unless a higher one is asked for, as an
/// incremental update: every byte of the document stays as it is, and so do earlier
/// signatures.
///
/// The document is read once, piece by piece, whatever its size. Invisible, unless
/// it is given a look (`appearance`, with the feature of that name).
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` or `prepare` is called"]
pub struct SignatureBuilder<'a, S: ?Sized> {
    document: &'a S,
    claimed_time: UtcTime,
    field: Option<String>,
    reason: Option<String>,
    location: Option<String>,
    contact: Option<String>,
    name: Option<String>,
    page: Option<u64>,
    rectangle: Option<[f64; 4]>,
    #[cfg(feature = "appearance")]
    appearance: Option<Appearance>,
    #[cfg(feature = "appearance")]
    placement: Option<Placement>,
    sub_filter: Option<SubFilter>,
    certification: Option<DocMdp>,
    lock: Option<FieldLock>,
    overrides: Vec<SigningOverride>,
    level: Option<&'a dyn Augment>,
    time_stamp_space: Option<usize>,
    password: Password,
    limits: Limits,
}

impl<'a, S: Source + ?Sized> SignatureBuilder<'a, S> {
    /// `claimed_time` is written as `/M`, and is when the certificate has to be valid.
    pub fn new(document: &'a S, claimed_time: UtcTime) -> Self {
        Self {
            document,
            claimed_time,
            field: None,
            reason: None,
            location: None,
            contact: None,
            name: None,
            page: None,
            rectangle: None,
            #[cfg(feature = "appearance")]
            appearance: None,
            #[cfg(feature = "appearance")]
            placement: None,
            sub_filter: None,
            certification: None,
            lock: None,
            overrides: Vec::new(),
            level: None,
            time_stamp_space: None,
            password: Password::default(),
            limits: Limits::default(),
        }
    }

    /// The signature field, by its full name: an empty one that is there, whose lock and
    /// seed values are heeded, or a new one so called. Full stops separate the names of
    /// fields within fields; those above that are not there are made, too. Otherwise a new one gets the first free name of `Signature1`, `Signature2`…
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// Why it is signed.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Where it is signed.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// How to reach the signer.
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.contact = Some(contact.into());
        self
    }

    /// The signer's name, for readers that do not look into the certificate.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The page, from 1, that a new field is put on; 1 unless said otherwise.
    pub fn page(mut self, page: u32) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Where on the page a new field is, in the page's units: left, bottom, right, top.
    pub fn rectangle(mut self, rectangle: [f64; 4]) -> Self {
        self.rectangle = Some(rectangle);
        self
    }

    /// What it looks like. It goes into the rectangle of an empty field that is there,
    /// else into the [`rectangle`](Self::rectangle), else where its
    /// [`placement`](Self::placement) says. The names that it shows are those of the
    /// certificate, and the time is the claimed one.
    #[cfg(feature = "appearance")]
    pub fn appearance(mut self, appearance: Appearance) -> Self {
        self.appearance = Some(appearance);
        self
    }

    /// Where its look goes, instead of a rectangle.
    #[cfg(feature = "appearance")]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = Some(placement);
        self
    }

    /// Signs at a level above B: the value is time-stamped in the signature, and what the
    /// level asks for besides follows as updates of their own. Nothing is written unless all
    /// of it could be had.
    pub fn level(mut self, level: &'a dyn Augment) -> Self {
        self.level = Some(level);
        self
    }

    /// Bytes to keep for the time-stamp in the signature, instead of what its authority
    /// [estimates](crate::tsp::TimeStampAuthority::token_space). Of no matter at level B.
    pub fn time_stamp_space(mut self, bytes: usize) -> Self {
        self.time_stamp_space = Some(bytes);
        self
    }

    /// The format of the signature; what the field prefers, unless said.
    pub fn sub_filter(mut self, sub_filter: SubFilter) -> Self {
        self.sub_filter = Some(sub_filter);
        self
    }

    /// Makes it a certification signature, with what later revisions may change
    /// (ISO 32000-2 §12.8.2.2). It has to be the first signature. Where others are to sign
    /// later, give them their fields before: some readers mind fields that come after.
    pub fn certify(mut self, permission: DocMdp) -> Self {
        self.certification = Some(permission);
        self
    }

    /// Locks fields (ISO 32000-2 §12.8.2.4). Where the field asks for a lock, that one
    /// is taken without being asked for here.
    pub fn lock(mut self, lock: FieldLock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Opens an encrypted PDF by this password, the user's or the owner's; the empty one is
    /// tried in any case. The update is encrypted as the document is.
    #[cfg(feature = "encrypted-pdf")]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Password::new(password);
        self
    }

    /// Bounds on reading the document.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Everything but the value, for a key that is elsewhere. At a level above B, room is
    /// kept for the time-stamp; [`Prepared::complete_at`] asks for it.
    ///
    /// # Errors
    /// `Malformed` when this is no PDF or its revision chain is not sound: such a file
    /// is never repaired in passing; `Unsupported` for one that is encrypted otherwise than
    /// under a password; `Misuse` without its password, when its permissions forbid it,
    /// without a certificate, when `algorithm` is not its key's, when the field or page
    /// cannot be signed, when the field asks for something else, or when an earlier
    /// signature does not let this one in; `Signer` when the certificate must not sign at
    /// the claimed time; `LimitExceeded`; `Io`.
    pub fn prepare(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        let certificate =
            fit_certificate(certificate_chain, algorithm, self.claimed_time, &self.overrides)?;
        let tail = self.tail(certificate_chain, algorithm.digest())?;
        let (document, message_digest) = self.digest(&tail, algorithm.digest())?;
        let signing_time = match tail.sub_filter {
            // EN 319 142-1 §6.3: the claimed time stands in /M, and only there.
            SubFilter::EtsiCadesDetached => None,
            SubFilter::AdbePkcs7Detached => Some(self.claimed_time),
        };
        let signed_attributes = SignedAttributes {
            content_type: Some(ID_DATA),
            message_digest: &message_digest,
            algorithm,
            certificate,
            signing_time,
            mime_type: None,
            others: Vec::new(),
        }
        .to_der()?;
        let layout = Layout::Appended { tail: tail.bytes, digits: tail.digits };
        Ok(Prepared::new(algorithm, certificate_chain, signed_attributes, document, layout))
    }

    /// Signs, and gives the signed PDF in memory.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        self.complete(signer)?.to_vec(self.document)
    }

    /// Signs, and writes the signed PDF out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        self.complete(signer)?.write_to(self.document, out)
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        let prepared = self.prepare(signer.certificate_chain(), signer.algorithm())?;
        let value = signer.sign(prepared.to_be_signed())?;
        self.completed(prepared, &value)
    }

    fn completed(&self, prepared: Prepared, value: &SignatureValue) -> Result<Signed> {
        match self.level {
            Some(level) => prepared.complete_at(value, self.document, level),
            None => prepared.complete(value),
        }
    }

    /// Bytes to keep for the CMS.
    fn space(&self, certificate_chain: &[Certificate]) -> usize {
        let stamp = self.level.map_or(0, |level| {
            self.time_stamp_space.unwrap_or_else(|| level.authority().token_space())
        });
        space_for(certificate_chain, REST).saturating_add(stamp)
    }

    fn tail(&self, certificate_chain: &[Certificate], digest: DigestAlgorithm) -> Result<Tail> {
        let source = &self.document;
        let reader = Reader::open_with(source, &self.limits, &self.password)?;
        let texts = [
            ("Reason", &self.reason),
            ("Location", &self.location),
            ("ContactInfo", &self.contact),
            ("Name", &self.name),
        ];
        let page = self.page.map(|it| it.checked_sub(1));
        if page == Some(None) {
            return Err(Error::misuse("pages count from 1"));
        }
        let page = page.flatten();
        if self.rectangle.is_some_and(|it| it.iter().any(|corner| !corner.is_finite())) {
            return Err(Error::misuse("the rectangle has a corner that is no number"));
        }
        #[cfg(feature = "appearance")]
        let shown = self.shown(certificate_chain, page)?;
        #[cfg(feature = "appearance")]
        let look = shown.as_ref().map(|it| it as &dyn Look);
        #[cfg(not(feature = "appearance"))]
        let look: Option<&dyn Look> = None;
        let request = Request {
            field: self.field.as_deref(),
            page: page.unwrap_or(0),
            rectangle: self.rectangle,
            look,
            said: Said::Signature {
                claimed_time: self.claimed_time,
                texts: texts
                    .into_iter()
                    .filter_map(|(key, text)| text.as_deref().map(|text| (key, text)))
                    .collect(),
                offer: Offer {
                    sub_filter: self.sub_filter,
                    digest,
                    reason: self.reason.as_deref(),
                    certification: self.certification,
                    lock: self.lock.as_ref(),
                    time_stamped: self.level.is_some(),
                    certificate_chain,
                },
            },
            space: self.space(certificate_chain),
            id: &self.file_id(),
            despite_permissions: self.overrides.contains(&SigningOverride::DocumentPermissions),
        };
        append(&reader, &request)
    }

    /// The look, with what it shows.
    #[cfg(feature = "appearance")]
    fn shown(&self, chain: &[Certificate], page: Option<u64>) -> Result<Option<Shown<'_>>> {
        let Some(appearance) = &self.appearance else {
            let alone = "a placement is for a look, and none is given";
            return if self.placement.is_none() { Ok(None) } else { Err(Error::misuse(alone)) };
        };
        let subject = chain.first().map(|it| Subject::of(it, self.claimed_time));
        Ok(subject.map(|subject| Shown {
            appearance,
            placement: self.placement.as_ref(),
            rectangle: self.rectangle,
            page,
            subject,
        }))
    }

    /// Other for every signature of every file, without chance or clock (ISO 32000-2 §14.4).
    fn file_id(&self) -> Vec<u8> {
        let state = format!("{} {} {:?}", self.document.len(), self.claimed_time, self.field);
        let digest = DigestAlgorithm::Sha256.digest(state.as_bytes());
        digest.value().iter().take(16).copied().collect()
    }

    /// One pass: what stands before the update is the document itself.
    fn digest(&self, tail: &Tail, algorithm: DigestAlgorithm) -> Result<(Document, Vec<u8>)> {
        let mut context = DigestContext::new(algorithm);
        let len = self.document.len();
        for_each_piece(self.document, 0..len, |piece| {
            context.update(piece);
            Ok(())
        })?;
        let document = Document::new(len, &context.clone().finish());
        let gap = tail.gap();
        context.update(tail.bytes.get(..gap.start).unwrap_or_default());
        context.update(tail.bytes.get(gap.end..).unwrap_or_default());
        Ok((document, context.finish().value().to_vec()))
    }
}

#[cfg(feature = "batch")]
impl<S: Source + ?Sized> Create for SignatureBuilder<'_, S> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepare(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        Ok(Made::around(&self.document, self.completed(prepared, value)?))
    }
}

#[cfg(feature = "batch")]
impl<'a, S: Source + ?Sized> From<SignatureBuilder<'a, S>> for SignatureRequest<'a> {
    fn from(builder: SignatureBuilder<'a, S>) -> Self {
        Self::new(builder)
    }
}

/// Beside the certificates there are the value (RSA-8192 has 1,024 bytes), and attributes of
/// under 500 bytes.
const REST: usize = 3 << 10;
