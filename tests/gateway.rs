//! The gateway of the examples over real sockets: what every call comes to, what is there
//! after it was started again, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/axis.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod agencies;
#[path = "../examples/support/gateway.rs"]
mod gateway;

use std::collections::HashSet;
use std::path::Path;
use std::thread;

use agencies::{CENTRE, CITY, PROVINCE, client, code_of, dispatch, raw, secret, sending, signed};
use gateway::{Agency, Gateway, Options};
use kyso::axis::{Freshness, Registration};
use kyso::edxml::{self, Date, Message, OrganId, Organization, StatusCode, StatusMessage};
use kyso::exchange::{MessageKind, Submission, Transport, TransportState};
use kyso::{Limits, UtcTime};

fn registered() -> Vec<Agency> {
    vec![
        Agency::new(CENTRE, "Văn phòng Chính phủ", &secret(CENTRE)).known_as("G22"),
        Agency::new(PROVINCE, "UBND tỉnh Nghệ An", &secret(PROVINCE)).known_as("H41"),
        Agency::new(CITY, "UBND thành phố Cần Thơ", &secret(CITY)),
        Agency::new("H99", "Đơn vị bị khóa", "locked").locked(),
    ]
}

fn start(options: Options) -> Gateway {
    Gateway::start(options, registered()).unwrap()
}

fn kept_in(folder: &Path) -> Gateway {
    start(Options { folder: Some(folder.to_owned()), ..Options::default() })
}

const DOCUMENT: MessageKind = MessageKind::Document;

#[test]
fn what_was_taken_is_there_after_it_was_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let large = dispatch("2", &[PROVINCE]).attach("lớn.pdf", vec![b'7'; 700_000]);
    let (first, second) = {
        let gateway = kept_in(folder.path());
        let centre = client(&gateway.endpoint(), CENTRE);
        let first = centre.send(&Message::Document(dispatch("1", &[PROVINCE, CITY]))).unwrap();
        let second = centre.send(&Message::Document(large.clone())).unwrap();
        let province = client(&gateway.endpoint(), PROVINCE);
        let waiting = province.pending(DOCUMENT).unwrap();
        province.acknowledge(&waiting[0].id, TransportState::Done).unwrap();
        centre.register_agency(&unit("G22.1")).unwrap();
        gateway.shutdown();
        (first, second)
    };
    let gateway = kept_in(folder.path());
    let endpoint = gateway.endpoint();
    let province = client(&endpoint, PROVINCE);
    let waiting = province.pending(DOCUMENT).unwrap();
    assert_eq!(waiting.len(), 1, "what was taken over is not listed");
    let bytes = large.to_bytes().unwrap();
    assert_eq!(province.fetch_bytes(&waiting[0].id).unwrap(), bytes);
    let newer = client(&endpoint, PROVINCE).with_download_edoc();
    assert_eq!(newer.fetch_bytes(&waiting[0].id).unwrap(), bytes);
    let centre = client(&endpoint, CENTRE);
    assert_eq!(centre.send(&Message::Document(large)).unwrap(), second, "not a second letter");
    assert_eq!(province.pending(DOCUMENT).unwrap().len(), 1);
    assert_eq!(client(&endpoint, CITY).count(DOCUMENT).unwrap(), 1);
    let rows = centre.sent_rows(DOCUMENT, Some(&first), None).unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().any(|it| it.to_code == PROVINCE && it.receive_status == "done"));
    assert!(centre.agencies_list().unwrap().iter().any(|it| it.code == "G22.1"));
}

fn unit(code: &str) -> Registration {
    Registration { code: code.into(), name: "Vụ một".into(), ..Registration::default() }
}

#[test]
fn lists_are_of_the_days_that_are_asked_for() {
    let gateway = start(Options::default());
    let centre = client(&gateway.endpoint(), CENTRE);
    let id = centre.send(&Message::Document(dispatch("1", &[PROVINCE]))).unwrap();
    let now = UtcTime::now();
    let day = |days: i64| Date::at(now.plus_seconds(days * 86_400));
    let province = client(&gateway.endpoint(), PROVINCE);
    for (days, expected) in [
        (None, 1),
        (Some((day(-1), day(1))), 1),
        (Some((day(-9), day(-3))), 0),
        (Some((day(3), day(9))), 0),
    ] {
        assert_eq!(province.received(DOCUMENT, days.clone()).unwrap().len(), expected, "{days:?}");
        assert_eq!(centre.sent_rows(DOCUMENT, None, days).unwrap().len(), expected);
    }
    assert_eq!(centre.sent_rows(DOCUMENT, Some(&"7".to_owned().into()), None).unwrap(), []);
    assert_eq!(centre.sent_rows(DOCUMENT, Some(&id), None).unwrap().len(), 1);
    assert_eq!(centre.sent_rows(MessageKind::Status, Some(&id), None).unwrap(), []);
    let no_day = Date::from("2026/02/31");
    assert_eq!(code_of(province.received(DOCUMENT, Some((no_day, day(0))))), 20);
}

#[test]
fn units_are_registered_below_their_agency_and_their_post_is_its_own() {
    let gateway = start(Options::default());
    let endpoint = gateway.endpoint();
    let (centre, province) = (client(&endpoint, CENTRE), client(&endpoint, PROVINCE));
    province.register_agency(&unit("H41.5")).unwrap();
    let below = Registration { pcode: "H41.5".into(), ..unit("H41.5.1") };
    province.register_agency(&below).unwrap();
    assert_eq!(code_of(centre.register_agency(&unit("H41.5"))), 10, "it is another's");
    assert_eq!(code_of(centre.register_agency(&unit("H41"))), 10, "it has a secret");
    let foreign = Registration { pcode: PROVINCE.into(), ..unit("H41.6") };
    assert_eq!(code_of(centre.register_agency(&foreign)), 19);

    let level = |level: &str| -> Vec<String> {
        let rows = centre.agencies_list_qd20(level).unwrap();
        rows.into_iter().map(|it| it.code).collect()
    };
    assert_eq!(level("2"), ["H41.5"]);
    assert_eq!(level("3"), ["H41.5.1"]);
    assert_eq!(level("").len(), 6);
    centre.send(&Message::Document(dispatch("1", &["H41.5", PROVINCE]))).unwrap();
    assert_eq!(province.pending(DOCUMENT).unwrap().len(), 1);

    assert_eq!(code_of(centre.delete_agency(&"H41.5".into())), 21, "it is another's");
    province.delete_agency(&"H41.5".into()).unwrap();
    assert!(level("2").is_empty());
    let units = centre.synchronize_units().unwrap();
    let unit = units.iter().find(|it| it.code == "H41.5").unwrap();
    assert_eq!((unit.deleted.as_str(), unit.center_code.as_str()), ("true", PROVINCE));
    assert_eq!(code_of(centre.send(&Message::Document(dispatch("2", &["H41.5"])))), 18);
}

#[test]
fn a_change_is_made_once_however_often_it_is_asked_for() {
    let gateway = start(Options::default());
    let endpoint = gateway.endpoint();
    let (centre, province) = (client(&endpoint, CENTRE), client(&endpoint, PROVINCE));
    let now = UtcTime::now();
    let code = |answer: &str| -> String {
        let (_, rest) = answer.split_once("\"ErrorCode\":\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };

    // The same message, signed again and again, is one letter with one name.
    let message = dispatch("1", &[PROVINCE]).to_bytes().unwrap();
    let names: HashSet<_> = [0, 0, 61, 4000]
        .map(|later| {
            let headers = sending(CENTRE, &message, now.plus_seconds(later));
            let answer = raw(&endpoint, "sendEdoc", &headers, &message);
            answer.split_once("\"DocId\":\"").unwrap().1.split('"').next().unwrap().to_owned()
        })
        .into();
    assert_eq!(names.len(), 1);
    let waiting = province.pending(DOCUMENT).unwrap();
    assert_eq!(waiting.len(), 1);

    // What was said of a transport is never taken back by headers that were seen before.
    let id = waiting[0].id.as_str();
    let failed = signed(PROVINCE, &[("docId", id), ("status", "fail")], now);
    let worked = signed(PROVINCE, &[("docId", id), ("status", "processing")], now);
    assert_eq!(code(&raw(&endpoint, "updateStatus", &worked, b"{}")), "0");
    assert_eq!(code(&raw(&endpoint, "updateStatus", &failed, b"{}")), "0");
    assert_eq!(code(&raw(&endpoint, "updateStatus", &worked, b"{}")), "0");
    assert_eq!(province.pending(DOCUMENT).unwrap(), [], "it stays as it was");
    province.acknowledge(&waiting[0].id, TransportState::Done).unwrap();
    assert_eq!(code(&raw(&endpoint, "updateStatus", &failed, b"{}")), "0");
    let rows = centre.sent_rows(DOCUMENT, None, None).unwrap();
    assert_eq!(rows[0].receive_status, "done");

    // Seen registering and deleting does not help to do it again, or something else.
    let registering = signed(PROVINCE, &[], now);
    let body = unit("H41.5").to_json().into_bytes();
    assert_eq!(code(&raw(&endpoint, "registerAgency", &registering, &body)), "0");
    let deleting = signed(PROVINCE, &[("AgencyCode", "H41.5")], now);
    assert_eq!(code(&raw(&endpoint, "deleteAgency", &deleting, b"{}")), "0");
    assert_eq!(code(&raw(&endpoint, "registerAgency", &registering, &body)), "0");
    assert!(!centre.agencies_list().unwrap().iter().any(|it| it.code == "H41.5"));
    let other = unit("H41.6").to_json().into_bytes();
    assert_eq!(code(&raw(&endpoint, "registerAgency", &registering, &other)), "15");
    province.register_agency(&unit("H41.5")).unwrap();
    assert_eq!(code(&raw(&endpoint, "deleteAgency", &deleting, b"{}")), "0");
    assert!(centre.agencies_list().unwrap().iter().any(|it| it.code == "H41.5"));
}

/// One service object of the kit signs all its calls with one time: what follows is honest.
#[test]
fn one_time_for_many_calls_is_no_replay() {
    let gateway = start(Options::default());
    let endpoint = gateway.endpoint();
    let now = UtcTime::now();
    for number in ["1", "2", "3"] {
        let message = dispatch(number, &[PROVINCE]).to_bytes().unwrap();
        raw(&endpoint, "sendEdoc", &sending(CENTRE, &message, now), &message);
    }
    let province = client(&endpoint, PROVINCE);
    for row in province.pending(DOCUMENT).unwrap() {
        let headers = signed(PROVINCE, &[("docId", row.id.as_str()), ("status", "done")], now);
        for call in ["getEdoc", "getEdoc", "updateStatus", "getReceivedEdocList"] {
            let answer = raw(&endpoint, call, &headers, b"{}");
            assert!(answer.contains("\"ErrorCode\":\"0\""), "{call}: {answer}");
        }
    }
    assert_eq!(province.pending(DOCUMENT).unwrap(), []);
}

#[test]
fn old_headers_are_refused_where_a_window_is_set() {
    let freshness = Some(Freshness::default());
    let gateway = start(Options { freshness, ..Options::default() });
    let now = UtcTime::now();
    let asked = |at: UtcTime| {
        let headers = signed(CENTRE, &[("messagetype", "edoc")], at);
        raw(&gateway.endpoint(), "getReceivedEdocList", &headers, b"")
    };
    assert!(asked(now.plus_seconds(-86_400)).contains("\"ErrorCode\":\"0\""));
    assert!(asked(now.plus_seconds(-8 * 86_400)).contains("\"ErrorCode\":\"15\""));
    assert!(asked(now.plus_seconds(3_600)).contains("\"ErrorCode\":\"15\""));
}

#[test]
fn who_sends_to_whom_is_checked() {
    let gateway = start(Options::default());
    let endpoint = gateway.endpoint();
    let (centre, city) = (client(&endpoint, CENTRE), client(&endpoint, CITY));
    assert_eq!(code_of(centre.send(&Message::Document(dispatch("1", &[PROVINCE, "H99"])))), 23);
    assert_eq!(code_of(centre.send(&Message::Document(dispatch("1", &[PROVINCE, "H98"])))), 18);
    let bytes = dispatch("2", &[PROVINCE]).to_bytes().unwrap();
    let submit = |from: &OrganId| {
        city.submit(&Submission { kind: DOCUMENT, from, to: None, message: &bytes, digest: None })
    };
    assert_eq!(code_of(submit(&CITY.into())), 19, "the message is another's");
    assert_eq!(code_of(submit(&CENTRE.into())), 19, "the header is another's");
    // By its other code it is still the caller.
    let mut own = dispatch("3", &[PROVINCE]);
    own.header.from = Organization::new("G22", "Văn phòng Chính phủ");
    centre.send(&Message::Document(own)).unwrap();
    let province = client(&endpoint, PROVINCE);
    let waiting = province.pending(DOCUMENT).unwrap();
    assert_eq!(waiting.len(), 1, "of all the others nothing was delivered to anybody");
    assert_eq!(waiting[0].from.as_str(), CENTRE);
}

#[test]
fn written_anew_where_it_is_told_to() {
    let rewrite_as = Some("001.00.20.TT2".to_owned());
    let gateway = start(Options { rewrite_as, ..Options::default() });
    let centre = client(&gateway.endpoint(), CENTRE);
    let envelope = dispatch("1", &[PROVINCE]).sent_at(UtcTime::now());
    let id = centre.send(&Message::Document(envelope.clone())).unwrap();
    assert_eq!(centre.send(&Message::Document(envelope.clone())).unwrap(), id);
    let province = client(&gateway.endpoint(), PROVINCE);
    let waiting = province.pending(DOCUMENT).unwrap();
    assert_eq!(waiting.len(), 1);
    let bytes = province.fetch_bytes(&waiting[0].id).unwrap();
    let Message::Document(mut came) = edxml::parse(&bytes, &Limits::default()).unwrap().message
    else {
        panic!("a status")
    };
    assert_eq!(came.trace.len(), 2);
    assert_eq!(came.trace.pop().unwrap().organ_id.as_str(), "001.00.20.TT2");
    assert_eq!(came, envelope);
}

#[test]
fn sixty_four_at_once() {
    let gateway = start(Options::default());
    let endpoint = gateway.endpoint();
    let (each, clients) = (5, 64);
    thread::scope(|scope| {
        for n in 0..clients {
            let endpoint = &endpoint;
            scope.spawn(move || {
                let (centre, city) = (client(endpoint, CENTRE), client(endpoint, CITY));
                for m in 0..each {
                    let document = dispatch(&format!("{n}.{m}"), &[PROVINCE, CITY]);
                    centre.send(&Message::Document(document.clone())).unwrap();
                    let from = Organization::new(CITY, "UBND thành phố Cần Thơ");
                    let (code, now) = (StatusCode::Arrived, UtcTime::now());
                    let status = StatusMessage::answer(&document.header, from, code, "", now);
                    city.send(&Message::Status(status)).unwrap();
                }
            });
        }
    });
    for receiver in [PROVINCE, CITY] {
        let receiver = client(&endpoint, receiver);
        let waiting = receiver.pending(DOCUMENT).unwrap();
        let ids: HashSet<_> = waiting.iter().map(|it| it.id.clone()).collect();
        assert_eq!((waiting.len(), ids.len()), (each * clients, each * clients));
    }
    assert_eq!(client(&endpoint, CENTRE).count(MessageKind::Status).unwrap(), each * clients);
}
