//! The list of files that OpenDocument keeps in a package (its part 2, §4). EN 319 162-1 asks
//! for none; the programs of Estonia take no ASiC-E without it, and want the media types there
//! to be those that are signed.

use std::collections::BTreeMap;

use super::container::Container;
use super::manifest::check_mime_type;
use crate::encoding::escape;
use crate::encoding::xml::{Document, NodeId, decode, is_writable};
use crate::error::{Error, Result};
use crate::limits::Limits;

pub(super) const PACKAGE: &str = "META-INF/manifest.xml";
/// Of what nothing else is known.
pub(super) const OCTETS: &str = "application/octet-stream";

const NAMESPACE: &str = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
/// Bytes of the list: that of ten thousand files takes two million.
const BYTES: usize = 16 << 20;

/// Of what kind the container says that its files are; nothing where it has no list.
///
/// # Errors
/// `Malformed` when the list is no XML; `Misuse` when it says of one file that it is of two kinds,
/// or of one that there cannot be; `LimitExceeded` when a bound was reached; `Io`.
pub(super) fn read(container: &Container<'_>, limits: &Limits) -> Result<BTreeMap<String, String>> {
    if !container.holds(PACKAGE) {
        return Ok(BTreeMap::new());
    }
    let bytes = container.read(PACKAGE, BYTES)?;
    let (text, mark) = decode(&bytes)?;
    let document = Document::parse(&text, mark, limits).map_err(|it| it.in_entry(PACKAGE))?;
    let entries = document.children_named(document.root_element(), NAMESPACE, "file-entry");
    let said = |node: NodeId, local: &str| {
        let mut attributes = document.attributes(node).iter();
        let named = attributes
            .find(|it| it.local == local && it.namespace.as_deref() == Some(NAMESPACE))?;
        Some(named.value.to_string()).filter(|it| !it.is_empty())
    };
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (name, kind) in entries.filter_map(|it| said(it, "full-path").zip(said(it, "media-type"))) {
        check_mime_type(&kind).map_err(|it| it.in_entry(PACKAGE))?;
        if known.get(&name).is_some_and(|it| *it != kind) {
            let what = format!("the container says of {name:?} that it is of two kinds");
            return Err(Error::misuse(what).in_entry(PACKAGE));
        }
        known.insert(name, kind);
    }
    Ok(known)
}

/// # Errors
/// `Misuse` for a media type that is none, and for a name that XML cannot carry.
pub(super) fn write<'f>(
    mime_type: &'f str,
    files: impl Iterator<Item = (&'f str, &'f str)>,
) -> Result<Vec<u8>> {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
         <manifest:manifest xmlns:manifest=\"{NAMESPACE}\" manifest:version=\"1.2\">\n"
    );
    for (name, mime_type) in std::iter::once(("/", mime_type)).chain(files) {
        check_mime_type(mime_type)?;
        if !is_writable(name) || name.contains(char::is_control) {
            return Err(Error::misuse("XML cannot carry this name").in_entry(name));
        }
        let name = escape(name);
        text.push_str(&format!(
            "<manifest:file-entry manifest:full-path=\"{name}\" \
             manifest:media-type=\"{mime_type}\"/>\n"
        ));
    }
    text.push_str("</manifest:manifest>\n");
    Ok(text.into_bytes())
}
