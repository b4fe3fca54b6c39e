//! Addresses of this machine itself.

use std::net::IpAddr;

use ureq::http::Uri;

/// Whether the host of an address is this machine, by its name or its number.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback())
}

/// The same of a whole address.
pub(super) fn leads_to_loopback(endpoint: &str) -> bool {
    endpoint.parse::<Uri>().is_ok_and(|it| it.host().is_some_and(is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        for here in [
            "http://localhost:8080/csc/v2",
            "http://LocalHost",
            "http://127.0.0.1/csc/v2",
            "https://127.8.9.10:443/",
            "http://[::1]:80/csc/v2",
        ] {
            assert!(leads_to_loopback(here), "{here}");
        }
        for elsewhere in [
            "http://rssp.example.vn/csc/v2",
            "http://127.0.0.1.example.vn/",
            "http://localhost.example.vn/",
            "http://10.0.0.1/",
            "http://[2001:db8::1]/",
            "localhost:80:80",
            "",
        ] {
            assert!(!leads_to_loopback(elsewhere), "{elsewhere}");
        }
    }
}
