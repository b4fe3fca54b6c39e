//! What every store has to hold, whichever database is behind it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::cast_possible_truncation, clippy::print_stdout, clippy::panic, missing_docs)]

mod bodies;
#[cfg(feature = "object-store")]
mod bucket;
mod claims;
mod journal;
mod post_office;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
#[path = "../support/postgres_server.rs"]
mod postgres_server;
mod records;
mod samples;
mod segments;
#[path = "../support/skip.rs"]
mod skip;
mod sqlite;

use std::sync::Arc;

use kyso::UtcTime;
use kyso::exchange::store::{PostOffice, Store};

/// A database of a test's own.
pub(crate) trait Place {
    /// Another way into the same database.
    fn open(&self) -> Arc<dyn Store> {
        self.office()
    }

    /// The same, for who plays the axis.
    fn office(&self) -> Arc<dyn PostOffice>;

    /// Throws away what was finished before then.
    fn sweep(&self, before: UtcTime) -> u64;

    /// Throws away what was written before then and has no record.
    fn sweep_unnamed(&self, before: UtcTime) -> u64;

    /// Has all that stands beside the database be written at an instant.
    fn age(&self, at: UtcTime);
}

/// Every test of the contract, for one kind of database.
macro_rules! contract {
    ($place:path: $($room:ident::$name:ident)*) => {
        $(
            #[test]
            fn $name() {
                if let Some(place) = $place(stringify!($name)) {
                    crate::$room::$name(&place);
                }
            }
        )*
    };
    ($place:path) => {
        crate::contract! { $place:
            records::what_is_written_is_read
            records::failed_work_keeps_nothing
            records::work_that_panics_keeps_nothing
            records::a_message_is_listed_once
            records::lists_are_paged
            records::settings_are_replaced
            records::everything_outlives_its_store
            claims::nothing_is_claimed_twice
            claims::a_claim_ends_by_itself
            claims::only_the_holder_writes
            claims::claims_are_released
            claims::what_a_wrong_clock_put_off_is_due
            claims::the_urgent_go_first
            claims::one_that_goes_alone_is_claimed_alone
            claims::a_pause_is_kept
            claims::what_came_is_claimed_until_it_is_done_with
            journal::the_chain_is_unbroken
            journal::entries_since_an_instant
            journal::entries_are_as_they_were_hashed
            bodies::small_and_large_ones_come_back
            bodies::without_a_record_there_is_no_body
            bodies::only_what_is_finished_is_swept
            bodies::what_is_just_being_named_is_not_swept
            bodies::what_has_no_record_is_swept_after_a_day
            post_office::mail_waits_until_it_is_taken_over
            post_office::what_was_sent_is_listed_for_its_sender
            post_office::a_request_is_taken_once
            post_office::mail_is_for_all_receivers_or_none
            post_office::mail_that_waits_is_not_swept
            post_office::many_say_at_once_how_far_it_is
        }
    };
}
pub(crate) use contract;
