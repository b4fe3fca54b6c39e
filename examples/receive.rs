//! Takes what waits at the axis: list, fetch, store, read, verify, answer, acknowledge.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example receive -- --endpoint http://127.0.0.1:8080/api \
//!     --as "000.00.00.G22,Văn phòng Chính phủ" --folder inbox --trust root.pem --policy pilot
//! ```
//!
//! Each message gets a folder of its own with the message as it came, its files, the
//! report on each and what was noted. A message is acknowledged last: after a crash
//! it comes again.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/files.rs"]
mod files;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use files::write_whole;
use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Attachment, Envelope, Message, Organization, Parsed, Severity, StatusCode, StatusMessage,
};
use kyso::exchange::{MessageKind, Pending, Transport, TransportState};
use kyso::{Conclusion, Limits, Outcome, Policy, Report, TrustStore, UtcTime, Validator};

const USAGE: &str = "receive --endpoint URL --as CODE,NAME --folder DIR --trust FILE [--trust …] \
    [--policy pilot: revocation is not required]   (the secret is in KYSO_SECRET)";

/// What is to be answered.
enum Verdict {
    /// 03: taken over.
    Accept,
    /// 02, with the reason for the sender's clerk.
    Refuse(String),
    /// Nothing more than 01, until a person has decided.
    Hold(String),
}

struct Receiver {
    axis: Box<dyn Transport>,
    us: Organization,
    folder: PathBuf,
    validator: Validator,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut endpoint, mut us, mut folder) = (String::new(), None, None);
    let (mut trust, mut policy) = (TrustStore::new(), Policy::default());
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--endpoint" => endpoint = value,
            "--as" => {
                let (code, name) = value.split_once(',').ok_or(USAGE)?;
                us = Some(Organization::new(code, name));
            }
            "--folder" => folder = Some(PathBuf::from(value)),
            "--trust" => trust.merge(TrustStore::from_bytes(&fs::read(value)?)?),
            "--policy" if value == "pilot" => policy = Policy::pilot(),
            _ => return Err(USAGE.into()),
        }
    }
    let (us, folder) = (us.ok_or(USAGE)?, folder.ok_or(USAGE)?);
    let credentials = Credentials::new(us.organ_id.as_str(), env::var("KYSO_SECRET")?);
    let axis = Box::new(Client::new(endpoint, credentials, UtcTime::now)?);
    let validator = Validator::new(trust, policy, UtcTime::now());
    let receiver = Receiver { axis, us, folder, validator };

    for kind in [MessageKind::Document, MessageKind::Status] {
        for pending in receiver.axis.pending(kind)? {
            // One bad message must not hold up the others.
            if let Err(error) = receiver.receive(&pending) {
                println!("{} from {}: {error}", pending.id, pending.from);
            }
        }
    }
    Ok(())
}

impl Receiver {
    fn receive(&self, pending: &Pending) -> Result<(), Box<dyn Error>> {
        let bytes = self.axis.fetch(&pending.id)?;
        let folder = self.folder.join(folder_name(pending.id.as_str()));
        fs::create_dir_all(&folder)?;
        write_whole(&folder.join("message.edxml"), &bytes)?;

        let state = match edxml::parse(&bytes, &Limits::default()) {
            Ok(Parsed { message: Message::Status(status), .. }) => {
                println!(
                    "{} {}: {}",
                    status.response_for.document_id, status.code, status.description
                );
                TransportState::Done
            }
            Ok(Parsed { message: Message::Document(envelope), diagnostics }) => {
                println!("{}: {}", envelope.header.document_id, envelope.header.subject);
                store(&folder, &envelope, &serde_json::to_string_pretty(&diagnostics)?)?;
                self.answer(&envelope, StatusCode::Arrived, StatusCode::Arrived.name_vi())?;
                let verdict = self.judge(&folder, &envelope, &diagnostics)?;
                self.say(&envelope, verdict)?;
                TransportState::Done
            }
            // Nobody can be answered: there is no message.
            Err(error) => {
                println!("{} from {} is no message: {error}", pending.id, pending.from);
                TransportState::Fail
            }
        };
        self.axis.acknowledge(&pending.id, state)?;
        Ok(())
    }

    /// First the message as a whole, then each PDF in it. Other files carry no
    /// signature that could be asked for.
    fn judge(
        &self,
        folder: &Path,
        envelope: &Envelope,
        diagnostics: &[edxml::Diagnostic],
    ) -> Result<Verdict, Box<dyn Error>> {
        let grave = diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
        if let Some(it) = grave {
            return Ok(Verdict::Refuse(it.message_vi.clone()));
        }
        let mut verdict = Verdict::Hold("Thông điệp không có tệp PDF nào".to_owned());
        for (n, attachment) in envelope.attachments.iter().enumerate() {
            let Some(pdf) = attachment.bytes().filter(|it| it.starts_with(b"%PDF-")) else {
                continue;
            };
            let report = match self.validator.validate(pdf) {
                Ok(report) => report,
                Err(error) => Report::unreadable(&error),
            };
            let path = folder.join(format!("{}.report.json", file_name(n, attachment)));
            write_whole(&path, &serde_json::to_vec_pretty(&report)?)?;
            verdict = verdict_on(&attachment.name, &report);
            if !matches!(verdict, Verdict::Accept) {
                break;
            }
        }
        Ok(verdict)
    }

    fn say(&self, envelope: &Envelope, verdict: Verdict) -> Result<(), Box<dyn Error>> {
        match verdict {
            Verdict::Accept => {
                println!("  accepted");
                self.answer(envelope, StatusCode::Accepted, StatusCode::Accepted.name_vi())
            }
            Verdict::Refuse(reason) => {
                println!("  refused: {reason}");
                self.answer(envelope, StatusCode::Refused, &reason)
            }
            Verdict::Hold(reason) => {
                println!("  held for a person: {reason}");
                Ok(())
            }
        }
    }

    fn answer(
        &self,
        envelope: &Envelope,
        code: StatusCode,
        description: &str,
    ) -> Result<(), Box<dyn Error>> {
        let status = StatusMessage::answer(
            &envelope.header,
            self.us.clone(),
            code,
            description,
            UtcTime::now(),
        );
        self.axis.send(&Message::Status(status))?;
        Ok(())
    }
}

/// What a report on one file comes to, in words for the sender's clerk.
fn verdict_on(name: &str, report: &Report) -> Verdict {
    let failures = || {
        let checks = report.signatures().iter().flat_map(|it| it.checks());
        let bad = checks.filter(|it| matches!(it.outcome, Outcome::Failed | Outcome::NotChecked));
        let mut sentences: Vec<&str> = bad.map(|it| it.message_vi.as_str()).collect();
        sentences.dedup();
        format!("{name}: {}", sentences.join(" "))
    };
    match (report.conclusion(), report.error()) {
        (Some(Conclusion::TotalPassed), _) => Verdict::Accept,
        (Some(Conclusion::TotalFailed(_)), _) => Verdict::Refuse(failures()),
        (Some(Conclusion::Indeterminate(_)), _) => Verdict::Hold(failures()),
        (None, Some(error)) => Verdict::Refuse(format!("{name}: không đọc được tệp ({error})")),
        (None, None) => Verdict::Hold(format!("{name}: tệp không có chữ ký số")),
    }
}

/// The name is the sender's: never a path, and it may stand twice.
fn file_name(n: usize, attachment: &Attachment) -> String {
    format!("{}-{}", n + 1, attachment.file_name())
}

fn store(folder: &Path, envelope: &Envelope, diagnostics: &str) -> io::Result<()> {
    for (n, attachment) in envelope.attachments.iter().enumerate() {
        if let Some(bytes) = attachment.bytes() {
            write_whole(&folder.join(file_name(n, attachment)), bytes)?;
        }
    }
    write_whole(&folder.join("diagnostics.json"), diagnostics.as_bytes())
}

/// The axis' name of a message is not ours to trust as a path either.
fn folder_name(id: &str) -> String {
    let name: String =
        id.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}
