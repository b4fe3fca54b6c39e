//! Every call of the protocol, as the axis names it.

use std::io::Write;

use super::call::Call;
use super::client::{Client, Sent};
use super::hash_file::{hash_file_from, hash_file_of};
use super::rows::{AgencyRow, ReceivedRow, Registration, SentRow, UnitRow};
use crate::envelope::edxml::{Date, OrganId};
use crate::error::Result;
use crate::exchange::fault::Fault;
use crate::exchange::transport::{MessageKind, Submission, TransportId, TransportState};

/// First and last day of a list, both of them in it, by Vietnam's calendar.
type Days = Option<(Date, Date)>;

impl Client {
    /// Sends a message. Where its digest, which is among the signed headers, is not known,
    /// it is read twice.
    ///
    /// # Errors
    /// As [`Transport::submit`](crate::exchange::Transport::submit); `Misuse` where what
    /// is said to be its digest is none.
    pub fn send_edoc(&self, submission: &Submission<'_>) -> Result<TransportId> {
        let Submission { kind, from, to, message, digest } = *submission;
        let hash = match digest {
            Some(known) => hash_file_from(known)?,
            None => hash_file_of(message)?,
        };
        let mut parameters = vec![
            ("servicetype", "eDoc"),
            ("messagetype", message_type(kind)),
            ("hash-file", hash.as_str()),
            ("from", from.as_str()),
        ];
        if let Some(to) = to {
            parameters.push(("to", to.as_str()));
        }
        let reply = self.reply(Call::SendEdoc, &parameters, &Sent::Message(message))?;
        match reply.text("DocId") {
            id if id.is_empty() => {
                Err(Fault::Unknown("the reply names no DocId".into()).into_error("sendEdoc"))
            }
            id => Ok(TransportId::from(id)),
        }
    }

    /// What waits to be fetched, as the axis lists it; of some days, where they are given.
    ///
    /// # Errors
    /// As [`Transport::pending`](crate::exchange::Transport::pending).
    pub fn received(&self, kind: MessageKind, days: Days) -> Result<Vec<ReceivedRow>> {
        let mut parameters = vec![("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        if let Some((from, to)) = &days {
            parameters.extend([("fromDate", from.as_str()), ("toDate", to.as_str())]);
        }
        self.rows(Call::GetReceivedEdocList, &parameters)
    }

    /// What was sent, as the axis lists it; of one message, where `id` names it, and of some
    /// days, where they are given.
    ///
    /// # Errors
    /// As [`Transport::sent`](crate::exchange::Transport::sent).
    pub fn sent_rows(
        &self,
        kind: MessageKind,
        id: Option<&TransportId>,
        days: Days,
    ) -> Result<Vec<SentRow>> {
        let mut parameters = vec![("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        if let Some(id) = id {
            parameters.push(("docId", id.as_str()));
        }
        if let Some((from, to)) = &days {
            parameters.extend([("fromDate", from.as_str()), ("toDate", to.as_str())]);
        }
        self.rows(Call::GetSentEdocList, &parameters)
    }

    /// Writes a message to `out`, by the call that every axis knows: in base64 within JSON,
    /// decoded as it comes. Its length in bytes.
    ///
    /// # Errors
    /// As [`Transport::fetch`](crate::exchange::Transport::fetch).
    pub fn get_edoc(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        self.message_reply(Call::GetEdoc, &[("docId", id.as_str())], out)
    }

    /// Writes a message to `out`, by the call of newer axes: as it is. Its length in bytes.
    ///
    /// # Errors
    /// As [`Transport::fetch`](crate::exchange::Transport::fetch).
    pub fn download_edoc(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        self.raw_message(Call::DownloadEdoc, &[("docId", id.as_str())], out)
    }

    /// Says how far the transport of a message has come.
    ///
    /// # Errors
    /// As [`Transport::acknowledge`](crate::exchange::Transport::acknowledge).
    pub fn update_status(&self, id: &TransportId, state: TransportState) -> Result<()> {
        let parameters = [("docId", id.as_str()), ("status", state.name())];
        self.reply(Call::UpdateStatus, &parameters, &Sent::Json("{}")).map(drop)
    }

    /// How many messages wait.
    ///
    /// # Errors
    /// As [`Transport::pending`](crate::exchange::Transport::pending).
    pub fn count(&self, kind: MessageKind) -> Result<usize> {
        let call = match kind {
            MessageKind::Document => Call::CountReceiveEdoc,
            MessageKind::Status => Call::CountReceiveStatus,
        };
        let parameters = [("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        self.reply(call, &parameters, &Sent::Json("{}"))?
            .count()
            .ok_or_else(|| Fault::Unknown("the reply has no count".into()).into_error(call.path()))
    }

    /// The directory by the codes of QCVN 102, as the axis lists it.
    ///
    /// # Errors
    /// As [`Transport::agencies`](crate::exchange::Transport::agencies).
    pub fn agencies_list(&self) -> Result<Vec<AgencyRow>> {
        self.rows(Call::GetAgenciesList, &[])
    }

    /// The directory by the codes of Decision 20/2020/QĐ-TTg, as the axis lists it; of one
    /// level of agencies, or of all where `level` is empty.
    ///
    /// # Errors
    /// As [`Transport::agencies`](crate::exchange::Transport::agencies).
    pub fn agencies_list_qd20(&self, level: &str) -> Result<Vec<AgencyRow>> {
        self.rows(Call::GetAgenciesListQd20, &[("level", level)])
    }

    /// The units that centres synchronise, deleted ones too.
    ///
    /// # Errors
    /// As [`Transport::agencies`](crate::exchange::Transport::agencies).
    pub fn synchronize_units(&self) -> Result<Vec<UnitRow>> {
        self.rows(Call::GetSynchronizeUnit, &[])
    }

    /// Adds an agency to the directory. Its particulars are in the body, which no signature
    /// covers: use TLS.
    ///
    /// # Errors
    /// As [`Transport::submit`](crate::exchange::Transport::submit).
    pub fn register_agency(&self, agency: &Registration) -> Result<()> {
        self.reply(Call::RegisterAgency, &[], &Sent::Json(&agency.to_json())).map(drop)
    }

    /// Takes an agency out of the directory.
    ///
    /// # Errors
    /// As [`Transport::submit`](crate::exchange::Transport::submit).
    pub fn delete_agency(&self, code: &OrganId) -> Result<()> {
        let parameters = [("AgencyCode", code.as_str())];
        self.reply(Call::DeleteAgency, &parameters, &Sent::Json("{}")).map(drop)
    }

    /// The kit asks for lists without a body, for everything else with an empty object.
    fn rows<T: for<'de> serde::Deserialize<'de>>(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<T>> {
        self.reply(call, parameters, &Sent::Empty)?
            .into_rows()
            .map_err(|fault| fault.into_error(call.path()))
    }
}

fn message_type(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Document => "edoc",
        MessageKind::Status => "status",
    }
}
