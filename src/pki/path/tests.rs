//! Paths through a small PKI that is made anew for each test.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use super::constraint_tests::{constrained, host, mapping, policies};
use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor, TrustStore};
use crate::time::UtcTime;

pub(super) struct Party {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
}

/// Valid through 2026; its subject is this common name.
pub(super) fn party(name: &str) -> Party {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params.use_authority_key_identifier_extension = true;
    Party { params, key: KeyPair::generate().unwrap() }
}

pub(super) fn authority(name: &str) -> Party {
    let mut authority = party(name);
    authority.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority
}

impl Party {
    pub(super) fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.params);
        self
    }

    pub(super) fn issued_by(&self, issuer: &Self) -> Certificate {
        let issuer = Issuer::from_params(&issuer.params, &issuer.key);
        let der = self.params.signed_by(&self.key, &issuer).unwrap();
        Certificate::from_der(der.der()).unwrap()
    }

    pub(super) fn self_issued(&self) -> Certificate {
        self.issued_by(self)
    }
}

pub(super) fn extension(oid: &[u64], critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, vec![0x30, 0]);
    extension.set_criticality(critical);
    extension
}

pub(super) fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

pub(super) fn search(trust: &TrustStore, candidates: &[Certificate], end: &Certificate) -> Search {
    search_at(trust, candidates, end, at("2026-06-01T00:00:00Z"))
}

pub(super) fn search_at(
    trust: &TrustStore,
    candidates: &[Certificate],
    end: &Certificate,
    at: UtcTime,
) -> Search {
    let (checks, limits) = (&Checks::default(), &Limits::default());
    let requirements = &PathRequirements::default();
    PathFinder { trust, candidates, at, requirements, checks, check: None, issuers: None, limits }
        .find(end)
        .unwrap()
}

pub(super) fn trusting(certificates: impl IntoIterator<Item = Certificate>) -> TrustStore {
    certificates.into_iter().collect()
}

#[track_caller]
pub(super) fn found(search: Search) -> ValidatedPath {
    match search {
        Search::Found(path) => path,
        Search::NotFound(rejections) => panic!("{rejections:?}"),
    }
}

#[track_caller]
pub(super) fn fault(search: Search) -> (String, Fault) {
    match search {
        Search::Found(path) => panic!("{path:?}"),
        Search::NotFound(rejections) => (rejections[0].subject(), rejections[0].fault.clone()),
    }
}

/// Root, intermediate and leaf, each after a change; what the search says.
pub(super) fn three(root: Party, middle: Party, leaf: Party) -> Search {
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
    // It says which key it is: then it is not broken, and its own issuer is missing.
    assert_eq!(fault(search(&trusting([old.self_issued()]), &[], &end)).1, Fault::OtherKey);
    let silent = party("leaf").with(|it| it.use_authority_key_identifier_extension = false);
    let silent = silent.issued_by(&new);
    let why = fault(search(&trusting([old.self_issued()]), &[], &silent)).1;
    assert_eq!(why, Fault::BadSignature);
    // Nor is a root broken that another one of its name is trusted instead of.
    let pool = [new.self_issued()];
    let (subject, why) = fault(search(&trusting([old.self_issued()]), &pool, &end));
    assert_eq!((subject.as_str(), why), ("CN=root", Fault::OtherKey));
}

/// A certificate that one authority signed is not forged because another one of that name did
/// not.
#[test]
fn what_is_missing_is_told_of_the_end_of_the_path() {
    let (root, leaf) = (authority("root"), party("leaf"));
    let (old, new) = (authority("middle"), authority("middle"));
    let pool = [old.issued_by(&root), new.issued_by(&root)];
    for end in [leaf.issued_by(&new), leaf.issued_by(&old)] {
        let (subject, why) = fault(search(&TrustStore::new(), &pool, &end));
        assert_eq!((subject.as_str(), why), ("CN=middle", Fault::NoIssuer));
    }
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

/// CVE-2016-10539's class: many issuers of one name, of which each has to be tried.
#[test]
fn fan_out_is_bounded() {
    let leaf = party("leaf").issued_by(&authority("many"));
    let pool: Vec<_> = (0..150).map(|_| authority("many").self_issued()).collect();
    let (trust, mut limits) = (TrustStore::new(), Limits::default());
    let (at, checks) = (at("2026-06-01T00:00:00Z"), Checks::default());
    let find = |limits: &Limits, candidates: &[Certificate], end: &Certificate| {
        let requirements = &PathRequirements::default();
        PathFinder {
            trust: &trust,
            candidates,
            at,
            requirements,
            checks: &checks,
            check: None,
            issuers: None,
            limits,
        }
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
