//! A seal over what of a message survives the axis, carried as one of its attachments.
//!
//! The axis writes every message anew: it moves elements about, drops empty ones, wraps files
//! differently. No signature over the XML can outlive that. A seal signs a list of what stays
//! instead: the header's values and the digest of each file. On arrival the list is made once
//! more, of what arrived, and compared.

mod content;
mod difference;
mod parts;

#[cfg(test)]
mod tests;

pub use self::content::SealedContent;
pub use self::difference::Difference;
pub(crate) use self::parts::Parts;
use super::attachment::Attachment;
use super::header::Envelope;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Signer;
use crate::limits::Limits;
use crate::signature::cades::SignatureBuilder;
use crate::time::UtcTime;
use crate::validation::{Conclusion, Report, Validator};

/// The code of a [`Difference`] in reports.
pub(crate) const DIFFERS: &str = "SEAL_DIFFERS";

/// What the check of one seal came to.
#[derive(Debug, Clone)]
#[must_use]
pub struct SealReport {
    name: String,
    report: Report,
    differences: Vec<Difference>,
}

impl SealReport {
    /// The seal's name among the files.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signature came to.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Where what arrived is not what was sealed. Who signed the list says nothing about a
    /// message that differs from it.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// Whether the signature passed, and the message is the one that was sealed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.report.conclusion() == Some(Conclusion::TotalPassed)
    }
}

impl Envelope {
    /// Signs what of this message survives the axis, and attaches the seal: a CAdES signature
    /// that holds the list of the header's values and the files' digests. Whatever is
    /// changed in the message afterwards breaks it; a further seal does not.
    ///
    /// For more than level B-B, sign [`sealed_content`](Self::sealed_content) by
    /// [`cades::SignatureBuilder`](crate::cades::SignatureBuilder), and attach that by
    /// [`with_seal`](Self::with_seal).
    ///
    /// # Errors
    /// `Misuse` when a file cannot be got out, and when the message has as many seals as
    /// anyone needs; as the signer's own.
    pub fn seal(self, signer: &dyn Signer, claimed_time: UtcTime) -> Result<Self> {
        if self.free_name().is_none() {
            return Err(Error::misuse("the message has too many seals already"));
        }
        let content = self.sealed_content()?;
        let bytes = content.as_str().as_bytes();
        let seal = SignatureBuilder::new(bytes, claimed_time)
            .enveloping()
            .mime_type("text/plain")
            .sign(signer)?;
        Ok(self.with_seal(seal))
    }

    /// Attaches a seal: a CMS signature, in binary form, that holds the
    /// [`sealed_content`](Self::sealed_content). One that has more unsigned attributes than
    /// time-stamps, or a name that is taken, is no seal to whoever receives it but a file.
    #[must_use]
    pub fn with_seal(mut self, seal: Vec<u8>) -> Self {
        let id = format!("cid:{}", self.attachments.len().saturating_add(1));
        let name = self.free_name().or_else(|| parts::names().next());
        let mut seal = Attachment::new(id, name.unwrap_or_default(), seal);
        "Dấu niêm phong thông điệp (edXML seal)".clone_into(&mut seal.description);
        self.attachments.push(seal);
        self
    }

    fn free_name(&self) -> Option<String> {
        parts::names().find(|name| self.attachments.iter().all(|it| it.name != *name))
    }

    /// What a seal over this message signs.
    ///
    /// # Errors
    /// `Misuse` when a file cannot be got out, so that nobody can vouch for it, and when the
    /// list would be longer than a megabyte.
    pub fn sealed_content(&self) -> Result<SealedContent> {
        SealedContent::of(self, &Parts::of(self, &Limits::default()).files)
    }

    /// Checks every seal of a message that arrived: its signature by `validator`, its list
    /// against the message as it is. There are none where nobody sealed it, or somebody took
    /// the seal away: whoever must have one has to ask for it.
    ///
    /// # Errors
    /// As [`Validator::validate`]. That a seal is broken is no error.
    pub fn check_seals(&self, validator: &Validator) -> Result<Vec<SealReport>> {
        Parts::of(self, validator.limits()).check_seals(self, validator)
    }
}

impl Parts<'_> {
    /// [`Envelope::check_seals`] of the message that these are the parts of.
    pub(crate) fn check_seals(
        &self,
        envelope: &Envelope,
        validator: &Validator,
    ) -> Result<Vec<SealReport>> {
        if self.seals.is_empty() {
            return Ok(Vec::new());
        }
        let arrived = SealedContent::of_arrived(envelope, &self.files);
        let checked = self.seals.iter().map(|seal| {
            let report = match validator.validate(seal.bytes) {
                Ok(report) => report,
                Err(error) if error.kind() == ErrorKind::Io => return Err(error),
                Err(error) => Report::unreadable(&error),
            };
            let differences = difference::between(&seal.list, &arrived);
            let name = seal.name.to_owned();
            Ok(SealReport { report: report.for_file(&name), name, differences })
        });
        let mut checked = checked.collect::<Result<Vec<_>>>()?;
        beside_others(&mut checked);
        Ok(checked)
    }
}

/// No list names another seal. One that does not hold is an attachment for which nobody
/// answers, then, and none holds beside it.
fn beside_others(seals: &mut [SealReport]) {
    let names = seals.iter().filter(|it| !it.holds()).map(|it| it.name.clone());
    let fallen: Vec<Difference> = names.map(Difference::of_seal).collect();
    for seal in seals.iter_mut().filter(|it| it.holds()) {
        seal.differences.extend_from_slice(&fallen);
    }
}
