//! Policies that are ready made, rule by rule.

use std::collections::BTreeMap;

use super::{Acceptable, AlgorithmConstraints, CheckId, Issuers, Level, Policy, Revocation};
use crate::crypto::DigestAlgorithm::{Sha1, Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use crate::crypto::DigestAlgorithm::{Sha224, Sha256, Sha384, Sha512};
use crate::time::UtcTime;

/// Midnights as seconds since 1970, UTC.
const DAY_2010_08_01: i64 = 1_280_620_800;
const DAY_2012_08_01: i64 = 1_343_779_200;
const DAY_2015_12_01: i64 = 1_448_928_000;
const DAY_2017_02_23: i64 = 1_487_808_000;
const DAY_2019_10_01: i64 = 1_569_888_000;
const DAY_2021_10_01: i64 = 1_633_046_400;
const DAY_2025_08_15: i64 = 1_755_216_000;
const DAY_2029_01_01: i64 = 1_861_920_000;

fn until(day: i64) -> Acceptable {
    UtcTime::from_unix(day).map_or(Acceptable::Never, Acceptable::Until)
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            name: "EN 319 102-1".into(),
            revocation: Revocation::Required,
            revocation_max_age: None,
            issuers: Issuers::NotRevoked,
            algorithms: AlgorithmConstraints::default(),
            levels: BTreeMap::new(),
        }
    }
}

impl Default for AlgorithmConstraints {
    /// What both TS 119 312 and circular 15/2025/TT-BKHCN take today, that is SHA-2, SHA-3,
    /// RSA from 2048 bits and curves from 255 bits, without an end; what was strong enough
    /// before, until the days of TS 119 312 V1.5.1.
    fn default() -> Self {
        Self {
            rsa: BTreeMap::from([(1024, until(DAY_2019_10_01)), (2048, Acceptable::Always)]),
            ..Self::etsi()
        }
    }
}

impl AlgorithmConstraints {
    /// The catalogue of TS 119 312 V1.5.1. It ends PKCS#1 v1.5, as a way to pad, with the
    /// year 2028, and takes PSS from 3000 bits without an end; here both are RSA from 3000
    /// bits, without an end.
    fn etsi() -> Self {
        use Acceptable::Always;
        Self {
            digests: BTreeMap::from([
                (Sha1, until(DAY_2012_08_01)),
                (Sha224, until(DAY_2029_01_01)),
                (Sha256, Always),
                (Sha384, Always),
                (Sha512, Always),
                (Sha3_256, Always),
                (Sha3_384, Always),
                (Sha3_512, Always),
            ]),
            authority_digests: None,
            rsa: BTreeMap::from([
                (786, until(DAY_2010_08_01)),
                (1024, until(DAY_2019_10_01)),
                (1900, until(DAY_2029_01_01)),
                (3000, Always),
            ]),
            dsa: BTreeMap::from([(1024, until(DAY_2015_12_01)), (2048, until(DAY_2029_01_01))]),
            elliptic_curves: BTreeMap::from([
                (160, until(DAY_2012_08_01)),
                (224, until(DAY_2021_10_01)),
                (255, Always),
            ]),
        }
    }

    fn vietnam() -> Self {
        use Acceptable::{Always, Discouraged};
        let strong = [Sha256, Sha384, Sha512, Sha3_224, Sha3_256, Sha3_384, Sha3_512];
        let digests = |sha1| {
            let mut all = BTreeMap::from(strong.map(|it| (it, Always)));
            all.extend([(Sha1, sha1), (Sha224, until(DAY_2025_08_15))]);
            all
        };
        Self {
            digests: digests(until(DAY_2017_02_23)),
            authority_digests: Some(digests(Discouraged)),
            rsa: BTreeMap::from([(1024, until(DAY_2019_10_01)), (2048, Always)]),
            dsa: BTreeMap::new(),
            elliptic_curves: BTreeMap::from([(255, Always)]),
        }
    }
}

impl Policy {
    /// Official documents of Vietnam, as its rules have them and as they are met.
    ///
    /// - *Revocation* has to be known for every certificate of the path: circular
    ///   15/2025/TT-BKHCN asks those who verify for period, revocation, path and key usage,
    ///   at the time of signing. That time is the proven one; what a signer claims is shown
    ///   and proves nothing.
    /// - *Signers' digests*: SHA-256, SHA-384, SHA-512 and SHA-3 (the circular). SHA-1 counts
    ///   until 2017-02-23: the rules before the circular refer to FIPS 180-4 as a whole, and
    ///   that day the first collision was published. SHA-224 counts until 2025-08-15, the day
    ///   of the circular, which does not name it.
    /// - *Authorities' digests*: SHA-1 in a time-stamp, in a list or an answer about
    ///   revocation, or in the certificate of an authority passes with a warning, as the
    ///   government's own services still use it. In the signature of a trust anchor on itself
    ///   it does not matter.
    /// - *RSA* from 2048 bits (the circular); from 1024 bits until 2019-10-01, where
    ///   TS 119 312 ends them too. By PKCS#1 v1.5 as by PSS: the circular names PSS, and what
    ///   the field's tools make is PKCS#1 v1.5.
    /// - *Elliptic curves* from 256 bits (the circular), and Ed25519, which is as strong.
    ///   DSA never.
    /// - *Extended key usage* is not asked for: officers' certificates have none for documents.
    /// - *What a clerk adds* to the pages after the leader signed, number and date and seal,
    ///   passes with a warning where a later signature that passes covers it, and where it
    ///   touches nothing that was signed.
    #[must_use]
    pub fn vietnam_official() -> Self {
        Self {
            name: "Vietnam, official documents".into(),
            algorithms: AlgorithmConstraints::vietnam(),
            ..Self::default()
        }
    }

    /// European signatures: EN 319 102-1 with the algorithms of TS 119 312 V1.5.1.
    ///
    /// - *Revocation* has to be known for every certificate of the path, and serves until the
    ///   next was to be issued (EN 319 102-1 §5.2.5.4).
    /// - *Digests*: SHA-256, SHA-384, SHA-512, SHA3-256, SHA3-384 and SHA3-512 without an end;
    ///   SHA-224 until 2029-01-01, SHA-1 until 2012-08-01, for signers and authorities alike.
    /// - *RSA*: from 3000 bits without an end, from 1900 bits until 2029-01-01, from 1024 bits
    ///   until 2019-10-01, from 786 bits until 2010-08-01.
    /// - *DSA*: from 2048 bits until 2029-01-01, from 1024 bits until 2015-12-01.
    /// - *Elliptic curves*: from 255 bits, that is with Ed25519, without an end; from 224 bits
    ///   until 2021-10-01, from 160 bits until 2012-08-01.
    /// - *What is added* to the pages after a signature never passes, whoever signed later.
    #[must_use]
    pub fn etsi() -> Self {
        Self {
            name: "EN 319 102-1, TS 119 312 V1.5.1".into(),
            algorithms: AlgorithmConstraints::etsi(),
            levels: BTreeMap::from([(CheckId::ClerkAddition, Level::Fail)]),
            ..Self::default()
        }
    }

    /// For trials between agencies: as the default, but revocation is not required.
    /// Every report under it says so.
    #[must_use]
    pub fn pilot() -> Self {
        Self { name: "pilot".into(), revocation: Revocation::NotRequired, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_ones_they_are_called() {
        for (day, text) in [
            (DAY_2010_08_01, "2010-08-01T00:00:00Z"),
            (DAY_2012_08_01, "2012-08-01T00:00:00Z"),
            (DAY_2015_12_01, "2015-12-01T00:00:00Z"),
            (DAY_2017_02_23, "2017-02-23T00:00:00Z"),
            (DAY_2019_10_01, "2019-10-01T00:00:00Z"),
            (DAY_2021_10_01, "2021-10-01T00:00:00Z"),
            (DAY_2025_08_15, "2025-08-15T00:00:00Z"),
            (DAY_2029_01_01, "2029-01-01T00:00:00Z"),
        ] {
            assert_eq!(until(day), Acceptable::Until(text.parse().unwrap()));
        }
    }

    #[test]
    fn each_preset_is_read_as_it_is_written() {
        for policy in
            [Policy::default(), Policy::pilot(), Policy::etsi(), Policy::vietnam_official()]
        {
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy, "{text}");
        }
    }

    #[test]
    fn what_no_policy_has_is_refused() {
        for text in [
            r#"{"algorithm": {}}"#,
            r#"{"algorithms": {"rsa_bits": 1024}}"#,
            r#"{"algorithms": {"digests": {"MD5": "ALWAYS"}}}"#,
            r#"{"algorithms": {"digests": {"SHA1": "SOMETIMES"}}}"#,
            r#"{"algorithms": {"digests": {"SHA1": {"UNTIL": "2012"}}}}"#,
            r#"{"algorithms": {"rsa": {"many": "ALWAYS"}}}"#,
            r#"{"levels": {"NO_CHECK": "FAIL"}}"#,
        ] {
            assert!(serde_json::from_str::<Policy>(text).is_err(), "{text}");
        }
        let text = r#"{"algorithms": {"digests": {"SHA1": {"UNTIL": "2012-08-01T00:00:00Z"}},
            "rsa": {"1024": "DISCOURAGED", "2048": "ALWAYS"}}}"#;
        let policy: Policy = serde_json::from_str(text).unwrap();
        assert_eq!(policy.algorithms.digests, [(Sha1, until(DAY_2012_08_01))].into());
        assert_eq!(
            policy.algorithms.elliptic_curves,
            AlgorithmConstraints::default().elliptic_curves
        );
    }
}
