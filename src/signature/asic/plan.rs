//! What a container will be: which entries, by which names, and what is signed.

use std::collections::BTreeMap;
use std::io::Write;

use super::builder::{ContainerBuilder, listable};
use super::container::{Container, ContainerType, Role};
use super::manifest::{self, Listed};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::zip::{Compression, Writer};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::source::{Files, Source, for_each_piece};

/// What is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    Cades,
    TimeStamp,
}

impl Signed {
    fn mime_type(self) -> &'static str {
        match self {
            Self::Cades => "application/x-pkcs7-signature",
            Self::TimeStamp => "application/vnd.etsi.timestamp-token",
        }
    }

    /// EN 319 162-1 §4.3.3.2, §4.4.3.2.
    fn entry(self, number: &str) -> String {
        match self {
            Self::Cades => format!("META-INF/signature{number}.p7s"),
            Self::TimeStamp => format!("META-INF/timestamp{number}.tst"),
        }
    }
}

/// What a signature or a time-stamp is over.
pub(super) enum Subject<'a> {
    File { source: Box<dyn Source + 'a>, mime_type: Option<String> },
    Manifest { name: String, bytes: Vec<u8> },
}

impl Subject<'_> {
    pub(super) fn source(&self) -> &dyn Source {
        match self {
            Self::File { source, .. } => &**source,
            Self::Manifest { bytes, .. } => bytes,
        }
    }
}

/// What is to be written.
pub(super) struct Plan<'a> {
    pub(super) subject: Subject<'a>,
    /// The CMS that the signer joins; its entry is written anew.
    pub(super) existing: Option<Vec<u8>>,
    /// The entry that will hold the signature or the time-stamp.
    entry: String,
}

impl<'a> Plan<'a> {
    /// # Errors
    /// As [`ContainerBuilder::sign`].
    pub(super) fn of(
        builder: &ContainerBuilder<'a>,
        signed: Signed,
        by: DigestAlgorithm,
    ) -> Result<Self> {
        builder.check_files()?;
        if builder.existing.is_some_and(|it| it.of(Role::Xml).next().is_some()) {
            return Err(Error::misuse(
                "the container has signatures in XML: only others `with_xades` can join them",
            ));
        }
        match builder.kind {
            ContainerType::Simple => Self::simple(builder, signed),
            ContainerType::Extended => Self::extended(builder, signed, listable(by)?),
        }
    }

    fn simple(builder: &ContainerBuilder<'a>, signed: Signed) -> Result<Self> {
        if builder.over_everything {
            return Err(Error::misuse("a signature in an ASiC-S is over its one file"));
        }
        let mut entry = signed.entry("");
        let mut existing = None;
        if let Some(container) = builder.existing {
            let role = if signed == Signed::Cades { Role::Cades } else { Role::TimeStamp };
            let mut there = container.of(role);
            match (there.next(), there.next(), signed) {
                (None, ..) => {}
                (Some(only), None, Signed::Cades) => {
                    entry = only.to_owned();
                    existing = Some(container.read(only, Limits::default().cms_bytes)?);
                }
                _ => return Err(Error::misuse("the ASiC-S has one already").in_entry(&entry)),
            }
        }
        let subject = match (builder.files.first(), builder.existing) {
            (Some(file), _) => {
                Subject::File { source: Box::new(file.content), mime_type: file.mime_type.clone() }
            }
            (None, Some(container)) => {
                let only = container.data_files().next().unwrap_or_default();
                let source = container.open(only)?;
                let source = source.ok_or_else(|| Error::misuse("there is no file"))?;
                Subject::File { source, mime_type: None }
            }
            (None, None) => return Err(Error::misuse("there is no file to be signed")),
        };
        Ok(Self { subject, existing, entry })
    }

    fn extended(
        builder: &ContainerBuilder<'a>,
        signed: Signed,
        by: DigestAlgorithm,
    ) -> Result<Self> {
        let free = |number: &u32| {
            let number = format!("{number:03}");
            let names = [signed.entry(&number), manifest_name(&number)];
            builder.existing.is_none_or(|it| names.iter().all(|name| !it.holds(name)))
        };
        let number = (1..).find(free).unwrap_or(u32::MAX);
        let number = format!("{number:03}");
        let mut listed = Vec::new();
        if let Some(container) = builder.existing {
            let everything = builder.over_everything;
            listed.extend(of_container(container, by, builder.known, |role| match role {
                Role::Data => true,
                Role::MimeType | Role::Folder | Role::Package => false,
                _ => everything,
            })?);
        }
        for file in &builder.files {
            let digest = match known(builder.known, &file.name, by) {
                Some(digest) => digest.clone(),
                None => digest_of(file.content, by)?,
            };
            let mime_type = file.mime_type.as_deref();
            listed.push(Listed { name: &file.name, mime_type, digest, root: false });
        }
        let entry = signed.entry(&number);
        let bytes = manifest::write(&entry, signed.mime_type(), &listed)?;
        let name = manifest_name(&number);
        Ok(Self { subject: Subject::Manifest { name, bytes }, existing: None, entry })
    }

    /// Of what is signed.
    pub(super) fn digest(&self, by: DigestAlgorithm) -> Result<Digest> {
        digest_of(self.subject.source(), by)
    }

    /// Writes the container with what was made over the subject.
    pub(super) fn write(
        &self,
        builder: &ContainerBuilder<'_>,
        made: &[u8],
        out: &mut dyn Write,
    ) -> Result<()> {
        let manifest = match &self.subject {
            Subject::Manifest { name, bytes } => Some((name.as_str(), bytes.as_slice())),
            Subject::File { .. } => None,
        };
        let entries: Vec<_> = manifest.into_iter().chain([(self.entry.as_str(), made)]).collect();
        write(builder, &entries, out)
    }
}

/// Writes a container with these entries of `META-INF`: those that are there already, as a CMS
/// that is joined, are written anew, and all else is kept.
pub(super) fn write(
    builder: &ContainerBuilder<'_>,
    entries: &[(&str, &[u8])],
    out: &mut dyn Write,
) -> Result<()> {
    let mut writer = Writer::new(out).dated(builder.claimed_time);
    match builder.existing {
        Some(container) => {
            let archive = container.archive();
            let anew = |it: &str| entries.iter().any(|(name, _)| *name == it);
            let kept = archive.in_order().into_iter().filter(|it| !anew(&it.name));
            kept.into_iter().try_for_each(|it| writer.copy(archive, it, &it.name))?;
        }
        None => {
            let mime_type = builder.kind.mime_type().as_bytes();
            writer.add("mimetype", &mime_type, Compression::Stored)?;
        }
    }
    for file in &builder.files {
        writer.add(&file.name, file.content, builder.compression)?;
    }
    for (name, content) in entries {
        writer.add(name, content, Compression::Deflated)?;
    }
    writer.finish()
}

fn manifest_name(number: &str) -> String {
    format!("META-INF/ASiCManifest{number}.xml")
}

/// The entries of a container that a manifest is to list.
pub(super) fn of_container<'c>(
    container: &'c Container<'_>,
    by: DigestAlgorithm,
    digests: Option<&BTreeMap<String, Digest>>,
    wanted: impl Fn(Role) -> bool,
) -> Result<Vec<Listed<'c>>> {
    let archive = container.archive();
    let entries = archive.entries().iter().filter(|it| wanted(Role::of(&it.name)));
    entries
        .map(|entry| {
            let digest = match known(digests, &entry.name, by) {
                Some(digest) => digest.clone(),
                None => {
                    let mut context = DigestContext::new(by);
                    archive.for_each_piece(entry, &mut |piece| {
                        context.update(piece);
                        Ok(())
                    })?;
                    context.finish()
                }
            };
            Ok(Listed { name: &entry.name, mime_type: None, digest, root: false })
        })
        .collect()
}

fn known<'d>(
    digests: Option<&'d BTreeMap<String, Digest>>,
    name: &str,
    by: DigestAlgorithm,
) -> Option<&'d Digest> {
    digests?.get(name).filter(|it| it.algorithm() == by)
}

fn digest_of(source: &dyn Source, by: DigestAlgorithm) -> Result<Digest> {
    let mut context = DigestContext::new(by);
    for_each_piece(source, 0..source.len(), |piece| {
        context.update(piece);
        Ok(())
    })?;
    Ok(context.finish())
}
