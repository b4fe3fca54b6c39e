#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod failing;
mod given_up;
mod unusual;

use super::*;
use crate::envelope::edxml::{
    BusinessType, Envelope, Organization, ReplacementInfo, StatusCode, StatusMessage,
};
use crate::exchange::fake::{Member, World, acting, document, id};
use crate::exchange::journal::{Actor, Decision, Journal, StatusEffect, TakenEffect};

const A: &str = "H99";
const B: &str = "H98";
const STRANGER: &str = "H01";

/// An exchange between two agencies.
struct Pair {
    world: World,
    a: Member,
    b: Member,
}

impl Pair {
    fn new() -> Self {
        Self::giving_back(false)
    }

    fn giving_back(gives_back: bool) -> Self {
        let world = World { gives_back, ..World::new() };
        let (a, b) = (world.agency(A), world.agency(B));
        Self { world, a, b }
    }

    fn put(&self, envelope: &Envelope) {
        self.a.outbox.put(envelope, None).unwrap();
    }

    /// All that happens within five minutes.
    fn run(&self) {
        for _ in 0..5 {
            for member in [&self.a, &self.b] {
                while !member.send().is_nothing() {}
                while !member.receive().is_nothing() {}
            }
            self.world.clock.pass(61);
        }
    }

    fn document(&self, number: u32, subject: &str) -> Envelope {
        document(A, &[B], number, subject)
    }

    fn revocation(&self, number: u32) -> Envelope {
        acting(self.document(number, "Thu hồi"), BusinessType::Revocation, &id(A, number))
    }

    fn states(&self, number: u32) -> Vec<IncomingState> {
        self.b.came(A, &id(A, number)).into_iter().map(|it| it.state).collect()
    }

    fn handling(&self, number: u32) -> (Option<StatusCode>, Option<StatusCode>) {
        let progress = self.a.deliveries(&id(A, number))[0].progress;
        (progress.handling(), progress.take_back())
    }

    fn clerk() -> Actor {
        Actor::new("chị Hoa")
    }

    fn effects(&self) -> Vec<(StatusCode, StatusEffect)> {
        let effect = |it| match it {
            Event::StatusReceived { code, effect, .. } => Some((code, effect)),
            _ => None,
        };
        self.a.journal().into_iter().filter_map(effect).collect()
    }

    fn acted(&self) -> Vec<TakenEffect> {
        let effect = |it| match it {
            Event::ActedUpon { effect, .. } => Some(effect),
            _ => None,
        };
        self.b.journal().into_iter().filter_map(effect).collect()
    }

    /// A status that somebody says, put into an agency's box.
    fn says(&self, by: &str, to: &str, number: u32, code: StatusCode) {
        let header = self.document(number, "").header;
        let from = Organization::new(by, "");
        let mut status = StatusMessage::answer(&header, from, code, "nói", self.world.clock.now());
        if code == StatusCode::TakeBackRequested {
            status.response_for.organ_id = to.into();
        }
        self.world.axis.drop_off(MessageKind::Status, by, to, status.to_bytes().unwrap());
    }
}

#[test]
fn accepted_refused_and_held() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.put(&pair.document(2, "Thông báo xấu"));
    pair.put(&pair.document(3, "Thông báo ngờ"));
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
    assert_eq!(pair.states(2), [IncomingState::Refused]);
    assert_eq!(pair.states(3), [IncomingState::Held]);
    assert_eq!(pair.handling(1).0, Some(StatusCode::Accepted));
    assert_eq!(pair.handling(2).0, Some(StatusCode::Refused));
    assert_eq!(pair.handling(3).0, Some(StatusCode::Arrived));
    let held = pair.b.inbox.held(None, 9).unwrap();
    assert_eq!(held.len(), 1);
    let inbox = &pair.b.inbox;
    assert!(inbox.decide(held[0].id, Decision::Refused, " ", &Pair::clerk()).is_err());
    assert!(inbox.decide(held[0].id, Decision::Held, "x", &Pair::clerk()).is_err());
    inbox.decide(held[0].id, Decision::Accepted, "", &Pair::clerk()).unwrap();
    assert!(inbox.decide(held[0].id, Decision::Refused, "x", &Pair::clerk()).is_err(), "once");
    for code in [StatusCode::Assigned, StatusCode::InProcess, StatusCode::Finished] {
        inbox.tell(held[0].id, code, "", &Pair::clerk()).unwrap();
    }
    assert!(inbox.tell(held[0].id, StatusCode::Assigned, "", &Pair::clerk()).is_err());
    assert!(inbox.tell(held[0].id, StatusCode::Refused, "", &Pair::clerk()).is_err());
    pair.run();
    assert_eq!(pair.handling(3).0, Some(StatusCode::Finished));
    let reasons = pair.a.journal().into_iter().filter_map(|it| match it {
        Event::StatusReceived { code: StatusCode::Refused, description, .. } => Some(description),
        _ => None,
    });
    assert_eq!(reasons.collect::<Vec<_>>(), ["Tệp a.pdf: chữ ký không đúng."]);
    for member in [&pair.a, &pair.b] {
        assert!(Journal::new(&member.post).follow().unwrap().is_ok());
        assert_eq!(member.outbox.next_at().unwrap(), None);
    }
}

#[test]
fn duplicates_and_reordering() {
    let pair = Pair::new();
    pair.world.axis.doubles_and_reverses();
    for number in 1..=5 {
        pair.put(&pair.document(number, "Thông báo"));
    }
    pair.run();
    for number in 1..=5 {
        let mut states = pair.states(number);
        states.sort_by_key(|it| it.name());
        assert_eq!(states, [IncomingState::Accepted, IncomingState::Repeated]);
        assert_eq!(pair.handling(number).0, Some(StatusCode::Accepted));
    }
    let answers = |it: &&Event| it.name() == "answer_queued";
    assert_eq!(pair.b.journal().iter().filter(answers).count(), 10, "01 and 03, once each");
    // The same again, through another gate, and with other content.
    let bytes = pair.document(1, "Thông báo").to_bytes().unwrap();
    pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    let bytes = pair.document(1, "Sửa lén").to_bytes().unwrap();
    pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    pair.run();
    let accepted = pair.states(1).iter().filter(|it| **it == IncomingState::Accepted).count();
    assert_eq!(accepted, 2, "another content is another document");
}

#[test]
fn statuses_twice_late_and_from_strangers() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo ngờ"));
    pair.run();
    pair.says(B, A, 1, StatusCode::InProcess);
    pair.says(B, A, 1, StatusCode::Accepted);
    pair.says(B, A, 1, StatusCode::InProcess);
    pair.says(STRANGER, A, 1, StatusCode::Finished);
    pair.says(B, A, 7, StatusCode::Finished);
    pair.says(B, A, 1, StatusCode::Other(7));
    pair.run();
    use StatusEffect::{Applied, None as Nothing, Unmatched};
    assert_eq!(
        pair.effects(),
        [
            (StatusCode::Arrived, Applied),
            (StatusCode::InProcess, Applied),
            (StatusCode::Accepted, Nothing),
            (StatusCode::InProcess, Nothing),
            (StatusCode::Finished, Unmatched),
            (StatusCode::Finished, Unmatched),
        ]
    );
    assert_eq!(pair.handling(1).0, Some(StatusCode::InProcess));
    // A number without a meaning is no status.
    let mut mails = pair.world.axis.mails();
    assert_eq!(mails.pop().unwrap().state, TransportState::Fail);
    assert!(mails.iter().all(|it| it.state == TransportState::Done));
}

#[test]
fn a_status_that_comes_before_the_axis_answers_is_kept() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    let claim = pair.a.post.claim().unwrap();
    let held = |it: &mut dyn Records| it.claim_deliveries(&claim);
    let mut sending = pair.a.post.step(held).unwrap().remove(0);
    pair.says(B, A, 1, StatusCode::Accepted);
    pair.a.receive();
    assert_eq!(pair.effects(), [(StatusCode::Accepted, StatusEffect::Applied)]);
    // The worker writes what it knows, which is older.
    sending.fault = "x".to_owned();
    let write = |it: &mut dyn Records| it.update_delivery(&sending, Some(claim.token), false);
    assert!(pair.a.post.step(write).unwrap());
    assert_eq!(pair.handling(1).0, Some(StatusCode::Accepted));
}

#[test]
fn who_it_says_it_is_from_and_what_it_is() {
    let pair = Pair::new();
    let bytes = pair.document(1, "Thông báo").to_bytes().unwrap();
    let axis = &pair.world.axis;
    axis.drop_off(MessageKind::Document, STRANGER, B, bytes.clone());
    axis.drop_off(MessageKind::Status, A, B, bytes.clone());
    axis.drop_off(MessageKind::Document, A, B, b"<edXML/>".to_vec());
    axis.drop_off(MessageKind::Document, A, B, Vec::new());
    let mut nameless = pair.document(2, "Thông báo");
    nameless.header.document_id = "".into();
    axis.drop_off(MessageKind::Document, A, B, nameless.to_bytes().unwrap());
    axis.drop_off(MessageKind::Document, "000.00.00.H99", B, bytes);
    pair.run();
    let states: Vec<_> = axis.mails().iter().map(|it| it.state).collect();
    assert_eq!(states[..5], [TransportState::Fail; 5]);
    assert_eq!(pair.states(1), [IncomingState::Accepted], "the same agency's other code");
    let unreadable = |it: &&Event| it.name() == "unreadable";
    assert_eq!(pair.b.journal().iter().filter(unreadable).count(), 5);
}

#[test]
fn ten_thousand_receivers_and_endless_reasons() {
    let pair = Pair::new();
    let mut envelope = pair.document(1, "Thông báo");
    let more = (0..10_000).map(|n| Organization::new(format!("000.00.{n}.H99"), "Nơi nhận"));
    envelope.header.to.extend(more);
    envelope.header.document_id = "x".repeat(10_000).into();
    let bytes = envelope.to_bytes().unwrap();
    pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    pair.run();
    assert_eq!(pair.b.came(A, &envelope.header.document_id)[0].state, IncomingState::Accepted);
    let says = pair.b.inbox.says(
        &envelope,
        StatusCode::Refused,
        &"ế".repeat(5_000),
        pair.world.clock.now(),
    );
    assert_eq!(says.description.chars().count(), 2_001);
}

#[test]
fn take_back_agreed_and_refused() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    assert_eq!(pair.a.outbox.take_back(&id(A, 1), None, "Gửi nhầm").unwrap().receivers, [B.into()]);
    assert!(
        pair.a.outbox.take_back(&id(A, 1), None, "Gửi nhầm").unwrap().receivers.is_empty(),
        "asked"
    );
    pair.run();
    let wish = pair.b.inbox.held(None, 9).unwrap().remove(0);
    assert_eq!(wish.kind, MessageKind::Status);
    let decide = |decision| pair.b.inbox.decide(wish.id, decision, "Đã giải quyết", &Pair::clerk());
    decide(Decision::Refused).unwrap();
    assert!(decide(Decision::Accepted).is_err(), "once");
    pair.run();
    assert_eq!(pair.handling(1).1, Some(StatusCode::TakeBackRefused));
    assert_eq!(pair.states(1), [IncomingState::Accepted]);

    assert_eq!(pair.a.outbox.take_back(&id(A, 1), None, "Xin lại").unwrap().receivers, [B.into()]);
    pair.run();
    let wish = pair.b.inbox.held(None, 9).unwrap().remove(0);
    pair.b.inbox.decide(wish.id, Decision::Accepted, "", &Pair::clerk()).unwrap();
    pair.run();
    assert_eq!(pair.handling(1).1, Some(StatusCode::TakeBackAgreed));
    assert_eq!(pair.states(1), [IncomingState::Withdrawn]);
    // Of one that was given back nothing more is wanted.
    pair.says(A, B, 1, StatusCode::TakeBackRequested);
    pair.says(STRANGER, B, 1, StatusCode::TakeBackRequested);
    pair.run();
    assert!(pair.b.inbox.held(None, 9).unwrap().is_empty());
}

#[test]
fn a_wish_that_comes_before_its_document_waits_for_it() {
    let pair = Pair::giving_back(true);
    pair.says(A, B, 1, StatusCode::TakeBackRequested);
    pair.run();
    let bytes = pair.document(1, "Thông báo").to_bytes().unwrap();
    pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    pair.run();
    pair.world.clock.pass(3_600);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Withdrawn]);
    assert_eq!(pair.acted(), [TakenEffect::TakeBackRequested, TakenEffect::TakenBack]);
}

#[test]
fn revocation_by_rule_and_by_a_person() {
    for by_rule in [true, false] {
        let pair = Pair::giving_back(by_rule);
        pair.put(&pair.document(1, "Thông báo"));
        pair.run();
        pair.put(&pair.revocation(1));
        pair.run();
        if !by_rule {
            assert_eq!(pair.states(1), [IncomingState::Accepted, IncomingState::Held]);
            let held = pair.b.inbox.held(None, 9).unwrap().remove(0);
            pair.b.inbox.decide(held.id, Decision::Accepted, "", &Pair::clerk()).unwrap();
            pair.run();
        }
        assert_eq!(pair.states(1), [IncomingState::Withdrawn, IncomingState::Done]);
        assert_eq!(pair.acted(), [TakenEffect::Revoked]);
        let told: Vec<_> = pair.a.deliveries(&id(A, 1)).iter().map(|it| it.progress).collect();
        let agreed = Some(StatusCode::TakeBackAgreed);
        assert!(told.iter().all(|it| it.take_back() == agreed), "{told:?}");
        // The same content again is what was here; another under the same name is doubted.
        pair.put(&acting(pair.document(1, "Bản mới"), BusinessType::Update, &"other".into()));
        let again = pair.document(1, "Bản khác").to_bytes().unwrap();
        pair.world.axis.drop_off(MessageKind::Document, A, B, again);
        pair.run();
        assert_eq!(pair.b.inbox.held(None, 9).unwrap().len(), 1);
    }
}

#[test]
fn a_revocation_under_its_own_identifier_is_answered_for_what_it_revokes() {
    let pair = Pair::giving_back(true);
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    let mut revocation = pair.revocation(1);
    revocation.header.document_id = "its own".into();
    pair.put(&revocation);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Withdrawn]);
    assert_eq!(pair.handling(1).1, Some(StatusCode::TakeBackAgreed));
    let own = pair.a.only(&"its own".into()).progress;
    assert_eq!(own.take_back(), Some(StatusCode::TakeBackAgreed));
    assert!(pair.effects().iter().all(|it| it.1 == StatusEffect::Applied));
}

#[test]
fn a_revocation_before_its_document_or_without_one() {
    let pair = Pair::giving_back(true);
    let axis = &pair.world.axis;
    let mut revocation = pair.revocation(1);
    revocation.header.document_id = "its own".into();
    axis.drop_off(MessageKind::Document, A, B, revocation.to_bytes().unwrap());
    pair.run();
    assert_eq!(pair.b.came(A, &"its own".into())[0].state, IncomingState::Stored, "it waits");
    axis.drop_off(MessageKind::Document, A, B, pair.document(1, "Thông báo").to_bytes().unwrap());
    pair.world.clock.pass(3_600);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Withdrawn]);

    let mut lonely = pair.revocation(2);
    lonely.header.document_id = "lonely".into();
    axis.drop_off(MessageKind::Document, A, B, lonely.to_bytes().unwrap());
    pair.run();
    pair.world.clock.pass(90_000);
    pair.run();
    let held = pair.b.inbox.held(None, 9).unwrap().remove(0);
    assert!(held.reason.contains("chưa đến"), "{}", held.reason);
}

#[test]
fn only_the_issuer_revokes() {
    let pair = Pair::giving_back(true);
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    let theirs = document(STRANGER, &[B], 9, "Thu hồi");
    let forged = acting(theirs, BusinessType::Revocation, &id(A, 1));
    pair.world.axis.drop_off(MessageKind::Document, STRANGER, B, forged.to_bytes().unwrap());
    pair.says(STRANGER, B, 1, StatusCode::TakeBackRequested);
    pair.run();
    pair.world.clock.pass(90_000);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
    assert!(pair.acted().is_empty());
}

#[test]
fn update_and_replacement() {
    let pair = Pair::new();
    for number in [1, 2] {
        pair.put(&pair.document(number, "Thông báo"));
    }
    pair.run();
    pair.put(&acting(pair.document(3, "Sửa"), BusinessType::Update, &id(A, 1)));
    let mut other = acting(pair.document(4, "Thay"), BusinessType::Replacement, &id(A, 2));
    let business = other.business.get_or_insert_default();
    let replaced = ReplacementInfo { document_id: id(A, 2), organ_ids: vec![B.into()] };
    (business.document_id, business.replacements) = (None, vec![replaced]);
    pair.put(&other);
    pair.run();
    assert_eq!(
        (pair.states(1), pair.states(2)),
        (vec![IncomingState::Withdrawn], vec![IncomingState::Withdrawn])
    );
    assert_eq!(
        (pair.states(3), pair.states(4)),
        (vec![IncomingState::Accepted], vec![IncomingState::Accepted])
    );
    assert_eq!(pair.acted(), [TakenEffect::Updated, TakenEffect::Replaced]);
}

#[test]
fn an_axis_that_is_away_burns_no_attempts() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    pair.world.axis.is_down(true);
    for _ in 0..100 {
        pair.b.inbox.work(&pair.b.seat).unwrap();
        pair.world.clock.pass(400);
    }
    pair.world.axis.is_down(false);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
}

#[test]
fn what_cannot_be_examined_is_examined_again_and_never_given_up() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo hỏng"));
    for _ in 0..100 {
        pair.run();
        pair.world.clock.pass(7_200);
    }
    let came = pair.b.came(A, &id(A, 1)).remove(0);
    assert_eq!((came.state, came.fault.is_empty()), (IncomingState::Stored, false));
    assert_eq!(pair.handling(1).0, Some(StatusCode::Arrived));
}

#[test]
fn an_axis_that_forgets_is_told_again() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    pair.world.axis.forget();
    pair.run();
    assert!(pair.world.axis.mails().iter().all(|it| it.state == TransportState::Done));
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
}

#[test]
fn a_worker_that_lost_its_claim_tells_the_axis_nothing() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    let claim = pair.b.post.claim().unwrap();
    let slow = pair.b.inbox.begin(&claim).unwrap().remove(0);
    let mut parcels = vec![pair.b.inbox.fetch(&pair.b.seat, slow)];
    pair.world.clock.pass(1_801);
    let other = pair.b.post.claim().unwrap();
    assert_eq!(pair.b.inbox.begin(&other).unwrap().len(), 1);
    pair.b.inbox.store(&claim, &mut parcels).unwrap();
    pair.b.inbox.acknowledge(&pair.b.seat, &mut parcels);
    assert!(pair.b.inbox.finish(&claim, &parcels).unwrap().is_nothing());
    assert_ne!(pair.world.axis.mails()[0].state, TransportState::Done, "nobody has stored it");
    pair.b.post.release_claims().unwrap();
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
}
