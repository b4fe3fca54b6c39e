//! The incremental update that holds a signature: its dictionary with room for the
//! CMS, its field with a widget, and what has to name them.

use std::ops::Range;

use time::macros::format_description;

use super::certification::permissions;
use super::sub_filter::SubFilter;
use crate::encoding::pdf::{
    Dictionary, Field, Object, Reader, Reference, Update, View, fields, page_at, text_string,
    write_object,
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
    pub(super) said: Said<'a>,
    /// Bytes kept for the CMS.
    pub(super) space: usize,
    /// Tells this state of the file from others.
    pub(super) id: &'a [u8],
}

/// What kind of dictionary it is, and what is only in that kind.
pub(super) enum Said<'a> {
    /// ISO 32000-2 §12.8.3.
    Signature {
        sub_filter: SubFilter,
        claimed_time: UtcTime,
        /// Keys and texts.
        texts: Vec<(&'static str, &'a str)>,
    },
    /// A document time-stamp (ISO 32000-2 §12.8.5, EN 319 142-1 §5.4.3).
    TimeStamp,
}

impl Said<'_> {
    /// What new fields are called, with a number behind.
    fn field_name(&self) -> &'static str {
        match self {
            Self::Signature { .. } => "Signature",
            Self::TimeStamp => "TimeStamp",
        }
    }
}

/// An update whose `/Contents` is still zeros; its `/ByteRange` is final.
pub(super) struct Tail {
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` the hexadecimal digits go.
    pub(super) digits: Range<usize>,
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
/// or the field asks for what is not done yet; `Misuse` when the field, the page or
/// the certification does not let this signature in.
pub(super) fn append(reader: &Reader<'_>, request: &Request<'_>) -> Result<Tail> {
    let view = reader.newest();
    let mut update = Update::new(reader)?;
    // ISO 32000-2 Table 257: what proves a signature's time is always permitted.
    let signs = matches!(request.said, Said::Signature { .. });
    if signs && permissions(view)? == Some(1) {
        return Err(Error::misuse("this PDF is certified and permits no further signature"));
    }
    let signature = update.allocate();
    match find_field(view, request)? {
        Target::Empty(field) => fill_field(&mut update, &field, signature)?,
        Target::New(name) => {
            let page = page_at(view, request.page)?.ok_or_else(|| {
                let page = request.page.saturating_add(1);
                Error::misuse(format!("this PDF has no page {page} to sign on"))
            })?;
            let field = add_field(&mut update, request, &name, page.0, signature);
            add_to_page(view, &mut update, page, field)?;
            add_to_form(view, &mut update, Some(field))?;
        }
    }
    let dictionary = SignatureDictionary::write(request)?;
    update.put_raw(signature, dictionary.body.clone());
    let appended = update.finish(request.id)?;
    let at = appended
        .body(signature)
        .ok_or_else(|| Error::misuse("the signature dictionary was not written"))?;
    dictionary.settle(appended.bytes, at, reader.source().len())
}

/// Where the signature goes.
enum Target {
    Empty(Field),
    New(String),
}

fn find_field(view: View<'_>, request: &Request<'_>) -> Result<Target> {
    let fields = fields(view)?;
    let Some(wanted) = request.field else {
        let free = (1_u32..)
            .map(|n| format!("{}{n}", request.said.field_name()))
            .find(|name| fields.iter().all(|field| field.name != *name));
        return Ok(Target::New(free.unwrap_or_default()));
    };
    let wrong = |what: &str| Err(Error::misuse(format!("the field {wanted:?} {what}")));
    let Some(field) = fields.into_iter().find(|field| field.name == wanted) else {
        // ISO 32000-2 §12.7.4.2: full stops separate the names of fields within fields.
        if wanted.is_empty() || wanted.contains('.') {
            return wrong("does not exist, and a field so called cannot be made");
        }
        return Ok(Target::New(wanted.to_owned()));
    };
    if !field.is_signature() {
        wrong("is no signature field")
    } else if field.is_filled() {
        wrong("is signed already")
    } else {
        Ok(Target::Empty(field))
    }
}

fn fill_field(update: &mut Update<'_>, field: &Field, signature: Reference) -> Result<()> {
    let name = &field.name;
    let Some(reference) = field.reference else {
        return Err(Error::unsupported(format!("the field {name:?} is no indirect object")));
    };
    // Signing without what the field asks for would look as if it had been honoured.
    if field.dictionary.contains("Lock") || field.dictionary.contains("SV") {
        return Err(Error::unsupported(format!(
            "the field {name:?} asks for a lock or for seed values"
        )));
    }
    let mut dictionary = field.dictionary.clone().with("V", Object::Reference(signature));
    if let Some(rectangle) = dictionary.get("Rect").and_then(rectangle_of)
        && !dictionary.contains("AP")
    {
        dictionary.set("AP", empty_appearance(update, rectangle));
    }
    update.put(reference, &Object::Dictionary(dictionary));
    let view = update.view();
    add_to_form(view, update, None)
}

/// A new field that is its own widget (ISO 32000-2 §12.5.6.19).
fn add_field(
    update: &mut Update<'_>,
    request: &Request<'_>,
    name: &str,
    page: Reference,
    signature: Reference,
) -> Reference {
    /// Print and Locked (ISO 32000-2 Table 167).
    const FLAGS: i64 = 4 | 128;
    let field = update.allocate();
    let rectangle = request.rectangle.unwrap_or_default();
    let mut dictionary = Dictionary::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("T", text_string(name))
        .with("V", Object::Reference(signature))
        .with("F", Object::Integer(FLAGS))
        .with("Rect", Object::Array(rectangle.map(number).to_vec()))
        .with("P", Object::Reference(page));
    if request.rectangle.is_some() {
        dictionary.set("AP", empty_appearance(update, rectangle));
    }
    update.put(field, &Object::Dictionary(dictionary));
    field
}

/// A form XObject that draws nothing: validators want one where there is a rectangle.
fn empty_appearance(update: &mut Update<'_>, [x0, y0, x1, y1]: [f64; 4]) -> Object {
    let form = update.allocate();
    let bounds = [0.0, 0.0, (x1 - x0).abs(), (y1 - y0).abs()].map(number).to_vec();
    let dictionary = Dictionary::new()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", Object::Array(bounds))
        .with("Resources", Object::Dictionary(Dictionary::new()));
    update.put_stream(form, dictionary, b"");
    Object::Dictionary(Dictionary::new().with("N", Object::Reference(form)))
}

fn number(value: f64) -> Object {
    Object::Real(format!("{value:.3}").into_bytes())
}

/// Nothing for an empty one: an invisible signature.
fn rectangle_of(object: &Object) -> Option<[f64; 4]> {
    let mut corners = [0.0_f64; 4];
    let items = object.as_array().filter(|it| it.len() == 4)?;
    for (corner, item) in corners.iter_mut().zip(items) {
        let mut text = Vec::new();
        write_object(item, &mut text);
        *corner = std::str::from_utf8(&text).ok()?.parse().ok()?;
    }
    let [x0, y0, x1, y1] = corners;
    ((x1 - x0).abs() > 0.0 && (y1 - y0).abs() > 0.0).then_some(corners)
}

fn add_to_page(
    view: View<'_>,
    update: &mut Update<'_>,
    (page, mut dictionary): (Reference, Dictionary),
    widget: Reference,
) -> Result<()> {
    let (mut annotations, holder) = list(view, &dictionary, "Annots")?;
    annotations.push(Object::Reference(widget));
    let annotations = Object::Array(annotations);
    match holder {
        Some(array) => update.put(array, &annotations),
        None => {
            dictionary.set("Annots", annotations);
            update.put(page, &Object::Dictionary(dictionary));
        }
    }
    Ok(())
}

/// An array that is to grow, and the object it is, if it is one of its own.
fn list(
    view: View<'_>,
    dictionary: &Dictionary,
    key: &str,
) -> Result<(Vec<Object>, Option<Reference>)> {
    match view.value(dictionary, key)? {
        Object::Array(items) => Ok((items, dictionary.get(key).and_then(Object::as_reference))),
        // A reference to nothing names no object that could be changed.
        Object::Null => Ok((Vec::new(), None)),
        _ => Err(Error::malformed(format!("{key} is no array"))),
    }
}

/// Names the new field, and says that there are signatures and that the file must
/// only be appended to (`/SigFlags`, ISO 32000-2 Table 225).
fn add_to_form(view: View<'_>, update: &mut Update<'_>, field: Option<Reference>) -> Result<()> {
    const FLAGS: i64 = 3;
    let (root, mut catalog) = view.catalog()?;
    let old = view.dictionary(&catalog, "AcroForm")?;
    let named = catalog.get("AcroForm").and_then(Object::as_reference).filter(|_| old.is_some());
    let mut form = old.unwrap_or_default();
    let mut changed = form.get("SigFlags") != Some(&Object::Integer(FLAGS));
    form.set("SigFlags", Object::Integer(FLAGS));
    if let Some(field) = field {
        let (mut all, holder) = list(view, &form, "Fields")?;
        all.push(Object::Reference(field));
        let all = Object::Array(all);
        match holder {
            Some(array) => update.put(array, &all),
            None => {
                form.set("Fields", all);
                changed = true;
            }
        }
    }
    if !changed {
        return Ok(());
    }
    match named {
        Some(reference) => update.put(reference, &Object::Dictionary(form)),
        None => {
            catalog.set("AcroForm", Object::Dictionary(form));
            update.put(root, &Object::Dictionary(catalog));
        }
    }
    Ok(())
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
    fn write(request: &Request<'_>) -> Result<Self> {
        let (kind, sub_filter) = match &request.said {
            Said::Signature { sub_filter, .. } => ("Sig", sub_filter.name()),
            Said::TimeStamp => ("DocTimeStamp", "ETSI.RFC3161"),
        };
        let head = format!(
            "<</Type /{kind}\n/Filter /Adobe.PPKLite\n/SubFilter /{sub_filter}\n/ByteRange "
        );
        let mut body = head.into_bytes();
        let byte_range = body.len()..body.len().saturating_add(BYTE_RANGE);
        body.resize(byte_range.end, b' ');
        body.extend_from_slice(b"\n/Contents <");
        let digits = request.space.saturating_mul(2);
        let digits = body.len()..body.len().saturating_add(digits);
        body.resize(digits.end, b'0');
        body.push(b'>');
        // The time of a time-stamp is the token's.
        if let Said::Signature { claimed_time, texts, .. } = &request.said {
            body.extend_from_slice(b"\n/M ");
            write_object(&Object::String(date(*claimed_time)?.into_bytes()), &mut body);
            for (key, text) in texts {
                body.extend_from_slice(format!("\n/{key} ").as_bytes());
                write_object(&text_string(text), &mut body);
            }
        }
        body.extend_from_slice(b">>");
        Ok(Self { body, byte_range, digits })
    }

    /// Writes the `/ByteRange`, now that all lengths are known.
    fn settle(&self, mut bytes: Vec<u8>, at: usize, original: u64) -> Result<Tail> {
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
        Ok(Tail { bytes, digits })
    }
}

/// ISO 32000-2 §7.9.4, on Vietnam's clock.
fn date(at: UtcTime) -> Result<String> {
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
