//! What is shown of a signature, in words: the names come from the certificate, the
//! time is the one that is signed.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::error::{Error, Result};
use crate::time::UtcTime;

/// What is signed, as far as it may be shown.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    /// The certificate's common name.
    pub(crate) name: &'a str,
    pub(crate) email: Option<&'a str>,
    /// The units and the organisation, as `OU, O`.
    pub(crate) organization: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) claimed_time: UtcTime,
}

/// One line of a look. Those that name the signer or the time are filled in from the
/// certificate and the claimed time when it is signed; nobody else can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// As it stands.
    Text(String),
    /// `Người ký: ` and the certificate's common name.
    Signer,
    /// `Email: ` and the certificate's address; left out where it has none.
    Email,
    /// `Cơ quan: ` and the certificate's units and organisation; left out where it
    /// has none.
    Organization,
    /// `Chức vụ: ` and the certificate's title; left out where it has none.
    Title,
    /// `Thời gian ký: ` and the claimed time.
    Time,
    /// The certificate's common name alone.
    SignerAlone,
    /// The claimed time alone.
    TimeAlone,
}

/// How a look writes the claimed time, always on Vietnam's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeFormat {
    /// ISO 8601, as Decree 30/2020/NĐ-CP, Annex I asks: `2020-03-05T16:20:13+07:00`.
    #[default]
    Iso8601,
    /// As the programs of the Government Cipher Committee write it:
    /// `05.03.2020 16:20:13 +07:00`.
    Dotted,
}

const DOTTED: &[BorrowedFormatItem<'_>] =
    format_description!("[day].[month].[year] [hour]:[minute]:[second] +07:00");

impl TimeFormat {
    fn write(self, at: UtcTime) -> Result<String> {
        match self {
            Self::Iso8601 => Ok(at.vietnam()),
            Self::Dotted => at
                .vietnam_local()
                .format(DOTTED)
                .map_err(|source| Error::misuse("this time cannot be written").because(source)),
        }
    }
}

impl Line {
    /// What it says of a signature; nothing where there is nothing to say.
    pub(super) fn of(&self, subject: &Subject<'_>, format: TimeFormat) -> Result<Option<String>> {
        let labelled = |label: &str, text: &str| format!("{label}: {text}");
        Ok(match self {
            Self::Text(text) => Some(text.clone()),
            Self::Signer => Some(labelled("Người ký", subject.name)),
            Self::Email => subject.email.map(|it| labelled("Email", it)),
            Self::Organization => subject.organization.map(|it| labelled("Cơ quan", it)),
            Self::Title => subject.title.map(|it| labelled("Chức vụ", it)),
            Self::Time => Some(labelled("Thời gian ký", &format.write(subject.claimed_time)?)),
            Self::SignerAlone => Some(subject.name.to_owned()),
            Self::TimeAlone => Some(format.write(subject.claimed_time)?),
        })
    }
}
