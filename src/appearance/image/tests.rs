use super::*;
use crate::appearance::sample::{Png, jpeg};
use crate::error::ErrorKind;

fn read(data: &[u8]) -> Result<Image> {
    Image::from_bytes(data, &Limits::default())
}

fn samples(image: &Image) -> &[u8] {
    match &image.0.data {
        Data::Plain(samples) => samples,
        Data::Jpeg(file) => file,
    }
}

#[test]
fn every_kind_of_png() {
    let grey = Png::new(2, 2, 0, 8, &[0, 10, 20, 0, 30, 40]).read();
    assert_eq!((samples(&grey), grey.is_transparent()), (&[10, 20, 30, 40][..], false));
    let bits = Png::new(8, 1, 0, 1, &[0, 0b1010_0001]).read();
    assert_eq!(samples(&bits), [255, 0, 255, 0, 0, 0, 0, 255]);
    let deep = Png::new(1, 1, 6, 16, &[0, 200, 1, 100, 2, 50, 3, 128, 4]).read();
    assert_eq!((samples(&deep), deep.0.alpha.as_deref()), (&[200, 100, 50][..], Some(&[128][..])));
    let grey_with_alpha = Png::new(2, 1, 4, 8, &[0, 9, 255, 8, 7]).read();
    assert_eq!(samples(&grey_with_alpha), [9, 8]);
    assert_eq!(grey_with_alpha.0.alpha.as_deref(), Some(&[255, 7][..]));
    let mut palette = Png::new(4, 1, 3, 2, &[0, 0b00_01_10_00]);
    palette.chunks.push((*b"PLTE", vec![1, 2, 3, 4, 5, 6, 7, 8, 9]));
    palette.chunks.push((*b"tRNS", vec![255, 0]));
    let palette = palette.read();
    assert_eq!(samples(&palette), [1, 2, 3, 255, 255, 255, 7, 8, 9, 1, 2, 3]);
    assert_eq!(palette.0.alpha.as_deref(), Some(&[255, 0, 255, 255][..]));
    let keyed = Png { chunks: vec![(*b"tRNS", vec![0, 20])], ..Png::new(2, 1, 0, 8, &[0, 10, 20]) };
    assert_eq!(keyed.read().0.alpha.as_deref(), Some(&[255, 0][..]));
}

/// Adam7 (ISO/IEC 15948 §8.2) of three by three pixels: four of its passes have any.
#[test]
fn an_interlaced_png() {
    let rows = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6];
    let png = Png { interlaced: true, ..Png::new(3, 3, 0, 8, &rows) };
    assert_eq!(samples(&png.read()), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

/// What is not seen is not kept either.
#[test]
fn nothing_is_hidden_where_a_picture_is_transparent() {
    let image = Png::new(2, 1, 6, 8, &[0, 1, 2, 3, 0, 4, 5, 6, 1]).read();
    assert_eq!(samples(&image), [255, 255, 255, 4, 5, 6]);
}

#[test]
fn stencils_hide_what_is_mostly_transparent() {
    let pixels = Png::new(
        9,
        1,
        4,
        8,
        &[0, 0, 255, 0, 127, 0, 128, 0, 0, 0, 9, 0, 255, 0, 255, 0, 255, 0, 1],
    );
    let image = pixels.read();
    assert_eq!(image.0.stencil(image.0.alpha.as_deref().unwrap()), [0b0101_1000, 0b1000_0000]);
}

#[test]
fn bounds_come_before_memory() {
    let limits = Limits { image_pixels: 3, ..Limits::default() };
    let small = Png::new(2, 2, 0, 8, &[0, 10, 20, 0, 30, 40]).write();
    let large = Image::from_bytes(&small, &limits).unwrap_err();
    assert_eq!(large.kind(), ErrorKind::LimitExceeded);
    let huge = Png::new(0x7fff_ffff, 0x7fff_ffff, 6, 16, &[0]).write();
    assert_eq!(read(&huge).unwrap_err().kind(), ErrorKind::LimitExceeded);
    let limits = Limits { image_bytes: 10, ..Limits::default() };
    let long = Image::from_bytes(&small, &limits).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::LimitExceeded);
    assert_eq!(read(&small[..small.len() - 20]).unwrap_err().kind(), ErrorKind::Malformed);
    assert_eq!(read(b"GIF89a").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_jpeg_goes_through_without_what_is_personal() {
    let jfif = b"\xff\xe0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
    let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x01";
    let exif = b"\xff\xe1\0\x0cExif\0\0GPS!";
    let comment = b"\xff\xfe\0\x08secret";
    let segments = [&jfif[..], exif, adobe, comment].concat();
    let mut file = jpeg(3, &segments);
    // Cameras and telephones put a second picture there.
    file.extend_from_slice(&jpeg(3, exif));
    let image = read(&file).unwrap();
    assert_eq!((image.width(), image.height(), image.0.colours), (3, 2, Colours::Rgb));
    assert_eq!(samples(&image), jpeg(3, &[&jfif[..], adobe].concat()));
    assert_eq!(read(&jpeg(1, b"")).unwrap().0.colours, Colours::Grey);
}

/// Progressive ones have many, with tables between them, restart markers and stuffed bytes
/// within, and none of them is the end.
#[test]
fn every_scan_of_a_jpeg_is_kept() {
    let sound = jpeg(3, b"");
    let body = &sound[..sound.len() - 2];
    let table = b"\xff\xc4\0\x06\xff\xd9\xff\xd9";
    let scan = b"\xff\xda\0\x02\x01\xff\0\xff\xd0\x02";
    let comment = b"\xff\xfe\0\x08secret";
    let file = [body, table, scan, comment, b"\xff\xd9behind"].concat();
    assert_eq!(samples(&read(&file).unwrap()), [body, table, scan, b"\xff\xd9"].concat());
}

#[test]
fn jpegs_that_pdf_does_not_show() {
    let error = read(&jpeg(4, b"")).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("CMYK"));
    let sound = jpeg(3, b"");
    let mut lossless = sound.clone();
    lossless[3] = 0xc3;
    assert_eq!(read(&lossless).unwrap_err().kind(), ErrorKind::Unsupported);
    for end in 2..sound.len() {
        assert_eq!(read(&sound[..end]).unwrap_err().kind(), ErrorKind::Malformed, "{end}");
    }
    let mut flat = sound;
    flat[7..9].fill(0);
    assert_eq!(read(&flat).unwrap_err().kind(), ErrorKind::Malformed);
}
