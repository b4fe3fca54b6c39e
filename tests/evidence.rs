//! What a validation rested on can be kept, and gives the same report again: offline,
//! whatever was asked then and whatever came back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;

use kyso::edxml::{self, Envelope, MessageHeader, Organization};
use kyso::tsp::TimeStampAuthority;
use kyso::{
    Certificate, Conclusion, DigestAlgorithm, Error, ErrorKind, Evidence, Limits, Policy, Report,
    Retrieve, SoftwareSigner, TrustStore, UtcTime, Validator, cades,
};
use rcgen::{
    CrlDistributionPoint, CustomExtension, KeyPair, RevocationReason, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};
use support::net::Net;
use support::ocsp::{Answer, Question, Said, access};
use support::pki::{self, LEAF, NOW, Pki};

const OCSP: &str = "http://ocsp.test/";
const CRL: &str = "http://crl.test/authority.crl";
const ISSUER: &str = "http://aia.test/authority.cer";

fn at() -> UtcTime {
    NOW.parse().unwrap()
}

/// A CMS whose signer's certificate names everything by URL alone.
fn signed(pki: &Pki) -> Vec<u8> {
    let (mut params, key) = (pki::params("Officer", 33), KeyPair::generate().unwrap());
    let access = access(&[OCSP], &[ISSUER]);
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access)];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![CRL.to_owned()] }];
    let leaf = pki.middle.certify(&params, &key);
    let signer = SoftwareSigner::from_pkcs8(&key.serialize_der(), &[leaf]).unwrap();
    let content = b"content".to_vec();
    cades::SignatureBuilder::new(&content, at()).enveloping().sign(&signer).unwrap()
}

/// A responder that gives the nonce back, or another one.
fn responder(pki: &Pki, net: Net, wrong_nonce: bool) -> Net {
    let key = KeyPair::from_pem(&pki.middle.issuer.key().serialize_pem()).unwrap();
    net.at(OCSP, move |request| {
        let question = Question::read(request.body.unwrap());
        let mut answer = Answer::new(Said::Good, date_time_ymd(2026, 6, 1));
        answer.nonce = question.nonce.clone().map(|nonce| match wrong_nonce {
            true => nonce.iter().map(|it| !it).collect(),
            false => nonce,
        });
        Ok(answer.to(&question, &key))
    })
}

fn validator(trust: TrustStore) -> Validator {
    Validator::new(trust, Policy::default(), at())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// As it comes back from a file.
fn saved(report: &Report) -> Evidence {
    serde_json::from_str(&json(report.evidence().unwrap())).unwrap()
}

/// What is kept gives the same report and the same evidence, byte for byte.
#[track_caller]
fn assert_same_again(pki: &Pki, document: &[u8], report: &Report) {
    let evidence = saved(report);
    let again = Validator::new(pki.trust(), evidence.policy().clone(), evidence.validation_time())
        .with_evidence(&evidence)
        .unwrap()
        .keep_evidence();
    let again = again.validate(document).unwrap();
    assert_eq!(json(&again), json(report));
    assert_eq!(json(&again.evidence()), json(&report.evidence()));
}

#[test]
fn what_was_handed_in_gives_the_same_report() {
    let pki = Pki::new();
    let document = pki.signed();
    let report = validator(pki.trust())
        .with_crls([pki.middle.crl(&[]), pki.root.crl(&[])])
        .keep_evidence()
        .validate(&document)
        .unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_same_again(&pki, &document, &report);
    let evidence = saved(&report);
    let anchors: Vec<_> = evidence.anchors().map(|it| it.0.to_owned()).collect();
    assert_eq!(anchors, ["CN=Root"]);
}

/// Issuer, answer and lists that only came over the network.
#[test]
fn what_was_asked_elsewhere_gives_the_same_report() {
    let pki = Pki::new();
    let net = Net::default()
        .file(ISSUER, pki.middle.certificate.der())
        .file(CRL, pki.middle.crl(&[]).der());
    let net = responder(&pki, net, false).shared();
    let document = signed(&pki);
    let online: Arc<dyn Retrieve> = net.clone();
    let report = validator(pki.trust())
        .with_crls([pki.root.crl(&[])])
        .with_retrieval(online)
        .keep_evidence()
        .validate(&document)
        .unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let asked = net.urls();
    assert!(asked.contains(&ISSUER.to_owned()) && asked.contains(&OCSP.to_owned()), "{asked:?}");
    assert_same_again(&pki, &document, &report);
    assert_eq!(net.urls(), asked, "nobody is asked again");
}

/// A message rests on what all its files rest on.
#[test]
fn a_message_gives_the_same_report() {
    let pki = Pki::new();
    let net = Net::default()
        .file(ISSUER, pki.middle.certificate.der())
        .file(CRL, pki.middle.crl(&[]).der());
    let net = responder(&pki, net, false).shared();
    let header = MessageHeader {
        from: Organization::new("000.00.01.H40", "Sở Nội vụ"),
        to: vec![Organization::new("000.00.00.G22", "Văn phòng Chính phủ")],
        ..MessageHeader::default()
    };
    let envelope = Envelope::new(header).attach("một.p7m", signed(&pki));
    let envelope = envelope.attach("hai.p7m", pki.signed()).attach("ba.txt", b"x".to_vec());
    let message = envelope.seal(&pki.signer(), at()).unwrap().to_bytes().unwrap();
    let judge = |validator: &Validator| edxml::validate(&message, validator, &Limits::default());
    let online: Arc<dyn Retrieve> = net.clone();
    let first = validator(pki.trust())
        .with_crls([pki.root.crl(&[]), pki.middle.crl(&[])])
        .with_retrieval(online)
        .keep_evidence();
    let report = judge(&first).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let asked = net.urls();
    assert!(!asked.is_empty());
    let evidence = saved(&report);
    let again = validator(pki.trust()).with_evidence(&evidence).unwrap().keep_evidence();
    let again = judge(&again).unwrap();
    assert_eq!(json(&again), json(&report));
    assert_eq!(json(&again.evidence()), json(&report.evidence()));
    assert_eq!(net.urls(), asked, "nobody is asked again");

    // Where no file is signed, it still rests on what was handed in.
    let plain =
        Envelope::new(MessageHeader { to: vec![Organization::default()], ..Default::default() });
    let message = plain.attach("ba.txt", b"x".to_vec()).to_bytes().unwrap();
    let report = edxml::validate(&message, &first, &Limits::default()).unwrap();
    assert!(report.evidence().is_some());
}

/// With all that an archive holds, and at a time when the signer's certificate is revoked.
#[test]
fn time_stamps_give_the_same_report() {
    let pki = Pki::new();
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let maker = validator(pki.trust()).with_crls(lists);
    let tsa = pki.tsa();
    let level = cades::Level::Lta(&tsa, &maker);
    let content = b"content".to_vec();
    let builder = cades::SignatureBuilder::new(&content, at()).enveloping().level(&level);
    let document = builder.sign(&pki.signer()).unwrap();
    let later: UtcTime = "2026-06-20T00:00:00Z".parse().unwrap();
    let revoked = pki.middle.crl_with(&[], |crl| {
        crl.this_update = date_time_ymd(2026, 6, 19);
        crl.revoked_certs = vec![RevokedCertParams {
            serial_number: SerialNumber::from(LEAF),
            revocation_time: date_time_ymd(2026, 6, 18),
            reason_code: Some(RevocationReason::Superseded),
            invalidity_date: None,
        }];
    });
    let report = Validator::new(pki.trust(), Policy::default(), later)
        .with_crls([revoked, pki.root.crl(&[])])
        .keep_evidence()
        .validate(&document)
        .unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_same_again(&pki, &document, &report);
    let evidence = serde_json::to_value(report.evidence().unwrap()).unwrap();
    assert_eq!(evidence["found"]["time_stamp_tokens"].as_array().unwrap().len(), 2);
    let found: Vec<Certificate> =
        serde_json::from_value(evidence["found"]["certificates"].clone()).unwrap();
    assert!(found.iter().any(|it| it.subject() == "CN=TSA"), "{found:?}");
}

/// A token alone, whose authority is asked about elsewhere.
#[test]
fn a_token_gives_the_same_report() {
    let pki = Pki::new();
    let tsa = pki.tsa_with(|params| {
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![CRL.to_owned()] }];
    });
    let token = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(b"content")).unwrap();
    let net = Net::default().file(CRL, pki.middle.crl(&[]).der()).shared();
    let report = validator(pki.trust())
        .with_crls([pki.root.crl(&[])])
        .with_retrieval(net)
        .keep_evidence()
        .validate_time_stamp(token.der(), b"content".as_slice())
        .unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let evidence = saved(&report);
    let again = validator(pki.trust()).with_evidence(&evidence).unwrap().keep_evidence();
    let again = again.validate_time_stamp(token.der(), b"content".as_slice()).unwrap();
    assert_eq!(json(&again), json(&report));
    assert_eq!(json(&again.evidence()), json(&report.evidence()));
    assert_eq!(evidence.anchors().count(), 1);
}

/// What came back may be nothing: the report says so again, in the same words.
#[test]
fn what_failed_fails_again() {
    let pki = Pki::new();
    let document = signed(&pki);
    let mute = || Net::default().file(ISSUER, pki.middle.certificate.der());
    let failing = mute().at(CRL, |_| {
        Err(Error::new(ErrorKind::Service, "503 after 3 tries").because("no backend"))
    });
    let lying = mute().file(CRL, b"<html>not here</html>");
    let mut remembering = responder(&pki, mute().at(CRL, |_| Ok(Vec::new())), true);
    remembering.remembers = true;
    let nets = [
        Net::default(),
        mute(),
        responder(&pki, failing, true),
        responder(&pki, lying, true),
        remembering,
    ];
    let mut seen = Vec::new();
    for net in nets {
        let report = validator(pki.trust())
            .with_retrieval(net.shared())
            .keep_evidence()
            .validate(&document)
            .unwrap();
        assert!(matches!(report.conclusion(), Some(Conclusion::Indeterminate(_))), "{report}");
        assert_same_again(&pki, &document, &report);
        seen.push(report.to_string());
    }
    assert!(seen[2].contains("503 after 3 tries") && seen[2].contains("nonce"), "{}", seen[2]);
    seen.dedup();
    assert_eq!(seen.len(), 5, "each failed in its own way");
}

/// Evidence answers only what was asked: with another trust store other questions come up.
#[test]
fn what_was_not_asked_then_is_not_asked_now() {
    let pki = Pki::new();
    let document = signed(&pki);
    let report = validator(TrustStore::new()).keep_evidence();
    let report = report.with_retrieval(Net::default().shared()).validate(&document).unwrap();
    let again = validator(pki.trust()).with_certificates([pki.middle.certificate.clone()]);
    let again = again.with_evidence(&saved(&report)).unwrap();
    let again = again.with_certificates([pki.middle.certificate.clone()]);
    let text = again.validate(&document).unwrap().to_string();
    assert!(text.contains("was not asked when the evidence was kept"), "{text}");
}

/// No anchor comes from evidence, and no object is believed for standing in it.
#[test]
fn nothing_is_trusted_for_being_evidence() {
    let pki = Pki::new();
    let document = pki.signed();
    let report = validator(pki.trust())
        .with_certificates([pki.root.certificate.clone()])
        .with_crls([pki.middle.crl(&[]), pki.root.crl(&[])])
        .keep_evidence()
        .validate(&document)
        .unwrap();
    let evidence = saved(&report);
    let untrusting = validator(TrustStore::new()).with_evidence(&evidence).unwrap();
    let verdict = untrusting.validate(&document).unwrap().conclusion().unwrap().to_string();
    assert_eq!(verdict, "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND");

    // A list that was not signed like this.
    let mut changed = serde_json::to_value(&evidence).unwrap();
    let stranger = Pki::new();
    for list in changed["given"]["crls"].as_array_mut().unwrap() {
        *list = json!(as_kept(&stranger));
    }
    let changed: Evidence = serde_json::from_value(changed).unwrap();
    let verdict = validator(pki.trust()).with_evidence(&changed).unwrap().validate(&document);
    let verdict = verdict.unwrap().conclusion().unwrap().to_string();
    assert_eq!(verdict, "INDETERMINATE/TRY_LATER");
}

/// A list in the form in which evidence keeps it.
fn as_kept(pki: &Pki) -> Value {
    let report = validator(pki.trust()).with_crls([pki.middle.crl(&[])]).keep_evidence();
    let report = report.validate(&pki.signed()).unwrap();
    serde_json::to_value(report.evidence().unwrap()).unwrap()["given"]["crls"][0].clone()
}

/// What is in the document stands in the evidence too; a list about others does not.
#[test]
fn evidence_is_whole_and_no_more() {
    let pki = Pki::new();
    let report = validator(pki.trust())
        .with_crls([pki.middle.crl(&[]), pki::root("Stranger").crl(&[])])
        .keep_evidence()
        .validate(&pki.signed())
        .unwrap();
    let evidence = serde_json::to_value(report.evidence().unwrap()).unwrap();
    assert_eq!(evidence["version"], 1);
    assert_eq!(evidence["validation_time"], NOW);
    assert_eq!(evidence["given"]["crls"].as_array().unwrap().len(), 1);
    let found: Vec<Certificate> =
        serde_json::from_value(evidence["found"]["certificates"].clone()).unwrap();
    assert_eq!(found, [pki.leaf.clone(), pki.middle.certificate.clone()]);
    assert!(evidence["retrieved"].is_null());
    let unasked = validator(pki.trust()).validate(&pki.signed()).unwrap();
    assert!(unasked.evidence().is_none());
}

#[test]
fn hostile_evidence_is_refused_by_name() {
    let pki = Pki::new();
    let report = validator(pki.trust())
        .with_crls([pki.middle.crl(&[])])
        .keep_evidence()
        .validate(&pki.signed())
        .unwrap();
    let good = serde_json::to_value(report.evidence().unwrap()).unwrap();
    let refusal = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        let evidence: Evidence = serde_json::from_value(changed).unwrap();
        validator(pki.trust()).with_evidence(&evidence).unwrap_err().kind()
    };
    assert_eq!(refusal(&|it| it["version"] = json!(2)), ErrorKind::Unsupported);
    for list in ["certificates", "crls", "ocsp_responses"] {
        assert_eq!(refusal(&|it| it["given"][list] = json!(["MAA="])), ErrorKind::Malformed);
    }
    let mut limits = Limits::default();
    limits.crl_bytes = 10;
    let small = validator(pki.trust()).with_limits(limits);
    let evidence: Evidence = serde_json::from_value(good.clone()).unwrap();
    assert_eq!(small.with_evidence(&evidence).unwrap_err().kind(), ErrorKind::LimitExceeded);
    // Text that is cut off is no evidence.
    let text = json(&good);
    for end in (0..text.len()).filter(|it| text.is_char_boundary(*it)) {
        assert!(serde_json::from_str::<Evidence>(&text[..end]).is_err());
    }
}
