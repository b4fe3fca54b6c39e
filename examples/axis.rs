//! A gateway of the document axis on this machine, for trying things out.
//!
//! ```text
//! cargo run --release --example axis -- [--listen 127.0.0.1:8080] [--folder DIR]
//!     [--postgres URL] [--agencies FILE] [--agency CODE,NAME,SECRET …]
//!     [--message-bytes N] [--fresh-for HOURS] [--rewrite-as CODE] [--workers N]
//! ```
//!
//! Messages are kept in `DIR` (`axis` here, where none is told), and are there when the axis
//! is started again, however it ended. `FILE` is a JSON list:
//!
//! ```json
//! [{ "code": "000.00.00.H41", "otherCode": "H41", "name": "UBND …", "secret": "…",
//!    "locked": false }]
//! ```
//!
//! It ends by SIGTERM or SIGINT, when requests under way have been answered.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/gateway.rs"]
mod gateway;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io, thread};

use gateway::{Agency, Gateway, Options};
use kyso::axis::Freshness;
use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};

const USAGE: &str = "axis [--listen ADDRESS] [--folder DIR] [--postgres URL] [--agencies FILE]
     [--agency CODE,NAME,SECRET …] [--message-bytes N] [--fresh-for HOURS]
     [--rewrite-as CODE] [--workers N]";

fn main() -> ExitCode {
    let (options, agencies) = match read() {
        Ok(told) => told,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match serve(options, agencies) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("axis", &error),
    }
}

fn serve(options: Options, agencies: Vec<Agency>) -> io::Result<()> {
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&told))?;
    }
    let gateway = Gateway::start(options, agencies)?;
    println!("The axis answers at {}", gateway.endpoint());
    let mut before = (0, 0);
    while !told.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(100));
        let now = gateway.progress();
        if now != before && io::stdout().is_terminal() {
            print!("\r{} messages taken, {} handed over ", now.0, now.1);
            io::stdout().flush()?;
            before = now;
        }
    }
    let (taken, handed_over) = gateway.progress();
    gateway.shutdown();
    println!("\r{taken} messages taken, {handed_over} handed over; the axis has ended");
    Ok(())
}

fn read() -> Result<(Options, Vec<Agency>), Box<dyn Error>> {
    let mut options = Options {
        listen: "127.0.0.1:8080".to_owned(),
        folder: Some("axis".into()),
        ..Options::default()
    };
    let mut agencies = Vec::new();
    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--listen" => options.listen = value,
            "--folder" => options.folder = Some(value.into()),
            "--postgres" => options.postgres = Some(value),
            "--message-bytes" => options.message_bytes = value.parse()?,
            "--workers" => options.workers = value.parse()?,
            "--rewrite-as" => options.rewrite_as = Some(value),
            "--fresh-for" => {
                let seconds = value.parse::<u64>()?.saturating_mul(3_600);
                let past = Duration::from_secs(seconds);
                options.freshness = Some(Freshness { past, ..Freshness::default() });
            }
            "--agency" => {
                let mut parts = value.splitn(3, ',');
                let mut part = || parts.next().ok_or("--agency wants CODE,NAME,SECRET");
                agencies.push(Agency::new(part()?, part()?, part()?));
            }
            "--agencies" => agencies.append(&mut listed(&value)?),
            _ => return Err(format!("no option {name}").into()),
        }
    }
    if agencies.is_empty() { Err("name an agency".into()) } else { Ok((options, agencies)) }
}

/// The agencies of a file.
fn listed(file: &str) -> Result<Vec<Agency>, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let list: Value = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    let list = list.as_array().ok_or_else(|| format!("{file} is no list"))?;
    let agency = |it: &Value| {
        let text = |name| it.get(name).and_then(Value::as_str);
        let missing = || format!("{file}: an agency has a code, a name and a secret");
        let code = text("code").ok_or_else(missing)?;
        let name = text("name").ok_or_else(missing)?;
        let secret = text("secret").ok_or_else(missing)?;
        let agency = Agency::new(code, name, secret).known_as(text("otherCode").unwrap_or(""));
        let locked = it.get("locked").and_then(Value::as_bool).unwrap_or(false);
        Ok(if locked { agency.locked() } else { agency })
    };
    list.iter().map(agency).collect()
}
