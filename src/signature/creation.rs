//! Making a signature in the steps that whoever makes many needs, whatever the format.

use std::fmt;
use std::io::Write;

use super::request::{Prepared, Signed};
use crate::crypto::SignatureAlgorithm;
use crate::error::Result;
use crate::keys::SignatureValue;
use crate::pki::Certificate;
use crate::source::Source;

/// What the builders of all formats can do, at any level.
pub(crate) trait Create {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared>;

    /// At the level that was asked for.
    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>>;
}

/// A signature to be made, of any format: what the `SignatureBuilder` of
/// [PAdES](crate::pades::SignatureBuilder), [CAdES](crate::cades::SignatureBuilder),
/// [XAdES](crate::xades::SignatureBuilder) or [XMLDSig](crate::xmldsig::SignatureBuilder), or an
/// [`asic::ContainerBuilder`](crate::asic::ContainerBuilder), becomes by `into()`.
pub struct SignatureRequest<'a>(Box<dyn Create + 'a>);

impl<'a> SignatureRequest<'a> {
    pub(crate) fn new(builder: impl Create + 'a) -> Self {
        Self(Box::new(builder))
    }

    pub(crate) fn begin(
        &self,
        chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        self.0.begin(chain, algorithm)
    }

    pub(crate) fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        self.0.finish(prepared, value)
    }
}

impl fmt::Debug for SignatureRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureRequest")
    }
}

/// A signature that was just made, with its document: the signed PDF or XML, the container, or
/// the CMS.
#[must_use = "nothing is written until it is written out"]
pub struct Made<'a>(Form<'a>);

enum Form<'a> {
    /// What is written before, after and around the document.
    Around(&'a dyn Source, Signed),
    Whole(Vec<u8>),
}

impl<'a> Made<'a> {
    pub(crate) fn around(document: &'a dyn Source, signed: Signed) -> Self {
        Self(Form::Around(document, signed))
    }

    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        Self(Form::Whole(bytes))
    }

    /// Writes it out.
    ///
    /// # Errors
    /// `Io` when reading the document or writing fails.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<()> {
        match &self.0 {
            Form::Around(document, signed) => signed.write_to(*document, out),
            Form::Whole(bytes) => Ok(out.write_all(bytes)?),
        }
    }

    /// It in memory.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to); `LimitExceeded` when it does not fit in memory.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        match &self.0 {
            Form::Around(document, signed) => signed.to_vec(*document),
            Form::Whole(bytes) => Ok(bytes.clone()),
        }
    }
}

impl fmt::Debug for Made<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = match &self.0 {
            Form::Around(_, signed) => signed.len(),
            Form::Whole(bytes) => bytes.as_slice().len().try_into().unwrap_or(u64::MAX),
        };
        write!(f, "Made({len} bytes)")
    }
}
