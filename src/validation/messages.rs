//! The longer tables of sentences. Each is for a clerk: what is the case, and what
//! it means; never an identifier alone.

use super::check::{CheckId, Finding, Message, say};
use crate::pki::path::Fault;
use crate::pki::{PublicKey, TrustAnchor};
use crate::signature::pades::{Finding as PdfFinding, LaterChanges};

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
        Fault::TooLong => say(
            "Đường dẫn chứng thực quá dài.".to_owned(),
            "The certification path is too long.".to_owned(),
        ),
        Fault::BadSignature => say(
            format!("Chữ ký trên chứng thư số của {subject} không phải của cơ quan cấp."),
            format!("The certificate of {subject} was not signed by its issuer's key."),
        ),
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
        Fault::AnchorPastSunset { sunset } => {
            let until = sunset.vietnam();
            say(
                format!("Gốc tin cậy chỉ được tin cậy đến {until}."),
                format!("The trust anchor was trusted only until {until}."),
            )
        }
    }
}

/// The kind and size of a key.
pub(super) fn key(key: PublicKey) -> String {
    match key {
        PublicKey::Rsa { bits } => format!("RSA {bits} bit"),
        PublicKey::EllipticCurve { bits: Some(bits) } => format!("EC {bits} bit"),
        PublicKey::EllipticCurve { bits: None } => "EC".into(),
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
        LaterChanges::Other => say(
            format!("Tài liệu đã có những thay đổi khác sau khi ký ({bytes} byte được thêm vào)."),
            format!(
                "The document was changed otherwise after it was signed ({bytes} bytes added)."
            ),
        ),
    }
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
