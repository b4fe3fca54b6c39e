//! XAdES: XML signatures with qualifying properties (EN 319 132-1 and 132-2).

mod algorithms;
mod builder;
mod certificate_reference;
mod counter;
mod create;
mod data;
mod edit;
mod imprint;
mod level;
mod names;
mod policy;
mod properties;
mod said;
mod signed;
mod target;
mod time_stamp;
mod unsigned;
mod write;

pub use builder::{Augment, SignatureBuilder};
pub(crate) use certificate_reference::{CertificateReference, from_decimal};
pub use counter::CounterSignatureBuilder;
pub(crate) use create::is_as_prepared;
pub(crate) use edit::{Insertion, check_unharmed};
pub(crate) use imprint::{Part, Referred, Stamped, digest_parts, digest_reference};
pub(crate) use level::Structure;
pub(crate) use names::{V1_3_2, V1_4_1, is_signed_properties};
pub(crate) use policy::NamedPolicy;
pub(crate) use properties::{PropertyFault, PropertyFaultKind, QualifyingProperties};
pub use said::ProductionPlace;

pub(crate) use signed::{SignedProperties, SigningCertificate};
pub(crate) use time_stamp::{TimeStamp, TimeStampKind};
pub(crate) use unsigned::{Property, PropertyKind, RevocationValue};
