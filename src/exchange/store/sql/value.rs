//! What goes into a database and comes out of it.

use serde::de::DeserializeOwned;

use crate::envelope::edxml::StatusCode;
use crate::error::{Error, ErrorKind, Result};
use crate::time::UtcTime;

/// What stands in the place of a placeholder.
#[derive(Debug, Clone, Copy)]
pub(in crate::exchange::store) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Integer(yes.into())
    }
}

/// To the microsecond.
impl From<UtcTime> for Value<'_> {
    fn from(at: UtcTime) -> Self {
        Self::Integer(at.unix_micros())
    }
}

impl From<StatusCode> for Value<'_> {
    fn from(code: StatusCode) -> Self {
        Self::Integer(code.number().into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A number that no table of ours comes near to overflowing.
pub(in crate::exchange::store) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exchange::store) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row, which is read from left to right.
#[derive(Debug)]
pub(in crate::exchange::store) struct Row(std::vec::IntoIter<Cell>);

impl Row {
    pub(in crate::exchange::store) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    fn next(&mut self) -> Result<Cell> {
        self.0.next().ok_or_else(|| strange("nothing more"))
    }

    pub(super) fn maybe_integer(&mut self) -> Result<Option<i64>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Integer(number) => Ok(Some(number)),
            other => Err(strange(&format!("{other:?} for a number"))),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64> {
        self.maybe_integer()?.ok_or_else(|| strange("no number"))
    }

    /// A number of a kind that cannot hold all that the database can.
    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Result<T> {
        let number = self.integer()?;
        T::try_from(number).map_err(|_| strange(&format!("the number {number}")))
    }

    pub(super) fn yes(&mut self) -> Result<bool> {
        Ok(self.integer()? != 0)
    }

    pub(super) fn maybe_time(&mut self) -> Result<Option<UtcTime>> {
        self.maybe_integer()?.map(UtcTime::from_unix_micros).transpose()
    }

    pub(super) fn time(&mut self) -> Result<UtcTime> {
        UtcTime::from_unix_micros(self.integer()?)
    }

    pub(super) fn maybe_status(&mut self) -> Result<Option<StatusCode>> {
        let number = self.maybe_integer()?.map(u8::try_from).transpose();
        let number = number.map_err(|_| strange("a status beyond 255"))?;
        Ok(number.map(StatusCode::from_number))
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            other => Err(strange(&format!("{other:?} for a text"))),
        }
    }

    pub(super) fn text(&mut self) -> Result<String> {
        self.maybe_text()?.ok_or_else(|| strange("no text"))
    }

    /// Something that is kept in JSON.
    pub(super) fn maybe_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let text = self.maybe_text()?;
        let read = text.map(|it| serde_json::from_str(&it)).transpose();
        read.map_err(|error| strange(&format!("JSON ({error})")))
    }

    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(strange("something else for bytes")),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        self.maybe_bytes()?.ok_or_else(|| strange("no bytes"))
    }

    /// A state by its name.
    pub(super) fn named<T>(&mut self, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
        let name = self.text()?;
        from_name(&name).ok_or_else(|| strange(&format!("the unknown state {name:?}")))
    }
}

/// Somebody else wrote into the database, or it is damaged.
fn strange(what: &str) -> Error {
    Error::new(ErrorKind::Io, format!("the database holds {what}, which this version does not"))
}
