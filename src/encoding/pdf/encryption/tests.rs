//! Files that others encrypted, and hostile ones.
#![cfg(feature = "encrypted-pdf")]
#![allow(clippy::arithmetic_side_effects)]

use super::sample::{Kind, Locks};
use super::*;
use crate::encoding::pdf::exhaust::exhaust_encryption;
use crate::encoding::pdf::{Reader, page_at, sample, text_of};
use crate::limits::Limits;
use crate::samples::corpus;

/// How many of the streams can be decoded; nothing where the password is wrong.
fn opened(pdf: &[u8], password: &str) -> Option<usize> {
    let (source, limits) = (pdf, Limits::default());
    let reader = Reader::open_with(&source, &limits, &Password::new(password)).unwrap();
    if let Some(locked) = reader.encryption().locked() {
        assert_eq!(*locked, Locked::Password);
        return None;
    }
    let view = reader.newest();
    assert!(page_at(view, 0).unwrap().is_some());
    let mut decoded = 0;
    for (number, _) in view.objects() {
        let reference = Reference { number, generation: 0 };
        if let Object::Stream(stream) = view.get(reference).unwrap() {
            // Pictures have filters that structure has not.
            match view.decoded(&stream) {
                Ok(_) => decoded += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
            }
        }
    }
    assert_eq!(reader.flaw(), None);
    Some(decoded)
}

/// Whether qpdf's own sample passwords open its own samples of every kind.
#[test]
fn files_of_every_handler_open_by_user_and_owner() {
    let Some(folder) = corpus("pdf-robustness") else { return };
    let long = "asdf asdf asdf asdf asdf asdf qwer";
    for (file, passwords) in [
        ("qpdf/c-r2.pdf", &["user1", "owner1"][..]),
        ("qpdf/c-r3.pdf", &["user2", "owner2"]),
        ("qpdf/c-r4.pdf", &["user2", "owner2"]),
        ("qpdf/c-r5-in.pdf", &["user3", "owner3"]),
        ("qpdf/c-r6-in.pdf", &["user4", "owner4"]),
        ("qpdf/enc-R2,V1.pdf", &[""]),
        ("qpdf/enc-R2,V1,U=view,O=view.pdf", &["view"]),
        ("qpdf/enc-R2,V1,U=view,O=master.pdf", &["view", "master"]),
        ("qpdf/enc-R3,V2,O=master.pdf", &["", "master", "wrong"]),
        ("qpdf/enc-R3,V2,U=view,O=master.pdf", &["view", "master"]),
        ("qpdf/enc-XI-R6,V5,O=master.pdf", &["", "master"]),
        ("qpdf/enc-XI-R6,V5,U=view,O=master.pdf", &["view", "master"]),
        ("qpdf/enc-XI-R6,V5,U=wwwww,O=wwwww.pdf", &["wwwww"]),
        ("qpdf/enc-XI-R6,V5,U=attachment,encrypted-attachments.pdf", &["attachment"]),
        ("qpdf/enc-XI-R6,V5,U=view,attachments,cleartext-metadata.pdf", &["view"]),
        ("qpdf/enc-long-password.pdf", &[long]),
        ("qpdf/V4.pdf", &[""]),
        ("qpdf/V4-aes.pdf", &[""]),
        ("qpdf/V4-clearmeta.pdf", &[""]),
        ("qpdf/V4-aes-clearmeta.pdf", &[""]),
        ("qpdf/bad-encryption-length.pdf", &[""]),
        ("qpdf/encrypted-positive-P.pdf", &[""]),
        ("qpdf/encrypted-with-images.pdf", &[""]),
        ("pdfbox/PasswordSample-40bit.pdf", &["user", "owner"]),
        ("pdfbox/PasswordSample-128bit.pdf", &["user", "owner"]),
        ("pdfbox/PasswordSample-256bit.pdf", &["user", "owner"]),
    ] {
        let pdf = std::fs::read(folder.join(file)).unwrap();
        for password in passwords {
            let decoded = opened(&pdf, password);
            assert!(decoded.is_some_and(|it| it > 0), "{file} {password:?}: {decoded:?}");
        }
        if !passwords.contains(&"") {
            assert_eq!(opened(&pdf, ""), None, "{file}");
            assert_eq!(opened(&pdf, "wrong"), None, "{file}");
        }
    }
}

fn own_sample() -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pdf");
    std::fs::read(folder.join("qpdf-encrypted.pdf")).unwrap()
}

#[test]
fn strings_are_decrypted_and_the_dictionary_itself_is_not() {
    let (pdf, limits) = (own_sample(), Limits::default());
    for password in ["", "owner"] {
        let reader = Reader::open_with(&pdf, &limits, &Password::new(password)).unwrap();
        let view = reader.newest();
        let trailer = view.trailer().unwrap();
        let information = view.dictionary(trailer, "Info").unwrap().unwrap();
        let producer = information.get("Producer").unwrap().as_string().unwrap();
        assert!(text_of(producer).contains("LibreOffice"));
        let own = view.dictionary(trailer, "Encrypt").unwrap().unwrap();
        assert_eq!(own.get("U").unwrap().as_string().unwrap().len(), 48);
        assert_eq!(reader.flaw(), None);
    }
    assert!(opened(&pdf, "").unwrap() > 1);
}

/// What is asked of a file with this encryption dictionary, and perhaps an identifier.
fn locked(encrypt: &str, id: &str) -> String {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let trailer = format!("/Root 1 0 R/Encrypt {encrypt}{id}");
    sample::append_table(&mut pdf, &sample::with(&[(5, "7 0 R"), (7, "5 0 R")]), &trailer, None);
    let limits = Limits::default();
    let source = &pdf[..];
    let reader = Reader::open_with(&source, &limits, &Password::new("é")).unwrap();
    assert!(page_at(reader.newest(), 0).unwrap().is_some(), "what is not encrypted is read");
    reader.encryption().locked().unwrap().to_string()
}

/// Whatever is wrong with it is a reason to be locked, and ends.
#[test]
fn encryption_dictionaries_of_every_kind_of_wrong() {
    let (o, u) = ("o".repeat(48), "u".repeat(48));
    let standard = |more: &str| format!("<</Filter/Standard/O({o})/U({u})/P -4{more}>>");
    let newer = format!("/V 5/R 6/OE({o})/UE({u})/Perms({u})");
    for (encrypt, said) in [
        ("(x)".to_owned(), "no dictionary"),
        ("5 0 R".to_owned(), "without end"),
        ("<<>>".to_owned(), "handler"),
        ("<</Filter/Adobe.PubSec/V 4>>".to_owned(), "Adobe.PubSec"),
        (standard(""), "version 0, revision 0"),
        (standard("/V 3/R 3"), "version 3, revision 3"),
        (standard("/V 5/R 7"), "version 5, revision 7"),
        (standard("/V 99999999999/R -1"), "version 99999999999"),
        ("<</Filter/Standard/V 1/R 2/U(x)/P 0>>".to_owned(), "whole O"),
        ("<</Filter/Standard/V 1/R 2>>".to_owned(), "whole P"),
        (standard("/V 5/R 6/OE(x)"), "whole OE"),
        (standard("/V 1/R 2"), "password"),
        (standard("/V 2/R 3/Length 99999999999999"), "password"),
        (standard("/V 2/R 3/Length -8"), "password"),
        (standard("/V 2/R 3/Length 41"), "password"),
        (standard("/V 4/R 4/EncryptMetadata false"), "password"),
        (standard("/V 4/R 4/CF 5 0 R/StmF/Std"), "without end"),
        (standard("/V 4/R 4/CF<</Std 7 0 R>>/StmF/Std"), "without end"),
        (standard("/V 4/R 4/CF<</Std<</CFM/AESV3>>>>/StmF/Std"), "Std"),
        (standard("/V 4/R 4/CF<</Std<</CFM/None>>>>/StrF/Std"), "Std"),
        (standard(&newer), "password"),
        (standard(&format!("{newer}/CF<</A<</CFM/AESV3>>>>/StmF/A/StrF/A/EFF/B")), "EFF"),
    ] {
        let why = locked(&encrypt, "");
        assert!(why.contains(said), "{encrypt}: {why}, not {said}");
    }
    for (id, said) in [
        ("", "password"),
        ("/ID[]", "password"),
        ("/ID 4", "password"),
        ("/ID[5 0 R]", "without end"),
    ] {
        assert!(locked(&standard("/V 1/R 2"), id).contains(said), "{id}");
    }
}

/// The last byte of a round decides whether another follows; it always ends.
#[test]
fn passwords_that_are_too_long_count_as_far_as_they_do() {
    let pdf = own_sample();
    let long = "ă".repeat(10_000);
    assert!(opened(&pdf, &long).is_some(), "the empty one opens it");
    let secret = format!("{:?}", Password::new("secret"));
    assert!(!secret.contains("secret"));
}

/// Object streams are decrypted where the file has to be searched, too.
#[test]
fn what_is_searched_for_is_decrypted_too() {
    let mut pdf = own_sample();
    let at = pdf.windows(9).rposition(|it| it == b"startxref").unwrap();
    pdf.truncate(at);
    let limits = Limits::default();
    for password in ["", "owner"] {
        let (source, reason) = (&pdf[..], String::new());
        let password = Password::new(password);
        let reader = Reader::open_recovered_with(&source, &limits, &password, reason).unwrap();
        assert!(page_at(reader.newest(), 0).unwrap().is_some());
        let trailer = reader.newest().trailer().unwrap();
        let information = reader.newest().dictionary(trailer, "Info").unwrap().unwrap();
        let producer = information.get("Producer").unwrap().as_string().unwrap();
        assert!(text_of(producer).contains("LibreOffice"));
    }
}

/// Any byte may be anything: an answer, no panic.
#[test]
fn mutations_end_in_an_answer() {
    let (o, u) = ("o".repeat(48), "u".repeat(48));
    let base = format!(
        "<</Filter/Standard/V 4/R 4/Length 128/O({o})/U({u})/P -4/EncryptMetadata false\
         /CF<</StdCF<</CFM/AESV2/Length 16>>>>/StmF/StdCF/StrF/StdCF>>"
    );
    let newer = base.replace("/V 4/R 4", &format!("/V 5/R 6/OE({o})/UE({u})/Perms({u})"));
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for base in [base, newer] {
        for _ in 0..200 {
            let mut dictionary = base.clone().into_bytes();
            for _ in 0..=next() % 3 {
                let at = next() % dictionary.len();
                match next() % 3 {
                    0 => dictionary[at] = next().to_le_bytes()[0],
                    1 => dictionary[at] = b"0123456789<>[]()/ R"[next() % 19],
                    _ => dictionary.truncate(at.max(1)),
                }
            }
            assert!(!exhaust_encryption(&dictionary), "nobody knows its password");
        }
    }
}

/// Made outside of this crate. Whether each of the digests of the owner's password takes
/// all of the one before, as Algorithm 3 says (and pdf.js does), or as much as the key has,
/// as qpdf, MuPDF, Ghostscript and poppler do, shows where the key is short.
#[test]
fn owners_open_files_with_short_keys_by_either_reading() {
    for (owner, user) in [
        (
            "808b6846e0e99aee3b4dec725c7deb74982fc6c0b56891fc8add0a28ba8cdfe2",
            "48d1564c9e0f2e9bfb37d29918ad9f61",
        ),
        (
            "c72a52a5d0d5489d9d674ab6a9a8c5bd0c1adad9602807eb1f52867fedb2cd61",
            "e1247f7888df2ca12b3cfc254bd993bf",
        ),
    ] {
        let trailer = format!(
            "/Root 1 0 R/ID[(id)(id)]/Encrypt<</Filter/Standard/V 2/R 3/Length 64/P -4\
             /O<{owner}>/U<{user}00000000000000000000000000000000>>>"
        );
        let mut pdf = b"%PDF-1.4\n".to_vec();
        let page = (3, "<</Type/Page/Parent 2 0 R>>");
        sample::append_table(&mut pdf, &sample::with(&[page, (4, "null")]), &trailer, None);
        for password in ["user", "owner"] {
            assert_eq!(opened(&pdf, password), Some(0), "{password} {owner}");
        }
        assert_eq!(opened(&pdf, "wrong"), None);
    }
}

fn aes_256(user: &str) -> Vec<u8> {
    let locks = Locks { user, id: Some("id"), ..Locks::of(Kind::Aes256) };
    locks.file(&[])
}

/// Keyboards differ in how they compose letters (ISO 32000-2 §7.6.4.3.3, RFC 4013).
#[test]
fn passwords_are_the_same_however_their_letters_are_composed() {
    let file = aes_256("mật khẩu");
    assert!(opened(&file, "mật khẩu").is_some());
    assert!(opened(&file, "ma\u{323}\u{302}t kha\u{302}\u{309}u").is_some());
    assert!(opened(&file, "mat khau").is_none());
}

/// An update leaves what the key depends on as it is, even where it may not be.
#[test]
fn an_identifier_of_its_own_object_stays_what_it_is() {
    let locks = Locks { user: "u", id: Some("id"), ..Locks::of(Kind::Rc4Of128) };
    let own = locks.dictionary();
    let objects =
        [(3, "<</Type/Page/Parent 2 0 R>>"), (4, "null"), (8, "[(id)(id)]"), (9, own.as_str())];
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let trailer = "/Root 1 0 R/ID 8 0 R/Encrypt 9 0 R";
    sample::append_table(&mut pdf, &sample::with(&objects), trailer, None);
    assert!(opened(&pdf, "u").is_some());
    let (source, limits) = (&pdf[..], Limits::default());
    let reader = Reader::open_with(&source, &limits, &Password::new("u")).unwrap();
    let mut update = crate::encoding::pdf::Update::new(&reader).unwrap();
    let new = update.allocate();
    update.put(new, &Object::String(b"text".to_vec()));
    let appended = update.finish(b"new").unwrap();
    let updated = [&pdf[..], &appended.bytes].concat();
    assert!(opened(&updated, "u").is_some());
}

/// Below version 4 there is no such entry (ISO 32000-2 Table 21).
#[test]
fn metadata_of_older_files_are_encrypted_whatever_is_said_of_them() {
    for (kind, encrypted) in [(Kind::Rc4Of128, true), (Kind::Rc4ByFilter, false)] {
        let pdf = Locks { encrypts_metadata: false, ..Locks::of(kind) }.file(&[]);
        let (source, limits) = (&pdf[..], Limits::default());
        let reader = Reader::open(&source, &limits).unwrap();
        let metadata = Dictionary::new().with("Type", Object::name("Metadata"));
        let of = Reference { number: 4, generation: 0 };
        let written = reader.encryption().encrypt_stream(of, &metadata, b"<x/>").unwrap();
        assert_eq!(*written != *b"<x/>", encrypted, "{kind:?}");
    }
}
