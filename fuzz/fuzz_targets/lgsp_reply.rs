#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, bytes) = input;
    kyso::fuzzing::lgsp_reply(status, bytes);
});
