//! Archive time-stamps of the editions before the third, as RFC 5126 §6.4.1 and RFC 3126
//! §4.12.2 have them: nobody makes them any more, and archives are full of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::cades::{Level, SignatureBuilder};
use kyso::tsp::TimeStampAuthority;
use kyso::{DigestAlgorithm, Policy, SignatureReport, TimeStampType, Validator};
use support::cms::{attribute, items, seq, tlv};
use support::pki::{CONTENT, NOW, Pki};
use support::tsa::TestTsa;

const FIRST: &str = "1.2.840.113549.1.9.16.2.27";
const SECOND: &str = "1.2.840.113549.1.9.16.2.48";
/// Later than [`NOW`], when the signature-time-stamp was made.
const LATER: &str = "2026-06-15T01:00:00Z";
const AGAIN: &str = "2026-06-15T02:00:00Z";

/// `ContentInfo` taken apart: what precedes the signers, and the one signer's fields up to
/// the value, with its unsigned attributes.
struct Parts {
    kind: Vec<u8>,
    before: Vec<Vec<u8>>,
    fields: Vec<Vec<u8>>,
    unsigned: Vec<Vec<u8>>,
}

fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
}

impl Parts {
    fn of(cms: &[u8]) -> Self {
        let outer = items(items(cms)[0].1);
        let mut before = parts(items(outer[1].1)[0].1);
        let signers = before.pop().unwrap();
        let mut fields = parts(items(items(&signers)[0].1)[0].1);
        let unsigned = fields.pop().unwrap();
        assert_eq!(unsigned[0], 0xa1);
        Self { kind: tlv(6, outer[0].1), before, fields, unsigned: parts(items(&unsigned)[0].1) }
    }

    fn cms(&self) -> Vec<u8> {
        let unsigned = tlv(0xa1, self.unsigned.concat());
        let signer = seq(&[self.fields.concat(), unsigned]);
        let signed_data = seq(&[self.before.concat(), tlv(0x31, signer)]);
        seq(&[self.kind.clone(), tlv(0xa0, signed_data)])
    }

    /// RFC 5126 §6.4.1: encapContentInfo, the content where it is elsewhere, certificates and
    /// crls, and all elements of the SignerInfo.
    fn second(&self, external: &[u8]) -> Vec<u8> {
        let unsigned = tlv(0xa1, self.unsigned.concat());
        let behind = self.before[3..].concat();
        [&self.before[2][..], external, &behind, &self.fields.concat(), &unsigned].concat()
    }

    /// RFC 3126 §4.12.2: the content, the signed attributes, the value, and the
    /// signature-time-stamp, each without type and length.
    fn first(&self, content: &[u8]) -> Vec<u8> {
        let bare = |it: &[u8]| items(it)[0].1.to_vec();
        let stamp = items(&self.unsigned[0])[0].1;
        let values = items(stamp)[1].1;
        let (signed, value) = (&self.fields[3], self.fields.last().unwrap());
        [content.to_vec(), bare(signed), bare(value), bare(values)].concat()
    }

    fn stamp(&mut self, kind: &str, message: &[u8], tsa: &TestTsa) {
        let token = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(message)).unwrap();
        self.unsigned.push(attribute(kind, token.der().to_vec()));
        self.unsigned.sort();
    }
}

fn signed(pki: &Pki, enveloping: bool) -> Parts {
    let builder = SignatureBuilder::new(CONTENT, NOW.parse().unwrap());
    let builder = if enveloping { builder.enveloping() } else { builder };
    let tsa = pki.tsa();
    Parts::of(&builder.level(&Level::T(&tsa)).sign(&pki.signer()).unwrap())
}

fn report(pki: &Pki, cms: &[u8], content: &[u8]) -> SignatureReport {
    let validator =
        Validator::new(pki.trust(), Policy::default(), "2026-06-16T00:00:00Z".parse().unwrap())
            .with_crls([pki.root.crl(&[]), pki.middle.crl(&[])]);
    let report = match Parts::of(cms).before[2].len() > 20 {
        true => validator.validate(&cms.to_vec()),
        false => validator.validate_detached(cms, content),
    };
    report.unwrap().signatures()[0].clone()
}

fn archives(report: &SignatureReport) -> Vec<(Option<bool>, String)> {
    let stamps = report.timestamps().iter().filter(|it| it.kind == TimeStampType::ArchiveTimestamp);
    stamps.map(|it| (it.imprint_intact, it.conclusion.to_string())).collect()
}

fn holds() -> (Option<bool>, String) {
    (Some(true), "TOTAL_PASSED".into())
}

#[test]
fn the_second_edition_is_over_all_that_was_there() {
    let pki = Pki::new();
    for (enveloping, external) in [(true, &[][..]), (false, CONTENT)] {
        let mut parts = signed(&pki, enveloping);
        let message = parts.second(external);
        parts.stamp(SECOND, &message, &pki.tsa().at(LATER));
        assert_eq!(archives(&report(&pki, &parts.cms(), CONTENT)), [holds()]);
        // A later one is over the earlier one, which stays as it is.
        let message = parts.second(external);
        parts.stamp(SECOND, &message, &pki.tsa().at(AGAIN));
        assert_eq!(archives(&report(&pki, &parts.cms(), CONTENT)), [holds(), holds()]);
    }
}

#[test]
fn the_second_edition_notices_what_came_or_went() {
    let pki = Pki::new();
    type Change = fn(&mut Parts);
    let changes: [(&str, Change); 3] = [
        ("an attribute came", |it| it.unsigned.push(attribute("1.2.3.4", tlv(5, [])))),
        ("the signature-time-stamp went", |it| drop(it.unsigned.remove(0))),
        ("a certificate went", |it| {
            let certificates = parts(items(&it.before[3])[0].1);
            it.before[3] = tlv(0xa0, certificates[..certificates.len() - 1].concat());
        }),
    ];
    for (what, change) in changes {
        let mut parts = signed(&pki, true);
        let message = parts.second(&[]);
        change(&mut parts);
        parts.stamp(SECOND, &message, &pki.tsa().at(LATER));
        let found = archives(&report(&pki, &parts.cms(), CONTENT));
        assert_eq!(found.len(), 1, "{what}");
        assert_eq!(found[0].0, Some(false), "{what}");
        assert_ne!(found[0], holds(), "{what}");
    }
}

#[test]
fn the_first_edition_leaves_lengths_out() {
    let pki = Pki::new();
    let mut parts = signed(&pki, true);
    let message = parts.first(CONTENT);
    parts.stamp(FIRST, &message, &pki.tsa().at(LATER));
    assert_eq!(archives(&report(&pki, &parts.cms(), CONTENT)), [holds()]);
    // Signers read it in many ways: another imprint may be right in one of them.
    let mut parts = signed(&pki, true);
    parts.stamp(FIRST, b"another", &pki.tsa().at(LATER));
    let found = archives(&report(&pki, &parts.cms(), CONTENT));
    assert_eq!(found[0].0, None);
    assert_ne!(found[0], holds());
}
