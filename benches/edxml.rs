//! Packaging and reading a message with a PDF of 10 MB, beside bare base64 of the
//! same bytes in the same run.
//!
//! `cargo bench --bench edxml`
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kyso::edxml::{self, Code, Envelope, MessageHeader, Organization};
use kyso::{DigestAlgorithm, Limits};

/// Bytes that do not compress, as those of a scanned dispatch.
fn pdf(len: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut seed = 0_u64;
    while bytes.len() < len {
        bytes.extend(DigestAlgorithm::Sha512.digest(&seed.to_le_bytes()).value());
        seed += 1;
    }
    bytes.truncate(len);
    bytes
}

fn packaging(criterion: &mut Criterion) {
    let content = pdf(10 << 20);
    let header = MessageHeader {
        from: Organization::new("000.00.00.G22", "Văn phòng Chính phủ"),
        to: vec![Organization::new("H13", "UBND thành phố Cần Thơ")],
        document_id: "000.00.00.G22,2026/11/22,7816/VPCP-TTĐT".into(),
        code: Code::new("7816", "VPCP-TTĐT"),
        subject: "V/v liên thông văn bản".into(),
        ..MessageHeader::default()
    };
    let raw = Envelope::new(header.clone()).attach("a.pdf", content.clone());
    let zipped = Envelope::new(header).attach("a.tif", content.clone());
    let raw_bytes = raw.to_bytes().unwrap();
    let zipped_bytes = zipped.to_bytes().unwrap();
    let text = STANDARD.encode(&content);
    let limits = Limits::default();

    let mut group = criterion.benchmark_group("edxml_10MB");
    group.sample_size(20).throughput(Throughput::Bytes(content.len().try_into().unwrap()));
    group.bench_function("bare_base64_encode", |b| b.iter(|| STANDARD.encode(black_box(&content))));
    group.bench_function("package_pdf", |b| b.iter(|| black_box(&raw).to_bytes().unwrap()));
    group.bench_function("bare_base64_decode", |b| {
        b.iter(|| STANDARD.decode(black_box(&text)).unwrap());
    });
    group.bench_function("read_pdf", |b| {
        b.iter(|| edxml::parse(black_box(&raw_bytes), &limits).unwrap());
    });
    group.bench_function("package_zipped", |b| b.iter(|| black_box(&zipped).to_bytes().unwrap()));
    group.bench_function("read_zipped", |b| {
        b.iter(|| edxml::parse(black_box(&zipped_bytes), &limits).unwrap());
    });
    group.finish();
}

criterion_group!(benches, packaging);
criterion_main!(benches);
