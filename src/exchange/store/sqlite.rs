//! The store in one file, by SQLite.

mod writers;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, ToSql};

use self::writers::Writers;
use super::objects::{Folder, Objects};
use super::sql::{self, Cell, Connection, Database, Dialect, Kept, Room, Row, Segments, Value};
use crate::error::{Error, ErrorKind, Result};

/// A store in one file (SQLite, with a write-ahead log beside it), for any number of threads
/// and processes on one machine. Messages of some size are in files in folders beside it:
/// see [`SqliteOptions::new`].
///
/// ```no_run
/// use kyso::exchange::store::Sqlite;
///
/// # fn main() -> kyso::Result<()> {
/// let store = Sqlite::open("/var/lib/dms/post.db")?;
/// # Ok(())
/// # }
/// ```
pub struct Sqlite {
    room: Room,
    path: PathBuf,
}

/// How a [`Sqlite`] store is to be opened.
#[derive(Clone)]
#[must_use]
pub struct SqliteOptions {
    path: PathBuf,
    objects: Option<Arc<dyn Objects>>,
    within: u64,
    durable: bool,
    most: Option<u64>,
    segment: u64,
}

/// How long a writer of another process may keep this one waiting.
const PATIENCE: Duration = Duration::from_secs(30);
/// Messages of fewer bytes are as well off in the database itself.
const SMALL: u64 = (16 << 10) + 1;
/// Bytes of a file that messages are appended to: it goes when none of them is kept any more.
const SEGMENT: u64 = 64 << 20;
/// More than there are different statements.
const STATEMENTS: usize = 100;

impl SqliteOptions {
    /// Messages of more than 256 KiB beside the database, each a file in a folder that is named
    /// like it with `-messages` at the end; those of more than 16 KiB in files that are
    /// appended to, in a folder with `-segments` at the end; all that is acknowledged outlives
    /// a power cut.
    ///
    /// Whoever copies a store in use copies the database first, and then both folders: what it
    /// names is there by then.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (path, segment) = (path.into(), SEGMENT);
        Self { path, objects: None, within: 256 << 10, durable: true, most: None, segment }
    }

    /// Another place for large messages.
    pub fn objects(mut self, objects: Arc<dyn Objects>) -> Self {
        self.objects = Some(objects);
        self
    }

    /// Messages of more bytes are kept beside the database.
    pub fn within(mut self, bytes: u64) -> Self {
        self.within = bytes;
        self
    }

    /// `false`: what was acknowledged last may be lost in a power cut, though never in a
    /// crash of the program, and what is left is sound. Much faster where the disk is slow.
    /// Nothing is appended to files then: messages of up to 256 KiB are in the database.
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// The file of the database does not grow beyond so many bytes; whoever writes then
    /// has an error of kind `Io`. Nothing is appended to other files then.
    pub fn most_bytes(mut self, bytes: u64) -> Self {
        self.most = Some(bytes);
        self
    }

    /// Opens the store, which is made where there is none.
    ///
    /// # Errors
    /// `Io` where the file cannot be opened or is no database; `Unsupported` where a newer
    /// version of this crate made it.
    pub fn open(self) -> Result<Sqlite> {
        let (writer, reader) = (self.connect()?, Mutex::new(self.connect()?));
        let segments = Segments::new(self.beside("-segments"), SMALL, self.segment)?;
        let segments = Arc::new(segments);
        let appended = Arc::clone(&segments);
        let writers = Writers::new(writer, self.durable, move || appended.sync());
        let file = File { writers, reader };
        file.write(Kept::AtOnce, &mut |connection| sql::migrate(connection))?;
        // In a power cut a file may fall behind a log that nobody waits for.
        let appends = self.durable && self.most.is_none();
        let objects = match &self.objects {
            Some(objects) => Arc::clone(objects),
            None => Arc::new(Folder::new(self.beside("-messages"))?),
        };
        let room = Room::new(Box::new(file), objects, self.within);
        Ok(Sqlite { room: room.with_segments(segments, appends), path: self.path })
    }

    /// A place that is named like the database.
    fn beside(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }

    fn connect(&self) -> Result<rusqlite::Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)
            .map_err(|error| cannot_open(&self.path, error))?;
        self.prepare(&connection).map_err(|error| cannot_open(&self.path, error))?;
        Ok(connection)
    }

    fn prepare(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        wait_for_the_disk(connection, self.durable)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Or statements are prepared anew when values are bound to them, in case another plan
        // fits these better.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        if let Some(bytes) = self.most {
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            let pages = bytes.checked_div(page).unwrap_or(1).max(1);
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(())
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the store in this file, which is made where there is none, as
    /// [`SqliteOptions::new`] has it.
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new(path.as_ref()).open()
    }
}

sql::kept_in_a_room! { Sqlite }

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether what a transaction wrote to the log is on the disk when it ends. What is before
/// it in the log is there then, too.
fn wait_for_the_disk(connection: &rusqlite::Connection, waits: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", if waits { "FULL" } else { "NORMAL" })
}

/// Two connections: readers do not wait for writers who wait for the disk.
struct File {
    writers: Writers,
    reader: Mutex<rusqlite::Connection>,
}

impl Database for File {
    fn write(
        &self,
        kept: Kept,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<()> {
        self.writers.write(kept, work)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = reader.transaction().map_err(failed)?;
        work(&mut Within(&transaction))?;
        transaction.commit().map_err(failed)
    }
}

struct Within<'c>(&'c rusqlite::Connection);

impl Within<'_> {
    fn statement(&self, text: &str, values: &[Value<'_>]) -> rusqlite::Result<CachedStatement<'_>> {
        let mut statement = self.0.prepare_cached(text)?;
        for (value, place) in values.iter().zip(1_usize..) {
            statement.raw_bind_parameter(place, value)?;
        }
        Ok(statement)
    }
}

impl Connection for Within<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, statements: &str) -> Result<()> {
        self.0.execute_batch(statements).map_err(failed)
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64> {
        let touched = self.statement(statement, values).and_then(|mut it| it.raw_execute());
        touched.map(|it| u64::try_from(it).unwrap_or(u64::MAX)).map_err(failed)
    }

    fn query(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let mut statement = self.statement(statement, values).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = (0..columns).map(|n| row.get_ref(n).map_err(failed).and_then(cell));
            all.push(Row::new(cells.collect::<Result<_>>()?));
        }
        Ok(all)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell> {
    match value {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(number) => Ok(Cell::Integer(number)),
        ValueRef::Text(text) => Ok(Cell::Text(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => Err(Error::new(ErrorKind::Io, "the database holds a fraction")),
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> Error {
    let text = format!("the database {} cannot be opened: {error}", path.display());
    Error::new(ErrorKind::Io, text).because(error)
}

fn failed(error: rusqlite::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the database failed: {error}")).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::store::Store;
    use crate::time::UtcTime;

    fn plan(store: &Sqlite, query: &str) -> String {
        let connection = rusqlite::Connection::open(&store.path).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let places = statement.parameter_count();
        for place in 1..=places {
            statement.raw_bind_parameter(place, 0).unwrap();
        }
        let mut rows = statement.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push_str(&row.get::<_, String>(3).unwrap());
            plan.push('\n');
        }
        plan
    }

    /// Nothing that has to be found often is looked for among what is finished, or sorted.
    #[test]
    fn finished_records_are_not_read_to_find_open_ones() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("post.db")).unwrap();
        for (query, index) in sql::FREQUENT {
            let plan = plan(&store, query);
            assert!(plan.contains(index), "{query}\n{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("B-TREE"), "{query}\n{plan}");
        }
    }

    /// A file goes once none of its messages is kept, but for the last: its number is not given
    /// to another one.
    #[test]
    fn files_that_nothing_is_kept_in_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("post.db");
        let options = || SqliteOptions { segment: 150_000, ..SqliteOptions::new(&path) };
        let (store, other) = (options().open().unwrap(), options().open().unwrap());
        let dyn_store: &dyn Store = &store;
        let keep = |store: &Sqlite, n: u8| {
            let body = Store::keep(store, &vec![n; 100_000]).unwrap();
            (store as &dyn Store).within(|it| it.insert_body(&body)).unwrap();
            body.digest
        };
        let files = || {
            let listed = std::fs::read_dir(folder.path().join("post.db-segments")).unwrap();
            let mut names: Vec<_> = listed.map(|it| it.unwrap().file_name()).collect();
            names.sort();
            names.into_iter().map(|it| it.to_string_lossy()[14..16].to_owned()).collect::<Vec<_>>()
        };
        let digests: Vec<_> = (0..5).map(|n| keep(&store, n)).collect();
        assert_eq!(files(), ["01", "02", "03"]);
        assert_eq!(store.sweep(UtcTime::from_unix(0).unwrap()).unwrap(), 5, "no letter names them");
        assert_eq!(files(), ["03"]);
        assert!(dyn_store.open(&digests[0]).is_err());
        // Whoever remembers another file finds the one that is there.
        let digests: Vec<_> = (5..9).map(|n| (n, keep(&other, n))).collect();
        assert_eq!(files(), ["03", "04", "05"]);
        let last = keep(&store, 9);
        assert_eq!(files(), ["03", "04", "05"]);
        for (n, digest) in digests.iter().chain([&(9, last)]) {
            let found = dyn_store.open(digest).unwrap();
            assert_eq!(*found.window(0..100_000).unwrap(), vec![*n; 100_000]);
        }
    }

    /// A letter as version 1 wrote it, with a delivery.
    const OLD_LETTER: &str = "
        INSERT INTO letters (agency, kind, issuer, document, code, subject, priority, digest,
            length, created) VALUES ('H99', 'document', 'H99', 'old', '1/CV', 'x', 0, 'ab', 1, 0);
        INSERT INTO deliveries (agency, priority, letter, receiver, state, open, attempts, alone,
            next_at, fault, due_at) VALUES ('H99', 0, 1, 'H98', 'waiting', 1, 0, 0, 0, '', 0);
    ";

    fn old_letter_is_read(store: &dyn Store) {
        let letters = store.within(|it| it.letters_of(&"H99".into(), &"old".into())).unwrap();
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!((letter.code.as_str(), &letter.gist), ("1/CV", &None));
        let deliveries = store.within(|it| it.deliveries_of(letter.id)).unwrap();
        let [delivery] = deliveries.as_slice() else { panic!("{deliveries:?}") };
        assert_eq!((delivery.to.as_str(), delivery.refusals), ("H98", 0));
    }

    /// What an earlier version wrote is there after the tables were brought up to date.
    #[test]
    fn an_earlier_version_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("post.db");
        let connection = rusqlite::Connection::open(&path).unwrap();
        sql::migrate_to(&mut Within(&connection), 1).unwrap();
        let old = "INSERT INTO settings (name, value) VALUES ('directory', 'old')";
        connection.execute_batch(old).unwrap();
        connection.execute_batch(OLD_LETTER).unwrap();
        let (digest, bytes) = ("ab".repeat(32), vec![7; 100_000]);
        let old = "INSERT INTO bodies (digest, length, bytes) VALUES (?1, 100000, ?2)";
        connection.execute(old, (&digest, &bytes)).unwrap();
        let version = |connection: &rusqlite::Connection| -> i64 {
            let query = "SELECT MAX(version) FROM versions";
            connection.query_row(query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(version(&connection), 1);
        let tables = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'mail'";
        let offices = |connection: &rusqlite::Connection| -> i64 {
            connection.query_row(tables, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(offices(&connection), 0);
        for _ in 0..2 {
            let store = Sqlite::open(&path).unwrap();
            let kept = (&store as &dyn Store).within(|it| it.setting("directory")).unwrap();
            assert_eq!(kept.as_deref(), Some("old"));
            let body = (&store as &dyn Store).open(&digest).unwrap();
            assert_eq!(*body.window(0..100_000).unwrap(), bytes);
            old_letter_is_read(&store);
        }
        assert_eq!((version(&connection), offices(&connection)), (5, 1));

        connection.execute_batch("INSERT INTO versions (version) VALUES (99)").unwrap();
        let error = Sqlite::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("99"), "{error}");
    }
}
