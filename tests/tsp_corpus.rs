//! Answers of real time-stamp authorities, against what was asked and against their paths.
//! What is to come of each case stands in the corpus; divergences would stand in
//! `tests/divergences`, but there are none.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::print_stdout, missing_docs, unreachable_pub)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use kyso::tsp::{TimeStampRequest, TimeStampToken};
use kyso::{Certificate, Conclusion, Digest, Limits, Policy, Report, TrustStore, Validator};
use serde_json::Value;
use support::cms::{items, tlv};
use support::samples::corpus;

struct Case {
    folder: PathBuf,
    record: Value,
}

impl Case {
    fn file(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.record[key].as_str()?;
        Some(fs::read(self.folder.join("rfc3161-client").join(path)).unwrap())
    }

    fn response(&self) -> Vec<u8> {
        self.file("response").unwrap()
    }

    fn token(&self) -> TimeStampToken {
        let response = self.response();
        let token = items(items(&response)[0].1)[1].1;
        TimeStampToken::from_der(tlv(0x30, token), &Limits::default()).unwrap()
    }

    /// What the request says of the answer, where there is a request.
    fn accepted(&self) -> Option<kyso::Result<TimeStampToken>> {
        let request = self.file("request")?;
        let request = TimeStampRequest::from_der(&request, &Limits::default()).unwrap();
        Some(request.accept(&self.response(), &Limits::default()))
    }

    /// What the token is to be over; where the case does not tell, what it says itself.
    fn imprint(&self) -> Digest {
        let token = self.token().imprint().unwrap();
        let text = self.record["data_utf8"].as_str().map(|it| it.as_bytes().to_vec());
        match text.or_else(|| self.file("payload")) {
            Some(data) => token.algorithm().digest(&data),
            None => token,
        }
    }

    /// When it was issued, by a path to whoever issued himself in the chain; with the other
    /// certificates of the chain only if `supplied`.
    fn report(&self, supplied: bool) -> Report {
        let (trust, others) = chain(&self.file("chain").unwrap());
        Validator::new(trust, Policy::pilot(), self.token().time())
            .with_certificates(others.into_iter().filter(|_| supplied))
            .validate_digest(&self.token().der().to_vec(), self.imprint())
            .unwrap()
    }

    /// Not for want of a path.
    fn fails(&self) -> bool {
        let failed = matches!(self.report(true).conclusion(), Some(Conclusion::TotalFailed(_)));
        failed || self.accepted().is_some_and(|it| it.is_err())
    }

    fn passes(&self, supplied: bool) -> bool {
        let accepted = self.accepted().is_none_or(|it| it.is_ok());
        let report = self.report(supplied);
        println!("{}: {:?} {report}", self.record["id"], self.accepted().map(|it| it.map(|_| ())));
        accepted && report.conclusion() == Some(Conclusion::TotalPassed)
    }
}

fn chain(bytes: &[u8]) -> (TrustStore, Vec<Certificate>) {
    let all = TrustStore::from_bytes(bytes).unwrap();
    let all: Vec<_> = all.anchors().iter().filter_map(|it| it.certificate().cloned()).collect();
    let (roots, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| it.subject() == it.issuer());
    (roots.into_iter().collect(), others)
}

fn cases(folder: &Path) -> Vec<Case> {
    let cases = fs::read(folder.join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&cases).unwrap();
    cases.into_iter().map(|record| Case { folder: folder.to_owned(), record }).collect()
}

#[test]
fn answers_are_what_the_corpus_says() {
    let Some(folder) = corpus("tsp") else { return };
    let cases = cases(&folder);
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = case.record["expect"].as_str().unwrap();
        let agrees = match expected {
            "valid" => case.passes(true),
            "invalid" => case.fails(),
            _ if expected.starts_with("valid when the TSA certificate is supplied") => {
                case.passes(true) && !case.passes(false)
            }
            _ if expected.starts_with("valid at genTime") => case.passes(true),
            _ if expected.starts_with("the reported TSA must be the real signer") => {
                let signer = case.report(true).signatures()[0].signer().map(str::to_owned);
                case.passes(true) && signer.as_deref() == Some(&*leaf(case))
            }
            other => panic!("{other:?} is not known here"),
        };
        if !agrees {
            wrong.push(format!("{}: {expected}", case.record["id"]));
        }
    }
    println!("{} of {} cases agree", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The one that issued no other.
fn leaf(case: &Case) -> String {
    let (_, others) = chain(&case.file("chain").unwrap());
    let issuers: Vec<_> = others.iter().map(Certificate::issuer).collect();
    others.iter().map(Certificate::subject).find(|it| !issuers.contains(it)).unwrap()
}
