//! The authority of the tests beside the code. Tests from outside and examples use the
//! very same one.

#[path = "../../../examples/support/tsa.rs"]
mod tsa;

use std::sync::Arc;

pub(crate) use tsa::{Answer, TestTsa, params};

use super::{Online, TimeStampAuthority, TimeStampToken};
use crate::crypto::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::retrieval::{Request, RequestKind, Retrieve};

impl Retrieve for TestTsa {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        assert_eq!(request.kind, RequestKind::TimeStamp);
        self.respond(request.body.unwrap_or_default())
            .ok_or_else(|| Error::new(ErrorKind::Service, "the request is none"))
    }
}

impl TimeStampAuthority for TestTsa {
    fn time_stamp(&self, imprint: &Digest) -> Result<TimeStampToken> {
        Online::new("http://tsa.test", Arc::new(self.clone())).time_stamp(imprint)
    }
}
