//! Algorithms by the identifiers of §5: what a key signs with, and how that is asked for.

use crate::crypto::{Curve, DigestAlgorithm, PssParameters, PublicKey, SignatureAlgorithm};
use crate::encoding::asn1::to_der;
use crate::encoding::base64;
use crate::error::Result;

/// Keys' own identifiers, which services list where the digest is named beside it.
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";

/// How the service is asked for an algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) oid: String,
    /// Of PSS: its parameters, DER in base64.
    pub(super) parameters: Option<String>,
    pub(super) hash: String,
}

impl Named {
    /// Nothing where the key is not listed as signing so.
    pub(super) fn of(algorithm: SignatureAlgorithm, listed: &[String]) -> Result<Option<Self>> {
        let identifier = algorithm.identifier()?;
        let own = identifier.algorithm.to_string();
        let keys = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => RSA_ENCRYPTION,
            SignatureAlgorithm::Ecdsa(_) => EC_PUBLIC_KEY,
            SignatureAlgorithm::RsaPss(_) => &own,
            // Ed25519 signs the bytes and no hash of them; the others are never made.
            _ => return Ok(None),
        };
        let Some(oid) = [own.as_str(), keys].into_iter().find(|it| listed.iter().any(|l| l == it))
        else {
            return Ok(None);
        };
        let parameters = match (algorithm, identifier.parameters) {
            (SignatureAlgorithm::RsaPss(_), Some(it)) => Some(base64::encode(&to_der(&it)?)),
            _ => None,
        };
        let hash = algorithm.digest().oid().to_string();
        Ok(Some(Self { oid: oid.to_owned(), parameters, hash }))
    }
}

/// What a key signs with unless told otherwise: what most tools read, of what is listed.
pub(super) fn default_of(
    key: &PublicKey<'_>,
    listed: &[String],
) -> Result<Option<SignatureAlgorithm>> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let digests = match key {
        PublicKey::Ec(key) => match key.curve {
            Curve::P384 | Curve::BrainpoolP384r1 | Curve::BrainpoolP384t1 => {
                [Sha384, Sha512, Sha256]
            }
            Curve::P521 => [Sha512, Sha384, Sha256],
            _ => [Sha256, Sha384, Sha512],
        },
        _ => [Sha256, Sha384, Sha512],
    };
    let own = match key {
        PublicKey::RsaPss(_, it) => it.parameters().map(SignatureAlgorithm::RsaPss),
        _ => None,
    };
    let pss = |digest| SignatureAlgorithm::RsaPss(PssParameters::new(digest));
    let all = own
        .into_iter()
        .chain(digests.map(SignatureAlgorithm::RsaPkcs1))
        .chain(digests.map(pss))
        .chain(digests.map(SignatureAlgorithm::Ecdsa));
    for algorithm in all {
        if key.signs_by(algorithm) && Named::of(algorithm, listed)?.is_some() {
            return Ok(Some(algorithm));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DigestAlgorithm::{Sha256, Sha384};

    fn oid_for(algorithm: SignatureAlgorithm, listed: &[&str]) -> Option<String> {
        let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
        Named::of(algorithm, &listed).unwrap().map(|it| it.oid)
    }

    #[test]
    fn an_algorithm_is_asked_for_by_what_is_listed() {
        let rsa = SignatureAlgorithm::RsaPkcs1(Sha256);
        let with_digest = "1.2.840.113549.1.1.11";
        assert_eq!(oid_for(rsa, &[RSA_ENCRYPTION]).as_deref(), Some(RSA_ENCRYPTION));
        assert_eq!(oid_for(rsa, &[RSA_ENCRYPTION, with_digest]).as_deref(), Some(with_digest));
        assert_eq!(oid_for(rsa, &["1.2.840.113549.1.1.12", EC_PUBLIC_KEY]), None);
        let ecdsa = SignatureAlgorithm::Ecdsa(Sha384);
        assert_eq!(oid_for(ecdsa, &[EC_PUBLIC_KEY]).as_deref(), Some(EC_PUBLIC_KEY));
        assert_eq!(oid_for(SignatureAlgorithm::Ed25519, &["1.3.101.112"]), None);
    }

    #[test]
    fn pss_comes_with_its_parameters() {
        let pss = SignatureAlgorithm::RsaPss(PssParameters::new(Sha256));
        let named = Named::of(pss, &["1.2.840.113549.1.1.10".to_owned()]).unwrap().unwrap();
        // RSASSA-PSS-params with SHA-256, MGF1 with SHA-256 and 32 octets of salt.
        let expected = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg";
        assert_eq!(named.parameters.as_deref(), Some(expected));
        assert_eq!(named.hash, "2.16.840.1.101.3.4.2.1");
    }
}
