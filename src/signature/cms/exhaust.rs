//! Asks for everything that a CMS can be asked for: what fuzzers and the tests with
//! hostile bytes call.

use super::{SignedAttributes, SignedData, SignerInfo, unarmoured};
use crate::encoding::asn1::Value;
use crate::limits::Limits;
use crate::signature::cades::StructuralLevel;
use crate::signature::cades::exhaust::exhaust_time_stamps;

/// Whether the bytes are a CMS; the answers themselves do not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let Ok(bytes) = unarmoured(bytes) else { return false };
    let Ok(cms) = SignedData::parse(&bytes, &limits) else { return false };
    if let Some(content) = cms.content() {
        let _ = content.bytes();
    }
    let mut open: Vec<SignerInfo<'_>> = cms.signers().iter().flatten().cloned().collect();
    while let Some(signer) = open.pop() {
        let _ = signer.signature_algorithm();
        let _ = StructuralLevel::of(&cms, &signer, &[], true);
        exhaust_time_stamps(&cms, &signer, &limits);
        signer.signed_attributes().into_iter().for_each(exhaust_signed);
        let unsigned = signer.unsigned_attributes();
        let _ = (unsigned.faults(), unsigned.time_stamps().count());
        if let Ok(counter) = unsigned.countersignatures(&limits) {
            open.extend(counter.into_iter().flatten());
        }
    }
    true
}

/// Whether the bytes are a set of attributes.
pub(crate) fn exhaust_attributes(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let set = Value::only(bytes, limits.asn1_depth);
    let read = set.and_then(|set| SignedAttributes::read(&set, &limits));
    read.iter().for_each(exhaust_signed);
    read.is_ok()
}

/// What is rewritten to DER stays the same when it is rewritten again.
fn exhaust_signed(attributes: &SignedAttributes<'_>) {
    let _ = (attributes.faults(), attributes.as_stored());
    let Ok(der) = attributes.to_be_signed() else { return };
    let again = Value::only(&der, Limits::default().asn1_depth)
        .and_then(|set| SignedAttributes::read(&set, &Limits::default()))
        .and_then(|again| again.to_be_signed());
    assert!(again.is_ok_and(|again| again == der), "DER of DER is another");
}
