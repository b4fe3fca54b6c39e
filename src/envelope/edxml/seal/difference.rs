//! Where a message is not what was sealed.

use std::collections::BTreeMap;
use std::fmt;

use super::content::{SEPARATOR, SealedContent};
use crate::encoding::steers;

/// Letters of one value that are shown.
const SHOWN: usize = 300;

/// See [`Difference::is_grave`]. Names of agencies are not among them: those on the way have
/// directories of their own, and go by the codes.
const GRAVE: [&str; 13] = [
    "file",
    "from",
    "document-id",
    "number",
    "notation",
    "date",
    "answers",
    "business",
    "business-target",
    "business-information",
    "business-receivers",
    "business-receiver",
    "business-replaces",
];

/// Differences that are told of one message; of more, the grave ones first.
const TOLD: usize = 200;

/// What a seal is called that does not hold itself.
const SEAL: &str = "seal";

/// A value that is not what was sealed: changed, gone, or come since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    field: String,
    sealed: Option<String>,
    arrived: Option<String>,
}

impl Difference {
    /// Another seal of the message does not hold.
    pub(super) fn of_seal(name: String) -> Self {
        Self { field: SEAL.to_owned(), sealed: None, arrived: Some(name) }
    }

    /// The name of the value in the list: `subject`, `file`; `seal` where another seal of the
    /// message does not hold.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// As it was sealed; nothing where it came since.
    #[must_use]
    pub fn sealed(&self) -> Option<&str> {
        self.sealed.as_deref()
    }

    /// As it arrived; nothing where it is gone.
    #[must_use]
    pub fn arrived(&self) -> Option<&str> {
        self.arrived.as_deref()
    }

    /// Whether the document is another one by it: a file, who sent it, its number and date,
    /// what it answers, what it does to earlier documents. Anything else may be the axis'
    /// doing.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        GRAVE.contains(&self.field.as_str())
    }

    /// For the clerk.
    #[must_use]
    pub fn message_vi(&self) -> String {
        let field = label(&self.field);
        match (&self.sealed, &self.arrived) {
            (None, Some(name)) if self.field == SEAL => {
                format!(
                    "{field} “{}” không đứng vững, nên không ai bảo đảm cho tệp đó.",
                    self.show(name)
                )
            }
            (Some(sealed), Some(arrived)) => format!(
                "{field} đã thay đổi so với lúc niêm phong: “{}” thành “{}”.",
                self.show(sealed),
                self.show(arrived)
            ),
            (Some(sealed), None) => {
                format!("{field} “{}” có lúc niêm phong nhưng không còn.", self.show(sealed))
            }
            (None, Some(arrived)) => {
                format!("{field} “{}” được thêm vào sau khi niêm phong.", self.show(arrived))
            }
            (None, None) => format!("{field} đã thay đổi so với lúc niêm phong."),
        }
    }

    /// Of a file, its name is what people know it by; the digest tells two of one name apart.
    fn show(&self, value: &str) -> String {
        let value: String =
            value.chars().filter(|it| *it == SEPARATOR || !steers(*it)).take(SHOWN).collect();
        let parts: Vec<&str> = value.split(SEPARATOR).collect();
        match (self.field.as_str(), parts.as_slice()) {
            ("file", [digest, _, name]) => {
                let digest: String = digest.chars().take(12).collect();
                format!("{name} ({digest}…)")
            }
            ("file-description", [_, said @ ..]) => filled(said),
            (_, all) => filled(all),
        }
    }
}

/// Those parts of a value that there are.
fn filled(parts: &[&str]) -> String {
    let filled: Vec<&str> = parts.iter().copied().filter(|it| !it.is_empty()).collect();
    filled.join(", ")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match (&self.sealed, &self.arrived) {
            (None, Some(name)) if field == SEAL => {
                write!(f, "{field}: “{}” does not hold, so nobody answers for it", self.show(name))
            }
            (Some(sealed), Some(arrived)) => write!(
                f,
                "{field}: sealed as “{}”, arrived as “{}”",
                self.show(sealed),
                self.show(arrived)
            ),
            (Some(sealed), None) => write!(f, "{field}: “{}” is gone", self.show(sealed)),
            (None, Some(arrived)) => write!(f, "{field}: “{}” came since", self.show(arrived)),
            (None, None) => write!(f, "{field} differs"),
        }
    }
}

/// Values are compared by their names, as often as each is there; order says nothing.
pub(super) fn between(sealed: &SealedContent, arrived: &SealedContent) -> Vec<Difference> {
    let lost = is_new(sealed) && !arrived.lines().any(|it| is_business(it.0));
    let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let stays = |name: &str| !lost || !is_business(name) || GRAVE.contains(&name);
    for line in sealed.lines().filter(|it| stays(it.0)) {
        let count = counts.entry(line).or_default();
        *count = count.saturating_add(1);
    }
    for line in arrived.lines() {
        let count = counts.entry(line).or_default();
        *count = count.saturating_sub(1);
    }
    let mut fields: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for ((field, value), count) in counts.into_iter().filter(|it| it.1 != 0) {
        let (gone, come) = fields.entry(field).or_default();
        let times = usize::try_from(count.unsigned_abs()).unwrap_or(TOLD).min(TOLD);
        let side = if count > 0 { gone } else { come };
        side.extend(std::iter::repeat_n(value, times));
    }
    let mut all: Vec<Difference> =
        fields.into_iter().flat_map(|(field, (gone, come))| paired(field, &gone, &come)).collect();
    if all.len() > TOLD {
        all.sort_by_key(|it| !it.is_grave());
        all.truncate(TOLD);
    }
    all
}

/// What is said of the business of a new document may be lost on the way as a whole, but for
/// what it does to earlier documents.
fn is_new(sealed: &SealedContent) -> bool {
    sealed.lines().all(|(name, _)| name != "business")
}

fn is_business(name: &str) -> bool {
    name.starts_with("business")
}

fn paired(field: &str, gone: &[&str], come: &[&str]) -> Vec<Difference> {
    (0..gone.len().max(come.len()))
        .map(|n| Difference {
            field: field.to_owned(),
            sealed: gone.get(n).map(|it| (*it).to_owned()),
            arrived: come.get(n).map(|it| (*it).to_owned()),
        })
        .collect()
}

fn label(field: &str) -> &str {
    match field {
        "from" | "from-name" => "Cơ quan gửi",
        "from-in-charge" => "Cơ quan chủ quản của cơ quan gửi",
        "from-contact" => "Thông tin liên hệ của cơ quan gửi",
        "to" => "Nơi nhận thông điệp",
        "document-id" => "Mã định danh văn bản",
        "number" => "Số văn bản",
        "notation" => "Ký hiệu văn bản",
        "place" => "Địa danh ban hành",
        "date" => "Ngày ban hành",
        "type-group" | "type-detail" | "type-name" => "Loại văn bản",
        "subject" => "Trích yếu",
        "content" => "Nội dung tóm tắt",
        "signer-competence" | "signer-position" | "signer-name" => "Thông tin người ký",
        "due-date" => "Hạn trả lời",
        "answers" | "replies" => "Văn bản được trả lời",
        "steering" => "Loại chỉ đạo",
        "to-place" => "Nơi nhận ghi trên văn bản",
        "task" => "Mã nhiệm vụ",
        "application" => "Loại ứng dụng",
        "priority" => "Độ khẩn",
        "typer" => "Ký hiệu người soạn thảo",
        "direction" => "Tính chất chỉ đạo",
        "sphere" => "Phạm vi lưu hành",
        "copies" => "Số bản phát hành",
        "pages" => "Số trang",
        "references" => "Mã tham chiếu",
        "appendix" => "Phụ lục",
        "business" => "Nghiệp vụ",
        "business-reason" => "Lý do nghiệp vụ",
        "business-target" => "Văn bản chịu tác động",
        "business-information" | "business-receivers" => "Phần được cập nhật",
        "business-receiver" => "Nơi nhận được thêm hoặc bớt",
        "business-replaces" => "Văn bản bị thay thế",
        "business-paper" => "Việc gửi kèm bản giấy",
        "business-staff" => "Người xử lý văn bản",
        "file" => "Tệp đính kèm",
        "file-description" => "Mô tả tệp đính kèm",
        "seal" => "Dấu niêm phong khác",
        other => other,
    }
}
