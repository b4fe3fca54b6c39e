//! What is told to whoever listens: what happened to which document, and no secret.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use kyso::axis::{Client, Credentials};
use kyso::{UtcTime, exchange::Transport};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::office::{Office, RECEIVER, SENDER, document, signed};

#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        self.0.lock().unwrap().push(line.0);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn every_step_is_told_and_no_secret() {
    let listener = Listener::default();
    // For all threads: what a place in the code is interested in is remembered for all.
    tracing::subscriber::set_global_default(listener.clone()).unwrap();
    tracing::callsite::rebuild_interest_cache();
    {
        let office = Office::new();
        let secret_text = b"%PDF-1.7 noi dung mat".to_vec();
        office.put(&document("7101", &[RECEIVER]).attach("qd.pdf", signed(&office.officers.ours)));
        office.put(&document("7102", &[RECEIVER]).attach("hỏng.pdf", secret_text));
        office.put(&document("7103", &["H37.99"]).attach("qd.pdf", signed(&office.officers.ours)));
        office.run();
        // A secret that the axis does not take, and an axis that is not there.
        let wrong = Credentials::new(SENDER, "bi-mat-7351");
        let client = Client::new("http://127.0.0.1:9/api", wrong, UtcTime::now).unwrap();
        office.put(&document("7104", &[RECEIVER]));
        office.sender.outbox.work(&client).unwrap();
        assert!(client.agencies().is_err());
    }
    let lines = listener.0.lock().unwrap().clone();
    let told = |event: &str, outcome: &str, document: &str| {
        lines.iter().any(|it| {
            it.contains(&format!("event=\"{event}\""))
                && it.contains(&format!("outcome=\"{outcome}\""))
                && it.contains(document)
                && it.contains("agency=H37.1")
        })
    };
    let document = |number: u32| format!("document=\"H37.15,2026/06/15,710{number}/QĐ-SNV\"");
    for (event, outcome, number) in [
        ("queued", "done", 1),
        ("sending_begun", "done", 1),
        ("sent", "done", 1),
        ("received", "done", 1),
        ("answer_queued", "done", 1),
        ("examined", "done", 1),
        ("status_received", "done", 1),
        ("examined", "refused", 2),
        ("sending_given_up", "held", 3),
        ("sending_failed", "failed", 4),
    ] {
        assert!(told(event, outcome, &document(number)), "{event} {number}: {lines:#?}");
    }
    for span in ["span outbox agency=H37.15", "span inbox agency=H37.10"] {
        assert!(lines.iter().any(|it| it.starts_with(span)), "{span}");
    }
    let all = lines.join("\n");
    for secret in ["bi-mat-7351", "noi dung mat", "hash-header", "BEGIN", "sign-header"] {
        assert!(!all.contains(secret), "{secret}");
    }
}
