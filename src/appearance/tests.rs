use unicode_normalization::UnicodeNormalization;

use super::form::Turn;
use super::geometry::{MILLIMETRE, Rectangle, Size};
use super::image::Transparency;
use super::page::Page;
use super::sample::{picture, serif, subject, true_type};
use super::scene::{Mark, Scene};
use super::*;
use crate::encoding::pdf::{Reader, Update, page_at, sample as pdf};
use crate::error::ErrorKind;
use crate::limits::Limits;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.01
}

fn millimetres(width: f64, height: f64) -> Size {
    Size { width: width * MILLIMETRE, height: height * MILLIMETRE }
}

/// The text of a scene, and how wide and high its letters reach.
fn rows(scene: &Scene) -> Vec<(String, Rectangle)> {
    let mut rows = Vec::new();
    for mark in &scene.marks {
        let Mark::Row { glyphs, left, base, font_size } = mark else { continue };
        let points = |it: f64| it * font_size / 1000.0;
        let heights = || glyphs.iter().filter_map(|it| it.height);
        let (low, high) = (
            heights().map(|it| it.0).fold(f64::MAX, f64::min),
            heights().map(|it| it.1).fold(f64::MIN, f64::max),
        );
        let size = Size {
            width: glyphs.iter().map(|it| points(it.advance)).sum(),
            height: points(high - low),
        };
        let text = glyphs.iter().map(|it| it.letter).collect();
        rows.push((text, Rectangle { left: *left, bottom: base + points(low), size }));
    }
    rows
}

fn place_of_picture(scene: &Scene) -> Rectangle {
    let picture = scene.marks.iter().find_map(|it| match it {
        Mark::Picture { place, .. } => Some(*place),
        _ => None,
    });
    picture.unwrap()
}

fn inside(inner: Rectangle, outer: Size) -> bool {
    inner.left > -0.01
        && inner.bottom > -0.01
        && inner.right() < outer.width + 0.01
        && inner.top() < outer.height + 0.01
}

#[test]
fn a_leaders_signature_is_centred_and_keeps_its_proportions() {
    let look = Appearance::leader(picture(300, 100), 60.0).unwrap();
    let natural = look.natural(&subject()).unwrap();
    assert!(close(natural.size.width, 60.0 * MILLIMETRE));
    assert!(close(natural.size.height, 20.0 * MILLIMETRE));
    for room in [millimetres(80.0, 40.0), millimetres(30.0, 40.0), millimetres(90.0, 5.0)] {
        let scene = look.within(room, &subject()).unwrap();
        let place = place_of_picture(&scene);
        assert!(inside(place, room));
        assert!(close(place.left, room.width - place.right()));
        assert!(close(place.bottom, room.height - place.top()));
        assert!(close(place.size.width, 3.0 * place.size.height));
        assert!(place.size.width <= 60.0 * MILLIMETRE + 0.01, "never larger than asked");
    }
}

#[test]
fn a_seal_is_in_real_size_or_not_at_all() {
    let look = Appearance::agency(picture(200, 200), 40.0).unwrap();
    let scene = look.within(millimetres(50.0, 45.0), &subject()).unwrap();
    assert!(close(place_of_picture(&scene).size.width, 40.0 * MILLIMETRE));
    assert!(close(place_of_picture(&scene).size.height, 40.0 * MILLIMETRE));
    let error = look.within(millimetres(50.0, 39.0), &subject()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("40.0 × 40.0 mm"), "{error}");
}

#[test]
fn what_would_hide_the_leaders_hand_is_no_seal() {
    let opaque = sample::Png::new(1, 1, 2, 8, &[0, 200, 0, 0]).read();
    assert!(!opaque.is_transparent());
    assert_eq!(Appearance::agency(opaque.clone(), 40.0).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(Appearance::leader(opaque.clone(), 40.0).unwrap_err().kind(), ErrorKind::Misuse);
    assert!(Appearance::picture(opaque.clone(), 40.0).is_ok());
    assert!(Appearance::picture(opaque, f64::NAN).is_err());
}

#[test]
fn words_of_the_decree() {
    let texts = |look: Appearance| {
        let scene = look.natural(&subject()).unwrap();
        for mark in &scene.marks {
            let Mark::Row { font_size, .. } = mark else { panic!("words only") };
            assert!(close(*font_size, 10.0));
        }
        rows(&scene).into_iter().map(|it| it.0).collect::<Vec<_>>()
    };
    let appendix = Appearance::appendix(serif(), "15/QĐ-UBND");
    assert_eq!(texts(appendix), ["15/QĐ-UBND", "2020-03-05T16:20:13+07:00"]);
    let copy = Appearance::copy(serif(), CopyForm::TrichSao).time_format(TimeFormat::Dotted);
    assert_eq!(texts(copy), ["Trích sao", "Nguyễn Thị Ngọc Ẩn", "05.03.2020 16:20:13 +07:00"]);
}

#[test]
fn labels_stand_only_before_what_the_certificate_says() {
    let scene = Appearance::labelled(serif()).natural(&subject()).unwrap();
    let texts: Vec<String> = rows(&scene).into_iter().map(|it| it.0).collect();
    assert_eq!(
        texts,
        [
            "Người ký: Nguyễn Thị Ngọc Ẩn",
            "Email: an@test.invalid",
            "Cơ quan: Ủy ban nhân dân, Tỉnh Thử Nghiệm",
            "Thời gian ký: 2020-03-05T16:20:13+07:00",
        ]
    );
}

/// Smaller to a floor, then wrapped, then refused: never beyond the box.
#[test]
fn words_stay_in_their_box() {
    let (mut wrapped, mut refused, mut sizes) = (0, 0, Vec::new());
    for font in [serif(), true_type()] {
        let look = Appearance::labelled(font).beside(picture(30, 40)).framed();
        for (width, height) in [(120.0, 40.0), (60.0, 20.0), (40.0, 30.0), (34.0, 20.0), (9.0, 9.0)]
        {
            let room = millimetres(width, height);
            let scene = match look.within(room, &subject()) {
                Ok(scene) => scene,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Misuse);
                    refused += 1;
                    continue;
                }
            };
            let rows = rows(&scene);
            assert!(rows.iter().all(|it| inside(it.1, room)), "{room:?}");
            assert!(inside(place_of_picture(&scene), room));
            assert!(rows.iter().all(|it| it.1.left >= place_of_picture(&scene).right()));
            wrapped += usize::from(rows.len() > 4);
            sizes.extend(scene.marks.iter().find_map(|it| match it {
                Mark::Row { font_size, .. } => Some(*font_size),
                _ => None,
            }));
        }
    }
    assert!(wrapped > 0 && refused > 0, "{wrapped} wrapped, {refused} refused");
    assert!(sizes.iter().all(|it| (5.0..=11.0).contains(it)) && sizes.contains(&5.0));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever the words are, and however they are composed.
    #[test]
    fn no_words_leave_their_box(
        // Nothing but spaces is no words, which is refused.
        words in "[ A-Za-zĐđÂâĂăÊêÔôƠơƯưẤẬẪặệỗợữỹ.,0-9]{0,59}[A-Za-z0-9]",
        decomposed: bool,
        width in 1.0..120.0_f64,
        height in 1.0..60.0_f64,
        framed: bool,
    ) {
        let words = if decomposed { words.nfd().collect() } else { words };
        let look = Appearance::words(true_type(), vec![Line::Text(words), Line::Time]);
        let look = if framed { look.framed() } else { look };
        let room = millimetres(width, height);
        // What does not fit is refused.
        if let Ok(scene) = look.within(room, &subject()) {
            proptest::prop_assert!(rows(&scene).iter().all(|it| inside(it.1, room)));
        }
        let scene = look.natural(&subject()).unwrap();
        proptest::prop_assert!(rows(&scene).iter().all(|it| inside(it.1, scene.size)));
    }
}

#[test]
fn composed_and_decomposed_letters_are_the_same() {
    let drawn = |text: &str| {
        let look = Appearance::words(serif(), vec![Line::Text(text.to_owned())]);
        rows(&look.natural(&subject()).unwrap())
    };
    let composed = "Ủy ban nhân dân: Nguyễn Đặng Hữu, Ẩn Ức";
    let decomposed = "U\u{309}y ban nha\u{302}n da\u{302}n: Nguye\u{302}\u{303}n \
                      Đa\u{323}\u{306}ng Hu\u{31b}\u{303}u, A\u{302}\u{309}n U\u{31b}\u{301}c";
    assert_eq!(drawn(composed)[0].0, composed);
    assert_eq!(drawn(decomposed), drawn(composed));
}

#[test]
fn what_turns_or_hides_letters_is_not_drawn() {
    for text in ["Nguyễn\u{202e}nẠ", "a\u{200b}b", "مهدي", "q\u{323}\u{303}", "กำ", "a\nb"]
    {
        let look = Appearance::words(serif(), vec![Line::Text(text.to_owned())]);
        let error = look.natural(&subject()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{text:?}: {error}");
    }
    let look = Appearance::words(serif(), vec![Line::Text("số 漢".to_owned())]);
    let error = look.natural(&subject()).unwrap_err();
    assert!(error.to_string().contains("U+6F22"), "{error}");
    let look = Appearance::words(serif(), vec![Line::Text(" ".to_owned()), Line::Title]);
    assert_eq!(look.natural(&subject()).unwrap_err().kind(), ErrorKind::Misuse);
}

/// The bits of `OS/2.fsType`.
#[test]
fn the_fonts_licence_is_respected() {
    let restricted = |bits: u16| {
        let mut font = typst_assets::fonts().next().unwrap().to_vec();
        let entry = font.windows(4).position(|it| it == b"OS/2").unwrap();
        let table: [u8; 4] = font[entry + 8..entry + 12].try_into().unwrap();
        let table = usize::try_from(u32::from_be_bytes(table)).unwrap();
        assert!(font[table + 1] >= 2, "the version from which all bits have a meaning");
        font[table + 8..table + 10].copy_from_slice(&bits.to_be_bytes());
        Font::from_bytes(&font, &Limits::default())
    };
    for permitted in [0, 4, 8] {
        restricted(permitted).unwrap();
    }
    for forbidden in [2, 0x100, 0x208] {
        let error = restricted(forbidden).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains("LibertinusSerif-Regular does not permit"), "{error}");
    }
}

#[test]
fn fonts_are_bounded_and_whole() {
    let limits = Limits { font_bytes: 100, ..Limits::default() };
    let long = Font::from_bytes(dejavu::serif::regular(), &limits).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::LimitExceeded);
    let limits = Limits::default();
    for bytes in [&b""[..], b"OTTO", b"%!PS-AdobeFont-1.0", &dejavu::serif::regular()[..900]] {
        assert_eq!(Font::from_bytes(bytes, &limits).unwrap_err().kind(), ErrorKind::Malformed);
    }
    assert_eq!(serif().name(), "LibertinusSerif-Regular");
    assert!(true_type().has("Nguye\u{302}\u{303}n ƯẨ") && !true_type().has("số 漢"));
}

/// What is written is small, and says what each of its glyphs means.
#[test]
fn only_a_part_of_the_font_is_embedded() {
    let file = pdf::table(&pdf::with(&[]));
    let limits = Limits::default();
    let reader = Reader::open(&file, &limits).unwrap();
    for (font, kind) in [(serif(), "CIDFontType0C"), (true_type(), "FontFile2")] {
        let mut update = Update::new(&reader).unwrap();
        let scene = Appearance::labelled(font).natural(&subject()).unwrap();
        put_form(&mut update, &scene, Turn::None, Transparency::Soft).unwrap();
        let bytes = update.finish(b"id").unwrap().bytes;
        assert!(bytes.len() < 40_000, "{}", bytes.len());
        let text = String::from_utf8_lossy(&bytes);
        for part in [kind, "Identity-H", "ToUnicode", "CIDSet", "FontDescriptor"] {
            assert!(text.contains(part), "{part}");
        }
    }
}

/// A page of 200 by 100 units, of which 180 by 60 are visible from (10, 20).
fn turned(attributes: &str) -> Page {
    let page = format!(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/CropBox[190 80 10 20]{attributes}>>"
    );
    let file = pdf::table(&pdf::with(&[(3, &page)]));
    let limits = Limits::default();
    let reader = Reader::open(&file, &limits).unwrap();
    let view = reader.newest();
    Page::of(view, &page_at(view, 0).unwrap().unwrap().1).unwrap()
}

#[test]
fn pages_as_they_are_seen() {
    let corner = Rectangle { left: 0.0, bottom: 0.0, size: Size { width: 30.0, height: 10.0 } };
    for (attributes, size, units) in [
        ("", (180.0, 60.0), [10.0, 20.0, 40.0, 30.0]),
        ("/Rotate 90", (60.0, 180.0), [180.0, 20.0, 190.0, 50.0]),
        ("/Rotate 180", (180.0, 60.0), [160.0, 70.0, 190.0, 80.0]),
        ("/Rotate -90", (60.0, 180.0), [10.0, 50.0, 20.0, 80.0]),
        ("/Rotate 360/UserUnit 2", (360.0, 120.0), [10.0, 20.0, 25.0, 25.0]),
        ("/Rotate 450/UserUnit 2.0", (120.0, 360.0), [185.0, 20.0, 190.0, 35.0]),
        ("/Rotate 90.0", (60.0, 180.0), [180.0, 20.0, 190.0, 50.0]),
        ("/Rotate 45", (180.0, 60.0), [10.0, 20.0, 40.0, 30.0]),
    ] {
        let page = turned(attributes);
        let seen = page.size();
        assert!(close(seen.width, size.0) && close(seen.height, size.1), "{attributes} {seen:?}");
        let corners = page.corners(corner);
        assert!(corners.iter().zip(units).all(|(a, b)| close(*a, b)), "{attributes} {corners:?}");
        let back = page.seen(corners);
        assert!(close(back.left, 0.0) && close(back.bottom, 0.0), "{attributes} {back:?}");
        assert!(close(back.size.width, 30.0) && close(back.size.height, 10.0), "{attributes}");
        assert!(page.shows(corners) && !page.shows([0.0, 0.0, 30.0, 30.0]));
    }
}

/// A good one, and each with some bytes of its head and its tables changed, and cut off:
/// nothing panics.
#[test]
fn broken_fonts_are_refused_or_drawn() {
    for sound in [typst_assets::fonts().next().unwrap(), dejavu::serif::regular()] {
        assert!(exhaust::font(sound));
        let mut drawn = 0;
        for n in 0..40 {
            let mut broken = sound.to_vec();
            for step in 0..8 {
                let most = if n % 2 == 0 { broken.len() } else { 400 };
                broken[(n * 7_919 + step * 104_729 + 12) % most] ^= 0xa5;
            }
            broken.truncate(broken.len() - n * 1_000);
            drawn += u32::from(exhaust::font(&broken));
        }
        assert!(drawn < 40);
    }
}

#[test]
fn broken_pictures_are_refused() {
    let rows = [0, 200, 16, 24, 255, 200, 16, 24, 9];
    let sound = sample::Png::new(2, 1, 6, 8, &rows).write();
    assert!(exhaust::image(&sound));
    for at in 8..sound.len() {
        let mut broken = sound.clone();
        broken[at] ^= 0x55;
        exhaust::image(&broken);
        exhaust::image(&sound[..at]);
    }
    assert!(exhaust::image(&sample::jpeg(3, b"")));
}

/// Found by the fuzz target: the parser of fonts multiplied the count before it looked.
#[test]
fn a_collection_counts_no_more_fonts_than_it_has_bytes() {
    for count in [*b"OTTO", [0, 0, 0, 1], [0xFF; 4]] {
        let bytes = [b"ttcf\0\x01\0\0", count.as_slice()].concat();
        let refused = Font::from_bytes(&bytes, &Limits::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Malformed, "{count:?}");
    }
}

/// Each node of the page tree is read once, not for every page behind it.
#[test]
fn a_text_is_looked_for_on_every_page_in_one_walk() {
    const NODES: u32 = 1_000;
    let kids: String = (0..NODES).map(|n| format!("{} 0 R ", 10 + n * 3)).collect();
    let mut objects = vec![(
        2,
        format!("<</Type/Pages/Kids[{kids}]/Count {}/MediaBox[0 0 200 200]>>", NODES * 2),
    )];
    for n in (0..NODES).map(|n| 10 + n * 3) {
        let (a, b) = (n + 1, n + 2);
        let own = "/MediaBox[0 0 9 9]/CropBox[0 0 9 9]/Rotate 0/Resources<<>>";
        let kids = format!("/Count 2/Kids[{a} 0 R {b} 0 R]");
        objects.push((n, format!("<</Type/Pages/Parent 2 0 R{kids}{own}>>")));
        objects.extend([a, b].map(|it| (it, format!("<</Type/Page/Parent {n} 0 R>>"))));
    }
    let objects: Vec<_> = objects.iter().map(|(n, body)| (*n, body.as_str())).collect();
    let file = pdf::table(&pdf::with(&objects));
    // A fifth of what looking at all nodes before each page would take.
    let limits = Limits { pdf_read_factor: 0, pdf_read_bytes: 16 << 20, ..Limits::default() };
    let reader = Reader::open(&file, &limits).unwrap();
    let look = Appearance::picture(picture(30, 40), 40.0).unwrap();
    let size = millimetres(10.0, 10.0);
    let anchor = Placement::anchor("ký", Side::Over);
    let error = place(reader.newest(), &anchor, &look, size, None).unwrap_err();
    assert!(error.to_string().contains("is not found"), "{error}");
}
