//! A database together with the place for large messages.

use std::sync::Arc;

use super::{Database, Work, bodies};
use crate::error::Result;
use crate::exchange::store::objects::Objects;
use crate::exchange::store::{Body, Records};
use crate::source::Source;
use crate::time::UtcTime;

pub(in crate::exchange::store) struct Room {
    database: Box<dyn Database>,
    objects: Arc<dyn Objects>,
    /// Messages of more bytes are kept beside the database.
    within: u64,
}

impl Room {
    pub(in crate::exchange::store) fn new(
        database: Box<dyn Database>,
        objects: Arc<dyn Objects>,
        within: u64,
    ) -> Self {
        Self { database, objects, within }
    }

    pub(in crate::exchange::store) fn transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Records) -> Result<()>,
    ) -> Result<()> {
        let objects = &*self.objects;
        self.database.write(&mut |connection| work(&mut Work { connection, objects }))
    }

    pub(in crate::exchange::store) fn keep(&self, message: &dyn Source) -> Result<Body> {
        bodies::keep(&*self.objects, self.within, message)
    }

    pub(in crate::exchange::store) fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        bodies::open(&*self.database, &*self.objects, digest)
    }

    pub(in crate::exchange::store) fn sweep(&self, before: UtcTime) -> Result<u64> {
        bodies::sweep(&*self.database, &*self.objects, before)
    }
}
