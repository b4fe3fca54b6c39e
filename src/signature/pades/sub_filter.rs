//! The formats of PDF signatures that are made.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The format of `/Contents` (ISO 32000-2 §12.8.3.3, §12.8.3.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SubFilter {
    /// `ETSI.CAdES.detached`: PAdES baseline.
    #[default]
    EtsiCadesDetached,
    /// `adbe.pkcs7.detached`: what most of the field's tools write. The CMS carries
    /// the same attributes, and the claimed time besides.
    AdbePkcs7Detached,
}

impl SubFilter {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EtsiCadesDetached => "ETSI.CAdES.detached",
            Self::AdbePkcs7Detached => "adbe.pkcs7.detached",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::EtsiCadesDetached, Self::AdbePkcs7Detached].into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for SubFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
