//! The programs `sign` and `batch_sign`: keys that a service keeps.

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;
use std::{fs, thread};

use serde_json::json;

use crate::service::{KEY, NOW, OTP, PIN, pin_alone, pin_and_code, remote};
use crate::signed::passes;
use crate::support::folder::Folder;
use crate::support::{command, run};

const PDF: &str = "testdata/pdf/cairo.pdf";

#[test]
fn a_key_of_a_service_signs() {
    let folder = tempfile::tempdir().unwrap();
    let (service, options) = remote(folder.path());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let out = folder.path().join("signed.pdf");
    let files = ["--time", NOW, PDF, out.to_str().unwrap()];
    let Some((code, said)) = run("sign", &[&options[..], &files].concat()) else { return };
    assert_eq!(code, Some(0), "{said}");
    passes(&fs::read(&out).unwrap(), None);
    let phone = ["--csc-phone", "--csc-description", "QĐ 15", "--algorithm"];
    let phone = [&phone[..], &["RSA_SSA_PSS_SHA256_MGF1"]].concat();
    let (code, said) = run("sign", &[&options[..], &phone, &files].concat()).unwrap();
    assert_eq!(code, Some(0), "{said}");
    passes(&fs::read(&out).unwrap(), None);
    assert_eq!(service.latest("credentials/authorize")["description"], "QĐ 15");
    // Two keys, and none is named.
    let unnamed: Vec<&str> =
        options.iter().copied().filter(|it| !["--credential", KEY].contains(it)).collect();
    let (code, said) = run("sign", &[&unnamed[..], &files].concat()).unwrap();
    assert!(code == Some(1) && said.contains("HX0224685"), "{said}");
    // A wrong PIN is sent once, and not told.
    fs::write(folder.path().join("pin"), "wrong-pin").unwrap();
    let (code, said) = run("sign", &[&options[..], &files].concat()).unwrap();
    assert!(code == Some(1) && !said.contains("wrong-pin"), "{said}");
    assert_eq!(service.state(|it| it.wrong), 1);
    fs::write(folder.path().join("pin"), PIN).unwrap();
    service.state(|it| it.objects = pin_and_code());
    let (code, said) = run("sign", &[&options[..], &files].concat()).unwrap();
    assert!(code == Some(1) && said.contains("--csc-otp"), "{said}");
    let code = ["--csc-otp", OTP];
    let (code, said) = run("sign", &[&options[..], &code, &files].concat()).unwrap();
    assert_eq!(code, Some(0), "{said}");
}

/// What is no PIN does not get it: each such answer would be counted as a wrong one.
#[test]
fn the_pin_is_for_the_pin_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (service, options) = remote(folder.path());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let out = folder.path().join("signed.pdf");
    let files = ["--time", NOW, PDF, out.to_str().unwrap()];
    let failing = |objects, more: &[&str]| {
        service.state(|it| it.objects = objects);
        let output = run("sign", &[&options[..], more, &files].concat())?;
        assert_eq!((output.0, service.count("credentials/authorize")), (Some(1), 0), "{output:?}");
        Some(output.1)
    };
    let factor = |id: &str, generator: Option<&str>| json!([{ "type": "Password", "id": id, "generator": generator }]);
    let Some(said) = failing(factor("SECRET\u{1b}[2J", None), &[]) else { return };
    assert!(said.contains("SECRET") && !said.contains('\u{1b}'), "{said}");
    for (id, generator) in [("SIGN", Some("totp")), ("PIN", Some("hotp")), ("otp-2", None)] {
        let said = failing(factor(id, generator), &[]).unwrap();
        assert!(said.contains("--csc-otp"), "{id}: {said}");
    }
    fs::write(folder.path().join("pin"), "\n").unwrap();
    assert!(failing(pin_alone(), &[]).unwrap().contains("nothing in its first line"));
    fs::write(folder.path().join("pin"), PIN).unwrap();
    // Where somebody says which one it is.
    service.state(|it| it.objects = factor("PIN\u{e9}", None));
    let named = ["--csc-pin-factor", "PIN\u{e9}"];
    let _ = run("sign", &[&options[..], &named, &files].concat()).unwrap();
    let sent = service.latest("credentials/authorize")["authData"].clone();
    assert_eq!(sent, json!([{ "id": "PIN\u{e9}", "value": PIN }]));
}

/// A service on this machine is spoken to in the clear: no proxy of the environment hears it.
#[test]
fn what_stays_on_the_machine_goes_by_no_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let (service, options) = remote(folder.path());
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let out = folder.path().join("signed.pdf");
    let Some(mut program) = command("sign") else { return };
    program.args(options).args(["--time", NOW, PDF]).arg(&out);
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy"] {
        program.env(name, &address);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        program.env_remove(name);
    }
    let mut program = program.stderr(Stdio::piped()).spawn().unwrap();
    let ended = loop {
        if let Ok((mut heard, _)) = proxy.accept() {
            let _ = heard.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            let _ = program.kill();
            panic!("the proxy was asked: {:?}", program.wait());
        }
        if let Some(ended) = program.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(ended.success());
    assert_eq!(service.count("signatures/signHash"), 1);
}

/// The service takes ten values at once: so many for which its holder agrees once.
#[test]
fn a_folder_is_signed_under_two_authorisations() {
    let kept = tempfile::tempdir().unwrap();
    let (service, options) = remote(kept.path());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let folder = Folder::of(20, kept.path(), NOW);
    let Some((code, said)) = folder.sign(&options) else { return };
    assert_eq!(code, Some(0), "{said}");
    let calls = || ["credentials/authorize", "signatures/signHash"].map(|it| service.count(it));
    assert_eq!(calls(), [2, 2], "{said}");
    assert_eq!(service.latest("credentials/authorize")["numSignatures"], 10);
    folder.all_pass(20);
    // What is signed is not asked for again.
    let (code, said) = folder.sign(&options).unwrap();
    assert!(code == Some(0) && said.contains("20 signed before"), "{said}");
    assert_eq!(calls(), [2, 2]);
}

/// A code is good for one authorisation; the next one goes on where it ended.
#[test]
fn a_folder_is_signed_as_far_as_a_code_goes() {
    let kept = tempfile::tempdir().unwrap();
    let (service, options) = remote(kept.path());
    service.state(|it| it.objects = pin_and_code());
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let options = [&options[..], &["--csc-otp", OTP]].concat();
    let folder = Folder::of(20, kept.path(), NOW);
    let Some((code, said)) = folder.sign(&options) else { return };
    assert!(code == Some(1) && said.contains("10 signed, 0 signed before"), "{said}");
    let (code, said) = folder.sign(&options).unwrap();
    assert!(code == Some(0) && said.contains("10 signed, 10 signed before"), "{said}");
    assert_eq!(service.count("credentials/authorize"), 2);
    folder.all_pass(20);
}
