//! What a program logs.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is logged on the way: all of it, or all but the bytes that pass.
pub(crate) struct Logged {
    pub(crate) lines: Mutex<String>,
    pub(crate) bytes: AtomicBool,
}

pub(crate) static LOGGED: Logged =
    Logged { lines: Mutex::new(String::new()), bytes: AtomicBool::new(false) };

impl log::Log for Logged {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        self.bytes.load(Ordering::SeqCst)
            || metadata.level() < log::Level::Trace
            || !metadata.target().starts_with("ureq_proto")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}\n", record.target(), record.args());
            self.lines.lock().unwrap().push_str(&line);
        }
    }

    fn flush(&self) {}
}
