//! Augmentation (EN 319 102-1 §6): a finished signature, of whomever, gets what proves it
//! later: a time-stamp, the validation data, an archive time-stamp over both. What was
//! there stays as it stands.

pub(crate) mod asic;
pub(crate) mod cades;
mod found;
mod level;
pub(crate) mod pades;
pub(crate) mod xades;
