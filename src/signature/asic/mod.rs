//! ASiC: documents and their signatures in one ZIP container (EN 319 162-1).

mod archive;
mod builder;
mod container;
mod in_xml;
mod manifest;
mod names;
mod package;
mod plan;

pub(crate) use archive::{archived, rewritten};
pub use builder::{Augment, ContainerBuilder};
pub use container::{Container, ContainerType};
pub(crate) use container::{Irregularity, Role, from_root};
pub(crate) use in_xml::covered_entries;
pub(crate) use manifest::Manifest;
