//! A seal over what of a message survives the axis, carried as one of its attachments.
//!
//! The axis writes every message anew: it moves elements about, drops empty ones, wraps files
//! differently. No signature over the XML can outlive that. A seal signs a list of what stays
//! instead: the header's values and the digest of each file. On arrival the list is made once
//! more, of what arrived, and compared.

mod content;
mod difference;

#[cfg(test)]
mod tests;

pub use self::content::SealedContent;
pub use self::difference::Difference;
use super::attachment::Attachment;
use super::header::Envelope;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Signer;
use crate::limits::{Limits, within};
use crate::signature::cades::SignatureBuilder;
use crate::signature::cms::{SignedData, unarmoured};
use crate::time::UtcTime;
use crate::validation::{Conclusion, Report, Validator};

/// What a seal is called among the files. It is known by what it signs, whatever its name is.
const NAME: &str = "edxml-seal.p7m";

/// The code of a [`Difference`] in reports.
pub(crate) const DIFFERS: &str = "SEAL_DIFFERS";

/// Seals of one message: the sender's own, and perhaps one of each who passed it on.
const SEALS: usize = 16;

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
    /// `Misuse` when a file cannot be got out; as the signer's own.
    pub fn seal(self, signer: &dyn Signer, claimed_time: UtcTime) -> Result<Self> {
        let content = self.sealed_content()?;
        let bytes = content.as_str().as_bytes();
        let seal = SignatureBuilder::new(bytes, claimed_time)
            .enveloping()
            .mime_type("text/plain")
            .sign(signer)?;
        Ok(self.with_seal(seal))
    }

    /// Attaches a seal: a CMS signature that holds the [`sealed_content`](Self::sealed_content).
    #[must_use]
    pub fn with_seal(mut self, seal: Vec<u8>) -> Self {
        let id = format!("cid:{}", self.attachments.len().saturating_add(1));
        let taken = |name: &str| self.attachments.iter().any(|it| it.name == name);
        let more = (2..=SEALS).map(|n| format!("edxml-seal-{n}.p7m"));
        let name = std::iter::once(NAME.to_owned()).chain(more).find(|it| !taken(it));
        let mut seal = Attachment::new(id, name.unwrap_or_else(|| NAME.to_owned()), seal);
        "Dấu niêm phong thông điệp (edXML seal)".clone_into(&mut seal.description);
        self.attachments.push(seal);
        self
    }

    /// What a seal over this message signs.
    ///
    /// # Errors
    /// `Misuse` when a file cannot be got out, so that nobody can vouch for it.
    pub fn sealed_content(&self) -> Result<SealedContent> {
        let files = self.attachments.iter().filter(|it| sealed_by(it).is_none());
        SealedContent::of(self, files)
    }

    /// Checks every seal of a message that arrived: its signature by `validator`, its list
    /// against the message as it is. There are none where nobody sealed it, or somebody took
    /// the seal away: whoever must have one has to ask for it.
    ///
    /// # Errors
    /// `LimitExceeded` when there are more seals than anyone needs; as
    /// [`Validator::validate`]. That a seal is broken is no error.
    pub fn check_seals(&self, validator: &Validator) -> Result<Vec<SealReport>> {
        let seals = self.attachments.iter().filter_map(|it| Some((it, sealed_by(it)?)));
        let seals: Vec<_> = seals.collect();
        within(seals.len(), SEALS, "seals of one message")?;
        if seals.is_empty() {
            return Ok(Vec::new());
        }
        let files = self.attachments.iter().filter(|it| sealed_by(it).is_none());
        let arrived = SealedContent::of_arrived(self, files);
        seals
            .into_iter()
            .map(|(attachment, sealed)| {
                let name = attachment.file_name();
                let bytes = attachment.bytes().unwrap_or_default();
                let report = match validator.validate(bytes) {
                    Ok(report) => report,
                    Err(error) if error.kind() == ErrorKind::Io => return Err(error),
                    Err(error) => Report::unreadable(&error),
                };
                let differences = difference::between(&sealed, &arrived);
                Ok(SealReport { report: report.for_file(&name), name, differences })
            })
            .collect()
    }
}

impl Attachment {
    /// Whether it is a seal over the message that it stands in.
    #[must_use]
    pub fn is_seal(&self) -> bool {
        sealed_by(self).is_some()
    }
}

/// What it seals, where it is a seal.
fn sealed_by(attachment: &Attachment) -> Option<SealedContent> {
    let bytes = attachment.bytes()?;
    // A SEQUENCE or PEM: no other file is looked into.
    if !bytes.starts_with(&[0x30]) && !bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return None;
    }
    let read = || -> Result<SealedContent> {
        let limits = Limits::default();
        let bytes = unarmoured(bytes)?;
        let cms = SignedData::parse(&bytes, &limits)?;
        let content = cms.content().ok_or_else(|| Error::malformed("it holds no content"))?;
        SealedContent::read(&content.bytes()?)
    };
    read().ok()
}
