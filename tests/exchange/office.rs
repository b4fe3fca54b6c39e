//! Agencies with officers who sign, a gateway between them, and documents.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    Code, Date, DocumentId, Envelope, MessageHeader, Organization, PromulgationInfo, StatusCode,
};
use kyso::exchange::directory::{Authorization, Directory, Scope, Unit};
use kyso::exchange::journal::{Entry, Event, Journal};
use kyso::exchange::store::{Delivery, SqliteOptions, Store};
use kyso::exchange::{Examiner, ExaminerRules, Inbox, Outbox, Post};
use kyso::pades::SignatureBuilder;
use kyso::{Policy, Report, SoftwareSigner, TrustAnchor, TrustStore, UtcTime, Validator};
use rcgen::{DnType, KeyPair, KeyUsagePurpose};

use crate::gateway::{Agency, Gateway, Options};
use crate::support;
use crate::support::pki::{Authority, NOW, params, root};

pub(crate) const SENDER: &str = "H37.15";
pub(crate) const RECEIVER: &str = "H37.10";
pub(crate) const THIRD: &str = "H37.11";
const DOMAIN: &str = "công vụ";

/// Who signs.
pub(crate) struct Officers {
    root: Authority,
    pub(crate) ours: SoftwareSigner,
    /// Of an agency that is not the sender.
    pub(crate) others: SoftwareSigner,
    /// Under a root that nobody trusts.
    pub(crate) unknown: SoftwareSigner,
}

fn officer(authority: &Authority, serial: u64, agency: &str) -> SoftwareSigner {
    let mut params = params(&format!("Cán bộ {agency}"), serial);
    params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    params.distinguished_name.push(DnType::OrganizationName, agency);
    let key = KeyPair::generate().unwrap();
    let chain = [authority.certify(&params, &key), authority.certificate.clone()];
    SoftwareSigner::from_pkcs8(&key.serialize_der(), &chain).unwrap()
}

impl Officers {
    fn new() -> Self {
        let root = root("Root");
        let authority = root.authority("Authority", 11, true);
        let stranger = support::pki::root("Stranger").authority("Nobody", 12, true);
        Self {
            ours: officer(&authority, 0x0a22, "Sở Nội vụ"),
            others: officer(&authority, 0x0a23, "Sở Y tế"),
            unknown: officer(&stranger, 0x0a24, "Sở Nội vụ"),
            root,
        }
    }

    pub(crate) fn validator(&self) -> Validator {
        let anchor = TrustAnchor::from_certificate(self.root.certificate.clone());
        let trust: TrustStore = [anchor.with_domain(DOMAIN)].into_iter().collect();
        Validator::new(trust, Policy::pilot(), now())
    }
}

pub(crate) fn now() -> UtcTime {
    NOW.parse().unwrap()
}

pub(crate) fn directory() -> Directory {
    let mut directory = Directory::default();
    let unit = |id: &str, code: &str, other: &str, name: &str| Unit {
        id: id.into(),
        other_code: Some(other.into()),
        ..Unit::new(code, name)
    };
    let units = [
        unit("1", SENDER, "000.00.15.H37", "Sở Nội vụ tỉnh Lạng Sơn"),
        unit("2", RECEIVER, "000.00.10.H37", "Sở Y tế tỉnh Lạng Sơn"),
        unit("3", THIRD, "000.00.11.H37", "Sở Tài chính tỉnh Lạng Sơn"),
    ];
    directory.merge(units, Scope::Full).unwrap();
    let ours = Authorization::of_subject(DOMAIN).with_organization("Sở Nội vụ");
    directory.authorize(&SENDER.into(), ours).unwrap();
    directory
}

/// One agency at work.
pub(crate) struct Member {
    pub(crate) post: Post,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox,
    pub(crate) client: Client,
    /// What was kept of each examination.
    pub(crate) reports: Arc<Mutex<Vec<(String, Report)>>>,
}

pub(crate) struct Office {
    pub(crate) officers: Officers,
    pub(crate) sender: Member,
    pub(crate) receiver: Member,
    pub(crate) third: Member,
    pub(crate) folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    _gateway: Gateway,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::by(ExaminerRules::default())
    }

    pub(crate) fn by(rules: ExaminerRules) -> Self {
        let registered = [(SENDER, "000.00.15.H37"), (RECEIVER, "000.00.10.H37"), (THIRD, "x")];
        let registered =
            registered.map(|(code, other)| Agency::new(code, code, code).known_as(other));
        let gateway = Gateway::start(Options::default(), registered.into()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let officers = Officers::new();
        let clock = Arc::new(AtomicI64::new(0));
        let member = |code: &str| {
            let path = folder.path().join(format!("{code}.db"));
            let store = SqliteOptions::new(path).durable(false).open().unwrap();
            member(code, Arc::new(store), &officers, rules, &clock, &gateway)
        };
        let (sender, receiver, third) = (member(SENDER), member(RECEIVER), member(THIRD));
        Self { officers, sender, receiver, third, folder, clock, _gateway: gateway }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// All that happens within some minutes.
    pub(crate) fn run(&self) {
        for _ in 0..4 {
            for member in [&self.sender, &self.receiver, &self.third] {
                while !member.outbox.work(&member.client).unwrap().is_nothing() {}
                member.inbox.poll(&member.client).unwrap();
                while !member.inbox.work(&member.client).unwrap().is_nothing() {}
            }
            self.pass(61);
        }
    }

    pub(crate) fn put(&self, envelope: &Envelope) {
        self.sender.outbox.put(envelope, Some(now())).unwrap();
    }
}

fn member(
    code: &str,
    store: Arc<dyn Store>,
    officers: &Officers,
    rules: ExaminerRules,
    clock: &Arc<AtomicI64>,
    gateway: &Gateway,
) -> Member {
    let clock = Arc::clone(clock);
    let us = Organization::new(code, format!("Cơ quan {code}"));
    let at = move || now().plus_seconds(clock.load(Ordering::SeqCst));
    let post = Post::new(store, us, at);
    let reports: Arc<Mutex<Vec<(String, Report)>>> = Arc::default();
    let kept = Arc::clone(&reports);
    let examiner =
        Examiner::new(officers.validator()).with_rules(rules).with_reports(move |_, reports| {
            kept.lock().unwrap().extend_from_slice(reports);
            Ok(())
        });
    examiner.set_directory(directory());
    let client =
        Client::new(gateway.endpoint(), Credentials::new(code, code), UtcTime::now).unwrap();
    Member {
        outbox: Outbox::new(&post),
        inbox: Inbox::new(&post, Arc::new(examiner)),
        post,
        client,
        reports,
    }
}

impl Member {
    pub(crate) fn journal(&self) -> Vec<Event> {
        let entries: Vec<Entry> =
            Journal::new(&self.post).entries(1).collect::<kyso::Result<_>>().unwrap();
        entries.iter().map(|it| it.event().unwrap()).collect()
    }

    pub(crate) fn deliveries(&self, number: &str) -> Vec<Delivery> {
        let found = self.post.store().within(|records| {
            let mut all = Vec::new();
            for letter in records.letters_of(&SENDER.into(), &id(number))? {
                all.extend(records.deliveries_of(letter.id)?);
            }
            Ok(all)
        });
        found.unwrap()
    }

    /// How far a document came at its first receiver.
    pub(crate) fn handling(&self, number: &str) -> Option<StatusCode> {
        self.deliveries(number)[0].progress.handling()
    }

    /// What was answered about the documents with a reason, in words.
    pub(crate) fn told(&self, wanted: StatusCode) -> Vec<String> {
        let told = |it| match it {
            Event::StatusReceived { code, description, .. } if code == wanted => Some(description),
            _ => None,
        };
        self.journal().into_iter().filter_map(told).collect()
    }
}

pub(crate) fn id(number: &str) -> DocumentId {
    format!("{SENDER},2026/06/15,{number}/QĐ-SNV").into()
}

pub(crate) fn document(number: &str, to: &[&str]) -> Envelope {
    Envelope::new(MessageHeader {
        from: Organization::new(SENDER, "Sở Nội vụ tỉnh Lạng Sơn"),
        to: to.iter().map(|code| Organization::new(*code, "Nơi nhận")).collect(),
        document_id: id(number),
        code: Code::new(number, "QĐ-SNV"),
        promulgation: PromulgationInfo {
            place: "Lạng Sơn".into(),
            date: Date::new(2026, 6, 15).unwrap(),
        },
        subject: format!("V/v thử nghiệm số {number}"),
        ..MessageHeader::default()
    })
    .sent_at(now())
}

pub(crate) fn pdf() -> Vec<u8> {
    support::pdf::write(&[
        "<</Type/Catalog/Pages 2 0 R>>".into(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>".into(),
    ])
}

pub(crate) fn signed(signer: &SoftwareSigner) -> Vec<u8> {
    SignatureBuilder::new(&pdf(), now()).sign(signer).unwrap()
}
