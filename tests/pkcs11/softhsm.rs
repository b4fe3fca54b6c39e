//! Tokens of SoftHSM in a folder of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, CertificateType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use kyso::{Certificate, Limits};

pub(crate) const PIN: &str = "428913";
const CHILD: &str = "KYSO_PKCS11_CHILD";

/// The module, as distributions put it.
pub(crate) fn module() -> Option<PathBuf> {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    ];
    places.into_iter().map(PathBuf::from).find(|it| it.is_file())
}

/// Runs the test `name` once more, in a process whose environment names a folder of its own:
/// the module reads it there, and a process has one environment for all of its tests. In that
/// process, does `work`.
pub(crate) fn with_tokens(name: &str, work: impl FnOnce(&SoftHsm)) {
    let util = Command::new("softhsm2-util").arg("--version").output();
    let (Some(module), Ok(_)) = (module(), util) else {
        crate::support::skipped("SoftHSM is not there");
        return;
    };
    if std::env::var_os(CHILD).is_some() {
        let folder = PathBuf::from(std::env::var_os("SOFTHSM2_CONF").unwrap());
        return work(&SoftHsm { folder: folder.parent().unwrap().to_owned(), module });
    }
    let folder = tempfile::tempdir().unwrap();
    let conf = settings(folder.path());
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("SOFTHSM2_CONF", &conf)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
}

/// What `SOFTHSM2_CONF` names: tokens are in this folder.
pub(crate) fn settings(folder: &Path) -> PathBuf {
    std::fs::create_dir(folder.join("tokens")).unwrap();
    let settings = format!(
        "directories.tokendir = {}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
        folder.display()
    );
    let conf = folder.join("softhsm2.conf");
    std::fs::write(&conf, settings).unwrap();
    conf
}

pub(crate) struct SoftHsm {
    pub(crate) folder: PathBuf,
    pub(crate) module: PathBuf,
}

impl SoftHsm {
    /// With the keys of `testdata`, each with its certificate, by the `CKA_ID`s 1, 2 and so on.
    pub(crate) fn token(&self, label: &str, keys: &[&str]) {
        let label = ["--label", label, "--pin", PIN];
        self.util(&[&["--init-token", "--free", "--so-pin", "12345678"][..], &label].concat());
        for (name, id) in keys.iter().zip(1..) {
            self.import(label[1], name, id);
        }
        for (name, id) in keys.iter().zip(1..) {
            self.put(label[1], name, id);
        }
    }

    /// A key of `testdata` onto a token, whoever has this `CKA_ID`.
    pub(crate) fn import(&self, token: &str, name: &str, id: u8) {
        let (file, id) = (format!("testdata/keys/{name}.key.pem"), format!("{id:02x}"));
        let key = ["--import", &file, "--id", &id, "--force"];
        let token = ["--token", token, "--pin", PIN, "--label", name];
        self.util(&[&key[..], &token].concat());
    }

    /// A certificate of `testdata` onto a token.
    pub(crate) fn put(&self, token: &str, name: &str, id: u8) {
        self.put_certificate(token, name, id, &certificate(name));
    }

    pub(crate) fn put_certificate(&self, token: &str, label: &str, id: u8, it: &Certificate) {
        self.inside(token, |session| {
            let attributes = [
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Label(label.as_bytes().to_vec()),
                Attribute::Id(vec![id]),
                Attribute::Subject(vec![0x30, 0x00]),
                Attribute::Value(it.der().to_vec()),
            ];
            session.create_object(&attributes).unwrap();
        });
    }

    /// Does `work` as the token's user, who is logged out with the last session.
    pub(crate) fn inside<T>(&self, token: &str, work: impl FnOnce(&Session) -> T) -> T {
        let module = Pkcs11::new(&self.module).unwrap();
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => panic!("{error}"),
        }
        let slots = module.get_slots_with_initialized_token().unwrap();
        let is_it = |slot: &&_| module.get_token_info(**slot).unwrap().label() == token;
        let slot = *slots.iter().find(is_it).unwrap();
        let session = module.open_rw_session(slot).unwrap();
        match session.login(UserType::User, Some(&AuthPin::new(PIN.into()))) {
            // One login is for all sessions of a process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => panic!("{error}"),
        }
        work(&session)
    }

    fn util(&self, arguments: &[&str]) {
        let output = Command::new("softhsm2-util").args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
    }

    /// The folders of tokens.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.join("tokens")).unwrap();
        entries.map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect()
    }
}

pub(crate) fn certificate(name: &str) -> Certificate {
    let path = format!("testdata/keys/{name}.crt.pem");
    let all = std::fs::read(Path::new(&path)).unwrap();
    Certificate::all_from(&all, &Limits::default()).unwrap().remove(0)
}
