//! Messages that carry documents: edXML (QCVN 102:2016); dossiers of one-stop procedures.

pub mod dossier;
pub mod edxml;
