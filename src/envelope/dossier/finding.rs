//! What is wrong with a dossier, for the one who has to act on it.

use std::fmt;

use crate::encoding::printable;

/// Something that keeps a dossier's chain from holding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// A step is there that no passing signature covers with all that was before it.
    NotSigned {
        /// Its place in the chain, the receipt's being 0.
        step: usize,
    },
    /// A step is not signed by the certificate that its record names, or by somebody else than
    /// its desk has elsewhere in the dossier: who signed a step for it, or confirmed one.
    SignerChanged {
        /// Its place.
        step: usize,
    },
    /// A step is signed by somebody who signed for another desk before.
    SignsForAnother {
        /// Its place.
        step: usize,
    },
    /// A step does not follow from the record before it: that one was exchanged.
    Unchained {
        /// Its place.
        step: usize,
    },
    /// A signature that was there when a step was recorded is there no more.
    SignatureGone {
        /// The step's place.
        step: usize,
    },
    /// A file that a step recorded is gone, or another one now.
    FileDiffers {
        /// The step's place.
        step: usize,
        /// The file's name.
        file: String,
    },
    /// A file that no step recorded.
    FileUnrecorded {
        /// Its name.
        file: String,
    },
    /// More files than are named one by one differ or are not recorded.
    MoreFiles {
        /// How often.
        count: usize,
    },
    /// A step was recorded by a desk where the dossier did not lie.
    NotTheHolder {
        /// Its place.
        step: usize,
    },
    /// A step is older than the one before it.
    TimeRunsBack {
        /// Its place.
        step: usize,
    },
    /// A step says that it happened at another time than its signature does, or later than a
    /// time-stamp proves it to have been signed.
    TimeContradicted {
        /// Its place.
        step: usize,
    },
    /// The record that was the last one once is not there: the dossier was cut off, or is
    /// another one.
    CutOff,
    /// A step has another dossier's number.
    OtherNumber {
        /// Its place.
        step: usize,
    },
    /// There is a step after the end, or a second receipt.
    OutOfOrder {
        /// Its place.
        step: usize,
    },
}

impl Finding {
    /// A name that stays.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSigned { .. } => "STEP_NOT_SIGNED",
            Self::SignerChanged { .. } => "SIGNER_CHANGED",
            Self::SignsForAnother { .. } => "SIGNS_FOR_ANOTHER",
            Self::Unchained { .. } => "STEP_UNCHAINED",
            Self::SignatureGone { .. } => "SIGNATURE_GONE",
            Self::FileDiffers { .. } => "FILE_DIFFERS",
            Self::FileUnrecorded { .. } => "FILE_UNRECORDED",
            Self::MoreFiles { .. } => "MORE_FILES",
            Self::NotTheHolder { .. } => "NOT_THE_HOLDER",
            Self::TimeRunsBack { .. } => "TIME_RUNS_BACK",
            Self::TimeContradicted { .. } => "TIME_CONTRADICTED",
            Self::CutOff => "DOSSIER_CUT_OFF",
            Self::OtherNumber { .. } => "OTHER_NUMBER",
            Self::OutOfOrder { .. } => "STEP_OUT_OF_ORDER",
        }
    }

    /// The place of the step that it is about; nothing where it is about the dossier.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        match self {
            Self::NotSigned { step }
            | Self::SignerChanged { step }
            | Self::SignsForAnother { step }
            | Self::Unchained { step }
            | Self::SignatureGone { step }
            | Self::FileDiffers { step, .. }
            | Self::NotTheHolder { step }
            | Self::TimeRunsBack { step }
            | Self::TimeContradicted { step }
            | Self::OtherNumber { step }
            | Self::OutOfOrder { step } => Some(*step),
            Self::FileUnrecorded { .. } | Self::MoreFiles { .. } | Self::CutOff => None,
        }
    }

    /// For the officer.
    #[must_use]
    pub fn message_vi(&self) -> String {
        let said = match self {
            Self::NotSigned { .. } => {
                "không có chữ ký số hợp lệ nào bao trùm bước này và toàn bộ phần trước đó."
            }
            Self::SignerChanged { .. } => {
                "người ký không phải là người của nơi giữ hồ sơ đã ký hoặc ký nhận."
            }
            Self::SignsForAnother { .. } => "một chứng thư số ký thay cho nhiều người khác nhau.",
            Self::Unchained { .. } => "không nối tiếp bản ghi ngay trước, bản ghi đó đã bị thay.",
            Self::SignatureGone { .. } => "một chữ ký số có vào lúc ghi nhận nay không còn.",
            Self::FileDiffers { file, .. } => {
                &format!("tệp “{}” đã bị thay đổi hoặc gỡ bỏ sau khi ghi nhận.", printable(file))
            }
            Self::FileUnrecorded { file } => {
                &format!("Tệp “{}” không được bước nào của hồ sơ ghi nhận.", printable(file))
            }
            Self::MoreFiles { count } => {
                &format!("Còn {count} lỗi khác về tệp không được nêu riêng từng tệp.")
            }
            Self::NotTheHolder { .. } => "người bàn giao không phải là người đang giữ hồ sơ.",
            Self::TimeRunsBack { .. } => "thời điểm ghi nhận sớm hơn bước ngay trước.",
            Self::TimeContradicted { .. } => {
                "thời điểm ghi nhận trái với thời điểm ký số hoặc dấu thời gian."
            }
            Self::CutOff => {
                "Bước cuối đã biết trước đây không còn: hồ sơ đã bị cắt bớt hoặc bị thay."
            }
            Self::OtherNumber { .. } => "mã hồ sơ khác với giấy tiếp nhận.",
            Self::OutOfOrder { .. } => "không đúng thứ tự (tiếp nhận, bàn giao, kết thúc).",
        };
        match self.step() {
            Some(step) => format!("Bước {step}: {said}"),
            None => said.to_owned(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSigned { step } => {
                write!(f, "step {step}: no passing signature covers it and all before it")
            }
            Self::SignerChanged { step } => {
                write!(f, "step {step} is not signed by who signs or confirmed for this desk")
            }
            Self::SignsForAnother { step } => {
                write!(f, "step {step} is signed by the certificate of another desk")
            }
            Self::Unchained { step } => {
                write!(f, "step {step} does not follow from the record before it")
            }
            Self::SignatureGone { step } => {
                write!(f, "step {step}: a signature that was there then is gone")
            }
            Self::FileDiffers { step, file } => {
                write!(f, "step {step}: the file “{}” was changed or taken away", printable(file))
            }
            Self::FileUnrecorded { file } => {
                write!(f, "the file “{}” is recorded by no step", printable(file))
            }
            Self::MoreFiles { count } => {
                write!(f, "{count} more findings about files are not named one by one")
            }
            Self::NotTheHolder { step } => {
                write!(f, "step {step} is by a desk where the dossier did not lie")
            }
            Self::TimeRunsBack { step } => write!(f, "step {step} is older than the one before it"),
            Self::TimeContradicted { step } => {
                write!(f, "step {step}: its signature or a time-stamp contradicts its time")
            }
            Self::CutOff => f.write_str("the record that was the last one is gone"),
            Self::OtherNumber { step } => write!(f, "step {step} has another dossier's number"),
            Self::OutOfOrder { step } => write!(f, "step {step} is out of order"),
        }
    }
}
