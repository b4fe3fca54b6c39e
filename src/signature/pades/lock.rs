//! Fields that a signature locks: what the field that is to be signed asks for (`/Lock`,
//! ISO 32000-2 Table 236), and what the signature then says (FieldMDP, §12.8.2.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::certification::{DocMdp, certified, permissions, transform};
use crate::encoding::pdf::{Dictionary, Field, Object, View, text_of, text_string};
use crate::error::{Error, Result};
use crate::limits::within;

/// Which fields a signature locks, and whether more than fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLock {
    action: Action,
    permission: Option<DocMdp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    All,
    Include(Vec<String>),
    Exclude(Vec<String>),
}

impl FieldLock {
    /// Every field of the document, those that come later among them.
    #[must_use]
    pub fn all() -> Self {
        Self { action: Action::All, permission: None }
    }

    /// These fields, by their full names, and what is below them.
    #[must_use]
    pub fn include<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { action: Action::Include(names), permission: None }
    }

    /// Every field but these and what is below them.
    #[must_use]
    pub fn exclude<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { action: Action::Exclude(names), permission: None }
    }

    /// Restricts what may be changed in the whole document from that signature on, as a
    /// certification does for all of it (`P`, PDF 2.0).
    #[must_use]
    pub fn permitting(mut self, permission: DocMdp) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Whether a field so called is locked.
    pub(super) fn covers(&self, field: &str) -> bool {
        let named = |names: &[String]| {
            names.iter().any(|name| {
                let below = field.strip_prefix(name.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        match &self.action {
            Action::All => true,
            Action::Include(names) => named(names),
            Action::Exclude(names) => !named(names),
        }
    }

    /// How many names a field's name is held against.
    pub(super) fn names(&self) -> usize {
        match &self.action {
            Action::All => 1,
            Action::Include(names) | Action::Exclude(names) => names.len(),
        }
    }

    pub(super) fn permission(&self) -> Option<DocMdp> {
        self.permission
    }

    /// `/Lock` of a field, or the parameters of a FieldMDP transform: both say it in the
    /// same words. An action that is none counts as `All`, the strictest.
    ///
    /// # Errors
    /// As reading any object; `LimitExceeded`.
    pub(super) fn read(view: View<'_>, dictionary: &Dictionary) -> Result<Self> {
        let (mut names, mut bytes): (Vec<String>, usize) = (Vec::new(), 0);
        for name in view.array(dictionary, "Fields")? {
            let name = view.resolve(&name)?.as_string().map(text_of).unwrap_or_default();
            bytes = bytes.saturating_add(name.len()).saturating_add(size_of::<String>());
            // A thousand signatures may name one and the same long list.
            within(bytes, view.reader().limits().pdf_lock_bytes, "bytes of locked names")?;
            names.push(name);
        }
        let action = match view.value(dictionary, "Action")?.as_name() {
            Some(b"Include") => Action::Include(names),
            Some(b"Exclude") => Action::Exclude(names),
            _ => Action::All,
        };
        let permission = match view.value(dictionary, "P")? {
            Object::Null => None,
            Object::Integer(p) => Some(DocMdp::of(u8::try_from(p).unwrap_or_default())),
            _ => Some(DocMdp::NoChanges),
        };
        Ok(Self { action, permission })
    }

    /// What a signed field locks, by its signature or, where that does not say it, by the
    /// field's own word.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn of(
        view: View<'_>,
        field: &Dictionary,
        signature: &Dictionary,
    ) -> Result<Vec<Self>> {
        let said = transform(view, signature, "FieldMDP")?;
        let asked = view.dictionary(field, "Lock")?;
        let mut locks = Vec::with_capacity(2);
        for lock in said.iter().chain(&asked) {
            let lock = Self::read(view, lock)?;
            if !locks.contains(&lock) {
                locks.push(lock);
            }
        }
        Ok(locks)
    }

    /// `/Lock` of a field that is still to be signed.
    pub(super) fn dictionary(&self) -> Dictionary {
        self.write("SigFieldLock")
    }

    /// The transform's parameters (ISO 32000-2 Table 258). `P` is not among them there,
    /// but readers look for it here, too, and a signature that says less than its field
    /// would not hold anyone to it.
    pub(super) fn parameters(&self) -> Dictionary {
        self.write("TransformParams").with("V", Object::name("1.2"))
    }

    fn write(&self, kind: &str) -> Dictionary {
        let (action, names) = match &self.action {
            Action::All => ("All", None),
            Action::Include(names) => ("Include", Some(names)),
            Action::Exclude(names) => ("Exclude", Some(names)),
        };
        let mut dictionary =
            Dictionary::new().with("Type", Object::name(kind)).with("Action", Object::name(action));
        if let Some(names) = names {
            let names = names.iter().map(|name| text_string(name)).collect();
            dictionary.set("Fields", Object::Array(names));
        }
        if let Some(permission) = self.permission {
            dictionary.set("P", Object::Integer(permission.p().into()));
        }
        dictionary
    }
}

/// What the signatures that are there let those sign who come now.
#[derive(Debug, Default)]
pub(super) struct Restrictions {
    permission: Option<DocMdp>,
    /// Whose field it is, and what it locks.
    locks: Vec<(String, FieldLock)>,
    /// The first field that is signed.
    signed: Option<String>,
}

impl Restrictions {
    /// # Errors
    /// As reading any object.
    pub(super) fn of(view: View<'_>, fields: &[Field]) -> Result<Self> {
        let mut found = Self { permission: permissions(view)?.map(DocMdp::of), ..Self::default() };
        let signed = fields.iter().filter(|it| it.is_signature() && it.is_filled());
        within(signed.clone().count(), view.reader().limits().pdf_signatures, "signatures")?;
        for field in signed {
            let value = field.value.as_ref().map_or(Ok(Object::Null), |it| view.resolve(it))?;
            let Some(signature) = value.as_dictionary() else { continue };
            found.signed.get_or_insert_with(|| field.name.clone());
            found.restrict(certified(view, signature)?.map(DocMdp::of));
            for lock in FieldLock::of(view, &field.dictionary, signature)? {
                found.restrict(lock.permission());
                found.locks.push((field.name.clone(), lock));
            }
        }
        Ok(found)
    }

    /// Permissions can be taken away, never given back.
    fn restrict(&mut self, permission: Option<DocMdp>) {
        self.permission = match (self.permission, permission) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
    }

    /// Whether a field so called may be made or signed.
    ///
    /// # Errors
    /// `Misuse` that names the signature that does not let it be.
    pub(super) fn let_in(&self, field: &str) -> Result<()> {
        if self.permission == Some(DocMdp::NoChanges) {
            return Err(Error::misuse(
                "this PDF is certified or locked and permits no further signature",
            ));
        }
        match self.locks.iter().find(|(_, lock)| lock.covers(field)) {
            Some((by, _)) => Err(Error::misuse(format!(
                "the field {field:?} is locked by the signature in the field {by:?}"
            ))),
            None => Ok(()),
        }
    }

    /// Whether the document may be certified: first or not at all (ISO 32000-2
    /// §12.8.2.2.1).
    ///
    /// # Errors
    /// `Misuse` that names what is there.
    pub(super) fn let_certify(&self) -> Result<()> {
        match (&self.signed, self.permission) {
            (Some(field), _) => Err(Error::misuse(format!(
                "a certification comes first, but this PDF is signed in the field {field:?}"
            ))),
            (None, Some(_)) => Err(Error::misuse("this PDF is certified already")),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_what_is_below_them() {
        let lock = FieldLock::include(["a.b", "c"]);
        for (field, covered) in
            [("a.b", true), ("a.b.x", true), ("a.bx", false), ("a", false), ("c", true)]
        {
            assert_eq!(lock.covers(field), covered, "{field}");
            assert_eq!(FieldLock::exclude(["a.b", "c"]).covers(field), !covered, "{field}");
            assert!(FieldLock::all().covers(field));
        }
    }
}
