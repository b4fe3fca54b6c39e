//! A gateway of the document axis on this machine, for trying things out.
//!
//! ```text
//! cargo run --release --example axis -- [--listen 127.0.0.1:8080] [--folder DIR]
//!     --agency CODE,NAME,SECRET [--agency …]
//! ```
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/gateway.rs"]
mod gateway;

use std::error::Error;
use std::{env, thread};

use gateway::{Agency, Gateway, Options};

const USAGE: &str = "axis [--listen ADDRESS] [--folder DIR] --agency CODE,NAME,SECRET …";

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options { listen: "127.0.0.1:8080".to_owned(), ..Options::default() };
    let mut agencies = Vec::new();
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--listen" => options.listen = value,
            "--folder" => options.folder = Some(value.into()),
            "--agency" => {
                let mut parts = value.splitn(3, ',');
                let mut part = || parts.next().ok_or(USAGE);
                agencies.push(Agency::new(part()?, part()?, part()?));
            }
            _ => return Err(USAGE.into()),
        }
    }
    if agencies.is_empty() {
        return Err(USAGE.into());
    }
    let gateway = Gateway::start(options, agencies)?;
    println!("The axis answers at {}", gateway.endpoint());
    loop {
        thread::park();
    }
}
