mod people;

use super::*;
use crate::envelope::edxml::{Date, DocumentId, OrganId, StatusCode};
use crate::exchange::deadline::Rules;
use crate::exchange::journal::{
    Actor, Decision, DocumentFacts, Entry, EntryHash, Event, FileVerdict, Noted, SignerVerdict,
    StatusEffect,
};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

fn at(text: &str) -> UtcTime {
    format!("{}:00+07:00", text.replacen(' ', "T", 1)).parse().unwrap()
}

/// A journal made by hand.
#[derive(Default)]
struct Book {
    entries: Vec<Entry>,
}

impl Book {
    fn note(&mut self, when: &str, subject: (&str, &str, &str), event: Event) {
        let previous: Option<(u64, EntryHash)> =
            self.entries.last().map(|it| (it.sequence, it.hash));
        let (document, peer, digest) = subject;
        let (agency, actor) = (OrganId::from("H99"), Actor::new("test"));
        let (document, peer) = (DocumentId::from(document), OrganId::from(peer));
        let noted = Noted {
            agency: &agency,
            at: at(when),
            actor: &actor,
            document: Some(&document).filter(|it| !it.is_empty()),
            peer: Some(&peer).filter(|it| !it.is_empty()),
            digest: Some(digest),
            event: &event,
        };
        self.entries.push(Entry::after(previous, &noted).unwrap());
    }

    fn queued(&mut self, when: &str, id: &str, to: &[&str], priority: i32, signed: Option<&str>) {
        let to = to.iter().map(|it| OrganId::from(*it)).collect();
        let document = DocumentFacts { priority, ..facts("H99", id) };
        let event = Event::Queued { document, to, signed_at: signed.map(at) };
        self.note(when, (id, "", &format!("m-{id}")), event);
    }

    fn sent(&mut self, when: &str, id: &str, to: &str, settled: bool) {
        let (message, to) = (MessageKind::Document, vec![to.into()]);
        let event =
            Event::Sent { message, to, transport_id: TransportId::from("1".to_owned()), settled };
        self.note(when, (id, "", &format!("m-{id}")), event);
    }

    fn status(&mut self, when: &str, id: &str, from: &str, code: StatusCode, words: &str) {
        let (description, effect) = (words.to_owned(), StatusEffect::Applied);
        let event = Event::StatusReceived { code, description, effect };
        self.note(when, (id, from, "s"), event);
    }

    fn received(&mut self, when: &str, id: &str, from: &str) {
        let transport_id = TransportId::from("2".to_owned());
        let event = Event::Received { document: facts(from, id), transport_id, length: 1 };
        self.note(when, (id, from, &format!("r-{id}")), event);
    }

    fn answer(&mut self, queued: &str, sent: Option<&str>, id: &str, to: &str, code: StatusCode) {
        let digest = format!("a-{id}-{}", code.number());
        let event = Event::AnswerQueued { code, description: String::new() };
        self.note(queued, (id, to, &digest), event);
        let Some(sent) = sent else { return };
        let (message, to) = (MessageKind::Status, vec![to.into()]);
        let transport_id = TransportId::from("3".to_owned());
        let event = Event::Sent { message, to, transport_id, settled: false };
        self.note(sent, (id, "", &digest), event);
    }

    fn examined(&mut self, when: &str, id: &str, decision: Decision, reason: &str, name: &str) {
        let signature = SignerVerdict {
            name: name.to_owned(),
            agency: "Sở Nội vụ".to_owned(),
            indication: "TOTAL_PASSED".to_owned(),
            authorized: Some(name != "Kẻ lạ"),
            ..SignerVerdict::default()
        };
        let signed = FileVerdict {
            name: "a.pdf".to_owned(),
            indication: "TOTAL_PASSED".to_owned(),
            signatures: vec![signature],
        };
        let files = vec![signed, FileVerdict::default()];
        let event = Event::Examined { decision, reason: reason.to_owned(), files };
        self.note(when, (id, "H01", &format!("r-{id}")), event);
    }

    fn tally<'r>(&self, rules: &'r Rules) -> Tally<'r> {
        let period = Period { from: at("2026-11-16 00:00"), until: at("2026-11-21 00:00") };
        let mut tally = Tally::new("H99".into(), period, rules);
        self.entries.iter().for_each(|it| tally.add(it));
        tally
    }

    fn statistics(&self) -> Statistics {
        self.tally(&Rules::default()).finish(at("2026-11-20 18:00"))
    }
}

fn facts(issuer: &str, id: &str) -> DocumentFacts {
    DocumentFacts {
        issuer: issuer.into(),
        id: id.into(),
        code: format!("{id}/QĐ"),
        subject: "V/v thử".to_owned(),
        kind: "Công văn".to_owned(),
        promulgated: Date::from("2026/11/16"),
        ..DocumentFacts::default()
    }
}

fn count(of: &Count) -> Vec<(&str, u64)> {
    of.iter().map(|(name, number)| (name.as_str(), *number)).collect()
}

/// Three documents, four deliveries: one in time, one late, one given up and sent again by a
/// person, one not sent yet.
#[test]
fn sending_is_counted() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01", "H02"], 0, None);
    book.sent("2026-11-16 09:02", "1", "H01", false);
    book.sent("2026-11-17 12:01", "1", "H02", true);
    // Express: a quarter of an hour from signing.
    book.queued("2026-11-17 09:00", "2", &["H01"], 3, Some("2026-11-17 08:50"));
    let (message, to) = (MessageKind::Document, vec![OrganId::from("H01")]);
    for (minute, port) in [("09:01", 4101), ("09:02", 4102)] {
        let event = Event::SendingFailed {
            message,
            to: to.clone(),
            fault: format!("port {port} refused"),
            unknown: false,
            next_at: at("2026-11-17 09:05"),
        };
        book.note(&format!("2026-11-17 {minute}"), ("2", "", "m-2"), event);
    }
    let reason = "no such agency".to_owned();
    let event = Event::SendingGivenUp { message, to, code: Some(7), reason };
    book.note("2026-11-17 09:03", ("2", "", "m-2"), event);
    let stopped = book.statistics();
    assert_eq!((stopped.sent.stopped, stopped.sent.timeliness.late), (1, 2));
    let event = Event::SendingDecided { to: "H01".into(), again: true };
    book.note("2026-11-17 09:04", ("2", "", "m-2"), event);
    book.sent("2026-11-17 09:05", "2", "H01", false);
    book.queued("2026-11-20 17:30", "3", &["H02"], 0, None);

    let sent = book.statistics().sent;
    assert_eq!((sent.documents, sent.deliveries, sent.delivered), (3, 4, 3));
    assert_eq!((sent.retries, sent.settled, sent.stopped, sent.resumed), (2, 1, 0, 1));
    assert_eq!(count(&sent.failures), [("no such agency", 1), ("port # refused", 2)]);
    let Timeliness { on_time, late, open } = sent.timeliness;
    assert_eq!((on_time, late, open), (2, 1, 1));
    assert_eq!(count(&sent.groups.agencies), [("H01", 2), ("H02", 2)]);
    assert_eq!(count(&sent.groups.kinds), [("Công văn", 3)]);
    assert_eq!(count(&sent.groups.priorities), [("0", 2), ("3", 1)]);
    assert_eq!(count(&sent.groups.businesses), [("0", 3)]);
    assert_eq!(count(&sent.days), [("2026-11-16", 1), ("2026-11-17", 1), ("2026-11-20", 1)]);
    // 2 minutes, 15 minutes, 27 hours and a minute.
    assert_eq!(sent.sending, Times { count: 3, median: 900, worst: 97_260 });
}

#[test]
fn what_a_person_cancels_is_neither_late_nor_in_time() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01"], 0, None);
    let event = Event::SendingDecided { to: "H01".into(), again: false };
    book.note("2026-11-16 10:00", ("1", "", "m-1"), event);
    let sent = book.statistics().sent;
    assert_eq!((sent.cancelled, sent.resumed), (1, 0));
    assert_eq!(sent.timeliness, Timeliness::default());
    assert_eq!(
        book.tally(&Rules::default()).documents(at("2026-12-01 00:00"))[0].timeliness,
        "cancelled"
    );
}

#[test]
fn statuses_and_refusals_are_the_receivers() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01", "H02"], 0, None);
    book.sent("2026-11-16 09:00", "1", "H01", false);
    book.sent("2026-11-16 09:00", "1", "H02", false);
    // Under its other code, after the period; a second time; by somebody else.
    book.status("2026-11-16 09:01", "1", "000.00.00.H01", StatusCode::Arrived, "");
    book.status("2026-11-16 09:09", "1", "H01", StatusCode::Arrived, "");
    book.status("2026-11-16 09:05", "1", "H02", StatusCode::Arrived, "");
    book.status("2026-11-23 09:00", "1", "H02", StatusCode::Refused, "Sai thể thức");
    book.status("2026-11-16 09:06", "1", "H07", StatusCode::Accepted, "");
    let sent = book.statistics().sent;
    assert_eq!(sent.statuses["01"], Times { count: 2, median: 60, worst: 300 });
    assert_eq!(sent.statuses["02"], Times { count: 1, median: 604_800, worst: 604_800 });
    assert!(!sent.statuses.contains_key("03"));
    let [refusal] = sent.refusals.as_slice() else { panic!("{:?}", sent.refusals) };
    assert_eq!((refusal.agency.as_str(), refusal.reason.as_str()), ("H02", "Sai thể thức"));
    assert_eq!(refusal.code, "1/QĐ");
}

/// Two letters of one identifier, such as a document and its revocation: the first answer is
/// not lost when the second letter is written.
#[test]
fn statuses_go_to_the_letter_that_was_sent() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01"], 0, None);
    book.sent("2026-11-16 09:00", "1", "H01", false);
    let document = DocumentFacts { business: 1, ..facts("H99", "1") };
    let event = Event::Queued { document, to: vec!["H01".into()], signed_at: None };
    book.note("2026-11-16 09:01", ("1", "", "m-revocation"), event);
    book.status("2026-11-16 09:02", "1", "H01", StatusCode::Arrived, "");
    let sent = book.statistics().sent;
    assert_eq!(sent.documents, 2);
    assert_eq!(sent.statuses["01"].count, 1);
}

#[test]
fn receiving_is_counted() {
    let mut book = Book::default();
    for (id, from) in [("1", "H01"), ("2", "H01"), ("3", "H02"), ("4", "H03")] {
        book.received("2026-11-16 10:00", id, from);
        book.answer("2026-11-16 10:00", Some("2026-11-16 10:01"), id, from, StatusCode::Arrived);
    }
    book.examined("2026-11-16 10:02", "1", Decision::Accepted, "", "Nguyễn Văn A");
    book.answer("2026-11-16 10:02", Some("2026-11-16 10:03"), "1", "H01", StatusCode::Accepted);
    book.examined("2026-11-16 10:02", "2", Decision::Refused, "Thiếu chữ ký", "Kẻ lạ");
    // The outbox could not reach the axis until the next day: the sender was told late.
    book.answer("2026-11-16 10:02", Some("2026-11-17 08:00"), "2", "H01", StatusCode::Refused);
    // Held, and decided by a person a day later; the answer still waits.
    book.examined("2026-11-16 10:02", "3", Decision::Held, "Chưa xác định", "Nguyễn Văn A");
    let event = Event::Decided { decision: Decision::Accepted, reason: String::new() };
    book.note("2026-11-17 10:00", ("3", "H02", "r-3"), event);
    book.answer("2026-11-17 10:00", None, "3", "H02", StatusCode::Accepted);
    let transport_id = TransportId::from("9".to_owned());
    let event = Event::Repeated { transport_id: transport_id.clone() };
    book.note("2026-11-17 10:00", ("1", "H01", "r-1"), event);
    let event = Event::Unreadable { transport_id, reason: "XML".to_owned() };
    book.note("2026-11-17 10:00", ("", "H01", "r-x"), event);

    let received = book.statistics().received;
    assert_eq!((received.documents, received.repeated, received.unreadable), (4, 1, 1));
    assert_eq!(count(&received.decisions), [("accepted", 2), ("open", 1), ("refused", 1)]);
    assert_eq!(received.by_people, 1);
    assert_eq!(count(&received.groups.agencies), [("H01", 2), ("H02", 1), ("H03", 1)]);
    assert_eq!(count(&received.verdicts), [("TOTAL_PASSED", 3), ("unsigned", 3)]);
    let Timeliness { on_time, late, open } = received.timeliness;
    assert_eq!((on_time, late, open), (1, 3, 0));
    assert_eq!(received.statuses["01"], Times { count: 4, median: 60, worst: 60 });
    assert_eq!(received.statuses["02"].worst, 79_200);
    assert_eq!(received.statuses["03"].count, 1, "what waits was not said");
    let signers: Vec<_> = received
        .signers
        .iter()
        .map(|it| (it.name.as_str(), it.signatures, it.passed, it.not_authorized))
        .collect();
    assert_eq!(signers, [("Nguyễn Văn A", 2, 2, 0), ("Kẻ lạ", 1, 1, 1)]);
    assert_eq!(received.refusals[0].reason, "Thiếu chữ ký");
}

#[test]
fn answers_found_out_by_asking_count_within_the_period() {
    let mut book = Book::default();
    for (when, settled) in
        [("2026-11-16 10:00", true), ("2026-11-16 10:01", false), ("2026-11-23 10:00", true)]
    {
        let (message, to) = (MessageKind::Status, vec!["H01".into()]);
        let transport_id = TransportId::from("3".to_owned());
        let event = Event::Sent { message, to, transport_id, settled };
        book.note(when, ("1", "", "a"), event);
    }
    let sent = book.statistics().sent;
    assert_eq!((sent.settled, sent.delivered), (1, 0));
}

#[test]
fn periods_begin_with_their_first_instant_and_end_before_their_last() {
    let mut book = Book::default();
    for (when, id) in [
        ("2026-11-15 23:59", "1"),
        ("2026-11-16 00:00", "2"),
        ("2026-11-20 23:59", "3"),
        ("2026-11-21 00:00", "4"),
    ] {
        book.queued(when, id, &["H01"], 0, None);
        book.received(when, id, "H01");
        // What is of no document of the period counts nowhere.
        book.examined(when, id, Decision::Refused, "x", "A");
        book.sent(when, id, "H01", false);
        book.status(when, id, "H01", StatusCode::Refused, "x");
    }
    let Statistics { sent, received, .. } = book.statistics();
    assert_eq!((sent.documents, sent.refusals.len()), (2, 2));
    assert_eq!((received.documents, received.refusals.len()), (2, 2));
    assert_eq!(received.signers[0].signatures, 2);
    // 00:00 in Vietnam is the day before in UTC.
    assert_eq!(count(&sent.days), [("2026-11-16", 1), ("2026-11-20", 1)]);
}

#[test]
fn clocks_jump() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01"], 0, None);
    book.sent("2026-11-16 08:00", "1", "H01", false);
    book.status("2026-11-16 07:00", "1", "H01", StatusCode::Arrived, "");
    let sent = book.statistics().sent;
    assert_eq!(sent.sending, Times { count: 1, median: 0, worst: 0 });
    assert_eq!(sent.statuses["01"].worst, 0);
    assert_eq!(sent.timeliness.on_time, 1);
}

#[test]
fn a_changed_journal_is_told_and_still_counted() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01"], 0, None);
    book.queued("2026-11-16 09:00", "2", &["H01"], 0, None);
    let whole = book.statistics().journal;
    assert_eq!((whole.entries, whole.broken, whole.unknown), (2, None, 0));
    assert_eq!(whole.hash, book.entries[1].hash.to_string());
    book.entries[1].text = r#"{"event":"of_tomorrow"}"#.to_owned();
    let Statistics { sent, journal, .. } = book.statistics();
    assert_eq!((sent.documents, journal.entries, journal.unknown), (1, 2, 1));
    assert!(journal.broken.unwrap().starts_with("entry 2 of the journal"));
    assert_eq!(journal.hash, book.entries[0].hash.to_string());
}

#[test]
fn failures_in_endless_words_are_few() {
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", "1", &["H01"], 0, None);
    for n in 0..300_u32 {
        let fault: String = (0..n).map(|_| 'x').collect();
        let (message, to) = (MessageKind::Status, vec![]);
        let (unknown, next_at) = (false, at("2026-11-16 09:00"));
        let event = Event::SendingFailed { message, to, fault, unknown, next_at };
        book.note("2026-11-16 09:00", ("1", "", "m-1"), event);
    }
    let sent = book.statistics().sent;
    assert_eq!(sent.retries, 300);
    assert_eq!(sent.failures.len(), Sent::MOST_FAILURES + 1);
    assert_eq!(sent.failures.values().sum::<u64>(), 300);
}

#[test]
fn medians_are_of_the_lower_half() {
    assert_eq!(Times::of(vec![]), Times::default());
    assert_eq!(Times::of(vec![5, 1, 9]), Times { count: 3, median: 5, worst: 9 });
    assert_eq!(Times::of(vec![4, 1, 9, 5]), Times { count: 4, median: 4, worst: 9 });
}

#[test]
fn tables_are_texts_to_spreadsheets() {
    let mut book = Book::default();
    book.received("2026-11-16 10:00", "=1+1", "@H01");
    let event = Event::Decided { decision: Decision::Refused, reason: "a \"b\",\r\nc".to_owned() };
    book.note("2026-11-16 10:00", ("=1+1", "@H01", "r-=1+1"), event);
    let mut out = Vec::new();
    let tally = Rules::default();
    let tally = book.tally(&tally);
    write_documents_csv(&tally.documents(at("2026-11-20 18:00")), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let row = text.split_once("\r\n").unwrap().1;
    assert!(text.starts_with("\u{feff}direction,document,"));
    assert_eq!(
        row,
        "received,\"'=1+1\",\"'=1+1/QĐ\",V/v thử,Công văn,\"'@H01\",0,0,2026-11-16T10:00:00+07:00,,\
         2026-11-16T17:00:00+07:00,late,,refused,,\"a \"\"b\"\",\r\nc\"\r\n"
    );
    let mut out = Vec::new();
    book.statistics().write_csv(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\r\nreceived,documents,1\r\n"), "{text}");
    assert!(text.contains("\r\nreceived.agencies,\"'@H01\",1\r\n"), "{text}");
    assert!(text.contains("\r\nreceived.timeliness,late,1\r\n"), "{text}");
}

/// Others read these names.
#[test]
fn names_of_fields_stay() {
    let value = serde_json::to_value(Book::default().statistics()).unwrap();
    let names = |at: &str| -> Vec<String> {
        value.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(""), ["agency", "as_of", "journal", "period", "received", "sent"]);
    assert_eq!(names("/journal"), ["broken", "entries", "hash", "unknown"]);
    assert_eq!(names("/sent/groups"), ["agencies", "businesses", "kinds", "priorities"]);
    assert_eq!(names("/sent/timeliness"), ["late", "on_time", "open"]);
    assert_eq!(names("/sent/sending"), ["count", "median", "worst"]);
    assert_eq!(
        names("/sent"),
        [
            "cancelled",
            "days",
            "delivered",
            "deliveries",
            "documents",
            "failures",
            "groups",
            "refusals",
            "resumed",
            "retries",
            "sending",
            "settled",
            "statuses",
            "stopped",
            "timeliness"
        ]
    );
    assert_eq!(
        names("/received"),
        [
            "by_people",
            "days",
            "decisions",
            "documents",
            "groups",
            "refusals",
            "repeated",
            "signers",
            "statuses",
            "timeliness",
            "unreadable",
            "verdicts"
        ]
    );
}

#[cfg(feature = "report")]
#[test]
fn nothing_of_a_document_is_markup() {
    let attack = "</svg></table><script>alert(1)</script><img src=x onerror=1>\u{202e}";
    let mut book = Book::default();
    book.queued("2026-11-16 09:00", attack, &[attack], 0, None);
    book.sent("2026-11-16 09:01", attack, attack, false);
    book.status("2026-11-16 09:02", attack, attack, StatusCode::Refused, attack);
    book.received("2026-11-16 10:00", attack, attack);
    book.examined("2026-11-16 10:02", attack, Decision::Refused, attack, attack);
    let event = Event::Decided { decision: Decision::Refused, reason: attack.to_owned() };
    book.note("2026-11-16 10:03", (attack, attack, &format!("r-{attack}")), event);
    let page = book.statistics().to_html(attack);
    assert!(page.contains("&lt;script&gt;alert(1)"), "it is shown");
    for wrong in ["<script", "<img", "\u{202e}", "href", "src=\"", "url("] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    for element in ["svg", "table", "figure", "tr", "td", "div"] {
        let closed = page.matches(&format!("</{element}>")).count();
        let opened = page.matches(&format!("<{element}>")).count()
            + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, closed, "{element}");
    }
    assert!(page.matches("<svg ").count() >= 7, "charts are drawn");
    // Charts have but one address in them, that of SVG's own names.
    assert_eq!(
        page.matches("http").count(),
        page.matches("http://www.w3.org/2000/svg").count() + 1
    );
}

#[cfg(feature = "report")]
#[test]
fn a_page_about_nothing_is_a_page() {
    let page = Book::default().statistics().to_html("UBND TEST");
    assert!(page.contains("UBND TEST (H99)") && page.ends_with("</html>\n"));
    assert!(!page.contains("<svg"), "there is nothing to draw");
}

#[test]
fn a_status_counts_at_the_letter_that_its_speaker_had() {
    let mut book = Book::default();
    book.queued("2026-03-02 08:00", "1", &["H01", "H02"], 0, None);
    book.sent("2026-03-02 08:05", "1", "H01", false);
    book.sent("2026-03-02 08:05", "1", "H02", false);
    // The same document for one more.
    let event =
        Event::Queued { document: facts("H99", "1"), to: vec!["H03".into()], signed_at: None };
    book.note("2026-03-02 09:00", ("1", "", "m-later"), event);
    let (message, to) = (MessageKind::Document, vec!["H03".into()]);
    let transport_id = TransportId::from("9".to_owned());
    let event = Event::Sent { message, to, transport_id, settled: false };
    book.note("2026-03-02 09:05", ("1", "", "m-later"), event);
    book.status("2026-03-02 10:05", "1", "H01", StatusCode::Accepted, "");
    let rules = Rules::default();
    let period = Period { from: at("2026-03-01 00:00"), until: at("2026-04-01 00:00") };
    let mut tally = Tally::new("H99".into(), period, &rules);
    book.entries.iter().for_each(|it| tally.add(it));
    let said: Vec<_> = tally
        .documents(at("2026-03-03 00:00"))
        .into_iter()
        .map(|it| (it.peer, it.statuses.contains_key("03")))
        .collect();
    assert_eq!(said, [("H01".into(), true), ("H02".into(), false), ("H03".into(), false)]);
}
