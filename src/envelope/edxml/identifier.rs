//! Who and which: codes of agencies and of documents. Both are opaque texts with
//! known forms; the field is full of others, so none is ever refused for its form.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::wire_text::wire_text;

/// The code of an agency, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganId(String);

wire_text!(OrganId);

/// What an [`OrganId`] looks like. Converting one form to the other takes the
/// national directory, not a rule, except at the first level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrganIdForm {
    /// QCVN 102:2016: `000.00.15.H51`, the first level last.
    Qcvn102,
    /// Decision 20/2020/QĐ-TTg: `H37.DN.001`, the first level first.
    Decision20,
    /// Neither: shortened, of a test system, or made up.
    Other,
}

impl OrganId {
    /// Which of the known grammars it keeps to.
    #[must_use]
    pub fn form(&self) -> OrganIdForm {
        let levels: Vec<&str> = self.0.split('.').collect();
        match levels.as_slice() {
            [three, two, pair, first]
                if digits(three, 3) && digits(two, 2) && digits(pair, 2) && first_level(first) =>
            {
                OrganIdForm::Qcvn102
            }
            [first, rest @ ..]
                if first_level(first)
                    && self.0.len() <= DECISION_20_LENGTH
                    && rest.iter().all(|it| lower_level(it)) =>
            {
                OrganIdForm::Decision20
            }
            _ => OrganIdForm::Other,
        }
    }

    /// The ministry or province: `H51` of both `000.00.15.H51` and `H51.15`.
    #[must_use]
    pub fn first_level(&self) -> Option<&str> {
        match self.form() {
            OrganIdForm::Qcvn102 => self.0.rsplit('.').next(),
            OrganIdForm::Decision20 => self.0.split('.').next(),
            OrganIdForm::Other => None,
        }
    }

    /// Whether both are the same agency's for certain: the same text, or the same first
    /// level by the two grammars (`G22` and `000.00.00.G22`). Below the first level only
    /// the national directory tells.
    #[must_use]
    pub fn is_same_agency(&self, other: &Self) -> bool {
        let top = |it: &Self| {
            let code = it.0.strip_prefix("000.00.00.").unwrap_or(&it.0).to_owned();
            first_level(&code).then_some(code)
        };
        self == other || (top(self).is_some() && top(self) == top(other))
    }
}

/// Decision 20/2020/QĐ-TTg allows 35 characters.
const DECISION_20_LENGTH: usize = 35;

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|it| it.is_ascii_digit())
}

fn first_level(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() == 3
        && bytes.next().is_some_and(|it| it.is_ascii_uppercase())
        && bytes.all(|it| it.is_ascii_digit())
}

fn lower_level(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
}

/// Number and notation of a document: `7816` and `VPCP-TTĐT`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Code {
    /// *Số.*
    pub number: String,
    /// *Ký hiệu.*
    pub notation: String,
}

impl Code {
    /// From both parts.
    #[must_use]
    pub fn new(number: impl Into<String>, notation: impl Into<String>) -> Self {
        Self { number: number.into(), notation: notation.into() }
    }
}

impl fmt::Display for Code {
    /// Joined, as other places of a message have it: `7816/VPCP-TTĐT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number.is_empty(), self.notation.is_empty()) {
            (false, false) => write!(f, "{}/{}", self.number, self.notation),
            _ => write!(f, "{}{}", self.number, self.notation),
        }
    }
}

/// The identifier of a document, as written: usually
/// `000.00.00.G22,2015/09/30,7816/VPCP-TTĐT`, sometimes a UUID.
///
/// It is not the identifier under which the axis keeps a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentId(String);

wire_text!(DocumentId);

/// The three parts of a [`DocumentId`] of the usual form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentIdParts<'a> {
    /// The issuing agency.
    pub organ_id: &'a str,
    /// The date of promulgation, as written; not always a day of the calendar.
    pub date: &'a str,
    /// Number and notation: `7816/VPCP-TTĐT`.
    pub code: &'a str,
}

impl DocumentId {
    /// The usual form of the three parts.
    #[must_use]
    pub fn compose(organ_id: &OrganId, date: &Date, code: &Code) -> Self {
        Self(format!("{organ_id},{date},{code}"))
    }

    /// The three parts; nothing for another form.
    #[must_use]
    pub fn parts(&self) -> Option<DocumentIdParts<'_>> {
        let (organ_id, rest) = self.0.split_once(',')?;
        let (date, code) = rest.split_once(',')?;
        Some(DocumentIdParts { organ_id, date, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_forms_of_agency_codes() {
        for (text, form, first) in [
            ("000.00.00.G22", OrganIdForm::Qcvn102, Some("G22")),
            ("000.00.15.H51", OrganIdForm::Qcvn102, Some("H51")),
            ("H13", OrganIdForm::Decision20, Some("H13")),
            ("H37.DN.001", OrganIdForm::Decision20, Some("H37")),
            ("28.22.H17", OrganIdForm::Other, None),
            ("001.00.20.TT2", OrganIdForm::Other, None),
            ("vxp.saas.03", OrganIdForm::Other, None),
            ("H37..1", OrganIdForm::Other, None),
            ("", OrganIdForm::Other, None),
        ] {
            let id = OrganId::from(text);
            assert_eq!((id.form(), id.first_level()), (form, first), "{text}");
        }
        let long = format!("H37.{}", "A".repeat(32));
        assert_eq!(OrganId::from(long).form(), OrganIdForm::Other);
    }

    #[test]
    fn one_agency_under_two_codes() {
        let same = |a: &str, b: &str| OrganId::from(a).is_same_agency(&b.into());
        assert!(same("G22", "000.00.00.G22") && same("000.00.00.G22", "G22"));
        assert!(same("000.00.15.H51", "000.00.15.H51") && same("vxp.saas.03", "vxp.saas.03"));
        assert!(!same("G22", "000.00.00.G23") && !same("H51.15", "000.00.15.H51"));
        assert!(!same("H51", "000.00.15.H51") && !same("x", "000.00.00.x"));
    }

    #[test]
    fn takes_document_ids_apart_without_judging_them() {
        let id = DocumentId::from("000.00.00.G22,2014/02/30,7816/VPCP,X-TTĐT");
        let parts = id.parts().unwrap();
        assert_eq!(parts.organ_id, "000.00.00.G22");
        assert_eq!(parts.date, "2014/02/30");
        assert_eq!(parts.code, "7816/VPCP,X-TTĐT");
        assert_eq!(DocumentId::from("9fbfbad2-f1f8-4256-a2eb-50fb1061cddb").parts(), None);
        let date = Date::new(2026, 11, 2).unwrap();
        let id = DocumentId::compose(&"H13".into(), &date, &Code::new("5", "QĐ-UBND"));
        assert_eq!(id.as_str(), "H13,2026/11/02,5/QĐ-UBND");
    }
}
