//! Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c)).
//!
//! A name that cannot be read violates every constraint on its form, and so does every
//! name where the constraint itself cannot be read: what cannot be compared is refused.
#![warn(clippy::arithmetic_side_effects)]

use super::fault::Fault;
use crate::encoding::steers;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, GeneralName, NameConstraints, NameForm};

/// Comparisons made in one search, and how many there may be.
#[derive(Debug)]
pub(super) struct Comparisons<'a> {
    made: usize,
    limits: &'a Limits,
}

impl<'a> Comparisons<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { made: 0, limits }
    }

    fn count(&mut self, more: usize) -> Result<()> {
        self.made = self.made.saturating_add(more);
        if self.made > self.limits.name_comparisons {
            let limit = self.limits.name_comparisons;
            return Err(Error::limit(format_args!(
                "{limit} names compared with name constraints in search of one path"
            )));
        }
        Ok(())
    }
}

/// Holds all names of a certificate against the constraints of each authority above it.
pub(super) fn check(
    certificate: &Certificate,
    constraints: &[&NameConstraints],
    comparisons: &mut Comparisons<'_>,
) -> Result<Option<Fault>> {
    if constraints.is_empty() {
        return Ok(None);
    }
    for name in names(certificate) {
        let form = name.form();
        for constraints in constraints {
            let subtrees = constraints.permitted.len().saturating_add(constraints.excluded.len());
            comparisons.count(subtrees)?;
            if !is_allowed(&name, &form, constraints) {
                return Ok(Some(Fault::NameConstraint { name: shown(&name) }));
            }
        }
    }
    Ok(None)
}

/// The subject and its alternative names; without the latter, e-mail addresses within the
/// former.
fn names(certificate: &Certificate) -> Vec<GeneralName> {
    let subject = certificate.subject_name();
    let mut all = Vec::new();
    if !subject.is_empty() {
        all.push(GeneralName::Directory(subject.clone()));
    }
    match certificate.alternative_names() {
        Some(names) => all.extend_from_slice(names),
        None => all.extend(subject.emails().iter().map(|email| match email {
            Some(email) => GeneralName::Email(email.clone()),
            None => GeneralName::Unreadable(NameForm::Email),
        })),
    }
    all
}

fn is_allowed(name: &GeneralName, form: &NameForm, constraints: &NameConstraints) -> bool {
    let of_form = |base: &&GeneralName| base.form() == *form;
    if matches!(form, NameForm::Other(_)) {
        // §4.2.1.10: what is critical has to be processed or refused.
        let mut bases = constraints.permitted.iter().chain(&constraints.excluded);
        return !constraints.critical || !bases.any(|base| of_form(&base));
    }
    if constraints.excluded.iter().filter(of_form).any(|base| may_touch(name, base)) {
        return false;
    }
    let mut permitted = constraints.permitted.iter().filter(of_form).peekable();
    permitted.peek().is_none() || permitted.any(|base| is_within(name, base))
}

/// Whether the name certainly lies in the subtree.
fn is_within(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            holds_host(name, base, |name, base| base.holds(name)).unwrap_or(false)
        }
        (GeneralName::Email(name), GeneralName::Email(base)) => {
            holds_mailbox(name, base).unwrap_or(false)
        }
        (GeneralName::Uri(name), GeneralName::Uri(base)) => holds_uri(name, base).unwrap_or(false),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => holds_address(name, base),
        _ => false,
    }
}

/// Whether the name may lie in the subtree, or stand for names that do.
fn may_touch(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            holds_host(name, base, |name, base| base.touches(name)).unwrap_or(true)
        }
        (GeneralName::Email(name), GeneralName::Email(base)) => {
            holds_mailbox(name, base).unwrap_or(true)
        }
        (GeneralName::Uri(name), GeneralName::Uri(base)) => holds_uri(name, base).unwrap_or(true),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => {
            // ::ffff:0:0/96 is another way to write an address of four octets.
            let mapped = name.strip_prefix(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
            is_no_address(name)
                || holds_address(name, base)
                || mapped.is_some_and(|short| holds_address(short, base))
        }
        _ => true,
    }
}

fn holds_host(name: &str, base: &str, holds: impl Fn(&Host, &Domain) -> bool) -> Option<bool> {
    Some(holds(&Host::read(name, true)?, &Domain::read(base, true)?))
}

/// A mailbox, all mailboxes at a host, or, with a dot in front, at every host of a domain.
fn holds_mailbox(name: &str, base: &str) -> Option<bool> {
    let (local, host) = mailbox(name)?;
    Some(match base.split_once('@') {
        Some(_) => {
            let (base_local, base_host) = mailbox(base)?;
            // RFC 5321 §2.4: the local part is the host's own business, case and all.
            local == base_local && host == base_host
        }
        None => Domain::read(base, false)?.holds(&host),
    })
}

/// Quoted local parts may hold an `@`; nobody has them, and nobody agrees where they end.
fn mailbox(text: &str) -> Option<(&str, Host)> {
    let (local, host) = text.split_once('@')?;
    let plain = !local.is_empty() && !local.contains(['"', '\0']);
    Some((local, Host::read(host, false)?)).filter(|_| plain)
}

/// §4.2.1.10: the constraint is on the host, which has to be a name with a domain.
fn holds_uri(name: &str, base: &str) -> Option<bool> {
    let host = host_of(name)?;
    let base = Domain::read(base, false).filter(|base| base.name.contains('.'))?;
    Some(base.holds(&host))
}

/// RFC 3986 §3.2.
fn host_of(uri: &str) -> Option<Host> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host,
    };
    let last = host.rsplit_once('.')?.1;
    // A number is the end of an address, however it is written.
    let number = last.bytes().all(|it| it.is_ascii_digit())
        || last.get(..2).is_some_and(|it| it.eq_ignore_ascii_case("0x"));
    Host::read(host, false).filter(|_| !number)
}

fn is_no_address(octets: &[u8]) -> bool {
    !matches!(octets.len(), 4 | 16)
}

/// Address and mask of the same length (RFC 4632).
fn holds_address(name: &[u8], base: &[u8]) -> bool {
    if is_no_address(name) || base.len() != name.len().saturating_mul(2) {
        return false;
    }
    let (address, mask) = base.split_at(name.len());
    name.iter().zip(address).zip(mask).all(|((name, base), mask)| name & mask == base & mask)
}

/// A host's name in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    name: String,
    /// It stands for every name one label longer.
    wildcard: bool,
}

impl Host {
    fn read(text: &str, wildcard: bool) -> Option<Self> {
        match text.strip_prefix("*.").filter(|_| wildcard) {
            Some(parent) => Some(Self { name: labels(parent)?, wildcard: true }),
            None => Some(Self { name: labels(text)?, wildcard: false }),
        }
    }
}

/// The base of a subtree of hosts.
struct Domain {
    name: String,
    /// Whether it holds the host of its own name.
    itself: bool,
    /// Whether it holds those below.
    below: bool,
}

impl Domain {
    /// `dns`: names below need no dot in front (§4.2.1.10).
    fn read(text: &str, dns: bool) -> Option<Self> {
        // No certificate for a host has one there.
        if text.contains('_') {
            return None;
        }
        match text.strip_prefix('.') {
            Some(name) => Some(Self { name: labels(name)?, itself: false, below: true }),
            None => Some(Self { name: labels(text)?, itself: true, below: dns }),
        }
    }

    fn holds(&self, host: &Host) -> bool {
        if host.name == self.name {
            // Names below the apex alone, or all of one host.
            return if host.wildcard { self.below } else { self.itself };
        }
        self.below && is_below(&host.name, &self.name)
    }

    fn touches(&self, host: &Host) -> bool {
        self.holds(host) || (host.wildcard && is_below(&self.name, &host.name))
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 1034 §3.5, with the underscore that hosts of services have.
fn labels(text: &str) -> Option<String> {
    let is_label = |label: &str| {
        let letters =
            label.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
        !label.is_empty() && label.len() <= 63 && letters
    };
    (text.len() <= 253 && text.split('.').all(is_label)).then(|| text.to_ascii_lowercase())
}

fn shown(name: &GeneralName) -> String {
    match name {
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => {
            text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
        }
        GeneralName::Directory(name) => name.to_string(),
        GeneralName::Ip(octets) => address(octets),
        GeneralName::Other(_) | GeneralName::Unreadable(_) => format!("{:?}", name.form()),
    }
}

fn address(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        std::net::Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
        std::net::Ipv6Addr::from(octets).to_string()
    } else {
        "IP".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_holds(name: GeneralName, base: GeneralName, permitted: bool, excluded: bool) {
        assert_eq!(is_within(&name, &base), permitted, "{name:?} within {base:?}");
        assert_eq!(may_touch(&name, &base), excluded, "{name:?} touches {base:?}");
    }

    #[test]
    fn hosts() {
        for (name, base, permitted, excluded) in [
            ("a.example.vn", "EXAMPLE.vn", true, true),
            ("example.vn", "example.vn", true, true),
            ("example.vn", ".example.vn", false, false),
            ("badexample.vn", "example.vn", false, false),
            ("*.example.vn", "example.vn", true, true),
            ("*.example.vn", "a.example.vn", false, true),
            ("a.*.example.vn", "example.vn", false, true),
            ("example.vn.", "example.vn", false, true),
            ("a\0.example.vn", "example.vn", false, true),
            ("any.vn", "", false, true),
            ("any.vn", "*.vn", false, true),
        ] {
            let (name, base) = (GeneralName::Dns(name.into()), GeneralName::Dns(base.into()));
            assert_holds(name, base, permitted, excluded);
        }
    }

    #[test]
    fn mailboxes() {
        for (name, base, permitted, excluded) in [
            ("a@gov.vn", "gov.vn", true, true),
            ("a@GOV.vn", "a@gov.VN", true, true),
            ("A@gov.vn", "a@gov.vn", false, false),
            ("a@hue.gov.vn", "gov.vn", false, false),
            ("a@hue.gov.vn", ".gov.vn", true, true),
            ("a@gov.vn", ".gov.vn", false, false),
            ("a@b@gov.vn", "gov.vn", false, true),
            ("\"a@b\"@gov.vn", "gov.vn", false, true),
            ("gov.vn", "gov.vn", false, true),
        ] {
            let (name, base) = (GeneralName::Email(name.into()), GeneralName::Email(base.into()));
            assert_holds(name, base, permitted, excluded);
        }
    }

    #[test]
    fn hosts_of_uris() {
        for (name, base, permitted, excluded) in [
            ("https://gov.vn/a?b", "gov.vn", true, true),
            ("https://u:p@gov.vn:8443", "gov.vn", true, true),
            ("https://gov.vn@evil.vn/", "gov.vn", false, false),
            ("https://a.gov.vn", "gov.vn", false, false),
            ("https://a.gov.vn", ".gov.vn", true, true),
            ("https://10.0.0.1/", "gov.vn", false, true),
            ("https://[::1]/", "gov.vn", false, true),
            ("urn:gov.vn", "gov.vn", false, true),
            ("https://gov.vn", "vn:443", false, true),
        ] {
            let (name, base) = (GeneralName::Uri(name.into()), GeneralName::Uri(base.into()));
            assert_holds(name, base, permitted, excluded);
        }
    }

    #[test]
    fn addresses() {
        let base = GeneralName::Ip(vec![10, 1, 0, 0, 255, 255, 0, 0]);
        let mapped = [&[0; 10][..], &[0xff, 0xff, 10, 1, 2, 3]].concat();
        for (name, permitted, excluded) in [
            (vec![10, 1, 2, 3], true, true),
            (vec![10, 2, 2, 3], false, false),
            (vec![10, 1, 2], false, true),
            (vec![0; 16], false, false),
            (mapped, false, true),
        ] {
            assert_holds(GeneralName::Ip(name), base.clone(), permitted, excluded);
        }
    }
}
