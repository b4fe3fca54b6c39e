//! A NATS server, a folder of objects and workers that serve them.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::{self, stream};
use futures_util::StreamExt;
use kyso::Certificate;
use serde_json::Value;

use crate::nats_server::{self, Server};
use crate::support::program;
use crate::{files, test_pki};

/// A server, a folder of objects, and a signer.
pub(crate) struct Fleet {
    pub(crate) server: Server,
    pub(crate) program: PathBuf,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) running: Vec<Child>,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Fleet {
    pub(crate) fn new() -> Option<Self> {
        let program = program("worker")?;
        let server = Server::started()?;
        let folder = tempfile::tempdir().unwrap();
        let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
        test_pki::write(&pki, &folder.path().join("pki")).unwrap();
        Some(Self { server, program, folder, running: Vec::new() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).args(["--nats", &self.server.url()]);
        command.args(["--objects", &self.text("objects")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it printed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {printed}");
        printed
    }

    pub(crate) fn put_sign(&self, paths: &[&str]) {
        let chain = self.text("pki/ubnd-leader.pem");
        let words = ["put", "sign", "--cert", &chain, "--algorithm", "ECDSA_SHA256"];
        self.run(&[&words[..], paths].concat());
    }

    /// Signs and verifies; its place among those that run.
    pub(crate) fn serve(&mut self, options: &[&str]) -> usize {
        let (key, chain) = (self.text("pki/ubnd-leader.key.pem"), self.text("pki/ubnd-leader.pem"));
        let trust = self.text("pki/trust/cong-vu.pem");
        let words = ["serve", "--key", &key, "--cert", &chain, "--trust", &trust];
        let hurry = ["--pause", "50", "--threads", "2"];
        let mut command = self.command(&[&words[..], &hurry, options].concat());
        self.running.push(command.spawn().unwrap());
        self.running.len() - 1
    }

    pub(crate) fn tell_to_end(&self, worker: usize) {
        let id = self.running[worker].id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// What it printed, after it was told to end, and did so by itself.
    pub(crate) fn end(&mut self, worker: usize) -> String {
        self.tell_to_end(worker);
        let output = self.running.remove(worker).wait_with_output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{printed}");
        assert!(!printed.contains(nats_server::PASSWORD), "{printed}");
        printed
    }

    pub(crate) fn results(&self) -> Vec<Value> {
        let printed = self.run(&["results", "--json"]);
        printed.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// How many documents, named by their numbers, each another one.
    pub(crate) fn documents(&self, many: usize) -> String {
        for number in 0..many {
            let path = self.path(&format!("documents/{number:04}.pdf"));
            files::write_whole(&path, &pdf(number)).unwrap();
        }
        self.text("documents")
    }

    pub(crate) fn objects(&self) -> HashSet<String> {
        let shards = std::fs::read_dir(self.path("objects")).unwrap().map(|it| it.unwrap().path());
        let files = shards.filter(|it| it.is_dir()).flat_map(|it| std::fs::read_dir(it).unwrap());
        files.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The states of the queue and of the results.
    pub(crate) fn states(&self) -> (stream::State, stream::State) {
        self.ask(async |jetstream| {
            let state =
                async |name| jetstream.get_stream(name).await.unwrap().cached_info().state.clone();
            (state("kyso").await, state("KV_kyso-results").await)
        })
    }

    /// Gives up only where something is wrong.
    pub(crate) fn wait_for(&self, enough: impl Fn(&stream::State, &stream::State) -> bool) {
        for _ in 0..6000 {
            let (jobs, results) = self.states();
            if enough(&jobs, &results) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("what is waited for does not come: {:?}", self.states());
    }

    pub(crate) fn wait_until_all_is_done(&self) {
        self.wait_for(|jobs, _| jobs.messages == 0);
    }

    pub(crate) fn ask<T>(&self, question: impl AsyncFnOnce(jetstream::Context) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client =
                ConnectOptions::with_user_and_password("kyso".into(), nats_server::PASSWORD.into());
            let client = client.connect(self.server.url()).await.unwrap();
            question(jetstream::new(client)).await
        })
    }

    /// The part of the queue for the signer's key, by its subject and its consumer.
    pub(crate) fn signing_part(&self) -> (String, String) {
        let chain = std::fs::read(self.path("pki/ubnd-leader.pem")).unwrap();
        let chain = Certificate::all_from(&chain, &kyso::Limits::default()).unwrap();
        let signer = sha256(chain[0].der());
        (format!("kyso.jobs.sign.{signer}.ECDSA_SHA256"), format!("sign-{signer}-ECDSA_SHA256"))
    }

    /// How many jobs whoever asks now is given.
    pub(crate) fn there(&self) -> u64 {
        let (_, consumer) = self.signing_part();
        self.ask(async |jetstream| {
            let stream = jetstream.get_stream("kyso").await.unwrap();
            let consumer: PullConsumer = stream.get_consumer(&consumer).await.unwrap();
            let asked = consumer.fetch().max_messages(300).messages().await.unwrap();
            u64::try_from(asked.count().await).unwrap()
        })
    }

    pub(crate) fn is_served(&self) -> bool {
        self.ask(async |jetstream| {
            let Ok(stream) = jetstream.get_stream("kyso").await else { return false };
            stream.get_consumer::<Config>(&self.signing_part().1).await.is_ok()
        })
    }

    /// Jobs that are in somebody's hands, and those that were handed out again.
    pub(crate) fn in_hand(&self) -> (usize, usize) {
        let (_, consumer) = self.signing_part();
        self.ask(async |jetstream| {
            let stream = jetstream.get_stream("kyso").await.unwrap();
            let consumer: PullConsumer = stream.get_consumer(&consumer).await.unwrap();
            let info = consumer.cached_info();
            (info.num_ack_pending, info.num_redelivered)
        })
    }

    /// The object that a document is kept as.
    pub(crate) fn object(&self, digest: &str) -> PathBuf {
        self.path("objects").join(&digest[..2]).join(digest)
    }

    pub(crate) fn publish(&self, subject: &str, message: &[u8]) -> bool {
        self.ask(async |jetstream| {
            let put = jetstream.publish(subject.to_owned(), message.to_vec().into()).await;
            put.unwrap().await.is_ok()
        })
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    kyso::DigestAlgorithm::Sha256.digest(bytes).to_string()
}

/// One empty page.
pub(crate) fn pdf(number: usize) -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>".to_owned(),
        format!("<</Title(TEST {number})>>"),
    ];
    let (mut file, mut table) = ("%PDF-1.7\n".to_owned(), "0000000000 65535 f \n".to_owned());
    for (n, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 5\n{table}trailer\n<</Size 5/Root 1 0 R/Info 4 0 R>>\n");
    file += &format!("startxref\n{start}\n%%EOF\n");
    file.into_bytes()
}
