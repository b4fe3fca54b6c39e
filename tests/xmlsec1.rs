//! libxmlsec1's program beside us, where it is at hand: what each of us signs, the other
//! verifies, and neither takes what was changed.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::print_stdout, missing_docs)]

#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kyso::{
    Conclusion, DigestAlgorithm, Form, Policy, PssParameters, Report, SignatureAlgorithm,
    SoftwareSigner, Source, TrustStore, UtcTime, Validator, xades, xmldsig,
};

const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- \u{111}\u{1ebf}n -->\r\n\
    <cv:CongVan xmlns:cv=\"urn:cv\" xmlns:x=\"urn:x\"><!-- within --><cv:So Id=\"so\" b='2' a=\"1\"\
    >15/CV</cv:So>\r\n<cv:TrichYeu xml:lang=\"vi\">V/v h\u{1ecd}p &amp; <![CDATA[<b\u{e1}o>]]></cv:TrichYeu>\
    <x:e/></cv:CongVan>\r\n<?after it?>\r\n";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";

fn now() -> UtcTime {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn is_at_hand() -> bool {
    let found = Command::new("xmlsec1").arg("--version").output().is_ok();
    if !found {
        skip::skipped("no xmlsec1; Debian has it in a package of this name");
    }
    found
}

fn test_key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

fn signer(name: &str) -> SoftwareSigner {
    let read = |end: &str| fs::read(test_key(&format!("{name}.{end}.pem"))).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

/// What it says where it fails; files that a signature refers to are looked for in `folder`.
fn xmlsec1(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let ran = Command::new("xmlsec1").args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    if ran.status.success() { Ok(()) } else { Err(said) }
}

fn verified_there(folder: &Path, signed: &[u8]) -> Result<(), String> {
    fs::write(folder.join("signed.xml"), signed).unwrap();
    let ca = test_key("ca.crt.pem");
    let at = ["--verification-gmt-time", "2026-06-01 00:00:00"];
    let options = ["--verify", "--enabled-key-data", "x509", at[0], at[1], "--trusted-pem"];
    let ids = ["So", "Object", "SignedProperties"].map(|it| ["--id-attr:Id", it]).concat();
    let all = [&options[..], &[ca.to_str().unwrap()], &ids, &["signed.xml"]].concat();
    xmlsec1(folder, &all)
}

fn verified_here(folder: &Path, signed: &[u8]) -> Report {
    let trust = TrustStore::from_bytes(&fs::read(test_key("ca.crt.pem")).unwrap()).unwrap();
    let validator = Validator::new(trust, Policy::pilot(), now());
    let file = fs::read(folder.join("file.txt")).unwrap();
    validator.validate_with_files(signed, &vec![("file.txt", file)]).unwrap()
}

fn assert_passes(folder: &Path, signed: &[u8], form: Form, case: &str) {
    let report = verified_here(folder, signed);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{case}: {report}");
    assert!(report.signatures().iter().all(|it| it.form() == form), "{case}");
}

fn changed(signed: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(signed).unwrap();
    // The second is what the first is in base64.
    let changed = text.replacen("15/CV", "16/CV", 1).replacen("MTUvQ1Y", "MTYvQ1Y", 1);
    assert_ne!(changed, text);
    changed.into_bytes()
}

/// There and here; and, changed, no more. What is detached stands in a file of its own.
fn assert_holds(folder: &Path, signed: &[u8], form: Form, case: &str) {
    assert_eq!(verified_there(folder, signed), Ok(()), "{case}");
    assert_passes(folder, signed, form, case);
    if !case.starts_with("detached") {
        assert!(verified_there(folder, &changed(signed)).is_err(), "{case}");
    }
}

#[test]
fn what_we_sign_holds_there() {
    if !is_at_hand() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("file.txt"), "15/CV").unwrap();
    let document = DOCUMENT.as_bytes();
    let file = "15/CV".as_bytes();
    for name in ["rsa2048", "rsa4096", "p256", "p384"] {
        let signer = signer(name);
        for (form, builder) in [
            ("enveloped", xmldsig::SignatureBuilder::enveloped(&document, now())),
            ("over", xmldsig::SignatureBuilder::over(&document, ["so"], now())),
            ("inside", xmldsig::SignatureBuilder::over(&document, ["so"], now()).inside("so")),
            ("enveloping", xmldsig::SignatureBuilder::enveloping(&file, now())),
            (
                "detached",
                xmldsig::SignatureBuilder::detached([("file.txt", &file as &dyn Source)], now()),
            ),
        ] {
            let case = format!("{form} by {name}");
            let signed = builder.sign(&signer).unwrap();
            assert_holds(folder, &signed, Form::XmlDsig, &case);
        }
    }
}

#[test]
fn our_xades_holds_there() {
    if !is_at_hand() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("file.txt"), "15/CV").unwrap();
    let (document, file) = (DOCUMENT.as_bytes(), "15/CV".as_bytes());
    for name in ["rsa2048", "rsa3072", "p256", "p384"] {
        let signer = signer(name);
        for (form, builder) in [
            ("enveloped", xades::SignatureBuilder::enveloped(&document, now())),
            ("enveloping", xades::SignatureBuilder::enveloping(&file, now())),
            ("detached", xades::SignatureBuilder::detached("file.txt", &file, now())),
        ] {
            let signed = builder.sign(&signer).unwrap();
            let confirmed = xades::CounterSignatureBuilder::new(&signed, now()).sign(&signer);
            for (signed, confirmed) in [(signed, ""), (confirmed.unwrap(), ", countersigned")] {
                let case = format!("{form} by {name}{confirmed}");
                assert_holds(folder, &signed, Form::Xades, &case);
            }
        }
    }
}

/// Older ones than 1.3 have no PSS; then that is said, and ours verify here alone.
#[test]
fn pss_holds_where_it_is_known() {
    if !is_at_hand() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.txt"), "").unwrap();
    let document = DOCUMENT.as_bytes();
    let listed = Command::new("xmlsec1").arg("--list-transforms").output().unwrap();
    let knows = String::from_utf8_lossy(&listed.stdout).contains("rsa-pss");
    for digest in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let algorithm = SignatureAlgorithm::RsaPss(PssParameters::new(digest));
        let signer = signer("rsa3072").with_algorithm(algorithm).unwrap();
        let signed = xmldsig::SignatureBuilder::enveloped(&document, now()).sign(&signer).unwrap();
        assert_passes(folder.path(), &signed, Form::XmlDsig, &algorithm.to_string());
        let held = verified_there(folder.path(), &signed);
        assert_eq!(held.is_ok(), knows, "{algorithm}: {held:?}");
    }
    if !knows {
        println!("this xmlsec1 has no PSS, and refuses it");
    }
}

/// A signature to be filled in.
fn template(
    method: &str,
    canonical: &str,
    digest: &str,
    references: &[(&str, &[&str])],
    object: &str,
) -> String {
    let references: String = references
        .iter()
        .map(|(uri, transforms)| {
            let all: String = transforms
                .iter()
                .map(|it| match it.split_once('|') {
                    None => format!("<Transform Algorithm=\"{it}\"/>"),
                    Some((it, within)) => format!("<Transform Algorithm=\"{it}\">{within}</Transform>"),
                })
                .collect();
            let all = if all.is_empty() { all } else { format!("<Transforms>{all}</Transforms>") };
            format!(
                "<Reference URI=\"{uri}\">{all}<DigestMethod Algorithm=\"{digest}\"/><DigestValue/></Reference>"
            )
        })
        .collect();
    format!(
        "<Signature xmlns=\"{DSIG}\"><SignedInfo><CanonicalizationMethod Algorithm=\"{canonical}\"/>\
         <SignatureMethod Algorithm=\"{method}\"/>{references}</SignedInfo><SignatureValue/>\
         <KeyInfo><X509Data/></KeyInfo>{object}</Signature>"
    )
}

fn signed_there(folder: &Path, key: &str, template: &str) -> Vec<u8> {
    fs::write(folder.join("template.xml"), template).unwrap();
    let pair =
        ["key", "crt"].map(|end| test_key(&format!("{key}.{end}.pem")).display().to_string());
    let pair = pair.join(",");
    let all = [
        "--sign",
        "--privkey-pem",
        &pair,
        "--output",
        "out.xml",
        "--id-attr:Id",
        "So",
        "--id-attr:Id",
        "Object",
        "template.xml",
    ];
    xmlsec1(folder, &all).unwrap();
    fs::read(folder.join("out.xml")).unwrap()
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const CANONICAL: [&str; 6] = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    EXCLUSIVE,
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];

fn in_document(signature: &str) -> String {
    DOCUMENT.replace("</cv:CongVan>", &format!("{signature}</cv:CongVan>"))
}

#[test]
fn what_it_signs_holds_here() {
    if !is_at_hand() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("file.txt"), "15/CV").unwrap();
    let hold = |key: &str, template: &str, case: &str| {
        let signed = signed_there(folder, key, template);
        assert_passes(folder, &signed, Form::XmlDsig, case);
        if String::from_utf8_lossy(&signed).contains("15/CV") {
            let report = verified_here(folder, &changed(&signed));
            assert!(matches!(report.conclusion(), Some(Conclusion::TotalFailed(_))), "{case}");
        }
    };
    for (key, method) in [
        ("rsa2048", "rsa-sha256"),
        ("rsa3072", "rsa-sha384"),
        ("rsa4096", "rsa-sha512"),
        ("p256", "ecdsa-sha256"),
        ("p384", "ecdsa-sha384"),
    ] {
        let method = format!("{MORE}{method}");
        for canonical in CANONICAL {
            let references = [("", &[ENVELOPED, canonical][..])];
            let template = template(&method, canonical, SHA256, &references, "");
            hold(key, &in_document(&template), &format!("{key}, {canonical}"));
        }
    }
    let method = &format!("{MORE}ecdsa-sha256");
    for digest in [SHA256, &format!("{MORE}sha384"), "http://www.w3.org/2001/04/xmlenc#sha512"] {
        let references = [("#so", &[CANONICAL[1]][..]), ("", &[ENVELOPED][..])];
        let template = template(method, EXCLUSIVE, digest, &references, "");
        hold("p256", &in_document(&template), digest);
    }
    let object = "<Object Id=\"o\"><n xmlns=\"\">15/CV</n></Object>";
    let enveloping = template(method, CANONICAL[2], SHA256, &[("#o", &[])], object);
    hold("p256", &enveloping, "enveloping");
    let base64 = "http://www.w3.org/2000/09/xmldsig#base64";
    let object = "<Object Id=\"o\">MTUv\nQ1Y=</Object>";
    hold("p256", &template(method, EXCLUSIVE, SHA256, &[("#o", &[base64])], object), "base64");
    hold("p256", &template(method, EXCLUSIVE, SHA256, &[("file.txt", &[])], ""), "detached");
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116|<XPath \
        xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\">not(ancestor-or-self::d:Signature)</XPath>";
    let filter = "http://www.w3.org/2002/06/xmldsig-filter2|<XPath \
        xmlns=\"http://www.w3.org/2002/06/xmldsig-filter2\" xmlns:cv=\"urn:cv\" \
        Filter=\"intersect\">//cv:So</XPath>";
    for (case, transform) in [("XPath", xpath), ("XPath Filter 2.0", filter)] {
        let references = [("", &[transform, EXCLUSIVE][..])];
        hold("p256", &in_document(&template(method, EXCLUSIVE, SHA256, &references, "")), case);
    }
}
