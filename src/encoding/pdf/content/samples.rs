//! Fonts for tests.
#![allow(clippy::arithmetic_side_effects)]

/// A TrueType font of three glyphs, a thousand units to the em: nothing; a triangle from
/// (100, -200) to (500, 700); and that with a half one at (400, 800).
pub(crate) fn true_type() -> Vec<u8> {
    with_tables(&[])
}

/// The same, with this left side bearing of each glyph.
pub(crate) fn with_bearing(bearing: i16) -> Vec<u8> {
    let mut header = vec![0; 36];
    header[35] = 3;
    let metrics = [600_i16.to_be_bytes(), bearing.to_be_bytes()].concat().repeat(3);
    with_tables(&[(b"hhea", header), (b"hmtx", metrics)])
}

fn with_tables(more: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let words = |all: &[i16]| all.iter().flat_map(|it| it.to_be_bytes()).collect::<Vec<u8>>();
    let mut triangle = words(&[1, 0, 0, 0, 0, 2, 0]);
    // Points on the curve, all moves of two bytes.
    triangle.extend([0x01, 0x01, 0x01]);
    triangle.extend(words(&[100, 400, -200, -200, 0, 900]));
    triangle.push(0);
    let mut both = words(&[-1, 0, 0, 0, 0]);
    // Offsets of a byte, as large as it is, more to come; then offsets of two and a scale.
    both.extend([0, 0x2a, 0, 1, 0, 0, 0x40, 0]);
    both.extend([0, 0x0b, 0, 1]);
    both.extend(words(&[400, 800, 0x2000]));
    let loca = [0, 0, triangle.len(), triangle.len() + both.len()]
        .map(|it| u16::try_from(it / 2).unwrap());
    let mut head = vec![0; 54];
    head[18..20].copy_from_slice(&1000_u16.to_be_bytes());
    let mut all = vec![
        (b"glyf", [triangle, both].concat()),
        (b"head", head),
        (b"loca", loca.iter().flat_map(|it| it.to_be_bytes()).collect()),
        (b"maxp", vec![0, 1, 0, 0, 0, 3]),
        (b"post", vec![0; 4]),
    ];
    all.extend_from_slice(more);
    tables(&all)
}

/// A TrueType font of one glyph with as many points as one can have, all in one place.
pub(crate) fn many_points() -> Vec<u8> {
    let mut glyph = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
    // The last point of the only contour; no instructions.
    glyph.extend([0xff, 0xff, 0, 0]);
    // On the curve, in the same place, and so again 255 times.
    glyph.extend([0x39, 0xff].repeat(256));
    let end = u16::try_from(glyph.len() / 2).unwrap();
    let mut head = vec![0; 54];
    head[18..20].copy_from_slice(&1000_u16.to_be_bytes());
    tables(&[
        (b"glyf", glyph),
        (b"head", head),
        (b"loca", [0, end].iter().flat_map(|it: &u16| it.to_be_bytes()).collect()),
        (b"maxp", vec![0, 1, 0, 0, 0, 1]),
    ])
}

fn tables(tables: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut font = vec![0, 1, 0, 0, 0, u8::try_from(tables.len()).unwrap(), 0, 0, 0, 0, 0, 0];
    let mut data = Vec::new();
    for (tag, table) in tables {
        let at = u32::try_from(12 + tables.len() * 16 + data.len()).unwrap();
        font.extend(*tag);
        font.extend([0; 4]);
        font.extend(at.to_be_bytes());
        font.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
        data.extend_from_slice(table);
    }
    font.extend(data);
    font
}

/// The points of contours, all on the curve; a thousand units to the em.
pub(crate) type Shape = &'static [&'static [(i16, i16)]];

/// A blank, the digits one and nought, a colon, a slash and a hyphen, and what reaches far.
pub(crate) const SHAPES: [(&str, Shape); 7] = [
    ("space", &[]),
    ("one", &[&[(250, 0), (350, 0), (350, 700), (250, 700), (250, 600), (150, 550), (250, 550)]]),
    (
        "zero",
        &[
            &[(100, 0), (500, 0), (500, 700), (100, 700)],
            &[(200, 100), (200, 600), (400, 600), (400, 100)],
        ],
    ),
    (
        "colon",
        &[
            &[(250, 0), (350, 0), (350, 100), (250, 100)],
            &[(250, 350), (350, 350), (350, 450), (250, 450)],
        ],
    ),
    ("slash", &[&[(150, 0), (220, 0), (450, 700), (380, 700)]]),
    ("hyphen", &[&[(100, 200), (400, 200), (400, 270), (100, 270)]]),
    ("wide", &[&[(100, 0), (5000, 0), (5000, 500)]]),
];

/// A TrueType font of a blank and these, in that order. The byte of the letter A is the blank,
/// and there are names.
pub(crate) fn true_type_of(shapes: &[(&str, Shape)]) -> Vec<u8> {
    let word = |it: i16| it.to_be_bytes();
    let (mut glyf, mut loca) = (Vec::new(), vec![0_u32, 0]);
    for (_, shape) in shapes {
        let points = shape.concat();
        if !points.is_empty() {
            glyf.extend([i16::try_from(shape.len()).unwrap(), 0, 0, 0, 0].map(word).as_flattened());
            let mut end = -1;
            for contour in *shape {
                end += i16::try_from(contour.len()).unwrap();
                glyf.extend(word(end));
            }
            glyf.extend([0, 0]);
            glyf.extend(vec![1; points.len()]);
            for axis in [|it: &(i16, i16)| it.0, |it: &(i16, i16)| it.1] {
                let mut at = 0;
                for point in &points {
                    glyf.extend(word(axis(point) - at));
                    at = axis(point);
                }
            }
        }
        loca.push(u32::try_from(glyf.len()).unwrap());
    }
    let glyphs = u16::try_from(shapes.len() + 1).unwrap();
    let mut head = vec![0; 54];
    head[18..20].copy_from_slice(&1000_u16.to_be_bytes());
    head[51] = 1;
    // One table, of bytes; and names of their own behind those that all fonts know.
    let mut cmap = vec![0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 12, 0, 0, 1, 6, 0, 0];
    cmap.extend((0..=255).map(|it| u8::from(it == 65)));
    let mut post = vec![0, 2, 0, 0];
    post.resize(32, 0);
    post.extend(glyphs.to_be_bytes());
    post.extend((258..258 + glyphs).flat_map(u16::to_be_bytes));
    for name in [".notdef"].into_iter().chain(shapes.iter().map(|it| it.0)) {
        post.push(u8::try_from(name.len()).unwrap());
        post.extend(name.bytes());
    }
    tables(&[
        (b"cmap", cmap),
        (b"glyf", glyf),
        (b"head", head),
        (b"loca", loca.iter().flat_map(|it| it.to_be_bytes()).collect()),
        (b"maxp", [&[0, 1, 0, 0], &glyphs.to_be_bytes()[..]].concat()),
        (b"post", post),
    ])
}

/// A number as both kinds of charstrings have it.
fn number(value: i16) -> Vec<u8> {
    match value {
        -107..=107 => vec![u8::try_from(value + 139).unwrap()],
        108.. => {
            // In parts that fit.
            let [high, low] = (value - 108).to_be_bytes();
            assert!(high < 4, "a number that fits: {value}");
            vec![247 + high, low]
        }
        _ => {
            let [high, low] = (-value - 108).to_be_bytes();
            assert!(high < 4, "a number that fits: {value}");
            vec![251 + high, low]
        }
    }
}

/// Moves and lines, in steps that fit; what closes a contour, and what ends it all.
fn charstring(shape: Shape, closing: &[u8]) -> Vec<u8> {
    const MOST: i16 = 1000;
    let (mut code, mut at) = (Vec::new(), (0, 0));
    for contour in shape {
        for (n, point) in contour.iter().enumerate() {
            let operator = if n == 0 { 21 } else { 5 };
            while at != *point {
                let step = |to: i16, from: i16| (to - from).clamp(-MOST, MOST);
                let (x, y) = (step(point.0, at.0), step(point.1, at.1));
                code.extend([number(x), number(y), vec![operator]].concat());
                at = (at.0 + x, at.1 + y);
            }
        }
        code.extend(closing);
    }
    code.push(14);
    code
}

/// A CFF font of a blank and these, by their names.
pub(crate) fn cff_of(shapes: &[(&str, Shape)]) -> Vec<u8> {
    let index = |all: &[Vec<u8>]| {
        let mut index = u16::try_from(all.len()).unwrap().to_be_bytes().to_vec();
        if !all.is_empty() {
            let mut at = 1_u16;
            index.push(2);
            index.extend(at.to_be_bytes());
            for one in all {
                at += u16::try_from(one.len()).unwrap();
                index.extend(at.to_be_bytes());
            }
            index.extend(all.concat());
        }
        index
    };
    let long = |value: usize, operator: u8| {
        [&[29], &u32::try_from(value).unwrap().to_be_bytes()[..], &[operator]].concat()
    };
    let names: Vec<Vec<u8>> = shapes.iter().map(|it| it.0.as_bytes().to_vec()).collect();
    let first = [vec![1, 0, 4, 2], index(&[b"X".to_vec()])].concat();
    let strings = [index(&names), index(&[])].concat();
    let mut charset = vec![0];
    (391..).take(shapes.len()).for_each(|it: u16| charset.extend(it.to_be_bytes()));
    let glyphs = shapes.iter().map(|it| charstring(it.1, &[]));
    let glyphs: Vec<Vec<u8>> = std::iter::once(vec![14]).chain(glyphs).collect();
    let top = |at: usize| {
        let private = [long(0, 0)[..5].to_vec(), long(at, 18)].concat();
        index(&[[long(at, 15), long(at + charset.len(), 17), private].concat()])
    };
    let at = first.len() + top(0).len() + strings.len();
    [first, top(at), strings, charset.clone(), index(&glyphs)].concat()
}

fn encrypted(plain: &[u8], mut key: u16) -> Vec<u8> {
    let mut cipher = Vec::new();
    for byte in [&[0; 4], plain].concat() {
        let byte = byte ^ key.to_be_bytes()[0];
        key = u16::from(byte).wrapping_add(key).wrapping_mul(52_845).wrapping_add(22_719);
        cipher.push(byte);
    }
    cipher
}

/// A Type 1 font of a blank and these, by their names.
pub(crate) fn type_1_of(shapes: &[(&str, Shape)]) -> Vec<u8> {
    let clear = "%!PS-AdobeFont-1.0: X\n/FontMatrix [0.001 0 0 0.001 0 0] readonly def\n\
        /Encoding 256 array\ndup 65 /space put\nreadonly def\ncurrentfile eexec\n";
    let mut private = b"dup /Private 8 dict dup begin /RD {string currentfile exch readstring pop}\
        executeonly def\n/Subrs 1 array\ndup 0 5 RD "
        .to_vec();
    private.extend(encrypted(&[11], 4_330));
    private.extend(b" NP\nND\n2 index /CharStrings 9 dict dup begin\n");
    let none: Shape = &[];
    for (name, shape) in [(".notdef", none)].iter().chain(shapes) {
        let width = [number(0), number(600), vec![13]].concat();
        let code = encrypted(&[width, charstring(shape, &[9])].concat(), 4_330);
        private.extend(format!("/{name} {} RD ", code.len()).bytes());
        private.extend(code);
        private.extend(b" ND\n");
    }
    private.extend(b"end mark currentfile closefile\n");
    let zeros = format!("{}\ncleartomark\n", "0".repeat(512));
    [clear.as_bytes(), &encrypted(&private, 55_665), zeros.as_bytes()].concat()
}
