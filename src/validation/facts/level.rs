//! How far the structure of signatures goes.

use std::fmt;

use serde::Serialize;

use crate::signature::cades::StructuralLevel;

/// How far a signature's structure goes. It says nothing about validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum SignatureLevel {
    /// EN 319 122-1 §6, EN 319 142-1 §6: what a baseline signature has to have.
    #[serde(rename = "BASELINE-B")]
    BaselineB,
    /// Besides, a time-stamp over the signature.
    #[serde(rename = "BASELINE-T")]
    BaselineT,
    /// Besides, revocation data for every certificate on the paths that stand there.
    #[serde(rename = "BASELINE-LT")]
    BaselineLt,
    /// Besides, a time-stamp over everything.
    #[serde(rename = "BASELINE-LTA")]
    BaselineLta,
    /// EN 319 122-2: the certificate is signed.
    #[serde(rename = "BES")]
    Bes,
    /// And so is the policy.
    #[serde(rename = "EPES")]
    Epes,
    /// And there is a time-stamp over the signature.
    #[serde(rename = "T")]
    T,
    /// And validation data, without references to it.
    #[serde(rename = "LT")]
    Lt,
    /// And references to validation data.
    #[serde(rename = "C")]
    C,
    /// And a time-stamp over these.
    #[serde(rename = "X")]
    X,
    /// And the validation data.
    #[serde(rename = "XL")]
    Xl,
    /// And an archive time-stamp.
    #[serde(rename = "A")]
    A,
    /// With an evidence record in its place.
    #[serde(rename = "ERS")]
    Ers,
    /// EN 319 142-2: validation data and a time-stamp stand in the same PDF.
    #[serde(rename = "LTV")]
    Ltv,
    /// Nothing signed says whose certificate it was.
    #[serde(rename = "NOT_ETSI")]
    NotEtsi,
}

impl fmt::Display for SignatureLevel {
    /// As the JSON of reports spells it: `BASELINE-B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl From<StructuralLevel> for SignatureLevel {
    fn from(level: StructuralLevel) -> Self {
        match level {
            StructuralLevel::NotEtsi => Self::NotEtsi,
            StructuralLevel::BaselineB => Self::BaselineB,
            StructuralLevel::BaselineT => Self::BaselineT,
            StructuralLevel::BaselineLt => Self::BaselineLt,
            StructuralLevel::BaselineLta => Self::BaselineLta,
            StructuralLevel::Bes => Self::Bes,
            StructuralLevel::Epes => Self::Epes,
            StructuralLevel::T => Self::T,
            StructuralLevel::Lt => Self::Lt,
            StructuralLevel::C => Self::C,
            StructuralLevel::X => Self::X,
            StructuralLevel::Xl => Self::Xl,
            StructuralLevel::A => Self::A,
            StructuralLevel::Ers => Self::Ers,
        }
    }
}
