//! How long a client waits.

use std::time::Duration;

/// How long a client of an axis waits before it gives up. The defaults suit messages of
/// 100 MB over 3 Mbit/s.
///
/// ```
/// use std::time::Duration;
/// use kyso::exchange::Timeouts;
///
/// let mut timeouts = Timeouts::default();
/// timeouts.call = Duration::from_secs(30 * 60);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a connection, the handshake of TLS included: 10 seconds.
    pub connect: Duration,
    /// For the other side to send or take anything at all: 60 seconds.
    pub silence: Duration,
    /// For one call in all, from looking up the name to the last byte of the answer,
    /// however much passes meanwhile: 300 seconds.
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            call: Duration::from_secs(300),
        }
    }
}
