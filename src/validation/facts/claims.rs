//! What signers say besides, which nothing proves.

use serde::Serialize;

/// What the signer says of itself and of what it signed for (EN 319 122-1 §5.2, EN 319 132-1
/// §5.2), in its own words. Signed, but claimed: nobody else vouches for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// In which roles it signed.
    pub roles: Vec<String>,
    /// Where it signed: the parts of the place, as they stand.
    pub production_place: Vec<String>,
    /// What it commits itself to: object identifiers in dotted form, or URIs.
    pub commitments: Vec<String>,
    /// The signing time as it stands, where it names no zone (XML Schema part 2 §3.2.7). Which
    /// moment it means cannot be told, so that the claimed time is unknown.
    pub time_without_zone: Option<String>,
}

/// Letters of a claim that are told.
const LETTERS: usize = 200;

impl Claims {
    /// What is empty says nothing.
    pub(in crate::validation) fn add(all: &mut Vec<String>, said: &str) {
        let said = said.trim();
        if !said.is_empty() {
            all.push(said.chars().take(LETTERS).collect());
        }
    }
}
