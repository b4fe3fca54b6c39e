//! XML signatures of third parties: whether each is valid, and the very octets digested.
//!
//! What is expected otherwise stands in `tests/divergences/` with its reason; a divergence
//! that has gone fails, too. No trust is judged here: any key that a case hands in, or a
//! signature names, may be the signer's.
#![allow(clippy::unwrap_in_result)] // what a case names is there

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value as Json;

use super::*;
use crate::crypto::Verification;
use crate::encoding::xml::{
    Canonicalization, Document, Expression, Ids, NodeId, Scopes, Selection, Subtree, XPathScene,
    decode,
};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::samples::corpus;
use crate::source::Files;

fn cases(root: &Path) -> Vec<Json> {
    let cases = fs::read(root.join("cases.json")).unwrap();
    serde_json::from_slice(&cases).unwrap()
}

/// A key or a certificate as it comes.
fn key_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok().filter(|it| it.contains("-----BEGIN"));
    let der = text.map_or_else(
        || bytes.to_vec(),
        |text| {
            let inside = text.split("-----").nth(2).unwrap();
            let mut der = Vec::new();
            let mut decoder = base64::Decoder::new(&mut der);
            crate::encoding::xml::Sink::write(&mut decoder, inside.as_bytes()).unwrap();
            decoder.finish().unwrap();
            der
        },
    );
    match Certificate::from_der(&der) {
        Ok(certificate) => Some(certificate.public_key_info().to_vec()),
        Err(_) => crate::crypto::PublicKey::read(&der).is_ok().then_some(der),
    }
}

/// `valid`, `invalid: …` or `unsupported: …`.
fn verify(bytes: &[u8], keys: &[Vec<u8>], files: &dyn Files) -> String {
    match verified(bytes, keys, files) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::Unsupported => format!("unsupported: {error}"),
        Err(error) => format!("invalid: {error}"),
    }
}

fn verified(bytes: &[u8], keys: &[Vec<u8>], files: &dyn Files) -> Result<String> {
    let limits = Limits::default();
    let (text, mark) = decode(bytes)?;
    let document = Document::parse(&text, mark, &limits)?;
    let mut dereferencer = Dereferencer::new(&document, Some(files), &limits);
    let all = Signature::all_in(&document, &limits)?;
    let Some(element) = all.first() else { return Ok("invalid: no signature".into()) };
    let signature = Signature::read(&document, *element, &limits)?;
    let mut keys = keys.to_vec();
    if let Some(key_info) = signature.key_info {
        let key_info = KeyInfo::read(&document, key_info, &limits)?;
        keys.extend(key_info.certificates.iter().map(|it| it.public_key_info().to_vec()));
        keys.extend(key_info.keys);
    }
    for reference in &signature.signed_info.references {
        match dereferencer.process(signature.element, reference)?.found {
            Found::Matches => {}
            Found::Unsupported(error) => return Err(error),
            other => return Ok(format!("invalid: {:?}: {other:?}", reference.uri)),
        }
    }
    let mut best = "invalid: no key".to_owned();
    for key in keys {
        match dereferencer.check_value(&signature, &key)? {
            it if it.is_valid() => return Ok("valid".into()),
            Verification::Unsupported => {
                best = format!("unsupported: {}", signature.signed_info.method.uri);
            }
            _ if best.starts_with("unsupported") => {}
            _ => best = "invalid: the value".into(),
        }
    }
    if signature.signed_info.method.algorithm.is_none() {
        best = format!("unsupported: {}", signature.signed_info.method.uri);
    }
    Ok(best)
}

/// Holds what was found against what is expected and against the list of divergences.
fn judge(suite: &str, found: &[(String, bool, String)]) {
    let list =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/divergences/{suite}.json"));
    let list: Vec<BTreeMap<String, String>> =
        serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
    let mut known: BTreeMap<&str, &str> =
        list.iter().map(|it| (it["id"].as_str(), it["actual"].as_str())).collect();
    let mut wrong = Vec::new();
    let mut agreed = 0;
    for (id, agrees, actual) in found {
        match known.remove(id.as_str()) {
            None if *agrees => agreed += 1,
            None => wrong.push(format!("{id}: {actual}")),
            Some(_) if *agrees => wrong.push(format!("{id}: no longer diverges: {actual}")),
            Some(known) if actual.starts_with(known) => {}
            Some(known) => wrong.push(format!("{id}: {actual}, and not {known}")),
        }
    }
    wrong.extend(known.keys().map(|it| format!("{it}: there is no such case")));
    println!("{suite}: {agreed} of {} agree, {} diverge as listed", found.len(), list.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn agrees(case: &Json, actual: &str) -> bool {
    (case["expect"] == "valid") == (actual == "valid")
}

#[test]
fn signatures_of_xml_crypto() {
    let Some(root) = corpus("xmldsig-xmlcrypto") else { return };
    let files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut found = Vec::new();
    for case in cases(&root) {
        let bytes = fs::read(root.join(case["file"].as_str().unwrap())).unwrap();
        let key = fs::read(root.join(case["key"].as_str().unwrap())).unwrap();
        let keys: Vec<_> = key_of(&key).into_iter().collect();
        let actual = verify(&bytes, &keys, &files);
        found.push((case["id"].as_str().unwrap().to_owned(), agrees(&case, &actual), actual));
    }
    judge("xmldsig-xmlcrypto", &found);
}

#[test]
fn signatures_of_xmlsec() {
    let Some(root) = corpus("xmldsig-xmlsec") else { return };
    let mut found = Vec::new();
    for case in cases(&root) {
        let file = root.join(case["file"].as_str().unwrap());
        let inputs = &case["inputs"];
        let mut keys = Vec::new();
        for kind in ["pubkeys", "trusted", "untrusted"] {
            for path in inputs[kind].as_array().into_iter().flatten() {
                let key = fs::read(root.join(path.as_str().unwrap())).unwrap();
                keys.extend(key_of(&key));
            }
        }
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for (url, path) in inputs["url_map"].as_object().into_iter().flatten() {
            files.push((url.clone(), fs::read(root.join(path.as_str().unwrap())).unwrap()));
        }
        let folders = [
            (file.parent().unwrap().to_owned(), ""),
            (root.join(case["folder"].as_str().unwrap()), ""),
            (file.parent().unwrap().join("c14n11"), "c14n11/"),
            (file.parent().unwrap().join("relationship"), "relationship/"),
        ];
        for (folder, prefix) in folders.iter().filter(|it| it.0.is_dir()) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                if path.is_file() && !files.iter().any(|it| it.0 == name) {
                    files.push((name, fs::read(path).unwrap()));
                }
            }
        }
        let actual = verify(&fs::read(&file).unwrap(), &keys, &files);
        found.push((case["id"].as_str().unwrap().to_owned(), agrees(&case, &actual), actual));
    }
    judge("xmldsig-xmlsec", &found);
}

/// Canonical XML, octet by octet: of documents, subtrees, sets of nodes, and what the
/// references of a signature digest.
#[test]
fn canonical_forms_of_others() {
    let Some(root) = corpus("c14n") else { return };
    let mut found = Vec::new();
    for case in cases(&root) {
        let expected = fs::read(root.join(case["expected"].as_str().unwrap())).unwrap();
        let actual = match canonical(&root, &case) {
            Ok(octets) if octets == expected => "exact".to_owned(),
            Ok(octets) => format!("differs: {}", String::from_utf8_lossy(&octets)),
            Err(error) => format!("refused: {error}"),
        };
        found.push((case["id"].as_str().unwrap().to_owned(), actual == "exact", actual));
    }
    judge("c14n", &found);
}

fn canonical(root: &Path, case: &Json) -> Result<Vec<u8>> {
    let limits = Limits::default();
    let bytes = fs::read(root.join(case["file"].as_str().unwrap())).unwrap();
    let (text, mark) = decode(&bytes)?;
    let document = Document::parse(&text, mark, &limits)?;
    let mut octets = Vec::new();
    if case["kind"] == "reference-digest-input" {
        let mut dereferencer = Dereferencer::new(&document, None, &limits);
        let element = Signature::all_in(&document, &limits)?[0];
        let signature = Signature::read(&document, element, &limits)?;
        let index = usize::try_from(case["index"].as_u64().unwrap()).unwrap();
        match signature.signed_info.references.get(index) {
            Some(it) => drop(dereferencer.write(element, it, &mut octets)?),
            None => octets = dereferencer.signed_octets(&signature.signed_info)?.unwrap(),
        }
        return Ok(octets);
    }
    let method = Canonicalization::from_uri(case["algorithm"].as_str().unwrap()).unwrap();
    let selection = match case["xpath"].as_str() {
        Some(expression) => by_xpath(&document, expression),
        None => {
            let local = case["subtree_local_name"].as_str();
            let is_it =
                |it: &NodeId| document.element(*it).is_some_and(|it| Some(it.local) == local);
            let apex = document.subtree(NodeId::ROOT).find(is_it).unwrap_or(NodeId::ROOT);
            Selection::Subtree(Subtree::new(apex, true))
        }
    };
    method.write(&document, &selection, &mut octets)?;
    Ok(octets)
}

fn by_xpath(document: &Document<'_>, expression: &str) -> Selection {
    let (ids, scopes) = (Ids::of(document), Rc::new(Scopes::of(document)));
    let steps = Cell::new(1_000_000);
    let (ids, scopes, most) = (&ids, &scopes, 1_000_000);
    let scene = XPathScene { document, ids, scopes, here: None, most, steps: &steps };
    let expression = Expression::parse(expression, &|_| None).unwrap();
    Selection::Set(expression.find(&scene).unwrap().alone(&scene))
}
