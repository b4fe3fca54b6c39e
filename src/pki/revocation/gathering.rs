//! What is asked for elsewhere while one document is judged: issuers' certificates,
//! lists and answers, each URL once. All of it is evidence and none of it is trusted: it
//! counts by its own signatures, as what the document holds does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::crl::Crl;
use super::fault::Unusable;
use super::lists::ReadLists;
use super::ocsp::OcspResponse;
use super::record::Replay;
use super::relevant::Kept;
use super::request;
use crate::error::{Error, Result};
use crate::limits::{Limits, URL_BYTES, within};
use crate::pki::Certificate;
use crate::pki::path::{Issuers, Memory};
use crate::retrieval::{Attempt, Request, RequestKind, Retrieve};

/// Asks, remembers what came back, and keeps a record of it.
#[derive(Debug)]
pub(crate) struct Gathering<'a> {
    retrieve: &'a dyn Retrieve,
    past: Option<&'a Replay>,
    memory: &'a Memory,
    limits: &'a Limits,
    got: RefCell<Got>,
}

type Answers<K, T> = HashMap<K, Result<T, Unusable>>;

#[derive(Debug, Default)]
struct Got {
    certificates: Answers<String, Vec<Certificate>>,
    crls: Answers<String, Vec<Crl>>,
    /// By URL and the certificate asked about.
    responses: Answers<(String, Vec<u8>), OcspResponse>,
    attempts: Vec<Attempt>,
    questions: usize,
    bytes: u64,
}

/// Certificates that one answer may bring: an issuer's, renewed now and then.
const BAG: usize = 16;

impl<'a> Gathering<'a> {
    pub(crate) fn new(retrieve: &'a dyn Retrieve, memory: &'a Memory, limits: &'a Limits) -> Self {
        Self { retrieve, past: None, memory, limits, got: RefCell::default() }
    }

    /// Asks as it was asked then.
    pub(crate) fn repeating(mut self, past: Option<&'a Replay>) -> Self {
        self.past = past;
        self
    }

    /// Every question, in the order they were asked, and what came of it.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.got.borrow().attempts.clone()
    }

    /// All certificates that came, whoever they are about.
    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        sorted(&self.got.borrow().certificates).flatten().cloned().collect()
    }

    /// All lists and answers that came.
    pub(crate) fn revocation(&self) -> Kept {
        let got = self.got.borrow();
        Kept {
            crls: sorted(&got.crls).flatten().cloned().collect(),
            responses: sorted(&got.responses).cloned().collect(),
        }
    }

    /// URLs to ask for one certificate, those that can be asked first; after as many as are
    /// asked, one more as a failure.
    pub(super) fn urls<'u>(&self, urls: &'u [String]) -> Vec<Result<&'u str, (String, Unusable)>> {
        let (mut order, others): (Vec<_>, Vec<_>) =
            urls.iter().map(String::as_str).partition(|it| is_http(it));
        order.extend(others);
        let most = self.limits.retrieval_urls;
        let mut all: Vec<_> = order.iter().take(most).map(|it| Ok(*it)).collect();
        if let (Some(url), Err(error)) =
            (order.get(most), within(order.len(), most, "URLs of one kind for one certificate"))
        {
            all.push(Err(((*url).to_owned(), not_retrieved(&error))));
        }
        all
    }

    /// The revocation lists at this URL.
    pub(super) fn lists(
        &self,
        certificate: &Certificate,
        url: &str,
    ) -> Result<Vec<Crl>, (String, Unusable)> {
        let ask = || {
            let most = u64::try_from(self.limits.crl_bytes).unwrap_or(u64::MAX);
            self.read_lists(&Request::get(RequestKind::Crl, url, most))
        };
        let about = (RequestKind::Crl, url, certificate);
        self.once(|got| &mut got.crls, url.to_owned(), about, ask)
    }

    /// Reads them anew unless they are the same as for an earlier document. To the bounds of
    /// this one that makes no difference.
    fn read_lists(&self, request: &Request<'_>) -> Result<Vec<Crl>, Unusable> {
        let request = self.admit(request)?;
        let edition = self.retrieve.edition(&request);
        let known = edition.as_ref().and_then(|it| self.memory.lists(request.url, it));
        if let Some(known) = known {
            self.received(known.size, &request)?;
            return Ok(known.lists);
        }
        let bytes = self.ask(&request)?;
        let size = bytes.len();
        let lists = Crl::all_from(bytes, self.limits).map_err(|error| not_retrieved(&error))?;
        if let Some(edition) = edition {
            let (url, lists) = (request.url.to_owned(), lists.clone());
            self.memory.remember_lists(ReadLists { url, edition, size, lists }, self.limits);
        }
        Ok(lists)
    }

    /// What the responder at this URL says about the certificate.
    pub(super) fn response(
        &self,
        certificate: &Certificate,
        issuer_key_info: &[u8],
        url: &str,
    ) -> Result<OcspResponse, (String, Unusable)> {
        let id = request::certificate_id(certificate, issuer_key_info)
            .map_err(|error| (url.to_owned(), not_retrieved(&error)))?;
        let ask = || {
            let nonce = match self.past {
                Some(past) => past.nonce(url, &id),
                None if self.retrieve.remembers() => None,
                None => request::nonce(),
            };
            let body = request::request(&id, nonce.as_deref());
            let most = u64::try_from(self.limits.ocsp_bytes).unwrap_or(u64::MAX);
            let bytes = self.fetch(&Request::post(RequestKind::Ocsp, url, &body, most))?;
            let response = OcspResponse::from_der(&bytes, self.limits);
            let response = response.map_err(|error| not_retrieved(&error))?;
            match (nonce, response.nonce()) {
                // Many responders sign once for all who ask, and have none to give back.
                (_, None) => Ok(response),
                (Some(asked), Some(given)) if asked == given => Ok(response),
                (None, Some(_)) if self.retrieve.remembers() => Ok(response),
                _ => Err(Unusable::WrongNonce),
            }
        };
        let about = (RequestKind::Ocsp, url, certificate);
        self.once(|got| &mut got.responses, (url.to_owned(), id.clone()), about, ask)
    }

    /// Asks what was not asked before, and keeps the answer.
    fn once<K: Hash + Eq, T: Clone>(
        &self,
        known: impl Fn(&mut Got) -> &mut Answers<K, T>,
        key: K,
        (kind, url, certificate): (RequestKind, &str, &Certificate),
        ask: impl FnOnce() -> Result<T, Unusable>,
    ) -> Result<T, (String, Unusable)> {
        let failed = |why: Unusable| (url.to_owned(), why);
        if let Some(answer) = known(&mut self.got.borrow_mut()).get(&key) {
            return answer.clone().map_err(failed);
        }
        let answer = ask();
        self.record(kind, url, certificate, answer.as_ref().err());
        known(&mut self.got.borrow_mut()).insert(key, answer.clone());
        answer.map_err(failed)
    }

    fn record(&self, kind: RequestKind, url: &str, about: &Certificate, error: Option<&Unusable>) {
        let (url, certificate) = (url.chars().take(URL_BYTES).collect(), about.subject());
        let error = error.map(in_words);
        let attempt = Attempt { kind, url, certificate, error };
        self.got.borrow_mut().attempts.push(attempt);
    }

    /// What the service says, where it may be asked.
    fn fetch(&self, request: &Request<'_>) -> Result<Vec<u8>, Unusable> {
        self.ask(&self.admit(request)?)
    }

    /// The question, with no more room for the answer than is left.
    fn admit<'r>(&self, request: &Request<'r>) -> Result<Request<'r>, Unusable> {
        let room = self.room(request).map_err(|error| not_retrieved(&error))?;
        Ok(Request { most_bytes: request.most_bytes.min(room), ..*request })
    }

    fn ask(&self, request: &Request<'_>) -> Result<Vec<u8>, Unusable> {
        let bytes = self.retrieve.retrieve(request).map_err(|error| not_retrieved(&error))?;
        self.received(bytes.len(), request)?;
        Ok(bytes)
    }

    fn received(&self, bytes: usize, request: &Request<'_>) -> Result<(), Unusable> {
        let count = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut got = self.got.borrow_mut();
        got.bytes = got.bytes.saturating_add(count);
        if count > request.most_bytes {
            let most = request.most_bytes;
            return Err(not_retrieved(&Error::limit(format_args!("{most} bytes in one answer"))));
        }
        Ok(())
    }

    /// How many bytes may still come.
    fn room(&self, request: &Request<'_>) -> Result<u64> {
        within(request.url.len(), URL_BYTES, "bytes of a URL")?;
        if !is_http(request.url) {
            return Err(Error::unsupported("not asked, as it is neither http nor https"));
        }
        let mut got = self.got.borrow_mut();
        got.questions = got.questions.saturating_add(1);
        within(got.questions, self.limits.retrievals, "questions asked for one document")?;
        let most = self.limits.retrieved_bytes;
        match most.saturating_sub(got.bytes) {
            0 => Err(Error::limit(format_args!("{most} bytes of answers for one document"))),
            room => Ok(room),
        }
    }
}

impl Issuers for Gathering<'_> {
    /// RFC 5280 §4.2.2.1, `id-ad-caIssuers`; then those that came for another certificate,
    /// as an authority for time-stamps may not say where its issuer is to be had.
    fn issuers_of(&self, certificate: &Certificate) -> Vec<Certificate> {
        let mut all = Vec::new();
        for url in self.urls(certificate.issuer_urls()) {
            match url {
                Ok(url) => all.extend(self.issuers_at(url, certificate)),
                Err((url, why)) => {
                    self.record(RequestKind::Certificates, &url, certificate, Some(&why));
                }
            }
        }
        let named = self.certificates().into_iter();
        let named = named.filter(|it| it.subject_name().matches(certificate.issuer_name()));
        for other in named {
            if !all.contains(&other) {
                all.push(other);
            }
        }
        all
    }
}

impl Gathering<'_> {
    fn issuers_at(&self, url: &str, certificate: &Certificate) -> Vec<Certificate> {
        let ask = || {
            let most = self.limits.certificate_bytes.saturating_mul(BAG);
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            let bytes = self.fetch(&Request::get(RequestKind::Certificates, url, most))?;
            let read = Certificate::all_from(&bytes, self.limits)
                .and_then(|all| within(all.len(), BAG, "certificates at one URL").map(|()| all));
            read.map_err(|error| not_retrieved(&error))
        };
        let about = (RequestKind::Certificates, url, certificate);
        let answer = self.once(|got| &mut got.certificates, url.to_owned(), about, ask);
        answer.unwrap_or_default()
    }
}

/// By key, so that what is concluded never depends on the order of a map.
fn sorted<K: Ord, T>(answers: &Answers<K, T>) -> impl Iterator<Item = &T> {
    let mut all: Vec<_> = answers.iter().collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    all.into_iter().filter_map(|(_, answer)| answer.as_ref().ok())
}

fn not_retrieved(error: &Error) -> Unusable {
    Unusable::NotRetrieved { why: error.to_string() }
}

/// For the record of what was asked; reports have words of their own.
fn in_words(why: &Unusable) -> String {
    match why {
        Unusable::NotRetrieved { why } => why.clone(),
        _ => "the answer repeats another nonce than it was asked with".into(),
    }
}

/// RFC 3986 §3.1: schemes are written in either case.
fn is_http(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|it| it == "http" || it == "https")
}
