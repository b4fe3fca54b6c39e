//! The directory of agencies: who is who under both forms of codes, and whose signatures
//! count as an agency's.
//!
//! A [`Directory`] is kept in a file by serde and brought up to date from the axis by
//! [`Directory::merge`], which says what changed and what contradicts what. What the
//! agency's own administrator set, that is [`Authorization`]s, the axis never touches.
//!
//! That a signature is valid says who signed, not whether that person may sign for the
//! agency in whose name a document comes. [`Directory::judge`] answers that beside the
//! verdict, and never instead of it.
//!
//! ```
//! use kyso::exchange::directory::{Authorization, Directory, Scope, Unit};
//!
//! # fn main() -> kyso::Result<()> {
//! let mut directory = Directory::default();
//! let unit = Unit {
//!     other_code: Some("000.00.15.H37".into()),
//!     ..Unit::new("H37.15", "Sở Nội vụ tỉnh Lạng Sơn")
//! };
//! let changes = directory.merge([unit], Scope::Full)?;
//! assert_eq!(changes.added.len(), 1);
//!
//! // Either code finds it.
//! let found = directory.get(&"000.00.15.H37".into()).unwrap();
//! assert_eq!(found.unit.name, "Sở Nội vụ tỉnh Lạng Sơn");
//!
//! // Set by the administrator, for certificates of the government's own authorities.
//! let seal = Authorization::of_subject("công vụ").with_organization("Sở Nội vụ tỉnh Lạng Sơn");
//! directory.authorize(&"H37.15".into(), seal)?;
//!
//! let file = serde_json::to_string(&directory).unwrap();
//! let again: Directory = serde_json::from_str(&file).unwrap();
//! assert_eq!(again, directory);
//! # Ok(())
//! # }
//! ```

mod authorization;
mod fingerprint;
mod index;
mod judge;
mod merge;
mod standing;
#[cfg(test)]
mod tests;
mod unit;

use serde::{Deserialize, Serialize};

pub use self::authorization::{Authorization, KnownBy, Role};
pub use self::fingerprint::Fingerprint;
use self::index::Index;
pub use self::merge::{Changes, Problem, Recoded, Renamed, Scope};
pub use self::standing::{Finding, NotAuthorized, SIGNER_NOT_OF_AGENCY, Standing, Why};
pub use self::unit::{AgencyRecord, Unit};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::limits::{DIRECTORY_AGENCIES, within};

/// Agencies by their codes, and those who may sign for them.
///
/// Looking one up takes the same time however many there are. A clone is independent:
/// merge into one to see what a list would change, and keep it or not.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Directory {
    agencies: Vec<AgencyRecord>,
    #[serde(skip_serializing)]
    index: Index,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    agencies: Vec<AgencyRecord>,
}

impl Directory {
    /// The agency under this code: the same text, the other scheme's code where the
    /// directory has it, or, at the first level, the same by both grammars
    /// ([`OrganId::is_same_agency`]). Agencies that were taken off the list are not found.
    #[must_use]
    pub fn get(&self, code: &OrganId) -> Option<&AgencyRecord> {
        self.agencies.get(self.index.live(code)?)
    }

    /// As [`get`](Self::get), or else the last one that had the code and was taken off the
    /// list ([`Unit::deleted`]).
    #[must_use]
    pub fn get_or_former(&self, code: &OrganId) -> Option<&AgencyRecord> {
        self.agencies.get(self.position(code)?)
    }

    /// The agency under this identifier of the axis.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&AgencyRecord> {
        self.agencies.get(self.index.by_id(id)?)
    }

    /// The agency above this one.
    #[must_use]
    pub fn parent(&self, agency: &AgencyRecord) -> Option<&AgencyRecord> {
        self.agencies.get(self.index.parent(&agency.unit.parent)?)
    }

    /// All of them, those taken off the list among them, in the order in which they came.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyRecord> {
        self.agencies.iter()
    }

    /// How many there are, those taken off the list among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.agencies.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.agencies.is_empty()
    }

    /// Adds an agency that the axis does not list; a full list does not take it away.
    ///
    /// # Errors
    /// `Misuse` when it has no code, or another agency has one of its codes.
    pub fn add(&mut self, unit: Unit) -> Result<()> {
        unit.check()?;
        if let Some(holder) = unit.codes().find_map(|code| self.get(code)) {
            let what = format!("{} has a code of {} already", holder.unit.name, unit.name);
            return Err(Error::misuse(what));
        }
        within(self.agencies.len().saturating_add(1), DIRECTORY_AGENCIES, "agencies")?;
        self.push(AgencyRecord { unit, listed: false, authorizations: Vec::new() })
    }

    /// Lets one more certificate, or kind of certificate, sign for an agency.
    ///
    /// # Errors
    /// `Misuse` when there is no such agency, or the authorization could not be relied on:
    /// see [`Authorization::check`].
    pub fn authorize(&mut self, agency: &OrganId, authorization: Authorization) -> Result<()> {
        authorization.check()?;
        let record = self.record_mut(agency)?;
        if !record.authorizations.contains(&authorization) {
            record.authorizations.push(authorization);
        }
        Ok(())
    }

    /// Sets all who may sign for an agency, in place of those set before.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub fn set_authorizations(
        &mut self,
        agency: &OrganId,
        authorizations: Vec<Authorization>,
    ) -> Result<()> {
        authorizations.iter().try_for_each(Authorization::check)?;
        self.record_mut(agency)?.authorizations = authorizations;
        Ok(())
    }

    fn record_mut(&mut self, agency: &OrganId) -> Result<&mut AgencyRecord> {
        self.position(agency)
            .and_then(|at| self.agencies.get_mut(at))
            .ok_or_else(|| Error::misuse(format!("the directory has no agency {agency}")))
    }

    fn position(&self, code: &OrganId) -> Option<usize> {
        self.index.live(code).or_else(|| self.index.former(code))
    }

    /// Appends a record whose codes are free, or who is taken off the list.
    fn push(&mut self, record: AgencyRecord) -> Result<()> {
        self.index.insert(self.agencies.len(), &record.unit)?;
        self.agencies.push(record);
        Ok(())
    }
}

impl PartialEq for Directory {
    fn eq(&self, other: &Self) -> bool {
        self.agencies == other.agencies
    }
}

impl Eq for Directory {}

impl TryFrom<Written> for Directory {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        within(written.agencies.len(), DIRECTORY_AGENCIES, "agencies")?;
        let mut directory = Self::default();
        directory.agencies.reserve_exact(written.agencies.len());
        for record in written.agencies {
            record.authorizations.iter().try_for_each(Authorization::check)?;
            directory.push(record)?;
        }
        Ok(directory)
    }
}
