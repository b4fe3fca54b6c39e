//! What makes the signatures of a PDF last: validation data in the document security
//! store (EN 319 142-1 §5.4.2), and time-stamps over the whole document (§5.4.3). Each is
//! an incremental update of its own; every byte before it stays as it is.

use std::collections::HashSet;

use super::create::{Request, Said, append};
use super::related::{self, Places, RelatedData};
use super::store::{SecurityStore, Stored};
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::encoding::pdf::{Dictionary, Object, Password, Reader, Reference, Update, View};
use crate::error::Result;
use crate::limits::Limits;
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::signature::tsp::{TimeStampAuthority, token_over};
use crate::source::{Source, for_each_piece};

/// What the document security store is to hold besides what it holds already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoredData<'a> {
    pub(crate) certificates: &'a [Certificate],
    pub(crate) crls: &'a [Crl],
    pub(crate) responses: &'a [OcspResponse],
}

impl<'a> StoredData<'a> {
    /// In DER: certificates, lists, answers.
    pub(super) fn values(&self) -> [Vec<&'a [u8]>; 3] {
        [
            self.certificates.iter().map(Certificate::der).collect(),
            self.crls.iter().map(Crl::der).collect(),
            self.responses.iter().map(OcspResponse::der).collect(),
        ]
    }
}

/// The update that puts validation data into the store, and what it says of signatures;
/// nothing where it is all there.
///
/// # Errors
/// `Malformed` when the file is not sound enough to be updated; `Misuse` when its password is
/// wrong; `Unsupported` when it is encrypted otherwise; as an authority's own where something
/// is to be time-stamped; `LimitExceeded`; `Io`.
pub(crate) fn store(
    document: &dyn Source,
    data: StoredData<'_>,
    related: &[RelatedData<'_>],
    password: &Password,
    limits: &Limits,
) -> Result<Option<Vec<u8>>> {
    let reader = Reader::open_with(document, limits, password)?;
    let view = reader.newest();
    let held = SecurityStore::read(view)?;
    let mut update = Update::new(&reader)?;
    let (root, catalog) = view.catalog()?;
    let mut catalog = (*catalog).clone();
    let old = view.dictionary(&catalog, "DSS")?;
    let named = catalog.get("DSS").and_then(Object::as_reference).filter(|_| old.is_some());
    let mut store = old.unwrap_or_default();
    let held = [&held.certificates, &held.crls, &held.responses];
    let all = held.iter().flat_map(|it| it.iter());
    let mut places: Places<'_> = all.map(|it| (it.der.as_slice(), it.reference)).collect();
    let mut new = Vec::new();
    for ((key, values), held) in KINDS.into_iter().zip(data.values()).zip(held) {
        let values = missing(values, held);
        add_values(view, &mut update, &mut store, (key, &values), &mut places)?;
        new.extend(values);
    }
    let said = related::add(view, &mut update, &mut store, related, &places)?;
    if new.is_empty() && !said {
        return Ok(None);
    }
    let holder = named.unwrap_or_else(|| update.allocate());
    update.put(holder, &Object::Dictionary(store));
    if named.is_none() {
        catalog.set("DSS", Object::Reference(holder));
        update.put(root, &Object::Dictionary(catalog));
    }
    Ok(Some(update.finish(&file_id(document.len(), &new))?.bytes))
}

const KINDS: [&str; 3] = ["Certs", "CRLs", "OCSPs"];

/// Each once, without those that are there already.
fn missing<'a>(values: Vec<&'a [u8]>, held: &[Stored]) -> Vec<&'a [u8]> {
    let mut seen: HashSet<&[u8]> = held.iter().map(|it| it.der.as_slice()).collect();
    values.into_iter().filter(|it| seen.insert(it)).collect()
}

/// Arrays of references to streams; what stands in them stays in front.
fn add_values<'a>(
    view: View<'_>,
    update: &mut Update<'_>,
    store: &mut Dictionary,
    (key, values): (&str, &[&'a [u8]]),
    places: &mut Places<'a>,
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let mut items = view.array(store, key)?;
    for value in values {
        let stream = update.allocate();
        update.put_stream(stream, Dictionary::new(), value);
        items.push(Object::Reference(stream));
        places.insert(value, stream);
    }
    put_array(update, store, key, items);
    Ok(())
}

/// Where the array is an object of its own, that one grows.
pub(super) fn put_array(
    update: &mut Update<'_>,
    store: &mut Dictionary,
    key: &str,
    items: Vec<Object>,
) {
    let array: Option<Reference> = store.get(key).and_then(Object::as_reference);
    match array {
        Some(array) => update.put(array, &Object::Array(items)),
        None => store.set(key, Object::Array(items)),
    }
}

/// The update that puts a time-stamp over all that is there and over itself.
///
/// # Errors
/// As [`store`], and as the authority's own; `Misuse` when its token is larger than any.
pub(crate) fn time_stamp(
    document: &dyn Source,
    authority: &dyn TimeStampAuthority,
    password: &Password,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let reader = Reader::open_with(document, limits, password)?;
    let request = Request {
        field: None,
        page: 0,
        rectangle: None,
        look: None,
        said: Said::TimeStamp,
        space: authority.token_space(),
        id: &file_id(document.len(), &[]),
        // What proves a signature's time is always let in (ISO 32000-2 Table 257).
        despite_permissions: true,
    };
    let mut tail = append(&reader, &request)?;
    let mut context = DigestContext::new(authority.digest_algorithm());
    for_each_piece(document, 0..document.len(), |piece| {
        context.update(piece);
        Ok(())
    })?;
    let gap = tail.gap();
    context.update(tail.bytes.get(..gap.start).unwrap_or_default());
    context.update(tail.bytes.get(gap.end..).unwrap_or_default());
    let token = token_over(authority, &context.finish())?;
    tail.fill(token.der())?;
    Ok(tail.bytes)
}

/// Other for every state of the file, without chance or clock (ISO 32000-2 §14.4).
fn file_id(len: u64, new: &[&[u8]]) -> Vec<u8> {
    let mut context = DigestContext::new(DigestAlgorithm::Sha256);
    context.update(&len.to_be_bytes());
    new.iter().for_each(|value| context.update(value));
    context.finish().value().iter().take(16).copied().collect()
}
