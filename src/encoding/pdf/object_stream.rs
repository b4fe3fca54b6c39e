//! Object streams (ISO 32000-2 §7.5.7), and those that are kept decoded.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::lexer::Lexer;
use super::object::{Dictionary, Object};
use super::section::unsigned;
use super::skim::{Skim, Skimmed};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// Decoded object streams that are kept. Writers put 100 to 200 objects into one;
/// what belongs together is mostly written together.
const KEPT_STREAMS: usize = 64;
/// Bytes of them that are kept, the one in use not counted.
const KEPT_BYTES: usize = 4 << 20;
/// Bytes of one object that are looked through before it is read after all.
const SKIMMED: usize = 16 << 10;

/// An object stream, decoded.
pub(super) struct ObjectStream {
    bytes: Vec<u8>,
    /// Number, and where in `bytes` the object begins.
    index: Vec<(u32, usize)>,
}

impl ObjectStream {
    /// # Errors
    /// `Malformed` when its header is wrong; `LimitExceeded`.
    pub(super) fn read(dictionary: &Dictionary, bytes: Vec<u8>, limit: usize) -> Result<Self> {
        let wrong = || Error::malformed("the header of an object stream is wrong");
        let number = |key| {
            let value = dictionary.get(key).and_then(unsigned);
            value.and_then(|it| usize::try_from(it).ok()).ok_or_else(wrong)
        };
        if !dictionary.is_a("ObjStm") {
            return Err(wrong());
        }
        let (count, first) = (number("N")?, number("First")?);
        within(count, limit, "objects in an object stream")?;
        let mut lexer = Lexer::new(bytes.get(..first).ok_or_else(wrong)?, 0, 1);
        // At least two digits and two spaces each, so that `count` cannot reserve much.
        let mut index = Vec::with_capacity(count.min(first / 4));
        for _ in 0..count {
            lexer.skip_white();
            let number = lexer.unsigned().and_then(|it| u32::try_from(it).ok());
            lexer.skip_white();
            let offset = lexer.unsigned().and_then(|it| usize::try_from(it).ok());
            let (Some(number), Some(offset)) = (number, offset) else { return Err(wrong()) };
            index.push((number, first.saturating_add(offset)));
        }
        Ok(Self { bytes, index })
    }

    /// The numbers of its objects, in their order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.index.iter().map(|it| it.0)
    }

    /// Looks an object through; nothing where it has to be read.
    pub(super) fn skim(
        &self,
        number: u32,
        index: u32,
        limits: &Limits,
        said: &mut impl Skimmed,
    ) -> Option<()> {
        let (_, offset) =
            self.index.get(usize::try_from(index).ok()?).filter(|it| it.0 == number)?;
        let end = offset.saturating_add(SKIMMED).min(self.bytes.len());
        Skim::new(self.bytes.get(*offset..end)?, limits).object(said)
    }

    /// # Errors
    /// `Malformed` when it is not there or broken; `LimitExceeded`.
    pub(super) fn object(&self, number: u32, index: u32, limits: &Limits) -> Result<Object> {
        let entry = usize::try_from(index).ok().and_then(|at| self.index.get(at));
        let (_, offset) = entry.filter(|it| it.0 == number).ok_or_else(|| {
            Error::malformed(format!("object {number} is not where its object stream has it"))
        })?;
        let bytes = self.bytes.get(*offset..).unwrap_or_default();
        let base = u64::try_from(*offset).unwrap_or(u64::MAX);
        Lexer::within(bytes, base, limits).object()
    }
}

/// The number of an object stream and where it stands in the file. What stands there has one
/// number only, and is not to be found under others that are said to be there, too.
type Place = (u32, u64);

/// Object streams by their places, the latest used last.
#[derive(Default)]
pub(super) struct KeptStreams(RefCell<VecDeque<(Place, Rc<ObjectStream>)>>);

impl KeptStreams {
    pub(super) fn at(&self, place: Place) -> Option<Rc<ObjectStream>> {
        let mut streams = self.0.borrow_mut();
        let at = streams.iter().position(|(it, _)| *it == place)?;
        let found = streams.remove(at)?;
        let stream = Rc::clone(&found.1);
        streams.push_back(found);
        Some(stream)
    }

    pub(super) fn keep(&self, place: Place, stream: &Rc<ObjectStream>) {
        let mut streams = self.0.borrow_mut();
        streams.push_back((place, Rc::clone(stream)));
        let size = |streams: &VecDeque<(Place, Rc<ObjectStream>)>| -> usize {
            streams.iter().map(|(_, it)| it.bytes.len()).sum()
        };
        while streams.len() > 1 && (streams.len() > KEPT_STREAMS || size(&streams) > KEPT_BYTES) {
            streams.pop_front();
        }
    }
}
