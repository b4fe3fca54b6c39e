//! The list that a seal signs: one line for each value, in an order that does not depend on
//! how the message was written.

use std::fmt::Display;

use crate::crypto::DigestAlgorithm;
use crate::envelope::edxml::{
    Attachment, Business, BusinessType, Envelope, MessageHeader, Organization, OtherInfo,
    ReplacementInfo,
};
use crate::error::{Error, Result};

/// The first line, with the version of the list.
const TITLE: &str = "edXML seal 2";

/// Bytes of one list. A thousand files with long names take some hundred thousand.
pub(super) const MOST: usize = 1 << 20;

/// Stands between the parts of a value; no value has one.
pub(super) const SEPARATOR: char = '\t';

/// What a seal signs: a text of lines, each a name and a value (`subject Quyết định…`), ended
/// by `\n`, in UTF-8.
///
/// A value's white space is one blank wherever there is any, and a value that is empty, or a
/// number that is not above 0, has no line: the axis keeps neither apart. What is there several
/// times, as receivers and files are, is sorted. A file's line has the SHA-256 of its bytes,
/// their number and the file's name, parted by tabs.
///
/// All values of the message stand in it but those that the axis writes or that say how the
/// message is written: its trace and `Signature`, the identifiers, codings and types of the
/// files, and the addresses of the receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedContent {
    text: String,
}

impl SealedContent {
    /// As a seal signs it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn of(envelope: &Envelope, files: &[&Attachment]) -> Result<Self> {
        let mut lines = Lines::of(envelope);
        for file in files {
            let Some(bytes) = file.bytes() else {
                let what =
                    format!("the file {:?} cannot be got out, so it cannot be sealed", file.name);
                return Err(Error::misuse(what));
            };
            lines.file(file, Some(bytes));
        }
        let list = lines.finish();
        if list.text.len() > MOST {
            return Err(Error::misuse("the message has more values than a seal may list"));
        }
        Ok(list)
    }

    /// The same of a message as it arrived: what cannot be got out differs from whatever it was.
    pub(super) fn of_arrived(envelope: &Envelope, files: &[&Attachment]) -> Self {
        let mut lines = Lines::of(envelope);
        for file in files {
            lines.file(file, file.bytes());
        }
        lines.finish()
    }

    /// From what a seal signed.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).ok();
        let list = text.and_then(|it| it.strip_prefix(TITLE)?.strip_prefix('\n'));
        match (text, list) {
            (Some(text), Some(list)) if list.is_empty() || list.ends_with('\n') => {
                Ok(Self { text: text.to_owned() })
            }
            _ => Err(Error::malformed("this is no list of what was sealed")),
        }
    }

    /// Names and values, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().skip(1).map(|line| line.split_once(' ').unwrap_or((line, "")))
    }
}

/// The lines as they are gathered.
struct Lines(Vec<(&'static str, String)>);

impl Lines {
    fn of(envelope: &Envelope) -> Self {
        let mut lines = Self(Vec::new());
        lines.header(&envelope.header);
        if let Some(other) = &envelope.header.other_info {
            lines.other(other);
        }
        if let Some(business) = &envelope.business {
            lines.business(business);
        }
        lines
    }

    fn finish(mut self) -> SealedContent {
        // Stable, and by name first, so that equal messages have equal lists.
        self.0.sort();
        let lines = self.0.iter().map(|(name, value)| format!("{name} {value}\n"));
        SealedContent { text: format!("{TITLE}\n{}", lines.collect::<String>()) }
    }

    fn add(&mut self, name: &'static str, value: impl Display) {
        let value = plain(&value.to_string());
        if !value.is_empty() {
            self.0.push((name, value));
        }
    }

    fn number(&mut self, name: &'static str, value: Option<i32>) {
        if let Some(value) = value.filter(|it| *it > 0) {
            self.add(name, value);
        }
    }

    fn parts(&mut self, name: &'static str, parts: &[&dyn Display]) {
        let parts: Vec<String> = parts.iter().map(|it| plain(&it.to_string())).collect();
        if parts.iter().any(|it| !it.is_empty()) {
            self.0.push((name, parts.join("\t")));
        }
    }

    fn all(&mut self, name: &'static str, values: &[String]) {
        for value in values {
            self.add(name, value);
        }
    }

    fn header(&mut self, header: &MessageHeader) {
        self.sender(&header.from);
        for it in &header.to {
            self.parts("to", &[&it.organ_id, &it.organ_name, &it.organization_in_charge]);
        }
        self.add("document-id", &header.document_id);
        self.add("number", &header.code.number);
        self.add("notation", &header.code.notation);
        self.add("place", &header.promulgation.place);
        self.add("date", &header.promulgation.date);
        self.number("type-group", header.document_type.group);
        self.number("type-detail", header.document_type.detail);
        self.add("type-name", &header.document_type.name);
        self.add("subject", &header.subject);
        self.add("content", &header.content);
        self.add("signer-competence", &header.signer.competence);
        self.add("signer-position", &header.signer.position);
        self.add("signer-name", &header.signer.full_name);
        self.add("due-date", &header.due_date);
        for it in &header.response_for {
            let parts: [&dyn Display; 4] =
                [&it.document_id, &it.organ_id, &it.code, &it.promulgation_date];
            self.parts("answers", &parts);
        }
        self.number("steering", header.steering_type);
        self.all("to-place", &header.to_places);
        self.all("task", &header.response_for_tasks);
        self.add("application", &header.application_type);
    }

    /// The code by itself: systems go by it, and people by the rest.
    fn sender(&mut self, from: &Organization) {
        self.add("from", &from.organ_id);
        self.add("from-name", &from.organ_name);
        self.add("from-in-charge", &from.organization_in_charge);
        let contact: [&dyn Display; 5] =
            [&from.organ_add, &from.email, &from.telephone, &from.fax, &from.website];
        self.parts("from-contact", &contact);
    }

    fn other(&mut self, other: &OtherInfo) {
        self.number("priority", other.priority.map(|it| it.0));
        self.add("sphere", &other.sphere_of_promulgation);
        self.add("typer", &other.typer_notation);
        if other.direction {
            self.add("direction", true);
        }
        self.number("copies", other.promulgation_amount);
        self.number("pages", other.page_amount);
        self.all("replies", &other.reply_fors);
        self.all("references", &other.reference_codes);
        self.all("appendix", &other.appendixes);
    }

    /// That a message brings a new document goes without saying: the axis loses it sometimes,
    /// with all that is said besides.
    fn business(&mut self, business: &Business) {
        if business.kind != BusinessType::New {
            self.add("business", business.kind.number());
        }
        self.add("business-reason", &business.reason);
        self.number("business-paper", business.paper);
        if let Some(target) = &business.document_id {
            self.add("business-target", target);
        }
        if let Some(changed) = &business.document_info {
            self.number("business-information", changed.document_info);
            self.number("business-receivers", changed.document_receiver);
            for receiver in &changed.receivers {
                let kind = receiver.receiver_type.unwrap_or_default();
                self.parts("business-receiver", &[&receiver.organ_id, &kind]);
            }
        }
        if let Some(it) = &business.staff {
            let staff: [&dyn Display; 6] =
                [&it.department, &it.department_id, &it.staff, &it.staff_id, &it.email, &it.mobile];
            self.parts("business-staff", &staff);
        }
        business.replacements.iter().for_each(|it| self.replacement(it));
    }

    fn replacement(&mut self, replaced: &ReplacementInfo) {
        for organ in &replaced.organ_ids {
            self.parts("business-replaces", &[&replaced.document_id, organ]);
        }
        if replaced.organ_ids.is_empty() {
            self.parts("business-replaces", &[&replaced.document_id, &""]);
        }
    }

    fn file(&mut self, file: &Attachment, bytes: Option<&[u8]>) {
        let digest = bytes.map(|it| DigestAlgorithm::Sha256.digest(it).to_string());
        let digest = digest.unwrap_or_else(|| "?".to_owned());
        let len = bytes.map(|it| it.len()).unwrap_or_default();
        self.parts("file", &[&digest, &len, &file.name]);
        // Apart, for not every kit on the way keeps it.
        if !file.description.is_empty() || !file.field_name.is_empty() {
            let said: [&dyn Display; 4] =
                [&digest, &file.name, &file.description, &file.field_name];
            self.parts("file-description", &said);
        }
    }
}

/// White space is one blank: the axis and its kits trim and break lines as they like.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
