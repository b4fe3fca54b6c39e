//! The dossier of a one-stop procedure (*hồ sơ thủ tục hành chính*): an ASiC-E container that
//! goes from desk to desk.
//!
//! It begins with the receipt and the applicant's papers. Each hand-over adds a record of who
//! gave it, who received it and when, and a signature over it and over all that was there
//! before; the end adds the result. Each record names the one before it, the signatures that
//! were there and every file by their digests, so that nothing can be exchanged, taken out or
//! slipped in between without being seen, even by a desk that signed itself. Each record names
//! its signer's certificate, too, and no two desks have the same: one who signed for his own
//! desk cannot make the dossier anew with the steps of others in it, as long as he has no
//! certificates of others. Certificates of one issuer for one subject are one person's, so that
//! a desk may go on with a renewed one; one who has several names, or issuers, can be at several
//! desks, as nothing but certificates tells people apart. Whose certificate it is decides who did
//! what: a desk's name is only what the record says.
//!
//! One thing no container can tell: what was cut off its end, as all before is whole. Keep its
//! [`head`](Dossier::head) outside of it, in the register of dossiers, and
//! [check against](Dossier::check_against) that. Any program that validates ASiC-E with CAdES
//! validates the signatures; the records are XML that people can read.
//!
//! ```
//! use kyso::dossier::{Desk, Dossier, DossierNumber, HandOver, NewFile, Receipt};
//! use kyso::{Limits, SoftwareSigner, UtcTime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
//! # let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
//! # let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
//! let officer = SoftwareSigner::from_pem(&key, &certificates)?;
//! let at: UtcTime = "2026-11-23T08:00:00+07:00".parse()?;
//! let one_stop = Desk::new("Bộ phận Một cửa", "Trần Thị Hoa");
//! let receipt = Receipt {
//!     number: DossierNumber::compose("000.00.01.H40", at, 1)?,
//!     procedure: "Cấp giấy phép xây dựng".into(),
//!     procedure_code: "1.009994".into(),
//!     applicant: Default::default(),
//!     desk: one_stop.clone(),
//!     received_at: at,
//!     promised_at: "2026-12-14T17:00:00+07:00".parse()?,
//!     result_at: "Bộ phận Một cửa".into(),
//! };
//! let papers = [NewFile::new("đơn đề nghị.pdf", b"%PDF-1.7 ...")];
//! let container = Dossier::create(receipt, &papers, &officer)?;
//!
//! let limits = Limits::default();
//! let dossier = Dossier::open(&container, &limits)?;
//! let to = Desk::new("Phòng Quản lý đô thị", "Lê Văn Nam");
//! let at = at.plus_seconds(3_600);
//! let step = HandOver { from: one_stop, to, at, due: None, note: String::new() };
//! let container = dossier.hand_over(step, &[], &officer)?;
//! assert_eq!(Dossier::open(&container, &limits)?.steps().count(), 2);
//! # Ok(())
//! # }
//! ```

mod chain;
mod codec;
mod contents;
mod finding;
mod record;
mod report;
mod signers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;

pub use self::chain::Delay;
use self::chain::{Contents, Found};
use self::contents::{add, digest_of, listed, people, values};
pub use self::finding::Finding;
pub use self::record::{
    Applicant, Desk, DossierNumber, HandOver, Outcome, OutcomeKind, Receipt, Step,
};
use self::record::{Previous, Record};
pub use self::report::{DossierReport, StepReport};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, Result};
use crate::keys::Signer;
use crate::limits::{Limits, within};
use crate::signature::asic::{Container, ContainerBuilder};
use crate::source::Source;
use crate::time::UtcTime;

/// Where records stand in the container, numbered from the receipt's 0.
const RECORDS: &str = "records/";
/// Steps of one dossier: a procedure has some ten desks.
const STEPS: usize = 1_000;
/// Bytes of one record: a file takes some hundred.
const RECORD_BYTES: usize = 1 << 20;
/// Bytes of all records of one dossier: ten desks and a hundred files take some hundred
/// thousand.
const RECORDS_BYTES: usize = 16 << 20;

/// A dossier that was opened, its signatures not judged yet.
pub struct Dossier<'s> {
    source: &'s dyn Source,
    container: Container<'s>,
    records: Vec<Found>,
    /// Digests of the files, once they are asked for: they have to be read for them.
    files: OnceLock<BTreeMap<String, Digest>>,
    signatures: BTreeSet<Vec<u8>>,
    limits: Limits,
    allows_broken: bool,
}

/// A file to be put into a dossier.
#[derive(Clone, Copy)]
pub struct NewFile<'a> {
    name: &'a str,
    content: &'a dyn Source,
}

impl<'a> NewFile<'a> {
    /// A file under this name, which is a path below the container's root and not below
    /// `records/`.
    #[must_use]
    pub fn new(name: &'a str, content: &'a dyn Source) -> Self {
        Self { name, content }
    }
}

impl fmt::Debug for NewFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewFile({}, {} bytes)", self.name, self.content.len())
    }
}

impl fmt::Debug for Dossier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dossier({} steps, {} files)", self.records.len(), self.files().count())
    }
}

impl<'s> Dossier<'s> {
    /// Begins a dossier with the receipt and the applicant's papers, signed by who received
    /// it.
    ///
    /// # Errors
    /// `Misuse` when the promise is before the receipt, and for names that cannot be given;
    /// as [`ContainerBuilder::sign`](crate::asic::ContainerBuilder::sign).
    pub fn create(
        receipt: Receipt,
        papers: &[NewFile<'_>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>> {
        if receipt.promised_at < receipt.received_at {
            return Err(Error::misuse("the result is promised before the dossier is received"));
        }
        let at = receipt.received_at;
        let mut files = BTreeMap::new();
        add(&mut files, papers)?;
        let record = Record {
            sequence: 0,
            number: receipt.number.clone(),
            step: Step::Receipt(receipt),
            signer: certificate_of(signer)?,
            previous: None,
            files: listed(&files),
        };
        put(ContainerBuilder::extended(at).knowing(&files), &record, papers, signer)
    }

    /// Opens a dossier. Whether it is as it should be is asked by [`check`](Self::check); before,
    /// its files are not read.
    ///
    /// # Errors
    /// `Malformed` when it is no container, or one without the records of a dossier, or one
    /// of them cannot be read; `LimitExceeded`; `Io`.
    pub fn open(source: &'s dyn Source, limits: &Limits) -> Result<Self> {
        let container = Container::open(source, limits)?;
        // Before the files, which cost more: what is no dossier ends here.
        let records = records(&container, limits)?;
        let files = container.data_files().filter(|it| !it.starts_with(RECORDS)).count();
        within(files, limits.attachments, "files of one dossier")?;
        let files = OnceLock::new();
        let signatures = values(&container, limits)?;
        let (limits, allows_broken) = (limits.clone(), false);
        Ok(Self { source, container, records, files, signatures, limits, allows_broken })
    }

    /// What happened to it, the receipt first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.records.iter().map(|it| &it.record.step)
    }

    /// The receipt, where the first record is one.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        match self.steps().next() {
            Some(Step::Receipt(receipt)) => Some(receipt),
            _ => None,
        }
    }

    /// Its number, as the first record has it.
    #[must_use]
    pub fn number(&self) -> Option<&DossierNumber> {
        self.records.first().map(|it| &it.record.number)
    }

    /// Where it lies; nowhere once it has ended.
    #[must_use]
    pub fn holder(&self) -> Option<&Desk> {
        self.steps().last().and_then(Step::holder)
    }

    /// The SHA-256 of its last record, which binds all records and files, and all signatures that
    /// were there when it was written. Kept outside of the dossier, it shows whether steps were
    /// [cut off](Self::check_against) later. A confirmation of the last step is bound by the
    /// next one only.
    #[must_use]
    pub fn head(&self) -> Option<&Digest> {
        self.records.last().map(|it| &it.digest)
    }

    /// The container, to get files out.
    #[must_use]
    pub fn container(&self) -> &Container<'s> {
        &self.container
    }

    /// The names of the files in it, records apart.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let names = self.container.data_files().filter(|it| !it.starts_with(RECORDS));
        names.collect::<BTreeSet<_>>().into_iter()
    }

    /// Lets [`hand_over`](Self::hand_over), [`conclude`](Self::conclude) and
    /// [`confirm`](Self::confirm) sign over a chain that is broken, or break it by who signs: by
    /// who knows what is wrong with it, and answers for that. [`check`](Self::check) finds it all
    /// the same.
    #[must_use]
    pub fn allow_broken_chain(mut self) -> Self {
        self.allows_broken = true;
        self
    }

    /// Hands it over: adds the record, and files that come with it, and signs all of it.
    /// Gives the whole container, in which all that was there stands as it was.
    ///
    /// # Errors
    /// `Misuse` when the dossier does not lie at the desk that gives, has ended, was last
    /// handed over later than this, or has a file of that name, and when who signs did so for
    /// another desk, or somebody else for this one; `Malformed` when its chain is broken: both
    /// unless that is [allowed](Self::allow_broken_chain); and when a file cannot be read. Whether its signatures hold
    /// is not looked at: [`check`](Self::check) does. As
    /// [`ContainerBuilder::sign`](crate::asic::ContainerBuilder::sign).
    pub fn hand_over(
        &self,
        step: HandOver,
        files: &[NewFile<'_>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>> {
        self.add(Step::HandOver(step), files, signer)
    }

    /// Ends it, with the result among `files`.
    ///
    /// # Errors
    /// As [`hand_over`](Self::hand_over).
    pub fn conclude(
        &self,
        outcome: Outcome,
        files: &[NewFile<'_>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>> {
        self.add(Step::Outcome(outcome), files, signer)
    }

    /// Signs all of it once more as it is: the receiver's signature under the row of the
    /// sheet by which the dossier came.
    ///
    /// # Errors
    /// `Malformed` as [`hand_over`](Self::hand_over); as
    /// [`ContainerBuilder::sign`](crate::asic::ContainerBuilder::sign).
    pub fn confirm(&self, signer: &dyn Signer, claimed_time: UtcTime) -> Result<Vec<u8>> {
        self.refuse_broken()?;
        ContainerBuilder::beside(&self.container, claimed_time).sign(signer)
    }

    /// An honest signature over what is broken would vouch for it.
    fn refuse_broken(&self) -> Result<()> {
        match self.chain_findings()?.first() {
            Some(found) if !self.allows_broken => {
                Err(Error::malformed(format!("the chain of the dossier is broken: {found}")))
            }
            _ => Ok(()),
        }
    }

    /// A step that never holds is better not signed.
    fn refuse_stranger(&self, record: &Record, signer: &dyn Signer) -> Result<()> {
        if self.allows_broken {
            return Ok(());
        }
        let mut people = people(&self.container, &self.limits)?;
        signer.certificate_chain().first().into_iter().for_each(|it| people.add(it));
        if signers::can_follow(record, &self.records, &people) {
            return Ok(());
        }
        let what = "another desk signed with this certificate, or this desk by somebody else";
        Err(Error::misuse(format!("{what}: {}", record.step.by())))
    }

    fn add(&self, step: Step, files: &[NewFile<'_>], signer: &dyn Signer) -> Result<Vec<u8>> {
        let last =
            self.records.last().ok_or_else(|| Error::misuse("the dossier has no receipt"))?;
        match last.record.step.holder() {
            None => return Err(Error::misuse("the dossier has ended")),
            Some(holder) if holder != step.by() => {
                let what = format!("the dossier lies at {holder}, not at {}", step.by());
                return Err(Error::misuse(what));
            }
            Some(_) => {}
        }
        if step.at().whole_seconds() < last.record.step.at() {
            return Err(Error::misuse("the dossier was handed on later than this already"));
        }
        self.refuse_broken()?;
        within(self.records.len().saturating_add(1), STEPS, "steps of one dossier")?;
        let mut all = self.digests()?.clone();
        add(&mut all, files)?;
        let signatures = self.signatures.iter();
        let signatures = signatures.map(|it| Digest::new(DigestAlgorithm::Sha256, it.as_slice()));
        let record = Record {
            sequence: self.records.len(),
            number: last.record.number.clone(),
            signer: certificate_of(signer)?,
            previous: Some(Previous {
                record: last.digest.clone(),
                signatures: signatures.collect::<Result<_>>()?,
            }),
            files: listed(&all),
            step,
        };
        self.refuse_stranger(&record, signer)?;
        within(all.len(), self.limits.attachments, "files of one dossier")?;
        let before = self.records.iter().map(|it| it.record.listed());
        let listed = before.fold(record.listed(), usize::saturating_add);
        lists_within(listed, &self.limits)?;
        all.extend(self.records.iter().map(|it| (it.name.clone(), it.digest.clone())));
        let builder = ContainerBuilder::beside(&self.container, record.step.at());
        put(builder.knowing(&all), &record, files, signer)
    }

    /// Times that were not kept, or are not being kept, as of `now`: of desks, and what the
    /// applicant was promised. They go by what the records say, signed or not, true or not: a
    /// desk that is late can say that it was not.
    /// [`DossierReport::delays_by_proof`] goes by what is proven.
    #[must_use]
    pub fn delays(&self, now: UtcTime) -> Vec<Delay> {
        let steps: Vec<_> = self.steps().map(|it| (it, it.at())).collect();
        chain::delays(&steps, now)
    }

    /// Whether a time has run out and the dossier lies there still, by what the records say.
    #[must_use]
    pub fn is_overdue(&self, now: UtcTime) -> bool {
        self.delays(now).iter().any(|it| it.ended.is_none())
    }

    fn chain_findings(&self) -> Result<Vec<Finding>> {
        let contents = Contents { files: self.digests()?, signatures: &self.signatures };
        Ok(chain::examine(&self.records, &contents))
    }

    fn digests(&self) -> Result<&BTreeMap<String, Digest>> {
        if let Some(known) = self.files.get() {
            return Ok(known);
        }
        let digest = |it: &str| Ok((it.to_owned(), digest_of(&self.container, it)?));
        let digests = self.files().map(digest).collect::<Result<_>>()?;
        Ok(self.files.get_or_init(|| digests))
    }
}

/// The overdue among them as of `now`, the latest first, each by how many seconds. It goes by
/// what the records say, which nobody checked: a list to look after, no proof against a desk.
#[must_use]
pub fn overdue<'d, 's>(
    dossiers: impl IntoIterator<Item = &'d Dossier<'s>>,
    now: UtcTime,
) -> Vec<(&'d Dossier<'s>, i64)>
where
    's: 'd,
{
    let mut all: Vec<_> = dossiers
        .into_iter()
        .filter_map(|dossier| {
            let delays = dossier.delays(now);
            let open = delays.iter().filter(|it| it.ended.is_none());
            open.map(|it| it.seconds(now)).max().map(|late| (dossier, late))
        })
        .collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.1));
    all
}

/// All records, in their order.
fn records(container: &Container<'_>, limits: &Limits) -> Result<Vec<Found>> {
    let count = container.data_files().filter(|it| it.starts_with(RECORDS)).count();
    within(count, STEPS, "steps of one dossier")?;
    let mut all: Vec<Found> = Vec::new();
    let (mut size, mut listed) = (0_usize, 0_usize);
    for sequence in 0..count {
        let name = record_name(sequence);
        let bytes = container.read(&name, RECORD_BYTES)?;
        size = size.saturating_add(bytes.len());
        within(size, RECORDS_BYTES, "bytes of the records of one dossier")?;
        let record = codec::read(&bytes, limits).map_err(|it| it.in_entry(&name))?;
        within(record.files.len(), limits.attachments, "files of one dossier")?;
        listed = listed.saturating_add(record.listed());
        lists_within(listed, limits)?;
        let digest = DigestAlgorithm::Sha256.digest(&bytes);
        all.push(Found { name, record, digest });
    }
    if all.is_empty() {
        return Err(Error::malformed("this container has no record of a dossier"));
    }
    Ok(all)
}

/// Every record lists all that was there before it: what all of them list is what a dossier
/// costs.
fn lists_within(listed: usize, limits: &Limits) -> Result<()> {
    within(listed, limits.asic_references, "entries that the records of one dossier list")
}

/// What a record names its signer by.
fn certificate_of(signer: &dyn Signer) -> Result<Digest> {
    let certificate = signer.certificate_chain().first();
    let certificate =
        certificate.ok_or_else(|| Error::misuse("a signature needs the signer's certificate"))?;
    Ok(DigestAlgorithm::Sha256.digest(certificate.der()))
}

fn record_name(sequence: usize) -> String {
    format!("{RECORDS}{sequence:03}.xml")
}

/// Writes the container with the record and the files, signed.
fn put(
    builder: ContainerBuilder<'_>,
    record: &Record,
    files: &[NewFile<'_>],
    signer: &dyn Signer,
) -> Result<Vec<u8>> {
    let bytes = codec::write(record)?;
    within(bytes.len(), RECORD_BYTES, "bytes of one record")?;
    let mut builder = builder.file_of_type(record_name(record.sequence), "text/xml", &bytes);
    for file in files {
        builder = builder.file(file.name, file.content);
    }
    builder.sign(signer)
}
