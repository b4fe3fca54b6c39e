//! How far each glyph moves the next one (ISO 32000-2 §9.6.2, §9.7.4.3).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::rc::Rc;

use super::known;
use super::names::Standard;
use crate::encoding::pdf::object::{Dictionary, Object};
use crate::encoding::pdf::reader::View;
use crate::error::Result;

/// Widths for a size of 1.
#[derive(Debug, Default)]
pub(super) struct Widths {
    by_glyph: HashMap<u32, f64>,
    /// First and last glyph, by the first.
    ranges: Vec<(u32, u32, f64)>,
    default: Option<f64>,
    /// How many items of arrays were read for them.
    pub(super) items: usize,
}

impl Widths {
    pub(super) fn simple(
        view: View<'_>,
        font: &Dictionary,
        descriptor: &Dictionary,
    ) -> Result<Self> {
        let first = number(view, font, "FirstChar")?.unwrap_or_default();
        let mut widths =
            Self { default: number(view, descriptor, "MissingWidth")?, ..Self::default() };
        let mut code = whole(first).unwrap_or_default();
        let items = array(view, font, "Widths")?;
        widths.items = items.len();
        for item in items.iter().take(256) {
            widths.by_glyph.extend(resolved(view, item)?.as_number().map(|it| (code, it)));
            code = code.saturating_add(1);
        }
        Ok(widths.scaled(0.001))
    }

    pub(super) fn standard(font: Standard, texts: &[Option<Rc<str>>]) -> Self {
        let width = |text: &Rc<str>| text.chars().next().and_then(|it| font.width(it));
        let widths = (0..).zip(texts);
        let widths = widths.filter_map(|(code, text)| Some((code, width(text.as_ref()?)?)));
        Self { by_glyph: widths.collect(), ..Self::default() }.scaled(0.001)
    }

    pub(super) fn composite(view: View<'_>, font: &Dictionary) -> Result<Self> {
        const DEFAULT: f64 = 1000.0;
        let default = number(view, font, "DW")?.unwrap_or(DEFAULT);
        let mut widths = Self { default: Some(default), ..Self::default() };
        let items = array(view, font, "W")?;
        widths.items = items.len();
        let mut items = items.iter();
        while let (Some(first), Some(second)) = (items.next(), items.next()) {
            let Some(first) = resolved(view, first)?.as_number().and_then(whole) else { break };
            match resolved(view, second)? {
                Object::Array(list) => {
                    widths.items = widths.items.saturating_add(list.len());
                    for (glyph, width) in (first..).zip(&list) {
                        let width = resolved(view, width)?.as_number();
                        widths.by_glyph.extend(width.map(|it| (glyph, it)));
                    }
                }
                last => {
                    let width = items.next().map_or(Ok(Object::Null), |it| resolved(view, it))?;
                    let (Some(last), Some(width)) =
                        (last.as_number().and_then(whole), width.as_number())
                    else {
                        break;
                    };
                    widths.ranges.push((first, last, width));
                }
            }
        }
        widths.ranges.sort_by_key(|it| it.0);
        Ok(widths.scaled(0.001))
    }

    pub(super) fn scaled(mut self, by: f64) -> Self {
        let all = self.by_glyph.values_mut().chain(self.ranges.iter_mut().map(|it| &mut it.2));
        all.chain(&mut self.default).for_each(|it| *it *= by);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_glyph.is_empty() && self.ranges.is_empty() && self.default.is_none()
    }

    pub(super) fn of(&self, glyph: u32) -> Option<f64> {
        if let Some(width) = self.by_glyph.get(&glyph) {
            return Some(*width);
        }
        let behind = self.ranges.partition_point(|it| it.0 <= glyph);
        let range = behind.checked_sub(1).and_then(|it| self.ranges.get(it));
        range.filter(|it| glyph <= it.1).map(|it| it.2).or(self.default)
    }
}

/// A number of a glyph.
fn whole(number: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
    (0.0..=65_535.0).contains(&number).then_some(number as u32)
}

fn number(view: View<'_>, dictionary: &Dictionary, key: &str) -> Result<Option<f64>> {
    Ok(dictionary.get(key).map_or(Ok(Object::Null), |it| resolved(view, it))?.as_number())
}

fn array(view: View<'_>, dictionary: &Dictionary, key: &str) -> Result<Vec<Object>> {
    match dictionary.get(key).map_or(Ok(Object::Null), |it| resolved(view, it))? {
        Object::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

fn resolved(view: View<'_>, object: &Object) -> Result<Object> {
    known(view.resolve(object))
}
