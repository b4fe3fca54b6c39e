//! The axis.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::envelope::edxml::{self, Message, OrganId};
use crate::error::Result;
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};
use crate::limits::Limits;
use crate::time::UtcTime;

/// What becomes of a message that is handed over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Take,
    Refuse(i32),
    NotReached,
    BreakBefore,
    BreakAfter,
    /// The process dies, having taken it or not.
    DieBefore,
    DieAfter,
}

/// How it lists what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    Promptly,
    /// Not yet.
    Late,
    /// It has no list.
    Never,
    /// It refuses to show it, with this code.
    Refused(i32),
}

#[derive(Default)]
pub(crate) struct Axis(Mutex<State>);

struct State {
    mails: Vec<Mail>,
    script: VecDeque<Act>,
    unknown: HashSet<String>,
    locked: HashSet<String>,
    /// Codes that it writes otherwise in lists.
    spelled: HashMap<String, String>,
    lists: Lists,
    plain_subjects: bool,
    doubles: bool,
    reversed: bool,
    is_down: bool,
    /// Counts calls, and breaks the one of this number.
    calls: usize,
    fatal: Option<(usize, Act)>,
    submitted: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            mails: Vec::new(),
            script: VecDeque::new(),
            unknown: HashSet::new(),
            locked: HashSet::new(),
            spelled: HashMap::new(),
            lists: Lists::Promptly,
            plain_subjects: false,
            doubles: false,
            reversed: false,
            is_down: false,
            calls: 0,
            fatal: None,
            submitted: 0,
        }
    }
}

/// A message for one receiver.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) id: String,
    pub(crate) sent_as: String,
    pub(crate) kind: MessageKind,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) code: String,
    pub(crate) subject: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: TransportState,
}

impl Axis {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn seat(self: &Arc<Self>, code: &str) -> Seat {
        Seat { axis: Arc::clone(self), code: code.to_owned() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn script(&self, acts: &[Act]) {
        self.state().script.extend(acts);
    }

    pub(crate) fn does_not_know(&self, code: &str) {
        self.state().unknown.insert(code.to_owned());
    }

    pub(crate) fn locks(&self, code: &str, locked: bool) {
        let mut state = self.state();
        state.locked.remove(code);
        if locked {
            state.locked.insert(code.to_owned());
        }
    }

    pub(crate) fn spells(&self, code: &str, otherwise: &str) {
        self.state().spelled.insert(code.to_owned(), otherwise.to_owned());
    }

    pub(crate) fn lists(&self, lists: Lists) {
        self.state().lists = lists;
    }

    pub(crate) fn writes_plainly(&self) {
        self.state().plain_subjects = true;
    }

    pub(crate) fn doubles_and_reverses(&self) {
        let mut state = self.state();
        (state.doubles, state.reversed) = (true, true);
    }

    /// It lists what it was told is over.
    pub(crate) fn forget(&self) {
        self.state().mails.iter_mut().for_each(|it| it.state = TransportState::Processing);
    }

    pub(crate) fn is_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    pub(crate) fn breaks(&self, call: usize, act: Act) {
        self.state().fatal = Some((call, act));
    }

    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// How often a message was handed over, taken or not.
    pub(crate) fn submitted(&self) -> usize {
        self.state().submitted
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    /// The documents that it has for an agency, by number.
    pub(crate) fn documents_for(&self, to: &str) -> Vec<String> {
        let mails = self.mails().into_iter();
        let documents = mails.filter(|it| it.kind == MessageKind::Document && it.to == to);
        documents.map(|it| it.code).collect()
    }

    /// Puts a message in a box, as somebody may who is no member of the test.
    pub(crate) fn drop_off(&self, kind: MessageKind, from: &str, to: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        let n = state.mails.len();
        state.mails.push(Mail {
            id: format!("r{n}"),
            sent_as: format!("s{n}"),
            kind,
            from: from.to_owned(),
            to: to.to_owned(),
            code: String::new(),
            subject: String::new(),
            bytes,
            state: TransportState::Initial,
        });
    }
}

impl State {
    fn take(
        &mut self,
        from: &str,
        submission: &Submission<'_>,
        bytes: Vec<u8>,
    ) -> Result<TransportId> {
        let message = edxml::parse(&bytes, &Limits::default())?.message;
        let (to, code, subject): (Vec<String>, _, _) = match message {
            Message::Document(it) => (
                it.header.to.iter().map(|it| it.organ_id.as_str().to_owned()).collect(),
                it.header.code.to_string(),
                it.header.subject.clone(),
            ),
            Message::Status(it) => {
                let to = submission.to.unwrap_or(&it.response_for.organ_id).as_str().to_owned();
                (vec![to], it.response_for.code.clone(), it.description.clone())
            }
        };
        if to.iter().any(|it| self.unknown.contains(it)) {
            return Err(refused(18));
        }
        if to.iter().any(|it| self.locked.contains(it)) {
            return Err(refused(23));
        }
        let sent_as = format!("s{}", self.mails.len());
        for to in to {
            let id = format!("r{}", self.mails.len());
            self.mails.push(Mail {
                id,
                sent_as: sent_as.clone(),
                kind: submission.kind,
                from: from.to_owned(),
                to,
                code: code.clone(),
                subject: subject.clone(),
                bytes: bytes.clone(),
                state: TransportState::Initial,
            });
        }
        Ok(TransportId::from(sent_as))
    }

    fn sent(&self, from: &str, kind: MessageKind) -> Vec<Sent> {
        let mails = self.mails.iter().filter(|it| it.from == from && it.kind == kind);
        let spelled = |code: &String| self.spelled.get(code).unwrap_or(code).clone();
        let plain = |text: &str| match self.plain_subjects {
            true => text.to_uppercase().replace('Đ', "D").replace('Ự', "U"),
            false => text.to_owned(),
        };
        mails
            .map(|it| Sent {
                id: it.sent_as.clone().into(),
                kind,
                to: spelled(&it.to).into(),
                subject: plain(&it.subject),
                code: it.code.clone(),
                sent: String::new(),
                state: Some(it.state),
            })
            .collect()
    }
}

pub(crate) fn refused(code: i32) -> crate::error::Error {
    let retry = if matches!(code, 20 | 21) { Retry::Later } else { Retry::Never };
    Fault::Refused { code, text: "Từ chối".into(), retry }.into_error("sending")
}

fn broken() -> crate::error::Error {
    Fault::Unknown("the answer was cut off".into()).into_error("calling")
}

/// The end of the process, without a word.
pub(crate) fn die() -> ! {
    std::panic::resume_unwind(Box::new("killed"))
}

/// One agency's way to it.
pub(crate) struct Seat {
    axis: Arc<Axis>,
    code: String,
}

impl Seat {
    /// Carries a call out as the script has it.
    fn call<T>(&self, carried_out: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.axis.state();
        state.calls += 1;
        let act = match state.fatal {
            Some((call, act)) if call == state.calls => act,
            _ if state.is_down => Act::NotReached,
            _ => Act::Take,
        };
        acted(act, &mut state, carried_out)
    }
}

fn acted<T>(
    act: Act,
    state: &mut State,
    carried_out: impl FnOnce(&mut State) -> Result<T>,
) -> Result<T> {
    match act {
        Act::Take => carried_out(state),
        Act::Refuse(code) => Err(refused(code)),
        Act::NotReached => Err(Fault::NotSent("no connection".into()).into_error("calling")),
        Act::BreakBefore => Err(broken()),
        Act::BreakAfter => carried_out(state).and_then(|_| Err(broken())),
        Act::DieBefore => die(),
        Act::DieAfter => {
            let _ = carried_out(state);
            die()
        }
    }
}

impl Transport for Seat {
    fn submit(&self, submission: &Submission<'_>) -> Result<TransportId> {
        let bytes = submission.message.window(0..submission.message.len())?.into_owned();
        self.call(|state| {
            state.submitted += 1;
            let act = state.script.pop_front().unwrap_or(Act::Take);
            acted(act, state, |state| state.take(&self.code, submission, bytes))
        })
    }

    fn pending(&self, kind: MessageKind) -> Result<Vec<Pending>> {
        self.call(|state| {
            let waits = |it: &&Mail| {
                let open = matches!(it.state, TransportState::Initial | TransportState::Processing);
                it.to == self.code && it.kind == kind && open
            };
            let row = |it: &Mail, id: String| Pending {
                id: id.into(),
                kind,
                from: it.from.as_str().into(),
                to: it.to.as_str().into(),
                state: Some(it.state),
                created: String::new(),
            };
            let mut rows = Vec::new();
            for mail in state.mails.iter().filter(waits) {
                rows.push(row(mail, mail.id.clone()));
                if state.doubles {
                    rows.push(row(mail, format!("{}-again", mail.id)));
                }
            }
            if state.reversed {
                rows.reverse();
            }
            Ok(rows)
        })
    }

    fn fetch(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        let id = id.as_str().trim_end_matches("-again");
        let bytes = self.call(|state| {
            let mail = state.mails.iter_mut().find(|it| it.id == id);
            let mail = mail.ok_or_else(|| refused(10))?;
            mail.state = match mail.state {
                TransportState::Initial => TransportState::Processing,
                other => other,
            };
            Ok(mail.bytes.clone())
        })?;
        assert!(out.write_all(&bytes).is_ok(), "memory takes what is written");
        Ok(bytes.len() as u64)
    }

    fn acknowledge(&self, id: &TransportId, to: TransportState) -> Result<()> {
        let id = id.as_str().trim_end_matches("-again");
        self.call(|state| {
            state.mails.iter_mut().filter(|it| it.id == id).for_each(|it| it.state = to);
            Ok(())
        })
    }

    fn sent(&self, kind: MessageKind, _: Option<UtcTime>) -> Result<Vec<Sent>> {
        self.call(|state| match state.lists {
            Lists::Promptly => Ok(state.sent(&self.code, kind)),
            Lists::Late => Ok(Vec::new()),
            Lists::Refused(code) => Err(refused(code)),
            Lists::Never => Err(crate::error::Error::new(
                crate::error::ErrorKind::Unsupported,
                "there is no list of what was sent",
            )),
        })
    }

    fn agencies(&self) -> Result<Vec<Agency>> {
        self.call(|state| {
            let agency = |(code, other): (&String, &String)| Agency {
                code: OrganId::from(code.as_str()),
                other_code: Some(OrganId::from(other.as_str())).filter(|_| !other.contains('?')),
                parent_code: None,
                name: String::new(),
                email: String::new(),
            };
            Ok(state.spelled.iter().map(agency).collect())
        })
    }
}
