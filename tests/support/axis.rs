//! Agencies of the axis, and what they send each other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use kyso::axis::{Client, Credentials, SignedHeaders, hash_file};
use kyso::edxml::{Code, Date, Envelope, MessageHeader, Organization, PromulgationInfo};
use kyso::exchange::Fault;
use kyso::{Error, UtcTime};

pub(crate) const CENTRE: &str = "000.00.00.G22";
pub(crate) const PROVINCE: &str = "000.00.00.H41";
pub(crate) const CITY: &str = "H13";

/// What an agency signs with in these tests.
pub(crate) fn secret(code: &str) -> String {
    format!("secret of {code}")
}

pub(crate) fn client(endpoint: &str, code: &str) -> Client {
    Client::new(endpoint, Credentials::new(code, secret(code)), UtcTime::now).unwrap()
}

pub(crate) fn dispatch(number: &str, to: &[&str]) -> Envelope {
    let header = MessageHeader {
        from: Organization::new(CENTRE, "Văn phòng Chính phủ"),
        to: to.iter().map(|code| Organization::new(*code, "Nơi nhận")).collect(),
        document_id: format!("{CENTRE},2026/11/22,{number}/VPCP-TTĐT").into(),
        code: Code::new(number, "VPCP-TTĐT"),
        promulgation: PromulgationInfo {
            place: "Hà Nội".into(),
            date: Date::new(2026, 11, 22).unwrap(),
        },
        subject: "V/v liên thông văn bản".into(),
        ..MessageHeader::default()
    };
    Envelope::new(header).attach("công văn.pdf", b"%PDF-1.7\n".repeat(100))
}

/// The code of a refusal.
pub(crate) fn code_of<T: std::fmt::Debug>(refused: kyso::Result<T>) -> i32 {
    let error: Error = refused.unwrap_err();
    match Fault::of(&error) {
        Some(Fault::Refused { code, .. }) => *code,
        other => panic!("{other:?}"),
    }
}

/// Headers that this agency signed.
pub(crate) fn signed(code: &str, parameters: &[(&str, &str)], at: UtcTime) -> String {
    let credentials = Credentials::new(code, secret(code));
    SignedHeaders::new(&credentials, parameters, "application/octet-stream", at)
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect()
}

pub(crate) fn sending(code: &str, message: &[u8], at: UtcTime) -> String {
    let hash = hash_file(message);
    let parameters = [("messagetype", "edoc"), ("hash-file", hash.as_str()), ("from", code)];
    signed(code, &parameters, at)
}

/// `127.0.0.1:…` of an endpoint.
pub(crate) fn address(endpoint: &str) -> &str {
    endpoint.trim_start_matches("http://").trim_end_matches("/api")
}

/// A request by hand, and its answer.
pub(crate) fn raw(endpoint: &str, call: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address(endpoint)).unwrap();
    let length = body.len();
    let head = format!(
        "POST /api/{call} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The program `axis`, which is killed when this is dropped.
pub(crate) struct Program {
    process: Child,
    pub(crate) endpoint: String,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(program: &Path, folder: &Path, listen: &str) -> Self {
        let mut command = Command::new(program);
        command.args(["--listen", listen, "--message-bytes", "200000000"]);
        command.args(["--folder".as_ref(), folder.as_os_str()]);
        for code in [CENTRE, PROVINCE, CITY] {
            command.args(["--agency", &format!("{code},Cơ quan {code},{}", secret(code))]);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let endpoint = line.rsplit(' ').next().unwrap().trim().to_owned();
        assert!(endpoint.starts_with("http://"), "{line}");
        Self { process, endpoint, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// As by SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether it ended well, and what it said; once it was told to end.
    pub(crate) fn wait(mut self) -> (bool, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().success(), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
