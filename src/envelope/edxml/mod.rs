//! edXML, the national message format (QCVN 102:2016/BTTTT).
//!
//! There are two kinds of [`Message`]: an [`Envelope`] carries a document with its
//! annexes, a [`StatusMessage`] answers one. [`parse`] tells them apart.
//!
//! Reading is liberal: elements are known by namespace and local name, whatever
//! their prefix and order, and every deviation from what the national kit writes
//! is a [`Diagnostic`] with a stable code and a sentence in Vietnamese and in
//! English. What cannot be read safely (a DTD, text that is not well-formed, an
//! envelope without a header) is an error. Writing is exact: prefixes, order, line
//! ends and attachment coding are the national kit's.
//!
//! The `Signature` element of a message proves nothing after transit, because the
//! axis writes every message anew; [`check_signature`] tells one that still holds, as before
//! it was sent, from one of which nothing can be said any more and from a mere dummy.
//! What counts are the signatures within the attachments, and a [seal](Envelope::seal): a
//! signature over what of the message survives the axis, carried as an attachment.
//!
//! ```
//! use kyso::edxml::{self, Code, Date, Envelope, MessageHeader, Organization, PromulgationInfo};
//!
//! # fn main() -> kyso::Result<()> {
//! let header = MessageHeader {
//!     from: Organization::new("000.00.01.H40", "Sở Nội vụ"),
//!     to: vec![Organization::new("000.00.00.G22", "Văn phòng Chính phủ")],
//!     document_id: "000.00.01.H40,2026/11/22,15/QĐ-SNV".into(),
//!     code: Code::new("15", "QĐ-SNV"),
//!     promulgation: PromulgationInfo { place: "Huế".into(), date: Date::new(2026, 11, 22)? },
//!     subject: "Quyết định phê duyệt".into(),
//!     ..MessageHeader::default()
//! };
//! let envelope = Envelope::new(header).attach("quyết định.pdf", b"%PDF-1.7 ...".to_vec());
//! let bytes = envelope.to_bytes()?;
//!
//! let read = edxml::parse(&bytes, &kyso::Limits::default())?;
//! assert!(read.diagnostics.is_empty());
//! assert_eq!(read.message, edxml::Message::Document(envelope));
//! # Ok(())
//! # }
//! ```

mod attachment;
mod codec;
mod date;
mod decoder;
mod diagnostic;
mod header;
mod identifier;
mod message;
mod organization;
mod seal;
mod signature;
mod status;
mod trace;
mod validate;
mod wire_text;

pub use self::attachment::{Attachment, Coding, Content};
pub use self::codec::{parse, parse_files};
pub use self::date::{Date, Timestamp};
pub use self::diagnostic::{Diagnostic, DiagnosticCode, Severity};
pub use self::header::{
    DocumentType, Envelope, MessageHeader, OtherInfo, Priority, PromulgationInfo, ResponseFor,
    SignerInfo,
};
pub use self::identifier::{Code, DocumentId, DocumentIdParts, OrganId, OrganIdForm};
pub use self::message::{Message, Parsed};
pub use self::organization::{Organization, StaffInfo};
#[cfg(feature = "exchange")]
pub(crate) use self::seal::{DIFFERS as SEAL_DIFFERS, Parts};
pub use self::seal::{Difference, SealReport, SealedContent};
pub use self::signature::{Signature, SignatureState};
pub use self::status::{Progress, Side, StatusCode, StatusMessage};
pub use self::trace::{
    Business, BusinessDocumentInfo, BusinessType, Receiver, ReplacementInfo, TraceHeader,
};
pub use self::validate::{SignatureCheck, check_signature, is_message, validate};
