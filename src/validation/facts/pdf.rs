//! What is known about a signature's place in a PDF.

use serde::Serialize;

use crate::signature::pades;

/// What holds the signature in a PDF.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct PdfFacts {
    pub(in crate::validation) byte_range: Option<[u64; 4]>,
    pub(in crate::validation) findings: Vec<pades::Finding>,
    pub(in crate::validation) said: PdfWords,
    pub(in crate::validation) covers_whole_file: bool,
    pub(in crate::validation) bytes_following: u64,
    pub(in crate::validation) later_changes: pades::LaterChanges,
    /// The revision that the signature covers, from 1.
    pub(in crate::validation) revision: Option<usize>,
    pub(in crate::validation) kinds: pades::Kinds,
    /// What the later ones changed, as far as it is worth telling.
    pub(in crate::validation) changes: Vec<pades::RevisionChanges>,
    /// The first later one in which something was drawn.
    pub(in crate::validation) drawn: Option<usize>,
    /// What the signatures up to this one let be changed: 1 nothing, 2 forms and
    /// signatures, 3 annotations too.
    pub(in crate::validation) permission: Option<u8>,
    pub(in crate::validation) permitted: Option<bool>,
    /// The locked field that was changed nevertheless.
    pub(in crate::validation) unlocked: Option<pades::Unlocked>,
    /// What a reader had to repair or to guess, in words.
    pub(in crate::validation) recovered: Vec<String>,
    pub(in crate::validation) irregular: Vec<String>,
    /// Signers in the same CMS, besides the one that is reported.
    pub(in crate::validation) further_signers: usize,
}

/// What a PDF signature says of itself. The signer's program wrote it; only who signed
/// and what is proven by the rest of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PdfWords {
    /// The preferred handler, such as `Adobe.PPKLite`.
    pub filter: Option<String>,
    /// The format of the value, such as `ETSI.CAdES.detached`.
    pub sub_filter: Option<String>,
    /// Whose signature it is said to be; the certificate proves it.
    pub name: Option<String>,
    /// Why it was signed.
    pub reason: Option<String>,
    /// Where it was signed.
    pub location: Option<String>,
    /// How to reach the signer.
    pub contact: Option<String>,
    /// What its look says, line by line; nothing where it shows no text.
    pub shown: Option<String>,
    /// The page that shows it, counted from 1.
    pub page: Option<usize>,
    /// The revision of the file that it closes, counted from 1.
    pub revision: Option<usize>,
    /// Of so many.
    pub revisions: usize,
    /// What it lets later revisions change, where it is a certification (DocMDP):
    /// 1 nothing, 2 forms and signatures, 3 annotations too.
    pub certification: Option<u8>,
    /// The same of the certification that the file names, whichever signature that is.
    pub file_certification: Option<u8>,
    /// The object that holds the signature, such as `12 0 R`.
    pub object: Option<String>,
}
