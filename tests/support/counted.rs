//! A document that tells how much was read of it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use kyso::Source;

pub(crate) struct Counted {
    pub(crate) bytes: Vec<u8>,
    pub(crate) read: AtomicU64,
}

impl Source for Counted {
    fn len(&self) -> u64 {
        Source::len(&self.bytes)
    }

    fn window(&self, range: Range<u64>) -> kyso::Result<Cow<'_, [u8]>> {
        self.read.fetch_add(range.end - range.start, Ordering::Relaxed);
        self.bytes.window(range)
    }
}
