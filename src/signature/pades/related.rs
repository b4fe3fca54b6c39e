//! What the document security store says of one signature (`VRI`, EN 319 142-1 §5.4.2.3):
//! which of its values are about it, and since when. Nobody needs it to validate.

use std::collections::HashMap;

use super::create::date;
use super::long_term::{StoredData, put_array};
use crate::encoding::pdf::{Dictionary, Object, Reference, Update, View};
use crate::error::Result;
use crate::signature::tsp::{TimeStampAuthority, token_over};
use crate::time::UtcTime;

/// One signature, and what is about it.
#[derive(Clone, Copy)]
pub(crate) struct RelatedData<'a> {
    /// As the store calls it.
    pub(crate) signature: &'a [u8],
    pub(crate) data: StoredData<'a>,
    pub(crate) created: Created<'a>,
}

/// Since when the store says it.
#[derive(Clone, Copy)]
pub(crate) enum Created<'a> {
    /// `TU`: as whoever writes it says.
    Claimed(UtcTime),
    /// `TS`: a time-stamp over this signature value.
    Stamped(&'a dyn TimeStampAuthority, &'a [u8]),
}

/// Where in the file each value stands, by its DER.
pub(super) type Places<'a> = HashMap<&'a [u8], Reference>;

/// Whether anything was to be added to what the store says.
///
/// # Errors
/// As reading any object, and as the authority's own.
pub(super) fn add(
    view: View<'_>,
    update: &mut Update<'_>,
    store: &mut Dictionary,
    related: &[RelatedData<'_>],
    places: &Places<'_>,
) -> Result<bool> {
    let old = view.dictionary(store, "VRI")?;
    let named = store.get("VRI").and_then(Object::as_reference).filter(|_| old.is_some());
    let mut all = old.unwrap_or_default();
    let mut changed = false;
    for one in related {
        let name = String::from_utf8_lossy(one.signature);
        let before = view.dictionary(&all, &name)?;
        let holder = all.get(&name).and_then(Object::as_reference).filter(|_| before.is_some());
        let Some(entry) = entry(view, update, before, one, places)? else { continue };
        changed = true;
        match holder {
            Some(holder) => update.put(holder, &Object::Dictionary(entry)),
            None => all.set(&name, Object::Dictionary(entry)),
        }
    }
    if changed {
        match named {
            Some(holder) => update.put(holder, &Object::Dictionary(all)),
            None => store.set("VRI", Object::Dictionary(all)),
        }
    }
    Ok(changed)
}

/// Nothing where it says all of it already.
fn entry(
    view: View<'_>,
    update: &mut Update<'_>,
    before: Option<Dictionary>,
    one: &RelatedData<'_>,
    places: &Places<'_>,
) -> Result<Option<Dictionary>> {
    let mut changed = before.is_none();
    let mut entry = before.unwrap_or_default();
    for (key, values) in ["Cert", "CRL", "OCSP"].into_iter().zip(one.data.values()) {
        let mut items = view.array(&entry, key)?;
        let before = items.len();
        for place in values.iter().filter_map(|it| places.get(it)) {
            let item = Object::Reference(*place);
            if !items.contains(&item) {
                items.push(item);
            }
        }
        if items.len() > before {
            changed = true;
            put_array(update, &mut entry, key, items);
        }
    }
    if !changed {
        return Ok(None);
    }
    match one.created {
        Created::Claimed(at) => entry.set("TU", Object::String(date(at)?.into_bytes())),
        Created::Stamped(authority, value) => {
            let token = token_over(authority, &authority.digest_algorithm().digest(value))?;
            let stream = update.allocate();
            update.put_stream(stream, Dictionary::new(), token.der());
            entry.set("TS", Object::Reference(stream));
        }
    }
    Ok(Some(entry))
}
