//! What an annotation looks like (ISO 32000-2 §12.5.5).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::geometry::{Matrix, Rect};
use super::machine::Machine;
use super::marks::Marks;
use super::state::Graphics;
use super::{known, numbers_of};
use crate::encoding::pdf::object::{Dictionary, Object, Stream};
use crate::encoding::pdf::reader::View;
use crate::error::Result;
use crate::limits::Limits;

/// What the normal appearance of an annotation draws; nothing where it has none, which
/// does not say that readers draw nothing.
///
/// # Errors
/// `LimitExceeded`; `Io`. What is broken is a doubt.
pub(crate) fn annotation_marks(
    view: View<'_>,
    annotation: &Dictionary,
    limits: &Limits,
) -> Result<Option<Marks>> {
    let Some(look) = normal_look(view, annotation)? else { return Ok(None) };
    let mut machine = Machine::new(view, Graphics::default(), limits);
    let place = annotation_place(view, annotation)?;
    if let Some((state, frame)) = machine.form(&look)? {
        let dictionary = &look.dictionary;
        let bounds = numbers_of(view, dictionary, "BBox")?.as_array().and_then(Rect::of);
        let shape = numbers_of(view, dictionary, "Matrix")?;
        let shape = shape.as_array().and_then(Matrix::of).unwrap_or(Matrix::IDENTITY);
        let onto = bounds.zip(place).and_then(|(it, place)| onto(&shape.bounds(&it), &place));
        let Some(onto) = onto else {
            machine.doubt("an annotation of unknown place");
            return machine.run().map(Some);
        };
        let state =
            Graphics { matrix: state.matrix.then(&onto), clip: onto.bounds(&state.clip), ..state };
        machine.begin_form(state, frame);
    }
    machine.run().map(Some)
}

/// The rectangle of an annotation.
///
/// # Errors
/// `LimitExceeded`; `Io`.
pub(crate) fn annotation_place(view: View<'_>, annotation: &Dictionary) -> Result<Option<Rect>> {
    Ok(numbers_of(view, annotation, "Rect")?.as_array().and_then(Rect::of))
}

/// The appearance that is shown when nobody points at it.
fn normal_look(view: View<'_>, annotation: &Dictionary) -> Result<Option<Stream>> {
    let looks = known(view.dictionary(annotation, "AP"))?.unwrap_or_default();
    let look = match known(view.value(&looks, "N"))? {
        Object::Dictionary(states) => {
            let state = known(view.value(annotation, "AS"))?;
            let state = state.as_name().and_then(|it| std::str::from_utf8(it).ok());
            state.map_or(Ok(Object::Null), |it| known(view.value(&states, it)))?
        }
        look => look,
    };
    Ok(if let Object::Stream(look) = look { Some(look) } else { None })
}

/// What moves one rectangle onto another; nothing where it has no area.
fn onto(from: &Rect, to: &Rect) -> Option<Matrix> {
    let (x, y) = (to.width() / from.width(), to.height() / from.height());
    let matrix = Matrix([x, 0.0, 0.0, y, to.left - from.left * x, to.bottom - from.bottom * y]);
    matrix.0.iter().all(|it| it.is_finite()).then_some(matrix)
}
