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

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use files::write_whole;
use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Attachment, Envelope, Message, OrganId, Organization, Parsed, Severity, StatusCode,
    StatusMessage,
};
use kyso::exchange::{Agency, MessageKind, Pending, Transport, TransportState};
use kyso::{Conclusion, Limits, Outcome, Policy, Report, TrustStore, UtcTime, Validator};

const USAGE: &str = "receive --endpoint URL --as CODE,NAME --folder DIR --trust FILE [--trust …] \
    [--policy vietnam|etsi|pilot: under pilot, revocation is not required]   (the secret is in KYSO_SECRET)";

/// What is to be answered; of several files, the gravest counts.
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

/// What the program was told.
struct Options {
    endpoint: String,
    us: Organization,
    folder: PathBuf,
    trust: TrustStore,
    policy: Policy,
}

fn main() -> ExitCode {
    let options = match read() {
        Ok(options) => options,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("receive", &*error),
    }
}

fn read() -> Result<Options, Box<dyn Error>> {
    let (mut endpoint, mut us, mut folder) = (None, None, None);
    let (mut trust, mut policy) = (TrustStore::new(), Policy::default());
    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--endpoint" => endpoint = Some(value),
            "--as" => {
                let (code, name) = value.split_once(',').ok_or("--as wants CODE,NAME")?;
                us = Some(Organization::new(code, name));
            }
            "--folder" => folder = Some(PathBuf::from(value)),
            "--trust" => {
                let bytes = fs::read(&value).map_err(|error| format!("{value}: {error}"))?;
                let more = TrustStore::from_bytes(&bytes);
                trust.merge(more.map_err(|error| format!("{value}: {error}"))?);
            }
            "--policy" if value == "pilot" => policy = Policy::pilot(),
            "--policy" if value == "vietnam" => policy = Policy::vietnam_official(),
            "--policy" if value == "etsi" => policy = Policy::etsi(),
            _ => return Err(format!("no option {name} {value}").into()),
        }
    }
    Ok(Options {
        endpoint: endpoint.ok_or("give --endpoint")?,
        us: us.ok_or("give --as")?,
        folder: folder.ok_or("give --folder")?,
        trust,
        policy,
    })
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let Options { endpoint, us, folder, trust, policy } = options;
    // Fetching what cannot be stored would only mark it as being worked on.
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let secret = env::var("KYSO_SECRET").map_err(|error| format!("KYSO_SECRET: {error}"))?;
    let credentials = Credentials::new(us.organ_id.as_str(), secret);
    let axis = Box::new(Client::new(endpoint, credentials, UtcTime::now)?);
    let validator = Validator::new(trust, policy, UtcTime::now());
    let receiver = Receiver { axis, us, folder, validator };

    let mut failed = 0;
    for kind in [MessageKind::Document, MessageKind::Status] {
        for pending in receiver.axis.pending(kind)? {
            // One bad message must not hold up the others.
            if let Err(error) = receiver.receive(&pending) {
                println!("{} from {}: {error}", shown(pending.id.as_str()), pending.from);
                failed += 1;
            }
        }
    }
    if failed > 0 {
        Err(format!("{failed} messages wait for the next time").into())
    } else {
        Ok(())
    }
}

impl Receiver {
    fn receive(&self, pending: &Pending) -> Result<(), Box<dyn Error>> {
        let bytes = self.axis.fetch_bytes(&pending.id)?;
        let folder = self.folder.join(folder_name(pending.id.as_str()));
        write_whole(&folder.join("message.edxml"), &bytes)?;

        let state = match edxml::parse(&bytes, &Limits::default()) {
            Ok(parsed) => self.take(pending, &folder, parsed)?,
            // Nobody can be answered: there is no message.
            Err(error) => {
                println!("{} is no message: {error}", shown(pending.id.as_str()));
                TransportState::Fail
            }
        };
        self.axis.acknowledge(&pending.id, state)?;
        Ok(())
    }

    fn take(
        &self,
        pending: &Pending,
        folder: &Path,
        Parsed { message, diagnostics }: Parsed,
    ) -> Result<TransportState, Box<dyn Error>> {
        write_whole(&folder.join("diagnostics.json"), &serde_json::to_vec_pretty(&diagnostics)?)?;
        let from = match &message {
            Message::Document(it) => &it.header.from.organ_id,
            Message::Status(it) => &it.from.organ_id,
        };
        // The axis vouches for who handed the message over, not for what stands in it.
        if !self.is_same_agency(from, &pending.from)? {
            println!("{}: from {}, but says {}", pending.id, pending.from, shown(from.as_str()));
            return Ok(TransportState::Fail);
        }
        let grave = diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
        match message {
            Message::Status(status) => {
                // Before it is noted at the document: `status.is_about(&its_header)`.
                let id = shown(status.response_for.document_id.as_str());
                println!(
                    "{id}: {} {} {}",
                    status.from.organ_id,
                    status.code,
                    shown(&status.description)
                );
                if let Some(it) = grave {
                    println!("  not to be relied on: {it}");
                    return Ok(TransportState::Fail);
                }
            }
            Message::Document(envelope) => {
                let id = shown(envelope.header.document_id.as_str());
                println!("{id}: {}", shown(&envelope.header.subject));
                store(folder, &envelope)?;
                self.answer(&envelope, StatusCode::Arrived, StatusCode::Arrived.name_vi())?;
                let verdict = match grave {
                    Some(it) => Verdict::Refuse(it.message_vi.clone()),
                    None => self.judge(folder, &envelope)?,
                };
                self.say(&envelope, verdict)?;
            }
        }
        Ok(TransportState::Done)
    }

    /// By the codes themselves, or else by the directory of the axis.
    fn is_same_agency(&self, one: &OrganId, other: &OrganId) -> kyso::Result<bool> {
        if one.is_same_agency(other) {
            return Ok(true);
        }
        let known =
            |it: &Agency, code: &OrganId| it.code == *code || it.other_code.as_ref() == Some(code);
        Ok(self.axis.agencies()?.iter().any(|it| known(it, one) && known(it, other)))
    }

    /// Each PDF of the message. Other files carry no signature that could be asked for.
    fn judge(&self, folder: &Path, envelope: &Envelope) -> Result<Verdict, Box<dyn Error>> {
        let mut verdict = None;
        for (n, attachment) in envelope.attachments.iter().enumerate() {
            let Some(pdf) = attachment.bytes().filter(|it| opens_as_pdf(attachment, it)) else {
                println!("  {}: nothing in it to verify", attachment.file_name());
                continue;
            };
            let report = match self.validator.validate(pdf) {
                Ok(report) => report,
                Err(error) => Report::unreadable(&error),
            };
            let path = folder.join(format!("{}.report.json", file_name(n, attachment)));
            write_whole(&path, &serde_json::to_vec_pretty(&report)?)?;
            let found = verdict_on(&attachment.file_name(), &report);
            if verdict.as_ref().is_none_or(|it: &Verdict| found.gravity() > it.gravity()) {
                verdict = Some(found);
            }
        }
        Ok(verdict.unwrap_or_else(|| Verdict::Hold("Thông điệp không có tệp PDF nào".to_owned())))
    }

    fn say(&self, envelope: &Envelope, verdict: Verdict) -> Result<(), Box<dyn Error>> {
        match verdict {
            Verdict::Accept => {
                println!("  accepted");
                self.answer(envelope, StatusCode::Accepted, StatusCode::Accepted.name_vi())
            }
            Verdict::Refuse(reason) => {
                println!("  refused: {}", shown(&reason));
                self.answer(envelope, StatusCode::Refused, &reason)
            }
            Verdict::Hold(reason) => {
                println!("  held for a person: {}", shown(&reason));
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

impl Verdict {
    fn gravity(&self) -> u8 {
        match self {
            Self::Accept => 0,
            Self::Hold(_) => 1,
            Self::Refuse(_) => 2,
        }
    }
}

/// Whether whoever opens the file sees a PDF: by its name, or because viewers take one
/// whose header stands anywhere in the first kilobyte. What is not verified here is not
/// covered by the answer 03.
fn opens_as_pdf(attachment: &Attachment, bytes: &[u8]) -> bool {
    let start = bytes.get(..1024).unwrap_or(bytes);
    let is_archive = start.starts_with(b"PK");
    attachment.file_name().to_lowercase().ends_with(".pdf")
        || !is_archive && start.windows(5).any(|it| it == b"%PDF-")
}

/// Texts of others, before they reach a terminal.
fn shown(text: &str) -> String {
    text.escape_debug().to_string()
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

fn store(folder: &Path, envelope: &Envelope) -> io::Result<()> {
    for (n, attachment) in envelope.attachments.iter().enumerate() {
        if let Some(bytes) = attachment.bytes() {
            write_whole(&folder.join(file_name(n, attachment)), bytes)?;
        }
    }
    Ok(())
}

/// The axis' name of a message is not ours to trust as a path either.
fn folder_name(id: &str) -> String {
    let name: String =
        id.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}
