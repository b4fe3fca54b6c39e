//! Identifiers of algorithms (XMLDSig 1.1 §6, RFC 9231 §2).

use super::children::Children;
use super::{DS, MORE_2007};
use crate::crypto::{DigestAlgorithm, PssParameters, SignatureAlgorithm};
use crate::encoding::xml::{Document, NodeId};
use crate::error::{Error, Result};

const DIGESTS: [(DigestAlgorithm, &str); 9] = [
    (DigestAlgorithm::Sha1, "http://www.w3.org/2000/09/xmldsig#sha1"),
    (DigestAlgorithm::Sha224, "http://www.w3.org/2001/04/xmldsig-more#sha224"),
    (DigestAlgorithm::Sha256, "http://www.w3.org/2001/04/xmlenc#sha256"),
    (DigestAlgorithm::Sha384, "http://www.w3.org/2001/04/xmldsig-more#sha384"),
    (DigestAlgorithm::Sha512, "http://www.w3.org/2001/04/xmlenc#sha512"),
    (DigestAlgorithm::Sha3_224, "http://www.w3.org/2007/05/xmldsig-more#sha3-224"),
    (DigestAlgorithm::Sha3_256, "http://www.w3.org/2007/05/xmldsig-more#sha3-256"),
    (DigestAlgorithm::Sha3_384, "http://www.w3.org/2007/05/xmldsig-more#sha3-384"),
    (DigestAlgorithm::Sha3_512, "http://www.w3.org/2007/05/xmldsig-more#sha3-512"),
];

/// A digest by its identifier; nothing for one that this crate does not compute.
pub(crate) fn digest_algorithm(uri: &str) -> Option<DigestAlgorithm> {
    DIGESTS.iter().find(|it| it.1 == uri).map(|it| it.0)
}

/// The identifier of a digest.
pub(crate) fn digest_uri(algorithm: DigestAlgorithm) -> &'static str {
    DIGESTS.iter().find(|it| it.0 == algorithm).map_or("", |it| it.1)
}

/// Identifiers that name a digest too. ECDSA is both numbers at full length here.
const SIGNATURES: [(SignatureAlgorithm, &str); 24] = {
    use DigestAlgorithm::{Sha1, Sha3_224, Sha3_256, Sha3_384, Sha3_512};
    use DigestAlgorithm::{Sha224, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Dsa, Ed25519, PlainEcdsa, RsaPkcs1};
    [
        (RsaPkcs1(Sha1), "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (RsaPkcs1(Sha224), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        (RsaPkcs1(Sha256), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        (RsaPkcs1(Sha384), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"),
        (RsaPkcs1(Sha512), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
        (RsaPkcs1(Sha3_224), "http://www.w3.org/2021/04/xmldsig-more#rsa-sha3-224"),
        (RsaPkcs1(Sha3_256), "http://www.w3.org/2021/04/xmldsig-more#rsa-sha3-256"),
        (RsaPkcs1(Sha3_384), "http://www.w3.org/2021/04/xmldsig-more#rsa-sha3-384"),
        (RsaPkcs1(Sha3_512), "http://www.w3.org/2021/04/xmldsig-more#rsa-sha3-512"),
        (PlainEcdsa(Sha1), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
        (PlainEcdsa(Sha224), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224"),
        (PlainEcdsa(Sha256), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        (PlainEcdsa(Sha384), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"),
        (PlainEcdsa(Sha512), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"),
        (PlainEcdsa(Sha3_224), "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-224"),
        (PlainEcdsa(Sha3_256), "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256"),
        (PlainEcdsa(Sha3_384), "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-384"),
        (PlainEcdsa(Sha3_512), "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-512"),
        (Dsa(Sha1), "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        (Dsa(Sha256), "http://www.w3.org/2009/xmldsig11#dsa-sha256"),
        (Dsa(Sha384), "http://www.w3.org/2009/xmldsig11#dsa-sha384"),
        (Dsa(Sha512), "http://www.w3.org/2009/xmldsig11#dsa-sha512"),
        (Dsa(Sha224), "http://www.w3.org/2009/xmldsig11#dsa-sha224"),
        (Ed25519, "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"),
    ]
};

/// RSASSA-PSS without parameters: MGF1 with the same digest, and as much salt (RFC 9231
/// §2.3.10).
const PSS: [(DigestAlgorithm, &str); 9] = [
    (DigestAlgorithm::Sha1, "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1"),
    (DigestAlgorithm::Sha224, "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1"),
    (DigestAlgorithm::Sha256, "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
    (DigestAlgorithm::Sha384, "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"),
    (DigestAlgorithm::Sha512, "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"),
    (DigestAlgorithm::Sha3_224, "http://www.w3.org/2007/05/xmldsig-more#sha3-224-rsa-MGF1"),
    (DigestAlgorithm::Sha3_256, "http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1"),
    (DigestAlgorithm::Sha3_384, "http://www.w3.org/2007/05/xmldsig-more#sha3-384-rsa-MGF1"),
    (DigestAlgorithm::Sha3_512, "http://www.w3.org/2007/05/xmldsig-more#sha3-512-rsa-MGF1"),
];

const PSS_WITH_PARAMETERS: &str = "http://www.w3.org/2007/05/xmldsig-more#rsa-pss";
const MGF1: &str = "http://www.w3.org/2007/05/xmldsig-more#MGF1";

/// An algorithm by its identifier alone; nothing for one that is unknown or needs more.
pub(crate) fn signature_algorithm(uri: &str) -> Option<SignatureAlgorithm> {
    let named = SIGNATURES.iter().find(|it| it.1 == uri).map(|it| it.0);
    let pss = || PSS.iter().find(|it| it.1 == uri).map(|it| it.0);
    named.or_else(|| pss().map(|it| SignatureAlgorithm::RsaPss(PssParameters::new(it))))
}

/// The identifier of an algorithm, for writing; nothing where it has none of its own.
pub(crate) fn signature_uri(algorithm: SignatureAlgorithm) -> Option<&'static str> {
    let raw = match algorithm {
        SignatureAlgorithm::RsaPss(parameters) => {
            let usual = parameters == PssParameters::new(parameters.digest);
            return PSS.iter().find(|it| usual && it.0 == parameters.digest).map(|it| it.1);
        }
        SignatureAlgorithm::Ecdsa(digest) => SignatureAlgorithm::PlainEcdsa(digest),
        other => other,
    };
    SIGNATURES.iter().find(|it| it.0 == raw).map(|it| it.1)
}

/// What a `SignatureMethod` element names, with its parameters; nothing where it is unknown.
///
/// # Errors
/// `Malformed` when the parameters are not what their schema says.
pub(super) fn read(
    document: &Document<'_>,
    method: NodeId,
    uri: &str,
) -> Result<Option<SignatureAlgorithm>> {
    if uri != PSS_WITH_PARAMETERS {
        return Ok(signature_algorithm(uri));
    }
    let parameters = document.children_named(method, MORE_2007, "RSAPSSParams").next();
    let Some(parameters) = parameters else {
        let usual = PssParameters::new(DigestAlgorithm::Sha256);
        return Ok(Some(SignatureAlgorithm::RsaPss(usual)));
    };
    Ok(pss(document, parameters)?.map(SignatureAlgorithm::RsaPss))
}

fn pss(document: &Document<'_>, parameters: NodeId) -> Result<Option<PssParameters>> {
    let mut fields = Children::of(document, parameters)?;
    let named = |it: Option<NodeId>, otherwise| match it {
        None => Some(otherwise),
        Some(it) => document.attribute(it, "Algorithm").and_then(digest_algorithm),
    };
    let digest = named(fields.optional(DS, "DigestMethod"), DigestAlgorithm::Sha256);
    let Some(digest) = digest else { return Ok(None) };
    let mut mask_digest = Some(digest);
    if let Some(mask) = fields.optional(MORE_2007, "MaskGenerationFunction") {
        if document.attribute(mask, "Algorithm") != Some(MGF1) {
            return Ok(None);
        }
        let within = document.children_named(mask, DS, "DigestMethod").next();
        mask_digest = named(within, digest);
    }
    let number = |it: NodeId| {
        let text = document.text_of(it);
        let digits = text.trim_matches([' ', '\t', '\r', '\n']);
        digits.parse::<u32>().map_err(|_| {
            Error::malformed("a parameter of RSASSA-PSS is no number")
                .at_offset(document.offset(it))
        })
    };
    let salt = fields.optional(MORE_2007, "SaltLength").map(number).transpose()?;
    let trailer = fields.optional(MORE_2007, "TrailerField").map(number).transpose()?;
    fields.finish()?;
    let usual = PssParameters::new(digest);
    let Some(mask_digest) = mask_digest.filter(|_| trailer.is_none_or(|it| it == 1)) else {
        return Ok(None);
    };
    Ok(Some(PssParameters { mask_digest, salt_length: salt.unwrap_or(usual.salt_length), ..usual }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_read_as_written() {
        for (algorithm, uri) in SIGNATURES {
            assert_eq!(signature_algorithm(uri), Some(algorithm));
            assert_eq!(signature_uri(algorithm), Some(uri));
        }
        for (digest, uri) in PSS {
            let algorithm = SignatureAlgorithm::RsaPss(PssParameters::new(digest));
            assert_eq!(signature_algorithm(uri), Some(algorithm));
            assert_eq!(signature_uri(algorithm), Some(uri));
        }
        for digest in DigestAlgorithm::ALL {
            assert_eq!(digest_algorithm(digest_uri(digest)), Some(digest));
        }
        let ecdsa = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
        let uri = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
        assert_eq!(signature_uri(ecdsa), Some(uri));
        assert_eq!(signature_algorithm("http://www.w3.org/2000/09/xmldsig#hmac-sha1"), None);
    }
}
