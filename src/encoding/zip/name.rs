//! Names of entries. Whoever unpacks a container makes files of them, so that one which
//! leads out of its folder is refused, wherever it would lead.

use crate::error::{Error, Result};

/// As text: names are in UTF-8 whether they say so or not, and what is no UTF-8 is in the
/// code page that APPNOTE Annex D names.
pub(super) fn decode(raw: &[u8]) -> String {
    match str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => raw.iter().map(|byte| code_page_437(*byte)).collect(),
    }
}

/// Refuses what is no plain path below the root.
pub(super) fn check(name: &str) -> Result<()> {
    let refuse = |what: &str| Err(Error::malformed(format!("the name of an entry {what}")));
    if name.is_empty() {
        return refuse("is empty");
    }
    if name.chars().any(|it| it.is_control()) {
        return refuse("has control characters");
    }
    if name.contains('\\') {
        return refuse("has a backslash, which is a folder to some and a letter to others");
    }
    if name.starts_with('/') {
        return refuse("is absolute");
    }
    if name.as_bytes().get(1) == Some(&b':') {
        return refuse("begins with a drive");
    }
    let parts = name.strip_suffix('/').unwrap_or(name);
    if parts.split('/').any(|it| matches!(it, "" | "." | "..")) {
        return refuse("leads through empty folders or out of the container");
    }
    Ok(())
}

fn code_page_437(byte: u8) -> char {
    let high = byte.checked_sub(0x80).map(usize::from);
    high.and_then(|at| CODE_PAGE_437.chars().nth(at)).unwrap_or(char::from(byte))
}

/// From 0x80 on.
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_but_below_the_root() {
        for name in ["a", "META-INF/signature.p7s", "Tờ trình/số 15.pdf", "a..b", "...", "thư mục/"]
        {
            assert!(check(name).is_ok(), "{name:?}");
        }
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../b",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a\\b",
            "..\\a",
            "C:/a",
            "C:a",
            "a\0b",
            "a\nb",
            "a//",
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_in_the_code_page_of_old() {
        assert_eq!(decode("hồ sơ".as_bytes()), "hồ sơ");
        assert_eq!(decode(b"caf\x82.txt"), "café.txt");
        assert_eq!(decode(b"\xff\x80"), "\u{a0}Ç");
        assert_eq!(CODE_PAGE_437.chars().count(), 128);
    }
}
