//! The agencies, the axis and what is between them.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use kyso::exchange::store::{PostOffice, Sqlite};
use kyso::{SoftwareSigner, UtcTime, pades};
use tempfile::TempDir;

use crate::agency::{AGENCIES, Desk};
use crate::chance::Chance;
use crate::check::{Ledger, no_secret_below, nothing_waits};
use crate::gateway::{Agency, Gateway, Options};
use crate::postgres_server::Server;
use crate::process::Process;
use crate::proxy::Proxy;
use crate::{files, test_pki};

const PDF: &[u8] = include_bytes!("../../testdata/pdf/libreoffice.pdf");

/// How much of everything.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// That each agency sends to both others.
    pub(crate) documents: usize,
    /// Of agencies; the axis is killed beside that.
    pub(crate) kills: usize,
    /// Milliseconds between two kills: at least, at most.
    pub(crate) pause: (u64, u64),
}

/// All of it.
pub(crate) struct World {
    form: Form,
    chance: Chance,
    folder: Option<TempDir>,
    desks: Vec<Desk>,
    secrets: Vec<String>,
    agencies: Vec<Process>,
    axis: Process,
    axis_at: SocketAddr,
    /// Of the last agency.
    database: Option<Server>,
    proxy: Proxy,
    began: Instant,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    agencies_killed: usize,
    axis_killed: usize,
    databases_gone: usize,
    disks_full: usize,
    clocks_wrong: usize,
}

impl World {
    pub(crate) fn new(form: Form, seed: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("kyso-faults-").tempdir().unwrap();
        let chance = Chance::new(seed);
        let secrets: Vec<String> = AGENCIES
            .iter()
            .map(|it| format!("{}-secret-{:016x}", it.0, chance.between(0, u64::MAX - 1)))
            .collect();
        sign_a_document_each(folder.path());
        let axis_at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let proxy = Proxy::start(axis_at, seed.wrapping_add(1));
        let pause = (form.pause.0 + form.pause.1) / 2;
        let kills = u64::try_from(form.kills).unwrap();
        let desk = |us| Desk {
            us,
            endpoint: proxy.endpoint(),
            folder: folder.path().to_owned(),
            postgres: None,
            documents: form.documents,
            // There is something to send as long as there are kills.
            pace: kills * pause / u64::try_from(form.documents).unwrap(),
            clock: 0,
            most_bytes: None,
        };
        let mut desks: Vec<Desk> = (0..AGENCIES.len()).map(desk).collect();
        let database = Server::started();
        if database.is_none() {
            crate::skip::skipped("there is no PostgreSQL server: SQLite only");
        }
        let last = desks.last_mut().unwrap();
        last.postgres = database.as_ref().map(Server::url);
        let axis = start_axis(axis_at, folder.path().join("axis"), &secrets);
        let agencies = desks.iter().map(|it| start(it, &secrets, None)).collect();
        let (began, counts) = (Instant::now(), Counts::default());
        let folder = Some(folder);
        Self {
            form,
            chance,
            folder,
            desks,
            secrets,
            agencies,
            axis,
            axis_at,
            database,
            proxy,
            began,
            counts,
        }
    }

    fn folder(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().to_owned()
    }

    /// One misfortune after the other.
    pub(crate) fn suffer(&mut self) {
        let mut turn = 0;
        while self.counts.agencies_killed < self.form.kills {
            let (least, most) = self.form.pause;
            thread::sleep(Duration::from_millis(self.chance.between(least, most)));
            turn += 1;
            match turn % 12 {
                4 | 10 => self.kill_the_axis(),
                7 => self.lose_the_database(),
                _ => self.kill_one(),
            }
            self.nobody_has_ended();
        }
    }

    fn kill_the_axis(&mut self) {
        self.axis.kill();
        self.counts.axis_killed += 1;
        thread::sleep(Duration::from_millis(self.chance.between(0, 300)));
        self.axis = start_axis(self.axis_at, self.folder().join("axis"), &self.secrets);
    }

    /// Connections are cut off, and new ones refused for a while.
    fn lose_the_database(&mut self) {
        let Some(server) = &mut self.database else { return };
        server.stop();
        self.counts.databases_gone += 1;
        thread::sleep(Duration::from_millis(self.chance.between(0, 1_000)));
        server.start();
    }

    /// Kills an agency and has it come back, sometimes to a full disk, or with a clock that is wrong.
    fn kill_one(&mut self) {
        let us = self.chance.below(AGENCIES.len());
        self.agencies[us].kill();
        self.counts.agencies_killed += 1;
        thread::sleep(Duration::from_millis(self.chance.between(0, 300)));
        let mut desk = self.desks[us].clone();
        let mut blocks = None;
        if self.counts.agencies_killed % 5 == 2 {
            self.counts.clocks_wrong += 1;
            desk.clock = i64::try_from(self.chance.between(0, 1_200)).unwrap() - 600;
        }
        if self.counts.agencies_killed % 6 == 3 {
            self.counts.disks_full += 1;
            let size = fs::metadata(desk.database()).map_or(0, |it| it.len());
            if self.chance.once_in(2) {
                desk.most_bytes = Some(size + self.chance.between(0, 64 << 10));
            } else {
                blocks = Some(self.chance.between(1, (size >> 9) + 64));
            }
        }
        self.agencies[us] = start(&desk, &self.secrets, blocks);
    }

    fn nobody_has_ended(&mut self) {
        for (process, (code, _)) in self.agencies.iter_mut().zip(AGENCIES) {
            assert!(!process.has_ended(), "{code} ended by itself");
        }
        assert!(!self.axis.has_ended(), "the axis ended by itself");
    }

    /// All is well again, and later than any clock was.
    pub(crate) fn recover(&mut self) {
        self.proxy.heal();
        for us in 0..AGENCIES.len() {
            self.agencies[us].kill();
            let desk = Desk { clock: 1_200, pace: 0, ..self.desks[us].clone() };
            self.agencies[us] = start(&desk, &self.secrets, None);
        }
    }

    pub(crate) fn wait_until_all_is_done(&mut self, patience: Duration) {
        let ledgers: Vec<Ledger> = self.desks.iter().map(|it| Ledger::open(it).unwrap()).collect();
        let begin = Instant::now();
        loop {
            let open: Vec<String> = ledgers.iter().flat_map(|it| it.open_ends().unwrap()).collect();
            if open.is_empty() {
                return;
            }
            self.nobody_has_ended();
            if begin.elapsed() > patience {
                let some: Vec<_> = open.iter().take(20).collect();
                panic!("{} ends are open: {some:#?}", open.len());
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    pub(crate) fn check(mut self) {
        let memory: Vec<_> = self.agencies.iter().map(Process::most_memory).collect();
        let axis_memory = self.axis.most_memory();
        self.agencies.iter_mut().for_each(Process::kill);
        self.axis.kill();
        let ledgers: Vec<Ledger> = self.desks.iter().map(|it| Ledger::open(it).unwrap()).collect();
        let repeated: usize = ledgers.iter().map(Ledger::received_once).sum();
        let entries: u64 = ledgers.iter().map(Ledger::journal_is_whole).sum();
        let axis = Sqlite::open(self.folder().join("axis/axis.db")).unwrap();
        let beyond = nothing_waits(&axis as &dyn PostOffice, self.form.documents);
        no_secret_below(&self.folder(), &self.secrets);
        println!(
            "{} documents to 2 receivers each, {:?}, in {} s: all there once; {repeated} came again, \
             {beyond} messages were at the axis twice, {entries} entries in whole journals",
            self.form.documents * AGENCIES.len(),
            self.counts,
            self.began.elapsed().as_secs()
        );
        println!("harm done on the way: {:?}", self.proxy.harm_done());
        println!("most memory in KiB: agencies {memory:?}, axis {axis_memory:?}");
        for most in memory.into_iter().chain([axis_memory]).flatten() {
            assert!(most < MOST_MEMORY, "{most} KiB");
        }
    }
}

/// What was logged, and the stores, stay for whoever looks into a failure.
impl Drop for World {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take().filter(|_| thread::panicking()) {
            println!("what is left of it: {}", folder.keep().display());
        }
    }
}

/// KiB, for a process in whose way no endless answer can be.
const MOST_MEMORY: u64 = 256 << 10;

fn start(desk: &Desk, secrets: &[String], blocks: Option<u64>) -> Process {
    let log = desk.folder.join(format!("{}.log", AGENCIES[desk.us].0));
    let settings = serde_json::to_string(desk).unwrap();
    Process::start("agency", &settings, &secrets[desk.us], &log, blocks)
}

fn start_axis(at: SocketAddr, folder: PathBuf, secrets: &[String]) -> Process {
    let log = folder.with_extension("log");
    let settings = serde_json::to_string(&(at, folder)).unwrap();
    Process::start("axis", &settings, &secrets.join(" "), &log, None)
}

/// The axis, as a process.
pub(crate) fn serve(settings: &str) {
    let (at, folder): (SocketAddr, PathBuf) = serde_json::from_str(settings).unwrap();
    let secrets = std::env::var("KYSO_SECRET").unwrap();
    let agencies = AGENCIES.iter().zip(secrets.split(' '));
    let agencies = agencies.map(|(it, secret)| Agency::new(it.0, it.1, secret)).collect();
    let options = Options {
        listen: at.to_string(),
        folder: Some(folder),
        // As the national axis does: what comes is not to the byte what was sent.
        rewrite_as: Some("000.00.00.G22".to_owned()),
        ..Options::default()
    };
    // A connection that a client just made may have the port for a moment.
    for _ in 0..500 {
        if TcpListener::bind(at).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let gateway = Gateway::start(options, agencies).unwrap();
    tracing::info!(endpoint = gateway.endpoint(), "the axis answers");
    loop {
        thread::park();
    }
}

fn sign_a_document_each(folder: &std::path::Path) {
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &folder.join("pki")).unwrap();
    let leader = pki.iter().flat_map(|it| &it.signers).find(|it| it.name == "ubnd-leader").unwrap();
    let leader = SoftwareSigner::from_pem(leader.key.as_bytes(), leader.chain.as_bytes()).unwrap();
    for (code, _) in AGENCIES {
        let signed = pades::SignatureBuilder::new(PDF, UtcTime::now()).sign(&leader).unwrap();
        files::write_whole(&folder.join(format!("{code}.pdf")), &signed).unwrap();
    }
}
