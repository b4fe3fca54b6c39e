//! What an XML signature refers to (XMLDSig §3.2.1): each reference is found, and is what
//! was digested.

use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::{Failed, Indeterminate};
use crate::validation::facts::{DigestFact, ReferenceFacts, ReferenceKind, XmlFacts, XmlFinding};

/// Whether everything that is signed is at hand; the first that is not is named.
pub(super) fn data(xml: &XmlFacts) -> Finding {
    let id = CheckId::SignedData;
    let Some(missing) = xml.references.iter().find(|it| !it.found) else {
        return Finding::holds(id, say("Có dữ liệu được ký.", "The signed data is at hand."));
    };
    let name = &missing.name;
    let why = missing.trouble.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
    let message = match missing.kind {
        ReferenceKind::Data | ReferenceKind::Manifest | ReferenceKind::Content => say(
            format!("Không có dữ liệu được ký “{name}”; hãy cung cấp tệp gốc để kiểm tra."),
            format!(
                "The signed data {name:?} is not at hand; hand in the file that was signed{why}."
            ),
        ),
        ReferenceKind::SignedProperties | ReferenceKind::KeyInfo => say(
            format!("Phần được ký “{name}” không nằm trong chính chữ ký này."),
            format!("What is signed as {name:?} does not stand in this very signature{why}."),
        ),
        ReferenceKind::CountersignedValue => say(
            format!("Không tìm thấy chữ ký được xác nhận “{name}”."),
            format!("The countersigned signature {name:?} is not found{why}."),
        ),
    };
    Finding::unknown(id, Indeterminate::SignedDataNotFound, message)
}

/// Of each reference, whether it is what was signed.
pub(super) fn digests(xml: &XmlFacts) -> Vec<Finding> {
    let found = xml.references.iter().filter(|it| it.found);
    let mut all: Vec<_> = found.filter_map(digest).collect();
    if all.is_empty() && xml.found() && !xml.references.is_empty() {
        all.push(Finding::holds(
            CheckId::MessageDigest,
            say(
                "Nội dung không bị thay đổi kể từ khi ký.",
                "The content has not been changed since it was signed.",
            ),
        ));
    }
    all.extend(xml.references.iter().filter_map(part));
    if xml.references.is_empty() {
        all.push(Finding::broken(
            CheckId::MessageDigest,
            Failed::FormatFailure,
            say("Chữ ký không ký dữ liệu nào.", "The signature signs nothing."),
        ));
    }
    all
}

/// What an expression leaves of an element may say something else than the whole.
fn part(reference: &ReferenceFacts) -> Option<Finding> {
    let element = reference.element.as_ref().filter(|it| !it.whole)?;
    let intact = reference.found && reference.digest == DigestFact::Matches;
    (intact && reference.kind == ReferenceKind::Data).then(|| {
        let (name, element) = (&reference.name, &element.name);
        Finding::warned(
            CheckId::MessageDigest,
            say(
                format!("Chữ ký chỉ bao trùm một phần của “{name}” (phần tử {element})."),
                format!("Only a part of {name:?} is signed (the element {element})."),
            ),
        )
    })
}

fn digest(reference: &ReferenceFacts) -> Option<Finding> {
    let (id, name) = (CheckId::MessageDigest, &reference.name);
    Some(match reference.digest {
        DigestFact::Matches => return None,
        DigestFact::Differs if reference.kind == ReferenceKind::CountersignedValue => {
            Finding::broken(
                id,
                Failed::HashFailure,
                say(
                    "Chữ ký xác nhận không ký giá trị của chữ ký chứa nó.",
                    "The countersignature does not sign the value of the signature that it \
                     stands in.",
                ),
            )
        }
        DigestFact::Differs if reference.kind == ReferenceKind::Content => Finding::broken(
            id,
            Failed::HashFailure,
            say(
                "Chữ ký không ký nội dung được đưa vào kiểm tra, mà ký nội dung khác.",
                "The signature is not over the content that was handed in, but over another.",
            ),
        ),
        DigestFact::Differs => Finding::broken(
            id,
            Failed::HashFailure,
            say(
                format!("Tài liệu đã bị thay đổi: “{name}” không khớp với giá trị băm đã ký."),
                format!("The document was changed: {name:?} is not what its digest was made of."),
            ),
        ),
        DigestFact::Missing => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                format!("Chữ ký thiếu giá trị băm của “{name}”."),
                format!("The signature lacks the digest of {name:?}."),
            ),
        ),
        DigestFact::Unsupported if reference.kind == ReferenceKind::Content => Finding::unknown(
            id,
            Indeterminate::Generic,
            say(
                "Chỉ có giá trị băm thì không biết được chữ ký có ký nội dung này không; hãy cung cấp chính tệp đó.",
                "By its digest alone it cannot be told whether the signature is over the content; hand in the file.",
            ),
        ),
        DigestFact::Unsupported | DigestFact::NotCompared => {
            let what = reference.trouble.clone();
            let what = what.unwrap_or_else(|| reference.algorithm.identifier());
            Finding::unknown(
                id,
                Indeterminate::Generic,
                say(
                    format!("Không kiểm tra được “{name}”: thuật toán {what} chưa được hỗ trợ."),
                    format!("{name:?} cannot be checked: {what} is not supported."),
                ),
            )
        }
    })
}

/// XMLDSig §5.1: what a manifest says is the application's to judge; each entry that is
/// missing or was changed is told.
pub(super) fn manifest(xml: &XmlFacts) -> Vec<Finding> {
    let id = CheckId::ManifestEntries;
    let follows = Indeterminate::SigConstraintsFailure;
    let bad = xml.manifest.iter().filter_map(|it| {
        let name = &it.name;
        let message = match (it.found, it.digest) {
            (true, DigestFact::Matches) => return None,
            (false, _) => say(
                format!("Không có tệp “{name}” trong bảng kê (Manifest) được ký."),
                format!("The signed manifest names {name:?}, which is not at hand."),
            ),
            (true, DigestFact::Differs) => say(
                format!("Tệp “{name}” trong bảng kê (Manifest) được ký đã bị thay đổi."),
                format!("{name:?}, which the signed manifest names, was changed."),
            ),
            (true, _) => say(
                format!("Không kiểm tra được tệp “{name}” trong bảng kê (Manifest) được ký."),
                format!("{name:?}, which the signed manifest names, cannot be checked."),
            ),
        };
        Some(Finding::broken(id, follows, message))
    });
    let bad: Vec<_> = bad.collect();
    if bad.is_empty() && !xml.manifest.is_empty() {
        let count = xml.manifest.len();
        return vec![Finding::holds(
            id,
            say(
                format!("Cả {count} mục của bảng kê (Manifest) được ký đều nguyên vẹn."),
                format!("All entries of the signed manifest ({count}) are intact."),
            ),
        )];
    }
    bad
}

/// What of its place and form is not as it must be.
pub(super) fn structure(finding: &XmlFinding) -> Finding {
    let id = CheckId::FormatStructure;
    match finding {
        XmlFinding::AmbiguousId(name) => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                format!(
                    "Có nhiều phần tử cùng mang Id “{name}” được ký: không rõ phần tử nào được ký."
                ),
                format!(
                    "Several elements have the Id {name:?} that is signed: which one is, is open."
                ),
            ),
        ),
        XmlFinding::PropertiesNotSigned => Finding::warned(
            id,
            say(
                "Các thuộc tính XAdES (SignedProperties) không được chữ ký này ký: thời gian, vai \
                 trò và chứng thư số ghi trong đó có thể do người khác đặt vào, nên bị bỏ qua.",
                "The XAdES properties (SignedProperties) are not signed by this signature: anybody \
                 may have put time, role and certificate there, which therefore count for nothing.",
            ),
        ),
        XmlFinding::UnsignedObjects(count) => Finding::warned(
            id,
            say(
                format!("Chữ ký chứa {count} phần (Object) không được ký; không dựa vào đó."),
                format!(
                    "Objects that nothing signs ({count}) stand in the signature: do not rely on \
                     what is in them."
                ),
            ),
        ),
    }
}
