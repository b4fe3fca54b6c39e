//! The calls of the axis, each with a request whose headers were verified.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kyso::UtcTime;
use kyso::axis::{Call, Credentials, ErrorCode, Freshness, Rejection, Reply, Verified};
use kyso::edxml::OrganId;
use kyso::exchange::store::{Mail, PostOffice};
use kyso::exchange::{MessageKind, TransportId, TransportState};

use super::body::{Incoming, Outgoing};
use super::directory::{Agency, Directory};
use super::refusal::No;
use super::take::Taker;
use super::{Options, lists};

/// The post of all agencies.
pub(super) struct Axis {
    store: Arc<dyn PostOffice>,
    directory: Directory,
    taker: Taker,
    folder: PathBuf,
    message_bytes: u64,
    freshness: Option<Freshness>,
    taken: AtomicU64,
    handed_over: AtomicU64,
}

impl Axis {
    pub(super) fn new(
        store: Arc<dyn PostOffice>,
        agencies: Vec<Agency>,
        folder: PathBuf,
        options: &Options,
    ) -> io::Result<Self> {
        let directory = Directory::new(Arc::clone(&store), agencies).map_err(io::Error::other)?;
        Ok(Self {
            store,
            directory,
            taker: Taker::new(options.message_bytes, options.rewrite_as.as_deref()),
            folder,
            message_bytes: options.message_bytes,
            freshness: options.freshness,
            taken: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
        })
    }

    pub(super) fn credentials(&self, id: &str) -> Option<&Credentials> {
        self.directory.credentials(id)
    }

    pub(super) fn is_fresh(&self, caller: &Verified) -> Result<(), Rejection> {
        let Some(window) = self.freshness else { return Ok(()) };
        window.check(caller, UtcTime::now()).map(drop)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn message_bytes(&self) -> u64 {
        self.message_bytes
    }

    pub(super) fn progress(&self) -> (u64, u64) {
        (self.taken.load(Ordering::Relaxed), self.handed_over.load(Ordering::Relaxed))
    }

    pub(super) fn answer(
        &self,
        call: Call,
        caller: &Verified,
        body: Incoming,
    ) -> Result<Outgoing, No> {
        let reply = Reply::ok(call);
        let reply = match call {
            Call::SendEdoc => reply.with_doc_id(self.take(caller, body)?.as_str()),
            Call::GetReceivedEdocList => reply.with_rows(&lists::received(&*self.store, caller)?),
            Call::GetSentEdocList => reply.with_rows(&lists::sent(&*self.store, caller)?),
            Call::GetEdoc => return self.hand_out(caller, true),
            Call::DownloadEdoc => return self.hand_out(caller, false),
            Call::UpdateStatus => self.update(caller).map(|()| reply)?,
            Call::CountReceiveEdoc => reply.with_count(self.count(caller, MessageKind::Document)?),
            Call::CountReceiveStatus => reply.with_count(self.count(caller, MessageKind::Status)?),
            Call::GetAgenciesList | Call::GetAgenciesListQd20 => {
                let level = caller.parameter("level").unwrap_or_default();
                reply.with_rows(&self.directory.agencies(call, level))
            }
            Call::GetSynchronizeUnit => reply.with_rows(&self.directory.synchronized()),
            Call::RegisterAgency => {
                let body = body.bytes().map_err(No::failed)?;
                self.directory.register(caller, &body).map(|()| reply)?
            }
            Call::DeleteAgency => self.directory.delete(caller).map(|()| reply)?,
            _ => return Err(No::because(ErrorCode::SYSTEM)),
        };
        Ok(Outgoing::whole(reply.to_json()))
    }

    fn take(&self, caller: &Verified, body: Incoming) -> Result<TransportId, No> {
        let (id, new) = self.taker.take(&*self.store, &self.directory, caller, body)?;
        self.taken.fetch_add(u64::from(new), Ordering::Relaxed);
        Ok(id)
    }

    /// A message of the caller's own.
    fn hand_out(&self, caller: &Verified, encoded: bool) -> Result<Outgoing, No> {
        let mail = self.advance(caller, TransportState::Processing)?;
        Outgoing::message(Arc::clone(&self.store), &mail, encoded).map_err(No::failed)
    }

    fn update(&self, caller: &Verified) -> Result<(), No> {
        let state = caller.parameter("status").and_then(TransportState::from_name);
        let state = state.ok_or_else(|| No(ErrorCode::SYSTEM, "status khong hop le".to_owned()))?;
        let before = self.advance(caller, state)?.state;
        let done = state == TransportState::Done && before != TransportState::Done;
        self.handed_over.fetch_add(u64::from(done), Ordering::Relaxed);
        Ok(())
    }

    /// A message of the caller's own as it was before its transport came this far. It never
    /// goes back: what is said late, or once more by whoever saw it said, changes nothing,
    /// and nothing has to be remembered of it.
    fn advance(&self, caller: &Verified, state: TransportState) -> Result<Mail, No> {
        let id = caller.parameter("docId").unwrap_or_default();
        let (to, name) = (OrganId::from(caller.system_id()), TransportId::from(id.to_owned()));
        let mail = self.store.advance(&to, &name, state).map_err(No::failed)?;
        mail.ok_or_else(|| No(ErrorCode::PROCESSING, format!("Khong co van ban {id}")))
    }

    fn count(&self, caller: &Verified, kind: MessageKind) -> Result<usize, No> {
        let to = OrganId::from(caller.system_id());
        let count = self.store.count(&to, kind).map_err(No::failed)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}
