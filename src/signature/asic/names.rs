//! What the entries of a container are, by their names (EN 319 162-1 §4.3.3, §4.4.3).

/// What an entry is in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A file that can be signed.
    Data,
    /// Says of what kind the container is.
    MimeType,
    Folder,
    /// CAdES signatures.
    Cades,
    /// XAdES signatures, or those of OpenDocument.
    Xml,
    /// A time-stamp token.
    TimeStamp,
    /// An evidence record, of RFC 4998 or in XML.
    EvidenceRecord,
    /// What an object of another entry is over.
    Manifest,
    /// What a format of packages keeps of itself; nobody signs it.
    Package,
    /// In the folder of signatures, and none of these.
    Other,
}

const META_INF: &str = "META-INF/";

impl Role {
    pub(super) fn of(name: &str) -> Self {
        if name == "mimetype" {
            return Self::MimeType;
        }
        if name.ends_with('/') {
            return Self::Folder;
        }
        let Some(name) = below_meta_inf(name) else { return Self::Data };
        // Lithuania's containers have a folder of signatures within.
        let lower = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let is = |word: &str, ending: &str| lower.contains(word) && lower.ends_with(ending);
        if lower.ends_with(".p7s") {
            return Self::Cades;
        }
        if is("asic", ".xml") && lower.contains("manifest") {
            return Self::Manifest;
        }
        if is("evidencerecord", ".ers") || is("evidencerecord", ".xml") {
            return Self::EvidenceRecord;
        }
        if is("signature", ".xml") {
            return Self::Xml;
        }
        if lower.ends_with(".tst") {
            return Self::TimeStamp;
        }
        match lower.as_str() {
            "manifest.xml" | "container.xml" | "metadata.xml" => Self::Package,
            _ => Self::Other,
        }
    }
}

fn below_meta_inf(name: &str) -> Option<&str> {
    let (folder, rest) = name.split_at_checked(META_INF.len())?;
    folder.eq_ignore_ascii_case(META_INF).then_some(rest)
}

/// A reference to an entry without its escapes (RFC 3986 §2.1). Nothing where it leads
/// elsewhere, or says nothing that is text.
pub(crate) fn percent_decoded(uri: &str) -> Option<String> {
    let scheme = uri.split(['/', '?', '#']).next().is_some_and(|it| it.contains(':'));
    if scheme || uri.starts_with("//") || uri.contains(['?', '#']) {
        return None;
    }
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digit = |it: &u8| u8::try_from(char::from(*it).to_digit(16)?).ok();
        let escaped = match (first, rest) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = rest.get(2..).unwrap_or_default();
            }
            // Some write names as they are, and no two readers take this for an escape.
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::percent_encoded;

    #[test]
    fn entries_are_told_by_their_names() {
        for (name, role) in [
            ("mimetype", Role::MimeType),
            ("công văn.pdf", Role::Data),
            ("folder/mimetype", Role::Data),
            ("META-INF/", Role::Folder),
            ("META-INF/signature001.p7s", Role::Cades),
            ("META-INF/signatures.xml", Role::Xml),
            ("META-INF/documentsignatures.xml", Role::Xml),
            ("META-INF/ASiCManifest1.xml", Role::Manifest),
            ("META-INF/asicmanifest.xml", Role::Manifest),
            ("META-INF/ASiCManifestsignature.xml", Role::Manifest),
            ("META-INF/ASiCArchiveManifest.xml", Role::Manifest),
            ("META-INF/oldASiCArchiveManifest.xml", Role::Manifest),
            ("META-INF/ASiCEvidenceRecordManifest001.xml", Role::Manifest),
            ("META-INF/arch_timestamp_1.tst", Role::TimeStamp),
            ("META-INF/evidencerecord.ers", Role::EvidenceRecord),
            ("META-INF/evidencerecord001.xml", Role::EvidenceRecord),
            ("META-INF/manifest.xml", Role::Package),
            ("META-INF/note.txt", Role::Other),
            ("META-INF/signatures/signatures0.xml", Role::Xml),
            ("META-INF/signatures/note.txt", Role::Other),
            ("meta-inf/signature.p7s", Role::Cades),
        ] {
            assert_eq!(Role::of(name), role, "{name}");
        }
    }

    #[test]
    fn references_are_written_and_read_with_escapes() {
        let name = "Tờ trình/số 15 %.pdf";
        assert_eq!(percent_encoded(name), "T%E1%BB%9D%20tr%C3%ACnh/s%E1%BB%91%2015%20%25.pdf");
        assert_eq!(percent_decoded(&percent_encoded(name)).as_deref(), Some(name));
        assert_eq!(percent_decoded("a b.txt").as_deref(), Some("a b.txt"));
        assert_eq!(percent_decoded("100%").as_deref(), Some("100%"));
        assert_eq!(percent_decoded("100%.txt").as_deref(), Some("100%.txt"));
        for elsewhere in ["http://a/b", "file:a", "//a/b", "a#b", "a?b", "%ff"] {
            assert_eq!(percent_decoded(elsewhere), None, "{elsewhere}");
        }
    }
}
