//! For the sender's clerk, in Vietnamese: what is wrong, so that it can be mended.

use crate::encoding::printable;
use crate::error::ErrorKind;
use crate::validation::trouble;

pub(super) const NOTHING_SIGNED: &str = "Không tệp nào của văn bản có chữ ký số.";

pub(super) fn unsigned(name: &str) -> String {
    format!("{name}: tệp không có chữ ký số.")
}

pub(super) fn unreadable(name: &str, why: ErrorKind) -> String {
    format!("{name}: không đọc được, tệp {}.", trouble(why))
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
