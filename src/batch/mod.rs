//! Many documents at once: signed or verified on all cores, each with an outcome of its own.
//!
//! A [`Batch`] takes jobs from an iterator and gives each back with its [`Outcome`], in the
//! order in which they came, to a closure on the thread that called it. What is under way at
//! any time is bounded ([`Batch::window`]): no more jobs than that are taken from the iterator
//! ahead of what has been given back, so that a folder of ten thousand files costs the memory
//! of a few. A job that fails or panics takes no other with it.
//!
//! - [`Batch::sign_all`]: each document is opened when its turn comes, prepared, signed and
//!   completed on one thread; for holders of keys that know of batches
//!   ([`Signer::batch_size`](crate::Signer::batch_size)) many are prepared, signed by one call, and completed.
//! - [`Batch::verify_all`]: one [`Validator`](crate::Validator) for all, which remembers
//!   certificates and paths from document to document.
//! - [`Batch::run`]: anything else.
//!
//! ```
//! use std::path::PathBuf;
//! use kyso::batch::{Batch, Outcome};
//! use kyso::{Policy, TrustStore, UtcTime, Validator};
//!
//! # fn main() -> kyso::Result<()> {
//! # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pdf"));
//! # let files = ["cairo.pdf", "no-such.pdf"].map(|it| folder.join(it));
//! let validator = Validator::new(TrustStore::new(), Policy::default(), UtcTime::now());
//! let progress = Batch::new().verify_all(&validator, files, |file: PathBuf, outcome| match outcome {
//!     Outcome::Done(report) => println!("{}: {report}", file.display()),
//!     Outcome::Failed(why) => println!("{}: {why}", file.display()),
//!     Outcome::NotBegun(why) => println!("{}: left, {why}", file.display()),
//! })?;
//! assert_eq!((progress.done, progress.failed), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Where a batch ends early
//!
//! By [`Cancel`], and where the key says no: a token that is asked again and again with a
//! wrong PIN is locked. What [`Signer::sign`](crate::Signer::sign) refuses with `Signer` or `Service`
//! concerns the key, so that nothing more is asked of it. Any other kind of error of it, and
//! all that fails before or after, a value that does not verify among it, concerns that one
//! document. Until a key has signed once, it is asked by one thread at a time.
//!
//! Either way the rest of the iterator is taken to its end, and each job comes back as
//! [`Outcome::NotBegun`] with the reason, unopened: as many outcomes as jobs, whatever
//! happens. (An iterator that would never end has to end by itself when the batch is cancelled.)

mod desk;
mod engine;
mod outcome;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use engine::Batch;
pub use outcome::{Cancel, Ended, Outcome, Progress};
pub use sign::{Made, SignatureRequest, ToSign};
pub use verify::ToVerify;
