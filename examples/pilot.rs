//! The pilot in one command: `cargo run --release --example pilot`.
//!
//! One agency signs a dispatch and sends it over the axis; another receives it, verifies it
//! and answers. Then the same with a copy that was changed on the way. Everything that is
//! made stays in `target/pilot`.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program for a terminal

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Code, Date, DocumentType, Envelope, Message, MessageHeader, Organization,
    PromulgationInfo, Severity, SignerInfo, StatusCode, StatusMessage,
};
use kyso::exchange::{MessageKind, Transport, TransportState};
use kyso::{
    Certificate, Conclusion, Limits, Outcome, Policy, Report, SoftwareSigner, TrustAnchor,
    TrustStore, UtcTime, Validator, cades, pades,
};
use test_pki::Domain;
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
    let sender = Agency::connect(UBND, &gateway, &folder)?;
    let receiver = Agency::connect(SO, &gateway, &folder)?;
    let policy = Policy::pilot();
    println!("   The receiver trusts both roots, under the policy \"{}\":", policy.name);
    println!("   revocation is not required by it, and was not checked.");
    let validator = Validator::new(trust(&pki)?, policy, UtcTime::now());

    println!("4. {} sends 01/TEST-UBND with its annex.", UBND.1);
    sender.send("01", sealed.clone(), &annex_seal)?;
    receiver.receive(&validator)?;
    let codes = sender.statuses()?;
    ensure(codes == [StatusCode::Arrived, StatusCode::Accepted], "01 and 03 were expected")?;

    println!("5. The same as 02/TEST-UBND, but a byte of the PDF is changed on the way.");
    sender.send("02", tampered(sealed)?, &annex_seal)?;
    receiver.receive(&validator)?;
    let codes = sender.statuses()?;
    ensure(codes == [StatusCode::Arrived, StatusCode::Refused], "01 and 02 were expected")?;

    gateway.shutdown();
    println!("Everything went as it should. All that was made is in {}", folder.display());
    Ok(())
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

fn signer(pki: &[Domain], name: &str) -> Result<SoftwareSigner> {
    let identity = pki
        .iter()
        .flat_map(|domain| &domain.signers)
        .find(|identity| identity.name == name)
        .ok_or("the test PKI has no such signer")?;
    Ok(SoftwareSigner::from_pem(identity.key.as_bytes(), identity.chain.as_bytes())?)
}

/// What the receiver trusts: both roots, each under the name of its domain.
fn trust(pki: &[Domain]) -> Result<TrustStore> {
    let mut trust = TrustStore::new();
    for domain in pki {
        for root in Certificate::all_from(domain.root.as_bytes(), &Limits::default())? {
            trust.add(TrustAnchor::from_certificate(root).with_domain(domain.label));
        }
    }
    Ok(trust)
}

/// One bit of the page's content.
fn tampered(mut pdf: Vec<u8>) -> Result<Vec<u8>> {
    let stream = pdf.windows(8).position(|bytes| bytes == b"\nstream\n");
    let content = stream.map_or(DISPATCH.len() / 2, |at| at + 100);
    *pdf.get_mut(content).ok_or("the dispatch is too short")? ^= 1;
    Ok(pdf)
}

fn secret(code: &str) -> &str {
    if code == UBND.0 { "pilot-secret-of-the-sender" } else { "pilot-secret-of-the-receiver" }
}

/// An agency's document-management system.
struct Agency {
    organization: Organization,
    transport: Client,
    folder: PathBuf,
}

impl Agency {
    fn connect(
        (code, name): (&str, &str),
        gateway: &gateway::Gateway,
        folder: &Path,
    ) -> Result<Self> {
        let credentials = Credentials::new(code, secret(code));
        Ok(Self {
            organization: Organization::new(code, name),
            transport: Client::new(gateway.endpoint(), credentials, UtcTime::now)?,
            folder: folder.join(code),
        })
    }

    fn send(&self, number: &str, dispatch: Vec<u8>, annex_seal: &[u8]) -> Result<()> {
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
        let envelope = Envelope::new(header)
            .sent_at(now)
            .attach("cong-van.pdf", dispatch)
            .attach("phu-luc.csv", ANNEX.into())
            .attach("phu-luc.csv.p7s", annex_seal.to_vec());
        let message = Message::Document(envelope);
        self.keep(&format!("sent-{number}.edxml"), &message.to_bytes()?)?;
        let id = self.transport.send(&message)?;
        println!("   The axis took it as {id}.");
        Ok(())
    }

    /// Fetches what waits, says that it has come, verifies it, and says what becomes of it.
    fn receive(&self, validator: &Validator) -> Result<()> {
        for pending in self.transport.pending(MessageKind::Document)? {
            let bytes = self.transport.fetch_bytes(&pending.id)?;
            self.keep(&format!("received-{}.edxml", plain_name(pending.id.as_str())), &bytes)?;
            let read = edxml::parse(&bytes, &Limits::default())?;
            let Message::Document(envelope) = read.message else {
                return Err("a document was expected".into());
            };
            println!("   {} received {}.", self.organization.organ_name, envelope.header.code);
            self.answer(&envelope.header, StatusCode::Arrived, "")?;
            // What two readers may understand in two ways is not verified, but refused.
            let grave = read.diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
            let why = match grave {
                Some(it) => Some(it.message_vi.clone()),
                None => self.verify(&envelope, validator)?,
            };
            match why {
                None => self.answer(&envelope.header, StatusCode::Accepted, "")?,
                Some(why) => self.answer(&envelope.header, StatusCode::Refused, &why)?,
            }
            self.transport.acknowledge(&pending.id, TransportState::Done)?;
        }
        Ok(())
    }

    /// Why the document cannot be taken; nothing where it can: every file has to be signed,
    /// within itself or by a signature beside it.
    fn verify(&self, envelope: &Envelope, validator: &Validator) -> Result<Option<String>> {
        let code = plain_name(&envelope.header.code.number);
        let mut files = BTreeMap::new();
        for attachment in &envelope.attachments {
            let bytes = attachment.bytes().ok_or("an attachment cannot be read")?;
            self.keep(&format!("{code}/{}", attachment.file_name()), bytes)?;
            if files.insert(attachment.file_name(), bytes).is_some() {
                let name = attachment.file_name();
                return Ok(Some(format!("{name}: có hai tệp cùng tên này.")));
            }
        }
        for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with(".p7s")) {
            let report = match files.get(&format!("{name}.p7s")) {
                Some(signature) => validator.validate_detached(*signature, *bytes)?,
                None => match validator.validate(*bytes) {
                    Ok(report) => report,
                    Err(error) => return Ok(Some(format!("{name}: không đọc được ({error})"))),
                },
            }
            .for_file(name.as_str());
            self.keep(&format!("{code}/{name}.json"), &serde_json::to_vec_pretty(&report)?)?;
            print_findings(name, &report);
            match report.conclusion() {
                Some(Conclusion::TotalPassed) => {}
                Some(_) => return Ok(Some(reasons(&report))),
                None => return Ok(Some(format!("{name}: không có chữ ký số."))),
            }
        }
        Ok(None)
    }

    fn answer(&self, document: &MessageHeader, code: StatusCode, why: &str) -> Result<()> {
        let from = self.organization.clone();
        let status = StatusMessage::answer(document, from, code, why, UtcTime::now());
        println!("   It answers {:02} {}. {why}", code.number(), code.name_vi());
        self.transport.send(&Message::Status(status))?;
        Ok(())
    }

    /// What the receivers said of this agency's documents.
    fn statuses(&self) -> Result<Vec<StatusCode>> {
        let mut codes = Vec::new();
        for pending in self.transport.pending(MessageKind::Status)? {
            let bytes = self.transport.fetch_bytes(&pending.id)?;
            let read = edxml::parse(&bytes, &Limits::default())?;
            let Message::Status(status) = read.message else {
                return Err("a status was expected".into());
            };
            let (number, document) = (status.code.number(), &status.response_for.code);
            println!(
                "   {} reads: {document} {}. {}",
                self.organization.organ_name,
                status.code.name_vi(),
                status.description
            );
            let name = plain_name(document);
            self.keep(&format!("status-{name}-{number:02}.edxml"), &bytes)?;
            self.transport.acknowledge(&pending.id, TransportState::Done)?;
            codes.push(status.code);
        }
        Ok(codes)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(files::write_whole(&self.folder.join(name), bytes)?)
    }
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
}

/// For the sender's clerk: what failed, in Vietnamese.
fn reasons(report: &Report) -> String {
    let mut reasons = Vec::new();
    for signature in report.signatures() {
        let wrong = |outcome| matches!(outcome, Outcome::Failed | Outcome::NotChecked);
        for check in signature.checks().iter().filter(|check| wrong(check.outcome)) {
            let signer = signature.signer_name().unwrap_or(signature.id());
            reasons.push(format!("Chữ ký của {signer}: {}", check.message_vi));
        }
    }
    reasons.join(" ")
}

/// What others call something is never a path of ours.
fn plain_name(name: &str) -> String {
    name.chars().map(|it| if it.is_alphanumeric() { it } else { '-' }).take(64).collect()
}

fn ensure(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
