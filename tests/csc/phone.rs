//! Keys whose holder agrees elsewhere, as on a phone, while this side waits.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kyso::csc::{Cancel, Polling, Submitted};
use kyso::{DigestAlgorithm, ErrorKind, PssParameters, SignatureAlgorithm};
use serde_json::json;

use crate::service::Service;
use crate::signed::{documents, passes, prepared, sign_batch, sign_one};
use crate::signer;

/// Polling that lets the service's time pass, and keeps its pauses.
fn polling(service: &Service) -> (Polling, Arc<Mutex<Vec<Duration>>>) {
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let (kept, clock) = (Arc::clone(&pauses), Arc::clone(&service.clock));
    let polling = Polling::default().pausing_by(move |pause| {
        kept.lock().unwrap().push(pause);
        clock.fetch_add(i64::try_from(pause.as_secs()).unwrap(), Ordering::SeqCst);
    });
    (polling, pauses)
}

#[test]
fn a_phone_agrees_meanwhile() {
    for asynchronous in [false, true] {
        for pends_by_400 in [false, true] {
            let service = Service::start("p256");
            // Only the phone is asked: no factor here has a value.
            let phone = json!([{ "type": "ChallengeResponseOOB", "id": "mobile" }]);
            service.state(|it| {
                (it.objects, it.pends_by_400, it.works) = (phone, pends_by_400, 4);
                it.phone = (!asynchronous).then_some(4);
            });
            let (polling, pauses) = polling(&service);
            let signer = signer(&service).with_polling(polling.with_response_uri("https://dms/x"));
            let signer = if asynchronous { signer.asynchronous() } else { signer };
            assert!(sign_batch(&signer, 3).into_iter().all(|it| it.is_ok()));
            let asked = service.latest("signatures/signHash");
            assert_eq!(asked["operationMode"], if asynchronous { "A" } else { "S" });
            assert_eq!(asked.get("response_uri").is_some(), asynchronous);
            let pauses: Vec<u128> =
                pauses.lock().unwrap().iter().map(Duration::as_millis).collect();
            assert_eq!(pauses, [1000, 1500, 2250, 3375, 5062], "growing");
            let data = &service.latest("credentials/authorize")["authData"];
            assert_eq!(data, &json!([{ "id": "mobile" }]));
        }
    }
}

#[test]
fn a_phone_refuses_or_is_silent() {
    let service = Service::start("p256");
    service.state(|it| it.works = usize::MAX);
    let (polling, pauses) = polling(&service);
    let asynchronous = |polling| signer(&service).with_polling(polling).asynchronous();
    let denied = json!({ "error": "access_denied", "error_description": "Từ chối" }).to_string();
    service.state(|it| it.instead.push_back(("signatures/signPolling", 400, denied)));
    let error = sign_one(&asynchronous(polling.clone())).unwrap_err();
    assert!(error.kind() == ErrorKind::Signer && error.to_string().contains("Từ chối"), "{error}");

    pauses.lock().unwrap().clear();
    let error = sign_one(&asynchronous(polling.clone())).unwrap_err();
    assert!(error.kind() == ErrorKind::Signer && error.to_string().contains("300"), "{error}");
    let all: Duration = pauses.lock().unwrap().iter().sum();
    assert!(all <= Duration::from_secs(300), "{all:?}");
    assert!(pauses.lock().unwrap().iter().all(|it| *it <= Duration::from_secs(10)));
    // The clock stands still: it ends nonetheless.
    let still = Polling::default().pausing_by(|_| {});
    assert_eq!(sign_one(&asynchronous(still)).unwrap_err().kind(), ErrorKind::Signer);

    let cancel = Cancel::default();
    let calls_off = cancel.clone();
    let polling = Polling::default().cancelled_by(&cancel).pausing_by(move |_| calls_off.cancel());
    let polls = service.count("signatures/signPolling");
    let error = sign_one(&asynchronous(polling)).unwrap_err();
    assert!(error.to_string().contains("called off"), "{error}");
    assert_eq!(service.count("signatures/signPolling"), polls);
}

/// A network that fails for a moment does not undo what the holder does on the phone; one
/// that is gone ends the waiting.
#[test]
fn waiting_outlasts_a_moment_without_answers() {
    let service = Service::start("p256");
    let (polling, _) = polling(&service);
    let fail = |times| {
        service.state(|it| {
            let page = ("signatures/signPolling", 502, "<html>502</html>".to_owned());
            it.instead.extend(vec![page; times]);
        });
    };
    let signer = signer(&service).with_polling(polling).asynchronous();
    fail(3);
    sign_one(&signer).unwrap();
    fail(4);
    assert_eq!(sign_one(&signer).unwrap_err().kind(), ErrorKind::Service);
}

#[test]
fn what_was_handed_over_is_collected_by_another_process() {
    let service = Service::start("rsa2048");
    let documents = documents(2);
    let first = signer(&service);
    let all = prepared(&first, &documents);
    let batch: Vec<_> = all.iter().map(|it| it.to_be_signed().clone()).collect();
    let stored = serde_json::to_string(&first.submit(&batch).unwrap()).unwrap();
    drop(first);
    let submitted: Submitted = serde_json::from_str(&stored).unwrap();
    let second = signer(&service);
    assert!(second.collect(&submitted).unwrap().is_none());
    assert!(second.collect(&submitted).unwrap().is_none());
    let values = second.collect(&submitted).unwrap().unwrap();
    assert_eq!(values.len(), 2);
    for ((prepared, value), document) in all.into_iter().zip(values).zip(&documents) {
        let signed = prepared.complete(&value.unwrap()).unwrap();
        passes(document.as_bytes(), Some(&signed.to_vec(document.as_bytes()).unwrap()));
    }
    assert_eq!(second.submit(&[]).unwrap_err().kind(), ErrorKind::Misuse);
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha256));
    let other = second.with_algorithm(pss).unwrap();
    assert_eq!(other.collect(&submitted).unwrap_err().kind(), ErrorKind::Misuse);
}
