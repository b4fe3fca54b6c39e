//! Tells what failed before a request left from what failed after, and looks names up only
//! where a connection has to be made.

use std::fmt;
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

/// Connects as usual, and marks every failure to: nothing was sent then.
#[derive(Debug, Default)]
pub(super) struct MarkingConnector(DefaultConnector, DefaultResolver);

/// Leaves names to the connector: a call over a connection that is kept needs none, and
/// looking one up takes a thread.
#[derive(Debug, Default)]
pub(super) struct AskedLate(DefaultResolver);

impl Resolver for AskedLate {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // Whose names are looked up where is for the way to a proxy to say.
        match config.proxy() {
            Some(_) => self.0.resolve(uri, config, timeout),
            None => Ok(self.empty()),
        }
    }
}

impl Connector for MarkingConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.looked_up(details).and_then(|it| self.0.connect(&it, chained)).map_err(|why| {
            let why = match why {
                ureq::Error::Io(why) => why.to_string(),
                why => why.to_string(),
            };
            ureq::Error::Other(Box::new(NotConnected(why)))
        })
    }
}

impl MarkingConnector {
    /// With the addresses that [`AskedLate`] left out.
    fn looked_up<'d>(
        &self,
        details: &ConnectionDetails<'d>,
    ) -> Result<ConnectionDetails<'d>, ureq::Error> {
        let addrs = match details.config.proxy() {
            Some(_) => details.addrs.clone(),
            None => self.1.resolve(details.uri, details.config, details.timeout)?,
        };
        Ok(ConnectionDetails {
            addrs,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
            ..*details
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_where_a_connection_is_made_alone() {
        let config = ureq::Agent::config_builder().proxy(None).build();
        let uri = Uri::from_static("http://no..name/api");
        let found = AskedLate::default().resolve(&uri, &config, NextTimeout::default()).unwrap();
        assert!(found.is_empty(), "{found:?}");
    }
}
