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
