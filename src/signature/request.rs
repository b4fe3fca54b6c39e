//! Prepare, sign, complete: the three steps of every signature, and the two
//! values between them.

mod xml;

use std::io::Write;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::cms::SignedAttributes;
use super::cms::create::{self, Encapsulation};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext, SignatureAlgorithm};
use crate::crypto::{Verification, verify};
use crate::encoding::asn1::{Tag, Value};
use crate::encoding::base64;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::keys::{SignatureValue, Signer, ToBeSigned};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::source::{Source, for_each_piece};

pub(crate) use self::xml::Place as XmlPlace;

/// A signature that lacks only its value.
///
/// It holds what is put around the document, never the document. It can be
/// serialised: the value may come tomorrow, to another process.
#[derive(Debug, Serialize, Deserialize)]
pub struct Prepared {
    to_be_signed: ToBeSigned,
    certificate_chain: Vec<Certificate>,
    document: Document,
    layout: Layout,
    /// In the process that prepared it, the document is still the one that was read.
    #[serde(skip)]
    same_process: bool,
}

/// Which document was prepared.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    len: u64,
    digest_algorithm: DigestAlgorithm,
    #[serde(with = "crate::encoding::base64")]
    digest: Vec<u8>,
}

impl Document {
    pub(crate) fn new(len: u64, digest: &Digest) -> Self {
        let digest_algorithm = digest.algorithm();
        Self { len, digest_algorithm, digest: digest.value().to_vec() }
    }

    /// Reads a document whole, once.
    pub(crate) fn read<S: Source + ?Sized>(
        source: &S,
        digest_algorithm: DigestAlgorithm,
    ) -> Result<Self> {
        Ok(Self::new(source.len(), &digested(source, digest_algorithm)?.finish()))
    }

    pub(crate) fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest_algorithm
    }

    pub(crate) fn digest(&self) -> &[u8] {
        &self.digest
    }
}

fn digested<S: Source + ?Sized>(source: &S, by: DigestAlgorithm) -> Result<DigestContext> {
    let mut context = DigestContext::new(by);
    for_each_piece(source, 0..source.len(), |piece| {
        context.update(piece);
        Ok(())
    })?;
    Ok(context)
}

/// Where the CMS goes, or what is around the value in XML.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Layout {
    /// The CMS stands alone.
    Detached,
    /// The CMS holds the document.
    Enveloping,
    /// The signer joins those of this CMS, which stands alone.
    Joined {
        #[serde(with = "crate::encoding::base64")]
        existing: Vec<u8>,
    },
    /// `tail` follows the document; the CMS goes into it as hexadecimal digits.
    Appended {
        #[serde(with = "crate::encoding::base64")]
        tail: Vec<u8>,
        /// Where in `tail` the digits begin and end.
        digits: Range<usize>,
    },
    /// No CMS, but a `ds:Signature`.
    Xml(xml::Layout),
}

impl Prepared {
    pub(crate) fn new(
        algorithm: SignatureAlgorithm,
        certificate_chain: &[Certificate],
        signed_attributes: Vec<u8>,
        document: Document,
        layout: Layout,
    ) -> Self {
        Self {
            to_be_signed: ToBeSigned::new(signed_attributes, algorithm),
            certificate_chain: certificate_chain.to_vec(),
            document,
            layout,
            same_process: true,
        }
    }

    /// What the key has to sign.
    #[must_use]
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.to_be_signed
    }

    /// The certificate that the value is checked against.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate_chain.first()
    }

    /// Which document was prepared.
    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Whether the signature stands in what follows the document.
    pub(super) fn is_appended(&self) -> bool {
        matches!(self.layout, Layout::Appended { .. })
    }

    /// Puts the value in, once it has proven to come from the certificate's key. Of a value
    /// that a [`SoftwareSigner`](crate::SoftwareSigner) has just made for this certificate
    /// and these bytes that is known.
    ///
    /// # Errors
    /// `Signer` when the value does not verify with the certificate; `Unsupported`
    /// when that cannot be checked; `Misuse` when the space kept for the signature
    /// is too small or the prepared value was tampered with.
    pub fn complete(self, value: &SignatureValue) -> Result<Signed> {
        self.complete_with(value, || Ok(Vec::new()))
    }

    /// As [`complete`](Self::complete), with these unsigned attributes, which are not asked
    /// for before the value has proven to be right.
    pub(super) fn complete_with(
        self,
        value: &SignatureValue,
        unsigned: impl FnOnce() -> Result<Vec<Vec<u8>>>,
    ) -> Result<Signed> {
        let certificate = self.certificate_chain.first().ok_or_else(broken)?;
        check_value(certificate, &self.to_be_signed, value)?;
        if matches!(self.layout, Layout::Xml(_)) {
            return self.complete_xml(value);
        }
        let message_digest = self.message_digest(certificate).ok_or_else(broken)?;
        let gap = match &self.layout {
            Layout::Appended { tail, digits } => Some(gap(tail, digits).ok_or_else(broken)?),
            _ if message_digest != self.document.digest => return Err(broken()),
            _ => None,
        };
        let (chain, signed, unsigned) = (&self.certificate_chain, &self.to_be_signed, &unsigned()?);
        let cms = |encapsulation| create::assemble(chain, signed, value, unsigned, encapsulation);
        let whole = Piece::Document(0..self.document.len);
        let pieces = match self.layout {
            Layout::Detached => vec![Piece::Bytes(cms(Encapsulation::Detached)?.head)],
            Layout::Enveloping => {
                let cms = cms(Encapsulation::Enveloping { len: self.document.len })?;
                vec![Piece::Bytes(cms.head), whole, Piece::Bytes(cms.tail)]
            }
            Layout::Joined { existing } => {
                vec![Piece::Bytes(create::join(&existing, chain, signed, value, unsigned)?)]
            }
            Layout::Appended { mut tail, digits } => {
                let space = tail.get_mut(digits).ok_or_else(broken)?;
                fill_hexadecimal(space, &cms(Encapsulation::Detached)?.head)?;
                vec![whole, Piece::Bytes(tail)]
            }
            Layout::Xml(_) => return Err(broken()),
        };
        let check_document = !self.same_process;
        Ok(Signed { pieces, document: self.document, message_digest, gap, check_document })
    }

    /// What the signed attributes say of the content, if they are this certificate's: the
    /// key may have others, and what was stored may have been exchanged.
    fn message_digest(&self, certificate: &Certificate) -> Option<Vec<u8>> {
        let limits = Limits::default();
        let set = Value::only(self.to_be_signed.bytes(), limits.asn1_depth).ok()?;
        let attributes = SignedAttributes::read(&set.is(Tag::SET).ok()?, &limits).ok()?;
        let named = attributes.signing_certificate_v2().ok()??;
        let same = named.signer()?.digest_matches(certificate)?;
        let digest = attributes.message_digest().ok()??;
        same.then(|| digest.into_owned())
    }
}

fn broken() -> Error {
    Error::misuse("this prepared signature is not as it was prepared")
}

/// What of `tail` is not covered: the digits, still zeros, and their angle brackets.
fn gap(tail: &[u8], digits: &Range<usize>) -> Option<Range<usize>> {
    let gap = digits.start.checked_sub(1)?..digits.end.checked_add(1)?;
    match tail.get(gap.clone())? {
        [b'<', zeros @ .., b'>'] if zeros.iter().all(|it| *it == b'0') => Some(gap),
        _ => None,
    }
}

/// Whether the value is the certificate's key's, before it goes anywhere. One that was made
/// over these bytes in this process, by a key that was opened with this certificate, is.
pub(crate) fn check_value(
    certificate: &Certificate,
    to_be_signed: &ToBeSigned,
    value: &SignatureValue,
) -> Result<()> {
    if value.is_proven(certificate, to_be_signed) {
        return Ok(());
    }
    let key = certificate.public_key_info();
    let about = |kind, what: &str| {
        Err(Error::new(kind, what).at(Place::Certificate(certificate.subject())))
    };
    match verify(key, to_be_signed.algorithm(), to_be_signed.bytes(), value.bytes())? {
        Verification::Valid => Ok(()),
        Verification::Unsupported => about(
            ErrorKind::Unsupported,
            "the value cannot be checked against the certificate: its key or algorithm is not supported",
        ),
        _ => about(
            ErrorKind::Signer,
            "the signature value does not verify with the certificate: another key made it, or it signs something else",
        ),
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes `bytes` as hexadecimal digits; what space is left stays as it is.
pub(super) fn fill_hexadecimal(space: &mut [u8], bytes: &[u8]) -> Result<()> {
    if bytes.len().saturating_mul(2) > space.len() {
        return Err(Error::misuse(format!(
            "the signature takes {} bytes, but {} were kept for it",
            bytes.len(),
            space.len() / 2
        )));
    }
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    for (place, digit) in space.iter_mut().zip(digits) {
        *place = DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0');
    }
    Ok(())
}

/// A finished signature: what to write before, after and around the document.
#[derive(Debug)]
#[must_use = "nothing is written until it is written out"]
pub struct Signed {
    pieces: Vec<Piece>,
    document: Document,
    message_digest: Vec<u8>,
    /// What the signature leaves out of what is appended.
    gap: Option<Range<usize>>,
    check_document: bool,
}

#[derive(Debug)]
enum Piece {
    Document(Range<u64>),
    /// The whole document in base64.
    Base64,
    Bytes(Vec<u8>),
}

impl Signed {
    /// Bytes of the whole result.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.pieces.iter().fold(0, |sum, piece| {
            sum.saturating_add(match piece {
                Piece::Document(range) => range.end.saturating_sub(range.start),
                Piece::Base64 => base64::encoded_len(self.document.len),
                Piece::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            })
        })
    }

    /// Never: a signature has bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the result; `document` is the one that was prepared.
    ///
    /// # Errors
    /// `Misuse`, before a byte is written, when it is another document; `Io` when
    /// reading or writing fails.
    pub fn write_to<S: Source + ?Sized>(&self, document: &S, out: &mut dyn Write) -> Result<()> {
        self.check(document)?;
        self.write_pieces(document, out)
    }

    fn write_pieces<S: Source + ?Sized>(&self, document: &S, out: &mut dyn Write) -> Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => out.write_all(bytes)?,
                Piece::Document(range) => {
                    for_each_piece(document, range.clone(), |bytes| Ok(out.write_all(bytes)?))?;
                }
                Piece::Base64 => write_base64(document, out)?,
            }
        }
        Ok(())
    }

    /// The result in memory.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to); `LimitExceeded` when it does not fit in memory.
    pub fn to_vec<S: Source + ?Sized>(&self, document: &S) -> Result<Vec<u8>> {
        // Before memory is kept for a length that a stored value may lie about.
        self.check(document)?;
        let size = usize::try_from(self.len()).map_err(|_| {
            Error::new(ErrorKind::LimitExceeded, "the result does not fit in memory")
        })?;
        let mut bytes = Vec::with_capacity(size);
        self.write_pieces(document, &mut bytes)?;
        Ok(bytes)
    }

    /// What follows the document, where the signature stands in it.
    pub(super) fn tail(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [Piece::Document(_), Piece::Bytes(tail), ..] if self.gap.is_some() => Some(tail),
            _ => None,
        }
    }

    /// One more update behind it.
    pub(super) fn append(&mut self, update: Vec<u8>) {
        self.pieces.push(Piece::Bytes(update));
    }

    /// # Errors
    /// `Misuse` when it is another document than the one that was prepared; `Io`.
    pub(super) fn check<S: Source + ?Sized>(&self, document: &S) -> Result<()> {
        let known = &self.document;
        let other = || Error::misuse("this is not the document that was prepared");
        if document.len() != known.len {
            return Err(other());
        }
        if !self.check_document {
            return Ok(());
        }
        let mut context = digested(document, known.digest_algorithm)?;
        if context.clone().finish().value() != known.digest {
            return Err(other());
        }
        // What is appended is signed, too.
        if let (Some(gap), Some(tail)) = (&self.gap, self.tail()) {
            context.update(tail.get(..gap.start).unwrap_or_default());
            context.update(tail.get(gap.end..).unwrap_or_default());
            if context.finish().value() != self.message_digest {
                return Err(broken());
            }
        }
        Ok(())
    }
}

/// Bytes encoded at once: a multiple of three, so that only the last of them are padded.
const TRIPLES: u64 = 48 << 10;

fn write_base64<S: Source + ?Sized>(document: &S, out: &mut dyn Write) -> Result<()> {
    let mut at = 0;
    while at < document.len() {
        let end = at.saturating_add(TRIPLES).min(document.len());
        out.write_all(base64::encode(&document.window(at..end)?).as_bytes())?;
        at = end;
    }
    Ok(())
}

/// The one-call form: the three steps in a row.
pub(crate) fn sign_prepared(prepared: Prepared, signer: &dyn Signer) -> Result<Signed> {
    let value = signer.sign(prepared.to_be_signed())?;
    prepared.complete(&value)
}
