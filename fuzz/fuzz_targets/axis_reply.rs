#![no_main]

use libfuzzer_sys::fuzz_target;

// The first byte is the size of the pieces; the same comes of it whatever that is, and what
// another parser reads as an object is read here, too.
fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = kyso::fuzzing::axis_reply(bytes, bytes.len());
    assert_eq!(kyso::fuzzing::axis_reply(bytes, usize::from(size)), whole);
    let is_deep = bytes.iter().filter(|it| matches!(it, b'{' | b'[')).count() > 60;
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(bytes) {
        let Some((message, outline)) = whole else {
            assert!(is_deep, "an object that is not read");
            return;
        };
        assert!(serde_json::from_slice::<serde_json::Value>(&outline).is_ok());
        // A name may stand twice, or in escapes.
        let is_plain =
            !bytes.contains(&b'\\') && bytes.windows(6).filter(|it| it == b"\"data\"").count() == 1;
        if let Some(serde_json::Value::String(text)) = object.get("data")
            && is_plain
        {
            assert_eq!(message.unwrap_or_default(), text.as_bytes());
        }
    }
});
