//! The journal of an agency with much post, for a look at the report and for measuring it:
//! made up, but with the steps, the words and the proportions of a real one.
#![allow(dead_code)] // each user takes a part of it
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use kyso::UtcTime;
use kyso::edxml::{Date, DocumentId, OrganId, StatusCode};
use kyso::exchange::journal::{
    Actor, Decision, DocumentFacts, Event, FileVerdict, Noted, SignerVerdict, StatusEffect,
};
use kyso::exchange::store::Store;
use kyso::exchange::{MessageKind, TransportId};

/// Whose journal it is.
pub(crate) const AGENCY: &str = "H57";
/// Its first day, a Monday; it has thirty.
pub(crate) const FIRST_DAY: &str = "2026-03-02";
pub(crate) const LAST_DAY: &str = "2026-03-31";
/// With so many others it exchanges documents.
pub(crate) const AGENCIES: u64 = 30;

/// In transactions of so many documents, within which entries stand in the order of time.
const AT_ONCE: u64 = 5_000;

const KINDS: [&str; 7] =
    ["Công văn", "Quyết định", "Báo cáo", "Tờ trình", "Kế hoạch", "Giấy mời", "Thông báo"];
const NOTATIONS: [&str; 7] =
    ["UBND-VP", "QĐ-UBND", "BC-UBND", "TTr-UBND", "KH-UBND", "GM-UBND", "TB-UBND"];
const SUBJECTS: [&str; 4] = [
    "V/v rà soát, chuẩn hóa mã định danh điện tử các cơ quan, đơn vị trên Trục liên thông văn bản",
    "V/v báo cáo tình hình gửi, nhận văn bản điện tử quý I năm 2026",
    "Về việc kiện toàn Ban Chỉ đạo chuyển đổi số",
    "Mời họp triển khai Nghị định số 30/2020/NĐ-CP về công tác văn thư",
];
const REASONS: [&str; 5] = [
    "Văn bản gửi sai thẩm quyền giải quyết, đề nghị gửi Sở Tài chính",
    "Chữ ký số của người có thẩm quyền không hợp lệ: nội dung tệp đính kèm cong-van.pdf đã bị thay đổi sau khi ký",
    "Thiếu phụ lục kèm theo đã nêu tại mục 3 của văn bản",
    "Chứng thư số đã bị thu hồi trước thời điểm ký",
    "Sai thể thức văn bản theo Nghị định 30/2020/NĐ-CP; đề nghị bổ sung chữ ký số của cơ quan, tổ chức",
];
const FAULTS: [&str; 3] = [
    "the axis is not reached: connection to 10.1.20.15:8443 refused",
    "the axis answered 502 after 30120 ms",
    "the connection was closed before the answer was whole (1832 of 4096 bytes)",
];
const SIGNERS: [(&str, &str); 6] = [
    ("Nguyễn Văn An", "UBND tỉnh Hải Dương"),
    ("Trần Thị Bích Ngọc", "Sở Nội vụ thành phố Hà Nội"),
    ("Lê Hoàng Phương", "Văn phòng Chính phủ"),
    ("Văn phòng Ủy ban nhân dân tỉnh Thừa Thiên Huế", "UBND tỉnh Thừa Thiên Huế"),
    ("Phạm Quốc Đạt", "Bộ Thông tin và Truyền thông"),
    ("Đỗ Thị Hường", "Sở Giáo dục và Đào tạo tỉnh Nam Định"),
];

/// Notes what becomes of so many documents, half of them sent and half received, and gives
/// the number of entries.
pub(crate) fn fill(store: &dyn Store, documents: u64) -> u64 {
    let first: UtcTime = format!("{FIRST_DAY}T00:00:00+07:00").parse().unwrap();
    let (agency, actor) = (OrganId::from(AGENCY), Actor::new("post"));
    let (mut written, mut from) = (0, 0);
    while from < documents {
        let until = documents.min(from + AT_ONCE);
        let mut lines = Vec::new();
        for number in from..until {
            let handed_over = first.plus_seconds(working_second(number, documents));
            let mut story = Story::new(number, handed_over);
            if number % 2 == 0 {
                story.sent()
            } else {
                story.received()
            }
            lines.append(&mut story.lines);
        }
        lines.sort_by_key(|it| it.at);
        store
            .transaction(&mut |records| {
                for it in &lines {
                    let (document, digest) = (Some(&it.document), Some(it.digest.as_str()));
                    let (agency, actor, peer) = (&agency, &actor, it.peer.as_ref());
                    let (at, event) = (it.at, &it.event);
                    records.note(&Noted { agency, at, actor, document, peer, digest, event })?;
                }
                Ok(())
            })
            .unwrap();
        written += u64::try_from(lines.len()).unwrap();
        from = until;
    }
    written
}

/// Seconds after the first day's beginning: on working days, from half past seven on.
fn working_second(number: u64, documents: u64) -> i64 {
    let days = number * 22 / documents;
    let (week, day) = (days / 5, days % 5);
    let second = Random(number).below(9 * 3600);
    i64::try_from((week * 7 + day) * 86_400 + 27_000 + second).unwrap()
}

struct Line {
    at: UtcTime,
    document: DocumentId,
    peer: Option<OrganId>,
    digest: String,
    event: Event,
}

/// What becomes of one document.
struct Story {
    number: u64,
    at: UtcTime,
    random: Random,
    id: DocumentId,
    lines: Vec<Line>,
}

impl Story {
    fn new(number: u64, at: UtcTime) -> Self {
        let (random, id) = (Random(number ^ 0x5eed), DocumentId::default());
        Self { number, at, random, id, lines: Vec::new() }
    }

    fn note(&mut self, peer: Option<&OrganId>, digest: &str, event: Event) {
        let (at, document, peer) = (self.at, self.id.clone(), peer.cloned());
        self.lines.push(Line { at, document, peer, digest: digest.to_owned(), event });
    }

    fn wait(&mut self, least: u64, most: u64) {
        let seconds = least + self.random.below(most - least);
        self.at = self.at.plus_seconds(i64::try_from(seconds).unwrap());
    }

    fn agency(&mut self) -> OrganId {
        // Some write to each other much more often than others do.
        let number = self.random.below(AGENCIES).min(self.random.below(AGENCIES));
        match number % 6 {
            0 => format!("000.00.{:02}.G{:02}", number % 3, number + 1).into(),
            _ => format!("H{:02}", number + 1).into(),
        }
    }

    fn facts(&mut self, issuer: &str) -> DocumentFacts {
        let kind = self.random.index(KINDS.len());
        let day = self.at.vietnam().get(..10).unwrap().replace('-', "/");
        let code = format!("{}/{}", self.number + 1, NOTATIONS[kind]);
        self.id = format!("{issuer},{day},{code}").into();
        DocumentFacts {
            issuer: issuer.into(),
            id: self.id.clone(),
            code,
            subject: SUBJECTS[self.random.index(SUBJECTS.len())].to_owned(),
            kind: KINDS[kind].to_owned(),
            priority: if self.random.once_in(8) {
                1
            } else {
                3 * i32::from(self.random.once_in(40))
            },
            business: i32::from(self.random.once_in(50)),
            promulgated: Date::from(day.as_str()),
            due: Date::default(),
        }
    }

    fn sent(&mut self) {
        let document = self.facts(AGENCY);
        let mut to = vec![self.agency()];
        for _ in 0..self.random.below(3) {
            let another = self.agency();
            if !to.contains(&another) {
                to.push(another);
            }
        }
        let digest = self.random.digest();
        let event = Event::Queued { document, to: to.clone(), signed_at: Some(self.at) };
        self.note(None, &digest, event);
        self.wait(1, 90);
        self.handed_to_the_axis(MessageKind::Document, &to, &digest);
        let sent = self.at;
        for agency in &to {
            self.at = sent;
            self.wait(20, 900);
            self.said(agency, StatusCode::Arrived, "");
            self.wait(300, 90_000);
            match self.random.below(20) {
                0 => {
                    let reason = REASONS[self.random.index(REASONS.len())];
                    self.said(agency, StatusCode::Refused, reason);
                }
                1 | 2 => {}
                _ => self.said(agency, StatusCode::Accepted, ""),
            }
        }
    }

    fn said(&mut self, by: &OrganId, code: StatusCode, description: &str) {
        let (description, effect) = (description.to_owned(), StatusEffect::Applied);
        let digest = self.random.digest();
        self.note(Some(by), &digest, Event::StatusReceived { code, description, effect });
    }

    fn handed_to_the_axis(&mut self, message: MessageKind, to: &[OrganId], digest: &str) {
        let mut attempt = 1;
        self.note(None, digest, Event::SendingBegun { message, to: to.to_vec(), attempt });
        while self.random.once_in(25) {
            self.wait(1, 30);
            let fault = FAULTS[self.random.index(FAULTS.len())].to_owned();
            let (to, next_at) = (to.to_vec(), self.at.plus_seconds(60));
            let unknown = attempt == 1 && fault.contains("502");
            let event = Event::SendingFailed { message, to: to.clone(), fault, unknown, next_at };
            self.note(None, digest, event);
            attempt += 1;
            self.wait(60, 20_000);
            self.note(None, digest, Event::SendingBegun { message, to, attempt });
        }
        self.wait(1, 5);
        let transport_id = self.transport_id();
        let (to, settled) = (to.to_vec(), attempt > 1 && self.random.once_in(3));
        self.note(None, digest, Event::Sent { message, to, transport_id, settled });
    }

    fn transport_id(&mut self) -> TransportId {
        TransportId::from(self.random.digest().get(..24).unwrap().to_owned())
    }

    fn received(&mut self) {
        let from = self.agency();
        let (document, transport_id) = (self.facts(from.as_str()), self.transport_id());
        let (digest, length) = (self.random.digest(), 100_000);
        self.note(Some(&from), &digest, Event::Received { document, transport_id, length });
        self.answer(&from, StatusCode::Arrived, "");
        self.note(Some(&from), &digest, Event::Acknowledged);
        self.wait(2, 40);
        let (decision, reason) = match self.random.below(20) {
            0 => (Decision::Refused, REASONS[self.random.index(REASONS.len())]),
            1 => (Decision::Held, "Chưa xác định được hiệu lực của chứng thư số"),
            _ => (Decision::Accepted, ""),
        };
        let files = self.files(decision);
        let event = Event::Examined { decision, reason: reason.to_owned(), files };
        self.note(Some(&from), &digest, event);
        match decision {
            Decision::Accepted => self.answer(&from, StatusCode::Accepted, ""),
            Decision::Refused => self.answer(&from, StatusCode::Refused, reason),
            Decision::Held if self.random.once_in(3) => {}
            Decision::Held => {
                self.wait(3_600, 100_000);
                let (decision, reason) = (Decision::Accepted, String::new());
                self.note(Some(&from), &digest, Event::Decided { decision, reason });
                self.answer(&from, StatusCode::Accepted, "");
            }
        }
    }

    fn files(&mut self, decision: Decision) -> Vec<FileVerdict> {
        let indication = match decision {
            Decision::Accepted => "TOTAL_PASSED",
            Decision::Refused => "TOTAL_FAILED",
            Decision::Held => "INDETERMINATE",
        };
        let (name, agency) = SIGNERS[self.random.index(SIGNERS.len())];
        let signature = SignerVerdict {
            name: name.to_owned(),
            agency: agency.to_owned(),
            indication: indication.to_owned(),
            authorized: Some(!self.random.once_in(60)),
            ..SignerVerdict::default()
        };
        let signed = FileVerdict {
            name: "cong-van.pdf".to_owned(),
            indication: indication.to_owned(),
            signatures: vec![signature],
        };
        let annex = FileVerdict { name: "phu-luc.xlsx".to_owned(), ..FileVerdict::default() };
        [Some(signed), self.random.once_in(3).then_some(annex)].into_iter().flatten().collect()
    }

    fn answer(&mut self, to: &OrganId, code: StatusCode, reason: &str) {
        let (digest, description) = (self.random.digest(), reason.to_owned());
        self.note(Some(to), &digest, Event::AnswerQueued { code, description });
        self.handed_to_the_axis(MessageKind::Status, std::slice::from_ref(to), &digest);
    }
}

/// Numbers that look like chance and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn digest(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.next())).collect()
    }
}
