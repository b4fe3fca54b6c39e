//! The status message: what became of a document.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::Timestamp;
use super::header::{MessageHeader, ResponseFor};
use super::identifier::OrganId;
use super::organization::{Organization, StaffInfo};
use crate::time::UtcTime;

/// An answer to a document message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusMessage {
    /// Who reports.
    pub from: Organization,
    /// The document reported on.
    pub response_for: ResponseFor,
    /// Who handled it.
    pub staff: Option<StaffInfo>,
    /// What became of it.
    pub code: StatusCode,
    /// In words; the reason, where it was refused.
    pub description: String,
    /// When.
    pub timestamp: Timestamp,
}

impl StatusMessage {
    /// The answer of `from` to a document that came with this header.
    #[must_use]
    pub fn answer(
        header: &MessageHeader,
        from: Organization,
        code: StatusCode,
        description: impl Into<String>,
        at: UtcTime,
    ) -> Self {
        Self {
            from,
            response_for: ResponseFor::to(header),
            staff: None,
            code,
            description: description.into(),
            timestamp: Timestamp::at(at),
        }
    }

    /// The sender's wish to have a document back (13) from one of its receivers. Such
    /// a status names the receiver where others name the issuer.
    #[must_use]
    pub fn take_back(
        header: &MessageHeader,
        receiver: OrganId,
        reason: impl Into<String>,
        at: UtcTime,
    ) -> Self {
        let code = StatusCode::TakeBackRequested;
        let mut status = Self::answer(header, header.from.clone(), code, reason, at);
        status.response_for.organ_id = receiver;
        status
    }

    /// Whether this is said of the document sent under this header, by one who may say
    /// it: one of its receivers, or, of a wish to have it back (13), its sender.
    ///
    /// An axis vouches for who sends, and for nothing that a status says: any agency can
    /// name any document. Note no status of a document that this does not hold for.
    /// Codes are compared as [`OrganId::is_same_agency`] does.
    #[must_use]
    pub fn is_about(&self, document: &MessageHeader) -> bool {
        let is_sender = || self.from.organ_id.is_same_agency(&document.from.organ_id);
        let is_receiver =
            || document.to.iter().any(|it| it.organ_id.is_same_agency(&self.from.organ_id));
        let may_say = match self.code.reported_by() {
            Some(Side::Sender) => is_sender(),
            Some(Side::Receiver) => is_receiver(),
            None => is_sender() || is_receiver(),
        };
        let named = &self.response_for.document_id;
        may_say && !named.is_empty() && *named == document.document_id
    }
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusCode {
    /// 01 *Đã đến*: the receiver's system has it.
    Arrived,
    /// 02 *Từ chối tiếp nhận*: refused; the description says why.
    Refused,
    /// 03 *Đã tiếp nhận*.
    Accepted,
    /// 04 *Phân công*.
    Assigned,
    /// 05 *Đang xử lý*.
    InProcess,
    /// 06 *Hoàn thành*.
    Finished,
    /// 13 *Yêu cầu lấy lại*: the sender wants it back.
    TakeBackRequested,
    /// 15 *Đồng ý cập nhật, lấy lại*.
    TakeBackAgreed,
    /// 16 *Từ chối cập nhật, lấy lại*.
    TakeBackRefused,
    /// A number that no known rule gives a meaning to.
    Other(u8),
}

/// Who may report a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Who sent the document.
    Sender,
    /// Who received it.
    Receiver,
}

impl StatusCode {
    /// All that have a meaning.
    pub const ALL: [Self; 9] = [
        Self::Arrived,
        Self::Refused,
        Self::Accepted,
        Self::Assigned,
        Self::InProcess,
        Self::Finished,
        Self::TakeBackRequested,
        Self::TakeBackAgreed,
        Self::TakeBackRefused,
    ];

    /// The number on the wire, where it has two digits.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Arrived => 1,
            Self::Refused => 2,
            Self::Accepted => 3,
            Self::Assigned => 4,
            Self::InProcess => 5,
            Self::Finished => 6,
            Self::TakeBackRequested => 13,
            Self::TakeBackAgreed => 15,
            Self::TakeBackRefused => 16,
            Self::Other(number) => number,
        }
    }

    /// From the number on the wire.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        Self::ALL.into_iter().find(|it| it.number() == number).unwrap_or(Self::Other(number))
    }

    /// In Vietnamese, as clerks know it.
    #[must_use]
    pub fn name_vi(self) -> &'static str {
        match self {
            Self::Arrived => "Đã đến",
            Self::Refused => "Từ chối tiếp nhận",
            Self::Accepted => "Đã tiếp nhận",
            Self::Assigned => "Phân công",
            Self::InProcess => "Đang xử lý",
            Self::Finished => "Hoàn thành",
            Self::TakeBackRequested => "Yêu cầu lấy lại",
            Self::TakeBackAgreed => "Đồng ý cập nhật, lấy lại",
            Self::TakeBackRefused => "Từ chối cập nhật, lấy lại",
            Self::Other(_) => "Không rõ",
        }
    }

    /// In English.
    #[must_use]
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::InProcess => "in process",
            Self::Finished => "finished",
            Self::TakeBackRequested => "take-back requested",
            Self::TakeBackAgreed => "take-back agreed",
            Self::TakeBackRefused => "take-back refused",
            Self::Other(_) => "unknown",
        }
    }

    /// Who reports it. Nothing for an unknown one.
    #[must_use]
    pub fn reported_by(self) -> Option<Side> {
        match self {
            Self::TakeBackRequested => Some(Side::Sender),
            Self::Other(_) => None,
            _ => Some(Side::Receiver),
        }
    }

    /// Whether it belongs to the sender's wish to have a document back.
    #[must_use]
    pub fn is_take_back(self) -> bool {
        matches!(self, Self::TakeBackRequested | Self::TakeBackAgreed | Self::TakeBackRefused)
    }

    /// Whether it may come after `earlier` on the same track: handling (01 → 02, or
    /// 01 → 03 → 04 → 05 → 06, where steps may be left out) or taking back (13 → 15
    /// or 16, and after a refusal 13 again). [`Progress`] keeps both tracks.
    #[must_use]
    pub fn may_follow(self, earlier: Option<Self>) -> bool {
        match self {
            Self::TakeBackRequested => matches!(earlier, None | Some(Self::TakeBackRefused)),
            Self::TakeBackAgreed | Self::TakeBackRefused => {
                earlier == Some(Self::TakeBackRequested)
            }
            Self::Refused => matches!(earlier, None | Some(Self::Arrived)),
            Self::Other(_) => false,
            forward => match earlier {
                None => true,
                Some(Self::Refused | Self::Other(_)) => false,
                Some(earlier) => !earlier.is_take_back() && earlier.number() < forward.number(),
            },
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.number())
    }
}

/// How far a document has come at one receiver, by the statuses reported so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Progress {
    handling: Option<StatusCode>,
    take_back: Option<StatusCode>,
}

impl Progress {
    /// As it was kept: what [`Progress::handling`] and [`Progress::take_back`] said.
    #[must_use]
    pub fn kept(handling: Option<StatusCode>, take_back: Option<StatusCode>) -> Self {
        Self { handling, take_back }
    }

    /// Where handling stands.
    #[must_use]
    pub fn handling(&self) -> Option<StatusCode> {
        self.handling
    }

    /// Where taking back stands.
    #[must_use]
    pub fn take_back(&self) -> Option<StatusCode> {
        self.take_back
    }

    /// The progress after this status; nothing where it may not come now (late,
    /// repeated, unknown, or after the document was given back).
    #[must_use]
    pub fn after(self, code: StatusCode) -> Option<Self> {
        if self.take_back == Some(StatusCode::TakeBackAgreed) {
            return None;
        }
        if code.is_take_back() {
            code.may_follow(self.take_back).then_some(Self { take_back: Some(code), ..self })
        } else {
            code.may_follow(self.handling).then_some(Self { handling: Some(code), ..self })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StatusCode::*;
    use super::*;

    fn walk(codes: &[StatusCode]) -> bool {
        codes.iter().try_fold(Progress::default(), |progress, code| progress.after(*code)).is_some()
    }

    #[test]
    fn legal_and_illegal_walks() {
        for legal in [
            &[Arrived, Accepted, Assigned, InProcess, Finished][..],
            &[Arrived, Refused],
            &[Arrived, Accepted, InProcess],
            &[Accepted],
            &[Arrived, TakeBackRequested, TakeBackAgreed],
            &[Arrived, Accepted, TakeBackRequested, InProcess, TakeBackRefused, TakeBackRequested],
        ] {
            assert!(walk(legal), "{legal:?}");
        }
        for illegal in [
            &[Arrived, Arrived][..],
            &[Accepted, Arrived],
            &[Accepted, Refused],
            &[Refused, Accepted],
            &[TakeBackAgreed],
            &[TakeBackRequested, TakeBackRequested],
            &[TakeBackRequested, TakeBackAgreed, Accepted],
            &[Other(7)],
            &[Arrived, Other(14)],
        ] {
            assert!(!walk(illegal), "{illegal:?}");
        }
    }

    #[test]
    fn who_may_say_what_of_which_document() {
        let document = MessageHeader {
            from: Organization::new("000.00.00.G22", "Văn phòng Chính phủ"),
            to: vec![Organization::new("H13", ""), Organization::new("H41.02", "")],
            document_id: "000.00.00.G22,2026/11/22,5/VPCP".into(),
            ..MessageHeader::default()
        };
        let at = UtcTime::from_unix(0).unwrap();
        let said = |by: &str, code| {
            StatusMessage::answer(&document, Organization::new(by, ""), code, "", at)
        };
        for receiver in ["H13", "000.00.00.H13", "H41.02"] {
            assert!(said(receiver, Accepted).is_about(&document), "{receiver}");
            assert!(!said(receiver, TakeBackRequested).is_about(&document), "{receiver}");
        }
        for other in ["H14", "H41", "", "G22"] {
            assert!(!said(other, Accepted).is_about(&document), "{other}");
        }
        assert!(StatusMessage::take_back(&document, "H13".into(), "", at).is_about(&document));
        assert!(!said("H14", Other(7)).is_about(&document));
        let mut other = said("H13", Accepted);
        other.response_for.document_id = "".into();
        assert!(!other.is_about(&MessageHeader { document_id: "".into(), ..document.clone() }));
        assert!(!other.is_about(&document));
    }

    #[test]
    fn numbers_on_the_wire() {
        for code in StatusCode::ALL {
            assert_eq!(StatusCode::from_number(code.number()), code);
        }
        assert_eq!(StatusCode::from_number(7), Other(7));
        assert_eq!(Accepted.to_string(), "03");
        assert_eq!(TakeBackRefused.to_string(), "16");
        assert_eq!(TakeBackRequested.reported_by(), Some(Side::Sender));
    }
}
