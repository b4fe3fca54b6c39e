//! The looks: of any signature, and those of Decree 30/2020/NĐ-CP, Annex I.

use super::font::Font;
use super::geometry::{MILLIMETRE, Rectangle, Size};
use super::image::Image;
use super::scene::{Mark, Scene};
use super::text::{Block, Sizes, set};
use super::words::{Line, Subject, TimeFormat};
use crate::error::{Error, Result};

/// What a signature looks like.
///
/// The ready-made looks have the geometry of Decree 30/2020/NĐ-CP, Annex I:
/// [`leader`](Self::leader), [`agency`](Self::agency), [`appendix`](Self::appendix) and
/// [`copy`](Self::copy). [`labelled`](Self::labelled) names the signer as programs in
/// Vietnam do; [`words`](Self::words) and [`picture`](Self::picture) are free.
///
/// Words are never wider or higher than their place: they get smaller down to a floor,
/// then wrap at spaces, and then signing is refused.
#[derive(Debug, Clone)]
pub struct Appearance {
    pub(super) kind: Kind,
    time_format: TimeFormat,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Shrinks where there is less room.
    Leader(Picture),
    /// Always in real size.
    Agency(Picture),
    Words(Words),
}

#[derive(Debug, Clone)]
pub(super) struct Picture {
    image: Image,
    size: Size,
}

#[derive(Debug, Clone)]
pub(super) struct Words {
    font: Font,
    lines: Vec<Line>,
    sizes: Sizes,
    /// As much as they take where no place is given.
    most: Size,
    image: Option<Image>,
    framed: bool,
    /// Whether they belong to the top right of the first page.
    pub(super) in_corner: bool,
}

/// The form of a certified copy (Decree 30/2020/NĐ-CP, article 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyForm {
    /// *Sao y*: the whole of an original.
    SaoY,
    /// *Sao lục*: the whole of a copy.
    SaoLuc,
    /// *Trích sao*: a part of an original.
    TrichSao,
}

impl CopyForm {
    fn text(self) -> &'static str {
        match self {
            Self::SaoY => "Sao y",
            Self::SaoLuc => "Sao lục",
            Self::TrichSao => "Trích sao",
        }
    }
}

/// Decree 30/2020/NĐ-CP, Annex I: ten points, no more and no less.
const LAW: Sizes = Sizes { nominal: 10.0, floor: 10.0 };
/// Programs in the field go down to five points.
const FREE: Sizes = Sizes { nominal: 11.0, floor: 5.0 };
/// Around words.
const PADDING: f64 = 2.0;
const FRAME: f64 = 0.5;
/// Of a box with a picture and words.
const PICTURE_SHARE: f64 = 1.0 / 3.0;

fn millimetres(width: f64, height: f64) -> Size {
    Size { width: width * MILLIMETRE, height: height * MILLIMETRE }
}

impl Appearance {
    /// The leader's: a picture of the handwritten signature in blue on a transparent
    /// ground, so many millimetres wide; smaller where there is less room. It belongs in
    /// the middle between the position and the full name.
    ///
    /// # Errors
    /// `Misuse` when nothing can be seen through the picture, or for no width that a
    /// signature has.
    pub fn leader(signature: Image, width: f64) -> Result<Self> {
        Ok(Self::of(Kind::Leader(Picture::transparent(signature, width)?)))
    }

    /// The agency's: a picture of its red seal on a transparent ground, in real size, so
    /// many millimetres wide. It belongs over about one third of the leader's signature,
    /// on its left.
    ///
    /// # Errors
    /// As [`leader`](Self::leader).
    pub fn agency(seal: Image, width: f64) -> Result<Self> {
        Ok(Self::of(Kind::Agency(Picture::transparent(seal, width)?)))
    }

    /// The agency's on an appendix in a file of its own: the document's number and
    /// notation, such as `15/QĐ-UBND`, and the time. It belongs top right on the first
    /// page. The decree asks for Times New Roman.
    pub fn appendix(font: Font, number_and_notation: impl Into<String>) -> Self {
        Self::in_corner(font, vec![Line::Text(number_and_notation.into()), Line::TimeAlone])
    }

    /// The agency's on a certified copy: its form, the agency by its certificate, and
    /// the time. Place and font as for an [`appendix`](Self::appendix).
    #[must_use]
    pub fn copy(font: Font, form: CopyForm) -> Self {
        let form = Line::Text(form.text().to_owned());
        Self::in_corner(font, vec![form, Line::SignerAlone, Line::TimeAlone])
    }

    /// Who signed and when, each with its label: signer, address, agency, position,
    /// time, as far as the certificate says so.
    #[must_use]
    pub fn labelled(font: Font) -> Self {
        use Line::{Email, Organization, Signer, Time, Title};
        Self::words(font, vec![Signer, Email, Organization, Title, Time])
    }

    /// Any lines.
    #[must_use]
    pub fn words(font: Font, lines: Vec<Line>) -> Self {
        let most = millimetres(90.0, 60.0);
        let (image, framed, in_corner) = (None, false, false);
        Self::of(Kind::Words(Words { font, lines, sizes: FREE, most, image, framed, in_corner }))
    }

    /// Any picture, so many millimetres wide; smaller where there is less room.
    ///
    /// # Errors
    /// `Misuse` for no width that a signature has.
    pub fn picture(image: Image, width: f64) -> Result<Self> {
        Ok(Self::of(Kind::Leader(Picture::new(image, width)?)))
    }

    /// Puts a picture on the left third of the words; of other looks nothing changes.
    #[must_use]
    pub fn beside(mut self, image: Image) -> Self {
        if let Kind::Words(words) = &mut self.kind {
            words.image = Some(image);
        }
        self
    }

    /// Draws a line around the words; of other looks nothing changes.
    #[must_use]
    pub fn framed(mut self) -> Self {
        if let Kind::Words(words) = &mut self.kind {
            words.framed = true;
        }
        self
    }

    /// How the time is written.
    #[must_use]
    pub fn time_format(mut self, format: TimeFormat) -> Self {
        self.time_format = format;
        self
    }

    fn of(kind: Kind) -> Self {
        Self { kind, time_format: TimeFormat::default() }
    }

    fn in_corner(font: Font, lines: Vec<Line>) -> Self {
        // Between the middle of an A4 page and its right margin.
        let (sizes, most) = (LAW, millimetres(85.0, 40.0));
        let (image, framed, in_corner) = (None, false, true);
        Self::of(Kind::Words(Words { font, lines, sizes, most, image, framed, in_corner }))
    }

    /// What is to be drawn for a signature, in a box of its own size.
    ///
    /// # Errors
    /// `Misuse` when words do not fit, or the font lacks a letter of theirs;
    /// `Unsupported` when they are not drawn letter by letter.
    pub(crate) fn natural(&self, subject: &Subject<'_>) -> Result<Scene> {
        match &self.kind {
            Kind::Leader(picture) | Kind::Agency(picture) => Ok(picture.in_box(picture.size)),
            Kind::Words(words) => words.tight(&self.texts(words, subject)?),
        }
    }

    /// The same in a box of this size.
    ///
    /// # Errors
    /// As [`natural`](Self::natural); `Misuse` when a seal does not fit in real size.
    pub(crate) fn within(&self, room: Size, subject: &Subject<'_>) -> Result<Scene> {
        match &self.kind {
            Kind::Leader(picture) => Ok(picture.in_box(room)),
            Kind::Agency(picture) if picture.size.fits(room) => Ok(picture.in_box(room)),
            Kind::Agency(picture) => {
                let in_millimetres = |it: Size| {
                    format!("{:.1} × {:.1} mm", it.width / MILLIMETRE, it.height / MILLIMETRE)
                };
                Err(Error::misuse(format!(
                    "the seal's real size is {}, its place only {}",
                    in_millimetres(picture.size),
                    in_millimetres(room)
                )))
            }
            Kind::Words(words) => words.in_box(room, &self.texts(words, subject)?),
        }
    }

    /// The size it has where there is no more room: pictures keep their proportions, and
    /// words may get smaller or wrap.
    pub(super) fn shrunk(&self, size: Size, room: Size) -> Size {
        match &self.kind {
            Kind::Leader(_) => size.shrunk(room),
            Kind::Agency(_) => size,
            Kind::Words(_) => {
                Size { width: size.width.min(room.width), height: size.height.min(room.height) }
            }
        }
    }

    fn texts(&self, words: &Words, subject: &Subject<'_>) -> Result<Vec<String>> {
        let texts = words.lines.iter().map(|it| it.of(subject, self.time_format).transpose());
        texts.flatten().collect()
    }
}

impl Picture {
    fn new(image: Image, width: f64) -> Result<Self> {
        /// Of an A3 page.
        const MOST: f64 = 420.0;
        if !(1.0..=MOST).contains(&width) {
            return Err(Error::misuse(format!("a picture {width} mm wide is no signature's")));
        }
        let size = image.of_width(width * MILLIMETRE);
        Ok(Self { image, size })
    }

    fn transparent(image: Image, width: f64) -> Result<Self> {
        if !image.is_transparent() {
            return Err(Error::misuse(
                "the picture would hide what is beneath: it needs a transparent ground, as PNG has it",
            ));
        }
        Self::new(image, width)
    }

    fn in_box(&self, room: Size) -> Scene {
        let place = self.size.shrunk(room).centred(room);
        let marks = vec![Mark::Picture { image: self.image.clone(), place }];
        Scene { size: room, font: None, marks }
    }
}

impl Words {
    /// In a box that is no larger than they are.
    fn tight(&self, texts: &[String]) -> Result<Scene> {
        let beside = self.beside(self.most);
        let block = set(&self.font, texts, self.sizes, inner(self.most, beside))?;
        let width = block.size.width + 2.0 * PADDING;
        // The words have the rest of the width beside a picture.
        let width = if self.image.is_some() { width / (1.0 - PICTURE_SHARE) } else { width };
        let size = Size { width, height: block.size.height + 2.0 * PADDING };
        Ok(self.scene(size, block))
    }

    fn in_box(&self, room: Size, texts: &[String]) -> Result<Scene> {
        let block = set(&self.font, texts, self.sizes, inner(room, self.beside(room)))?;
        Ok(self.scene(room, block))
    }

    /// How much of the width a picture takes.
    fn beside(&self, room: Size) -> f64 {
        if self.image.is_some() { room.width * PICTURE_SHARE } else { 0.0 }
    }

    fn scene(&self, size: Size, block: Block) -> Scene {
        let beside = self.beside(size);
        let mut marks = Vec::new();
        if let Some(image) = &self.image {
            let room = Size {
                width: (beside - PADDING).max(1.0),
                height: (size.height - 2.0 * PADDING).max(1.0),
            };
            let mut place = image.of_width(room.width).stretched(room).centred(room);
            (place.left, place.bottom) = (place.left + PADDING, place.bottom + PADDING);
            marks.push(Mark::Picture { image: image.clone(), place });
        }
        // In the middle of the height, lines beginning on the left.
        let top = (size.height + block.size.height) / 2.0;
        for row in block.lines {
            let (left, base) = (beside + PADDING, top - row.base);
            let (glyphs, font_size) = (row.glyphs, block.font_size);
            marks.push(Mark::Row { glyphs, left, base, font_size });
        }
        if self.framed {
            let inside = Size { width: size.width - FRAME, height: size.height - FRAME };
            let place = Rectangle { left: FRAME / 2.0, bottom: FRAME / 2.0, size: inside };
            marks.push(Mark::Frame { place, line: FRAME });
        }
        Scene { size, font: Some(self.font.clone()), marks }
    }
}

/// What is left for words.
fn inner(room: Size, beside: f64) -> Size {
    Size { width: room.width - beside - 2.0 * PADDING, height: room.height - 2.0 * PADDING }
}
