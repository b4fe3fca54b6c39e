//! The files of a message, one by one.

use std::collections::{BTreeMap, HashSet};

use super::kinds::{Attached, Kind};
use super::{Doubt, ExaminerRules, words};
use crate::envelope::edxml::{
    Difference, Envelope, OrganId, Organization, Parts, SEAL_DIFFERS, SealReport,
};
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::directory::{Directory, Standing};
use crate::exchange::journal::{FileVerdict, SignerVerdict};
use crate::time::UtcTime;
use crate::validation::{Conclusion, DocumentFormat, Outcome, Report, SignatureReport, Validator};

/// A file that was examined.
pub(super) struct Examined {
    pub(super) verdict: FileVerdict,
    pub(super) report: Option<Report>,
    found: Found,
    reason: String,
    /// Of each signature in the report, whether it says what the file is: those of who may sign
    /// for the sender, and all where nobody is known to.
    counts: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Good,
    Unsigned,
    Indeterminate,
    NotAuthorized,
    /// Its signatures pass, and leave out something that whoever opens it sees.
    PartlySigned,
    /// Its seal holds, and something of the message is not as it was sealed.
    Differs,
    Bad,
}

impl Examined {
    pub(super) fn is_signed(&self) -> bool {
        !matches!(self.found, Found::Unsigned)
    }

    pub(super) fn is_bad(&self) -> bool {
        self.found == Found::Bad
    }

    pub(super) fn doubt(&self, rules: &ExaminerRules) -> (Doubt, String) {
        let doubt = match self.found {
            Found::Good => Doubt::Overlook,
            Found::Unsigned | Found::PartlySigned => rules.unsigned_file,
            Found::Indeterminate => rules.indeterminate,
            Found::NotAuthorized => rules.not_authorized,
            Found::Differs => rules.differs_from_seal,
            Found::Bad => Doubt::Refuse,
        };
        (doubt, self.reason.clone())
    }

    fn bad(name: String, reason: String) -> Self {
        let verdict = FileVerdict { name, ..FileVerdict::default() };
        Self { verdict, report: None, found: Found::Bad, reason, counts: Vec::new() }
    }

    /// The signatures that count.
    fn counted(&self) -> impl Iterator<Item = &SignatureReport> {
        let signatures = self.report.iter().flat_map(Report::signatures);
        signatures.zip(&self.counts).filter(|it| *it.1).map(|it| it.0)
    }
}

/// What every file of the message is.
pub(super) fn examined(
    envelope: &Envelope,
    validator: &Validator,
    directory: Option<&Directory>,
    sender: &OrganId,
    at: UtcTime,
) -> Result<Vec<Examined>> {
    let parts = Parts::of(envelope, validator.limits());
    let mut examined = Vec::new();
    let mut files: BTreeMap<String, &[u8]> = BTreeMap::new();
    for attachment in &parts.files {
        let name = attachment.file_name();
        let Some(bytes) = attachment.bytes() else {
            examined.push(Examined::bad(name.clone(), words::damaged(&name)));
            continue;
        };
        if files.insert(name.clone(), bytes).is_some() {
            examined.push(Examined::bad(name.clone(), words::twice(&name)));
        }
    }
    let mut used: HashSet<String> = HashSet::new();
    let judge = Judge { validator, directory, sender, at, files: Attached(&files) };
    for (name, bytes) in files.iter().filter(|it| !is_signature(it.0)) {
        let beside = SIGNATURES.iter().find_map(|it| files.get_key_value(&format!("{name}{it}")));
        used.extend(beside.map(|(name, _)| name.clone()));
        examined.push(judge.file(name, bytes, beside.map(|(_, bytes)| *bytes))?);
        if beside.is_some() {
            // Who opens it sees the signatures within: one beside it hides none of them.
            let within = judge.file(name, bytes, None)?;
            examined.extend(Some(within).filter(Examined::is_signed));
        }
    }
    for name in files.keys().filter(|it| is_signature(it) && !used.contains(*it)) {
        examined.push(Examined::bad(name.clone(), words::signature_of_nothing(name)));
    }
    signed_by_others(&mut examined);
    let seals = parts.check_seals(envelope, validator)?;
    examined.extend(seals.iter().map(|it| judge.sealed(it, &envelope.header.from)));
    Ok(examined)
}

/// A file that an XML signature elsewhere in the message is over is as good as that signature
/// where it is good; where it is not, that is told of the signature.
fn signed_by_others(examined: &mut [Examined]) {
    let mut signed: BTreeMap<String, FileVerdict> = BTreeMap::new();
    let is_xml = |it: &Report| it.format() == DocumentFormat::Xml;
    let good = examined.iter().filter(|it| it.found == Found::Good);
    for it in good.filter(|it| it.report.as_ref().is_some_and(is_xml)) {
        let files = it.counted().flat_map(|it| &it.covers().files);
        signed.extend(files.map(|name| (name.clone(), it.verdict.clone())));
    }
    for it in examined.iter_mut().filter(|it| !it.is_signed()) {
        let Some(verdict) = signed.get(&it.verdict.name) else { continue };
        it.verdict = FileVerdict { name: it.verdict.name.clone(), ..verdict.clone() };
        (it.found, it.reason) = (Found::Good, String::new());
    }
}

/// What a signature beside its file is called.
const SIGNATURES: [&str; 2] = [".p7s", ".P7S"];

fn is_signature(name: &str) -> bool {
    let [suffix, _] = SIGNATURES;
    name.to_lowercase().ends_with(suffix)
}

struct Judge<'a> {
    validator: &'a Validator,
    directory: Option<&'a Directory>,
    sender: &'a OrganId,
    at: UtcTime,
    files: Attached<'a>,
}

impl Judge<'_> {
    /// # Errors
    /// Where the fault is not the file's.
    fn file(&self, name: &str, bytes: &[u8], signature: Option<&[u8]>) -> Result<Examined> {
        let kind = Kind::of(name, bytes);
        if is_named_pdf(name) && bytes.starts_with(ARCHIVE) {
            // What is signed in it is not what a reader of PDFs shows.
            let report = Report::unreadable(&Error::malformed("this PDF is a ZIP archive"));
            let bad = Examined::bad(name.to_owned(), words::archive(name));
            return Ok(Examined { report: Some(report.for_file(name)), ..bad });
        }
        let report = match (signature, kind) {
            (Some(signature), _) => self.validator.validate_detached(signature, bytes),
            (None, Kind::Other) => return Ok(unsigned(name, None)),
            (None, Kind::Xml) => self.validator.validate_with_files(bytes, &self.files),
            (None, Kind::NoArchive) => Err(Error::malformed("this is no ZIP archive")),
            (None, Kind::Signable | Kind::Archive) => self.validator.validate(bytes),
        };
        let error = match report {
            Ok(report) => return Ok(whole(self.reported(name, report.for_file(name)))),
            Err(error) => error,
        };
        let ours = matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported)
            || error.kind() == ErrorKind::LimitExceeded;
        if ours && signature.is_none() && !kind.claims_signatures(name, bytes) {
            return Ok(unsigned(name, None));
        }
        let found = match error.kind() {
            ErrorKind::Malformed => Found::Bad,
            // What this program cannot read may be good.
            ErrorKind::Unsupported | ErrorKind::LimitExceeded => Found::Indeterminate,
            _ => return Err(error),
        };
        let report = Some(Report::unreadable(&error).for_file(name));
        let reason = words::unreadable(name, error.kind());
        Ok(Examined { report, found, ..Examined::bad(name.to_owned(), reason) })
    }

    /// A seal is a file with a signature like any other, and has to fit the message besides.
    fn sealed(&self, seal: &SealReport, sender: &Organization) -> Examined {
        let report = match self.directory {
            // Knows by the code, which is more than names tell.
            Some(_) => seal.report().clone(),
            None => seal.told(seal.report().clone(), sender),
        };
        let judged = self.reported(seal.name(), report);
        let differences = seal.differences();
        if differences.is_empty() || judged.is_bad() {
            return judged;
        }
        let report = judged.report.unwrap_or_else(|| seal.report().clone());
        let report = differences.iter().fold(report, |report, it| {
            report.with_diagnostic(SEAL_DIFFERS, it.message_vi(), it.to_string())
        });
        let said: Vec<String> = differences.iter().map(Difference::message_vi).collect();
        let grave = differences.iter().any(Difference::is_grave);
        Examined {
            report: Some(report),
            // What the signature itself leaves open is no less open for it.
            found: match judged.found {
                _ if grave => Found::Bad,
                Found::Good => Found::Differs,
                other => other,
            },
            reason: [judged.reason, words::differs_from_seal(&said.join(" "))]
                .join(" ")
                .trim()
                .to_owned(),
            verdict: judged.verdict,
            counts: judged.counts,
        }
    }

    fn reported(&self, name: &str, report: Report) -> Examined {
        // That a file was there in time is good to know: who answers for it is what is asked.
        let Some(conclusion) = report.conclusion().filter(|_| report.is_signed()) else {
            return unsigned(name, Some(report));
        };
        let standings: Vec<Option<Standing<'_>>> =
            report.signatures().iter().map(|it| self.standing(it)).collect();
        let signatures = report.signatures().iter().zip(&standings);
        let verdict = FileVerdict {
            name: name.to_owned(),
            indication: conclusion.indication().to_owned(),
            signatures: signatures.map(|(it, standing)| signer(it, standing.as_ref())).collect(),
        };
        let (found, reason) = match conclusion {
            Conclusion::TotalFailed(_) => (Found::Bad, failures(name, &report)),
            Conclusion::Indeterminate(_) => (Found::Indeterminate, failures(name, &report)),
            Conclusion::TotalPassed => not_authorized(&standings)
                .map_or((Found::Good, String::new()), |it| {
                    (Found::NotAuthorized, format!("{name}: {it}"))
                }),
        };
        let may = |it: &Option<Standing<'_>>| it.as_ref().is_some_and(Standing::is_authorized);
        let nobody = !standings.iter().any(may);
        let counts = standings.iter().map(|it| nobody || may(it)).collect();
        let findings: Vec<_> = standings.iter().flatten().filter_map(Standing::finding).collect();
        let report = findings.into_iter().fold(report, |report, it| {
            report.with_diagnostic(it.code, it.message_vi, it.message_en)
        });
        Examined { verdict, report: Some(report), found, reason, counts }
    }

    fn standing(&self, signature: &SignatureReport) -> Option<Standing<'_>> {
        let at = signature.best_signature_time().unwrap_or(self.at);
        self.directory.map(|it| it.judge(self.sender, signature, at))
    }
}

/// One who may sign for the agency is enough: others may sign with it.
fn not_authorized(standings: &[Option<Standing<'_>>]) -> Option<String> {
    if standings.iter().flatten().any(Standing::is_authorized) {
        return None;
    }
    standings.iter().flatten().find_map(Standing::finding).map(|it| it.message_vi)
}

fn signer(signature: &SignatureReport, standing: Option<&Standing<'_>>) -> SignerVerdict {
    let conclusion = signature.conclusion();
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    SignerVerdict {
        name: text(signature.signer_name()),
        agency: text(signature.agency()),
        indication: conclusion.indication().to_owned(),
        sub_indication: text(conclusion.sub_indication()),
        authorized: match standing {
            Some(it) if it.is_authorized() => Some(true),
            Some(it) if it.finding().is_some() => Some(false),
            _ => None,
        },
    }
}

/// A good one whose signatures leave something out is not good as a whole. What somebody signed
/// who may not sign for the sender is left out by those who may.
fn whole(examined: Examined) -> Examined {
    let report = examined.report.as_ref().filter(|_| examined.found == Found::Good);
    let counted: Vec<_> = examined.counted().map(SignatureReport::covers).collect();
    match report.and_then(|it| words::partly_signed(&examined.verdict.name, it, &counted)) {
        Some(reason) => Examined { found: Found::PartlySigned, reason, ..examined },
        None => examined,
    }
}

fn unsigned(name: &str, report: Option<Report>) -> Examined {
    let verdict = FileVerdict { name: name.to_owned(), ..FileVerdict::default() };
    let (found, reason) = (Found::Unsigned, words::unsigned(name));
    Examined { verdict, report, found, reason, counts: Vec::new() }
}

/// What failed, or could not be settled, signature by signature.
fn failures(name: &str, report: &Report) -> String {
    let wrong = |it: &Outcome| matches!(it, Outcome::Failed | Outcome::NotChecked);
    let about = report.signatures().iter().filter(|it| it.conclusion() != Conclusion::TotalPassed);
    let sentences = about.map(|it| {
        let checks = it.checks().iter().filter(|check| wrong(&check.outcome));
        let mut said: Vec<&str> = checks.map(|check| check.message_vi.as_str()).collect();
        said.dedup();
        words::signature(name, it.signer_name().unwrap_or(it.id()), &said.join(" "))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// How ZIP archives begin, those of nothing among them.
const ARCHIVE: &[u8] = b"PK";

fn is_named_pdf(name: &str) -> bool {
    name.to_lowercase().ends_with(".pdf")
}
