//! Files within a message: how they are coded, and getting them out whole.

use serde::{Deserialize, Serialize};

use super::diagnostic::DiagnosticCode;
use crate::crypto::DigestAlgorithm;
use crate::encoding::{steers, zip};
use crate::error::{ErrorKind, Result};

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As on the wire, `cid:` included; [`Attachment::id`] is what to compare.
    pub content_id: String,
    /// The name of the file, as the sender wrote it. Not a path to write to.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// The field of a form that it belongs to.
    pub field_name: String,
    /// A media type; seldom filled.
    pub mime_type: String,
    /// The content type as on the wire. Senders get it wrong: nothing is decided by it.
    pub content_type: String,
    /// How the content stands in the message.
    pub coding: Coding,
    /// The file itself.
    pub content: Content,
}

/// How the content of an attachment stands in the message, below base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// The bytes of the file.
    Raw,
    /// A ZIP archive with the file as its one entry.
    Zip,
}

/// The bytes of an attachment, where they could be got out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The file.
    Bytes(#[serde(with = "crate::encoding::base64")] Vec<u8>),
    /// It could not be got out; a diagnostic says why. Such a message can be
    /// refused with a reason, but not written again.
    Unreadable,
    /// It was [handed out](super::parse_files) when it was read, and is not kept. Neither can
    /// such a message be written again.
    HandedOut,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Unreadable => f.write_str("Unreadable"),
            Self::HandedOut => f.write_str("HandedOut"),
        }
    }
}

impl Attachment {
    /// A file, coded as the national kit codes one of its name: PDF, Word and ZIP
    /// files as they are, every other in a ZIP archive.
    #[must_use]
    pub fn new(content_id: impl Into<String>, name: impl Into<String>, content: Vec<u8>) -> Self {
        let name = name.into();
        let (coding, content_type) = kit_coding(&name);
        Self {
            content_id: content_id.into(),
            name,
            description: String::new(),
            field_name: String::new(),
            mime_type: String::new(),
            content_type: content_type.to_owned(),
            coding,
            content: Content::Bytes(content),
        }
    }

    /// The identifier without any `cid:` before it: senders write none, one or two.
    #[must_use]
    pub fn id(&self) -> &str {
        strip_cid(&self.content_id)
    }

    /// The file, where it could be got out and is still there.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Unreadable | Content::HandedOut => None,
        }
    }

    /// The name as one that is safe to give a file: no folders, no characters that
    /// a file system treats specially, at most 200 bytes; `attachment` where
    /// nothing is left.
    #[must_use]
    pub fn file_name(&self) -> String {
        let last = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let safe: String = last.chars().map(|it| if is_unsafe(it) { '_' } else { it }).collect();
        let safe = safe.trim_matches(MARGIN);
        // From the front, so that the extension stays.
        let most = safe.len().saturating_sub(FILE_NAME_BYTES);
        let from = (most..safe.len()).find(|at| safe.is_char_boundary(*at)).unwrap_or(most);
        match safe.get(from..).unwrap_or_default().trim_matches(MARGIN) {
            "" => "attachment".to_owned(),
            device if is_device(device) => format!("_{device}"),
            safe => safe.to_owned(),
        }
    }

    /// Whether the name could harm who uses it as a path.
    pub(super) fn name_is_unsafe(&self) -> bool {
        self.name.contains(['/', '\\'])
            || self.name.chars().any(is_unsafe)
            || is_device(&self.name)
            || self.name.trim_matches('.').is_empty() && !self.name.is_empty()
    }

    /// The bytes that base64 is made of when the message is written.
    pub(super) fn wire(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.coding {
            Coding::Raw => Ok(None),
            Coding::Zip => zip::write_single(&entry_name(&self.name, bytes), bytes).map(Some),
        }
    }
}

/// File systems take 255 bytes; temporary names add to them.
const FILE_NAME_BYTES: usize = 200;

/// What Windows drops from the end of a name, and what hides a file elsewhere.
const MARGIN: [char; 2] = [' ', '.'];

/// Characters that Windows forbids, and those that steer what shows a name, so that
/// `fdp.exe` shows as `exe.pdf`.
fn is_unsafe(it: char) -> bool {
    steers(it) || matches!(it, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*')
}

/// Names that are devices to Windows, in every folder and with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|it| {
            let mut number = it.chars();
            let digit = |it: char| it.is_ascii_digit() || matches!(it, '¹' | '²' | '³');
            number.next().is_some_and(digit) && number.next().is_none()
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

pub(super) fn strip_cid(content_id: &str) -> &str {
    let mut id = content_id.trim();
    while let Some(rest) = id.strip_prefix("cid:") {
        id = rest.trim_start();
    }
    id
}

fn extension(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase())
}

/// The national kit's table, its two misspelt rows included: it means `xls` and
/// `xlsx` by `xsl` and `xslx`, so that real ones are zipped.
fn kit_coding(name: &str) -> (Coding, &'static str) {
    match extension(name).as_deref() {
        Some("pdf") => (Coding::Raw, "application/pdf"),
        Some("doc") => (Coding::Raw, "application/doc"),
        Some("docx") => (Coding::Raw, "application/docx"),
        Some("zip") => (Coding::Raw, "application/zip"),
        Some("xsl") => (Coding::Raw, "application/xsl"),
        Some("xslx") => (Coding::Raw, "application/xslx"),
        _ => (Coding::Zip, "application/zip"),
    }
}

/// `<uuid>.<ext>` as the kit names the entry; ours comes from the content, so that
/// equal messages are equal bytes.
fn entry_name(name: &str, content: &[u8]) -> String {
    let digest = DigestAlgorithm::Sha256.digest(content).to_string();
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    let extension = extension(name)
        .filter(|it| it.len() <= 16 && it.chars().all(|it| it.is_ascii_alphanumeric()))
        .unwrap_or_else(|| "unk".to_owned());
    format!(
        "{}-{}-{}-{}-{}.{extension}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// What was found in the bytes that base64 carried.
pub(super) struct Unwrapped {
    pub(super) content: Content,
    pub(super) coding: Coding,
    pub(super) findings: Vec<(DiagnosticCode, String)>,
}

/// Gets the file out of the bytes that base64 carried, by what they are rather than
/// by what the message says they are.
///
/// An archive is opened unless the file is one itself: by its name (`.zip`), or
/// because it is an office document or a container, which are archives inside.
pub(super) fn unwrap(
    wire: Vec<u8>,
    name: &str,
    content_type: &str,
    limit: usize,
) -> Result<Unwrapped> {
    let mut findings = Vec::new();
    let (content, coding) = if zip::is_archive(&wire) && extension(name).as_deref() != Some("zip") {
        open(wire, limit, &mut findings)?
    } else {
        (Content::Bytes(wire), Coding::Raw)
    };
    if let Content::Bytes(bytes) = &content {
        let claims_zip = content_type == "application/zip";
        let claims_pdf = content_type == "application/pdf";
        let is_zip = coding == Coding::Zip || zip::is_archive(bytes);
        let is_pdf = coding == Coding::Raw && bytes.starts_with(b"%PDF-");
        if claims_zip && !is_zip || claims_pdf && !is_pdf {
            findings.push((DiagnosticCode::ContentTypeDiffers, content_type.to_owned()));
        }
        if bytes.is_empty() {
            findings.push((DiagnosticCode::AttachmentEmpty, String::new()));
        }
        if is_damaged(bytes) {
            findings.push((DiagnosticCode::ContentDamaged, String::new()));
        }
    }
    Ok(Unwrapped { content, coding, findings })
}

/// How many names of an archive are looked at to tell what it is.
const NAMES: usize = 64;

fn open(
    wire: Vec<u8>,
    limit: usize,
    findings: &mut Vec<(DiagnosticCode, String)>,
) -> Result<(Content, Coding)> {
    let damaged = is_damaged(&wire);
    let mut failed = |code, what: String| {
        let code = if damaged { DiagnosticCode::ContentDamaged } else { code };
        findings.push((code, what));
        Ok((Content::Unreadable, Coding::Zip))
    };
    let listing = match zip::list(&wire, NAMES) {
        Ok(listing) => listing,
        Err(error) => return failed(DiagnosticCode::ZipMalformed, error.to_string()),
    };
    let [entry] = listing.names.as_slice() else {
        return if is_document(&listing.names) {
            Ok((Content::Bytes(wire), Coding::Raw))
        } else {
            let more = if listing.more { "+" } else { "" };
            failed(DiagnosticCode::ZipNotOneEntry, format!("{}{more}", listing.names.len()))
        };
    };
    match zip::read_single(&wire, limit) {
        Ok(bytes) => {
            if leaves_its_folder(entry) {
                findings.push((DiagnosticCode::ZipPathUnsafe, entry.clone()));
            }
            Ok((Content::Bytes(bytes), Coding::Zip))
        }
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        Err(error) => failed(DiagnosticCode::ZipMalformed, error.to_string()),
    }
}

fn leaves_its_folder(path: &str) -> bool {
    path.starts_with('/') || path.contains(['\\', ':']) || path.split('/').any(|it| it == "..")
}

/// Office documents (ECMA-376 part 2), OpenDocument files and signature containers
/// (their `mimetype` comes first) are archives that are documents.
fn is_document(names: &[String]) -> bool {
    names.iter().any(|it| it == "[Content_Types].xml")
        || names.first().is_some_and(|it| it == "mimetype")
}

/// A PDF or an archive that went through a conversion from and to UTF-8: what was
/// no character became U+FFFD, and all of it is UTF-8 now, which no such file is.
fn is_damaged(bytes: &[u8]) -> bool {
    // A sound one stops being UTF-8 within its first bytes.
    (bytes.starts_with(b"%PDF-") || bytes.starts_with(b"PK"))
        && std::str::from_utf8(bytes).is_ok_and(|text| text.contains('\u{FFFD}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_table() {
        for (name, coding, content_type) in [
            ("a.PDF", Coding::Raw, "application/pdf"),
            ("a.b.docx", Coding::Raw, "application/docx"),
            ("a.zip", Coding::Raw, "application/zip"),
            ("a.xlsx", Coding::Zip, "application/zip"),
            ("a", Coding::Zip, "application/zip"),
        ] {
            let it = Attachment::new("cid:1", name, Vec::new());
            assert_eq!((it.coding, it.content_type.as_str()), (coding, content_type), "{name}");
        }
        assert_eq!(entry_name("a", b""), "e3b0c442-98fc-1c14-9afb-f4c8996fb924.unk");
    }

    fn unwrapped(wire: Vec<u8>, name: &str, content_type: &str) -> (Content, Vec<DiagnosticCode>) {
        let it = unwrap(wire, name, content_type, 1 << 20).unwrap();
        (it.content, it.findings.into_iter().map(|(code, _)| code).collect())
    }

    #[test]
    fn sniffs_rather_than_believes() {
        use DiagnosticCode::*;
        let pdf = b"%PDF-1.4 \xE2\xE3".to_vec();
        let zipped = zip::write_single("x.pdf", &pdf).unwrap();
        let file = Content::Bytes(pdf.clone());
        assert_eq!(unwrapped(pdf.clone(), "a.pdf", "application/pdf"), (file.clone(), vec![]));
        assert_eq!(
            unwrapped(pdf, "a.pdf", "application/zip"),
            (file.clone(), vec![ContentTypeDiffers])
        );
        assert_eq!(unwrapped(zipped.clone(), "a.pdf", "application/zip"), (file.clone(), vec![]));
        assert_eq!(
            unwrapped(zipped.clone(), "a.pdf", "application/pdf"),
            (file, vec![ContentTypeDiffers])
        );
        assert_eq!(
            unwrapped(zipped.clone(), "A.ZIP", "application/zip"),
            (Content::Bytes(zipped.clone()), vec![]),
            "the file is an archive itself"
        );
        let mut broken = zipped;
        broken.truncate(60);
        assert_eq!(
            unwrapped(broken, "a.pdf", "application/zip"),
            (Content::Unreadable, vec![ZipMalformed])
        );
        let round_trip = String::from_utf8_lossy(b"%PDF-1.4\n%\xE2\xE3\xCF\xD3").into_owned();
        assert_eq!(
            unwrapped(round_trip.clone().into_bytes(), "a.pdf", "application/pdf").1,
            [ContentDamaged]
        );
        let round_trip =
            String::from_utf8_lossy(&zip::write_single("x", &[7; 999]).unwrap()).into_owned();
        assert_eq!(
            unwrapped(round_trip.into_bytes(), "a.xlsx", "application/zip"),
            (Content::Unreadable, vec![ContentDamaged])
        );
        let empty = b"PK\x05\x06".iter().copied().chain([0; 18]).collect();
        assert_eq!(
            unwrapped(empty, "a.xlsx", "application/zip"),
            (Content::Unreadable, vec![ZipNotOneEntry])
        );
    }

    #[test]
    fn names_that_are_safe_for_files() {
        for (name, safe) in [
            ("Công văn số 7816.pdf", "Công văn số 7816.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\y:z.pdf", "y_z.pdf"),
            ("..", "attachment"),
            ("", "attachment"),
            ("a\u{202E}fdp.exe", "a_fdp.exe"),
            ("a\u{2028}b\u{200B}.pdf", "a_b_.pdf"),
            ("nul", "_nul"),
            ("Aux .tar.gz", "_Aux .tar.gz"),
            ("COM¹.pdf", "_COM¹.pdf"),
        ] {
            let it = Attachment::new("", name, Vec::new());
            assert_eq!(it.file_name(), safe);
            assert_eq!(it.name_is_unsafe(), safe != name && !name.is_empty(), "{name}");
        }
        let long = Attachment::new("", format!("{}.pdf", "ố".repeat(300)), Vec::new());
        assert!(long.file_name().len() <= 200 && long.file_name().ends_with("ố.pdf"));
        for plain in ["company.pdf", "COM10.pdf", "lpt.pdf", "connection", "Công văn.pdf"] {
            assert_eq!(Attachment::new("", plain, Vec::new()).file_name(), plain);
        }
    }

    /// A name may be as long as any text: its length must not be paid for squared.
    #[test]
    fn the_longest_names_are_cut_at_once() {
        let it = Attachment::new("", "a.".repeat(4 << 20), Vec::new());
        assert!(it.file_name().len() <= 200);
    }
}
