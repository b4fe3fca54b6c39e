//! Whether a certificate may be signed with at a given time.

use crate::crypto::{PublicKey, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::pki::Certificate;
use crate::time::UtcTime;

/// What a caller may do by name that signing refuses by itself. A signature made so will most
/// likely be refused by whoever receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningOverride {
    /// Sign after the certificate's `notAfter`.
    ExpiredCertificate,
    /// Sign before the certificate's `notBefore`.
    NotYetValidCertificate,
    /// Sign with a certificate whose key usage holds neither `digitalSignature` nor
    /// `nonRepudiation` (`contentCommitment`).
    KeyUsage,
    /// Sign an encrypted PDF whose permissions forbid it to who has not the owner's password
    /// (ISO 32000-2 Table 22).
    DocumentPermissions,
}

/// The signer's own certificate, if it is fit to sign at `at`.
///
/// # Errors
/// `Misuse` where there is none, and as [`check_fitness`].
pub(crate) fn fit_certificate<'c>(
    chain: &'c [Certificate],
    algorithm: SignatureAlgorithm,
    at: UtcTime,
    overrides: &[SigningOverride],
) -> Result<&'c Certificate> {
    let certificate =
        chain.first().ok_or_else(|| Error::misuse("a signature needs the signer's certificate"))?;
    check_fitness(certificate, algorithm, at, overrides)?;
    Ok(certificate)
}

/// Refuses a certificate that is out of its time at `at` or not meant for signatures
/// (RFC 5280 §4.1.2.5 and §4.2.1.3). One without key usage restricts nothing. An algorithm
/// that is not its key's, or that nothing is to be signed with any more, is refused here rather
/// than when the value has come, from a person who was asked for it.
///
/// # Errors
/// `Misuse` for such an algorithm; `Signer`, naming the certificate and what is wrong with it.
fn check_fitness(
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    at: UtcTime,
    overrides: &[SigningOverride],
) -> Result<()> {
    let about = |it: Error| it.at(Place::Certificate(certificate.subject()));
    if PublicKey::read(certificate.public_key_info()).map_err(about)?.refuses(algorithm).is_some() {
        let what = format!("the key of the signer's certificate does not sign with {algorithm}");
        return Err(about(Error::misuse(what)));
    }
    if !algorithm.is_made() {
        return Err(about(Error::misuse(format!("{algorithm} is read, and never made"))));
    }
    let usage = certificate.key_usage();
    let for_signatures = usage.is_none_or(|it| it.digital_signature || it.content_commitment);
    let (from, to) = (certificate.not_before(), certificate.not_after());
    let claimed = at.whole_seconds();
    let checks = [
        (
            at > to,
            SigningOverride::ExpiredCertificate,
            format!("expired on {to}; the signing time is {claimed}"),
        ),
        (
            at < from,
            SigningOverride::NotYetValidCertificate,
            format!("is not valid before {from}; the signing time is {claimed}"),
        ),
        (
            !for_signatures,
            SigningOverride::KeyUsage,
            "has a key usage without digitalSignature and nonRepudiation".to_owned(),
        ),
    ];
    for (wrong, by_name, what) in checks {
        if wrong && !overrides.contains(&by_name) {
            let what = format!("the signer's certificate {what}");
            return Err(about(Error::new(ErrorKind::Signer, what)));
        }
    }
    Ok(())
}

/// Refuses an algorithm that a key is told to sign with and that is not its certificate's; or
/// its own, as `can` says of whoever holds it.
///
/// # Errors
/// `Misuse`, naming the certificate.
pub(crate) fn check_choice(
    chain: &[Certificate],
    algorithm: SignatureAlgorithm,
    can: impl FnOnce(&PublicKey<'_>) -> bool,
) -> Result<()> {
    let refused = || Error::misuse(format!("this key does not sign with {algorithm}"));
    let certificate = chain.first().ok_or_else(refused)?;
    let about = |it: Error| it.at(Place::Certificate(certificate.subject()));
    let key = PublicKey::read(certificate.public_key_info()).map_err(about)?;
    if key.signs_by(algorithm) && can(&key) { Ok(()) } else { Err(about(refused())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{DigestAlgorithm, PssParameters};
    use crate::encoding::pem;

    fn certificate(name: &str) -> Certificate {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
        let pem = std::fs::read(format!("{directory}/{name}.crt.pem")).unwrap();
        Certificate::from_der(&pem::blocks(&pem).unwrap()[0].bytes).unwrap()
    }

    const RSA: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);

    fn algorithm(certificate: &Certificate) -> SignatureAlgorithm {
        let key = PublicKey::read(certificate.public_key_info()).unwrap();
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
        [RSA, ecdsa].into_iter().find(|it| key.refuses(*it).is_none()).unwrap()
    }

    #[test]
    fn refuses_unless_overridden_by_name() {
        use SigningOverride::{ExpiredCertificate, KeyUsage, NotYetValidCertificate};
        let all = [ExpiredCertificate, KeyUsage, NotYetValidCertificate];
        let at = "2026-11-22T08:00:00+07:00".parse().unwrap();
        for (name, by_name, said) in [
            ("expired", ExpiredCertificate, "expired on 2010-12-31T23:59:59Z"),
            ("future", NotYetValidCertificate, "not valid before 2118-01-01T00:00:00Z"),
            ("encipherment", KeyUsage, "key usage"),
        ] {
            let certificate = certificate(name);
            let error = check_fitness(&certificate, algorithm(&certificate), at, &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Signer);
            let text = error.to_string();
            assert!(text.contains(said) && text.contains(&format!("TEST {name}")), "{text}");
            check_fitness(&certificate, algorithm(&certificate), at, &[by_name]).unwrap();
            let others: Vec<_> = all.into_iter().filter(|it| *it != by_name).collect();
            check_fitness(&certificate, algorithm(&certificate), at, &others).unwrap_err();
        }
    }

    #[test]
    fn valid_from_the_first_to_the_last_second() {
        let certificate = certificate("p256");
        let (from, to) = (certificate.not_before(), certificate.not_after());
        for (at, fit) in
            [(from.plus_seconds(-1), false), (from, true), (to, true), (to.plus_seconds(1), false)]
        {
            assert_eq!(
                check_fitness(&certificate, algorithm(&certificate), at, &[]).is_ok(),
                fit,
                "{at}"
            );
        }
    }

    #[test]
    fn no_key_usage_restricts_nothing() {
        let at = UtcTime::from_unix(1_800_000_000).unwrap();
        let certificate = certificate("plain");
        check_fitness(&certificate, algorithm(&certificate), at, &[]).unwrap();
    }

    #[test]
    fn an_algorithm_of_another_key_is_refused_before_anybody_is_asked() {
        let certificate = certificate("p256");
        let at = certificate.not_before();
        let error = check_fitness(&certificate, RSA, at, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains("RSA_SHA256"), "{error}");
    }

    #[test]
    fn what_is_only_read_is_not_signed_with() {
        use DigestAlgorithm::{Sha1, Sha3_256, Sha224, Sha256};
        use SignatureAlgorithm::{Ecdsa, PlainEcdsa, RsaPkcs1, RsaPss};
        let pss =
            |digest, mask_digest| RsaPss(PssParameters { digest, mask_digest, salt_length: 32 });
        let at = "2026-06-15T00:00:00Z".parse().unwrap();
        for (name, algorithms) in [
            (
                "rsa2048",
                &[RsaPkcs1(Sha1), RsaPkcs1(Sha3_256), pss(Sha224, Sha256), pss(Sha256, Sha1)][..],
            ),
            ("p256", &[Ecdsa(Sha1), Ecdsa(Sha224), Ecdsa(Sha3_256), PlainEcdsa(Sha256)]),
        ] {
            let certificate = certificate(name);
            for algorithm in algorithms {
                let error = check_fitness(&certificate, *algorithm, at, &[]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Misuse, "{algorithm}");
                assert!(error.to_string().contains("never made"), "{error}");
            }
        }
    }
}
