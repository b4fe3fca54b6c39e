//! Keys that a remote service keeps: what they sign, and how their holder agrees.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kyso::csc::{
    Access, Answer, AuthorisationMode, Authorise, CredentialStatus, FactorKind, Pin, Question,
    RemoteSigner,
};
use kyso::{
    DigestAlgorithm, Error, ErrorKind, PssParameters, SignatureAlgorithm, Signer, cades, pades,
};
use serde_json::json;

use crate::service::{CLIENT_SECRET, KEY, OTP, PIN, Service, pin_alone, pin_and_code};
use crate::signed::{documents, now, passes, prepared, sign_batch, sign_one};
use crate::signer;

#[test]
fn pdf_and_cms_are_signed_by_each_algorithm() {
    let pdf = std::fs::read("testdata/pdf/cairo.pdf").unwrap();
    let sha256 = DigestAlgorithm::Sha256;
    let (rsa, ecdsa) = (SignatureAlgorithm::RsaPkcs1(sha256), SignatureAlgorithm::Ecdsa(sha256));
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(sha256));
    for (name, algorithm, der, listed) in [
        ("rsa2048", rsa, false, "1.2.840.113549.1.1.11"),
        ("rsa2048", rsa, false, "1.2.840.113549.1.1.1"),
        ("rsa2048", pss, false, "1.2.840.113549.1.1.10"),
        ("p256", ecdsa, false, "1.2.840.10045.4.3.2"),
        ("p256", ecdsa, true, "1.2.840.10045.4.3.2"),
    ] {
        let service = Service::start(name);
        service.state(|it| (it.der, it.algorithms) = (der, vec![listed]));
        let signer = signer(&service);
        assert_eq!(signer.algorithm(), algorithm, "by what the service lists");
        let signed = pades::SignatureBuilder::new(&pdf, now()).sign(&signer).unwrap();
        passes(&signed, None);
        let document = b"a document".as_slice();
        let cms = cades::SignatureBuilder::new(document, now()).sign(&signer).unwrap();
        passes(document, Some(&cms));
        assert_eq!(service.latest("signatures/signHash")["signAlgo"], listed);
    }
}

#[test]
fn another_algorithm_is_asked_for_by_name() {
    let service = Service::start("rsa2048");
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha256));
    let by_pss = signer(&service).with_algorithm(pss).unwrap();
    sign_one(&by_pss).unwrap();
    let asked = service.latest("signatures/signHash");
    assert_eq!(asked["signAlgo"], "1.2.840.113549.1.1.10");
    for other in [
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256),
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384),
        SignatureAlgorithm::Ed25519,
    ] {
        let error = signer(&service).with_algorithm(other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    }
    // What was prepared for another algorithm asks nobody.
    let rsa = signer(&service);
    let authorised = service.count("credentials/authorize");
    let all = prepared(&rsa, &documents(2));
    let batch: Vec<_> = all.iter().map(|it| it.to_be_signed().clone()).collect();
    for value in by_pss.sign_all(&batch) {
        assert_eq!(value.unwrap_err().kind(), ErrorKind::Misuse);
    }
    assert_eq!(service.count("credentials/authorize"), authorised);
}

#[test]
fn keys_are_listed_and_described() {
    let service = Service::start("rsa2048");
    service.state(|it| it.objects = pin_and_code());
    let client = service.client();
    assert_eq!(client.credentials().unwrap(), [KEY, "HX0224685"]);
    assert_eq!(service.latest("credentials/list"), json!({}));
    client.credentials_of("người ký").unwrap();
    assert_eq!(service.latest("credentials/list"), json!({ "userID": "người ký" }));
    let info = client.info().unwrap();
    assert!(info.asynchronous && info.methods.contains(&"credentials/list".to_owned()));
    assert_eq!((info.specification.as_str(), info.name.as_str()), ("2.0.0.2", "TEST"));

    let key = client.credential(KEY).unwrap();
    assert_eq!((key.id(), key.description()), (KEY, "Khóa của TEST"));
    assert_eq!(key.algorithms(), ["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"]);
    assert_eq!((key.is_enabled(), key.status()), (true, CredentialStatus::Valid));
    assert_eq!(key.mode(), AuthorisationMode::Explicit);
    assert_eq!((key.multisign(), key.is_bound_to_hashes()), (10, true));
    assert_eq!(key.certificate_chain().len(), 2);
    let [pin, otp] = key.factors() else { panic!("{:?}", key.factors()) };
    assert_eq!((pin.id.as_str(), pin.kind, pin.is_numeric), ("PIN", FactorKind::Password, true));
    assert_eq!((otp.label.as_str(), otp.kind), ("SMS", FactorKind::ChallengeResponse));
    // Numbers as texts, as some services write them.
    service.state(|it| (it.multisign, it.bits) = (json!("7"), json!("2048")));
    assert_eq!(client.credential(KEY).unwrap().multisign(), 7);
}

#[test]
fn a_batch_takes_as_few_authorisations_as_the_service_permits() {
    for (multisign, authorised) in [(10, 3), (25, 1), (100, 1)] {
        let service = Service::start("rsa2048");
        service.state(|it| it.multisign = json!(multisign));
        let signer = signer(&service);
        assert_eq!(signer.batch_size(), multisign);
        for outcome in sign_batch(&signer, 25) {
            outcome.unwrap();
        }
        assert_eq!(service.count("credentials/authorize"), authorised);
        assert_eq!(service.count("signatures/signHash"), authorised);
    }
    // Our own bound counts, too.
    let service = Service::start("rsa2048");
    let mut limits = kyso::Limits::default();
    limits.signing_batch = 4;
    let client = service.client().with_limits(limits);
    let signer = RemoteSigner::open(client, KEY, Pin::new(PIN)).unwrap();
    assert_eq!(signer.batch_size(), 4);
    assert!(sign_batch(&signer, 10).into_iter().all(|it| it.is_ok()));
    assert_eq!(service.count("credentials/authorize"), 3);
    assert_eq!(signer.sign_all(&[]).len(), 0);
}

#[test]
fn one_authorisation_lasts_for_several_signatures() {
    for (scal, extended) in [("1", 0), ("2", 2)] {
        let service = Service::start("rsa2048");
        service.state(|it| it.scal = scal);
        let signer = signer(&service).with_transaction(3);
        let mut pdf = std::fs::read("testdata/pdf/cairo.pdf").unwrap();
        for _ in 0..3 {
            pdf = pades::SignatureBuilder::new(&pdf, now()).sign(&signer).unwrap();
        }
        passes(&pdf, None);
        assert_eq!(service.count("credentials/authorize"), 1, "SCAL {scal}");
        assert_eq!(service.latest("credentials/authorize")["numSignatures"], 3);
        assert_eq!(service.count("credentials/extendTransaction"), extended);
        // It is used up.
        sign_one(&signer).unwrap();
        assert_eq!(service.count("credentials/authorize"), 2);
    }
}

#[test]
fn an_authorisation_that_ended_is_extended_or_asked_for_anew() {
    let service = Service::start("rsa2048");
    service.state(|it| it.scal = "1");
    let signer = signer(&service).with_transaction(8);
    sign_one(&signer).unwrap();
    // Close to its end it is extended, ...
    service.wait(280);
    sign_one(&signer).unwrap();
    assert_eq!(service.count("credentials/extendTransaction"), 1);
    assert_eq!(service.count("credentials/authorize"), 1);
    // ... where the service knows that call.
    service.state(|it| it.extends = false);
    service.wait(280);
    sign_one(&signer).unwrap();
    assert_eq!(service.count("credentials/authorize"), 2);
    // After it, the old one is not sent at all.
    service.wait(400);
    sign_one(&signer).unwrap();
    assert_eq!(service.count("credentials/extendTransaction"), 2);
    assert_eq!(service.count("credentials/authorize"), 3);
    // One that the service ended before is renewed once.
    service.state(|it| it.instead.push_back(("signatures/signHash", 400, expired())));
    sign_one(&signer).unwrap();
    assert_eq!(service.count("credentials/authorize"), 4);
    // One that is new and refused is not.
    service.wait(400);
    service.state(|it| it.instead.push_back(("signatures/signHash", 400, expired())));
    let error = sign_one(&signer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service, "{error}");
    assert_eq!(service.count("credentials/authorize"), 5);
}

fn expired() -> String {
    json!({ "error": "invalid_request", "error_description": "SAD expired" }).to_string()
}

/// What a person answers, and how often they were asked and refused.
#[derive(Default)]
struct Person {
    answers: Mutex<Vec<(&'static str, &'static str)>>,
    asked: AtomicUsize,
    refused: AtomicUsize,
}

struct Asks(Arc<Person>);

impl Authorise for Asks {
    fn authorise(&self, question: &Question<'_>) -> kyso::Result<Vec<Answer>> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        assert!(!question.digests().is_empty() && !question.factors().is_empty());
        let answers = self.0.answers.lock().unwrap();
        Ok(answers.iter().map(|(id, value)| Answer::new(*id, *value)).collect())
    }

    fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::SeqCst);
    }
}

fn person(answers: &[(&'static str, &'static str)]) -> Arc<Person> {
    Arc::new(Person { answers: Mutex::new(answers.to_vec()), ..Person::default() })
}

#[test]
fn a_wrong_pin_is_sent_once() {
    let service = Service::start("rsa2048");
    let person = person(&[("PIN", "wrong-pin")]);
    let signer = RemoteSigner::open(service.client(), KEY, Asks(Arc::clone(&person))).unwrap();
    // Three authorisations would be wanted: one is tried.
    for outcome in sign_batch(&signer, 25) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signer, "{error}");
        let refusal = kyso::csc::Refusal::of(&error).unwrap();
        assert_eq!(refusal.code, "invalid_authentication_data");
        assert!(!format!("{error} {error:?} {refusal:?}").contains("wrong-pin"));
    }
    let counted = |it: &AtomicUsize| it.load(Ordering::SeqCst);
    assert_eq!((counted(&person.asked), counted(&person.refused)), (1, 1));
    assert_eq!(service.count("credentials/authorize"), 1);
    assert_eq!(service.count("signatures/signHash"), 0);
    // A person who knows better.
    *person.answers.lock().unwrap() = vec![("PIN", PIN)];
    sign_one(&signer).unwrap();

    // A PIN that is known beforehand is not sent again, however often it is asked to sign.
    let sealer = RemoteSigner::open(service.client(), KEY, Pin::new("wrong-pin")).unwrap();
    for _ in 0..5 {
        assert_eq!(sign_one(&sealer).unwrap_err().kind(), ErrorKind::Signer);
    }
    assert_eq!(service.state(|it| it.wrong), 2);
    service.state(|it| it.wrong = 3);
    let error = sign_one(&signer).unwrap_err();
    assert!(error.kind() == ErrorKind::Signer && error.to_string().contains("locked"), "{error}");
}

#[test]
fn a_code_is_sent_before_it_is_asked_for() {
    let service = Service::start("p256");
    service.state(|it| it.objects = pin_and_code());
    let both = person(&[("OTP", OTP), ("PIN", PIN)]);
    let signer = RemoteSigner::open(service.client(), KEY, Asks(both)).unwrap();
    assert!(sign_batch(&signer, 15).into_iter().all(|it| it.is_ok()));
    assert_eq!(service.count("credentials/getChallenge"), 2, "once for each authorisation");
    assert_eq!(service.count("credentials/sendOTP"), 0);
    sign_one(&signer.sending_otp()).unwrap();
    assert_eq!(service.count("credentials/sendOTP"), 1);
    // In words: the challenge is for whoever answers.
    let question = json!({ "challenge": "Tên\nmẹ?" }).to_string();
    service.state(|it| it.instead.push_back(("credentials/getChallenge", 200, question)));
    let asked = |question: &Question<'_>| -> kyso::Result<Vec<Answer>> {
        assert_eq!(question.factors()[1].challenge.as_deref(), Some("Tên mẹ?"));
        assert_eq!((question.signatures(), question.description()), (1, Some("QĐ 15")));
        Err(Error::new(ErrorKind::Signer, "the holder does not agree"))
    };
    let signer = RemoteSigner::open(service.client(), KEY, asked).unwrap();
    let error = sign_one(&signer.with_description("QĐ 15")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signer, "{error}");
}

#[test]
fn answers_have_to_fit_the_question() {
    let service = Service::start("rsa2048");
    service.state(|it| it.objects = pin_and_code());
    for (answers, kind) in [
        (&[("PIN", PIN)][..], ErrorKind::Signer),
        (&[("PIN", PIN), ("OTP", OTP), ("SMS", "x")], ErrorKind::Misuse),
        (&[("PIN", PIN), ("PIN", PIN), ("OTP", OTP)], ErrorKind::Misuse),
    ] {
        let signer = RemoteSigner::open(service.client(), KEY, Asks(person(answers))).unwrap();
        assert_eq!(sign_one(&signer).unwrap_err().kind(), kind, "{answers:?}");
    }
    let sealer = RemoteSigner::open(service.client(), KEY, Pin::new(PIN)).unwrap();
    assert_eq!(sign_one(&sealer).unwrap_err().kind(), ErrorKind::Signer, "a PIN is not enough");
    assert_eq!(service.count("credentials/authorize"), 0);
    // Where the service leaves a choice, one is enough.
    service.state(|it| it.expression = Some("PIN OR OTP"));
    let signer = RemoteSigner::open(service.client(), KEY, Asks(person(&[("OTP", OTP)]))).unwrap();
    sign_one(&signer).unwrap();
}

#[test]
fn a_service_that_sees_to_it_is_not_answered() {
    let service = Service::start("rsa2048");
    service.state(|it| it.objects = json!([]));
    let nobody = |_: &Question<'_>| -> kyso::Result<Vec<Answer>> { panic!("nobody is asked") };
    let signer = RemoteSigner::open(service.client(), KEY, nobody).unwrap();
    sign_one(&signer).unwrap();
    assert_eq!(service.latest("credentials/authorize")["authData"], json!([]));
    // From many threads at once.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| sign_one(&signer).unwrap());
        }
    });
    assert_eq!(service.count("signatures/signHash"), 5);
}

#[test]
fn a_holder_agrees_in_a_browser() {
    struct Browser;
    impl Authorise for Browser {
        fn authorise(&self, _: &Question<'_>) -> kyso::Result<Vec<Answer>> {
            panic!("nothing is asked for here")
        }
        fn access_token(&self, question: &Question<'_>) -> kyso::Result<String> {
            assert_eq!(question.credential().id(), KEY);
            Ok("credential-token".to_owned())
        }
    }
    let service = Service::start("rsa2048");
    service.state(|it| it.mode = "oauth2code");
    sign_one(&RemoteSigner::open(service.client(), KEY, Browser).unwrap()).unwrap();
    assert_eq!(service.count("credentials/authorize"), 0);
    let error = sign_one(&signer(&service)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[test]
fn tokens_are_obtained_once_and_renewed_when_they_end() {
    let service = Service::start("rsa2048");
    let signer = signer(&service);
    sign_one(&signer).unwrap();
    service.wait(3_500);
    sign_one(&signer).unwrap();
    assert_eq!(service.state(|it| it.logins), 1);
    service.wait(90);
    sign_one(&signer).unwrap();
    assert_eq!(service.state(|it| it.logins), 2, "before it ended");
    // The service does not take it any more: once more, and nobody is asked twice.
    service.state(|it| it.tokens.clear());
    sign_one(&signer).unwrap();
    assert_eq!(service.state(|it| it.logins), 3);
    assert_eq!(service.count("signatures/signHash"), 4);

    let client = service.client_by(Access::token("token-3-secret"));
    client.credentials().unwrap();
    service.state(|it| it.tokens.clear());
    let asked = service.count("credentials/list");
    let error = client.credentials().unwrap_err();
    assert!(error.kind() == ErrorKind::Service && error.to_string().contains("token"), "{error}");
    assert_eq!(service.count("credentials/list"), asked + 1, "there is no other token to try");

    let given = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&given);
    let client = service.client_by(Access::tokens(move || {
        Ok(format!("given-{}", count.fetch_add(1, Ordering::SeqCst)))
    }));
    assert_eq!(client.credentials().unwrap_err().kind(), ErrorKind::Service);
    assert_eq!(given.load(Ordering::SeqCst), 2, "and no third");
}

#[test]
fn a_system_obtains_its_token_by_its_own_secret() {
    let service = Service::start("rsa2048");
    let issuer = format!("{}/oauth2/token", service.endpoint);
    let client = service.client_by(Access::client(issuer.clone(), "dms", CLIENT_SECRET));
    service.state(|it| it.objects = pin_alone());
    sign_one(&RemoteSigner::open(client, KEY, Pin::new(PIN)).unwrap()).unwrap();
    assert_eq!(service.count("oauth2/token"), 1);
    let client = service.client_by(Access::client(issuer, "dms", "another secret"));
    let error = client.credentials().unwrap_err();
    assert!(error.kind() == ErrorKind::Service && !error.to_string().contains("another secret"));
    let client = service.client_by(Access::login("clerk", "wrong-password"));
    assert_eq!(client.credentials().unwrap_err().kind(), ErrorKind::Service);
    assert_eq!(service.count("credentials/list"), 0);
}
