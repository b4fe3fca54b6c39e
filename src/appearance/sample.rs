//! Fonts and pictures for tests.
#![allow(clippy::arithmetic_side_effects)]

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};

use super::{Font, Image, Subject};
use crate::limits::Limits;

/// With CFF outlines, like Times.
pub(super) fn serif() -> Font {
    Font::from_bytes(typst_assets::fonts().next().unwrap(), &Limits::default()).unwrap()
}

/// With TrueType outlines, in which accented letters are made of others.
pub(super) fn true_type() -> Font {
    Font::from_bytes(dejavu::serif::regular(), &Limits::default()).unwrap()
}

pub(super) fn subject() -> Subject<'static> {
    Subject {
        name: "Nguyễn Thị Ngọc Ẩn",
        email: Some("an@test.invalid"),
        organization: Some("Ủy ban nhân dân, Tỉnh Thử Nghiệm"),
        title: None,
        claimed_time: "2020-03-05T09:20:13Z".parse().unwrap(),
    }
}

/// A PNG of this colour type (0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA).
#[derive(Clone)]
pub(super) struct Png {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: u8,
    pub(super) colour: u8,
    pub(super) interlaced: bool,
    /// Kinds and data of the chunks before the pixels.
    pub(super) chunks: Vec<([u8; 4], Vec<u8>)>,
    /// The rows as they are compressed, each behind its filter.
    pub(super) rows: Vec<u8>,
}

impl Png {
    pub(super) fn new(width: u32, height: u32, colour: u8, depth: u8, rows: &[u8]) -> Self {
        let (interlaced, chunks) = (false, Vec::new());
        Self { width, height, depth, colour, interlaced, chunks, rows: rows.to_vec() }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = |kind: &[u8; 4], data: &[u8]| {
            let mut crc = Crc::new();
            crc.update(kind);
            crc.update(data);
            file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            file.extend_from_slice(kind);
            file.extend_from_slice(data);
            file.extend(crc.sum().to_be_bytes());
        };
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        header.extend([self.depth, self.colour, 0, 0, u8::from(self.interlaced)]);
        chunk(b"IHDR", &header);
        for (kind, data) in &self.chunks {
            chunk(kind, data);
        }
        let mut deflater = ZlibEncoder::new(Vec::new(), Compression::default());
        deflater.write_all(&self.rows).unwrap();
        chunk(b"IDAT", &deflater.finish().unwrap());
        chunk(b"IEND", b"");
        file
    }

    pub(super) fn read(&self) -> Image {
        Image::from_bytes(&self.write(), &Limits::default()).unwrap()
    }
}

/// RGBA of one colour, wholly transparent in its last pixel.
pub(super) fn picture(width: u32, height: u32) -> Image {
    let mut rows = Vec::new();
    for _ in 0..height {
        rows.push(0);
        rows.extend([20, 50, 160, 255].repeat(usize::try_from(width).unwrap()));
    }
    *rows.last_mut().unwrap() = 0;
    Png::new(width, height, 6, 8, &rows).read()
}

/// The head of a JPEG with these components, some segments, and no pixels.
pub(super) fn jpeg(components: u8, segments: &[u8]) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    file.extend_from_slice(segments);
    let mut frame = vec![8, 0, 2, 0, 3, components];
    for n in 0..components {
        frame.extend([n + 1, 0x11, 0]);
    }
    file.extend([0xff, 0xc0, 0, u8::try_from(frame.len() + 2).unwrap()]);
    file.extend(frame);
    file.extend([0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9]);
    file
}
