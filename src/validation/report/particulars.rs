//! What a signature was judged by, as far as reports for other programs refer to it.

use crate::pki::path::Search;
use crate::pki::revocation::Status;
use crate::pki::{Certificate, Crl, OcspResponse, TrustAnchor};
use crate::time::UtcTime;
use crate::validation::block::Context;
use crate::validation::facts::{NamedPolicy, SignatureFacts, SignatureOctets};
use crate::validation::process::Processed;

/// Certificates and lists are cheap to clone; nothing large is copied here.
#[derive(Debug, Clone)]
pub(in crate::validation) struct Particulars {
    pub(super) octets: SignatureOctets,
    pub(super) signature_policy: Option<NamedPolicy>,
    /// From the signer on, as far as a path leads; an anchor's own certificate is not in it.
    pub(super) chain: Vec<Certificate>,
    /// The anchor that was reached.
    pub(super) anchor: Option<TrustAnchor>,
    /// All that came with the signature.
    pub(super) certificates: Vec<Certificate>,
    pub(super) crls: Vec<Crl>,
    pub(super) responses: Vec<OcspResponse>,
    pub(super) revoked: Option<Revoked>,
}

/// A certificate of the path that is revoked.
#[derive(Debug, Clone)]
pub(super) struct Revoked {
    pub(super) certificate: Certificate,
    pub(super) at: UtcTime,
    /// As RFC 5280 §5.3.1 spells it.
    pub(super) reason: Option<String>,
}

impl Particulars {
    pub(in crate::validation) fn of(
        facts: &SignatureFacts,
        processed: &Processed,
        context: Context<'_>,
    ) -> Self {
        let (chain, anchor) = match &processed.search {
            Some(Search::Found(path)) => (path.certificates(), Some(path.anchor())),
            Some(Search::NotFound(rejections)) => {
                (rejections.first().map_or(&[][..], |it| &it.certificates[..]), None)
            }
            None => (&[][..], None),
        };
        let is_anchor = |it: &&Certificate| anchor.is_some_and(|anchor| anchor.is_of(it));
        let mut chain: Vec<_> = chain.to_vec();
        if chain.len() > 1 {
            chain.retain(|it| !is_anchor(&it));
        }
        if chain.is_empty() {
            chain.extend(facts.signer.certificate.clone());
        }
        let about = |crl: &&Crl| chain.iter().any(|it| crl.concerns(it));
        let crls = context.crls.iter().filter(about);
        let responses = context.responses.iter().filter(|it| answers(it, &chain, anchor));
        Self {
            octets: facts.octets.clone(),
            signature_policy: facts.signature_policy.clone(),
            anchor: anchor.cloned(),
            certificates: facts.signer.certificates.clone(),
            crls: crls.chain(facts.revocation.crls.iter().map(|it| &it.item)).cloned().collect(),
            responses: responses
                .chain(facts.revocation.responses.iter().map(|it| &it.item))
                .cloned()
                .collect(),
            revoked: revoked(processed),
            chain,
        }
    }
}

/// Whether the response is about one of the path.
fn answers(it: &OcspResponse, chain: &[Certificate], anchor: Option<&TrustAnchor>) -> bool {
    let issuers = chain.iter().skip(1).map(Certificate::public_key_info);
    let issuers = issuers.chain(anchor.map(TrustAnchor::public_key_info));
    chain.iter().zip(issuers).any(|(certificate, issuer)| it.concerns(certificate, issuer))
}

fn revoked(processed: &Processed) -> Option<Revoked> {
    processed.checked.iter().find_map(|checked| match &checked.status {
        Status::Revoked { at, reason, .. } => Some(Revoked {
            certificate: checked.certificate.clone(),
            at: *at,
            reason: reason.map(|it| it.to_string()),
        }),
        Status::Good { .. } | Status::Unknown => None,
    })
}
