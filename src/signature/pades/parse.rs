//! Finding the signatures of a PDF, and what each says and covers. No judgement.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::ops::Range;

use time::{Date, Month, Time, UtcOffset};

use super::certification::{certified, permissions};
use super::facts::{
    ByteRange, FileDefect, Finding, Kinds, LaterChanges, PdfSignature, PdfSignatures, SignatureKind,
};
use super::later::add_later_changes;
use super::lock::FieldLock;
use super::shown::shown;
use super::store::SecurityStore;
use super::withdrawn::withdrawn;
use crate::encoding::asn1::Value;
use crate::encoding::pdf::{
    Dictionary, Field, Location, Object, Password, Reader, Reference, View, all_pages, fields,
    pages_before, text_of,
};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::source::Source;
use crate::time::UtcTime;

/// Reads the signatures of a PDF. Where the revision chain is broken, objects are
/// searched for, and [`PdfSignatures::defects`] says so.
///
/// # Errors
/// `Malformed` when this is no PDF at all; `Unsupported` when the form of an encrypted
/// PDF stands in an encrypted object stream and the empty password does not open it;
/// `LimitExceeded`; `Io`.
#[cfg(any(test, fuzzing))]
pub(crate) fn parse(source: &dyn Source, limits: &Limits) -> Result<PdfSignatures> {
    parse_with(source, limits, &Password::default())
}

/// The same with a password for a file that is encrypted.
///
/// # Errors
/// As [`parse`]; that the password is wrong is none where the signatures can be read.
pub(crate) fn parse_with(
    source: &dyn Source,
    limits: &Limits,
    password: &Password,
) -> Result<PdfSignatures> {
    let strict = Reader::open_with(source, limits, password).and_then(|reader| read(&reader));
    match strict {
        Err(error) if error.kind() == ErrorKind::Malformed => {
            let reader = Reader::open_recovered_with(source, limits, password, error.to_string())?;
            read(&reader)
        }
        other => other,
    }
}

fn read(reader: &Reader<'_>) -> Result<PdfSignatures> {
    let view = reader.newest();
    let candidates = candidates(view)?;
    within(candidates.len(), reader.limits().pdf_signatures, "signatures of a PDF")?;
    let locked = reader.encryption().locked();
    let mut signatures =
        candidates.iter().map(|candidate| describe(view, candidate)).collect::<Result<Vec<_>>>()?;
    compare(&candidates, &mut signatures);
    signatures.sort_by_key(|it| it.byte_range.map_or(u64::MAX, |range| range.end()));
    let changes = add_later_changes(reader, &mut signatures)?;
    let withdrawn = withdrawn(reader, &signatures)?;
    let chain = reader.chain();
    let recovered = chain.recovered().map(|why| FileDefect::Recovered(why.to_owned()));
    let flaw = reader.flaw();
    let irregular = chain.irregular().iter().cloned().chain(flaw).map(FileDefect::Irregular);
    Ok(PdfSignatures {
        signatures,
        defects: recovered.into_iter().chain(irregular).collect(),
        revisions: chain.revisions().len(),
        locked: locked.cloned(),
        certification: permissions(view)?,
        store: SecurityStore::read_all(reader)?,
        changes,
        withdrawn,
    })
}

/// A field with the signature dictionary that is its value.
struct Candidate {
    field: Field,
    reference: Option<Reference>,
    /// Nothing where the value is no dictionary.
    dictionary: Option<Dictionary>,
    /// Whether it is from a field of the form.
    in_form: bool,
}

impl Candidate {
    /// What is wrong with it whatever it says.
    fn findings(&self) -> Vec<Finding> {
        let twice = self.dictionary.as_ref().is_some_and(|it| it.duplicate().is_some());
        [
            (self.dictionary.is_none(), Finding::ValueBroken),
            (!self.in_form, Finding::NotInForm),
            (twice, Finding::DuplicateKey),
        ]
        .into_iter()
        .filter_map(|(wrong, finding)| wrong.then_some(finding))
        .collect()
    }
}

fn candidates(view: View<'_>) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for field in fields(view)? {
        found.extend(candidate(view, field, true)?);
    }
    if found.is_empty() {
        for field in stray_widgets(view)? {
            found.extend(candidate(view, field, false)?);
        }
    }
    Ok(found)
}

fn candidate(view: View<'_>, field: Field, in_form: bool) -> Result<Option<Candidate>> {
    if !field.is_filled() {
        return Ok(None);
    }
    let value = field.value.clone().unwrap_or(Object::Null);
    let dictionary = match view.resolve(&value) {
        Ok(object) => object.into_dictionary(),
        // That it cannot be read is told of the signature, not of the file.
        Err(error) if error.kind() == ErrorKind::Malformed => None,
        Err(error) => return Err(error),
    };
    // A signature whose field lost its type is one nevertheless.
    let looks_signed =
        dictionary.as_ref().is_some_and(|it| it.contains("ByteRange") || it.contains("Contents"));
    if !field.is_signature() && !looks_signed {
        return Ok(None);
    }
    let reference = value.as_reference();
    Ok(Some(Candidate { field, reference, dictionary, in_form }))
}

/// Pages searched for signatures that no field leads to, when the form has none.
const SEARCHED_PAGES: usize = 64;

fn stray_widgets(view: View<'_>) -> Result<Vec<Field>> {
    let mut found = Vec::new();
    for page in all_pages(view)?.take(SEARCHED_PAGES) {
        let (_, page) = page?;
        for annotation in view.array(&page, "Annots")? {
            let object = view.resolve(&annotation)?;
            let Some(widget) = object.as_dictionary().filter(|it| it.contains("V")) else {
                continue;
            };
            let name = view.value(widget, "T")?.as_string().map(text_of).unwrap_or_default();
            let kind = view.value(widget, "FT")?.as_name().map(<[u8]>::to_vec);
            let reference = annotation.as_reference();
            found.push(Field {
                name,
                reference,
                dictionary: widget.clone(),
                kind,
                value: widget.get("V").cloned(),
                widgets: vec![(reference, widget.clone())],
            });
        }
    }
    Ok(found)
}

fn describe(view: View<'_>, candidate: &Candidate) -> Result<PdfSignature> {
    let empty = Dictionary::new();
    let dictionary = candidate.dictionary.as_ref().unwrap_or(&empty);
    let mut findings = candidate.findings();
    let kind = kind(view, dictionary, &mut findings)?;
    let contents = Contents::read(view, candidate, dictionary, &mut findings)?;
    let cover = Cover::read(view, dictionary, contents.place.as_ref(), &mut findings)?;
    let text = |key| -> Result<Option<String>> {
        // The texts of a locked file are locked too.
        let locked = view.reader().encryption().locked().is_some();
        let value = if locked { Object::Null } else { view.value(dictionary, key)? };
        Ok(value.as_string().map(text_of))
    };
    let name = |key| -> Result<Option<String>> {
        let value = view.value(dictionary, key)?;
        Ok(value.as_name().map(|name| String::from_utf8_lossy(name).into_owned()))
    };
    if changed_since(view, candidate.reference, cover.revision) {
        findings.push(Finding::DictionaryChanged);
    }
    Ok(PdfSignature {
        field: candidate.field.name.clone(),
        dictionary: candidate.reference,
        kind,
        filter: name("Filter")?,
        sub_filter: name("SubFilter")?,
        contents: contents.bytes,
        padding: contents.padding,
        byte_range: cover.range,
        findings,
        covers_whole_file: cover.whole_file,
        bytes_following: cover.following,
        revision: cover.revision,
        claimed_time: text("M")?.as_deref().and_then(date),
        reason: text("Reason")?,
        location: text("Location")?,
        contact: text("ContactInfo")?,
        name: text("Name")?,
        page: page(view, &candidate.field)?,
        shown: shown(view, &candidate.field)?,
        certification: certified(view, dictionary)?,
        locks: FieldLock::of(view, &candidate.field.dictionary, dictionary)?,
        later_changes: LaterChanges::Other,
        kinds: Kinds::default(),
        changes: Vec::new(),
        drawn: None,
        permission: None,
        permitted: None,
        unlocked: None,
    })
}

/// Whether a dictionary stands elsewhere than in the revision that it closed.
fn changed_since(view: View<'_>, dictionary: Option<Reference>, revision: Option<usize>) -> bool {
    dictionary.zip(revision).is_some_and(|(reference, revision)| {
        let signed = view.reader().at(revision.saturating_sub(1));
        signed.locate(reference.number) != view.locate(reference.number)
    })
}

fn kind(
    view: View<'_>,
    dictionary: &Dictionary,
    findings: &mut Vec<Finding>,
) -> Result<SignatureKind> {
    Ok(match view.value(dictionary, "Type")? {
        // ISO 32000-2 Table 255: optional, the format tells.
        Object::Null => match view.value(dictionary, "SubFilter")? {
            Object::Name(name) if name == b"ETSI.RFC3161" => SignatureKind::DocumentTimeStamp,
            _ => SignatureKind::Signature,
        },
        Object::Name(name) if name == b"Sig" => SignatureKind::Signature,
        Object::Name(name) if name == b"DocTimeStamp" => SignatureKind::DocumentTimeStamp,
        _ => {
            findings.push(Finding::TypeUnknown);
            SignatureKind::Signature
        }
    })
}

/// `/Contents`, and where it stands in the file with its angle brackets.
struct Contents {
    bytes: Vec<u8>,
    padding: Vec<u8>,
    place: Option<Range<u64>>,
}

impl Contents {
    fn read(
        view: View<'_>,
        candidate: &Candidate,
        dictionary: &Dictionary,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        let place = Self::place(view, candidate, dictionary, findings)?;
        let value = view.value(dictionary, "Contents")?;
        let padded = value.as_string().unwrap_or_default();
        if padded.is_empty() {
            findings.push(Finding::ContentsMissing);
            return Ok(Self { bytes: Vec::new(), padding: Vec::new(), place });
        }
        let depth = view.reader().limits().asn1_depth;
        let Ok((first, rest)) = Value::first(padded, depth) else {
            findings.push(Finding::ContentsNotAsn1);
            return Ok(Self { bytes: padded.to_vec(), padding: Vec::new(), place });
        };
        if rest.iter().any(|byte| *byte != 0) {
            findings.push(Finding::ContentsTrailingBytes);
        }
        Ok(Self { bytes: first.raw().to_vec(), padding: rest.to_vec(), place })
    }

    /// Only a dictionary that stands in the file itself, as an object of its own,
    /// has a place that a byte range can speak of.
    fn place(
        view: View<'_>,
        candidate: &Candidate,
        dictionary: &Dictionary,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Range<u64>>> {
        let holder = candidate.reference.or(candidate.field.reference);
        let located = holder.map(|reference| view.locate(reference.number));
        let in_file = matches!(located, Some(Location::At { .. }));
        if !in_file || candidate.reference.is_none() {
            findings.push(Finding::DictionaryNotInFile);
        }
        let Some(entry) = dictionary.entry("Contents").filter(|_| in_file) else {
            return Ok(None);
        };
        let source = view.reader().source();
        let first = entry.span.start..entry.span.start.saturating_add(1);
        let hexadecimal = entry.value.as_string().is_some() && *source.window(first)? == *b"<";
        if !hexadecimal {
            findings.push(Finding::ContentsNotHexadecimal);
        }
        Ok(hexadecimal.then(|| entry.span.clone()))
    }
}

/// What a byte range covers of the file.
struct Cover {
    range: Option<ByteRange>,
    whole_file: bool,
    following: u64,
    revision: Option<usize>,
}

impl Cover {
    fn read(
        view: View<'_>,
        dictionary: &Dictionary,
        contents: Option<&Range<u64>>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self> {
        let len = view.reader().source().len();
        let range = match ByteRange::read(&view.value(dictionary, "ByteRange")?, len) {
            Ok(range) => range,
            Err(finding) => {
                findings.push(finding);
                return Ok(Self { range: None, whole_file: false, following: len, revision: None });
            }
        };
        let from_start = range.before.0 == 0;
        if !from_start {
            findings.push(Finding::ByteRangeNotFromStart);
        }
        let tight = contents == Some(&range.gap());
        if !tight {
            findings.push(Finding::GapIsNotContents);
        }
        let [before, after] = range.ranges();
        let covered = |at: u64| before.contains(&at) || after.contains(&at);
        if contents.is_none_or(|place| !covered(place.start.saturating_sub(1))) {
            findings.push(Finding::DictionaryNotCovered);
        }
        let revision = revision_ending_at(view, range.end())?;
        if revision.is_none() {
            findings.push(Finding::EndIsNotRevisionEnd);
        }
        Ok(Self {
            range: Some(range),
            whole_file: from_start && tight && range.end() == len,
            following: len.saturating_sub(range.end()),
            revision,
        })
    }
}

/// White space that may stand between `%%EOF` and the end of what is covered.
const PADDING: u64 = 1 << 10;

/// The revision, counted from 1, whose `%%EOF` is the last thing before `end`.
fn revision_ending_at(view: View<'_>, end: u64) -> Result<Option<usize>> {
    let revisions = view.reader().chain().revisions();
    let known = revisions.partition_point(|it| it.mark_end <= end);
    let Some(revision) = known.checked_sub(1).and_then(|at| revisions.get(at)) else {
        return Ok(None);
    };
    if end.saturating_sub(revision.mark_end) > PADDING {
        return Ok(None);
    }
    let between = view.reader().source().window(revision.mark_end..end)?;
    let blank = between.iter().all(|byte| matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' '));
    Ok(blank.then_some(known))
}

/// The page of the field's first widget, from 1.
fn page(view: View<'_>, field: &Field) -> Result<Option<usize>> {
    let page = field.widgets.first().and_then(|it| it.1.get("P")).and_then(Object::as_reference);
    let Some(page) = page else { return Ok(None) };
    let before = pages_before(view, page)?;
    Ok(before.and_then(|it| usize::try_from(it.saturating_add(1)).ok()))
}

/// What only shows when signatures are held against one another.
fn compare(candidates: &[Candidate], signatures: &mut [PdfSignature]) {
    let mut dictionaries: HashMap<Reference, usize> = HashMap::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    for candidate in candidates {
        let count = names.entry(&candidate.field.name).or_default();
        *count = count.saturating_add(1);
        if let Some(reference) = candidate.reference {
            let count = dictionaries.entry(reference).or_default();
            *count = count.saturating_add(1);
        }
    }
    let gaps: Vec<_> = signatures.iter().map(|it| it.byte_range.map(|range| range.gap())).collect();
    for (n, (candidate, signature)) in candidates.iter().zip(signatures).enumerate() {
        if candidate.reference.and_then(|it| dictionaries.get(&it)).is_some_and(|it| *it > 1) {
            signature.findings.push(Finding::SharedDictionary);
        }
        if names.get(candidate.field.name.as_str()).is_some_and(|it| *it > 1) {
            signature.findings.push(Finding::DuplicateFieldName);
        }
        let Some(Some(own)) = gaps.get(n) else { continue };
        let mut others =
            gaps.iter().enumerate().filter(|it| it.0 != n).filter_map(|it| it.1.as_ref());
        if others.any(|other| own.start < other.end && other.start < own.end) {
            signature.findings.push(Finding::GapShared);
        }
    }
}

/// ISO 32000-2 §7.9.4: `D:YYYYMMDDHHmmSSOHH'mm'`, everything behind the year optional.
/// Without a zone it is no instant; UTC is assumed, as most readers do.
fn date(text: &str) -> Option<UtcTime> {
    let text = text.strip_prefix("D:").unwrap_or(text).trim();
    let (digits, zone) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let number = |from: usize, to: usize, default: u32| match digits.get(from..to) {
        Some(part) => part.parse().ok(),
        None => (digits.len() <= from).then_some(default),
    };
    let small = |value: u32| u8::try_from(value).ok();
    let year = i32::try_from(digits.get(0..4)?.parse::<u32>().ok()?).ok()?;
    let month = Month::try_from(small(number(4, 6, 1)?)?).ok()?;
    let date = Date::from_calendar_date(year, month, small(number(6, 8, 1)?)?).ok()?;
    let time = Time::from_hms(
        small(number(8, 10, 0)?)?,
        small(number(10, 12, 0)?)?,
        small(number(12, 14, 0)?)?,
    );
    Some(UtcTime::from_datetime(date.with_time(time.ok()?).assume_offset(offset(zone)?)))
}

fn offset(zone: &str) -> Option<UtcOffset> {
    let (sign, rest) = match zone.as_bytes().first() {
        None | Some(b'Z') => return Some(UtcOffset::UTC),
        Some(b'+') => (1_i8, zone.get(1..)?),
        Some(b'-') => (-1_i8, zone.get(1..)?),
        Some(_) => return None,
    };
    let mut parts = rest.split('\'');
    let hours: i8 = parts.next()?.parse().ok()?;
    let minutes: i8 = parts.next().filter(|it| !it.is_empty()).map_or(Ok(0), str::parse).ok()?;
    UtcOffset::from_hms(hours.checked_mul(sign)?, minutes.checked_mul(sign)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_spelling() {
        for (text, expected) in [
            ("D:20261123003000+07'00'", Some("2026-11-22T17:30:00Z")),
            ("D:20261123003000+07'00", Some("2026-11-22T17:30:00Z")),
            ("D:20261123003000+07", Some("2026-11-22T17:30:00Z")),
            ("D:20261123003000-0430", None),
            ("D:20261123003000Z00'00'", Some("2026-11-23T00:30:00Z")),
            ("20261123", Some("2026-11-23T00:00:00Z")),
            ("D:2026", Some("2026-01-01T00:00:00Z")),
            ("D:202613", None),
            ("D:20261", None),
            ("D:", None),
            ("é", None),
            ("D:20261123003000+99'00'", None),
        ] {
            assert_eq!(date(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }
}
