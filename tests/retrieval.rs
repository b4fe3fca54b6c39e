//! What is asked for elsewhere when nothing at hand settles a matter: issuers, answers of
//! responders, lists. Nothing here opens a connection.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]

mod support;

use std::sync::Arc;

use kyso::cades::{Augmenter, Level, SignatureBuilder};
use kyso::{
    Certificate, CertificateConclusion, CertificateReport, Crl, Error, ErrorKind, Limits, Policy,
    RequestKind, Retrieve, SoftwareSigner, Validator,
};
use rcgen::{
    CrlDistributionPoint, CustomExtension, KeyPair, RevocationReason, SigningKey, date_time_ymd,
};
use support::cms::{oid, seq, tlv};
use support::net::Net;
use support::ocsp::{Answer, Question, Said, access, refusal};
use support::pki::{self, Authority, NOW, Pki};
use support::tsa::{self, TestTsa};

const OCSP: &str = "http://ocsp.test/";
const CRL: &str = "http://crl.test/authority.crl";
const ROOT_CRL: &str = "http://crl.test/root.crl";
const ISSUER: &str = "http://aia.test/authority.cer";
const KEY: RevocationReason = RevocationReason::KeyCompromise;

/// A signer's certificate that names these URLs.
fn certified(by: &Authority, ocsp: &[&str], crls: &[&str], issuers: &[&str]) -> Certificate {
    let mut params = pki::params("Officer", 33);
    let value = access(ocsp, issuers);
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value)];
    params.crl_distribution_points =
        crls.iter().map(|it| CrlDistributionPoint { uris: vec![(*it).to_owned()] }).collect();
    by.certify(&params, &KeyPair::generate().unwrap())
}

struct Test {
    pki: Pki,
    net: Net,
    limits: Limits,
}

impl Test {
    fn new() -> Self {
        Self { pki: Pki::new(), net: Net::default(), limits: Limits::default() }
    }

    fn key(&self) -> KeyPair {
        KeyPair::from_pem(&self.pki.middle.issuer.key().serialize_pem()).unwrap()
    }

    /// The responder of the authority, at [`OCSP`].
    fn responder(
        mut self,
        said: Said,
        change: impl Fn(&Question, &mut Answer) + Send + Sync + 'static,
    ) -> Self {
        let key = self.key();
        self.net = self.net.at(OCSP, move |request| {
            assert_eq!(request.kind, RequestKind::Ocsp);
            let question = Question::read(request.body.unwrap());
            let mut answer = Answer::new(said, date_time_ymd(2026, 6, 1));
            answer.nonce.clone_from(&question.nonce);
            change(&question, &mut answer);
            Ok(answer.to(&question, &key))
        });
        self
    }

    /// The root's list is at hand always, the authority's certificate mostly.
    fn check(self, certificate: &Certificate, middle: bool) -> (CertificateReport, Arc<Net>) {
        let net = self.net.shared();
        let retrieval: Arc<dyn Retrieve> = net.clone();
        let middle = middle.then(|| self.pki.middle.certificate.clone());
        let report = Validator::new(self.pki.trust(), Policy::default(), NOW.parse().unwrap())
            .with_certificates(middle)
            .with_crls([self.pki.root.crl(&[])])
            .with_limits(self.limits)
            .with_retrieval(retrieval)
            .check_certificate(certificate)
            .unwrap();
        (report, net)
    }
}

#[track_caller]
fn assert_valid(report: &CertificateReport) {
    assert_eq!(report.conclusion, Some(CertificateConclusion::Valid), "{report:?}");
    assert!(report.missing.is_empty(), "{:?}", report.missing);
}

#[track_caller]
fn assert_open(report: &CertificateReport, why: &str) {
    assert_eq!(report.conclusion, Some(CertificateConclusion::Indeterminate), "{report:?}");
    let reason = report.reason.as_deref().unwrap();
    assert!(reason.contains(why), "{reason}");
}

#[test]
fn a_responder_settles_what_nothing_at_hand_does() {
    let test = Test::new().responder(Said::Good, |question, _| {
        assert_eq!(question.serial, [33]);
        assert_eq!(question.nonce.as_ref().map(Vec::len), Some(32));
    });
    let officer = certified(&test.pki.middle, &[OCSP], &[CRL], &[]);
    let (report, net) = test.check(&officer, true);
    assert_valid(&report);
    assert_eq!(net.urls(), [OCSP], "what is settled is asked no more");
    assert_eq!(report.revocation[0].source.as_deref(), Some("OCSP"));
    assert_eq!((report.retrieved.len(), &report.retrieved[0].error), (1, &None));
}

#[test]
fn revoked_elsewhere_is_revoked() {
    let test = Test::new().responder(Said::Revoked(date_time_ymd(2026, 5, 1), 1), |_, _| {});
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    let (report, _) = test.check(&officer, true);
    assert_eq!(report.conclusion, Some(CertificateConclusion::Invalid));
    assert_eq!(report.revocation[0].reason.as_deref(), Some("keyCompromise"));
}

/// A list stands in for a responder that does not help, and each failure is told.
#[test]
fn lists_are_asked_after_responders() {
    for (answer, why) in [
        (Err(()), "timed out after 10 s"),
        (Ok(refusal(3)), "(status 3)"),
        (Ok(b"<html>".to_vec()), "OCSP"),
    ] {
        let said = answer.clone();
        let mut test = Test::new();
        test.net = test.net.at(OCSP, move |_| {
            said.clone().map_err(|()| Error::new(ErrorKind::Service, "timed out after 10 s"))
        });
        let officer = certified(&test.pki.middle, &[OCSP], &[CRL], &[]);
        let (report, net) = test.check(&officer, true);
        assert_open(&report, "nobody listens there");
        assert_eq!(net.urls(), [OCSP, CRL]);
        if answer.is_err() {
            assert!(report.missing.contains(&format!("ocsp: {OCSP} (asked: {why})")), "{report:?}");
        }
        let mut test = Test::new();
        test.net = test.net.at(OCSP, move |_| {
            answer.clone().map_err(|()| Error::new(ErrorKind::Service, "timed out"))
        });
        test.net = test.net.file(CRL, test.pki.middle.crl(&[]).der());
        let officer = certified(&test.pki.middle, &[OCSP], &[CRL], &[]);
        let (report, _) = test.check(&officer, true);
        assert_valid(&report);
        assert_eq!(report.revocation[0].source.as_deref(), Some("CRL"));
    }
    let mut test = Test::new();
    test.net = test.net.file(CRL, test.pki.middle.crl(&[(33, KEY)]).der());
    let officer = certified(&test.pki.middle, &[], &[CRL], &[]);
    let (report, _) = test.check(&officer, true);
    assert_eq!(report.conclusion, Some(CertificateConclusion::Invalid));
}

#[test]
fn an_answer_to_another_question_is_none() {
    let test = Test::new().responder(Said::Good, |_, it| it.nonce = Some(vec![7; 32]));
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    let (report, _) = test.check(&officer, true);
    assert_open(&report, "wrong nonce");
    assert!(report.missing.iter().any(|it| it.contains("another nonce")), "{report:?}");
    // Most responders sign in advance, and repeat no nonce.
    let test = Test::new().responder(Said::Good, |_, it| it.nonce = None);
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    assert_valid(&test.check(&officer, true).0);
}

/// From a cache, no answer could have the nonce.
#[test]
fn what_is_remembered_is_asked_without_a_nonce() {
    let mut test = Test::new().responder(Said::Good, |question, _| {
        assert_eq!(question.nonce, None);
    });
    test.net.remembers = true;
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    assert_valid(&test.check(&officer, true).0);
}

#[test]
fn stale_and_unknown_answers_settle_nothing() {
    let test = Test::new().responder(Said::Unknown, |_, _| {});
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    assert_open(&test.check(&officer, true).0, "does not know this certificate");
    let test = Test::new().responder(Said::Good, |_, answer| {
        answer.this_update = date_time_ymd(2026, 1, 1);
        answer.next_update = Some(date_time_ymd(2026, 2, 1));
    });
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[]);
    assert_open(&test.check(&officer, true).0, "too old");
}

/// Anybody may sit at the URL: nobody is believed without the issuer's signature.
#[test]
fn who_lies_at_a_url_is_not_believed() {
    for said in [Said::Good, Said::Revoked(date_time_ymd(2026, 5, 1), 1)] {
        let mut test = Test::new();
        let stranger = KeyPair::generate().unwrap();
        let forged = pki::root("Authority").crl(&[]);
        test.net = test.net.file(CRL, forged.der()).at(OCSP, move |request| {
            let question = Question::read(request.body.unwrap());
            Ok(Answer::new(said, date_time_ymd(2026, 6, 1)).to(&question, &stranger))
        });
        let officer = certified(&test.pki.middle, &[OCSP], &[CRL], &[]);
        assert_open(&test.check(&officer, true).0, "was not signed by the issuer's key");
    }
}

#[test]
fn an_issuer_is_had_from_where_the_certificate_says() {
    let mut test = Test::new().responder(Said::Good, |_, _| {});
    test.net = test.net.file(ISSUER, test.pki.middle.certificate.der());
    let officer = certified(&test.pki.middle, &[OCSP], &[], &[ISSUER]);
    let (report, net) = test.check(&officer, false);
    assert_valid(&report);
    assert_eq!(report.path.len(), 3);
    assert_eq!(net.urls(), [ISSUER, OCSP]);
}

#[test]
fn an_issuer_that_is_not_to_be_had_is_named() {
    let test = Test::new();
    let officer = certified(&test.pki.middle, &[], &[], &["ldap://dir.test/cn=Authority", ISSUER]);
    let (report, net) = test.check(&officer, false);
    assert_eq!(report.conclusion, Some(CertificateConclusion::Indeterminate));
    assert_eq!(net.urls(), [ISSUER], "only http is asked");
    let missing = report.missing.join("\n");
    assert!(missing.contains("neither http nor https"), "{missing}");
    assert!(missing.contains(&format!("{ISSUER} (asked: nobody listens there)")), "{missing}");
}

/// A certificate of the right name by another key leads nowhere, and is asked for once.
#[test]
fn a_false_issuer_leads_nowhere() {
    let mut test = Test::new();
    test.net = test.net.file(ISSUER, pki::root("Authority").certificate.der());
    let officer = certified(&test.pki.middle, &[], &[], &[ISSUER, ISSUER]);
    let (report, net) = test.check(&officer, false);
    assert_ne!(report.conclusion, Some(CertificateConclusion::Valid));
    assert_eq!(net.urls(), [ISSUER]);
}

/// Issuers that name each other as issuers, for ever.
#[test]
fn loops_of_issuers_end() {
    let names: Vec<_> = (0..40).map(|n| format!("http://aia.test/{n}.cer")).collect();
    let mut net = Net::default();
    let key = KeyPair::generate().unwrap();
    let mut above = pki::root("CA 0");
    // Each is certified by the one before and says that the next one did it.
    for (n, url) in names.iter().enumerate() {
        let mut params = pki::params(&format!("CA {}", n % 3), 50);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let value = access(&[], &[&names[(n + 1) % names.len()]]);
        params.custom_extensions =
            vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value)];
        let key = KeyPair::from_pem(&key.serialize_pem()).unwrap();
        let certificate = above.certify(&params, &key);
        net = net.file(url, certificate.der());
        above = Authority { issuer: rcgen::Issuer::new(params, key), certificate };
    }
    let test = Test { net, ..Test::new() };
    let officer = certified(&above, &[], &[], &[&names[0]]);
    let (report, net) = test.check(&officer, false);
    assert_ne!(report.conclusion, Some(CertificateConclusion::Valid));
    assert!(net.urls().len() <= Limits::default().retrievals, "{}", net.urls().len());
}

/// A certificate with a thousand URLs is no reason to ask a thousand servers.
#[test]
fn fan_out_is_bounded_and_named() {
    let urls: Vec<_> = (0..1000).map(|n| format!("http://victim{n}.test/")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let most = Limits::default().retrieval_urls;
    let test = Test::new();
    let officer = certified(&test.pki.middle, &urls, &urls, &urls);
    let (report, net) = test.check(&officer, true);
    assert_open(&report, "nobody listens there");
    assert_eq!(net.urls().len(), 2 * most);
    assert!(report.missing.len() < 3 * most, "{}", report.missing.len());
    let test = Test::new();
    let officer = certified(&test.pki.middle, &urls, &urls, &urls);
    let (report, net) = test.check(&officer, false);
    assert_eq!(net.urls().len(), most);
    let named = |it: &kyso::Attempt| it.error.as_ref().is_some_and(|it| it.contains("limit of 8"));
    assert!(report.retrieved.iter().any(named), "{:?}", report.retrieved);
    let mut test = Test::new();
    test.limits.retrievals = 3;
    let officer = certified(&test.pki.middle, &urls, &urls, &urls);
    let (report, net) = test.check(&officer, true);
    assert_eq!(net.urls().len(), 3);
    assert_open(&report, "limit of 3 questions");
}

#[test]
fn answers_beyond_their_bound_are_none() {
    let mut test = Test::new();
    test.limits.retrieved_bytes = 100;
    let list = test.pki.middle.crl(&[]);
    assert!(list.der().len() > 100);
    test.net = test.net.file(CRL, list.der());
    let officer = certified(&test.pki.middle, &[], &[CRL, ROOT_CRL], &[]);
    assert_open(&test.check(&officer, true).0, "limit of 100 bytes");
    let mut test = Test::new();
    test.net = test
        .net
        .at(CRL, |request| Ok(vec![0x30; usize::try_from(request.most_bytes).unwrap() + 1]));
    test.limits.crl_bytes = 1000;
    let officer = certified(&test.pki.middle, &[], &[CRL], &[]);
    assert_open(&test.check(&officer, true).0, "limit of 1000 bytes");
}

/// Where the policy does not ask, nobody else is asked.
#[test]
fn nobody_is_asked_for_what_is_not_wanted() {
    let test = Test::new();
    let officer = certified(&test.pki.middle, &[OCSP], &[CRL], &[ISSUER]);
    let net = test.net.shared();
    let retrieval: Arc<dyn Retrieve> = net.clone();
    let report = Validator::new(test.pki.trust(), Policy::pilot(), NOW.parse().unwrap())
        .with_certificates([test.pki.middle.certificate.clone()])
        .with_retrieval(retrieval)
        .check_certificate(&officer)
        .unwrap();
    assert_valid(&report);
    assert!(net.urls().is_empty());
}

/// RFC 5280 §4.2.1.15: the changes to a list that is out of date renew it.
#[test]
fn the_freshest_list_is_asked_for_where_the_complete_one_is_old() {
    const FRESHEST: &str = "http://crl.test/delta.crl";
    let mut test = Test::new();
    let mut params = pki::params("Officer", 33);
    let point = tlv(0xa0, tlv(0xa0, tlv(0x86, FRESHEST)));
    let points = seq(&[seq(&[point])]);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 46], points)];
    let officer = test.pki.middle.certify(&params, &KeyPair::generate().unwrap());
    let day = |month: u8| format!("26{month:02}01000000Z");
    let list = |number: u8, from: u8, to: u8, extensions: &[Vec<u8>]| {
        let number = extension("2.5.29.20", &tlv(2, [number]));
        let algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
        let name = seq(&[tlv(0x31, seq(&[oid("2.5.4.3"), tlv(0x0c, "Authority")]))]);
        let times = [from, to].map(|it| tlv(0x17, day(it))).concat();
        let extensions = tlv(0xa0, seq(&[&[number], extensions].concat()));
        let fields = [tlv(2, [1]), algorithm.clone(), name, times, extensions];
        let to_be_signed = seq(&fields);
        let value = test.pki.middle.issuer.key().sign(&to_be_signed).unwrap();
        seq(&[to_be_signed, algorithm, tlv(3, [vec![0], value].concat())])
    };
    let base = Crl::from_der(list(1, 1, 3, &[]), &Limits::default()).unwrap();
    let delta = list(2, 6, 7, &[extension("2.5.29.27", &tlv(2, [1]))]);
    test.net = test.net.file(FRESHEST, &delta);
    let net = test.net.shared();
    let retrieval: Arc<dyn Retrieve> = net.clone();
    let check = |lists: Vec<Crl>| {
        Validator::new(test.pki.trust(), Policy::default(), NOW.parse().unwrap())
            .with_certificates([test.pki.middle.certificate.clone()])
            .with_crls(lists)
            .with_retrieval(Arc::clone(&retrieval))
            .check_certificate(&officer)
            .unwrap()
    };
    assert_valid(&check(vec![test.pki.root.crl(&[]), base]));
    assert_eq!(net.urls(), [FRESHEST]);
    assert_open(&check(vec![test.pki.root.crl(&[])]), "without the list that it changes");
}

fn extension(kind: &str, value: &[u8]) -> Vec<u8> {
    seq(&[oid(kind), tlv(4, value)])
}

/// A certificate whose names and distribution points fill all it may have.
#[test]
fn thousands_of_names_cost_no_more_than_a_few() {
    let mut test = Test::new();
    let mut params = pki::params("Officer", 33);
    let urls: Vec<_> = (0..1000).map(|n| format!("ldap://directory{n}.test/cn=CA")).collect();
    params.crl_distribution_points =
        urls.iter().map(|it| CrlDistributionPoint { uris: vec![it.clone()] }).collect();
    params.subject_alt_names = (0..10_000)
        .map(|n| rcgen::SanType::DnsName(format!("host{n}.gov.vn").try_into().unwrap()))
        .collect();
    let officer = test.pki.middle.certify(&params, &KeyPair::generate().unwrap());
    let parts = urls.iter().map(|it| {
        let part = Some(pki::partition(it));
        test.pki.middle.crl_with(&[], |list| list.issuing_distribution_point = part)
    });
    let parts: Vec<_> = parts.take(200).collect();
    test.net = test.net.file(CRL, test.pki.middle.crl(&[]).der());
    let report = Validator::new(test.pki.trust(), Policy::default(), NOW.parse().unwrap())
        .with_certificates([test.pki.middle.certificate.clone()])
        .with_crls(parts.into_iter().chain([test.pki.root.crl(&[])]))
        .with_retrieval(test.net.shared())
        .check_certificate(&officer)
        .unwrap();
    // The parts that are compared say that it is good; nobody is asked by LDAP.
    assert_valid(&report);
    assert!(report.retrieved.is_empty());
}

/// What came for the signer leads to the authority of the time-stamp, too, which does not
/// say where its issuer is to be had.
#[test]
fn an_issuer_that_came_for_the_signer_is_the_stampers_too() {
    let mut pki = Pki::new();
    let mut params = pki::params("Leaf", pki::LEAF);
    let value = access(&[], &[ISSUER]);
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value)];
    pki.leaf = pki.middle.certify(&params, &pki.leaf_key);
    let key = KeyPair::generate().unwrap();
    let stamper = pki.middle.certify(&tsa::params("TSA", pki::TSA).unwrap(), &key);
    let stamper = TestTsa::new(key, vec![stamper.der().to_vec()]).at("2026-06-10T00:00:00Z");
    let signer = SoftwareSigner::from_pkcs8(&pki.leaf_key.serialize_der(), &[pki.leaf.clone()]);
    let signed = SignatureBuilder::new(&pki::CONTENT.to_vec(), NOW.parse().unwrap())
        .enveloping()
        .sign(&signer.unwrap())
        .unwrap();
    let file = Augmenter::new(Level::T(&stamper)).augment(&signed).unwrap();
    let net = Net::default().file(ISSUER, pki.middle.certificate.der()).shared();
    let report = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap())
        .with_retrieval(net.clone())
        .validate(&file)
        .unwrap();
    let [signature] = report.signatures() else { panic!("{report}") };
    assert_eq!(signature.conclusion().to_string(), "TOTAL_PASSED", "{report}");
    assert_eq!(signature.timestamps()[0].conclusion.to_string(), "TOTAL_PASSED", "{report}");
    assert_eq!(net.urls(), [ISSUER]);
}
