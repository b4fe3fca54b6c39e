//! What is to be sent: told on the command line, or by a file in a watched folder.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kyso::UtcTime;
use kyso::edxml::{
    Business, BusinessType, Date, DocumentId, DocumentType, Envelope, MessageHeader, Organization,
    OtherInfo, Priority, PromulgationInfo,
};
use serde::Deserialize;

/// A document, by what its header says and the files that it brings. As JSON:
///
/// ```json
/// { "to": ["000.00.00.G22,Văn phòng Chính phủ"], "number": "15", "notation": "QĐ-UBND",
///   "date": "2026/11/23", "subject": "Quyết định phê duyệt", "files": ["quyet-dinh.pdf"] }
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dispatch {
    /// `CODE,NAME` of each receiver.
    pub(crate) to: Vec<String>,
    pub(crate) number: String,
    pub(crate) notation: String,
    pub(crate) subject: String,
    /// Of promulgation, `yyyy/MM/dd`.
    pub(crate) date: Option<String>,
    /// "Công văn" where nothing is said.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) place: String,
    /// From 0 to 4.
    pub(crate) priority: Option<i32>,
    /// The identifier of a document that this one revokes.
    pub(crate) revokes: Option<String>,
    pub(crate) reason: String,
    pub(crate) files: Vec<PathBuf>,
}

impl Dispatch {
    /// From a file; its own files are named from where it stands.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut dispatch: Self = serde_json::from_slice(&fs::read(path)?)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        for file in &mut dispatch.files {
            *file = folder.join(&file);
        }
        if dispatch.date.is_none() {
            // The same whenever it is read: the date is part of the document's identifier.
            let written = fs::metadata(path)?.modified()?;
            let seconds = written.duration_since(std::time::UNIX_EPOCH)?.as_secs();
            let written = UtcTime::from_unix(i64::try_from(seconds)?)?;
            dispatch.date = Some(Date::at(written).as_str().to_owned());
        }
        Ok(dispatch)
    }

    /// What is missing, if anything.
    pub(crate) fn lacks(&self) -> Option<&'static str> {
        let there = [
            ("a receiver", !self.to.is_empty()),
            ("a number and a notation", !self.number.is_empty() && !self.notation.is_empty()),
            ("a subject", !self.subject.is_empty()),
            ("a file", !self.files.is_empty()),
        ];
        there.into_iter().find(|(_, is_there)| !is_there).map(|(name, _)| name)
    }

    /// The message, under the identifier by which every status will come back.
    pub(crate) fn envelope(
        self,
        from: &Organization,
        now: UtcTime,
    ) -> Result<Envelope, Box<dyn Error>> {
        if let Some(what) = self.lacks() {
            return Err(format!("the dispatch lacks {what}").into());
        }
        let date = self.date.map_or_else(|| Date::at(now), Date::from);
        if date.ymd().is_none() {
            return Err(format!("{date} is no day: give yyyy/MM/dd").into());
        }
        let mut header = MessageHeader {
            from: from.clone(),
            to: self.to.iter().map(|it| organization(it)).collect::<Result<_, _>>()?,
            subject: self.subject,
            document_type: match self.kind {
                Some(name) => DocumentType { name, ..DocumentType::default() },
                None => {
                    DocumentType { group: Some(2), detail: Some(18), name: "Công văn".into() }
                }
            },
            promulgation: PromulgationInfo { place: self.place, date },
            other_info: self
                .priority
                .map(|it| OtherInfo { priority: Some(Priority(it)), ..OtherInfo::default() }),
            ..MessageHeader::default()
        };
        header.code.number = self.number;
        header.code.notation = self.notation;
        header.document_id =
            DocumentId::compose(&from.organ_id, &header.promulgation.date, &header.code);
        let mut business = Business { reason: self.reason, ..Business::default() };
        if let Some(document) = self.revokes {
            business.kind = BusinessType::Revocation;
            business.document_id = Some(document.into());
        }
        let mut envelope =
            Envelope { business: Some(business), ..Envelope::new(header) }.sent_at(now);
        for path in &self.files {
            let name = path.file_name().ok_or("a file without a name")?;
            let content = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            envelope = envelope.attach(name.to_string_lossy(), content);
        }
        Ok(envelope)
    }
}

/// From `CODE,NAME`.
pub(crate) fn organization(text: &str) -> Result<Organization, Box<dyn Error>> {
    let (code, name) = text.split_once(',').ok_or_else(|| format!("{text}: give CODE,NAME"))?;
    Ok(Organization::new(code, name))
}
