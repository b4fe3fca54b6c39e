//! What xmlsec1 takes of what is made here, and what is taken here of what it makes. Where it
//! is not installed, this says so.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::print_stdout, missing_docs)]

use std::path::Path;
use std::process::Command;

use kyso::{Form, Policy, SoftwareSigner, TrustStore, UtcTime, Validator, xades};

const AT: &str = "2026-06-01T00:00:00Z";

fn signer(name: &str) -> SoftwareSigner {
    let read = |end: &str| std::fs::read(format!("testdata/keys/{name}.{end}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

/// Whether it says yes; nothing where it is not there.
fn xmlsec(arguments: &[&str]) -> Option<bool> {
    match Command::new("xmlsec1").args(arguments).output() {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            println!("skipped: xmlsec1 is not installed");
            None
        }
    }
}

fn verified(path: &Path) -> Option<bool> {
    let path = path.to_str().unwrap();
    let trusted = ["--trusted-pem", "testdata/keys/ca.crt.pem"];
    let at = ["--verification-gmt-time", "2026-06-01 00:00:00"];
    let id = ["--id-attr:Id", "SignedProperties", "--id-attr:Id", "Object"];
    xmlsec(&[&["--verify"], &trusted[..], &at, &id, &[path]].concat())
}

#[test]
fn xmlsec_takes_what_is_made_here() {
    let folder = tempfile::tempdir().unwrap();
    let at: UtcTime = AT.parse().unwrap();
    // It canonicalizes no namespaces with relative names.
    let document = "<a xmlns='urn:u' xml:lang='vi'>Công <b c='1&#10;2'/>văn</a>".as_bytes();
    for name in ["rsa3072", "p256", "p384"] {
        let signer = signer(name);
        let path = folder.path().join(format!("{name}.xml"));
        let enveloped = xades::SignatureBuilder::enveloped(&document, at).sign(&signer).unwrap();
        std::fs::write(&path, &enveloped).unwrap();
        let Some(verdict) = verified(&path) else { return };
        assert!(verdict, "{name}, in a document");
        let around = xades::SignatureBuilder::enveloping(&document, at).sign(&signer).unwrap();
        std::fs::write(&path, &around).unwrap();
        assert_eq!(verified(&path), Some(true), "{name}, around a document");
        let both = xades::CounterSignatureBuilder::new(&around, at).sign(&signer).unwrap();
        std::fs::write(&path, &both).unwrap();
        assert_eq!(verified(&path), Some(true), "{name}, countersigned");
        let changed = String::from_utf8(enveloped).unwrap().replace("Công", "Cong");
        std::fs::write(&path, changed).unwrap();
        assert_eq!(verified(&path), Some(false), "{name}, changed");
    }
}

/// A template that it fills in.
const TEMPLATE: &str = "<a>văn bản<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
    <ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"METHOD\"/><ds:SignatureMethod \
    Algorithm=\"ALGORITHM\"/><ds:Reference URI=\"\"><ds:Transforms><ds:Transform \
    Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform \
    Algorithm=\"METHOD\"/></ds:Transforms><ds:DigestMethod \
    Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue/></ds:Reference>\
    </ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature></a>";

#[test]
fn what_xmlsec_makes_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let trust = TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap());
    let validator = Validator::new(trust.unwrap(), Policy::pilot(), AT.parse().unwrap());
    let (template, signed) = (folder.path().join("t.xml"), folder.path().join("s.xml"));
    let methods = [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    ];
    let algorithms =
        [("rsa3072", "rsa-sha256"), ("rsa3072", "rsa-sha512"), ("p256", "ecdsa-sha256")];
    for method in methods {
        for (name, algorithm) in algorithms {
            let uri = format!("http://www.w3.org/2001/04/xmldsig-more#{algorithm}");
            let text = TEMPLATE.replace("METHOD", method).replace("ALGORITHM", &uri);
            std::fs::write(&template, text).unwrap();
            let key = format!("testdata/keys/{name}.key.pem,testdata/keys/{name}.crt.pem");
            let (out, from) = (signed.to_str().unwrap(), template.to_str().unwrap());
            let Some(made) = xmlsec(&["--sign", "--privkey-pem", &key, "--output", out, from])
            else {
                return;
            };
            assert!(made, "{method} {algorithm}");
            let report = validator.validate(&std::fs::read(&signed).unwrap()).unwrap();
            let one = report.signatures().first().unwrap();
            assert_eq!((one.form(), one.intact()), (Form::XmlDsig, Some(true)), "{report}");
        }
    }
}
