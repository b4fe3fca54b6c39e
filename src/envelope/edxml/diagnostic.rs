//! How a message deviates from what the standard asks and the national kit writes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::encoding::steers;

/// One deviation, where it stands, and what it is in words for a clerk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What it is. Stable: programs may decide by it.
    pub code: DiagnosticCode,
    /// How grave it is.
    pub severity: Severity,
    /// The element, by its local name, or the name of the attachment.
    pub place: String,
    /// Bytes from the start of the message, where one place is meant.
    pub offset: Option<u64>,
    /// The text that was met, shortened; empty where there is none.
    pub found: String,
    /// A sentence in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

/// How grave a deviation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Harmless, and common.
    Note,
    /// Something is missing or cannot be relied on; a person should know.
    Warning,
    /// The message must not be accepted as it is: a file cannot be read, or two
    /// readers may understand the message in two ways.
    Error,
}

/// Longest text that a diagnostic repeats, and longest name of a place, in characters.
const FOUND: usize = 80;
const PLACE: usize = 200;

impl Diagnostic {
    pub(super) fn new(code: DiagnosticCode, place: &str, offset: Option<u64>, found: &str) -> Self {
        // Both are the sender's, and end up before clerks and in answers.
        let shown = |text: &str, most: usize| -> String {
            text.chars().map(|it| if steers(it) { ' ' } else { it }).take(most).collect()
        };
        let (place, found) = (shown(place, PLACE), shown(found, FOUND));
        let (_, _, vi, en) = code.row();
        let say = |sentence: &str, at: &str| {
            let met = if found.is_empty() { String::new() } else { format!(": “{found}”") };
            format!("{sentence} ({at} {place}{met}).")
        };
        let (message_vi, message_en) = (say(vi, "tại"), say(en, "at"));
        Self { code, severity: code.severity(), place, offset, found, message_vi, message_en }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message_en)
    }
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $vi:literal $en:literal;)*) => {
        /// What a deviation is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum DiagnosticCode {
            $(#[doc = $en] #[serde(rename = $id)] $name,)*
        }

        impl DiagnosticCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            fn row(self) -> (&'static str, Severity, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($id, Severity::$severity, $vi, $en),)*
                }
            }
        }
    };
}

codes! {
    NamespaceMissing "namespace-missing" Note
        "Phần tử không khai báo không gian tên của QCVN 102:2016"
        "An element is not in the namespace of QCVN 102:2016";
    PrefixUnbound "prefix-unbound" Warning
        "Tiền tố không gian tên chưa được khai báo"
        "The prefix of a name is declared nowhere";
    ElementUnknown "element-unknown" Note
        "Phần tử không có trong quy chuẩn nên được bỏ qua"
        "An element that the standard does not know was skipped";
    ElementMissing "element-missing" Warning
        "Thiếu thông tin bắt buộc"
        "Required information is missing";
    ElementRepeated "element-repeated" Error
        "Phần tử chỉ được có một lần nhưng xuất hiện nhiều lần; chỉ dùng phần tử đầu tiên"
        "An element that may stand once stands more than once; the first counts";
    ElementMisplaced "element-misplaced" Error
        "Phần tử đứng ở vị trí hoặc trong không gian tên mà nó không có hiệu lực; hệ thống khác có thể hiểu khác"
        "An element stands where, or in a namespace in which, it does not count; other systems may read it";
    TextTooLong "text-too-long" Note
        "Nội dung dài hơn giới hạn mà các hệ thống thường chấp nhận"
        "A text is longer than systems in the field accept";
    NumberMalformed "number-malformed" Warning
        "Giá trị phải là số nguyên"
        "A value should be a whole number";
    NumberOutOfRange "number-out-of-range" Warning
        "Giá trị nằm ngoài phạm vi quy định"
        "A number is outside of its range";
    DateMalformed "date-malformed" Warning
        "Ngày tháng không đúng dạng năm/tháng/ngày hoặc không có trong lịch"
        "A date is not a day of the calendar written yyyy/MM/dd";
    DateOlderForm "date-older-form" Warning
        "Ngày tháng viết theo dạng cũ ngày/tháng/năm"
        "A date is written in the older form dd/MM/yyyy";
    StatusCodeForm "status-code-form" Note
        "Mã trạng thái phải có hai chữ số"
        "A status code should have two digits";
    StatusCodeUnknown "status-code-unknown" Error
        "Mã trạng thái không có ý nghĩa nào được biết"
        "A status code has no known meaning";
    StatusCarriesDocument "status-carries-document" Error
        "Thông điệp trạng thái lại mang theo thành phần của một văn bản"
        "A status message carries parts of a document";
    BusinessTypeUnknown "business-type-unknown" Error
        "Loại nghiệp vụ không có trong quy chuẩn"
        "The type of business is not one that the standard knows";
    BusinessTargetMissing "business-target-missing" Error
        "Thông điệp thu hồi, cập nhật hoặc thay thế không nêu văn bản nào"
        "A message that changes an earlier document names none";
    ReceiverRepeated "receiver-repeated" Warning
        "Một nơi nhận được nêu nhiều lần"
        "A receiver is named more than once";
    SignaturePresent "signature-present" Note
        "Thông điệp có chữ ký XML; chữ ký này chưa được kiểm tra và thường không còn giá trị kỹ thuật sau khi qua trục"
        "The message has an XML signature; it was not verified, and seldom can be after the axis";
    SignatureDummy "signature-dummy" Note
        "Phần chữ ký XML của thông điệp chỉ là dữ liệu mẫu"
        "The XML signature of the message is a mere placeholder";
    ManifestMissing "manifest-missing" Note
        "Thông điệp không có danh mục tệp đính kèm"
        "The message has no manifest of its attachments";
    ReferenceWithoutAttachment "reference-without-attachment" Error
        "Danh mục nêu một tệp không có trong thông điệp"
        "The manifest names a file that the message does not carry";
    ReferenceNameDiffers "reference-name-differs" Warning
        "Danh mục nêu tên tệp khác với tên của tệp đính kèm"
        "The manifest gives an attachment another name";
    AttachmentWithoutReference "attachment-without-reference" Warning
        "Tệp đính kèm không có trong danh mục"
        "An attachment is not in the manifest";
    ContentIdRepeated "content-id-repeated" Error
        "Hai tệp đính kèm có cùng mã nội dung"
        "Two attachments have the same content identifier";
    AttachmentNameMissing "attachment-name-missing" Warning
        "Tệp đính kèm không có tên"
        "An attachment has no name";
    AttachmentNameUnsafe "attachment-name-unsafe" Warning
        "Tên tệp đính kèm chứa đường dẫn hoặc ký tự nguy hiểm"
        "The name of an attachment has a path or dangerous characters";
    AttachmentEmpty "attachment-empty" Error
        "Tệp đính kèm không có nội dung"
        "An attachment has no content";
    Base64Malformed "base64-malformed" Error
        "Nội dung tệp đính kèm không phải là base64 hợp lệ nên không đọc được"
        "The content of an attachment is no base64 and cannot be read";
    ContentTypeDiffers "content-type-differs" Note
        "Kiểu nội dung khai báo không đúng với nội dung tệp"
        "The declared content type is not what the content is";
    ZipNotOneEntry "zip-not-one-entry" Error
        "Tệp nén của tệp đính kèm phải chứa đúng một tệp"
        "The archive around an attachment should hold exactly one file";
    ZipPathUnsafe "zip-path-unsafe" Warning
        "Tên tệp trong tệp nén trỏ ra ngoài thư mục; tên này không được dùng"
        "The entry of the archive around an attachment points outside of its folder; it is not followed";
    ZipMalformed "zip-malformed" Error
        "Tệp nén của tệp đính kèm bị hỏng nên không đọc được"
        "The archive around an attachment is damaged and cannot be read";
    ContentDamaged "content-damaged" Error
        "Tệp đính kèm đã bị hỏng khi truyền: dữ liệu nhị phân bị chuyển mã như văn bản"
        "An attachment was damaged on its way: binary data was converted as if it were text";
}

impl DiagnosticCode {
    /// The code as text: `date-malformed`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// How grave it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.row().1
    }
}

impl fmt::Display for DiagnosticCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_named_alike_everywhere() {
        for (n, code) in DiagnosticCode::ALL.iter().enumerate() {
            assert_eq!(serde_json::to_value(code).unwrap(), code.id());
            assert!(DiagnosticCode::ALL[n + 1..].iter().all(|it| it.id() != code.id()));
        }
    }

    #[test]
    fn sentences_say_where_and_what() {
        let it = Diagnostic::new(DiagnosticCode::DateMalformed, "DueDate", Some(7), "2019/02/31\n");
        assert!(it.message_vi.ends_with("(tại DueDate: “2019/02/31 ”)."), "{}", it.message_vi);
        assert!(it.message_en.starts_with("A date is not a day"), "{}", it.message_en);
        let long = Diagnostic::new(DiagnosticCode::TextTooLong, "Subject", None, &"ố".repeat(500));
        assert_eq!(long.found.chars().count(), FOUND);
        let name = format!("a\u{202E}fdp.exe\n{}", "x".repeat(1000));
        let it = Diagnostic::new(DiagnosticCode::AttachmentNameUnsafe, &name, None, &name);
        assert!(it.place.starts_with("a fdp.exe x") && it.place.len() <= PLACE, "{}", it.place);
        assert!(!it.message_vi.chars().any(steers), "{}", it.message_vi);
    }
}
