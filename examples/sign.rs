//! Signs a PDF (PAdES), an XML document (XAdES), any other file (CAdES) or several in a
//! container (ASiC), with a key in a file or elsewhere.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::{
    Certificate, Limits, Prepared, Seekable, SignatureValue, Source, UtcTime, cades, pades, xades,
};

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/containers.rs"]
mod containers;
#[path = "support/files.rs"]
mod files;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/levels.rs"]
mod levels;
#[path = "support/looks.rs"]
mod looks;
#[path = "support/options.rs"]
mod options;

const USAGE: &str = "\
sign KEY [OPTIONS] IN OUT                        the signed PDF, XML or container, or the signature of another file
sign KEY --asic-s|--asic-e [OPTIONS] IN... OUT   a container of one file, or of several, signed
sign --prepare STATE --cert FILE [OPTIONS] IN OUT   OUT: the bytes that the key has to sign
sign --complete STATE --value FILE IN OUT        the rest, once the value has come
sign --augment --level LEVEL [OPTIONS] IN OUT    the PDF, XML or container with its signatures raised
sign --augment SIGNATURE --level LEVEL [OPTIONS] IN OUT   a CAdES or XAdES signature over IN, raised
sign --add-field NAME... [--page N] [--rectangle ...] [--lock ...] IN OUT   empty fields for those who sign later

any file   --time 2026-11-22T08:00:00+07:00      the claimed time; now, unless given
           --detached | --enveloping             CAdES, for a PDF, XML or a container, too; with --xades, XAdES
           --mime-type TYPE
           --level T|LT|LTA --tsa URL            B, unless given; a PDF's --complete wants it again
           --trust FILE --crl FILE --ocsp FILE   for LT and LTA; what is missing is asked for
           --local                               ask addresses of one's own network, too
container  --over-everything                     sign what others signed before, too
           --xades                               by XAdES, instead of CAdES
PDF        --document-password TEXT              opens one that is encrypted; the empty one is tried in any case
           --field NAME --reason TEXT --location TEXT --contact TEXT --pkcs7
           --page N --rectangle LEFT,BOTTOM,RIGHT,TOP   where the field is; invisible, unless given
           --appearance leader|agency|picture --image FILE [--width MILLIMETRES]   the first two seen through
           --appearance appendix --text NUMBER/NOTATION   the number and the time, top right
           --appearance copy --copy sao-y|sao-luc|trich-sao   form, agency and time, top right
           --appearance text [--text LINE]... [--image FILE]   who and when, or these lines
                                                 ({signer} and {time} stand for what is signed)
           --font FILE                           for words; one like Times New Roman, unless given
           --anchor TEXT | --above TEXT --below TEXT | --relative FIELD   at a text, between two,
                                                 or over a third of a signature, from its left
           --certify 1|2|3                       later changes permitted: none, forms and signatures, annotations too
           --lock all|include:NAME,...|exclude:NAME,...   fields that the signature locks";

use containers::{Containers, Packing};
use keys::Keys;
use levels::{Levels, Services};
use looks::Looks;

type Outcome<T> = Result<T, Box<dyn Error>>;
type Document = Seekable<File>;

#[derive(Default)]
struct Options {
    keys: Keys,
    document_password: Option<String>,
    time: Option<UtcTime>,
    /// Beside the document or around it, whatever it is.
    cades: bool,
    xades: bool,
    enveloping: bool,
    mime_type: Option<String>,
    pkcs7: bool,
    field: Option<String>,
    reason: Option<String>,
    location: Option<String>,
    contact: Option<String>,
    page: Option<u32>,
    rectangle: Option<[f64; 4]>,
    certify: Option<pades::DocMdp>,
    lock: Option<pades::FieldLock>,
    add_fields: Vec<String>,
    prepare: Option<PathBuf>,
    complete: Option<PathBuf>,
    value: Option<PathBuf>,
    augment: bool,
    containers: Containers,
    levels: Levels,
    looks: Looks,
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let options = match arguments::all().and_then(Options::read) {
        Ok(options) => options,
        Err(error) => return keys::wrong_usage(&*error, USAGE),
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("sign", &*error),
    }
}

fn run(options: &Options) -> Outcome<()> {
    let (signature, input, output) = match options.paths.as_slice() {
        [input @ .., output] if options.containers.is_new() => {
            files::stream_whole(output, |out| {
                pack(&options.containers.of_files(input, options.time())?, options, out)
            })?;
            return written(output);
        }
        [input, output] => (None, input, output),
        [signature, input, output] if options.augment => (Some(signature), input, output),
        _ => return Err("give IN and OUT".into()),
    };
    // Read and written piece by piece: a document of a gigabyte needs no gigabyte.
    let file = File::open(input).map_err(|error| format!("{}: {error}", input.display()))?;
    let document = Seekable::new(file)?;
    files::stream_whole(output, |out| {
        let container = match options.cades || signature.is_some() {
            true => None,
            false => options.containers.of_document(&document, options.time())?,
        };
        match container {
            Some(_) if options.augment => {
                let services = options.levels.services()?.ok_or("--augment needs --level")?;
                containers::augment(&document, services.level()?, out)
            }
            Some(container) => pack(&container, options, out),
            None => sign(&document, signature, options, out),
        }
    })?;
    written(output)
}

fn written(output: &Path) -> Outcome<()> {
    println!("{}: {} bytes", output.display(), fs::metadata(output)?.len());
    Ok(())
}

/// A PDF, or any other file by a signature beside it.
fn sign(
    document: &Document,
    signature: Option<&PathBuf>,
    options: &Options,
    out: &mut dyn Write,
) -> Outcome<()> {
    if let Some(state) = &options.complete {
        return complete(document, state, options, out);
    }
    if let Some(state) = &options.prepare {
        return Ok(out.write_all(&prepare(document, state, options)?)?);
    }
    if !options.add_fields.is_empty() {
        return Ok(options.empty_fields(document).add_to(out)?);
    }
    if options.augment {
        return augment(document, signature, options, out);
    }
    let signer = options.keys.open()?;
    let services = options.levels.services()?;
    if options.is_pdf(document)? {
        let level = services.as_ref().map(|it| options.raising(it)).transpose()?;
        let mut builder = options.looks.give(options.pdf(document))?;
        if let Some(level) = &level {
            builder = builder.level(level);
        }
        builder.sign_to(&*signer, out)?;
    } else if options.is_xades(document)? {
        let level = services.as_ref().map(Services::xml_level).transpose()?;
        let mut builder = options.xml(document);
        if let Some(level) = &level {
            builder = builder.level(level);
        }
        builder.sign_to(&*signer, out)?;
    } else {
        let level = services.as_ref().map(Services::level).transpose()?;
        let mut builder = options.file(document);
        if let Some(level) = &level {
            builder = builder.level(level);
        }
        builder.sign_to(&*signer, out)?;
    }
    Ok(())
}

/// A container, in one step or in those that a key elsewhere takes.
fn pack(container: &Packing<'_>, options: &Options, out: &mut dyn Write) -> Outcome<()> {
    if let Some(state) = &options.complete {
        let prepared: Prepared = serde_json::from_slice(&read(state)?)?;
        let value = options.value.as_ref().ok_or("--complete needs --value")?;
        return container.complete(prepared, &SignatureValue::new(read(value)?), out);
    }
    if let Some(state) = &options.prepare {
        options.levels.must_be_b()?;
        let chain = Certificate::all_from(&options.keys.certificates()?, &Limits::default())?;
        let algorithm = options.keys.algorithm.ok_or("--prepare needs --algorithm")?;
        let prepared = container.prepare(&chain, algorithm)?;
        files::write_whole(state, &serde_json::to_vec_pretty(&prepared)?)?;
        return Ok(out.write_all(prepared.to_be_signed().bytes())?);
    }
    let services = options.levels.services()?;
    let level = services.as_ref().map(Services::level).transpose()?;
    container.sign(&*options.keys.open()?, level, out)
}

/// For a key that is elsewhere: keeps the state, and gives what the key has to sign.
fn prepare(document: &Document, state: &Path, options: &Options) -> Outcome<Vec<u8>> {
    let chain = Certificate::all_from(&options.keys.certificates()?, &Limits::default())?;
    let algorithm = options.keys.algorithm.ok_or("--prepare needs --algorithm")?;
    let prepared = if options.is_pdf(document)? {
        let services = options.levels.services()?;
        let level = services.as_ref().map(|it| options.raising(it)).transpose()?;
        let mut builder = options.looks.give(options.pdf(document))?;
        if let Some(level) = &level {
            builder = builder.level(level);
        }
        builder.prepare(&chain, algorithm)?
    } else if options.is_xades(document)? {
        options.levels.must_be_b()?;
        options.xml(document).prepare(&chain, algorithm)?
    } else {
        options.levels.must_be_b()?;
        options.file(document).prepare(&chain, algorithm)?
    };
    files::write_whole(state, &serde_json::to_vec_pretty(&prepared)?)?;
    Ok(prepared.to_be_signed().bytes().to_vec())
}

/// In another process, on another day: the value is checked before a byte is written.
fn complete(
    document: &Document,
    state: &Path,
    options: &Options,
    out: &mut dyn Write,
) -> Outcome<()> {
    let prepared: Prepared = serde_json::from_slice(&read(state)?)?;
    let value = options.value.as_ref().ok_or("--complete needs --value")?;
    let value = SignatureValue::new(read(value)?);
    let signed = match options.levels.services()? {
        Some(services) => prepared.complete_at(&value, document, &options.raising(&services)?)?,
        None => prepared.complete(&value)?,
    };
    Ok(signed.write_to(document, out)?)
}

/// Signatures that are there already, of whomever: in a PDF, or beside the document.
fn augment(
    document: &Document,
    signature: Option<&PathBuf>,
    options: &Options,
    out: &mut dyn Write,
) -> Outcome<()> {
    let services = options.levels.services()?.ok_or("--augment needs --level")?;
    let Some(signature) = signature else {
        if is_xml(document)? {
            let bytes = document.window(0..document.len())?;
            let raised = xades::Augmenter::new(services.xml_level()?).augment(&bytes)?;
            return Ok(out.write_all(&raised)?);
        }
        let raised = options.raising(&services)?.augment(document)?;
        return Ok(raised.write_to(document, out)?);
    };
    let signature = read(signature)?;
    let raised = if is_xml(&signature)? {
        let files = vec![(options.name(), document)];
        xades::Augmenter::new(services.xml_level()?).augment_with_files(&signature, &files)?
    } else {
        cades::Augmenter::new(services.level()?).augment_detached(&signature, document)?
    };
    Ok(out.write_all(&raised)?)
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().ok_or(format!("{argument} wants a value"));
            if options.containers.read(&argument)
                || options.levels.read(&argument, &mut next)?
                || options.looks.read(&argument, &mut next)?
                || options.keys.read(&argument, &mut next)?
            {
                continue;
            }
            match argument.as_str() {
                "--augment" => options.augment = true,
                "--document-password" => options.document_password = Some(next()?),
                "--time" => options.time = Some(next()?.parse()?),
                "--detached" => options.cades = true,
                "--xades" => (options.xades, options.containers.xades) = (true, true),
                "--enveloping" => (options.cades, options.enveloping) = (true, true),
                "--mime-type" => options.mime_type = Some(next()?),
                "--pkcs7" => options.pkcs7 = true,
                "--field" => options.field = Some(next()?),
                "--reason" => options.reason = Some(next()?),
                "--location" => options.location = Some(next()?),
                "--contact" => options.contact = Some(next()?),
                "--page" => options.page = Some(next()?.parse()?),
                "--rectangle" => options.rectangle = Some(rectangle(&next()?)?),
                "--certify" => options.certify = Some(permission(&next()?)?),
                "--lock" => options.lock = Some(lock(&next()?)?),
                "--add-field" => options.add_fields.push(next()?),
                "--prepare" => options.prepare = Some(next()?.into()),
                "--complete" => options.complete = Some(next()?.into()),
                "--value" => options.value = Some(next()?.into()),
                text if text.starts_with("--") => return Err(format!("no option {text}").into()),
                path => options.paths.push(path.into()),
            }
        }
        let enough = match (options.containers.is_new(), options.augment) {
            (true, _) => 2..=usize::MAX,
            (false, true) => 2..=3,
            (false, false) => 2..=2,
        };
        if enough.contains(&options.paths.len()) {
            Ok(options)
        } else {
            Err("give IN and OUT".into())
        }
    }

    fn is_pdf(&self, document: &Document) -> Outcome<bool> {
        // Mail gateways leave bytes before the header.
        let start = document.window(0..document.len().min(1024))?;
        Ok(!self.cades && !self.xades && start.windows(5).any(|bytes| bytes == b"%PDF-"))
    }

    /// An XML document is signed within itself; anything else beside it or around it, where
    /// that is asked for.
    fn is_xades(&self, document: &Document) -> Outcome<bool> {
        Ok(self.xades || (!self.cades && is_xml(document)?))
    }

    fn xml<'a>(&self, document: &'a Document) -> xades::SignatureBuilder<'a> {
        let time = self.time();
        let builder = match (self.cades, self.enveloping) {
            (false, _) => xades::SignatureBuilder::enveloped(document, time),
            (true, true) => xades::SignatureBuilder::enveloping(document, time),
            (true, false) => xades::SignatureBuilder::detached(self.name(), document, time),
        };
        match &self.mime_type {
            Some(mime_type) => builder.mime_type(mime_type),
            None => builder,
        }
    }

    /// What a signature beside the document calls it.
    fn name(&self) -> String {
        let input = self.paths.len().checked_sub(2).and_then(|it| self.paths.get(it));
        let name = input.and_then(|it| it.file_name()).unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn file<'a>(&self, document: &'a Document) -> cades::SignatureBuilder<'a, Document> {
        let mut builder = cades::SignatureBuilder::new(document, self.time());
        if self.enveloping {
            builder = builder.enveloping();
        }
        if let Some(mime_type) = &self.mime_type {
            builder = builder.mime_type(mime_type);
        }
        builder
    }

    fn pdf<'a>(&self, document: &'a Document) -> pades::SignatureBuilder<'a, Document> {
        let mut builder = pades::SignatureBuilder::new(document, self.time());
        if let Some(password) = &self.document_password {
            builder = builder.password(password);
        }
        if self.pkcs7 {
            builder = builder.sub_filter(pades::SubFilter::AdbePkcs7Detached);
        }
        if let Some(field) = &self.field {
            builder = builder.field(field);
        }
        if let Some(reason) = &self.reason {
            builder = builder.reason(reason);
        }
        if let Some(location) = &self.location {
            builder = builder.location(location);
        }
        if let Some(contact) = &self.contact {
            builder = builder.contact(contact);
        }
        if let Some(page) = self.page {
            builder = builder.page(page);
        }
        if let Some(rectangle) = self.rectangle {
            builder = builder.rectangle(rectangle);
        }
        if let Some(permission) = self.certify {
            builder = builder.certify(permission);
        }
        if let Some(lock) = &self.lock {
            builder = builder.lock(lock.clone());
        }
        builder
    }

    /// What gives a PDF's signatures their level.
    fn raising<'a>(&self, services: &'a Services) -> Outcome<pades::Augmenter<'a>> {
        let augmenter = pades::Augmenter::new(services.pdf_level()?);
        Ok(match &self.document_password {
            Some(password) => augmenter.with_password(password),
            None => augmenter,
        })
    }

    fn empty_fields<'a>(&self, document: &'a Document) -> pades::FieldBuilder<'a, Document> {
        let fields = self.add_fields.iter().map(|name| {
            let mut field = pades::EmptyField::new(name).page(self.page.unwrap_or(1));
            if let Some(rectangle) = self.rectangle {
                field = field.rectangle(rectangle);
            }
            match &self.lock {
                Some(lock) => field.lock(lock.clone()),
                None => field,
            }
        });
        let mut builder = pades::FieldBuilder::new(document);
        if let Some(password) = &self.document_password {
            builder = builder.password(password);
        }
        fields.fold(builder, pades::FieldBuilder::field)
    }

    fn time(&self) -> UtcTime {
        self.time.unwrap_or_else(UtcTime::now)
    }
}

fn is_xml(document: &dyn Source) -> Outcome<bool> {
    let start = document.window(0..document.len().min(256))?;
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&start);
    Ok(text.trim_ascii_start().starts_with(b"<"))
}

fn rectangle(text: &str) -> Outcome<[f64; 4]> {
    let corners = text.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    corners.try_into().map_err(|_| "a rectangle has four numbers".into())
}

fn permission(text: &str) -> Outcome<pades::DocMdp> {
    use pades::DocMdp::{Annotating, FormFilling, NoChanges};
    let found =
        [NoChanges, FormFilling, Annotating].into_iter().find(|it| it.p().to_string() == text);
    found.ok_or_else(|| "--certify takes 1, 2 or 3".into())
}

fn lock(text: &str) -> Outcome<pades::FieldLock> {
    let names = |names: &str| names.split(',').map(str::to_owned).collect::<Vec<_>>();
    match text.split_once(':') {
        None if text == "all" => Ok(pades::FieldLock::all()),
        Some(("include", fields)) => Ok(pades::FieldLock::include(names(fields))),
        Some(("exclude", fields)) => Ok(pades::FieldLock::exclude(names(fields))),
        _ => Err("--lock takes all, include:NAME,... or exclude:NAME,...".into()),
    }
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
