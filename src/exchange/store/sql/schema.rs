//! The tables, version by version.

use super::{Connection, Dialect};
use crate::error::{Error, ErrorKind, Result};

/// What leads from each version to the next; the first from nothing to version 1. What
/// stands here was carried out somewhere: it is added to, never changed.
const STEPS: [&str; 5] = [POST, OFFICE, GISTS, REFUSALS, SEGMENTS];

/// Letters, deliveries, what comes in, bodies, the journal.
///
/// `open` and `due_at` (the later one of the next attempt and the end of a claim) say what
/// is to be done: the indexes that find it hold no record that is finished.
const POST: &str = "
CREATE TABLE bodies (
    digest TEXT PRIMARY KEY, length BIGINT NOT NULL, bytes {bytes}
);
CREATE TABLE letters (
    id {id}, agency TEXT NOT NULL, kind TEXT NOT NULL, issuer TEXT NOT NULL,
    document TEXT NOT NULL, code TEXT NOT NULL, subject TEXT NOT NULL, status BIGINT,
    priority BIGINT NOT NULL, digest TEXT NOT NULL, length BIGINT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX letters_of ON letters (agency, document, id);
CREATE INDEX letters_digest ON letters (digest);
CREATE TABLE deliveries (
    id {id}, agency TEXT NOT NULL, priority BIGINT NOT NULL,
    letter BIGINT NOT NULL REFERENCES letters (id), receiver TEXT NOT NULL,
    state TEXT NOT NULL, open BIGINT NOT NULL, attempts BIGINT NOT NULL,
    alone BIGINT NOT NULL, next_at BIGINT NOT NULL, in_doubt_since BIGINT,
    transport_id TEXT, sent_at BIGINT, fault TEXT NOT NULL, handling BIGINT,
    take_back BIGINT, claim BIGINT, claim_until BIGINT, due_at BIGINT NOT NULL
);
CREATE INDEX deliveries_of ON deliveries (letter, id);
CREATE INDEX deliveries_in ON deliveries (agency, state, id);
CREATE INDEX deliveries_named ON deliveries (agency, transport_id);
CREATE INDEX deliveries_open
    ON deliveries (agency, priority DESC, letter, id, due_at, alone) WHERE open = 1;
CREATE INDEX deliveries_due ON deliveries (agency, due_at) WHERE open = 1;
CREATE TABLE incoming (
    id {id}, agency TEXT NOT NULL, kind TEXT NOT NULL, transport_id TEXT NOT NULL,
    sender TEXT NOT NULL, listed BIGINT NOT NULL, state TEXT NOT NULL,
    open BIGINT NOT NULL, acknowledged BIGINT NOT NULL, attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL, fault TEXT NOT NULL, issuer TEXT NOT NULL,
    document TEXT NOT NULL, code TEXT NOT NULL, subject TEXT NOT NULL,
    priority BIGINT NOT NULL, digest TEXT NOT NULL, content TEXT NOT NULL,
    length BIGINT NOT NULL, received BIGINT, decided BIGINT, reason TEXT NOT NULL,
    handling BIGINT, take_back BIGINT, claim BIGINT, claim_until BIGINT,
    due_at BIGINT NOT NULL,
    UNIQUE (agency, kind, transport_id)
);
CREATE INDEX incoming_of ON incoming (agency, document, issuer, id);
CREATE INDEX incoming_in ON incoming (agency, state, id);
CREATE INDEX incoming_digest ON incoming (digest);
CREATE INDEX incoming_open ON incoming (agency, priority DESC, id, due_at) WHERE open = 1;
CREATE TABLE journals (
    agency TEXT PRIMARY KEY, sequence BIGINT NOT NULL, latest BIGINT NOT NULL,
    hash {bytes} NOT NULL
);
CREATE TABLE entries (
    agency TEXT NOT NULL, sequence BIGINT NOT NULL, latest BIGINT NOT NULL,
    at BIGINT NOT NULL, actor TEXT NOT NULL, document TEXT, peer TEXT, digest TEXT,
    event TEXT NOT NULL, hash {bytes} NOT NULL,
    PRIMARY KEY (agency, sequence)
);
CREATE INDEX entries_since ON entries (agency, latest, sequence);
CREATE TABLE seals (
    id {id}, agency TEXT NOT NULL, through BIGINT NOT NULL, seal {bytes} NOT NULL
);
CREATE INDEX seals_of ON seals (agency, through, id);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
";

/// What an axis keeps for its agencies.
const OFFICE: &str = "
CREATE TABLE dispatches (
    id {id}, tag TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, sender TEXT NOT NULL,
    title TEXT NOT NULL, notation TEXT NOT NULL, digest TEXT NOT NULL,
    length BIGINT NOT NULL, sent_as TEXT NOT NULL, at BIGINT NOT NULL
);
CREATE INDEX dispatches_of ON dispatches (sender, kind, at, id);
CREATE INDEX dispatches_as ON dispatches (sender, sent_as);
CREATE INDEX dispatches_digest ON dispatches (digest);
CREATE TABLE mail (
    id {id}, dispatch BIGINT NOT NULL REFERENCES dispatches (id),
    receiver TEXT NOT NULL, kind TEXT NOT NULL, transport_id TEXT NOT NULL,
    state TEXT NOT NULL, open BIGINT NOT NULL, at BIGINT NOT NULL,
    UNIQUE (receiver, transport_id)
);
CREATE INDEX mail_of ON mail (dispatch, id);
CREATE INDEX mail_open ON mail (receiver, kind, at, id) WHERE open = 1;
CREATE INDEX mail_new ON mail (receiver, kind) WHERE state = 'initial';
";

/// What has to be known of a document once its bytes are gone, in JSON.
const GISTS: &str = "ALTER TABLE letters ADD COLUMN gist TEXT;";

/// How often the axis refused to say whether it has something.
const REFUSALS: &str = "ALTER TABLE deliveries ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;";

/// Where a message stands that was appended to a file: the number of the file, and how many
/// bytes come before it.
const SEGMENTS: &str = "
ALTER TABLE bodies ADD COLUMN segment BIGINT;
ALTER TABLE bodies ADD COLUMN place BIGINT;
";

/// Brings the tables to the newest version; within one transaction.
///
/// # Errors
/// `Io`; `Unsupported` where a newer version of this crate made them.
pub(in crate::exchange::store) fn migrate(connection: &mut dyn Connection) -> Result<()> {
    migrate_to(connection, STEPS.len())
}

/// Each step is carried out in the transaction that it is noted in.
pub(in crate::exchange::store) fn migrate_to(
    connection: &mut dyn Connection,
    newest: usize,
) -> Result<()> {
    // Two that open a new database at once do not both make the tables.
    connection.wait_for(&["versions"])?;
    let found = version(connection)?;
    if found > STEPS.len() {
        let text = format!(
            "the database is of version {found}, made by a newer version of this crate, \
             which knows {}",
            STEPS.len()
        );
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    for (n, step) in STEPS.iter().enumerate().take(newest).skip(found) {
        let text = match connection.dialect() {
            Dialect::Sqlite => {
                step.replace("{id}", "INTEGER PRIMARY KEY").replace("{bytes}", "BLOB")
            }
            Dialect::Postgres | Dialect::PostgresReading => step
                .replace("{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
                .replace("{bytes}", "BYTEA"),
        };
        connection.run(&text)?;
        let reached = i64::try_from(n).unwrap_or(i64::MAX).saturating_add(1);
        connection.execute("INSERT INTO versions (version) VALUES (?1)", &[reached.into()])?;
    }
    Ok(())
}

fn version(connection: &mut dyn Connection) -> Result<usize> {
    connection.run("CREATE TABLE IF NOT EXISTS versions (version BIGINT PRIMARY KEY)")?;
    let rows = connection.query("SELECT MAX(version) FROM versions", &[])?;
    let found = rows.into_iter().next().map(|mut row| row.maybe_integer()).transpose()?;
    Ok(usize::try_from(found.flatten().unwrap_or(0)).unwrap_or(usize::MAX))
}
