//! From one level to the next.

use super::augmented::Augmented;
use super::standing::{Standing, Standings};
use super::vri::Vri;
use crate::augmentation::found::Found;
use crate::augmentation::level::Level;
use crate::error::{Error, Place, Result};
use crate::limits::Limits;
use crate::signature::cms::SignedData;
use crate::signature::pades::{
    self, Created, Extended, Password, PdfSignature, PdfSignatures, RelatedData, StoredData,
};
use crate::signature::tsp::TimeStampAuthority;
use crate::source::Source;
use crate::validation::{ValidationData, Validator};

/// Raises the signatures of a PDF, whoever made them, to a level (EN 319 102-1 §6).
///
/// Every byte that is there stays: what is added follows as incremental updates.
/// Validate first: that a signature is of a higher level does not make it a good one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use kyso::{Policy, Retrieve, TrustStore, UtcTime, Validator, online, pades, tsp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http: Arc<dyn Retrieve> = Arc::new(online::Http::new());
/// let tsa = tsp::Online::new("http://tsa.example.vn", http.clone());
/// let trust = TrustStore::from_bytes(&std::fs::read("roots.pem")?)?;
/// let validator =
///     Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http);
/// let document = std::fs::read("decision.signed.pdf")?;
/// let raised = pades::Augmenter::new(pades::Level::Lta(&tsa, &validator)).augment(&document)?;
/// std::fs::write("decision.lta.pdf", raised.to_vec(&document)?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is raised until `augment` is called"]
pub struct Augmenter<'a> {
    level: Level<'a>,
    which: Which,
    vri: Option<Vri>,
    password: Password,
    limits: Limits,
}

/// The signatures that are to be of the level.
#[derive(Debug, Clone)]
enum Which {
    All,
    /// That of the field so called.
    Field(String),
    /// The one that was made last.
    Last,
}

impl<'a> Augmenter<'a> {
    /// Raises all signatures of a PDF to `level`.
    pub fn new(level: Level<'a>) -> Self {
        let limits = level.validator().map_or_else(Limits::default, |it| it.limits().clone());
        let password = level.validator().map(|it| it.password().clone()).unwrap_or_default();
        Self { level, which: Which::All, vri: None, password, limits }
    }

    /// Raises the signature of this field only: what is missing for others does not matter.
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.which = Which::Field(name.into());
        self
    }

    /// Lets the document security store say besides which of its values are about which
    /// signature. At level T there is none.
    pub fn with_vri(mut self, vri: Vri) -> Self {
        self.vri = Some(vri);
        self
    }

    /// Opens an encrypted PDF by this password, the user's or the owner's; by default that of
    /// the validator. What is added is encrypted as the document is.
    #[cfg(feature = "encrypted-pdf")]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Password::new(password);
        self
    }

    /// Exchanges the bounds on what is read.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Raises the signatures of `document`.
    ///
    /// # Errors
    /// `Malformed` when this is no PDF, or none that is sound enough to be updated;
    /// `Unsupported` when it is encrypted otherwise than under a password; `Misuse` when its
    /// password is missing, nothing is signed, a signature
    /// cannot be read, nothing proves it any more, or something at hand is missing: which
    /// certificate it is about is said, and where it was looked for; `Service` when the
    /// authority, or those who know of revocation, do not answer; `Signer` when a certificate
    /// was revoked; `LimitExceeded`; `Io`.
    pub fn augment<S: Source + ?Sized>(&self, document: &S) -> Result<Augmented> {
        self.raise_all(&document, &self.which)
    }

    fn raise_all(&self, document: &dyn Source, which: &Which) -> Result<Augmented> {
        let mut extended = Extended::new(document);
        let found = pades::parse_with(&extended, &self.limits, &self.password)?;
        let chosen = chosen(&found, which)?;
        let (stamped, lapsed) = self.stamped(&found, &chosen)?;
        if !stamped {
            self.stamp(&mut extended)?;
        }
        if let Some(validator) = self.level.validator() {
            self.store(&mut extended, &chosen, &lapsed, validator)?;
        }
        if matches!(self.level, Level::Lta(..)) {
            self.stamp(&mut extended)?;
        }
        let (original, appended) = extended.into_parts();
        Ok(Augmented::new(original, appended))
    }

    fn stamp(&self, extended: &mut Extended<'_>) -> Result<()> {
        let update =
            pades::time_stamp(extended, self.level.authority(), &self.password, &self.limits)?;
        extended.append(&update);
        Ok(())
    }

    /// Whether each signature has a time-stamp that proves it, of its own or over the
    /// document, and the tokens that prove nothing any more.
    fn stamped(&self, pdf: &PdfSignatures, chosen: &[usize]) -> Result<(bool, Vec<Vec<u8>>)> {
        let now = self.level.validator().map(Validator::time);
        let mut standings = Standings::new(pdf, now, &self.limits)?;
        let mut all = true;
        let is_signature = |n: &usize| pdf.signatures.get(*n).is_some_and(|it| !is_stamp(it));
        // Where something is signed, it is no matter what time-stamps prove of each other.
        let signed = chosen.iter().any(is_signature);
        for n in chosen.iter().filter(|it| !signed || is_signature(it)) {
            let standing = standings.of(*n)?;
            if let (Some(now), Standing::Lapsed(lapsed)) = (now, &standing) {
                lapsed.must_be_replaceable(now)?;
            }
            all &= matches!(standing, Standing::Proven);
        }
        Ok((all, standings.into_lapsed()))
    }

    /// Level LT: what validates every signature that is to be raised, and every time-stamp
    /// over it.
    fn store(
        &self,
        extended: &mut Extended<'_>,
        chosen: &[usize],
        lapsed: &[Vec<u8>],
        validator: &Validator,
    ) -> Result<()> {
        let pdf = pades::parse_with(extended, &self.limits, &self.password)?;
        let mut found = Found::new(&self.limits).without(lapsed);
        found.stored(&pdf.store)?;
        let first = chosen.first().copied().unwrap_or_default();
        let mut taken = Vec::new();
        for (n, signature) in pdf.signatures.iter().enumerate() {
            let over = n >= first && is_stamp(signature);
            if chosen.contains(&n) || over {
                self.take(&mut found, signature, later(&pdf, n))
                    .map_err(|error| error.at(Place::Element(signature.field.clone())))?;
                taken.push((signature, std::mem::take(&mut found.asked)));
            }
        }
        let data = validator.validation_data(&found.needed, &found.pool, &found.known)?;
        let related = self.related(&taken, &data)?;
        let related: Vec<_> = related.iter().filter_map(|it| it.written(self, validator)).collect();
        let data = ValidationData::merged(&data);
        let update = pades::store(extended, stored(&data), &related, &self.password, &self.limits)?;
        if let Some(update) = update {
            extended.append(&update);
        }
        Ok(())
    }

    /// What the store is to say of each signature.
    fn related(
        &self,
        taken: &[(&PdfSignature, Vec<usize>)],
        data: &[ValidationData],
    ) -> Result<Vec<Related>> {
        let taken = taken.iter().filter(|_| self.vri.is_some());
        taken
            .map(|(signature, needed)| {
                let cms = SignedData::parse(&signature.contents, &self.limits)?;
                let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
                Ok(Related {
                    signature: signature.name_in_store(),
                    value: signer.map(|it| it.signature().to_vec()).unwrap_or_default(),
                    data: ValidationData::merged(needed.iter().filter_map(|it| data.get(*it))),
                })
            })
            .collect()
    }

    fn take(
        &self,
        found: &mut Found<'_>,
        signature: &PdfSignature,
        later: &[PdfSignature],
    ) -> Result<()> {
        let cms = SignedData::parse(&signature.contents, &self.limits)?;
        found.take(&cms)?;
        if is_stamp(signature) {
            return found.token(&signature.contents);
        }
        let proves = |it: &&PdfSignature| is_stamp(it) && !found.leaves_out(&it.contents);
        let stamp = later.iter().find(proves);
        let stamped = stamp.map(|it| found.time(&it.contents)).transpose()?;
        match cms.signers().first() {
            Some(Ok(signer)) => found.signer(signer, stamped),
            _ => Err(Error::misuse("a signature that is to be raised is broken")),
        }
    }
}

/// One signature, and what is about it.
struct Related {
    signature: Vec<u8>,
    value: Vec<u8>,
    data: ValidationData,
}

impl Related {
    fn written<'a>(
        &'a self,
        augmenter: &Augmenter<'a>,
        validator: &Validator,
    ) -> Option<RelatedData<'a>> {
        let created = match augmenter.vri? {
            Vri::Claimed => Created::Claimed(validator.time()),
            Vri::TimeStamped => Created::Stamped(augmenter.level.authority(), &self.value),
        };
        Some(RelatedData { signature: &self.signature, data: stored(&self.data), created })
    }
}

fn stored(data: &ValidationData) -> StoredData<'_> {
    StoredData {
        certificates: &data.certificates,
        crls: &data.kept.crls,
        responses: &data.kept.responses,
    }
}

impl pades::Augment for Augmenter<'_> {
    fn authority(&self) -> &dyn TimeStampAuthority {
        self.level.authority()
    }

    /// The last signature, or all, or that of the field that was named: what stands in the
    /// signature is enough for level T.
    fn raise(&self, signed: &dyn Source) -> Result<Vec<u8>> {
        let which = match &self.which {
            Which::All => &Which::Last,
            named => named,
        };
        match self.level {
            Level::T(_) => Ok(Vec::new()),
            _ => Ok(self.raise_all(signed, which)?.into_appended()),
        }
    }
}

impl pades::Augment for Level<'_> {
    fn authority(&self) -> &dyn TimeStampAuthority {
        Level::authority(*self)
    }

    fn raise(&self, signed: &dyn Source) -> Result<Vec<u8>> {
        Augmenter::new(*self).raise(signed)
    }
}

/// A time-stamp over the document that stands in it as it must.
pub(super) fn is_stamp(signature: &PdfSignature) -> bool {
    signature.is_time_stamp() && signature.findings.is_empty()
}

/// What was added to the document after the signature at this place.
pub(super) fn later(pdf: &PdfSignatures, n: usize) -> &[PdfSignature] {
    pdf.signatures.get(n.saturating_add(1)..).unwrap_or_default()
}

/// The places of those that are to be raised, which stay what they are while more is
/// appended. Refuses what would be sealed though it cannot be what it should be.
fn chosen(pdf: &PdfSignatures, which: &Which) -> Result<Vec<usize>> {
    let all = pdf.signatures.iter().enumerate();
    let signatures = || all.clone().filter(|(_, it)| !it.is_time_stamp());
    let chosen: Vec<_> = match which {
        Which::All => all.collect(),
        // Those that cover nothing stand behind all others.
        Which::Last => signatures().rfind(|(_, it)| it.byte_range.is_some()).into_iter().collect(),
        Which::Field(name) => signatures().filter(|(_, it)| it.field == *name).collect(),
    };
    if chosen.is_empty() {
        return Err(Error::misuse(match which {
            Which::Field(name) => format!("no signature stands in a field {name:?}"),
            Which::All | Which::Last => "nothing is signed in this PDF".to_owned(),
        }));
    }
    if let Some((_, broken)) = chosen.iter().find(|(_, it)| !it.findings.is_empty()) {
        let what = broken.findings.first().map(ToString::to_string).unwrap_or_default();
        let what = format!("a signature does not stand in the PDF as it must: {what}");
        return Err(Error::misuse(what).at(Place::Element(broken.field.clone())));
    }
    Ok(chosen.into_iter().map(|(n, _)| n).collect())
}
