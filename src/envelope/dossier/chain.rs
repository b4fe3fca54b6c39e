//! Whether the records follow from one another. Signatures are judged elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::record::{Desk, Record, Step};
use crate::crypto::Digest;
use crate::time::UtcTime;

/// Findings about files that are told one by one: nobody reads more, and each names a file.
const NAMED_FILES: usize = 1_000;

/// A record as it stands in the container.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) record: Record,
    pub(super) digest: Digest,
}

/// What stands in the container besides.
pub(super) struct Contents<'c> {
    /// All files that are no records, by name.
    pub(super) files: &'c BTreeMap<String, Digest>,
    /// Digests of the values of all signatures.
    pub(super) signatures: &'c BTreeSet<Vec<u8>>,
}

/// Findings about files: the first of them, and how many more there are.
#[derive(Default)]
struct AboutFiles {
    named: Vec<Finding>,
    more: usize,
}

impl AboutFiles {
    fn differs(&mut self, step: usize, file: &str) {
        self.push(|| Finding::FileDiffers { step, file: file.to_owned() });
    }

    fn push(&mut self, finding: impl FnOnce() -> Finding) {
        if self.named.len() < NAMED_FILES {
            self.named.push(finding());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn into_findings(self) -> impl Iterator<Item = Finding> {
        let more = (self.more > 0).then_some(Finding::MoreFiles { count: self.more });
        self.named.into_iter().chain(more)
    }
}

/// What is wrong with the chain as it is written.
pub(super) fn examine(records: &[Found], contents: &Contents<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut about_files = AboutFiles::default();
    let mut before: Option<&Found> = None;
    for (step, found) in records.iter().enumerate() {
        order(step, found, before, &mut findings);
        follows(step, found, before, contents, &mut findings);
        files(step, found, before, contents, &mut about_files);
        before = Some(found);
    }
    let recorded: BTreeSet<&str> =
        records.iter().flat_map(|it| &it.record.files).map(|it| it.name.as_str()).collect();
    for it in contents.files.keys().filter(|it| !recorded.contains(it.as_str())) {
        about_files.push(|| Finding::FileUnrecorded { file: it.clone() });
    }
    findings.extend(about_files.into_findings());
    findings
}

/// Who gave what when, and whether they could.
fn order(step: usize, found: &Found, before: Option<&Found>, findings: &mut Vec<Finding>) {
    let record = &found.record;
    let is_receipt = matches!(record.step, Step::Receipt(_));
    let has_ended = before.is_some_and(|it| it.record.step.holder().is_none());
    if record.sequence != step || is_receipt != before.is_none() || has_ended {
        findings.push(Finding::OutOfOrder { step });
    }
    let Some(before) = before else { return };
    if before.record.number != record.number {
        findings.push(Finding::OtherNumber { step });
    }
    if record.step.at() < before.record.step.at() {
        findings.push(Finding::TimeRunsBack { step });
    }
    if before.record.step.holder().is_some_and(|it| it != record.step.by()) {
        findings.push(Finding::NotTheHolder { step });
    }
}

/// Whether it names the record before it, and all signatures are there still.
fn follows(
    step: usize,
    found: &Found,
    before: Option<&Found>,
    contents: &Contents<'_>,
    findings: &mut Vec<Finding>,
) {
    let previous = found.record.previous.as_ref();
    if previous.map(|it| &it.record) != before.map(|it| &it.digest) {
        findings.push(Finding::Unchained { step });
    }
    let mut signatures = previous.iter().flat_map(|it| &it.signatures);
    let none = previous.is_some_and(|it| it.signatures.is_empty());
    if none || signatures.any(|it| !contents.signatures.contains(it.value())) {
        findings.push(Finding::SignatureGone { step });
    }
}

/// Whether all files that were there then are there still, as they were.
fn files(
    step: usize,
    found: &Found,
    before: Option<&Found>,
    contents: &Contents<'_>,
    findings: &mut AboutFiles,
) {
    for file in &found.record.files {
        if contents.files.get(&file.name) != Some(&file.digest) {
            findings.differs(step, &file.name);
        }
    }
    // What one step recorded, the next must record too: a chain does not forget.
    let kept: BTreeSet<&str> = found.record.files.iter().map(|it| it.name.as_str()).collect();
    for file in before.iter().flat_map(|it| &it.record.files) {
        if !kept.contains(file.name.as_str()) {
            findings.differs(step, &file.name);
        }
    }
}

/// A time that was not kept, or is not being kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// Where the dossier lay then.
    pub desk: Desk,
    /// Until when it should have gone on.
    pub due: UtcTime,
    /// When it went on; nothing where it lies there still.
    pub ended: Option<UtcTime>,
    /// Whether it is what the applicant was promised that was not kept.
    pub promised: bool,
}

impl Delay {
    /// By how many seconds, as of `now` where it goes on.
    #[must_use]
    pub fn seconds(&self, now: UtcTime) -> i64 {
        self.ended.unwrap_or(now).unix().saturating_sub(self.due.unix())
    }
}

/// All of them as of `now`, in the order of the chain, each step with the time that it is held
/// to have happened at; the promise to the applicant last.
pub(super) fn delays(steps: &[(&Step, UtcTime)], now: UtcTime) -> Vec<Delay> {
    let mut all = Vec::new();
    for (n, (step, _)) in steps.iter().enumerate() {
        let Step::HandOver(it) = step else { continue };
        let ended = steps.get(n.saturating_add(1)).map(|it| it.1);
        let late = |due: &UtcTime| ended.unwrap_or(now) > *due;
        if let Some(due) = it.due.filter(late) {
            all.push(Delay { desk: it.to.clone(), due, ended, promised: false });
        }
    }
    let (Some((first, _)), Some((last, at))) = (steps.first(), steps.last()) else { return all };
    let Step::Receipt(receipt) = first else { return all };
    let (desk, ended) = match last.holder() {
        Some(holder) => (holder, None),
        None => (last.by(), Some(*at)),
    };
    if ended.unwrap_or(now) > receipt.promised_at {
        let (desk, due) = (desk.clone(), receipt.promised_at);
        all.push(Delay { desk, due, ended, promised: true });
    }
    all
}
