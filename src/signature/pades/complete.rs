//! Completing a prepared PDF signature at a level above B (EN 319 142-1 §6): the time-stamp
//! goes into the CMS with the value, for nothing can be put there any more once a later
//! revision has covered it.

use std::fmt;

use super::extended::Extended;
use crate::error::{Error, Result};
use crate::keys::SignatureValue;
use crate::signature::cms::edit::attribute;
use crate::signature::cms::oids::SIGNATURE_TIME_STAMP;
use crate::signature::request::{Prepared, Signed};
use crate::signature::tsp::{TimeStampAuthority, token_over};
use crate::source::Source;

/// What a signature is to be raised to as soon as it is made. [`pades::Level`](crate::pades::Level)
/// and [`pades::Augmenter`](crate::pades::Augmenter) do.
pub trait Augment: fmt::Debug {
    /// Who stamps the signature value: the token goes into the CMS.
    fn authority(&self) -> &dyn TimeStampAuthority;

    /// What has to follow `signed`, a PDF whose last signature is the one that was just made
    /// and time-stamped, for that signature to be of the level; empty where nothing has.
    ///
    /// # Errors
    /// As the one who augments says.
    fn raise(&self, signed: &dyn Source) -> Result<Vec<u8>>;
}

impl Prepared {
    /// As [`complete`](Self::complete), at a level above B: with a time-stamp over the value
    /// in the signature, and behind it what the level asks for besides. `document` is the PDF
    /// that was prepared, with the same level. Nothing is asked for before the value has
    /// proven to be right.
    ///
    /// # Errors
    /// As [`complete`](Self::complete), and as those say who are asked for time-stamps and
    /// validation data: `Service` when the authority does not answer as it should. `Misuse`
    /// when this is no PDF signature, `document` is another one, or a token is larger than
    /// the space that was kept for it
    /// ([`time_stamp_space`](crate::pades::SignatureBuilder::time_stamp_space)).
    pub fn complete_at<S: Source + ?Sized>(
        self,
        value: &SignatureValue,
        document: &S,
        level: &dyn Augment,
    ) -> Result<Signed> {
        if !self.is_appended() {
            return Err(Error::misuse("only signatures in PDFs are completed at a level"));
        }
        let mut signed = self.complete_with(value, || {
            let authority = level.authority();
            let imprint = authority.digest_algorithm().digest(value.bytes());
            let token = token_over(authority, &imprint)?;
            Ok(vec![attribute(SIGNATURE_TIME_STAMP, token.der())])
        })?;
        signed.check(document)?;
        let update = {
            let document: &dyn Source = &document;
            let mut extended = Extended::new(document);
            extended.append(signed.tail().unwrap_or_default());
            level.raise(&extended)?
        };
        if !update.is_empty() {
            signed.append(update);
        }
        Ok(signed)
    }
}
