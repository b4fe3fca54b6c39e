//! Whether a gateway has seen a request before.

use std::time::Duration;

use super::call::Call;
use super::header::{Rejection, Verified};
use crate::crypto::DigestAlgorithm;
use crate::time::UtcTime;

/// How far the `timestamp` of a request may be from the gateway's clock.
///
/// The kit takes the time once for each of its service objects, and signs every call of that
/// object with it: how long such an object lives is how old honest requests are. So the
/// default is a week, and it is not this window that tells a repetition ([`Once`] does). It
/// bounds for how long headers that somebody saw can be used, and how long a gateway has to
/// remember what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// How old it may be: a week.
    pub past: Duration,
    /// How far ahead the sender's clock may be: ten minutes.
    pub future: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { past: Duration::from_secs(7 * 86_400), future: Duration::from_secs(600) }
    }
}

impl Freshness {
    /// Until when the request is fresh: so long its [`Once`] has to be remembered.
    ///
    /// # Errors
    /// `Stale` where its time is none or lies outside of the window.
    pub fn check(&self, request: &Verified, now: UtcTime) -> Result<UtcTime, Rejection> {
        let signed = request.timestamp().ok_or(Rejection::Stale)?;
        let last = after(signed, self.past);
        if last < now || after(now, self.future) < signed {
            return Err(Rejection::Stale);
        }
        Ok(last)
    }
}

fn after(at: UtcTime, wait: Duration) -> UtcTime {
    at.plus_seconds(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX))
}

/// By what a gateway knows a change that it has made already.
///
/// The signature of the headers cannot tell one request from another. The kit signs all
/// calls of a service object with one time, and sends parameters of earlier calls along:
/// asking for a list twice, or fetching a message and then acknowledging it, are the same
/// signed headers, and honest. So the rule goes by what is asked for:
///
/// | call | the same change is |
/// |---|---|
/// | `sendEdoc` | the same message (`hash-file`) of the same sender and kind to the same receiver, whenever it was signed |
/// | `updateStatus`, `deleteAgency` | the same signed headers at the same call |
/// | `registerAgency` | the same signed headers; the body, which nothing signs, is the [content](Self::content) |
/// | all others | nothing: they change nothing, and are answered as often as they come |
///
/// What a gateway does with it, in the transaction in which it makes the change:
///
/// - The [key](Self::key) is new: it makes the change, and keeps key, content and reply. Of a
///   change that it refuses it keeps nothing: the reason may pass.
/// - The key is known, and the content is the same: it gives the reply that it kept, and
///   changes nothing. A repetition by an attacker comes to nothing; an honest one, whose
///   first answer was lost, learns what became of it.
/// - The key is known with another content: it refuses, by
///   [`ErrorCode::WRONG_CREDENTIALS`](super::ErrorCode::WRONG_CREDENTIALS). Who registers
///   several agencies makes a service object for each.
///
/// It cannot know headers that were signed for one call and are used for another before the
/// kit does so itself: the signature names no call. Against that there is TLS alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Once {
    key: String,
    content: String,
}

impl Once {
    /// Of a request for a change; nothing where the call changes nothing. `body` is that of
    /// the request; of a message it is not needed, whose digest is among the parameters.
    #[must_use]
    pub fn of(call: Call, request: &Verified, body: &[u8]) -> Option<Self> {
        let parameter = |name| request.parameter(name).unwrap_or_default().to_owned();
        let tag: String = request.tag().iter().map(|byte| format!("{byte:02x}")).collect();
        let (mark, content) = match call {
            Call::SendEdoc => {
                let message = ["from", "messagetype", "to", "hash-file"].map(parameter).join("\n");
                (message, String::new())
            }
            Call::UpdateStatus | Call::DeleteAgency => (tag, String::new()),
            Call::RegisterAgency => (tag, DigestAlgorithm::Sha256.digest(body).to_string()),
            _ => return None,
        };
        let mark = format!("{}\n{}\n{mark}", call.path(), request.system_id());
        Some(Self { key: DigestAlgorithm::Sha256.digest(mark.as_bytes()).to_string(), content })
    }

    /// The mark of the change: 64 hexadecimal digits.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The mark of what the key leaves open: hexadecimal digits, or nothing.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::axis::{Credentials, SignedHeaders, verify};

    const SIGNED: &str = "2026-11-22T15:56:48.174+07:00";

    fn request(at: &str, parameters: &[(&str, &str)]) -> Verified {
        let known = Credentials::new("H13", "secret");
        let headers =
            SignedHeaders::new(&known, parameters, "application/json", at.parse().unwrap())
                .unwrap();
        verify(headers.iter(), |_| Some(&known)).unwrap()
    }

    #[test]
    fn the_window_is_as_wide_as_it_says() {
        let request = request(SIGNED, &[]);
        let signed: UtcTime = SIGNED.parse().unwrap();
        assert_eq!(request.timestamp(), Some(signed));
        let window = Freshness { past: Duration::from_secs(60), future: Duration::from_secs(5) };
        let at = |seconds| window.check(&request, signed.plus_seconds(seconds));
        assert_eq!(at(0), Ok(signed.plus_seconds(60)));
        assert!(at(60).is_ok() && at(-5).is_ok());
        assert_eq!(at(61), Err(Rejection::Stale));
        assert_eq!(at(-6), Err(Rejection::Stale));
        let whole = Freshness { past: Duration::MAX, future: Duration::MAX };
        assert!(whole.check(&request, UtcTime::from_unix(0).unwrap()).is_ok());
        assert!(whole.check(&request, signed.plus_seconds(1 << 33)).is_ok());
    }

    /// What an honest kit does with one service object, and so with one time.
    #[test]
    fn honest_requests_that_look_alike_are_not_repetitions() {
        let list = request(SIGNED, &[("messagetype", "edoc")]);
        for call in [Call::GetReceivedEdocList, Call::GetSentEdocList, Call::CountReceiveEdoc] {
            assert_eq!(Once::of(call, &list, b""), None);
        }
        // Fetched with the state of the message before, then acknowledged: the same headers.
        let second = request(SIGNED, &[("docId", "2"), ("status", "done")]);
        assert_eq!(Once::of(Call::GetEdoc, &second, b"{}"), None);
        let first = request(SIGNED, &[("docId", "1"), ("status", "done")]);
        let done = |it| Once::of(Call::UpdateStatus, it, b"{}").unwrap();
        assert_ne!(done(&first), done(&second));
        let processing = request(SIGNED, &[("docId", "1"), ("status", "processing")]);
        assert_ne!(done(&first), done(&processing));
        let deleted = Once::of(Call::DeleteAgency, &first, b"{}").unwrap();
        assert_ne!(deleted.key(), done(&first).key(), "each call for itself");
    }

    #[test]
    fn a_change_is_known_again() {
        let status = request(SIGNED, &[("docId", "1"), ("status", "done")]);
        let once = |body: &[u8]| Once::of(Call::UpdateStatus, &status, body).unwrap();
        assert_eq!(once(b"{}"), once(b"{}x"), "its body says nothing");

        let later = "2026-11-23T08:00:00+07:00";
        let message = |at, hash, kind| {
            let parameters = [("from", "H13"), ("messagetype", kind), ("hash-file", hash)];
            Once::of(Call::SendEdoc, &request(at, &parameters), b"").unwrap()
        };
        assert_eq!(message(SIGNED, "abc", "edoc"), message(later, "abc", "edoc"));
        assert_ne!(message(SIGNED, "abc", "edoc"), message(SIGNED, "abd", "edoc"));
        assert_ne!(message(SIGNED, "abc", "edoc"), message(SIGNED, "abc", "status"));

        let bare = request(SIGNED, &[]);
        let register = |body: &[u8]| Once::of(Call::RegisterAgency, &bare, body).unwrap();
        assert_eq!(register(b"{\"code\":\"H1\"}"), register(b"{\"code\":\"H1\"}"));
        assert_eq!(register(b"{\"code\":\"H1\"}").key(), register(b"{\"code\":\"H2\"}").key());
        assert_ne!(register(b"{\"code\":\"H1\"}"), register(b"{\"code\":\"H2\"}"));
    }
}
