//! A real PKI on loopback: what the services say, or fail to say, and what a signature is
//! worth then.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use kyso::tsp::{Online, TimeStampAuthority};
use kyso::{
    Crl, DigestAlgorithm, Error, ErrorKind, Limits, OcspResponse, Policy, Request, Result,
    Retrieve, Validator,
};
use support::live::Live;

/// Asks over a bare socket.
#[derive(Debug)]
struct Plain;

impl Retrieve for Plain {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        let failed = |what: &str| Error::new(ErrorKind::Service, what);
        let (host, path) = request.url.trim_start_matches("http://").split_once('/').unwrap();
        let mut stream = TcpStream::connect(host)?;
        let body = request.body.unwrap_or_default();
        let method = if request.body.is_some() { "POST" } else { "GET" };
        let length = body.len();
        write!(
            stream,
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or(failed("no header"))?;
        match answer.starts_with(b"HTTP/1.1 200") {
            true => Ok(answer[end + 4..].to_vec()),
            false => Err(failed("refused")),
        }
    }
}

fn ocsp(live: &Live) -> OcspResponse {
    use support::cms::{algorithm, items, seq, sha256, tlv};
    let tbs = items(items(items(live.two.certificate.der())[0].1)[0].1);
    let name = sha256(&tlv(0x30, tbs[5].1));
    let key = sha256(&items(tbs[6].1)[1].1[1..]);
    let id = seq(&[algorithm(support::cms::SHA256), tlv(4, name), tlv(4, key), vec![2, 1, 22]]);
    let body = seq(&[seq(&[seq(&[seq(&[id])])])]);
    let url = live.server.url("/ocsp");
    let answer = Plain.retrieve(&Request::post(kyso::RequestKind::Ocsp, &url, &body, 1 << 20));
    OcspResponse::from_der(&answer.unwrap(), &Limits::default()).unwrap()
}

#[test]
fn services_are_there() {
    let live = Live::new();
    live.tick("2026-06-15T08:00:00Z");
    let tsa = Online::new(live.server.url("/tsa"), Arc::new(Plain));
    let token = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(b"a document")).unwrap();
    assert_eq!(token.time(), "2026-06-15T08:00:00Z".parse().unwrap());

    let get = |path: &str| {
        let url = live.server.url(path);
        Plain.retrieve(&Request::get(kyso::RequestKind::Crl, &url, 1 << 20)).unwrap()
    };
    let crls = ["/root.crl", "/one.crl", "/two.crl"]
        .map(|path| Crl::from_der(get(path), &Limits::default()).unwrap());
    let certificates =
        ["/one.cer", "/two.cer"].map(|path| kyso::Certificate::from_der(&get(path)).unwrap());
    let report =
        Validator::new(live.trust(), Policy::default(), "2026-06-20T00:00:00Z".parse().unwrap())
            .with_certificates(certificates)
            .with_crls(crls.into_iter().take(2))
            .with_ocsp_responses([ocsp(&live)])
            .check_certificate(&live.leaf)
            .unwrap();
    assert_eq!(report.path.len(), 4, "{report:?}");
    assert_eq!(report.conclusion, Some(kyso::CertificateConclusion::Valid), "{report:?}");
}
