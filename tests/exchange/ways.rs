//! The ways of documents through both boxes, over real HTTP.

use kyso::edxml::{
    Business, BusinessType, Envelope, OtherInfo, Priority, ReplacementInfo, StatusCode,
};
use kyso::exchange::ExaminerRules;
use kyso::exchange::journal::{Actor, Event, Journal, TakenEffect};
use kyso::exchange::store::{DeliveryState, IncomingState};
use kyso::{ErrorKind, UtcTime};

use crate::office::{Office, RECEIVER, SENDER, THIRD, document, id, now, signed};

fn good(office: &Office, number: &str, to: &[&str]) -> Envelope {
    document(number, to).attach("qd.pdf", signed(&office.officers.ours))
}

fn acting(mut envelope: Envelope, kind: BusinessType, on: &str) -> Envelope {
    envelope.business = Some(Business {
        kind,
        reason: "Có sai sót".into(),
        document_id: Some(id(on)).filter(|_| kind != BusinessType::Replacement),
        replacements: vec![ReplacementInfo {
            document_id: id(on),
            organ_ids: vec![RECEIVER.into()],
        }],
        ..Business::default()
    });
    envelope
}

fn state(office: &Office, number: &str) -> IncomingState {
    let of = |records: &mut dyn kyso::exchange::store::Records| {
        records.incoming_documents(&RECEIVER.into(), &SENDER.into(), &id(number))
    };
    office.receiver.post.store().within(of).unwrap()[0].state
}

fn giving_back() -> Office {
    Office::by(ExaminerRules { gives_back: true, ..ExaminerRules::default() })
}

#[test]
fn revoked_updated_and_replaced() {
    let office = giving_back();
    for number in ["1", "2", "3"] {
        office.put(&good(&office, number, &[RECEIVER]));
    }
    office.run();
    let revocation = acting(good(&office, "1", &[RECEIVER]), BusinessType::Revocation, "1");
    office.put(&revocation);
    office.put(&acting(good(&office, "4", &[RECEIVER]), BusinessType::Update, "2"));
    office.put(&acting(good(&office, "5", &[RECEIVER]), BusinessType::Replacement, "3"));
    office.run();
    for number in ["1", "2", "3"] {
        assert_eq!(state(&office, number), IncomingState::Withdrawn, "{number}");
    }
    for number in ["4", "5"] {
        assert_eq!(state(&office, number), IncomingState::Accepted, "{number}");
    }
    let mut acted: Vec<_> = office
        .receiver
        .journal()
        .into_iter()
        .filter_map(|it| match it {
            Event::ActedUpon { effect, .. } => Some(format!("{effect:?}")),
            _ => None,
        })
        .collect();
    acted.sort();
    assert_eq!(acted, ["Replaced", "Revoked", "Updated"]);
    let told = office.sender.deliveries("1");
    let agreed = Some(StatusCode::TakeBackAgreed);
    assert!(told.iter().all(|it| it.progress.take_back() == agreed));
}

#[test]
fn taken_back() {
    let office = giving_back();
    office.put(&good(&office, "1", &[RECEIVER, THIRD]));
    office.run();
    let only = [RECEIVER.into()];
    let asked =
        office.sender.outbox.take_back(&id("1"), Some(&only), "Gửi nhầm").unwrap().receivers;
    assert_eq!(asked, only);
    office.run();
    assert_eq!(state(&office, "1"), IncomingState::Withdrawn);
    let told = office.sender.deliveries("1");
    assert_eq!(told[0].progress.take_back(), Some(StatusCode::TakeBackAgreed));
    assert_eq!(told[1].progress.take_back(), None);
    let effects: Vec<_> = office
        .receiver
        .journal()
        .into_iter()
        .filter_map(|it| match it {
            Event::ActedUpon { effect, .. } => Some(effect),
            _ => None,
        })
        .collect();
    assert_eq!(effects, [TakenEffect::TakeBackRequested, TakenEffect::TakenBack]);
}

#[test]
fn an_unknown_receiver_does_not_hold_up_the_others() {
    let office = Office::new();
    office.put(&good(&office, "1", &[RECEIVER, "H37.99", THIRD]));
    office.run();
    let sent = office.sender.deliveries("1");
    let states: Vec<_> = sent.iter().map(|it| it.state).collect();
    let (is_sent, stopped) = (DeliveryState::Sent, DeliveryState::Stopped);
    assert_eq!(states, [is_sent, stopped, is_sent]);
    assert!(sent[1].fault.contains("18"), "{}", sent[1].fault);
    for delivery in [&sent[0], &sent[2]] {
        assert_eq!(delivery.progress.handling(), Some(StatusCode::Accepted));
    }
    let by = Actor::new("chị Hoa");
    office.sender.outbox.cancel(sent[1].id, &by).unwrap();
    assert_eq!(office.sender.outbox.next_at().unwrap(), None);
    let received = |it: &&Event| it.name() == "received";
    assert_eq!(office.receiver.journal().iter().filter(received).count(), 1, "each once");
}

#[test]
fn the_urgent_arrive_first() {
    let office = Office::new();
    for (number, priority) in [("1", 0), ("2", 1), ("3", 3)] {
        let mut envelope = good(&office, number, &[RECEIVER]);
        let other_info = OtherInfo { priority: Some(Priority(priority)), ..OtherInfo::default() };
        envelope.header.other_info = Some(other_info);
        office.put(&envelope);
    }
    office.run();
    let received: Vec<_> = office
        .receiver
        .journal()
        .into_iter()
        .filter_map(|it| match it {
            Event::Received { document, .. } => Some(document.code),
            _ => None,
        })
        .collect();
    assert_eq!(received, ["3/QĐ-SNV", "2/QĐ-SNV", "1/QĐ-SNV"]);
}

#[test]
fn what_is_sealed_and_handed_over_again_is_sent_once() {
    let office = Office::new();
    let (ours, envelope) = (&office.officers.ours, good(&office, "1", &[RECEIVER]));
    let seal = |envelope: &Envelope, after: i64| {
        envelope.clone().seal(ours, now().plus_seconds(after)).unwrap()
    };
    let outbox = &office.sender.outbox;
    let letter = outbox.put(&seal(&envelope, 0), None).unwrap();
    assert_eq!(outbox.put(&seal(&envelope, 1), None).unwrap(), letter);
    let other = envelope.attach("b.txt", b"b".to_vec());
    let refused = outbox.put(&seal(&other, 0), None).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Misuse, "another content");
}

#[test]
fn what_comes_twice_is_here_once() {
    use kyso::exchange::{MessageKind, Submission, Transport};
    let office = Office::new();
    let envelope = good(&office, "1", &[RECEIVER]);
    office.put(&envelope);
    office.run();
    // As an older program does, which packs and sends again where the answer was cut off: the
    // gateway knows the same bytes, and takes these for another message.
    let again = envelope.sent_at(UtcTime::from_unix(1_700_000_000).unwrap());
    let (from, message) = (SENDER.into(), again.to_bytes().unwrap());
    let again = Submission {
        kind: MessageKind::Document,
        from: &from,
        to: None,
        message: &message,
        digest: None,
    };
    office.sender.client.submit(&again).unwrap();
    office.run();
    let count =
        |name: &str| office.receiver.journal().iter().filter(|it| it.name() == name).count();
    assert_eq!((count("received"), count("repeated"), count("examined")), (1, 1, 1));
    // Whoever sent it again may not have heard the answer.
    assert_eq!(office.sender.told(StatusCode::Accepted).len(), 2);
    assert_eq!(office.sender.told(StatusCode::Arrived).len(), 1);
    for member in [&office.sender, &office.receiver] {
        assert!(Journal::new(&member.post).follow().unwrap().is_ok());
    }
}
