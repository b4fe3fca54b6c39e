//! Level LTA: an archive-time-stamp-v3 over everything (EN 319 122-1 §5.5.3).

use super::augmenter::content_digest;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::cades::{Imprints, hash_index, v3_imprint};
use crate::signature::cms::edit::{Additions, add, attribute};
use crate::signature::cms::oids::{ARCHIVE_TIME_STAMP_V3, HASH_INDEX_V3};
use crate::signature::cms::{SignedData, SignerInfo, TimeStampKind};
use crate::signature::tsp::{TimeStampAuthority, TimeStampToken, token_over};
use crate::source::Source;

/// The CMS with one archive time-stamp more for the signer at this place.
pub(super) fn added(
    cms: &[u8],
    signer: usize,
    content: Option<&dyn Source>,
    authority: &dyn TimeStampAuthority,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let algorithm = authority.digest_algorithm();
    let (index, imprint) = {
        let parsed = SignedData::parse(cms, limits)?;
        let Some(Ok(signer)) = parsed.signers().get(signer) else {
            return Err(Error::misuse("there is no such signer"));
        };
        check_earlier(&parsed, signer, limits)?;
        let content = content_digest(&parsed, content, algorithm)?
            .ok_or_else(|| Error::misuse("an archive time-stamp is over the content, too"))?;
        let index = hash_index(&parsed, signer, algorithm)?;
        let imprint = v3_imprint(&parsed, signer, &content, &index);
        (index, imprint)
    };
    let token = token_over(authority, &imprint)?;
    let with_index = Additions {
        attributes: vec![(0, attribute(HASH_INDEX_V3, &index))],
        ..Additions::default()
    };
    let token = add(token.der(), with_index, limits)?;
    let additions = Additions {
        digest_algorithms: vec![algorithm],
        attributes: vec![(signer, attribute(ARCHIVE_TIME_STAMP_V3, &token))],
        ..Additions::default()
    };
    add(cms, additions, limits)
}

/// An index that does not hold says that something was taken away since: one more
/// time-stamp would hide that.
fn check_earlier(cms: &SignedData<'_>, signer: &SignerInfo<'_>, limits: &Limits) -> Result<()> {
    let mut imprints = Imprints::new(cms, signer, limits);
    for (kind, der) in signer.unsigned_attributes().time_stamps() {
        if kind != TimeStampKind::ArchiveV3 {
            continue;
        }
        let token = TimeStampToken::from_der(der, limits)?;
        let covered = imprints.covered(kind, der, token.info())?;
        if covered.index.is_none_or(|index| !index.holds && index.algorithm.is_some()) {
            let what = "the archive time-stamp that is there does not hold: something that it is \
                        over is missing or was changed";
            return Err(Error::misuse(what));
        }
    }
    Ok(())
}
