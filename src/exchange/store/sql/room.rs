//! A database together with the place for large messages.

use std::sync::Arc;

use super::journal::Heads;
use super::segments::{Appending, Segments};
use super::{Connection, Database, Kept, Work, bodies, post_office};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::exchange::store::objects::Objects;
use crate::exchange::store::post_office::{Accepted, Mail, NewMail};
use crate::exchange::store::{Body, Records};
use crate::exchange::transport::{TransportId, TransportState};
use crate::source::Source;
use crate::time::UtcTime;

pub(in crate::exchange::store) struct Room {
    database: Box<dyn Database>,
    objects: Arc<dyn Objects>,
    /// Messages of more bytes are kept beside the database.
    within: u64,
    /// Where messages are appended that are neither small nor large.
    segments: Option<Arc<Segments>>,
    /// Whether more are appended there.
    appends: bool,
}

impl Room {
    pub(in crate::exchange::store) fn new(
        database: Box<dyn Database>,
        objects: Arc<dyn Objects>,
        within: u64,
    ) -> Self {
        Self { database, objects, within, segments: None, appends: false }
    }

    /// Reads what was appended there, and appends more where `appends` is `true`.
    #[cfg(feature = "sqlite")]
    pub(in crate::exchange::store) fn with_segments(
        self,
        segments: Arc<Segments>,
        appends: bool,
    ) -> Self {
        Self { segments: Some(segments), appends, ..self }
    }

    pub(in crate::exchange::store) fn transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Records) -> Result<()>,
    ) -> Result<()> {
        self.within(Kept::AtOnce, &mut |it| work(it))
    }

    /// The database has what is appended on the disk before the transaction ends.
    fn within(&self, kept: Kept, work: &mut dyn FnMut(&mut Work<'_>) -> Result<()>) -> Result<()> {
        let (objects, segments) = (&*self.objects, self.segments.as_deref());
        self.database.write(kept, &mut |connection| {
            let appending = segments.filter(|_| self.appends).map(Appending::new);
            let mut it = Work { connection, objects, appending, heads: Heads::default() };
            work(&mut it)?;
            it.heads.write(it.connection)?;
            it.appending.map_or(Ok(()), Appending::finish)
        })
    }

    /// Only what reads.
    pub(in crate::exchange::store) fn look(
        &self,
        work: &mut dyn FnMut(&mut dyn Records) -> Result<()>,
    ) -> Result<()> {
        let objects = &*self.objects;
        self.database.read(&mut |connection| {
            work(&mut Work { connection, objects, appending: None, heads: Heads::default() })
        })
    }

    pub(in crate::exchange::store) fn keep(&self, message: &dyn Source) -> Result<Body> {
        bodies::keep(&*self.objects, self.within, message, None)
    }

    pub(in crate::exchange::store) fn keep_as(
        &self,
        message: &dyn Source,
        digest: &str,
    ) -> Result<Body> {
        bodies::keep(&*self.objects, self.within, message, Some(digest))
    }

    pub(in crate::exchange::store) fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        bodies::open(&*self.database, &*self.objects, self.segments.as_deref(), digest)
    }

    pub(in crate::exchange::store) fn sweep(&self, before: UtcTime) -> Result<u64> {
        let swept = bodies::sweep(&*self.database, &*self.objects, before)?;
        if let Some(segments) = &self.segments {
            self.database.write(Kept::Alone, &mut |connection| segments.clear(connection))?;
        }
        Ok(swept)
    }

    pub(in crate::exchange::store) fn sweep_unnamed(
        &self,
        before: UtcTime,
        now: UtcTime,
    ) -> Result<u64> {
        let young = now.plus_seconds(-A_DAY);
        bodies::sweep_unnamed(&*self.database, &*self.objects, before.min(young))
    }

    pub(in crate::exchange::store) fn accept(&self, mail: &NewMail<'_>) -> Result<Accepted> {
        self.write(Kept::AtOnce, |it| post_office::accept(it, mail))
    }

    /// Whoever says how far it has come says it again where it is listed again.
    pub(in crate::exchange::store) fn advance(
        &self,
        to: &OrganId,
        id: &TransportId,
        state: TransportState,
    ) -> Result<Option<Mail>> {
        self.write(Kept::Soon, |it| post_office::advance(it.connection, to, id, state))
    }

    /// What `work` comes to, which writes.
    fn write<T>(&self, kept: Kept, mut work: impl FnMut(&mut Work<'_>) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        self.within(kept, &mut |it| {
            outcome = Some(work(it)?);
            Ok(())
        })?;
        outcome.ok_or_else(not_carried_out)
    }

    /// What `work` comes to, which only reads.
    pub(in crate::exchange::store) fn read<T>(
        &self,
        mut work: impl FnMut(&mut dyn Connection) -> Result<T>,
    ) -> Result<T> {
        let mut outcome = None;
        self.database.read(&mut |connection| {
            outcome = Some(work(connection)?);
            Ok(())
        })?;
        outcome.ok_or_else(not_carried_out)
    }
}

/// So long what has no record may be one that is just being kept.
const A_DAY: i64 = 86_400;

fn not_carried_out() -> Error {
    Error::misuse("the database did not carry the work out")
}

/// A store that has a field `room` does what the room does.
macro_rules! kept_in_a_room {
    ($store:ident) => {
        impl $store {
            /// Throws away the bytes of messages that were finished before an instant: sent
            /// or cancelled for every receiver, decided upon, taken over by their receivers.
            /// Gives how many. Records and journal stay.
            ///
            /// How long messages have to be kept is a matter of law: nothing else here
            /// removes any.
            ///
            /// # Errors
            /// `Io`.
            pub fn sweep(&self, before: crate::time::UtcTime) -> crate::error::Result<u64> {
                self.room.sweep(before)
            }

            /// Throws away what was written beside the database before an instant and is in
            /// no record: who wrote it died before there was one. Gives how many. What is
            /// younger than a day now stays, whatever the instant: it may be just being kept.
            ///
            /// Only where the place beside the database is this store's alone: of what
            /// another one keeps there, this one has no record. So it is, too, with a
            /// database that was restored from a copy older than the place.
            ///
            /// # Errors
            /// `Io`.
            pub fn sweep_unnamed(
                &self,
                before: crate::time::UtcTime,
                now: crate::time::UtcTime,
            ) -> crate::error::Result<u64> {
                self.room.sweep_unnamed(before, now)
            }
        }

        impl crate::exchange::store::Store for $store {
            fn transaction(
                &self,
                work: &mut dyn FnMut(&mut dyn super::Records) -> crate::error::Result<()>,
            ) -> crate::error::Result<()> {
                self.room.transaction(work)
            }

            fn read(
                &self,
                work: &mut dyn FnMut(&mut dyn super::Records) -> crate::error::Result<()>,
            ) -> crate::error::Result<()> {
                self.room.look(work)
            }

            fn keep(
                &self,
                message: &dyn crate::source::Source,
            ) -> crate::error::Result<super::Body> {
                self.room.keep(message)
            }

            fn keep_as(
                &self,
                message: &dyn crate::source::Source,
                digest: &str,
            ) -> crate::error::Result<super::Body> {
                self.room.keep_as(message, digest)
            }

            fn open(&self, digest: &str) -> crate::error::Result<Box<dyn crate::source::Source>> {
                self.room.open(digest)
            }
        }

        impl super::PostOffice for $store {
            fn accept(&self, mail: &super::NewMail<'_>) -> crate::error::Result<super::Accepted> {
                self.room.accept(mail)
            }

            fn waiting(
                &self,
                to: &crate::envelope::edxml::OrganId,
                kind: super::MessageKind,
                since: Option<crate::time::UtcTime>,
                most: u32,
            ) -> crate::error::Result<Vec<super::Mail>> {
                self.room.read(|it| super::sql::post_office::waiting(it, to, kind, since, most))
            }

            fn mail(
                &self,
                to: &crate::envelope::edxml::OrganId,
                id: &super::TransportId,
            ) -> crate::error::Result<Option<super::Mail>> {
                self.room.read(|it| super::sql::post_office::mail(it, to, id))
            }

            fn taken(&self, tag: &str) -> crate::error::Result<Option<super::TransportId>> {
                self.room.read(|it| super::sql::post_office::taken(it, tag))
            }

            fn advance(
                &self,
                to: &crate::envelope::edxml::OrganId,
                id: &super::TransportId,
                state: crate::exchange::transport::TransportState,
            ) -> crate::error::Result<Option<super::Mail>> {
                self.room.advance(to, id, state)
            }

            fn sent(
                &self,
                from: &crate::envelope::edxml::OrganId,
                kind: super::MessageKind,
                since: Option<crate::time::UtcTime>,
                sent_as: Option<&super::TransportId>,
            ) -> crate::error::Result<Vec<super::Mail>> {
                self.room.read(|it| super::sql::post_office::sent(it, from, kind, since, sent_as))
            }

            fn count(
                &self,
                to: &crate::envelope::edxml::OrganId,
                kind: super::MessageKind,
            ) -> crate::error::Result<u64> {
                self.room.read(|it| super::sql::post_office::fresh(it, to, kind))
            }
        }
    };
}
pub(in crate::exchange::store) use kept_in_a_room;
