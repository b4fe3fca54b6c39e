//! Tells what failed before a request left from what failed after.

use std::fmt;

use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};

/// Connects as usual, and marks every failure to: nothing was sent then.
#[derive(Debug, Default)]
pub(super) struct MarkingConnector(DefaultConnector);

impl Connector for MarkingConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained).map_err(|why| {
            let why = match why {
                ureq::Error::Io(why) => why.to_string(),
                why => why.to_string(),
            };
            ureq::Error::Other(Box::new(NotConnected(why)))
        })
    }
}

/// No connection came about, or the other side is not who it should be.
#[derive(Debug)]
pub(super) struct NotConnected(String);

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotConnected {}
