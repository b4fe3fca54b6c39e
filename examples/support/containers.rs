//! Containers of files with their signatures (ASiC).

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use kyso::asic::{Augmenter, Container, ContainerBuilder, ContainerType, Level};
use kyso::{
    Certificate, Limits, Prepared, Seekable, SignatureAlgorithm, SignatureValue, Signer, Source,
    UtcTime,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What was asked for.
#[derive(Default)]
pub(crate) struct Containers {
    kind: Option<ContainerType>,
    over_everything: bool,
    /// By XAdES, instead of CAdES.
    pub(crate) xades: bool,
}

/// A container that is to be made, or added to.
pub(crate) struct Packing<'a> {
    wanted: &'a Containers,
    existing: Option<Container<'a>>,
    files: Vec<(String, Seekable<File>)>,
    time: UtcTime,
}

impl Containers {
    /// Whether the option is one of these.
    pub(crate) fn read(&mut self, option: &str) -> bool {
        match option {
            "--asic-s" => self.kind = Some(ContainerType::Simple),
            "--asic-e" => self.kind = Some(ContainerType::Extended),
            "--over-everything" => self.over_everything = true,
            _ => return false,
        }
        true
    }

    /// Whether files are to be put into a new one.
    pub(crate) fn is_new(&self) -> bool {
        self.kind.is_some()
    }

    /// A new one of these files, by their names.
    pub(crate) fn of_files<'a>(&'a self, paths: &[PathBuf], time: UtcTime) -> Outcome<Packing<'a>> {
        let files: Outcome<_> = paths.iter().map(|it| named(it)).collect();
        Ok(Packing { wanted: self, existing: None, files: files?, time })
    }

    /// The one that the document is, where it is one.
    pub(crate) fn of_document<'a>(
        &'a self,
        document: &'a dyn Source,
        time: UtcTime,
    ) -> Outcome<Option<Packing<'a>>> {
        if document.window(0..document.len().min(4))?[..] != *b"PK\x03\x04" {
            return Ok(None);
        }
        // Other archives are files as any other.
        let Ok(container) = Container::open(document, &Limits::default()) else { return Ok(None) };
        let files = Vec::new();
        Ok(Some(Packing { wanted: self, existing: Some(container), files, time }))
    }
}

fn named(path: &Path) -> Outcome<(String, Seekable<File>)> {
    let name = path.file_name().and_then(|it| it.to_str());
    let name = name.ok_or_else(|| format!("{} has no name of text", path.display()))?;
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((name.to_owned(), Seekable::new(file)?))
}

impl Packing<'_> {
    fn builder(&self) -> ContainerBuilder<'_> {
        let mut builder = match (&self.existing, self.wanted.kind) {
            (Some(existing), _) => ContainerBuilder::beside(existing, self.time),
            (None, Some(ContainerType::Simple)) => ContainerBuilder::simple(self.time),
            (None, _) => ContainerBuilder::extended(self.time),
        };
        for (name, content) in &self.files {
            builder = builder.file(name, content);
        }
        if self.wanted.xades {
            builder = builder.with_xades();
        }
        if self.wanted.over_everything { builder.over_everything() } else { builder }
    }

    pub(crate) fn sign(
        &self,
        signer: &dyn Signer,
        level: Option<Level<'_>>,
        out: &mut dyn Write,
    ) -> Outcome<()> {
        match &level {
            Some(level) => self.builder().level(level).sign_to(signer, out)?,
            None => self.builder().sign_to(signer, out)?,
        }
        Ok(())
    }

    pub(crate) fn prepare(
        &self,
        chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Outcome<Prepared> {
        Ok(self.builder().prepare(chain, algorithm)?)
    }

    pub(crate) fn complete(
        &self,
        prepared: Prepared,
        value: &SignatureValue,
        out: &mut dyn Write,
    ) -> Outcome<()> {
        Ok(self.builder().complete_to(prepared, value, out)?)
    }
}

/// Raises all signatures of the container.
pub(crate) fn augment(document: &dyn Source, level: Level<'_>, out: &mut dyn Write) -> Outcome<()> {
    Ok(Augmenter::new(level).augment_to(document, out)?)
}
