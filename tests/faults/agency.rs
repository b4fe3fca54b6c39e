//! An agency, as a process of its own: it hands its documents over, sends, receives,
//! verifies and answers until it is killed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, thread};

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    Code, Date, DocumentId, Envelope, MessageHeader, Organization, OtherInfo, Priority,
    PromulgationInfo,
};
use kyso::exchange::store::objects::Folder;
use kyso::exchange::store::{PostgresOptions, SqliteOptions, Store};
use kyso::exchange::{Examiner, Inbox, Outbox, Pauses, Post, PostRules, Timeouts};
use kyso::{Policy, TrustStore, UtcTime, Validator};
use serde::{Deserialize, Serialize};

/// The agencies of the test.
pub(crate) const AGENCIES: [(&str, &str); 3] =
    [("H97", "UBND tỉnh TEST"), ("H98", "Sở Nội vụ TEST"), ("H99", "Sở Y tế TEST")];

/// Messages of more bytes are kept beside the database: documents are, statuses are not.
const WITHIN: u64 = 8 << 10;
/// How long one waits that has nothing to do.
const IDLE: Duration = Duration::from_millis(50);

/// Where an agency works, and on what.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) us: usize,
    pub(crate) endpoint: String,
    pub(crate) folder: PathBuf,
    /// By PostgreSQL, where there is one; by SQLite otherwise.
    pub(crate) postgres: Option<String>,
    pub(crate) documents: usize,
    /// Milliseconds between two documents.
    pub(crate) pace: u64,
    /// Seconds by which its clock is wrong.
    pub(crate) clock: i64,
    /// The database has no room for more.
    pub(crate) most_bytes: Option<u64>,
}

pub(crate) fn organization(n: usize) -> Organization {
    Organization::new(AGENCIES[n].0, AGENCIES[n].1)
}

impl Desk {
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join(format!("{}.db", AGENCIES[self.us].0))
    }

    pub(crate) fn store(&self) -> kyso::Result<Arc<dyn Store>> {
        let beside = self.folder.join(format!("{}-messages", AGENCIES[self.us].0));
        let objects = Arc::new(Folder::new(beside)?);
        if let Some(url) = &self.postgres {
            return Ok(Arc::new(PostgresOptions::new(url, objects).within(WITHIN).open()?));
        }
        let options = SqliteOptions::new(self.database()).objects(objects).within(WITHIN);
        let options = match self.most_bytes {
            Some(bytes) => options.most_bytes(bytes),
            None => options,
        };
        Ok(Arc::new(options.open()?))
    }

    pub(crate) fn post(&self, store: Arc<dyn Store>) -> Post {
        let wrong = self.clock;
        let post =
            Post::new(store, organization(self.us), move || UtcTime::now().plus_seconds(wrong));
        let pauses = Pauses { first: 100, most: 1_000, tries: 100_000, spread: 20 };
        let rules = PostRules {
            pauses,
            settle_after: 3_000,
            lease: 10_000,
            batch: 8,
            ..PostRules::default()
        };
        post.with_rules(rules)
    }

    /// The document of this number: the same whenever it is made.
    pub(crate) fn document(&self, number: usize) -> Envelope {
        let us = organization(self.us);
        let others = (0..AGENCIES.len()).filter(|it| *it != self.us);
        let (date, code) = (Date::new(2026, 11, 22).unwrap(), Code::new(number.to_string(), "CV"));
        let pdf = fs::read(self.folder.join(format!("{}.pdf", us.organ_id))).unwrap();
        let priority = Priority(i32::try_from(number % 5).unwrap());
        Envelope::new(MessageHeader {
            document_id: DocumentId::compose(&us.organ_id, &date, &code),
            from: us,
            to: others.map(organization).collect(),
            code,
            promulgation: PromulgationInfo { place: "Huế".into(), date },
            subject: format!("V/v thử nghiệm lần thứ {number}"),
            other_info: Some(OtherInfo { priority: Some(priority), ..OtherInfo::default() }),
            ..MessageHeader::default()
        })
        .attach("van-ban.pdf", pdf)
    }

    fn client(&self) -> Client {
        let (secret, wrong) = (env::var("KYSO_SECRET").unwrap(), self.clock);
        let credentials = Credentials::new(AGENCIES[self.us].0, secret);
        let clock = move || UtcTime::now().plus_seconds(wrong);
        let mut timeouts = Timeouts::default();
        timeouts.connect = Duration::from_millis(1_000);
        timeouts.silence = Duration::from_millis(1_500);
        timeouts.call = Duration::from_millis(2_500);
        Client::new(&self.endpoint, credentials, clock).unwrap().with_timeouts(timeouts)
    }

    /// Works until it is killed.
    pub(crate) fn work(&self) {
        let post = self.post(patiently(|| self.store()));
        // It is the only one at work on this post.
        patiently(|| post.release_claims());
        let root = fs::read(self.folder.join("pki/trust/cong-vu.pem")).unwrap();
        let trust = TrustStore::from_bytes(&root).unwrap();
        let validator = Validator::new(trust, Policy::pilot(), UtcTime::now());
        let inbox = Inbox::new(&post, Arc::new(Examiner::new(validator)));
        let (outbox, axis) = (Outbox::new(&post), self.client());
        thread::scope(|scope| {
            scope.spawn(|| self.hand_over(&post, &outbox));
            scope.spawn(|| {
                loop {
                    if patiently(|| outbox.work(&axis)).is_nothing() {
                        thread::sleep(IDLE);
                    }
                }
            });
            loop {
                if let Err(error) = inbox.poll(&axis) {
                    tracing::warn!(%error, "not listed");
                }
                while !patiently(|| inbox.work(&axis)).is_nothing() {}
                thread::sleep(IDLE);
            }
        });
    }

    /// What is noted as handed over was; what was not noted may have been.
    fn hand_over(&self, post: &Post, outbox: &Outbox) {
        let noted = patiently(|| post.store().within(|it| it.setting("handed over")));
        let first = noted.map_or(0, |it| it.parse().unwrap());
        for number in first..self.documents {
            patiently(|| outbox.put(&self.document(number), None));
            let next = (number + 1).to_string();
            patiently(|| post.store().within(|it| it.set_setting("handed over", &next)));
            thread::sleep(Duration::from_millis(self.pace));
        }
    }
}

/// Until the disk, or the database, is well again.
fn patiently<T>(mut what: impl FnMut() -> kyso::Result<T>) -> T {
    loop {
        match what() {
            Ok(it) => return it,
            Err(error) => {
                tracing::warn!(%error, "tried again");
                thread::sleep(IDLE);
            }
        }
    }
}
