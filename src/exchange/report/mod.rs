//! What an agency's exchange came to over a period, told from its journal: what the pilot of
//! 2019 had to end with.

mod csv;
mod documents;
#[cfg(feature = "report")]
mod html;
mod received;
mod sent;
mod statistics;
mod tally;
#[cfg(test)]
mod tests;
mod times;

pub use self::csv::write_documents_csv;
pub use self::documents::{Direction, Listed};
pub use self::statistics::{
    Count, Groups, JournalCheck, Period, Received, Refusal, Sent, Signer, Statistics, Timeliness,
};
pub use self::tally::Tally;
pub use self::times::Times;
