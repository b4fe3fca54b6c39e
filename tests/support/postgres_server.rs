//! A PostgreSQL server of a test's own, which may be stopped and started.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use postgres::NoTls;

/// A server that ends with this process, however that ends.
pub(crate) struct Server {
    programs: PathBuf,
    pub(crate) folder: PathBuf,
    /// What it is started with, besides.
    pub(crate) options: Vec<String>,
    pub(crate) port: u16,
    running: Option<Child>,
}

/// Ends the server, and throws its folder away, when its input ends.
const KEEPER: &str = r#"folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
read -r word
kill -INT $server
wait $server
[ "$word" = stop ] || rm -rf "$folder""#;

impl Server {
    fn programs() -> Option<PathBuf> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&paths).collect();
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        folders.extend(versions.map(|it| it.path().join("bin")));
        folders.into_iter().find(|it| it.join("initdb").is_file() && it.join("postgres").is_file())
    }

    /// The server refuses to run as root.
    fn unprivileged(program: &Path) -> Command {
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        let user = user();
        command.args([format!("--reuid={user}"), format!("--regid={user}")]);
        command.arg("--clear-groups").arg(program);
        command
    }

    /// Nothing where its programs are not on this machine.
    pub(crate) fn new() -> Option<Self> {
        let programs = Self::programs()?;
        let folder = tempfile::Builder::new().prefix("kyso-pg-").tempdir().unwrap().keep();
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(user()), Some(user())).unwrap();
        }
        let made = Self::unprivileged(&programs.join("initdb"))
            .args(["--auth=trust", "--username=kyso", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(folder.join("data"))
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(Self { programs, folder, options: Vec::new(), port: 5432, running: None })
    }

    /// Started already.
    pub(crate) fn started() -> Option<Self> {
        let mut server = Self::new()?;
        server.start();
        Some(server)
    }

    pub(crate) fn start(&mut self) {
        let mut command = Self::unprivileged(Path::new("sh"));
        command.args(["-c", KEEPER, "keeper"]).arg(&self.folder);
        command.arg(self.programs.join("postgres")).arg("-D").arg(self.folder.join("data"));
        command.args(["-h", "", "-c", "fsync=off", "-k"]).arg(&self.folder).args(&self.options);
        command.current_dir(&self.folder).stdin(Stdio::piped()).stdout(Stdio::null());
        self.running = Some(command.stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..600 {
            if postgres::Client::connect(&self.url(), NoTls).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    pub(crate) fn stop(&mut self) {
        use std::io::Write;
        let mut keeper = self.running.take().unwrap();
        keeper.stdin.take().unwrap().write_all(b"stop\n").unwrap();
        assert!(keeper.wait().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        format!("host={folder} port={port} user=kyso dbname=postgres")
    }
}

pub(crate) fn is_root() -> bool {
    id("-u", None) == Some(0)
}

fn id(what: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(user).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

pub(crate) fn user() -> u32 {
    id("-u", Some("postgres")).unwrap_or(65534)
}
