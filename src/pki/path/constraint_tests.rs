//! Name constraints and certificate policies, on the PKI of `tests`.

use rcgen::{
    BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    NameConstraints, SanType,
};

use super::tests::*;
use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor};

pub(super) fn constrained(permitted: &[&str], excluded: &[&str]) -> Option<NameConstraints> {
    let subtrees = |names: &[&str]| -> Vec<_> {
        names.iter().map(|it| GeneralSubtree::DnsName((*it).into())).collect()
    };
    let (permitted_subtrees, excluded_subtrees) = (subtrees(permitted), subtrees(excluded));
    Some(NameConstraints { permitted_subtrees, excluded_subtrees })
}

pub(super) fn host(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

#[test]
fn names_are_held_against_all_constraints_above() {
    let root = || authority("root").with(|it| it.name_constraints = constrained(&["gov.vn"], &[]));
    let middle = |excluded: &'static str| {
        authority("middle").with(|it| it.name_constraints = constrained(&[], &[excluded]))
    };
    let leaf =
        |name: &'static str| party("leaf").with(|it| it.subject_alt_names = vec![host(name)]);
    found(three(root(), middle("b.gov.vn"), leaf("a.gov.vn")));
    for (excluded, name) in [("b.gov.vn", "a.b.gov.vn"), ("b.gov.vn", "a.vn")] {
        let (subject, why) = fault(three(root(), middle(excluded), leaf(name)));
        assert_eq!(
            (subject.as_str(), why),
            ("CN=leaf", Fault::NameConstraint { name: name.into() })
        );
    }
    // What a certificate constrains is below it.
    let own = authority("middle").with(|it| {
        it.subject_alt_names = vec![host("b.gov.vn")];
        it.name_constraints = constrained(&[], &["b.gov.vn"]);
    });
    found(three(root(), own, leaf("a.gov.vn")));
    let outside = authority("middle").with(|it| it.subject_alt_names = vec![host("x.vn")]);
    assert_eq!(fault(three(root(), outside, leaf("a.gov.vn"))).0, "CN=middle");
}

#[test]
fn comparisons_of_names_are_bounded() {
    let subtrees: Vec<String> = (0..600).map(|n| format!("n{n}.vn")).collect();
    let subtrees: Vec<&str> = subtrees.iter().map(String::as_str).collect();
    let root = authority("root").with(|it| it.name_constraints = constrained(&[], &subtrees));
    let names = (0..600).map(|n| host(&format!("h{n}.gov.vn"))).collect();
    let leaf = party("leaf").with(|it| it.subject_alt_names = names).issued_by(&root);
    let (trust, mut limits) = (trusting([root.self_issued()]), Limits::default());
    limits.name_comparisons = 250_000;
    let (at, checks) = (at("2026-06-01T00:00:00Z"), Checks::default());
    let (requirements, checks) = (&PathRequirements::default(), &checks);
    let finder = PathFinder {
        trust: &trust,
        candidates: &[],
        at,
        requirements,
        checks,
        check: None,
        issuers: None,
        limits: &limits,
    };
    assert_eq!(finder.find(&leaf).unwrap_err().kind(), ErrorKind::LimitExceeded);
}

#[test]
fn names_that_differ_in_writing_alone_chain() {
    let (root, leaf) = (authority("Root  CA"), party("leaf"));
    let other = authority("root ca").params;
    let as_written = Issuer::from_params(&other, &root.key);
    let end = leaf.params.signed_by(&leaf.key, &as_written).unwrap();
    let end = Certificate::from_der(end.der()).unwrap();
    assert_ne!(end.issuer(), root.self_issued().subject());
    found(search(&trusting([root.self_issued()]), &[], &end));
}

pub(super) fn policies(oids: &[&[u64]]) -> CustomExtension {
    let content = sequence(oids.iter().map(|oid| sequence([encoded(oid)])));
    CustomExtension::from_oid_content(&[2, 5, 29, 32], content)
}

pub(super) fn mapping(from: &[u64], to: &[u64]) -> CustomExtension {
    let pair = sequence([encoded(from), encoded(to)]);
    CustomExtension::from_oid_content(&[2, 5, 29, 33], sequence([pair]))
}

fn encoded(oid: &[u64]) -> Vec<u8> {
    let text: Vec<_> = oid.iter().map(ToString::to_string).collect();
    let oid = der::asn1::ObjectIdentifier::new(&text.join(".")).unwrap();
    der::Encode::to_der(&oid).unwrap()
}

/// The DER of a short SEQUENCE.
fn sequence(values: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let content: Vec<u8> = values.into_iter().flatten().collect();
    [vec![0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

fn require(requirements: PathRequirements, middle: Party, leaf: Party) -> Search {
    let root = authority("root");
    let (trust, limits) = (trusting([root.self_issued()]), &Limits::default());
    let (candidates, end) = ([middle.issued_by(&root)], leaf.issued_by(&middle));
    let (checks, at) = (&Checks::default(), at("2026-06-01T00:00:00Z"));
    let (trust, candidates, requirements) = (&trust, &candidates[..], &requirements);
    PathFinder { trust, candidates, at, requirements, checks, check: None, issuers: None, limits }
        .find(&end)
        .unwrap()
}

#[test]
fn policies_are_those_of_the_anchors_domain() {
    let (gold, silver, any) = (&[1, 2, 3][..], &[1, 2, 4][..], &[2, 5, 29, 32, 0][..]);
    let middle =
        |of: Vec<CustomExtension>| authority("middle").with(|it| it.custom_extensions = of);
    let leaf = |of| party("leaf").with(|it| it.custom_extensions = vec![policies(&[of])]);
    let mapped = || middle(vec![policies(&[gold]), mapping(gold, silver)]);
    let explicit = |oid: &str| PathRequirements {
        initial_policies: [oid.to_owned()].into(),
        require_explicit_policy: true,
        ..PathRequirements::default()
    };
    let none = PathRequirements::default();
    let valid = |search| found(search).policies().to_vec();
    assert_eq!(valid(require(none.clone(), mapped(), leaf(silver))), ["1.2.3"]);
    assert_eq!(valid(require(explicit("1.2.3"), mapped(), leaf(silver))), ["1.2.3"]);
    assert_eq!(
        valid(require(explicit("1.2.4"), middle(vec![policies(&[any])]), leaf(silver))),
        ["1.2.4"]
    );
    assert!(valid(require(none.clone(), mapped(), leaf(gold))).is_empty());
    let inhibited = PathRequirements { inhibit_policy_mapping: true, ..explicit("1.2.3") };
    let no_any = PathRequirements { inhibit_any_policy: true, ..explicit("1.2.4") };
    for search in [
        require(explicit("1.2.4"), mapped(), leaf(silver)),
        require(explicit("1.2.3"), mapped(), leaf(gold)),
        require(inhibited, mapped(), leaf(silver)),
        require(no_any, middle(vec![policies(&[any])]), leaf(silver)),
        require(explicit("1.2.3"), mapped(), party("leaf")),
    ] {
        assert_eq!(fault(search).1, Fault::NoPolicy);
    }
    let to_any = middle(vec![policies(&[gold]), mapping(gold, any)]);
    assert!(matches!(fault(require(none, to_any, leaf(gold))).1, Fault::Malformed { .. }));
}

#[test]
fn requirements_only_refuse() {
    let server = || {
        party("leaf").with(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth])
    };
    let purpose = |oid: &str| PathRequirements {
        extended_key_usage: Some(oid.into()),
        ..PathRequirements::default()
    };
    found(require(purpose("1.3.6.1.5.5.7.3.1"), authority("middle"), server()));
    let oid = "1.3.6.1.5.5.7.3.36";
    found(require(purpose(oid), authority("middle"), party("leaf")));
    let why = fault(require(purpose(oid), authority("middle"), server())).1;
    assert_eq!(why, Fault::Purpose { oid: oid.into() });
    let depth = |most| PathRequirements { max_depth: Some(most), ..PathRequirements::default() };
    found(require(depth(1), authority("middle"), party("leaf")));
    let why = fault(require(depth(0), authority("middle"), party("leaf"))).1;
    assert_eq!(why, Fault::TooLong);
}

/// A tree of policies would double with each of these; the graph does not.
#[test]
fn policies_do_not_multiply() {
    let names: Vec<Vec<u64>> = (0..10).map(|n| vec![1, 2, n]).collect();
    let all: Vec<&[u64]> = names.iter().map(Vec::as_slice).collect();
    let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
    let pairs: Vec<u8> =
        pairs.flat_map(|(from, to)| sequence([encoded(from), encoded(to)])).collect();
    let mut content = vec![0x30, 0x82];
    content.extend(u16::try_from(pairs.len()).unwrap().to_be_bytes());
    content.extend(pairs);
    let extensions =
        vec![policies(&all), CustomExtension::from_oid_content(&[2, 5, 29, 33], content)];
    let chain: Vec<_> = (0..9)
        .map(|n| authority(&format!("ca {n}")).with(|it| it.custom_extensions = extensions.clone()))
        .collect();
    let root = authority("root");
    let mut pool = vec![chain[0].issued_by(&root)];
    pool.extend(chain.windows(2).map(|pair| pair[1].issued_by(&pair[0])));
    let leaf = party("leaf").with(|it| it.custom_extensions = vec![policies(&all)]);
    let path = found(search(&trusting([root.self_issued()]), &pool, &leaf.issued_by(&chain[8])));
    assert_eq!(path.policies().len(), 10);
}

#[test]
fn an_anchor_may_be_held_to_its_certificate() {
    let root = authority("root").with(|it| it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let (middle, leaf) = (authority("middle"), party("leaf"));
    let (pool, end) = ([middle.issued_by(&root)], leaf.issued_by(&middle));
    found(search(&trusting([root.self_issued()]), &pool, &end));
    let anchor = TrustAnchor::from_certificate(root.self_issued());
    let trust = [anchor.with_constraints_of_certificate()].into_iter().collect();
    assert_eq!(fault(search(&trust, &pool, &end)).1, Fault::PathLength);
}
