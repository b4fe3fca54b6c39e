//! What the references of an XML signature cover is what was digested, and nothing that only
//! stands where they lead.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs)]

#[path = "support/raw_key.rs"]
#[allow(dead_code, clippy::panic)] // it makes values of other forms, too
mod raw_key;
mod support;
#[path = "support/xml.rs"]
mod xml;

use kyso::{
    CheckId, Conclusion, Indeterminate, Limits, Outcome, Policy, Report, SignatureLevel,
    TrustStore, UtcTime, Validator,
};
use xml::{
    DS, ENVELOPED, EXCLUSIVE, OF_PROPERTIES, certificate, digest, key_info, properties, qualifying,
    reference, signature, to_properties, xpath,
};

const TIME: &str = "2026-06-01T00:00:00Z";
const BODY: &str = "<b Id=\"b\"><c>15/CV</c><d>100</d></b>";

fn now() -> UtcTime {
    TIME.parse().unwrap()
}

fn validator() -> Validator {
    let trust = std::fs::read("testdata/keys/ca.crt.pem").unwrap();
    Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
}

fn judge(document: &str) -> Report {
    validator().validate(document.as_bytes()).unwrap()
}

/// In a document beside the body.
fn beside(signature: &str) -> String {
    format!("<r>{BODY}{signature}</r>")
}

fn to_body() -> String {
    reference("URI=\"#b\"", &[EXCLUSIVE], BODY.as_bytes())
}

fn says(report: &Report, id: CheckId, words: &str) -> bool {
    let checks = report.signatures()[0].checks();
    checks.iter().any(|it| it.id == id && it.message_en.contains(words))
}

#[track_caller]
fn assert_no_pass(report: &Report) {
    assert_ne!(report.signatures()[0].conclusion(), Conclusion::TotalPassed, "{report}");
}

#[test]
fn what_is_put_together_by_hand_passes() {
    let said = properties(TIME, "");
    let signed = signature(&[to_body(), to_properties(&said)], &(key_info() + &qualifying(&said)));
    let report = judge(&beside(&signed));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineB);
    assert_eq!(report.signatures()[0].claimed_time(), Some(now()));
}

/// After a canonical form all is read anew: what is left out then was never signed.
#[test]
fn properties_that_are_thinned_after_their_canonical_form_are_not_signed() {
    let (said, other) = (properties(TIME, ""), properties("2020-01-01T00:00:00Z", ""));
    let left = said.replace(&format!("<xades:SigningTime>{TIME}</xades:SigningTime>"), "");
    assert_ne!(left, said);
    let without = xpath("not(ancestor-or-self::*[local-name()='SigningTime'])");
    let attributes = format!("Type=\"{OF_PROPERTIES}\" URI=\"#sp\"");
    let thinned = reference(&attributes, &[EXCLUSIVE, &without], left.as_bytes());
    for stands in [&said, &other] {
        let rest = key_info() + &qualifying(stands);
        let report = judge(&beside(&signature(&[to_body(), thinned.clone()], &rest)));
        assert_no_pass(&report);
        let one = &report.signatures()[0];
        assert_eq!((one.claimed_time(), one.level()), (None, SignatureLevel::NotEtsi), "{report}");
    }
    // The same canonical form twice leaves nothing out.
    let twice = reference(&attributes, &[EXCLUSIVE, EXCLUSIVE], said.as_bytes());
    let rest = key_info() + &qualifying(&said);
    let report = judge(&beside(&signature(&[to_body(), twice], &rest)));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

fn manifest(digested: &str) -> String {
    format!(
        "<ds:Manifest xmlns:ds=\"{DS}\" Id=\"m\">{}</ds:Manifest>",
        reference("URI=\"#b\"", &[EXCLUSIVE], digested.as_bytes())
    )
}

#[test]
fn a_manifest_of_which_nothing_is_digested_says_nothing() {
    let said = properties(TIME, "");
    let object = format!("<ds:Object>{}</ds:Object>", manifest(BODY));
    let rest = key_info() + &qualifying(&said) + &object;
    let whole = reference("URI=\"#m\"", &[EXCLUSIVE], manifest(BODY).as_bytes());
    let report = judge(&beside(&signature(&[whole, to_properties(&said)], &rest)));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert!(says(&report, CheckId::ManifestEntries, "intact"), "{report}");
    let nothing = reference("URI=\"#m\"", &[&xpath("false()")], b"");
    let report = judge(&beside(&signature(&[nothing, to_properties(&said)], &rest)));
    assert!(!says(&report, CheckId::ManifestEntries, "intact"), "{report}");
    assert_eq!(report.conclusion(), Some(Indeterminate::SignedDataNotFound.into()), "{report}");
}

#[test]
fn a_countersignature_over_nothing_confirms_nothing() {
    let said = properties(TIME, "");
    let value = |it: &str| {
        let start = it.find("<ds:SignatureValue").unwrap();
        let end = it.find("</ds:SignatureValue>").unwrap();
        let value = &it[start..end + "</ds:SignatureValue>".len()];
        value.replacen("<ds:SignatureValue", &format!("<ds:SignatureValue xmlns:ds=\"{DS}\""), 1)
    };
    let references = [to_body(), to_properties(&said)];
    let outer = signature(&references, &(key_info() + &qualifying(&said)));
    let over = value(&outer);
    for (transform, digested, passes) in
        [(EXCLUSIVE.to_owned(), over.as_str(), true), (xpath("false()"), "", false)]
    {
        let inner_said = said.replace("Id=\"sp\"", "Id=\"sp2\"");
        let attributes = format!("Type=\"{OF_PROPERTIES}\" URI=\"#sp2\"");
        let references = [
            reference("URI=\"#v\"", &[&transform], digested.as_bytes()),
            reference(&attributes, &[EXCLUSIVE], inner_said.as_bytes()),
        ];
        let inner = signature(&references, &(key_info() + &qualifying(&inner_said)));
        let inner = inner.replace("Id=\"s\"", "Id=\"s2\"").replace("\"#s\"", "\"#s2\"");
        let inner = inner.replace(" Id=\"v\"", "").replace(" Id=\"k\"", "");
        let unsigned = format!(
            "</xades:SignedProperties><xades:UnsignedProperties>\
             <xades:UnsignedSignatureProperties><xades:CounterSignature>{inner}\
             </xades:CounterSignature></xades:UnsignedSignatureProperties>\
             </xades:UnsignedProperties>"
        );
        let both = outer.replacen("</xades:SignedProperties>", &unsigned, 1);
        let report = judge(&beside(&both));
        let [first, counter] = report.signatures() else { panic!("{report}") };
        assert_eq!(first.conclusion(), Conclusion::TotalPassed, "{report}");
        assert!(counter.is_counter_signature());
        assert_eq!(counter.intact(), Some(passes), "{report}");
    }
}

/// Of a signature that is all there is, nothing is left once it is taken out.
#[test]
fn a_document_that_is_the_signature_is_not_covered() {
    let said = properties(TIME, "");
    let nothing = reference("URI=\"\"", &[ENVELOPED, EXCLUSIVE], b"");
    let rest = key_info() + &qualifying(&said) + "<ds:Object>Pay 900.</ds:Object>";
    let report = judge(&signature(&[nothing, to_properties(&said)], &rest));
    assert_no_pass(&report);
    let one = &report.signatures()[0];
    assert_ne!(one.covers().whole_file, Some(true), "{report}");
    assert!(says(&report, CheckId::FormatStructure, "nothing signs"), "{report}");
}

#[test]
fn an_object_that_nothing_signs_is_told() {
    let said = properties(TIME, "");
    let object = |text: &str| format!("<ds:Object xmlns:ds=\"{DS}\" Id=\"o\">{text}</ds:Object>");
    let rest = key_info() + &qualifying(&said) + &object("Pay 900.");
    let passes = |references: &[String]| {
        let report = judge(&beside(&signature(references, &rest)));
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        says(&report, CheckId::FormatStructure, "nothing signs")
    };
    assert!(passes(&[to_body(), to_properties(&said)]));
    let to_object = reference("URI=\"#o\"", &[EXCLUSIVE], object("Pay 900.").as_bytes());
    assert!(!passes(&[to_body(), to_object, to_properties(&said)]));
    let nothing = reference("URI=\"#o\"", &[&xpath("false()")], b"");
    assert!(passes(&[to_body(), nothing, to_properties(&said)]));
    // Beside the properties, in their Object.
    for (more, told) in [(" <!-- Pay 900. --> ", false), ("Pay 900.", true), ("<pay/>", true)] {
        let all = qualifying(&said).replace("</ds:Object>", &format!("{more}</ds:Object>"));
        let signed = signature(&[to_body(), to_properties(&said)], &(key_info() + &all));
        let report = judge(&beside(&signed));
        assert_eq!(says(&report, CheckId::FormatStructure, "nothing signs"), told, "{report}");
    }
}

/// A reference to the root element leaves out what stands beside it, as an instruction on how
/// to show it; one to the document does not.
#[test]
fn an_instruction_beside_the_root_is_no_part_of_it() {
    let (said, root) = (properties(TIME, ""), "<r Id=\"r\"></r>");
    let rest = key_info() + &qualifying(&said);
    let to_root = reference("URI=\"#r\"", &[ENVELOPED, EXCLUSIVE], root.as_bytes());
    let signed = signature(&[to_root, to_properties(&said)], &rest);
    let signed = root.replace("></r>", &format!(">{signed}</r>"));
    let covers = |document: &str| {
        let report = judge(document);
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        report.signatures()[0].covers().whole_file
    };
    assert_eq!(covers(&signed), Some(true));
    assert_eq!(covers(&format!("<!-- Pay 900. -->{signed}")), Some(true));
    let shown = "<?xml-stylesheet href=\"evil.xsl\"?>";
    assert_eq!(covers(&format!("{shown}{signed}")), Some(false));
    assert_eq!(covers(&format!("{signed}\n{shown}")), Some(false));
    let shown_and_root = format!("{shown}\n{root}");
    let to_all = reference("URI=\"\"", &[ENVELOPED, EXCLUSIVE], shown_and_root.as_bytes());
    let whole = signature(&[to_all, to_properties(&said)], &rest);
    let whole = shown_and_root.replace("></r>", &format!(">{whole}</r>"));
    assert_eq!(covers(&whole), Some(true));
}

/// What is said of a document is not said of files beside it, and nothing is where they are
/// missing or the value is wrong.
#[test]
fn a_document_and_files_beside_it_are_told_apart() {
    let said = properties(TIME, "");
    let other = reference("URI=\"other.txt\"", &[], b"other");
    let references = [to_body(), other, to_properties(&said)];
    let signed = beside(&signature(&references, &(key_info() + &qualifying(&said))));
    let files = vec![("other.txt", b"other".to_vec())];
    let judged =
        |document: &str| validator().validate_with_files(document.as_bytes(), &files).unwrap();
    let report = judged(&signed);
    assert_eq!(report.signatures()[0].covers().files, ["other.txt"]);
    let text = report.to_string();
    assert!(text.contains("a part of the file; the files “other.txt”"), "{text}");
    assert!(says(&report, CheckId::MessageDigest, "has not been changed"), "{report}");
    assert!(!says(&judge(&signed), CheckId::MessageDigest, "has not been changed"));
    let at = signed.find("<ds:SignatureValue Id=\"v\">").unwrap() + 27;
    let first = if signed[at..].starts_with('A') { "B" } else { "A" };
    let wrong = [&signed[..at], first, &signed[at + 1..]].concat();
    assert_eq!(judged(&wrong).signatures()[0].signature_value_ok(), Some(false));
    assert!(judged(&wrong).signatures()[0].covers().files.is_empty());
}

#[test]
fn what_a_signature_says_of_itself_is_no_data() {
    let said = properties(TIME, "");
    let property = format!(
        "<ds:SignatureProperties xmlns:ds=\"{DS}\" Id=\"p\"><ds:SignatureProperty \
         Target=\"#s\">x</ds:SignatureProperty></ds:SignatureProperties>"
    );
    let object = format!("<ds:Object>{property}</ds:Object>");
    let rest = key_info() + &qualifying(&said) + &object;
    let again = |uri: &str, digested: &str| {
        reference(&format!("URI=\"#{uri}\""), &[EXCLUSIVE], digested.as_bytes())
    };
    for about in [again("sp", &said), again("p", &property), again("k", &key_info())] {
        let report = judge(&beside(&signature(&[about, to_properties(&said)], &rest)));
        assert_eq!(report.conclusion(), Some(Indeterminate::SignedDataNotFound.into()), "{report}");
    }
    // Read anew, an expression leaves nothing of what is referred to.
    let nothing = reference("URI=\"#b\"", &[EXCLUSIVE, &xpath("false()")], b"");
    let report = judge(&beside(&signature(&[nothing, to_properties(&said)], &rest)));
    assert_eq!(report.conclusion(), Some(Indeterminate::SignedDataNotFound.into()), "{report}");
}

/// Taking one signed thing away does not take back that another was changed.
#[test]
fn what_was_changed_stays_so_where_something_else_is_missing() {
    let said = properties(TIME, "");
    let other = reference("URI=\"other.txt\"", &[], b"other");
    let references = [to_body(), other, to_properties(&said)];
    let signed = beside(&signature(&references, &(key_info() + &qualifying(&said))));
    let failed = |document: &str, files: &[(&str, Vec<u8>)]| {
        let report = validator().validate_with_files(document.as_bytes(), &files.to_vec()).unwrap();
        let conclusion = report.signatures()[0].conclusion();
        (conclusion, conclusion.sub_indication())
    };
    let files = [("other.txt", b"other".to_vec())];
    assert_eq!(failed(&signed, &files).0, Conclusion::TotalPassed);
    assert_eq!(
        failed(&signed, &[]),
        (Indeterminate::SignedDataNotFound.into(), Some("SIGNED_DATA_NOT_FOUND"))
    );
    let changed = signed.replace("15/CV", "16/CV");
    assert_eq!(failed(&changed, &files).1, Some("HASH_FAILURE"));
    assert_eq!(failed(&changed, &[]).1, Some("HASH_FAILURE"));
}

#[test]
fn properties_that_were_changed_claim_nothing() {
    let said = properties(TIME, "");
    let other = properties("2020-01-01T00:00:00Z", "");
    let rest = key_info() + &qualifying(&other);
    let report = judge(&beside(&signature(&[to_body(), to_properties(&said)], &rest)));
    let one = &report.signatures()[0];
    assert_eq!(one.conclusion().sub_indication(), Some("HASH_FAILURE"), "{report}");
    assert_eq!(one.claimed_time(), None);
    // A digest that is not known is not a place that is.
    let unknown = to_properties(&said).replace("xmlenc#sha256", "xmlenc#sha2560");
    let rest = key_info() + &qualifying(&said);
    let report = judge(&beside(&signature(&[to_body(), unknown], &rest)));
    assert_no_pass(&report);
    assert!(!says(&report, CheckId::SignedData, "does not stand in this very"), "{report}");
    assert!(says(&report, CheckId::MessageDigest, "is not supported"), "{report}");
}

/// A body whose signed manifest has SHA-1 of it.
#[test]
fn the_digests_of_manifests_have_to_be_strong() {
    let said = properties(TIME, "");
    let listed = manifest(BODY).replace(
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2000/09/xmldsig#sha1",
    );
    let weak = kyso::DigestAlgorithm::Sha1.digest(BODY.as_bytes());
    let weak = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, weak.value());
    let listed = listed.replace(&digest(BODY.as_bytes()), &weak);
    let object = format!("<ds:Object>{listed}</ds:Object>");
    let whole = reference("URI=\"#m\"", &[EXCLUSIVE], listed.as_bytes());
    let rest = key_info() + &qualifying(&said) + &object;
    let report = judge(&beside(&signature(&[whole, to_properties(&said)], &rest)));
    assert!(says(&report, CheckId::ManifestEntries, "intact"), "{report}");
    assert_no_pass(&report);
    assert!(says(&report, CheckId::DigestStrength, "too weak"), "{report}");
}

/// The serial number in the first edition's reference.
fn with_serial(serial: &str) -> String {
    let first = |it: &str| it.replace("SigningCertificateV2", "SigningCertificate");
    let issuer = format!(
        "</xades:CertDigest><xades:IssuerSerial><ds:X509IssuerName xmlns:ds=\"{DS}\">CN=x\
         </ds:X509IssuerName><ds:X509SerialNumber xmlns:ds=\"{DS}\">{serial}\
         </ds:X509SerialNumber></xades:IssuerSerial>"
    );
    first(&properties(TIME, "")).replace("</xades:CertDigest>", &issuer)
}

#[test]
fn a_serial_number_that_is_none_is_not_the_certificates() {
    for serial in ["12x", &"9".repeat(65), ""] {
        let said = with_serial(serial);
        let rest = key_info() + &qualifying(&said);
        let report = judge(&beside(&signature(&[to_body(), to_properties(&said)], &rest)));
        let id = CheckId::SigningCertificateIssuerSerial;
        assert!(says(&report, id, "not the certificate's"), "{serial}: {report}");
    }
}

#[test]
fn a_weak_digest_of_the_certificate_is_told() {
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, certificate());
    let der = der.unwrap();
    let weak = kyso::DigestAlgorithm::Sha1.digest(&der);
    let weak = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, weak.value());
    let said = properties(TIME, "")
        .replace(
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2000/09/xmldsig#sha1",
        )
        .replace(&digest(&der), &weak);
    let rest = key_info() + &qualifying(&said);
    let report = judge(&beside(&signature(&[to_body(), to_properties(&said)], &rest)));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert!(says(&report, CheckId::DigestStrength, "names the signer's certificate"), "{report}");
}

fn properties_without_certificate() -> String {
    let said = properties(TIME, "");
    let (before, rest) = said.split_once("<xades:SigningCertificateV2>").unwrap();
    let after = rest.split_once("</xades:SigningCertificateV2>").unwrap().1;
    format!("{before}{after}")
}

/// TS 101 903 §4.4.1: a signed `KeyInfo` names the certificate as well as a property does.
#[test]
fn a_signed_key_info_names_the_certificate() {
    let said = properties_without_certificate();
    let rest = key_info() + &qualifying(&said);
    let to_key_info = reference("URI=\"#k\"", &[EXCLUSIVE], key_info().as_bytes());
    let references = [to_body(), to_key_info, to_properties(&said)];
    let report = judge(&beside(&signature(&references, &rest)));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert!(says(&report, CheckId::SigningCertificateReference, "names the signer's"), "{report}");
    assert_eq!(report.signatures()[0].level(), SignatureLevel::Bes);
    // Where nothing of it is digested, it names nothing.
    let nothing = reference("URI=\"#k\"", &[&xpath("false()")], b"");
    for references in
        [vec![to_body(), nothing, to_properties(&said)], vec![to_body(), to_properties(&said)]]
    {
        let report = judge(&beside(&signature(&references, &rest)));
        assert!(says(&report, CheckId::SigningCertificateReference, "does not name"), "{report}");
        assert_eq!(report.signatures()[0].level(), SignatureLevel::NotEtsi);
    }
}

#[test]
fn both_editions_of_the_reference_to_the_certificate_have_to_agree() {
    let second = properties(TIME, "");
    let start = second.find("<xades:SigningCertificateV2>").unwrap();
    let end = second.find("</xades:SignedSignatureProperties>").unwrap();
    let first = second[start..end].replace("SigningCertificateV2", "SigningCertificate");
    let other = first.replace(&digest_of_certificate(), &digest(b"another"));
    for (first, passes) in [(first, true), (other, false)] {
        let said = properties(TIME, &first);
        let rest = key_info() + &qualifying(&said);
        let report = judge(&beside(&signature(&[to_body(), to_properties(&said)], &rest)));
        let one = &report.signatures()[0];
        assert_eq!(one.conclusion() == Conclusion::TotalPassed, passes, "{report}");
        let warned = |it: &&kyso::Check| it.id == CheckId::SignedAttributes;
        assert_eq!(one.checks().iter().find(warned).map(|it| it.outcome), Some(Outcome::Warning));
    }
}

fn digest_of_certificate() -> String {
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, certificate());
    digest(&der.unwrap())
}

/// The key that is known to have made the value is not asked again what it came to.
#[test]
fn each_key_is_tried_once_on_a_value() {
    let said = properties(TIME, "");
    let signed = signature(&[to_body(), to_properties(&said)], &(key_info() + &qualifying(&said)));
    let mut limits = Limits::default();
    limits.xml_value_checks = 1;
    let report = validator().with_limits(limits).validate(beside(&signed).as_bytes()).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

/// An expression may leave out what matters, and the rest still is what was signed.
#[test]
fn what_an_expression_leaves_out_is_told() {
    let said = properties(TIME, "");
    let rest = key_info() + &qualifying(&said);
    let left = BODY.replace("<d>100</d>", "");
    let thinned = reference("URI=\"#b\"", &[&xpath("not(ancestor-or-self::d)")], left.as_bytes());
    for (to_body, whole) in [(to_body(), true), (thinned, false)] {
        let report = judge(&beside(&signature(&[to_body, to_properties(&said)], &rest)));
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        assert_eq!(says(&report, CheckId::MessageDigest, "Only a part"), !whole, "{report}");
        let document = beside("");
        let one = &report.signatures()[0].references()[0];
        let element = one.element.as_ref().unwrap();
        let [from, length] = element.byte_range.map(|it| usize::try_from(it).unwrap());
        assert_eq!(&document[from..from + length], BODY);
        assert_eq!((element.name.as_str(), element.whole), ("b", whole));
        assert_eq!(one.transforms.len(), 1);
    }
}
