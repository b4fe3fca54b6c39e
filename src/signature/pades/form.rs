//! Writing the interactive form (ISO 32000-2 §12.7): signature fields that are found,
//! filled and made, and what has to name them.

use super::create::{Look, Request};
use super::lock::{FieldLock, Restrictions};
use super::seed::{SeedValues, Settled};
use crate::encoding::pdf::{
    Dictionary, Field, Object, Permission, Reference, Update, page_at, page_of, text_of,
    text_string, write_object,
};
use crate::error::{Error, Result};
use crate::limits::within;

/// Gives the signature its field: the empty one that is asked for, or a new one. What
/// the field asks for is heeded.
///
/// # Errors
/// `Misuse` when the field, the page or an earlier signature does not let this one in;
/// `Unsupported` when the field asks for what is not done; `Malformed` where the form is.
pub(super) fn place(
    update: &mut Update<'_>,
    request: &Request<'_>,
    fields: Vec<Field>,
    restrictions: &Restrictions,
    signature: Reference,
) -> Result<Settled> {
    let offer = request.said.offer();
    match find_field(request, fields)? {
        Target::Empty(field) => {
            let settled = match offer {
                Some(offer) => {
                    update.ask(Permission::FillFields)?;
                    restrictions.let_in(&field.name)?;
                    offer.heed(update.view(), &field.name, &field.dictionary)?
                }
                None => Settled::default(),
            };
            fill_field(update, &field, request.look, signature)?;
            Ok(settled)
        }
        Target::New(name) => {
            if offer.is_some() {
                update.ask(Permission::MakeFields)?;
                restrictions.let_in(&name)?;
            }
            let settled = offer.map(|it| it.settled()).unwrap_or_default();
            let (page, rectangle, look) = seen_on(update, request)?;
            let new = NewField {
                name: &name,
                page,
                rectangle,
                look,
                lock: settled.lock.as_ref(),
                seed: None,
                value: Some(signature),
            };
            add_field(update, &new)?;
            Ok(settled)
        }
    }
}

/// Where the signature goes.
enum Target {
    Empty(Field),
    New(String),
}

fn find_field(request: &Request<'_>, fields: Vec<Field>) -> Result<Target> {
    let Some(wanted) = request.field else {
        let free = (1_u32..)
            .map(|n| format!("{}{n}", request.said.field_name()))
            .find(|name| fields.iter().all(|field| field.name != *name));
        return Ok(Target::New(free.unwrap_or_default()));
    };
    let wrong = |what: &str| Err(Error::misuse(format!("the field {wanted:?} {what}")));
    let Some(field) = fields.into_iter().find(|field| field.name == wanted) else {
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

/// Where a new field is seen, and what of it.
fn seen_on(
    update: &mut Update<'_>,
    request: &Request<'_>,
) -> Result<(Reference, Option<[f64; 4]>, Option<Reference>)> {
    let Some(look) = request.look else {
        return Ok((nth_page(update, request.page)?, request.rectangle, None));
    };
    let (page, rectangle) = look.place(update.view())?;
    let object = update.get(page)?;
    let dictionary = object.as_dictionary().ok_or_else(|| Error::malformed("a page is none"))?;
    let form = look.draw(update, dictionary, rectangle)?;
    Ok((page, Some(rectangle), Some(form)))
}

fn fill_field(
    update: &mut Update<'_>,
    field: &Field,
    look: Option<&dyn Look>,
    signature: Reference,
) -> Result<()> {
    let name = &field.name;
    let Some(reference) = field.reference else {
        return Err(Error::unsupported(format!("the field {name:?} is no indirect object")));
    };
    let mut dictionary = field.dictionary.clone().with("V", Object::Reference(signature));
    let mut seen = give_look(update, look, (reference, &mut dictionary))?;
    update.put(reference, &Object::Dictionary(dictionary));
    for (widget, dictionary) in &field.widgets {
        let Some(widget) = widget.filter(|it| *it != reference) else { continue };
        let mut dictionary = dictionary.clone();
        if give_look(update, look, (widget, &mut dictionary))? {
            update.put(widget, &Object::Dictionary(dictionary));
            seen = true;
        }
    }
    if look.is_some() && !seen {
        return Err(Error::misuse(format!(
            "the field {name:?} has no rectangle that a look could be shown on"
        )));
    }
    add_to_form(update, None)
}

/// Gives a widget that can be seen its look; where none is asked for and it has none of
/// its own, one that draws nothing.
fn give_look(
    update: &mut Update<'_>,
    look: Option<&dyn Look>,
    (reference, widget): (Reference, &mut Dictionary),
) -> Result<bool> {
    let Some(rectangle) = widget.get("Rect").and_then(rectangle_of) else { return Ok(false) };
    let form = match look {
        Some(look) => {
            let page = page_of(update.view(), Some(reference), widget)?;
            let page = page.ok_or_else(|| Error::misuse("the field is on no page"))?;
            look.draw(update, &page.1, rectangle)?
        }
        None if widget.contains("AP") => return Ok(false),
        None => empty_appearance(update, rectangle),
    };
    widget.set("AP", normal_appearance(form));
    Ok(true)
}

/// A signature field that is to be made.
pub(super) struct NewField<'a> {
    /// Fully qualified.
    pub(super) name: &'a str,
    pub(super) page: Reference,
    pub(super) rectangle: Option<[f64; 4]>,
    /// The form XObject that it shows; otherwise one that draws nothing.
    pub(super) look: Option<Reference>,
    pub(super) lock: Option<&'a FieldLock>,
    pub(super) seed: Option<&'a SeedValues>,
    /// The signature, where it is there already.
    pub(super) value: Option<Reference>,
}

/// The page so many from the first, which is 0.
///
/// # Errors
/// `Misuse` when there is no such page; `Malformed` where the page tree is.
pub(super) fn nth_page(update: &Update<'_>, n: u64) -> Result<Reference> {
    let page = page_at(update.view(), n)?.ok_or_else(|| {
        Error::misuse(format!("this PDF has no page {} to sign on", n.saturating_add(1)))
    })?;
    Ok(page.0)
}

/// Makes a field that is its own widget (ISO 32000-2 §12.5.6.19), and the fields above
/// it that are not there yet.
///
/// # Errors
/// `Misuse` when no field can be so called; `Malformed` where the form or the page is.
pub(super) fn add_field(update: &mut Update<'_>, new: &NewField<'_>) -> Result<()> {
    let branch = Branch::of(update, new.name)?;
    let field = update.allocate();
    let mut dictionary = widget(update, new);
    let name = branch.missing.last().map_or("", String::as_str);
    dictionary.set("T", text_string(name));
    let top = branch.grow(update, field, &mut dictionary)?;
    update.put(field, &Object::Dictionary(dictionary));
    add_to_page(update, new.page, field)?;
    add_to_form(update, top)
}

/// All of the dictionary but its name and its parent.
fn widget(update: &mut Update<'_>, new: &NewField<'_>) -> Dictionary {
    /// Print and Locked (ISO 32000-2 Table 167).
    const FLAGS: i64 = 4 | 128;
    let rectangle = new.rectangle.unwrap_or_default();
    let mut dictionary = Dictionary::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("F", Object::Integer(FLAGS))
        .with("Rect", Object::Array(rectangle.map(Object::number).to_vec()))
        .with("P", Object::Reference(new.page));
    if let Some(signature) = new.value {
        dictionary.set("V", Object::Reference(signature));
    }
    // ISO 32000-2 Table 235: both are objects of their own.
    let asked = [
        ("Lock", new.lock.map(FieldLock::dictionary)),
        ("SV", new.seed.map(SeedValues::dictionary)),
    ];
    for (key, asked) in asked {
        if let Some(asked) = asked {
            let reference = update.allocate();
            update.put(reference, &Object::Dictionary(asked));
            dictionary.set(key, Object::Reference(reference));
        }
    }
    if new.rectangle.is_some() {
        let form = new.look.unwrap_or_else(|| empty_appearance(update, rectangle));
        dictionary.set("AP", normal_appearance(form));
    }
    dictionary
}

/// Where a new field hangs in the tree of fields (ISO 32000-2 §12.7.4.2).
struct Branch {
    /// The field above that is there; nothing at the root.
    parent: Option<(Reference, Dictionary)>,
    /// The partial names from there on, the new field's last.
    missing: Vec<String>,
}

impl Branch {
    fn of(update: &Update<'_>, name: &str) -> Result<Self> {
        let mut missing: Vec<String> = name.split('.').map(str::to_owned).collect();
        within(missing.len(), update.view().reader().limits().pdf_depth, "nested form fields")?;
        if missing.iter().any(String::is_empty) {
            return Err(Error::misuse(format!("no field can be called {name:?}")));
        }
        let (_, catalog) = update.catalog()?;
        let form = update.value(&catalog, "AcroForm")?;
        let mut parent = None;
        let mut below = match form.as_dictionary() {
            Some(form) => update.value(form, "Fields")?,
            None => Object::Null,
        };
        while let Some(partial) = missing.first() {
            let Some(found) = named(update, &below, partial)? else { break };
            let is_field = found.1.contains("FT") || found.1.contains("Subtype");
            if is_field || missing.len() == 1 {
                return Err(Error::misuse(format!(
                    "there is a field {partial:?} where {name:?} would have to be made"
                )));
            }
            below = update.value(&found.1, "Kids")?;
            parent = Some(found);
            missing.remove(0);
        }
        Ok(Self { parent, missing })
    }

    /// Hangs a field up by the fields that are missing; gives what the form has to name.
    fn grow(
        self,
        update: &mut Update<'_>,
        field: Reference,
        dictionary: &mut Dictionary,
    ) -> Result<Option<Reference>> {
        let above = self.missing.split_last().map_or(&[][..], |(_, above)| above);
        let nodes: Vec<Reference> = above.iter().map(|_| update.allocate()).collect();
        let mut parent = self.parent.as_ref().map(|it| it.0);
        let below = nodes.iter().copied().skip(1).chain([field]);
        for ((node, name), kid) in nodes.iter().zip(above).zip(below) {
            let mut made = Dictionary::new()
                .with("T", text_string(name))
                .with("Kids", Object::Array(vec![Object::Reference(kid)]));
            if let Some(parent) = parent {
                made.set("Parent", Object::Reference(parent));
            }
            update.put(*node, &Object::Dictionary(made));
            parent = Some(*node);
        }
        if let Some(parent) = parent {
            dictionary.set("Parent", Object::Reference(parent));
        }
        let top = nodes.first().copied().unwrap_or(field);
        let Some((holder, mut branch)) = self.parent else { return Ok(Some(top)) };
        if append(update, &mut branch, "Kids", top)? {
            update.put(holder, &Object::Dictionary(branch));
        }
        Ok(None)
    }
}

/// The field of this partial name among these.
fn named(
    update: &Update<'_>,
    fields: &Object,
    partial: &str,
) -> Result<Option<(Reference, Dictionary)>> {
    for item in fields.as_array().unwrap_or_default() {
        let object = update.resolve(item)?;
        let Some(field) = object.as_dictionary() else { continue };
        if update.value(field, "T")?.as_string().map(text_of).as_deref() != Some(partial) {
            continue;
        }
        let reference = item.as_reference().ok_or_else(|| {
            Error::unsupported(format!("the field {partial:?} is no indirect object"))
        })?;
        return Ok(Some((reference, field.clone())));
    }
    Ok(None)
}

/// A form XObject that draws nothing: validators want one where there is a rectangle,
/// and readers that find none draw a look of their own.
fn empty_appearance(update: &mut Update<'_>, [x0, y0, x1, y1]: [f64; 4]) -> Reference {
    let form = update.allocate();
    let bounds = [0.0, 0.0, (x1 - x0).abs(), (y1 - y0).abs()].map(Object::number).to_vec();
    let dictionary = Dictionary::new()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", Object::Array(bounds))
        .with("Resources", Object::Dictionary(Dictionary::new()));
    update.put_stream(form, dictionary, b"");
    form
}

/// An `/AP` (ISO 32000-2 Table 170).
fn normal_appearance(form: Reference) -> Object {
    Object::Dictionary(Dictionary::new().with("N", Object::Reference(form)))
}

pub(super) fn number_of(object: &Object) -> Option<f64> {
    let mut text = Vec::new();
    write_object(object, &mut text);
    std::str::from_utf8(&text).ok()?.parse().ok()
}

/// Nothing for an empty one: an invisible signature.
fn rectangle_of(object: &Object) -> Option<[f64; 4]> {
    let mut corners = [0.0_f64; 4];
    let items = object.as_array().filter(|it| it.len() == 4)?;
    for (corner, item) in corners.iter_mut().zip(items) {
        *corner = number_of(item)?;
    }
    let [x0, y0, x1, y1] = corners;
    ((x1 - x0).abs() > 0.0 && (y1 - y0).abs() > 0.0).then_some(corners)
}

fn add_to_page(update: &mut Update<'_>, page: Reference, widget: Reference) -> Result<()> {
    let object = update.get(page)?;
    let mut dictionary = object.as_dictionary().cloned().unwrap_or_default();
    if append(update, &mut dictionary, "Annots", widget)? {
        update.put(page, &Object::Dictionary(dictionary));
    }
    Ok(())
}

/// Puts a reference behind those of an array; gives whether it was its owner that
/// changed, and not an object of the array's own.
fn append(
    update: &mut Update<'_>,
    owner: &mut Dictionary,
    key: &str,
    item: Reference,
) -> Result<bool> {
    let (mut items, holder) = match update.value(owner, key)? {
        Object::Array(items) => (items, owner.get(key).and_then(Object::as_reference)),
        // A reference to nothing names no object that could be changed.
        Object::Null => (Vec::new(), None),
        _ => return Err(Error::malformed(format!("{key} is no array"))),
    };
    items.push(Object::Reference(item));
    match holder {
        Some(array) => update.put(array, &Object::Array(items)),
        None => owner.set(key, Object::Array(items)),
    }
    Ok(holder.is_none())
}

/// Names the new field, and says that there are signatures and that the file must
/// only be appended to (`/SigFlags`, ISO 32000-2 Table 225).
fn add_to_form(update: &mut Update<'_>, field: Option<Reference>) -> Result<()> {
    const FLAGS: i64 = 3;
    let (root, mut catalog) = update.catalog()?;
    let old = update.value(&catalog, "AcroForm")?;
    let old = old.as_dictionary().cloned();
    let named = catalog.get("AcroForm").and_then(Object::as_reference).filter(|_| old.is_some());
    let mut form = old.unwrap_or_default();
    let mut changed = form.get("SigFlags") != Some(&Object::Integer(FLAGS));
    form.set("SigFlags", Object::Integer(FLAGS));
    if let Some(field) = field {
        changed |= append(update, &mut form, "Fields", field)?;
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
