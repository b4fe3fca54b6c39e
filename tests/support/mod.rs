//! What several tests share.
#![allow(dead_code, unused_imports, clippy::print_stdout)] // each test uses a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::path::PathBuf;
use std::process::{Command, Output};

use base64::Engine;

pub(crate) mod cms;
pub(crate) mod counted;
pub(crate) mod evidence_record;
pub(crate) mod folder;
pub(crate) mod holder;
pub(crate) mod live;
pub(crate) mod net;
pub(crate) mod ocsp;
pub(crate) mod pdf;
pub(crate) mod pki;
pub(crate) mod resigned;
#[path = "../../src/samples.rs"]
pub(crate) mod samples;
pub(crate) mod tsa;
pub(crate) mod zip;

pub(crate) use samples::skip::{program, skipped};

/// Runs an example. `cargo test` builds them beside the tests; a single test by name does
/// not: then this says so, and nothing is run.
pub(crate) fn example(name: &str, arguments: &[&str]) -> Option<Output> {
    Some(command(name)?.args(arguments).output().unwrap())
}

/// The same, for what is set before it runs.
pub(crate) fn command(name: &str) -> Option<Command> {
    Some(Command::new(program(name)?))
}

/// How an example ends, and what it says.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let output = example(name, arguments)?;
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.code(), String::from_utf8(said).unwrap()))
}

/// A certificate as other programs read it.
pub(crate) fn certificate_pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Every certificate within the hexadecimal strings of a PDF, wherever it stands.
pub(crate) fn certificates_in_hex(pdf: &[u8]) -> Vec<kyso::Certificate> {
    let mut all = Vec::new();
    for string in pdf.split(|byte| *byte == b'<').skip(1) {
        let digits: Vec<u8> = string.iter().copied().take_while(u8::is_ascii_hexdigit).collect();
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        all.extend(certificates_in(&bytes));
    }
    all
}

/// Every certificate that begins somewhere in these bytes.
pub(crate) fn certificates_in(bytes: &[u8]) -> Vec<kyso::Certificate> {
    // SEQUENCE with a length of two octets.
    let starts = bytes.windows(4).enumerate().filter(|(_, it)| it[..2] == [0x30, 0x82]);
    starts
        .filter_map(|(at, head)| {
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            kyso::Certificate::from_der(bytes.get(at..at + 4 + length)?).ok()
        })
        .collect()
}
