//! Every bound on hostile input, in one place.

use crate::error::{Error, Result};

/// Bounds on what one call reads. Reaching one is
/// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded): nothing is
/// concluded about the input.
///
/// The defaults let every document through that agencies exchange (an axis
/// gateway takes 50 MB) and stop what only an attacker makes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nested ASN.1 values. A CMS with a time-stamp within a time-stamp reaches 30.
    pub asn1_depth: usize,
    /// Bytes of one CMS without its encapsulated content. Long-term CMS with
    /// whole CRLs inside reach tens of megabytes.
    pub cms_bytes: usize,
    /// Signers of one CMS, countersigners among them.
    pub cms_signers: usize,
    /// Time-stamps of one CMS that are looked into. A check may cost some 30 ms, and a
    /// token two kilobytes.
    pub cms_time_stamps: usize,
    /// Bytes of one answer with a time-stamp: tokens with their authority's path take ten
    /// kilobytes, and with revocation lists inside some hundred.
    pub time_stamp_bytes: usize,
    /// Attributes of one signer, and values of one attribute. An archive that is
    /// renewed each year for a lifetime stays below 100.
    pub cms_attributes: usize,
    /// Bytes of the signed attributes of one signer, which are written anew as DER.
    /// Real ones take hundreds; with time-stamps over the content, some ten thousand.
    pub cms_signed_attributes_bytes: usize,
    /// CRLs and OCSP answers of one CMS: about one for each certificate.
    pub cms_revocation_infos: usize,
    /// Bytes digested for the archive time-stamps of one CMS besides their indexes, shared
    /// out among its signers: what each of them proves to have existed, and once more what
    /// those before the third edition are over, in up to four readings. Thirty tokens over
    /// ten megabytes take 300; two gigabytes take some seconds.
    pub cms_imprint_bytes: usize,
    /// Bytes of one evidence record. A renewal adds some ten kilobytes; one with whole CRLs
    /// inside reaches megabytes.
    pub evidence_record_bytes: usize,
    /// Archive time-stamps of one evidence record: one that is renewed each year for a
    /// lifetime stays below 100.
    pub evidence_record_time_stamps: usize,
    /// Digests in the hash trees of one evidence record. A tree over a billion documents adds
    /// thirty for each time-stamp; a group of documents one for each.
    pub evidence_record_digests: usize,
    /// Bytes digested to tell what the time-stamps of one evidence record are over: each new
    /// chain digests all those before it. As many of the documents in canonical form, and of
    /// a CMS for all its records. Two gigabytes take some seconds.
    pub evidence_record_digested_bytes: usize,
    /// Certificates read from one signature or one file.
    pub certificates: usize,
    /// Bytes of one certificate: real ones stay below 10 KB; one with 10,000
    /// names is an attack on the comparison of names.
    pub certificate_bytes: usize,
    /// Certificates in one path, the anchor's own not counted. Webpki stops at 6,
    /// NIST's PKITS needs 8.
    pub path_length: usize,
    /// Signatures checked while one path is searched (CVE-2016-10539's class:
    /// quadratic or exponential fan-out; webpki's number).
    pub path_signatures: usize,
    /// Signatures checked in search of the paths of all signers of one document: as many
    /// signers as a PDF may have, each with an authority of its own. A check by the
    /// largest keys takes some 30 ms.
    pub paths_signatures: usize,
    /// Names compared with name constraints while one path is searched: ten thousand
    /// names under ten thousand subtrees are an attack (Chromium's number; webpki stops at
    /// a quarter of it).
    pub name_comparisons: usize,
    /// Certificates, lists and answers held against one another to tell the levels of the
    /// signatures of one document. Thirty signatures in a PDF, with all that is stored for
    /// them, take some hundred thousand; so many take a second.
    pub level_comparisons: usize,
    /// Certificates, signatures on certificates, and paths that a
    /// [`Memory`](crate::Memory) keeps, of each as many again where they were used less
    /// lately. Officers who sign in an agency's inbox within a day are some hundreds.
    pub remembered: usize,
    /// Bytes of one CRL: the largest that public authorities issue, of a million entries,
    /// take 50 MB. Those that a [`Memory`](crate::Memory) keeps have as much together.
    pub crl_bytes: usize,
    /// Bytes of one OCSP response: real ones, with the responder's certificate, take two
    /// kilobytes; one with several long chains stays far below.
    pub ocsp_bytes: usize,
    /// Answers in one OCSP response: responders give one for each question, which asks
    /// about one certificate.
    pub ocsp_answers: usize,
    /// Signatures checked on the CRLs and OCSP answers of one document. A check by the
    /// largest keys takes some 30 ms; a signer needs one or two for each certificate.
    pub revocation_signatures: usize,
    /// Lists and answers asked about the certificates of those who signed other lists and
    /// answers of one document. Real signers of lists sign for themselves; a hundred lists
    /// that vouch for each other's signers in every order are an attack.
    pub revocation_detours: usize,
    /// CRLs and OCSP answers asked again at times in the past at which they are proven to
    /// have existed, for one document. An archive that is renewed each year for a lifetime
    /// asks some hundred thousand times; each takes about a microsecond.
    pub revocation_past: usize,
    /// Questions asked elsewhere for one document: whether each certificate of some chains
    /// is revoked, and who issued it. Each may take as long as the caller's time-out.
    pub retrievals: usize,
    /// URLs of one kind that are asked for one certificate. Authorities name one to three;
    /// a certificate that names a thousand is an attack on those.
    pub retrieval_urls: usize,
    /// Bytes of all answers to the questions of one document: two of the largest CRLs.
    pub retrieved_bytes: u64,
    /// Iterations of password-based key derivation that one key file may cost in all.
    /// OpenSSL and Windows write 2,000, Java 10,000 and Firefox 600,000 for each of some four
    /// parts and each key; a million costs about a quarter of a second.
    pub kdf_iterations: u32,
    /// Private keys of one file: key stores of servers hold some dozens.
    pub private_keys: usize,
    /// Slots of a module for tokens: a machine has some, and a hardware security module that is
    /// shared some hundred.
    pub token_slots: usize,
    /// Certificates on one token, and private keys: tokens of persons hold some, and hardware
    /// security modules thousands, each session of which goes through all.
    pub token_objects: usize,
    /// Nested arrays and dictionaries in one PDF object (qpdf stops at 500).
    pub pdf_depth: usize,
    /// Objects that the cross-reference sections of one PDF may name. ISO 32000-1
    /// Annex C: 8,388,607 is what a conforming reader has to take.
    pub pdf_objects: usize,
    /// Cross-reference sections, hence incremental updates, of one PDF.
    pub pdf_revisions: usize,
    /// Signature fields of one PDF.
    pub pdf_signatures: usize,
    /// Names of fields held against those that the signatures of one PDF lock. Fifty
    /// signers of a form with a thousand fields take fifty thousand.
    pub pdf_lock_comparisons: usize,
    /// Bytes of memory for the names of fields that one signature of a PDF locks. Five
    /// thousand names of twenty letters take 220,000.
    pub pdf_lock_bytes: usize,
    /// Bytes of one PDF object, a stream's data not counted.
    pub pdf_object_bytes: usize,
    /// Bytes of one PDF stream after decoding.
    pub pdf_stream_bytes: usize,
    /// Values in one PDF object, nested ones counted: each takes some forty bytes of
    /// memory and may take two of the file. A page tree with all of 100,000 pages in
    /// one array is far below.
    pub pdf_object_values: usize,
    /// Bytes of objects read from one PDF, again and again or one within the other, as
    /// a multiple of its length; [`pdf_read_bytes`](Self::pdf_read_bytes) come on top.
    pub pdf_read_factor: u64,
    /// Bytes of objects and decoded streams that may be read from a PDF however small
    /// it is. Fifty signatures in a small file read some megabytes.
    pub pdf_read_bytes: u64,
    /// Decoded bytes of what one page draws: its content, and forms as often as it draws
    /// them. A map of a province takes ten megabytes. As many samples of pictures are looked
    /// at where a look lies on signed letters.
    pub pdf_content_bytes: usize,
    /// Operators and operands of what one page draws.
    pub pdf_content_operators: usize,
    /// Glyphs, lines, areas and pictures on one page. A page full of text has five
    /// thousand.
    pub pdf_content_marks: usize,
    /// Forms within forms, and graphics states saved within one another: 28 is what
    /// ISO 32000-1 Annex C lets writers count on.
    pub pdf_content_depth: usize,
    /// Bytes of one font that text is drawn in: those with all of Chinese take 25 MB.
    pub font_bytes: usize,
    /// Bytes of one picture as it comes: seals and signatures take some hundred kilobytes.
    pub image_bytes: usize,
    /// Pixels of one picture. A seal of 42 mm has a million at 600 dpi; each takes up to
    /// ten bytes of memory.
    pub image_pixels: usize,
    /// Nested XML elements. edXML has 9.
    pub xml_depth: usize,
    /// Elements of one XML document.
    pub xml_elements: usize,
    /// Attributes of one XML element, and namespaces in force at one place.
    pub xml_attributes: usize,
    /// Bytes of one text or attribute, an attachment's data not counted.
    pub xml_text_bytes: usize,
    /// Signatures in one XML document, those within others among them.
    pub xml_signatures: usize,
    /// References of one XML signature, and of one manifest. Containers with a thousand
    /// files have a thousand.
    pub xml_references: usize,
    /// Transforms of one reference. Real ones have one to three.
    pub xml_transforms: usize,
    /// Octets digested for the references of one XML document, and made on the way there,
    /// as a multiple of its length; [`xml_digest_bytes`](Self::xml_digest_bytes) come on
    /// top. What is digested twice for the same reasons counts once, and files beside the
    /// document do not count. Thirty signers with an archive time-stamp each take sixty
    /// times the document.
    pub xml_digest_factor: u64,
    /// Octets that may be digested for the references of an XML document however small it
    /// is. Five hundred megabytes take about a second.
    pub xml_digest_bytes: u64,
    /// Nodes and letters looked at by the XPath expressions of one XML document: a
    /// condition on each node of the largest documents takes some millions, and a hundred
    /// million about a second.
    pub xml_xpath_steps: u64,
    /// Nodes, attributes and namespaces that an XPath expression may have found at one time.
    /// Each takes 24 bytes.
    pub xml_xpath_nodes: usize,
    /// Checks of signature values with keys for one XML document: one for each signature, and
    /// some more where nothing says whose it is. By the largest keys each takes 30 ms.
    pub xml_value_checks: usize,
    /// How often the files beside the signatures of a container may be read for them, beyond
    /// [`xml_digest_bytes`](Self::xml_digest_bytes): once for each algorithm that has a digest
    /// of one, and once for each archive time-stamp.
    pub xml_file_factor: u64,
    /// Bytes of one message as it comes.
    pub message_bytes: u64,
    /// Attachments of one message.
    pub attachments: usize,
    /// Bytes of one attachment after decoding and decompression. Decompression
    /// stops here whatever the sizes in the headers say.
    pub attachment_bytes: usize,
    /// Entries of one ZIP archive that is a container. A dossier of many annexes has some
    /// hundred, a presentation some more.
    pub zip_entries: usize,
    /// Bytes that one entry of a container inflates to. They are never in memory at once.
    pub zip_entry_bytes: u64,
    /// Bytes that all entries of a container inflate to: what a second or two inflate.
    pub zip_bytes: u64,
    /// How often its own size an entry may inflate to, beyond sixteen megabytes: real papers
    /// reach twenty, long logs a hundred, and what is made to burst a thousand.
    pub zip_ratio: u64,
    /// Entries with signatures of one container; as many with time-stamps, and with manifests.
    pub asic_signatures: usize,
    /// References of all manifests of one container, and of its signatures in XML; those of a
    /// manifest count for each signer under it. A thousand files under thirty signers take
    /// thirty thousand.
    pub asic_references: usize,
    /// Bytes of all attachments of one message after decoding and decompression:
    /// a thousand small archives can unpack to as much as one large one.
    pub attachments_bytes: usize,
    /// Bytes of an answer from a service.
    pub answer_bytes: u64,
    /// Bytes of an answer from a service that keeps keys: a batch of a thousand signatures
    /// by RSA-4096 takes 700 KB, a certificate with its path some ten.
    pub signing_answer_bytes: u64,
    /// Keys that a service lists: an officer has one or two, an agency some hundred.
    pub signing_credentials: usize,
    /// Signatures asked for at once, however many the service would give.
    pub signing_batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            asn1_depth: 64,
            cms_bytes: 64 << 20,
            cms_signers: 64,
            cms_time_stamps: 200,
            time_stamp_bytes: 4 << 20,
            cms_attributes: 1_000,
            cms_signed_attributes_bytes: 1 << 20,
            cms_revocation_infos: 1_000,
            cms_imprint_bytes: 2 << 30,
            evidence_record_bytes: 64 << 20,
            evidence_record_time_stamps: 200,
            evidence_record_digests: 100_000,
            evidence_record_digested_bytes: 2 << 30,
            certificates: 512,
            certificate_bytes: 256 << 10,
            path_length: 10,
            path_signatures: 100,
            paths_signatures: 2_000,
            name_comparisons: 1 << 20,
            level_comparisons: 1 << 24,
            remembered: 500,
            crl_bytes: 256 << 20,
            ocsp_bytes: 1 << 20,
            ocsp_answers: 1_000,
            revocation_signatures: 500,
            revocation_detours: 20_000,
            revocation_past: 2_000_000,
            retrievals: 64,
            retrieval_urls: 8,
            retrieved_bytes: 512 << 20,
            kdf_iterations: 30_000_000,
            private_keys: 64,
            token_slots: 1_000,
            token_objects: 10_000,
            pdf_depth: 100,
            pdf_objects: 8_388_607,
            pdf_revisions: 10_000,
            pdf_signatures: 1_000,
            pdf_lock_comparisons: 10_000_000,
            pdf_lock_bytes: 256 << 10,
            pdf_object_bytes: 16 << 20,
            pdf_stream_bytes: 256 << 20,
            pdf_object_values: 2_000_000,
            pdf_read_factor: 8,
            pdf_read_bytes: 512 << 20,
            pdf_content_bytes: 64 << 20,
            pdf_content_operators: 16_000_000,
            pdf_content_marks: 1_000_000,
            pdf_content_depth: 512,
            font_bytes: 64 << 20,
            image_bytes: 16 << 20,
            image_pixels: 16 << 20,
            xml_depth: 64,
            xml_elements: 200_000,
            xml_attributes: 64,
            xml_text_bytes: 1 << 20,
            xml_signatures: 1_000,
            xml_references: 10_000,
            xml_transforms: 16,
            xml_digest_factor: 64,
            xml_digest_bytes: 512 << 20,
            xml_xpath_steps: 100_000_000,
            xml_xpath_nodes: 2_000_000,
            xml_value_checks: 2_000,
            xml_file_factor: 16,
            message_bytes: 512 << 20,
            attachments: 1_000,
            attachment_bytes: 512 << 20,
            zip_entries: 10_000,
            zip_entry_bytes: 1 << 30,
            zip_bytes: 1 << 30,
            zip_ratio: 200,
            asic_signatures: 1_000,
            asic_references: 100_000,
            attachments_bytes: 512 << 20,
            answer_bytes: 1 << 30,
            signing_answer_bytes: 4 << 20,
            signing_credentials: 10_000,
            signing_batch: 1_000,
        }
    }
}

/// Bytes of one AlgorithmIdentifier. The longest in use spell out an elliptic curve
/// and stay below 1 KB; there is no reason to let a caller choose.
pub(crate) const ALGORITHM_BYTES: usize = 16 << 10;

/// Bytes of one XML name: errors repeat names, and those of the message have at most 25.
pub(crate) const XML_NAME_BYTES: usize = 1_000;

/// Bytes of the name of an XML namespace, which is compared wherever it is in force.
pub(crate) const XML_NAMESPACE_BYTES: usize = 4_000;

/// Distribution points of one certificate, and names of one distribution point, that are
/// compared with those of revocation lists; what is beyond covers nothing. Real ones have
/// one to four: thousands of them against thousands of lists would cost hours.
pub(crate) const DISTRIBUTION_POINTS: usize = 32;

/// Bytes of one URL that is asked: browsers and servers take about as many.
pub(crate) const URL_BYTES: usize = 2_048;

/// Values in one reply of the axis, a message's own data being one. The directory of
/// 111,000 agencies has 800,000; each takes up to a hundred bytes of memory and may take
/// two of the reply.
#[cfg(feature = "http")]
pub(crate) const REPLY_VALUES: usize = 4_000_000;

/// Agencies of one directory: the national one had 111,000 in 2025, and an agency takes
/// some five hundred bytes of memory.
#[cfg(feature = "exchange")]
pub(crate) const DIRECTORY_AGENCIES: usize = 1_000_000;

/// Bytes of one field of an agency: names are of some two hundred letters at most.
#[cfg(feature = "exchange")]
pub(crate) const DIRECTORY_TEXT_BYTES: usize = 4_096;
/// Bytes of a reply of the axis beside the message in it, and of one text in it: some
/// hundred in real ones. One dialect sends the message's files along, which are not kept.
#[cfg(feature = "http")]
pub(crate) const REPLY_OUTLINE_BYTES: usize = 4 << 20;
#[cfg(feature = "http")]
pub(crate) const REPLY_TEXT_BYTES: usize = 64 << 10;

/// Nested objects and lists in a reply with a message: real ones have three.
#[cfg(feature = "http")]
pub(crate) const REPLY_DEPTH: usize = 64;

/// Policies, and mappings of policies, of one certificate. Real ones have some dozens at
/// most, and every path that is tried goes through all of them.
pub(crate) const CERTIFICATE_POLICIES: usize = 1_000;

/// Bytes of certificates that are remembered in one piece: real ones stay below 10 KB, and
/// those that stand beside a signature below this. What is larger is read each time.
pub(crate) const REMEMBERED_BYTES: usize = 32 << 10;

/// Fails when `count` is over `limit`; `what` names the things counted.
pub(crate) fn within(count: usize, limit: usize, what: &str) -> Result<()> {
    if count > limit { Err(Error::limit(format_args!("{limit} {what}"))) } else { Ok(()) }
}
