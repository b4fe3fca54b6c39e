//! Rows of lists, as on the wire, read leniently.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::exchange::http::json::{ascii, lenient};

/// A message that waits, as `getReceivedEdocList` lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as on the wire, and explained nowhere")]
pub struct ReceivedRow {
    #[serde(rename = "docId", deserialize_with = "lenient")]
    pub doc_id: String,
    #[serde(rename = "serviceType", deserialize_with = "lenient")]
    pub service_type: String,
    #[serde(rename = "messageType", deserialize_with = "lenient")]
    pub message_type: String,
    #[serde(deserialize_with = "lenient")]
    pub created_time: String,
    #[serde(deserialize_with = "lenient")]
    pub updated_time: String,
    #[serde(deserialize_with = "lenient")]
    pub from: String,
    #[serde(deserialize_with = "lenient")]
    pub to: String,
    #[serde(deserialize_with = "lenient")]
    pub status: String,
    #[serde(deserialize_with = "lenient")]
    pub status_desc: String,
}

/// A message that was sent, to one receiver, as `getSentEdocList` lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "named as on the wire, and explained nowhere")]
pub struct SentRow {
    #[serde(deserialize_with = "lenient")]
    pub service_type: String,
    #[serde(deserialize_with = "lenient")]
    pub message_type: String,
    #[serde(deserialize_with = "lenient")]
    pub sender_doc_id: String,
    #[serde(deserialize_with = "lenient")]
    pub receiver_doc_id: String,
    #[serde(deserialize_with = "lenient")]
    pub from_code: String,
    #[serde(deserialize_with = "lenient")]
    pub to_code: String,
    #[serde(deserialize_with = "lenient")]
    pub title: String,
    #[serde(deserialize_with = "lenient")]
    pub notation: String,
    #[serde(deserialize_with = "lenient")]
    pub sent_time: String,
    #[serde(deserialize_with = "lenient")]
    pub received_time: String,
    #[serde(deserialize_with = "lenient")]
    pub send_status: String,
    #[serde(deserialize_with = "lenient")]
    pub send_status_desc: String,
    #[serde(deserialize_with = "lenient")]
    pub receive_status: String,
    #[serde(deserialize_with = "lenient")]
    pub receive_status_desc: String,
}

/// An agency, as both directories list it: by its own code, and by that of the
/// other scheme (`oldCode` or `code102`) where it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as on the wire, and explained nowhere")]
pub struct AgencyRow {
    #[serde(deserialize_with = "lenient")]
    pub id: String,
    #[serde(deserialize_with = "lenient")]
    pub pid: String,
    #[serde(deserialize_with = "lenient")]
    pub code: String,
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub mail: String,
    #[serde(
        rename = "oldCode",
        deserialize_with = "lenient",
        skip_serializing_if = "String::is_empty"
    )]
    pub old_code: String,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "String::is_empty")]
    pub code102: String,
}

/// A unit of the directory that centres synchronise, as `getSynchronizeUnit` lists it:
/// deleted ones too, and those that are no agencies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "named as on the wire, and explained nowhere")]
pub struct UnitRow {
    #[serde(deserialize_with = "lenient")]
    pub id: String,
    #[serde(deserialize_with = "lenient")]
    pub pid: String,
    #[serde(deserialize_with = "lenient")]
    pub code: String,
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub mail: String,
    #[serde(deserialize_with = "lenient")]
    pub version: String,
    #[serde(deserialize_with = "lenient")]
    pub center_code: String,
    #[serde(deserialize_with = "lenient")]
    pub deleted: String,
    #[serde(deserialize_with = "lenient")]
    pub modify_date: String,
    #[serde(deserialize_with = "lenient")]
    pub is_agency: String,
}

/// An agency that is to be registered below another one: the body of `registerAgency`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as on the wire, and explained nowhere")]
pub struct Registration {
    #[serde(deserialize_with = "lenient")]
    pub id: String,
    /// The code of the agency above.
    #[serde(deserialize_with = "lenient")]
    pub pcode: String,
    #[serde(deserialize_with = "lenient")]
    pub code: String,
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub mail: String,
    #[serde(deserialize_with = "lenient")]
    pub mobile: String,
    #[serde(deserialize_with = "lenient")]
    pub fax: String,
}

impl Registration {
    /// As on the wire, in ASCII alone.
    #[must_use]
    pub fn to_json(&self) -> String {
        ascii(serde_json::to_string(self).unwrap_or_default())
    }

    /// From the body of a request.
    ///
    /// # Errors
    /// `Malformed` when it is no JSON object.
    pub fn from_json(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|source| {
            Error::malformed(format!("the registration of an agency: {source}")).because(source)
        })
    }
}
