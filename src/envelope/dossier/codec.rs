//! Records as XML, in a namespace of their own. Every value is an element; all that has to be
//! there has to be there once.

use super::record::{
    Applicant, Desk, DossierNumber, HandOver, Listed, Outcome, OutcomeKind, Previous, Receipt,
    Record, Step,
};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::base64;
use crate::encoding::xml::{Element, Namespace, Reader, Token, Writer, decode};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::time::UtcTime;

const NAMESPACE: &str = "urn:kyso:dossier:1";

pub(super) fn write(record: &Record) -> Result<Vec<u8>> {
    let mut out = Writer::in_memory(0);
    out.start("Record", &[("xmlns", NAMESPACE)])?;
    out.text("Sequence", &record.sequence.to_string())?;
    out.text("Number", record.number.as_str())?;
    match &record.step {
        Step::Receipt(it) => receipt(&mut out, it)?,
        Step::HandOver(it) => {
            out.start("HandOver", &[])?;
            desk(&mut out, "From", &it.from)?;
            desk(&mut out, "To", &it.to)?;
            time(&mut out, "At", it.at)?;
            if let Some(due) = it.due {
                time(&mut out, "Due", due)?;
            }
            out.text("Note", &it.note)?;
            out.end()?;
        }
        Step::Outcome(it) => {
            out.start("Outcome", &[])?;
            out.text("Kind", word(it.kind))?;
            desk(&mut out, "By", &it.by)?;
            time(&mut out, "At", it.at)?;
            out.text("Note", &it.note)?;
            out.end()?;
        }
    }
    out.text("SignerDigest", &base64::encode(record.signer.value()))?;
    if let Some(previous) = &record.previous {
        out.start("Previous", &[])?;
        out.text("RecordDigest", &base64::encode(previous.record.value()))?;
        for signature in &previous.signatures {
            out.text("SignatureDigest", &base64::encode(signature.value()))?;
        }
        out.end()?;
    }
    for file in &record.files {
        out.start("File", &[])?;
        out.text("Name", &file.name)?;
        out.text("Digest", &base64::encode(file.digest.value()))?;
        out.end()?;
    }
    out.end()?;
    Ok(out.into_bytes())
}

fn receipt(out: &mut Writer<'_>, receipt: &Receipt) -> Result<()> {
    out.start("Receipt", &[])?;
    out.text("Procedure", &receipt.procedure)?;
    out.text("ProcedureCode", &receipt.procedure_code)?;
    out.start("Applicant", &[])?;
    out.text("Name", &receipt.applicant.name)?;
    out.text("Identity", &receipt.applicant.identity)?;
    out.text("Address", &receipt.applicant.address)?;
    out.text("Phone", &receipt.applicant.phone)?;
    out.text("Email", &receipt.applicant.email)?;
    out.end()?;
    desk(out, "Desk", &receipt.desk)?;
    time(out, "ReceivedAt", receipt.received_at)?;
    time(out, "PromisedAt", receipt.promised_at)?;
    out.text("ResultAt", &receipt.result_at)?;
    out.end()
}

fn desk(out: &mut Writer<'_>, name: &'static str, desk: &Desk) -> Result<()> {
    out.start(name, &[])?;
    out.text("Unit", &desk.unit)?;
    out.text("Officer", &desk.officer)?;
    out.end()
}

fn time(out: &mut Writer<'_>, name: &'static str, at: UtcTime) -> Result<()> {
    out.text(name, &at.vietnam())
}

fn word(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Granted => "granted",
        OutcomeKind::Refused => "refused",
        OutcomeKind::Withdrawn => "withdrawn",
    }
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Record> {
    let (text, mark) = decode(bytes)?;
    let mut reader = Reader::new(&text, mark, limits);
    let Token::Start(start) = reader.next()? else {
        return Err(Error::malformed("there is no XML element"));
    };
    let root = Element::read(&mut reader, start, limits)?;
    let Token::Eof = reader.next()? else {
        return Err(Error::malformed("something follows the record"));
    };
    if root.local != "Record" || !ours(&root) {
        return Err(Error::malformed("this is no record of a dossier").at_offset(root.offset));
    }
    let number: DossierNumber = text_of(&root, "Number")?.into();
    let sequence = text_of(&root, "Sequence")?;
    Ok(Record {
        sequence: sequence.parse().map_err(|_| bad(&root, "Sequence"))?,
        step: step(&root, &number)?,
        signer: digest(one(&root, "SignerDigest")?)?,
        previous: optional(&root, "Previous")?.map(previous).transpose()?,
        files: all(&root, "File").map(listed).collect::<Result<_>>()?,
        number,
    })
}

fn step(root: &Element<'_>, number: &DossierNumber) -> Result<Step> {
    let found =
        (optional(root, "Receipt")?, optional(root, "HandOver")?, optional(root, "Outcome")?);
    match found {
        (Some(it), None, None) => Ok(Step::Receipt(read_receipt(it, number)?)),
        (None, Some(it), None) => Ok(Step::HandOver(HandOver {
            from: read_desk(one(it, "From")?)?,
            to: read_desk(one(it, "To")?)?,
            at: time_of(it, "At")?,
            due: optional(it, "Due")?.map(|_| time_of(it, "Due")).transpose()?,
            note: text_of(it, "Note")?.to_owned(),
        })),
        (None, None, Some(it)) => Ok(Step::Outcome(Outcome {
            kind: match text_of(it, "Kind")? {
                "granted" => OutcomeKind::Granted,
                "refused" => OutcomeKind::Refused,
                "withdrawn" => OutcomeKind::Withdrawn,
                _ => return Err(bad(it, "Kind")),
            },
            by: read_desk(one(it, "By")?)?,
            at: time_of(it, "At")?,
            note: text_of(it, "Note")?.to_owned(),
        })),
        _ => Err(Error::malformed("a record says one thing that happened, not more, not none")
            .at_offset(root.offset)),
    }
}

fn read_receipt(it: &Element<'_>, number: &DossierNumber) -> Result<Receipt> {
    let applicant = one(it, "Applicant")?;
    let of_applicant = |name| text_of(applicant, name).map(ToOwned::to_owned);
    Ok(Receipt {
        number: number.clone(),
        procedure: text_of(it, "Procedure")?.to_owned(),
        procedure_code: text_of(it, "ProcedureCode")?.to_owned(),
        applicant: Applicant {
            name: of_applicant("Name")?,
            identity: of_applicant("Identity")?,
            address: of_applicant("Address")?,
            phone: of_applicant("Phone")?,
            email: of_applicant("Email")?,
        },
        desk: read_desk(one(it, "Desk")?)?,
        received_at: time_of(it, "ReceivedAt")?,
        promised_at: time_of(it, "PromisedAt")?,
        result_at: text_of(it, "ResultAt")?.to_owned(),
    })
}

fn read_desk(it: &Element<'_>) -> Result<Desk> {
    Ok(Desk::new(text_of(it, "Unit")?, text_of(it, "Officer")?))
}

fn previous(it: &Element<'_>) -> Result<Previous> {
    Ok(Previous {
        record: digest(one(it, "RecordDigest")?)?,
        signatures: all(it, "SignatureDigest").map(digest).collect::<Result<_>>()?,
    })
}

fn listed(it: &Element<'_>) -> Result<Listed> {
    Ok(Listed { name: text_of(it, "Name")?.to_owned(), digest: digest(one(it, "Digest")?)? })
}

fn digest(it: &Element<'_>) -> Result<Digest> {
    let value = base64::decode(&it.text).ok_or_else(|| bad(it, it.local))?;
    Digest::new(DigestAlgorithm::Sha256, value).map_err(|_| bad(it, it.local))
}

fn time_of(it: &Element<'_>, name: &str) -> Result<UtcTime> {
    text_of(it, name)?.parse().map_err(|_| bad(it, name))
}

fn text_of<'e>(it: &'e Element<'_>, name: &str) -> Result<&'e str> {
    let found = one(it, name)?;
    if !found.children.is_empty() {
        return Err(bad(it, name));
    }
    Ok(&found.text)
}

fn one<'e, 'a>(it: &'e Element<'a>, name: &str) -> Result<&'e Element<'a>> {
    optional(it, name)?.ok_or_else(|| bad(it, name))
}

fn optional<'e, 'a>(it: &'e Element<'a>, name: &str) -> Result<Option<&'e Element<'a>>> {
    let mut found = all(it, name);
    let first = found.next();
    if found.next().is_some() {
        return Err(bad(it, name));
    }
    Ok(first)
}

fn all<'e, 'a>(it: &'e Element<'a>, name: &str) -> impl Iterator<Item = &'e Element<'a>> {
    it.children.iter().filter(move |it| it.local == name && ours(it))
}

fn ours(it: &Element<'_>) -> bool {
    matches!(&it.namespace, Namespace::Name(name) if name.as_ref() == NAMESPACE)
}

fn bad(it: &Element<'_>, name: &str) -> Error {
    Error::malformed(format!(
        "a record of a dossier whose {name} is missing, twice there or unreadable"
    ))
    .at_offset(it.offset)
    .in_element(it.local)
}
