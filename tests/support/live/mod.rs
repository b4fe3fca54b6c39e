//! A PKI that is there: two authorities under a root, their lists, a responder and a
//! time-stamp authority, all behind URLs on loopback that the certificates name.

mod ocsp;
mod server;

use std::sync::{Arc, Mutex};

use kyso::{Certificate, SoftwareSigner, TrustStore};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CustomExtension,
    ExtendedKeyUsagePurpose, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::ocsp::{Status, TestOcsp, digits};
use super::cms::{oid, seq, tlv};
use super::pki::{self, Authority};
use super::tsa::{self, TestTsa};
pub(crate) use ocsp::Word;
pub(crate) use server::{Reply, Server};

/// Under the root; it certifies [`TWO`] and [`TSA`].
pub(crate) const ONE: u64 = 11;
/// Under the first; it certifies [`LEAF`] and its [`RESPONDER`].
pub(crate) const TWO: u64 = 12;
pub(crate) const LEAF: u64 = 22;
pub(crate) const TSA: u64 = 33;
pub(crate) const RESPONDER: u64 = 44;

/// What the services know. It can change while they run.
#[derive(Debug, Clone)]
pub(crate) struct Knowledge {
    /// Serial number, since when, and why.
    pub(crate) revoked: Vec<(u64, &'static str, RevocationReason)>,
    /// When lists and answers are made, and until when they are good.
    pub(crate) this_update: &'static str,
    pub(crate) next_update: &'static str,
}

pub(crate) struct Live {
    pub(crate) server: Server,
    pub(crate) root: Arc<Authority>,
    pub(crate) one: Arc<Authority>,
    pub(crate) two: Arc<Authority>,
    pub(crate) leaf: Certificate,
    pub(crate) leaf_key: KeyPair,
    pub(crate) tsa: TestTsa,
    pub(crate) responder: TestOcsp,
    pub(crate) knows: Arc<Mutex<Knowledge>>,
}

/// What a test may want otherwise before the certificates are made.
pub(crate) struct Plan {
    pub(crate) leaf: CertificateParams,
    pub(crate) tsa: CertificateParams,
    pub(crate) tsa_key: KeyPair,
}

pub(crate) fn at(time: &str) -> OffsetDateTime {
    OffsetDateTime::parse(time, &Rfc3339).unwrap()
}

impl Live {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let server = Server::start();
        let root = Arc::new(pki::root("Root"));
        let one = Arc::new(under(&root, "One", ONE, &server, "/root"));
        let two = Arc::new(under(&one, "Two", TWO, &server, "/one"));

        let mut plan = Plan {
            leaf: pki::params("Leaf", LEAF),
            tsa: tsa::params("TSA", TSA).unwrap(),
            tsa_key: KeyPair::generate().unwrap(),
        };
        plan.leaf.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        plan.leaf.custom_extensions = vec![information(&server, Some("/ocsp"), "/two")];
        plan.leaf.crl_distribution_points = crl_at(&server, "/two");
        plan.tsa.crl_distribution_points = crl_at(&server, "/one");
        plan.tsa.custom_extensions.push(information(&server, None, "/one"));
        change(&mut plan);

        let leaf_key = KeyPair::generate().unwrap();
        let leaf = two.certify(&plan.leaf, &leaf_key);
        let chain = [one.certify(&plan.tsa, &plan.tsa_key), one.certificate.clone()];
        let chain = chain.iter().map(|it| it.der().to_vec()).collect();
        let tsa = TestTsa::new(plan.tsa_key, chain);
        let responder = responder(&two);
        let knows = Arc::new(Mutex::new(Knowledge {
            revoked: Vec::new(),
            this_update: "2026-06-18T00:00:00Z",
            next_update: "2026-07-18T00:00:00Z",
        }));
        let live = Self { server, root, one, two, leaf, leaf_key, tsa, responder, knows };
        live.open();
        live
    }

    /// Every service as it should be.
    fn open(&self) {
        for (path, authority) in [("/root", &self.root), ("/one", &self.one), ("/two", &self.two)] {
            let certificate = authority.certificate.der().to_vec();
            self.server.on(&format!("{path}.cer"), move |_| Reply::Bytes(certificate.clone()));
            self.list(path, authority);
        }
        self.answer(Reply::Bytes);
        let tsa = self.tsa.clone();
        self.server.on("/tsa", move |body| reply(tsa.respond(body)));
    }

    fn list(&self, path: &str, authority: &Arc<Authority>) {
        let (authority, knows) = (authority.clone(), self.knows.clone());
        self.server.on(&format!("{path}.crl"), move |_| {
            Reply::Bytes(crl(&authority, &knows.lock().unwrap()))
        });
    }

    /// From now on, the responder's answers go through `how`.
    pub(crate) fn answer(&self, how: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static) {
        let (responder, knows) = (self.responder.clone(), self.knows.clone());
        let responder = move || informed(&responder, &knows, |_| {});
        self.server.on("/ocsp", move |body| how(responder().respond(body)));
    }

    /// From now on, the responder says what it knows but for `lie`.
    pub(crate) fn lie(&self, lie: fn(&mut Word)) {
        let (responder, knows) = (self.responder.clone(), self.knows.clone());
        let responder = move || informed(&responder, &knows, lie);
        self.server.on("/ocsp", move |body| Reply::Bytes(responder().respond(body)));
    }

    /// A second authority for time-stamps under [`ONE`], with a key of its own.
    pub(crate) fn another_tsa(&self) -> TestTsa {
        let mut params = tsa::params("Another TSA", TSA + 1).unwrap();
        params.crl_distribution_points = crl_at(&self.server, "/one");
        let key = KeyPair::generate().unwrap();
        let chain = [self.one.certify(&params, &key), self.one.certificate.clone()];
        TestTsa::new(key, chain.iter().map(|it| it.der().to_vec()).collect())
    }

    /// A third one under a root of its own, both with keys and digests that are stronger
    /// than those of everyone else.
    pub(crate) fn stronger_tsa(&self) -> (TestTsa, Certificate) {
        let key = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let root = Arc::new(pki::root_of("Stronger Root", key()));
        let mut params = tsa::params("Stronger TSA", TSA).unwrap();
        params.crl_distribution_points = crl_at(&self.server, "/stronger");
        let key = key();
        let certificate = root.certify(&params, &key);
        let anchor = root.certificate.clone();
        self.list("/stronger", &root);
        (TestTsa::new(key, vec![certificate.der().to_vec()]), anchor)
    }

    /// From now on, the time-stamp authority's clock stands here.
    pub(crate) fn tick(&self, time: &str) {
        let tsa = self.tsa.at(time);
        self.server.on("/tsa", move |body| reply(tsa.respond(body)));
    }

    pub(crate) fn learn(&self, change: impl FnOnce(&mut Knowledge)) {
        change(&mut self.knows.lock().unwrap());
    }

    pub(crate) fn trust(&self) -> TrustStore {
        [self.root.certificate.clone()].into_iter().collect()
    }

    /// Knows no certificate but its own: the others are behind URLs.
    pub(crate) fn signer(&self) -> SoftwareSigner {
        let chain = std::slice::from_ref(&self.leaf);
        SoftwareSigner::from_pkcs8(&self.leaf_key.serialize_der(), chain).unwrap()
    }
}

fn reply(answer: Option<Vec<u8>>) -> Reply {
    answer.map_or(Reply::Status(400), Reply::Bytes)
}

/// The responder, knowing what is known now, but for `lie`.
fn informed(responder: &TestOcsp, knows: &Arc<Mutex<Knowledge>>, lie: fn(&mut Word)) -> TestOcsp {
    let knows = knows.lock().unwrap().clone();
    responder.saying(move |word| {
        word.produced_at = digits(knows.this_update);
        word.this_update = digits(knows.this_update);
        word.next_update = Some(digits(knows.next_update));
        let serial = |serial: u64| serial.to_be_bytes().into_iter().skip_while(|it| *it == 0);
        for (revoked, since, why) in &knows.revoked {
            if serial(*revoked).eq(word.serial.iter().copied()) {
                word.status = Status::Revoked(digits(since), number(*why));
            }
        }
        lie(word);
    })
}

/// `CRLReason` (RFC 5280 §5.3.1), of those that the tests use.
fn number(reason: RevocationReason) -> u8 {
    match reason {
        RevocationReason::KeyCompromise => 1,
        RevocationReason::CaCompromise => 2,
        RevocationReason::Superseded => 4,
        RevocationReason::CessationOfOperation => 5,
        _ => 0,
    }
}

fn crl(authority: &Authority, knows: &Knowledge) -> Vec<u8> {
    let revoked = knows.revoked.iter().map(|(serial, since, why)| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: at(since),
        reason_code: Some(*why),
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: at(knows.this_update),
        next_update: at(knows.next_update),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&authority.issuer).unwrap().der().to_vec()
}

/// An authority whose issuer's files are behind `path`.
fn under(issuer: &Authority, name: &str, serial: u64, server: &Server, path: &str) -> Authority {
    issuer.authority_with(name, serial, |params| {
        params.crl_distribution_points = crl_at(server, path);
        params.custom_extensions = vec![information(server, None, path)];
    })
}

fn responder(issuer: &Authority) -> TestOcsp {
    let key = KeyPair::generate().unwrap();
    let mut params = pki::params("Responder", RESPONDER);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    // id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
    let no_check = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&no_check, vec![5, 0])];
    let certificate = issuer.certify(&params, &key);
    TestOcsp::new(key, certificate.der().to_vec())
}

fn crl_at(server: &Server, path: &str) -> Vec<CrlDistributionPoint> {
    vec![CrlDistributionPoint { uris: vec![server.url(&format!("{path}.crl"))] }]
}

/// AuthorityInformationAccess (RFC 5280 §4.2.2.1): a responder, and the issuer's certificate.
fn information(server: &Server, ocsp: Option<&str>, issuer: &str) -> CustomExtension {
    let access = |method, path: &str| seq(&[oid(method), tlv(0x86, server.url(path))]);
    let ocsp = ocsp.map(|path| access("1.3.6.1.5.5.7.48.1", path)).unwrap_or_default();
    let issuer = access("1.3.6.1.5.5.7.48.2", &format!("{issuer}.cer"));
    let identifier = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    CustomExtension::from_oid_content(&identifier, seq(&[ocsp, issuer]))
}
