//! All other operators (ISO 32000-2 Annex A): the graphics state, colours, marked
//! content, and what is drawn by name.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use super::geometry::{Matrix, Rect};
use super::machine::{Frame, Machine, Resources};
use super::marks::Ink;
use super::pictures::{Picture, Source};
use super::state::{Graphics, Paint, brightness};
use super::{known, numbers_of};
use crate::encoding::pdf::object::{Object, Stream};
use crate::error::Result;

const FILL: Paint = Paint { fill: true, stroke: false };

impl Machine<'_> {
    pub(super) fn execute(&mut self, operator: &[u8], operands: &[Object]) -> Result<()> {
        let known = self.path(operator, operands)?
            || self.text(operator, operands)?
            || self.graphics(operator, operands)?
            || self.colour(operator, operands)?
            || self.named(operator, operands)?
            || self.marked_content(operator, operands)?;
        if !known {
            self.doubt("an unknown operator");
        }
        Ok(())
    }

    fn graphics(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        match operator {
            b"q" | b"Q" if !operands.is_empty() => self.wrong(),
            b"q" => self.save()?,
            b"Q" => self.restore(),
            b"cm" => {
                if let Some(numbers) = self.numbers(operands) {
                    self.state.matrix = Matrix(numbers).then(&self.state.matrix);
                }
            }
            b"w" => self.state.line_width = self.one(operands),
            b"M" => self.state.miter_limit = self.one(operands).abs(),
            b"j" => self.state.mitered = self.one(operands) == 0.0,
            b"J" | b"i" => drop(self.one(operands)),
            b"d" if matches!(operands, [Object::Array(_), _]) => {}
            b"ri" if matches!(operands, [Object::Name(_)]) => {}
            b"gs" => self.graphics_state(operands)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn wrong(&mut self) {
        self.doubt("the operands of an operator");
    }

    fn one(&mut self, operands: &[Object]) -> f64 {
        self.numbers(operands).map_or(f64::NAN, |[it]| it)
    }

    fn named_resource(
        &mut self,
        category: &'static str,
        operands: &[Object],
    ) -> Result<Rc<Object>> {
        match operands {
            [Object::Name(name)] => self.resource(category, name),
            _ => Ok(Rc::new(Object::Null)),
        }
    }

    /// ISO 32000-2 §8.4.5.
    fn graphics_state(&mut self, operands: &[Object]) -> Result<()> {
        let object = self.named_resource("ExtGState", operands)?;
        let object = known(self.view.resolve(&object))?;
        let Object::Dictionary(parameters) = object else {
            self.wrong();
            return Ok(());
        };
        for entry in parameters.entries() {
            let value = known(self.view.resolve(&entry.value))?;
            self.parameter(&entry.key, &value)?;
        }
        Ok(())
    }

    fn parameter(&mut self, key: &[u8], value: &Object) -> Result<()> {
        let number = value.as_number();
        let is = |name: &str| value.as_name() == Some(name.as_bytes());
        let off = matches!(value, Object::Boolean(false));
        match key {
            b"LW" => self.state.line_width = number.unwrap_or(f64::NAN),
            b"ML" => self.state.miter_limit = number.unwrap_or(f64::NAN).abs(),
            b"LJ" => self.state.mitered = number == Some(0.0),
            b"CA" => self.state.stroke_opacity = number.unwrap_or(f64::NAN),
            b"ca" => self.state.opacity = number.unwrap_or(f64::NAN),
            b"BM" => {
                self.state.blended = !is("Normal") && !is("Compatible");
                self.state.darkening = is("Multiply") || is("Darken");
            }
            b"SMask" => self.state.masked = !is("None"),
            b"Font" => match value.as_array() {
                Some([font, size]) => {
                    let font = self.font_of(font)?;
                    self.set_font(font, size.as_number());
                }
                _ => self.wrong(),
            },
            b"Type" | b"LC" | b"D" | b"RI" | b"FL" | b"SM" | b"SA" | b"AIS" | b"TK" | b"OPM" => {}
            b"OP" | b"op" => self.state.altered |= !off,
            // Halftones, transfer functions and what is not known.
            _ => self.state.altered = true,
        }
        Ok(())
    }

    fn colour(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        let colour = match operator {
            b"g" | b"G" => self.numbers::<1>(operands).and_then(|it| brightness(&it)),
            b"rg" | b"RG" => self.numbers::<3>(operands).and_then(|it| brightness(&it)),
            b"k" | b"K" => self.numbers::<4>(operands).and_then(|it| brightness(&it)),
            b"cs" | b"CS" => {
                let plain = self.is_plain_space(operands)?;
                let space = (None, plain);
                if operator == b"cs" {
                    (self.state.fill, self.state.fill_plain) = space;
                } else {
                    (self.state.stroke, self.state.stroke_plain) = space;
                }
                return Ok(true);
            }
            b"sc" | b"scn" | b"SC" | b"SCN" => {
                let components: Option<Vec<f64>> = operands.iter().map(Object::as_number).collect();
                let colour = components.and_then(|it| brightness(&it));
                if operator.first() == Some(&b's') {
                    self.state.fill = colour.filter(|_| self.state.fill_plain);
                } else {
                    self.state.stroke = colour.filter(|_| self.state.stroke_plain);
                }
                return Ok(true);
            }
            _ => return Ok(false),
        };
        if matches!(operator, b"g" | b"rg" | b"k") {
            (self.state.fill, self.state.fill_plain) = (colour, true);
        } else {
            (self.state.stroke, self.state.stroke_plain) = (colour, true);
        }
        Ok(true)
    }

    /// Whether components are gray, red, green and blue, or inks, as with devices.
    fn is_plain_space(&mut self, operands: &[Object]) -> Result<bool> {
        const DEVICES: [&[u8]; 3] = [b"DeviceGray", b"DeviceRGB", b"DeviceCMYK"];
        const ALIKE: [&[u8]; 3] = [b"CalGray", b"CalRGB", b"ICCBased"];
        let [Object::Name(name)] = operands else {
            self.wrong();
            return Ok(false);
        };
        if DEVICES.contains(&name.as_slice()) {
            return Ok(true);
        }
        let space = self.named_resource("ColorSpace", operands)?;
        let space = known(self.view.resolve(&space))?;
        let family = match &space {
            Object::Array(items) => items.first().and_then(Object::as_name),
            space => space.as_name(),
        };
        Ok(family.is_some_and(|it| DEVICES.contains(&it) || ALIKE.contains(&it)))
    }

    fn named(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        match operator {
            b"Do" => self.external_object(operands)?,
            // Over all that is not clipped (§8.7.4.2).
            b"sh" if matches!(operands, [Object::Name(_)]) => {
                self.draw(Ink::Shading, self.state.clip, FILL)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn external_object(&mut self, operands: &[Object]) -> Result<()> {
        let object = self.named_resource("XObject", operands)?;
        let reference = object.as_reference();
        let circle = |frame: &Frame| reference.is_some() && frame.reference == reference;
        if self.frames.iter().any(circle) {
            self.doubt("a form that draws itself");
            return Ok(());
        }
        let Object::Stream(stream) = known(self.view.resolve(&object))? else {
            self.doubt("an external object that is not there");
            return Ok(());
        };
        // Other files, and other pictures when printed (§8.9.5.4, §8.10.4, §14.11.7).
        if ["Ref", "OPI", "Alternates"].iter().any(|it| stream.dictionary.contains(it)) {
            self.doubt("an external object that stands for another");
        }
        let kind = known(self.view.value(&stream.dictionary, "Subtype"))?;
        match kind.as_name() {
            Some(b"Image") => self.external_image(stream),
            Some(b"Form") => {
                let (state, mut frame) = match self.form(&stream)? {
                    Some(form) => form,
                    None => return Ok(()),
                };
                frame.reference = reference;
                self.enter(state, frame)
            }
            _ => {
                self.doubt("an external object of an unknown type");
                Ok(())
            }
        }
    }

    /// What drawing a form begins with (ISO 32000-2 §8.10.1).
    pub(super) fn form(&mut self, stream: &Stream) -> Result<Option<(Graphics, Frame)>> {
        let dictionary = &stream.dictionary;
        let value = |key| numbers_of(self.view, dictionary, key);
        let (matrix, bounds, group) = (value("Matrix")?, value("BBox")?, value("Group")?);
        let matrix = match &matrix {
            Object::Null => Some(Matrix::IDENTITY),
            matrix => matrix.as_array().and_then(Matrix::of),
        };
        let bounds = bounds.as_array().and_then(Rect::of);
        let content = known(self.view.decoded(stream).map(Some))?;
        let (Some(matrix), Some(bounds), Some(content)) = (matrix, bounds, content) else {
            self.doubt("a form that cannot be read");
            return Ok(None);
        };
        self.spend(content.len())?;
        let resources = match known(self.view.dictionary(dictionary, "Resources"))? {
            Some(resources) => {
                let new = || Rc::new(Resources::new(resources));
                Rc::clone(self.resources.entry(stream.reference).or_insert_with(new))
            }
            // As older writers have it (§7.8.3).
            None => self.frames.last().map(|it| Rc::clone(&it.resources)).unwrap_or_default(),
        };
        let mut state = self.state.clone();
        state.matrix = matrix.then(&state.matrix);
        state.grouped |= !group.is_null();
        if let Some(group) = group.as_dictionary()
            && known(self.view.value(group, "S"))?.as_name() == Some(b"Transparency")
        {
            let isolated = known(self.view.value(group, "I"))?;
            state.begin_group(!matches!(isolated, Object::Null | Object::Boolean(false)));
        }
        let place = state.matrix.bounds(&bounds);
        state.ragged |= !state.matrix.is_upright();
        state.clip = state.clip.common(&place).unwrap_or(Rect::NOWHERE);
        let mut frame = Frame::new(content, resources, 0);
        frame.optional = dictionary.contains("OC");
        Ok(Some((state, frame)))
    }

    /// An image that may be drawn again: what it is is kept once.
    fn external_image(&mut self, stream: Stream) -> Result<()> {
        let stream = self.images.entry(stream.reference).or_insert_with(|| Rc::new(stream));
        let source = Source::External(Rc::clone(stream));
        self.image(source)
    }

    /// Draws an image on the unit square.
    pub(super) fn image(&mut self, source: Source) -> Result<()> {
        let place = self.state.matrix.bounds(&Rect::UNIT);
        let mut how = self.state.how(&place, FILL);
        let dictionary = source.dictionary();
        how.optional = dictionary.contains("OC");
        how.masked = ["SMask", "Mask", "ImageMask"].iter().any(|it| dictionary.contains(it));
        let (matrix, colour) = (self.state.matrix, self.state.fill);
        self.add_picture(Picture { matrix, source, colour }, place, how)
    }

    /// ISO 32000-2 §14.6, §8.11.3.
    fn marked_content(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        let Some(frame) = self.frames.last_mut() else { return Ok(false) };
        match (operator, operands) {
            (b"BMC", [Object::Name(_)]) => frame.marked.push(false),
            (b"BDC", [Object::Name(tag), Object::Name(_) | Object::Dictionary(_)]) => {
                frame.marked.push(tag == b"OC");
                self.note_properties();
            }
            (b"EMC", []) => {
                if frame.marked.pop().is_none() {
                    self.doubt("marked content that ends without having begun");
                }
            }
            (b"MP", [Object::Name(_)]) | (b"DP", [Object::Name(_), _]) => return Ok(true),
            // What is unknown between them is to be passed over, which not all do.
            (b"BX" | b"EX", []) => return Ok(true),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
