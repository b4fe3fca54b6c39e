//! Encrypted PDFs that treat strings, streams and attachments each in a way of its own
//! (ISO 32000-2 §7.6.6).
#![cfg(feature = "encrypted-pdf")]

use super::encrypted_tests::{LOCKS, NAME, contains, raise, read, refusal, sign};
use super::tests::ask;
use super::*;
use crate::encoding::pdf::encryption::sample::{Kind, Locks};
use crate::encoding::pdf::{Dictionary, Object, Password, Reader, Reference, Update};
use crate::error::ErrorKind;
use crate::keys::Signer;
use crate::limits::Limits;

const OF_128: &str = "/V 4/Length 128/CF<</A<</CFM/AESV2/AuthEvent/DocOpen/Length 16>>\
                      /R<</CFM/V2/AuthEvent/DocOpen/Length 16>>>>";
const OF_256: &str = "/V 5/Length 256/CF<</A<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>";

/// What names the filters, and whether it encrypts strings, streams and attachments.
const CASES: [(&str, [bool; 3]); 11] = [
    ("/StmF/A/StrF/R", [true, true, true]),
    ("/StmF/R/StrF/A", [true, true, true]),
    ("/StmF/Identity/StrF/A", [true, false, false]),
    ("/StrF/A", [true, false, false]),
    ("/StmF/A/StrF/Identity", [false, true, true]),
    ("/StmF/A", [false, true, true]),
    ("/StmF/A/StrF/A/EFF/R", [true, true, true]),
    ("/StmF/A/StrF/A/EFF/Identity", [true, true, false]),
    ("/StmF/Identity/StrF/Identity/EFF/A", [false, false, true]),
    ("/StmF/Identity/StrF/A/EFF/A", [true, false, true]),
    ("/EFF/A", [false, false, true]),
];

const TEXT: &[u8] = b"a text of the document";
const STREAM: &[u8] = b"% what a page draws";
const ATTACHMENT: &[u8] = b"what is attached to it";
const OPEN: &[u8] = b"what is never encrypted";
const CLOSED: &[u8] = b"what is encrypted always";

fn crypt(name: &str) -> Dictionary {
    let parameters = Dictionary::new().with("Name", Object::name(name));
    Dictionary::new()
        .with("Filter", Object::name("Crypt"))
        .with("DecodeParms", Object::Dictionary(parameters))
}

/// A stream of each kind and a string, and where they are.
fn written(pdf: &[u8]) -> (Vec<u8>, [Reference; 5]) {
    let limits = Limits::default();
    let reader = Reader::open_with(&pdf, &limits, &Password::new(LOCKS.user)).unwrap();
    let mut update = Update::new(&reader).unwrap();
    let places = [(); 5].map(|()| update.allocate());
    let text = Dictionary::new().with("Title", Object::String(TEXT.to_vec()));
    update.put(places[0], &Object::Dictionary(text));
    let attached = Dictionary::new().with("Type", Object::name("EmbeddedFile"));
    for (place, dictionary, data) in [
        (places[1], Dictionary::new(), STREAM),
        (places[2], attached, ATTACHMENT),
        (places[3], crypt("Identity"), OPEN),
        (places[4], crypt("A"), CLOSED),
    ] {
        update.put_stream(place, dictionary, data);
    }
    let appended = update.finish(b"identifier").unwrap();
    ([pdf, &appended.bytes].concat(), places)
}

/// Everything is read as it was written, whatever was appended since.
fn assert_reads(what: &str, pdf: &[u8], places: &[Reference; 5]) {
    let limits = Limits::default();
    let reader = Reader::open_with(&pdf, &limits, &Password::new(LOCKS.user)).unwrap();
    let view = reader.newest();
    let text = view.get(places[0]).unwrap();
    let text = text.as_dictionary().and_then(|it| it.get("Title")).and_then(Object::as_string);
    assert_eq!(text, Some(TEXT), "{what}");
    for (place, expected) in places[1..].iter().zip([STREAM, ATTACHMENT, OPEN, CLOSED]) {
        let Object::Stream(stream) = view.get(*place).unwrap() else { panic!("{what}") };
        assert_eq!(view.decoded(&stream).unwrap(), expected, "{what}");
    }
}

#[test]
fn each_kind_of_data_is_kept_in_its_own_way() {
    let cases = CASES.into_iter().map(|it| (Kind::Aes128, OF_128, it));
    // There is but one method for keys of this length.
    let of_256 = CASES.into_iter().filter(|it| !it.0.contains("/R"));
    for (kind, filters, (names, [strings, streams, attachments])) in
        cases.chain(of_256.map(|it| (Kind::Aes256, OF_256, it)))
    {
        let what = format!("{kind:?} {names}");
        let filters = format!("{filters}{names}");
        let locks = Locks { kind, filters: Some(&filters), ..LOCKS };
        let (original, places) = written(&locks.file(&[]));
        assert_reads(&what, &original, &places);
        for (data, encrypted) in [
            (TEXT, strings),
            (STREAM, streams),
            (ATTACHMENT, attachments),
            (OPEN, false),
            (CLOSED, true),
        ] {
            assert_eq!(!contains(&original, data), encrypted, "{what}: {}", data.escape_ascii());
        }
        let once = sign(&original, locks.user);
        assert_eq!(!contains(&once, NAME.as_bytes()), strings, "{what}");
        let twice = sign(&once, locks.owner);
        let raised = raise(&twice, locks.user);
        assert!(raised.starts_with(&original), "{what}");
        let certificate = super::tests::signer().certificate_chain()[1].der().to_vec();
        assert_eq!(!contains(&raised, &certificate), streams, "{what}");
        assert_reads(&what, &raised, &places);
        let found = read(&raised, locks.user);
        assert_eq!((&found.defects[..], &found.locked), (&[][..], &None), "{what}");
        let [first, second, stamp] = &found.signatures[..] else { panic!("{what}") };
        for signature in [first, second, stamp] {
            assert_eq!(signature.findings, [], "{what}");
        }
        assert_eq!(first.name.as_deref(), Some(NAME), "{what}");
        assert_eq!(first.later_changes, LaterChanges::Signatures, "{what}");
        assert_eq!(second.later_changes, LaterChanges::LtaUpdates, "{what}");
        assert_eq!((found.store.certificates.len(), found.store.crls.len()), (2, 1), "{what}");
        let argument = format!("--password={}", locks.user);
        if let Some((clean, text)) = ask("qpdf", &[&argument, "--check"], &raised) {
            assert!(clean && !text.contains("WARNING"), "{what}: {text}");
        }
    }
}

/// A filter that is not there encrypts in a way that nobody knows.
#[test]
fn filters_that_are_not_there_are_refused() {
    for names in ["/StmF/X/StrF/A", "/StmF/A/StrF/X", "/StmF/A/StrF/A/EFF/X"] {
        let filters = format!("{OF_128}{names}");
        let locks = Locks { kind: Kind::Aes128, filters: Some(&filters), ..LOCKS };
        let error = refusal(&locks.file(&[]), locks.user);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{names}");
        assert!(error.to_string().contains("crypt filter \"X\""), "{error}");
    }
}
