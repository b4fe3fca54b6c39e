#![no_main]

use kyso::{Limits, edxml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(parsed) = edxml::parse(data, &limits) else { return };
    if let edxml::Message::Document(envelope) = &parsed.message {
        let _ = envelope.sealed_content();
    }
    // What can be written reads back; what it says settles at the first writing.
    if let Ok(written) = parsed.message.to_bytes() {
        let again = edxml::parse(&written, &limits).expect("own writing is read");
        assert_eq!(again.message.to_bytes().expect("own reading is written"), written);
    }
});
