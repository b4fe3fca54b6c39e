//! The files of a message, one by one.

use std::collections::{BTreeMap, HashSet};

use super::{Doubt, ExaminerRules, words};
use crate::envelope::edxml::{Difference, Envelope, OrganId, SEAL_DIFFERS, SealReport};
use crate::error::{ErrorKind, Result};
use crate::exchange::directory::{Directory, Standing};
use crate::exchange::journal::{FileVerdict, SignerVerdict};
use crate::time::UtcTime;
use crate::validation::{Conclusion, Outcome, Report, SignatureReport, Validator};

/// A file that was examined.
pub(super) struct Examined {
    pub(super) verdict: FileVerdict,
    pub(super) report: Option<Report>,
    found: Found,
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Good,
    Unsigned,
    Indeterminate,
    NotAuthorized,
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
            Found::Unsigned => rules.unsigned_file,
            Found::Indeterminate => rules.indeterminate,
            Found::NotAuthorized => rules.not_authorized,
            Found::Differs => rules.differs_from_seal,
            Found::Bad => Doubt::Refuse,
        };
        (doubt, self.reason.clone())
    }

    fn bad(name: String, reason: String) -> Self {
        let verdict = FileVerdict { name, ..FileVerdict::default() };
        Self { verdict, report: None, found: Found::Bad, reason }
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
    let mut examined = Vec::new();
    let mut files: BTreeMap<String, &[u8]> = BTreeMap::new();
    for attachment in envelope.attachments.iter().filter(|it| !it.is_seal()) {
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
    let judge = Judge { validator, directory, sender, at };
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
    examined.extend(judge.seals(envelope)?);
    Ok(examined)
}

/// What a signature beside its file is called, and one that holds its file.
const SIGNATURES: [&str; 2] = [".p7s", ".P7S"];
const HOLDS_ITS_FILE: &str = ".p7m";

fn is_signature(name: &str) -> bool {
    let [suffix, _] = SIGNATURES;
    name.to_lowercase().ends_with(suffix)
}

struct Judge<'a> {
    validator: &'a Validator,
    directory: Option<&'a Directory>,
    sender: &'a OrganId,
    at: UtcTime,
}

impl Judge<'_> {
    /// # Errors
    /// Where the fault is not the file's.
    fn file(&self, name: &str, bytes: &[u8], signature: Option<&[u8]>) -> Result<Examined> {
        let report = match signature {
            Some(signature) => self.validator.validate_detached(signature, bytes),
            None if name.to_lowercase().ends_with(HOLDS_ITS_FILE) => self.validator.validate(bytes),
            None if opens_as_pdf(name, bytes) => self.validator.validate(bytes),
            None => return Ok(unsigned(name, None)),
        };
        let error = match report {
            Ok(report) => return Ok(self.reported(name, report.for_file(name))),
            Err(error) => error,
        };
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
    fn seals(&self, envelope: &Envelope) -> Result<Vec<Examined>> {
        let seals = match envelope.check_seals(self.validator) {
            Err(error) if error.kind() == ErrorKind::LimitExceeded => {
                return Ok(vec![Examined::bad(String::new(), words::TOO_MANY_SEALS.to_owned())]);
            }
            seals => seals?,
        };
        Ok(seals.iter().map(|it| self.sealed(it)).collect())
    }

    fn sealed(&self, seal: &SealReport) -> Examined {
        let judged = self.reported(seal.name(), seal.report().clone());
        let differences = seal.differences();
        if differences.is_empty() || judged.is_bad() {
            return judged;
        }
        let report = differences.iter().fold(seal.report().clone(), |report, it| {
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
        let findings: Vec<_> = standings.iter().flatten().filter_map(Standing::finding).collect();
        let report = findings.into_iter().fold(report, |report, it| {
            report.with_diagnostic(it.code, it.message_vi, it.message_en)
        });
        Examined { verdict, report: Some(report), found, reason }
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

fn unsigned(name: &str, report: Option<Report>) -> Examined {
    let verdict = FileVerdict { name: name.to_owned(), ..FileVerdict::default() };
    Examined { verdict, report, found: Found::Unsigned, reason: words::unsigned(name) }
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

/// Whether whoever opens the file sees a PDF: by its name, or because viewers take one whose
/// header stands anywhere in the first kilobyte.
fn opens_as_pdf(name: &str, bytes: &[u8]) -> bool {
    let start = bytes.get(..1024).unwrap_or(bytes);
    let is_archive = start.starts_with(b"PK");
    name.to_lowercase().ends_with(".pdf")
        || !is_archive && start.windows(5).any(|it| it == b"%PDF-")
}
