//! The journal of an agency, its seals, and what shows when somebody changes it.

use std::path::PathBuf;

use kyso::cades::{Level, SignatureBuilder};
use kyso::exchange::journal::{Break, Journal};
use kyso::{Conclusion, Policy, Validator, xades};
use rusqlite::Connection;

use crate::office::{Office, RECEIVER, SENDER, document, now, signed};
use crate::support::pki::Pki;

/// An exchange whose journal was sealed, with a time-stamp, and went on.
fn sealed(pki: &Pki) -> (Office, u64) {
    let office = Office::new();
    let send = |number: &str| {
        office.put(&document(number, &[RECEIVER]).attach("qd.pdf", signed(&office.officers.ours)));
        office.run();
    };
    send("1");
    let tsa = pki.tsa();
    let journal = Journal::new(&office.sender.post);
    let seal = |statement: &[u8]| {
        let content = statement.to_vec();
        SignatureBuilder::new(&content, now()).level(&Level::T(&tsa)).sign(&pki.signer())
    };
    let through = journal.seal(seal).unwrap();
    send("2");
    (office, through)
}

fn validator(pki: &Pki) -> Validator {
    Validator::new(pki.trust(), Policy::pilot(), now())
}

fn database(office: &Office) -> Connection {
    let path: PathBuf = office.folder.path().join(format!("{SENDER}.db"));
    Connection::open(path).unwrap()
}

fn holds(office: &Office, pki: &Pki) -> bool {
    let seals = Journal::new(&office.sender.post).seals(&validator(pki)).unwrap();
    assert_eq!(seals.len(), 1);
    seals[0].holds
}

#[test]
fn a_seal_holds_while_nothing_is_changed() {
    let pki = Pki::new();
    let (office, through) = sealed(&pki);
    let journal = Journal::new(&office.sender.post);
    assert!(journal.follow().unwrap().unwrap().entries() > through);
    let seals = journal.seals(&validator(&pki)).unwrap();
    assert_eq!((seals.len(), seals[0].through, seals[0].holds), (1, through, true));
    let report = &seals[0].report;
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert!(report.signatures()[0].best_signature_time().is_some(), "time-stamped");
}

#[test]
fn changed_removed_inserted_and_truncated_entries_show() {
    let pki = Pki::new();
    let changed =
        "UPDATE entries SET event = replace(event, '\"to\":', '\"to\": ') WHERE sequence = 2";
    let actor = "UPDATE entries SET actor = 'ai đó' WHERE sequence = 3";
    let removed = "DELETE FROM entries WHERE sequence = 2";
    let closed_up = "DELETE FROM entries WHERE sequence = 2; \
        UPDATE entries SET sequence = sequence - 1 WHERE sequence > 2";
    let inserted = "UPDATE entries SET sequence = -sequence - 1 WHERE sequence >= 2; \
        UPDATE entries SET sequence = -sequence WHERE sequence < 0; \
        INSERT INTO entries SELECT agency, 2, latest, at, actor, document, peer, digest, event, \
        hash FROM entries WHERE sequence = 1";
    for (how, missing) in
        [(changed, false), (actor, false), (removed, true), (closed_up, false), (inserted, false)]
    {
        let (office, _) = sealed(&pki);
        assert!(holds(&office, &pki));
        database(&office).execute_batch(how).unwrap();
        let broken = Journal::new(&office.sender.post).follow().unwrap().unwrap_err();
        assert_eq!(matches!(broken, Break::Missing { .. }), missing, "{how}: {broken}");
        assert!(!holds(&office, &pki), "{how}");
        let sign = |_: &[u8]| panic!("a broken journal is not sealed");
        assert!(Journal::new(&office.sender.post).seal(sign).is_err());
    }
}

#[test]
fn a_journal_that_ends_before_its_seal_shows() {
    let pki = Pki::new();
    let (office, through) = sealed(&pki);
    let cut = format!("DELETE FROM entries WHERE sequence >= {through}");
    database(&office).execute_batch(&cut).unwrap();
    assert!(Journal::new(&office.sender.post).follow().unwrap().is_ok(), "nothing tells");
    assert!(!holds(&office, &pki), "but the seal");
}

#[test]
fn a_journal_written_anew_does_not_have_its_seal() {
    let pki = Pki::new();
    let (office, through) = sealed(&pki);
    // As one would who can write the whole database: another history, soundly chained.
    let (other, _) = sealed(&pki);
    let from = other.folder.path().join(format!("{SENDER}.db"));
    let statement = format!(
        "ATTACH '{}' AS other; DELETE FROM entries; \
         INSERT INTO entries SELECT * FROM other.entries",
        from.display()
    );
    database(&office).execute_batch(&statement).unwrap();
    let chain = Journal::new(&office.sender.post).follow().unwrap().unwrap();
    assert!(chain.entries() > through);
    assert!(!holds(&office, &pki));
}

/// Whatever else the agency signed in XML is no seal, be it countersigned.
#[test]
fn a_signature_over_something_else_is_no_seal() {
    let pki = Pki::new();
    let office = Office::new();
    office.put(&document("1", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.ours)));
    office.run();
    let letter = b"<vb/>".to_vec();
    let signed = xades::SignatureBuilder::enveloped(&letter, now()).sign(&pki.signer()).unwrap();
    let counter = xades::CounterSignatureBuilder::new(&signed, now());
    let signed = counter.sign(&pki.signer()).unwrap();
    assert_eq!(validator(&pki).validate(&signed).unwrap().signatures().len(), 2);
    Journal::new(&office.sender.post).seal(|_| Ok(signed)).unwrap();
    assert!(!holds(&office, &pki));
}
