//! A writer of evidence records (RFC 4998) that lets a test do everything wrong.

use base64::Engine;
use kyso::{Digest, DigestAlgorithm};

use super::cms::{algorithm, items, seq, tlv};
use super::tsa::TestTsa;

/// Digests from the documents up; each list leads to one in the next.
pub(crate) type Lists = Vec<Vec<Vec<u8>>>;

/// Archive time-stamps in DER, chain by chain.
#[derive(Default, Clone)]
pub(crate) struct Record {
    pub(crate) chains: Vec<Vec<Stamp>>,
}

#[derive(Clone)]
pub(crate) struct Stamp {
    pub(crate) digest: DigestAlgorithm,
    /// Whether it is said what the tree is made by.
    pub(crate) stated: bool,
    pub(crate) tree: Option<Lists>,
    pub(crate) token: Vec<u8>,
}

/// The digest of a group or of a node.
pub(crate) fn node(digest: DigestAlgorithm, mut list: Vec<Vec<u8>>) -> Vec<u8> {
    list.sort();
    match list.as_slice() {
        [one] => one.clone(),
        all => digest.digest(&all.concat()).value().to_vec(),
    }
}

pub(crate) fn root(digest: DigestAlgorithm, lists: &Lists) -> Vec<u8> {
    let step = |below: Option<Vec<u8>>, list: &Vec<Vec<u8>>| {
        Some(node(digest, list.iter().cloned().chain(below).collect()))
    };
    lists.iter().fold(None, step).unwrap()
}

/// A token as it comes, over any digest, however bad.
fn token(tsa: &TestTsa, imprint: &Digest) -> Vec<u8> {
    let imprint = seq(&[algorithm(oid_of(imprint.algorithm())), tlv(4, imprint.value())]);
    let request = seq(&[vec![2, 1, 1], imprint, vec![1, 1, 0xff]]);
    let response = tsa.respond(&request).unwrap();
    let (tag, content) = items(items(&response)[0].1)[1];
    tlv(tag, content)
}

fn oid_of(digest: DigestAlgorithm) -> &'static str {
    match digest {
        DigestAlgorithm::Sha1 => "1.3.14.3.2.26",
        DigestAlgorithm::Sha384 => "2.16.840.1.101.3.4.2.2",
        DigestAlgorithm::Sha512 => "2.16.840.1.101.3.4.2.3",
        _ => "2.16.840.1.101.3.4.2.1",
    }
}

impl Stamp {
    /// Over the root of these lists.
    pub(crate) fn over(tsa: &TestTsa, digest: DigestAlgorithm, lists: Lists) -> Self {
        let imprint = Digest::new(digest, root(digest, &lists)).unwrap();
        let token = token(tsa, &imprint);
        Self { digest, stated: true, tree: Some(lists), token }
    }

    /// Over one digest itself.
    pub(crate) fn bare(tsa: &TestTsa, digest: &Digest) -> Self {
        let token = token(tsa, digest);
        Self { digest: digest.algorithm(), stated: false, tree: None, token }
    }

    /// `ArchiveTimeStamp`
    pub(crate) fn der(&self) -> Vec<u8> {
        let mut stated = algorithm(oid_of(self.digest));
        stated[0] = 0xa0;
        let stated = if self.stated { stated } else { Vec::new() };
        let list = |it: &Vec<Vec<u8>>| seq(&it.iter().map(|it| tlv(4, it)).collect::<Vec<_>>());
        let tree =
            self.tree.iter().map(|it| tlv(0xa2, it.iter().map(list).collect::<Vec<_>>().concat()));
        seq(&[stated, tree.collect::<Vec<_>>().concat(), self.token.clone()])
    }
}

impl Record {
    pub(crate) fn new(first: Stamp) -> Self {
        Self { chains: vec![vec![first]] }
    }

    /// With one more in the last chain.
    pub(crate) fn renewed(mut self, stamp: Stamp) -> Self {
        self.chains.last_mut().unwrap().push(stamp);
        self
    }

    /// With a new chain.
    pub(crate) fn with_chain(mut self, stamp: Stamp) -> Self {
        self.chains.push(vec![stamp]);
        self
    }

    /// The digest of the token that the next time-stamp of this chain renews.
    pub(crate) fn last(&self, digest: DigestAlgorithm) -> Digest {
        digest.digest(&self.chains.last().unwrap().last().unwrap().token)
    }

    /// `ArchiveTimeStampSequence`
    pub(crate) fn sequence(&self) -> Vec<u8> {
        let chain = |it: &Vec<Stamp>| seq(&it.iter().map(Stamp::der).collect::<Vec<_>>());
        seq(&self.chains.iter().map(chain).collect::<Vec<_>>())
    }

    /// What stands for a document in the tree of a new chain.
    pub(crate) fn with_sequence(&self, digest: DigestAlgorithm, document: &[u8]) -> Vec<u8> {
        let sequence = digest.digest(&self.sequence());
        let both = [digest.digest(document).value(), sequence.value()].concat();
        digest.digest(&both).value().to_vec()
    }

    /// `EvidenceRecord`
    pub(crate) fn der(&self) -> Vec<u8> {
        let digests = seq(&[algorithm("2.16.840.1.101.3.4.2.1")]);
        seq(&[vec![2, 1, 1], digests, self.sequence()])
    }
}

/// The namespace of RFC 6283.
pub(crate) const ERS: &str = "urn:ietf:params:xml:ns:ers";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A record in XML, written as its canonical form is; the stamps are those of ASN.1.
#[derive(Default, Clone)]
pub(crate) struct XmlRecord {
    pub(crate) chains: Vec<Vec<Stamp>>,
    /// Between elements.
    pub(crate) blank: &'static str,
}

impl XmlRecord {
    pub(crate) fn new(first: Stamp) -> Self {
        Self { chains: vec![vec![first]], blank: "" }
    }

    pub(crate) fn renewed(mut self, stamp: Stamp) -> Self {
        self.chains.last_mut().unwrap().push(stamp);
        self
    }

    pub(crate) fn with_chain(mut self, stamp: Stamp) -> Self {
        self.chains.push(vec![stamp]);
        self
    }

    fn time_stamp(&self, stamp: &Stamp, namespace: &str) -> String {
        let token = base64::engine::general_purpose::STANDARD.encode(&stamp.token);
        let token = format!("<TimeStampToken Type=\"RFC3161\">{token}</TimeStampToken>");
        format!("<TimeStamp{namespace}>{0}{token}{0}</TimeStamp>", self.blank)
    }

    fn stamp(&self, n: usize, stamp: &Stamp) -> String {
        let value = |it: &Vec<u8>| {
            let text = base64::engine::general_purpose::STANDARD.encode(it);
            format!("{}<DigestValue>{text}</DigestValue>", self.blank)
        };
        let list = |(n, it): (usize, &Vec<Vec<u8>>)| {
            let values = it.iter().map(value).collect::<String>();
            format!("<Sequence Order=\"{}\">{values}</Sequence>", n + 1)
        };
        let tree = stamp.tree.iter().map(|it| {
            let lists = it.iter().enumerate().map(list).collect::<String>();
            format!("<HashTree>{lists}</HashTree>")
        });
        let (tree, own) = (tree.collect::<String>(), self.time_stamp(stamp, ""));
        format!("<ArchiveTimeStamp Order=\"{}\">{tree}{own}</ArchiveTimeStamp>", n + 1)
    }

    fn sequence(&self, namespace: &str) -> String {
        let chain = |(n, it): (usize, &Vec<Stamp>)| {
            let digest = match it[0].digest {
                DigestAlgorithm::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
                _ => "http://www.w3.org/2001/04/xmlenc#sha256",
            };
            let stamps = it.iter().enumerate().map(|(n, it)| self.stamp(n, it)).collect::<String>();
            format!(
                "{}<ArchiveTimeStampChain Order=\"{}\"><DigestMethod Algorithm=\"{digest}\"></DigestMethod>\
                 <CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></CanonicalizationMethod>\
                 {stamps}</ArchiveTimeStampChain>",
                self.blank,
                n + 1
            )
        };
        let chains = self.chains.iter().enumerate().map(chain).collect::<String>();
        let name = "ArchiveTimeStampSequence";
        format!("<{name}{namespace}>{chains}{}</{name}>", self.blank)
    }

    /// The digest of the time-stamp that the next one of this chain renews.
    pub(crate) fn last(&self, digest: DigestAlgorithm) -> Digest {
        let last = self.chains.last().unwrap().last().unwrap();
        digest.digest(self.time_stamp(last, &format!(" xmlns=\"{ERS}\"")).as_bytes())
    }

    /// The digest of all chains, which the next one covers.
    pub(crate) fn all(&self, digest: DigestAlgorithm) -> Digest {
        digest.digest(self.sequence(&format!(" xmlns=\"{ERS}\"")).as_bytes())
    }

    pub(crate) fn xml(&self) -> String {
        let sequence = self.sequence("");
        format!("<EvidenceRecord xmlns=\"{ERS}\" Version=\"1.0\">{sequence}</EvidenceRecord>")
    }
}
