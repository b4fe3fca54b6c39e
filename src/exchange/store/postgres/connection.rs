//! One connection, and one transaction on it.

use std::collections::HashMap;
use std::error::Error as StdError;

use bytes::BytesMut;
use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, SimpleQueryMessage, Statement};

use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::sql::{Cell, Connection, Dialect, Kept, Row, Value};

/// A connection with the statements that were prepared on it.
pub(super) struct Link {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
}

/// Why a transaction, or a step of it, failed.
pub(super) enum Failure {
    /// Nothing was kept, and it may work if it is done again.
    Again(Error),
    /// Nothing was kept.
    Final(Error),
    /// The connection broke when the transaction, of this number, was to be ended.
    Unknown(String, Error),
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client, statements: HashMap::new() }
    }

    /// Begins a transaction and gives its number, by which the server knows later what
    /// became of it. One that only reads has none.
    fn begin(&mut self, writes: Option<Kept>) -> Result<String, Failure> {
        let begin = match writes {
            Some(Kept::AtOnce | Kept::Alone) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id()::text"
            }
            Some(Kept::Soon) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off; \
                 SELECT pg_current_xact_id()::text"
            }
            None => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
        };
        let messages = self.client.simple_query(begin).map_err(|error| failure(&error))?;
        let number = messages.iter().find_map(|it| match it {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(number.unwrap_or_default())
    }

    /// Carries `work` out. Where this fails, the connection is not to be used again unless
    /// it says that it was rolled back.
    pub(super) fn transaction(
        &mut self,
        writes: Option<Kept>,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<(), Failure> {
        let number = self.begin(writes)?;
        let dialect = writes.map_or(Dialect::PostgresReading, |_| Dialect::Postgres);
        let mut within = Within { link: self, dialect, failure: None };
        let outcome = work(&mut within);
        // A statement that failed has ended the transaction, whatever `work` made of it.
        let failed = within.failure.take();
        match (outcome, failed) {
            (Ok(()), None) => self.client.batch_execute("COMMIT").map_err(|error| {
                if error.as_db_error().is_some() {
                    failure(&error)
                } else {
                    Failure::Unknown(number, failed_with(&error))
                }
            }),
            (Err(error), Some(Failure::Again(_))) => Err(Failure::Again(error)),
            (Err(error), _) => Err(Failure::Final(error)),
            (Ok(()), Some(failure)) => Err(failure),
        }
    }

    /// Whether the connection can be used for another transaction.
    pub(super) fn roll_back(&mut self) -> bool {
        !self.client.is_closed() && self.client.batch_execute("ROLLBACK").is_ok()
    }

    /// What became of a transaction; nothing where it is still under way.
    pub(super) fn outcome(&mut self, number: &str) -> Result<Option<bool>> {
        let query = "SELECT pg_xact_status($1::text::xid8)";
        let row = self.client.query_one(query, &[&number]).map_err(|error| failed_with(&error))?;
        let status: Option<String> = row.try_get(0).map_err(|error| failed_with(&error))?;
        match status.as_deref() {
            Some("committed") => Ok(Some(true)),
            Some("in progress") => Ok(None),
            _ => Ok(Some(false)),
        }
    }

    fn prepared(&mut self, text: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&text.replace('?', "$"))?;
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    fn query(
        &mut self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<postgres::Row>, postgres::Error> {
        let statement = self.prepared(text)?;
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
        self.client.query(&statement, &values)
    }
}

struct Within<'l> {
    link: &'l mut Link,
    dialect: Dialect,
    failure: Option<Failure>,
}

impl Within<'_> {
    fn noted<T>(&mut self, outcome: Result<T, postgres::Error>) -> Result<T> {
        outcome.map_err(|error| {
            if self.failure.is_none() {
                self.failure = Some(failure(&error));
            }
            failed_with(&error)
        })
    }
}

impl Connection for Within<'_> {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn run(&mut self, statements: &str) -> Result<()> {
        let outcome = self.link.client.batch_execute(statements);
        self.noted(outcome)
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64> {
        let outcome = self.link.prepared(statement).and_then(|statement| {
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
            self.link.client.execute(&statement, &values)
        });
        self.noted(outcome)
    }

    fn query(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let outcome = self.link.query(statement, values);
        let rows = self.noted(outcome)?;
        let cells =
            |row: postgres::Row| (0..row.len()).map(|n| cell(&row, n)).collect::<Result<Vec<_>>>();
        rows.into_iter().map(|row| cells(row).map(Row::new)).collect()
    }
}

fn cell(row: &postgres::Row, place: usize) -> Result<Cell> {
    let read = |error| failed_with(&error);
    let of = row.columns().get(place).map(|it| it.type_().clone());
    Ok(match of {
        Some(Type::INT8) => {
            row.try_get::<_, Option<i64>>(place).map_err(read)?.map_or(Cell::Null, Cell::Integer)
        }
        Some(Type::INT4) => row
            .try_get::<_, Option<i32>>(place)
            .map_err(read)?
            .map_or(Cell::Null, |it| Cell::Integer(it.into())),
        Some(Type::BYTEA) => {
            row.try_get::<_, Option<Vec<u8>>>(place).map_err(read)?.map_or(Cell::Null, Cell::Bytes)
        }
        _ => row.try_get::<_, Option<String>>(place).map_err(read)?.map_or(Cell::Null, Cell::Text),
    })
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
            Self::Integer(number) => number.to_sql(of, out),
            // The server keeps no text with U+0000.
            Self::Text(text) if text.contains('\0') => {
                text.replace('\0', "\u{FFFD}").to_sql(of, out)
            }
            Self::Text(text) => text.to_sql(of, out),
            Self::Bytes(bytes) => bytes.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::INT4 | Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

/// What the server says about others that were faster, and about itself going away, is over
/// when it is asked again; so is a connection that broke.
fn failure(error: &postgres::Error) -> Failure {
    let again = error.code().map_or_else(
        || error.is_closed() || error.as_db_error().is_none(),
        |code| {
            [
                SqlState::T_R_SERIALIZATION_FAILURE,
                SqlState::T_R_DEADLOCK_DETECTED,
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
            ]
            .contains(code)
        },
    );
    let described = failed_with(error);
    if again { Failure::Again(described) } else { Failure::Final(described) }
}

/// Where the server says what is wrong, in its words; no statement and no value is in them.
pub(super) fn failed_with(error: &postgres::Error) -> Error {
    let mut text = format!("the database failed: {error}");
    if let Some(said) = error.as_db_error() {
        text = format!("the database failed: {} ({})", said.message(), said.code().code());
    } else if let Some(cause) = error.source() {
        text = format!("{text}: {cause}");
    }
    Error::new(ErrorKind::Io, text)
}
