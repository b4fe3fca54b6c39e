//! Signatures in XML that is rich in elements, of one megabyte and of thirty. To the floor
//! belongs one reading of the document, event by event, by the reader of XML that is beneath.

use std::fmt::Write as _;
use std::hint::black_box;

use kyso::{SoftwareSigner, xades, xmldsig};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::keys::{self, Bare};
use super::measure::Effort;
use super::table::Table;
use super::{hash, validate};

pub(crate) const SIZES: [(&str, usize); 2] = [("1 MB", 1_000_000), ("30 MB", 30_000_000)];
const FORMATS: [&str; 2] = ["XMLDSig", "XAdES"];

pub(crate) fn cases(table: &mut Table, effort: Effort, quick: bool) {
    for (name, size) in SIZES {
        let times = if size > 1_000_000 { 1 } else { 5 };
        let plain = document(if quick { 10_000 } else { size });
        for format in FORMATS {
            signatures(table, effort, times, &plain, format, name);
        }
    }
}

fn signatures(
    table: &mut Table,
    effort: Effort,
    times: u32,
    plain: &[u8],
    format: &str,
    size: &str,
) {
    let (signer, bare) = (keys::signer("rsa2048"), Bare::new("rsa2048"));
    let case = format!("{format} sign, RSA-2048, {size} of XML");
    if table.wants(&case) {
        let floor = || {
            hash(plain);
            read(plain);
            black_box(bare.sign());
            black_box(black_box(plain).to_vec());
        };
        let whole = || drop(black_box(signed(plain, format, &signer)));
        table.told(&case, &effort.pair(times, floor, whole));
    }
    let case = format!("{format} verify, RSA-2048, {size} of XML");
    if table.wants(&case) {
        let (document, validator) = (signed(plain, format, &signer), keys::validator());
        let floor = || {
            hash(&document);
            read(&document);
            bare.verify();
        };
        table.told(&case, &effort.pair(times, floor, || validate(&validator, &document)));
    }
}

pub(crate) fn signed(document: &[u8], format: &str, signer: &SoftwareSigner) -> Vec<u8> {
    match format {
        "XMLDSig" => xmldsig::SignatureBuilder::enveloped(&document, keys::at()).sign(signer),
        _ => xades::SignatureBuilder::enveloped(&document, keys::at()).sign(signer),
    }
    .unwrap()
}

fn read(document: &[u8]) {
    let mut reader = Reader::from_reader(document);
    let mut events = 0_u32;
    while !matches!(reader.read_event().unwrap(), Event::Eof) {
        events += 1;
    }
    black_box(events);
}

/// A list of papers, with an element for every 160 bytes or so.
pub(crate) fn document(size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size + 1_000);
    text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hs:SoHoSo xmlns:hs=\"urn:hs\">\n");
    for n in 0.. {
        if text.len() >= size {
            break;
        }
        writeln!(
            text,
            "<hs:HoSo so=\"{n:07}\" ngay=\"2026-11-22\" hs:loai='cấp mới'><hs:NguoiNop>Nguyễn Văn \
             A &amp; Trần Thị B, số {n} phố Hàng Bài, phường Hoàn Kiếm, thành phố Hà Nội\
             </hs:NguoiNop>\n  <hs:NoiDung xml:lang=\"vi\">Đề nghị cấp đổi giấy chứng nhận quyền \
             sử dụng đất, hồ sơ gồm đơn, giấy chứng nhận đã cấp và bản trích đo địa chính thửa \
             đất số {n}, tờ bản đồ số 7</hs:NoiDung></hs:HoSo>"
        )
        .unwrap();
    }
    text.push_str("</hs:SoHoSo>\n");
    text.into_bytes()
}
