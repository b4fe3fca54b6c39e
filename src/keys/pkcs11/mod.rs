//! Keys on tokens and in hardware security modules (PKCS #11), by the module of their maker.
//!
//! ```no_run
//! use kyso::{UtcTime, pades, pkcs11};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let module = pkcs11::Module::open("/usr/lib/softhsm/libsofthsm2.so")?;
//! let token = module.token("Leader")?.with_login(pkcs11::Pin::new("123456"));
//! let leader = token.signer(&pkcs11::Choice::Only)?;
//!
//! let decision = std::fs::read("decision.pdf")?;
//! let signed = pades::SignatureBuilder::new(&decision, UtcTime::now()).sign(&leader)?;
//! # Ok(())
//! # }
//! ```
//!
//! # PINs
//!
//! Tokens are locked by a few wrong PINs, and unlocked by who issued them. So a PIN is presented
//! once: a refused one never again by the same [`Token`], and none where the token says that one
//! try is left, unless [`Token::allow_last_try`] is called. Errors say what the token says of the
//! tries that are left. PINs are wiped from memory and in no error and no log; the module has
//! copies of its own, which are out of this crate's hands.
//!
//! Nor is it presented by another object for the same token and module in this process, until
//! [`Token::set_login`] says that the reason is mended. Who is logged in by one session is, by
//! PKCS #11, for the whole process: the next object's PIN is not even looked at.
//!
//! After `fork` a module has to be loaded anew, which is not done here: start another program
//! instead.

mod access;
mod driver;
mod entry;
#[cfg(test)]
mod fake;
mod info;
mod mechanism;
mod native;
mod pin;
mod pool;
mod refused;
mod signer;
#[cfg(test)]
mod tests;
mod token;

pub use entry::{Choice, Entry};
pub use info::{PinTries, TokenInfo};
pub use pin::{Login, Pin};
pub use signer::TokenSigner;
pub use token::{Module, Token};
