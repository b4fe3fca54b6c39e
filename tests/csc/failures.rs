//! Services that keep keys and fail, lie, or are hostile.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use kyso::csc::{Access, Answer, Client, Pin, Question, Refusal, RemoteSigner};
use kyso::exchange::Timeouts;
use kyso::{ErrorKind, Limits, Signer, UtcTime, cades};
use serde_json::json;

use crate::service::{CLIENT_SECRET, KEY, NOW, OTP, PASSWORD, PIN, Service, State, pin_and_code};
use crate::signed::sign_one;
use crate::signer;

const SIGN: &str = "signatures/signHash";

/// How signing fails where a call is answered so.
fn failing(service: &Service, call: &'static str, status: u16, body: &str) -> kyso::Error {
    service.state(|it| it.instead.push_back((call, status, body.to_owned())));
    sign_one(&signer(service)).unwrap_err()
}

#[test]
fn refusals_are_told_in_the_service_s_words() {
    let service = Service::start("rsa2048");
    for (status, code, text, kind) in [
        (400, "invalid_request", "Invalid parameter signAlgo", ErrorKind::Service),
        (400, "invalid_otp", "The OTP is invalid", ErrorKind::Signer),
        (400, "invalid_request", "Signing certificate is expired", ErrorKind::Signer),
        (429, "temporarily_unavailable", "Too many", ErrorKind::Service),
        (200, "access_denied", "Người ký từ chối", ErrorKind::Signer),
        (500, "server_error", "", ErrorKind::Service),
    ] {
        let body = json!({ "error": code, "error_description": text }).to_string();
        let error = failing(&service, SIGN, status, &body);
        assert_eq!(error.kind(), kind, "{error}");
        let refusal = Refusal::of(&error).unwrap();
        let told = (refusal.status, refusal.code.as_str(), refusal.description.as_str());
        assert_eq!(told, (status, code, text));
        assert!(error.to_string().contains(SIGN), "{error}");
    }
    assert_eq!(service.count(SIGN), 6, "none is asked twice");
}

/// What says no may have looked at the PIN: it is not sent again with another token, unless
/// the service says that the token is what it refuses.
#[test]
fn a_pin_is_not_sent_again_for_a_doubtful_token() {
    let service = Service::start("rsa2048");
    let failed = |body| failing(&service, "credentials/authorize", 401, body).kind();
    assert_eq!(failed(""), ErrorKind::Service);
    assert_eq!(failed(r#"{"error":"invalid_pin"}"#), ErrorKind::Signer);
    assert_eq!(service.count("credentials/authorize"), 2);
    let over = r#"{"error":"expired_token"}"#.to_owned();
    service.state(|it| it.instead.push_back(("credentials/authorize", 401, over)));
    sign_one(&signer(&service)).unwrap();
    assert_eq!(service.count("credentials/authorize"), 4);
    // What holds no answer of a person's is asked again for either.
    service.state(|it| it.instead.push_back((SIGN, 401, String::new())));
    sign_one(&signer(&service)).unwrap();
    assert_eq!(service.count(SIGN), 3);
}

/// Services refuse a PIN in words of their own, and count how often it comes.
#[test]
fn a_pin_is_not_sent_again_after_whatever_no() {
    let authorize = "credentials/authorize";
    for (status, body, sent) in [
        (400, r#"{"error":"invalid_request","error_description":"Sai mã PIN"}"#, 1),
        (400, r#"{"error":"bad_request","error_description":"Still 2 attempts left"}"#, 1),
        (401, "", 1),
        (403, "<html><h1>403 Forbidden</h1></html>", 1),
        (422, r#"{"message":"E1042"}"#, 1),
        (200, r#"{"error":"E1042"}"#, 1),
        // These say that nothing was looked at, or nothing at all.
        (401, r#"{"error":"invalid_token"}"#, 2),
        (429, "", 2),
        (503, "", 2),
    ] {
        let service = Service::start("rsa2048");
        service.state(|it| it.tokens.push("only".to_owned()));
        let client = service.client_by(Access::token("only"));
        let signer = RemoteSigner::open(client, KEY, Pin::new(PIN)).unwrap();
        service.state(|it| it.instead.push_back((authorize, status, body.to_owned())));
        sign_one(&signer).unwrap_err();
        let again = sign_one(&signer);
        assert_eq!(service.count(authorize), sent, "{status} {body}");
        match again {
            Ok(_) => assert_eq!(sent, 2, "{status} {body}"),
            Err(error) => assert_eq!((error.kind(), sent), (ErrorKind::Signer, 1), "{error}"),
        }
    }
}

/// What stands for nothing would be counted as a wrong PIN.
#[test]
fn an_empty_answer_is_not_sent() {
    let service = Service::start("rsa2048");
    let signer = RemoteSigner::open(service.client(), KEY, Pin::new("")).unwrap();
    assert_eq!(sign_one(&signer).unwrap_err().kind(), ErrorKind::Signer);
    assert_eq!((service.count("credentials/authorize"), service.state(|it| it.wrong)), (0, 0));
}

#[test]
fn answers_that_are_none_are_the_service_s_fault() {
    let service = Service::start("rsa2048");
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let within = format!(r#"{{"more":{deep},"signatures":{deep}}}"#);
    for (status, body) in [
        (502, "<html><h1>502 Bad Gateway</h1></html>"),
        (200, "<html>Đăng nhập mạng không dây</html>"),
        (200, r#"{"signatures":["AAAA"#),
        (200, r#"{"signatures":"AAAA"}"#),
        (200, r#"{"signatures":[7]}"#),
        (200, r#"{"signatures":null}"#),
        (200, r#"["AAAA"]"#),
        (200, "{}"),
        (200, ""),
        (204, ""),
        (200, deep.as_str()),
        (200, within.as_str()),
    ] {
        let error = failing(&service, SIGN, status, body);
        let start: String = body.chars().take(40).collect();
        assert_eq!(error.kind(), ErrorKind::Service, "{start}: {error}");
        assert!(error.to_string().len() < 400, "{error}");
    }
    for call in ["credentials/authorize", "auth/login"] {
        for body in ["{}", r#"{"SAD":7}"#, "<html>", "\u{0}\u{0}", r#"{"access_token":""}"#] {
            service.state(|it| it.instead.push_back((call, 200, body.to_owned())));
            let opened = RemoteSigner::open(service.client(), KEY, Pin::new(PIN));
            let error = opened.and_then(|it| sign_one(&it)).unwrap_err();
            let expected = [ErrorKind::Service, ErrorKind::Misuse];
            assert!(expected.contains(&error.kind()), "{call} {body}: {error}");
        }
    }
}

#[test]
fn values_are_as_many_as_hashes_and_of_this_key() {
    let service = Service::start("rsa2048");
    for (signatures, why) in [
        (json!([]), "0 signatures for 1"),
        (json!(["AAAA", "AAAA"]), "2 signatures for 1"),
        (json!(["***"]), "base64"),
        (json!([""]), "base64"),
    ] {
        let body = json!({ "signatures": signatures }).to_string();
        let error = failing(&service, SIGN, 200, &body);
        assert_eq!(error.kind(), ErrorKind::Service, "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    // Another key's value, and values in another order, come to nothing.
    let other = json!({ "signatures": ["AAAA"] }).to_string();
    assert_eq!(failing(&service, SIGN, 200, &other).kind(), ErrorKind::Signer);
    service.state(|it| it.swapped = true);
    let signer = signer(&service);
    let now: UtcTime = NOW.parse().unwrap();
    let prepared: Vec<_> = [b"one", b"two"]
        .map(|it| {
            let builder = cades::SignatureBuilder::new(it.as_slice(), now);
            builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap()
        })
        .into();
    let batch: Vec<_> = prepared.iter().map(|it| it.to_be_signed().clone()).collect();
    for (prepared, value) in prepared.into_iter().zip(signer.sign_all(&batch)) {
        assert_eq!(prepared.complete(&value.unwrap()).unwrap_err().kind(), ErrorKind::Signer);
    }
}

/// One value of a batch that cannot be read is the only one that is lost.
#[test]
fn one_garbled_value_leaves_the_others() {
    let service = Service::start("rsa2048");
    let signer = signer(&service);
    let builder = cades::SignatureBuilder::new(b"one".as_slice(), NOW.parse().unwrap());
    let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap();
    let batch = vec![prepared.to_be_signed().clone(); 3];
    let body = json!({ "signatures": ["AAAA", "?", "BBBB"] }).to_string();
    service.state(|it| it.instead.push_back((SIGN, 200, body)));
    let values = signer.sign_all(&batch);
    let read: Vec<_> = values.iter().map(Result::is_ok).collect();
    assert_eq!(read, [true, false, true]);
}

#[test]
fn redirects_are_not_followed() {
    let service = Service::start("rsa2048");
    let target = format!("location: {}/elsewhere", service.endpoint);
    for call in ["auth/login", "credentials/info", "credentials/authorize", SIGN] {
        for status in [301, 302, 307, 308] {
            service.state(|it| it.instead.push_back((call, status, target.clone())));
            let opened = RemoteSigner::open(service.client(), KEY, Pin::new(PIN));
            let error = opened.and_then(|it| sign_one(&it)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Service, "{error}");
            assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
        }
    }
    assert_eq!(service.count("elsewhere"), 0);
}

#[test]
fn what_a_service_sends_is_bounded() {
    let service = Service::start("rsa2048");
    let limited = |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        let client = service.client().with_limits(limits);
        client.credentials()?;
        sign_one(&RemoteSigner::open(client, KEY, Pin::new(PIN))?)
    };
    limited(&|_| {}).unwrap();
    let bounds: [&dyn Fn(&mut Limits); 4] = [
        &|it| it.signing_answer_bytes = 100,
        &|it| it.signing_credentials = 1,
        &|it| it.certificate_bytes = 500,
        &|it| it.certificates = 1,
    ];
    for change in bounds {
        assert_eq!(limited(change).unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
    let factors = vec![json!({ "type": "Password", "id": "PIN" }); 17];
    service.state(|it| it.objects = json!(factors));
    assert_eq!(limited(&|_| {}).unwrap_err().kind(), ErrorKind::LimitExceeded);
    service.state(|it| it.objects = json!([{ "type": "Retina\u{1b}[2J", "id": "EYE" }]));
    let error = limited(&|_| {}).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && !error.to_string().contains('\u{1b}'));
}

/// A service that sends without end, one that hangs up, and one that says nothing.
#[test]
fn an_answer_ends_or_is_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/csc/v2", listener.local_addr().unwrap());
    thread::spawn(move || {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ";
        for (n, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut vec![0; 65_536]).unwrap();
            match n {
                0 => {
                    stream.write_all(format!("{head}99999999999\r\n\r\n").as_bytes()).unwrap();
                    while stream.write_all(&[b' '; 65_536]).is_ok() {}
                }
                1 => stream.write_all(format!("{head}99\r\n\r\n{{\"cred").as_bytes()).unwrap(),
                _ => thread::sleep(Duration::from_secs(3)),
            }
        }
    });
    let mut timeouts = Timeouts::default();
    timeouts.silence = Duration::from_millis(300);
    let client = Client::new(endpoint, Access::token("t"), UtcTime::now).unwrap();
    let client = client.with_timeouts(timeouts);
    for (kind, why) in [
        (ErrorKind::LimitExceeded, "bytes in one answer"),
        (ErrorKind::Service, "lost"),
        (ErrorKind::Service, "lost"),
    ] {
        let error = client.credentials().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(why) && !error.to_string().contains("axis"), "{error}");
    }
    // Nobody listens below the ports that are handed out.
    let nobody = Client::new("http://127.0.0.1:1", Access::token("t"), UtcTime::now);
    let error = nobody.unwrap().credentials().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert!(error.to_string().contains("not reached"), "{error}");
}

#[test]
fn a_slow_service_is_not_waited_for() {
    let service = Service::start("rsa2048");
    let mut timeouts = Timeouts::default();
    timeouts.silence = Duration::from_millis(200);
    let client = service.client().with_timeouts(timeouts);
    let signer = RemoteSigner::open(client, KEY, Pin::new(PIN)).unwrap();
    sign_one(&signer).unwrap();
    service.state(|it| it.slow = Duration::from_secs(2));
    assert_eq!(sign_one(&signer).unwrap_err().kind(), ErrorKind::Service);
}

#[test]
fn keys_that_do_not_fit_are_not_opened() {
    let open = |service: &Service| {
        RemoteSigner::open(service.client(), KEY, Pin::new(PIN)).map(|_| ()).map_err(|it| it.kind())
    };
    let with = |change: &dyn Fn(&mut State)| {
        let service = Service::start("rsa2048");
        service.state(|it| change(it));
        open(&service)
    };
    let p256 = Service::start("p256").state(|it| it.certificates.clone());
    assert_eq!(with(&|_| {}), Ok(()));
    assert_eq!(with(&|it| it.status = "expired"), Ok(()), "the claimed time is asked");
    assert_eq!(with(&|it| it.key_status = "disabled"), Err(ErrorKind::Signer));
    assert_eq!(with(&|it| it.status = "revoked"), Err(ErrorKind::Signer));
    assert_eq!(with(&|it| it.status = "suspended"), Err(ErrorKind::Signer));
    assert_eq!(with(&|it| it.certificates = p256.clone()), Err(ErrorKind::Service));
    assert_eq!(with(&|it| it.bits = json!(3072)), Err(ErrorKind::Service));
    assert_eq!(with(&|it| it.algorithms = vec!["1.2.840.10045.4.3.2"]), Err(ErrorKind::Service));
    assert_eq!(with(&|it| it.certificates.clear()), Err(ErrorKind::Service));
    assert_eq!(with(&|it| it.certificates[0] = "***".to_owned()), Err(ErrorKind::Service));
    assert_eq!(with(&|it| it.certificates[0] = "AAAA".to_owned()), Err(ErrorKind::Malformed));
    assert_eq!(with(&|it| it.mode = "telepathy"), Err(ErrorKind::Service));
    // At least one, whatever the service says.
    assert_eq!(with(&|it| it.multisign = json!(0)), Ok(()));
    let service = Service::start("rsa2048");
    let client = service.client();
    assert_eq!(client.credential("another").unwrap_err().kind(), ErrorKind::Service);
}

#[test]
fn secrets_go_over_https_alone() {
    let new = |endpoint: &str, access| Client::new(endpoint, access, UtcTime::now);
    let token = || Access::token("t");
    for endpoint in ["http://rssp.example.vn/csc/v2", "http://10.1.2.3/csc/v2", "rssp", ""] {
        assert_eq!(new(endpoint, token()).unwrap_err().kind(), ErrorKind::Misuse, "{endpoint}");
    }
    let issuer = || Access::client("http://login.example.vn/token", "dms", CLIENT_SECRET);
    let error = new("https://rssp.example.vn/csc/v2", issuer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    new("https://rssp.example.vn/csc/v2", token()).unwrap();
    Client::over_plain_http("http://10.1.2.3/csc/v2", issuer(), UtcTime::now).unwrap();
    // What would break out of a header is not sent.
    let service = Service::start("rsa2048");
    let error = service.client_by(Access::token("t\r\nX: y")).credentials().unwrap_err();
    assert_eq!((error.kind(), service.count("credentials/list")), (ErrorKind::Misuse, 0));
}

/// Whatever is printed, and though a service repeats all that it was sent.
#[test]
fn no_secret_is_told() {
    let service = Service::start("rsa2048");
    service.state(|it| it.objects = pin_and_code());
    let issuer = format!("{}/oauth2/token", service.endpoint);
    let system = || Access::client(issuer.clone(), "dms", CLIENT_SECRET);
    let clerk = || Access::login("clerk", PASSWORD);
    let both = [Answer::new("PIN", PIN), Answer::new("OTP", OTP)];
    let mut all = format!("{:?} {:?} {both:?} {:?}", system(), clerk(), Pin::new(PIN));
    all += &format!("{:?} {:?}", Access::token(OTP), Access::tokens(|| Ok(PIN.into())));
    let ask = |_: &Question<'_>| Ok(vec![Answer::new("PIN", PIN), Answer::new("OTP", OTP)]);
    let open = |access| RemoteSigner::open(service.client_by(access), KEY, ask);
    let signer = open(clerk()).unwrap();
    sign_one(&signer).unwrap();
    all += &format!("{signer:?} {:?}", signer.credential());
    let calls = ["auth/login", "oauth2/token", "credentials/info", "credentials/authorize", SIGN];
    let mut refusals = 0;
    for call in calls {
        for status in [400, 401, 502, 200] {
            service.state(|it| it.repeats = Some((call, status)));
            let access = if call == "oauth2/token" { system() } else { clerk() };
            let error = open(access).and_then(|it| sign_one(&it)).unwrap_err();
            all += &format!("{error} {error:?} {:?}", Refusal::of(&error));
            refusals += usize::from(Refusal::of(&error).is_some());
        }
    }
    assert!(refusals >= 3 * calls.len() && all.contains("***"), "it was repeated: {all}");
    let basic = "Y2xlcms6cGFzcy1vZi10aGUtY2xlcms=";
    let sent = "secret%20of%20the%20client%2B%25";
    for secret in [PASSWORD, PIN, OTP, CLIENT_SECRET, "-secret", basic, sent] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}
