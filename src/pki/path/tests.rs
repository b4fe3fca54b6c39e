//! Paths through a small PKI that is made anew for each test.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
    date_time_ymd,
};

use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor, TrustStore};
use crate::time::UtcTime;

struct Party {
    params: CertificateParams,
    key: KeyPair,
}

/// Valid through 2026; its subject is this common name.
fn party(name: &str) -> Party {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params.use_authority_key_identifier_extension = true;
    Party { params, key: KeyPair::generate().unwrap() }
}

fn authority(name: &str) -> Party {
    let mut authority = party(name);
    authority.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority
}

impl Party {
    fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.params);
        self
    }

    fn issued_by(&self, issuer: &Self) -> Certificate {
        let issuer = Issuer::from_params(&issuer.params, &issuer.key);
        let der = self.params.signed_by(&self.key, &issuer).unwrap();
        Certificate::from_der(der.der()).unwrap()
    }

    fn self_issued(&self) -> Certificate {
        self.issued_by(self)
    }
}

fn extension(oid: &[u64], critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, vec![0x30, 0]);
    extension.set_criticality(critical);
    extension
}

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn search(trust: &TrustStore, candidates: &[Certificate], end: &Certificate) -> Search {
    search_at(trust, candidates, end, at("2026-06-01T00:00:00Z"))
}

fn search_at(
    trust: &TrustStore,
    candidates: &[Certificate],
    end: &Certificate,
    at: UtcTime,
) -> Search {
    let (checks, limits) = (&Checks::default(), &Limits::default());
    let requirements = &PathRequirements::default();
    PathFinder { trust, candidates, at, requirements, checks, limits }.find(end).unwrap()
}

fn trusting(certificates: impl IntoIterator<Item = Certificate>) -> TrustStore {
    certificates.into_iter().collect()
}

#[track_caller]
fn found(search: Search) -> ValidatedPath {
    match search {
        Search::Found(path) => path,
        Search::NotFound(rejections) => panic!("{rejections:?}"),
    }
}

#[track_caller]
fn fault(search: Search) -> (String, Fault) {
    match search {
        Search::Found(path) => panic!("{path:?}"),
        Search::NotFound(rejections) => (rejections[0].subject(), rejections[0].fault.clone()),
    }
}

/// Root, intermediate and leaf, each after a change; what the search says.
fn three(root: Party, middle: Party, leaf: Party) -> Search {
    let trust = trusting([root.self_issued()]);
    search(&trust, &[middle.issued_by(&root)], &leaf.issued_by(&middle))
}

#[test]
fn a_path_of_two_holds_and_names_its_anchor() {
    let (root, middle, leaf) = (authority("root"), authority("middle"), party("leaf"));
    let anchor = TrustAnchor::from_certificate(root.self_issued()).with_domain("công vụ");
    let trust: TrustStore = [anchor].into_iter().collect();
    let path = found(search(&trust, &[middle.issued_by(&root)], &leaf.issued_by(&middle)));
    let subjects: Vec<_> = path.certificates().iter().map(Certificate::subject).collect();
    assert_eq!(subjects, ["CN=leaf", "CN=middle"]);
    assert_eq!(path.anchor().domain(), Some("công vụ"));
}

#[test]
fn nothing_is_trusted_that_was_not_handed_in() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let (certificate, end) = (root.self_issued(), leaf.issued_by(&root));
    let (subject, why) = fault(search(&TrustStore::new(), &[certificate], &end));
    assert_eq!((subject.as_str(), why), ("CN=root", Fault::NoIssuer));
}

#[test]
fn authorities_must_be_authorities() {
    let plain = || (authority("root"), party("leaf"));
    let (root, leaf) = plain();
    assert_eq!(
        fault(three(root, party("middle"), leaf)),
        ("CN=middle".into(), Fault::NotAuthority)
    );
    let (root, leaf) = plain();
    let signer =
        authority("middle").with(|it| it.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    assert_eq!(fault(three(root, signer, leaf)), ("CN=middle".into(), Fault::KeyUsage));
}

#[test]
fn path_length_counts_what_is_not_self_issued() {
    let (root, low, leaf) = (authority("root"), authority("low"), party("leaf"));
    let high = authority("high").with(|it| it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let trust = trusting([root.self_issued()]);
    let pool = [high.issued_by(&root), low.issued_by(&high)];
    let end = leaf.issued_by(&low);
    assert_eq!(fault(search(&trust, &pool, &end)), ("CN=low".into(), Fault::PathLength));

    // The same authority under a new key, certified by its old one, does not count.
    let renewed = authority("high");
    let pool = [high.issued_by(&root), renewed.issued_by(&high)];
    found(search(&trust, &pool, &leaf.issued_by(&renewed)));
}

#[test]
fn what_is_not_understood_is_refused() {
    for (oid, critical, text) in
        [(&[1, 2, 3, 4][..], true, "1.2.3.4"), (&[2, 5, 29, 46], true, "2.5.29.46")]
    {
        let leaf = party("leaf").with(|it| it.custom_extensions = vec![extension(oid, critical)]);
        let fault = fault(three(authority("root"), authority("middle"), leaf)).1;
        assert_eq!(fault, Fault::UnprocessedExtension { oid: text.into() });
    }
    let leaf = party("leaf").with(|it| it.custom_extensions = vec![extension(&[1, 2, 3], false)]);
    found(three(authority("root"), authority("middle"), leaf));
}

#[test]
fn an_extension_that_is_twice_there_breaks_the_certificate() {
    let twice = vec![extension(&[1, 2, 3], false), extension(&[1, 2, 3], false)];
    let leaf = party("leaf").with(|it| it.custom_extensions = twice);
    let (subject, fault) = fault(three(authority("root"), authority("middle"), leaf));
    assert_eq!(subject, "CN=leaf");
    assert!(matches!(&fault, Fault::Malformed { what } if what.contains("1.2.3")), "{fault:?}");
}

#[test]
fn time_is_the_callers() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let middle = authority("middle").with(|it| it.not_after = date_time_ymd(2026, 3, 1));
    let trust = trusting([root.self_issued()]);
    let (pool, end) = ([middle.issued_by(&root)], leaf.issued_by(&middle));
    found(search_at(&trust, &pool, &end, at("2026-02-01T00:00:00Z")));
    // notAfter itself is still within, and fractions of that second are too.
    found(search_at(&trust, &pool, &end, at("2026-03-01T00:00:00.9Z")));
    for (time, subject, after) in
        [("2026-03-01T00:00:01Z", "CN=middle", true), ("2025-12-31T23:59:59Z", "CN=middle", false)]
    {
        let (whose, why) = fault(search_at(&trust, &pool, &end, at(time)));
        assert_eq!(whose, subject);
        assert_eq!(matches!(why, Fault::Expired { .. }), after, "{why:?}");
        assert!(why.is_about_time());
    }
}

/// RFC 5280 §6.1.1 (d): an anchor is a name and a key; its certificate's date is not asked.
#[test]
fn an_anchor_outlives_its_certificate_but_not_its_sunset() {
    let root = authority("root").with(|it| it.not_after = date_time_ymd(2026, 2, 1));
    let end = party("leaf").issued_by(&root);
    let anchor = TrustAnchor::from_certificate(root.self_issued());
    found(search(&[anchor.clone()].into_iter().collect(), &[], &end));
    let sunset = at("2026-05-01T00:00:00Z");
    let trust: TrustStore = [anchor.with_sunset(sunset)].into_iter().collect();
    assert_eq!(fault(search(&trust, &[], &end)).1, Fault::AnchorPastSunset { sunset });
}

#[test]
fn one_name_with_two_keys_is_told_apart_by_the_signature() {
    let (old, new, leaf) = (authority("root"), authority("root"), party("leaf"));
    let end = leaf.issued_by(&new);
    found(search(&trusting([old.self_issued(), new.self_issued()]), &[], &end));
    assert_eq!(fault(search(&trusting([old.self_issued()]), &[], &end)).1, Fault::BadSignature);
}

#[test]
fn the_best_reason_of_all_paths_is_reported() {
    let (root, stranger, leaf) = (authority("root"), authority("stranger"), party("leaf"));
    let middle = authority("middle").with(|it| it.not_after = date_time_ymd(2026, 3, 1));
    let trust = trusting([root.self_issued()]);
    let pool = [middle.issued_by(&stranger), middle.issued_by(&root)];
    let (subject, why) = fault(search(&trust, &pool, &leaf.issued_by(&middle)));
    assert_eq!(subject, "CN=middle");
    assert!(matches!(why, Fault::Expired { .. }), "{why:?}");
}

#[test]
fn cross_certificates_do_not_loop() {
    let (a, b, leaf) = (authority("a"), authority("b"), party("leaf"));
    let pool = [a.issued_by(&b), b.issued_by(&a)];
    let end = leaf.issued_by(&a);
    assert_eq!(fault(search(&TrustStore::new(), &pool, &end)).1, Fault::NoIssuer);
    let root = authority("root");
    let pool = [a.issued_by(&b), b.issued_by(&a), b.issued_by(&root)];
    let path = found(search(&trusting([root.self_issued()]), &pool, &end));
    assert_eq!(path.certificates().len(), 3);
}

#[test]
fn an_end_entity_may_be_trusted_as_such() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let end = leaf.issued_by(&root);
    found(search(&trusting([end.clone()]), &[], &end));
    let later = at("2027-06-01T00:00:00Z");
    let why = fault(search_at(&trusting([end.clone()]), &[], &end, later)).1;
    assert!(matches!(why, Fault::Expired { .. }), "{why:?}");
}

/// Whoever holds the key of a certificate that is trusted for itself must not be able
/// to make others from it.
#[test]
fn what_is_no_authority_is_trusted_for_itself_alone() {
    let (root, officer) = (authority("root"), party("officer"));
    let forged = party("minister").issued_by(&officer);
    let own = officer.issued_by(&root);
    let usage =
        |it: &mut CertificateParams| it.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let explicit = party("officer").with(|it| it.is_ca = IsCa::ExplicitNoCa);
    let limited = party("officer").with(usage);
    for trusted in [own, explicit.issued_by(&explicit), limited.issued_by(&limited)] {
        let why = fault(search(&trusting([trusted.clone()]), &[], &forged)).1;
        assert_eq!(why, Fault::NoIssuer);
        found(search(&trusting([trusted.clone()]), &[], &trusted));
    }
    // A root of old has no extensions at all.
    let old = party("root");
    found(search(&trusting([old.self_issued()]), &[], &party("leaf").issued_by(&old)));
}

#[test]
fn the_outer_algorithm_is_the_inner_one_with_its_parameters() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let end = leaf.issued_by(&root);
    let der = end.der();
    // AlgorithmIdentifier { ecdsa-with-SHA256 } gets the NULL that it must not have.
    let plain = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let null = [0x30, 12, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2, 5, 0];
    let at = der.windows(plain.len()).rposition(|it| it == plain).unwrap();
    let body = [&der[4..at], &null, &der[at + plain.len()..]].concat();
    let mut changed = vec![0x30, 0x82];
    changed.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    changed.extend(&body);
    let changed = Certificate::from_der(&changed).unwrap();
    let why = fault(search(&trusting([root.self_issued()]), &[], &changed)).1;
    assert!(matches!(&why, Fault::Malformed { what } if what.contains("differ")), "{why:?}");
    // Nor does anything follow the value within.
    let mut longer = vec![0x30, 0x82];
    longer.extend(u16::try_from(der.len() - 2).unwrap().to_be_bytes());
    longer.extend(&der[4..]);
    longer.extend([5, 0]);
    assert_eq!(Certificate::from_der(&longer).unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn keys_of_services_are_told_apart() {
    use ExtendedKeyUsagePurpose::{EmailProtection, OcspSigning, TimeStamping};
    for (usages, expected) in [
        (vec![], false),
        (vec![TimeStamping], true),
        (vec![OcspSigning, TimeStamping], true),
        (vec![TimeStamping, EmailProtection], false),
    ] {
        let service = party("service").with(|it| it.extended_key_usages = usages);
        assert_eq!(service.self_issued().is_only_for_services(), expected);
    }
}

fn constrained(permitted: &[&str], excluded: &[&str]) -> Option<NameConstraints> {
    let subtrees = |names: &[&str]| -> Vec<_> {
        names.iter().map(|it| GeneralSubtree::DnsName((*it).into())).collect()
    };
    let (permitted_subtrees, excluded_subtrees) = (subtrees(permitted), subtrees(excluded));
    Some(NameConstraints { permitted_subtrees, excluded_subtrees })
}

fn host(name: &str) -> SanType {
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
    let finder =
        PathFinder { trust: &trust, candidates: &[], at, requirements, checks, limits: &limits };
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

fn policies(oids: &[&[u64]]) -> CustomExtension {
    let content = sequence(oids.iter().map(|oid| sequence([encoded(oid)])));
    CustomExtension::from_oid_content(&[2, 5, 29, 32], content)
}

fn mapping(from: &[u64], to: &[u64]) -> CustomExtension {
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
    PathFinder { trust, candidates, at, requirements, checks, limits }.find(&end).unwrap()
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

/// CVE-2016-10539's class: many issuers of one name, of which each has to be tried.
#[test]
fn fan_out_is_bounded() {
    let leaf = party("leaf").issued_by(&authority("many"));
    let pool: Vec<_> = (0..150).map(|_| authority("many").self_issued()).collect();
    let (trust, mut limits) = (TrustStore::new(), Limits::default());
    let (at, checks) = (at("2026-06-01T00:00:00Z"), Checks::default());
    let find = |limits: &Limits, candidates: &[Certificate], end: &Certificate| {
        let requirements = &PathRequirements::default();
        PathFinder { trust: &trust, candidates, at, requirements, checks: &checks, limits }
            .find(end)
    };
    assert_eq!(find(&limits, &pool, &leaf).unwrap_err().kind(), ErrorKind::LimitExceeded);
    // What was checked for one signer counts for the next, and is not checked again.
    limits.paths_signatures = 100;
    find(&limits, &pool[..90], &leaf).unwrap();
    let other = party("other").issued_by(&authority("many"));
    let error = find(&limits, &pool[..90], &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn depth_is_bounded() {
    let root = authority("root");
    let chain: Vec<_> = (0..12).map(|n| authority(&format!("ca {n}"))).collect();
    let mut pool = vec![chain[0].issued_by(&root)];
    pool.extend(chain.windows(2).map(|pair| pair[1].issued_by(&pair[0])));
    let trust = trusting([root.self_issued()]);
    found(search(&trust, &pool, &party("leaf").issued_by(&chain[8])));
    let end = party("leaf").issued_by(&chain[9]);
    assert_eq!(fault(search(&trust, &pool, &end)).1, Fault::TooLong);
}

#[test]
fn a_changed_certificate_is_not_signed_by_its_issuer() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let end = leaf.issued_by(&root);
    let mut der = end.der().to_vec();
    let at = der.windows(4).position(|it| it == b"leaf").unwrap();
    der[at] = b'L';
    let end = Certificate::from_der(&der).unwrap();
    assert_eq!(fault(search(&trusting([root.self_issued()]), &[], &end)).1, Fault::BadSignature);
}

#[test]
fn certificates_come_as_pem_der_and_bags() {
    let limits = Limits::default();
    let (a, b) = (authority("a").self_issued(), authority("b").self_issued());
    let pem = |certificate: &Certificate| {
        let json = serde_json::to_string(certificate).unwrap();
        let text = json.trim_matches('"');
        format!("text\n-----BEGIN CERTIFICATE-----\r\n{text}\r\n-----END CERTIFICATE-----\n")
    };
    let both = pem(&a) + &pem(&b);
    assert_eq!(Certificate::all_from(both.as_bytes(), &limits).unwrap(), [a.clone(), b.clone()]);
    assert_eq!(Certificate::all_from(a.der(), &limits).unwrap(), std::slice::from_ref(&a));
    // ContentInfo { signedData, [0] { 1, SET {}, { data }, [0] { a, b }, SET {} } }, indefinite.
    let mut bag = vec![0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    bag.extend([0xa0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 0, 0xa0, 0x80]);
    bag.extend_from_slice(a.der());
    bag.extend_from_slice(b.der());
    bag.extend([0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Certificate::all_from(&bag, &limits).unwrap(), [a, b]);
    for nothing in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\n", &[0x30, 0]] {
        assert_eq!(
            Certificate::all_from(nothing, &limits).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
}

/// A path through changed certificates is none, and no change makes the search fall.
#[test]
fn changed_certificates_lead_nowhere() {
    let gold = &[1, 2, 3][..];
    let root = authority("root").with(|it| it.name_constraints = constrained(&["vn"], &["x.vn"]));
    let middle = authority("middle").with(|it| {
        it.custom_extensions = vec![policies(&[gold]), mapping(gold, &[1, 2, 4])];
    });
    let leaf = party("leaf").with(|it| {
        it.subject_alt_names =
            vec![host("a.vn"), SanType::Rfc822Name("a@b.vn".try_into().unwrap())];
        it.custom_extensions = vec![policies(&[&[1, 2, 4]])];
    });
    let chain = [leaf.issued_by(&middle), middle.issued_by(&root), root.self_issued()];
    let whole: Vec<u8> = chain.iter().flat_map(|it| it.der().to_vec()).collect();
    assert_eq!(exhaust::exhaust(&whole), 2);
    let signed = chain[0].der().len() + chain[1].der().len();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x04;
        assert!(exhaust::exhaust(&changed) != 2 || at >= signed, "byte {at}");
        let _ = exhaust::exhaust(&whole[..at]);
    }
}
