//! What the document security store says of each signature.

/// How the document security store tells since when it says which of its values are about a
/// signature (`VRI`, EN 319 142-1 §5.4.2.3). Nobody needs to be told; some readers ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vri {
    /// By the validator's clock (`TU`), as a claim.
    Claimed,
    /// By a time-stamp of the level's authority over the signature value (`TS`).
    TimeStamped,
}
