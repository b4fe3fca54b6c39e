//! What the entries of a container are, by their names (EN 319 162-1 §4.3.3, §4.4.3).

use crate::encoding::percent;

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
/// In no other folder, and by no other spelling.
const PACKAGE: [&str; 3] =
    ["META-INF/manifest.xml", "META-INF/container.xml", "META-INF/metadata.xml"];

impl Role {
    pub(super) fn of(name: &str) -> Self {
        if name == "mimetype" {
            return Self::MimeType;
        }
        if name.ends_with('/') {
            return Self::Folder;
        }
        if PACKAGE.contains(&name) {
            return Self::Package;
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
        Self::Other
    }
}

fn below_meta_inf(name: &str) -> Option<&str> {
    let (folder, rest) = name.split_at_checked(META_INF.len())?;
    folder.eq_ignore_ascii_case(META_INF).then_some(rest)
}

/// The entry that a reference is to. Nothing where it leads elsewhere, or says nothing that
/// is text.
pub(super) fn referred(uri: &str) -> Option<String> {
    let scheme = uri.split(['/', '?', '#']).next().is_some_and(|it| it.contains(':'));
    if scheme || uri.starts_with("//") || uri.contains(['?', '#']) {
        return None;
    }
    percent::decoded(uri).map(|it| from_root(&it.text).to_owned())
}

/// Estonia's BDOC refers to its files from the root of the container.
pub(crate) fn from_root(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("META-INF/Manifest.xml", Role::Other),
            ("meta-inf/container.xml", Role::Other),
            ("META-INF/x/metadata.xml", Role::Other),
            ("META-INF/note.txt", Role::Other),
            ("META-INF/signatures/signatures0.xml", Role::Xml),
            ("META-INF/signatures/note.txt", Role::Other),
            ("meta-inf/signature.p7s", Role::Cades),
        ] {
            assert_eq!(Role::of(name), role, "{name}");
        }
    }

    #[test]
    fn references_lead_to_entries_or_elsewhere() {
        assert_eq!(referred("t%E1%BB%9D%20tr%C3%ACnh.txt").as_deref(), Some("tờ trình.txt"));
        assert_eq!(referred("/a/b.txt").as_deref(), Some("a/b.txt"));
        assert_eq!(referred("100%.txt").as_deref(), Some("100%.txt"));
        for elsewhere in ["http://a/b", "file:a", "//a/b", "a#b", "a?b", "%ff"] {
            assert_eq!(referred(elsewhere), None, "{elsewhere}");
        }
    }
}
