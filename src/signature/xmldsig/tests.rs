use std::sync::LazyLock;

use super::*;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::base64::encode;
use crate::encoding::xml::{Document, NodeId, decode};
use crate::error::ErrorKind;
use crate::keys::{Signer, SoftwareSigner};
use crate::limits::Limits;
use crate::source::{Files, Source};
use crate::time::UtcTime;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
const CANONICAL: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";

fn signer(name: &str) -> SoftwareSigner {
    let read = |kind| std::fs::read(format!("{KEYS}/{name}.{kind}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

fn now() -> UtcTime {
    signer("p256").certificate_chain()[0].not_before()
}

/// A reference as text; a digest of nothing in particular.
fn reference(uri: &str, transforms: &[&str], digest: &[u8]) -> String {
    let transforms: String = transforms
        .iter()
        .map(|it| match it.split_once('|') {
            Some((uri, inside)) => {
                format!("<ds:Transform Algorithm='{uri}'>{inside}</ds:Transform>")
            }
            None => format!("<ds:Transform Algorithm='{it}'/>"),
        })
        .collect();
    let transforms = if transforms.is_empty() {
        transforms
    } else {
        format!("<ds:Transforms>{transforms}</ds:Transforms>")
    };
    format!(
        "<ds:Reference URI='{}'>{transforms}<ds:DigestMethod \
         Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><ds:DigestValue>{}\
         </ds:DigestValue></ds:Reference>",
        uri.replace('\'', "&apos;"),
        encode(digest)
    )
}

fn signature(references: &str, objects: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds='{DS}'><ds:SignedInfo><ds:CanonicalizationMethod \
         Algorithm='{CANONICAL}'/><ds:SignatureMethod \
         Algorithm='http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'/>{references}\
         </ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>{objects}</ds:Signature>"
    )
}

/// What becomes of the references of the first signature.
fn process(
    text: &str,
    files: Option<&dyn Files>,
    limits: &Limits,
) -> crate::error::Result<Vec<Processed>> {
    let document = Document::parse(text, 0, limits)?;
    let element = Signature::all_in(&document, limits)?[0];
    let signature = Signature::read(&document, element, limits)?;
    let mut dereferencer = Dereferencer::new(&document, files, limits);
    signature.signed_info.references.iter().map(|it| dereferencer.process(element, it)).collect()
}

fn found(text: &str, files: Option<&dyn Files>) -> Vec<String> {
    let processed = process(text, files, &LIMITS).expect(text);
    processed.iter().map(|it| format!("{:?}", it.found)).collect()
}

/// The octets that the first reference of the first signature digests.
fn octets(text: &str) -> String {
    let document = Document::parse(text, 0, &LIMITS).unwrap();
    let element = Signature::all_in(&document, &LIMITS).unwrap()[0];
    let signature = Signature::read(&document, element, &LIMITS).unwrap();
    let mut octets = Vec::new();
    let mut dereferencer = Dereferencer::new(&document, None, &LIMITS);
    let first = &signature.signed_info.references[0];
    dereferencer.write(element, first, &mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

#[test]
fn references_lead_to_what_is_digested() {
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let filter = |inside: &str| format!("{FILTER2}|{inside}");
    let path = |kind: &str, text: &str| {
        format!("<f:XPath xmlns:f='{FILTER2}' Filter='{kind}'>{text}</f:XPath>")
    };
    let two = path("intersect", "//c") + &path("union", "//d");
    let rest = "<c>QUI<!--x-->=</c><d Id='d'>x<!--y--></d>";
    for (uri, transforms, expected) in [
        ("", vec![ENVELOPED, CANONICAL], "<a><c>QUI=</c><d Id=\"d\">x</d></a>".to_owned()),
        ("#d", vec![], "<d Id=\"d\">x</d>".to_owned()),
        ("#xpointer(id('d'))", vec![], "<d Id=\"d\">x</d>".to_owned()),
        (
            "#xpointer(id('d'))",
            vec!["http://www.w3.org/2001/10/xml-exc-c14n#WithComments"],
            "<d Id=\"d\">x<!--y--></d>".to_owned(),
        ),
        ("", vec![ENVELOPED, &filter(&path("intersect", "//c")), BASE64], "AB".to_owned()),
        (
            "",
            vec![&format!("{xpath}|<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>")],
            "<a><c>QUI=</c><d Id=\"d\">x</d></a>".to_owned(),
        ),
        (
            "",
            vec![&format!("{xpath}|<ds:XPath>ancestor-or-self::d or self::a</ds:XPath>")],
            "<a><d Id=\"d\">x</d></a>".to_owned(),
        ),
        (
            "",
            vec![&filter(&path("subtract", "//ds:Signature | //c"))],
            "<a><d Id=\"d\">x</d></a>".to_owned(),
        ),
        ("", vec![&filter(&two)], "<c>QUI=</c><d Id=\"d\">x</d>".to_owned()),
        (
            "",
            vec![&format!("{xpath}|<ds:XPath>count(. | here()) = 1</ds:XPath>")],
            "<ds:XPath></ds:XPath>".to_owned(),
        ),
        // Octets are read as XML again, where there is more to be done.
        (
            "",
            vec![ENVELOPED, CANONICAL, &filter(&path("intersect", "//d"))],
            "<d Id=\"d\">x</d>".to_owned(),
        ),
    ] {
        let transforms: Vec<&str> = transforms.into_iter().collect();
        let text = format!("<a>{rest}{}</a>", signature(&reference(uri, &transforms, &[]), ""));
        assert_eq!(octets(&text), expected, "{uri} {transforms:?}");
    }
}

#[test]
fn what_cannot_be_followed_is_said() {
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    for (uri, transforms, expected) in [
        ("#none", vec![], "Missing"),
        ("#twice", vec![], "Ambiguous"),
        ("file.txt", vec![], "Missing"),
        ("#xpointer(//a)", vec![], "Unsupported"),
        ("", vec![xslt], "Unsupported"),
        ("", vec![BASE64], "Malformed"),
        ("%", vec![], "Malformed"),
        ("", vec![CANONICAL, ENVELOPED], "Malformed"),
        ("#b", vec![], "Differs"),
    ] {
        let signature = signature(&reference(uri, &transforms, &[1]), "");
        let text = format!("<a>.<b Id='twice'/><b id='twice'/><b Id='b'/>{signature}</a>");
        let found = found(&text, None);
        assert!(found[0].starts_with(expected), "{uri} {transforms:?}: {found:?}");
    }
}

#[test]
fn files_are_followed_by_name() {
    let files = vec![("tờ trình.txt".to_owned(), b"xyz".to_vec())];
    let digest = DigestAlgorithm::Sha256.digest(b"xyz");
    let named = reference("t%E1%BB%9D%20tr%C3%ACnh.txt", &[], digest.value());
    let unnamed = named.replace(" URI='t%E1%BB%9D%20tr%C3%ACnh.txt'", "");
    let text = signature(&(named + &unnamed + &reference("tờ", &[], &[])), "");
    assert_eq!(found(&text, Some(&files)), ["Matches", "Matches", "Missing"]);
    let processed = process(&text, Some(&files), &LIMITS).unwrap();
    assert!(matches!(processed[0].covered, Some(Covered::File { as_it_stands: true })));
    assert_eq!(processed[0].target, Some(Target::File("tờ trình.txt".into())));
}

/// What is covered is what was digested: not the element that has its Id elsewhere, and not
/// what a transform has left out.
#[test]
fn covered_is_what_was_digested() {
    let empty = format!("{FILTER2}|<f:XPath xmlns:f='{FILTER2}' Filter='subtract'>//e</f:XPath>");
    let references = reference("#b", &[], &[]) + &reference("#b", &[&empty], &[]);
    let text =
        format!("<a><b Id='b'>x<c/><e/></b><b>x<c/><e/></b>{}</a>", signature(&references, ""));
    let document = Document::parse(&text, 0, &LIMITS).unwrap();
    let processed = process(&text, None, &LIMITS).unwrap();
    let [whole, without] = [0, 1].map(|it| processed[it].covered.as_ref().unwrap());
    let all = |local: &str| -> Vec<NodeId> {
        let is = |it: &NodeId| document.element(*it).is_some_and(|it| it.local == local);
        document.subtree(NodeId::ROOT).filter(is).collect()
    };
    let holds = |covered: &Covered, local: &str| -> Vec<bool> {
        all(local).into_iter().map(|it| covered.holds(&document, it)).collect()
    };
    for local in ["b", "c", "e"] {
        assert_eq!(holds(whole, local), [true, false], "{local}");
    }
    assert_eq!(holds(without, "b"), [false, false]);
    assert_eq!(holds(without, "c"), [true, false]);
    assert_eq!(holds(without, "e"), [false, false]);
}

#[test]
fn signatures_are_by_their_schema() {
    let good = signature(&reference("", &[ENVELOPED], &[]), "<ds:Object>any<thing/></ds:Object>");
    let read = |text: &str| {
        let document = Document::parse(text, 0, &LIMITS).unwrap();
        let element = Signature::all_in(&document, &LIMITS).unwrap()[0];
        Signature::read(&document, element, &LIMITS).map(|it| it.objects.len())
    };
    assert_eq!(read(&good).unwrap(), 1);
    for (from, to) in [
        ("<ds:SignedInfo>", "<ds:SignedInfo>text"),
        ("<ds:SignedInfo>", "<ds:SignedInfo><ds:KeyName/>"),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        ("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>"),
        ("</ds:Signature>", "<x/></ds:Signature>"),
        ("<ds:SignatureValue>AAAA", "<ds:SignatureValue>A*AA"),
        ("<ds:SignatureValue>AAAA", "<ds:SignatureValue>A"),
        ("<ds:SignatureValue>AAAA</ds:SignatureValue>", ""),
        ("<ds:DigestValue></ds:DigestValue>", ""),
        ("<ds:Transform ", "<ds:Transfor "),
        (" Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'", ""),
        ("<ds:DigestValue>", "<ds:DigestValue/><ds:DigestValue>"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let text = text.replace(
            "<ds:Transfor Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>",
            "<ds:Transfor/>",
        );
        let error = read(&text).map(drop).expect_err(&text);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{text}");
    }
}

/// Ten thousand references to the whole cost what one does; to as many parts with all that
/// is in them, no more than is allowed.
#[test]
fn what_is_digested_is_bounded() {
    let same = reference("", &[ENVELOPED], &[]).repeat(10_000);
    let text = format!("<a>{}{}</a>", "x".repeat(1 << 20), signature(&same, ""));
    let few = Limits { xml_digest_factor: 1, xml_digest_bytes: 0, ..Limits::default() };
    assert_eq!(process(&text, None, &few).unwrap().len(), 10_000);

    let mut parts = String::new();
    (0..60).for_each(|it| parts.push_str(&format!("<b Id='b{it}'>")));
    parts.push_str(&"y".repeat(1 << 18));
    (0..60).for_each(|_| parts.push_str("</b>"));
    let references: String = (0..60).map(|it| reference(&format!("#b{it}"), &[], &[])).collect();
    let text = format!("<a>{parts}{}</a>", signature(&references, ""));
    let limits = Limits { xml_digest_factor: 10, xml_digest_bytes: 0, ..Limits::default() };
    let error = process(&text, None, &limits).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);

    for limits in [
        Limits { xml_references: 1, ..Limits::default() },
        Limits { xml_transforms: 0, ..Limits::default() },
        Limits { xml_signatures: 0, ..Limits::default() },
    ] {
        let text = signature(&reference("", &[ENVELOPED], &[]).repeat(2), "");
        let error = process(&text, None, &limits).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    }
    let bomb = "http://www.w3.org/TR/1999/REC-xpath-19991116|<ds:XPath>\
                count(//node()[count(//node()[count(//node()) > 1]) > 1]) > 1</ds:XPath>";
    let text =
        format!("<a>{}{}</a>", "<b/>".repeat(1_000), signature(&reference("", &[bomb], &[]), ""));
    let limits = Limits { xml_xpath_steps: 1_000_000, ..Limits::default() };
    let error = process(&text, None, &limits).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

/// All references match and the value is the certificate's key's.
fn verifies(bytes: &[u8], files: Option<&dyn Files>) -> bool {
    verifies_nth(bytes, files, 0)
}

fn verifies_nth(bytes: &[u8], files: Option<&dyn Files>, nth: usize) -> bool {
    let (text, mark) = decode(bytes).unwrap();
    let document = Document::parse(&text, mark, &LIMITS).unwrap();
    let element = Signature::all_in(&document, &LIMITS).unwrap()[nth];
    let signature = Signature::read(&document, element, &LIMITS).unwrap();
    let mut dereferencer = Dereferencer::new(&document, files, &LIMITS);
    let key_info = KeyInfo::read(&document, signature.key_info.unwrap(), &LIMITS).unwrap();
    let key = key_info.certificates[0].public_key_info();
    let value = dereferencer.check_value(&signature, key).unwrap();
    value.is_valid()
        && signature
            .signed_info
            .references
            .iter()
            .all(|it| matches!(dereferencer.process(element, it).unwrap().found, Found::Matches))
}

const LETTER: &[u8] = b"\xEF\xBB\xBF<?xml version='1.0'?>\r\n<l:letter xmlns:l='urn:l' \
    xmlns:ds='urn:other' xml:lang='vi'>\r\n<to Id='to'>Room &amp; hall</to><sig Id='s'>.</sig>\
    <!-- c --></l:letter>\n";

#[test]
fn what_is_signed_verifies() {
    let file: &[u8] = b"a file of any kind\0";
    for name in ["p256", "p384", "rsa2048", "ed25519", "rsapss"] {
        let signer = signer(name);
        let enveloped = SignatureBuilder::enveloped(&LETTER, now()).id("S1");
        let signed = enveloped.sign(&signer).unwrap();
        assert!(verifies(&signed, None), "{name}");
        assert!(signed.ends_with(b"</ds:Signature></l:letter>\n"));
        // A second one is over the first, which is over all but itself.
        let twice = SignatureBuilder::enveloped(&signed, now()).inside("s").sign(&signer).unwrap();
        assert!(verifies(&twice, None) && !verifies_nth(&twice, None, 1), "{name}");
        let over = SignatureBuilder::over(&LETTER, ["to"], now()).sign(&signer).unwrap();
        assert!(verifies(&over, None), "{name}");
        let moved = String::from_utf8(over).unwrap().replace("Room", "Hall");
        assert!(!verifies(moved.as_bytes(), None), "{name}");
        let own = SignatureBuilder::over(&LETTER, ["s"], now()).inside("s").sign(&signer).unwrap();
        assert!(verifies(&own, None), "{name}");
        let enveloping = SignatureBuilder::enveloping(&file, now()).sign(&signer).unwrap();
        assert!(verifies(&enveloping, None), "{name}");
        let files = vec![("a b/tờ?#.txt".to_owned(), file.to_vec())];
        let names = files.iter().map(|(name, file)| (name.clone(), file as &dyn Source));
        let detached = SignatureBuilder::detached(names, now()).sign(&signer).unwrap();
        assert!(verifies(&detached, Some(&files)), "{name}");
        assert!(!verifies(&detached, None), "{name}");
    }
}

/// A signature that stands elsewhere is what it was: nothing that is around is in it.
#[test]
fn a_signature_can_be_moved() {
    let signed = SignatureBuilder::over(&LETTER, ["to"], now()).sign(&signer("p256")).unwrap();
    let text = String::from_utf8(signed).unwrap();
    let from = text.find("<ds:Signature").unwrap();
    let to = text.find("</l:letter>").unwrap();
    let moved = format!(
        "<x xmlns='urn:x' xml:base='y'><ds xmlns:ds='urn:z'>{}</ds><to xmlns='' Id='to'>Room &amp; hall</to></x>",
        &text[from..to]
    );
    assert!(verifies(moved.as_bytes(), None));
}

#[test]
fn what_is_prepared_can_be_stored() {
    let signer = signer("p256");
    let builder = SignatureBuilder::enveloped(&LETTER, now());
    let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap();
    let stored = serde_json::to_string(&prepared).unwrap();
    let value = signer.sign(prepared.to_be_signed()).unwrap();
    let restored: crate::signature::Prepared = serde_json::from_str(&stored).unwrap();
    let other = crate::keys::SignatureValue::new(value.bytes().to_vec());
    let signed = restored.complete(&other).unwrap();
    assert!(verifies(&signed.to_vec(LETTER).unwrap(), None));
    let swapped = String::from_utf8_lossy(LETTER).replace("Room", "Hall").into_bytes();
    assert_eq!(signed.to_vec(&swapped).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let signer = signer("p256");
    let kind = |builder: SignatureBuilder<'_>| builder.sign(&signer).unwrap_err().kind();
    let text: &[u8] = b"no XML";
    assert_eq!(kind(SignatureBuilder::enveloped(&text, now())), ErrorKind::Malformed);
    assert_eq!(kind(SignatureBuilder::over(&LETTER, ["none"], now())), ErrorKind::Misuse);
    let nothing: [(&str, &dyn Source); 0] = [];
    assert_eq!(kind(SignatureBuilder::detached(nothing, now())), ErrorKind::Misuse);
    let algorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    let builder = SignatureBuilder::enveloped(&LETTER, now());
    assert!(builder.prepare(signer.certificate_chain(), algorithm).is_err());
}

/// Signed documents with octets cut out, doubled and changed: nothing panics, and the
/// canonical forms keep to what they promise.
#[test]
fn hostile_octets_are_borne() {
    let signed = SignatureBuilder::enveloped(&LETTER, now()).sign(&signer("p256")).unwrap();
    assert!(exhaust::document(&signed) && exhaust::canonical(&signed));
    assert!(exhaust::signatures(&signed));
    for at in (0..signed.len()).step_by(7) {
        let (mut cut, mut changed) = (signed.clone(), signed.clone());
        cut.drain(at..(at + 5).min(signed.len()));
        changed[at] = b"<>&\"'# :/"[at % 9];
        for bytes in [cut, changed] {
            exhaust::document(&bytes);
            exhaust::canonical(&bytes);
            exhaust::signatures(&bytes);
        }
    }
}
