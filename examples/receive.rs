//! Takes what waits at the axis: list, fetch, store, read, verify, answer, acknowledge.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example receive -- --endpoint http://127.0.0.1:8080/api \
//!     --as "000.00.00.G22,Văn phòng Chính phủ" --folder inbox
//! ```
//!
//! Each message gets a folder of its own with the message as it came, its files and
//! what was noted. A message is acknowledged last: after a crash it comes again.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Attachment, Envelope, Message, Organization, Parsed, Severity, StatusCode, StatusMessage,
};
use kyso::exchange::{MessageKind, Pending, Transport, TransportState};
use kyso::{Limits, UtcTime};

const USAGE: &str = "receive --endpoint URL --as CODE,NAME --folder DIR [--accept-unverified yes]   \
    (the secret is in KYSO_SECRET)";

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
    accept_unverified: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut endpoint, mut us, mut folder) = (String::new(), None, None);
    let mut accept_unverified = false;
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
            "--accept-unverified" => accept_unverified = value == "yes",
            _ => return Err(USAGE.into()),
        }
    }
    let (us, folder) = (us.ok_or(USAGE)?, folder.ok_or(USAGE)?);
    let credentials = Credentials::new(us.organ_id.as_str(), env::var("KYSO_SECRET")?);
    let axis = Box::new(Client::new(endpoint, credentials, UtcTime::now)?);
    let receiver = Receiver { axis, us, folder, accept_unverified };

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
                let verdict = self.judge(&envelope, &diagnostics)?;
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

    /// First the message as a whole, then each of its files.
    fn judge(
        &self,
        envelope: &Envelope,
        diagnostics: &[edxml::Diagnostic],
    ) -> Result<Verdict, Box<dyn Error>> {
        let grave = diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
        if let Some(it) = grave {
            return Ok(Verdict::Refuse(it.message_vi.clone()));
        }
        for attachment in &envelope.attachments {
            match verify(attachment, self.accept_unverified)? {
                Verdict::Accept => {}
                other => return Ok(other),
            }
        }
        Ok(Verdict::Accept)
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

/// Verifies the signatures within one file.
fn verify(attachment: &Attachment, accept_unverified: bool) -> Result<Verdict, Box<dyn Error>> {
    if accept_unverified {
        return Ok(Verdict::Accept);
    }
    Ok(Verdict::Hold(format!("{}: chữ ký số chưa được kiểm tra", attachment.name)))
}

fn store(folder: &Path, envelope: &Envelope, diagnostics: &str) -> io::Result<()> {
    for (n, attachment) in envelope.attachments.iter().enumerate() {
        if let Some(bytes) = attachment.bytes() {
            // The name is the sender's: never a path, and it may stand twice.
            write_whole(&folder.join(format!("{}-{}", n + 1, attachment.file_name())), bytes)?;
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

/// A file appears whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes)?;
    fs::rename(part, path)
}
