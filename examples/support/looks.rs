//! What a signature in a PDF looks like, and where that goes.

use std::error::Error;
use std::fs;
use std::path::Path;

use kyso::appearance::{Appearance, CopyForm, Font, Image, Line, Placement, Side};
use kyso::{Limits, Source, pades};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where systems keep fonts that are like the one that the law asks for, or that one.
const FONTS: [&str; 6] = [
    "C:/Windows/Fonts/times.ttf",
    "/System/Library/Fonts/Supplemental/Times New Roman.ttf",
    "/usr/share/fonts/truetype/msttcorefonts/Times_New_Roman.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/liberation-serif/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
];

#[derive(Default)]
pub(crate) struct Looks {
    appearance: Option<String>,
    image: Option<String>,
    width: Option<f64>,
    font: Option<String>,
    texts: Vec<String>,
    copy: Option<String>,
    anchor: Option<String>,
    above: Option<String>,
    below: Option<String>,
    relative: Option<String>,
}

impl Looks {
    /// Whether the option is one of these.
    pub(crate) fn read(
        &mut self,
        option: &str,
        mut value: impl FnMut() -> Result<String, String>,
    ) -> Outcome<bool> {
        match option {
            "--appearance" => self.appearance = Some(value()?),
            "--image" => self.image = Some(value()?),
            "--width" => self.width = Some(value()?.parse()?),
            "--font" => self.font = Some(value()?),
            "--text" => self.texts.push(value()?),
            "--copy" => self.copy = Some(value()?),
            "--anchor" => self.anchor = Some(value()?),
            "--above" => self.above = Some(value()?),
            "--below" => self.below = Some(value()?),
            "--relative" => self.relative = Some(value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Gives a signature the look that was asked for, if one was.
    pub(crate) fn give<'a, S: Source + ?Sized>(
        &self,
        mut builder: pades::SignatureBuilder<'a, S>,
    ) -> Outcome<pades::SignatureBuilder<'a, S>> {
        if let Some(appearance) = self.appearance()? {
            builder = builder.appearance(appearance);
        }
        if let Some(placement) = self.placement()? {
            builder = builder.placement(placement);
        }
        Ok(builder)
    }

    fn appearance(&self) -> Outcome<Option<Appearance>> {
        let Some(name) = &self.appearance else { return Ok(None) };
        let appearance = match name.as_str() {
            "leader" => Appearance::leader(self.image()?, self.width.unwrap_or(45.0))?,
            "agency" => {
                let width = self.width.ok_or("the seal's real size: --width MILLIMETRES")?;
                Appearance::agency(self.image()?, width)?
            }
            "picture" => Appearance::picture(self.image()?, self.width.unwrap_or(45.0))?,
            "appendix" => {
                let number = self.texts.first().ok_or("number and notation: --text 15/QĐ-UBND")?;
                Appearance::appendix(self.font()?, number)
            }
            "copy" => Appearance::copy(self.font()?, self.form()?),
            "text" => self.words()?,
            other => return Err(format!("no appearance {other}").into()),
        };
        Ok(Some(appearance))
    }

    /// The labelled lines, unless others are given.
    fn words(&self) -> Outcome<Appearance> {
        let lines: Vec<Line> = self.texts.iter().map(|it| line(it)).collect();
        let words = match lines.is_empty() {
            true => Appearance::labelled(self.font()?),
            false => Appearance::words(self.font()?, lines),
        };
        Ok(if self.image.is_some() { words.beside(self.image()?) } else { words })
    }

    fn form(&self) -> Outcome<CopyForm> {
        match self.copy.as_deref().unwrap_or("sao-y") {
            "sao-y" => Ok(CopyForm::SaoY),
            "sao-luc" => Ok(CopyForm::SaoLuc),
            "trich-sao" => Ok(CopyForm::TrichSao),
            other => Err(format!("no form of copy {other}").into()),
        }
    }

    fn placement(&self) -> Outcome<Option<Placement>> {
        Ok(match (&self.anchor, &self.above, &self.below, &self.relative) {
            (None, None, None, None) => None,
            (Some(text), None, None, None) => Some(Placement::anchor(text, Side::Over)),
            (None, Some(above), Some(below), None) => Some(Placement::between(above, below)),
            (None, None, None, Some(field)) => Some(Placement::left_of(field)),
            _ => return Err("give --anchor, --above with --below, or --relative".into()),
        })
    }

    fn image(&self) -> Outcome<Image> {
        let path = self.image.as_ref().ok_or("this appearance needs --image FILE")?;
        Ok(Image::from_bytes(&read(path)?, &Limits::default())?)
    }

    fn font(&self) -> Outcome<Font> {
        let font = |path: &str| Outcome::Ok(Font::from_bytes(&read(path)?, &Limits::default())?);
        if let Some(path) = &self.font {
            return font(path);
        }
        let there = FONTS.iter().filter(|it| Path::new(it).is_file());
        // Not all that are like it have all of Vietnamese.
        let mut able = there.filter_map(|it| font(it).ok()).filter(|it| it.has("ƯỨẨỵễđ"));
        able.next().ok_or("no font like Times New Roman is found: --font FILE".into())
    }
}

/// `{signer}` and its like stand for what is signed.
fn line(text: &str) -> Line {
    match text {
        "{signer}" => Line::SignerAlone,
        "{time}" => Line::TimeAlone,
        text => Line::Text(text.to_owned()),
    }
}

fn read(path: &str) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{path}: {error}").into())
}
