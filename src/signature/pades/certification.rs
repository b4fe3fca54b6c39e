//! What a certification signature lets later revisions change (DocMDP,
//! ISO 32000-2 §12.8.2.2).

use crate::encoding::pdf::{Dictionary, Object, View};
use crate::error::Result;

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
    for reference in view.array(signature, "Reference")? {
        let reference = view.resolve(&reference)?;
        let Some(reference) = reference.as_dictionary() else { continue };
        let method = view.value(reference, "TransformMethod")?;
        if method.as_name() != Some(b"DocMDP") {
            continue;
        }
        let Some(parameters) = view.dictionary(reference, "TransformParams")? else {
            return Ok(Some(2));
        };
        return Ok(Some(match view.value(&parameters, "P")? {
            Object::Null | Object::Integer(2) => 2,
            Object::Integer(3) => 3,
            _ => 1,
        }));
    }
    Ok(None)
}
