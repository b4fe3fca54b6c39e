//! Changes to the trailer, the catalog and the interactive form.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Doubt, Judged, LaterChanges, Step, dictionary, ensure};
use crate::encoding::pdf::{Dictionary, Location, Object};
use crate::signature::pades::shape::{INFORMATION_KEYS, additions, changed_keys, is_plain, key_in};

impl Step<'_> {
    pub(super) fn trailer(&mut self) -> Judged {
        let empty = Dictionary::new();
        let old = self.old.trailer().unwrap_or(&empty);
        let new = self.new.trailer().unwrap_or(&empty);
        for key in ["Root", "Encrypt"] {
            ensure(old.get(key) == new.get(key))?;
        }
        // Of an encrypted file the key depends on it (ISO 32000-2 §7.6.4.3).
        if old.contains("Encrypt") {
            let id = |it: &Dictionary| Some(it.get("ID")?.as_array()?.first()?.clone());
            ensure(id(old).is_some_and(|it| Some(it) == id(new)))?;
        }
        let size = |it: &Dictionary| it.get("Size").and_then(Object::as_integer);
        ensure(size(old) <= size(new))?;
        self.information(old, new)
    }

    /// The document information dictionary is not part of what is shown (ISO 32000-2
    /// Table 349), as long as nothing makes a font or a form of it.
    fn information(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let reference = new.get("Info").and_then(Object::as_reference);
        // A reader that does not find it searches the whole file.
        let missing = |number| self.new.locate(number) == Location::Free;
        ensure(
            old.get("Info") == new.get("Info") || !reference.is_some_and(|it| missing(it.number)),
        )?;
        let Some(reference) = reference.filter(|it| self.open.contains(&it.number)) else {
            return Ok(());
        };
        let mut before = Dictionary::new();
        if !self.is_new(reference.number) {
            ensure(old.get("Info") == new.get("Info"))?;
            before = self.old.dictionary(old, "Info")?.unwrap_or_default();
        }
        let object = self.new.get(reference)?;
        let Object::Dictionary(after) = &object else { return Err(Doubt::Unexplained) };
        ensure(before.duplicate().is_none() && after.duplicate().is_none())?;
        for key in changed_keys(&before, after) {
            ensure(INFORMATION_KEYS.iter().any(|it| it.as_bytes() == key))?;
        }
        ensure(after.entries().iter().all(|it| is_plain(&it.value)))?;
        self.information = Some(reference.number);
        self.explain(reference.number, LaterChanges::LtaUpdates);
        Ok(())
    }

    pub(super) fn catalog(&mut self) -> Judged {
        let (root, old) = self.old.catalog()?;
        let (_, new) = self.new.catalog()?;
        ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
        for key in changed_keys(&old, &new) {
            match key {
                b"AcroForm" | b"DSS" | b"Metadata" => {}
                b"Version" => {
                    let version = |it: &Dictionary| {
                        it.get("Version").and_then(Object::as_name).map(<[u8]>::to_vec)
                    };
                    ensure(version(&old) < version(&new))?;
                }
                b"Extensions" => ensure(new.get("Extensions").is_some_and(is_plain))?,
                _ => return Err(Doubt::Unexplained),
            }
        }
        self.metadata(&old, &new)?;
        self.explain(root.number, LaterChanges::LtaUpdates);
        self.security_store(&old, &new)?;
        self.form(&old, &new)
    }

    /// XMP is not part of what is shown either.
    fn metadata(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let Some(reference) = new.get("Metadata").and_then(Object::as_reference) else {
            return ensure(!old.contains("Metadata"));
        };
        if !self.open.contains(&reference.number) {
            return ensure(old.get("Metadata") == new.get("Metadata"));
        }
        let is_xmp = |object: &Object| matches!(object, Object::Stream(it) if it.dictionary.is_a("Metadata"));
        if !self.is_new(reference.number) {
            ensure(is_xmp(&self.old.get(reference)?))?;
        }
        ensure(is_xmp(&self.new.get(reference)?))?;
        self.holder(old.get("Metadata"), new.get("Metadata"))
    }

    fn form(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let old_form = dictionary(self.old, old, "AcroForm")?;
        let Some(form) = dictionary(self.new, new, "AcroForm")? else {
            return ensure(old_form.is_none());
        };
        let old_form = old_form.unwrap_or_default();
        ensure(form.duplicate().is_none() && old_form.duplicate().is_none())?;
        for key in changed_keys(&old_form, &form) {
            match key {
                b"Fields" => {}
                b"SigFlags" => {
                    ensure(form.get("SigFlags").is_some_and(|it| it.as_integer().is_some()))?
                }
                // Defaults for fields to come; those of old ones would look otherwise.
                b"DA" | b"DR" if !key_in(&old_form, key) => self.defaults = true,
                b"DR" => self.form_resources(&old_form, &form)?,
                // Readers make looks anew: of what has none, and of all that is there.
                b"NeedAppearances" => self.defaults = true,
                _ => return Err(Doubt::Unexplained),
            }
        }
        let drawn = self.new.value(&form, "NeedAppearances")?;
        self.readers_draw = !matches!(drawn, Object::Null | Object::Boolean(false));
        let (before, after) =
            (self.old.array(&old_form, "Fields")?, self.new.array(&form, "Fields")?);
        let added = additions(&before, &after).ok_or(Doubt::Unexplained)?;
        for field in &added {
            self.new_field(field.as_reference().ok_or(Doubt::Unexplained)?, None)?;
        }
        if !added.is_empty() || form != old_form {
            self.holder(old.get("AcroForm"), new.get("AcroForm"))?;
            self.holder(old_form.get("Fields"), form.get("Fields"))?;
        }
        if !key_in(&old_form, b"DR")
            && let Some(resources) = form.get("DR")
        {
            self.absorb(resources)?;
        }
        Ok(())
    }

    /// More fonts under names that there were none of.
    fn form_resources(&mut self, old_form: &Dictionary, form: &Dictionary) -> Judged {
        let (Some(old), Some(new)) =
            (dictionary(self.old, old_form, "DR")?, dictionary(self.new, form, "DR")?)
        else {
            return Err(Doubt::Unexplained);
        };
        ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
        ensure(changed_keys(&old, &new).iter().all(|key| *key == b"Font"))?;
        let before = dictionary(self.old, &old, "Font")?.unwrap_or_default();
        let after = dictionary(self.new, &new, "Font")?.ok_or(Doubt::Unexplained)?;
        ensure(before.duplicate().is_none() && after.duplicate().is_none())?;
        ensure(changed_keys(&before, &after).iter().all(|key| !key_in(&before, key)))?;
        self.holder(old_form.get("DR"), form.get("DR"))?;
        self.holder(old.get("Font"), new.get("Font"))?;
        self.defaults = true;
        after.entries().iter().try_for_each(|font| self.absorb(&font.value))
    }
}
