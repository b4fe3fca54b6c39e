//! What is left to people since it could not be read or acted upon.

use super::*;

#[test]
fn what_could_not_be_read_counts_as_people_left_it() {
    let mut book = Book::default();
    for id in ["1", "2", "3", "4"] {
        book.received("2026-11-16 10:00", id, "H01");
        let (transport_id, reason) = (TransportId::from("2".to_owned()), "XML".to_owned());
        let given_up = Event::HandlingGivenUp { transport_id, reason };
        book.note("2026-11-18 10:00", (id, "H01", &format!("r-{id}")), given_up);
    }
    let event = Event::SetAside { reason: "Đã nhận bản giấy".to_owned() };
    book.note("2026-11-18 11:00", ("2", "H01", "r-2"), event);
    let event = Event::HandlingResumed { transport_id: TransportId::from("2".to_owned()) };
    book.note("2026-11-18 11:00", ("3", "H01", "r-3"), event);
    let event = Event::Decided { decision: Decision::Refused, reason: "Gửi lại".to_owned() };
    book.note("2026-11-18 11:00", ("4", "H01", "r-4"), event);
    // A status that could not be acted upon is no document.
    let event = Event::SetAside { reason: "x".to_owned() };
    book.note("2026-11-18 11:00", ("1", "H01", "r-status"), event);
    let rules = Rules::default();
    let listed = book.tally(&rules).documents(at("2026-11-20 18:00"));
    let decisions: Vec<_> =
        listed.iter().map(|it| (it.decision.as_str(), it.reason.as_str())).collect();
    let wanted =
        [("held", "XML"), ("set_aside", "Đã nhận bản giấy"), ("open", ""), ("refused", "Gửi lại")];
    assert_eq!(decisions, wanted);
    let received = book.statistics().received;
    assert_eq!((received.by_people, received.refusals.len()), (3, 1));
    assert_eq!(
        count(&received.decisions),
        [("held", 1), ("open", 1), ("refused", 1), ("set_aside", 1)]
    );
}
