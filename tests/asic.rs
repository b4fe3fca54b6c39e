//! Containers with CAdES (EN 319 162-1): made, added to, raised, changed, and judged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs)]

mod support;

use kyso::asic::{Augmenter, Container, ContainerBuilder, ContainerType, Level};
use kyso::tsp::TimeStampAuthority;
use kyso::{
    Conclusion, DocumentFormat, ErrorKind, Failed, Files, Indeterminate, Limits, Policy, Report,
    SignatureLevel, Signer, UtcTime, Validator, cades, pades,
};
use rcgen::RevocationReason;
use support::pki::{CONTENT, LEAF, NOW, Pki};

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn annex() -> Vec<u8> {
    b"1;2;3\n".repeat(1_000)
}

fn letter() -> Vec<u8> {
    CONTENT.to_vec()
}

/// A letter and its annex.
fn signed(pki: &Pki) -> Vec<u8> {
    let (letter, annex) = (letter(), annex());
    let builder = ContainerBuilder::extended(at(NOW))
        .file_of_type("công văn.txt", "text/plain", &letter)
        .file("phụ lục/bảng 1.csv", &annex);
    builder.sign(&pki.signer()).unwrap()
}

fn judge(pki: &Pki, container: &[u8]) -> Report {
    pki.validator(at(NOW)).validate(container).unwrap()
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::to_value(report).unwrap()
}

/// The container with entries exchanged, left out (nothing) or added, in any other program's
/// way.
fn repacked(container: &[u8], change: &[(&str, Option<&[u8]>)]) -> Vec<u8> {
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let mut entries = Vec::new();
    for name in opened.names() {
        let mut content = Vec::new();
        opened.extract(name, &mut content).unwrap();
        match change.iter().find(|it| it.0 == name) {
            Some((_, None)) => {}
            Some((_, Some(other))) => entries.push((name.to_owned(), other.to_vec())),
            None => entries.push((name.to_owned(), content)),
        }
    }
    for (name, content) in change {
        if let (Some(content), false) = (content, opened.names().contains(name)) {
            entries.push(((*name).to_owned(), content.to_vec()));
        }
    }
    support::zip::stored(&entries)
}

#[test]
fn an_asic_e_is_signed_and_passes() {
    let pki = Pki::new();
    let container = signed(&pki);
    assert_eq!(&container[30..69], b"mimetypeapplication/vnd.etsi.asic-e+zip");
    let report = judge(&pki, &container);
    assert_eq!(report.format(), DocumentFormat::AsicE);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(report.diagnostics().count(), 0);
    assert!(report.uncovered_entries().is_empty());
    let one = &report.signatures()[0];
    assert_eq!(one.id(), "META-INF/signature001.p7s");
    assert_eq!(one.level(), SignatureLevel::BaselineB);
    assert_eq!(one.covers().entry.as_deref(), Some("META-INF/ASiCManifest001.xml"));
    assert_eq!(one.covers().whole_file, Some(true));
    let names: Vec<_> = one.references().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["META-INF/ASiCManifest001.xml", "công văn.txt", "phụ lục/bảng 1.csv"]);
    assert!(one.references().iter().all(|it| it.found && it.intact == Some(true)));
}

#[test]
fn files_come_out_as_they_went_in() {
    let pki = Pki::new();
    let container = signed(&pki);
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    assert_eq!(opened.container_type(), ContainerType::Extended);
    let files: Vec<_> = opened.data_files().collect();
    assert_eq!(files, ["công văn.txt", "phụ lục/bảng 1.csv"]);
    let mut out = Vec::new();
    opened.extract(files[1], &mut out).unwrap();
    assert_eq!(out, annex());
    assert_eq!(opened.extract("none", &mut out).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn an_asic_s_is_signed_by_one_and_then_by_another() {
    let pki = Pki::new();
    let letter = letter();
    let builder = ContainerBuilder::simple(at(NOW)).file("a.txt", &letter);
    let container = builder.sign(&pki.signer()).unwrap();
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let both = ContainerBuilder::beside(&opened, at(NOW)).sign(&pki.signer()).unwrap();
    for (container, count) in [(&container, 1), (&both, 2)] {
        let report = judge(&pki, container);
        assert_eq!(report.format(), DocumentFormat::AsicS);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert_eq!(report.signatures().len(), count);
        assert_eq!(report.signatures()[0].covers().entry.as_deref(), Some("a.txt"));
        assert_eq!(report.diagnostics().count(), 0);
    }
    let two = builder.clone().file("b.txt", &letter).sign(&pki.signer()).unwrap_err();
    assert_eq!(two.kind(), ErrorKind::Misuse);
}

#[test]
fn a_key_elsewhere_signs_in_three_steps() {
    let pki = Pki::new();
    let signer = pki.signer();
    let (letter, annex) = (letter(), annex());
    for (kind, files) in [("s", 1), ("e", 2)] {
        let builder = |annex| {
            let builder = match kind {
                "s" => ContainerBuilder::simple(at(NOW)),
                _ => ContainerBuilder::extended(at(NOW)).file("b.csv", annex),
            };
            builder.file("a.txt", &letter)
        };
        let prepared = builder(&annex).prepare(signer.certificate_chain(), signer.algorithm());
        let prepared = serde_json::to_string(&prepared.unwrap()).unwrap();
        let again = || serde_json::from_str::<kyso::Prepared>(&prepared).unwrap();
        let value = signer.sign(again().to_be_signed()).unwrap();
        let container = builder(&annex).complete(again(), &value).unwrap();
        let report = judge(&pki, &container);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        let opened = Limits::default();
        assert_eq!(Container::open(&container, &opened).unwrap().data_files().count(), files);
        // The files are others by then.
        let other = b"4;5;6".to_vec();
        let exchanged = ContainerBuilder::simple(at(NOW)).file("a.txt", &other);
        let exchanged = if kind == "s" { exchanged } else { builder(&other) };
        assert_eq!(exchanged.complete(again(), &value).unwrap_err().kind(), ErrorKind::Misuse);
    }
}

#[test]
fn a_second_signature_leaves_the_octets_of_the_first() {
    let pki = Pki::new();
    let container = signed(&pki);
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let more = b"more".to_vec();
    let beside = ContainerBuilder::beside(&opened, at(NOW));
    let parallel = beside.sign(&pki.signer()).unwrap();
    let serial = beside.clone().over_everything().file("more.txt", &more);
    let serial = serial.sign(&pki.signer()).unwrap();
    let body = container.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    for more in [&parallel, &serial] {
        assert_eq!(more[..body], container[..body]);
        let report = judge(&pki, more);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert_eq!(report.signatures().len(), 2);
        assert!(report.uncovered_entries().is_empty());
    }
    let report = judge(&pki, &serial);
    // The first does not answer for what came later, and is signed by the second.
    assert_eq!(report.signatures()[0].covers().whole_file, Some(false));
    let covered: Vec<_> =
        report.signatures()[1].references().iter().map(|it| it.name.as_str()).collect();
    assert!(covered.contains(&"META-INF/signature001.p7s"), "{covered:?}");
    assert!(covered.contains(&"META-INF/ASiCManifest001.xml"), "{covered:?}");
}

#[test]
fn a_file_that_is_exchanged_fails_the_signature() {
    let pki = Pki::new();
    let container = signed(&pki);
    let report = judge(&pki, &repacked(&container, &[("công văn.txt", Some(b"Other"))]));
    let failed = Conclusion::TotalFailed(Failed::HashFailure);
    assert_eq!(report.conclusion(), Some(failed));
    assert_eq!(report.signatures()[0].intact(), Some(false));
    assert_eq!(report.uncovered_entries(), ["công văn.txt"]);
    let report = judge(&pki, &repacked(&container, &[("phụ lục/bảng 1.csv", None)]));
    let missing = Conclusion::Indeterminate(Indeterminate::SignedDataNotFound);
    assert_eq!(report.conclusion(), Some(missing));
    assert_eq!(report.signatures()[0].intact(), Some(false));
    // That one is missing takes nothing from it that the other was exchanged.
    let both = [("công văn.txt", Some(b"Other".as_slice())), ("phụ lục/bảng 1.csv", None)];
    assert_eq!(judge(&pki, &repacked(&container, &both)).conclusion(), Some(failed));
    let simple = letter();
    let simple = ContainerBuilder::simple(at(NOW)).file("a.txt", &simple);
    let simple = simple.sign(&pki.signer()).unwrap();
    let report = judge(&pki, &repacked(&simple, &[("a.txt", Some(b"Other"))]));
    assert_eq!(report.conclusion(), Some(failed));
}

/// Programs differ in which of two files of an ASiC-S they show.
#[test]
fn an_asic_s_with_a_second_file_fails() {
    let pki = Pki::new();
    let letter = letter();
    let builder = ContainerBuilder::simple(at(NOW)).file("a.txt", &letter);
    let container = builder.sign(&pki.signer()).unwrap();
    let failed = Some(Conclusion::TotalFailed(Failed::FormatFailure));
    let more = repacked(&container, &[("b.txt", Some(b"Other"))]);
    let report = judge(&pki, &more);
    assert_eq!(report.conclusion(), failed);
    assert_eq!(report.uncovered_entries(), ["b.txt"]);
    let moved = repacked(&container, &[("a.txt", None), ("b/a.txt", Some(&letter))]);
    assert_eq!(judge(&pki, &moved).conclusion(), failed);
}

#[test]
fn a_file_that_nobody_signed_is_named() {
    let pki = Pki::new();
    let more = repacked(
        &signed(&pki),
        &[("hóa đơn.pdf", Some(b"%PDF-")), ("META-INF/note.txt", Some(b"read me"))],
    );
    let report = judge(&pki, &more);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(report.uncovered_entries(), ["hóa đơn.pdf", "META-INF/note.txt"]);
    let said = json(&report);
    let loud = said["diagnostics"].as_array().unwrap().iter();
    let loud: Vec<_> = loud.filter(|it| it["code"] == "UNCOVERED_ENTRIES").collect();
    assert!(loud[0]["message_vi"].as_str().unwrap().contains("“hóa đơn.pdf”"), "{said}");
    assert!(loud[0]["message_en"].as_str().unwrap().contains("“hóa đơn.pdf”"), "{said}");
    assert_eq!(report.signatures()[0].covers().whole_file, Some(false));
}

/// A second manifest claims the signature, and lists other files: what was signed tells.
#[test]
fn a_manifest_that_was_not_signed_lists_nothing() {
    let pki = Pki::new();
    let container = signed(&pki);
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let mut manifest = Vec::new();
    opened.extract("META-INF/ASiCManifest001.xml", &mut manifest).unwrap();
    let other = String::from_utf8(manifest).unwrap().replace("b%E1%BA%A3ng", "other");
    let forged = repacked(
        &container,
        &[
            ("META-INF/ASiCManifest000.xml", Some(other.as_bytes())),
            ("phụ lục/other 1.csv", Some(&annex())),
        ],
    );
    let report = judge(&pki, &forged);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    let covered = report.signatures()[0].covers();
    assert_eq!(covered.entry.as_deref(), Some("META-INF/ASiCManifest001.xml"));
    let idle = "META-INF/ASiCManifest000.xml";
    assert_eq!(report.uncovered_entries(), ["phụ lục/other 1.csv", idle]);
    // And without the one that was.
    let forged = repacked(&forged, &[("META-INF/ASiCManifest001.xml", None)]);
    let report = judge(&pki, &forged);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalFailed(Failed::HashFailure)));
    let broken = repacked(&container, &[("META-INF/ASiCManifest001.xml", Some(b"<a/>"))]);
    let report = judge(&pki, &broken);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalFailed(Failed::FormatFailure)));
}

#[test]
fn every_level_is_what_it_says() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), pki.validator(at(NOW)));
    let (letter, annex) = (letter(), annex());
    let simple = ContainerBuilder::simple(at(NOW)).file("a.txt", &letter);
    let extended = ContainerBuilder::extended(at(NOW)).file("a.txt", &letter).file("b", &annex);
    let levels = [
        (Level::T(&tsa), SignatureLevel::BaselineT, 1),
        (Level::Lt(&tsa, &validator), SignatureLevel::BaselineLt, 1),
        (Level::Lta(&tsa, &validator), SignatureLevel::BaselineLta, 2),
    ];
    for (level, expected, stamps) in levels {
        for builder in [&simple, &extended] {
            let at_once = builder.clone().level(&level).sign(&pki.signer()).unwrap();
            let later = builder.sign(&pki.signer()).unwrap();
            let later = Augmenter::new(level).augment(&later).unwrap();
            for container in [at_once, later] {
                let report = judge(&pki, &container);
                assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{level:?}");
                assert_eq!(report.diagnostics().count(), 0);
                let one = &report.signatures()[0];
                assert_eq!(one.level(), expected);
                assert_eq!(one.timestamps().len(), stamps, "{level:?} {builder:?}");
                assert!(one.timestamps().iter().all(|it| it.imprint_intact == Some(true)));
                assert_eq!(one.best_signature_time(), Some(tsa_time(&pki)));
            }
        }
    }
}

fn tsa_time(pki: &Pki) -> UtcTime {
    let digest = kyso::DigestAlgorithm::Sha256.digest(b"");
    pki.tsa().time_stamp(&digest).unwrap().time()
}

/// Each archive time-stamp is over the one before it, and nothing that is under one changes.
#[test]
fn an_archive_is_renewed_again_and_again() {
    let pki = Pki::new();
    let validator = pki.validator(at(NOW));
    let mut container = signed(&pki);
    let mut before: Vec<(String, Vec<u8>)> = Vec::new();
    for n in 1..5_usize {
        let tsa = pki.tsa().at(at(&format!("2026-06-{:02}T00:00:00Z", 15 + n)));
        container = Augmenter::new(Level::Lta(&tsa, &validator)).augment(&container).unwrap();
        let report = judge(&pki, &container);
        assert_eq!(report.diagnostics().count(), 0, "{:?}", json(&report)["diagnostics"]);
        let one = &report.signatures()[0];
        assert_eq!(one.level(), SignatureLevel::BaselineLta);
        assert_eq!(one.timestamps().len(), n + 1);
        assert!(one.timestamps().iter().all(|it| it.imprint_intact == Some(true)));
        let limits = Limits::default();
        let opened = Container::open(&container, &limits).unwrap();
        let entry = |name: &str| {
            let mut out = Vec::new();
            opened.extract(name, &mut out).unwrap();
            out
        };
        // All but the last time-stamp and its manifest, which were under none before.
        let last = format!("META-INF/timestamp{:03}.tst", n.saturating_sub(1));
        for (name, content) in before.iter().filter(|it| it.0 != last) {
            let name = match name.as_str() {
                "META-INF/ASiCArchiveManifest.xml" => {
                    format!("META-INF/ASiCArchiveManifest{:03}.xml", n - 1)
                }
                other => other.to_owned(),
            };
            assert_eq!(&entry(&name), content, "{name}");
        }
        before = opened.names().iter().map(|it| ((*it).to_owned(), entry(it))).collect();
    }
    // What is under a time-stamp cannot be raised by itself.
    let tsa = pki.tsa();
    let error = Augmenter::new(Level::T(&tsa)).augment(&container).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

/// The signer's certificate was revoked in July. Only what is proven to be older is believed,
/// and a time-stamp proves what its manifest lists, and nothing else.
#[test]
fn a_time_stamp_over_the_signature_outlives_a_revocation() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let bare = signed(&pki);
    let limits = Limits::default();
    let opened = Container::open(&bare, &limits).unwrap();
    let over_files = ContainerBuilder::beside(&opened, at(NOW));
    let over_all = over_files.clone().over_everything().time_stamp(&tsa).unwrap();
    let over_files = over_files.time_stamp(&tsa).unwrap();
    let lists = |revoked: &[_]| {
        let until = |list: &mut rcgen::CertificateRevocationListParams| {
            list.this_update = rcgen::date_time_ymd(2026, 8, 1);
            list.next_update = rcgen::date_time_ymd(2026, 9, 1);
            for it in &mut list.revoked_certs {
                it.revocation_time = rcgen::date_time_ymd(2026, 7, 15);
            }
        };
        [pki.root.crl_with(&[], until), pki.middle.crl_with(revoked, until)]
    };
    let revoked = lists(&[(LEAF, RevocationReason::CessationOfOperation)]);
    let later = Validator::new(pki.trust(), Policy::default(), at("2026-08-05T00:00:00Z"));
    let later = later.with_crls(revoked);
    let conclusion = |it: &Vec<u8>| later.validate(it).unwrap().conclusion().unwrap();
    assert_eq!(conclusion(&over_all), Conclusion::TotalPassed);
    let unproven = Conclusion::Indeterminate(Indeterminate::RevokedNoPoe);
    for container in [&bare, &over_files] {
        assert_eq!(conclusion(container), unproven);
    }
    // The one that was time-stamped is another one by now.
    let again = repacked(&over_all, &[("META-INF/signature001.p7s", Some(&cms_of(&pki, &bare)))]);
    assert_eq!(conclusion(&again), unproven);
    let report = later.validate(&again).unwrap();
    let stale = json(&report)["diagnostics"].to_string();
    assert!(stale.contains("STALE_TIMESTAMP"), "{stale}");
}

/// Another signature over the same manifest.
fn cms_of(pki: &Pki, container: &[u8]) -> Vec<u8> {
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let mut manifest = Vec::new();
    opened.extract("META-INF/ASiCManifest001.xml", &mut manifest).unwrap();
    let builder = cades::SignatureBuilder::new(&manifest, at("2026-06-14T00:00:00Z"));
    builder.sign(&pki.signer()).unwrap()
}

#[test]
fn a_time_stamp_proves_files_and_signs_nothing() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let (letter, annex) = (letter(), annex());
    let simple = ContainerBuilder::simple(at(NOW)).file("a.txt", &letter);
    let extended = ContainerBuilder::extended(at(NOW)).file("a.txt", &letter).file("b", &annex);
    for builder in [simple, extended] {
        let container = builder.time_stamp(&tsa).unwrap();
        let report = judge(&pki, &container);
        assert_eq!(report.conclusion(), None);
        assert!(report.signatures().is_empty());
        let [stamp] = report.document_timestamps() else { panic!("{report:?}") };
        assert_eq!(stamp.imprint_intact, Some(true));
        assert_eq!(stamp.conclusion, Conclusion::TotalPassed);
        assert!(report.uncovered_entries().is_empty());
        let changed = repacked(&container, &[("a.txt", Some(b"Other"))]);
        assert_eq!(judge(&pki, &changed).uncovered_entries(), ["a.txt"]);
    }
    // Beside signatures, it is over what they are over.
    let container = signed(&pki);
    let limits = Limits::default();
    let opened = Container::open(&container, &limits).unwrap();
    let both = ContainerBuilder::beside(&opened, at(NOW)).over_everything();
    let report = judge(&pki, &both.time_stamp(&tsa).unwrap());
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    let one = &report.signatures()[0];
    assert_eq!(one.best_signature_time(), Some(tsa_time(&pki)));
    assert_eq!(one.level(), SignatureLevel::BaselineB, "an archive takes validation data");
}

#[test]
fn names_that_make_the_container_are_kept() {
    let pki = Pki::new();
    let letter = letter();
    for name in ["mimetype", "META-INF/a.txt", "meta-inf/a.txt", "../a", "/a", "a\\b", "", "a/"] {
        let builder = ContainerBuilder::extended(at(NOW)).file(name, &letter);
        assert_eq!(builder.sign(&pki.signer()).unwrap_err().kind(), ErrorKind::Misuse, "{name:?}");
    }
    let folder = ContainerBuilder::simple(at(NOW)).file("a/b", &letter).sign(&pki.signer());
    assert_eq!(folder.unwrap_err().kind(), ErrorKind::Misuse);
    let twice = ContainerBuilder::extended(at(NOW)).file("a", &letter).file("a", &letter);
    assert_eq!(twice.sign(&pki.signer()).unwrap_err().kind(), ErrorKind::Misuse);
    let none = ContainerBuilder::extended(at(NOW)).sign(&pki.signer()).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Misuse);
}

#[test]
fn what_a_document_is_its_content_tells() {
    let pki = Pki::new();
    let validator = pki.validator(at(NOW));
    // A signed PDF is in the container, and one that stands within the first bytes.
    let pdf = std::fs::read("testdata/pdf/cairo.pdf").unwrap();
    let pdf = pades::SignatureBuilder::new(&pdf, at(NOW)).sign(&pki.signer()).unwrap();
    let builder = ContainerBuilder::extended(at(NOW)).stored().file("a.pdf", &pdf);
    let container = builder.sign(&pki.signer()).unwrap();
    assert!(container[..200].windows(5).any(|it| it == b"%PDF-"));
    let report = judge(&pki, &container);
    assert_eq!(report.format(), DocumentFormat::AsicE);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert_eq!(report.signatures().len(), 1);
    // A CMS with a container in it is none.
    let cms = cades::SignatureBuilder::new(&container, at(NOW)).enveloping();
    let cms = cms.sign(&pki.signer()).unwrap();
    assert_eq!(judge(&pki, &cms).format(), DocumentFormat::Cms);
    // Neither is any other archive, signed by others or not.
    let docx = [("[Content_Types].xml".to_owned(), b"<Types/>".to_vec())];
    let error = validator.validate(&support::zip::stored(&docx)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("no container"), "{error}");
    // What hides in a header is shown by readers of PDFs, and signed by nobody.
    let mut hidden = signed(&pki);
    let name = hidden.windows(8).position(|it| it == b"mimetype").unwrap();
    assert_eq!(name, 30);
    let shown = support::zip::with_extra(&repacked(&hidden, &[]), b"%PDF-1.7 ");
    let error = validator.validate(&shown).unwrap_err();
    assert!(error.to_string().contains("PDF besides"), "{error}");
    hidden.push(0);
    assert_eq!(validator.validate(&hidden).unwrap_err().kind(), ErrorKind::Malformed);
}

/// Entries that one reader takes from the first directory, and another from the second.
#[test]
fn a_container_with_two_directories_is_refused() {
    let pki = Pki::new();
    let container = signed(&pki);
    let other = repacked(&container, &[("công văn.txt", Some(b"Other"))]);
    let validator = pki.validator(at(NOW));
    for forged in [[&container[..], &other].concat(), support::zip::as_comment(&container, &other)]
    {
        let error = validator.validate(&forged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}
