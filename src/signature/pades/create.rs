//! The incremental update that holds a signature: its dictionary with room for the
//! CMS, its field with a widget, and what has to name them.

use std::ops::Range;

use time::macros::format_description;

use super::certification::name_certification;
use super::form::place;
use super::lock::Restrictions;
use super::seed::{FILTER, Offer, Settled};
use super::sub_filter::SubFilter;
use crate::encoding::pdf::{
    Dictionary, Object, Reader, Reference, Update, View, fields, text_string, write_object,
};
use crate::error::{Error, Result};
use crate::signature::request::fill_hexadecimal;
use crate::time::UtcTime;

/// What the signature dictionary and its field are to say.
pub(super) struct Request<'a> {
    pub(super) field: Option<&'a str>,
    /// From 0.
    pub(super) page: u64,
    pub(super) rectangle: Option<[f64; 4]>,
    pub(super) look: Option<&'a dyn Look>,
    pub(super) said: Said<'a>,
    /// Bytes kept for the CMS.
    pub(super) space: usize,
    /// Tells this state of the file from others.
    pub(super) id: &'a [u8],
    /// Whether what an encrypted file forbids is done nevertheless.
    pub(super) despite_permissions: bool,
}

/// What is seen of a signature.
pub(super) trait Look {
    /// Where a new field goes: its page and its rectangle.
    ///
    /// # Errors
    /// `Misuse` where no such place can be found; `Malformed`.
    fn place(&self, view: View<'_>) -> Result<(Reference, [f64; 4])>;

    /// Writes the form XObject that is shown on a rectangle of a page.
    ///
    /// # Errors
    /// `Misuse` when it does not fit; `Malformed`.
    fn draw(
        &self,
        update: &mut Update<'_>,
        page: &Dictionary,
        rectangle: [f64; 4],
    ) -> Result<Reference>;
}

/// What kind of dictionary it is, and what is only in that kind.
pub(super) enum Said<'a> {
    /// ISO 32000-2 §12.8.3.
    Signature {
        claimed_time: UtcTime,
        /// Keys and texts.
        texts: Vec<(&'static str, &'a str)>,
        /// What a field may have something to say about.
        offer: Offer<'a>,
    },
    /// A document time-stamp (ISO 32000-2 §12.8.5, EN 319 142-1 §5.4.3).
    TimeStamp,
}

impl<'a> Said<'a> {
    /// What new fields are called, with a number behind.
    pub(super) fn field_name(&self) -> &'static str {
        match self {
            Self::Signature { .. } => "Signature",
            Self::TimeStamp => "TimeStamp",
        }
    }

    /// What the field is asked about; nothing for a time-stamp, which is always let in.
    pub(super) fn offer(&self) -> Option<Offer<'a>> {
        match self {
            Self::Signature { offer, .. } => Some(*offer),
            Self::TimeStamp => None,
        }
    }
}

/// An update whose `/Contents` is still zeros; its `/ByteRange` is final.
pub(super) struct Tail {
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` the hexadecimal digits go.
    pub(super) digits: Range<usize>,
    /// The format of a signature that is no time-stamp.
    pub(super) sub_filter: SubFilter,
}

impl Tail {
    /// What is not covered: the digits and their angle brackets.
    pub(super) fn gap(&self) -> Range<usize> {
        self.digits.start.saturating_sub(1)..self.digits.end.saturating_add(1)
    }

    /// Puts a value in.
    ///
    /// # Errors
    /// `Misuse` when it is larger than the space that was kept for it.
    pub(super) fn fill(&mut self, value: &[u8]) -> Result<()> {
        let space = self.bytes.get_mut(self.digits.clone());
        let space = space.ok_or_else(|| Error::misuse("there is no place for a signature"))?;
        fill_hexadecimal(space, value)
    }
}

/// # Errors
/// `Malformed` when the file is not sound enough; `Unsupported` when it is encrypted
/// in a way, or the field asks for what is not done; `Misuse` when the password is missing
/// or the permissions, the field, the page, a certification or a lock do not let this
/// signature in.
pub(super) fn append(reader: &Reader<'_>, request: &Request<'_>) -> Result<Tail> {
    let view = reader.newest();
    let mut update = Update::new(reader)?;
    if request.despite_permissions {
        update.despite_permissions();
    }
    let fields = fields(view)?;
    let restrictions = Restrictions::of(view, &fields)?;
    let certification = request.said.offer().and_then(|it| it.certification);
    if certification.is_some() {
        restrictions.let_certify()?;
    }
    let signature = update.allocate();
    let settled = place(&mut update, request, fields, &restrictions, signature)?;
    if certification.is_some() {
        name_certification(&mut update, signature)?;
    }
    let (root, _) = view.catalog()?;
    let encrypted = |value: &Object| update.encrypted(signature, value);
    let dictionary = SignatureDictionary::write(request, &settled, root, encrypted)?;
    update.put_raw(signature, dictionary.body.clone());
    let appended = update.finish(request.id)?;
    let at = appended
        .body(signature)
        .ok_or_else(|| Error::misuse("the signature dictionary was not written"))?;
    dictionary.settle(appended.bytes, at, reader.source().len(), settled.sub_filter)
}

/// The transforms by which later changes are to be judged (`/Reference`, ISO 32000-2
/// Table 256).
fn transforms(offer: &Offer<'_>, settled: &Settled, root: Reference) -> Vec<Object> {
    let transform = |method, parameters| {
        Dictionary::new()
            .with("Type", Object::name("SigRef"))
            .with("TransformMethod", Object::name(method))
            .with("TransformParams", Object::Dictionary(parameters))
            .with("DigestMethod", Object::name(offer.digest.name()))
    };
    let certification = offer.certification.map(|it| transform("DocMDP", it.parameters()));
    let lock = settled
        .lock
        .as_ref()
        .map(|it| transform("FieldMDP", it.parameters()).with("Data", Object::Reference(root)));
    certification.into_iter().chain(lock).map(Object::Dictionary).collect()
}

/// The body of the dictionary, with places to fill.
struct SignatureDictionary {
    body: Vec<u8>,
    byte_range: Range<usize>,
    digits: Range<usize>,
}

/// `[0 a b c]` with numbers of up to 19 digits.
const BYTE_RANGE: usize = 64;

impl SignatureDictionary {
    /// ISO 32000-2 Table 255, EN 319 142-1 §5.3 and §6.3.
    /// Every string but `/Contents` is `encrypted`.
    fn write(
        request: &Request<'_>,
        settled: &Settled,
        root: Reference,
        mut encrypted: impl FnMut(&Object) -> Object,
    ) -> Result<Self> {
        let (kind, sub_filter) = match &request.said {
            Said::Signature { .. } => ("Sig", settled.sub_filter.name()),
            Said::TimeStamp => ("DocTimeStamp", "ETSI.RFC3161"),
        };
        let head =
            format!("<</Type /{kind}\n/Filter /{FILTER}\n/SubFilter /{sub_filter}\n/ByteRange ");
        let mut body = head.into_bytes();
        let byte_range = body.len()..body.len().saturating_add(BYTE_RANGE);
        body.resize(byte_range.end, b' ');
        body.extend_from_slice(b"\n/Contents <");
        let digits = request.space.saturating_mul(2);
        let digits = body.len()..body.len().saturating_add(digits);
        body.resize(digits.end, b'0');
        body.push(b'>');
        // The time of a time-stamp is the token's.
        if let Said::Signature { claimed_time, texts, offer } = &request.said {
            body.extend_from_slice(b"\n/M ");
            let date = Object::String(date(*claimed_time)?.into_bytes());
            write_object(&encrypted(&date), &mut body);
            for (key, text) in texts {
                body.extend_from_slice(format!("\n/{key} ").as_bytes());
                write_object(&encrypted(&text_string(text)), &mut body);
            }
            let transforms = transforms(offer, settled, root);
            if !transforms.is_empty() {
                body.extend_from_slice(b"\n/Reference ");
                write_object(&encrypted(&Object::Array(transforms)), &mut body);
            }
        }
        body.extend_from_slice(b">>");
        Ok(Self { body, byte_range, digits })
    }

    /// Writes the `/ByteRange`, now that all lengths are known.
    fn settle(
        &self,
        mut bytes: Vec<u8>,
        at: usize,
        original: u64,
        sub_filter: SubFilter,
    ) -> Result<Tail> {
        let shift =
            |range: &Range<usize>| range.start.saturating_add(at)..range.end.saturating_add(at);
        let tail = |size: usize| original.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        let digits = shift(&self.digits);
        let total = tail(bytes.len());
        let (before, after) =
            (tail(digits.start.saturating_sub(1)), tail(digits.end.saturating_add(1)));
        let text = format!("[0 {before} {after} {}]", total.saturating_sub(after));
        let place = bytes
            .get_mut(shift(&self.byte_range))
            .and_then(|it| it.get_mut(..text.len()))
            .ok_or_else(|| Error::misuse("the byte range does not fit its place"))?;
        place.copy_from_slice(text.as_bytes());
        Ok(Tail { bytes, digits, sub_filter })
    }
}

/// ISO 32000-2 §7.9.4, on Vietnam's clock.
pub(super) fn date(at: UtcTime) -> Result<String> {
    let format = format_description!("D:[year][month][day][hour][minute][second]+07'00'");
    at.vietnam_local()
        .format(&format)
        .map_err(|source| Error::misuse("this time cannot be written").because(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_pdf_writes_them() {
        let at: UtcTime = "2026-11-22T17:30:00Z".parse().unwrap();
        assert_eq!(date(at).unwrap(), "D:20261123003000+07'00'");
    }
}
