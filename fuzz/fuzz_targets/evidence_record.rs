#![no_main]

use kyso::{DataObject, Policy, TrustStore, Validator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = kyso::fuzzing::evidence_record(data);
    let Ok(at) = "2026-06-15T00:00:00Z".parse() else { return };
    let validator = Validator::new(TrustStore::new(), Policy::pilot(), at);
    for content in [&b"document"[..], b"<a b='c'><!-- d --></a>"] {
        let objects = [DataObject::new("content", &content)];
        if let Ok(report) = validator.validate_evidence_record(data, objects) {
            let _ = (report.to_string(), report.to_html());
        }
    }
});
