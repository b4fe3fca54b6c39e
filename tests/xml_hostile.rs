//! XML that is made to be costly, at the door: each ends within seconds in an error or a
//! report that names what was too much.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, missing_docs)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine;
use kyso::{
    Conclusion, Error, ErrorKind, Failed, Limits, Policy, Report, SoftwareSigner, TrustStore,
    UtcTime, Validator, xades,
};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Without optimisations, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(30);

fn now() -> UtcTime {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn validated(xml: &[u8]) -> Result<Report, Error> {
    validated_within(xml, Limits::default())
}

fn validated_within(xml: &[u8], limits: Limits) -> Result<Report, Error> {
    let trust = fs::read("testdata/keys/ca.crt.pem").unwrap();
    let validator = Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
        .with_limits(limits);
    let begun = Instant::now();
    let answer = validator.validate(xml);
    println!("{} bytes in {:?}", xml.len(), begun.elapsed());
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    answer
}

#[track_caller]
fn assert_refused(xml: &str, kind: ErrorKind, words: &str) {
    let error = validated(xml.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

/// A signature with these references, whose value is nobody's.
fn signature(references: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo><ds:CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>{references}\
         </ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"
    )
}

fn reference(uri: &str, transforms: &str) -> String {
    format!(
        "<ds:Reference URI=\"{uri}\">{transforms}<ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
         <ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"
    )
}

fn signed() -> String {
    let read = |end: &str| fs::read(format!("testdata/keys/p256.{end}.pem")).unwrap();
    let signer = SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap();
    let document = b"<r><a Id=\"a\">15/CV</a></r>".as_slice();
    let signed = xades::SignatureBuilder::enveloped(&document, now()).sign(&signer).unwrap();
    String::from_utf8(signed).unwrap()
}

#[test]
fn no_entity_is_ever_declared() {
    let laughs: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let start = "<!DOCTYPE r [<!ENTITY l0 \"ha\">";
    for bomb in [
        format!("{start}{laughs}]><r>&l9;</r>"),
        format!("{start}]><r a=\"&l0;\"/>"),
        "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>".to_owned(),
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\"> %p;]><r/>".to_owned(),
        format!(
            "<!DOCTYPE r [<!ENTITY x \"{}\">]><r>{}</r>",
            "x".repeat(1 << 20),
            "&x;".repeat(1 << 18)
        ),
        signed().replacen("<r>", "<!DOCTYPE r [<!ATTLIST a Id ID \"b\">]><r>", 1),
    ] {
        assert_refused(&bomb, ErrorKind::Malformed, "document type declaration");
    }
    assert_refused("<r>&l0;</r>", ErrorKind::Malformed, "l0");
}

#[test]
fn the_bombs_of_others_do_not_go_off() {
    let Some(folder) = support::samples::corpus("xml-bombs") else { return };
    let cases: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    for case in &cases {
        let bytes = fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
        // Even one that harms nothing is refused for its declaration.
        let declares = bytes.windows(9).any(|it| it == b"<!DOCTYPE");
        match validated(&bytes) {
            Ok(report) => assert!(!declares && report.conclusion().is_none(), "{case}"),
            Err(error) => assert!(declares && error.kind() == ErrorKind::Malformed, "{error}"),
        }
    }
    println!("xml-bombs: {} cases at the door", cases.len());
}

#[test]
fn what_is_too_much_is_named() {
    use ErrorKind::LimitExceeded;
    let deep = "<a>".repeat(100_000);
    assert_refused(&deep, LimitExceeded, "nested elements");
    let within =
        signed().replacen("<r>", &format!("<r>{}{}", "<a>".repeat(200), "</a>".repeat(200)), 1);
    assert_refused(&within, LimitExceeded, "nested elements");
    let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=\"\"")).collect();
    assert_refused(&format!("<r{attributes}/>"), LimitExceeded, "attributes");
    let namespaces: String = (0..100_000).map(|n| format!(" xmlns:n{n}=\"urn:{n}\"")).collect();
    assert_refused(&format!("<r{namespaces}/>"), LimitExceeded, "attributes");
    let inherited: String =
        (0..60).map(|n| format!("<r xmlns:a{n}=\"a\" xmlns:b{n}=\"b\">")).collect();
    assert_refused(&inherited, LimitExceeded, "namespaces");
    assert_refused(&format!("<r>{}</r>", "<a/>".repeat(1_000_000)), LimitExceeded, "elements");
    assert_refused(&format!("<{}/>", "r".repeat(1 << 20)), LimitExceeded, "name");
    assert_refused(&format!("<r a=\"{}\"/>", "a".repeat(2 << 20)), LimitExceeded, "bytes");
}

/// Each of them holds as many certificates as are tried, none of which signed.
#[test]
fn checks_of_values_are_counted() {
    let root = support::pki::root("x");
    let certificate = |n: u64| {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = root.certify(&support::pki::params("x", n), &key);
        let der = base64::engine::general_purpose::STANDARD.encode(made.der());
        format!("<ds:X509Certificate>{der}</ds:X509Certificate>")
    };
    let certificates: String = (1..17).map(certificate).collect();
    let key_info = format!("<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>");
    let end = "</ds:SignatureValue>";
    let one = signature(&reference("", "")).replace(end, &format!("{end}{key_info}"));
    let many = |count: usize| format!("<r>{}</r>", one.repeat(count));
    assert_eq!(validated(many(125).as_bytes()).unwrap().signatures().len(), 125);
    assert_refused(&many(126), ErrorKind::LimitExceeded, "checks of signature values");
}

/// What is digested once may be looked through for data as often as it is referred to.
#[test]
fn looking_for_data_is_bounded() {
    let comments = "<!---->".repeat(50_000);
    let (object, end) = (format!("<ds:Object Id=\"o\">{comments}</ds:Object>"), "</ds:Signature>");
    let signed = signature(&reference("#o", "").repeat(10_000));
    let signed = signed.replace(end, &format!("{object}{end}"));
    assert_refused(&signed, ErrorKind::LimitExceeded, "octets digested");
}

#[test]
fn references_are_counted() {
    let many = |count: usize| {
        let references: String = (0..count).map(|n| reference(&format!("#a{n}"), "")).collect();
        let elements: String = (0..count).map(|n| format!("<a Id=\"a{n}\"/>")).collect();
        format!("<r>{elements}{}</r>", signature(&references))
    };
    let report = validated(many(10_000).as_bytes()).unwrap();
    assert_eq!(report.signatures()[0].references().len(), 10_000);
    assert!(matches!(report.conclusion(), Some(Conclusion::TotalFailed(_))), "{report}");
    assert_refused(&many(10_001), ErrorKind::LimitExceeded, "references");
}

/// Each over nearly the whole document, which is digested as often as differs.
#[test]
fn what_is_digested_is_bounded() {
    let text = "x".repeat(1 << 20);
    let same: String = (0..10_000).map(|_| reference("", "")).collect();
    let report = validated(format!("<r>{text}{}</r>", signature(&same)).as_bytes()).unwrap();
    assert_eq!(report.conclusion(), Some(Failed::HashFailure.into()));
    let nested: String = (0..60).map(|n| format!("<a Id=\"a{n}\">")).collect();
    let ends = "</a>".repeat(60);
    let transforms = ["", "#WithComments"].map(|it| {
        format!(
            "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#{}\"/>\
             </ds:Transforms>",
            it.trim_start_matches('#')
        )
    });
    let references: String = (0..60)
        .flat_map(|n| transforms.iter().map(move |it| reference(&format!("#a{n}"), it)))
        .collect();
    let texts = "x".repeat(1 << 20) + "<b/>";
    let document = format!("<r>{nested}{}{ends}{}</r>", texts.repeat(8), signature(&references));
    // As many times its length as are permitted, which are fewer here.
    let mut limits = Limits::default();
    (limits.xml_digest_bytes, limits.xml_digest_factor) = (1 << 20, 4);
    let error = validated_within(document.as_bytes(), limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    assert!(error.to_string().contains("digested"), "{error}");
}

#[test]
fn transforms_cannot_run_forever() {
    let xpath = |expression: &str| {
        format!(
            "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
             <ds:XPath>{expression}</ds:XPath></ds:Transform></ds:Transforms>"
        )
    };
    let elements = "<a><b/></a>".repeat(20_000);
    let costly = "count(//a[count(//b[count(//a)&gt;0])&gt;0])&gt;0";
    let with = |expression: &str| {
        let signature = signature(&reference("", &xpath(expression)));
        let mut limits = Limits::default();
        limits.xml_xpath_steps = 2_000_000;
        validated_within(format!("<r>{elements}{signature}</r>").as_bytes(), limits)
    };
    let error = with(costly).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    assert!(error.to_string().contains("steps of XPath"), "{error}");
    // Not understood, and so of no avail.
    let report = with(&format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000))).unwrap();
    assert_eq!(report.signatures()[0].references()[0].intact, None);
    assert_eq!(report.signatures()[0].intact(), Some(false));
    let one = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let chain = format!("<ds:Transforms>{}</ds:Transforms>", one.repeat(1_000));
    let document = format!("<r>{}</r>", signature(&reference("", &chain)));
    assert_refused(&document, ErrorKind::LimitExceeded, "transforms");
}

/// Each leaves nothing after the first of its transforms, and goes through all of a document
/// with the others.
#[test]
fn passes_over_all_nodes_are_counted() {
    let nothing = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
                   <ds:XPath>false()</ds:XPath></ds:Transform>";
    let transforms = format!(
        "<ds:Transforms>{}<ds:Transform Algorithm=\"urn:x\"/></ds:Transforms>",
        nothing.repeat(14)
    );
    let names: String = (0..60).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
    let signature = signature(&reference("#leaf", &transforms).repeat(200));
    let elements = "<e/>".repeat(50_000);
    let document = format!("<r{names}><e Id=\"leaf\"/>{elements}{signature}</r>");
    let mut limits = Limits::default();
    limits.xml_xpath_steps = 10_000_000;
    let error = validated_within(document.as_bytes(), limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    assert!(error.to_string().contains("steps of XPath"), "{error}");
}

/// A language that is a megabyte long is asked for at each node.
#[test]
fn long_strings_are_counted() {
    let language = "a".repeat((1 << 20) - 1);
    let asked = ["lang('a')"; 100].join(" or ");
    let transforms = format!(
        "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
         <ds:XPath>{asked}</ds:XPath></ds:Transform></ds:Transforms>"
    );
    let document = format!(
        "<r xml:lang=\"{language}\">{}{}</r>",
        "<e/>".repeat(100_000),
        signature(&reference("", &transforms))
    );
    // What it takes is little now, and is within the bound or not.
    match validated(document.as_bytes()) {
        Ok(report) => assert_eq!(report.signatures().len(), 1),
        Err(error) => assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}"),
    }
    let name = "u".repeat(10_000);
    assert_refused(&format!("<r xmlns=\"{name}\"/>"), ErrorKind::LimitExceeded, "namespace");
}

/// Sixty namespaces are in force in each of many elements, and each is found.
#[test]
fn what_is_found_is_bounded() {
    const FILTER2: &str = "http://www.w3.org/2002/06/xmldsig-filter2";
    let one =
        format!("<f:XPath xmlns:f=\"{FILTER2}\" Filter=\"subtract\">//namespace::*</f:XPath>");
    let filters = format!(
        "<ds:Transforms><ds:Transform Algorithm=\"{FILTER2}\">{}</ds:Transform></ds:Transforms>",
        one.repeat(7)
    );
    let names: String = (0..60).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
    let (elements, signature) = ("<e/>".repeat(40_000), signature(&reference("", &filters)));
    let document = format!("<r{names}>{elements}{signature}</r>");
    assert_refused(&document, ErrorKind::LimitExceeded, "found at once");
}

/// Containers of time-stamps without any, each of which would have to find out what it is over.
#[test]
fn containers_of_time_stamps_are_counted() {
    let signed = signed();
    let end = "</xades:QualifyingProperties>";
    assert!(signed.contains(end), "{signed}");
    let stamps = "<xades:ArchiveTimeStamp/>".repeat(1_000);
    let properties = format!(
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{stamps}\
         </xades:UnsignedSignatureProperties></xades:UnsignedProperties>{end}"
    );
    let end_of_all = "</ds:Signature>";
    let objects = "<ds:Object Id=\"a\"/>".repeat(90_000);
    let document = signed.replacen(end, &properties, 1).replacen(
        end_of_all,
        &format!("{objects}{end_of_all}"),
        1,
    );
    assert_refused(&document, ErrorKind::LimitExceeded, "time-stamps");
}

/// Evidence records that are none, each of which would be said to cover all before it.
#[test]
fn evidence_records_that_are_none_are_counted() {
    let (signed, end) = (signed(), "</xades:QualifyingProperties>");
    let sealing = |count: usize| {
        let records = "<a/>".repeat(count);
        let properties = format!(
            "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>\
             <en:SealingEvidenceRecords xmlns:en=\"http://uri.etsi.org/19132/v1.1.1#\">{records}\
             </en:SealingEvidenceRecords></xades:UnsignedSignatureProperties>\
             </xades:UnsignedProperties>{end}"
        );
        signed.replacen(end, &properties, 1)
    };
    assert_refused(&sealing(201), ErrorKind::LimitExceeded, "time-stamps");
    let report = validated(sealing(200).as_bytes()).unwrap();
    assert_eq!(report.signatures()[0].evidence_records().len(), 200);
}

#[test]
fn signatures_are_counted() {
    let beside = signature(&reference("", ""));
    let report = validated(format!("<r>{}</r>", beside.repeat(1_000)).as_bytes()).unwrap();
    assert_eq!(report.signatures().len(), 1_000);
    let more = format!("<r>{}</r>", beside.repeat(1_001));
    assert_refused(&more, ErrorKind::LimitExceeded, "signatures");
    let object = format!("<ds:Object xmlns:ds=\"{DS}\">");
    let mut within = String::new();
    for _ in 0..25 {
        within = beside
            .replace("</ds:Signature>", &format!("{object}{within}</ds:Object></ds:Signature>"));
    }
    let report = validated(within.as_bytes()).unwrap();
    assert_eq!(report.signatures().len(), 25);
}
