//! What a signature was judged by, as far as detailed reports and those for other programs
//! refer to it.

use std::sync::Arc;

use crate::pki::path::Search;
use crate::pki::revocation::{Checked, Status};
use crate::pki::{Certificate, Crl, OcspResponse, TrustAnchor};
use crate::time::UtcTime;
use crate::validation::block::Context;
use crate::validation::certificate::CertificateRevocation;
use crate::validation::facts::{NamedPolicy, SignatureFacts, SignatureOctets, TimeStampFacts};
use crate::validation::poe::Proven;
use crate::validation::process::{Processed, ProcessedTimeStamp};
use crate::validation::steps::Block;

/// Certificates and lists are cheap to clone; nothing large is copied here.
#[derive(Debug, Clone)]
pub(in crate::validation) struct Particulars {
    pub(super) octets: SignatureOctets,
    pub(super) signature_policy: Option<NamedPolicy>,
    pub(super) chain: Chain,
    /// All that came with the signature.
    pub(super) certificates: Vec<Certificate>,
    pub(super) crls: Vec<Crl>,
    pub(super) responses: Vec<OcspResponse>,
    /// For each time-stamp of the report.
    pub(super) stamps: Vec<Stamp>,
    /// What is proven to have existed before the validation time.
    pub(super) proven: Proven,
}

/// The path that was found, or as far as one leads.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// From the signer on; an anchor's own certificate is not in it, but for one that is
    /// trusted for itself.
    pub(super) certificates: Vec<Certificate>,
    /// The anchor that was reached.
    pub(super) anchor: Option<TrustAnchor>,
    /// What is known of each that could be asked about.
    pub(super) known: Vec<(Certificate, CertificateRevocation)>,
    pub(super) revoked: Option<Revoked>,
}

/// A time-stamp token and what it was judged by. Cheap to clone: one over a document stands
/// beside every signature of it.
#[derive(Debug, Clone)]
pub(in crate::validation) struct Stamp {
    pub(super) octets: Arc<[u8]>,
    pub(super) chain: Arc<Chain>,
    pub(super) block: Arc<Block>,
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
        stamps: Vec<Stamp>,
        context: Context<'_>,
    ) -> Self {
        let signer = facts.signer.certificate.as_ref();
        let chain = Chain::of(signer, processed.search.as_ref(), &processed.checked);
        let asked = context.gathering.map(|it| it.revocation()).unwrap_or_default();
        let chains: Vec<_> =
            [&chain].into_iter().chain(stamps.iter().map(|it| &*it.chain)).collect();
        let tokens = facts.time_stamps.iter().filter_map(|it| it.token.as_deref());
        let found = [facts].into_iter().chain(tokens).map(|it| &it.revocation);
        let crls = context.crls.iter().chain(&asked.crls);
        let mut crls: Vec<_> = crls.filter(|it| chains.iter().any(|c| c.lists(it))).collect();
        crls.extend(found.clone().flat_map(|it| &it.crls).map(|it| &it.item));
        let responses = context.responses.iter().chain(&asked.responses);
        let mut responses: Vec<_> =
            responses.filter(|it| chains.iter().any(|c| c.answers(it))).collect();
        responses.extend(found.flat_map(|it| &it.responses).map(|it| &it.item));
        Self {
            octets: facts.octets.clone(),
            signature_policy: facts.signature_policy.clone(),
            certificates: facts.signer.certificates.clone(),
            crls: crls.into_iter().cloned().collect(),
            responses: responses.into_iter().cloned().collect(),
            proven: processed.proven.clone(),
            chain,
            stamps,
        }
    }
}

impl Particulars {
    /// Whose key is held to have signed: every path begins with its certificate.
    pub(super) fn signer(&self) -> Option<&Certificate> {
        self.chain.certificates.first()
    }

    pub(super) fn anchors(&self) -> impl Iterator<Item = &TrustAnchor> {
        let chains = [&self.chain].into_iter().chain(self.stamps.iter().map(|it| &*it.chain));
        chains.filter_map(|it| it.anchor.as_ref())
    }

    pub(in crate::validation) fn add_stamp(&mut self, stamp: Stamp) {
        self.stamps.push(stamp);
    }
}

impl Stamp {
    /// The anchor that its authority's path reached.
    pub(super) fn anchor(&self) -> Option<&TrustAnchor> {
        self.chain.anchor.as_ref()
    }

    pub(in crate::validation) fn of(
        facts: &TimeStampFacts,
        processed: &ProcessedTimeStamp,
    ) -> Self {
        let signer = facts.token.as_ref().and_then(|it| it.signer.certificate.as_ref());
        Self {
            octets: facts.octets.as_slice().into(),
            chain: Chain::of(signer, processed.search.as_ref(), &processed.checked).into(),
            block: processed.block.clone().into(),
        }
    }
}

impl Chain {
    fn of(signer: Option<&Certificate>, search: Option<&Search>, checked: &[Checked]) -> Self {
        let (certificates, anchor) = match search {
            Some(Search::Found(path)) => (path.certificates(), Some(path.anchor())),
            Some(Search::NotFound(rejections)) => {
                (rejections.first().map_or(&[][..], |it| &it.certificates[..]), None)
            }
            None => (&[][..], None),
        };
        let mut certificates = certificates.to_vec();
        if certificates.len() > 1 {
            certificates.retain(|it| !anchor.is_some_and(|anchor| anchor.is_of(it)));
        }
        if certificates.is_empty() {
            certificates.extend(signer.cloned());
        }
        let known = checked.iter();
        Self {
            certificates,
            anchor: anchor.cloned(),
            known: known
                .map(|it| (it.certificate.clone(), CertificateRevocation::of(it)))
                .collect(),
            revoked: revoked(checked),
        }
    }

    /// Whether the list has to do with one of the path.
    fn lists(&self, crl: &Crl) -> bool {
        self.certificates.iter().any(|it| crl.concerns(it))
    }

    /// Whether the response is about one of the path.
    fn answers(&self, response: &OcspResponse) -> bool {
        let issuers = self.certificates.iter().skip(1).map(Certificate::public_key_info);
        let issuers = issuers.chain(self.anchor.as_ref().map(TrustAnchor::public_key_info));
        self.certificates.iter().zip(issuers).any(|(it, issuer)| response.concerns(it, issuer))
    }
}

fn revoked(checked: &[Checked]) -> Option<Revoked> {
    checked.iter().find_map(|checked| match &checked.status {
        Status::Revoked { at, reason, .. } => Some(Revoked {
            certificate: checked.certificate.clone(),
            at: *at,
            reason: reason.map(|it| it.to_string()),
        }),
        Status::Good { .. } | Status::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::conclusion::{Conclusion, Indeterminate};
    use crate::validation::facts::{Covers, Named, TimeStampType};
    use crate::validation::poe::ObjectId;
    use crate::validation::steps::BlockId;

    /// Hundreds of time-stamps over hundreds of signatures must not take memory for each pair.
    #[test]
    fn a_time_stamp_over_many_signatures_is_held_once() {
        let at: UtcTime = "2026-06-15T00:00:00Z".parse().unwrap();
        let facts = TimeStampFacts {
            kind: TimeStampType::DocumentTimestamp,
            id: ObjectId::of(b"token"),
            octets: b"token".to_vec(),
            time: Some(at),
            imprint: Named::NOTHING,
            index: None,
            imprint_intact: None,
            token: None,
            covers: Covers::Objects(Vec::new()),
        };
        let conclusion = Conclusion::Indeterminate(Indeterminate::Generic);
        let block = Block::new(BlockId::TimeStamp, at);
        let processed = ProcessedTimeStamp { conclusion, block, search: None, checked: Vec::new() };
        let one = Stamp::of(&facts, &processed);
        let other = one.clone();
        assert!(std::ptr::eq(one.octets.as_ptr(), other.octets.as_ptr()));
        assert!(std::ptr::eq(&raw const *one.block, &raw const *other.block));
    }
}
