//! The validation report of ETSI TS 119 102-2: its structure, what it refers to, and that
//! names from outside stay text in it. `tests/interop/etsi.py` holds it against the schema.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    Error, ErrorKind, Policy, Report, SoftwareSigner, TrustStore, UtcTime, Validator, cades, xades,
};
use rcgen::{DnType, KeyPair, RevocationReason};
use support::cms::{Cms, Identity, attribute, oid, seq, sha256};
use support::pki::{self, LEAF, NOW, Pki};

/// An element: its name, its attributes, its text, its children.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

/// Reads what the report's writer may write, and nothing else.
#[track_caller]
fn parse(xml: &str) -> Element {
    let mut open = vec![Element::default()];
    for piece in xml.split('<').skip(2) {
        let (tag, text) = piece.split_once('>').unwrap();
        assert!(!text.contains('>'), "{text:?}");
        if let Some(name) = tag.strip_prefix('/') {
            let done = open.pop().unwrap();
            assert_eq!(done.name, name);
            open.last_mut().unwrap().children.push(done);
            assert_eq!(text.trim(), "");
            continue;
        }
        let (tag, empty) = match tag.strip_suffix(" /") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, rest) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':'), "{name:?}");
        let attributes = rest.split_terminator('"').collect::<Vec<_>>();
        let attributes = attributes
            .chunks_exact(2)
            .map(|it| (it[0].trim().strip_suffix('=').unwrap().to_owned(), it[1].to_owned()));
        let element = Element {
            name: name.into(),
            attributes: attributes.collect(),
            text: text.trim().into(),
            children: Vec::new(),
        };
        match empty {
            true => open.last_mut().unwrap().children.push(element),
            false => open.push(element),
        }
    }
    assert_eq!(open.len(), 1);
    open.pop().unwrap().children.pop().unwrap()
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.children.iter().map(|it| it.name.as_str()).collect()
    }

    /// All below it of this name, in the order of the document.
    fn all(&self, name: &str) -> Vec<&Self> {
        let mut all = Vec::new();
        for child in &self.children {
            if child.name == name {
                all.push(child);
            }
            all.extend(child.all(name));
        }
        all
    }

    #[track_caller]
    fn one(&self, name: &str) -> &Self {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}");
        all[0]
    }
}

fn etsi(report: &Report) -> Element {
    let mut xml = Vec::new();
    report.write_etsi(&mut xml).unwrap();
    parse(&String::from_utf8(xml).unwrap())
}

fn at() -> UtcTime {
    NOW.parse().unwrap()
}

#[test]
fn elements_stand_in_the_order_of_the_schema() {
    let pki = Pki::new();
    let signed = pki.signed();
    let report = etsi(&pki.validator(at()).validate(&signed).unwrap());
    assert_eq!(report.name, "ValidationReport");
    assert_eq!(report.attribute("xmlns"), Some("http://uri.etsi.org/19102/v1.2.1#"));
    assert_eq!(report.names(), ["SignatureValidationReport", "SignatureValidationObjects"]);
    let signature = &report.children[0];
    assert_eq!(
        signature.names(),
        [
            "SignatureIdentifier",
            "ValidationConstraintsEvaluationReport",
            "ValidationTimeInfo",
            "SignersDocument",
            "SignatureAttributes",
            "SignerInformation",
            "SignatureValidationProcess",
            "SignatureValidationStatus",
        ]
    );
    assert_eq!(
        signature.children[0].names(),
        ["DigestAlgAndValue", "ds:SignatureValue", "HashOnly", "DocHashOnly", "DAIdentifier"]
    );
    let status = signature.children.last().unwrap();
    assert_eq!(status.names(), ["MainIndication", "AssociatedValidationReportData"]);
    assert_eq!(status.children[0].text, "urn:etsi:019102:mainindication:total-passed");
    assert_eq!(
        status.one("CertificateChain").names(),
        ["SigningCertificate", "IntermediateCertificate", "TrustAnchor"]
    );
}

/// The value stands in the CMS, the digests are of what is signed, and each object is what
/// its name says.
#[test]
fn what_is_referred_to_is_there_and_is_what_it_says() {
    let pki = Pki::new();
    let signed = pki.signed();
    let report = etsi(&pki.validator(at()).validate(&signed).unwrap());
    let value = STANDARD.decode(&report.one("ds:SignatureValue").text).unwrap();
    assert!(signed.windows(value.len()).any(|it| it == value));
    let document = &report.one("SignersDocument").one("ds:DigestValue").text;
    assert_eq!(STANDARD.decode(document).unwrap(), sha256(pki::CONTENT));
    assert_eq!(STANDARD.decode(&report.one("Digest").text).unwrap(), sha256(pki::CONTENT));

    let objects = report.all("ValidationObject");
    let mut kinds = Vec::new();
    for object in &objects {
        let octets = STANDARD.decode(&object.one("base64").text).unwrap();
        let digest: String = sha256(&octets).iter().map(|it| format!("{it:02x}")).collect();
        assert_eq!(object.attribute("id"), Some(format!("O-{digest}").as_str()));
        kinds.push(object.one("ObjectType").text.rsplit(':').next().unwrap().to_owned());
    }
    kinds.sort();
    assert_eq!(kinds, ["CRL", "CRL", "certificate", "certificate", "certificate"]);
    for name in ["SignerCertificate", "SigningCertificate", "TrustAnchor"] {
        for reference in report.all(name) {
            let id = reference.attribute("VOReference");
            assert!(objects.iter().any(|it| it.attribute("id") == id), "{name}");
        }
    }
}

#[test]
fn a_revoked_certificate_is_told_with_its_reason() {
    let pki = Pki::new();
    let crl = pki.middle.crl(&[(LEAF, RevocationReason::KeyCompromise)]);
    let validator = Validator::new(pki.trust(), Policy::default(), at());
    let report = validator.with_crls([crl, pki.root.crl(&[])]).validate(&pki.signed()).unwrap();
    let report = etsi(&report);
    let revoked = report.one("RevocationStatusInformation");
    assert_eq!(revoked.names(), ["ValidationObjectId", "RevocationTime", "RevocationReason"]);
    assert_eq!(revoked.children[1].text, "2026-05-01T00:00:00Z");
    assert_eq!(revoked.children[2].text, "urn:etsi:019102:revocationReason:keyCompromise");
    assert_eq!(report.one("SubIndication").text, "urn:etsi:019102:subindication:REVOKED_NO_POE");
}

/// What an archive time-stamp covers is proven to have existed then.
#[test]
fn objects_are_told_with_what_proves_them() {
    let pki = Pki::new();
    let (tsa, content, validator) = (pki.tsa(), b"content".to_vec(), pki.validator(at()));
    let level = cades::Level::Lta(&tsa, &validator);
    let signed = cades::SignatureBuilder::new(&content, at()).enveloping().level(&level);
    let signed = signed.sign(&pki.signer()).unwrap();
    let later = at().plus_seconds(86_400);
    let validator = Validator::new(pki.trust(), Policy::default(), later);
    let report = etsi(&validator.validate(&signed).unwrap());
    let proven: Vec<_> = report
        .all("ValidationObject")
        .into_iter()
        .filter(|it| it.names().contains(&"POE"))
        .map(|it| {
            assert_eq!(it.one("POE").names(), ["POETime", "TypeOfProof"]);
            assert_eq!(it.one("POE").children[0].text, NOW);
            it.children[0].text.rsplit(':').next().unwrap().to_owned()
        })
        .collect();
    for kind in ["certificate", "CRL", "timestamp"] {
        assert!(proven.iter().any(|it| it == kind), "{kind} is not in {proven:?}");
    }
}

/// A time-stamp is an object with a report of its own, and proves the best signature time.
#[test]
fn a_time_stamp_is_an_object_that_proves_a_time() {
    let pki = Pki::new();
    let (tsa, content) = (pki.tsa(), b"content".to_vec());
    let level = cades::Level::T(&tsa);
    let signed = cades::SignatureBuilder::new(&content, at()).enveloping().level(&level);
    let signed = signed.sign(&pki.signer()).unwrap();
    let later = at().plus_seconds(86_400);
    let validator = Validator::new(pki.trust(), Policy::default(), later);
    let crls = [pki.middle.crl(&[]), pki.root.crl(&[])];
    let report = etsi(&validator.with_crls(crls).validate(&signed).unwrap());
    let best = report.one("BestSignatureTime");
    assert_eq!(best.names(), ["POETime", "TypeOfProof", "POEObject"]);
    assert_eq!(best.children[0].text, NOW);
    let id = best.children[2].attribute("VOReference").unwrap();
    let all = report.all("ValidationObject");
    let token = all.iter().find(|it| it.attribute("id") == Some(id)).unwrap();
    assert_eq!(
        token.names(),
        ["ObjectType", "ValidationObjectRepresentation", "POEProvisioning", "ValidationReport"]
    );
    assert_eq!(token.children[0].text, "urn:etsi:019102:validationObject:timestamp");
    let octets = STANDARD.decode(&token.one("base64").text).unwrap();
    assert!(signed.windows(octets.len()).any(|it| it == octets));
    let status = token.one("MainIndication");
    assert_eq!(status.text, "urn:etsi:019102:mainindication:total-passed");
    let stamp = report.one("SignatureTimeStamp");
    assert_eq!(stamp.names(), ["AttributeObject", "TimeStampValue"]);
    assert_eq!(stamp.children[0].attribute("VOReference"), Some(id));
}

#[test]
fn what_is_missing_is_told() {
    let pki = Pki::new();
    let validator = Validator::new(TrustStore::new(), Policy::default(), at());
    let report = etsi(&validator.validate(&pki.signed()).unwrap());
    let data = report.one("ReportData");
    assert_eq!(data.names(), ["Type", "Value"]);
    assert!(data.children[1].text.contains("CN=Root"), "{data:?}");
    assert!(report.all("TrustAnchor").is_empty());
}

#[test]
fn what_the_signer_claims_is_told_as_claimed() {
    let (pki, content) = (Pki::new(), b"content".to_vec());
    let mut place = xades::ProductionPlace::default();
    (place.city, place.country) = ("Lạng Sơn".into(), "VN".into());
    let signed = xades::SignatureBuilder::detached("a.txt", &content, at())
        .role("Chánh Văn phòng")
        .role("Người ký <thay>")
        .production_place(place)
        .commitment("urn:khác")
        .sign(&pki.signer())
        .unwrap();
    let files = vec![("a.txt", content)];
    let report = etsi(&pki.validator(at()).validate_with_files(&signed, &files).unwrap());
    let attributes = report.one("SignatureAttributes");
    let texts = |name: &str| attributes.all(name).iter().map(|it| &*it.text).collect::<Vec<_>>();
    assert_eq!(texts("CommitmentTypeIdentifier"), ["urn:khác"]);
    assert_eq!(texts("AddressString"), ["Lạng Sơn", "VN"]);
    assert_eq!(texts("Role"), ["Chánh Văn phòng", "Người ký &lt;thay&gt;"]);
    for details in attributes.all("RoleDetails") {
        assert_eq!(details.names(), ["Role", "EndorsementType"]);
        assert_eq!(details.children[1].text, "claimed");
    }
    for name in ["CommitmentTypeIndication", "SignatureProductionPlace", "SignerRole"] {
        assert_eq!(attributes.one(name).attribute("Signed"), Some("true"), "{name}");
    }
}

/// In XML everything is named by URIs.
#[test]
fn a_commitment_by_its_number_is_told_by_a_name() {
    let identity = Identity::rsa();
    let mut cms = Cms::over(b"content", &identity);
    let approval = seq(&[oid("1.2.840.113549.1.9.16.6.5")]);
    cms.signed.push(attribute("1.2.840.113549.1.9.16.2.16", approval));
    cms.signed.sort();
    let signature = cms.signed_by(&identity);
    let validator = Validator::new(TrustStore::new(), Policy::default(), at());
    let report = etsi(&validator.validate_detached(&signature, b"content").unwrap());
    let name = &report.one("CommitmentTypeIdentifier").text;
    assert_eq!(name, "urn:oid:1.2.840.113549.1.9.16.6.5");
}

/// What stands in the report is text, whatever it spells.
#[test]
fn no_name_becomes_markup() {
    const NAME: &str = "</Signer><!--\u{1b}[32m ]]> & \"'\u{202e}\u{ffff}";
    let pki = Pki::new();
    let (mut params, key) = (pki::params(NAME, 77), KeyPair::generate().unwrap());
    params.distinguished_name.push(DnType::OrganizationName, NAME);
    let chain = [pki.middle.certify(&params, &key), pki.middle.certificate.clone()];
    let signer = SoftwareSigner::from_pkcs8(&key.serialize_der(), &chain).unwrap();
    let content = b"content".to_vec();
    let signed = cades::SignatureBuilder::new(&content, at()).enveloping().sign(&signer).unwrap();
    let report = etsi(&pki.validator(at()).validate(&signed).unwrap());
    let said = &report.one("Signer").text;
    assert_eq!(said, "&lt;/Signer&gt;&lt;!--\u{fffd}[32m ]]&gt; &amp; \"'\u{fffd}\u{fffd}");
}

#[test]
fn there_is_no_report_without_a_signature() {
    let pki = Pki::new();
    let unsigned = std::fs::read("testdata/pdf/cairo.pdf").unwrap();
    let unsigned = pki.validator(at()).validate(&unsigned).unwrap();
    let unreadable = Report::unreadable(&Error::new(ErrorKind::Malformed, "no document"));
    for report in [unsigned, unreadable] {
        let error = report.write_etsi(Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
