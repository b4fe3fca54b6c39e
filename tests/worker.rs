//! The program `worker` as a fleet: what is put into its queue is done once in effect, whoever
//! dies meanwhile. Each test has a NATS server of its own; where there is none, it says so.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

#[path = "../examples/support/files.rs"]
mod files;
#[path = "worker/fleet.rs"]
mod fleet;
#[path = "support/nats_server.rs"]
mod nats_server;
#[allow(dead_code)] // of tests of tokens, which use all of it
#[path = "pkcs11/softhsm.rs"]
mod softhsm;
mod support;
#[path = "../examples/support/test_pki.rs"]
mod test_pki;
#[path = "worker/token.rs"]
mod token;

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use fleet::{Fleet, pdf, sha256};
use futures_util::StreamExt;
use kyso::{Policy, TrustStore, Validator};
use serde_json::Value;
use support::live::{Live, Reply};

fn done(result: &Value) -> Option<&str> {
    result["outcome"]["done"]["output"].as_str()
}

fn reason(result: &Value) -> &str {
    result["outcome"]["failed"]["reason"].as_str().unwrap_or_default()
}

/// One worker is killed, then the server is stopped and started, in the midst of it.
#[test]
fn each_job_is_done_once_in_effect() {
    let Some(mut fleet) = Fleet::new() else { return };
    let full = std::env::var("KYSO_FAULTS").is_ok_and(|it| it == "full");
    let many: usize = if full { 1000 } else { 150 };
    let count = u64::try_from(many).unwrap();
    let documents = fleet.documents(many);
    fleet.put_sign(&[&documents]);
    assert_eq!(fleet.states().0.messages, count);

    let soon = ["--ack-wait", "2"];
    let (killed, _) = (fleet.serve(&soon), fleet.serve(&soon));
    fleet.wait_for(|_, results| results.messages >= count / 4);
    let mut killed = fleet.running.remove(killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    fleet.wait_for(|_, results| results.messages >= count / 2);
    println!("{} jobs were left when the server was stopped", fleet.states().0.messages);
    fleet.server.stop();
    std::thread::sleep(Duration::from_millis(300));
    fleet.server.start();
    fleet.wait_until_all_is_done();

    let results = fleet.results();
    let signed: HashSet<_> = results.iter().filter_map(done).collect();
    assert_eq!((results.len(), signed.len()), (many, many));
    let inputs: HashSet<_> =
        results.iter().map(|it| it["job"]["input"].as_str().unwrap()).collect();
    assert_eq!(inputs.len(), many);
    // Each value of the bucket was written once: nothing was ever written over.
    assert_eq!(fleet.states().1.last_sequence, count);

    // What was signed verifies, by the same fleet.
    let out = fleet.text("signed");
    fleet.run(&["results", "--out", &out]);
    fleet.run(&["put", "verify", "--policy", "pilot", &out]);
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    let passed = |it: &&Value| it["outcome"]["done"]["conclusion"] == "TOTAL_PASSED";
    assert_eq!(results.iter().filter(passed).count(), many);
    let verified = results.iter().filter(passed).map(|it| it["job"]["input"].as_str().unwrap());
    assert_eq!(verified.collect::<HashSet<_>>(), signed);
    assert!(fleet.end(0).contains(&format!("serving {}", "verify")));

    // The same again is answered from the results.
    fleet.put_sign(&[&documents]);
    fleet.run(&["put", "verify", "--policy", "pilot", &out]);
    let (objects, another) = (fleet.objects(), fleet.serve(&[]));
    fleet.wait_until_all_is_done();
    let printed = fleet.end(another);
    assert!(printed.contains(&format!("done 0, answered from results {},", many * 2)), "{printed}");
    assert_eq!((fleet.states().1.last_sequence, fleet.objects()), (count * 2, objects));
}

/// Two workers have the same job at the same time: one result counts, and the other's
/// signature does not stay.
#[test]
fn what_does_not_count_is_discarded() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(30);
    let twice: Vec<_> = (0..60).map(|it| format!("{documents}/{:04}.pdf", it / 2)).collect();
    fleet.put_sign(&twice.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(fleet.states().0.messages, 60);
    let (first, _) = (fleet.serve(&[]), fleet.serve(&[]));
    fleet.wait_until_all_is_done();
    let printed = [fleet.end(first), fleet.end(first)].concat();
    let results = fleet.results();
    let signed: HashSet<_> = results.iter().filter_map(done).map(str::to_owned).collect();
    assert_eq!((results.len(), signed.len()), (30, 30), "{printed}");
    let inputs = (0..30).map(|it| sha256(&pdf(it)));
    assert_eq!(fleet.objects(), inputs.chain(signed).collect(), "{printed}");
}

/// What is in hand is finished, and the rest stays for others.
#[test]
fn a_worker_that_is_told_to_end_leaves_nothing_half_done() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(80);
    fleet.put_sign(&[&documents]);
    let worker = fleet.serve(&[]);
    fleet.wait_for(|_, results| results.messages > 0);
    let printed = fleet.end(worker);
    let (_, results) = fleet.states();
    // All the others are there at once: nobody has to wait until they are given up.
    assert_eq!(fleet.there() + results.messages, 80, "{printed}");
    let done = format!("done {}, answered from results 0, failed 0,", results.messages);
    assert!(printed.contains(&done), "{printed}");
}

/// It has asked for jobs before it was told to end: what comes after that goes back.
#[test]
fn a_worker_that_ends_takes_nothing_new() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(1);
    let worker = fleet.serve(&[]);
    while !fleet.is_served() {
        std::thread::sleep(Duration::from_millis(20));
    }
    fleet.tell_to_end(worker);
    let mut ending = fleet.running.remove(worker);
    let mut lines = BufReader::new(ending.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("told to end")));
    fleet.put_sign(&[&documents]);
    assert!(lines.any(|line| line.unwrap().contains("done 0,")));
    assert_eq!(ending.wait().unwrap().code(), Some(0));
    assert_eq!((fleet.there(), fleet.states().1.messages), (1, 0));
}

#[test]
fn what_cannot_be_done_has_a_result_that_says_why() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = PathBuf::from(fleet.documents(2));
    let (missing, sound) = (documents.join("0000.pdf"), documents.join("0001.pdf"));
    let no_pdf = documents.join("no.pdf");
    std::fs::write(&no_pdf, b"This is no PDF.").unwrap();
    // Queues are made by whoever comes first, and stay as they are.
    fleet.run(&["setup"]);
    fleet.run(&["setup"]);
    let (part, _) = fleet.signing_part();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    fleet.put_sign(&[&path(&no_pdf), &path(&missing)]);
    let object = sha256(&pdf(0));
    std::fs::remove_file(fleet.object(&object)).unwrap();
    let job = fleet.ask(async |jetstream| {
        let stream = jetstream.get_stream("kyso").await.unwrap();
        String::from_utf8(stream.get_raw_message(1).await.unwrap().payload.to_vec()).unwrap()
    });
    let hostile = [
        "{",
        &job.replacen('{', r#"{"more":1,"#, 1),
        &job.replace("ECDSA_SHA256", "ECDSA_SHA256.>"),
        // Another part's: it says nothing about the job that it pretends to be.
        &job.replace("ECDSA_SHA256", "ECDSA_SHA384"),
        &job.replace(&sha256(b"This is no PDF."), "../../etc/passwd"),
        &"[".repeat(16 << 10),
    ];
    assert!(hostile.iter().all(|it| *it != job && fleet.publish(&part, it.as_bytes())));
    assert!(!fleet.publish(&part, " ".repeat((16 << 10) + 1).as_bytes()), "a huge job");
    assert!(!fleet.publish("kyso.other", job.as_bytes()), "not of the queue");
    fleet.put_sign(&[&path(&sound)]);
    // No authority is there to stamp it.
    fleet.put_sign(&["--level", "T", &path(&sound)]);

    let worker = fleet.serve(&["--attempts", "3", "--tsa", "http://127.0.0.1:9/", "--local"]);
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    let of = |digest: &str, level: &str| {
        let wanted = |it: &&Value| {
            let job = &it["job"];
            job["input"] == *digest && job["do"]["sign"]["level"] == *level
        };
        results.iter().find(wanted).unwrap()
    };
    let sound = sha256(&pdf(1));
    assert!(done(of(&sound, "B")).is_some());
    let unstamped = of(&sound, "T");
    assert!(!reason(unstamped).is_empty() && unstamped["attempts"] == 3, "{unstamped}");
    let lasting = of(&sha256(b"This is no PDF."), "B");
    assert!(reason(lasting).contains("PDF") && lasting["attempts"] == 1, "{lasting}");
    let passing = of(&object, "B");
    let why = format!("the object {object} is not in the store");
    assert!(reason(passing).contains(&why) && passing["attempts"] == 3, "{passing}");
    let refused: Vec<_> = results.iter().filter(|it| it["job"].is_null()).collect();
    assert_eq!((refused.len(), results.len()), (hostile.len(), hostile.len() + 4), "{results:?}");
    assert!(refused.iter().all(|it| !reason(it).is_empty()));
    let table = fleet.run(&["results", "--failed"]);
    assert!(table.contains("6 refused failed") && table.contains("3 sign failed"), "{table}");
    assert!(!table.contains("sign    done"), "{table}");

    // A failed result counts, too, until somebody wants it tried again.
    fleet.put_sign(&[&path(&missing)]);
    fleet.wait_until_all_is_done();
    assert_eq!(fleet.results().len(), results.len());
    fleet.put_sign(&["--again", &path(&missing)]);
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    assert!(results.iter().any(|it| it["job"]["input"] == *object && done(it).is_some()));
    let printed = fleet.end(worker);
    assert!(printed.contains("done 2, answered from results 1, failed 9,"), "{printed}");
}

/// Whoever had the job died over it, each time.
#[test]
fn a_job_over_which_workers_die_fails_after_so_many_attempts() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(1);
    fleet.put_sign(&[&documents]);
    // Makes the consumer.
    let none = fleet.serve(&["--ack-wait", "1", "--attempts", "2"]);
    fleet.wait_until_all_is_done();
    fleet.end(none);
    std::fs::remove_dir_all(fleet.path("documents")).unwrap();
    let another = fleet.path("documents/another.pdf");
    files::write_whole(&another, &pdf(7)).unwrap();
    fleet.put_sign(&[another.to_str().unwrap()]);
    let (_, consumer) = fleet.signing_part();
    fleet.ask(async |jetstream| {
        let stream = jetstream.get_stream("kyso").await.unwrap();
        let consumer: PullConsumer = stream.get_consumer(&consumer).await.unwrap();
        for delivered in 1..=2 {
            let mut messages = consumer.batch().max_messages(1).messages().await.unwrap();
            let message = messages.next().await.unwrap().unwrap();
            assert_eq!(message.info().unwrap().delivered, delivered);
        }
    });
    let worker = fleet.serve(&["--attempts", "2"]);
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    let failed: Vec<_> = results.iter().filter(|it| done(it).is_none()).collect();
    assert_eq!((failed.len(), results.len()), (1, 2));
    assert!(reason(failed[0]).contains("no worker came to an end"), "{}", failed[0]);
    fleet.end(worker);
}

/// Nothing is lost where the objects are away for a while, or the authority.
#[test]
fn a_job_waits_for_what_is_away() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(2);
    fleet.put_sign(&["--level", "T", &documents]);
    let (here, away) = (fleet.object(&sha256(&pdf(0))), fleet.path("away"));
    std::fs::rename(&here, &away).unwrap();
    let live = Live::new();
    live.server.on("/tsa", |_| Reply::Status(503));
    let authority = live.server.url("/tsa");
    let worker = fleet.serve(&["--attempts", "20", "--tsa", &authority, "--local"]);
    fleet.wait_for(|_, _| fleet.is_served() && fleet.in_hand().1 == 2);
    std::fs::rename(&away, &here).unwrap();
    let tsa = live.tsa.clone();
    live.server.on("/tsa", move |body| Reply::Bytes(tsa.respond(body).unwrap()));
    fleet.wait_until_all_is_done();
    let results = fleet.results();
    assert_eq!(results.len(), 2);
    for result in &results {
        assert!(done(result).is_some() && result["attempts"].as_u64() > Some(1), "{result}");
        let signed = std::fs::read(fleet.object(done(result).unwrap())).unwrap();
        let now = kyso::UtcTime::now();
        let report = Validator::new(TrustStore::new(), Policy::pilot(), now).validate(&signed);
        let report = serde_json::to_value(report.unwrap()).unwrap();
        assert_eq!(report["signatures"][0]["level"], "BASELINE-T", "{report}");
    }
    let printed = fleet.end(worker);
    assert!(printed.contains("failed 0,") && !printed.contains("postponed 0,"), "{printed}");
}

/// The authority listens and says nothing: for as long as the worker waits for it, longer
/// than jobs may be in silence, nobody else gets the job.
#[test]
fn a_long_job_is_nobody_elses() {
    let Some(mut fleet) = Fleet::new() else { return };
    let documents = fleet.documents(1);
    fleet.put_sign(&["--level", "T", &documents]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = format!("http://{}/", silent.local_addr().unwrap());
    fleet.serve(&["--ack-wait", "3", "--tsa", &authority, "--local"]);
    let (asked, _) = silent.accept().unwrap();
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(fleet.in_hand(), (1, 0));
    drop((asked, silent));
}
