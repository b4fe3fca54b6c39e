//! Asks for everything that requests, answers and tokens can be asked for: what fuzzers
//! and the tests with hostile bytes call.

use super::info::TimeStampInfo;
use super::request::TimeStampRequest;
use super::response::TimeStampResponse;
use super::token::TimeStampToken;
use crate::limits::Limits;

/// Whether the bytes are any of them; the answers themselves do not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let request = TimeStampRequest::from_der(bytes, &limits);
    if let Ok(request) = &request {
        let _ = (request.imprint(), request.policy(), request.critical_extension());
        let der = request.to_der().unwrap_or_default();
        let again = TimeStampRequest::from_der(&der, &limits);
        // But for its extensions, which are not written.
        let same = again.is_ok_and(|again| again.to_der().is_ok_and(|it| it == der));
        assert!(same, "a request that is written anew is another");
        let _ = request.accept(bytes, &limits);
    }
    let response = TimeStampResponse::read(bytes, &limits);
    let is_response = response.is_ok();
    let token = response.and_then(|it| it.into_token(&limits));
    let token = token.or_else(|_| TimeStampToken::from_der(bytes, &limits));
    if let Ok(token) = &token {
        let _ = (token.time(), token.accuracy(), token.imprint(), token.policy(), token.serial());
        let _ = token.check_signature(&limits);
    }
    let info = TimeStampInfo::read(bytes, &limits);
    request.is_ok() || is_response || token.is_ok() || info.is_ok()
}
