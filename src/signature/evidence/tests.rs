#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::exhaust::exhaust;
use super::*;
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::to_der;
use crate::encoding::asn1::writer::{INTEGER, OCTET_STRING, SEQUENCE, constructed, tlv};
use crate::encoding::xml::Document;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
/// What stands in the place of a token.
const TOKEN: &[u8] = &[0x30, 3, 2, 1, 7];

fn algorithm() -> Vec<u8> {
    to_der(&SHA256.identifier()).unwrap()
}

fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &[&parts.concat()])
}

fn stamp(tree: &[&[&[u8]]]) -> Vec<u8> {
    let mut stated = algorithm();
    stated[0] = constructed(0);
    let octets = |it: &&[u8]| tlv(OCTET_STRING, &[it]);
    let list = |it: &&[&[u8]]| seq(&it.iter().map(octets).collect::<Vec<_>>());
    let lists = tree.iter().map(list).collect::<Vec<_>>().concat();
    seq(&[stated, tlv(constructed(2), &[&lists]), TOKEN.to_vec()])
}

fn record(chains: &[Vec<u8>]) -> Vec<u8> {
    seq(&[tlv(INTEGER, &[&[1]]), seq(&[algorithm()]), seq(chains)])
}

fn read(bytes: &[u8]) -> Result<EvidenceRecord<'_>> {
    EvidenceRecord::read(bytes, &Limits::default())
}

fn refusal(bytes: &[u8]) -> ErrorKind {
    read(bytes).unwrap_err().kind()
}

#[test]
fn a_record_is_read_as_it_stands() {
    let leaf = SHA256.digest(b"document");
    let first = seq(&[stamp(&[&[leaf.value(), &[7; 32]], &[&[9; 32]]]), seq(&[TOKEN.to_vec()])]);
    let second = seq(&[seq(&[TOKEN.to_vec()])]);
    let bytes = record(&[first.clone(), second]);
    assert!(is_record(&bytes) && exhaust(&bytes));
    let record = read(&bytes).unwrap();
    assert_eq!((record.form(), record.chains().len(), record.len()), (RecordForm::Asn1, 2, 3));
    let stamps = record.chains()[0].stamps();
    assert_eq!(*stamps[0].digest(), StatedDigest::Known(SHA256));
    assert_eq!(stamps[0].tree().unwrap().first()[0], leaf.value());
    assert!(stamps[1].tree().is_none() && *stamps[1].digest() == StatedDigest::OfImprint);
    assert_eq!(stamps[1].token(), TOKEN);
    let over = record.renewed(&record.chains()[0], &stamps[0], SHA256, &Limits::default());
    assert_eq!(over.unwrap().unwrap(), [SHA256.digest(TOKEN)]);
    // RFC 4998 §5.2: the chains before are digested as one sequence.
    let before = record.sequence_before(1, SHA256).unwrap().unwrap();
    assert_eq!(before, [SHA256.digest(&seq(&[first]))]);
}

#[test]
fn what_a_time_stamp_is_over_is_known_in_der_too() {
    let ber = [&[0x30, 0x80][..], &[2, 1, 7, 0, 0]].concat();
    let bytes = record(&[seq(&[seq(std::slice::from_ref(&ber))])]);
    let record = read(&bytes).unwrap();
    let chain = &record.chains()[0];
    let over = record.renewed(chain, &chain.stamps()[0], SHA256, &Limits::default());
    assert_eq!(over.unwrap().unwrap(), [SHA256.digest(&ber), SHA256.digest(TOKEN)]);
}

#[test]
fn what_is_no_record_is_refused() {
    assert_eq!(refusal(b""), ErrorKind::Malformed);
    assert_eq!(refusal(&record(&[])), ErrorKind::Malformed);
    assert_eq!(refusal(&record(&[seq(&[])])), ErrorKind::Malformed);
    let two = seq(&[tlv(INTEGER, &[&[2]]), seq(&[algorithm()]), seq(&[])]);
    assert_eq!(refusal(&two), ErrorKind::Unsupported);
    let chains = seq(&[seq(&[seq(&[TOKEN.to_vec()])])]);
    let encrypted = tlv(constructed(1), &[&algorithm()]);
    let encrypted = seq(&[tlv(INTEGER, &[&[1]]), seq(&[algorithm()]), encrypted, chains]);
    assert!(is_record(&encrypted));
    assert_eq!(refusal(&encrypted), ErrorKind::Unsupported);
    let mut behind = record(&[seq(&[stamp(&[])])]);
    assert!(read(&behind).is_ok());
    behind.push(0);
    assert_eq!(refusal(&behind), ErrorKind::Malformed);
}

#[test]
fn bounds_hold() {
    let bytes = record(&[seq(&[stamp(&[&[&[1; 32], &[2; 32]]]), stamp(&[&[&[1; 32]]])])]);
    let most = |limits: Limits| EvidenceRecord::read(&bytes, &limits).map(|_| ());
    let kind = |limits| most(limits).unwrap_err().kind();
    let limits = Limits::default;
    assert_eq!(kind(Limits { evidence_record_bytes: 50, ..limits() }), ErrorKind::LimitExceeded);
    let stamps = Limits { evidence_record_time_stamps: 1, ..limits() };
    assert_eq!(kind(stamps), ErrorKind::LimitExceeded);
    assert_eq!(kind(Limits { evidence_record_digests: 2, ..limits() }), ErrorKind::LimitExceeded);
    assert!(most(Limits { evidence_record_digests: 3, ..limits() }).is_ok());
    let limits = Limits { evidence_record_digested_bytes: 100, ..limits() };
    let record = EvidenceRecord::read(&bytes, &limits).unwrap();
    let over = record.sequence_before(1, SHA256).unwrap_err();
    assert_eq!(over.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn every_byte_may_be_another() {
    let bytes = record(&[seq(&[stamp(&[&[&[1; 32]]]), stamp(&[])])]);
    for at in 0..bytes.len() {
        for change in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let _ = exhaust(&changed);
            let _ = exhaust(&changed[..at]);
        }
    }
}

const XML: &str = concat!(
    r#"<?xml version="1.0"?><e:EvidenceRecord xmlns:e="urn:ietf:params:xml:ns:ers" Version="1.0">"#,
    r#"<e:ArchiveTimeStampSequence> <e:ArchiveTimeStampChain Order="1">"#,
    r#"<e:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#,
    r#"<e:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#,
    r#"<e:ArchiveTimeStamp Order="1"><e:HashTree><e:Sequence Order="1">"#,
    r#"<e:DigestValue>AQID</e:DigestValue></e:Sequence></e:HashTree><e:TimeStamp>"#,
    r#"<e:TimeStampToken Type="RFC3161">MAMCAQc=</e:TimeStampToken>"#,
    r#"<e:CryptographicInformationList><e:CryptographicInformation Order="1" Type="CRL">AQID"#,
    r#"</e:CryptographicInformation></e:CryptographicInformationList></e:TimeStamp>"#,
    r#"</e:ArchiveTimeStamp></e:ArchiveTimeStampChain></e:ArchiveTimeStampSequence>"#,
    r#"</e:EvidenceRecord>"#
);

#[test]
fn every_byte_of_xml_may_be_another() {
    assert!(is_xml_record(XML.as_bytes()) && exhaust(XML.as_bytes()));
    assert!(!is_xml_record(b"<EvidenceRecord/>") && !is_record(XML.as_bytes()));
    for at in 0..XML.len() {
        let mut changed = XML.as_bytes().to_vec();
        for byte in [b'<', b'"', b'0', b'/', 0, 0xff] {
            changed[at] = byte;
            let _ = exhaust(&changed);
        }
        let _ = exhaust(&XML.as_bytes()[..at]);
    }
}

/// Each chain digests all before it, so that many short ones are many times as long.
#[test]
fn what_chains_digest_is_bounded() {
    let limits = Limits { evidence_record_digested_bytes: 2_000, ..Limits::default() };
    let (from, to) = (
        XML.find("<e:ArchiveTimeStampChain").unwrap(),
        XML.find("</e:ArchiveTimeStampSequence").unwrap(),
    );
    let chain = |n: usize| XML[from..to].replacen("Order=\"1\"", &format!("Order=\"{n}\""), 1);
    let chains: String = (1..=20).map(chain).collect();
    let text = format!("{}{chains}{}", &XML[..from], &XML[to..]);
    let document = Document::parse(&text, 0, &limits).unwrap();
    let record = EvidenceRecord::in_document(&document, document.root_element(), &limits).unwrap();
    assert_eq!((record.form(), record.len()), (RecordForm::Xml, 20));
    assert_eq!(record.sequence_before(1, SHA256).unwrap_err().kind(), ErrorKind::LimitExceeded);
}
