//! From parsed signatures to facts. Nothing is judged here.

mod asic;
mod cms;
mod cms_value;
mod completeness;
mod data;
mod data_object;
mod digests;
mod evidence_record;
mod octets;
mod pdf;
mod revocation;
mod time_stamp;
mod xml;

pub(super) use asic::{Collected as CollectedContainer, collect as collect_container};
pub(super) use cms::{CmsSource, collect as collect_cms};
pub(super) use data::Data;
pub(super) use data_object::DataObject;
pub(super) use evidence_record::collect as collect_evidence_record;
pub(super) use pdf::collect as collect_pdf;
pub(super) use time_stamp::{Beside, alone as collect_token};
pub(super) use xml::{XmlSource, collect as collect_xml};
