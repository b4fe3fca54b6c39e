//! What a file of a message is, as far as its signatures go: by its content, and by its name
//! where that is what a reader goes by.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::source::{Files, Source};

/// What a file is looked into as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A PDF, or a CMS that holds its content: what cannot be read is broken.
    Signable,
    /// XML, whose signatures may be over other files of the message.
    Xml,
    /// A ZIP archive, which may be a container of signatures.
    Archive,
    /// A container of signatures by its name, and no archive.
    NoArchive,
    Other,
}

/// A CMS that holds its file.
const HOLDS_ITS_FILE: &str = ".p7m";
/// Containers of signatures (EN 319 162-1 Annex A).
const CONTAINERS: [&str; 4] = [".asice", ".sce", ".asics", ".scs"];
/// What the namespace of XML signatures ends with.
const XMLDSIG: &[u8] = b"xmldsig#";
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// The folder of a container that has the signatures in it, and what their names have.
const FOLDER: &[u8] = b"meta-inf/";
const SIGNATURE: &[u8] = b"signature";
/// Letters of a path in that folder that are looked at.
const PATH: usize = 64;

impl Kind {
    pub(super) fn of(name: &str, bytes: &[u8]) -> Self {
        let name = name.to_lowercase();
        if name.ends_with(HOLDS_ITS_FILE) || opens_as_pdf(&name, bytes) {
            return Self::Signable;
        }
        match bytes {
            _ if bytes.starts_with(ARCHIVE) => Self::Archive,
            _ if is_container(&name) => Self::NoArchive,
            [0xFE, 0xFF, 0, b'<', ..] | [0xFF, 0xFE, b'<', 0, ..] => Self::Xml,
            _ => {
                let text = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
                if text.trim_ascii_start().starts_with(b"<") { Self::Xml } else { Self::Other }
            }
        }
    }

    /// Whether what cannot be read would be signed. A web page is no XML that has to be read,
    /// nor is a spreadsheet a container: they say nothing of signatures.
    pub(super) fn claims_signatures(self, name: &str, bytes: &[u8]) -> bool {
        match self {
            Self::Signable | Self::NoArchive => true,
            Self::Other => false,
            Self::Xml => mentions_signature(bytes),
            Self::Archive => {
                is_container(&name.to_lowercase())
                    || bytes.get(30..).is_some_and(|it| it.starts_with(MIME_TYPE))
                    || lists_signature(bytes)
            }
        }
    }
}

/// As the first entry of a container is named and begins.
const MIME_TYPE: &[u8] = b"mimetypeapplication/vnd.etsi.asic-";

fn is_container(name: &str) -> bool {
    CONTAINERS.iter().any(|it| name.ends_with(it))
}

/// In any of the encodings that XML is read in.
fn mentions_signature(bytes: &[u8]) -> bool {
    let wide: Vec<u8> = XMLDSIG.iter().flat_map(|it| [0, *it]).skip(1).collect();
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|it| it == wanted);
    has(XMLDSIG) || has(&wide)
}

/// Names of entries stand in an archive as they are.
fn lists_signature(bytes: &[u8]) -> bool {
    let folders = bytes.windows(FOLDER.len()).enumerate();
    let mut folders = folders.filter(|(_, it)| it.eq_ignore_ascii_case(FOLDER));
    folders.any(|(at, _)| {
        let path = bytes.get(at..).unwrap_or_default();
        let path = path.get(..PATH).unwrap_or(path);
        path.windows(SIGNATURE.len()).any(|it| it.eq_ignore_ascii_case(SIGNATURE))
    })
}

/// Whether whoever opens the file sees a PDF: by its name, or because viewers take one whose
/// header stands anywhere in the first kilobyte.
fn opens_as_pdf(name: &str, bytes: &[u8]) -> bool {
    let start = bytes.get(..1024).unwrap_or(bytes);
    let is_archive = start.starts_with(b"PK");
    name.ends_with(".pdf") || !is_archive && start.windows(5).any(|it| it == b"%PDF-")
}

/// The files of a message, which an XML signature among them may refer to by name.
pub(super) struct Attached<'a>(pub(super) &'a BTreeMap<String, &'a [u8]>);

impl Files for Attached<'_> {
    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        Ok(self.0.get(name).map(|it| -> Box<dyn Source + '_> { Box::new(*it) }))
    }
}
