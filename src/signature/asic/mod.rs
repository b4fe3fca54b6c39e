//! ASiC: documents and their signatures in one ZIP container (EN 319 162-1).

mod container;
mod manifest;
mod names;
#[cfg(test)]
mod tests;

pub use container::{Container, ContainerType};
pub(crate) use container::{Irregularity, Role};
pub(crate) use manifest::Manifest;
