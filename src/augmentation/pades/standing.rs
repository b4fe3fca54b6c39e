//! Whether the time-stamps that are there still prove a signature: a token is worth nothing
//! any more once its authority's certificate has expired, unless a newer time-stamp was over
//! it by then (EN 319 142-1 §5.4.3).

use super::augmenter::{is_stamp, later};
use crate::augmentation::found::Found;
use crate::error::{Error, Place, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::{SignedData, TimeStampKind};
use crate::signature::pades::{PdfSignature, PdfSignatures, SignatureKind};
use crate::time::UtcTime;

/// What time-stamps come to for one signature.
pub(super) enum Standing {
    /// There is none.
    Unstamped,
    Proven,
    /// There were some, and nothing was over them in time.
    Lapsed(Lapsed),
}

/// The authority of the newest of them.
pub(super) struct Lapsed {
    field: String,
    stamped: UtcTime,
    authority: Certificate,
    signer: Option<Certificate>,
}

/// One token.
struct Stamp {
    time: UtcTime,
    /// Nothing where it is not at hand, which is said where its path is looked for.
    authority: Option<Certificate>,
}

impl Stamp {
    /// Whether the authority's certificate is good at `now`, or was at one of the times at
    /// which something proves the token.
    fn stands(&self, proven: &[UtcTime], now: Option<UtcTime>) -> bool {
        let (Some(authority), Some(now)) = (&self.authority, now) else { return true };
        proven.iter().copied().chain([now]).any(|at| at <= authority.not_after())
    }
}

/// How it is about the signature at this place; without a time, a time-stamp is all that is
/// asked for.
///
/// # Errors
/// `Malformed` when a token is none; `LimitExceeded`.
pub(super) fn standing(
    pdf: &PdfSignatures,
    n: usize,
    now: Option<UtcTime>,
    limits: &Limits,
) -> Result<Standing> {
    let Some(signature) = pdf.signatures.get(n) else { return Ok(Standing::Unstamped) };
    let mut found = Found::new(limits);
    found.stored(&pdf.store)?;
    let over = later(pdf, n).iter().filter(|it| is_stamp(it));
    let over =
        over.map(|it| stamp(&mut found, &it.contents, limits)).collect::<Result<Vec<_>>>()?;
    // Newest first: each that stands proves those before it.
    let mut proven = Vec::new();
    for stamp in over.iter().rev().filter(|it| it.authority.is_some()) {
        if stamp.stands(&proven, now) {
            proven.push(stamp.time);
        }
    }
    let own = own(&mut found, signature, limits)?;
    // A time-stamp over the document is there by itself.
    let itself = signature.kind == SignatureKind::DocumentTimeStamp;
    if own.iter().any(|it| it.stands(&proven, now)) || (!itself && !proven.is_empty()) {
        return Ok(Standing::Proven);
    }
    let newest = own.into_iter().chain(over).max_by_key(|it| it.time);
    Ok(match newest.map(|it| (it.time, it.authority)) {
        None => Standing::Unstamped,
        Some((_, None)) => Standing::Proven,
        Some((stamped, Some(authority))) => Standing::Lapsed(Lapsed {
            field: signature.field.clone(),
            stamped,
            authority,
            signer: signer(&found, signature, limits)?.filter(|_| !itself),
        }),
    })
}

/// The tokens over the value, or the one that the signature is.
fn own(found: &mut Found<'_>, signature: &PdfSignature, limits: &Limits) -> Result<Vec<Stamp>> {
    if signature.kind == SignatureKind::DocumentTimeStamp {
        return Ok(vec![stamp(found, &signature.contents, limits)?]);
    }
    let cms = SignedData::parse(&signature.contents, limits)?;
    found.take(&cms)?;
    let Some(Ok(signer)) = cms.signers().first() else { return Ok(Vec::new()) };
    let stamps = signer.unsigned_attributes().time_stamps();
    stamps
        .filter(|(kind, _)| *kind == TimeStampKind::Signature)
        .map(|(_, token)| stamp(found, token, limits))
        .collect()
}

fn stamp(found: &mut Found<'_>, token: &[u8], limits: &Limits) -> Result<Stamp> {
    let time = found.time(token)?;
    let cms = SignedData::parse(token, limits)?;
    found.take(&cms)?;
    let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
    Ok(Stamp { time, authority: signer.and_then(|it| found.certificate(it)) })
}

fn signer(
    found: &Found<'_>,
    signature: &PdfSignature,
    limits: &Limits,
) -> Result<Option<Certificate>> {
    let cms = SignedData::parse(&signature.contents, limits)?;
    let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
    Ok(signer.and_then(|it| found.certificate(it)))
}

impl Lapsed {
    /// A new time-stamp helps where the signer's certificate is still good; what it proves
    /// is younger then.
    ///
    /// # Errors
    /// `Misuse` where it is not, with the authority that has expired.
    pub(super) fn must_be_replaceable(&self, now: UtcTime) -> Result<()> {
        if self.signer.as_ref().is_some_and(|it| now <= it.not_after()) {
            return Ok(());
        }
        let (stamped, expired) = (self.stamped, self.authority.not_after());
        Err(Error::misuse(format!(
            "nothing proves the signature any more: the authority of its newest time-stamp, of \
             {stamped}, expired at {expired}, and no newer time-stamp was over that by then"
        ))
        .at(Place::Certificate(self.authority.subject()))
        .at(Place::Element(self.field.clone())))
    }
}
