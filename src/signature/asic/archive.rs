//! Containers whose signatures were raised, and archive time-stamps over all that is in one
//! (EN 319 162-1 Annex A.7).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::container::{Container, Role};
use super::manifest::{self, Listed};
use super::plan::of_container;
use crate::encoding::zip::{Compression, Writer};
use crate::error::Result;
use crate::signature::tsp::{TimeStampAuthority, token_over};

/// What other entries hold now.
pub(crate) type Replaced = BTreeMap<String, Vec<u8>>;

/// Where the newest archive manifest stands.
const NEWEST: &str = "META-INF/ASiCArchiveManifest.xml";

/// Writes the container with these entries exchanged.
///
/// # Errors
/// `Unsupported` for more than 4 GB; `Io`.
pub(crate) fn rewritten(
    container: &Container<'_>,
    replaced: &Replaced,
    out: &mut dyn Write,
) -> Result<()> {
    let mut writer = Writer::new(out);
    copy(container, replaced, None, &mut writer)?;
    writer.finish()
}

/// As [`rewritten`], with a time-stamp over everything. The archive manifest that was the
/// newest goes by another name from then on, unless it is among the `covered`, which something is
/// over by their names.
///
/// # Errors
/// As [`rewritten`]; `Service` when the authority does not answer as it should.
pub(crate) fn archived(
    container: &Container<'_>,
    replaced: &Replaced,
    covered: &BTreeSet<String>,
    authority: &dyn TimeStampAuthority,
    out: &mut dyn Write,
) -> Result<()> {
    let by = authority.digest_algorithm();
    let older = free(container, |n| format!("META-INF/ASiCArchiveManifest{n:03}.xml"));
    let (name, renamed) = match (container.holds(NEWEST), covered.contains(NEWEST)) {
        (false, _) => (NEWEST.to_owned(), None),
        (true, false) => (NEWEST.to_owned(), Some(older)),
        (true, true) => (older, None),
    };
    let token = free(container, |n| format!("META-INF/timestamp{n:03}.tst"));
    let mut listed =
        of_container(container, by, None, |it| !matches!(it, Role::MimeType | Role::Folder))?;
    for entry in &mut listed {
        if let Some(content) = replaced.get(entry.name) {
            entry.digest = by.digest(content);
        }
        if let Some(renamed) = renamed.as_deref().filter(|_| entry.name == NEWEST) {
            *entry = Listed { name: renamed, root: true, ..entry.clone() };
        }
    }
    let mime_type = "application/vnd.etsi.timestamp-token";
    let manifest = manifest::write(&token, mime_type, &listed)?;
    let made = token_over(authority, &by.digest(&manifest))?;
    let mut writer = Writer::new(out).dated(made.time());
    copy(container, replaced, renamed.as_deref(), &mut writer)?;
    writer.add(&name, &manifest, Compression::Deflated)?;
    writer.add(&token, &made.der().to_vec(), Compression::Deflated)?;
    writer.finish()
}

fn copy(
    container: &Container<'_>,
    replaced: &Replaced,
    renamed: Option<&str>,
    writer: &mut Writer<'_>,
) -> Result<()> {
    let archive = container.archive();
    for entry in archive.in_order() {
        match (replaced.get(&entry.name), renamed.filter(|_| entry.name == NEWEST)) {
            (Some(content), _) => writer.replace(entry, content)?,
            (None, Some(name)) => writer.copy(archive, entry, name)?,
            (None, None) => writer.copy(archive, entry, &entry.name)?,
        }
    }
    Ok(())
}

/// The first of these names that nothing in the container has.
fn free(container: &Container<'_>, name: impl Fn(u32) -> String) -> String {
    (1..).map(&name).find(|it| !container.holds(it)).unwrap_or_else(|| name(0))
}
