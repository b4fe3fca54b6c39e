//! The published attacks on signed PDFs, each made here against a document that passes
//! before it: none of them ends in TOTAL_PASSED, and the report says why.
//!
//! | attack | published in | tests |
//! |---|---|---|
//! | universal signature forgery: Contents or ByteRange missing, without value, null, zero, wrong | Mladenov et al., "1 Trillion Dollar Refund" (2019), §4.1 | `usf::usf_*` |
//! | incremental saving: a whole update; a trailer only; a body only; a copied signature | the same, §4.2 | `isa::isa_*` |
//! | signature wrapping: the second stretch moved away, objects in the gap | the same, §4.3 | `swa::swa_*` |
//! | shadow attacks, hide: what covers the content goes | Mainka et al., "Shadow Attacks" (2021), §3.1 | `shadow::shadow_hide_*` |
//! | shadow attacks, replace: fonts, values of forms | the same, §3.2 | `shadow::shadow_replace_*` |
//! | shadow attacks, hide and replace: prepared objects, exchanged by the table or the root | the same, §3.3 | `shadow::shadow_hide_and_replace_*` |
//! | evil annotations on certified documents | Rohlmann et al., "Breaking the Specification" (2021), §3.1 | `certified::eaa_*` |
//! | sneaky signatures on certified documents | the same, §3.2 | `certified::ssa_*` |
//! | the same with looks that seem to be seen through: masks, groups, blend modes | the same; folklore | `masks::*` |
//! | code in certified documents | the same, §3.3 | `certified::code_*` |
//! | games with ByteRange; bytes behind the signature in Contents | Mladenov et al., §4; folklore | `places::byte_range_*`, `places::contents_*` |
//! | two signatures on one field; one on two; names that collide | folklore | `places::two_*`, `places::one_*`, `places::names_*` |
//! | cross-reference entries that stand twice, are mangled, lead elsewhere; chains that leave revisions out | Mainka et al., §3.3; folklore | `places::xref_*` |
//!
//! More of each, by findings and without keys, stand beside the code that makes them
//! (`src/signature/pades/*attacks.rs`); `pdf_attacks.rs` runs published exploits themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic, clippy::print_stdout, missing_docs)]

mod certified;
mod forge;
mod isa;
mod masks;
mod places;
mod shadow;
#[path = "../support/mod.rs"]
mod support;
mod swa;
mod usf;

/// What is attacked passes as it is.
#[test]
fn the_victims_pass() {
    forge::passes(&forge::victim());
    forge::passes(&forge::crafted(forge::Place::range));
}
