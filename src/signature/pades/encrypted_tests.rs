//! Signing, sealing and reading PDFs that are encrypted under a password.
#![cfg(feature = "encrypted-pdf")]

use super::long_term::{StoredData, store, time_stamp};
use super::long_term_tests::{crl, tsa};
use super::tests::{ask, signer, time};
use super::*;
use crate::encoding::pdf::encryption::sample::{Kind, Locks};
use crate::encoding::pdf::sample;
use crate::error::{Error, ErrorKind};
use crate::keys::{Signer, SigningOverride};
use crate::limits::Limits;
use crate::pki::Crl;

const REASON: &str = "Phê duyệt";
pub(super) const NAME: &str = "Nguyen Van A";

/// Everybody who has a password may do everything.
pub(super) const LOCKS: Locks<'_> =
    Locks { user: "user", id: Some("identifier"), ..Locks::of(Kind::Aes256) };

pub(super) fn read(pdf: &[u8], password: &str) -> PdfSignatures {
    parse_with(&pdf, &Limits::default(), &Password::new(password)).unwrap()
}

pub(super) fn sign(pdf: &[u8], password: &str) -> Vec<u8> {
    let builder = SignatureBuilder::new(pdf, time()).password(password).reason(REASON).name(NAME);
    builder.sign(&signer()).unwrap()
}

pub(super) fn refusal(pdf: &[u8], password: &str) -> Error {
    SignatureBuilder::new(pdf, time()).password(password).sign(&signer()).unwrap_err()
}

/// A store with a list and certificates, and a time-stamp over all of it.
pub(super) fn raise(pdf: &[u8], password: &str) -> Vec<u8> {
    let (password, limits) = (Password::new(password), Limits::default());
    let chain = signer().certificate_chain().to_vec();
    let crls = [crl()];
    let data = StoredData { certificates: &chain, crls: &crls, responses: &[] };
    let update = store(&pdf, data, &[], &password, &limits).unwrap().unwrap();
    let stored = [pdf, &update].concat();
    let stamp = time_stamp(&stored, &tsa(), &password, &limits).unwrap();
    [stored, stamp].concat()
}

fn judged_by_others(what: &str, pdf: &[u8], password: &str, signatures: usize) {
    let argument = format!("--password={password}");
    if let Some((clean, text)) = ask("qpdf", &[&argument, "--check"], pdf) {
        assert!(clean && !text.contains("WARNING"), "{what}: {text}");
    }
    judged_by_poppler(what, pdf, password, signatures);
}

fn judged_by_poppler(what: &str, pdf: &[u8], password: &str, signatures: usize) {
    if let Some((_, text)) = ask("pdfsig", &["-nocert", "-upw", password], pdf) {
        assert_eq!(text.matches("Signature is Valid").count(), signatures, "{what}: {text}");
    }
}

pub(super) fn contains(pdf: &[u8], text: &[u8]) -> bool {
    pdf.windows(text.len()).any(|it| it == text)
}

/// Twice signed, with a store and a time-stamp: all of it encrypted, all of it told.
#[test]
fn every_encryption_is_kept_through_every_update() {
    for kind in Kind::ALL {
        let locks = Locks { kind, ..LOCKS };
        let original = locks.file(&[]);
        let once = sign(&original, locks.user);
        assert!(once.starts_with(&original) && !contains(&once, NAME.as_bytes()), "{kind:?}");
        judged_by_others(&format!("{kind:?}"), &once, locks.user, 1);
        let twice = SignatureBuilder::new(&once, time().plus_seconds(60))
            .password(locks.owner)
            .rectangle([10.0, 10.0, 90.0, 50.0])
            .sign(&signer())
            .unwrap();
        judged_by_others(&format!("{kind:?}, twice"), &twice, locks.user, 2);
        let raised = raise(&twice, locks.user);
        if let Some(folder) = std::env::var_os("KYSO_KEEP") {
            let name = format!("encrypted-{kind:?}.pdf");
            std::fs::write(std::path::Path::new(&folder).join(name), &raised).unwrap();
        }
        assert!(!contains(&raised, signer().certificate_chain()[1].der()), "{kind:?}");
        for password in [locks.user, locks.owner] {
            let found = read(&raised, password);
            assert_eq!((&found.defects[..], &found.locked), (&[][..], &None), "{kind:?}");
            let [first, second, stamp] = &found.signatures[..] else { panic!("{kind:?}") };
            let texts = (first.reason.as_deref(), first.name.as_deref(), first.claimed_time);
            assert_eq!(texts, (Some(REASON), Some(NAME), Some(time())), "{kind:?}");
            for signature in [first, second, stamp] {
                assert_eq!(signature.findings, [], "{kind:?}");
            }
            assert_eq!(first.later_changes, LaterChanges::Signatures, "{kind:?}");
            assert_eq!(second.later_changes, LaterChanges::LtaUpdates, "{kind:?}");
            assert_eq!(second.field, "Signature2", "{kind:?}");
            assert_eq!(stamp.later_changes, LaterChanges::None, "{kind:?}");
            assert_eq!(first.drawn, None, "the look of the second draws nothing");
            let store = &found.store;
            assert_eq!((store.certificates.len(), store.crls.len()), (2, 1), "{kind:?}");
            Crl::from_der(store.crls[0].der.clone(), &Limits::default()).unwrap();
        }
    }
}

/// The signatures are found and what they cover is told; what they say is not read.
#[test]
fn without_the_password_the_facts_are_told_and_nothing_is_signed() {
    for kind in Kind::ALL {
        let locks = Locks { kind, ..LOCKS };
        let signed = sign(&locks.file(&[]), locks.user);
        for password in ["", "User"] {
            let found = read(&signed, password);
            assert_eq!(found.locked, Some(Locked::Password), "{kind:?}");
            let [signature] = &found.signatures[..] else { panic!("{kind:?}") };
            assert_eq!((&signature.findings[..], &signature.reason), (&[][..], &None));
            assert!(signature.covers_whole_file && signature.claimed_time.is_none());
            let error = refusal(&signed, password);
            assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
            assert!(error.to_string().contains("password"), "{error}");
        }
    }
}

/// ISO 32000-2 Table 22: bits 4 and 6 for new fields, 6 or 9 for those that are there.
#[test]
fn permissions_are_asked_of_all_but_the_owner() {
    const FIELD: [(u32, &str); 3] = [
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>>>"),
        (3, "<</Type/Page/Parent 2 0 R/Annots[7 0 R]>>"),
        (7, "<</Type/Annot/Subtype/Widget/FT/Sig/Rect[0 0 0 0]/F 132/P 3 0 R>>"),
    ];
    let bit = |number: u32| 1_i32 << (number - 1);
    for kind in Kind::ALL {
        for (permissions, fills, makes) in [
            (-4, true, true),
            (-4 & !bit(4), true, false),
            (-4 & !bit(6), kind != Kind::Rc4Of40, false),
            (-4 & !bit(6) & !bit(9), false, false),
            (bit(4) | bit(6), true, true),
        ] {
            let locks = Locks { kind, permissions, ..LOCKS };
            let file = locks.file(&FIELD);
            for (field, permitted) in [("", fills), ("new", makes)] {
                let builder = SignatureBuilder::new(&file, time()).field(field);
                let by = |password| builder.clone().password(password);
                let signed = by(locks.user).sign(&signer());
                assert_eq!(signed.is_ok(), permitted, "{kind:?} {permissions:b} {field:?}");
                if let Err(error) = signed {
                    assert_eq!(error.kind(), ErrorKind::Misuse);
                    assert!(error.to_string().contains("permissions"), "{error}");
                }
                by(locks.owner).sign(&signer()).unwrap();
                by(locks.user).allow(SigningOverride::DocumentPermissions).sign(&signer()).unwrap();
            }
            let fields = FieldBuilder::new(&file).field(EmptyField::new("later"));
            assert_eq!(fields.clone().password(locks.user).add().is_ok(), makes);
            assert!(fields.password(locks.owner).add().is_ok());
        }
    }
}

/// `P` stands in the open. What it permits counts only where the key says so, too.
#[test]
fn permissions_that_were_widened_are_not_believed() {
    let locks = Locks { permissions: -4 & !8, ..LOCKS };
    let file = String::from_utf8(locks.file(&[])).unwrap();
    let widened = file.replace("/P -12", "/P -4 ");
    assert_ne!(file, widened);
    let error = refusal(widened.as_bytes(), locks.user);
    assert!(error.to_string().contains("permissions"), "{error}");
}

/// The key of older files depends on the identifier: none must come where none was.
#[test]
fn a_file_without_an_identifier_gets_none() {
    for kind in Kind::ALL {
        let locks = Locks { kind, id: None, ..LOCKS };
        let signed = sign(&sign(&locks.file(&[]), locks.user), locks.user);
        assert!(!contains(&signed, b"/ID"), "{kind:?}");
        assert_eq!(read(&signed, locks.user).signatures[1].reason.as_deref(), Some(REASON));
        judged_by_poppler(&format!("{kind:?}"), &signed, locks.user, 2);
    }
}

#[test]
fn other_security_handlers_are_refused_by_name() {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let trailer = "/Root 1 0 R/Encrypt<</Filter/Adobe.PubSec/V 4>>";
    sample::append_table(&mut pdf, &sample::with(&[]), trailer, None);
    let error = refusal(&pdf, "user");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Adobe.PubSec"), "{error}");
}

/// An update by `objects` and a trailer that keeps what it must, or not.
fn updated(pdf: &[u8], locks: &Locks<'_>, objects: &[(u32, String)], encrypt: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(pdf);
    let tail = text.rsplit("startxref\n").next().unwrap();
    let previous: usize = tail.lines().next().unwrap().parse().unwrap();
    let id = locks.id.map(|it| format!("/ID[({it})(next)]")).unwrap_or_default();
    let trailer = format!("/Root 1 0 R{encrypt}{id}");
    let mut pdf = pdf.to_vec();
    sample::append_table(&mut pdf, objects, &trailer, Some(previous));
    pdf
}

/// What an attacker without the key can append is never taken for harmless.
#[test]
fn updates_by_whom_has_no_key_are_told() {
    for kind in Kind::ALL {
        let locks = Locks { kind, ..LOCKS };
        let signed = sign(&locks.file(&[]), locks.user);
        let other = Locks { user: "other", ..locks }.dictionary();
        let direct = format!("/Encrypt {}", locks.dictionary());
        let page = |entry: &str| [(3, format!("<</Type/Page/Parent 2 0 R{entry}>>"))];
        for (what, objects, encrypt) in [
            ("not encrypted any more", &page("")[..], ""),
            ("under another password", &[(9, other)], "/Encrypt 9 0 R"),
            ("under the same, elsewhere", &page(""), &direct),
            ("with a plain text", &page("/LastModified(D:2026)"), "/Encrypt 9 0 R"),
        ] {
            let found = read(&updated(&signed, &locks, objects, encrypt), locks.user);
            let changes = found.signatures[0].later_changes;
            assert_eq!(changes, LaterChanges::Other, "{kind:?}: {what}");
        }
    }
}

/// A string that cannot have been encrypted is read as it stands, and said to be a defect;
/// such a file is not signed.
#[test]
fn plain_strings_in_an_encrypted_file_are_a_defect() {
    let file = LOCKS.file(&[(1, "<</Type/Catalog/Pages 2 0 R/Lang(vi)>>")]);
    let error = refusal(&file, LOCKS.user);
    assert!(error.to_string().contains("not encrypted"), "{error}");
    let objects = [(1, "<</Type/Catalog/Pages 2 0 R/Lang(vi)/AcroForm<</Fields[]>>>>".to_owned())];
    let signed = sign(&LOCKS.file(&[]), LOCKS.user);
    let found = read(&updated(&signed, &LOCKS, &objects, "/Encrypt 9 0 R"), LOCKS.user);
    let [FileDefect::Irregular(what)] = &found.defects[..] else { panic!("{:?}", found.defects) };
    assert!(what.contains("not encrypted"), "{what}");
}
