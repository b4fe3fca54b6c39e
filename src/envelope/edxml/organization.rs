//! Agencies, and who works there.

use serde::{Deserialize, Serialize};

use super::identifier::OrganId;

/// An agency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its code.
    pub organ_id: OrganId,
    /// The agency above it (*cơ quan chủ quản*).
    pub organization_in_charge: String,
    /// Its name.
    pub organ_name: String,
    /// Its address.
    pub organ_add: String,
    /// Its e-mail address.
    pub email: String,
    /// Its telephone number.
    pub telephone: String,
    /// Its fax number.
    pub fax: String,
    /// Its web site.
    pub website: String,
}

impl Organization {
    /// An agency by the two things that every message must have.
    #[must_use]
    pub fn new(organ_id: impl Into<OrganId>, organ_name: impl Into<String>) -> Self {
        Self { organ_id: organ_id.into(), organ_name: organ_name.into(), ..Self::default() }
    }
}

/// Who handled a document or a status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffInfo {
    /// The department.
    pub department: String,
    /// Its code.
    pub department_id: String,
    /// The name.
    pub staff: String,
    /// The code of the person.
    pub staff_id: String,
    /// The e-mail address.
    pub email: String,
    /// The mobile number.
    pub mobile: String,
}
