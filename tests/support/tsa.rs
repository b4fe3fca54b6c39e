//! A time-stamp authority that answers whatever a test wants.

#[path = "../../examples/support/tsa.rs"]
mod writer;

use std::sync::Arc;

use super::cms::{attribute, items, seq, tlv};
use kyso::tsp::{Online, TimeStampAuthority, TimeStampToken};
use kyso::{Digest, Error, ErrorKind, Request, Result, Retrieve};

#[allow(unused_imports)] // each test uses a part of it
pub(crate) use writer::{Answer, TestTsa, params, purpose, time_stamping};

impl Retrieve for TestTsa {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        self.respond(request.body.unwrap_or_default())
            .ok_or_else(|| Error::new(ErrorKind::Service, "the request is none"))
    }
}

impl TimeStampAuthority for TestTsa {
    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken> {
        Online::new("http://tsa.test", Arc::new(self.clone())).time_stamp(imprint)
    }
}

/// A CMS of one signer with a time-stamp over its signature more (EN 319 122-1 §5.3).
pub(crate) fn stamped(cms: &[u8], tsa: &dyn TimeStampAuthority) -> Vec<u8> {
    let outer = items(items(cms)[0].1);
    let mut fields = parts(items(outer[1].1)[0].1);
    let signer = items(items(fields.last().unwrap())[0].1)[0].1;
    let value = items(signer).into_iter().rfind(|(tag, _)| *tag == 4).unwrap().1;
    let token = tsa.time_stamp(&tsa.digest_algorithm().digest(value)).unwrap();
    let stamp = attribute("1.2.840.113549.1.9.16.2.14", token.der().to_vec());
    let mut signer = parts(signer);
    match signer.pop().unwrap() {
        unsigned if unsigned[0] == 0xa1 => {
            let mut all = parts(items(&unsigned)[0].1);
            all.push(stamp);
            all.sort();
            signer.push(tlv(0xa1, all.concat()));
        }
        value => signer.extend([value, tlv(0xa1, stamp)]),
    }
    *fields.last_mut().unwrap() = tlv(0x31, seq(&signer));
    seq(&[tlv(6, outer[0].1), tlv(0xa0, seq(&fields))])
}

/// The values side by side, as they stand.
fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
}
