//! The longer tables of sentences. Each is for a clerk: what is the case, and what
//! it means; never an identifier alone.

use super::check::{CheckId, Finding, Message, say};
use crate::pki::path::Fault;
use crate::pki::{Certificate, PublicKey, TrustAnchor};
use crate::signature::pades::{DrawingKind, Finding as PdfFinding, LaterChanges, RevisionChanges};
use crate::time::UtcTime;

/// The path that was found.
pub(super) fn trusted(subjects: &[String], anchor: &TrustAnchor) -> Finding {
    let (anchor_name, domain) = (anchor.name(), anchor.domain());
    let domain = domain.map(|it| format!(" ({it})")).unwrap_or_default();
    let between = subjects.len().saturating_sub(1);
    Finding::holds(
        CheckId::CertificationPath,
        say(
            format!(
                "Đường dẫn chứng thực hợp lệ, qua {between} cơ quan trung gian, tới gốc tin cậy \
                 {anchor_name}{domain}."
            ),
            format!(
                "The certification path holds, by {between} intermediate(s), to the trust anchor \
                 {anchor_name}{domain}."
            ),
        ),
    )
}

/// Why a path does not hold; `subject` is whom it is about.
pub(super) fn path_fault(subject: &str, fault: &Fault) -> Message {
    match fault {
        Fault::NoIssuer => say(
            format!("Chứng thư số không tin cậy: không có cơ quan cấp tin cậy nào cho {subject}."),
            format!("The certificate is not trusted: no trusted issuer is known for {subject}."),
        ),
        Fault::OtherKey => other_key(subject),
        Fault::TooLong => say(
            "Đường dẫn chứng thực quá dài.".to_owned(),
            "The certification path is too long.".to_owned(),
        ),
        Fault::BadSignature => bad_signature(subject),
        Fault::UnsupportedAlgorithm { algorithm } => say(
            format!(
                "Chứng thư số của {subject} được ký bằng thuật toán không hỗ trợ: {algorithm}."
            ),
            format!(
                "The certificate of {subject} is signed by an unsupported algorithm: {algorithm}."
            ),
        ),
        Fault::Malformed { what } => say(
            format!("Chứng thư số của {subject} bị lỗi: {what}."),
            format!("The certificate of {subject} is broken: {what}."),
        ),
        Fault::NotAuthority => say(
            format!("{subject} không phải là tổ chức chứng thực nhưng lại cấp chứng thư số."),
            format!("{subject} is no certification authority, but issued a certificate."),
        ),
        Fault::KeyUsage => say(
            format!("Khóa của {subject} không được phép cấp chứng thư số."),
            format!("The key of {subject} may not sign certificates."),
        ),
        Fault::PathLength => say(
            format!("Đường dẫn chứng thực qua {subject} dài hơn mức cho phép."),
            format!("The path by {subject} is longer than the authority above allows."),
        ),
        Fault::UnprocessedExtension { oid } => say(
            format!("Chứng thư số của {subject} có ràng buộc {oid} chưa được hỗ trợ."),
            format!(
                "The certificate of {subject} has a binding extension {oid} that is not supported."
            ),
        ),
        Fault::NameConstraint { name } => say(
            format!(
                "Tên {name} trong chứng thư số của {subject} không được cơ quan cấp trên cho phép."
            ),
            format!("An authority above {subject} does not permit the name {name}."),
        ),
        Fault::NoPolicy => say(
            format!("Chứng thư số của {subject} không có chính sách chứng thư nào được yêu cầu."),
            format!("The path by {subject} holds for no certificate policy that is required."),
        ),
        Fault::Purpose { oid } => say(
            format!("Chứng thư số của {subject} không được dùng cho mục đích {oid}."),
            format!("The certificate of {subject} does not allow the purpose {oid}."),
        ),
        Fault::NotYetValid { not_before } => {
            let from = not_before.vietnam();
            say(
                format!("Chứng thư số của {subject} chưa có hiệu lực: chỉ có hiệu lực từ {from}."),
                format!("The certificate of {subject} is not yet valid: it is from {from} on."),
            )
        }
        Fault::Expired { not_after } => {
            let to = not_after.vietnam();
            say(
                format!(
                    "Chứng thư số của {subject} đã hết hạn ngày {to}, và không có gì chứng minh \
                     chữ ký được tạo trước đó."
                ),
                format!(
                    "The certificate of {subject} expired at {to}, and nothing proves that the \
                     signature is older."
                ),
            )
        }
        Fault::Rejected { why } => say(
            format!("Hệ thống sử dụng không chấp nhận chứng thư số của {subject}: {why}."),
            format!("The certificate of {subject} is refused by the application: {why}."),
        ),
        Fault::AnchorPastSunset { sunset } => {
            let until = sunset.vietnam();
            say(
                format!("Gốc tin cậy chỉ được tin cậy đến {until}."),
                format!("The trust anchor was trusted only until {until}."),
            )
        }
    }
}

/// Its own issuer is not among those of the name.
fn other_key(subject: &str) -> Message {
    say(
        format!(
            "Thiếu chứng thư số của cơ quan cấp cho {subject}: các chứng thư số cùng tên cơ \
             quan cấp hiện có đều mang khóa khác với khóa đã cấp."
        ),
        format!(
            "The issuer's certificate is missing for {subject}: those at hand of the \
             issuer's name have other keys than the one that issued it."
        ),
    )
}

/// The key that should have signed it did not.
fn bad_signature(subject: &str) -> Message {
    say(
        format!(
            "Chữ ký trên chứng thư số của {subject} không do khóa hiện có của cơ quan cấp \
             tạo ra: chứng thư số bị sửa hoặc giả mạo, hoặc đó không phải khóa đã cấp."
        ),
        format!(
            "The certificate of {subject} was not signed by the key at hand of its issuer: \
             it was changed or forged, or that key is not the one that issued it."
        ),
    )
}

/// Programs that know only the name that the standard gives do not see the other signatures.
pub(super) fn several_signature_files(count: usize) -> Message {
    say(
        format!(
            "Gói ASiC-S chỉ được có một tệp chữ ký, nhưng có {count} tệp; phần mềm khác có thể \
             không thấy hết các chữ ký."
        ),
        format!(
            "An ASiC-S has one file of signatures; this one has {count}, and other programs may \
             not see all of them."
        ),
    )
}

/// The kind and size of a key.
pub(super) fn key(key: PublicKey) -> String {
    match key {
        PublicKey::Rsa { bits } => format!("RSA {bits} bit"),
        PublicKey::EllipticCurve { bits: Some(bits) } => format!("EC {bits} bit"),
        PublicKey::EllipticCurve { bits: None } => "EC".into(),
        PublicKey::Dsa { bits: Some(bits) } => format!("DSA {bits} bit"),
        PublicKey::Dsa { bits: None } => "DSA".into(),
        PublicKey::Ed25519 => "Ed25519".into(),
        PublicKey::Other => "?".into(),
    }
}

/// What came after the signature.
pub(super) fn later_changes(changes: LaterChanges, bytes: u64) -> Message {
    match changes {
        LaterChanges::None => say(
            "Không có gì được thêm vào tài liệu sau khi ký.",
            "Nothing was added to the document after it was signed.",
        ),
        LaterChanges::LtaUpdates => say(
            "Sau khi ký, tài liệu chỉ được bổ sung dữ liệu xác thực và dấu thời gian.",
            "Only validation data and time-stamps were added after it was signed.",
        ),
        LaterChanges::Signatures => say(
            "Sau khi ký, tài liệu chỉ có thêm chữ ký khác.",
            "Only further signatures were added after it was signed.",
        ),
        LaterChanges::FormFilling => say(
            "Sau khi ký, các trường của biểu mẫu đã được điền hoặc sửa.",
            "Form fields were filled in or changed after it was signed.",
        ),
        LaterChanges::Annotations => say(
            "Sau khi ký, có chú thích được thêm, sửa hoặc xóa.",
            "Annotations were added, changed or removed after it was signed.",
        ),
        LaterChanges::ClerkAddition => say(
            "Sau khi ký, trang văn bản được bổ sung hình vẽ hoặc chữ (như số, ngày, con dấu).",
            "Text or drawing, such as number, date and seal, was added to the pages after it was \
             signed.",
        ),
        LaterChanges::Other => say(
            format!("Tài liệu đã có những thay đổi khác sau khi ký ({bytes} byte được thêm vào)."),
            format!(
                "The document was changed otherwise after it was signed ({bytes} bytes added)."
            ),
        ),
    }
}

/// What was added to the pages themselves, and where its lower left corner is: in Vietnamese
/// and in English.
fn drawn(change: &RevisionChanges) -> [Vec<String>; 2] {
    /// Characters of a line; the report's list has it whole.
    const MOST: usize = 60;
    /// A point is the 72nd part of an inch (ISO 32000-2 §8.3.2.3).
    const MILLIMETRES: f64 = 25.4 / 72.0;
    let [mut vi, mut en] = [Vec::new(), Vec::new()];
    for it in &change.drawings {
        let text = it.text.chars().take(MOST).collect::<String>();
        let (what_vi, what_en) = match it.kind {
            DrawingKind::Text => (format!("chữ “{text}”"), format!("text “{text}”")),
            DrawingKind::Image => ("hình ảnh".to_owned(), "a picture".to_owned()),
            DrawingKind::Path => ("nét vẽ".to_owned(), "lines".to_owned()),
            DrawingKind::SignatureLook | DrawingKind::Field | DrawingKind::Annotation => continue,
        };
        let [left, bottom, ..] = it.place.map(|it| it * MILLIMETRES);
        vi.push(format!("{what_vi} tại x {left:.0} mm, y {bottom:.0} mm"));
        en.push(format!("{what_en} at x {left:.0} mm, y {bottom:.0} mm"));
    }
    [vi, en]
}

/// Fields that had something to say when it was signed, and say something else.
pub(super) fn refilled(changes: &[RevisionChanges]) -> Message {
    let names: Vec<_> = changes.iter().flat_map(|it| &it.refilled).cloned().collect();
    let names = names.join(", ");
    say(
        format!("Nội dung đã có trong biểu mẫu khi ký bị sửa sau đó: trường {names}."),
        format!("What the form said when it was signed was changed since: field {names}."),
    )
}

/// What one revision changed of one kind, by name, in Vietnamese and in English.
fn what_changed(kind: LaterChanges, change: &RevisionChanges) -> [String; 2] {
    let listed = |what: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!(": {what}{}", names.join(", ")),
    };
    let [vi, en] = match kind {
        LaterChanges::FormFilling => [("trường ", &change.fields), ("field ", &change.fields)],
        LaterChanges::Annotations => {
            [("chú thích ", &change.annotations), ("annotation ", &change.annotations)]
        }
        _ => return drawn(change).map(|it| listed("", &it)),
    };
    [vi, en].map(|(what, names)| listed(what, names))
}

/// What later revisions changed of one kind, by their names.
pub(super) fn changed_later(kind: LaterChanges, changes: &[RevisionChanges]) -> Message {
    let (mut vi, mut en) = match kind {
        LaterChanges::FormFilling => (
            "Biểu mẫu được điền hoặc sửa sau khi ký".to_owned(),
            "The form was filled in or changed after it was signed".to_owned(),
        ),
        LaterChanges::Annotations => (
            "Có chú thích được thêm, sửa hoặc xóa sau khi ký".to_owned(),
            "Annotations were made, changed or deleted after it was signed".to_owned(),
        ),
        _ => (
            "Trang văn bản được bổ sung sau khi ký".to_owned(),
            "Something was added to the pages after it was signed".to_owned(),
        ),
    };
    for change in changes {
        let [what_vi, what_en] = what_changed(kind, change);
        if what_vi.is_empty() && change.kind != Some(kind) {
            continue;
        }
        let revision = change.revision;
        let pages: Vec<String> = change.pages.iter().map(ToString::to_string).collect();
        vi += &format!("; phiên bản {revision}{what_vi}");
        en += &format!("; revision {revision}{what_en}");
        if !pages.is_empty() {
            vi += &format!(" (trang {})", pages.join(", "));
            en += &format!(" (page {})", pages.join(", "));
        }
    }
    say(vi + ".", en + ".")
}

/// What is wrong with a signature's place in its PDF.
pub(super) fn pdf_finding(finding: PdfFinding) -> Message {
    let vi = match finding {
        PdfFinding::ByteRangeMissing => "không có ByteRange",
        PdfFinding::ByteRangeNotFourIntegers => "ByteRange không gồm đúng bốn số nguyên",
        PdfFinding::ByteRangeNegative => "ByteRange có số âm",
        PdfFinding::ByteRangeOutOfFile => "ByteRange vượt ra ngoài tệp hoặc chồng lấn",
        PdfFinding::ByteRangeNotFromStart => "phần đầu của tệp không được ký",
        PdfFinding::GapIsNotContents => "phần không được ký không phải chính là giá trị chữ ký",
        PdfFinding::EndIsNotRevisionEnd => {
            "phần được ký không kết thúc ở cuối một phiên bản của tệp"
        }
        PdfFinding::ContentsMissing => "không có giá trị chữ ký (Contents)",
        PdfFinding::ContentsNotHexadecimal => "giá trị chữ ký không phải chuỗi thập lục phân",
        PdfFinding::ContentsNotAsn1 => "giá trị chữ ký không phải ASN.1",
        PdfFinding::ContentsTrailingBytes => "có dữ liệu lạ nằm sau giá trị chữ ký trong Contents",
        PdfFinding::DuplicateKey => "từ điển chữ ký có khóa lặp lại",
        PdfFinding::SharedDictionary => "hai trường dùng chung một chữ ký",
        PdfFinding::DuplicateFieldName => "hai trường chữ ký trùng tên",
        PdfFinding::GapShared => "hai chữ ký cùng bỏ trống một đoạn của tệp",
        PdfFinding::DictionaryNotInFile => "từ điển chữ ký không phải một đối tượng riêng của tệp",
        PdfFinding::DictionaryNotCovered => "chữ ký không bao trùm từ điển của chính nó",
        PdfFinding::NotInForm => "chữ ký không thuộc trường nào của biểu mẫu",
        PdfFinding::ValueBroken => "không đọc được giá trị của trường chữ ký",
        PdfFinding::DictionaryChanged => "từ điển chữ ký đã bị thay đổi về sau",
        PdfFinding::TypeUnknown => "từ điển chữ ký thuộc loại không rõ",
    };
    say(
        format!("Chữ ký không nằm đúng chỗ trong tệp PDF: {vi}."),
        format!("The signature does not stand in the PDF as it must: {finding}."),
    )
}

/// The signature is proven to be older than the certificate.
pub(super) fn premature(proven: UtcTime) -> Message {
    let at = proven.vietnam();
    say(
        format!("Chữ ký đã có từ {at}, trước khi chứng thư số có hiệu lực."),
        format!("The signature existed at {at}, before the certificate was valid."),
    )
}

/// Nothing but the present proves what the issuers made.
pub(super) fn issuer_out_of_time() -> Message {
    say(
        "Chứng thư số của cơ quan cấp nay không còn hiệu lực; cần dấu thời gian lưu trữ bao trùm \
         dữ liệu chứng thực.",
        "An issuer is out of its time today; it takes an archive time-stamp over the validation \
         data.",
    )
}

/// Revoked at the time, or not known to be good.
pub(super) fn not_good_then(certificate: &Certificate, at: UtcTime) -> Message {
    let (subject, at) = (certificate.subject(), at.vietnam());
    say(
        format!(
            "Không có dữ liệu đáng tin cho thấy chứng thư số của {subject} không bị thu hồi lúc \
             {at}."
        ),
        format!(
            "Nothing that can be relied on says that the certificate of {subject} was not \
             revoked at {at}."
        ),
    )
}

/// Nothing proves in time that the certificate, or what says that it is good, existed.
pub(super) fn unproven(certificate: &Certificate, control: UtcTime) -> Message {
    let (subject, at) = (certificate.subject(), control.vietnam());
    say(
        format!(
            "Không có gì chứng minh chứng thư số của {subject} và dữ liệu thu hồi của nó đã có \
             trước {at}."
        ),
        format!(
            "Nothing proves that the certificate of {subject}, and what says that it is not \
             revoked, existed before {at}."
        ),
    )
}

/// The signature is not proven to exist up to when the path can be relied on.
pub(super) fn proven_too_late(proven: UtcTime, control: UtcTime) -> Message {
    let (proven, until) = (proven.vietnam(), control.vietnam());
    say(
        format!("Chữ ký chỉ được chứng minh từ {proven}, chứng thư số chỉ tin được đến {until}."),
        format!(
            "The signature is proven from {proven} on only, and its certificates can be relied \
             on up to {until}."
        ),
    )
}
