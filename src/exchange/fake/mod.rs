//! For tests: an axis that does what a script says, agencies, and a clock to be set.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic, dead_code)]

mod axis;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub(crate) use self::axis::{Act, Axis, Lists, Seat, die};

use super::journal::{Decision, Entry, Event, Journal};
use super::store::{Delivery, Incoming, SqliteOptions, Store};
use super::{Examination, Examine, Inbox, Outbox, Post, PostRules, Worked};
use crate::envelope::edxml::{
    BusinessType, Code, Date, Diagnostic, DocumentId, Envelope, MessageHeader, Organization,
    PromulgationInfo,
};
use crate::error::{Error, ErrorKind, Result};
use crate::time::UtcTime;

/// Sunday, 22 November 2026, 08:00 in Vietnam.
pub(crate) const START: i64 = 1_795_309_200;

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn now(&self) -> UtcTime {
        UtcTime::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// Decides by the subject: `xấu` is refused, `ngờ` is held, `hỏng` cannot be examined.
pub(crate) struct Judge {
    pub(crate) gives_back: bool,
}

impl Examine for Judge {
    fn examine(&self, envelope: &Envelope, _: &[Diagnostic], _: UtcTime) -> Result<Examination> {
        let subject = &envelope.header.subject;
        let (decision, reason) = match () {
            () if subject.contains("hỏng") => return Err(Error::new(ErrorKind::Io, "no disk")),
            () if subject.contains("xấu") => (Decision::Refused, "Tệp a.pdf: chữ ký không đúng."),
            () if subject.contains("ngờ") => (Decision::Held, "Chưa xác định."),
            () => (Decision::Accepted, ""),
        };
        Ok(Examination { decision, reason: reason.to_owned(), files: Vec::new() })
    }

    fn gives_back(&self, _: &DocumentId) -> bool {
        self.gives_back
    }
}

/// Agencies on one axis, all in one database.
pub(crate) struct World {
    pub(crate) axis: Arc<Axis>,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rules: PostRules,
    pub(crate) gives_back: bool,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (axis, clock) = (Axis::new(), Clock::new());
        let store = open(folder.path().join("post.db"));
        let rules = PostRules::default();
        Self { axis, clock, store, rules, gives_back: false, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("post.db")
    }

    pub(crate) fn post(&self, code: &str) -> Post {
        let clock = self.clock.clone();
        let us = Organization::new(code, format!("Cơ quan {code}"));
        Post::new(Arc::clone(&self.store), us, move || clock.now()).with_rules(self.rules.clone())
    }

    /// Letters are as an earlier version kept them.
    pub(crate) fn forget_gists(&self) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute("UPDATE letters SET gist = NULL", []).unwrap();
    }

    pub(crate) fn agency(&self, code: &str) -> Member {
        let post = self.post(code);
        let judge = Arc::new(Judge { gives_back: self.gives_back });
        Member {
            outbox: Outbox::new(&post),
            inbox: Inbox::new(&post, judge),
            seat: self.axis.seat(code),
            post,
        }
    }
}

pub(crate) fn open(path: PathBuf) -> Arc<dyn Store> {
    Arc::new(SqliteOptions::new(path).durable(false).open().unwrap())
}

/// One agency with its place at the axis.
pub(crate) struct Member {
    pub(crate) post: Post,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox,
    pub(crate) seat: Seat,
}

impl Member {
    pub(crate) fn send(&self) -> Worked {
        self.outbox.work(&self.seat).unwrap()
    }

    pub(crate) fn receive(&self) -> Worked {
        self.inbox.poll(&self.seat).unwrap();
        self.inbox.work(&self.seat).unwrap()
    }

    /// The deliveries of all that was sent under an identifier.
    pub(crate) fn deliveries(&self, document: &DocumentId) -> Vec<Delivery> {
        let of = |records: &mut dyn super::store::Records| {
            let mut all = Vec::new();
            for letter in records.letters_of(self.post.id(), document)? {
                all.extend(records.deliveries_of(letter.id)?);
            }
            Ok(all)
        };
        self.post.store().within(of).unwrap()
    }

    pub(crate) fn only(&self, document: &DocumentId) -> Delivery {
        let mut all = self.deliveries(document);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    pub(crate) fn came(&self, from: &str, document: &DocumentId) -> Vec<Incoming> {
        let of = |records: &mut dyn super::store::Records| {
            records.incoming_documents(self.post.id(), &from.into(), document)
        };
        self.post.store().within(of).unwrap()
    }

    pub(crate) fn journal(&self) -> Vec<Event> {
        let entries: Vec<Entry> =
            Journal::new(&self.post).entries(1).collect::<Result<_>>().unwrap();
        entries.iter().map(|it| it.event().unwrap()).collect()
    }
}

pub(crate) fn id(from: &str, number: u32) -> DocumentId {
    format!("{from},2026/11/22,{number}/TB-UBND").into()
}

pub(crate) fn document(from: &str, to: &[&str], number: u32, subject: &str) -> Envelope {
    Envelope::new(MessageHeader {
        from: Organization::new(from, format!("Cơ quan {from}")),
        to: to.iter().map(|code| Organization::new(*code, "Nơi nhận")).collect(),
        document_id: id(from, number),
        code: Code::new(number.to_string(), "TB-UBND"),
        promulgation: PromulgationInfo {
            place: "Huế".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: subject.into(),
        ..MessageHeader::default()
    })
    .attach("a.txt", format!("nội dung {number}").into_bytes())
}

pub(crate) fn acting(mut envelope: Envelope, kind: BusinessType, on: &DocumentId) -> Envelope {
    let business = envelope.business.get_or_insert_default();
    business.kind = kind;
    business.document_id = Some(on.clone());
    envelope
}
