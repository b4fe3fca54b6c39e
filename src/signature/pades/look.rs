//! What is seen of a signature: the look that was asked for, filled in from what is
//! signed.

use super::create::Look;
use crate::appearance::{
    Appearance, Page, Placement, Subject as Words, Transparency, place, put_form, visible,
};
use crate::encoding::pdf::{Dictionary, Object, Reference, Update, View, page_at};
use crate::error::{Error, Result};
use crate::pki::{Certificate, GeneralName};
use crate::time::UtcTime;

/// Who signs and when: from the certificate and the claimed time, and from nowhere else.
pub(super) struct Subject {
    name: String,
    email: Option<String>,
    organization: Option<String>,
    title: Option<String>,
    claimed_time: UtcTime,
}

impl Subject {
    pub(super) fn of(certificate: &Certificate, claimed_time: UtcTime) -> Self {
        let subject = certificate.subject_name();
        let alternative = certificate.alternative_names().unwrap_or_default();
        let email = alternative.iter().find_map(|it| match it {
            GeneralName::Email(address) => Some(address.clone()),
            _ => None,
        });
        let email = email.or_else(|| subject.emails().iter().flatten().next().cloned());
        // From the smallest, as addresses are said in Vietnamese.
        let units = subject.units().into_iter().rev();
        let organization: Vec<&str> = units.chain(subject.organization()).collect();
        Self {
            name: subject.common_name().map_or_else(|| subject.to_string(), str::to_owned),
            email,
            organization: (!organization.is_empty()).then(|| organization.join(", ")),
            title: subject.title().map(str::to_owned),
            claimed_time,
        }
    }

    fn words(&self) -> Words<'_> {
        Words {
            name: &self.name,
            email: self.email.as_deref(),
            organization: self.organization.as_deref(),
            title: self.title.as_deref(),
            claimed_time: self.claimed_time,
        }
    }
}

/// A look, and where it is wanted.
pub(super) struct Shown<'a> {
    pub(super) appearance: &'a Appearance,
    pub(super) placement: Option<&'a Placement>,
    pub(super) rectangle: Option<[f64; 4]>,
    /// From 0.
    pub(super) page: Option<u64>,
    pub(super) subject: Subject,
}

impl Look for Shown<'_> {
    fn place(&self, view: View<'_>) -> Result<(Reference, [f64; 4])> {
        let own = self.appearance.own_placement();
        match (self.rectangle, self.placement.or(own.as_ref())) {
            (Some(_), Some(_)) if self.placement.is_some() => {
                Err(Error::misuse("a look has a rectangle or a placement, not both"))
            }
            (Some(rectangle), _) => {
                let n = self.page.unwrap_or(0);
                let page = page_at(view, n)?.ok_or_else(|| {
                    let n = n.saturating_add(1);
                    Error::misuse(format!("this PDF has no page {n} to sign on"))
                })?;
                let [x0, y0, x1, y1] = rectangle;
                Ok((page.0, [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]))
            }
            (None, Some(placement)) => {
                let size = self.appearance.natural(&self.subject.words())?.size;
                let place = place(view, placement, self.appearance, size, self.page)?;
                Ok((place.page, place.rectangle))
            }
            (None, None) => Err(Error::misuse(
                "a look needs a place: a rectangle, a placement, or an empty field",
            )),
        }
    }

    fn draw(
        &self,
        update: &mut Update<'_>,
        page: &Dictionary,
        rectangle: [f64; 4],
    ) -> Result<Reference> {
        let view = update.view();
        let page = Page::of(view, page)?;
        visible(&page, rectangle)?;
        let scene = self.appearance.within(page.size_of(rectangle), &self.subject.words())?;
        put_form(update, &scene, page.turn, transparency(view)?)
    }
}

/// PDF/A-1 knows no transparency; a document that claims to be one stays one.
fn transparency(view: View<'_>) -> Result<Transparency> {
    /// Metadata that is looked into: real ones take some kilobytes.
    const MOST: u64 = 1 << 20;
    let (_, catalog) = view.catalog()?;
    let Object::Stream(metadata) = view.value(&catalog, "Metadata")? else {
        return Ok(Transparency::Soft);
    };
    let data = view.stream_data(&metadata)?;
    if data.end.saturating_sub(data.start) > MOST {
        return Ok(Transparency::Soft);
    }
    let xmp = view.decoded(&metadata).unwrap_or_default();
    Ok(if claims_first_part(&xmp) { Transparency::Hard } else { Transparency::Soft })
}

/// ISO 19005-1 §6.7.11: `pdfaid:part` is 1, as an attribute or as an element.
fn claims_first_part(xmp: &[u8]) -> bool {
    let text = String::from_utf8_lossy(xmp);
    text.split("pdfaid:part").skip(1).any(|rest| {
        let value = rest.trim_start_matches(|c: char| c.is_whitespace() || "=>\"'".contains(c));
        value.starts_with('1')
    })
}
