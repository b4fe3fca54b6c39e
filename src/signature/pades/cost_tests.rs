//! What it costs to tell what came after a signature, in bytes of the file that are asked
//! for: that of what was changed, however long the file and however often it was changed.

use super::attacks::start_xref;
use super::tests::{read_counting, sign};
use super::*;
use crate::encoding::pdf::sample;

const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>";

fn stream(entries: &str, data: &str) -> String {
    format!("<<{entries}/Length {}>>\nstream\n{data}\nendstream", data.len())
}

/// Pages with contents of their own, in arrays that may grow in place; and signed.
fn of_pages(count: u32, content: &str) -> Vec<u8> {
    let kids: String = (0..count).map(|n| format!("{} 0 R ", 1_000 + n)).collect();
    let tree = format!(
        "<</Type/Pages/Kids[{kids}]/Count {count}/MediaBox[0 0 600 800]\
         /Resources<</Font<</F 10 0 R>>>>>>"
    );
    let mut objects = sample::with(&[(2, &tree), (3, "null"), (4, "null"), (10, FONT)]);
    for n in 0..count {
        let page = format!("<</Type/Page/Parent 2 0 R/Contents {} 0 R>>", 2_000 + n);
        objects.push((1_000 + n, page));
        objects.push((2_000 + n, format!("[{} 0 R]", 3_000 + n)));
        objects.push((3_000 + n, stream("", content)));
    }
    sign(&sample::table(&objects))
}

fn update(pdf: &mut Vec<u8>, objects: &[(u32, String)]) {
    let prev = start_xref(pdf);
    sample::append_table(pdf, objects, "/Size 20000/Root 1 0 R", Some(prev));
}

/// Bytes asked for by each of the last sixty of revisions, on an average: in each a
/// number is put on a page.
fn numbers_on_pages(pages: u32) -> f64 {
    let mut pdf = of_pages(pages, "BT /F 12 Tf 20 150 Td (So:) Tj ET");
    let mut costs = Vec::new();
    for n in 0..120 {
        let [array, before, behind] = [2_000 + n, 10_000 + 2 * n, 10_001 + 2 * n];
        let objects = [
            (array, format!("[{before} 0 R {} 0 R {behind} 0 R]", 3_000 + n)),
            (before, stream("", "q")),
            (behind, stream("", "Q BT /F 12 Tf 60 150 Td (15) Tj ET")),
        ];
        update(&mut pdf, &objects);
        if n == 59 || n == 119 {
            let (found, total) = read_counting(&pdf);
            assert_eq!(found.signatures[0].later_changes, LaterChanges::ClerkAddition);
            costs.push(total as f64);
        }
    }
    (costs[1] - costs[0]) / 60.0
}

#[test]
fn additions_cost_what_they_add_however_many_pages_there_are() {
    let (few, many) = (numbers_on_pages(250), numbers_on_pages(500));
    println!("bytes for each revision: {few:.0} of 250 pages, {many:.0} of 500");
    assert!(many < 1.2 * few, "{few} {many}");
}

/// Bytes asked for where stamps are put on one page, each by a revision of its own, and
/// all by one.
fn stamped(content: &str) -> [f64; 2] {
    const STAMPS: u32 = 40;
    let pdf = of_pages(1, content);
    let look = stream("/Subtype/Form/BBox[0 0 9 9]", "0 0 1 rg 1 1 5 5 re f");
    let stamp = |n: u32| {
        let left = 300 + n;
        format!(
            "<</Type/Annot/Subtype/Stamp/P 1000 0 R/F 4/Rect[{left} 600 {} 609]/AP<</N {} 0 R>>>>",
            left + 9,
            12_000 + n
        )
    };
    let widget = first_widget(&pdf);
    let page = |upto: u32| {
        let all: String = (0..upto).map(|n| format!("{} 0 R ", 11_000 + n)).collect();
        let page = format!("<</Type/Page/Parent 2 0 R/Contents 2000 0 R/Annots[{widget}{all}]>>");
        (1_000, page)
    };
    let added = |n: u32| [(11_000 + n, stamp(n)), (12_000 + n, look.clone())];
    let mut one_by_one = pdf.clone();
    for n in 0..STAMPS {
        let [annotation, look] = added(n);
        update(&mut one_by_one, &[page(n + 1), annotation, look]);
    }
    let mut at_once = pdf.clone();
    let objects: Vec<_> = (0..STAMPS).flat_map(added).chain([page(STAMPS)]).collect();
    update(&mut at_once, &objects);
    [one_by_one, at_once].map(|stamped| {
        let (found, total) = read_counting(&stamped);
        assert_eq!(found.signatures[0].later_changes, LaterChanges::Annotations);
        total as f64
    })
}

#[test]
fn a_page_is_not_read_again_for_each_look_upon_it() {
    let line = "BT /F 12 Tf 20 150 Td (Quyet dinh ban hanh quy che) Tj ET ";
    let (short, long) = (line.repeat(100), line.repeat(2_100));
    let more = (long.len() - short.len()) as f64;
    let (short, long) = (stamped(&short), stamped(&long));
    for (what, short, long) in [("one by one", short[0], long[0]), ("at once", short[1], long[1])] {
        let times = (long - short) / more;
        println!("{what}: what the page has more is asked for {times:.1} times");
        assert!(times < 8.0, "{what}: {times:.1}");
    }
}

/// The reference to the widget that signing put on the first page.
fn first_widget(pdf: &[u8]) -> String {
    let text = String::from_utf8_lossy(pdf);
    let (_, rest) = text.rsplit_once("/Annots").unwrap();
    let (_, rest) = rest.split_once('[').unwrap();
    let (all, _) = rest.split_once(']').unwrap();
    format!("{} ", all.trim())
}

/// Signatures that no field leads to are searched for on the first pages, each read once.
#[test]
fn stray_signatures_are_searched_for_page_by_page() {
    let of_kids = |count: u32| {
        let kids: String = (0..count).map(|n| format!("{} 0 R ", 1_000 + n)).collect();
        // As if there were no more than some pages: none can be gone to without those before.
        let tree = format!("<</Type/Pages/Kids[{kids}]/Count 1>>");
        let mut objects = sample::with(&[(2, &tree), (3, "null"), (4, "null")]);
        let page = "<</Type/Page/Parent 2 0 R>>";
        objects.extend((0..count).map(|n| (1_000 + n, page.to_owned())));
        // What is asked for of a page does not reach the end of the file, however few there are.
        objects.push((2_000, format!("({})", "x".repeat(8_000))));
        read_counting(&sample::table(&objects)).1 as f64
    };
    let [one, two, three] = [1, 31, 61].map(of_kids);
    println!("bytes for 30 pages more: {:.0}, and again {:.0}", two - one, three - two);
    assert!(three - two < 1.2 * (two - one), "{one} {two} {three}");
}

/// Fields are filled in and signed by turns: what one round costs does not depend on how
/// many there are.
#[test]
fn the_cost_of_later_changes_is_linear() {
    const FIELDS: u32 = 100;
    let field = |n: u32, value: &str| {
        format!("<</Type/Annot/Subtype/Widget/FT/Tx/T(f{n})/Rect[0 0 9 9]/P 3 0 R/V({value})>>")
    };
    let all: String = (0..FIELDS).map(|n| format!("{} 0 R ", 100 + n)).collect();
    let root = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{all}]>>>>");
    let page = format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[{all}]>>");
    let mut objects = sample::with(&[(1, &root), (3, &page)]);
    objects.extend((0..FIELDS).map(|n| (100 + n, field(n, ""))));
    let mut pdf = sample::table(&objects);
    let mut points = Vec::new();
    for n in 0..50 {
        pdf = sign(&pdf);
        let prev = start_xref(&pdf);
        let trailer = format!("/Size {}/Root 1 0 R", 1_000 + 10 * n);
        sample::append_table(&mut pdf, &[(100 + n, field(n, "15"))], &trailer, Some(prev));
        if [0, 9, 49].contains(&n) {
            points.push((asked_for(&pdf) as f64, pdf.len() as f64));
        }
    }
    let rate = |from: (f64, f64), to: (f64, f64)| (to.0 - from.0) / (to.1 - from.1);
    let (first, last) = (rate(points[0], points[1]), rate(points[1], points[2]));
    println!("bytes asked for, to bytes added: {first:.1} of 10 signatures, {last:.1} of 50");
    assert!(last < 1.2 * first, "{points:?}");
}

/// Bytes that are asked for to tell what came after each signature.
fn asked_for(pdf: &[u8]) -> u64 {
    let (found, total) = read_counting(pdf);
    let filled = |it: &PdfSignature| it.later_changes == LaterChanges::FormFilling;
    assert!(found.signatures.iter().all(filled));
    total
}
