//! A PKI that is made anew for each test: a root, an authority below it, a signer, and
//! what each says about revocation.

use kyso::{
    Certificate, Crl, Limits, Policy, SoftwareSigner, TrustStore, UtcTime, Validator, cades,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
};
use time::OffsetDateTime;

use super::tsa::{self, TestTsa};

pub(crate) const CONTENT: &[u8] = "Công văn".as_bytes();
pub(crate) const NOW: &str = "2026-06-15T00:00:00Z";
pub(crate) const CRL_URL: &str = "http://crl.test/leaf.crl";

/// Who issues.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: Certificate,
}

pub(crate) struct Pki {
    pub(crate) root: Authority,
    pub(crate) middle: Authority,
    pub(crate) leaf: Certificate,
    pub(crate) leaf_key: KeyPair,
}

pub(crate) const MIDDLE: u64 = 11;
pub(crate) const LEAF: u64 = 22;
pub(crate) const TSA: u64 = 33;

pub(crate) fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority_params(name: &str, serial: u64, crl_sign: bool) -> CertificateParams {
    let mut params = params(name, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    if crl_sign {
        params.key_usages.push(KeyUsagePurpose::CrlSign);
    }
    params
}

pub(crate) fn root(name: &str) -> Authority {
    root_of(name, KeyPair::generate().unwrap())
}

pub(crate) fn root_of(name: &str, key: KeyPair) -> Authority {
    let params = authority_params(name, 1, true);
    let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
    Authority { issuer: Issuer::new(params, key), certificate }
}

impl Authority {
    pub(crate) fn certify(&self, params: &CertificateParams, key: &KeyPair) -> Certificate {
        Certificate::from_der(params.signed_by(key, &self.issuer).unwrap().der()).unwrap()
    }

    pub(crate) fn authority(&self, name: &str, serial: u64, crl_sign: bool) -> Self {
        self.certified(authority_params(name, serial, crl_sign))
    }

    /// An authority below this one, whose certificate says more.
    pub(crate) fn authority_with(
        &self,
        name: &str,
        serial: u64,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = authority_params(name, serial, true);
        change(&mut params);
        self.certified(params)
    }

    fn certified(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = self.certify(&params, &key);
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A list that is good through June 2026.
    pub(crate) fn crl(&self, revoked: &[(u64, RevocationReason)]) -> Crl {
        self.crl_with(revoked, |_| {})
    }

    pub(crate) fn crl_with(
        &self,
        revoked: &[(u64, RevocationReason)],
        change: impl FnOnce(&mut CertificateRevocationListParams),
    ) -> Crl {
        let mut params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 6, 1),
            next_update: date_time_ymd(2026, 7, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(|(n, why)| entry(*n, *why)).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        change(&mut params);
        let list = params.signed_by(&self.issuer).unwrap();
        Crl::from_der(list.der().to_vec(), &Limits::default()).unwrap()
    }
}

fn entry(serial: u64, reason: RevocationReason) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date(2026, 5),
        reason_code: Some(reason),
        invalidity_date: None,
    }
}

fn date(year: i32, month: u8) -> OffsetDateTime {
    date_time_ymd(year, month, 1)
}

pub(crate) fn partition(uri: &str) -> CrlIssuingDistributionPoint {
    let distribution_point = CrlDistributionPoint { uris: vec![uri.to_owned()] };
    CrlIssuingDistributionPoint { distribution_point, scope: None }
}

impl Pki {
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    /// Whether the authority's key may sign lists.
    pub(crate) fn with(crl_sign: bool) -> Self {
        let root = root("Root");
        let middle = root.authority("Authority", MIDDLE, crl_sign);
        let mut params = params("Leaf", LEAF);
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        params.crl_distribution_points =
            vec![CrlDistributionPoint { uris: vec![CRL_URL.to_owned()] }];
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = middle.certify(&params, &leaf_key);
        Self { root, middle, leaf, leaf_key }
    }

    pub(crate) fn trust(&self) -> TrustStore {
        [self.root.certificate.clone()].into_iter().collect()
    }

    /// Who trusts the root alone, and has lists of both authorities in which nobody is.
    pub(crate) fn validator(&self, at: UtcTime) -> Validator {
        let lists = [self.root.crl(&[]), self.middle.crl(&[])];
        Validator::new(self.trust(), Policy::default(), at).with_crls(lists)
    }

    pub(crate) fn signer(&self) -> SoftwareSigner {
        let chain = [self.leaf.clone(), self.middle.certificate.clone()];
        SoftwareSigner::from_pkcs8(&self.leaf_key.serialize_der(), &chain).unwrap()
    }

    /// An authority for time-stamps under the same authority, at [`NOW`] unless told
    /// otherwise.
    pub(crate) fn tsa(&self) -> TestTsa {
        self.tsa_with(|_| {})
    }

    pub(crate) fn tsa_with(&self, change: impl FnOnce(&mut CertificateParams)) -> TestTsa {
        let mut params = tsa::params("TSA", TSA).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let chain = [self.middle.certify(&params, &key), self.middle.certificate.clone()];
        TestTsa::new(key, chain.iter().map(|it| it.der().to_vec()).collect()).at(NOW)
    }

    /// A CMS that holds its content.
    pub(crate) fn signed(&self) -> Vec<u8> {
        let at: UtcTime = NOW.parse().unwrap();
        cades::SignatureBuilder::new(&CONTENT.to_vec(), at)
            .enveloping()
            .sign(&self.signer())
            .unwrap()
    }
}
