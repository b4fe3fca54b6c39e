//! From parsed signatures to facts. Nothing is judged here.

mod asic;
mod cms;
mod completeness;
mod data;
mod digests;
mod octets;
mod pdf;
mod revocation;
mod time_stamp;

pub(super) use asic::{Collected as CollectedContainer, collect as collect_container};
pub(super) use cms::{CmsSource, collect as collect_cms};
pub(super) use data::Data;
pub(super) use pdf::collect as collect_pdf;
pub(super) use time_stamp::{Beside, alone as collect_token};
