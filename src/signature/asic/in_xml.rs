//! What a container with XAdES will be (EN 319 162-1 §4.3.3.2, §4.4.3.2): the signature refers
//! to the files by their names, and so needs no manifest of its own.

use std::collections::BTreeSet;
use std::io::Write;
use std::rc::Rc;

use super::builder::ContainerBuilder;
use super::container::{Container, ContainerType, Role};
use super::manifest::NAMESPACES;
use super::names::referred;
use super::package::{self, PACKAGE};
use super::plan;
use crate::crypto::SignatureAlgorithm;
use crate::encoding::xml::{Document, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::signature::request::{Prepared, Signed};
use crate::signature::xades::{SignatureBuilder, check_unharmed};
use crate::signature::xmldsig::{Dereferencer, Found, ReadFiles, Signature, Target, text_of};
use crate::source::{Files, Source};

const ROOT: &str = "XAdESSignatures";

/// What is to be signed, and written then.
pub(super) struct XmlPlan<'a> {
    files: Vec<Data<'a>>,
    /// The entry that will hold the signature.
    entry: String,
    /// The document that the signature is put into.
    document: Vec<u8>,
    /// Others are in it already.
    joins: bool,
    /// All signatures of the container: no two are to have the same Id, wherever they stand.
    there: String,
    /// What the container will say of its files, where that is new.
    package: Option<Vec<u8>>,
    /// What is known of the files by now.
    read: Rc<ReadFiles>,
}

/// A file that is signed.
struct Data<'a> {
    name: String,
    mime_type: String,
    source: Box<dyn Source + 'a>,
}

impl<'a> XmlPlan<'a> {
    /// # Errors
    /// As [`ContainerBuilder::sign`].
    pub(super) fn of(builder: &ContainerBuilder<'a>) -> Result<Self> {
        builder.check_files()?;
        if builder.over_everything {
            return Err(Error::misuse("a XAdES signature in a container is over its files only"));
        }
        let others =
            |it: &Container<'_>| it.of(Role::Cades).chain(it.of(Role::TimeStamp)).next().is_some();
        if builder.existing.is_some_and(others) {
            return Err(Error::misuse(
                "the container has signatures or time-stamps by CMS, and none in XML can join them",
            ));
        }
        let limits = Limits::default();
        let files = files(builder, &limits)?;
        let mut plan = match builder.kind {
            ContainerType::Simple => Self::simple(builder, files, &limits)?,
            ContainerType::Extended => Self::extended(builder, files, &limits)?,
        };
        for (container, name) in
            builder.existing.into_iter().flat_map(|it| it.of(Role::Xml).map(move |name| (it, name)))
        {
            plan.there.push_str(&String::from_utf8_lossy(&read(container, name, &limits)?));
        }
        Ok(plan)
    }

    fn simple(
        builder: &ContainerBuilder<'a>,
        files: Vec<Data<'a>>,
        limits: &Limits,
    ) -> Result<Self> {
        let mut there = builder.existing.into_iter().flat_map(|it| it.of(Role::Xml));
        let (entry, document, joins) = match (there.next(), there.next(), builder.existing) {
            (Some(only), None, Some(container)) => {
                (only.to_owned(), read(container, only, limits)?, true)
            }
            (None, ..) => ("META-INF/signatures.xml".to_owned(), empty(), false),
            _ => return Err(Error::misuse("the ASiC-S has several documents of signatures")),
        };
        let read = Rc::new(ReadFiles::new(limits));
        Ok(Self { files, entry, document, joins, there: String::new(), package: None, read })
    }

    fn extended(
        builder: &ContainerBuilder<'a>,
        files: Vec<Data<'a>>,
        limits: &Limits,
    ) -> Result<Self> {
        let name = |n: u32| format!("META-INF/signatures{n:03}.xml");
        let free = |it: &String| builder.existing.is_none_or(|container| !container.holds(it));
        let entry = (1..).map(name).find(free).unwrap_or_else(|| name(0));
        let package = match builder.existing {
            Some(container) if builder.files.is_empty() && container.holds(PACKAGE) => None,
            Some(container) if container.is_open_document() => {
                let error = "no file can be added to a document of OpenDocument";
                return Err(Error::misuse(error));
            }
            Some(container) if covered_entries(container, limits)?.contains(PACKAGE) => {
                let error = "a signature is over the list of files, and none can be added";
                return Err(Error::misuse(error).in_entry(PACKAGE));
            }
            _ => {
                let listed = files.iter().map(|it| (it.name.as_str(), it.mime_type.as_str()));
                Some(package::write(builder.kind.mime_type(), listed)?)
            }
        };
        let (document, there, read) = (empty(), String::new(), Rc::new(ReadFiles::new(limits)));
        Ok(Self { files, entry, document, joins: false, there, package, read })
    }

    /// All but the value. The signature is made alone, and put where it belongs when it is
    /// complete.
    pub(super) fn prepared(
        &self,
        builder: &ContainerBuilder<'_>,
        chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        let (first, rest) = self.files.split_first().ok_or_else(no_file)?;
        let mut made =
            SignatureBuilder::detached(first.name.as_str(), &*first.source, builder.claimed_time)
                .mime_type(first.mime_type.as_str())
                .among(&self.there);
        for file in rest {
            made = made.file(file.name.as_str(), &*file.source).mime_type(file.mime_type.as_str());
        }
        if let Some(policy) = &builder.signature_policy {
            made = made.signature_policy(policy.clone());
        }
        for it in &builder.overrides {
            made = made.allow(*it);
        }
        made.prepare(chain, algorithm)
    }

    /// The document with the signature.
    ///
    /// # Errors
    /// `Misuse` when no signature can be put into the one that is there.
    pub(super) fn with(&self, signed: &Signed) -> Result<Vec<u8>> {
        let first = self.files.first().ok_or_else(no_file)?;
        let signature = signed.to_vec(&*first.source)?;
        let limits = Limits::default();
        let (text, mark) = text_of(&self.document)?;
        let parsed = Document::parse(text, mark, &limits)?;
        let root = parsed.root_element();
        let known = |it: &&str| parsed.element(root).is_some_and(|root| root.is(it, ROOT));
        let place = parsed.end_tag(root).filter(|_| NAMESPACES.iter().any(known));
        let parts = place.and_then(|it| text.split_at_checked(it)).ok_or_else(|| {
            Error::misuse("to what is in this entry no signature can be added")
                .in_entry(&self.entry)
        })?;
        let document = [parts.0.as_bytes(), &signature, parts.1.as_bytes()].concat();
        if self.joins {
            let files = self.named();
            check_unharmed(&self.document, &document, Some(&files), &self.read, &limits)?;
        }
        Ok(document)
    }

    /// Refuses a document whose newest signature is not over these files, and all of them.
    pub(super) fn check(&self, document: &[u8]) -> Result<()> {
        let other = || Error::misuse("the container was prepared over other files");
        let limits = Limits::default();
        let (text, mark) = text_of(document)?;
        let document = Document::parse(text, mark, &limits)?;
        let files = self.named();
        let mut dereferencer =
            Dereferencer::new(&document, Some(&files), &limits).sharing(Rc::clone(&self.read));
        let node = Signature::all_in(&document, &limits)?.pop().ok_or_else(other)?;
        let mut over = BTreeSet::new();
        for reference in &Signature::read(&document, node, &limits)?.signed_info.references {
            let processed = dereferencer.process(node, reference)?;
            if !matches!(processed.found, Found::Matches) {
                return Err(other());
            }
            if let Some(Target::File(name)) = processed.target {
                over.insert(name);
            }
        }
        match self.files.iter().all(|it| over.contains(&it.name)) {
            true => Ok(()),
            false => Err(other()),
        }
    }

    /// Writes the container with the document that has the signature now.
    pub(super) fn write(
        &self,
        builder: &ContainerBuilder<'_>,
        document: &[u8],
        out: &mut dyn Write,
    ) -> Result<()> {
        let package = self.package.as_deref().map(|it| (PACKAGE, it));
        let entries: Vec<_> =
            package.into_iter().chain([(self.entry.as_str(), document)]).collect();
        plan::write(builder, &entries, out)
    }

    fn named(&self) -> Vec<(&str, &dyn Source)> {
        self.files.iter().map(|it| (it.name.as_str(), &*it.source as &dyn Source)).collect()
    }
}

fn no_file() -> Error {
    Error::misuse("there is no file to be signed")
}

/// Those of the container, as it says of what kind they are, and those that are added.
fn files<'a>(builder: &ContainerBuilder<'a>, limits: &Limits) -> Result<Vec<Data<'a>>> {
    let mut all = Vec::new();
    if let Some(container) = builder.existing {
        let mut known = package::read(container, limits)?;
        for name in container.data_files() {
            let source = container.open(name)?.ok_or_else(no_file)?;
            let mime_type = known.remove(name).unwrap_or_else(|| package::OCTETS.to_owned());
            all.push(Data { name: name.to_owned(), mime_type, source });
        }
    }
    for file in &builder.files {
        let mime_type = file.mime_type.clone().unwrap_or_else(|| package::OCTETS.to_owned());
        all.push(Data { name: file.name.clone(), mime_type, source: Box::new(file.content) });
    }
    Ok(all)
}

/// A document of no signatures yet.
fn empty() -> Vec<u8> {
    let [namespace, ..] = NAMESPACES;
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <asic:{ROOT} xmlns:asic=\"{namespace}\"></asic:{ROOT}>\n"
    );
    text.into_bytes()
}

fn read(container: &Container<'_>, name: &str, limits: &Limits) -> Result<Vec<u8>> {
    container.read(name, usize::try_from(limits.message_bytes).unwrap_or(usize::MAX))
}

/// The entries that manifests and signatures in XML are over, which have to stay as they are.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io`.
pub(crate) fn covered_entries(
    container: &Container<'_>,
    limits: &Limits,
) -> Result<BTreeSet<String>> {
    within(container.of(Role::Xml).count(), limits.asic_signatures, "signatures of a container")?;
    let mut all = BTreeSet::new();
    let mut insert = |name: &str| {
        // Others are nobody's to change.
        if container.holds(name) && !all.contains(name) {
            all.insert(name.to_owned());
        }
    };
    let manifests = container.manifests().filter_map(|(_, it)| it.as_ref().ok());
    let listed = manifests.flat_map(|it| &it.references).filter_map(|it| it.name.as_deref());
    listed.for_each(&mut insert);
    for entry in container.of(Role::Xml) {
        match refers(&read(container, entry, limits)?, &mut insert, limits) {
            // What cannot be read holds in no case.
            Err(error) if error.kind() != ErrorKind::Malformed => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(all)
}

fn refers(bytes: &[u8], insert: &mut impl FnMut(&str), limits: &Limits) -> Result<()> {
    let (text, mark) = decode(bytes)?;
    let document = Document::parse(&text, mark, limits)?;
    for node in Signature::all_in(&document, limits)? {
        let Ok(signature) = Signature::read(&document, node, limits) else { continue };
        let uris = signature.signed_info.references.iter().filter_map(|it| it.uri.as_deref());
        uris.filter_map(referred).for_each(|it| insert(&it));
    }
    Ok(())
}
