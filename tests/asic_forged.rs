//! Containers that a forger added to: what nobody signed is not to look as if somebody had.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::asic::{Augmenter, Container, ContainerBuilder, Level};
use kyso::tsp::TimeStampAuthority;
use kyso::{Conclusion, DigestAlgorithm, ErrorKind, Limits, Report, SignatureLevel, UtcTime};
use rcgen::SigningKey;
use support::pki::{CONTENT, NOW, Pki};

type Entries = Vec<(String, Vec<u8>)>;

const SIGNATURE: &str = "META-INF/signature001.p7s";
const XML: &str = "META-INF/signatures001.xml";
const FORGED: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF";

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn judged(pki: &Pki, entries: &Entries) -> kyso::Result<Report> {
    pki.validator(at(NOW)).validate(&support::zip::stored(entries))
}

fn judge(pki: &Pki, entries: &Entries) -> Report {
    judged(pki, entries).unwrap()
}

fn entries(container: &[u8]) -> Entries {
    let opened = Container::open(&container, &Limits::default()).unwrap();
    let content = |name: &str| {
        let mut content = Vec::new();
        opened.extract(name, &mut content).unwrap();
        (name.to_owned(), content)
    };
    kyso::Files::names(&opened).into_iter().map(content).collect()
}

/// A letter, signed by CMS.
fn signed(pki: &Pki) -> Entries {
    let builder = ContainerBuilder::extended(at(NOW)).file("a.txt", &CONTENT);
    entries(&builder.sign(&pki.signer()).unwrap())
}

fn put(entries: &mut Entries, name: &str, content: impl AsRef<[u8]>) {
    entries.retain(|it| it.0 != name);
    entries.push((name.to_owned(), content.as_ref().to_vec()));
}

fn content<'e>(entries: &'e Entries, name: &str) -> &'e [u8] {
    &entries.iter().find(|it| it.0 == name).unwrap().1
}

fn codes(report: &Report) -> Vec<String> {
    let said = serde_json::to_value(report).unwrap();
    let all = said["diagnostics"].as_array().unwrap();
    all.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

fn digest(octets: &[u8]) -> String {
    STANDARD.encode(DigestAlgorithm::Sha256.digest(octets).value())
}

fn manifest(of: &str, listed: &[(&str, &[u8])]) -> String {
    let one = |(name, octets): &(&str, &[u8])| {
        format!(
            "<a:DataObjectReference URI=\"{name}\"><d:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <d:DigestValue>{}</d:DigestValue></a:DataObjectReference>",
            digest(octets)
        )
    };
    let all: String = listed.iter().map(one).collect();
    format!(
        "<a:ASiCManifest xmlns:a=\"http://uri.etsi.org/02918/v1.2.1#\" \
         xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><a:SigReference URI=\"{of}\"/>\
         {all}</a:ASiCManifest>"
    )
}

/// A reference to be signed: its URI, its transforms, and what is digested.
type Reference<'r> = (&'r str, &'r str, &'r [u8]);

/// A document of one XML signature, by the key of the leaf, over these references as they are.
fn in_xml(pki: &Pki, references: &[Reference<'_>]) -> String {
    const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
    let one = |(uri, transforms, octets): &Reference<'_>| {
        format!(
            "<Reference URI=\"{uri}\">{transforms}<DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod>\
             <DigestValue>{}</DigestValue></Reference>",
            digest(octets)
        )
    };
    let references: String = references.iter().map(one).collect();
    let signed = format!(
        "<SignedInfo xmlns=\"{DS}\"><CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></CanonicalizationMethod>\
         <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\">\
         </SignatureMethod>{references}</SignedInfo>"
    );
    let value = STANDARD.encode(raw(&pki.leaf_key.sign(signed.as_bytes()).unwrap()));
    let certificates = [&pki.leaf, &pki.middle.certificate];
    let certificates = certificates
        .map(|it| format!("<X509Certificate>{}</X509Certificate>", STANDARD.encode(it.der())));
    format!(
        "<r><Signature xmlns=\"{DS}\">{signed}<SignatureValue>{value}</SignatureValue><KeyInfo>\
         <X509Data>{}</X509Data></KeyInfo></Signature></r>",
        certificates.concat()
    )
}

/// The two numbers of an ECDSA signature as XML has them (RFC 9231 §2.3.6).
fn raw(der: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), &der[2..]);
    while let [2, len, after @ ..] = rest {
        let (number, after) = after.split_at(usize::from(*len));
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        out.extend(std::iter::repeat_n(0, 32 - number.len()));
        out.extend(number);
        rest = after;
    }
    out
}

fn container(files: &[(&str, &[u8])], signatures: &str) -> Entries {
    let mut all = vec![("mimetype".into(), b"application/vnd.etsi.asic-e+zip".to_vec())];
    all.extend(files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())));
    put(&mut all, XML, signatures);
    all
}

fn assert_intact(report: &Report) {
    let one = &report.signatures()[0];
    assert_eq!((one.intact(), one.signature_value_ok()), (Some(true), Some(true)), "{report:#?}");
}

/// Readers of PDFs show what begins in the first kilobyte, wherever that is.
#[test]
fn a_pdf_that_nobody_signed_makes_it_no_container() {
    let pki = Pki::new();
    for name in ["META-INF/manifest.xml", "META-INF/container.xml", "quyết định.pdf"] {
        let mut forged = signed(&pki);
        forged.insert(1, (name.into(), FORGED.to_vec()));
        let error = judged(&pki, &forged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(error.to_string().contains("PDF besides"), "{name}: {error}");
    }
    let mut forged =
        container(&[("b.xml", b"<b></b>")], &in_xml(&pki, &[("b.xml", C14N, b"<b></b>")]));
    assert_intact(&judge(&pki, &forged));
    forged[1].1 = [b"<b><!--", FORGED, b"--></b>"].concat();
    assert!(judged(&pki, &forged).unwrap_err().to_string().contains("PDF besides"));
    // One that was signed and exchanged is no other file: what is wrong is said of it.
    let builder = ContainerBuilder::extended(at(NOW)).file("a.pdf", &FORGED);
    let mut changed = entries(&builder.sign(&pki.signer()).unwrap());
    assert_eq!(judge(&pki, &changed).conclusion(), Some(Conclusion::TotalPassed));
    changed[1].1.push(b'\n');
    let report = judge(&pki, &changed);
    assert_eq!(report.signatures()[0].conclusion().sub_indication(), Some("HASH_FAILURE"));
    assert_eq!(report.uncovered_entries(), ["a.pdf"]);
}

/// They take it from the end of the file, or from the last objects.
#[test]
fn nothing_around_a_signed_pdf_goes_on_with_it() {
    let pki = Pki::new();
    let builder = ContainerBuilder::extended(at(NOW)).file("a.pdf", &FORGED);
    let signed = entries(&builder.sign(&pki.signer()).unwrap());
    let blanks = " ".repeat(300_000);
    for part in [
        "<!-- 1 0 obj<</Type/Catalog>>-->",
        "<!-- 12\n7  obj -->",
        "<!--\nstartxref 9-->",
        "<!-- 1 0obj[]-->",
        // A comment is as good as a blank (ISO 32000-1 §7.2.3).
        "<!-- 1 0%x\nobj<</Type/Catalog>>-->",
        "<!-- 1%x\r0 obj<</Type/Catalog>>-->",
        &format!("<!-- 1 0{blanks}obj -->"),
    ] {
        let mut forged = signed.clone();
        put(&mut forged, "META-INF/manifest.xml", part);
        let error = judged(&pki, &forged).unwrap_err();
        assert!(error.to_string().contains("parts of a PDF"), "{part:.40}: {error}");
        let mut text = support::zip::stored(&forged);
        let seekable = kyso::Seekable::new(std::io::Cursor::new(text.clone())).unwrap();
        assert!(pki.validator(at(NOW)).validate(&seekable).is_err(), "{part:.40}");
        // Nothing of that is a PDF where none begins.
        let begin = text.windows(5).position(|it| it == b"%PDF-").unwrap();
        text[begin] = b'#';
        assert!(
            !pki.validator(at(NOW)).validate(&text).unwrap_err().to_string().contains("parts of")
        );
    }
    for harmless in ["<!-- 1 object, 2.0 obj, a7obj, startref -->", "<obj/>"] {
        let mut all = signed.clone();
        put(&mut all, "META-INF/manifest.xml", harmless);
        assert_eq!(judge(&pki, &all).conclusion(), Some(Conclusion::TotalPassed), "{harmless}");
    }
}

/// The time-stamp is over one manifest; another one says that it is its own.
#[test]
fn a_manifest_that_was_not_time_stamped_covers_nothing() {
    let pki = Pki::new();
    let builder = ContainerBuilder::extended(at(NOW)).file("a.txt", &CONTENT);
    let mut all = entries(&builder.time_stamp(&pki.tsa()).unwrap());
    let stamp = all.iter().find(|it| it.0.ends_with(".tst")).unwrap().0.clone();
    let claim = manifest(&stamp, &[("evil.txt", b"Pay 900.")]);
    put(&mut all, "META-INF/ASiCManifest900.xml", claim);
    put(&mut all, "evil.txt", b"Pay 900.");
    let report = judge(&pki, &all);
    assert_eq!(report.document_timestamps()[0].imprint_intact, Some(true));
    assert_eq!(report.uncovered_entries()[0], "evil.txt");
    assert!(!report.uncovered_entries().contains(&"a.txt".to_owned()));
}

/// What is covered tells the file that was digested, not what a reader is told of it.
#[test]
fn files_are_covered_by_their_names_however_long() {
    let pki = Pki::new();
    let (long, cut) = ("a".repeat(250), "a".repeat(200));
    let signature = in_xml(&pki, &[(&long, "", b"letter")]);
    let mut all = container(&[(&long, b"letter")], &signature);
    let report = judge(&pki, &all);
    assert_intact(&report);
    assert!(report.uncovered_entries().is_empty(), "{:?}", report.uncovered_entries());
    put(&mut all, &cut, b"Pay 900.");
    assert_eq!(judge(&pki, &all).uncovered_entries(), [cut]);
    // The signature is over its own document, and not over what is called so.
    const ENVELOPED: &str = "<Transforms><Transform \
        Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></Transform></Transforms>";
    let signature = in_xml(&pki, &[("", ENVELOPED, b"<r></r>"), ("a.txt", "", CONTENT)]);
    let all = container(&[("a.txt", CONTENT), ("(document)", b"Pay 900.")], &signature);
    let report = judge(&pki, &all);
    assert_intact(&report);
    assert_eq!(report.uncovered_entries(), ["(document)"]);
    // What looks like a scheme is the name of a file where there is one.
    let signature = in_xml(&pki, &[("no:15.txt", "", CONTENT)]);
    let report = judge(&pki, &container(&[("no:15.txt", CONTENT)], &signature));
    assert_intact(&report);
    assert!(report.uncovered_entries().is_empty(), "{:?}", report.uncovered_entries());
}

const C14N: &str = "<Transforms><Transform \
    Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></Transform></Transforms>";

/// What a transform leaves out can be written anew.
#[test]
fn a_file_that_is_signed_in_part_is_not_covered() {
    const XPATH: &str = "<Transforms><Transform \
        Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
        <XPath>not(ancestor-or-self::sum)</XPath></Transform></Transforms>";
    let pki = Pki::new();
    let data = |sum: &str| format!("<order><sum>{sum}</sum></order>").into_bytes();
    let signature = in_xml(&pki, &[("data.xml", XPATH, b"<order></order>")]);
    for sum in ["100", "900"] {
        let report = judge(&pki, &container(&[("data.xml", &data(sum))], &signature));
        assert_intact(&report);
        assert_eq!(report.uncovered_entries(), ["data.xml"]);
        assert_eq!(codes(&report), ["UNCOVERED_ENTRIES", "PARTLY_COVERED_ENTRIES"]);
    }
    // Comments are left out of the canonical form, and read by whoever opens the file.
    let signature = in_xml(&pki, &[("data.xml", C14N, b"<order></order>")]);
    let report =
        judge(&pki, &container(&[("data.xml", b"<order><!-- 900 --></order>")], &signature));
    assert_intact(&report);
    assert_eq!(codes(&report), ["UNCOVERED_ENTRIES", "PARTLY_COVERED_ENTRIES"]);
    // But that is what OpenDocument signs of its documents (its part 2, §5.2).
    let mut document = container(
        &[("content.xml", b"<order/>")],
        &in_xml(&pki, &[("content.xml", C14N, b"<order></order>")]),
    );
    document[0].1 = b"application/vnd.oasis.opendocument.text".to_vec();
    let report = judge(&pki, &document);
    assert_intact(&report);
    assert!(report.uncovered_entries().is_empty());
    // With the comments it is all that XML says.
    let with = C14N.replace("20010315", "20010315#WithComments");
    let signature = in_xml(&pki, &[("data.xml", &with, b"<order></order>")]);
    let report = judge(&pki, &container(&[("data.xml", b"<order />")], &signature));
    assert_intact(&report);
    assert!(report.uncovered_entries().is_empty());
}

#[test]
fn a_time_stamp_that_proves_nothing_raises_no_level() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), pki.validator(at(NOW)));
    let builder = ContainerBuilder::extended(at(NOW)).file("a.txt", &CONTENT);
    let level = Level::Lt(&tsa, &validator);
    let builder = builder.level(&level);
    let signed = entries(&builder.sign(&pki.signer()).unwrap());
    let level = |it: &Entries| judge(&pki, it).signatures()[0].level();
    assert_eq!(level(&signed), SignatureLevel::BaselineLt);
    const STAMP: &str = "META-INF/timestamp001.tst";
    let stamped = |listed: &[u8], stamped: bool| {
        let mut all = signed.clone();
        let list = manifest(STAMP, &[(SIGNATURE, listed)]);
        let over = if stamped { list.as_bytes() } else { b"something else" };
        let token = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(over)).unwrap();
        put(&mut all, "META-INF/ASiCArchiveManifest.xml", &list);
        put(&mut all, STAMP, token.der());
        all
    };
    let signature = content(&signed, SIGNATURE);
    assert_eq!(level(&stamped(signature, true)), SignatureLevel::BaselineLta);
    for proves_nothing in [stamped(signature, false), stamped(b"another", true)] {
        assert_eq!(level(&proves_nothing), SignatureLevel::BaselineLt);
    }
    let mut garbage = stamped(signature, true);
    put(&mut garbage, STAMP, b"garbage");
    assert_eq!(level(&garbage), SignatureLevel::BaselineLt);
}

/// Who cannot sign can still say the digest of a file.
#[test]
fn a_signature_whose_value_fails_covers_nothing() {
    let pki = Pki::new();
    let builder = ContainerBuilder::extended(at(NOW)).file("evil.txt", &CONTENT);
    let mut all = entries(&builder.sign(&pki.signer()).unwrap());
    let mut junk = content(&all, SIGNATURE).to_vec();
    *junk.last_mut().unwrap() ^= 1;
    put(&mut all, SIGNATURE, &junk);
    let report = judge(&pki, &all);
    assert_eq!(report.signatures()[0].signature_value_ok(), Some(false));
    assert!(report.signatures()[0].references().iter().all(|it| it.intact == Some(true)));
    assert_eq!(report.uncovered_entries(), ["evil.txt"]);
    let genuine = in_xml(&pki, &[("evil.txt", "", CONTENT)]);
    let mut all = container(&[("evil.txt", CONTENT)], &genuine);
    assert!(judge(&pki, &all).uncovered_entries().is_empty());
    let of_another = in_xml(&Pki::new(), &[("evil.txt", "", CONTENT)]);
    let value = |it: &str| it.split("SignatureValue>").nth(1).unwrap().to_owned();
    put(&mut all, XML, genuine.replace(&value(&genuine), &value(&of_another)));
    assert_eq!(judge(&pki, &all).uncovered_entries(), ["evil.txt"]);
}

#[test]
fn what_stands_beside_the_signatures_and_is_in_no_use_is_told() {
    let pki = Pki::new();
    let odd = [
        "META-INF/x-signature.xml",
        "META-INF/x/metadata.xml",
        "META-INF/x/manifest.xml",
        "meta-inf/container.xml",
        "META-INF/Manifest.xml",
        "META-INF/note.txt",
    ];
    for name in odd {
        let mut all = signed(&pki);
        put(&mut all, name, "<a>Pay 900.</a>");
        let report = judge(&pki, &all);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
        assert_eq!(report.uncovered_entries(), [name]);
    }
    for name in ["META-INF/manifest.xml", "META-INF/container.xml", "META-INF/metadata.xml"] {
        let mut all = signed(&pki);
        put(&mut all, name, "<a/>");
        assert!(judge(&pki, &all).uncovered_entries().is_empty(), "{name}");
    }
    // A list that is no signature's.
    for of in ["", "META-INF/none.p7s", SIGNATURE] {
        let mut all = signed(&pki);
        put(&mut all, "META-INF/ASiCManifest900.xml", manifest(of, &[("a.txt", CONTENT)]));
        let report = judge(&pki, &all);
        assert_eq!(report.uncovered_entries(), ["META-INF/ASiCManifest900.xml"], "{of}");
    }
    // LibreOffice signs the list of files: it was covered, and is not any more.
    let list = b"<manifest/>";
    let signature = in_xml(&pki, &[("META-INF/manifest.xml", "", list), ("a.txt", "", CONTENT)]);
    let mut all = container(&[("a.txt", CONTENT), ("META-INF/manifest.xml", list)], &signature);
    assert!(judge(&pki, &all).uncovered_entries().is_empty());
    put(&mut all, "META-INF/manifest.xml", "<manifest><other/></manifest>");
    assert!(judge(&pki, &all).uncovered_entries().contains(&"META-INF/manifest.xml".to_owned()));
}

/// Estonia's older containers refer to their files from the root.
#[test]
fn a_leading_slash_is_the_root_of_the_container() {
    let pki = Pki::new();
    let signature = in_xml(&pki, &[("/th%C6%B0.txt", "", CONTENT)]);
    let report = judge(&pki, &container(&[("thư.txt", CONTENT)], &signature));
    assert_intact(&report);
    assert!(report.uncovered_entries().is_empty());
    let builder = ContainerBuilder::extended(at(NOW)).file("a.txt", &CONTENT);
    let mut all = entries(&builder.time_stamp(&pki.tsa()).unwrap());
    let stamp = all.iter().find(|it| it.0.ends_with(".tst")).unwrap().0.clone();
    let list = manifest(&format!("/{stamp}"), &[("/a.txt", CONTENT)]);
    let token = pki.tsa().time_stamp(&DigestAlgorithm::Sha256.digest(list.as_bytes())).unwrap();
    all.retain(|it| !it.0.contains("ASiCManifest"));
    put(&mut all, "META-INF/ASiCManifest.xml", list);
    put(&mut all, &stamp, token.der());
    let report = judge(&pki, &all);
    assert_eq!(report.document_timestamps()[0].imprint_intact, Some(true));
    assert!(report.uncovered_entries().is_empty());
}

/// Each document is read once, and no more of them than may be.
#[test]
fn documents_of_signatures_are_read_once_to_be_raised() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let document = format!("<r>{}</r>", "<a><b/></a>".repeat(1_500));
    let names: Vec<_> = (100..160).map(|n| format!("META-INF/signatures{n}.xml")).collect();
    let over = names.iter().map(|it| (it.as_str(), "", document.as_bytes())).collect::<Vec<_>>();
    let mut all = container(&[("a.txt", CONTENT)], "");
    all.retain(|it| it.0 != XML);
    names.iter().for_each(|it| put(&mut all, it, &document));
    put(&mut all, "META-INF/signatures900.xml", in_xml(&pki, &over));
    let archive = support::zip::stored(&all);
    let raise = |limits: Limits| {
        let begun = Instant::now();
        let raised = Augmenter::new(Level::T(&tsa)).with_limits(limits).augment(&archive);
        println!("{:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        raised.unwrap_err().kind()
    };
    assert_ne!(raise(Limits::default()), ErrorKind::LimitExceeded);
    let mut few = Limits::default();
    few.asic_signatures = names.len();
    assert_eq!(raise(few), ErrorKind::LimitExceeded);
}

/// Its list says of what kind the document is, and more that is not known here.
#[test]
fn nothing_is_added_to_an_open_document() {
    let pki = Pki::new();
    let mut all = container(&[("content.xml", b"<office/>")], "<signatures/>");
    all.retain(|it| it.0 != XML);
    all[0].1 = b"application/vnd.oasis.opendocument.text".to_vec();
    put(&mut all, "META-INF/manifest.xml", "<manifest/>");
    let document = support::zip::stored(&all);
    let opened = Container::open(&document, &Limits::default()).unwrap();
    let beside = ContainerBuilder::beside(&opened, at(NOW)).with_xades();
    let error = beside.clone().file("more.txt", &CONTENT).sign(&pki.signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let signed = beside.sign(&pki.signer()).unwrap();
    assert_eq!(content(&entries(&signed), "META-INF/manifest.xml"), b"<manifest/>");
}

/// A list of ten thousand files under sixty signers is told sixty times.
#[test]
fn references_are_bounded_however_many_sign_them() {
    let pki = Pki::new();
    let by_cms = signed(&pki);
    let files = [("a.txt", "", CONTENT); 3];
    let in_xml = container(&[("a.txt", CONTENT)], &in_xml(&pki, &files));
    let mut listed = by_cms.clone();
    put(&mut listed, "META-INF/ASiCManifest900.xml", manifest("x", &[("a.txt", CONTENT); 9]));
    for (entries, most, what) in [(by_cms, 1, ""), (in_xml, 3, ""), (listed, 10, "manifests")] {
        let bounded = |asic_references: usize| {
            let mut limits = Limits::default();
            limits.asic_references = asic_references;
            pki.validator(at(NOW)).with_limits(limits).validate(&support::zip::stored(&entries))
        };
        assert!(bounded(most).is_ok());
        let error = bounded(most - 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert!(error.to_string().contains(what), "{error}");
    }
}

/// Files count as covered as they are where what lists them is what was signed, by a value that
/// holds.
#[test]
fn files_are_covered_by_what_holds() {
    let pki = Pki::new();
    let files = |entries: &Entries| {
        let report = judge(&pki, entries);
        report.signatures()[0].covers().files.clone()
    };
    let signed = signed(&pki);
    assert_eq!(files(&signed), ["a.txt"]);
    let (mut listed, mut value) = (signed.clone(), signed);
    listed.iter_mut().find(|it| it.0.contains("Manifest")).unwrap().1.push(b'\n');
    assert!(files(&listed).is_empty());
    let cms = value.iter_mut().find(|it| it.0 == SIGNATURE).unwrap();
    *cms.1.last_mut().unwrap() ^= 1;
    assert!(files(&value).is_empty());

    // Without signed attributes the value itself is over the file.
    let rsa = support::cms::Identity::rsa();
    let mut bare = support::cms::Cms::over(CONTENT, &rsa);
    bare.signed.clear();
    let bare = bare.with_value(&rsa, &rsa.sign_rsa(CONTENT));
    let mut simple = vec![("mimetype".into(), b"application/vnd.etsi.asic-s+zip".to_vec())];
    put(&mut simple, "a.txt", CONTENT);
    put(&mut simple, "META-INF/signature.p7s", bare);
    assert_eq!(files(&simple), ["a.txt"]);
    put(&mut simple, "a.txt", b"another");
    assert!(files(&simple).is_empty());
}
