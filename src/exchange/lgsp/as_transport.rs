//! The provincial axis as a [`Transport`].

use std::io::Write;

use serde_json::json;

use super::client::Client;
use crate::envelope::edxml::{Date, OrganId};
use crate::error::{Error, Result};
use crate::exchange::fault::Fault;
use crate::exchange::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};
use crate::time::UtcTime;

impl Transport for Client {
    /// The service goes by the receivers that stand in the message; `to` is not said.
    fn submit(&self, submission: &Submission<'_>) -> Result<TransportId> {
        let kind = message_type(submission.kind);
        match self.upload("sendEdoc", kind, submission.message)?.doc_id() {
            id if id.is_empty() => {
                Err(Fault::Unknown("the reply names no docId".into()).into_error("sendEdoc"))
            }
            id => Ok(TransportId::from(id)),
        }
    }

    fn pending(&self, kind: MessageKind) -> Result<Vec<Pending>> {
        // A day more: the service has a clock of its own.
        let day = |days: i64| Date::at(self.now().plus_seconds(days.saturating_mul(86_400)));
        let (from, to) = (day(-i64::from(self.days)), day(1));
        let query = [
            ("messageType", message_type(kind)),
            ("fromDate", from.as_str()),
            ("toDate", to.as_str()),
        ];
        let rows = self.ask("syncReceivedEdocList", &query)?.into_rows();
        let rows = rows.map_err(|fault| fault.into_error("syncReceivedEdocList"))?;
        let waits = |it: &Pending| {
            // The list is of all that came, not of what waits.
            !matches!(it.state, Some(TransportState::Done | TransportState::Fail))
                && !it.id.as_str().is_empty()
        };
        Ok(rows
            .into_iter()
            .map(|row| Pending {
                id: TransportId::from(row.text(&["docId"])),
                kind,
                from: OrganId::from(row.text(&["from"])),
                to: OrganId::from(row.text(&["to"])),
                state: TransportState::from_name(&row.text(&["status"])),
                created: row.text(&["createdTime", "created_time"]),
            })
            .filter(waits)
            .collect())
    }

    fn fetch(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        self.download("getEdoc", &[("docId", id.as_str())], out)
    }

    fn acknowledge(&self, id: &TransportId, state: TransportState) -> Result<()> {
        let body = json!({ "docId": id.as_str(), "status": state.name() });
        self.tell("updateStatus", &body.to_string()).map(drop)
    }

    fn sent(&self, _: MessageKind, _: Option<UtcTime>) -> Result<Vec<Sent>> {
        Err(Error::unsupported("this dialect of the axis has no list of what was sent"))
    }

    fn agencies(&self) -> Result<Vec<Agency>> {
        let rows = self.ask("getAgenciesList", &[])?.into_rows();
        let some = |code: String| (!code.is_empty()).then(|| OrganId::from(code));
        Ok(rows
            .map_err(|fault| fault.into_error("getAgenciesList"))?
            .into_iter()
            .map(|row| Agency {
                code: OrganId::from(row.text(&["orgCode", "code"])),
                other_code: some(row.text(&["oldCode", "code102"])),
                parent_code: some(row.text(&["parentCode", "pcode"])),
                name: row.text(&["orgName", "name"]),
                email: row.text(&["email", "mail"]),
            })
            .filter(|it| !it.code.is_empty())
            .collect())
    }
}

fn message_type(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Document => "edoc",
        MessageKind::Status => "status",
    }
}
