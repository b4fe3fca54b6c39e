//! Services that a test makes up, without any network.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use kyso::{Error, ErrorKind, Request, RequestKind, Retrieve};

type Service = Box<dyn Fn(&Request<'_>) -> kyso::Result<Vec<u8>> + Send + Sync>;

/// Answers at URLs, and a record of who was asked what.
#[derive(Default)]
pub(crate) struct Net {
    services: HashMap<String, Service>,
    pub(crate) asked: Mutex<Vec<(RequestKind, String)>>,
    pub(crate) remembers: bool,
}

impl Net {
    pub(crate) fn at(
        mut self,
        url: &str,
        service: impl Fn(&Request<'_>) -> kyso::Result<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.services.insert(url.to_owned(), Box::new(service));
        self
    }

    pub(crate) fn file(self, url: &str, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        self.at(url, move |_| Ok(bytes.clone()))
    }

    fn record(&self, request: &Request<'_>) {
        self.asked.lock().unwrap().push((request.kind, request.url.to_owned()));
    }

    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(_, url)| url.clone()).collect()
    }
}

impl Retrieve for Net {
    fn retrieve(&self, request: &Request<'_>) -> kyso::Result<Vec<u8>> {
        self.record(request);
        match self.services.get(request.url) {
            Some(service) => service(request),
            None => Err(Error::new(ErrorKind::Service, "nobody listens there")),
        }
    }

    fn remembers(&self) -> bool {
        self.remembers
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}
