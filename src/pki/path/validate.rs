//! RFC 5280 §6.1 for one path whose signatures were checked as it was built.

use super::fault::Fault;
use super::names::{self, Comparisons};
use super::policies;
use super::requirements::{PathRequirements, ValidityModel};
use crate::error::Result;
use crate::pki::{Certificate, TrustAnchor};
use crate::time::UtcTime;

/// Extensions whose meaning is processed here or asks nothing of a validator of
/// documents. RFC 5280 §4.2.1.12: extended key usage is known; none is required.
const PROCESSED: [&str; 13] = [
    "2.5.29.14",
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.18",
    "2.5.29.19",
    "2.5.29.30",
    CERTIFICATE_POLICIES,
    "2.5.29.33",
    "2.5.29.35",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
    // id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): a leave, not a demand.
    "1.3.6.1.5.5.7.48.1.5",
];

const CERTIFICATE_POLICIES: &str = "2.5.29.32";

/// What a path is held against.
pub(super) struct Rules<'a> {
    pub(super) requirements: &'a PathRequirements,
    pub(super) at: UtcTime,
}

/// The policies that hold, or which certificate fails and why.
pub(super) type Outcome = Result<Vec<String>, (usize, Fault)>;

/// Checks the way from the anchor down to `certificates[0]`. Validity comes last: a path
/// that is only out of its time may still be saved by a proof of existence, one that is
/// wrong otherwise never is.
///
/// # Errors
/// `LimitExceeded` when too many names had to be compared.
pub(super) fn check(
    certificates: &[Certificate],
    anchor: &TrustAnchor,
    rules: &Rules<'_>,
    comparisons: &mut Comparisons<'_>,
) -> Result<Outcome> {
    if let Err(failed) = check_each(certificates, anchor, rules.requirements) {
        return Ok(Err(failed));
    }
    if let Some(failed) = check_names(certificates, anchor, comparisons)? {
        return Ok(Err(failed));
    }
    let policies = match policies::check(certificates, anchor, rules.requirements) {
        Ok(policies) => policies,
        Err(failed) => return Ok(Err(failed)),
    };
    let in_time = check_times(certificates, anchor, rules);
    Ok(in_time.map(|()| policies.iter().map(ToString::to_string).collect()))
}

/// What a certificate says of itself and of how many may follow.
fn check_each(
    certificates: &[Certificate],
    anchor: &TrustAnchor,
    requirements: &PathRequirements,
) -> Result<(), (usize, Fault)> {
    let own = anchor.constraints().and_then(Certificate::basic_constraints);
    let mut may_follow = own.and_then(|it| it.path_length);
    for (index, certificate) in certificates.iter().enumerate().rev() {
        let failed = |fault| (index, fault);
        if let Some(what) = certificate.fault() {
            return Err(failed(Fault::Malformed { what: what.to_owned() }));
        }
        extensions_are_processed(certificate).map_err(failed)?;
        if !requirements.allows(certificate.extended_key_usage()) {
            let oid = requirements.extended_key_usage.clone().unwrap_or_default();
            return Err(failed(Fault::Purpose { oid }));
        }
        // §4.2.1.10: only authorities have whom to constrain.
        let authority = certificate.basic_constraints().is_some_and(|it| it.ca);
        if !authority && certificate.name_constraints().is_some() {
            let what = "it constrains names, but is no authority's".to_owned();
            return Err(failed(Fault::Malformed { what }));
        }
        if index > 0 {
            may_follow = prepare_for_next(certificate, may_follow).map_err(failed)?;
        }
    }
    Ok(())
}

/// §6.1.3 (b) and (c), §6.1.4 (g).
fn check_names(
    certificates: &[Certificate],
    anchor: &TrustAnchor,
    comparisons: &mut Comparisons<'_>,
) -> Result<Option<(usize, Fault)>> {
    let mut above: Vec<_> = match certificates.last() {
        // What is trusted for itself has nobody above.
        Some(last) if anchor.is_of(last) => Vec::new(),
        _ => anchor.name_constraints().into_iter().collect(),
    };
    for (index, certificate) in certificates.iter().enumerate().rev() {
        if (index == 0 || !certificate.is_self_issued())
            && let Some(fault) = names::check(certificate, &above, comparisons)?
        {
            return Ok(Some((index, fault)));
        }
        above.extend(certificate.name_constraints());
    }
    Ok(None)
}

fn check_times(
    certificates: &[Certificate],
    anchor: &TrustAnchor,
    rules: &Rules<'_>,
) -> Result<(), (usize, Fault)> {
    let at = rules.at;
    if let Some(sunset) = anchor.sunset().filter(|_| is_past_sunset(anchor, at)) {
        let last = certificates.len().saturating_sub(1);
        return Err((last, Fault::AnchorPastSunset { sunset }));
    }
    for (index, certificate) in certificates.iter().enumerate().rev() {
        // What a certificate issued, or, for the end entity, what is asked about.
        let below = index.checked_sub(1).and_then(|it| certificates.get(it));
        let at = match (rules.requirements.validity_model, below) {
            (ValidityModel::Chain, Some(below)) => below.not_before(),
            _ => at,
        };
        is_in_time(certificate, at).map_err(|fault| (index, fault))?;
    }
    Ok(())
}

/// §6.1.3 (a)(2).
fn is_in_time(certificate: &Certificate, at: UtcTime) -> Result<(), Fault> {
    match phase(certificate, at) {
        Phase::Before => Err(Fault::NotYetValid { not_before: certificate.not_before() }),
        Phase::Within => Ok(()),
        Phase::After => Err(Fault::Expired { not_after: certificate.not_after() }),
    }
}

/// Where a time stands to a certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    Within,
    After,
}

/// This and [`is_past_sunset`] are all that a path's validity depends on the time by.
pub(super) fn phase(certificate: &Certificate, at: UtcTime) -> Phase {
    // notAfter is the last whole second of validity (RFC 5280 §4.1.2.5).
    let at = at.whole_seconds();
    if at < certificate.not_before() {
        Phase::Before
    } else if at > certificate.not_after() {
        Phase::After
    } else {
        Phase::Within
    }
}

/// Whether the caller trusts the anchor no more.
pub(super) fn is_past_sunset(anchor: &TrustAnchor, at: UtcTime) -> bool {
    anchor.sunset().is_some_and(|sunset| at > sunset)
}

/// §6.1.4 (o) and §6.1.5 (f).
fn extensions_are_processed(certificate: &Certificate) -> Result<(), Fault> {
    let stranger =
        certificate.binding_extensions().iter().find(|oid| !PROCESSED.contains(&oid.as_str()));
    match stranger {
        // RFC 5280 §4.2.1.4: a critical one has to be understood, qualifiers and all.
        None if certificate.policies().unknown_qualifier => {
            Err(Fault::UnprocessedExtension { oid: CERTIFICATE_POLICIES.into() })
        }
        Some(oid) => Err(Fault::UnprocessedExtension { oid: oid.clone() }),
        None => Ok(()),
    }
}

/// §6.1.4 (k) to (n): what an issuer must be. `may_follow` is how many authorities the
/// ones above let follow; returned is how many this one lets follow.
fn prepare_for_next(
    certificate: &Certificate,
    may_follow: Option<u32>,
) -> Result<Option<u32>, Fault> {
    let constraints = certificate.basic_constraints();
    let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
        return Err(Fault::NotAuthority);
    };
    let mut may_follow = may_follow;
    if !certificate.is_self_issued() {
        may_follow = match may_follow {
            Some(0) => return Err(Fault::PathLength),
            Some(count) => Some(count.saturating_sub(1)),
            None => None,
        };
    }
    if certificate.key_usage().is_some_and(|usage| !usage.key_cert_sign) {
        return Err(Fault::KeyUsage);
    }
    Ok(match (may_follow, constraints.path_length) {
        (Some(above), Some(own)) => Some(above.min(own)),
        (above, own) => above.or(own),
    })
}
