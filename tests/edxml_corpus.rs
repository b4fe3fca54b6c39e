//! edXML messages from the field: all that are sound read, write and read back
//! equal; all that are hostile are refused or diagnosed, each in the way named here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

use std::fs;

use kyso::edxml::{
    self, BusinessType, DiagnosticCode, DocumentId, Envelope, Message, Parsed, Severity,
    SignatureState, StatusCode,
};
use kyso::{ErrorKind, Limits};

#[path = "../src/samples.rs"]
mod samples;

fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(path) = samples::corpus(&format!("edxml/{folder}")) else { return Vec::new() };
    let mut found: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "the folder {folder} is empty");
    found
}

fn parse(name: &str, bytes: &[u8]) -> Parsed {
    edxml::parse(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn reads_writes_and_reads_back(name: &str, bytes: &[u8]) -> Parsed {
    let parsed = parse(name, bytes);
    assert!(parsed.severity() < Some(Severity::Error), "{name}: {:?}", parsed.diagnostics);
    let written = parsed.message.to_bytes().unwrap();
    let again = parse(name, &written);
    assert_eq!(again.message, parsed.message, "{name}");
    assert_eq!(again.message.to_bytes().unwrap(), written, "{name} settles at once");
    let json = serde_json::to_string(&parsed.message).unwrap();
    assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), parsed.message, "{name}");
    parsed
}

fn document(parsed: &Parsed) -> &Envelope {
    match &parsed.message {
        Message::Document(envelope) => envelope,
        Message::Status(_) => panic!("a status message"),
    }
}

#[test]
fn documents() {
    for (name, bytes) in samples("documents") {
        let parsed = reads_writes_and_reads_back(&name, &bytes);
        let envelope = document(&parsed);
        assert!(!envelope.attachments.is_empty(), "{name}");
        for attachment in &envelope.attachments {
            assert!(attachment.bytes().is_some_and(|it| !it.is_empty()), "{name}");
        }
    }
}

#[test]
fn statuses() {
    for (name, bytes) in samples("status") {
        let parsed = reads_writes_and_reads_back(&name, &bytes);
        assert_eq!(parsed.diagnostics, [], "{name}");
        let Message::Status(status) = &parsed.message else { panic!("{name} is a document") };
        let number = name.trim_end_matches(".edxml").rsplit('_').next().unwrap();
        if let Ok(number) = number.parse() {
            assert_eq!(status.code, StatusCode::from_number(number), "{name}");
        }
        let parts = status.response_for.document_id.parts().unwrap();
        if status.code != StatusCode::TakeBackRequested {
            assert_eq!(parts.organ_id, status.response_for.organ_id.as_str(), "{name}");
        }
        assert_eq!(parts.code, status.response_for.code, "{name}");
    }
}

#[test]
fn statuses_of_the_national_kit_are_written_to_the_byte() {
    let mut seen = 0;
    for (name, bytes) in samples("status") {
        // These two the kit wrote itself; the others were written by hand for it.
        if name == "sdk_built_status.edxml" || name == "status.edxml" {
            let written = parse(&name, &bytes).message.to_bytes().unwrap();
            assert_eq!(String::from_utf8(written), String::from_utf8(bytes), "{name}");
            seen += 1;
        }
    }
    assert!(seen == 2 || samples::corpus("edxml/status").is_none());
}

#[test]
fn documents_of_the_national_kit_are_written_to_the_byte() {
    for (name, bytes) in samples("documents") {
        if name != "sdk_built_two_attachments.edxml" {
            continue;
        }
        let parsed = parse(&name, &bytes);
        assert_eq!(parsed.diagnostics, []);
        let written = parsed.message.to_bytes().unwrap();
        // The second attachment is wrapped in an archive, whose date and name of its
        // entry the kit takes from the clock and from chance.
        let mask = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            let from = text.find(">UEsDB").unwrap();
            let to = from + text[from..].find('<').unwrap();
            (format!("{}{}", &text[..from], &text[to..]), to - from)
        };
        assert_eq!(mask(written), mask(bytes));
    }
}

#[test]
fn business_of_each_type() {
    for (name, bytes) in samples("documents") {
        let parsed = parse(&name, &bytes);
        let envelope = document(&parsed);
        let kind = envelope.business.as_ref().map(|it| it.kind);
        let targets: Vec<&str> = envelope.targets().into_iter().map(DocumentId::as_str).collect();
        let replaced = "000.00.00.G22,2014/01/30,7806/VPCP-TTĐT";
        match name.as_str() {
            "edoc_new.edxml" => {
                assert_eq!(kind, Some(BusinessType::New));
                assert!(targets.is_empty());
            }
            "edoc_revocation.edxml" => {
                assert_eq!(kind, Some(BusinessType::Revocation));
                assert_eq!(targets, ["000.00.00.G22,2015/09/30,7816/VPCP-TTĐT"]);
            }
            "edoc_replacement.edxml" => {
                assert_eq!(kind, Some(BusinessType::Replacement));
                assert_eq!(targets, [replaced, replaced]);
            }
            "returned_by_axis_2019.edxml" => {
                assert_eq!(kind, None, "the axis lost it");
                assert!(parsed.has(DiagnosticCode::ElementMissing));
                let signature = envelope.signature.as_ref().unwrap();
                assert_eq!(signature.state(), SignatureState::WrongNamespace);
                assert_eq!(envelope.trace.len(), 2);
                assert_eq!(envelope.attachments[0].bytes().unwrap().len(), 17);
            }
            _ => {}
        }
    }
}

/// What is to become of a hostile sample.
enum Fate {
    /// An error of this kind whose text has these words.
    Refused(ErrorKind, &'static str),
    /// Read, with exactly these findings.
    Diagnosed(&'static [DiagnosticCode]),
}

const HOSTILE: [(&str, Fate); 16] = {
    use DiagnosticCode::*;
    use Fate::*;
    [
        ("01_no_default_ns.edxml", Diagnosed(&[NamespaceMissing])),
        ("03_envelope_unprefixed.edxml", Diagnosed(&[])),
        ("05_no_manifest.edxml", Diagnosed(&[ManifestMissing])),
        ("07_bad_date.edxml", Diagnosed(&[DateOlderForm])),
        ("09_rollover_date.edxml", Diagnosed(&[DateMalformed])),
        ("10_steering_text.edxml", Diagnosed(&[NumberMalformed])),
        ("17_zip_type_but_raw.edxml", Diagnosed(&[ContentTypeDiffers])),
        ("18_bad_base64.edxml", Diagnosed(&[Base64Malformed])),
        ("19_b64_wrapped.edxml", Diagnosed(&[])),
        (
            "22_cid_mismatch.edxml",
            Diagnosed(&[ReferenceWithoutAttachment, AttachmentWithoutReference]),
        ),
        ("24_doctype_dtd.edxml", Refused(ErrorKind::Malformed, "document type declaration")),
        ("25_bom.edxml", Diagnosed(&[])),
        ("30_prefixed_attachments.edxml", Diagnosed(&[PrefixUnbound])),
        ("34_zipslip.edxml", Diagnosed(&[ZipPathUnsafe])),
        ("35_zip_two_entries.edxml", Diagnosed(&[ZipNotOneEntry])),
        ("mismatched_end_tag.edxml", Refused(ErrorKind::Malformed, "not well-formed")),
    ]
};

#[test]
fn hostile_samples_are_refused_or_diagnosed() {
    let samples = samples("hostile");
    for (name, bytes) in &samples {
        let Some((_, fate)) = HOSTILE.iter().find(|(it, _)| it == name) else {
            panic!("{name} is new: say what is to become of it");
        };
        match (edxml::parse(bytes, &Limits::default()), fate) {
            (Err(error), Fate::Refused(kind, words)) => {
                assert_eq!(error.kind(), *kind, "{name}: {error}");
                assert!(error.to_string().contains(words), "{name}: {error}");
                assert!(error.offset().is_some(), "{name}: {error}");
            }
            (Ok(parsed), Fate::Diagnosed(codes)) => {
                let found: Vec<_> = parsed.diagnostics.iter().map(|it| it.code).collect();
                assert_eq!(found, *codes, "{name}");
                refuses_to_write_what_it_could_not_read(&parsed);
            }
            (Ok(parsed), Fate::Refused(..)) => panic!("{name} was read: {:?}", parsed.diagnostics),
            (Err(error), Fate::Diagnosed(_)) => panic!("{name} was refused: {error}"),
        }
    }
    assert!(samples.is_empty() || samples.len() == HOSTILE.len());
}

fn refuses_to_write_what_it_could_not_read(parsed: &Parsed) {
    let readable = document(parsed).attachments.iter().all(|it| it.bytes().is_some());
    match parsed.message.to_bytes() {
        Ok(bytes) => {
            assert!(readable);
            assert_eq!(parse("written", &bytes).message, parsed.message);
        }
        Err(error) => {
            assert!(!readable);
            assert_eq!(error.kind(), ErrorKind::Misuse);
        }
    }
}

/// The sound hostile variants say the same as the message they were made from.
#[test]
fn harmless_variants_read_alike() {
    let Some((_, plain)) =
        samples("documents").into_iter().find(|(name, _)| name.starts_with("sdk"))
    else {
        return;
    };
    let plain = parse("plain", &plain).message;
    for (name, bytes) in samples("hostile") {
        if ["01", "03", "05", "19", "25", "30"].iter().any(|it| name.starts_with(it)) {
            assert_eq!(parse(&name, &bytes).message, plain, "{name}");
        }
    }
}
