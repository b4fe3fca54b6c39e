//! Processes that are killed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A part of the exchange that runs as a process, until it is killed or dropped.
pub(crate) struct Process(Child);

/// Files end at so many blocks, and whoever writes beyond gets an error: a disk that is full.
const LIMITED: &str = r#"trap "" XFSZ; ulimit -f "$1"; shift; exec "$@""#;

impl Process {
    /// Starts this program anew in a role. What it logs is appended to `log`.
    pub(crate) fn start(
        role: &str,
        settings: &str,
        secrets: &str,
        log: &Path,
        blocks: Option<u64>,
    ) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = match blocks {
            Some(blocks) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", LIMITED, "sh", &blocks.to_string()]).arg(program);
                shell
            }
            None => Command::new(program),
        };
        command.args(["--exact", "plays_its_role", "--nocapture", "--test-threads=1"]);
        command.env("FAULTS_ROLE", role).env("FAULTS_SETTINGS", settings);
        command.env("KYSO_SECRET", secrets).stdin(Stdio::null());
        // By pipes: the log is not what the disk has no room for.
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        follow(child.stdout.take().unwrap(), log);
        follow(child.stderr.take().unwrap(), log);
        Self(child)
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Whether it ended without being killed, which it never should.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// The most memory that it ever had, in KiB, where the system says so.
    pub(crate) fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn follow(mut from: impl io::Read + Send + 'static, log: &Path) {
    let log: File = OpenOptions::new().create(true).append(true).open(log).unwrap();
    thread::spawn(move || {
        let mut log = io::BufWriter::new(log);
        io::copy(&mut from, &mut log).and_then(|_| log.flush())
    });
}
