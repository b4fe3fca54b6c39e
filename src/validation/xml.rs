//! XML documents with signatures in them, and files beside these.

use std::borrow::Cow;

use super::collect::{self, XmlSource};
use super::evidence_record::DataObject;
use super::format::{SNIFFED, is_cms, is_evidence_record, is_pdf};
use super::report::{DocumentFormat, Report};
use super::validator::Validator;
use crate::crypto::Digest;
use crate::encoding::xml::{Document, decode};
use crate::error::{Error, Result};
use crate::limits::within;
use crate::source::{Files, Source};

/// What an XML signature refers to beside itself.
#[derive(Clone, Copy)]
pub(super) enum Outside<'a> {
    Nothing,
    Files(&'a dyn Files),
    /// One file without a name, which has to be what is signed.
    Content(&'a dyn Source),
    /// The same, of which only the digest is at hand.
    Digest(&'a Digest),
}

/// What becomes of edXML messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Messages {
    Taken,
    Refused,
}

impl Validator {
    /// As [`validate`](Self::validate), with files that stand beside the signature. An XML
    /// signature refers to them by their names: a URI that is no fragment means the file of
    /// this name, percent-encoding undone. A CMS is over the only one, and an evidence record
    /// over all of them; PDFs and containers hold what is theirs. Nothing is ever looked for
    /// elsewhere.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); `Misuse` where a CMS has several files beside it; `Io`
    /// when a file cannot be read.
    pub fn validate_with_files<S>(&self, signature: &S, files: &dyn Files) -> Result<Report>
    where
        S: Source + ?Sized,
    {
        if self.is_xml(&signature)? {
            return self.validate_xml(&signature, Outside::Files(files));
        }
        let head = signature.window(0..signature.len().min(SNIFFED))?;
        let names = files.names();
        let mut all = Vec::with_capacity(names.len());
        for name in names.into_iter().filter(|_| is_cms(&head) || is_evidence_record(&head)) {
            all.extend(files.open(name)?.map(|it| (name, it)));
        }
        match all.as_slice() {
            [] => self.validate(signature),
            [(_, only)] if is_cms(&head) => self.validate_detached(signature, &**only),
            _ if is_cms(&head) => {
                Err(Error::misuse("a CMS is over one file: hand in that one alone"))
            }
            all => {
                let objects = all.iter().map(|(name, it)| DataObject::new(*name, &**it));
                self.validate_evidence_record(signature, objects)
            }
        }
    }

    pub(super) fn validate_xml(
        &self,
        document: &dyn Source,
        outside: Outside<'_>,
    ) -> Result<Report> {
        self.xml_report(document, outside, Messages::Refused)
    }

    /// As [`validate`](Self::validate), the XML signatures that stand in a message of QCVN 102
    /// itself; its files are not looked into.
    pub(crate) fn validate_within_message(&self, message: &dyn Source) -> Result<Report> {
        self.xml_report(message, Outside::Nothing, Messages::Taken)
    }

    fn xml_report(
        &self,
        document: &dyn Source,
        outside: Outside<'_>,
        messages: Messages,
    ) -> Result<Report> {
        let size = usize::try_from(document.len()).unwrap_or(usize::MAX);
        let most = usize::try_from(self.limits.message_bytes).unwrap_or(usize::MAX);
        within(size, most, "bytes of an XML document")?;
        let bytes: Cow<'_, [u8]> = document.window(0..document.len())?;
        let head = usize::try_from(SNIFFED).unwrap_or(usize::MAX).min(bytes.len());
        // A comment is signed by nobody, and a reader of PDFs shows one that begins in it.
        if is_pdf(bytes.get(..head).unwrap_or_default()) {
            return Err(Error::malformed("this XML is a PDF besides, which it does not sign"));
        }
        let (text, mark) = decode(&bytes)?;
        let parsed = Document::parse(&text, mark, &self.limits)?;
        let root = parsed.element(parsed.root_element());
        let is_message = root.is_some_and(|it| it.local == "edXML");
        if is_message && messages == Messages::Refused {
            let what = "this is an edXML message: edxml::validate judges it with its files";
            return Err(Error::unsupported(what));
        }
        let one;
        let (files, digest): (Option<&dyn Files>, _) = match outside {
            Outside::Nothing => (None, None),
            Outside::Files(files) => (Some(files), None),
            Outside::Content(content) => {
                one = OneFile(content);
                (Some(&one), None)
            }
            Outside::Digest(digest) => (None, Some(digest)),
        };
        let source = XmlSource {
            document: &parsed,
            files,
            digest,
            content: matches!(outside, Outside::Content(_) | Outside::Digest(_)),
            certificates: &self.certificates,
            memory: self.memory(),
            limits: &self.limits,
            read: None,
        };
        let facts = collect::collect_xml(source)?;
        self.report(DocumentFormat::Xml, &facts)
    }
}

/// The one file that a signature refers to, whatever it calls it.
struct OneFile<'a>(&'a dyn Source);

impl Files for OneFile<'_> {
    fn names(&self) -> Vec<&str> {
        vec![""]
    }

    fn open(&self, _name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        Ok(Some(Box::new(self.0)))
    }
}
