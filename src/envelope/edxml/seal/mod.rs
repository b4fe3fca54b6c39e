//! A seal over what of a message survives the axis, carried as one of its attachments.
//!
//! The axis writes every message anew: it moves elements about, drops empty ones, wraps files
//! differently. No signature over the XML can outlive that. A seal signs a list of what stays
//! instead: the header's values and the digest of each file. On arrival the list is made once
//! more, of what arrived, and compared.

mod content;
mod difference;
mod parts;
mod sender;

#[cfg(test)]
mod tests;

pub use self::content::SealedContent;
pub use self::difference::Difference;
pub(crate) use self::parts::Parts;
use super::attachment::{Attachment, Content};
use super::header::Envelope;
use super::organization::Organization;
use crate::encoding::printable;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Signer;
use crate::limits::Limits;
use crate::signature::cades::SignatureBuilder;
use crate::time::UtcTime;
use crate::validation::{Conclusion, Report, SignatureReport, Validator};

/// The code of a [`Difference`] in reports.
pub(crate) const DIFFERS: &str = "SEAL_DIFFERS";

/// What the check of one seal came to.
#[derive(Debug, Clone)]
#[must_use]
pub struct SealReport {
    name: String,
    report: Report,
    differences: Vec<Difference>,
    of_sender: bool,
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

    /// Whether the signature passed, and the message is the one that was sealed: by somebody
    /// whose certificate is trusted, who need not be the sender. Anybody may take a seal away,
    /// change the message and seal it himself, so ask [`is_of_sender`](Self::is_of_sender), too.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.report.conclusion() == Some(Conclusion::TotalPassed)
    }

    /// Whether the certificate of one who sealed, and whose signature passed, names the agency
    /// that the message says it is from: its code or its name, as the subject's CN, O, OU,
    /// serialNumber, organizationIdentifier or UID, in whichever case. It vouches for the name;
    /// that no other agency has it, only a directory of agencies can tell, as that of the feature
    /// `exchange` does.
    #[must_use]
    pub fn is_of_sender(&self) -> bool {
        self.of_sender
    }

    /// Who sealed, for people: names and organisations by their certificates, whatever these
    /// are worth.
    #[must_use]
    pub fn sealer(&self) -> String {
        let signatures = self.report.signatures().iter().filter(|it| !it.is_counter_signature());
        let names = signatures.map(|it| {
            let (name, agency) = (it.signer_name().or(it.signer()), it.agency());
            let agency = agency.filter(|it| Some(*it) != name);
            printable(&[name.unwrap_or("?"), agency.unwrap_or_default()].join(", "))
        });
        let names: Vec<String> = names.map(|it| it.trim_end_matches(", ").to_owned()).collect();
        names.join("; ")
    }

    /// The report with who sealed the message, where the seal holds.
    pub(crate) fn told(&self, report: Report, sender: &Organization) -> Report {
        let (who, from) = (self.sealer(), printable(&sender.organ_name));
        let from = format!("{from} ({})", printable(sender.organ_id.as_str()));
        match (self.holds(), self.of_sender) {
            (false, _) => report,
            (true, true) => report.with_diagnostic(
                "SEALED_BY_SENDER",
                format!("Thông điệp do “{who}” niêm phong; chứng thư số nêu đúng cơ quan gửi “{from}”."),
                format!("The message is sealed by “{who}”; the certificate names the sender, “{from}”."),
            ),
            (true, false) => report.with_diagnostic(
                "SEALED_BY_OTHER",
                format!(
                    "Thông điệp do “{who}” niêm phong, nhưng chứng thư số không nêu tên hay mã của cơ quan gửi “{from}”: dấu niêm phong này không bảo đảm ai là người gửi."
                ),
                format!(
                    "The message is sealed by “{who}”, whose certificate has neither the name nor the code of the sender, “{from}”: this seal does not say who sent it."
                ),
            ),
        }
    }
}

/// Whether one whose signature passed is named as the sender.
fn is_of(report: &Report, sender: &Organization) -> bool {
    let passed = |it: &&SignatureReport| {
        !it.is_counter_signature() && it.conclusion() == Conclusion::TotalPassed
    };
    let mut certificates =
        report.signatures().iter().filter(passed).filter_map(SignatureReport::certificate);
    certificates.any(|it| sender::is_named(sender, it))
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
    /// time-stamps, a certificate, a CRL or an OCSP answer that cannot be read as such, or a name
    /// that is taken, is no seal to whoever receives it but a file.
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
    /// As [`Validator::validate`]; `Misuse` where the message was read by
    /// [`parse_files`](super::parse_files), so that its files, and its seals, are not in it any
    /// more. That a seal is broken is no error.
    pub fn check_seals(&self, validator: &Validator) -> Result<Vec<SealReport>> {
        if self.attachments.iter().any(|it| matches!(it.content, Content::HandedOut)) {
            let what = "the files of the message were handed out, and its seals with them";
            return Err(Error::misuse(what));
        }
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
            let of_sender = is_of(&report, &envelope.header.from);
            Ok(SealReport { report: report.for_file(&name), name, differences, of_sender })
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
