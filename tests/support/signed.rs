//! Documents that are signed by keys elsewhere, at the time of the certificates in
//! `testdata/keys`.

use kyso::{
    Conclusion, Policy, Prepared, SignatureValue, Signer, TrustStore, UtcTime, Validator, cades,
};

use crate::service::NOW;

pub(crate) fn now() -> UtcTime {
    NOW.parse().unwrap()
}

/// What is to be signed over these documents.
pub(crate) fn prepared(signer: &dyn Signer, documents: &[String]) -> Vec<Prepared> {
    let prepare = |it: &String| {
        let builder = cades::SignatureBuilder::new(it.as_bytes(), now());
        builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap()
    };
    documents.iter().map(prepare).collect()
}

pub(crate) fn documents(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("document {n}")).collect()
}

/// Signs so many documents at once, and completes each with its own value.
pub(crate) fn sign_batch(signer: &dyn Signer, count: usize) -> Vec<kyso::Result<()>> {
    let all = prepared(signer, &documents(count));
    let batch: Vec<_> = all.iter().map(|it| it.to_be_signed().clone()).collect();
    let values = signer.sign_all(&batch);
    assert_eq!(values.len(), count, "one answer each");
    let complete = |(prepared, value): (Prepared, kyso::Result<SignatureValue>)| {
        prepared.complete(&value?).map(|_| ())
    };
    all.into_iter().zip(values).map(complete).collect()
}

pub(crate) fn sign_one(signer: &dyn Signer) -> kyso::Result<()> {
    cades::SignatureBuilder::new(b"one".as_slice(), now()).sign(signer).map(|_| ())
}

pub(crate) fn passes(document: &[u8], detached: Option<&[u8]>) {
    let trust = TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap());
    let validator = Validator::new(trust.unwrap(), Policy::pilot(), now());
    let report = match detached {
        Some(signature) => validator.validate_detached(signature, document),
        None => validator.validate(document),
    };
    let report = report.unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}
