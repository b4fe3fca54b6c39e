//! Keys that a remote service keeps, by version 2 of the Cloud Signature Consortium's API.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    missing_docs
)]

mod example;
mod failures;
mod phone;
#[path = "../support/csc.rs"]
mod service;
#[path = "../support/signed.rs"]
mod signed;
mod signing;
#[path = "../support/mod.rs"]
mod support;

use kyso::csc::{Pin, RemoteSigner};
use service::{KEY, PIN, Service};

fn signer(service: &Service) -> RemoteSigner {
    RemoteSigner::open(service.client(), KEY, Pin::new(PIN)).unwrap()
}
