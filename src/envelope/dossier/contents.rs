//! What lies in a dossier besides its records: files and signatures, by their digests.

use std::collections::{BTreeMap, BTreeSet};

use super::record::Listed;
use super::{NewFile, RECORDS};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::xml::{Document, decode};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::asic::{Container, Role};
use crate::signature::cms::{SignedData, unarmoured};
use crate::signature::xmldsig::Signature as XmlSignature;

pub(super) fn add(all: &mut BTreeMap<String, Digest>, files: &[NewFile<'_>]) -> Result<()> {
    for file in files {
        if file.name.starts_with(RECORDS) {
            return Err(Error::misuse("this name is kept for records").in_entry(file.name));
        }
        let mut context = DigestContext::new(DigestAlgorithm::Sha256);
        crate::source::for_each_piece(file.content, 0..file.content.len(), |piece| {
            context.update(piece);
            Ok(())
        })?;
        if all.insert(file.name.to_owned(), context.finish()).is_some() {
            return Err(Error::misuse("the dossier has a file of this name").in_entry(file.name));
        }
    }
    Ok(())
}

pub(super) fn listed(files: &BTreeMap<String, Digest>) -> Vec<Listed> {
    let each = files.iter();
    each.map(|(name, digest)| Listed { name: name.clone(), digest: digest.clone() }).collect()
}

pub(super) fn digest_of(container: &Container<'_>, name: &str) -> Result<Digest> {
    let mut context = DigestContext::new(DigestAlgorithm::Sha256);
    container.extract(name, &mut Feed(&mut context))?;
    Ok(context.finish())
}

/// A digest that is written to.
struct Feed<'d>(&'d mut DigestContext);

impl std::io::Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The digests of the values of all signatures, of whichever form: armour is none of a value.
/// What cannot be read is for the report to say.
pub(super) fn values(container: &Container<'_>, limits: &Limits) -> Result<BTreeSet<Vec<u8>>> {
    let mut all = BTreeSet::new();
    let mut keep = |value: &[u8]| {
        all.insert(DigestAlgorithm::Sha256.digest(value).value().to_vec());
    };
    for name in container.of(Role::Cades) {
        let bytes = container.read(name, limits.cms_bytes)?;
        let Ok(binary) = unarmoured(&bytes) else { continue };
        let Ok(cms) = SignedData::parse(&binary, limits) else { continue };
        cms.signers().iter().flatten().for_each(|it| keep(it.signature()));
    }
    let most = usize::try_from(limits.message_bytes).unwrap_or(usize::MAX);
    for name in container.of(Role::Xml) {
        let bytes = container.read(name, most)?;
        in_xml(&bytes, limits).unwrap_or_default().iter().for_each(|it| keep(it));
    }
    Ok(all)
}

/// The values of the signatures of an XML document.
fn in_xml(bytes: &[u8], limits: &Limits) -> Result<Vec<Vec<u8>>> {
    let (text, mark) = decode(bytes)?;
    let document = Document::parse(&text, mark, limits)?;
    let all = XmlSignature::all_in(&document, limits)?.into_iter();
    // One that is broken takes none of the others with it.
    Ok(all.filter_map(|it| Some(XmlSignature::read(&document, it, limits).ok()?.value)).collect())
}
