//! One agency, as the axis lists it and as the directory keeps it.

use serde::{Deserialize, Serialize};

use super::authorization::Authorization;
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::exchange::transport::Agency;
use crate::limits::{DIRECTORY_TEXT_BYTES, within};

/// An agency as a list of the axis has it. An empty field says nothing: what is known of
/// the agency stays. Rows that are no agency (`isAgency`) are the caller's to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unit {
    /// The axis' own identifier; empty where the list has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The identifier of the agency above, or its code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// Its code, as the axis registers it.
    pub code: OrganId,
    /// Its code by the other scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_code: Option<OrganId>,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Which version of this row it is, where the list has versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Whether it is off the list.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// When the axis last changed the row, as written there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub modified: String,
}

/// An agency of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRecord {
    /// What the axis says of it.
    pub unit: Unit,
    /// Whether a list of the axis ever had it.
    #[serde(default)]
    pub listed: bool,
    /// Who may sign for it, as the administrator set it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
}

impl Unit {
    /// An agency of which no more is known.
    #[must_use]
    pub fn new(code: impl Into<OrganId>, name: impl Into<String>) -> Self {
        Self { code: code.into(), name: name.into(), ..Self::default() }
    }

    /// Its codes, of either scheme.
    pub fn codes(&self) -> impl Iterator<Item = &OrganId> {
        [Some(&self.code), self.other_code.as_ref()].into_iter().flatten().filter(|it| {
            // An agency whose every code others claim has none until that is settled.
            !it.is_empty()
        })
    }

    /// Whether a directory can take it.
    pub(super) fn check(&self) -> Result<()> {
        self.check_length()?;
        if self.codes().next().is_none() {
            return Err(Error::misuse(format!("the agency {:?} has no code", self.name)));
        }
        Ok(())
    }

    pub(super) fn check_length(&self) -> Result<()> {
        let other = self.other_code.as_ref().map_or("", OrganId::as_str);
        let texts = [
            &self.id,
            &self.parent,
            self.code.as_str(),
            other,
            &self.name,
            &self.email,
            &self.modified,
        ];
        texts
            .into_iter()
            .try_for_each(|it| within(it.len(), DIRECTORY_TEXT_BYTES, "bytes of one field"))
    }
}

impl From<Agency> for Unit {
    fn from(agency: Agency) -> Self {
        Self {
            other_code: agency.other_code,
            email: agency.email,
            ..Self::new(agency.code, agency.name)
        }
    }
}
