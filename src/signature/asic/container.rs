//! What is in a container, and what is over what. Nothing is verified here.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

use super::manifest::Manifest;
pub(crate) use super::names::{Role, from_root};
use crate::encoding::zip::{Archive, Entry, Method};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::source::{Files, Source};

/// The two kinds of containers (EN 319 162-1 §4.3, §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContainerType {
    /// ASiC-S: one file.
    Simple,
    /// ASiC-E: any number of files. Documents of OpenDocument are taken for it.
    Extended,
}

impl ContainerType {
    /// Its media type, which is what the entry `mimetype` holds.
    #[must_use]
    pub fn mime_type(self) -> &'static str {
        match self {
            Self::Simple => "application/vnd.etsi.asic-s+zip",
            Self::Extended => "application/vnd.etsi.asic-e+zip",
        }
    }
}

impl fmt::Display for ContainerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simple => "ASiC-S",
            Self::Extended => "ASiC-E",
        })
    }
}

/// A container, read where it stands (EN 319 162-1).
///
/// Opening it checks its structure and verifies nothing: files are given out as they are,
/// signed or not. [`Validator::validate`](crate::Validator::validate) says what is signed.
///
/// ```no_run
/// # fn main() -> kyso::Result<()> {
/// use kyso::{Limits, Seekable, asic};
///
/// let source = Seekable::new(std::fs::File::open("dossier.asice")?)?;
/// let container = asic::Container::open(&source, &Limits::default())?;
/// for name in container.data_files() {
///     container.extract(name, &mut std::io::sink())?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Container<'s> {
    archive: Archive<'s>,
    kind: ContainerType,
    mime_type: Option<String>,
    manifests: BTreeMap<String, Result<Manifest>>,
}

/// An entry that holds a manifest, and the manifest, where it can be read.
pub(crate) type ManifestEntry<'c> = (&'c str, &'c Result<Manifest>);

/// How a container is not as the standard wants it, though it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Irregularity {
    MimeTypeMissing,
    /// What it says is no kind of container.
    MimeTypeUnknown(String),
    /// Not first, compressed, or with extra fields: other programs cannot tell what it is.
    MimeTypeMisplaced,
    /// An ASiC-S has not exactly one file.
    SeveralFiles(usize),
    /// An ASiC-S has more than one file of signatures.
    SeveralSignatureFiles(usize),
    /// This entry cannot be read as a manifest.
    ManifestUnreadable(String, String),
}

/// Bytes of the entry `mimetype`: the longest of OpenDocument has seventy.
const MIME_TYPE_BYTES: usize = 1_024;
/// Bytes of one manifest: those of ten thousand files take five million.
const MANIFEST_BYTES: usize = 16 << 20;

impl<'s> Container<'s> {
    /// Opens a container. Which kind it is tells what it holds, never its name.
    ///
    /// # Errors
    /// `Malformed` when it is no ZIP archive, one that could be read in two ways, or one
    /// without anything of a container: the offset and the entry are said; `Unsupported`
    /// for encrypted entries; `LimitExceeded` when a bound was reached; `Io` when reading
    /// fails.
    pub fn open(source: &'s dyn Source, limits: &Limits) -> Result<Self> {
        let archive = Archive::open(source, limits)?;
        let mime_type = mime_type(&archive)?;
        let manifests = manifests(&archive, limits)?;
        let kind = kind(mime_type.as_deref(), &archive, !manifests.is_empty());
        let kind = kind.ok_or_else(|| {
            Error::malformed("this ZIP archive is no container of signatures").at_offset(0)
        })?;
        Ok(Self { archive, kind, mime_type, manifests })
    }

    /// Which of the two kinds it is.
    #[must_use]
    pub fn container_type(&self) -> ContainerType {
        self.kind
    }

    /// What its entry `mimetype` says, where there is one.
    #[must_use]
    pub fn mime_type(&self) -> Option<&str> {
        self.mime_type.as_deref()
    }

    /// Whether it is a document of OpenDocument, whose XML is signed without its comments.
    pub(crate) fn is_open_document(&self) -> bool {
        self.mime_type.as_deref().is_some_and(is_open_document)
    }

    /// The names of the files that can be signed, in the order of the container: all but
    /// `mimetype` and what is in `META-INF`.
    pub fn data_files(&self) -> impl Iterator<Item = &str> {
        self.of(Role::Data)
    }

    /// Writes one file out as it is, signed or not.
    ///
    /// # Errors
    /// `Misuse` when there is none of this name; `Malformed` when its data is not what the
    /// container says of it, of which some may be written then; `Io`.
    pub fn extract(&self, name: &str, out: &mut dyn Write) -> Result<()> {
        let entry = self.archive.entry(name).filter(|it| !it.is_folder());
        let entry = entry.ok_or_else(|| Error::misuse("there is no such file").in_entry(name))?;
        self.archive.for_each_piece(entry, &mut |piece| Ok(out.write_all(piece)?))
    }

    pub(crate) fn archive(&self) -> &Archive<'s> {
        &self.archive
    }

    /// The entries that are this, in the order of the directory.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = &str> {
        let names = self.archive.entries().iter().map(|it| it.name.as_str());
        names.filter(move |it| Role::of(it) == role)
    }

    /// Whether there is a file of this name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.archive.entry(name).is_some_and(|it| !it.is_folder())
    }

    /// How many files of signatures an ASiC-S has, where that is more than the one that EN
    /// 319 162-1 §4.3.3.2 asks for. All signatures of a kind stand in that one.
    pub(crate) fn several_signature_files(&self) -> Option<usize> {
        let count = [Role::Cades, Role::Xml].into_iter().flat_map(|it| self.of(it)).count();
        (self.kind == ContainerType::Simple && count > 1).then_some(count)
    }

    /// All of an entry, within a bound.
    ///
    /// # Errors
    /// `Malformed`, `LimitExceeded`, `Io`.
    pub(crate) fn read(&self, name: &str, most: usize) -> Result<Vec<u8>> {
        match self.archive.entry(name) {
            Some(entry) => self.archive.read(entry, most),
            None => Err(Error::malformed("there is no such entry").in_entry(name)),
        }
    }

    /// Every manifest.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = ManifestEntry<'_>> {
        self.manifests.iter().map(|(name, it)| (name.as_str(), it))
    }

    /// The manifests that say that they are this signature's or time-stamp's. Only one can
    /// be what is signed.
    pub(crate) fn manifests_of<'c>(
        &'c self,
        signature: &str,
    ) -> impl Iterator<Item = (&'c str, &'c Manifest)> {
        let readable = self.manifests().filter_map(|(name, it)| Some((name, it.as_ref().ok()?)));
        readable.filter(move |(_, it)| it.signature.as_deref() == Some(signature))
    }

    /// Where it is not as the standard wants it.
    pub(crate) fn irregularities(&self) -> Vec<Irregularity> {
        let mut all = Vec::new();
        match &self.mime_type {
            None => all.push(Irregularity::MimeTypeMissing),
            Some(said) if kind_of(said).is_none() => {
                all.push(Irregularity::MimeTypeUnknown(said.clone()));
            }
            Some(_) => {}
        }
        let plain = |it: &Entry| it.name == "mimetype" && it.method == Method::Stored && !it.extra;
        if self.mime_type.is_some() && !self.archive.first().is_some_and(plain) {
            all.push(Irregularity::MimeTypeMisplaced);
        }
        let files = self.data_files().count();
        if self.kind == ContainerType::Simple && files != 1 {
            all.push(Irregularity::SeveralFiles(files));
        }
        all.extend(self.several_signature_files().map(Irregularity::SeveralSignatureFiles));
        all.extend(self.manifests.iter().filter_map(|(name, it)| {
            let error = it.as_ref().err()?;
            Some(Irregularity::ManifestUnreadable(name.clone(), error.to_string()))
        }));
        all
    }
}

impl Files for Container<'_> {
    fn names(&self) -> Vec<&str> {
        let files = self.archive.entries().iter().filter(|it| !it.is_folder());
        files.map(|it| it.name.as_str()).collect()
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        let entry = self.archive.entry(from_root(name)).filter(|it| !it.is_folder());
        Ok(entry.map(|it| self.archive.content(it)))
    }
}

impl fmt::Debug for Container<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({}, {} entries)", self.kind, self.archive.entries().len())
    }
}

fn mime_type(archive: &Archive<'_>) -> Result<Option<String>> {
    let Some(entry) = archive.entry("mimetype") else { return Ok(None) };
    if entry.size > u64::try_from(MIME_TYPE_BYTES).unwrap_or(u64::MAX) {
        return Ok(Some(String::new()));
    }
    let bytes = archive.read(entry, MIME_TYPE_BYTES)?;
    // Some programs end it with a line end or a byte order mark.
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_start_matches('\u{feff}').trim().to_owned()))
}

fn manifests(archive: &Archive<'_>, limits: &Limits) -> Result<BTreeMap<String, Result<Manifest>>> {
    let entries = || archive.entries().iter().filter(|it| Role::of(&it.name) == Role::Manifest);
    within(entries().count(), limits.asic_signatures, "manifests of a container")?;
    let (mut all, mut references) = (BTreeMap::new(), 0_usize);
    for entry in entries() {
        let bytes = archive.read(entry, MANIFEST_BYTES)?;
        let manifest = Manifest::parse(&bytes, limits);
        references =
            references.saturating_add(manifest.iter().flat_map(|it| &it.references).count());
        within(references, limits.asic_references, "references in manifests of a container")?;
        let manifest = manifest.map_err(|it| it.in_entry(&entry.name));
        if let Err(error) = &manifest
            && error.kind() == ErrorKind::LimitExceeded
        {
            return Err(Error::new(error.kind(), error.to_string()));
        }
        all.insert(entry.name.clone(), manifest);
    }
    Ok(all)
}

fn kind_of(mime_type: &str) -> Option<ContainerType> {
    // Parameters, and what else may follow, do not change what it is.
    let essence = mime_type.split([';', ' ']).next().unwrap_or_default();
    let essence = essence.to_ascii_lowercase();
    match essence.as_str() {
        "application/vnd.etsi.asic-s+zip" => Some(ContainerType::Simple),
        "application/vnd.etsi.asic-e+zip" => Some(ContainerType::Extended),
        // Estonia's container before it became ASiC-E.
        "application/vnd.bdoc-1.0" => Some(ContainerType::Extended),
        other if is_open_document(other) => Some(ContainerType::Extended),
        _ => None,
    }
}

fn is_open_document(mime_type: &str) -> bool {
    mime_type.to_ascii_lowercase().starts_with("application/vnd.oasis.opendocument.")
}

/// By what it says, or else by what it holds.
fn kind(
    mime_type: Option<&str>,
    archive: &Archive<'_>,
    has_manifests: bool,
) -> Option<ContainerType> {
    if let Some(kind) = mime_type.and_then(kind_of) {
        return Some(kind);
    }
    let count =
        |of: fn(Role) -> bool| archive.entries().iter().filter(|it| of(Role::of(&it.name))).count();
    let over = |it| matches!(it, Role::Cades | Role::Xml | Role::TimeStamp | Role::EvidenceRecord);
    if count(over) == 0 {
        return None;
    }
    match count(|it| it == Role::Data) {
        1 if !has_manifests => Some(ContainerType::Simple),
        _ => Some(ContainerType::Extended),
    }
}
