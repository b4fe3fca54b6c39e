//! Whether the time-stamps that are there still prove a signature: a token is worth nothing
//! any more once its authority's certificate has expired, unless a newer time-stamp was over
//! it by then (EN 319 142-1 §5.4.3).

use super::augmenter::is_stamp;
use crate::augmentation::found::Found;
use crate::error::{Error, Place, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::{SignedData, TimeStampKind};
use crate::signature::pades::PdfSignatures;
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
    fn stands(&self, mut proven: impl Iterator<Item = UtcTime>, now: Option<UtcTime>) -> bool {
        let (Some(authority), Some(now)) = (&self.authority, now) else { return true };
        now <= authority.not_after() || proven.any(|at| at <= authority.not_after())
    }
}

/// A time-stamp over the document.
struct Over {
    /// Its place among the signatures.
    n: usize,
    stamp: Stamp,
    stands: bool,
}

/// What the time-stamps of one PDF come to.
pub(super) struct Standings<'a> {
    pdf: &'a PdfSignatures,
    now: Option<UtcTime>,
    limits: &'a Limits,
    found: Found<'a>,
    over: Vec<Over>,
    lapsed: Vec<Vec<u8>>,
}

impl<'a> Standings<'a> {
    /// At this time; without one, a time-stamp is all that is asked for.
    ///
    /// # Errors
    /// `Malformed` when a token is none; `LimitExceeded`.
    pub(super) fn new(
        pdf: &'a PdfSignatures,
        now: Option<UtcTime>,
        limits: &'a Limits,
    ) -> Result<Self> {
        let mut found = Found::new(limits);
        found.stored(&pdf.store)?;
        let mut all = Self { pdf, now, limits, found, over: Vec::new(), lapsed: Vec::new() };
        // Newest first: each that stands proves those before it.
        let stamps = pdf.signatures.iter().enumerate().rev().filter(|(_, it)| is_stamp(it));
        for (n, signature) in stamps {
            let (stamp, stands) = all.judged(&signature.contents, n)?;
            all.over.push(Over { n, stamp, stands });
        }
        Ok(all)
    }

    /// The tokens that nothing proves any more, as far as was asked.
    pub(super) fn into_lapsed(self) -> Vec<Vec<u8>> {
        self.lapsed
    }

    fn judged(&mut self, token: &[u8], n: usize) -> Result<(Stamp, bool)> {
        let stamp = stamp(&mut self.found, token, self.limits)?;
        let later = self.over.iter().filter(|it| it.n > n && it.stands);
        let stands = stamp.stands(later.map(|it| it.stamp.time), self.now);
        if !stands {
            self.lapsed.push(token.to_vec());
        }
        Ok((stamp, stands))
    }

    /// How it is about the signature at this place.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn of(&mut self, n: usize) -> Result<Standing> {
        let Some(signature) = self.pdf.signatures.get(n) else { return Ok(Standing::Unstamped) };
        let cms = SignedData::parse(&signature.contents, self.limits)?;
        self.found.take(&cms)?;
        let mut stamps = Vec::new();
        // A time-stamp over the document is there by itself, and needs no other.
        let itself = signature.is_time_stamp();
        if itself {
            stamps.push(self.judged(&signature.contents, n)?);
        } else if let Some(Ok(signer)) = cms.signers().first() {
            let own = signer.unsigned_attributes().time_stamps();
            for (_, token) in own.filter(|(kind, _)| *kind == TimeStampKind::Signature) {
                stamps.push(self.judged(token, n)?);
            }
        }
        let own = stamps.iter().map(|(stamp, stands)| (stamp, *stands));
        let over = self.over.iter().filter(|it| it.n > n && !itself);
        let mut all: Vec<_> = own.chain(over.map(|it| (&it.stamp, it.stands))).collect();
        if all.iter().any(|(_, stands)| *stands) {
            return Ok(Standing::Proven);
        }
        all.sort_by_key(|(stamp, _)| stamp.time);
        let newest = all.last().and_then(|(it, _)| Some((it.time, it.authority.clone()?)));
        Ok(match newest {
            None => Standing::Unstamped,
            Some((stamped, authority)) => Standing::Lapsed(Lapsed {
                field: signature.field.clone(),
                stamped,
                authority,
                signer: self.signer(&cms).filter(|_| !itself),
            }),
        })
    }

    fn signer(&self, cms: &SignedData<'_>) -> Option<Certificate> {
        let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
        signer.and_then(|it| self.found.certificate(it))
    }
}

fn stamp(found: &mut Found<'_>, token: &[u8], limits: &Limits) -> Result<Stamp> {
    let time = found.time(token)?;
    let cms = SignedData::parse(token, limits)?;
    found.take(&cms)?;
    let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
    Ok(Stamp { time, authority: signer.and_then(|it| found.certificate(it)) })
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
