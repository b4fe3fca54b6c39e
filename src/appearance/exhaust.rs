//! Everything that reads fonts and pictures, for fuzzing and for tests with broken ones.

use super::form::{Turn, put_form};
use super::image::Transparency;
use super::{Appearance, Font, Image, Line, Subject};
use crate::encoding::pdf::{Reader, Update};
use crate::error::Result;
use crate::limits::Limits;
use crate::time::UtcTime;

/// As small as pages get.
const PAGE: &[u8] = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n\
<</Type/Pages/Kids[]/Count 0>>\nendobj\nxref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n\
0000000054 00000 n \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n100\n%%EOF\n";

/// Whether text in this font can be written.
pub(crate) fn font(bytes: &[u8]) -> bool {
    let written = Font::from_bytes(bytes, &limits()).and_then(|font| {
        let _ = font.has("ưỹ");
        written(&Appearance::words(font, vec![Line::Text("AaÁ1 .ệ".to_owned())]))
            .or_else(|_| written(&Appearance::words(font_of(bytes)?, vec![Line::TimeAlone])))
    });
    written.is_ok()
}

fn font_of(bytes: &[u8]) -> Result<Font> {
    Font::from_collection(bytes, 1, &limits()).or_else(|_| Font::from_bytes(bytes, &limits()))
}

/// Whether a picture of these bytes can be written.
pub(crate) fn image(bytes: &[u8]) -> bool {
    let image = Image::from_bytes(bytes, &limits());
    image.and_then(|it| written(&Appearance::picture(it, 40.0)?)).is_ok()
}

fn limits() -> Limits {
    Limits { image_pixels: 1 << 20, ..Limits::default() }
}

fn written(look: &Appearance) -> Result<()> {
    let subject = Subject {
        name: "An",
        email: None,
        organization: None,
        title: None,
        claimed_time: UtcTime::from_unix(0)?,
    };
    let limits = limits();
    let reader = Reader::open(&PAGE, &limits)?;
    let mut update = Update::new(&reader)?;
    let scene = look.natural(&subject)?;
    put_form(&mut update, &scene, Turn::None, Transparency::Soft)?;
    put_form(&mut update, &scene, Turn::Half, Transparency::Hard)?;
    update.finish(b"id").map(|_| ())
}
