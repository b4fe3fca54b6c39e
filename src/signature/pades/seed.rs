//! Seed values (`/SV`, ISO 32000-2 Table 237): what a field asks of the signature that
//! is to fill it.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::certification::DocMdp;
use super::form::number_of;
use super::lock::FieldLock;
use super::sub_filter::SubFilter;
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Dictionary, Object, View, text_of, text_string};
use crate::error::{Error, Place, Result};
use crate::pki::Certificate;

/// `/Ff`: which of the values are required. Others are advice.
mod required {
    pub(super) const FILTER: i64 = 1;
    pub(super) const SUB_FILTER: i64 = 1 << 1;
    pub(super) const VERSION: i64 = 1 << 2;
    pub(super) const REASONS: i64 = 1 << 3;
    pub(super) const ADD_REV_INFO: i64 = 1 << 5;
    pub(super) const DIGEST_METHOD: i64 = 1 << 6;
    pub(super) const LOCK_DOCUMENT: i64 = 1 << 7;
    pub(super) const APPEARANCE_FILTER: i64 = 1 << 8;
    /// Of a certificate seed value dictionary (Table 238).
    pub(super) const SUBJECT: i64 = 1;
    pub(super) const ISSUER: i64 = 1 << 1;
}

/// The handler that signatures are written for.
pub(super) const FILTER: &str = "Adobe.PPKLite";
/// PDF 2.0.
const VERSION: f64 = 3.0;

/// What an empty field asks of the signature that is to fill it; all of it is required.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedValues {
    sub_filters: Vec<SubFilter>,
    digests: Vec<DigestAlgorithm>,
    reasons: Vec<String>,
    /// Within: nothing for an approval.
    kind: Option<Option<DocMdp>>,
    time_stamp: Option<String>,
    lock_document: bool,
}

impl SeedValues {
    /// Asks for nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One of these formats, the first where the signer does not choose.
    #[must_use]
    pub fn sub_filters(mut self, formats: impl IntoIterator<Item = SubFilter>) -> Self {
        self.sub_filters = formats.into_iter().collect();
        self
    }

    /// One of these digest algorithms.
    #[must_use]
    pub fn digest_methods(mut self, digests: impl IntoIterator<Item = DigestAlgorithm>) -> Self {
        self.digests = digests.into_iter().collect();
        self
    }

    /// One of these reasons.
    #[must_use]
    pub fn reasons<R: Into<String>>(mut self, reasons: impl IntoIterator<Item = R>) -> Self {
        self.reasons = reasons.into_iter().map(Into::into).collect();
        self
    }

    /// A certification with this permission.
    #[must_use]
    pub fn certification(mut self, permission: DocMdp) -> Self {
        self.kind = Some(Some(permission));
        self
    }

    /// No certification.
    #[must_use]
    pub fn approval(mut self) -> Self {
        self.kind = Some(None);
        self
    }

    /// A time-stamp of the authority at this URL.
    #[must_use]
    pub fn time_stamp(mut self, url: impl Into<String>) -> Self {
        self.time_stamp = Some(url.into());
        self
    }

    /// That the signature is the last one, and locks the document.
    #[must_use]
    pub fn lock_document(mut self) -> Self {
        self.lock_document = true;
        self
    }

    pub(super) fn dictionary(&self) -> Dictionary {
        let mut flags = 0;
        let mut values = Dictionary::new().with("Type", Object::name("SV"));
        let mut array = |key, flag, items: Vec<Object>| {
            if !items.is_empty() {
                flags |= flag;
                values.set(key, Object::Array(items));
            }
        };
        let formats = self.sub_filters.iter().map(|it| Object::name(it.name())).collect();
        array("SubFilter", required::SUB_FILTER, formats);
        let digests = self.digests.iter().map(|it| Object::name(it.name())).collect();
        array("DigestMethod", required::DIGEST_METHOD, digests);
        let reasons = self.reasons.iter().map(|it| text_string(it)).collect();
        array("Reasons", required::REASONS, reasons);
        if let Some(kind) = self.kind {
            let p = Object::Integer(kind.map_or(0, |it| it.p().into()));
            values.set("MDP", Object::Dictionary(Dictionary::new().with("P", p)));
        }
        if let Some(url) = &self.time_stamp {
            let authority = Dictionary::new()
                .with("URL", Object::String(url.as_bytes().to_vec()))
                .with("Ff", Object::Integer(1));
            values.set("TimeStamp", Object::Dictionary(authority));
        }
        if self.lock_document {
            flags |= required::LOCK_DOCUMENT;
            values.set("LockDocument", Object::name("true"));
        }
        values.with("Ff", Object::Integer(flags))
    }
}

/// The signature that is to fill a field, as far as a field may ask about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer<'a> {
    /// Nothing where the field may choose.
    pub(super) sub_filter: Option<SubFilter>,
    pub(super) digest: DigestAlgorithm,
    pub(super) reason: Option<&'a str>,
    pub(super) certification: Option<DocMdp>,
    pub(super) lock: Option<&'a FieldLock>,
    pub(super) time_stamped: bool,
    pub(super) certificate_chain: &'a [Certificate],
}

/// What is settled once a field has been heard.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) sub_filter: SubFilter,
    pub(super) lock: Option<FieldLock>,
}

impl Offer<'_> {
    /// For a field that asks for nothing.
    pub(super) fn settled(&self) -> Settled {
        Settled { sub_filter: self.sub_filter.unwrap_or_default(), lock: self.lock.cloned() }
    }

    /// Heeds what an empty field asks for, by its lock and its seed values.
    ///
    /// # Errors
    /// `Misuse` that names what the field asks for and the signature does not have;
    /// `Unsupported` where nothing made here has it.
    pub(super) fn heed(&self, view: View<'_>, name: &str, field: &Dictionary) -> Result<Settled> {
        self.settle(view, field).map_err(|error| error.at(Place::Element(name.to_owned())))
    }

    fn settle(&self, view: View<'_>, field: &Dictionary) -> Result<Settled> {
        let mut settled = self.settled();
        if let Some(asked) = view.dictionary(field, "Lock")? {
            let asked = FieldLock::read(view, &asked)?;
            if self.lock.is_some_and(|it| *it != asked) {
                return Err(Error::misuse("the field asks for a lock of its own"));
            }
            settled.lock = Some(asked);
        }
        let Some(values) = view.dictionary(field, "SV")? else { return Ok(settled) };
        let seed = Seed { view, flags: flags(view, &values)?, values };
        seed.unknown()?;
        seed.certificate(self.certificate_chain)?;
        seed.digest(self.digest)?;
        seed.reason(self.reason)?;
        seed.kind(self.certification)?;
        seed.time_stamp(self.time_stamped)?;
        settled.sub_filter = seed.sub_filter(self.sub_filter)?;
        if seed.locks()? {
            let lock = settled.lock.unwrap_or_else(FieldLock::all);
            settled.lock = Some(lock.permitting(DocMdp::NoChanges));
        }
        Ok(settled)
    }
}

fn flags(view: View<'_>, values: &Dictionary) -> Result<i64> {
    Ok(view.value(values, "Ff")?.as_integer().unwrap_or_default())
}

/// What is asked for, but not given.
fn asks(what: impl std::fmt::Display) -> Error {
    Error::misuse(format!("the field's seed values ask for {what}"))
}

/// What nothing made here has.
fn beyond(what: impl std::fmt::Display) -> Error {
    Error::unsupported(format!("the field's seed values ask for {what}"))
}

/// The seed values of a field, and which of them are required.
struct Seed<'r> {
    view: View<'r>,
    values: Dictionary,
    flags: i64,
}

impl Seed<'_> {
    fn value(&self, key: &str) -> Result<Object> {
        self.view.value(&self.values, key)
    }

    fn requires(&self, flag: i64) -> bool {
        self.flags & flag != 0
    }

    /// The items of an array, names and strings alike.
    fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Object::Array(items) = self.value(key)? else { return Ok(None) };
        let mut texts = Vec::with_capacity(items.len());
        for item in &items {
            match self.view.resolve(item)? {
                Object::Name(name) => texts.push(String::from_utf8_lossy(&name).into_owned()),
                Object::String(text) => texts.push(text_of(&text)),
                _ => return Err(Error::malformed(format!("{key} of the field's seed values"))),
            }
        }
        Ok(Some(texts))
    }

    /// What is required and cannot be had here, whatever the signer offers.
    fn unknown(&self) -> Result<()> {
        let filter = self.value("Filter")?;
        if let Some(name) = filter.as_name().filter(|it| *it != FILTER.as_bytes())
            && self.requires(required::FILTER)
        {
            return Err(beyond(format_args!("the handler {}", String::from_utf8_lossy(name))));
        }
        let version = number_of(&self.value("V")?);
        if self.requires(required::VERSION) && version.is_some_and(|it| it > VERSION) {
            return Err(beyond("more than PDF 2.0 knows of"));
        }
        let revocation = self.value("AddRevInfo")? == Object::Boolean(true);
        if self.requires(required::ADD_REV_INFO) && revocation {
            return Err(beyond("revocation data within the signature (AddRevInfo)"));
        }
        if self.requires(required::APPEARANCE_FILTER) && !self.value("AppearanceFilter")?.is_null()
        {
            return Err(beyond("a look by its name (AppearanceFilter)"));
        }
        Ok(())
    }

    /// ISO 32000-2 Table 238.
    fn certificate(&self, chain: &[Certificate]) -> Result<()> {
        let Some(asked) = self.view.dictionary(&self.values, "Cert")? else { return Ok(()) };
        let flags = flags(self.view, &asked)?;
        let among = |key, certificates: &[Certificate]| -> Result<bool> {
            for item in self.view.array(&asked, key)? {
                let item = self.view.resolve(&item)?;
                if certificates.iter().any(|it| item.as_string() == Some(it.der())) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if flags & required::SUBJECT != 0
            && asked.contains("Subject")
            && !among("Subject", chain.get(..1).unwrap_or_default())?
        {
            return Err(asks("another signer's certificate (Cert, Subject)"));
        }
        if flags & required::ISSUER != 0 && asked.contains("Issuer") && !among("Issuer", chain)? {
            return Err(asks("a certificate of another issuer (Cert, Issuer)"));
        }
        for (flag, key) in [(1 << 2, "OID"), (1 << 3, "SubjectDN"), (1 << 5, "KeyUsage")] {
            if flags & flag != 0 && asked.contains(key) {
                return Err(beyond(format_args!("a certificate by its {key}")));
            }
        }
        Ok(())
    }

    fn digest(&self, digest: DigestAlgorithm) -> Result<()> {
        let Some(asked) = self.texts("DigestMethod")? else { return Ok(()) };
        let plain = |it: &str| it.replace('-', "").to_ascii_uppercase();
        let held = asked.iter().any(|it| plain(it) == digest.name());
        if held || !self.requires(required::DIGEST_METHOD) {
            return Ok(());
        }
        Err(asks(format_args!("DigestMethod {}, not {digest}", asked.join(" or "))))
    }

    fn reason(&self, reason: Option<&str>) -> Result<()> {
        if !self.requires(required::REASONS) {
            return Ok(());
        }
        let asked = self.texts("Reasons")?.unwrap_or_default();
        match (asked.as_slice(), reason) {
            ([], None) => Ok(()),
            ([only], None) if only == "." => Ok(()),
            ([only], Some(_)) if only == "." => Err(asks("no reason at all (Reasons)")),
            ([], Some(_)) => Err(asks("no reason at all (Reasons)")),
            (asked, Some(reason)) if asked.iter().any(|it| it == reason) => Ok(()),
            (asked, _) => Err(asks(format_args!("one of the reasons {asked:?}"))),
        }
    }

    /// `/MDP` is not among the flags: what is there is required.
    fn kind(&self, certification: Option<DocMdp>) -> Result<()> {
        let Some(asked) = self.view.dictionary(&self.values, "MDP")? else { return Ok(()) };
        match (self.view.value(&asked, "P")?, certification) {
            (Object::Integer(0), None) => Ok(()),
            (Object::Integer(0), Some(_)) => Err(asks("an approval, no certification (MDP)")),
            (Object::Integer(p @ 1..=3), given) if given.map(|it| it.p().into()) == Some(p) => {
                Ok(())
            }
            (Object::Integer(p @ 1..=3), _) => {
                Err(asks(format_args!("a certification with the permission {p} (MDP)")))
            }
            _ => Err(Error::malformed("MDP of the field's seed values")),
        }
    }

    fn time_stamp(&self, time_stamped: bool) -> Result<()> {
        let Some(asked) = self.view.dictionary(&self.values, "TimeStamp")? else { return Ok(()) };
        if time_stamped || flags(self.view, &asked)? & 1 == 0 {
            return Ok(());
        }
        let url = self.view.value(&asked, "URL")?;
        let url = url.as_string().map(text_of).unwrap_or_default();
        Err(asks(format_args!("a time-stamp of {url} (TimeStamp)")))
    }

    fn sub_filter(&self, chosen: Option<SubFilter>) -> Result<SubFilter> {
        let asked = self.texts("SubFilter")?.unwrap_or_default();
        let named = |it: &SubFilter| asked.iter().any(|name| name == it.name());
        let first = || asked.iter().find_map(|name| SubFilter::named(name));
        let required = self.requires(required::SUB_FILTER) && !asked.is_empty();
        match chosen {
            Some(chosen) if named(&chosen) || !required => Ok(chosen),
            Some(chosen) => {
                Err(asks(format_args!("SubFilter {}, not {chosen}", asked.join(" or "))))
            }
            None => match first() {
                Some(first) => Ok(first),
                None if required => Err(beyond(format_args!("SubFilter {}", asked.join(" or ")))),
                None => Ok(SubFilter::default()),
            },
        }
    }

    /// PDF 2.0: a name, `true`, `false` or `auto`.
    fn locks(&self) -> Result<bool> {
        Ok(match self.value("LockDocument")? {
            Object::Name(name) => name == b"true",
            value => value == Object::Boolean(true),
        })
    }
}
