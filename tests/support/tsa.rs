//! A time-stamp authority that answers whatever a test wants.

#[path = "../../examples/support/tsa.rs"]
mod writer;

use std::sync::Arc;

use kyso::tsp::{Online, TimeStampAuthority, TimeStampToken};
use kyso::{Digest, Error, ErrorKind, Request, Result, Retrieve};

#[allow(unused_imports)] // each test uses a part of it
pub(crate) use writer::{Answer, TestTsa, params, time_stamping};

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
