//! Everything that the room does with bytes, for fuzzers and for a smoke test.

use super::material::AnyStrength;
use super::{Checker, Crl, OcspResponse, Spent, Status, request};
use crate::encoding::asn1::Value;
use crate::limits::Limits;
use crate::pki::path::{Checks, PathFinder, Search};
use crate::pki::{Certificate, PathRequirements, TrustAnchor, TrustStore};

/// Takes the bytes for values side by side: certificates (the end entity first, the anchor
/// last), lists and answers among them. How many of the path's certificates are known to
/// be good or revoked.
pub(crate) fn exhaust(bytes: &[u8]) -> usize {
    let limits = Limits { revocation_detours: 1_000, ..Limits::default() };
    let (mut certificates, mut crls, mut responses) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = bytes;
    while let Ok((value, following)) = Value::first(rest, limits.asn1_depth) {
        let raw = value.raw();
        match Certificate::from_der_within(raw, &limits) {
            Ok(certificate) => certificates.push(certificate),
            Err(_) => match Crl::from_der(raw, &limits) {
                Ok(crl) => crls.push(crl),
                Err(_) => responses.extend(OcspResponse::from_der(raw, &limits)),
            },
        }
        rest = following;
    }
    let (Some(end_entity), Some(anchor)) = (certificates.first(), certificates.last()) else {
        return 0;
    };
    if let Ok(id) = request::certificate_id(end_entity, anchor.public_key_info()) {
        let question = request::request(&id, request::nonce().as_deref());
        assert!(Value::only(&question, 16).is_ok(), "a question that is no ASN.1");
    }
    let trust: TrustStore = [TrustAnchor::from_certificate(anchor.clone())].into_iter().collect();
    let (checks, spent) = (Checks::default(), Spent::default());
    // A moment later than what was said, so that it is news.
    let said = responses.iter().find_map(OcspResponse::produced_at);
    let said = said.or(crls.first().map(Crl::this_update));
    let at = said.unwrap_or(end_entity.not_before());
    let finder = PathFinder {
        trust: &trust,
        candidates: &certificates,
        at,
        requirements: &PathRequirements::default(),
        check: None,
        issuers: None,
        checks: &checks,
        limits: &limits,
    };
    let Ok(Search::Found(path)) = finder.find(end_entity) else { return 0 };
    let checker = Checker {
        crls: &crls,
        responses: &responses,
        candidates: &certificates,
        at,
        max_age: None,
        strength: &AnyStrength,
        model: Default::default(),
        gathering: None,
        checks: &checks,
        spent: &spent,
        limits: &limits,
    };
    let checked = checker.check(&path).unwrap_or_default();
    checked.iter().filter(|it| it.status != Status::Unknown).count()
}
