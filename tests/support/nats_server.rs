//! A NATS server of a test's own, with JetStream, which may be stopped and started.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Ends with this process, however that ends.
pub(crate) struct Server {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

/// Workers give it in their URL, and never say it.
pub(crate) const PASSWORD: &str = "open-sesame";

/// Ends the server when its input ends.
const KEEPER: &str = r#""$@" >>"$0" 2>&1 &
server=$!
read -r word
kill -TERM $server
wait $server"#;

impl Server {
    /// Nothing where the program is not on this machine.
    pub(crate) fn started() -> Option<Self> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&paths).collect();
        // Where Debian has it, and not everybody looks.
        folders.push("/usr/sbin".into());
        let program = folders.iter().map(|it| it.join("nats-server")).find(|it| it.is_file());
        let Some(program) = program else {
            crate::support::skipped("there is no nats-server");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("kyso-nats-").tempdir().unwrap();
        let mut server = Self { program, folder, port: 0, running: None };
        server.start();
        Some(server)
    }

    /// On a port that is free, and from then on on the same.
    pub(crate) fn start(&mut self) {
        let folder = self.folder.path();
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER]).arg(folder.join("log")).arg(&self.program);
        command.args(["-js", "-a", "127.0.0.1", "-p", &port, "-sd"]).arg(folder.join("data"));
        command.args(["--user", "kyso", "--pass", PASSWORD]);
        command.arg("--ports_file_dir").arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().unwrap());
        for _ in 0..600 {
            if let Some(port) = port_in(folder)
                && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
            {
                self.port = port;
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    pub(crate) fn stop(&mut self) {
        let mut keeper = self.running.take().unwrap();
        drop(keeper.stdin.take());
        keeper.wait().unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://kyso:{PASSWORD}@127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.stop();
        }
    }
}

/// `{"nats":["nats://127.0.0.1:40000"],...}` in a file that is named by the process.
fn port_in(folder: &Path) -> Option<u16> {
    let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let file = files.into_iter().find(|it| it.extension().is_some_and(|it| it == "ports"))?;
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
}
