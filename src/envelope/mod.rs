//! Messages that carry documents: edXML (QCVN 102:2016).

pub mod edxml;
