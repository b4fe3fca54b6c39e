//! A gateway of the document axis on this machine, for trying things out.
//!
//! ```text
//! cargo run --release --example axis -- [--listen 127.0.0.1:8080] [--folder DIR]
//!     --agency CODE,NAME,SECRET [--agency …]
//! ```
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;
#[path = "support/gateway.rs"]
mod gateway;

use std::error::Error;
use std::process::ExitCode;
use std::thread;

use gateway::{Agency, Gateway, Options};

const USAGE: &str = "axis [--listen ADDRESS] [--folder DIR] --agency CODE,NAME,SECRET …";

fn main() -> ExitCode {
    let (options, agencies) = match read() {
        Ok(told) => told,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    let gateway = match Gateway::start(options, agencies) {
        Ok(gateway) => gateway,
        Err(error) => return arguments::failed("axis", &error),
    };
    println!("The axis answers at {}", gateway.endpoint());
    loop {
        thread::park();
    }
}

fn read() -> Result<(Options, Vec<Agency>), Box<dyn Error>> {
    let mut options = Options { listen: "127.0.0.1:8080".to_owned(), ..Options::default() };
    let mut agencies = Vec::new();
    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--listen" => options.listen = value,
            "--folder" => options.folder = Some(value.into()),
            "--agency" => {
                let mut parts = value.splitn(3, ',');
                let mut part = || parts.next().ok_or("--agency wants CODE,NAME,SECRET");
                agencies.push(Agency::new(part()?, part()?, part()?));
            }
            _ => return Err(format!("no option {name}").into()),
        }
    }
    if agencies.is_empty() { Err("name an agency".into()) } else { Ok((options, agencies)) }
}
