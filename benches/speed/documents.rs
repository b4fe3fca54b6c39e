//! Documents to be signed and verified.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use kyso::DigestAlgorithm;

const OBJECTS: usize = 60_000;

/// A PDF under way, with the places of its objects.
struct Pdf {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
enum Place {
    At(usize),
    Within { stream: usize, index: usize },
}

impl Pdf {
    fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), places: Vec::new() }
    }

    /// The next object, by number from 1.
    fn add(&mut self, body: &str) {
        self.begin();
        self.end(body.as_bytes());
    }

    fn begin(&mut self) {
        self.places.push(Place::At(self.bytes.len()));
        writeln!(self.bytes, "{} 0 obj", self.places.len()).unwrap();
    }

    fn end(&mut self, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, entries: &str, data: &[u8]) {
        self.begin();
        write!(self.bytes, "<< {entries} /Length {} >>\nstream\n", data.len()).unwrap();
        self.bytes.extend_from_slice(data);
        self.end(b"\nendstream");
    }

    fn table(mut self) -> Vec<u8> {
        let (size, at) = (self.places.len() + 1, self.bytes.len());
        write!(self.bytes, "xref\n0 {size}\n0000000000 65535 f \n").unwrap();
        for place in &self.places {
            let at = match place {
                Place::At(at) => at,
                Place::Within { .. } => unreachable!("a table has no place for it"),
            };
            writeln!(self.bytes, "{at:010} 00000 n ").unwrap();
        }
        write!(self.bytes, "trailer\n<< /Size {size} /Root 1 0 R >>\n").unwrap();
        write!(self.bytes, "startxref\n{at}\n%%EOF\n").unwrap();
        self.bytes
    }

    fn cross_reference_stream(mut self) -> Vec<u8> {
        let at = self.bytes.len();
        let own = Place::At(at);
        let mut rows = vec![0; 7];
        for place in self.places.iter().chain([&own]) {
            let (kind, first, second) = match *place {
                Place::At(at) => (1, at, 0),
                Place::Within { stream, index } => (2, stream, index),
            };
            rows.push(kind);
            rows.extend_from_slice(&first.to_be_bytes()[4..]);
            rows.extend_from_slice(&second.to_be_bytes()[6..]);
        }
        let size = self.places.len() + 2;
        let entries = format!("/Type /XRef /Size {size} /Root 1 0 R /W [1 4 2]");
        self.stream(&format!("{entries} /Filter /FlateDecode"), &deflated(&rows));
        write!(self.bytes, "startxref\n{at}\n%%EOF\n").unwrap();
        self.bytes
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Catalog, pages, a page, and its content of so many bytes.
fn page(content: &[u8]) -> Pdf {
    let mut pdf = Pdf::new();
    pdf.add("<< /Type /Catalog /Pages 2 0 R >>");
    pdf.add("<< /Type /Pages /Count 1 /Kids [ 3 0 R ] /MediaBox [ 0 0 595 842 ] >>");
    pdf.add("<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>");
    pdf.stream("", content);
    pdf
}

/// A PDF of about so many bytes, and another one for each `n`.
pub(crate) fn pdf(size: usize, n: usize) -> Vec<u8> {
    let mut content = noise(size.saturating_sub(800));
    let mark = n.to_le_bytes();
    content[..mark.len()].copy_from_slice(&mark);
    page(&content).table()
}

/// Bytes that do not compress, and again and again the same.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let part: Vec<u8> = (0..100_000).map(step).collect();
    let mut bytes = part.repeat(len.div_ceil(part.len()));
    bytes.truncate(len);
    bytes
}

/// An element as tagged PDFs have one for every paragraph: some 165 bytes.
fn element(n: usize) -> String {
    let id = DigestAlgorithm::Sha256.digest(&n.to_le_bytes());
    let place = format!("/P {} 0 R /Pg 3 0 R /K [ {n} {} ]", n.max(6) - 1, n + 1);
    format!("<< /Type /StructElem /S /P {place} /ID <{id}> /Lang (vi-VN) >>")
}

/// 11 MB with 60,000 objects, each by itself.
pub(crate) fn by_table() -> Vec<u8> {
    let mut pdf = page(&noise(100_000));
    for n in pdf.places.len() + 1..=OBJECTS {
        pdf.add(&element(n));
    }
    pdf.table()
}

/// The same number of objects and bytes, with the objects in compressed streams.
pub(crate) fn by_stream() -> Vec<u8> {
    const TOGETHER: usize = 200;
    let mut pdf = page(&noise(6_000_000));
    while pdf.places.len() < OBJECTS {
        let first = pdf.places.len() + 1;
        let (mut head, mut body) = (String::new(), String::new());
        for n in first..first + TOGETHER {
            write!(head, "{n} {} ", body.len()).unwrap();
            writeln!(body, "{}", element(n)).unwrap();
        }
        let stream = first + TOGETHER;
        pdf.places.extend((0..TOGETHER).map(|index| Place::Within { stream, index }));
        let entries = format!("/Type /ObjStm /N {TOGETHER} /First {}", head.len());
        let data = deflated((head + &body).as_bytes());
        pdf.stream(&format!("{entries} /Filter /FlateDecode"), &data);
    }
    pdf.cross_reference_stream()
}
