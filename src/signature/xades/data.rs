//! What is signed: a document that the signature is put into or around, or files beside it.
//! It is read once, whatever is asked of it.

use std::fmt;

use super::create::Reference;
use super::target::Target;
use super::write::escaped;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::percent;
use crate::encoding::xml::{Document as Xml, Sink};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::request::{Document, XmlPlace};
use crate::signature::xmldsig::{CANONICALIZATION, Transform, text_of};
use crate::source::{Source, for_each_piece};
use crate::time::UtcTime;

/// What the signature and the signed data are to each other.
#[derive(Clone)]
pub(super) enum Data<'a> {
    Enveloped(&'a dyn Source),
    Enveloping(File<'a>),
    Detached(Vec<File<'a>>),
}

#[derive(Clone)]
pub(super) struct File<'a> {
    pub(super) name: String,
    pub(super) source: &'a dyn Source,
    pub(super) mime_type: Option<String>,
}

/// What is asked of the data.
pub(super) struct Wanted<'w> {
    pub(super) by: DigestAlgorithm,
    /// Those that content time-stamps are over.
    pub(super) stamped_by: Vec<DigestAlgorithm>,
    /// The only one that is signed of a document.
    pub(super) element: Option<&'w str>,
    /// A text in which no Id of the signature is to be.
    pub(super) among: Option<&'w str>,
    pub(super) certificate: &'w Certificate,
    pub(super) claimed_time: UtcTime,
}

/// What the data came to.
pub(super) struct Material {
    /// Of the signature.
    pub(super) id: String,
    pub(super) references: Vec<Reference>,
    /// The start tag of an Object that is to hold the document.
    pub(super) holds: Option<String>,
    pub(super) document: Document,
    pub(super) place: XmlPlace,
    /// Of all that the references are to, one behind the other: one for each algorithm.
    pub(super) imprints: Vec<Digest>,
}

const OCTETS: &str = "application/octet-stream";
/// XMLDSig §4.5.
const OBJECT: &str = "http://www.w3.org/2000/09/xmldsig#Object";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

impl<'a> Data<'a> {
    /// The document, or the first of several files.
    pub(super) fn document(&self) -> Result<&'a dyn Source> {
        match self {
            Self::Enveloped(document) => Ok(*document),
            Self::Enveloping(file) => Ok(file.source),
            Self::Detached(files) => {
                let first = files.first().map(|it| it.source);
                first.ok_or_else(|| Error::misuse("there is no file to be signed"))
            }
        }
    }

    /// Those that stand beside the signature.
    pub(super) fn files(&self) -> &[File<'a>] {
        match self {
            Self::Detached(files) => files,
            Self::Enveloped(_) | Self::Enveloping(_) => &[],
        }
    }

    pub(super) fn read(&self, wanted: &Wanted<'_>) -> Result<Material> {
        if wanted.element.is_some() && !matches!(self, Self::Enveloped(_)) {
            return Err(Error::misuse("only in a document can one element be signed"));
        }
        match self {
            Self::Enveloped(document) => in_document(*document, wanted),
            Self::Enveloping(file) => around(file, wanted),
            Self::Detached(files) => beside(files, wanted),
        }
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enveloped(_) => f.write_str("Enveloped"),
            Self::Enveloping(_) => f.write_str("Enveloping"),
            Self::Detached(files) => {
                f.debug_list().entries(files.iter().map(|it| &it.name)).finish()
            }
        }
    }
}

fn in_document(source: &dyn Source, wanted: &Wanted<'_>) -> Result<Material> {
    let bytes = source.window(0..source.len())?;
    let (text, mark) = text_of(&bytes)?;
    let limits = Limits::default();
    let parsed = Xml::parse(text, mark, &limits)?;
    let target = Target::find(&parsed, wanted.element)?;
    let mut digests = Digests::new(wanted);
    target.write(&mut digests)?;
    let digest = digests.of_one();
    let id = wanted.id(&digest, |it| !target.has_id(it));
    let canonical = Transform::Canonicalization(CANONICALIZATION);
    let reference = Reference {
        uri: wanted.element.map(|it| format!("#{it}")).unwrap_or_default(),
        transforms: match target.holds_signature() {
            true => vec![Transform::Enveloped, canonical],
            false => vec![canonical],
        },
        digest,
        kind: None,
        mime_type: Some("text/xml".into()),
    };
    Ok(Material {
        id,
        references: vec![reference],
        holds: None,
        document: Document::read(&*bytes, wanted.by)?,
        place: target.place(mark),
        imprints: digests.of_all(),
    })
}

fn around(file: &File<'_>, wanted: &Wanted<'_>) -> Result<Material> {
    let mut digests = Digests::new(wanted);
    let digest = digests.read(file.source)?;
    let document = Document::new(file.source.len(), &digest);
    let id = wanted.id(&digest, |_| true);
    let mime_type = file.mime_type();
    let holds = format!(
        "<ds:Object Id=\"{id}-object\" MimeType=\"{}\" \
         Encoding=\"http://www.w3.org/2000/09/xmldsig#base64\">",
        escaped(&mime_type)?
    );
    let reference = Reference {
        uri: format!("#{id}-object"),
        transforms: vec![Transform::Base64],
        digest,
        kind: Some(OBJECT),
        mime_type: Some(mime_type),
    };
    Ok(Material {
        id,
        references: vec![reference],
        holds: Some(holds),
        document,
        place: XmlPlace::around().besides(DECLARATION, ""),
        imprints: digests.of_all(),
    })
}

fn beside(files: &[File<'_>], wanted: &Wanted<'_>) -> Result<Material> {
    let mut references = Vec::new();
    let mut digests = Digests::new(wanted);
    let (mut first, mut all) = (None, DigestContext::new(wanted.by));
    for file in files {
        if file.name.is_empty() {
            return Err(Error::misuse("a file that is signed needs a name"));
        }
        let digest = digests.read(file.source)?;
        all.update(digest.value());
        first.get_or_insert_with(|| Document::new(file.source.len(), &digest));
        references.push(Reference {
            uri: percent::encoded(&file.name),
            transforms: Vec::new(),
            digest,
            kind: None,
            mime_type: Some(file.mime_type()),
        });
    }
    let declaration = if wanted.among.is_some() { "" } else { DECLARATION };
    Ok(Material {
        id: wanted.id(&all.finish(), |id| wanted.among.is_none_or(|it| !it.contains(id))),
        references,
        holds: None,
        document: first.ok_or_else(|| Error::misuse("there is no file to be signed"))?,
        place: XmlPlace::alone().besides(declaration, ""),
        imprints: digests.of_all(),
    })
}

impl File<'_> {
    fn mime_type(&self) -> String {
        self.mime_type.clone().unwrap_or_else(|| OCTETS.to_owned())
    }
}

impl Wanted<'_> {
    /// The same for the same data, signer and time, unless it is taken.
    fn id(&self, data: &Digest, is_free: impl Fn(&str) -> bool) -> String {
        let time = self.claimed_time.to_string();
        let mut context = DigestContext::new(DigestAlgorithm::Sha256);
        [&self.certificate.digest()[..], data.value(), time.as_bytes()]
            .iter()
            .for_each(|it| context.update(it));
        let digest = context.finish().to_string();
        let short = format!("id-{}", digest.get(..32).unwrap_or(&digest));
        let mut numbered = (2..).map(|n: u32| format!("{short}-{n}"));
        if is_free(&short) {
            return short;
        }
        numbered.find(|it| is_free(it)).unwrap_or(short)
    }
}

/// Digests of what one reference is to, and of what all are to.
struct Digests {
    by: DigestAlgorithm,
    one: DigestContext,
    all: Vec<DigestContext>,
}

impl Digests {
    fn new(wanted: &Wanted<'_>) -> Self {
        let all = wanted.stamped_by.iter().map(|it| DigestContext::new(*it)).collect();
        Self { by: wanted.by, one: DigestContext::new(wanted.by), all }
    }

    fn read(&mut self, source: &dyn Source) -> Result<Digest> {
        for_each_piece(source, 0..source.len(), |piece| self.write(piece))?;
        Ok(self.of_one())
    }

    /// Of what was written since this was asked for.
    fn of_one(&mut self) -> Digest {
        std::mem::replace(&mut self.one, DigestContext::new(self.by)).finish()
    }

    fn of_all(self) -> Vec<Digest> {
        self.all.into_iter().map(DigestContext::finish).collect()
    }
}

impl Sink for Digests {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.one.update(octets);
        self.all.iter_mut().for_each(|it| it.update(octets));
        Ok(())
    }
}
