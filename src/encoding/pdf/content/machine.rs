//! The machine that content is a program for (ISO 32000-2 §7.8, Annex A).
//!
//! Forms within forms are frames on a stack of its own. What is not understood is said,
//! and what follows is drawn as if it had not been there.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::effort::Effort;
use super::font::Font;
use super::geometry::{Matrix, Rect, numbers};
use super::known;
use super::marks::{Doubt, How, Ink, Mark, Marks, Part};
use super::paths::Path;
use super::pictures::{Picture, Source};
use super::state::{Graphics, Paint};
use super::tokens::{Token, Tokens};
use crate::encoding::pdf::object::{Dictionary, Object, Reference, Stream};
use crate::encoding::pdf::reader::View;
use crate::error::Result;
use crate::limits::{Limits, within};

pub(super) struct Machine<'r> {
    pub(super) view: View<'r>,
    limits: &'r Limits,
    pub(super) frames: Vec<Frame>,
    pub(super) saved: Vec<Graphics>,
    pub(super) state: Graphics,
    pub(super) path: Path,
    pub(super) fonts: Vec<Rc<Font>>,
    pub(super) fonts_by_reference: HashMap<Reference, usize>,
    /// What is left for the outlines of all fonts.
    pub(super) effort: Effort,
    /// The resources of forms that have their own: a form may be drawn as often as one likes.
    pub(super) resources: HashMap<Reference, Rc<Resources>>,
    pub(super) images: HashMap<Reference, Rc<Stream>>,
    /// The graphics state that the page begins with.
    first: Graphics,
    /// Where each content stream of the page ends, behind one another.
    ends: Vec<usize>,
    part: usize,
    properties: bool,
    underflows: usize,
    operators: usize,
    bytes: usize,
    found: Marks,
}

/// A page, or a form that it draws.
pub(super) struct Frame {
    tokens: Tokens,
    operands: Vec<Object>,
    pub(super) resources: Rc<Resources>,
    /// How many states were saved before it.
    pub(super) base: usize,
    pub(super) reference: Option<Reference>,
    /// For each marked content that is open, whether it may be switched off.
    pub(super) marked: Vec<bool>,
    /// Whether all of it may be switched off.
    pub(super) optional: bool,
    /// The matrices of text and of its line, between `BT` and `ET`.
    pub(super) text: Option<(Matrix, Matrix)>,
}

/// What content may name (ISO 32000-2 §7.8.3).
#[derive(Default)]
pub(super) struct Resources {
    dictionary: Dictionary,
    /// The categories that were asked for, each put in order once: a page may name as many
    /// resources as it has.
    categories: RefCell<HashMap<&'static str, Category>>,
    /// The fonts that were asked for.
    pub(super) fonts: RefCell<HashMap<Vec<u8>, usize>>,
}

/// Resources of one category by their names; of two of one name, the last.
type Category = Rc<HashMap<Vec<u8>, Rc<Object>>>;

impl Resources {
    pub(super) fn new(dictionary: Dictionary) -> Self {
        Self { dictionary, ..Self::default() }
    }

    fn category(&self, view: View<'_>, name: &'static str) -> Result<Category> {
        if let Some(found) = self.categories.borrow().get(name) {
            return Ok(Rc::clone(found));
        }
        let all = known(view.value(&self.dictionary, name))?;
        let entries = all.as_dictionary().map(Dictionary::entries).unwrap_or_default();
        let by_name = entries.iter().map(|it| (it.key.clone(), Rc::new(it.value.clone())));
        let category = Category::new(by_name.collect());
        self.categories.borrow_mut().insert(name, Rc::clone(&category));
        Ok(category)
    }
}

/// So many are told; what is certain is lost with the first.
const DOUBTS: usize = 64;

impl Frame {
    pub(super) fn new(content: Vec<u8>, resources: Rc<Resources>, base: usize) -> Self {
        Self {
            tokens: Tokens::new(content),
            operands: Vec::new(),
            resources,
            base,
            reference: None,
            marked: Vec::new(),
            optional: false,
            text: None,
        }
    }
}

impl<'r> Machine<'r> {
    pub(super) fn new(view: View<'r>, state: Graphics, limits: &'r Limits) -> Self {
        Self {
            view,
            limits,
            frames: Vec::new(),
            saved: Vec::new(),
            first: state.clone(),
            state,
            path: Path::default(),
            fonts: Vec::new(),
            fonts_by_reference: HashMap::new(),
            effort: Effort::default(),
            resources: HashMap::new(),
            images: HashMap::new(),
            ends: Vec::new(),
            part: 0,
            properties: false,
            underflows: 0,
            operators: 0,
            bytes: 0,
            found: Marks::default(),
        }
    }

    /// Content that several streams hold, one behind the other; their bytes are spent.
    pub(super) fn begin(&mut self, streams: Vec<Vec<u8>>, resources: Dictionary) {
        let mut content = Vec::new();
        for stream in streams {
            content.extend(stream);
            self.ends.push(content.len());
            // Nothing goes on from one to the next but what white space may part (§7.8.2).
            content.push(b'\n');
        }
        self.frames.push(Frame::new(content, Rc::new(Resources::new(resources)), 0));
    }

    /// A form, as if it were a page.
    pub(super) fn begin_form(&mut self, state: Graphics, frame: Frame) {
        self.first = state.clone();
        self.state = state;
        self.frames.push(frame);
    }

    /// Until the last frame has ended.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`.
    pub(super) fn run(mut self) -> Result<Marks> {
        loop {
            let page = self.frames.len() == 1;
            let Some(frame) = self.frames.last_mut() else { return Ok(self.found) };
            let before = frame.tokens.at();
            let token = frame.tokens.next(self.limits)?;
            let behind = frame.tokens.at();
            if page {
                self.comments(before);
                self.seams(token.as_ref());
                self.pass(if token.is_none() { usize::MAX } else { behind });
            }
            match token {
                None => self.leave(),
                Some(token) => self.step(token)?,
            }
        }
    }

    fn step(&mut self, token: Token) -> Result<()> {
        self.operators = self.operators.saturating_add(1);
        within(self.operators, self.limits.pdf_content_operators, "operators of page content")?;
        match token {
            Token::Operand(object) => {
                let Some(frame) = self.frames.last_mut() else { return Ok(()) };
                frame.operands.push(object);
                Ok(())
            }
            Token::Operator(operator) => {
                let frame = self.frames.last_mut();
                let operands = frame.map(|it| std::mem::take(&mut it.operands)).unwrap_or_default();
                self.execute(&operator, &operands)
            }
            Token::Image(dictionary, data) => {
                self.operands_left();
                self.image(Source::Inline(dictionary, data))
            }
            Token::Broken => {
                self.doubt("content that is broken");
                Ok(())
            }
        }
    }

    fn operands_left(&mut self) {
        let left = self.frames.last_mut().map(|it| std::mem::take(&mut it.operands));
        if left.is_some_and(|it| !it.is_empty()) {
            self.doubt("operands without an operator");
        }
    }

    /// Says where a comment stands at the end of a stream that is not the last: some readers
    /// let it go on in the next one.
    fn comments(&mut self, before: usize) {
        let Some(frame) = self.frames.last() else { return };
        let followed = self.ends.len().saturating_sub(1);
        let ends = self.ends.iter().take(followed).skip(self.part);
        let mut ends = ends.take_while(|it| **it <= frame.tokens.at());
        if ends.any(|it| frame.tokens.is_comment(before, *it)) {
            self.doubt("a comment at the end of a content stream");
        }
    }

    /// Says where an operand does not end with its stream, or might go on in the next one:
    /// streams are divided between tokens only (§7.8.2), and readers differ in what they
    /// put between them.
    fn seams(&mut self, token: Option<&Token>) {
        let Some(frame) = self.frames.last() else { return };
        if !matches!(token, Some(Token::Operand(_) | Token::Image(..))) {
            return;
        }
        let followed = self.ends.len().saturating_sub(1);
        let ends = self.ends.iter().take(followed).enumerate().skip(self.part);
        let mut ends = ends.take_while(|it| *it.1 <= frame.tokens.at());
        let goes_on = |(part, end): (usize, &usize)| {
            // Streams without anything in them are no more than what parts them.
            let behind = self.ends.iter().skip(part.saturating_add(1));
            let empty = behind.zip(1..).take_while(|(it, n)| **it == end.saturating_add(*n));
            let next = end.saturating_add(empty.count()).saturating_add(1);
            frame.tokens.goes_on(*end, next)
        };
        if ends.any(goes_on) {
            self.doubt("an operand that goes on in the next content stream");
        }
    }

    /// Notes how the streams of the page left off that end before this place, up to
    /// which was read.
    fn pass(&mut self, behind: usize) {
        while self.ends.get(self.part).is_some_and(|end| *end < behind) {
            let Some(frame) = self.frames.last() else { return };
            let open = frame.text.is_some()
                || !frame.operands.is_empty()
                || !frame.marked.is_empty()
                || !self.path.is_empty();
            self.found.parts.push(Part {
                saved: self.saved.len(),
                underflows: self.underflows,
                pristine: self.state == self.first,
                open,
                properties: std::mem::take(&mut self.properties),
            });
            self.part = self.part.saturating_add(1);
        }
    }

    /// Ends a form, or the page: what it left is undone.
    fn leave(&mut self) {
        self.operands_left();
        let Some(frame) = self.frames.pop() else { return };
        if frame.text.is_some() || !self.path.is_empty() {
            self.doubt("content that ends within text or a path");
            self.path = Path::default();
        }
        self.saved.truncate(frame.base);
        if !self.frames.is_empty()
            && let Some(state) = self.saved.pop()
        {
            self.state = state;
        }
    }

    /// Draws a form in the state that is now, to come back to it.
    pub(super) fn enter(&mut self, state: Graphics, mut frame: Frame) -> Result<()> {
        let depth = self.frames.len().saturating_add(1);
        within(depth, self.limits.pdf_content_depth, "nested forms")?;
        self.save()?;
        frame.base = self.saved.len();
        frame.optional |= self.is_optional();
        self.state = state;
        self.frames.push(frame);
        Ok(())
    }

    pub(super) fn save(&mut self) -> Result<()> {
        self.saved.push(self.state.clone());
        within(self.saved.len(), self.limits.pdf_content_depth, "saved graphics states")
    }

    pub(super) fn restore(&mut self) {
        let base = self.frames.last().map_or(0, |it| it.base);
        // What a form is to leave behind is not its own.
        let own = self.saved.len() > base;
        if let Some(state) = own.then(|| self.saved.pop()).flatten() {
            self.state = state;
        } else {
            // Readers differ in what they make of it.
            self.underflows = self.underflows.saturating_add(1);
            self.doubt("a state is restored that was not saved");
        }
    }

    pub(super) fn note_properties(&mut self) {
        self.properties = true;
    }

    pub(super) fn is_optional(&self) -> bool {
        self.frames.last().is_some_and(|it| it.optional || it.marked.contains(&true))
    }

    /// Draws something, within the clipping path.
    pub(super) fn draw(&mut self, ink: Ink, place: Rect, paint: Paint) -> Result<()> {
        let how = self.state.how(&place, paint);
        self.add(ink, place, how)
    }

    pub(super) fn add(&mut self, ink: Ink, place: Rect, how: How) -> Result<()> {
        self.push(ink, place, how, None)
    }

    pub(super) fn add_picture(&mut self, picture: Picture, place: Rect, how: How) -> Result<()> {
        self.push(Ink::Image, place, how, Some(Rc::new(picture)))
    }

    fn push(
        &mut self,
        ink: Ink,
        place: Rect,
        how: How,
        picture: Option<Rc<Picture>>,
    ) -> Result<()> {
        let Some(place) = place.common(&self.state.clip) else { return Ok(()) };
        let how = How { optional: how.optional || self.is_optional(), ..how };
        self.found.marks.push(Mark { ink, place, part: self.part, how, picture });
        within(self.found.marks.len(), self.limits.pdf_content_marks, "marks on a page")
    }

    /// Says that something was not understood. It may have drawn anywhere, and what
    /// follows may be elsewhere than it seems.
    pub(super) fn doubt(&mut self, what: &'static str) {
        self.add_doubt(Doubt { what, part: self.part, of_glyphs: false });
    }

    /// Says that it cannot be told which glyphs a text has, or how wide they are.
    pub(super) fn doubt_glyphs(&mut self, what: &'static str) {
        self.add_doubt(Doubt { what, part: self.part, of_glyphs: true });
    }

    fn add_doubt(&mut self, doubt: Doubt) {
        if !self.found.doubts.contains(&doubt) && self.found.doubts.len() < DOUBTS {
            self.found.doubts.push(doubt);
        }
    }

    /// The operands as so many numbers, or a doubt.
    pub(super) fn numbers<const N: usize>(&mut self, operands: &[Object]) -> Option<[f64; N]> {
        let found = numbers(operands);
        if found.is_none() {
            self.doubt("the operands of an operator");
        }
        found
    }

    /// Counts decoded bytes.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        within(self.bytes, self.limits.pdf_content_bytes, "bytes of page content")
    }

    /// A resource of the page or form that is drawn; null where there is none.
    pub(super) fn resource(&self, category: &'static str, name: &[u8]) -> Result<Rc<Object>> {
        let Some(frame) = self.frames.last() else { return Ok(Rc::new(Object::Null)) };
        let category = frame.resources.category(self.view, category)?;
        Ok(category.get(name).map_or_else(|| Rc::new(Object::Null), Rc::clone))
    }
}
