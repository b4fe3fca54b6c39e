//! Key identifiers are hints (RFC 4158 §3.5.12): they say where to look first, and whoever
//! writes a wrong one hides nothing.

use rcgen::KeyIdMethod;

use super::build::{PathFinder, Search};
use super::checks::Checks;
use super::requirements::PathRequirements;
use super::tests::{Party, at, authority, found, party, trusting};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, TrustStore};

/// Issuers of the same name that are not the one.
const OTHERS: usize = 40;

/// Whatever it is of, this is its key identifier.
fn identified(authority: Party, key_id: &[u8]) -> Party {
    authority.with(|it| it.key_identifier_method = KeyIdMethod::PreSpecified(key_id.to_vec()))
}

fn search(
    trust: &TrustStore,
    candidates: &[Certificate],
    end_entity: &Certificate,
    signatures: usize,
) -> Result<Search> {
    let limits = Limits { path_signatures: signatures, ..Limits::default() };
    PathFinder {
        trust,
        candidates,
        at: at("2026-06-01T00:00:00Z"),
        requirements: &PathRequirements::default(),
        checks: &Checks::default(),
        check: None,
        issuers: None,
        limits: &limits,
    }
    .find(end_entity)
}

/// The one stands behind the others, where it would be tried last.
fn behind<'a>(
    others: impl IntoIterator<Item = &'a Party>,
    one: Certificate,
    root: &Party,
) -> Vec<Certificate> {
    let others = others.into_iter().map(|it| it.issued_by(root));
    others.chain([one]).collect()
}

#[test]
fn the_issuer_with_the_key_identifier_is_tried_first() {
    let (root, middle) = (authority("root"), authority("middle"));
    let others: Vec<_> = (0..OTHERS).map(|_| authority("middle")).collect();
    let candidates = behind(&others, middle.issued_by(&root), &root);
    let end_entity = party("leaf").issued_by(&middle);
    assert!(end_entity.authority_key_identifier().is_some());
    let trust = trusting([root.self_issued()]);
    // One signature for each certificate of the path, and no other.
    let path = found(search(&trust, &candidates, &end_entity, 2).unwrap());
    assert_eq!(path.certificates()[1], candidates[OTHERS]);
}

#[test]
fn the_anchor_with_the_key_identifier_is_tried_first() {
    let roots: Vec<_> = (0..=OTHERS).map(|_| authority("root")).collect();
    let end_entity = party("leaf").issued_by(&roots[OTHERS]);
    let trust = trusting(roots.iter().map(Party::self_issued));
    let path = found(search(&trust, &[], &end_entity, 1).unwrap());
    let public_key_info = roots[OTHERS].self_issued().public_key_info().to_vec();
    assert_eq!(path.anchor().public_key_info(), public_key_info);
}

/// An issuer without a key identifier may be the one: it comes before those with another.
#[test]
fn issuers_with_another_key_identifier_are_tried_last() {
    let (root, middle) = (authority("root"), authority("middle"));
    let others: Vec<_> = (0..OTHERS).map(|_| authority("middle")).collect();
    let mut unnamed = Party { params: middle.params.clone(), key: middle.key };
    // Only authorities get a key identifier; this one says itself that it is one.
    unnamed.params.is_ca = rcgen::IsCa::NoCa;
    let mut constraints = rcgen::CustomExtension::from_oid_content(
        &[2, 5, 29, 19],
        vec![0x30, 0x03, 0x01, 0x01, 0xff],
    );
    constraints.set_criticality(true);
    unnamed.params.custom_extensions = vec![constraints];
    let one = unnamed.issued_by(&root);
    assert_eq!(one.subject_key_identifier(), None);
    let candidates = behind(&others, one, &root);
    let end_entity = party("leaf").issued_by(&unnamed);
    let trust = trusting([root.self_issued()]);
    found(search(&trust, &candidates, &end_entity, 2).unwrap());
}

/// All the others claim the key identifier that the end entity asks for, and the right one
/// has another: it is found as long as the bound allows, and beyond it nothing is known.
#[test]
fn a_key_identifier_that_lies_hides_no_issuer() {
    let (asked, own) = (&[1; 20][..], &[2; 20][..]);
    let root = authority("root");
    let middle = identified(authority("middle"), asked);
    let end_entity = party("leaf").issued_by(&middle);
    let middle = identified(middle, own);
    let others: Vec<_> = (0..OTHERS).map(|_| identified(authority("middle"), asked)).collect();
    let candidates = behind(&others, middle.issued_by(&root), &root);
    assert_eq!(end_entity.authority_key_identifier(), Some(asked));
    assert_eq!(candidates[0].subject_key_identifier(), Some(asked));
    assert_eq!(candidates[OTHERS].subject_key_identifier(), Some(own));
    let trust = trusting([root.self_issued()]);
    let path = found(search(&trust, &candidates, &end_entity, OTHERS + 2).unwrap());
    assert_eq!(path.certificates()[1], candidates[OTHERS]);
    let error = search(&trust, &candidates, &end_entity, OTHERS + 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}
