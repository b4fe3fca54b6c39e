//! Requests (RFC 3161 §2.4.1), and whether an answer is the answer to one.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;
use ring::rand::{SecureRandom, SystemRandom};

use super::info::{MessageImprint, read_extensions, read_nonce, read_version};
use super::response::TimeStampResponse;
use super::token::TimeStampToken;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::asn1::writer::{BOOLEAN, INTEGER, OID, SEQUENCE, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};

/// Asks for a time-stamp: for those who speak to an authority in their own way.
/// [`Online`](super::Online) does it over any [`Retrieve`](crate::Retrieve).
///
/// ```
/// # fn main() -> kyso::Result<()> {
/// use kyso::{DigestAlgorithm, tsp::TimeStampRequest};
///
/// let request = TimeStampRequest::new(&DigestAlgorithm::Sha256.digest(b"a document"))?;
/// let body = request.to_der()?; // to be sent as application/timestamp-query
/// // … and with what came back: request.accept(answer, &Limits::default())?
/// # assert_eq!(TimeStampRequest::from_der(&body, &kyso::Limits::default())?, request);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampRequest {
    imprint: MessageImprint,
    policy: Option<ObjectIdentifier>,
    /// The content octets of an INTEGER.
    nonce: Option<Vec<u8>>,
    certificates: bool,
    critical_extension: Option<String>,
}

impl TimeStampRequest {
    /// Asks for a token over this digest, with the authority's certificates in it and a
    /// nonce of 62 random bits, so that no old answer passes for a new one.
    ///
    /// # Errors
    /// `Misuse` for a digest by SHA-1, of which no time-stamp is made; `Io` when the
    /// machine has no random numbers.
    pub fn new(imprint: &Digest) -> Result<Self> {
        if imprint.algorithm() == DigestAlgorithm::Sha1 {
            return Err(Error::misuse("no time-stamp is made over a SHA-1 digest"));
        }
        Ok(Self {
            imprint: MessageImprint::of(imprint),
            policy: None,
            nonce: Some(nonce()?),
            certificates: true,
            critical_extension: None,
        })
    }

    /// Asks for a token under this policy of the authority, an object identifier.
    ///
    /// # Errors
    /// `Misuse` when it is none.
    pub fn with_policy(self, policy: &str) -> Result<Self> {
        Ok(self.under(read_policy(policy)?))
    }

    pub(super) fn under(self, policy: ObjectIdentifier) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Reads a request, such as an authority gets it.
    ///
    /// # Errors
    /// `Malformed` when it is none; `Unsupported` for another version;
    /// `LimitExceeded` over [`Limits::time_stamp_bytes`].
    pub fn from_der(der: &[u8], limits: &Limits) -> Result<Self> {
        within(der.len(), limits.time_stamp_bytes, "bytes of a time-stamp request")?;
        let mut fields = Value::only(der, limits.asn1_depth)?.sequence()?;
        read_version(&mut fields)?;
        let imprint = MessageImprint::read(&fields.required()?)?;
        let policy = fields.optional(Tag::OID)?.map(|it| it.oid()).transpose()?;
        let nonce = read_nonce(&mut fields)?;
        let certificates = fields.optional(Tag::BOOLEAN)?.map(|it| it.boolean()).transpose()?;
        let critical_extension = read_extensions(fields.optional(Tag::context(0))?)?;
        fields.finish()?;
        let certificates = certificates.unwrap_or(false);
        Ok(Self { imprint, policy, nonce, certificates, critical_extension })
    }

    /// What is sent. Extensions of a request that was read are not written: there are
    /// none that this crate knows.
    ///
    /// # Errors
    /// `Misuse` when it cannot be written.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let optional = |tag, octets: Option<&[u8]>| octets.map_or(vec![], |it| tlv(tag, &[it]));
        let policy = optional(OID, self.policy.as_ref().map(ObjectIdentifier::as_bytes));
        let nonce = optional(INTEGER, self.nonce.as_deref());
        let certificates = if self.certificates { tlv(BOOLEAN, &[&[0xff]]) } else { vec![] };
        let version = [INTEGER, 1, 1];
        let imprint = self.imprint.to_der()?;
        Ok(tlv(SEQUENCE, &[&version, &imprint, &policy, &nonce, &certificates]))
    }

    /// What is to be stamped; nothing for a digest that this crate cannot compute.
    #[must_use]
    pub fn imprint(&self) -> Option<Digest> {
        self.imprint.digest()
    }

    /// Under which policy, an object identifier; nothing leaves it to the authority.
    #[must_use]
    pub fn policy(&self) -> Option<String> {
        self.policy.map(|it| it.to_string())
    }

    /// Whether the authority's certificate is to be in the token.
    #[must_use]
    pub fn asks_for_certificates(&self) -> bool {
        self.certificates
    }

    /// A critical extension, by its identifier: whoever does not understand it must not
    /// answer with a token.
    #[must_use]
    pub fn critical_extension(&self) -> Option<&str> {
        self.critical_extension.as_deref()
    }

    /// The token of an answer (`TimeStampResp`) that grants this very request: over its
    /// imprint, with its nonce, under its policy, from one signer whose signature holds and
    /// whose certificate is there if that was asked for (RFC 3161 §2.2, §2.4.2). Whether
    /// the authority can be relied on is judged by validation.
    ///
    /// # Errors
    /// `Service` when the authority refuses, or answers another question; `Malformed` when
    /// the answer is none, or contradicts itself; `LimitExceeded` when a bound was reached.
    pub fn accept(&self, response: &[u8], limits: &Limits) -> Result<TimeStampToken> {
        let token = TimeStampResponse::read(response, limits)?.into_token(limits)?;
        self.compare(&token)?;
        // Without its certificate in the token, a signature cannot be checked here.
        if self.certificates {
            token.check_signature(limits)?;
        }
        Ok(token)
    }

    fn compare(&self, token: &TimeStampToken) -> Result<()> {
        let info = token.info();
        let differs = |what: &str| {
            Err(Error::new(
                ErrorKind::Service,
                format!("the time-stamp is not what was asked for: {what}"),
            ))
        };
        if info.algorithm != self.imprint.algorithm || info.imprint != self.imprint.value {
            return differs("it is over something else");
        }
        if info.nonce != self.nonce {
            return differs("its nonce is another; it may be an old one");
        }
        if self.policy.is_some_and(|wanted| wanted.as_bytes() != info.policy) {
            return differs("it was issued under another policy");
        }
        match &info.critical_extension {
            Some(oid) => differs(&format!("it has the critical extension {oid}")),
            None => Ok(()),
        }
    }
}

/// # Errors
/// `Misuse` when it is no object identifier.
pub(super) fn read_policy(policy: &str) -> Result<ObjectIdentifier> {
    ObjectIdentifier::new(policy).map_err(|source| {
        Error::misuse(format!(
            "{policy:?} is no policy of a time-stamp authority: object identifiers are"
        ))
        .because(source)
    })
}

/// Eight octets, which every authority can echo: positive, and as short as DER wants it.
fn nonce() -> Result<Vec<u8>> {
    let mut octets = vec![0; 8];
    SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| Error::new(ErrorKind::Io, "the machine has no random numbers for a nonce"))?;
    if let Some(first) = octets.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    Ok(octets)
}
