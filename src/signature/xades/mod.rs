//! XAdES: XML signatures with qualifying properties (EN 319 132-1 and 132-2).

mod certificate_reference;
mod names;
mod policy;
mod properties;
mod signed;
mod time_stamp;
mod unsigned;

pub(crate) use certificate_reference::{CertificateReference, from_decimal};
pub(crate) use names::{V1_3_2, V1_4_1, is_signed_properties};
pub(crate) use policy::NamedPolicy;
pub(crate) use properties::{PropertyFault, PropertyFaultKind, QualifyingProperties};
pub(crate) use time_stamp::{TimeStamp, TimeStampKind};
pub(crate) use unsigned::{Property, PropertyKind, RevocationValue};
