//! What lies in a dossier besides its records: files and signatures, by their digests.

use std::collections::{BTreeMap, BTreeSet};

use super::record::Listed;
use super::signers::People;
use super::{NewFile, RECORDS};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::xml::{Document, decode};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::asic::{Container, Role};
use crate::signature::cms::{SignedData, unarmoured};
use crate::signature::xmldsig::{KeyInfo, Signature as XmlSignature};

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
pub(super) fn values(container: &Container<'_>, limits: &Limits) -> Result<BTreeSet<Vec<u8>>> {
    let mut all = BTreeSet::new();
    let mut keep = |value: &[u8]| {
        all.insert(DigestAlgorithm::Sha256.digest(value).value().to_vec());
    };
    let cms = |it: &SignedData<'_>| {
        it.signers().iter().flatten().for_each(|it| keep(it.signature()));
    };
    each_cms(container, limits, cms)?;
    each_in_xml(container, limits, |_, it| keep(&it.value))?;
    Ok(all)
}

/// Whose the certificates are that lie in the signatures, whatever these are worth.
pub(super) fn people(container: &Container<'_>, limits: &Limits) -> Result<People> {
    let mut people = People::default();
    each_cms(container, limits, |cms| {
        let read = cms.certificates().iter().map(|it| Certificate::from_der_within(it, limits));
        read.flatten().for_each(|it| people.add(&it));
    })?;
    each_in_xml(container, limits, |document, signature| {
        let key_info = signature.key_info.map(|it| KeyInfo::read(document, it, limits));
        let read = key_info.into_iter().flatten().flat_map(|it| it.certificates);
        read.for_each(|it| people.add(&it));
    })?;
    Ok(people)
}

/// What cannot be read is for the report to say.
fn each_cms(
    container: &Container<'_>,
    limits: &Limits,
    mut each: impl FnMut(&SignedData<'_>),
) -> Result<()> {
    for name in container.of(Role::Cades) {
        let bytes = container.read(name, limits.cms_bytes)?;
        let Ok(binary) = unarmoured(&bytes) else { continue };
        let Ok(cms) = SignedData::parse(&binary, limits) else { continue };
        each(&cms);
    }
    Ok(())
}

fn each_in_xml(
    container: &Container<'_>,
    limits: &Limits,
    mut each: impl FnMut(&Document<'_>, XmlSignature),
) -> Result<()> {
    let most = usize::try_from(limits.message_bytes).unwrap_or(usize::MAX);
    for name in container.of(Role::Xml) {
        let bytes = container.read(name, most)?;
        let Ok((text, mark)) = decode(&bytes) else { continue };
        let Ok(document) = Document::parse(&text, mark, limits) else { continue };
        let Ok(all) = XmlSignature::all_in(&document, limits) else { continue };
        // One that is broken takes none of the others with it.
        let read = all.into_iter().map(|it| XmlSignature::read(&document, it, limits));
        read.flatten().for_each(|it| each(&document, it));
    }
    Ok(())
}
