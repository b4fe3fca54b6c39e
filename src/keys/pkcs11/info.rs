//! What a token says of itself.

use std::fmt;

/// A token in a slot, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    pub(super) label: String,
    pub(super) serial: String,
    pub(super) manufacturer: String,
    pub(super) model: String,
    pub(super) tries: PinTries,
    pub(super) pin_pad: bool,
    pub(super) pin_set: bool,
    pub(super) login_required: bool,
    pub(super) pin_octets: (usize, usize),
    pub(super) sessions: Option<usize>,
}

/// What tells a token from others, wherever it is plugged in.
pub(super) type Identity = [String; 4];

impl TokenInfo {
    /// By its serial number, which makers count each for themselves; where it has none, by what
    /// its owner called it.
    pub(super) fn identity(&self) -> Identity {
        let Self { label, serial, manufacturer, model, .. } = self;
        let label = if serial.is_empty() { label.clone() } else { String::new() };
        [serial.clone(), model.clone(), manufacturer.clone(), label]
    }

    /// What its owner called it; tokens of one series often have the same.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its serial number, which tells it from others.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Who made it.
    #[must_use]
    pub fn manufacturer(&self) -> &str {
        &self.manufacturer
    }

    /// What kind of token it is.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Whether the PIN is entered at the token or its reader, and never passes this process.
    #[must_use]
    pub fn has_pin_pad(&self) -> bool {
        self.pin_pad
    }

    /// How many wrong PINs it still takes, as far as it says so.
    #[must_use]
    pub fn pin_tries(&self) -> PinTries {
        self.tries
    }
}

/// As `"label" (serial 0123)`; both come from the token, and may hold anything. One that nobody
/// has set up yet has neither.
impl fmt::Display for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label.is_empty() && self.serial.is_empty() {
            return f.write_str("one without a name or serial number");
        }
        write!(f, "{:?} (serial {})", self.label, self.serial.escape_debug())
    }
}

/// What a token says of the tries that are left for its PIN. No token gives their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinTries {
    /// No wrong PIN was given lately, or the token does not say.
    Unsaid,
    /// A wrong PIN was given since the last right one (`CKF_USER_PIN_COUNT_LOW`).
    Fewer,
    /// One more wrong PIN locks it (`CKF_USER_PIN_FINAL_TRY`).
    Last,
    /// It is locked (`CKF_USER_PIN_LOCKED`).
    Locked,
}

impl fmt::Display for PinTries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsaid => "the token does not say how many tries are left",
            Self::Fewer => "the token says that fewer tries are left, and not how many",
            Self::Last => "one try is left: another wrong PIN locks the token",
            Self::Locked => "the token is locked now",
        })
    }
}
