//! Changes to the document security store (EN 319 142-1 §5.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{HashMap, HashSet};

use super::{Doubt, Judged, LaterChanges, Step, dictionary, ensure, only};
use crate::encoding::pdf::{Dictionary, Object, Reference};

impl Step<'_> {
    /// EN 319 142-1 §5.4.2: arrays of streams, and per signature dictionaries of such.
    pub(super) fn security_store(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let old_store = dictionary(self.old, old, "DSS")?;
        let Some(store) = dictionary(self.new, new, "DSS")? else {
            return ensure(old_store.is_none());
        };
        let shape = |it: &Dictionary| only(it, &["Type", "Certs", "CRLs", "OCSPs", "VRI"]);
        ensure(shape(&store) && old_store.as_ref().is_none_or(shape))?;
        self.holder(old.get("DSS"), new.get("DSS"))?;
        let old_store = old_store.unwrap_or_default();
        for key in ["Certs", "CRLs", "OCSPs"] {
            self.evidence(old_store.get(key), store.get(key))?;
        }
        let Some(by_signature) = dictionary(self.new, &store, "VRI")? else { return Ok(()) };
        let keyed =
            |it: &Dictionary| it.entries().iter().all(|it| it.key == b"Type" || it.key.len() == 40);
        let before = dictionary(self.old, &old_store, "VRI")?.unwrap_or_default();
        ensure(keyed(&by_signature) && keyed(&before))?;
        self.holder(old_store.get("VRI"), store.get("VRI"))?;
        let before: HashMap<&[u8], &Object> =
            before.entries().iter().map(|it| (it.key.as_slice(), &it.value)).collect();
        for entry in by_signature.entries().iter().filter(|it| it.key != b"Type") {
            self.related(before.get(entry.key.as_slice()).copied(), &entry.value)?;
        }
        Ok(())
    }

    /// The validation-related information of one signature (EN 319 142-1 §5.4.2.3).
    fn related(&mut self, before: Option<&Object>, value: &Object) -> Judged {
        const KEYS: [&str; 6] = ["Type", "Cert", "CRL", "OCSP", "TU", "TS"];
        if let Some(reference) = value.as_reference() {
            if !self.open.contains(&reference.number) {
                return Ok(());
            }
            if !self.is_new(reference.number) {
                let old = self.old.get(reference)?;
                ensure(old.as_dictionary().is_some_and(|it| only(it, &KEYS)))?;
            }
        }
        let object = self.new.resolve(value)?;
        let Object::Dictionary(dictionary) = &object else { return Err(Doubt::Unexplained) };
        ensure(only(dictionary, &KEYS))?;
        self.holder(before, Some(value))?;
        let before = before.map_or(Ok(Object::Null), |it| self.old.resolve(it))?;
        let before = before.as_dictionary();
        for key in ["Cert", "CRL", "OCSP"] {
            self.evidence(before.and_then(|it| it.get(key)), dictionary.get(key))?;
        }
        if let Some(token) = dictionary.get("TS") {
            self.evidence_stream(token)?;
        }
        Ok(())
    }

    /// An array of references to streams, which are new or unchanged.
    fn evidence(&mut self, before: Option<&Object>, value: Option<&Object>) -> Judged {
        let Some(value) = value else { return Ok(()) };
        if let Some(reference) = value.as_reference()
            && !self.is_new(reference.number)
        {
            // It must have been such an array all along, and not a page's contents.
            let old = self.old.get(reference)?;
            let items = old.as_array().ok_or(Doubt::Unexplained)?;
            let object = self.new.get(reference)?;
            let now: HashSet<Reference> = object
                .as_array()
                .unwrap_or_default()
                .iter()
                .filter_map(Object::as_reference)
                .collect();
            ensure(items.iter().all(|it| it.as_reference().is_some_and(|it| now.contains(&it))))?;
        }
        let object = self.new.resolve(value)?;
        let items = object.as_array().ok_or(Doubt::Unexplained)?;
        items.iter().try_for_each(|item| self.evidence_stream(item))?;
        self.holder(before, Some(value))
    }

    fn evidence_stream(&mut self, item: &Object) -> Judged {
        let reference = item.as_reference().ok_or(Doubt::Unexplained)?;
        if self.open.contains(&reference.number) {
            let object = self.new.get(reference)?;
            let Object::Stream(stream) = &object else { return Err(Doubt::Unexplained) };
            ensure(self.is_new(reference.number))?;
            self.new.stream_data(stream)?;
            self.explain(reference.number, LaterChanges::LtaUpdates);
            self.absorb(&object)?;
        }
        Ok(())
    }
}
