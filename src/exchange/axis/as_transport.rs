//! The national axis as a [`Transport`].

use std::collections::HashMap;
use std::io::Write;

use super::call::Call;
use super::client::Client;
use crate::envelope::edxml::{Date, OrganId};
use crate::error::Result;
use crate::exchange::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};
use crate::time::UtcTime;

impl Transport for Client {
    fn submit(&self, submission: &Submission<'_>) -> Result<TransportId> {
        self.send_edoc(submission)
    }

    fn pending(&self, kind: MessageKind) -> Result<Vec<Pending>> {
        let rows = self.received(kind, None)?.into_iter().filter(|it| !it.doc_id.is_empty());
        Ok(rows
            .map(|row| Pending {
                id: TransportId::from(row.doc_id),
                kind,
                from: OrganId::from(row.from),
                to: OrganId::from(row.to),
                state: TransportState::from_name(&row.status),
                created: row.created_time,
            })
            .collect())
    }

    fn fetch(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        match self.fetch_call {
            Call::DownloadEdoc => self.download_edoc(id, out),
            _ => self.get_edoc(id, out),
        }
    }

    fn acknowledge(&self, id: &TransportId, state: TransportState) -> Result<()> {
        self.update_status(id, state)
    }

    fn sent(&self, kind: MessageKind, since: Option<UtcTime>) -> Result<Vec<Sent>> {
        let days = since.map(|since| {
            // A day more at both ends: the axis has a clock of its own, and what lies beyond
            // its midnight would be sent again for not being listed.
            let day = |at: UtcTime, days: i64| Date::at(at.plus_seconds(days * 86_400));
            (day(since, -1), day(self.now().max(since), 1))
        });
        Ok(self
            .sent_rows(kind, None, days)?
            .into_iter()
            .map(|row| Sent {
                id: TransportId::from(row.sender_doc_id),
                kind,
                to: OrganId::from(row.to_code),
                subject: row.title,
                code: row.notation,
                sent: row.sent_time,
                state: TransportState::from_name(&row.receive_status),
            })
            .collect())
    }

    fn agencies(&self) -> Result<Vec<Agency>> {
        let some = |code: String| (!code.is_empty()).then(|| OrganId::from(code));
        let rows = self.agencies_list()?;
        let by_id: HashMap<String, OrganId> = rows
            .iter()
            .filter(|it| !it.id.is_empty())
            .map(|it| (it.id.clone(), OrganId::from(it.code.clone())))
            .collect();
        Ok(rows
            .into_iter()
            .map(|row| Agency {
                // Who stands above itself is at the top.
                parent_code: by_id.get(&row.pid).filter(|_| row.pid != row.id).cloned(),
                code: OrganId::from(row.code),
                other_code: some(row.old_code).or_else(|| some(row.code102)),
                name: row.name,
                email: row.mail,
            })
            .collect())
    }
}
