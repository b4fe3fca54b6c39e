//! For the sender's clerk, in Vietnamese: what is wrong, so that it can be mended.

use std::collections::BTreeSet;

use crate::encoding::printable;
use crate::error::ErrorKind;
use crate::validation::{Coverage, DocumentFormat, Report, trouble};

pub(super) const NOTHING_SIGNED: &str = "Không tệp nào của văn bản có chữ ký số.";

pub(super) fn unsigned(name: &str) -> String {
    format!("{name}: tệp không có chữ ký số.")
}

/// What the signatures that count leave out of a file: files of a container, or a part of XML.
pub(super) fn partly_signed(name: &str, report: &Report, counted: &[&Coverage]) -> Option<String> {
    let mut uncovered: BTreeSet<&String> = report.uncovered_entries().iter().collect();
    if report.format() != DocumentFormat::Xml {
        let named: BTreeSet<_> = counted.iter().flat_map(|it| &it.files).collect();
        let all = report.signatures().iter().flat_map(|it| &it.covers().files);
        uncovered.extend(all.filter(|it| !named.contains(it)));
    }
    if !uncovered.is_empty() {
        let all: Vec<_> = uncovered.iter().map(|it| format!("“{}”", printable(it))).collect();
        return Some(format!(
            "{name}: không có chữ ký số nào bảo đảm cho các tệp sau trong gói: {}.",
            all.join(", ")
        ));
    }
    let mut covers = counted.iter().map(|it| it.whole_file);
    let part = report.format() == DocumentFormat::Xml
        && covers.clone().any(|it| it == Some(false))
        && covers.all(|it| it != Some(true));
    part.then(|| format!("{name}: chữ ký số chỉ bảo đảm cho một phần của tệp."))
}

pub(super) fn unreadable(name: &str, why: ErrorKind) -> String {
    format!("{name}: không đọc được, tệp {}.", trouble(why))
}

pub(super) fn archive(name: &str) -> String {
    format!(
        "{name}: tệp mang tên PDF nhưng là gói ZIP, nội dung hiển thị không phải nội dung được ký."
    )
}

pub(super) fn damaged(name: &str) -> String {
    format!("{name}: tệp bị hỏng trên đường truyền, đề nghị gửi lại.")
}

pub(super) fn twice(name: &str) -> String {
    format!("{name}: có hai tệp cùng tên này.")
}

pub(super) fn signature_of_nothing(name: &str) -> String {
    format!("{name}: chữ ký số không đi kèm tệp được ký.")
}

pub(super) fn signature(name: &str, signer: &str, sentences: &str) -> String {
    // Whoever made the certificate chose the name.
    format!("{name}, chữ ký của {}: {sentences}", printable(signer))
}

pub(super) fn differs_from_seal(sentences: &str) -> String {
    format!("Thông điệp không còn như lúc niêm phong. {sentences}")
}
