//! Revocation information in the attributes of one signer: the revocation values (EN 319
//! 122-1 Annex A.1.2.2), and Adobe's archive of them (ISO 32000-1 §12.8.3.3.2), which is
//! signed.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::oids::REVOCATION_VALUES;
use super::parse::RevocationInfo;
use super::signer::SignerInfo;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{ErrorKind, Result};

impl<'a> SignerInfo<'a> {
    /// All of it that can be read; that some of it is broken helps nobody.
    ///
    /// # Errors
    /// `LimitExceeded` when a bound was reached.
    pub(crate) fn revocation_values(&self) -> Result<Vec<RevocationInfo<'a>>> {
        let mut found = Vec::new();
        let unsigned = self.unsigned_attributes().values(REVOCATION_VALUES);
        let signed = self.signed_attributes().into_iter();
        for value in unsigned.chain(signed.flat_map(|it| it.revocation_archive())) {
            match read(&value, &mut found) {
                Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(found)
    }
}

/// `SEQUENCE { crlVals [0] SEQUENCE OF CertificateList, ocspVals [1] SEQUENCE OF
/// BasicOCSPResponse, … }`; Adobe's has whole OCSPResponses.
fn read<'a>(value: &Value<'a>, found: &mut Vec<RevocationInfo<'a>>) -> Result<()> {
    let mut fields = value.sequence()?;
    if let Some(crls) = fields.optional(Tag::context(0))? {
        let mut crls = crls.explicit()?.sequence()?;
        while let Some(crl) = crls.next()? {
            found.push(RevocationInfo::Crl(crl.raw()));
        }
    }
    if let Some(responses) = fields.optional(Tag::context(1))? {
        let mut responses = responses.explicit()?.sequence()?;
        while let Some(response) = responses.next()? {
            found.push(RevocationInfo::OcspResponse(response.raw()));
        }
    }
    Ok(())
}
