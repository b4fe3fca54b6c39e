//! ASN.1: reading BER and DER as it stands (X.690), without copying and without
//! forgetting where each value came from; and writing DER.

mod canonical;
mod reader;
mod value;
pub(crate) mod writer;

use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode, Sequence, ValueOrd};

pub(crate) use reader::{Cursor, Tag, Value};

use crate::error::{Error, Result};
use crate::limits::{ALGORITHM_BYTES, within};

/// `AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }`
/// (RFC 5280 §4.1.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence, ValueOrd)]
pub(crate) struct AlgorithmIdentifier {
    pub(crate) algorithm: ObjectIdentifier,
    pub(crate) parameters: Option<Any>,
}

impl AlgorithmIdentifier {
    pub(crate) fn without_parameters(algorithm: ObjectIdentifier) -> Self {
        Self { algorithm, parameters: None }
    }

    pub(crate) fn with_null(algorithm: ObjectIdentifier) -> Self {
        Self { algorithm, parameters: Some(Any::null()) }
    }

    /// Parameters become DER, so that two of the same meaning are equal.
    pub(crate) fn read(value: &Value<'_>) -> Result<Self> {
        Self::read_as(value, Tag::SEQUENCE)
    }

    /// As [`read`](Self::read), under an implicit tag.
    pub(crate) fn read_as(value: &Value<'_>, tag: Tag) -> Result<Self> {
        within(value.raw().len(), ALGORITHM_BYTES, "bytes of an algorithm's identifier")?;
        let mut fields = value.is(tag)?.values()?;
        let algorithm = fields.expect(Tag::OID)?.oid()?;
        let parameters = match fields.next()? {
            Some(parameters) if parameters.raw() == NULL => Some(Any::null()),
            Some(parameters) => {
                Some(Any::from_der(&parameters.canonical()?).map_err(|source| {
                    Error::malformed("the parameters of an algorithm are no ASN.1")
                        .at_offset(parameters.offset())
                        .because(source)
                })?)
            }
            None => None,
        };
        fields.finish()?;
        Ok(Self { algorithm, parameters })
    }
}

/// What most algorithms have for parameters, as DER writes it.
const NULL: &[u8] = &[5, 0];

/// The DER of a value that this crate made itself.
///
/// # Errors
/// `Misuse` when the value cannot be written, as when it is longer than DER lengths allow.
pub(crate) fn to_der(value: &impl Encode) -> Result<Vec<u8>> {
    value
        .to_der()
        .map_err(|source| Error::misuse("this value cannot be written as DER").because(source))
}
