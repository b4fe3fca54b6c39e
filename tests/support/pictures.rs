//! Pictures and pages for signatures that are seen: nobody's name, seal or hand.
#![allow(dead_code)] // each test uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::fmt::Write as _;

/// A PNG with eight bits for red, green, blue and opacity.
pub(crate) fn png(width: u32, height: u32, pixel: impl Fn(f64, f64) -> [u8; 4]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (f64::from(x) + 0.5, f64::from(y) + 0.5)))
        .flat_map(|(x, y)| pixel(x, y))
        .collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

/// A line so far away, as thick as this, with soft edges.
fn opacity(distance: f64, half: f64) -> u8 {
    ((half - distance + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8
}

/// A blue wave that gets smaller, 480 by 160.
pub(crate) fn handwriting() -> Vec<u8> {
    png(480, 160, |x, y| {
        let swing = 60.0 * (1.0 - x / 600.0);
        let (at, slope) = (80.0 + swing * (x / 18.0).sin(), swing / 18.0 * (x / 18.0).cos());
        let distance = (y - at).abs() / (1.0 + slope * slope).sqrt();
        let ends = if (12.0..468.0).contains(&x) { 255 } else { 0 };
        [20, 50, 160, opacity(distance, 3.0).min(ends)]
    })
}

/// Two red rings and a star of five points, 400 by 400.
pub(crate) fn seal() -> Vec<u8> {
    png(400, 400, |x, y| {
        let (dx, dy) = (x - 200.0, y - 200.0);
        let radius = dx.hypot(dy);
        let turn = (dx.atan2(-dy) / std::f64::consts::TAU * 5.0).rem_euclid(1.0);
        let star = radius - 40.0 - 50.0 * (2.0 * turn - 1.0).abs();
        let rings = ((radius - 190.0).abs() - 6.0).min((radius - 130.0).abs() - 2.0);
        [200, 16, 24, opacity(rings.min(star), 0.0)]
    })
}

/// A page with lines of text in one font, whole and embedded: left, base line, size,
/// text. `attributes` are the page's own: `/MediaBox`, `/Rotate` and so on; `matrix` is
/// what the text is moved or turned by.
pub(crate) fn page(attributes: &str, matrix: &str, lines: &[(f64, f64, f64, &str)]) -> Vec<u8> {
    let font = dejavu::serif::regular();
    let face = ttf_parser::Face::parse(font, 0).unwrap();
    let mut letters: Vec<char> = lines.iter().flat_map(|it| it.3.chars()).collect();
    letters.sort_unstable();
    letters.dedup();
    let code = |letter| 33 + letters.iter().position(|it| *it == letter).unwrap();
    let mut content = format!("{matrix} cm\n");
    for (left, base, size, text) in lines {
        let codes: String = text.chars().map(|it| format!("{:02x}", code(it))).collect();
        let _ = writeln!(content, "BT /F {size} Tf {left} {base} Td <{codes}> Tj ET");
    }
    let names: String = letters.iter().map(|it| format!("/uni{:04X}", u32::from(*it))).collect();
    let width = |letter: char| face.glyph_hor_advance(face.glyph_index(letter).unwrap()).unwrap();
    let units = f64::from(face.units_per_em());
    let widths: String = letters
        .iter()
        .map(|it| format!("{:.0} ", f64::from(width(*it)) * 1000.0 / units))
        .collect();
    let meanings: String =
        letters.iter().map(|it| format!("<{:02x}><{:04x}>\n", code(*it), u32::from(*it))).collect();
    let map = format!(
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/A def\n\
         /CMapType 2 def 1 begincodespacerange<00><ff>endcodespacerange\n\
         {} beginbfchar\n{meanings}endbfchar endcmap end end",
        letters.len()
    );
    let last = 32 + letters.len();
    let objects: [Vec<u8>; 8] = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>".to_vec(),
        format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>{attributes}>>"
        )
        .into_bytes(),
        stream("", content.as_bytes()),
        format!(
            "<</Type/Font/Subtype/TrueType/BaseFont/DejaVuSerif/FirstChar 33/LastChar {last}\
             /Widths[{widths}]/FontDescriptor 6 0 R/ToUnicode 8 0 R\
             /Encoding<</Type/Encoding/Differences[33{names}]>>>>"
        )
        .into_bytes(),
        b"<</Type/FontDescriptor/FontName/DejaVuSerif/Flags 34/FontBBox[-770 -347 2105 1109]\
          /ItalicAngle 0/Ascent 928/Descent -236/CapHeight 729/StemV 80/FontFile2 7 0 R>>"
            .to_vec(),
        stream(&format!("/Length1 {}", font.len()), font),
        stream("", map.as_bytes()),
    ];
    file(&objects)
}

/// An empty page of a document that says to be PDF/A of this part.
pub(crate) fn archived(part: &str) -> Vec<u8> {
    let metadata = format!(
        "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description \
         rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>{part}\
         </pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF>\
         </x:xmpmeta><?xpacket end=\"w\"?>"
    );
    file(&[
        b"<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Resources<<>>>>".to_vec(),
        stream("/Type/Metadata/Subtype/XML", metadata.as_bytes()),
    ])
}

/// A file of these objects, the first of which is the catalog.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut rows = String::new();
    for (n, body) in objects.iter().enumerate() {
        let _ = writeln!(rows, "{:010} 00000 n ", pdf.len());
        pdf.extend(format!("{} 0 obj\n", n + 1).bytes());
        pdf.extend_from_slice(body);
        pdf.extend_from_slice(b"\nendobj\n");
    }
    let (at, size) = (pdf.len(), objects.len() + 1);
    let tail = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<</Size {size}/Root 1 0 R>>\n\
         startxref\n{at}\n%%EOF\n"
    );
    pdf.extend(tail.bytes());
    pdf
}

fn stream(keys: &str, data: &[u8]) -> Vec<u8> {
    let mut body = format!("<<{keys}/Length {}>>\nstream\n", data.len()).into_bytes();
    body.extend_from_slice(data);
    body.extend_from_slice(b"\nendstream");
    body
}

/// A JPEG of squares of eight pixels, each of one colour, line by line: baseline, all
/// components in full (T.81, JFIF).
pub(crate) fn jpeg(columns: u16, squares: &[[u8; 3]]) -> Vec<u8> {
    let rows = u16::try_from(squares.len()).unwrap() / columns;
    let mut file = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        file.extend([0xff, marker]);
        file.extend((u16::try_from(body.len()).unwrap() + 2).to_be_bytes());
        file.extend(body);
    };
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // In steps of eight, what is the same all over a square takes one for each level.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    let [height, width] = [rows, columns].map(|it| (it * 8).to_be_bytes());
    let components = [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
    segment(0xc0, &[&[8][..], &height, &width, &[3], &components].concat());
    // Nine sizes in codes of four bits; and one code of one bit, that there is no more.
    let sizes = [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    segment(0xc4, &[&[0][..], &sizes, &[0, 1, 2, 3, 4, 5, 6, 7, 8]].concat());
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    let (mut bits, mut last) = (String::new(), [0_i32; 3]);
    for square in squares {
        let [red, green, blue] = square.map(f64::from);
        let light = 0.299 * red + 0.587 * green + 0.114 * blue;
        let levels = [light - 128.0, (blue - light) / 1.772, (red - light) / 1.402];
        for (last, level) in last.iter_mut().zip(levels) {
            let level = level.round() as i32;
            let more = level - *last;
            let size = 32 - more.unsigned_abs().leading_zeros();
            let coded = if more < 0 { more + (1 << size) - 1 } else { more };
            let _ = write!(bits, "{size:04b}");
            if size > 0 {
                let _ = write!(bits, "{coded:0width$b}", width = size as usize);
            }
            bits.push('0');
            *last = level;
        }
    }
    while bits.len() % 8 != 0 {
        bits.push('1');
    }
    for at in (0..bits.len()).step_by(8) {
        let byte = u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
        file.push(byte);
        if byte == 0xff {
            file.push(0);
        }
    }
    file.extend([0xff, 0xd9]);
    file
}
