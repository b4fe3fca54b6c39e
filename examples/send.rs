//! Packages files into an edXML message and hands it to the axis.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example send -- --endpoint http://127.0.0.1:8080/api \
//!     --from "H13,UBND thành phố Cần Thơ" --to "000.00.00.G22,Văn phòng Chính phủ" \
//!     --number 15 --notation QĐ-UBND --subject "Quyết định phê duyệt" quyet-dinh.pdf phu-luc.xlsx
//! ```
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use kyso::UtcTime;
use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    Business, BusinessType, Code, Date, DocumentId, DocumentType, Envelope, Message, MessageHeader,
    Organization, OtherInfo, Priority, PromulgationInfo,
};
use kyso::exchange::{Fault, Retry, Transport};

const USAGE: &str = "send --endpoint URL --from CODE,NAME --to CODE,NAME [--to …] --number N \
    --notation TEXT --subject TEXT [--type NAME] [--place NAME] [--priority 0..4] \
    [--revokes DOCUMENT-ID --reason TEXT] FILE …   (the secret is in KYSO_SECRET)";

fn main() -> Result<(), Box<dyn Error>> {
    let now = UtcTime::now();
    let mut endpoint = String::new();
    let mut header = MessageHeader {
        promulgation: PromulgationInfo { place: String::new(), date: Date::at(now) },
        document_type: DocumentType { group: Some(2), detail: Some(18), name: "Công văn".into() },
        ..MessageHeader::default()
    };
    let mut business = Business::default();
    let mut files = Vec::new();

    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        if !name.starts_with("--") {
            files.push(name);
            continue;
        }
        let value = arguments.next().ok_or(USAGE)?;
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
            _ => return Err(USAGE.into()),
        }
    }
    if header.to.is_empty() || header.code == Code::default() || files.is_empty() {
        return Err(USAGE.into());
    }

    // The identifier under which every status of this document will come back.
    let issuer = header.from.organ_id.clone();
    header.document_id = DocumentId::compose(&issuer, &header.promulgation.date, &header.code);
    let document_id = header.document_id.clone();

    let mut envelope = Envelope { business: Some(business), ..Envelope::new(header) }.sent_at(now);
    for path in &files {
        let name = Path::new(path).file_name().ok_or("a file without a name")?;
        envelope = envelope.attach(name.to_string_lossy(), fs::read(path)?);
    }

    let credentials = Credentials::new(issuer.as_str(), env::var("KYSO_SECRET")?);
    let axis = Client::new(endpoint, credentials, UtcTime::now)?;
    match axis.send(&Message::Document(envelope)) {
        Ok(id) => println!("{document_id}: taken by the axis as {id}"),
        Err(error) => {
            println!("{document_id}: {error}");
            println!("{}", advice(&error));
            return Err(error.into());
        }
    }
    Ok(())
}

fn organization(text: &str) -> Result<Organization, Box<dyn Error>> {
    let (code, name) = text.split_once(',').ok_or(USAGE)?;
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
