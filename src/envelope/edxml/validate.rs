//! Judging what of a message is signed: its own XML signature, its seals, its files.

use std::collections::BTreeMap;

use super::attachment::Attachment;
use super::codec::parse;
use super::diagnostic::DiagnosticCode;
use super::header::Envelope;
use super::message::{Message, Parsed};
use super::seal::{DIFFERS, Difference, Parts, SealReport};
use super::signature::SignatureState;
use crate::encoding::xml::{Reader, Token, undecoded};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Signer;
use crate::limits::Limits;
use crate::signature::xmldsig::SignatureBuilder;
use crate::time::UtcTime;
use crate::validation::{Conclusion, DocumentFormat, Failed, Report, Validator};

/// What can be said of a message's own signature. Only [`Holds`](Self::Holds) says anything
/// about who signed it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignatureCheck {
    /// It has none.
    Absent,
    /// The element cannot be a signature: the samples of the national kit carry such, and
    /// senders copy them.
    Dummy,
    /// The message was written anew on its way, as the axis does with every one: the signature
    /// may have been good, and nothing can be said of it any more. What was found out stands
    /// in the report, where the element still is one by its namespace.
    NoLongerVerifiable(Option<Report>),
    /// It is not over the whole message, whatever it is worth otherwise.
    NotOverMessage(Report),
    /// The message is as it was signed; the report says by whom, and whether that is to be
    /// trusted.
    Holds(Report),
    /// The message is not as it was signed, and nothing says that it travelled.
    Fails(Report),
}

impl Envelope {
    /// Writes the message with its own signature (QCVN 102:2016: the last element of the
    /// header), by XML Signature's rules: enveloped, over the whole message, exclusive
    /// canonical form, the certificates in `KeyInfo`.
    ///
    /// It holds until the axis writes the message anew. What has to hold on arrival is
    /// a [seal](Self::seal).
    ///
    /// # Errors
    /// `Misuse` when the message has a signature already, and as
    /// [`to_bytes`](Self::to_bytes); `Signer` as
    /// [`xmldsig::SignatureBuilder::sign`](crate::xmldsig::SignatureBuilder::sign).
    pub fn to_signed_bytes(&self, signer: &dyn Signer, claimed_time: UtcTime) -> Result<Vec<u8>> {
        if self.signature.is_some() {
            return Err(Error::misuse("the message has a signature already"));
        }
        let bytes = self.to_bytes()?;
        SignatureBuilder::enveloped(&bytes, claimed_time).inside_only("edXMLHeader").sign(signer)
    }
}

/// What a message's own signature is worth, told by the message as it is.
///
/// # Errors
/// As [`parse`] and [`Validator::validate`]. A bad signature is no error.
pub fn check_signature(
    message: &[u8],
    validator: &Validator,
    limits: &Limits,
) -> Result<SignatureCheck> {
    match parse(message, limits)?.message {
        Message::Document(envelope) => check(message, &envelope, validator),
        Message::Status(_) => Ok(SignatureCheck::Absent),
    }
}

fn check(message: &[u8], envelope: &Envelope, validator: &Validator) -> Result<SignatureCheck> {
    let state = match &envelope.signature {
        None => return Ok(SignatureCheck::Absent),
        Some(signature) => signature.state(),
    };
    match state {
        SignatureState::Dummy => return Ok(SignatureCheck::Dummy),
        SignatureState::WrongNamespace => return Ok(SignatureCheck::NoLongerVerifiable(None)),
        SignatureState::Present => {}
    }
    let report = validator.validate_within_message(&message)?;
    let intact = report.signatures().iter().all(|it| it.intact() == Some(true));
    let whole = report.signatures().iter().any(|it| it.covers().whole_file == Some(true));
    Ok(match (intact && !report.signatures().is_empty(), whole) {
        (true, true) => SignatureCheck::Holds(report),
        (true, false) => SignatureCheck::NotOverMessage(report),
        (false, _) if has_travelled(envelope) => SignatureCheck::NoLongerVerifiable(Some(report)),
        (false, _) => SignatureCheck::Fails(report),
    })
}

/// Each system that a message passes appends itself to its trace; the axis does so without its
/// code, or as `null`.
fn has_travelled(envelope: &Envelope) -> bool {
    let axis = |code: &str| code.is_empty() || code == "null";
    envelope.trace.len() > 1 || envelope.trace.iter().any(|it| axis(it.organ_id.as_str()))
}

/// Whether the bytes are a message of QCVN 102, told by their root element.
#[must_use]
pub fn is_message(bytes: &[u8]) -> bool {
    let Ok((bytes, mark)) = undecoded(bytes) else { return false };
    let limits = Limits::default();
    let mut reader = Reader::of_bytes(&bytes, mark, &limits);
    matches!(reader.next(), Ok(Token::Start(start)) if start.local == "edXML")
}

/// Validates all that is signed in a message: each file, its seals, its own signature. Of each
/// signature, [`covers`](crate::SignatureReport::covers) names the file; files that no
/// signature covers are named, too, be it their own or a seal that
/// [is the sender's](super::SealReport::is_of_sender). Who sealed stands among the diagnostics,
/// and how the message deviates from the standard.
///
/// A seal whose signature passes does not count where the message [differs](super::Difference)
/// from what was sealed, and the report says how. Where it differs
/// [gravely](super::Difference::is_grave), the conclusion is a failed one, whatever else is
/// signed in it, as the `Examiner` refuses such a message.
///
/// # Errors
/// As [`parse`] and [`Validator::validate`]; what is wrong with a file is none.
pub fn validate(message: &[u8], validator: &Validator, limits: &Limits) -> Result<Report> {
    let Parsed { message: parsed, diagnostics } = parse(message, limits)?;
    let mut report = validator.blank_report(DocumentFormat::Edxml);
    let about_signature = [DiagnosticCode::SignaturePresent, DiagnosticCode::SignatureDummy];
    for it in diagnostics.into_iter().filter(|it| !about_signature.contains(&it.code)) {
        report = report.with_diagnostic(it.code.id(), it.message_vi, it.message_en);
    }
    let Message::Document(envelope) = parsed else { return Ok(report) };
    report = own_signature(report, check(message, &envelope, validator)?);
    let parts = Parts::of(&envelope, validator.limits());
    let seals = parts.check_seals(&envelope, validator)?;
    // A seal of somebody else answers for no file.
    let sealed = seals.iter().any(|it| it.holds() && it.is_of_sender());
    for seal in &seals {
        if counts(seal) {
            report = report.with_part(seal.name(), seal.report().clone());
        }
        report = seal.told(report, &envelope.header.from);
        for it in seal.differences() {
            report = report.with_diagnostic(DIFFERS, it.message_vi(), it.to_string());
        }
    }
    let report = files(report, &parts.files, validator, sealed)?;
    let grave = seals.iter().flat_map(SealReport::differences).any(Difference::is_grave);
    // Whatever else is signed in it, the message is not the one that was sealed.
    Ok(if grave { report.worsened(Conclusion::TotalFailed(Failed::HashFailure)) } else { report })
}

/// A seal whose signature passes says nothing of a message that it does not fit.
fn counts(seal: &SealReport) -> bool {
    seal.differences().is_empty() || seal.report().conclusion() != Some(Conclusion::TotalPassed)
}

fn own_signature(report: Report, check: SignatureCheck) -> Report {
    match check {
        SignatureCheck::Absent => report,
        SignatureCheck::Dummy => report.with_diagnostic(
            "SIGNATURE_DUMMY",
            "Phần tử Signature của thông điệp chỉ là mẫu, không phải chữ ký số.",
            "The message's Signature element is a dummy, and no signature.",
        ),
        SignatureCheck::NoLongerVerifiable(_) => report.with_diagnostic(
            "SIGNATURE_NO_LONGER_VERIFIABLE",
            "Chữ ký của chính thông điệp không còn kiểm tra được vì trục liên thông đã ghi lại thông điệp; chữ ký trong các tệp đính kèm không bị ảnh hưởng.",
            "The message's own signature can no longer be verified, because the axis wrote the message anew; signatures within the files are not touched by that.",
        ),
        SignatureCheck::NotOverMessage(_) => report.with_diagnostic(
            "SIGNATURE_NOT_OVER_MESSAGE",
            "Chữ ký của thông điệp không bao trùm toàn bộ thông điệp nên không được tính.",
            "The message's signature is not over the whole message, and does not count.",
        ),
        SignatureCheck::Holds(own) | SignatureCheck::Fails(own) => report.with_part(OWN, own),
    }
}

/// What a message's own signature is over, in reports.
const OWN: &str = "edXML";

/// Every file, with the signature beside it where there is one.
fn files(
    mut report: Report,
    files: &[&Attachment],
    validator: &Validator,
    sealed: bool,
) -> Result<Report> {
    let all: Vec<(String, &Attachment)> = files.iter().map(|it| (it.file_name(), *it)).collect();
    let named: BTreeMap<&str, &Attachment> = all.iter().map(|(name, it)| (&**name, *it)).collect();
    let mut uncovered = Vec::new();
    for (name, file) in &all {
        if name.strip_suffix(BESIDE).is_some_and(|it| named.contains_key(it)) {
            // Of two of one name, the other one is judged with nothing.
            let other = named.get(name.as_str()).is_none_or(|it| !std::ptr::eq(*it, *file));
            if other && !sealed {
                uncovered.push(name.clone());
            }
            continue;
        }
        let Some(bytes) = file.bytes() else {
            uncovered.push(name.clone());
            continue;
        };
        let beside = named.get(format!("{name}{BESIDE}").as_str()).and_then(|it| it.bytes());
        let mut signed = false;
        if let Some(signature) = beside {
            let part = part(validator.validate_detached(signature, bytes))?;
            // An evidence record or a time-stamp token says when a file was there, and nobody
            // signs by it.
            signed |= part.is_signed();
            report = report.with_part(name, part);
        }
        let within = match validator.validate(bytes) {
            // What is no format of signatures is a file like any other.
            Err(error) if error.kind() == ErrorKind::Malformed && !claims_signatures(name) => None,
            judged => Some(part(judged)?),
        };
        if let Some(part) = within {
            signed |= part.is_signed();
            report = report.with_part(name, part);
        }
        if !signed && !sealed {
            uncovered.push(name.clone());
        }
    }
    Ok(report.with_uncovered(uncovered).joined())
}

/// A signature beside a file is called as the file, with this behind it.
const BESIDE: &str = ".p7s";

fn claims_signatures(name: &str) -> bool {
    let name = name.to_lowercase();
    [".pdf", ".p7m", ".p7s", ".asice", ".asics", ".sce", ".scs"].iter().any(|it| name.ends_with(it))
}

fn part(judged: Result<Report>) -> Result<Report> {
    match judged {
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        Err(error) => Ok(Report::unreadable(&error)),
        Ok(report) => Ok(report),
    }
}

#[cfg(test)]
mod tests;
