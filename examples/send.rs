//! Packages files into an edXML message and hands it to the axis.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example send -- --endpoint http://127.0.0.1:8080/api \
//!     --from "H13,UBND thành phố Cần Thơ" --to "000.00.00.G22,Văn phòng Chính phủ" \
//!     --number 15 --notation QĐ-UBND --subject "Quyết định phê duyệt" quyet-dinh.pdf phu-luc.xlsx
//! ```
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/arguments.rs"]
mod arguments;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use kyso::UtcTime;
use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    Business, BusinessType, Date, DocumentId, DocumentType, Envelope, Message, MessageHeader,
    Organization, OtherInfo, Priority, PromulgationInfo,
};
use kyso::exchange::{Fault, Retry, Transport};

const USAGE: &str = "send --endpoint URL --from CODE,NAME --to CODE,NAME [--to …] --number N \
    --notation TEXT --subject TEXT [--type NAME] [--place NAME] [--priority 0..4] \
    [--revokes DOCUMENT-ID --reason TEXT] FILE …   (the secret is in KYSO_SECRET)";

/// What is to be sent, and where.
struct Dispatch {
    endpoint: String,
    header: MessageHeader,
    business: Business,
    files: Vec<String>,
}

fn main() -> ExitCode {
    let now = UtcTime::now();
    let dispatch = match read(now) {
        Ok(dispatch) => dispatch,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match send(dispatch, now) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("send", &*error),
    }
}

fn read(now: UtcTime) -> Result<Dispatch, Box<dyn Error>> {
    let mut endpoint = String::new();
    let mut header = MessageHeader {
        promulgation: PromulgationInfo { place: String::new(), date: Date::at(now) },
        document_type: DocumentType { group: Some(2), detail: Some(18), name: "Công văn".into() },
        ..MessageHeader::default()
    };
    let mut business = Business::default();
    let mut files = Vec::new();

    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        if !name.starts_with("--") {
            files.push(name);
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--endpoint" => endpoint = value,
            "--from" => header.from = organization(&value)?,
            "--to" => header.to.push(organization(&value)?),
            "--number" => header.code.number = value,
            "--notation" => header.code.notation = value,
            "--subject" => header.subject = value,
            "--type" => {
                header.document_type = DocumentType { name: value, ..DocumentType::default() };
            }
            "--place" => header.promulgation.place = value,
            "--priority" => {
                let priority = Some(Priority(value.parse()?));
                header.other_info = Some(OtherInfo { priority, ..OtherInfo::default() });
            }
            "--revokes" => {
                business.kind = BusinessType::Revocation;
                business.document_id = Some(value.into());
            }
            "--reason" => business.reason = value,
            _ => return Err(format!("no option {name}").into()),
        }
    }
    for (name, is_there) in [
        ("--endpoint", !endpoint.is_empty()),
        ("--from", !header.from.organ_id.is_empty()),
        ("--to", !header.to.is_empty()),
        ("--number and --notation", !header.code.number.is_empty()),
        ("--subject", !header.subject.is_empty()),
        ("FILE", !files.is_empty()),
    ] {
        if !is_there {
            return Err(format!("give {name}").into());
        }
    }
    Ok(Dispatch { endpoint, header, business, files })
}

fn send(dispatch: Dispatch, now: UtcTime) -> Result<(), Box<dyn Error>> {
    let Dispatch { endpoint, mut header, business, files } = dispatch;
    // The identifier under which every status of this document will come back.
    let issuer = header.from.organ_id.clone();
    header.document_id = DocumentId::compose(&issuer, &header.promulgation.date, &header.code);
    let document_id = header.document_id.clone();

    let mut envelope = Envelope { business: Some(business), ..Envelope::new(header) }.sent_at(now);
    for path in &files {
        let name = Path::new(path).file_name().ok_or("a file without a name")?;
        let content = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        envelope = envelope.attach(name.to_string_lossy(), content);
    }

    let secret = env::var("KYSO_SECRET").map_err(|error| format!("KYSO_SECRET: {error}"))?;
    let axis = Client::new(endpoint, Credentials::new(issuer.as_str(), secret), UtcTime::now)?;
    let id = axis
        .send(&Message::Document(envelope))
        .map_err(|error| format!("{document_id}: {error}\n{}", advice(&error)))?;
    println!("{document_id}: taken by the axis as {id}");
    Ok(())
}

fn organization(text: &str) -> Result<Organization, Box<dyn Error>> {
    let (code, name) = text.split_once(',').ok_or_else(|| format!("{text}: give CODE,NAME"))?;
    Ok(Organization::new(code, name))
}

/// What may be done after a failure. Sending twice delivers twice.
fn advice(error: &kyso::Error) -> &'static str {
    match Fault::of(error).map(Fault::retry) {
        Some(Retry::Later) => "Nothing was delivered: send it again later.",
        Some(Retry::AskFirst) => {
            "It may have been delivered: look at the list of what was sent first."
        }
        _ => "Sending the same again will fail again.",
    }
}
