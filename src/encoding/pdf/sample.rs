//! Small PDFs of every form, made for tests.
#![allow(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

/// Numbers and bodies of objects.
pub(crate) type Objects<'a> = &'a [(u32, &'a str)];

/// A catalog, a page tree of one page, and the page.
pub(crate) const ONE_PAGE: [(u32, &str); 4] = [
    (1, "<</Type/Catalog/Pages 2 0 R>>"),
    (2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]/Resources<<>>>>"),
    (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"),
    (4, "<</Length 10>>\nstream\n0 0 5 5 re\nendstream"),
];

/// The one page, with some objects in another form and some more.
pub(crate) fn with(changed: Objects<'_>) -> Vec<(u32, String)> {
    let mut objects: BTreeMap<u32, String> =
        ONE_PAGE.iter().chain(changed).map(|(n, body)| (*n, (*body).to_owned())).collect();
    std::mem::take(&mut objects).into_iter().collect()
}

/// A file with a cross-reference table.
pub(crate) fn table(objects: &[(u32, String)]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    append_table(&mut pdf, objects, "/Root 1 0 R", None);
    pdf
}

/// Writes objects, a table naming them and a trailer; gives the table's offset. One whose
/// body is `free` is freed.
pub(crate) fn append_table(
    pdf: &mut Vec<u8>,
    objects: &[(u32, String)],
    trailer: &str,
    prev: Option<usize>,
) -> usize {
    let mut rows = String::new();
    for (number, body) in objects {
        if body == "free" {
            rows += &format!("{number} 1\n0000000000 00001 f \n");
            continue;
        }
        rows += &format!("{number} 1\n{:010} 00000 n \n", pdf.len());
        pdf.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let at = pdf.len();
    let size = objects.iter().map(|it| it.0 + 1).max().unwrap_or(1).max(20);
    let size = if trailer.contains("/Size") { String::new() } else { format!("/Size {size}") };
    let prev = prev.map(|it| format!("/Prev {it}")).unwrap_or_default();
    let first = if prev.is_empty() { "0 1\n0000000000 65535 f \n" } else { "" };
    let text =
        format!("xref\n{first}{rows}trailer\n<<{size}{trailer}{prev}>>\nstartxref\n{at}\n%%EOF\n");
    pdf.extend_from_slice(text.as_bytes());
    at
}

/// A file with a cross-reference stream, in which the objects of `packed` stand in an
/// object stream.
pub(crate) fn streams(objects: &[(u32, String)], packed: &[u32]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let (inside, outside): (Vec<_>, Vec<_>) =
        objects.iter().cloned().partition(|(number, _)| packed.contains(number));
    let container = objects.iter().map(|it| it.0).max().unwrap_or(0) + 1;
    let (mut head, mut body) = (String::new(), String::new());
    let mut rows: BTreeMap<u32, [u32; 3]> = BTreeMap::new();
    for (index, (number, text)) in inside.iter().enumerate() {
        head += &format!("{number} {} ", body.len());
        body += &format!("{text}\n");
        rows.insert(*number, [2, container, u32::try_from(index).unwrap()]);
    }
    let stream = format!(
        "<</Type/ObjStm/N {}/First {}/Length {}>>\nstream\n{head}{body}\nendstream",
        inside.len(),
        head.len(),
        head.len() + body.len()
    );
    for (number, text) in outside.iter().chain(&[(container, stream)]) {
        rows.insert(*number, [1, u32::try_from(pdf.len()).unwrap(), 0]);
        pdf.extend_from_slice(format!("{number} 0 obj\n{text}\nendobj\n").as_bytes());
    }
    let own = container + 1;
    let at = pdf.len();
    rows.insert(own, [1, u32::try_from(at).unwrap(), 0]);
    rows.insert(0, [0, 0, 0]);
    let index: String = rows.keys().map(|number| format!("{number} 1 ")).collect();
    let data: String = rows
        .values()
        .map(|[kind, place, last]| format!("{kind:02x}{place:08x}{last:04x}"))
        .collect();
    let text = format!(
        "{own} 0 obj\n<</Type/XRef/Size {}/Root 1 0 R/W[1 4 2]/Index[{index}]\
         /Filter/ASCIIHexDecode/Length {}>>\nstream\n{data}>\nendstream\nendobj\n\
         startxref\n{at}\n%%EOF\n",
        own + 1,
        data.len() + 1
    );
    pdf.extend_from_slice(text.as_bytes());
    pdf
}

/// A hybrid file (ISO 32000-2 §7.5.8.4): object 5 is hidden from readers that know
/// tables only.
pub(crate) fn hybrid() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let (mut rows, objects) = (String::new(), with(&[]));
    for (number, body) in &objects {
        rows += &format!("{:010} 00000 n \n", pdf.len());
        pdf.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let hidden = pdf.len();
    pdf.extend_from_slice(
        b"6 0 obj\n<</Type/ObjStm/N 1/First 4/Length 10>>\nstream\n5 0 (here)\nendstream\nendobj\n",
    );
    let beside = pdf.len();
    let data = format!("02{:08x}000001{hidden:08x}0000>", 6);
    let text = format!(
        "7 0 obj\n<</Type/XRef/Size 7/W[1 4 2]/Index[5 2]/Filter/ASCIIHexDecode/Length {}>>\n\
         stream\n{data}\nendstream\nendobj\n",
        data.len()
    );
    pdf.extend_from_slice(text.as_bytes());
    let at = pdf.len();
    let text = format!(
        "xref\n0 7\n0000000005 65535 f \n{rows}0000000006 00000 f \n0000000000 00000 f \n\
         trailer\n<</Size 7/Root 1 0 R/XRefStm {beside}>>\nstartxref\n{at}\n%%EOF\n"
    );
    pdf.extend_from_slice(text.as_bytes());
    pdf
}
