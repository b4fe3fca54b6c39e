//! The contract by PostgreSQL, and what holds for it alone. Where `KYSO_POSTGRES` holds the
//! URL of a server whose user may make databases, that one is used; otherwise one is started
//! where its programs are found; otherwise the tests say that they were skipped.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kyso::exchange::TransportState;
use kyso::exchange::store::objects::{Folder, Objects};
use kyso::exchange::store::{Body, PostOffice, Postgres, PostgresOptions, Records, Store};
use kyso::{ErrorKind, Source, UtcTime};
use postgres::NoTls;

use crate::Place;
use crate::post_office::{hand, named};
use crate::postgres_server::{Server, is_root, user};
use crate::samples::{agency, at, claim_deliveries, insert_letter, letter, note, receivers};

/// For all tests of this process.
fn url() -> Option<String> {
    static SERVER: OnceLock<Option<Mutex<Server>>> = OnceLock::new();
    if let Ok(url) = std::env::var("KYSO_POSTGRES") {
        return Some(url);
    }
    let server = SERVER.get_or_init(|| Server::started().map(Mutex::new)).as_ref();
    if server.is_none() {
        crate::skip::skipped("there is no PostgreSQL server, and none in KYSO_POSTGRES");
    }
    server.map(|it| it.lock().unwrap_or_else(PoisonError::into_inner).url())
}

struct Database {
    server: String,
    name: String,
    objects: tempfile::TempDir,
}

impl Database {
    fn url(&self) -> String {
        let (server, name) = (&self.server, &self.name);
        if !server.contains("://") {
            return format!("{server} dbname={name}");
        }
        let joint = if server.contains('?') { '&' } else { '?' };
        format!("{server}{joint}dbname={name}")
    }

    fn options(&self) -> PostgresOptions {
        let objects = Folder::new(self.objects.path()).unwrap();
        PostgresOptions::new(self.url(), Arc::new(objects))
    }

    fn new(server: String, name: &str) -> Self {
        let mut name = format!("kyso_{}_{name}", std::process::id());
        name.truncate(63);
        let mut client = postgres::Client::connect(&server, NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Self { server, name, objects: tempfile::tempdir().unwrap() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = postgres::Client::connect(&self.server, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

impl Place for Database {
    fn office(&self) -> Arc<dyn PostOffice> {
        Arc::new(self.options().open().unwrap())
    }

    fn sweep(&self, before: UtcTime) -> u64 {
        self.options().open().unwrap().sweep(before).unwrap()
    }

    fn sweep_unnamed(&self, before: UtcTime) -> u64 {
        self.options().open().unwrap().sweep_unnamed(before, UtcTime::now()).unwrap()
    }

    fn age(&self, at: UtcTime) {
        crate::bodies::age(self.objects.path(), at);
    }
}

fn database(name: &str) -> Option<Database> {
    url().map(|server| Database::new(server, name))
}

crate::contract! { database }

#[test]
fn a_server_that_went_away_and_is_back_is_used_again() {
    let Some(mut server) = Server::started() else {
        crate::skip::skipped("there is no PostgreSQL server");
        return;
    };
    let place = Database::new(server.url(), "gone");
    let store = place.open();
    letter(&*store, "before", 0, &receivers(2));
    store.within(|it| note(it, &agency(), at(0))).unwrap();
    server.stop();
    let body = store.keep(&b"body".to_vec()).unwrap();
    for _ in 0..2 {
        let outcome = store.within(|it| insert_letter(it, "gone", 0, &receivers(1), &body));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(store.open(&body.digest).err().map(|it| it.kind()), Some(ErrorKind::Io));
    }
    server.start();
    letter(&*store, "after", 0, &receivers(3));
    store.within(|it| note(it, &agency(), at(0))).unwrap();
    assert_eq!(claim_deliveries(&*store, 0, 1, 9).len(), 5);
    let entries = store.within(|it| it.entries(&agency(), 0, 9)).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].hash, entries[1].chained_to(entries[0].hash));
}

/// Who says again what is known, or what is about one of several receivers, waits for nobody.
#[test]
fn how_far_mail_is_is_said_without_needless_locks() {
    let Some(place) = database("needless") else { return };
    let (office, to) = (place.office(), receivers(2));
    let body = office.keep(&b"one".to_vec()).unwrap();
    hand(&*office, "a", &to, &body, 0).unwrap();
    let id = |n: usize| named(&format!("a to {}", to[n]));
    let mut client = postgres::Client::connect(&place.url(), NoTls).unwrap();
    let mut other = client.transaction().unwrap();
    other.batch_execute("SELECT 1 FROM dispatches FOR UPDATE").unwrap();
    let before = |n, state| office.advance(&to[n], &id(n), state).unwrap().unwrap().state;
    assert_eq!(before(0, TransportState::Processing), TransportState::Initial);
    other.batch_execute("SELECT 1 FROM mail FOR UPDATE").unwrap();
    assert_eq!(before(0, TransportState::Processing), TransportState::Processing);
    assert_eq!(before(1, TransportState::Initial), TransportState::Initial);
    assert_eq!(office.advance(&to[1], &id(0), TransportState::Done).unwrap(), None);
    other.rollback().unwrap();
    assert_eq!(before(1, TransportState::Done), TransportState::Initial);
}

/// What only reads does not wait for who has locked it, writes nothing and locks nothing.
#[test]
fn who_only_reads_waits_for_nobody() {
    let Some(place) = database("reading") else { return };
    let store = place.open();
    letter(&*store, "one", 0, &receivers(1));
    let mut client = postgres::Client::connect(&place.url(), NoTls).unwrap();
    let mut other = client.transaction().unwrap();
    other.batch_execute("SELECT 1 FROM deliveries FOR UPDATE").unwrap();
    let read = |it: &mut dyn Records| {
        let letters = it.letters_of(&agency(), &"one".into())?;
        it.incoming_documents(&agency(), &agency(), &"one".into())?;
        it.deliveries_of(letters[0].id)
    };
    let deliveries = store.look(read).unwrap();
    assert_eq!(deliveries.len(), 1);
    let error = store.look(|it| it.set_setting("a", "b")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    other.rollback().unwrap();
    assert_eq!(store.within(|it| it.setting("a")).unwrap(), None);
}

/// Two that lock the same records in different order: one of them is carried out again.
#[test]
fn work_that_others_were_in_the_way_of_is_carried_out_again() {
    let Some(place) = database("deadlock") else { return };
    let stores = [place.open(), place.open()];
    let one = letter(&*stores[0], "one", 0, &receivers(1));
    let two = letter(&*stores[0], "two", 0, &receivers(1));
    let both = std::sync::Barrier::new(2);
    let attempts = Mutex::new(0);
    std::thread::scope(|scope| {
        for (store, order) in stores.iter().zip([[one, two], [two, one]]) {
            let (both, attempts) = (&both, &attempts);
            scope.spawn(move || {
                let mut first = true;
                let outcome = store.within(|it| {
                    *attempts.lock().unwrap() += 1;
                    let mut delivery = it.deliveries_of(order[0])?.remove(0);
                    if first {
                        first = false;
                        both.wait();
                    }
                    it.deliveries_of(order[1])?;
                    delivery.attempts += 1;
                    it.update_delivery(&delivery, None, false)
                });
                assert!(outcome.unwrap());
            });
        }
    });
    assert_eq!(attempts.into_inner().unwrap(), 3);
    for id in [one, two] {
        let deliveries = stores[0].within(|it| it.deliveries_of(id)).unwrap();
        assert_eq!(deliveries[0].attempts, 1);
    }
}

/// Whatever `work` makes of it: the server has thrown all away that it did.
#[test]
fn a_statement_that_failed_is_not_passed_over() {
    let Some(place) = database("swallowed") else { return };
    let store = place.open();
    let outcome = store.within(|it| {
        it.set_setting("directory", "kept")?;
        // Too long for an index: the statement fails, and its error is thrown away.
        let _ = it.set_setting(&noise(20_000), "x");
        Ok(())
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(store.within(|it| it.setting("directory")).unwrap(), None);
}

/// Text that cannot be compressed.
fn noise(length: usize) -> String {
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 40) % 90).unwrap())
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

#[test]
fn the_password_is_nowhere_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(Folder::new(folder.path()).unwrap());
    for url in [
        "postgresql://kyso:s3cr3t@127.0.0.1:1/post",
        "postgresql://kyso:s3cr3t@127.0.0.1:1/post?port=s3cr3t",
        "host=127.0.0.1 port=1 password=s3cr3t 's3cr3t",
        "postgresql://kyso:s3cr3t@127.0.0.1:1/post?sslmode=require",
    ] {
        let options = PostgresOptions::new(url, objects.clone());
        assert!(!format!("{options:?}").contains("s3cr3t"));
        let error = Postgres::open(url, objects.clone()).unwrap_err();
        let mut text = format!("{error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(it) = cause {
            text.push_str(&format!("{it} {it:?}"));
            cause = it.source();
        }
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

/// Stands between a store and its server, and breaks one connection off when it is asked to
/// commit: before the server hears of it, or after.
struct Cutter {
    folder: tempfile::TempDir,
    cut: Arc<Mutex<Option<bool>>>,
}

impl Cutter {
    fn new(server: &str) -> Self {
        use std::os::unix::net::{UnixListener, UnixStream};
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let cut: Arc<Mutex<Option<bool>>> = Arc::default();
        let (plan, server) = (cut.clone(), format!("{server}/.s.PGSQL.5432"));
        // Ends with the process: nobody waits for it.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&server).unwrap());
                let (down, up) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let plan = plan.clone();
                std::thread::spawn(move || std::io::copy(&mut &up, &mut &down));
                std::thread::spawn(move || pass(&client, &server, &plan));
            }
        });
        Self { folder, cut }
    }
}

fn pass(
    client: &std::os::unix::net::UnixStream,
    server: &std::os::unix::net::UnixStream,
    plan: &Mutex<Option<bool>>,
) {
    use std::io::{Read, Write};
    use std::net::Shutdown;
    let mut bytes = [0; 1 << 16];
    while let Ok(length @ 1..) = (&*client).read(&mut bytes) {
        let piece = &bytes[..length];
        // BEGIN names READ COMMITTED.
        let commits = piece.windows(7).any(|it| it == b"COMMIT\0");
        let planned = if commits { plan.lock().unwrap().take() } else { None };
        if planned.is_some() {
            let _ = client.shutdown(Shutdown::Both);
        }
        if planned != Some(true) {
            let _ = (&*server).write_all(piece);
        }
        if planned.is_some() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

#[test]
fn what_became_of_an_unconfirmed_transaction_is_asked() {
    let Some(place) = database("unconfirmed") else { return };
    let folder = place.server.split_whitespace().find_map(|it| it.strip_prefix("host="));
    let Some(folder) = folder.filter(|it| it.starts_with('/')) else {
        crate::skip::skipped("the server is not on a socket of this machine");
        return;
    };
    let cutter = Cutter::new(folder);
    let url = place.url().replace(folder, &cutter.folder.path().display().to_string());
    let objects = Arc::new(Folder::new(place.objects.path()).unwrap());
    let store: Arc<dyn Store> = Arc::new(Postgres::open(&url, objects).unwrap());
    for (before, name) in [(false, "heard"), (true, "unheard"), (false, "heard again")] {
        *cutter.cut.lock().unwrap() = Some(before);
        let outcome = store.within(|it| it.set_setting(name, "kept"));
        assert_eq!(*cutter.cut.lock().unwrap(), None, "nothing was broken off");
        assert_eq!(outcome.is_err(), before, "{name}: {outcome:?}");
        let kept = place.open().within(|it| it.setting(name)).unwrap();
        assert_eq!(kept.is_some(), !before, "{name}");
    }
}

/// A file that the server, and nobody else, may read.
fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::{PermissionsExt, chown};
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    if is_root() {
        chown(path, Some(user()), Some(user())).unwrap();
    }
}

fn self_signed(host: &str) -> (kyso::Certificate, String, String) {
    let key = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let certificate = kyso::Certificate::from_der(key.cert.der()).unwrap();
    (certificate, key.cert.pem(), key.signing_key.serialize_pem())
}

#[test]
fn a_server_is_spoken_to_by_tls_where_there_are_roots() {
    let Some(mut server) = Server::new() else {
        crate::skip::skipped("there is no PostgreSQL server");
        return;
    };
    let (root, certificate, key) = self_signed("localhost");
    write_secret(&server.folder.join("tls.pem"), &certificate);
    write_secret(&server.folder.join("tls.key"), &key);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = server.folder.display();
    server.options = format!(
        "-h 127.0.0.1 -p {free} -c ssl=on -c ssl_cert_file={folder}/tls.pem \
         -c ssl_key_file={folder}/tls.key"
    )
    .split(' ')
    .map(str::to_owned)
    .collect();
    server.port = free;
    server.start();
    let url = format!("postgresql://kyso@localhost:{free}/postgres");
    let objects = tempfile::tempdir().unwrap();
    let options =
        |url: &str| PostgresOptions::new(url, Arc::new(Folder::new(objects.path()).unwrap()));
    let store = options(&url).trusting(&[root]).open().unwrap();
    let mut client = postgres::Client::connect(&server.url(), NoTls).unwrap();
    let query = "SELECT COUNT(*) FROM pg_stat_ssl WHERE ssl";
    assert_eq!(client.query_one(query, &[]).unwrap().get::<_, i64>(0), 1);
    (&store as &dyn Store).within(|it| it.set_setting("x", "y")).unwrap();

    let (other, _, _) = self_signed("localhost");
    let error = options(&url).trusting(&[other]).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    let asking = format!("{url}?sslmode=require");
    assert_eq!(options(&asking).open().unwrap_err().kind(), ErrorKind::Misuse);
}

/// What an earlier version wrote is there after the tables were brought up to date.
#[test]
fn an_earlier_version_is_brought_up_to_date() {
    let Some(place) = database("earlier") else { return };
    let old = letter(&*place.open(), "old", 0, &receivers(1));
    let mut client = postgres::Client::connect(&place.url(), NoTls).unwrap();
    let version = |client: &mut postgres::Client| {
        let query = "SELECT MAX(version) FROM versions";
        client.query_one(query, &[]).unwrap().get::<_, i64>(0)
    };
    let newest = version(&mut client);
    client
        .batch_execute(
            "ALTER TABLE letters DROP COLUMN gist; ALTER TABLE deliveries DROP COLUMN refusals;
             ALTER TABLE bodies DROP COLUMN segment, DROP COLUMN place;
             DELETE FROM versions WHERE version > 2",
        )
        .unwrap();
    for _ in 0..2 {
        let kept = place.open().within(|it| it.letter(old)).unwrap().unwrap();
        assert_eq!((kept.document.as_str(), kept.gist), ("old", None));
        let deliveries = place.open().within(|it| it.deliveries_of(old)).unwrap();
        assert_eq!(deliveries.iter().map(|it| it.refusals).collect::<Vec<_>>(), [0]);
        assert_eq!(version(&mut client), newest);
    }
    let new = letter(&*place.open(), "new", 0, &receivers(1));
    let kept = place.open().within(|it| it.letter(new)).unwrap().unwrap();
    assert!(kept.gist.is_some());
}

/// Has a message that is about to be thrown away named at that moment by somebody else.
struct Named {
    folder: Folder,
    url: String,
    body: Body,
    outcome: Mutex<Option<std::thread::JoinHandle<kyso::Result<()>>>>,
}

impl Objects for Named {
    fn put(&self, message: &dyn Source) -> kyso::Result<String> {
        self.folder.put(message)
    }

    fn has(&self, digest: &str) -> kyso::Result<bool> {
        self.folder.has(digest)
    }

    fn open(&self, digest: &str) -> kyso::Result<Box<dyn Source>> {
        self.folder.open(digest)
    }

    fn remove(&self, digest: &str) -> kyso::Result<()> {
        let (url, folder, body) = (self.url.clone(), self.folder.clone(), self.body.clone());
        let other = std::thread::spawn(move || {
            let store: Arc<dyn Store> = Arc::new(Postgres::open(&url, Arc::new(folder))?);
            store.within(|it| insert_letter(it, "late", 0, &receivers(1), &body)).map(drop)
        });
        // Time to get as far as it gets.
        std::thread::sleep(std::time::Duration::from_secs(1));
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
        self.folder.remove(digest)
    }

    fn older(
        &self,
        before: UtcTime,
        found: &mut dyn FnMut(&str) -> kyso::Result<()>,
    ) -> kyso::Result<()> {
        self.folder.older(before, found)
    }

    fn clear(&self, before: UtcTime) -> kyso::Result<u64> {
        self.folder.clear(before)
    }
}

#[test]
fn no_record_names_what_is_just_being_swept() {
    let Some(place) = database("swept") else { return };
    let body = place.open().keep(&crate::bodies::Endless(300 << 10)).unwrap();
    place.age(at(0));
    let folder = Folder::new(place.objects.path()).unwrap();
    let (url, outcome) = (place.url(), Mutex::default());
    let objects = Arc::new(Named { folder, url, body: body.clone(), outcome });
    let store = Postgres::open(&place.url(), objects.clone()).unwrap();
    assert_eq!(store.sweep_unnamed(at(1), UtcTime::now()).unwrap(), 1);
    let named = objects.outcome.lock().unwrap().take().unwrap().join().unwrap();
    assert_eq!(named.unwrap_err().kind(), ErrorKind::Io, "it is gone, and to be kept again");
    let body = place.open().keep(&crate::bodies::Endless(300 << 10)).unwrap();
    place.open().within(|it| insert_letter(it, "late", 0, &receivers(1), &body)).unwrap();
    assert!(place.open().open(&body.digest).is_ok());
}
