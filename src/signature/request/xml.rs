//! XML signatures: what is around the value, and where the signature goes.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Document, Piece, Prepared, Signed, broken};
use crate::crypto::SignatureAlgorithm;
use crate::error::Result;
use crate::keys::SignatureValue;
use crate::pki::Certificate;
use crate::signature::xades::is_as_prepared;
use crate::signature::xmldsig::{Parts, value_in_xml};

/// A `ds:Signature` but for its value and what is signed, which stands in it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Layout {
    before: String,
    /// After what is signed.
    before_value: String,
    after: String,
    /// After the document, where the signature holds it.
    end: String,
    place: Place,
}

/// Where a signature goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    form: Form,
    /// What is written before the signature and behind it besides.
    besides: (String, String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Form {
    /// It stands alone, the document not in it.
    Alone,
    /// It stands alone, and holds the document in base64.
    Around,
    /// It is put in the place of these octets of the document.
    Within(Range<u64>),
}

impl Place {
    pub(crate) fn alone() -> Self {
        Self { form: Form::Alone, besides: Default::default() }
    }

    pub(crate) fn around() -> Self {
        Self { form: Form::Around, besides: Default::default() }
    }

    pub(crate) fn within(replaced: Range<u64>) -> Self {
        Self { form: Form::Within(replaced), besides: Default::default() }
    }

    /// With these texts before the signature and behind it.
    pub(crate) fn besides(mut self, before: impl Into<String>, behind: impl Into<String>) -> Self {
        self.besides = (before.into(), behind.into());
        self
    }
}

impl Prepared {
    /// An XML signature that lacks its value.
    pub(crate) fn of_xml(
        parts: Parts,
        algorithm: SignatureAlgorithm,
        certificate_chain: &[Certificate],
        document: Document,
        place: Place,
    ) -> Self {
        let Parts { before, signed_info, before_value, after, end } = parts;
        let layout = super::Layout::Xml(Layout { before, before_value, after, end, place });
        Self::new(algorithm, certificate_chain, signed_info.into_bytes(), document, layout)
    }

    /// The value where it belongs, if the signature is still the one that was prepared.
    pub(super) fn complete_xml(self, value: &SignatureValue) -> Result<Signed> {
        let super::Layout::Xml(layout) = self.layout else { return Err(broken()) };
        let certificate = self.certificate_chain.first().ok_or_else(broken)?;
        let signed = self.to_be_signed.bytes();
        let value = value_in_xml(certificate, self.to_be_signed.algorithm(), value)?;
        let (before, before_value) = (layout.before.as_bytes(), layout.before_value.as_bytes());
        let head = [before, signed, before_value, &value, layout.after.as_bytes()].concat();
        if !self.same_process {
            let signature = [&head, layout.end.as_bytes()].concat();
            let signature = std::str::from_utf8(&signature).map_err(|_| broken())?;
            if !is_as_prepared(signature, signed, certificate)? {
                return Err(broken());
            }
        }
        Ok(Signed {
            pieces: layout.place.pieces(head, layout.end, self.document.len)?,
            document: self.document,
            message_digest: Vec::new(),
            gap: None,
            check_document: !self.same_process,
        })
    }
}

impl Place {
    /// `head` and `end` around what the signature holds of a document of this length.
    fn pieces(&self, head: Vec<u8>, end: String, length: u64) -> Result<Vec<Piece>> {
        let (before, behind) = (self.besides.0.as_bytes(), self.besides.1.as_bytes());
        let whole = || Piece::Bytes([before, &head, end.as_bytes(), behind].concat());
        match &self.form {
            Form::Alone => Ok(vec![whole()]),
            Form::Around => Ok(vec![
                Piece::Bytes([before, &head].concat()),
                Piece::Base64,
                Piece::Bytes([end.as_bytes(), behind].concat()),
            ]),
            Form::Within(it) if it.start <= it.end && it.end <= length => {
                Ok(vec![Piece::Document(0..it.start), whole(), Piece::Document(it.end..length)])
            }
            Form::Within(_) => Err(broken()),
        }
    }
}
