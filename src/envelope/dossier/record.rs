//! What the records of a dossier say.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto::Digest;
use crate::encoding::printable;
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// The number of a dossier (*mã hồ sơ*), as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DossierNumber(String);

impl DossierNumber {
    /// As the portals of public services write it: the agency's code, the day in Vietnam, the
    /// number of that day (`000.00.01.H40-261122-0001`).
    ///
    /// # Errors
    /// `Misuse` when the number of the day is 0 or has more than four digits.
    pub fn compose(organ_id: &str, at: UtcTime, number: u16) -> Result<Self> {
        if number == 0 || number > 9_999 {
            return Err(Error::misuse(format!("{number} is no number of a dossier of one day")));
        }
        let day = at.vietnam_local().date();
        let year = day.year().rem_euclid(100);
        let (month, day) = (u8::from(day.month()), day.day());
        Ok(Self(format!("{}-{year:02}{month:02}{day:02}-{number:04}", organ_id.trim())))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For people: nothing in it steers what shows it.
impl fmt::Display for DossierNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl From<&str> for DossierNumber {
    fn from(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

/// Where a dossier lies: a unit, and the officer who answers for it there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// The unit: *Phòng Tài nguyên và Môi trường*.
    pub unit: String,
    /// The officer's name.
    pub officer: String,
}

impl Desk {
    /// This officer of this unit.
    #[must_use]
    pub fn new(unit: impl Into<String>, officer: impl Into<String>) -> Self {
        Self { unit: unit.into(), officer: officer.into() }
    }
}

/// For people: nothing in it steers what shows it.
impl fmt::Display for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (officer, unit) = (printable(&self.officer), printable(&self.unit));
        match (officer.as_str(), unit.as_str()) {
            ("", unit) => f.write_str(unit),
            (officer, "") => f.write_str(officer),
            (officer, unit) => write!(f, "{officer} ({unit})"),
        }
    }
}

/// Who asks for something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// The name of the person or organisation.
    pub name: String,
    /// The personal identification number, or the organisation's.
    pub identity: String,
    /// The address.
    pub address: String,
    /// The telephone number.
    pub phone: String,
    /// The e-mail address.
    pub email: String,
}

/// The receipt with the day that was promised (*giấy tiếp nhận hồ sơ và hẹn trả kết quả*):
/// what a dossier begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The dossier's number.
    pub number: DossierNumber,
    /// The procedure's name.
    pub procedure: String,
    /// Its code in the national database of procedures.
    pub procedure_code: String,
    /// Who asks.
    pub applicant: Applicant,
    /// Who received it: the one-stop desk.
    pub desk: Desk,
    /// When it was complete and received.
    pub received_at: UtcTime,
    /// When the result was promised.
    pub promised_at: UtcTime,
    /// Where the result can be had.
    pub result_at: String,
}

/// One row of the sheet that goes with a dossier (*phiếu kiểm soát quá trình giải quyết hồ
/// sơ*): who gave it, who received it, when, and until when that desk has time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Who gives.
    pub from: Desk,
    /// Who receives.
    pub to: Desk,
    /// When.
    pub at: UtcTime,
    /// When the receiver has to have done its part; nothing where only the promise counts.
    pub due: Option<UtcTime>,
    /// The state of it, a reason for being late.
    pub note: String,
}

/// How a dossier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The applicant gets what was asked for.
    Granted,
    /// It is refused, with the reason in writing.
    Refused,
    /// The applicant took it back.
    Withdrawn,
}

/// The end of a dossier, whose result stands among the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which end.
    pub kind: OutcomeKind,
    /// Who ends it.
    pub by: Desk,
    /// When.
    pub at: UtcTime,
    /// In words.
    pub note: String,
}

/// What happened to a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// It was received.
    Receipt(Receipt),
    /// It went from one desk to another.
    HandOver(HandOver),
    /// It came to an end.
    Outcome(Outcome),
}

impl Step {
    /// When it happened, as the record says.
    #[must_use]
    pub fn at(&self) -> UtcTime {
        match self {
            Self::Receipt(it) => it.received_at,
            Self::HandOver(it) => it.at,
            Self::Outcome(it) => it.at,
        }
    }

    /// Who answers for it: whose signature it needs.
    #[must_use]
    pub fn by(&self) -> &Desk {
        match self {
            Self::Receipt(it) => &it.desk,
            Self::HandOver(it) => &it.from,
            Self::Outcome(it) => &it.by,
        }
    }

    /// Where the dossier lies afterwards; nowhere once it has ended.
    #[must_use]
    pub fn holder(&self) -> Option<&Desk> {
        match self {
            Self::Receipt(it) => Some(&it.desk),
            Self::HandOver(it) => Some(&it.to),
            Self::Outcome(_) => None,
        }
    }
}

/// A step as it is written into the container, with all that was there before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) sequence: usize,
    pub(super) number: DossierNumber,
    pub(super) step: Step,
    /// The SHA-256 of the certificate of who answers for it.
    pub(super) signer: Digest,
    /// The record before, and the values of all signatures that were there.
    pub(super) previous: Option<Previous>,
    /// All files that are there, records apart.
    pub(super) files: Vec<Listed>,
}

impl Record {
    /// How many files and signatures it lists.
    pub(super) fn listed(&self) -> usize {
        let signatures = self.previous.as_ref().map_or(0, |it| it.signatures.len());
        self.files.len().saturating_add(signatures)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Previous {
    pub(super) record: Digest,
    /// Digests of values, not of files: a signature that is raised to a higher level later
    /// keeps its value.
    pub(super) signatures: Vec<Digest>,
}

/// A file by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) digest: Digest,
}
