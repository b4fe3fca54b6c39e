//! From parsed signatures to facts. Nothing is judged here.

mod cms;
mod completeness;
mod data;
mod octets;
mod pdf;
mod revocation;
mod time_stamp;
mod xml;

pub(super) use cms::{CmsSource, collect as collect_cms};
pub(super) use data::Data;
pub(super) use pdf::collect as collect_pdf;
pub(super) use time_stamp::{Beside, alone as collect_token};
pub(super) use xml::{XmlSource, collect as collect_xml};
