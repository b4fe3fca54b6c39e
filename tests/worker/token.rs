//! A worker whose key is on a token.

use std::process::Command;

use crate::softhsm::{PIN, module, settings};
use crate::{Fleet, done};

const TOKEN: [&str; 2] = ["--token", "Leader"];

#[test]
fn a_worker_signs_with_a_token() {
    let util = Command::new("softhsm2-util").arg("--version").output();
    let (Some(module), Ok(_)) = (module(), util) else {
        crate::support::skipped("SoftHSM is not there");
        return;
    };
    let Some(mut fleet) = Fleet::new() else { return };
    let conf = settings(fleet.folder.path());
    let util = |arguments: &[&str]| {
        let mut util = Command::new("softhsm2-util");
        let output = util.args(arguments).args(["--pin", PIN]).env("SOFTHSM2_CONF", &conf).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    util(&["--init-token", "--free", "--so-pin", "12345678", "--label", TOKEN[1]]);
    let key = fleet.text("pki/ubnd-leader.key.pem");
    let named = ["--import", &key, "--id", "01", "--label", "key"];
    util(&[&named[..], &TOKEN].concat());

    let documents = fleet.documents(5);
    fleet.put_sign(&[&documents]);
    // The key alone is on the token: its certificates are in a file.
    let (chain, trust) = (fleet.text("pki/ubnd-leader.pem"), fleet.text("pki/trust/cong-vu.pem"));
    let words = ["serve", "--pkcs11", module.to_str().unwrap(), "--cert", &chain];
    let words = [&words[..], &TOKEN, &["--trust", &trust, "--threads", "2"]].concat();
    let mut command = fleet.command(&words);
    command.env("SOFTHSM2_CONF", &conf).env("KYSO_PIN", PIN);
    fleet.running.push(command.spawn().unwrap());
    fleet.wait_until_all_is_done();
    let signed = fleet.results();
    assert!(signed.len() == 5 && signed.iter().all(|it| done(it).is_some()), "{signed:?}");

    let out = fleet.text("signed");
    fleet.run(&["results", "--out", &out]);
    fleet.run(&["put", "verify", "--policy", "pilot", &out]);
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    let passed = results.iter().filter(|it| it["outcome"]["done"]["conclusion"] == "TOTAL_PASSED");
    assert_eq!(passed.count(), 5, "{results:?}");
    assert!(!fleet.end(0).contains(PIN));
}
