//! Writing the interactive form (ISO 32000-2 §12.7): signature fields that are found,
//! filled and made, and what has to name them.

use super::create::Request;
use crate::encoding::pdf::{
    Dictionary, Field, Object, Reference, Update, View, fields, page_at, text_string, write_object,
};
use crate::error::{Error, Result};

/// Gives the signature its field: the empty one that is asked for, or a new one.
///
/// # Errors
/// `Misuse` when the field or the page does not let this signature in; `Unsupported`
/// when the field asks for what is not done yet; `Malformed` where the form is.
pub(super) fn place(
    view: View<'_>,
    update: &mut Update<'_>,
    request: &Request<'_>,
    signature: Reference,
) -> Result<()> {
    match find_field(view, request)? {
        Target::Empty(field) => fill_field(update, &field, signature),
        Target::New(name) => {
            let page = page_at(view, request.page)?.ok_or_else(|| {
                let page = request.page.saturating_add(1);
                Error::misuse(format!("this PDF has no page {page} to sign on"))
            })?;
            let field = add_field(update, request, &name, page.0, signature);
            add_to_page(view, update, page, field)?;
            add_to_form(view, update, Some(field))
        }
    }
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
