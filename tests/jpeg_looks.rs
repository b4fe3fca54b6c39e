//! A picture in JPEG goes into a signature's look as it is: its pixels are seen where they
//! belong, as poppler draws them, where that is at hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // places on a page

#[path = "support/pictures.rs"]
mod pictures;
#[path = "support/skip.rs"]
mod skip;

use std::process::Command;

use kyso::appearance::{Appearance, Image};
use kyso::pades::SignatureBuilder;
use kyso::{Limits, SoftwareSigner, UtcTime};

/// Two lines of three: none is another one turned or mirrored.
const SQUARES: [[u8; 3]; 6] =
    [[200, 30, 40], [20, 150, 60], [30, 60, 190], [240, 210, 30], [250, 250, 250], [10, 10, 10]];

/// The first page in points, three bytes each, and how wide it is.
fn drawn(pdf: &[u8]) -> Option<(usize, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("page.pdf"), folder.path().join("page"));
    std::fs::write(&file, pdf).unwrap();
    let options = ["-cropbox", "-r", "72", "-singlefile"];
    let output = match Command::new("pdftoppm").args(options).args([&file, &out]).output() {
        Ok(output) => output,
        Err(error) => {
            skip::skipped(format_args!("pdftoppm: {error}"));
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let picture = std::fs::read(out.with_extension("ppm")).unwrap();
    // `P6`, width, height and the brightest level, each behind white space.
    let head = String::from_utf8_lossy(&picture[..picture.len().min(64)]).into_owned();
    let words: Vec<&str> = head.split_whitespace().take(4).collect();
    let [width, height] = [words[1], words[2]].map(|it| it.parse::<usize>().unwrap());
    assert_eq!((words[0], words[3]), ("P6", "255"));
    Some((width, picture[picture.len() - width * height * 3..].to_vec()))
}

fn signer() -> SoftwareSigner {
    let read = |name: &str| std::fs::read(format!("testdata/keys/rsa2048.{name}.pem")).unwrap();
    SoftwareSigner::from_encrypted_pem(&read("key"), "", &read("crt")).unwrap()
}

#[test]
fn the_pixels_of_a_jpeg_are_seen_where_they_belong() {
    /// Levels of 255: decoders round, and edges are smoothed.
    const CLOSE: u8 = 16;
    let image = Image::from_bytes(&pictures::jpeg(3, &SQUARES), &Limits::default()).unwrap();
    let millimetres = 60.0;
    let look = Appearance::picture(image, millimetres).unwrap();
    let page = pictures::page("/MediaBox[0 0 400 400]", "1 0 0 1 0 0", &[(20.0, 20.0, 9.0, "A")]);
    let at: UtcTime = "2026-06-15T07:00:00+07:00".parse().unwrap();
    let size = millimetres * 72.0 / 25.4;
    let (left, bottom) = (100.0, 150.0);
    let signed = SignatureBuilder::new(&page, at)
        .rectangle([left, bottom, left + size, bottom + size * 2.0 / 3.0])
        .appearance(look)
        .sign(&signer())
        .unwrap();
    let Some((width, pixels)) = drawn(&signed) else { return };
    assert_eq!((width, pixels.len()), (400, 400 * 400 * 3));
    let square = size / 3.0;
    for (n, wanted) in SQUARES.iter().enumerate() {
        let (column, line) = ((n % 3) as f64, (n / 3) as f64);
        let x = left + square * (column + 0.5);
        let y = 400.0 - (bottom + square * (1.5 - line));
        let at = (y as usize * width + x as usize) * 3;
        let seen = &pixels[at..at + 3];
        let apart = seen.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(CLOSE), "square {n}: {seen:?}, and not {wanted:?}");
    }
    // Around it there is paper.
    let at = (200 * width + 60) * 3;
    assert_eq!(pixels[at..at + 3], [255; 3]);
}
