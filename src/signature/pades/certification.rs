//! What a certification signature lets later revisions change (DocMDP,
//! ISO 32000-2 §12.8.2.2).

use crate::encoding::pdf::{Dictionary, Object, Reference, Update, View};
use crate::error::{Error, Result};

/// What later revisions may change without breaking what was signed (`P` of the DocMDP
/// transform, ISO 32000-2 Table 257). Validation data and document time-stamps always
/// may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocMdp {
    /// 1: nothing, not even a further signature.
    NoChanges,
    /// 2: forms may be filled in, and signatures made.
    FormFilling,
    /// 3: annotations may be made, changed and deleted besides.
    Annotating,
}

impl DocMdp {
    /// What is out of range counts as 1, the strictest.
    pub(super) fn of(p: u8) -> Self {
        match p {
            2 => Self::FormFilling,
            3 => Self::Annotating,
            _ => Self::NoChanges,
        }
    }

    /// As the standard counts.
    #[must_use]
    pub fn p(self) -> u8 {
        match self {
            Self::NoChanges => 1,
            Self::FormFilling => 2,
            Self::Annotating => 3,
        }
    }

    /// The transform's parameters (ISO 32000-2 Table 257).
    pub(super) fn parameters(self) -> Dictionary {
        Dictionary::new()
            .with("Type", Object::name("TransformParams"))
            .with("P", Object::Integer(self.p().into()))
            .with("V", Object::name("1.2"))
    }
}

/// `P` of the certification that the catalog's `/Perms` names: 1, 2 or 3.
///
/// # Errors
/// As reading any object.
pub(crate) fn permissions(view: View<'_>) -> Result<Option<u8>> {
    let (_, catalog) = view.catalog()?;
    let Some(perms) = view.dictionary(&catalog, "Perms")? else { return Ok(None) };
    match view.dictionary(&perms, "DocMDP")? {
        Some(signature) => certified(view, &signature),
        None => Ok(None),
    }
}

/// `P` of a signature's own DocMDP transform. What is out of range counts as 1, the
/// strictest; a missing one as 2, the default.
///
/// # Errors
/// As reading any object.
pub(crate) fn certified(view: View<'_>, signature: &Dictionary) -> Result<Option<u8>> {
    let Some(parameters) = transform(view, signature, "DocMDP")? else { return Ok(None) };
    Ok(Some(match view.value(&parameters, "P")? {
        Object::Null | Object::Integer(2) => 2,
        Object::Integer(3) => 3,
        _ => 1,
    }))
}

/// The parameters of the first transform of this method that a signature names
/// (ISO 32000-2 Table 256); empty where it has none.
///
/// # Errors
/// As reading any object.
pub(super) fn transform(
    view: View<'_>,
    signature: &Dictionary,
    method: &str,
) -> Result<Option<Dictionary>> {
    for reference in view.array(signature, "Reference")? {
        let reference = view.resolve(&reference)?;
        let Some(reference) = reference.as_dictionary() else { continue };
        let named = view.value(reference, "TransformMethod")?;
        if named.as_name() == Some(method.as_bytes()) {
            return Ok(Some(view.dictionary(reference, "TransformParams")?.unwrap_or_default()));
        }
    }
    Ok(None)
}

/// Lets the catalog name the certification (ISO 32000-2 §12.8.6).
///
/// # Errors
/// `Malformed` when what names permissions already is no dictionary.
pub(super) fn name_certification(update: &mut Update<'_>, signature: Reference) -> Result<()> {
    let (root, mut catalog) = update.catalog()?;
    let old = update.value(&catalog, "Perms")?;
    let holder = catalog.get("Perms").and_then(Object::as_reference).filter(|_| !old.is_null());
    let permissions = match old {
        Object::Dictionary(dictionary) => dictionary,
        Object::Null => Dictionary::new(),
        _ => return Err(Error::malformed("Perms is no dictionary")),
    };
    let permissions = permissions.with("DocMDP", Object::Reference(signature));
    match holder {
        Some(reference) => update.put(reference, &Object::Dictionary(permissions)),
        None => {
            catalog.set("Perms", Object::Dictionary(permissions));
            update.put(root, &Object::Dictionary(catalog));
        }
    }
    Ok(())
}
