//! What makes two messages the same document.

use ring::digest::{Context, SHA256};

use crate::crypto::DigestAlgorithm;
use crate::envelope::edxml::{Attachment, Business, BusinessType, Envelope, Parts};
use crate::limits::Limits;

/// SHA-256, in lower-case hexadecimal, over what a document says and carries: its header
/// without its receivers, what it does to which earlier documents, and each file by name and
/// digest.
///
/// An axis writes messages anew: what each system on the way adds, the order of files and how
/// they are coded count for nothing here, so that a document which comes twice is known.
pub(crate) fn content_digest(envelope: &Envelope) -> String {
    digest_with(envelope, &envelope.attachments.iter().collect::<Vec<_>>())
}

/// The same without seals: a message that is sealed once more says and carries what it did.
pub(crate) fn content_digest_but_seals(envelope: &Envelope, limits: &Limits) -> String {
    digest_with(envelope, &Parts::of(envelope, limits).files)
}

fn digest_with(envelope: &Envelope, files: &[&Attachment]) -> String {
    let header = &envelope.header;
    let kind = envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind);
    let other = header.other_info.as_ref();
    let mut content = Content(Context::new(&SHA256));
    content.text(header.from.organ_id.as_str());
    content.text(header.document_id.as_str());
    content.text(&header.code.to_string());
    content.text(header.promulgation.date.as_str());
    content.text(&header.subject);
    content.text(&header.content);
    content.text(&header.document_type.name);
    content.text(header.due_date.as_str());
    content.number(other.and_then(|it| it.priority).map_or(0, |it| it.0));
    content.number(kind.number());
    content.text(envelope.business.as_ref().map_or("", reason));
    content.count(envelope.targets().len());
    envelope.targets().into_iter().for_each(|it| content.text(it.as_str()));
    let mut files: Vec<(String, String)> = files
        .iter()
        .map(|it| {
            let digest = it.bytes().map(|it| DigestAlgorithm::Sha256.digest(it).to_string());
            (it.file_name(), digest.unwrap_or_default())
        })
        .collect();
    files.sort_unstable();
    content.count(files.len());
    for (name, digest) in files {
        content.text(&name);
        content.text(&digest);
    }
    content.0.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn reason(business: &Business) -> &str {
    &business.reason
}

/// Lengths first, so that nothing can move from one field into the next.
struct Content(Context);

impl Content {
    fn text(&mut self, text: &str) {
        // Writers trim, and leave empty elements out.
        let text = text.trim();
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: i32) {
        self.0.update(&number.to_be_bytes());
    }

    fn count(&mut self, count: usize) {
        self.0.update(&u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::edxml::{self, Code, Date, Message, MessageHeader, Organization};
    use crate::limits::Limits;
    use crate::time::UtcTime;

    fn envelope() -> Envelope {
        let header = MessageHeader {
            from: Organization::new("000.00.01.H99", "Sở TEST"),
            to: vec![Organization::new("000.00.02.H99", "Sở TEST 2")],
            document_id: "000.00.01.H99,2026/11/22,15/QĐ".into(),
            code: Code::new("15", "QĐ"),
            subject: "V/v thử nghiệm".into(),
            due_date: Date::new(2026, 11, 30).unwrap(),
            ..MessageHeader::default()
        };
        Envelope::new(header).attach("a.pdf", b"%PDF-a".to_vec()).attach("b.txt", b"b".to_vec())
    }

    #[test]
    fn the_way_that_it_came_does_not_count() {
        let digest = content_digest(&envelope());
        let mut other = envelope().sent_at(UtcTime::from_unix(1_700_000_000).unwrap());
        other.header.to.push(Organization::new("H98", "x"));
        other.attachments.reverse();
        let bytes = other.to_bytes().unwrap();
        let Message::Document(read) = edxml::parse(&bytes, &Limits::default()).unwrap().message
        else {
            panic!("a document")
        };
        assert_eq!(content_digest(&read), digest);
    }

    #[test]
    fn what_it_says_and_carries_does() {
        let digest = content_digest(&envelope());
        let changed = |change: &dyn Fn(&mut Envelope)| {
            let mut it = envelope();
            change(&mut it);
            content_digest(&it)
        };
        for other in [
            changed(&|it| it.header.subject.push('.')),
            changed(&|it| it.header.document_id = "x".into()),
            changed(&|it| it.header.due_date = Date::new(2026, 12, 1).unwrap()),
            changed(&|it| {
                it.business = Some(Business { kind: BusinessType::Update, ..Business::default() })
            }),
            changed(&|it| drop(it.attachments.pop())),
            changed(&|it| {
                it.attachments[1] = edxml::Attachment::new("cid:2", "b.txt", b"c".to_vec())
            }),
            changed(&|it| {
                it.attachments[1] = edxml::Attachment::new("cid:2", "c.txt", b"b".to_vec())
            }),
        ] {
            assert_ne!(other, digest);
        }
    }
}
