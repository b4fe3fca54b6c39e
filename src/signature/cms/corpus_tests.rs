//! CMS of third parties: every one is read, and what is hashed is what was signed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::exhaust::exhaust;
use super::tests::is_der;
use super::{SignedData, SignerInfo, unarmoured};
use crate::crypto::{DigestAlgorithm, verify};
use crate::error::Result;
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::samples::corpus;
use crate::signature::cades::StructuralLevel;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What is signed: bytes, or no more than their digest.
enum Signed {
    Bytes(Vec<u8>),
    Digest(DigestAlgorithm, Vec<u8>),
}

impl Signed {
    fn detached(record: &Json, root: &Path) -> Option<Self> {
        let input = record["inputs"]["detached"].as_array()?.first()?;
        let base64 = || STANDARD.decode(input["b64"].as_str().unwrap()).unwrap();
        Some(match input["kind"].as_str()? {
            "F" => Self::Bytes(fs::read(root.join(input["path"].as_str()?)).unwrap()),
            "B" => Self::Bytes(base64()),
            _ => Self::Digest(DigestAlgorithm::Sha256, base64()),
        })
    }

    fn is_digest(&self, algorithm: DigestAlgorithm, value: &[u8]) -> bool {
        match self {
            Self::Bytes(bytes) => algorithm.digest(bytes).value() == value,
            Self::Digest(known, digest) => *known == algorithm && digest == value,
        }
    }
}

/// Whether the signature value verifies and is over this content.
fn intact(signer: &SignerInfo<'_>, certificates: &[Certificate], content: Option<&Signed>) -> bool {
    let Some(content) = content else { return false };
    let Some(certificate) = signer.find_certificate(certificates) else { return false };
    let Some(attributes) = signer.signed_attributes() else { return false };
    let digest = attributes.message_digest().ok().flatten().unwrap_or_default();
    let algorithm = signer.digest_algorithm().unwrap();
    let over = signer.bytes_to_verify().unwrap().unwrap();
    let signature_algorithm = signer.signature_algorithm().unwrap().unwrap();
    let value =
        verify(certificate.public_key_info(), signature_algorithm, &over, signer.signature());
    content.is_digest(algorithm, &digest)
        && value.is_ok_and(|it| it.is_valid())
        && attributes.content_type().is_ok()
        && attributes.signing_time().is_ok()
        && attributes.algorithm_protection().is_ok_and(|it| {
            it.is_none_or(|it| {
                it.matches(signer.digest_identifier(), signer.signature_identifier())
            })
        })
}

/// The outcome of every signature, countersignatures behind the one they are over.
fn outcomes(
    signer: &SignerInfo<'_>,
    certificates: &[Certificate],
    content: Option<&Signed>,
) -> Vec<bool> {
    let mut found = vec![intact(signer, certificates, content)];
    let value = Signed::Bytes(signer.signature().to_vec());
    for counter in signer.unsigned_attributes().countersignatures(&Limits::default()).unwrap() {
        found.extend(outcomes(&counter.unwrap(), certificates, Some(&value)));
    }
    found
}

fn signatures(bytes: &[u8], detached: Option<Signed>) -> Vec<bool> {
    let bytes = unarmoured(bytes).unwrap();
    let cms = SignedData::parse(&bytes, &Limits::default()).unwrap();
    let certificates: Vec<_> =
        cms.certificates().iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let held = cms.content().map(|content| Signed::Bytes(content.bytes().unwrap().into_owned()));
    let content = held.or(detached);
    cms.signers()
        .iter()
        .flat_map(|signer| outcomes(signer.as_ref().unwrap(), &certificates, content.as_ref()))
        .collect()
}

fn high_confidence(root: &Path) -> Vec<Json> {
    let records = fs::read(root.join("expectations.json")).unwrap();
    let mut records: Vec<Json> = serde_json::from_slice(&records).unwrap();
    records.retain(|it| it["format"] == "CAdES" && it["confidence"] == "high");
    records
}

#[test]
fn dss_signatures_are_found_and_intact_as_expected() {
    let Some(root) = corpus("dss") else { return };
    let (mut all, mut agreed, mut wrong) = (0, 0, Vec::new());
    for record in high_confidence(&root) {
        let file = record["file"].as_str().unwrap();
        let found =
            signatures(&fs::read(root.join(file)).unwrap(), Signed::detached(&record, &root));
        let expect = &record["expect"];
        let intact = found.iter().all(|it| *it);
        let same = expect["signatures"] == found.len() && expect["intact"] == intact;
        all += 1;
        agreed += usize::from(same);
        if !same {
            wrong.push(format!("{file}: {found:?}, expected {}", expect["intact"]));
        }
    }
    println!("dss, CMS by itself: {agreed} of {all} agree, 0 listed divergences");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How the names of CMS end in the folders below.
const CMS: [&str; 12] = [
    ".p7m",
    ".p7s",
    ".pkcs7",
    ".cms",
    ".cades",
    ".tst", //
    "/Test.bin.sig",
    "/cadesLTAwithATv2.sig",
    "/d-trust.tsr",
    "/pkcs7-md4.pem",
    "/opaque.pem",
    "/x.pem",
];

/// RFC 5652 §5.4 hashes DER; every signer of these folders also stored DER. The
/// time-stamp tokens within are CMS, too.
#[test]
fn every_cms_is_read_and_its_attributes_stand_in_der() {
    let Some(root) = corpus("") else { return };
    let (mut read, mut tokens) = (0, 0);
    for folder in ["dss/cades", "dss/cms", "cms-openssl", "pyhanko-harvest"] {
        for file in files(&root.join(folder)) {
            let name = file.display().to_string();
            if !CMS.iter().any(|it| name.ends_with(it)) {
                continue;
            }
            let bytes = fs::read(&file).unwrap();
            let bytes = unarmoured(&bytes).unwrap();
            let cms = SignedData::parse(&bytes, &Limits::default())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            for signer in cms.signers() {
                let signer = signer.as_ref().unwrap_or_else(|error| panic!("{name}: {error}"));
                let attributes = signer.signed_attributes();
                assert!(attributes.is_none_or(|it| is_der(it)), "{name}");
                for (kind, token) in signer.unsigned_attributes().time_stamps() {
                    let token = SignedData::parse(token, &Limits::default())
                        .unwrap_or_else(|error| panic!("{name}: {kind:?}: {error}"));
                    assert_eq!(token.signers().len(), 1, "{name}: {kind:?}");
                    tokens += 1;
                }
            }
            read += 1;
        }
    }
    println!("{read} CMS read, {tokens} time-stamps within");
    assert!(read > 100 && tokens > 50);
}

fn levels(cms: &SignedData<'_>) -> Vec<String> {
    fn counter(cms: &SignedData<'_>, signer: &SignerInfo<'_>) -> Vec<String> {
        let found = signer.unsigned_attributes().countersignatures(&Limits::default()).unwrap();
        let each = found.into_iter().map(|it| it.unwrap());
        each.flat_map(|it| {
            let own = StructuralLevel::of_countersignature(cms, &it, &[], true).to_string();
            [vec![own], counter(cms, &it)].concat()
        })
        .collect()
    }
    let signers = cms.signers().iter().map(|it| it.as_ref().unwrap());
    signers
        .flat_map(|it| {
            [vec![StructuralLevel::of(cms, it, &[], true).to_string()], counter(cms, it)].concat()
        })
        .collect()
}

/// Files where EU DSS reports another level, and what it reports. The reason is the same
/// for all: the revocation data is not there for each certificate of the paths, which has
/// to be known from elsewhere, and is taken for granted here.
const LEVEL_DIVERGENCES: [(&str, &str); 8] = [
    ("cades-ats-v3-rev-val-crl.p7s", "C"),
    ("cades-ats-v3-wrong-crl.p7s", "C"),
    ("cades_signeddata_extended_after_lta.p7m", "BASELINE-T"),
    ("counterSignedLTA.p7s", "BASELINE-T BASELINE-B"),
    ("cadesLTAwithATv2.sig", "C"),
    ("cadesLTAwithATv2expired.p7s", "C"),
    ("dss2059.p7s", "C"),
    ("Double-C-E-ERS.p7m", "BASELINE-T BASELINE-T"),
];

#[test]
fn dss_levels_are_as_expected() {
    let Some(root) = corpus("dss") else { return };
    let (mut all, mut agreed, mut wrong) = (0, 0, Vec::new());
    for record in high_confidence(&root) {
        let file = record["file"].as_str().unwrap();
        let bytes = fs::read(root.join(file)).unwrap();
        let bytes = unarmoured(&bytes).unwrap();
        let found = levels(&SignedData::parse(&bytes, &Limits::default()).unwrap());
        let expected: Vec<String> = record["expect"]["per_signature"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["level_trusting_embedded_roots"].as_str().unwrap())
            .map(|it| it.trim_start_matches("CAdES-").replace("CMS-NOT-ETSI", "NOT_ETSI"))
            .collect();
        all += 1;
        agreed += usize::from(found == expected);
        let known = LEVEL_DIVERGENCES
            .iter()
            .any(|(name, theirs)| file.ends_with(name) && expected.join(" ") == *theirs);
        if known == (found == expected) {
            wrong.push(format!("{file}: {found:?}, expected {expected:?}"));
        }
    }
    println!(
        "dss, CAdES levels: {agreed} of {all} agree, {} listed divergences",
        LEVEL_DIVERGENCES.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The strings of hexadecimal digits that are `/Contents` of something in a PDF and
/// begin as a SEQUENCE does. Good enough to find samples; no way to read a PDF.
fn contents_of_pdf(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let starts = pdf.windows(9).enumerate().filter(|(_, window)| window == b"/Contents");
    for (at, _) in starts {
        let digits = pdf[at + 9..].trim_ascii_start();
        let Some(digits) = digits.strip_prefix(b"<") else { continue };
        let digits: Vec<u8> = digits
            .iter()
            .take_while(|byte| **byte != b'>')
            .filter_map(|byte| char::from(*byte).to_digit(16).map(|it| u8::try_from(it).unwrap()))
            .collect();
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        if bytes.len() > 100 && bytes[0] == 0x30 {
            found.push(bytes);
        }
    }
    found
}

/// The attack that cuts the CMS itself.
const CUT: &str = "siwa_D.pdf";

/// CMS out of PDFs, many of them BER. Attributes out of order are found only where
/// EU DSS, too, refuses them for it.
#[test]
fn every_cms_in_pdfs_is_read() {
    let Some(root) = corpus("") else { return };
    let (mut read, mut indefinite, mut out_of_order, mut wrong) = (0, 0, 0, Vec::new());
    let mut seen = BTreeSet::new();
    for folder in ["dss/pades", "dss/pdfa", "pyhanko-harvest", "pdf-pyhanko-static", "pdf-attacks"]
    {
        for file in files(&root.join(folder)) {
            let name = file.display().to_string();
            for blob in contents_of_pdf(&fs::read(&file).unwrap()) {
                if !seen.insert(blob.clone()) {
                    continue;
                }
                match in_der(&blob) {
                    Ok(der) => {
                        read += 1;
                        indefinite += usize::from(blob[1] == 0x80);
                        out_of_order += usize::from(!der);
                        if !der && !name.contains("HASH_FAILURE") {
                            wrong.push(format!("{name}: attributes are no DER"));
                        }
                    }
                    Err(error) if name.ends_with(CUT) => println!("{name}: {error}"),
                    Err(error) => wrong.push(format!("{name}: {error}")),
                }
            }
        }
    }
    println!(
        "{read} of {} CMS in PDFs read: {indefinite} BER, {out_of_order} out of order",
        seen.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(indefinite > 0 && out_of_order > 0);
}

/// Whether all signed attributes stand in DER.
fn in_der(blob: &[u8]) -> Result<bool> {
    let cms = SignedData::parse(blob, &Limits::default())?;
    let signers = cms.signers().iter().map(|it| it.as_ref().unwrap());
    Ok(signers.flat_map(SignerInfo::signed_attributes).all(|it| is_der(it)))
}

/// The `cms-openssl` cases are about attributes that are missing or not as defined.
#[test]
fn openssl_cases_are_told_apart() {
    let Some(root) = corpus("cms-openssl") else { return };
    for (file, expected) in [
        ("bad_signtime_attr.cms", "signing-time is not where it belongs"),
        ("ct_multiple_attr.cms", "content-type is there more than once"),
        ("no_ct_attr.cms", "no content-type"),
        ("no_md_attr.cms", "no message-digest"),
    ] {
        let bytes = fs::read(root.join(file)).unwrap();
        let bytes = unarmoured(&bytes).unwrap();
        let cms = SignedData::parse(&bytes, &Limits::default()).unwrap();
        let signer = cms.signers()[0].as_ref().unwrap();
        let attributes = signer.signed_attributes().unwrap();
        let mut faults = attributes.faults();
        faults.extend(signer.unsigned_attributes().faults());
        let mut found: Vec<_> = faults.iter().map(ToString::to_string).collect();
        if attributes.content_type() == Ok(None) {
            found.push("no content-type".into());
        }
        if attributes.message_digest() == Ok(None) {
            found.push("no message-digest".into());
        }
        assert!(found.len() == 1 && found[0].contains(expected), "{file}: {found:?}");
    }
}

#[test]
fn seeds_of_other_parsers_are_survived() {
    let Some(root) = corpus("fuzz-seeds") else { return };
    let files = files(&root);
    let read = files.iter().filter(|file| exhaust(&fs::read(file).unwrap())).count();
    println!("{read} of {} seeds are CMS", files.len());
}
