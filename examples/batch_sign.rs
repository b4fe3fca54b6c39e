//! Signs every file of a folder or a list: PDFs by PAdES, others by a detached CAdES beside
//! them. Run again, it goes on where it was ended.
//!
//! Exit: 0 all are signed · 1 some failed or are left · 2 wrong usage, or nothing to sign.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::cell::Cell;
use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use kyso::batch::{Batch, Cancel, Made, Outcome, SignatureRequest, ToSign};
use kyso::{
    Certificate, ErrorKind, Policy, Report, Seekable, SignatureLevel, Signer, Source, TrustStore,
    UtcTime, Validator, cades, pades,
};
use serde::Serialize;

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/batch.rs"]
mod batch;
#[path = "support/files.rs"]
mod files;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/levels.rs"]
mod levels;
#[path = "support/options.rs"]
mod options;
#[path = "support/text.rs"]
mod text;

use batch::{Bar, Entry, Row};
use keys::Keys;
use levels::{Levels, Services};

const USAGE: &str = "\
batch_sign KEY [OPTIONS] IN OUT              every file of the folder IN, into the folder OUT
batch_sign KEY [OPTIONS] --manifest LIST [OUT]   the files that LIST names: a path a line, or a
                                             .csv with the columns input and output
A PDF keeps its name; the signature of another file is called as it, with .p7s behind. What
is signed already by this key is left as it is.

           --recursive                       folders below IN, too
           --summary FILE.csv|FILE.json      what came of each file
           --threads N                       as many as there are cores, unless given
           --time 2026-11-22T08:00:00+07:00  the claimed time; now, unless given
           --reason TEXT --location TEXT     in PDFs
           --level T|LT|LTA --tsa URL        B, unless given
           --trust FILE --crl FILE --ocsp FILE   for LT and LTA; what is missing is asked for
           --local                           ask addresses of one's own network, too";

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[derive(Default)]
struct Options {
    keys: Keys,
    levels: Levels,
    manifest: Option<PathBuf>,
    recursive: bool,
    summary: Option<PathBuf>,
    threads: usize,
    time: Option<UtcTime>,
    reason: Option<String>,
    location: Option<String>,
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let options = match arguments::all().and_then(Options::read) {
        Ok(options) => options,
        Err(error) => {
            keys::wrong_usage(&*error, USAGE);
            return ExitCode::from(2);
        }
    };
    run(&options).unwrap_or_else(|error| {
        arguments::failed("batch_sign", &*error);
        ExitCode::from(2)
    })
}

fn run(options: &Options) -> Result<ExitCode> {
    let (entries, out) = options.entries()?;
    let signer = options.keys.open()?;
    let services = options.levels.services()?;
    let settings = Settings::new(options, &*signer, services.as_ref())?;
    let cancel = batch::cancelled_by_signals()?;
    let bar = Bar::new(entries.len());
    let mut rows = Vec::new();
    let jobs = look(entries, out.as_deref(), &settings, &cancel, &bar, &mut rows)?;
    sign(jobs, &*signer, &settings, &cancel, &bar, &mut rows)?;
    bar.end();
    rows.sort_by_key(|row| row.number);
    // Until here a machine that loses its power loses what it wrote, and the next run sees it.
    for row in rows.iter_mut().filter(|row| row.outcome == "signed") {
        if let Err(error) = files::sync(&row.place) {
            row.end("failed", &error.to_string(), &bar);
        }
    }
    if let Some(path) = &options.summary {
        batch::write_summary(path, &rows)?;
    }
    let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let [signed, skipped, failed, left] = ["signed", "skipped", "failed", "left"].map(count);
    println!("{signed} signed, {skipped} signed before, {failed} failed, {left} left");
    Ok(ExitCode::from(if rows.is_empty() { 2 } else { u8::from(failed + left > 0) }))
}

/// What signs one file as the other.
struct Settings<'a> {
    threads: usize,
    time: Option<UtcTime>,
    reason: Option<&'a str>,
    location: Option<&'a str>,
    levels: Option<(pades::Level<'a>, cades::Level<'a>)>,
    certificate: Certificate,
    /// Trusts nobody: whether a signature is intact is known without.
    validator: Validator,
}

impl<'a> Settings<'a> {
    fn new(
        options: &'a Options,
        signer: &dyn Signer,
        services: Option<&'a Services>,
    ) -> Result<Self> {
        let certificate = signer.certificate_chain().first();
        let levels = services.map(|it| Ok::<_, Box<dyn Error>>((it.pdf_level()?, it.level()?)));
        Ok(Self {
            threads: options.threads,
            time: options.time,
            reason: options.reason.as_deref(),
            location: options.location.as_deref(),
            levels: levels.transpose()?,
            certificate: certificate.ok_or("the key has no certificate")?.clone(),
            validator: Validator::new(TrustStore::new(), Policy::pilot(), UtcTime::now()),
        })
    }
}

impl Settings<'_> {
    /// One of level B does not do where more is asked for.
    fn is_high_enough(&self, found: SignatureLevel) -> bool {
        use SignatureLevel::{BaselineLt, BaselineLta, BaselineT};
        match self.levels {
            None => true,
            Some((pades::Level::T(_), _)) => [BaselineT, BaselineLt, BaselineLta].contains(&found),
            Some((pades::Level::Lt(..), _)) => [BaselineLt, BaselineLta].contains(&found),
            Some(_) => found == BaselineLta,
        }
    }
}

/// A file, what is made of it, and since when.
struct Job<'a> {
    number: usize,
    path: PathBuf,
    output: PathBuf,
    is_pdf: bool,
    settings: &'a Settings<'a>,
    begun: Cell<Option<Instant>>,
}

type Document = Seekable<File>;

/// Names what each file becomes, and leaves out those that have become it.
fn look<'a>(
    entries: Vec<Entry>,
    out: Option<&Path>,
    settings: &'a Settings<'a>,
    cancel: &Cancel,
    bar: &Bar,
    rows: &mut Vec<Line>,
) -> Result<Vec<Job<'a>>> {
    let (mut jobs, mut outputs) = (Vec::new(), HashSet::new());
    let look = |(_, entry): &(usize, Entry)| {
        let document = open(&entry.path)?;
        // Mail gateways leave bytes before the header.
        let start = document.window(0..document.len().min(1024))?;
        let is_pdf = start.windows(5).any(|bytes| bytes == b"%PDF-");
        let output = output(entry, is_pdf, out)?;
        let place = |path: &Path| path.canonicalize().ok();
        if place(&output).is_some_and(|it| place(&entry.path) == Some(it)) {
            return Err(refused("it would be written over: name another output"));
        }
        let is_signed = is_signed(&document, &output, is_pdf, settings).unwrap_or(false);
        Ok((output, is_pdf, is_signed))
    };
    let each = |(number, entry): (usize, Entry), outcome: Outcome<(PathBuf, bool, bool)>| {
        let mut line = Line::new(number, &entry.path);
        match outcome {
            Outcome::Done((output, ..)) if !outputs.insert(output.clone()) => {
                line.goes_to(&output);
                line.end("failed", "another file has the same output", bar);
            }
            Outcome::Done((output, is_pdf, false)) => {
                let (path, begun) = (entry.path, Cell::new(None));
                return jobs.push(Job { number, path, output, is_pdf, settings, begun });
            }
            Outcome::Done((output, _, true)) => {
                line.goes_to(&output);
                line.end("skipped", "it is signed already", bar);
            }
            Outcome::Failed(error) => line.end("failed", &error.to_string(), bar),
            Outcome::NotBegun(ended) => line.end("left", &ended.to_string(), bar),
        }
        rows.push(line);
    };
    let batch = Batch::new().threads(settings.threads).cancelled_by(cancel);
    batch.run(entries.into_iter().enumerate(), look, each)?;
    Ok(jobs)
}

fn sign(
    jobs: Vec<Job<'_>>,
    signer: &dyn Signer,
    settings: &Settings<'_>,
    cancel: &Cancel,
    bar: &Bar,
    rows: &mut Vec<Line>,
) -> Result<()> {
    let before = rows.len();
    let told = |progress| bar.show(before, progress);
    let batch = Batch::new().threads(settings.threads).cancelled_by(cancel).progress(&told);
    batch.sign_all(signer, jobs, |job: Job<'_>, outcome| {
        let mut line = Line::new(job.number, &job.path);
        line.goes_to(&job.output);
        line.seconds = job.begun.get().map_or(0.0, |it| it.elapsed().as_secs_f64());
        match outcome {
            Outcome::Done(seconds) => {
                line.seconds = seconds;
                line.end("signed", "", bar);
            }
            Outcome::Failed(error) => line.end("failed", &error.to_string(), bar),
            Outcome::NotBegun(ended) => line.end("left", &ended.to_string(), bar),
        }
        rows.push(line);
    })?;
    Ok(())
}

impl ToSign for Job<'_> {
    type Document = Document;
    type Kept = f64;

    fn open(&self) -> kyso::Result<Document> {
        self.begun.set(Some(Instant::now()));
        open(&self.path)
    }

    fn request<'a>(&'a self, document: &'a Document) -> kyso::Result<SignatureRequest<'a>> {
        let time = self.settings.time.unwrap_or_else(UtcTime::now);
        if !self.is_pdf {
            let builder = cades::SignatureBuilder::new(document, time);
            return Ok(match &self.settings.levels {
                Some((_, level)) => builder.level(level).into(),
                None => builder.into(),
            });
        }
        let mut builder = pades::SignatureBuilder::new(document, time);
        if let Some(reason) = self.settings.reason {
            builder = builder.reason(reason);
        }
        if let Some(location) = self.settings.location {
            builder = builder.location(location);
        }
        if let Some((level, _)) = &self.settings.levels {
            builder = builder.level(level);
        }
        Ok(builder.into())
    }

    fn keep(&self, made: &Made<'_>) -> kyso::Result<f64> {
        files::stream_unsynced(&self.output, |out| Ok(made.write_to(out)?))
            .map_err(|error| refused(&format!("{}: {error}", self.output.display())))?;
        Ok(self.begun.get().map_or(0.0, |it| it.elapsed().as_secs_f64()))
    }
}

/// Whether the output is a signature over this very input by this key: its name and its
/// time say nothing.
fn is_signed(
    input: &Document,
    output: &Path,
    is_pdf: bool,
    settings: &Settings<'_>,
) -> kyso::Result<bool> {
    let Ok(output) = open(output) else { return Ok(false) };
    let ours = |report: Report| {
        let signatures = report.signatures().iter();
        let ours = signatures.filter(|it| it.certificate() == Some(&settings.certificate));
        let intact = ours.filter(|it| it.intact() == Some(true));
        intact.filter(|it| settings.is_high_enough(it.level())).count()
    };
    let validator = &settings.validator;
    if !is_pdf {
        return Ok(ours(validator.validate_detached(&output, input)?) > 0);
    }
    // One more than those that the input came with.
    Ok(begins_with(&output, input)?
        && ours(validator.validate(&output)?) > ours(validator.validate(input)?))
}

fn begins_with(whole: &Document, start: &Document) -> kyso::Result<bool> {
    let mut at = 0;
    while at < start.len() {
        let end = start.len().min(at + (256 << 10));
        if end > whole.len() || whole.window(at..end)? != start.window(at..end)? {
            return Ok(false);
        }
        at = end;
    }
    Ok(true)
}

fn open(path: &Path) -> kyso::Result<Document> {
    Seekable::new(File::open(path)?)
}

fn output(entry: &Entry, is_pdf: bool, out: Option<&Path>) -> kyso::Result<PathBuf> {
    if let Some(output) = &entry.output {
        return Ok(output.clone());
    }
    let out = out.ok_or_else(|| refused("the list names no output for it, and there is no OUT"))?;
    let mut output = out.join(&entry.name).into_os_string();
    if !is_pdf {
        output.push(".p7s");
    }
    Ok(output.into())
}

fn refused(why: &str) -> kyso::Error {
    kyso::Error::new(ErrorKind::Io, why)
}

/// What came of a file.
#[derive(Serialize)]
struct Line {
    #[serde(skip)]
    number: usize,
    /// Names need not be UTF-8.
    #[serde(skip)]
    place: PathBuf,
    file: String,
    output: String,
    outcome: &'static str,
    reason: String,
    seconds: f64,
}

impl Line {
    fn new(number: usize, path: &Path) -> Self {
        let (output, reason) = (String::new(), String::new());
        let file = path.display().to_string();
        let place = PathBuf::new();
        Self { number, place, file, output, outcome: "", reason, seconds: 0.0 }
    }

    fn goes_to(&mut self, output: &Path) {
        (self.place, self.output) = (output.to_owned(), output.display().to_string());
    }

    fn end(&mut self, outcome: &'static str, reason: &str, bar: &Bar) {
        (self.outcome, self.reason) = (outcome, reason.to_owned());
        if outcome == "failed" {
            bar.say(&format!("{}: {reason}", self.file));
        }
    }
}

impl Row for Line {
    const HEAD: &'static [&'static str] = &["file", "output", "outcome", "reason", "seconds"];

    fn cells(&self) -> Vec<String> {
        let Self { file, output, outcome, reason, seconds, .. } = self;
        vec![
            file.clone(),
            output.clone(),
            (*outcome).into(),
            reason.clone(),
            format!("{seconds:.3}"),
        ]
    }
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut next = || arguments.next().ok_or(format!("{argument} wants a value"));
            if options.keys.read(&argument, &mut next)?
                || options.levels.read(&argument, &mut next)?
            {
                continue;
            }
            match argument.as_str() {
                "--manifest" => options.manifest = Some(next()?.into()),
                "--recursive" => options.recursive = true,
                "--summary" => options.summary = Some(batch::summary(next()?)?),
                "--threads" => options.threads = next()?.parse()?,
                "--time" => options.time = Some(next()?.parse()?),
                "--reason" => options.reason = Some(next()?),
                "--location" => options.location = Some(next()?),
                text if text.starts_with("--") => return Err(format!("no option {text}").into()),
                path => options.paths.push(path.into()),
            }
        }
        Ok(options)
    }

    /// The files, and the folder for what becomes of them.
    fn entries(&self) -> Result<(Vec<Entry>, Option<PathBuf>)> {
        match (&self.manifest, self.paths.as_slice()) {
            (Some(list), [out]) => Ok((batch::manifest(list)?, Some(out.clone()))),
            (Some(list), []) => Ok((batch::manifest(list)?, None)),
            (None, [folder, out]) => {
                fs::create_dir_all(out)?;
                let within = out.canonicalize()?;
                let folder_is = |it: &Path| folder.canonicalize().is_ok_and(|folder| folder == it);
                // What is written there would be signed again.
                if folder_is(&within) || self.recursive && within.ancestors().any(folder_is) {
                    return Err("OUT stands within IN: name another folder".into());
                }
                Ok((batch::folder(folder, self.recursive)?, Some(out.clone())))
            }
            _ => Err("give IN and OUT, or --manifest LIST".into()),
        }
    }
}
