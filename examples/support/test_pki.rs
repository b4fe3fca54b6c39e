//! A PKI for tests: two trust domains as Vietnam has them, two agencies with a leader and
//! a seal each, officers of one, a company, and two certificates that must not be signed with. Every name
//! says TEST.

use std::error::Error;
use std::io;
use std::path::Path;

use kyso::{Certificate, Limits, SoftwareSigner, TrustAnchor, TrustStore};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::files::{write_secret, write_whole};

/// A root, its intermediate, and those whom the intermediate certified. All PEM.
pub(crate) struct Domain {
    pub(crate) label: &'static str,
    pub(crate) root: String,
    pub(crate) intermediate: String,
    pub(crate) signers: Vec<Identity>,
}

/// A key and the certificate that speaks for it.
pub(crate) struct Identity {
    pub(crate) name: &'static str,
    /// The signer's certificate and the intermediate's.
    pub(crate) chain: String,
    /// PKCS#8.
    pub(crate) key: String,
}

struct Profile {
    name: &'static str,
    organization: &'static str,
    common_name: &'static str,
    /// Days from now.
    valid: (i64, i64),
}

const NOW: (i64, i64) = (-1, 365);

/// An agency's seal is told from a person's certificate by its subject alone: the common
/// name is the agency's.
const OFFICIALS: &[Profile] = &[
    Profile {
        name: "ubnd-leader",
        organization: "Ủy ban nhân dân tỉnh TEST",
        common_name: "Nguyễn Văn TEST",
        valid: NOW,
    },
    Profile {
        name: "ubnd-seal",
        organization: "Ủy ban nhân dân tỉnh TEST",
        common_name: "Ủy ban nhân dân tỉnh TEST",
        valid: NOW,
    },
    Profile {
        name: "so-leader",
        organization: "Sở Nội vụ TEST",
        common_name: "Trần Thị TEST",
        valid: NOW,
    },
    Profile {
        name: "so-seal",
        organization: "Sở Nội vụ TEST",
        common_name: "Sở Nội vụ TEST",
        valid: NOW,
    },
    Profile {
        name: "so-one-stop",
        organization: "Sở Nội vụ TEST",
        common_name: "Phạm Thị Một Cửa TEST",
        valid: NOW,
    },
    Profile {
        name: "so-clerk",
        organization: "Sở Nội vụ TEST",
        common_name: "Vũ Văn Thư TEST",
        valid: NOW,
    },
    Profile {
        name: "so-specialist",
        organization: "Sở Nội vụ TEST",
        common_name: "Lê Chuyên Viên TEST",
        valid: NOW,
    },
    Profile {
        name: "expired",
        organization: "Sở Nội vụ TEST",
        common_name: "Hết Hạn TEST",
        valid: (-730, -365),
    },
    Profile {
        name: "not-yet-valid",
        organization: "Sở Nội vụ TEST",
        common_name: "Chưa Hiệu Lực TEST",
        valid: (365, 730),
    },
];

const COMPANIES: &[Profile] = &[Profile {
    name: "company",
    organization: "Công ty TEST",
    common_name: "Công ty TEST",
    valid: NOW,
}];

/// Both domains. Signers get fresh P-256 keys, or all of them `key` (PKCS#8 PEM).
pub(crate) fn make(now: OffsetDateTime, key: Option<&str>) -> Result<Vec<Domain>, rcgen::Error> {
    Ok(vec![
        domain("cong-vu", "Ban Cơ yếu TEST", "chuyên dùng công vụ", OFFICIALS, now, key)?,
        domain("cong-cong", "Trung tâm NEAC TEST", "công cộng", COMPANIES, now, key)?,
    ])
}

/// `trust/LABEL.pem` for the roots, `LABEL-intermediate.pem`, and `NAME.pem` with
/// `NAME.key.pem` for each signer.
pub(crate) fn write(domains: &[Domain], folder: &Path) -> io::Result<()> {
    let put = |name: String, text: &str| write_whole(&folder.join(name), text.as_bytes());
    for domain in domains {
        put(format!("trust/{}.pem", domain.label), &domain.root)?;
        put(format!("{}-intermediate.pem", domain.label), &domain.intermediate)?;
        for signer in &domain.signers {
            put(format!("{}.pem", signer.name), &signer.chain)?;
            let key = folder.join(format!("{}.key.pem", signer.name));
            write_secret(&key, signer.key.as_bytes())?;
        }
    }
    Ok(())
}

/// The one of this name, ready to sign.
#[allow(dead_code, reason = "not every program signs")]
pub(crate) fn signer(domains: &[Domain], name: &str) -> Result<SoftwareSigner, Box<dyn Error>> {
    let mut identities = domains.iter().flat_map(|domain| &domain.signers);
    let identity = identities.find(|it| it.name == name);
    let identity = identity.ok_or_else(|| format!("the test PKI has no signer {name}"))?;
    Ok(SoftwareSigner::from_pem(identity.key.as_bytes(), identity.chain.as_bytes())?)
}

/// What a receiver trusts: both roots, each under the name of its domain.
#[allow(dead_code, reason = "not every program verifies")]
pub(crate) fn trust(domains: &[Domain]) -> Result<TrustStore, Box<dyn Error>> {
    let mut trust = TrustStore::new();
    for domain in domains {
        for root in Certificate::all_from(domain.root.as_bytes(), &Limits::default())? {
            trust.add(TrustAnchor::from_certificate(root).with_domain(domain.label));
        }
    }
    Ok(trust)
}

fn domain(
    label: &'static str,
    organization: &str,
    service: &str,
    profiles: &[Profile],
    now: OffsetDateTime,
    key: Option<&str>,
) -> Result<Domain, rcgen::Error> {
    let root = authority(organization, &format!("TEST Root CA {service}"), now, (-3650, 3650));
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    let root_issuer = Issuer::new(root, root_key);

    let intermediate =
        authority(organization, &format!("TEST CA {service} G1"), now, (-1825, 1825));
    let intermediate_key = KeyPair::generate()?;
    let certificate = intermediate.signed_by(&intermediate_key, &root_issuer)?.pem();
    let issuer = Issuer::new(intermediate, intermediate_key);

    let signers = profiles
        .iter()
        .map(|profile| identity(profile, &issuer, &certificate, now, key))
        .collect::<Result<_, _>>()?;
    Ok(Domain { label, root: root_certificate.pem(), intermediate: certificate, signers })
}

fn authority(
    organization: &str,
    common_name: &str,
    now: OffsetDateTime,
    valid: (i64, i64),
) -> CertificateParams {
    let mut params = certificate(organization, common_name, now, valid);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// As the government's authority issues them: no extended key usage for documents.
fn identity(
    profile: &Profile,
    issuer: &Issuer<'_, KeyPair>,
    intermediate: &str,
    now: OffsetDateTime,
    key: Option<&str>,
) -> Result<Identity, rcgen::Error> {
    let mut params = certificate(profile.organization, profile.common_name, now, profile.valid);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::EmailProtection];
    let key = key.map_or_else(KeyPair::generate, KeyPair::from_pem)?;
    let leaf = params.signed_by(&key, issuer)?.pem();
    Ok(Identity {
        name: profile.name,
        chain: format!("{leaf}{intermediate}"),
        key: key.serialize_pem(),
    })
}

fn certificate(
    organization: &str,
    common_name: &str,
    now: OffsetDateTime,
    (from, to): (i64, i64),
) -> CertificateParams {
    let mut params = CertificateParams::default();
    let country = "VN".try_into().map_or_else(|_| "VN".into(), DnValue::PrintableString);
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CountryName, country);
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = now + Duration::days(from);
    params.not_after = now + Duration::days(to);
    params.use_authority_key_identifier_extension = true;
    params
}
