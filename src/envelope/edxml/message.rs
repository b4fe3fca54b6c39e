//! A message of either kind, and what reading one gives.

use serde::{Deserialize, Serialize};

use super::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use super::header::Envelope;
use super::status::StatusMessage;

/// What an agency sends to another over the axis.
#[expect(clippy::large_enum_variant, reason = "messages are handled one at a time")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// A document with its annexes, or what changes an earlier one.
    Document(Envelope),
    /// What became of a document that was sent.
    Status(StatusMessage),
}

/// A message that was read, and how it deviates from what the standard and the
/// national kit write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Parsed {
    /// The message.
    pub message: Message,
    /// In the order they were met.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The gravest of the diagnostics; nothing where the message is as it should be.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.diagnostics.iter().map(|it| it.code.severity()).max()
    }

    /// Whether something of this code was met.
    #[must_use]
    pub fn has(&self, code: DiagnosticCode) -> bool {
        self.diagnostics.iter().any(|it| it.code == code)
    }
}
