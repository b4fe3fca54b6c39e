//! Which certificates a list is about: the issuing distribution point of the list (RFC 5280
//! §5.2.5) against the distribution points of the certificate (§4.2.1.13), by §6.3.3 (b).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::OnceCell;

use super::reason::Reasons;
use crate::encoding::asn1::writer::tlv;
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;
use crate::limits::DISTRIBUTION_POINTS;
use crate::pki::Certificate;
use crate::pki::x509::Name;

const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
/// `GeneralName > directoryName [4]`, explicit, as Name is a CHOICE.
const DIRECTORY_NAME: u8 = 0xa4;
/// Names within names within distribution points.
const DEPTH: usize = 16;

/// `IssuingDistributionPoint`. Without one a list is about all that its issuer issued.
#[derive(Debug)]
pub(super) struct Scope {
    /// GeneralNames as they stand.
    names: Option<Vec<Vec<u8>>>,
    only_users: bool,
    only_authorities: bool,
    only_attributes: bool,
    reasons: Reasons,
    indirect: bool,
}

/// `DistributionPoint`.
struct Point {
    names: Option<Vec<Vec<u8>>>,
    reasons: Reasons,
    /// Where another one than the certificate's issuer issues the list.
    issuers: Option<Vec<Vec<u8>>>,
}

impl Scope {
    pub(super) fn everything() -> Self {
        Self {
            names: None,
            only_users: false,
            only_authorities: false,
            only_attributes: false,
            reasons: Reasons::ALL,
            indirect: false,
        }
    }

    /// `issuer` is the name of the list's issuer in DER.
    pub(super) fn read(value: &Value<'_>, issuer: &[u8]) -> Result<Self> {
        let mut fields = value.sequence()?;
        let mut scope = Self::everything();
        if let Some(point) = fields.optional(Tag::context(0))? {
            scope.names = Some(point_name(&point.explicit()?, issuer)?);
        }
        scope.only_users = flag(fields.optional(Tag::context(1))?);
        scope.only_authorities = flag(fields.optional(Tag::context(2))?);
        if let Some(reasons) = fields.optional(Tag::context(3))? {
            scope.reasons = Reasons::read(&reasons)?;
        }
        scope.indirect = flag(fields.optional(Tag::context(4))?);
        scope.only_attributes = flag(fields.optional(Tag::context(5))?);
        fields.finish()?;
        Ok(scope)
    }

    /// The reasons that a list of this scope, issued by `issuer`, speaks of for this
    /// certificate; none where it is about others.
    pub(super) fn reasons_for(&self, certificate: &Subject<'_>, issuer: &Name) -> Reasons {
        let authority = certificate.authority;
        if self.only_attributes
            || (self.only_users && authority)
            || (self.only_authorities && !authority)
        {
            return Reasons::NONE;
        }
        let points = certificate.points().iter();
        let covered = points.filter(|it| self.is_at(it, certificate.certificate, issuer));
        covered.fold(Reasons::NONE, |all, it| all.or(it.reasons.and(self.reasons)))
    }

    fn is_at(&self, point: &Point, certificate: &Certificate, issuer: &Name) -> bool {
        let issued = match &point.issuers {
            Some(issuers) => self.indirect && issuers.contains(&directory_name(issuer.der())),
            None => certificate.issuer_name().matches(issuer),
        };
        let named = match (&self.names, &point.names, &point.issuers) {
            (None, ..) => true,
            (Some(own), Some(names), _) | (Some(own), None, Some(names)) => {
                own.iter().any(|it| names.contains(it))
            }
            (Some(own), None, None) => own.contains(&directory_name(issuer.der())),
        };
        issued && named
    }
}

/// A certificate that lists are asked about, and what it says of them, read once for all.
pub(super) struct Subject<'a> {
    certificate: &'a Certificate,
    authority: bool,
    points: OnceCell<Vec<Point>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(certificate: &'a Certificate) -> Self {
        let authority = certificate.basic_constraints().is_some_and(|it| it.ca);
        Self { certificate, authority, points: OnceCell::new() }
    }

    /// First read when a list asks: often there is none. Distribution points that cannot be
    /// read cover nothing.
    fn points(&self) -> &[Point] {
        self.points.get_or_init(|| points_of(self.certificate).unwrap_or_default())
    }
}

/// §6.3.3, last paragraph: besides those named, the certificate's issuer may publish a
/// list under its own name.
fn points_of(certificate: &Certificate) -> Result<Vec<Point>> {
    let mut all = vec![Point { names: None, reasons: Reasons::ALL, issuers: None }];
    let Some(extension) = certificate.extension(CRL_DISTRIBUTION_POINTS) else { return Ok(all) };
    let mut points = Value::only(extension, DEPTH)?.sequence()?;
    while let Some(point) = points.next()?.filter(|_| all.len() < DISTRIBUTION_POINTS) {
        all.push(Point::read(&point, certificate.issuer_name().der())?);
    }
    Ok(all)
}

impl Point {
    fn read(value: &Value<'_>, issuer: &[u8]) -> Result<Self> {
        let mut fields = value.sequence()?;
        let name = fields.optional(Tag::context(0))?;
        let reasons = fields.optional(Tag::context(1))?;
        let issuers = fields.optional(Tag::context(2))?;
        fields.finish()?;
        let issuers = issuers.map(|it| few_names(&it)).transpose()?;
        let relative_to = issuers.as_ref().and_then(|it| it.iter().find_map(|it| inner(it)));
        let relative_to = relative_to.unwrap_or(issuer);
        let names = name.map(|it| point_name(&it.explicit()?, relative_to)).transpose()?;
        let reasons = reasons.map_or(Ok(Reasons::ALL), |it| Reasons::read(&it))?;
        Ok(Self { names, reasons, issuers })
    }
}

/// The URLs of distribution points, whether or not they can be asked.
pub(super) fn urls_of_points(extension: &[u8]) -> Result<Vec<String>> {
    let mut points = Value::only(extension, DEPTH)?.sequence()?;
    let mut all = Vec::new();
    while let Some(point) = points.next()? {
        let Some(name) = point.sequence()?.optional(Tag::context(0))? else { continue };
        let name = name.explicit()?;
        if name.tag() != Tag::context(0) {
            continue;
        }
        let mut names = name.values()?;
        while let Some(name) = names.next()? {
            if name.tag() == Tag::context(6) {
                all.push(String::from_utf8_lossy(name.content()).into_owned());
            }
        }
    }
    Ok(all)
}

/// `DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer
/// [1] RelativeDistinguishedName }`.
fn point_name(value: &Value<'_>, issuer: &[u8]) -> Result<Vec<Vec<u8>>> {
    if value.tag() == Tag::context(0) {
        return few_names(value);
    }
    value.is(Tag::context(1))?;
    let above = Value::only(issuer, DEPTH)?;
    let last = tlv(SET, &[value.content()]);
    Ok(vec![directory_name(&tlv(SEQUENCE, &[above.content(), &last]))])
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

pub(super) fn general_names(value: &Value<'_>) -> Result<Vec<Vec<u8>>> {
    let mut names = value.values()?;
    let mut all = Vec::new();
    while let Some(name) = names.next()? {
        all.push(name.raw().to_vec());
    }
    Ok(all)
}

/// Those that are compared.
fn few_names(value: &Value<'_>) -> Result<Vec<Vec<u8>>> {
    let mut names = general_names(value)?;
    names.truncate(DISTRIBUTION_POINTS);
    Ok(names)
}

/// A Name as a GeneralName.
pub(super) fn directory_name(name: &[u8]) -> Vec<u8> {
    tlv(DIRECTORY_NAME, &[name])
}

/// The Name of a GeneralName, where it is one.
fn inner(name: &[u8]) -> Option<&[u8]> {
    let value = Value::only(name, DEPTH).ok()?.is(Tag::context(4)).ok()?;
    value.explicit().ok().map(|it| it.raw())
}

/// `[n] IMPLICIT BOOLEAN DEFAULT FALSE`.
fn flag(value: Option<Value<'_>>) -> bool {
    value.is_some_and(|it| it.content().iter().any(|octet| *octet != 0))
}
