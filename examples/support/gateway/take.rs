//! `sendEdoc`: a message is taken for all its receivers, or for none.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use kyso::axis::{Call, ErrorCode, Once, Verified};
use kyso::edxml::{self, Message, OrganId, Timestamp, TraceHeader};
use kyso::exchange::store::{Accepted, Body, NewMail, PostOffice};
use kyso::exchange::{MessageKind, TransportId};
use kyso::{DigestAlgorithm, Limits, Seekable, UtcTime};

use super::body::{Claimed, Incoming};
use super::directory::Directory;
use super::refusal::No;

/// Takes messages in.
pub(super) struct Taker {
    rewrite_as: Option<OrganId>,
    limits: Limits,
    /// A message has to be in memory as a whole to be read: large ones one after the other.
    large: Mutex<()>,
}

/// Bytes of a message that is read while others are.
const LARGE: u64 = 4 << 20;

/// To whom a message goes, and what lists say of it.
struct Addressed {
    kind: MessageKind,
    from: OrganId,
    to: Vec<String>,
    title: String,
    notation: String,
}

impl Taker {
    pub(super) fn new(message_bytes: u64, rewrite_as: Option<&str>) -> Self {
        let mut limits = Limits::default();
        limits.message_bytes = message_bytes;
        Self { rewrite_as: rewrite_as.map(OrganId::from), limits, large: Mutex::new(()) }
    }

    /// The name of the message, and whether it is new: the same message again has the name
    /// it was given first, whatever has become of its receivers since.
    pub(super) fn take(
        &self,
        store: &dyn PostOffice,
        directory: &Directory,
        caller: &Verified,
        body: Incoming,
    ) -> Result<(TransportId, bool), No> {
        let once = Once::of(Call::SendEdoc, caller, b"");
        let once = once.ok_or_else(|| No::because(ErrorCode::SYSTEM))?;
        self.take_once(store, directory, caller, body, once.key()).or_else(|no| {
            let known = store.taken(once.key()).map_err(No::failed)?;
            known.map(|id| (id, false)).ok_or(no)
        })
    }

    fn take_once(
        &self,
        store: &dyn PostOffice,
        directory: &Directory,
        caller: &Verified,
        body: Incoming,
        key: &str,
    ) -> Result<(TransportId, bool), No> {
        let sent_as = name(key, "");
        directory.is_caller(caller, caller.parameter("from").unwrap_or_default())?;
        let claimed = caller.parameter("hash-file").unwrap_or_default();
        let message = body.message(claimed).map_err(No::failed)?.ok_or_else(|| {
            No(ErrorCode::INVALID_FILE, "hash-file khong khop voi file".to_owned())
        })?;
        // A large one is written to be kept before it is found to be there.
        if message.file.is_rolled()
            && let Some(id) = store.taken(key).map_err(No::failed)?
        {
            return Ok((id, false));
        }
        let (letter, body) = self.read(store, directory, caller, message)?;
        let to: Vec<_> = letter.to.iter().map(|to| (to.as_str().into(), name(key, to))).collect();
        let accepted = store.accept(&NewMail {
            tag: key,
            kind: letter.kind,
            from: &letter.from,
            title: &letter.title,
            notation: &letter.notation,
            body: &body,
            to: &to,
            sent_as: &sent_as,
            at: UtcTime::now(),
        });
        match accepted.map_err(No::failed)? {
            Accepted::New => Ok((sent_as, true)),
            Accepted::Replayed(id) => Ok((id, false)),
        }
    }

    /// What a message says, and its bytes, made ready to be kept.
    fn read(
        &self,
        store: &dyn PostOffice,
        directory: &Directory,
        caller: &Verified,
        Claimed { file: mut message, length, digest }: Claimed,
    ) -> Result<(Addressed, Body), No> {
        let in_memory = !message.is_rolled();
        let _turn =
            (length > LARGE).then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
        let mut bytes = Vec::new();
        message.read_to_end(&mut bytes).map_err(No::failed)?;
        let parsed = edxml::parse(&bytes, &self.limits)
            .map_err(|error| No(ErrorCode::INVALID_EDXML, error.to_string()))?;
        let letter = addressed(directory, caller, &parsed.message)?;
        let kept = if let Some(code) = &self.rewrite_as {
            drop(bytes);
            let rewritten = rewritten(parsed.message, code)
                .map_err(|error| No(ErrorCode::INVALID_EDXML, error.to_string()))?;
            store.keep(&rewritten)
        } else if in_memory {
            store.keep_as(&bytes, &digest)
        } else {
            drop((bytes, parsed));
            Seekable::new(message).and_then(|it| store.keep(&it))
        };
        Ok((letter, kept.map_err(No::failed)?))
    }
}

/// As the national axis hands messages on: what it does not know is lost, and it adds where
/// the message has been.
fn rewritten(mut message: Message, code: &OrganId) -> kyso::Result<Vec<u8>> {
    if let Message::Document(envelope) = &mut message {
        let timestamp = Timestamp::at(UtcTime::now());
        envelope.trace.push(TraceHeader { organ_id: code.clone(), timestamp });
    }
    message.to_bytes()
}

fn addressed(directory: &Directory, caller: &Verified, message: &Message) -> Result<Addressed, No> {
    let (kind, wire) = match message {
        Message::Document(_) => (MessageKind::Document, "edoc"),
        Message::Status(_) => (MessageKind::Status, "status"),
    };
    if caller.parameter("messagetype") != Some(wire) {
        return Err(No(ErrorCode::INVALID_EDXML, format!("messagetype phai la {wire}")));
    }
    let (from, to, title, notation) = match message {
        Message::Document(it) => (
            &it.header.from.organ_id,
            it.header.to.iter().map(|to| to.organ_id.as_str()).collect(),
            it.header.subject.clone(),
            it.header.code.to_string(),
        ),
        Message::Status(it) => {
            let issuer = it.response_for.organ_id.as_str();
            let to = caller.parameter("to").filter(|it| !it.is_empty()).unwrap_or(issuer);
            (&it.from.organ_id, vec![to], it.description.clone(), it.response_for.code.clone())
        }
    };
    directory.is_caller(caller, from.as_str())?;
    let mut to: Vec<_> =
        to.into_iter().map(|code| directory.receiver(code)).collect::<Result<_, _>>()?;
    // One letter each, by whichever codes it is named how often.
    to.sort_unstable();
    to.dedup();
    if to.is_empty() {
        return Err(No(ErrorCode::UNKNOWN_RECEIVER, "Khong co don vi nhan".to_owned()));
    }
    Ok(Addressed { kind, from: caller.system_id().into(), to, title, notation })
}

/// A name that follows from the request, so that it is the same when that is repeated.
fn name(key: &str, receiver: &str) -> TransportId {
    let digest = DigestAlgorithm::Sha256.digest(format!("{key} {receiver}").as_bytes());
    digest.to_string().chars().take(24).collect::<String>().into()
}
