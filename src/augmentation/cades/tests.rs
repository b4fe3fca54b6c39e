//! What archive time-stamps hold against those who change what is under them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::{Augmenter, Level};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::writer::{SEQUENCE, SET, constructed, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::error::{ErrorKind, Result};
use crate::keys::SoftwareSigner;
use crate::limits::Limits;
use crate::pki::{Certificate, Crl, TrustAnchor, TrustStore};
use crate::signature::cades::{Imprints, SignatureBuilder, SignedContent};
use crate::signature::cms::{SignedData, TimeStampKind};
use crate::signature::tsp::TimeStampToken;
use crate::signature::tsp::sample::{TestTsa, params};
use crate::time::UtcTime;
use crate::validation::{Policy, Validator};

const CONTENT: &[u8] = "Công văn".as_bytes();
pub(crate) const NOW: &str = "2026-06-15T00:00:00Z";

impl SignedContent for &[u8] {
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Digest>> {
        Ok(Some(algorithm.digest(self)))
    }

    fn feed(&mut self, context: &mut DigestContext) -> Result<bool> {
        context.update(self);
        Ok(true)
    }

    fn size(&self) -> u64 {
        u64::try_from((**self).len()).unwrap()
    }
}

/// A root that certified a signer and a time-stamp authority, and revoked nobody.
pub(crate) struct World {
    root: Issuer<'static, KeyPair>,
    pub(crate) signer: SoftwareSigner,
    pub(crate) tsa: TestTsa,
    pub(crate) validator: Validator,
    pub(crate) trust: TrustStore,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::until(4096, 2040)
    }

    /// The signer's certificate is good until the beginning of one year, the authority's until
    /// that of another.
    pub(crate) fn until(leaf_until: i32, tsa_until: i32) -> Self {
        let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
        root.distinguished_name.push(rcgen::DnType::CommonName, "Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let anchor = Certificate::from_der(root.self_signed(&key).unwrap().der()).unwrap();
        let issuer = Issuer::new(root, key);
        let mut leaf = CertificateParams::new(Vec::<String>::new()).unwrap();
        leaf.distinguished_name.push(rcgen::DnType::CommonName, "Leaf");
        leaf.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        leaf.not_after = rcgen::date_time_ymd(leaf_until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let leaf = Certificate::from_der(leaf.signed_by(&key, &issuer).unwrap().der()).unwrap();
        let trust: TrustStore = [TrustAnchor::from_certificate(anchor)].into_iter().collect();
        let validator = Validator::new(trust.clone(), Policy::default(), NOW.parse().unwrap());
        Self {
            signer: SoftwareSigner::from_pkcs8(&key.serialize_der(), &[leaf]).unwrap(),
            tsa: authority(&issuer, tsa_until).at(NOW),
            validator: validator.with_crls([list(&issuer, 2026)]),
            trust,
            root: issuer,
        }
    }

    /// The middle of June of a later year, when there is a new authority.
    pub(crate) fn go_on(&mut self, year: i32, tsa_until: i32) {
        let now = format!("{year}-06-15T00:00:00Z");
        let at = now.parse().unwrap();
        self.tsa = authority(&self.root, tsa_until).at(now);
        self.validator = Validator::new(self.trust.clone(), Policy::default(), at)
            .with_crls([list(&self.root, year)]);
    }

    fn archived(&self) -> Vec<u8> {
        let at: UtcTime = NOW.parse().unwrap();
        SignatureBuilder::new(CONTENT, at)
            .level(&Level::Lta(&self.tsa, &self.validator))
            .sign(&self.signer)
            .unwrap()
    }
}

fn authority(root: &Issuer<'static, KeyPair>, until: i32) -> TestTsa {
    let key = KeyPair::generate().unwrap();
    let mut params = params("TSA", u64::try_from(until).unwrap()).unwrap();
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let certificate = params.signed_by(&key, root).unwrap();
    TestTsa::new(key, vec![certificate.der().to_vec()])
}

/// The list of a June.
fn list(root: &Issuer<'static, KeyPair>, year: i32) -> Crl {
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(year, 6, 1),
        next_update: rcgen::date_time_ymd(year, 7, 1),
        crl_number: rcgen::SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(root).unwrap().der().to_vec();
    Crl::from_der(list, &Limits::default()).unwrap()
}

/// What a CMS's one archive time-stamp comes to.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    imprint: Option<bool>,
    index: bool,
    certificates: usize,
    revocation: usize,
    attributes: usize,
}

const WHOLE: Seen =
    Seen { imprint: Some(true), index: true, certificates: 3, revocation: 1, attributes: 1 };
const BROKEN: Seen =
    Seen { imprint: Some(true), index: false, certificates: 0, revocation: 0, attributes: 0 };

fn seen(cms: &[u8]) -> Seen {
    let limits = Limits::default();
    let cms = SignedData::parse(cms, &limits).unwrap();
    let signer = cms.signers()[0].as_ref().unwrap();
    let (kind, der) = signer
        .unsigned_attributes()
        .time_stamps()
        .find(|(kind, _)| *kind == TimeStampKind::ArchiveV3)
        .unwrap();
    let token = TimeStampToken::from_der(der, &limits).unwrap();
    let mut imprints = Imprints::new(&cms, signer, &limits);
    let imprint = imprints.is_over(kind, der, token.info(), Some(&mut &*CONTENT)).unwrap();
    let covered = imprints.covered(kind, der, token.info()).unwrap();
    Seen {
        imprint,
        index: covered.index.is_some_and(|it| it.holds),
        certificates: covered.certificates.len(),
        revocation: covered.revocation_infos.len(),
        attributes: covered.attributes.len(),
    }
}

fn items(value: &Value<'_>) -> Vec<Vec<u8>> {
    let mut values = value.values().unwrap();
    std::iter::from_fn(|| values.next().unwrap()).map(|it| it.raw().to_vec()).collect()
}

/// The CMS with one field of `SignedData` or of its signer changed.
fn changed(
    cms: &[u8],
    of_signer: bool,
    tag: Tag,
    change: impl FnOnce(&mut Vec<Vec<u8>>),
) -> Vec<u8> {
    let only = |bytes: &[u8], make: &mut dyn FnMut(&Value<'_>) -> Vec<u8>| {
        make(&Value::only(bytes, 64).unwrap())
    };
    let mut change = Some(change);
    let mut apply = |fields: Vec<Vec<u8>>| -> Vec<u8> {
        let fields: Vec<Vec<u8>> = fields
            .into_iter()
            .map(|field| {
                only(&field, &mut |value| {
                    if value.tag() != tag {
                        return value.raw().to_vec();
                    }
                    let mut all = items(value);
                    (change.take().unwrap())(&mut all);
                    tlv(value.raw()[0], &[&all.concat()])
                })
            })
            .collect();
        tlv(SEQUENCE, &[&fields.concat()])
    };
    only(cms, &mut |info| {
        let parts = items(info);
        let data = only(&parts[1], &mut |explicit| {
            let mut fields = items(&explicit.explicit().unwrap());
            if !of_signer {
                return apply(fields);
            }
            let signers = fields.pop().unwrap();
            let signer = only(&signers, &mut |set| apply(items(&set.explicit().unwrap())));
            fields.push(tlv(SET, &[&signer]));
            tlv(SEQUENCE, &[&fields.concat()])
        });
        tlv(SEQUENCE, &[&parts[0], &tlv(constructed(0), &[&data])])
    })
}

#[test]
fn what_is_added_is_not_covered_and_harms_nothing() {
    let archived = World::new().archived();
    assert_eq!(seen(&archived), WHOLE);
    let unsigned = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        changed(&archived, true, Tag::context(1), |all| change(all))
    };
    assert_eq!(unsigned(&|_| {}), archived);
    // 1.2.3.4 with a NULL.
    let more = tlv(SEQUENCE, &[&[6, 3, 42, 3, 4], &tlv(SET, &[&[5, 0]])]);
    assert_eq!(seen(&unsigned(&|all| all.push(more.clone()))), WHOLE);
    assert_eq!(seen(&unsigned(&|all| all.reverse())), WHOLE);
    let certificates =
        |all: &mut Vec<Vec<u8>>| all.push(tlv(constructed(2), &[&tlv(SEQUENCE, &[])]));
    assert_eq!(seen(&changed(&archived, false, Tag::context(0), certificates)), WHOLE);
}

#[test]
fn what_is_taken_away_or_changed_is_told() {
    let world = World::new();
    let archived = world.archived();
    let is_small = |it: &Vec<u8>| it.len();
    let removed = changed(&archived, true, Tag::context(1), |all| {
        // The archive time-stamp is the longer one: it has the index.
        let shortest = all.iter().map(is_small).min().unwrap();
        all.retain(|it| it.len() != shortest);
    });
    assert_eq!(seen(&removed), BROKEN);
    for tag in [Tag::context(0), Tag::context(1)] {
        let removed = changed(&archived, false, tag, |all| drop(all.pop()));
        assert_eq!(seen(&removed), BROKEN);
        let altered = changed(&archived, false, tag, |all| *all[0].last_mut().unwrap() ^= 1);
        assert_eq!(seen(&altered), BROKEN);
    }
    // One more time-stamp over that would hide it; over what is whole, it is welcome.
    let again = Augmenter::new(Level::Lta(&world.tsa, &world.validator));
    let error = again.augment_detached(&removed, CONTENT).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("does not hold"), "{error}");
    assert!(again.augment_detached(&archived, CONTENT).is_ok());
}

/// Each token may make whoever reads it digest the whole CMS once more.
#[test]
fn what_tokens_cover_is_bounded() {
    let archived = World::new().archived();
    let limits = Limits { cms_imprint_bytes: 1_000, ..Limits::default() };
    let cms = SignedData::parse(&archived, &limits).unwrap();
    let signer = cms.signers()[0].as_ref().unwrap();
    let mut imprints = Imprints::new(&cms, signer, &limits);
    let errors: Vec<_> = signer
        .unsigned_attributes()
        .time_stamps()
        .map(|(kind, der)| {
            let token = TimeStampToken::from_der(der, &limits).unwrap();
            imprints.covered(kind, der, token.info()).err().map(|it| it.kind())
        })
        .collect();
    assert_eq!(errors, [None, Some(ErrorKind::LimitExceeded)]);
}

#[test]
fn a_token_is_of_one_signature_only() {
    let world = World::new();
    let archived = world.archived();
    let other = world.archived();
    let mut tokens = Vec::new();
    changed(&other, true, Tag::context(1), |all| tokens = all.clone());
    let swapped = changed(&archived, true, Tag::context(1), |all| *all = tokens);
    let seen_there = seen(&swapped);
    // ECDSA values differ each time, hence the imprint and the other token.
    assert_eq!((seen_there.imprint, seen_there.index), (Some(false), true));
}

#[test]
fn an_index_that_lies_is_not_what_was_time_stamped() {
    let archived = World::new().archived();
    let needle = DigestAlgorithm::Sha256.digest(&certificate_of(&archived));
    // The first one is the signing-certificate-v2's.
    let at = archived.windows(32).rposition(|it| it == needle.value()).unwrap();
    let mut lying = archived;
    lying[at] ^= 1;
    let found = seen(&lying);
    assert_eq!((found.imprint, found.index), (Some(false), false));
}

fn certificate_of(cms: &[u8]) -> Vec<u8> {
    SignedData::parse(cms, &Limits::default()).unwrap().certificates()[0].to_vec()
}
