//! What a PDF says about its signatures. Facts only: whether one is good enough
//! is judged in `validation`.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::lock::FieldLock;
use super::store::SecurityStore;
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::encoding::pdf::{Locked, Reference};
use crate::time::UtcTime;

/// The signatures of one PDF and what concerns the file as a whole.
#[derive(Debug, Clone)]
pub(crate) struct PdfSignatures {
    /// In the order of their byte ranges' ends, oldest first.
    pub(crate) signatures: Vec<PdfSignature>,
    /// Defects of the file that a reader has to repair or to guess around. With any
    /// of them, what a viewer shows is not settled by the bytes, so no signature of
    /// the file can pass unnoticed.
    pub(crate) defects: Vec<FileDefect>,
    /// Original and incremental updates.
    pub(crate) revisions: usize,
    /// Why encrypted strings and streams cannot be read, where they cannot. `/Contents` never
    /// are (ISO 32000-2 §7.6.2); the other texts of a signature are then unreadable.
    pub(crate) locked: Option<Locked>,
    /// `P` of the DocMDP transform (ISO 32000-2 §12.8.2.2) that the catalog's
    /// `/Perms` names: 1 no changes, 2 forms and signatures, 3 annotations too.
    pub(crate) certification: Option<u8>,
    /// What the document security stores of all revisions hold (EN 319 142-1 §5.4.2), whoever
    /// put it there.
    pub(crate) store: SecurityStore,
    /// What the revisions after the oldest signed one changed, oldest first.
    pub(crate) changes: Vec<RevisionChanges>,
    /// Signatures that were taken away.
    pub(crate) withdrawn: Vec<Withdrawn>,
}

/// A signature that an earlier revision had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withdrawn {
    /// The full name of its field.
    pub(crate) field: String,
    pub(crate) signature: Reference,
    /// The first revision that was seen to have it, counted from 1.
    pub(crate) revision: usize,
}

/// What makes the reading of a file uncertain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum FileDefect {
    /// The cross-reference chain is broken; objects were found by searching the file.
    Recovered(String),
    /// The chain holds, but a part of it is not as ISO 32000-2 §7.5 asks.
    Irregular(String),
}

/// One signature of a PDF, as it stands in the newest revision.
#[derive(Debug, Clone)]
pub(crate) struct PdfSignature {
    /// The fully qualified name of its field (ISO 32000-2 §12.7.4.2).
    pub(crate) field: String,
    /// The signature dictionary, when it is an indirect object.
    pub(crate) dictionary: Option<Reference>,
    pub(crate) kind: SignatureKind,
    /// `/Filter`, the preferred handler: `Adobe.PPKLite`.
    pub(crate) filter: Option<String>,
    /// `/SubFilter`, the format of `/Contents`: `ETSI.CAdES.detached`.
    pub(crate) sub_filter: Option<String>,
    /// The signature itself, padding left out. Empty where there is none.
    pub(crate) contents: Vec<u8>,
    /// What follows the signature in `/Contents`, zeros mostly.
    pub(crate) padding: Vec<u8>,
    /// The covered bytes, when `/ByteRange` is well-formed enough to be hashed.
    pub(crate) byte_range: Option<ByteRange>,
    /// Everything that is not as it must be, most of it the trace of an attack.
    pub(crate) findings: Vec<Finding>,
    /// Whether all bytes of the file but those of `/Contents` are covered.
    pub(crate) covers_whole_file: bool,
    /// Bytes of the file behind the covered ones.
    pub(crate) bytes_following: u64,
    /// The revision it closes, counted from 1; nothing where its byte range ends
    /// elsewhere than at a revision's end.
    pub(crate) revision: Option<usize>,
    /// `/M`, the claimed signing time.
    pub(crate) claimed_time: Option<UtcTime>,
    pub(crate) reason: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) contact: Option<String>,
    /// `/Name`, which only the certificate proves.
    pub(crate) name: Option<String>,
    /// What its look says, line by line.
    pub(crate) shown: Option<String>,
    /// The page of its widget, counted from 1.
    pub(crate) page: Option<usize>,
    /// `P` of its own DocMDP transform, when it is a certification signature.
    pub(crate) certification: Option<u8>,
    /// The fields that it locks (FieldMDP, and the `/Lock` of its field).
    pub(crate) locks: Vec<FieldLock>,
    /// What the revisions after the signed one changed, taken together.
    pub(crate) later_changes: LaterChanges,
    /// Which kinds are among them.
    pub(crate) kinds: Kinds,
    /// The first of them that are worth telling, with a few names each.
    pub(crate) changes: Vec<RevisionChanges>,
    /// The first later revision, from 1, in which something was drawn: who made it may
    /// have drawn over what this one signed.
    pub(crate) drawn: Option<usize>,
    /// The strictest `P` (ISO 32000-2 Table 257) of the signatures up to this one.
    pub(crate) permission: Option<u8>,
    /// Whether the signatures up to this one permit what came later; nothing where none
    /// of them restricts anything.
    pub(crate) permitted: Option<bool>,
    /// The locked field that was changed nevertheless.
    pub(crate) unlocked: Option<Unlocked>,
}

/// A field that was changed although a signature had locked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Unlocked {
    pub(crate) field: String,
    /// The signature field that locked it.
    pub(crate) by: String,
    /// The revision that changed it last, counted from 1.
    pub(crate) revision: usize,
}

impl PdfSignature {
    /// EN 319 142-1 §5.4.3; some writers leave the type out or call it a signature.
    pub(crate) fn is_time_stamp(&self) -> bool {
        self.kind == SignatureKind::DocumentTimeStamp
            || self.sub_filter.as_deref() == Some("ETSI.RFC3161")
    }

    /// What the document security store calls it (EN 319 142-1 §5.4.2.3): the SHA-1 of
    /// `/Contents` with the padding, in upper-case digits. Nothing where there is none.
    pub(crate) fn name_in_store(&self) -> Vec<u8> {
        if self.contents.is_empty() {
            return Vec::new();
        }
        let mut digest = DigestContext::new(DigestAlgorithm::Sha1);
        digest.update(&self.contents);
        digest.update(&self.padding);
        digest.finish().to_string().to_ascii_uppercase().into_bytes()
    }
}

/// What a signature dictionary is (`/Type`, ISO 32000-2 §12.8.1 and §12.8.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub(crate) enum SignatureKind {
    /// `/Sig`, or without a type, as older writers have it.
    Signature,
    /// `/DocTimeStamp`: `contents` is a time-stamp token.
    DocumentTimeStamp,
}

/// The two covered stretches and the gap between them that holds `/Contents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ByteRange {
    /// Start and length of what is before `/Contents`.
    pub(crate) before: (u64, u64),
    /// Start and length of what is after it.
    pub(crate) after: (u64, u64),
}

impl ByteRange {
    pub(crate) fn ranges(&self) -> [Range<u64>; 2] {
        [self.before, self.after].map(|(start, length)| start..start.saturating_add(length))
    }

    /// The bytes left out.
    pub(crate) fn gap(&self) -> Range<u64> {
        let [before, after] = self.ranges();
        before.end..after.start
    }

    /// The first byte that is not covered any more.
    pub(crate) fn end(&self) -> u64 {
        let [_, after] = self.ranges();
        after.end
    }
}

/// What is wrong with one signature's place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub(crate) enum Finding {
    /// There is no `/ByteRange`, or it is no array.
    ByteRangeMissing,
    /// It does not hold exactly four integers.
    ByteRangeNotFourIntegers,
    /// One of them is negative.
    ByteRangeNegative,
    /// They overflow, reach beyond the file, or the stretches overlap or run backwards.
    ByteRangeOutOfFile,
    /// The first byte of the file is not covered.
    ByteRangeNotFromStart,
    /// The bytes left out are not exactly the hexadecimal string of this
    /// dictionary's `/Contents` with its angle brackets.
    GapIsNotContents,
    /// The covered bytes do not end where a revision ends (`%%EOF` and its line end).
    EndIsNotRevisionEnd,
    /// There is no `/Contents`, it is no string, or it is empty.
    ContentsMissing,
    /// `/Contents` is not one hexadecimal string in the file itself.
    ContentsNotHexadecimal,
    /// `/Contents` does not begin with one complete ASN.1 value.
    ContentsNotAsn1,
    /// Bytes other than zero follow the signature within `/Contents`.
    ContentsTrailingBytes,
    /// A key stands twice in the dictionary.
    DuplicateKey,
    /// Two fields have this dictionary as their value.
    SharedDictionary,
    /// Two fields have the same fully qualified name.
    DuplicateFieldName,
    /// Another signature leaves out the same or overlapping bytes.
    GapShared,
    /// The dictionary is no object of its own or stands in an object stream, so
    /// that its bytes are not plainly covered.
    DictionaryNotInFile,
    /// The dictionary is not within the bytes that the signature covers.
    DictionaryNotCovered,
    /// Only a widget annotation leads to it, no field of the form.
    NotInForm,
    /// The field's value cannot be read.
    ValueBroken,
    /// A later revision changed the signature dictionary.
    DictionaryChanged,
    /// `/Type` is neither `Sig` nor `DocTimeStamp`.
    TypeUnknown,
}

impl Finding {
    /// Whether the covered bytes can be told nevertheless, so that the digest
    /// means something; all else of what is wrong remains.
    pub(crate) fn prevents_digest(self) -> bool {
        matches!(
            self,
            Self::ByteRangeMissing
                | Self::ByteRangeNotFourIntegers
                | Self::ByteRangeNegative
                | Self::ByteRangeOutOfFile
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteRangeMissing => "there is no ByteRange",
            Self::ByteRangeNotFourIntegers => "the ByteRange does not hold four integers",
            Self::ByteRangeNegative => "the ByteRange holds a negative number",
            Self::ByteRangeOutOfFile => "the ByteRange reaches beyond the file or overlaps",
            Self::ByteRangeNotFromStart => "the first bytes of the file are not covered",
            Self::GapIsNotContents => "the bytes left out are not exactly the signature's Contents",
            Self::EndIsNotRevisionEnd => "the covered bytes do not end at the end of a revision",
            Self::ContentsMissing => "there are no Contents",
            Self::ContentsNotHexadecimal => "Contents is no hexadecimal string in the file",
            Self::ContentsNotAsn1 => "Contents does not begin with an ASN.1 value",
            Self::ContentsTrailingBytes => "bytes follow the signature within Contents",
            Self::DuplicateKey => "a key stands twice in the signature dictionary",
            Self::SharedDictionary => "two fields share one signature",
            Self::DuplicateFieldName => "two fields have the same name",
            Self::GapShared => "two signatures leave out the same bytes",
            Self::DictionaryNotInFile => "the signature dictionary is no object of its own",
            Self::DictionaryNotCovered => "the signature does not cover its own dictionary",
            Self::NotInForm => "the signature belongs to no field of the form",
            Self::ValueBroken => "the value of the signature field cannot be read",
            Self::DictionaryChanged => "the signature dictionary was changed later",
            Self::TypeUnknown => "the dictionary is of an unknown type",
        })
    }
}

/// What came after a signature, each kind including those before it. When in
/// doubt, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub(crate) enum LaterChanges {
    /// Nothing.
    None,
    /// Validation data and document time-stamps (EN 319 142-1 §5.4).
    LtaUpdates,
    /// What a further signature needs, and nothing else.
    Signatures,
    /// Values of fields that were there, with the looks of their widgets.
    FormFilling,
    /// Annotations that were added, changed or taken away.
    Annotations,
    /// Drawing that was purely added to what the pages show, as the clerk does who
    /// puts in number, date and seal.
    ClerkAddition,
    /// Anything else, or what could not be told.
    Other,
}

impl LaterChanges {
    /// As reports spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::LtaUpdates => "LTA_UPDATES",
            Self::Signatures => "SIGNATURES",
            Self::FormFilling => "FORM_FILLING",
            Self::Annotations => "ANNOTATIONS",
            Self::ClerkAddition => "CLERK_ADDITION",
            Self::Other => "OTHER",
        }
    }
}

/// What one incremental update changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RevisionChanges {
    /// Counted from 1.
    pub(crate) revision: usize,
    /// Nothing where a later revision could not be told, so that this one was not looked
    /// at: what is worse than the worst need not be known.
    pub(crate) kind: Option<LaterChanges>,
    /// Signature fields that were made or signed, time-stamps not among them.
    pub(crate) signatures: Vec<String>,
    /// Other fields whose values or looks changed, by their full names.
    pub(crate) fields: Vec<String>,
    /// Those of them that had something to say already, which is another now.
    pub(crate) refilled: Vec<String>,
    /// The subtypes of annotations that were added, changed or taken away.
    pub(crate) annotations: Vec<String>,
    /// The pages on which, counted from 1.
    pub(crate) pages: Vec<usize>,
    /// Whether something was drawn that may hide what was signed.
    pub(crate) draws: bool,
    /// Whether the look of a signature, an annotation or a field that was filled in hides
    /// letters that stood there, or cannot be read where it lies on them.
    pub(crate) hides: bool,
    /// Whether such a look lies on letters.
    pub(crate) overlays: bool,
    /// What was drawn, and where.
    pub(crate) drawings: Vec<Drawing>,
}

/// Something that a revision of a PDF drew on a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Drawing {
    /// The page, counted from 1; nothing where it is not known.
    pub page: Option<usize>,
    /// What it is.
    pub kind: DrawingKind,
    /// Left, bottom, right and top, in points as the page counts them (its default user
    /// space, ISO 32000-2 §8.3.2.3). Nothing of it is elsewhere.
    pub place: [f64; 4],
    /// What it says, line by line, as far as it is text: as its fonts have it, which
    /// nobody checks.
    pub text: String,
}

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum DrawingKind {
    /// A line of text on the page itself.
    Text,
    /// A picture on the page itself.
    Image,
    /// Lines and areas on the page itself.
    Path,
    /// The look of a signature.
    SignatureLook,
    /// The look of another field.
    Field,
    /// The look of an annotation.
    Annotation,
}

/// Kinds of changes that may be among others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Kinds {
    pub(crate) form_filling: bool,
    pub(crate) form_refilling: bool,
    pub(crate) hides: bool,
    pub(crate) overlays: bool,
    pub(crate) annotations: bool,
    pub(crate) clerk_addition: bool,
}

impl Kinds {
    /// These and those of one more revision.
    pub(crate) fn and(self, more: &RevisionChanges) -> Self {
        Self {
            form_filling: self.form_filling || !more.fields.is_empty(),
            form_refilling: self.form_refilling || !more.refilled.is_empty(),
            hides: self.hides || more.hides,
            overlays: self.overlays || more.overlays,
            annotations: self.annotations || !more.annotations.is_empty(),
            clerk_addition: self.clerk_addition || more.kind == Some(LaterChanges::ClerkAddition),
        }
    }
}

impl RevisionChanges {
    /// A few of the names, for a sentence.
    pub(crate) fn brief(&self) -> Self {
        const FEW: usize = 4;
        let few = |all: &[String]| all.iter().take(FEW).cloned().collect();
        Self {
            signatures: few(&self.signatures),
            fields: few(&self.fields),
            refilled: few(&self.refilled),
            annotations: few(&self.annotations),
            pages: self.pages.iter().take(FEW).copied().collect(),
            drawings: self.drawings.iter().take(FEW).cloned().collect(),
            ..*self
        }
    }

    /// A revision of which nothing is known.
    pub(crate) fn unknown(revision: usize) -> Self {
        Self {
            revision,
            kind: None,
            signatures: Vec::new(),
            fields: Vec::new(),
            refilled: Vec::new(),
            annotations: Vec::new(),
            pages: Vec::new(),
            draws: false,
            hides: false,
            overlays: false,
            drawings: Vec::new(),
        }
    }
}
