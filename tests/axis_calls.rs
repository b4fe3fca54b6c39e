//! Every call of the axis as it goes over the wire: method, path, signed parameters, body.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};
use std::thread;

use kyso::UtcTime;
use kyso::axis::{
    AgencyRow, Call, Client, Credentials, ReceivedRow, Registration, Reply, SentRow, UnitRow,
    hash_file, verify,
};
use kyso::edxml::Date;
use kyso::exchange::{MessageKind, Submission, Transport, TransportState};
use tiny_http::{Response, Server};

/// A request as the gateway's side understands it.
#[derive(Debug, PartialEq)]
struct Seen {
    method: String,
    call: Call,
    parameters: Vec<(String, String)>,
    body: String,
}

const NAMES: [&str; 12] = [
    "systemid",
    "servicetype",
    "messagetype",
    "hash-file",
    "from",
    "to",
    "docId",
    "status",
    "fromDate",
    "toDate",
    "level",
    "AgencyCode",
];

struct Axis {
    client: Client,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Verifies each request as a gateway does, keeps what it said, and says yes.
fn axis() -> Axis {
    let server = Server::http("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/api", server.server_addr());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    thread::spawn(move || {
        let known = Credentials::new("H13", "secret");
        for mut request in server.incoming_requests() {
            let headers = request.headers().iter();
            let headers: Vec<_> =
                headers.map(|it| (it.field.to_string(), it.value.to_string())).collect();
            let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let said = verify(pairs, |id| (id == "H13").then_some(&known)).unwrap();
            let parameters = NAMES.iter().filter_map(|name| {
                said.parameter(name).map(|it| ((*name).to_owned(), it.to_owned()))
            });
            let (parameters, mut body) = (parameters.collect(), String::new());
            request.as_reader().read_to_string(&mut body).unwrap();
            let call = Call::from_path(request.url()).unwrap();
            let method = request.method().to_string();
            kept.lock().unwrap().push(Seen { method, call, parameters, body });
            request.respond(Response::from_string(reply(call).to_json())).unwrap();
        }
    });
    let now = || "2026-11-22T23:30:00+07:00".parse().unwrap();
    let client = Client::new(endpoint, Credentials::new("H13", "secret"), now).unwrap();
    Axis { client, seen }
}

fn reply(call: Call) -> Reply {
    let reply = Reply::ok(call);
    let text = str::to_owned;
    match call {
        Call::SendEdoc => reply.with_doc_id("7"),
        Call::GetReceivedEdocList => {
            reply.with_rows(&[ReceivedRow { doc_id: text("7"), ..ReceivedRow::default() }])
        }
        Call::GetSentEdocList => {
            reply.with_rows(&[SentRow { sender_doc_id: text("7"), ..SentRow::default() }])
        }
        Call::GetEdoc => reply.with_data(text("PGVkWE1MLz4=")),
        Call::CountReceiveEdoc | Call::CountReceiveStatus => reply.with_count(3),
        Call::GetAgenciesList | Call::GetAgenciesListQd20 => {
            let row = |id: &str, pid: &str, code: &str| AgencyRow {
                id: text(id),
                pid: text(pid),
                code: text(code),
                ..AgencyRow::default()
            };
            reply.with_rows(&[row("1", "1", "H13"), row("2", "1", "H13.01"), row("3", "9", "H14")])
        }
        Call::GetSynchronizeUnit => reply.with_rows(&[UnitRow {
            code: text("H13.02"),
            center_code: text("H13"),
            deleted: text("1"),
            ..UnitRow::default()
        }]),
        _ => reply,
    }
}

impl Axis {
    /// What came last, apart from who sent it.
    #[track_caller]
    fn saw(&self, method: &str, call: Call, parameters: &[(&str, &str)], body: &str) {
        let last = self.seen.lock().unwrap().pop().unwrap();
        let who = [("systemid", "H13")];
        let parameters = who
            .iter()
            .chain(parameters)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (method, body) = (method.to_owned(), body.to_owned());
        assert_eq!(last, Seen { method, call, parameters: parameters.collect(), body });
    }
}

#[test]
fn messages() {
    let axis = axis();
    let client = &axis.client;
    let message = b"<edXML/>";
    let hash = hash_file(message);
    let kind = MessageKind::Status;
    let (from, to) = ("H13".into(), "G22".into());
    let submission = Submission { kind, from: &from, to: Some(&to), message, digest: None };
    let id = client.send_edoc(&submission).unwrap();
    let status = ("messagetype", "status");
    let sent =
        [("servicetype", "eDoc"), status, ("hash-file", &hash), ("from", "H13"), ("to", "G22")];
    axis.saw("POST", Call::SendEdoc, &sent, "<edXML/>\r\n");

    assert_eq!(client.fetch_bytes(&id).unwrap(), message);
    axis.saw("POST", Call::GetEdoc, &[("docId", "7")], "{}");
    client.acknowledge(&id, TransportState::Fail).unwrap();
    axis.saw("POST", Call::UpdateStatus, &[("docId", "7"), ("status", "fail")], "{}");
    assert!(client.download_edoc(&id, &mut Vec::new()).is_err(), "a reply, not a message");
    axis.saw("GET", Call::DownloadEdoc, &[("docId", "7")], "");
}

#[test]
fn lists_are_of_the_days_that_were_asked_for() {
    let axis = axis();
    let client = &axis.client;
    let documents = [("servicetype", "eDoc"), ("messagetype", "edoc")];
    let with = |more: &[(&'static str, &'static str)]| [&documents[..], more].concat();
    assert_eq!(client.pending(MessageKind::Document).unwrap().len(), 1);
    axis.saw("POST", Call::GetReceivedEdocList, &documents, "");
    let days = Some((Date::new(2026, 11, 1).unwrap(), Date::new(2026, 11, 30).unwrap()));
    let bounds = [("fromDate", "2026/11/01"), ("toDate", "2026/11/30")];
    client.received(MessageKind::Document, days.clone()).unwrap();
    axis.saw("POST", Call::GetReceivedEdocList, &with(&bounds), "");
    let id = "7".to_owned().into();
    client.sent_rows(MessageKind::Document, Some(&id), days).unwrap();
    let one = [&[("docId", "7")][..], &bounds].concat();
    axis.saw("POST", Call::GetSentEdocList, &with(&one), "");
    assert_eq!(client.sent(MessageKind::Document, None).unwrap()[0].id, id);
    axis.saw("POST", Call::GetSentEdocList, &documents, "");
    // The day in Vietnam, which is another in Greenwich, and one more at either end.
    let since: UtcTime = "2026-11-20T00:30:00+07:00".parse().unwrap();
    client.sent(MessageKind::Document, Some(since)).unwrap();
    let bounds = [("fromDate", "2026/11/19"), ("toDate", "2026/11/23")];
    axis.saw("POST", Call::GetSentEdocList, &with(&bounds), "");
    // A clock that was set back does not hide what was sent since.
    let since: UtcTime = "2026-12-01T12:00:00+07:00".parse().unwrap();
    client.sent(MessageKind::Document, Some(since)).unwrap();
    let bounds = [("fromDate", "2026/11/30"), ("toDate", "2026/12/02")];
    axis.saw("POST", Call::GetSentEdocList, &with(&bounds), "");
    assert_eq!(client.count(MessageKind::Document).unwrap(), 3);
    axis.saw("POST", Call::CountReceiveEdoc, &documents, "{}");
    let statuses = [("servicetype", "eDoc"), ("messagetype", "status")];
    assert_eq!(client.count(MessageKind::Status).unwrap(), 3);
    axis.saw("POST", Call::CountReceiveStatus, &statuses, "{}");
}

#[test]
fn the_directory() {
    let axis = axis();
    let client = &axis.client;
    let agencies = client.agencies().unwrap();
    axis.saw("POST", Call::GetAgenciesList, &[], "");
    let parents = agencies.iter().map(|it| it.parent_code.as_ref().map(|it| it.as_str()));
    assert_eq!(parents.collect::<Vec<_>>(), [None, Some("H13"), None]);
    assert_eq!(client.agencies_list_qd20("2").unwrap().len(), 3);
    axis.saw("POST", Call::GetAgenciesListQd20, &[("level", "2")], "");
    assert_eq!(client.synchronize_units().unwrap()[0].center_code, "H13");
    axis.saw("POST", Call::GetSynchronizeUnit, &[], "");

    let text = str::to_owned;
    let agency = Registration {
        pcode: text("H13"),
        code: text("H13.03"),
        name: text("Sở Nội vụ"),
        ..Registration::default()
    };
    client.register_agency(&agency).unwrap();
    let body = axis.seen.lock().unwrap()[0].body.clone();
    assert!(body.is_ascii() && body.contains(r#""name":"S\u1edf N\u1ed9i v\u1ee5""#), "{body}");
    assert_eq!(Registration::from_json(body.as_bytes()).unwrap(), agency);
    axis.saw("POST", Call::RegisterAgency, &[], &body);
    client.delete_agency(&"H13.03".into()).unwrap();
    axis.saw("POST", Call::DeleteAgency, &[("AgencyCode", "H13.03")], "{}");
}
