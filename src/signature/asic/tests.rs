#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::limits::Limits;
use crate::source::{Files, Source};
