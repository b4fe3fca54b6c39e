//! A valid signature by somebody who may not sign for the agency: its own finding, beside
//! a verdict that it never changes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::edxml::OrganId;
use kyso::exchange::directory::{
    Authorization, Directory, Role, SIGNER_NOT_OF_AGENCY, Scope, Standing, Unit, Why,
};
use kyso::pades::SignatureBuilder;
use kyso::{
    Certificate, Conclusion, Policy, Report, SoftwareSigner, TrustAnchor, TrustStore, UtcTime,
    Validator,
};
use rcgen::{DnType, KeyPair, KeyUsagePurpose};
use support::pki::{Authority, NOW, params, root};

const DOMAIN: &str = "công vụ";
const OURS: &str = "H37.15";
const THEIRS: &str = "H37.10";

/// An officer: a key, and a certificate that names the agency.
struct Officer {
    certificate: Certificate,
    signer: SoftwareSigner,
}

struct Post {
    root: Authority,
    ours: Officer,
    theirs: Officer,
}

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn officer(authority: &Authority, serial: u64, agency: &str, unit: &str, name: &str) -> Officer {
    let mut params = params(name, serial);
    params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    params.distinguished_name.push(DnType::OrganizationName, agency);
    params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
    let key = KeyPair::generate().unwrap();
    let certificate = authority.certify(&params, &key);
    let chain = [certificate.clone(), authority.certificate.clone()];
    let signer = SoftwareSigner::from_pkcs8(&key.serialize_der(), &chain).unwrap();
    Officer { certificate, signer }
}

impl Post {
    fn new() -> Self {
        let root = root("Root");
        let authority = root.authority("Authority", 11, true);
        // The certificate has its accents apart, as some tools write them: Sở Nội vụ.
        let apart = "So\u{31b}\u{309} No\u{323}\u{302}i vu\u{323}";
        Self {
            ours: officer(&authority, 0x0a22, apart, "Văn phòng", "Nguyễn Văn A"),
            theirs: officer(&authority, 0x0a23, "Sở Y tế", "Văn phòng", "Trần Thị B"),
            root,
        }
    }

    fn validate(&self, pdf: &[u8]) -> Report {
        let anchor = TrustAnchor::from_certificate(self.root.certificate.clone());
        let trust: TrustStore = [anchor.with_domain(DOMAIN)].into_iter().collect();
        Validator::new(trust, Policy::pilot(), at(NOW)).validate(pdf).unwrap()
    }
}

fn signed_by(officer: &Officer) -> Vec<u8> {
    let pdf = support::pdf::write(&[
        "<</Type/Catalog/Pages 2 0 R>>".into(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>".into(),
    ]);
    SignatureBuilder::new(&pdf, at(NOW)).sign(&officer.signer).unwrap()
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    let row = |id: &str, code: &str, other: &str, name: &str| Unit {
        id: id.into(),
        other_code: Some(other.into()),
        ..Unit::new(code, name)
    };
    let rows = [
        row("3", OURS, "000.00.15.H37", "Sở Nội vụ tỉnh Lạng Sơn"),
        row("4", THEIRS, "000.00.10.H37", "Sở Y tế tỉnh Lạng Sơn"),
    ];
    directory.merge(rows, Scope::Full).unwrap();
    directory
}

/// A directory in which only this may sign for our agency.
fn only(authorization: Authorization) -> Directory {
    let mut directory = directory();
    directory.authorize(&OURS.into(), authorization).unwrap();
    directory
}

fn judge<'a>(directory: &'a Directory, agency: &str, report: &Report) -> Standing<'a> {
    directory.judge(&agency.into(), &report.signatures()[0], at(NOW))
}

fn why(standing: &Standing<'_>) -> Option<Why> {
    match standing {
        Standing::NotAuthorized(it) => Some(it.why),
        _ => None,
    }
}

#[test]
fn an_officer_of_another_agency_is_told_from_ours() {
    let post = Post::new();
    let report = post.validate(&signed_by(&post.theirs));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let directory = only(Authorization::of_subject(DOMAIN).with_organization("Sở Nội vụ"));

    let standing = judge(&directory, "000.00.15.H37", &report);
    let finding = standing.finding().unwrap();
    assert_eq!(finding.code, SIGNER_NOT_OF_AGENCY);
    assert_eq!(
        finding.message_vi,
        "Chữ ký hợp lệ nhưng người ký Trần Thị B không được ký thay cơ quan \
         Sở Nội vụ tỉnh Lạng Sơn (000.00.15.H37)."
    );
    assert_eq!(
        finding.message_en,
        "The signature is valid, but its signer Trần Thị B may not sign for the agency \
         Sở Nội vụ tỉnh Lạng Sơn (000.00.15.H37)."
    );
    // It stands beside the verdict.
    let report = report.with_diagnostic(finding.code, finding.message_vi, finding.message_en);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    assert!(report.to_string().contains("không được ký thay cơ quan"), "{report}");

    let report = post.validate(&signed_by(&post.ours));
    let standing = judge(&directory, OURS, &report);
    assert!(standing.is_authorized() && standing.finding().is_none(), "{standing:?}");
    // Nothing is set for the other one, and nobody is there under a third code.
    assert_eq!(judge(&directory, THEIRS, &report), Standing::Unknown);
    assert_eq!(judge(&directory, "H99", &report), Standing::Unknown);
}

#[test]
fn a_certificate_is_known_by_each_of_its_marks() {
    let post = Post::new();
    let (ours, theirs) =
        (post.validate(&signed_by(&post.ours)), post.validate(&signed_by(&post.theirs)));
    assert_eq!(ours.signatures()[0].certificate(), Some(&post.ours.certificate));
    let issuer = post.ours.certificate.issuer();
    let subject = || Authorization::of_subject(DOMAIN);
    for authorization in [
        Authorization::of_certificate(&post.ours.certificate),
        Authorization::of_certificate(&post.ours.certificate).in_domain(DOMAIN),
        Authorization::of_public_key(&post.ours.certificate),
        Authorization::of_issuer_serial(issuer.as_str(), "00:0A:22"),
        subject().with_common_name("Nguyễn Văn A"),
        subject()
            .with_organization("Sở Nội vụ")
            .with_organizational_unit("Văn phòng")
            .with_common_name("Nguyễn Văn A"),
    ] {
        let directory = only(authorization);
        assert!(judge(&directory, OURS, &ours).is_authorized(), "{directory:?}");
        assert_eq!(why(&judge(&directory, OURS, &theirs)), Some(Why::NotListed), "{directory:?}");
    }
    for authorization in [
        Authorization::of_certificate(&post.ours.certificate).in_domain("công cộng"),
        Authorization::of_subject("công cộng").with_organization("Sở Nội vụ"),
        Authorization::of_issuer_serial("CN=Another", "0a22"),
        subject().with_organization("SỞ NỘI VỤ"),
        subject().with_organization("Sở Nội vụ "),
        subject().with_organization("Sở Nội vụ").with_organizational_unit("Thanh tra"),
        subject().with_organization("Sở Nội vụ").with_common_name("Trần Thị B"),
    ] {
        let directory = only(authorization);
        assert_eq!(why(&judge(&directory, OURS, &ours)), Some(Why::NotListed), "{directory:?}");
    }
}

#[test]
fn authorizations_have_times_and_roles() {
    let post = Post::new();
    let report = post.validate(&signed_by(&post.ours));
    let signature = &report.signatures()[0];
    let (from, until) = (at("2026-06-01T00:00:00Z"), at("2026-07-01T00:00:00Z"));
    let authorization = Authorization::of_certificate(&post.ours.certificate)
        .as_role(Role::AgencySeal)
        .from(from)
        .until(until);
    let directory = only(authorization);
    let ours = OrganId::from(OURS);
    let judged = |role, at| directory.judge_as(&ours, signature, role, at);
    assert!(judged(Role::AgencySeal, from).is_authorized());
    assert!(judged(Role::Any, until.plus_seconds(-1)).is_authorized());
    assert_eq!(why(&judged(Role::Any, from.plus_seconds(-1))), Some(Why::NotYet(from)));
    let ended = judged(Role::AgencySeal, until);
    assert_eq!(why(&ended), Some(Why::Ended(until)));
    assert!(ended.finding().unwrap().message_vi.ends_with("từ 2026-07-01T07:00:00+07:00."));
    assert_eq!(why(&judged(Role::Leader, from)), Some(Why::Role(Role::Leader)));
    // A newer authorization beside it counts.
    let mut renewed = directory.clone();
    renewed.authorize(&ours, Authorization::of_public_key(&post.ours.certificate)).unwrap();
    assert!(renewed.judge_as(&ours, signature, Role::Leader, until).is_authorized());
}

/// A certificate can be put beside anything; only a signature that passed proves whose it is.
#[test]
fn a_bad_signature_is_nobodys() {
    let post = Post::new();
    let directory = only(Authorization::of_certificate(&post.ours.certificate));
    let mut changed = signed_by(&post.ours);
    let place = changed.windows(11).position(|it| it == b"[0 0 100 10").unwrap();
    changed[place + 9] = b'9';
    let report = post.validate(&changed);
    assert!(matches!(report.conclusion(), Some(Conclusion::TotalFailed(_))), "{report}");
    assert_eq!(report.signatures()[0].certificate(), Some(&post.ours.certificate));
    assert_eq!(judge(&directory, OURS, &report), Standing::Unproven);
    // Nor one whose issuer nobody trusts.
    let nobody = Validator::new(TrustStore::new(), Policy::pilot(), at(NOW));
    let report = nobody.validate(&signed_by(&post.ours)).unwrap();
    assert!(matches!(report.conclusion(), Some(Conclusion::Indeterminate(_))), "{report}");
    let standing = judge(&directory, OURS, &report);
    assert_eq!(standing, Standing::Unproven);
    assert_eq!(standing.finding(), None);
}

/// What was set outlives what the axis does to the agency.
#[test]
fn an_agency_off_the_list_is_still_judged() {
    let post = Post::new();
    let report = post.validate(&signed_by(&post.ours));
    let mut directory = only(Authorization::of_certificate(&post.ours.certificate));
    let rest = Unit { id: "4".into(), ..Unit::new(THEIRS, "Sở Y tế tỉnh Lạng Sơn") };
    let changes = directory.merge([rest], Scope::Full).unwrap();
    assert_eq!(changes.removed, [OrganId::from(OURS)]);
    assert!(judge(&directory, OURS, &report).is_authorized());
    // Whoever has its code then is somebody else.
    let heir = Unit { id: "5".into(), ..Unit::new(OURS, "Sở khác") };
    directory.merge([heir], Scope::Units).unwrap();
    assert_eq!(judge(&directory, OURS, &report), Standing::Unknown);
}
