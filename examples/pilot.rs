//! The pilot in one command: `cargo run --release --example pilot`.
//!
//! One agency signs a dispatch, seals the message and sends it over the axis; another receives
//! it, verifies it and answers. Then the same with copies that were changed on the way: one in
//! its file, one in its header alone. It ends with the report on what was exchanged. Everything that is made stays in `target/pilot`.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for a terminal

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Attachment, Code, Date, DocumentType, Envelope, MessageHeader, Organization,
    PromulgationInfo, SignerInfo, StatusCode,
};
use kyso::exchange::deadline::Rules;
use kyso::exchange::journal::{Actor, Decision, Event, Journal};
use kyso::exchange::report::{Period, Statistics, Tally};
use kyso::exchange::store::Sqlite;
use kyso::exchange::{Examiner, Inbox, Outbox, Post};
use kyso::{Outcome, Policy, Report, SoftwareSigner, UtcTime, Validator, cades, pades};
use test_pki::{Domain, signer, trust};
use time::OffsetDateTime;

#[path = "support/files.rs"]
mod files;
#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/test_pki.rs"]
mod test_pki;

const DISPATCH: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");
const ANNEX: &str = "Phụ lục thử nghiệm: đơn vị, số lượng\r\nSở Nội vụ TEST, 3\r\n";
const UBND: (&str, &str) = ("000.00.00.H99", "Ủy ban nhân dân tỉnh TEST");
const SO: (&str, &str) = ("000.00.01.H99", "Sở Nội vụ TEST");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The pilot failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pilot");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }

    println!("1. A test PKI: two trust domains, two agencies; every name says TEST.");
    let pki = test_pki::make(OffsetDateTime::now_utc(), None)?;
    test_pki::write(&pki, &folder.join("pki"))?;

    println!("2. The leader of {} signs the dispatch, then the agency seals it,", UBND.1);
    println!("   and the annex, which is no PDF, beside it.");
    let sealed = sign(DISPATCH, &pki)?;
    files::write_whole(&folder.join("cong-van.pdf"), &sealed)?;
    let annex_seal = seal(ANNEX.as_bytes(), &pki)?;

    println!("3. The gateway of the axis starts, and both agencies connect to it.");
    let options = gateway::Options { folder: Some(folder.join("axis")), ..Default::default() };
    let agencies = [UBND, SO].map(|(code, name)| gateway::Agency::new(code, name, secret(code)));
    let gateway = gateway::Gateway::start(options, agencies.into())?;
    let policy = Policy::pilot();
    println!("   The receiver trusts both roots, under the policy \"{}\":", policy.name);
    println!("   revocation is not required by it, and was not checked.");
    let validator = Validator::new(trust(&pki)?, policy, UtcTime::now());
    let sender = Agency::connect(UBND, &gateway, &folder, &validator)?;
    let receiver = Agency::connect(SO, &gateway, &folder, &validator)?;

    println!("4. {} sends 01/TEST-UBND with its annex, and seals the message.", UBND.1);
    let seal = signer(&pki, "ubnd-seal")?;
    let files =
        [("cong-van.pdf", sealed), ("phu-luc.csv", ANNEX.into()), ("phu-luc.csv.p7s", annex_seal)];
    let send = |number: &str, on_the_way: OnTheWay| {
        let message = sender.message(number, &files).seal(&seal, UtcTime::now())?;
        exchange(&sender, &receiver, message, on_the_way)
    };
    let codes = send("01", |_| Ok(()))?;
    ensure(codes == [StatusCode::Arrived, StatusCode::Accepted], "01 and 03 were expected")?;

    println!("5. The same as 02/TEST-UBND, but a byte of the PDF is changed on the way.");
    let codes = send("02", tamper_with_file)?;
    ensure(codes == [StatusCode::Arrived, StatusCode::Refused], "01 and 02 were expected")?;

    println!("6. The same as 03/TEST-UBND, but its subject is changed on the way, and no file:");
    println!("   the seal alone tells, and a person has to decide.");
    let codes = send("03", tamper_with_subject)?;
    ensure(codes == [StatusCode::Arrived, StatusCode::Refused], "01 and 02 were expected")?;
    gateway.shutdown();

    println!("7. Each agency seals its journal, and reports on the exchange.");
    for agency in [&sender, &receiver] {
        agency.report(&seal)?;
    }
    println!("Everything went as it should. All that was made is in {}", folder.display());
    Ok(())
}

/// What becomes of a message between the agencies.
type OnTheWay = fn(&mut Envelope) -> Result<()>;

/// A document on its way and back: what the sender was told of it.
fn exchange(
    sender: &Agency,
    receiver: &Agency,
    mut message: Envelope,
    on_the_way: OnTheWay,
) -> Result<Vec<StatusCode>> {
    let from = sender.entries()?;
    let number = plain_name(&message.header.code.number);
    let path = sender.folder.join(format!("sent-{number}.edxml"));
    files::write_whole(&path, &message.to_bytes()?)?;
    on_the_way(&mut message)?;
    sender.outbox.put(&message, Some(UtcTime::now()))?;
    sender.work()?;
    receiver.work()?;
    receiver.decide()?;
    sender.work()?;
    sender.told_since(from)
}

/// Two signatures, one after the other: the second leaves the first as it is.
fn sign(dispatch: &[u8], pki: &[Domain]) -> Result<Vec<u8>> {
    let (leader, seal) = (signer(pki, "ubnd-leader")?, signer(pki, "ubnd-seal")?);
    let signed = pades::SignatureBuilder::new(dispatch, UtcTime::now())
        .field("Leader")
        .reason("Phê duyệt")
        .sign(&leader)?;
    Ok(pades::SignatureBuilder::new(&signed, UtcTime::now())
        .field("Agency")
        .reason("Đóng dấu cơ quan")
        .sign(&seal)?)
}

/// A signature in a file of its own, for a document of any kind.
fn seal(annex: &[u8], pki: &[Domain]) -> Result<Vec<u8>> {
    let seal = signer(pki, "ubnd-seal")?;
    Ok(cades::SignatureBuilder::new(annex, UtcTime::now()).mime_type("text/csv").sign(&seal)?)
}

/// One bit of the page's content.
fn tamper_with_file(message: &mut Envelope) -> Result<()> {
    let file = message.attachments.first_mut().ok_or("the dispatch has no file")?;
    let mut pdf = file.bytes().unwrap_or_default().to_vec();
    let stream = pdf.windows(8).position(|bytes| bytes == b"\nstream\n");
    let content = stream.map_or(DISPATCH.len() / 2, |at| at + 100);
    *pdf.get_mut(content).ok_or("the dispatch is too short")? ^= 1;
    *file = Attachment::new(file.content_id.clone(), file.name.clone(), pdf);
    Ok(())
}

/// What no signature in a file is over.
fn tamper_with_subject(message: &mut Envelope) -> Result<()> {
    "V/v một việc khác".clone_into(&mut message.header.subject);
    Ok(())
}

fn secret(code: &str) -> &str {
    if code == UBND.0 { "pilot-secret-of-the-sender" } else { "pilot-secret-of-the-receiver" }
}

/// An agency's document-management system.
struct Agency {
    organization: Organization,
    axis: Client,
    post: Post,
    outbox: Outbox,
    inbox: Inbox,
    folder: PathBuf,
}

impl Agency {
    fn connect(
        (code, name): (&str, &str),
        gateway: &gateway::Gateway,
        folder: &Path,
        validator: &Validator,
    ) -> Result<Self> {
        let folder = folder.join(code);
        fs::create_dir_all(&folder)?;
        let organization = Organization::new(code, name);
        let store = Arc::new(Sqlite::open(folder.join("post.sqlite"))?);
        let post = Post::new(store, organization.clone(), UtcTime::now);
        let reports = folder.clone();
        let examiner = Examiner::new(validator.clone())
            .with_reports(move |envelope, found| keep_reports(&reports, envelope, found));
        let credentials = Credentials::new(code, secret(code));
        Ok(Self {
            organization,
            axis: Client::new(gateway.endpoint(), credentials, UtcTime::now)?,
            outbox: Outbox::new(&post),
            inbox: Inbox::new(&post, Arc::new(examiner)),
            post,
            folder,
        })
    }

    /// The message that brings these files.
    fn message(&self, number: &str, files: &[(&str, Vec<u8>)]) -> Envelope {
        let now = UtcTime::now();
        let (code, date) = (Code::new(number, "TEST-UBND"), Date::at(now));
        let header = MessageHeader {
            from: self.organization.clone(),
            to: vec![Organization::new(SO.0, SO.1)],
            document_id: edxml::DocumentId::compose(&self.organization.organ_id, &date, &code),
            code,
            promulgation: PromulgationInfo { place: "Thử Nghiệm".into(), date },
            document_type: DocumentType {
                group: Some(2),
                detail: Some(18),
                name: "Công văn".into(),
            },
            subject: "V/v thử nghiệm gửi, nhận văn bản điện tử".into(),
            signer: SignerInfo {
                position: "Chủ tịch".into(),
                full_name: "Nguyễn Văn TEST".into(),
                ..SignerInfo::default()
            },
            ..MessageHeader::default()
        };
        let empty = Envelope::new(header).sent_at(now);
        files.iter().fold(empty, |message, (name, file)| message.attach(*name, file.clone()))
    }

    /// What a person does about what is held: here, sends it back.
    fn decide(&self) -> Result<()> {
        for message in self.inbox.held(None, 100)? {
            println!("   {} is held for a person: {}", message.code, message.reason);
            let clerk = Actor::new("Vũ Văn Thư TEST");
            self.inbox.decide(message.id, Decision::Refused, &message.reason, &clerk)?;
        }
        self.work()
    }

    /// What the two loops of an application do: sends what waits, takes what comes, answers.
    fn work(&self) -> Result<()> {
        while !self.outbox.work(&self.axis)?.is_nothing() {}
        self.inbox.poll(&self.axis)?;
        while !self.inbox.work(&self.axis)?.is_nothing() {}
        while !self.outbox.work(&self.axis)?.is_nothing() {}
        Ok(())
    }

    /// How many entries the journal has.
    fn entries(&self) -> Result<u64> {
        Ok(Journal::new(&self.post).follow()??.entries())
    }

    /// The statuses that came since the journal had so many entries.
    fn told_since(&self, entries: u64) -> Result<Vec<StatusCode>> {
        let mut codes = Vec::new();
        for entry in Journal::new(&self.post).entries(entries + 1) {
            let entry = entry?;
            if let Event::StatusReceived { code, description, .. } = entry.event()? {
                let (name, document) = (&self.organization.organ_name, entry.document);
                let document = document.as_ref().map_or("", |it| it.as_str());
                println!("   {name} reads: {document} {}. {description}", code.name_vi());
                codes.push(code);
            }
        }
        Ok(codes)
    }

    /// Seals the journal, and tells from it what was exchanged.
    fn report(&self, seal: &SoftwareSigner) -> Result<()> {
        let journal = Journal::new(&self.post);
        let through = journal
            .seal(|statement| cades::SignatureBuilder::new(statement, UtcTime::now()).sign(seal))?;
        let now = UtcTime::now();
        let period = Period { from: now.plus_seconds(-86_400), until: now.plus_seconds(1) };
        let rules = Rules::default();
        let mut tally = Tally::new(self.organization.organ_id.clone(), period, &rules);
        for entry in journal.entries(1) {
            tally.add(&entry?);
        }
        let statistics: Statistics = tally.finish(now);
        ensure(statistics.journal.broken.is_none(), "the journal is not whole")?;
        let name = &self.organization.organ_name;
        let page = self.folder.join("report.html");
        files::write_whole(&page, statistics.to_html(name).as_bytes())?;
        let (sent, received) = (&statistics.sent, &statistics.received);
        println!(
            "   {name}: {} sent, {} received, {} journal entries sealed; {}",
            sent.documents,
            received.documents,
            through,
            page.display()
        );
        Ok(())
    }
}

/// The law wants the result of a verification kept with the document.
fn keep_reports(
    folder: &Path,
    envelope: &Envelope,
    found: &[(String, Report)],
) -> kyso::Result<()> {
    println!("   {} came with {} files.", envelope.header.code, envelope.attachments.len());
    let folder = folder.join(plain_name(&envelope.header.code.number));
    let failed = |error: &dyn Error| kyso::Error::new(kyso::ErrorKind::Io, error.to_string());
    for (name, report) in found {
        print_findings(name, report);
        let json = serde_json::to_vec_pretty(report).map_err(|error| failed(&error))?;
        let path = folder.join(format!("{}.json", plain_name(name)));
        files::write_whole(&path, &json).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Who signed, and whatever is not simply in order.
fn print_findings(name: &str, report: &Report) {
    for signature in report.signatures() {
        let conclusion = signature.conclusion();
        println!(
            "   {name}, {}: {} ({}), {}: {}",
            signature.id(),
            signature.signer_name().unwrap_or("?"),
            signature.agency().unwrap_or("?"),
            signature.trust_domain().unwrap_or("trust not settled"),
            conclusion.indication(),
        );
        for check in signature.checks().iter().filter(|check| check.outcome != Outcome::Ok) {
            println!("      {} / {}", check.message_vi, check.message_en);
        }
    }
    for (message_vi, message_en) in report.diagnostics() {
        println!("   {name}: {message_vi} / {message_en}");
    }
}

/// What others call something is never a path of ours.
fn plain_name(name: &str) -> String {
    name.chars().map(|it| if it.is_alphanumeric() { it } else { '-' }).take(64).collect()
}

fn ensure(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
