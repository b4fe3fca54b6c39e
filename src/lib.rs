//! Sign, verify, package and exchange official electronic documents.
//!
//! `kyso` (Vietnamese *ký số*, "digital signing") is what a document-management
//! system embeds to do with signed documents what the law asks of it: PDF and any
//! other file signed by PAdES, CAdES and XAdES, signatures judged by EN 319 102-1 with a
//! report that a clerk can read, messages packaged as edXML (QCVN 102:2016), and the
//! document axis spoken to over HTTP.
//!
//! # Where to begin
//!
//! | task | door |
//! |---|---|
//! | open a key | [`SoftwareSigner`], [`pkcs12::open`]; of a token `pkcs11::Module` (feature `pkcs11`), of a service `csc::RemoteSigner` (feature `http`); or an own [`Signer`] |
//! | sign a PDF | [`pades::SignatureBuilder`] |
//! | let a signature be seen | `appearance::Appearance` (feature `appearance`) |
//! | certify a PDF, lock its fields, make fields for others | [`pades::SignatureBuilder::certify`], [`pades::FieldLock`], [`pades::FieldBuilder`] |
//! | sign any file | [`cades::SignatureBuilder`] |
//! | sign several files in one container | [`asic::ContainerBuilder`] |
//! | sign XML, or files by XML | [`xades::SignatureBuilder`]; without XAdES [`xmldsig::SignatureBuilder`] |
//! | time-stamp and archive signatures | [`cades::Augmenter`], [`pades::Augmenter`], [`xades::Augmenter`], [`asic::Augmenter`] |
//! | sign or verify many documents | `batch::Batch` (feature `batch`) |
//! | verify | [`Validator`] gives a [`Report`] with a [`Conclusion`] |
//! | verify an evidence record | [`Validator::validate_evidence_record`] over each [`DataObject`] |
//! | check a certificate | [`Validator::check_certificate`] |
//! | ask responders, lists and issuers | [`Validator::with_retrieval`] with `online::Http` (feature `http`) |
//! | package | [`edxml::Envelope`], [`edxml::StatusMessage`], [`edxml::parse`] |
//! | seal a message, and judge all that is signed in one | [`edxml::Envelope::seal`], [`edxml::validate`] |
//! | keep a one-stop dossier | [`dossier::Dossier`] |
//! | run an agency's post | `exchange::{Post, Outbox, Inbox, Examiner}` (features `exchange` and `sqlite` or `postgres`) |
//! | know what is due, and who may sign for whom | `exchange::deadline::Rules`, `exchange::directory::Directory` (feature `exchange`) |
//! | send and receive | [`exchange::Transport`]; over HTTP `axis::Client`, `lgsp::Client` (feature `http`) |
//!
//! # How it is built
//!
//! Rooms stand on one another and depend one way; a test sees to it. From the ground up:
//!
//! - `error`, `limits`, `time`, `source`: an [`Error`] says whose turn it is; every bound
//!   on hostile input is in [`Limits`]; time is an argument, never a clock; a document
//!   is a [`Source`] that is read piece by piece. `retrieval`: what has to be asked for
//!   elsewhere goes through [`Retrieve`].
//! - `encoding`: bytes to trees and back, as they stand: ASN.1, PDF, XML, ZIP, PEM.
//! - `crypto`: names of algorithms, digests, the check of one value with one key.
//! - `pki`: certificates, trust anchors, the paths between them.
//! - `keys`: those who hold keys, behind [`Signer`].
//! - `appearance`: what a signature looks like on a page.
//! - `signature`: one drawer for each format, what is in a signature and making one:
//!   *prepare → sign → complete*.
//! - `validation`: facts are collected first, then one [`Policy`] judges. A verdict is a
//!   value, and only what keeps one from being reached is an error. It does not know
//!   `keys`, and nothing that signs knows it.
//! - `augmentation`: raises finished signatures; it signs nothing.
//! - `batch`: many documents signed or verified at once.
//! - `envelope`: messages that carry documents, dossiers that go from desk to desk. `exchange`: sending and receiving them.
//!   `online`: those who carry questions for [`Retrieve`], and keys that a service keeps.
//!
//! # Features
//!
//! - `pkcs12` (default): keys from `.p12` files. Without it eight crates less.
//! - `appearance`: signatures in PDF that are seen: text in an embedded font, pictures, the
//!   looks of Decree 30/2020/NĐ-CP. Without it they are invisible, and there are nine crates
//!   less.
//! - `batch`: many documents are signed and verified on all cores, in order, in bounded memory.
//!   Without it six crates less.
//! - `curves`: signatures by ECDSA are checked where ring does not check them, that is on
//!   P-521 and brainpool, with other digests than SHA-256 and SHA-384, by compressed points.
//!   Without it they are INDETERMINATE, never failed, and there are 22 crates less.
//! - `encrypted-pdf`: PDFs under a password are decrypted. Without it their signatures are
//!   found and validated where they stand unencrypted, and their texts are not read.
//! - `exchange`: the post of an agency: outbox, inbox, journal, the deadlines of the law, the
//!   directory of agencies with those who may sign for them. `sqlite` keeps it in one file,
//!   with SQLite built in; `postgres` on a server that several workers share;
//!   `object-store` puts what is large into a bucket; `report` prints what it came to.
//! - `http`: the client of the axis, and the wire forms of both its sides; the client of
//!   the provinces' dialect; who asks for revocation data, issuers and time-stamps; keys that
//!   a remote service keeps. Without it nothing here can open a connection.
//! - `pkcs11`: keys on tokens and in hardware security modules, by the modules of their makers.
//!   Without it no native code is ever loaded.
//!
//! Features add doors and never change what is behind the others.

#[cfg(test)]
mod samples;

mod error;
mod limits;
mod retrieval;
mod source;
mod time;

mod encoding;

mod crypto;

mod pki;

mod keys;

#[cfg(feature = "appearance")]
pub mod appearance;

mod signature;

mod validation;

mod augmentation;

#[cfg(feature = "batch")]
pub mod batch;

mod envelope;

pub mod exchange;

pub mod online;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use crate::crypto::{Digest, DigestAlgorithm, PssParameters, SignatureAlgorithm};
pub use crate::envelope::{dossier, edxml};
pub use crate::error::{Error, ErrorKind, Place, Result};
#[cfg(feature = "pkcs11")]
pub use crate::keys::pkcs11;
#[cfg(feature = "pkcs12")]
pub use crate::keys::pkcs12;
pub use crate::keys::{SignatureValue, Signer, SigningOverride, SoftwareSigner, ToBeSigned};
pub use crate::limits::Limits;
pub use crate::pki::{
    Certificate, Crl, Memory, OcspResponse, PathCheck, PathRequirements, TrustAnchor, TrustStore,
    ValidityModel,
};
pub use crate::retrieval::{Attempt, Request, RequestKind, Retrieve};
pub use crate::signature::{Prepared, Signed};
pub use crate::source::{Files, Seekable, Source};
pub use crate::time::UtcTime;
pub use crate::validation::{
    Acceptable, AlgorithmConstraints, Block, BlockId, CertificateConclusion, CertificateReport,
    CertificateRevocation, CertificateStatus, Check, CheckId, Claims, Conclusion, Coverage,
    DataObject, DetailedReport, DocumentFormat, Evidence, EvidenceRecordReport, EvidenceRecordType,
    Failed, Form, Indeterminate, Issuers, Level, Outcome, PdfWords, Policy, ReferenceReport,
    ReferencedElement, Report, RevisionReport, Revocation, SignatureLevel, SignatureReport,
    TimeStampReport, TimeStampType, TriedPath, Validated, Validator,
};

/// CAdES: CMS signatures over any file (EN 319 122-1).
pub mod cades {
    pub use crate::augmentation::cades::{Augmenter, Level};
    pub use crate::signature::cades::{
        Augment, CounterSignatureBuilder, SignatureBuilder, SignaturePolicy,
    };
}

/// ASiC: documents and their signatures in one container (EN 319 162-1).
pub mod asic {
    pub use crate::augmentation::asic::Augmenter;
    pub use crate::augmentation::cades::Level;
    pub use crate::signature::asic::{Augment, Container, ContainerBuilder, ContainerType};
}

/// PAdES: signatures in PDF (EN 319 142-1).
pub mod pades {
    pub use crate::augmentation::pades::{Augmented, Augmenter, Level, Vri};
    pub use crate::signature::pades::{
        Augment, DocMdp, Drawing, DrawingKind, EmptyField, FieldBuilder, FieldLock, SeedValues,
        SignatureBuilder, SubFilter,
    };
}

/// XAdES: signatures in XML (EN 319 132-1).
pub mod xades {
    pub use crate::augmentation::xades::{Augmenter, Level};
    pub use crate::signature::xades::{
        Augment, CounterSignatureBuilder, ProductionPlace, SignatureBuilder,
    };
}

/// Plain XML signatures (XMLDSig 1.1).
pub mod xmldsig {
    pub use crate::signature::xmldsig::SignatureBuilder;
}

/// Time-stamps (RFC 3161, RFC 5816).
pub mod tsp {
    pub use crate::signature::tsp::{
        Online, Several, TimeStampAuthority, TimeStampRequest, TimeStampToken,
    };
}

/// The national document axis' HTTP protocol, as its kit (SDK VXP 2.0) speaks it.
///
/// What both sides need is here without any I/O: signed headers and their check
/// ([`SignedHeaders`](axis::SignedHeaders), [`verify`](axis::verify)), the digest of
/// the body, replies. [`Client`](axis::Client) is the sending and receiving side over
/// real HTTP. A gateway is among the examples; it takes messages in by
/// [`BodyDigest`](axis::BodyDigest) and gives them out by [`EdocReply`](axis::EdocReply),
/// piece by piece.
///
/// The signature of the headers covers neither the call nor its body, and it says no
/// receiver and no expiry: whoever sees a request can replay it elsewhere. The body
/// is bound by its digest alone, which is among the signed headers. What a gateway can do
/// about it is [`Freshness`](axis::Freshness) and [`Once`](axis::Once); use TLS.
#[cfg(feature = "http")]
pub mod axis {
    pub use crate::exchange::axis::{
        AgencyRow, BodyDigest, Call, Client, Credentials, EdocReply, ErrorCode, Freshness, Once,
        ReceivedRow, Registration, Rejection, Reply, SentRow, SignedHeaders, UnitRow, Verified,
        hash_file, hash_file_of, message_within, parse_timestamp, timestamp, verify,
    };
}

/// The document axis of a province (LGSP) that speaks REST with a bearer token: the dialect
/// of Lạng Sơn's connection guide, and what its service answers besides.
///
/// [`Client`](lgsp::Client) is a [`Transport`](exchange::Transport) as
/// [`axis::Client`] is, so that what sends and receives need not know the difference.
/// Secrets go with every request: use TLS.
#[cfg(feature = "http")]
pub mod lgsp {
    pub use crate::exchange::lgsp::{Client, Credentials};
}

/// Keys that a remote service keeps, by the API of the Cloud Signature Consortium, version 2.
///
/// [`RemoteSigner`](csc::RemoteSigner) is a [`Signer`] that every builder takes;
/// [`Authorise`](csc::Authorise) asks the key's holder for a PIN or a code. Only hashes go to
/// the service.
///
/// ```no_run
/// # fn main() -> kyso::Result<()> {
/// use kyso::csc::{Access, Answer, Client, Question, RemoteSigner};
/// use kyso::{UtcTime, pades};
///
/// let access = Access::login("clerk", "password");
/// let client = Client::new("https://rssp.example.vn/csc/v2", access, UtcTime::now)?;
/// let key = client.credentials()?.remove(0);
/// let ask = |question: &Question<'_>| {
///     let answers = question.factors().iter().map(|it| Answer::new(&it.id, "from the holder"));
///     Ok(answers.collect())
/// };
/// let signer = RemoteSigner::open(client, &key, ask)?.with_description("Quyết định 15");
/// # let decision = Vec::new();
/// let signed = pades::SignatureBuilder::new(&decision, UtcTime::now()).sign(&signer)?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "http")]
pub mod csc {
    pub use crate::online::csc::{
        Access, Answer, AuthorisationMode, Authorise, Cancel, Client, Credential, CredentialStatus,
        Factor, FactorKind, Pin, Polling, Question, Refusal, RemoteSigner, ServiceInfo, Submitted,
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
