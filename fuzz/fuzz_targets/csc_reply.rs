//! The answer of a service that keeps keys, read in every way.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, bytes) = input;
    kyso::fuzzing::csc_reply(status, bytes);
});
