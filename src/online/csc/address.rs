//! Which addresses secrets are sent to.

use ureq::http::Uri;

use crate::error::{Error, Result};
use crate::exchange::http::is_loopback;

/// Refuses an address that secrets would be readable on the way to, unless `plain` allows it,
/// and one that carries secrets itself. The address is not repeated: it may hold some.
pub(super) fn check(endpoint: &str, plain: bool) -> Result<()> {
    let uri: Uri =
        endpoint.parse().map_err(|_| Error::misuse("the signing service's address is no URL"))?;
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(Error::misuse("the signing service's address names no host"));
    }
    if uri.authority().is_some_and(|it| it.as_str().contains('@')) || uri.query().is_some() {
        let what = "the signing service's address must hold neither a name, nor a password, \
                    nor a query";
        return Err(Error::misuse(what));
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if plain || is_loopback(host) => Ok(()),
        Some("http") => Err(Error::misuse(
            "the signing service has to be asked over https: over http whoever is on the way \
             reads the PIN",
        )),
        _ => Err(Error::misuse("the signing service's address begins with no https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback() {
        for good in [
            "https://rssp.example.vn/csc/v2",
            "http://localhost:8080/csc/v2",
            "http://127.0.0.1/csc/v2",
            "http://[::1]:80/csc/v2",
        ] {
            assert!(check(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://rssp.example.vn/csc/v2",
            "http://127.0.0.1.example.vn/",
            "http://localhost.example.vn/",
            "http://10.0.0.1/",
            "ftp://localhost/",
            "rssp.example.vn",
            "/csc/v2",
            "",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert!(check("http://10.0.0.1/csc/v2", true).is_ok());
        for telling in ["https://user:s3cret@host/", "https://host/?token=s3cret"] {
            let error = check(telling, true).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }
}
