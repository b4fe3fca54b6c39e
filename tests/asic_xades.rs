//! Containers with XAdES (EN 319 162-1 §4.3.3.2, §4.4.3.2): made, added to, raised, changed, and
//! judged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs)]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use kyso::asic::{Augmenter, Container, ContainerBuilder, Level};
use kyso::{
    Conclusion, DocumentFormat, ErrorKind, Failed, Files, Form, Indeterminate, Limits, Report,
    SignatureLevel, SignatureReport, Signer, Source, UtcTime, xades,
};
use support::counted::Counted;
use support::pki::{CONTENT, NOW, Pki};

const NAMES: [&str; 2] = ["công văn số 15 & 16.txt", "phụ lục/bảng 100%.csv"];
/// As they are referred to (RFC 3986 §2.1).
const URIS: [&str; 2] = [
    "c%C3%B4ng%20v%C4%83n%20s%E1%BB%91%2015%20%26%2016.txt",
    "ph%E1%BB%A5%20l%E1%BB%A5c/b%E1%BA%A3ng%20100%25.csv",
];

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn letter() -> Vec<u8> {
    CONTENT.to_vec()
}

fn judge(pki: &Pki, container: &[u8]) -> Report {
    pki.validator(at(NOW)).validate(container).unwrap()
}

/// A letter and its annex, in folders and with names as they are in Vietnam.
fn extended<'a>(letter: &'a dyn Source, annex: &'a dyn Source) -> ContainerBuilder<'a> {
    let builder = ContainerBuilder::extended(at(NOW)).with_xades();
    builder.file_of_type(NAMES[0], "text/plain", letter).file(NAMES[1], annex)
}

fn simple(letter: &dyn Source) -> ContainerBuilder<'_> {
    ContainerBuilder::simple(at(NOW)).with_xades().file(NAMES[0], letter)
}

fn names(container: &[u8]) -> Vec<String> {
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    opened.names().into_iter().map(str::to_owned).collect()
}

fn entry(container: &[u8], name: &str) -> String {
    let (limits, mut out) = (Limits::default(), Vec::new());
    Container::open(&container, &limits).unwrap().extract(name, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The files that a signature is over, and that are as they were, by their references.
fn covered(signature: &SignatureReport) -> Vec<String> {
    let data = signature.references().iter().filter(|it| !it.name.starts_with('#'));
    let names = data.map(|it| {
        assert!(it.found && it.intact == Some(true), "{it:?}");
        it.name.clone()
    });
    names.collect()
}

/// The container with an entry exchanged, or left out.
fn repacked(container: &[u8], changed: &str, content: Option<&[u8]>) -> Vec<u8> {
    let mut entries = Vec::new();
    for name in names(container) {
        match (name == changed, content) {
            (true, None) => {}
            (true, Some(other)) => entries.push((name, other.to_vec())),
            (false, _) => {
                let (limits, mut out) = (Limits::default(), Vec::new());
                let opened = Container::open(&container, &limits).unwrap();
                opened.extract(&name, &mut out).unwrap();
                entries.push((name, out));
            }
        }
    }
    support::zip::stored(&entries)
}

#[test]
fn both_kinds_are_signed_and_pass() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3\n".repeat(1_000));
    let xml = "META-INF/signatures";
    for (builder, format, files, entries) in [
        (simple(&letter), DocumentFormat::AsicS, 1, vec![format!("{xml}.xml")]),
        (
            extended(&letter, &annex),
            DocumentFormat::AsicE,
            2,
            vec!["META-INF/manifest.xml".into(), format!("{xml}001.xml")],
        ),
    ] {
        let container = builder.sign(&pki.signer()).unwrap();
        let expected = [&["mimetype"][..], &NAMES[..files]].concat();
        let expected: Vec<_> = expected.into_iter().map(str::to_owned).chain(entries).collect();
        assert_eq!(names(&container), expected);
        let report = judge(&pki, &container);
        assert_eq!(report.format(), format);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert_eq!(report.diagnostics().count(), 0);
        assert!(report.uncovered_entries().is_empty());
        let one = &report.signatures()[0];
        assert_eq!((one.form(), one.level()), (Form::Xades, SignatureLevel::BaselineB));
        assert_eq!(covered(one), URIS[..files]);
    }
}

#[test]
fn names_are_escaped_and_kinds_of_files_are_said() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let container = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let signatures = entry(&container, "META-INF/signatures001.xml");
    assert!(signatures.contains(
        "<asic:XAdESSignatures xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\"><ds:Signature "
    ));
    assert!(URIS.iter().all(|it| signatures.contains(&format!("URI=\"{it}\""))));
    assert!(signatures.contains("<xades:MimeType>text/plain</xades:MimeType>"));
    let list = entry(&container, "META-INF/manifest.xml");
    for (name, kind) in [
        ("/", "application/vnd.etsi.asic-e+zip"),
        ("công văn số 15 &amp; 16.txt", "text/plain"),
        (NAMES[1], "application/octet-stream"),
    ] {
        let line = format!("manifest:full-path=\"{name}\" manifest:media-type=\"{kind}\"/>");
        assert!(list.contains(&line), "{list}");
    }
}

#[test]
fn a_file_that_is_exchanged_fails_the_signature() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    for builder in [simple(&letter), extended(&letter, &annex)] {
        let container = builder.sign(&pki.signer()).unwrap();
        let whole = judge(&pki, &repacked(&container, "none", None));
        assert_eq!(whole.conclusion(), Some(Conclusion::TotalPassed));
        let report = judge(&pki, &repacked(&container, NAMES[0], Some(b"Other")));
        let failed = Conclusion::TotalFailed(Failed::HashFailure);
        assert_eq!(report.conclusion(), Some(failed));
        assert_eq!(report.uncovered_entries(), [NAMES[0]]);
    }
    let container = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let report = judge(&pki, &repacked(&container, NAMES[0], None));
    let missing = Conclusion::Indeterminate(Indeterminate::SignedDataNotFound);
    assert_eq!(report.conclusion(), Some(missing));
    // That one is missing takes nothing from it that the other was exchanged.
    let both = repacked(&repacked(&container, NAMES[0], None), NAMES[1], Some(b"9;9;9"));
    let failed = Conclusion::TotalFailed(Failed::HashFailure);
    assert_eq!(judge(&pki, &both).conclusion(), Some(failed));
}

#[test]
fn a_second_signature_keeps_the_first() {
    let pki = Pki::new();
    let (letter, annex, more) = (letter(), b"1;2;3".to_vec(), b"more".to_vec());
    let limits = Limits::default();
    for builder in [simple(&letter), extended(&letter, &annex)] {
        let container = builder.sign(&pki.signer()).unwrap();
        let opened = Container::open(&container, &limits).unwrap();
        // The same signer at the same time: nothing is another's by its Id.
        let beside = ContainerBuilder::beside(&opened, at(NOW)).with_xades();
        let both = beside.sign(&pki.signer()).unwrap();
        let report = judge(&pki, &both);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert_eq!(report.signatures().len(), 2);
        assert_eq!(report.diagnostics().count(), 0);
        let over: Vec<_> = report.signatures().iter().map(covered).collect();
        assert_eq!(over[0], over[1]);
        let ids: Vec<_> = report.signatures().iter().map(SignatureReport::id).collect();
        assert_eq!(ids[1], format!("{}-2", ids[0]));
    }
    let container = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let opened = Container::open(&container, &limits).unwrap();
    let beside = ContainerBuilder::beside(&opened, at(NOW)).with_xades();
    let parallel = beside.sign(&pki.signer()).unwrap();
    let body = container.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    assert_eq!(parallel[..body], container[..body]);
    assert!(entry(&parallel, "META-INF/signatures002.xml").contains(">text/plain<"));
    // With one file more, which the first does not answer for.
    let larger = beside.clone().file("more.txt", &more).sign(&pki.signer()).unwrap();
    let list = entry(&larger, "META-INF/manifest.xml");
    assert!(list.contains("\"more.txt\"") && list.contains("\"text/plain\""), "{list}");
    let report = judge(&pki, &larger);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert!(report.uncovered_entries().is_empty());
    let over: Vec<_> = report.signatures().iter().map(covered).collect();
    assert_eq!(over, [&URIS[..], &[URIS[0], URIS[1], "more.txt"]]);
}

#[test]
fn signatures_of_two_kinds_are_not_mixed() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let limits = Limits::default();
    let in_xml = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let by_cms = ContainerBuilder::extended(at(NOW)).file("a", &letter);
    let by_cms = by_cms.sign(&pki.signer()).unwrap();
    let (in_xml, by_cms) =
        (Container::open(&in_xml, &limits).unwrap(), Container::open(&by_cms, &limits).unwrap());
    for refused in [
        ContainerBuilder::beside(&in_xml, at(NOW)),
        ContainerBuilder::beside(&in_xml, at(NOW)).with_xades().over_everything(),
        ContainerBuilder::beside(&by_cms, at(NOW)).with_xades(),
        simple(&letter).file("b", &annex),
        extended(&letter, &annex).file_of_type("c", "<none>", &letter),
    ] {
        assert_eq!(refused.sign(&pki.signer()).unwrap_err().kind(), ErrorKind::Misuse);
    }
    let stamped = extended(&letter, &annex).time_stamp(&pki.tsa()).unwrap_err();
    assert_eq!(stamped.kind(), ErrorKind::Misuse);
}

#[test]
fn a_key_elsewhere_signs_in_three_steps() {
    let pki = Pki::new();
    let signer = pki.signer();
    let (letter, annex, other) = (letter(), b"1;2;3".to_vec(), b"4;5;6".to_vec());
    let kinds = [
        (simple(&letter), simple(&other)),
        (extended(&letter, &annex), extended(&letter, &other)),
        // One file more.
        (extended(&letter, &annex), extended(&letter, &annex).file("c", &other)),
    ];
    for (builder, exchanged) in kinds {
        let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm());
        let prepared = serde_json::to_string(&prepared.unwrap()).unwrap();
        let again = || serde_json::from_str::<kyso::Prepared>(&prepared).unwrap();
        let value = signer.sign(again().to_be_signed()).unwrap();
        let container = builder.complete(again(), &value).unwrap();
        assert_eq!(judge(&pki, &container).conclusion(), Some(Conclusion::TotalPassed));
        let refused = exchanged.complete(again(), &value).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Misuse);
    }
}

#[test]
fn every_level_is_what_it_says() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), pki.validator(at(NOW)));
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let levels = [
        (Level::T(&tsa), SignatureLevel::BaselineT, 1),
        (Level::Lt(&tsa, &validator), SignatureLevel::BaselineLt, 1),
        (Level::Lta(&tsa, &validator), SignatureLevel::BaselineLta, 2),
    ];
    for (level, expected, stamps) in levels {
        for builder in [simple(&letter), extended(&letter, &annex)] {
            let at_once = builder.clone().level(&level).sign(&pki.signer()).unwrap();
            let signed = builder.sign(&pki.signer()).unwrap();
            let later = Augmenter::new(level).augment(&signed).unwrap();
            assert_eq!(names(&later), names(&signed));
            for container in [at_once, later] {
                let report = judge(&pki, &container);
                assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{level:?}");
                assert_eq!(report.diagnostics().count(), 0);
                let one = &report.signatures()[0];
                assert_eq!(one.level(), expected);
                assert_eq!(one.timestamps().len(), stamps, "{level:?} {builder:?}");
                assert!(one.timestamps().iter().all(|it| it.imprint_intact == Some(true)));
            }
        }
    }
}

/// What another signature is over has to stay as it is.
#[test]
fn nothing_that_another_signature_is_over_is_changed() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let container = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let [first, list, second] =
        ["signatures001", "manifest", "signatures002"].map(|it| format!("META-INF/{it}.xml"));
    let (over, listed) =
        (entry(&container, &first).into_bytes(), entry(&container, &list).into_bytes());
    let other = xades::SignatureBuilder::detached(&first, &over, at(NOW)).file(&list, &listed);
    let other = other.file("letter", &letter).sign(&pki.signer()).unwrap();
    let mut entries: Vec<_> = names(&container)
        .into_iter()
        .map(|it| (it.clone(), entry(&container, &it).into_bytes()))
        .collect();
    entries.extend([("letter".to_owned(), letter.clone()), (second.clone(), other)]);
    let container = support::zip::stored(&entries);
    assert_eq!(judge(&pki, &container).conclusion(), Some(Conclusion::TotalPassed));
    let raised = Augmenter::new(Level::T(&pki.tsa())).augment(&container).unwrap();
    assert_eq!(entry(&raised, &first).as_bytes(), over);
    let report = judge(&pki, &raised);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    let stamps: Vec<_> = report.signatures().iter().map(|it| it.timestamps().len()).collect();
    assert_eq!(stamps, [0, 1]);
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let beside = ContainerBuilder::beside(&opened, at(NOW)).with_xades();
    let added = beside.clone().file("more.txt", &annex).sign(&pki.signer()).unwrap_err();
    assert_eq!(added.kind(), ErrorKind::Misuse);
    let beside = beside.sign(&pki.signer()).unwrap();
    assert_eq!(judge(&pki, &beside).conclusion(), Some(Conclusion::TotalPassed));
}

/// A list that says two things of one file would have one of them signed.
#[test]
fn a_file_of_two_kinds_is_not_signed() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let container = extended(&letter, &annex).sign(&pki.signer()).unwrap();
    let list = entry(&container, "META-INF/manifest.xml");
    let end = "</manifest:manifest>";
    let more = |kind: &str| {
        let file = format!(
            "<manifest:file-entry manifest:full-path=\"phụ lục/bảng 100%.csv\" \
             manifest:media-type=\"{kind}\"/>{end}"
        );
        let list = list.replace(end, &file);
        repacked(&container, "META-INF/manifest.xml", Some(list.as_bytes()))
    };
    let beside = |container: &Vec<u8>| {
        let limits = Limits::default();
        let opened = Container::open(container, &limits).unwrap();
        ContainerBuilder::beside(&opened, at(NOW)).with_xades().sign(&pki.signer())
    };
    for kind in ["text/html", "no type"] {
        let error = beside(&more(kind)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
        assert!(error.to_string().contains("META-INF/manifest.xml"), "{error}");
    }
    assert!(beside(&more("application/octet-stream")).is_ok(), "it says the same twice");
}

/// However many documents of signatures refer to a file, and however often.
#[test]
fn a_file_is_read_once_for_all_signatures_that_are_raised() {
    let pki = Pki::new();
    let letter = vec![b'x'; 1 << 20];
    let mut entries = vec![
        ("mimetype".to_owned(), b"application/vnd.etsi.asic-e+zip".to_vec()),
        ("letter.txt".to_owned(), letter.clone()),
    ];
    for n in 0..5 {
        let builder = xades::SignatureBuilder::detached("letter.txt", &letter, at(NOW));
        let signed = builder.sign(&pki.signer()).unwrap();
        entries.push((format!("META-INF/signatures{n}.xml"), signed));
    }
    let bytes = support::zip::stored(&entries);
    let length = Source::len(&bytes);
    let counted = Counted { bytes, read: AtomicU64::new(0) };
    let raised = Augmenter::new(Level::T(&pki.tsa())).augment(&counted).unwrap();
    assert_eq!(judge(&pki, &raised).conclusion(), Some(Conclusion::TotalPassed));
    let read = counted.read.load(Ordering::Relaxed);
    assert!(read < length * 4, "{read} of {length}");
}

/// What a signature in XML is over by its name keeps it when a further time-stamp comes.
#[test]
fn an_archive_manifest_under_a_signature_keeps_its_name() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), pki.validator(at(NOW)));
    let letter = letter();
    let by_cms = ContainerBuilder::extended(at(NOW)).file("a", &letter);
    let level = Level::Lta(&tsa, &validator);
    let kept = by_cms.level(&level).sign(&pki.signer()).unwrap();
    let name = "META-INF/ASiCArchiveManifest.xml";
    let manifest = entry(&kept, name).into_bytes();
    let other = xades::SignatureBuilder::detached(name, &manifest, at(NOW));
    let other = other.sign(&pki.signer()).unwrap();
    let limits = Limits::default();
    let opened = Container::open(&kept, &limits).unwrap();
    let content = |it: &str| {
        let mut out = Vec::new();
        opened.extract(it, &mut out).unwrap();
        out
    };
    let mut entries: Vec<_> =
        opened.names().into_iter().map(|it| (it.to_owned(), content(it))).collect();
    entries.push(("META-INF/signatures001.xml".to_owned(), other));
    let container = support::zip::stored(&entries);
    assert_eq!(judge(&pki, &container).conclusion(), Some(Conclusion::TotalPassed));
    let raised = Augmenter::new(level).augment(&container).unwrap();
    let report = judge(&pki, &raised);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(entry(&raised, name).as_bytes(), manifest);
}

/// EN 319 162-1 §4.3.3.2: one file has all signatures. Others are judged, and programs that know
/// only the name of the standard do not see them.
#[test]
fn several_files_of_signatures_in_an_asic_s_are_told() {
    let pki = Pki::new();
    let letter = letter();
    let container = simple(&letter).sign(&pki.signer()).unwrap();
    let name = "META-INF/signatures.xml";
    let mut entries: Vec<_> = names(&container)
        .into_iter()
        .map(|it| (it.clone(), entry(&container, &it).into_bytes()))
        .collect();
    let other = xades::SignatureBuilder::detached(NAMES[0], &letter, at(NOW)).sign(&pki.signer());
    entries.push(("META-INF/signatures2.xml".into(), other.unwrap()));
    let report = judge(&pki, &support::zip::stored(&entries));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures().len(), 2);
    let told = |report: &Report| {
        let told = |it: &kyso::Check| {
            it.outcome == kyso::Outcome::Warning && it.message_vi.contains("có 2 tệp")
        };
        report.signatures().iter().filter(|it| it.checks().iter().any(told)).count()
    };
    assert_eq!((told(&report), report.diagnostics().count()), (2, 0), "{report}");
    let cades = ContainerBuilder::simple(at(NOW)).file(NAMES[0], &letter).sign(&pki.signer());
    let (limits, cades) = (Limits::default(), cades.unwrap());
    let mut cms = Vec::new();
    let opened = Container::open(&cades, &limits).unwrap();
    opened.extract("META-INF/signature.p7s", &mut cms).unwrap();
    *entries.last_mut().unwrap() = ("META-INF/signature.p7s".into(), cms);
    let report = judge(&pki, &support::zip::stored(&entries));
    assert_eq!(told(&report), report.signatures().len(), "{report}");
    entries.retain(|it| it.0 != name);
    assert_eq!(told(&judge(&pki, &support::zip::stored(&entries))), 0);
}

#[test]
fn the_files_that_are_covered_are_named() {
    let pki = Pki::new();
    let (letter, annex) = (letter(), b"1;2;3".to_vec());
    let long = format!("{}.txt", "đường dẫn rất dài ".repeat(12).trim());
    let builder = extended(&letter, &annex).file(long.as_str(), &letter);
    let container = builder.sign(&pki.signer()).unwrap();
    let report = judge(&pki, &container);
    let covers = report.signatures()[0].covers();
    assert_eq!(covers.whole_file, Some(true));
    assert_eq!(covers.files[..2], NAMES);
    assert!(covers.files.contains(&long) && report.uncovered_entries().is_empty(), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["signatures"][0]["covers"]["files"][0], NAMES[0]);
    let text = report.to_string();
    assert!(text.contains(&format!("mọi tệp trong gói: “{}”", NAMES[0])), "{text}");
    // What is called as a reference to the document is told is no file that it is over.
    let mut entries: Vec<_> = names(&container)
        .into_iter()
        .map(|it| (it.clone(), entry(&container, &it).into_bytes()))
        .collect();
    let own = b"<a></a>".as_slice();
    let own = xades::SignatureBuilder::enveloped(&own, at(NOW));
    let own = own.sign(&pki.signer()).unwrap();
    entries.extend([
        ("(document)".to_owned(), annex.clone()),
        ("META-INF/signatures9.xml".into(), own),
    ]);
    let report = judge(&pki, &support::zip::stored(&entries));
    assert_eq!(report.uncovered_entries(), ["(document)"], "{report}");
    assert_eq!(report.signatures()[0].covers().whole_file, Some(false));
    assert!(report.to_string().contains("chỉ các tệp “"), "{report}");
    assert!(report.signatures()[1].covers().files.is_empty());
    let cades = ContainerBuilder::extended(at(NOW)).file("a", &letter).file("b", &annex);
    let report = judge(&pki, &cades.sign(&pki.signer()).unwrap());
    assert_eq!(report.signatures()[0].covers().files, ["a", "b"]);
}
