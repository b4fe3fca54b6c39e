//! A writer of small signed PDFs that lets a test do everything wrong.

/// Room for the signature, in bytes.
const ROOM: usize = 4096;

pub(crate) struct Pdf {
    /// What stands in the signature dictionary besides Contents and ByteRange.
    pub(crate) dictionary: &'static str,
    /// What follows the CMS within Contents.
    pub(crate) padding: Vec<u8>,
    /// Bytes that the second stretch leaves out at the end of the file.
    pub(crate) left_out: usize,
    /// Entries of the catalog.
    pub(crate) catalog: &'static str,
}

impl Default for Pdf {
    fn default() -> Self {
        Self {
            dictionary: "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
                         /M(D:20260601000000Z)",
            padding: Vec::new(),
            left_out: 0,
            catalog: "",
        }
    }
}

impl Pdf {
    /// `sign` makes the CMS over the covered bytes.
    pub(crate) fn signed(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let hole = "0".repeat(ROOM * 2);
        let range = "[0 0000000000 0000000000 0000000000]";
        let mut file = write(&[
            format!(
                "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>{}>>",
                self.catalog
            ),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Annots[4 0 R]>>".into(),
            "<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 0 0]/P 3 0 R/F 132/V 5 0 R>>".into(),
            format!("<</Type/Sig{}/ByteRange{range}/Contents<{hole}>>>", self.dictionary),
        ]);
        let at = |needle: &[u8], file: &[u8]| {
            file.windows(needle.len()).position(|window| window == needle).unwrap()
        };
        let start = at(b"/Contents<", &file) + "/Contents".len();
        let end = start + ROOM * 2 + 2;
        let range_at = at(range.as_bytes(), &file);
        let last = file.len() - end - self.left_out;
        let filled = format!("[0 {start:010} {end:010} {last:010}]");
        file[range_at..range_at + filled.len()].copy_from_slice(filled.as_bytes());
        let covered = [&file[..start], &file[end..end + last]].concat();
        let mut contents = sign(&covered);
        contents.extend(&self.padding);
        assert!(contents.len() <= ROOM, "{} bytes", contents.len());
        for (n, byte) in contents.iter().enumerate() {
            let hex = format!("{byte:02x}");
            file[start + 1 + n * 2..start + 3 + n * 2].copy_from_slice(hex.as_bytes());
        }
        file
    }
}

/// A PDF of these objects with a classic table.
pub(crate) fn write(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", n + 1).bytes());
    }
    let start = file.len();
    let size = objects.len() + 1;
    file.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.extend(trailer.bytes());
    file
}

/// An incremental update that sets one object.
pub(crate) fn update(file: &[u8], number: usize, object: &str) -> Vec<u8> {
    update_all(file, 6, &[(number, object)])
}

/// An incremental update that sets these objects, all of them below `size`.
pub(crate) fn update_all(file: &[u8], size: usize, objects: &[(usize, &str)]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let (_, previous) = text.trim_end().trim_end_matches("%%EOF").rsplit_once("startxref").unwrap();
    let (mut updated, mut rows) = (file.to_vec(), String::new());
    for (number, object) in objects {
        rows += &format!("{number} 1\n{:010} 00000 n \n", updated.len());
        updated.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let start = updated.len();
    let previous = previous.trim();
    let rest = format!(
        "xref\n{rows}trailer\n<</Size {size}/Root 1 0 R/Prev {previous}>>\n\
         startxref\n{start}\n%%EOF\n"
    );
    updated.extend(rest.bytes());
    updated
}
