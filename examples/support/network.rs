//! Options on whom to ask for what is not at hand.

use std::path::PathBuf;
use std::sync::Arc;

use kyso::online::{Cached, Http};
use kyso::{Policy, Retrieve, UtcTime};

/// What the help says.
#[allow(dead_code, reason = "some programs say it with all the rest")]
pub(crate) const USAGE: &str = "\
  --online         ask for issuers, OCSP responses and CRLs where certificates say they are
  --allow-private  with --online: private and local addresses are asked too
  --cache FOLDER   keep what was asked for; without --online, use what is kept
";

/// Nobody is asked by default.
#[derive(Default)]
pub(crate) struct Network {
    online: bool,
    private: bool,
    cache: Option<PathBuf>,
}

impl Network {
    /// Sets an option that has no value; whether it is one.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match name {
            "--online" => self.online = true,
            "--allow-private" => self.private = true,
            _ => return false,
        }
        true
    }

    pub(crate) fn keep_in(&mut self, folder: impl Into<PathBuf>) {
        self.cache = Some(folder.into());
    }

    /// Whom to ask, if anybody.
    pub(crate) fn retrieval(
        &self,
        policy: &Policy,
        at: UtcTime,
    ) -> kyso::Result<Option<Arc<dyn Retrieve>>> {
        let http = if self.private { Http::new().allow_private_addresses() } else { Http::new() };
        let Some(folder) = &self.cache else {
            return Ok(self.online.then(|| Arc::new(http) as Arc<dyn Retrieve>));
        };
        if !self.online {
            return Ok(Some(Arc::new(Cached::offline(folder, at)?)));
        }
        let mut cached = Cached::new(http, folder, at)?;
        if let Some(seconds) = policy.revocation_max_age {
            cached = cached.with_max_age(seconds);
        }
        Ok(Some(Arc::new(cached)))
    }
}
