//! Asks for everything that XML, its canonical forms and its signatures can be asked for:
//! what fuzzers call.

use super::{Dereferencer, KeyInfo, Signature, manifest};
use crate::encoding::xml::{
    Canonicalization, Document, Ids, Method, NodeId, Scopes, Selection, Subtree, decode,
};
use crate::limits::Limits;

/// Smaller than the default ones, so that what takes long is found to do so.
fn limits() -> Limits {
    Limits {
        xml_digest_bytes: 1 << 20,
        xml_xpath_steps: 100_000,
        xml_signatures: 20,
        xml_references: 100,
        ..Limits::default()
    }
}

/// Whether the bytes are XML; the answers themselves do not matter.
pub(crate) fn document(bytes: &[u8]) -> bool {
    let limits = limits();
    let Ok((text, mark)) = decode(bytes) else { return false };
    let Ok(document) = Document::parse(&text, mark, &limits) else { return false };
    let scopes = Scopes::of(&document);
    let _ = Ids::of(&document).named("a");
    for node in document.subtree(NodeId::ROOT) {
        let _ = (document.text_of(node), document.source(node), document.end_tag(node));
        assert!(document.children(node).all(|it| document.parent(it) == Some(node)));
        for place in scopes.at(node).iter().filter_map(|it| it.declaration()) {
            let it = document.declaration(place);
            let bound = it.and_then(|it| document.namespace_of(node, it.prefix));
            assert_eq!(bound, it.map(|it| it.name.as_ref()));
        }
    }
    true
}

/// Whether the bytes are XML. The canonical form of a canonical form is itself, and that of
/// nodes one by one is that of the subtree that they are.
pub(crate) fn canonical(bytes: &[u8]) -> bool {
    let limits = limits();
    let Ok((text, mark)) = decode(bytes) else { return false };
    let Ok(document) = Document::parse(&text, mark, &limits) else { return false };
    let scopes = std::rc::Rc::new(Scopes::of(&document));
    let elements = document.subtree(NodeId::ROOT).filter(|it| document.element(*it).is_some());
    let apexes: Vec<NodeId> = [NodeId::ROOT].into_iter().chain(elements.take(8)).collect();
    for method in [Method::Inclusive, Method::Inclusive11, Method::Exclusive] {
        let mut method = Canonicalization::new(method, true);
        method.inclusive_prefixes = vec!["a".to_owned(), String::new()];
        for apex in &apexes {
            let subtree = Selection::Subtree(Subtree::new(*apex, true));
            let written = octets(&method, &document, &subtree);
            let set = Selection::Set(subtree.into_set(&document, &scopes));
            assert_eq!(octets(&method, &document, &set), written, "one by one");
            if *apex == NodeId::ROOT {
                let Ok(again) = Document::parse(&written, 0, &limits) else {
                    // What is written may be longer than what is read.
                    continue;
                };
                let whole = Selection::Subtree(Subtree::new(NodeId::ROOT, true));
                assert_eq!(octets(&method, &again, &whole), written, "again");
            }
        }
    }
    true
}

fn octets(method: &Canonicalization, document: &Document<'_>, nodes: &Selection) -> String {
    let mut octets = Vec::new();
    let _ = method.write(document, nodes, &mut octets);
    String::from_utf8(octets).unwrap_or_default()
}

/// Whether there is a signature in the bytes that can be read.
pub(crate) fn signatures(bytes: &[u8]) -> bool {
    let limits = limits();
    let Ok((text, mark)) = decode(bytes) else { return false };
    let Ok(document) = Document::parse(&text, mark, &limits) else { return false };
    let Ok(all) = Signature::all_in(&document, &limits) else { return false };
    let files = vec![("file.xml", bytes.to_vec())];
    let mut dereferencer = Dereferencer::new(&document, Some(&files), &limits);
    let mut read = false;
    for element in all {
        let Ok(signature) = Signature::read(&document, element, &limits) else { continue };
        read = true;
        let mut references = signature.signed_info.references.clone();
        for object in &signature.objects {
            for child in document.child_elements(*object) {
                references.extend(manifest(&document, child, &limits).unwrap_or_default());
            }
        }
        for reference in &references {
            let Ok(processed) = dereferencer.process(element, reference) else { break };
            if let Some(covered) = processed.covered {
                let _ = covered.holds(&document, element);
            }
        }
        let key_info = signature.key_info.map(|it| KeyInfo::read(&document, it, &limits));
        for key in key_info.into_iter().flatten().flat_map(|it| it.keys) {
            let _ = dereferencer.check_value(&signature, &key);
        }
    }
    read
}
