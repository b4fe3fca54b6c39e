//! An exchange of three agencies over an axis, each a process of its own, with real sockets,
//! files and databases, while everything goes wrong that can: processes are killed at random
//! moments, the axis too; a proxy loses, cuts off, delays, garbles, doubles and reorders what
//! passes, and answers with pages or without end; disks are full; the database is gone;
//! clocks are wrong. Afterwards every document was delivered once to every receiver, every
//! status is where it belongs, the journals are whole, and no secret was written anywhere.
//!
//! One of the agencies keeps its post by PostgreSQL where the programs of a server are found,
//! which is stopped and started meanwhile; the others by SQLite.
//!
//! The short form runs with the other tests. In full, a thousand documents and two hundred
//! kills of agencies:
//!
//! ```text
//! KYSO_FAULTS=full cargo test --release --test faults -- --nocapture
//! ```
//!
//! So run on 2026-11-23, on a busy machine and with PostgreSQL: 1002 documents to two receivers
//! each, 200 kills of agencies and 44 of the axis, 22 times without a database, 33 times with
//! a full disk, 40 wrong clocks, in 285 s; all was there once.
//!
//! `KYSO_FAULTS_SEED` brings back the faults of a run, which prints it; moments differ from
//! run to run. What the processes logged is kept where the test fails.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::print_stdout, clippy::panic, missing_docs)]

mod agency;
mod chance;
mod check;
#[path = "../../examples/support/files.rs"]
mod files;
#[path = "../../examples/support/gateway.rs"]
mod gateway;
#[path = "../support/postgres_server.rs"]
mod postgres_server;
mod process;
mod proxy;
#[path = "../support/skip.rs"]
mod skip;
#[path = "../../examples/support/test_pki.rs"]
mod test_pki;
mod world;

use std::env;
use std::time::Duration;

use world::{Form, World};

const SHORT: Form = Form { documents: 30, kills: 24, pause: (50, 1_200) };
const FULL: Form = Form { documents: 334, kills: 200, pause: (50, 800) };

/// What this program does as one of the processes of the exchange; nothing otherwise.
#[test]
fn plays_its_role() {
    let Ok(role) = env::var("FAULTS_ROLE") else { return };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let settings = env::var("FAULTS_SETTINGS").unwrap();
    match role.as_str() {
        "agency" => serde_json::from_str::<agency::Desk>(&settings).unwrap().work(),
        "axis" => world::serve(&settings),
        _ => panic!("no role {role}"),
    }
}

#[test]
fn every_document_arrives_once_whatever_happens() {
    if env::var_os("FAULTS_ROLE").is_some() {
        return;
    }
    let form = if env::var("KYSO_FAULTS").is_ok_and(|it| it == "full") { FULL } else { SHORT };
    let seed = env::var("KYSO_FAULTS_SEED").ok().and_then(|it| it.parse().ok());
    let seed = seed.unwrap_or_else(|| kyso::UtcTime::now().unix_micros().unsigned_abs());
    println!("KYSO_FAULTS_SEED={seed}");
    let mut world = World::new(form, seed);
    world.suffer();
    world.recover();
    // More than any of this takes on a busy machine; a bound, and no measure.
    world.wait_until_all_is_done(Duration::from_secs(600));
    world.check();
}
