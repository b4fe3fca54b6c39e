//! Prepared signatures that were changed while they were kept.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(missing_docs)]

use kyso::{ErrorKind, Prepared, SignatureValue, Signer, SoftwareSigner, UtcTime, cades, pades};
use serde_json::{Value, json};

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/{name}")).unwrap()
}

fn signer(certificate: &str) -> SoftwareSigner {
    let key = read("keys/p256.key.pem");
    SoftwareSigner::from_pem(&key, &read(&format!("keys/{certificate}.crt.pem"))).unwrap()
}

fn time() -> UtcTime {
    "2026-11-22T08:00:00+07:00".parse().unwrap()
}

/// What is kept, and the value that comes back for it.
fn keep(prepared: &Prepared) -> (Value, SignatureValue) {
    let value = signer("p256").sign(prepared.to_be_signed()).unwrap();
    (serde_json::to_value(prepared).unwrap(), value)
}

/// Completes and writes what is kept after a change.
fn finish(
    (kept, value): &(Value, SignatureValue),
    document: &[u8],
    change: impl FnOnce(&mut Value),
) -> Result<Vec<u8>, ErrorKind> {
    let mut kept = kept.clone();
    change(&mut kept);
    let prepared: Prepared = serde_json::from_value(kept).unwrap();
    prepared.complete(value).and_then(|it| it.to_vec(document)).map_err(|it| it.kind())
}

#[test]
fn a_kept_cms_is_as_it_was_prepared() {
    let document = b"a document".as_slice();
    let signer = signer("p256");
    for enveloping in [false, true] {
        let builder = cades::SignatureBuilder::new(document, time());
        let builder = if enveloping { builder.enveloping() } else { builder };
        let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap();
        let kept = keep(&prepared);
        finish(&kept, document, |_| {}).unwrap();
        // Another certificate with the same key, which the attributes do not name.
        let other = crate::signer("plain").certificate_chain()[0].clone();
        let swapped = finish(&kept, document, |it| it["certificate_chain"][0] = json!(other));
        assert_eq!(swapped, Err(ErrorKind::Misuse));
        // A length that nobody has memory for.
        let huge = finish(&kept, document, |it| it["document"]["len"] = json!(u64::MAX));
        assert_eq!(huge, Err(ErrorKind::Misuse));
        let digest = finish(&kept, document, |it| it["document"]["digest"] = json!("AAAA"));
        assert_eq!(digest, Err(ErrorKind::Misuse));
        let none = finish(&kept, document, |it| it["certificate_chain"] = json!([]));
        assert_eq!(none, Err(ErrorKind::Misuse));
    }
}

#[test]
fn a_kept_pdf_is_as_it_was_prepared() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let (document, signer) = (read("pdf/cairo.pdf"), signer("p256"));
    let builder = pades::SignatureBuilder::new(&document, time()).reason("Trình ký");
    let kept = keep(&builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap());
    finish(&kept, &document, |_| {}).unwrap();
    let moved = |start: u64, end: u64| {
        finish(&kept, &document, |it| {
            it["layout"]["Appended"]["digits"] = json!({"start": start, "end": end});
        })
    };
    for (start, end) in [(0, 9_000), (1, u64::MAX), (u64::MAX, 0), (9, 3), (0, 0)] {
        assert_eq!(moved(start, end), Err(ErrorKind::Misuse), "{start}..{end}");
    }
    // The digits where they were, and another text around them.
    let changed = finish(&kept, &document, |it| {
        let tail = it["layout"]["Appended"]["tail"].as_str().unwrap().to_owned();
        let mut tail = STANDARD.decode(tail).unwrap();
        let at = tail.windows(3).position(|it| it == b"/M ").unwrap() + 10;
        tail[at] ^= 1;
        it["layout"]["Appended"]["tail"] = json!(STANDARD.encode(tail));
    });
    assert_eq!(changed, Err(ErrorKind::Misuse));
}
