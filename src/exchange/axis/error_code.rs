//! The codes by which the axis says no (provincial guide v2.2 §4).

use std::fmt;

use crate::exchange::fault::Retry;

/// A code of the axis. Unknown ones are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i32);

impl ErrorCode {
    /// All went well.
    pub const OK: Self = Self(0);
    /// The file is no message.
    pub const INVALID_FILE: Self = Self(10);
    /// Wrong system code or secret.
    pub const WRONG_CREDENTIALS: Self = Self(15);
    /// There is no such receiver.
    pub const UNKNOWN_RECEIVER: Self = Self(18);
    /// The sender is not registered.
    pub const UNKNOWN_SENDER: Self = Self(19);
    /// The axis failed.
    pub const SYSTEM: Self = Self(20);
    /// The axis failed to process the file.
    pub const PROCESSING: Self = Self(21);
    /// The message breaks the rules of edXML.
    pub const INVALID_EDXML: Self = Self(22);
    /// The receiver is locked.
    pub const RECEIVER_LOCKED: Self = Self(23);

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            Self::SYSTEM | Self::PROCESSING => Retry::Later,
            _ => Retry::Never,
        }
    }

    /// In Vietnamese without accents, as the axis says it: its kit reads replies as ASCII.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::OK => "Thanh cong",
            Self::INVALID_FILE => "File khong hop le",
            Self::WRONG_CREDENTIALS => "Sai SystemId hoac ma bi mat",
            Self::UNKNOWN_RECEIVER => "Don vi nhan khong ton tai",
            Self::UNKNOWN_SENDER => "Don vi gui chua dang ky",
            Self::SYSTEM => "Loi he thong",
            Self::PROCESSING => "Loi xu ly file",
            Self::INVALID_EDXML => "File edXML khong dung quy chuan",
            Self::RECEIVER_LOCKED => "Don vi nhan bi khoa",
            _ => "Loi khong xac dinh",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
