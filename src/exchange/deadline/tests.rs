use proptest::prelude::*;

use super::*;
use crate::envelope::edxml::{self, Priority};
use crate::time::UtcTime;

fn at(text: &str) -> UtcTime {
    // On Vietnam's clock.
    format!("{text}:00+07:00").replacen(' ', "T", 1).parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn due(duty: Duty, since: &str) -> String {
    Rules::default().due(duty, at(since), Priority::NORMAL, None).at.vietnam()[..16]
        .replace('T', " ")
}

#[test]
fn sending_has_until_the_next_working_morning() {
    for (signed, until) in [
        // An ordinary Tuesday, within and outside of hours, and the very moment of closing.
        ("2026-11-17 09:00", "2026-11-18 12:00"),
        ("2026-11-17 16:59", "2026-11-18 12:00"),
        ("2026-11-17 17:00", "2026-11-18 12:00"),
        ("2026-11-17 06:00", "2026-11-18 12:00"),
        // Friday, weekend.
        ("2026-11-13 16:59", "2026-11-16 12:00"),
        ("2026-11-13 17:01", "2026-11-16 12:00"),
        ("2026-11-14 10:00", "2026-11-16 12:00"),
        ("2026-11-15 23:59", "2026-11-16 12:00"),
        // The turn of the day in Vietnam is at 17:00 UTC.
        ("2026-11-17 23:59", "2026-11-18 12:00"),
        ("2026-11-18 00:00", "2026-11-19 12:00"),
        // Tết, and days exchanged.
        ("2026-02-13 16:59", "2026-02-23 12:00"),
        ("2026-02-18 10:00", "2026-02-23 12:00"),
        ("2026-01-01 10:00", "2026-01-05 12:00"),
        ("2026-01-09 17:01", "2026-01-10 12:00"),
        ("2026-01-10 10:00", "2026-01-12 12:00"),
        ("2026-08-21 15:00", "2026-08-22 12:00"),
        ("2026-08-28 15:00", "2026-09-03 12:00"),
        ("2023-04-28 15:00", "2023-05-04 12:00"),
        ("2021-12-31 15:00", "2022-01-04 12:00"),
    ] {
        assert_eq!(due(Duty::Send, signed), until, "{signed}");
    }
}

#[test]
fn answers_are_due_on_the_same_day() {
    for (arrived, until) in [
        ("2026-11-13 16:59", "2026-11-13 17:00"),
        ("2026-11-13 12:15", "2026-11-13 17:00"),
        ("2026-11-13 17:00", "2026-11-16 17:00"),
        ("2026-11-13 17:01", "2026-11-16 17:00"),
        ("2026-11-16 00:00", "2026-11-16 17:00"),
        ("2026-02-13 17:01", "2026-02-23 17:00"),
        ("2026-01-09 18:00", "2026-01-10 17:00"),
    ] {
        for duty in [Duty::Acknowledge, Duty::Answer, Duty::AnswerTakeBack] {
            assert_eq!(due(duty, arrived), until, "{duty:?} {arrived}");
        }
    }
}

#[test]
fn urgent_is_at_once_and_never_later_than_otherwise() {
    let rules = Rules::default();
    let night = at("2026-11-14 23:50");
    let minutes =
        |priority| (rules.due(Duty::Send, night, priority, None).at.unix() - night.unix()) / 60;
    assert_eq!([1, 2, 3, 4, 9].map(|it| minutes(Priority(it))), [60, 30, 15, 15, 15]);
    assert_eq!(minutes(Priority(-1)), minutes(Priority::NORMAL));
    // An hour would reach beyond the end of the day that everything else has.
    let arrived = at("2026-11-13 16:50");
    let urgent = rules.due(Duty::Answer, arrived, Priority::URGENT, None);
    assert_eq!(urgent.at, at("2026-11-13 17:00"));
    assert_eq!(urgent.law, "Decision 28/2018/QĐ-TTg art. 6(2), Decree 30/2020/NĐ-CP art. 4(2)(c)");
    // By the office's clock, an hour begins when it opens.
    let mut rules = Rules::default();
    rules.at_once.clock = Clock::OfficeHours;
    let due = |since| rules.due(Duty::Send, at(since), Priority::URGENT, None).at;
    assert_eq!(due("2026-11-14 23:50"), at("2026-11-16 09:00"));
    assert_eq!(due("2026-11-13 11:45"), at("2026-11-13 13:45"));
    assert_eq!(due("2026-11-13 16:30"), at("2026-11-16 08:30"));
    assert_eq!(due("2026-11-13 16:00"), at("2026-11-13 17:00"));
}

#[test]
fn laws_differ_and_an_agency_may_choose() {
    let rules = Rules { send: Within::NextWorkingDay, ..Rules::default() };
    let due = rules.due(Duty::Send, at("2026-11-13 10:00"), Priority::NORMAL, None);
    assert_eq!(due.at, at("2026-11-16 17:00"));
    assert_eq!(due.law, "Decree 30/2020/NĐ-CP art. 18(1)");
    let rules = Rules { answer: Within::NextMorning, ..Rules::default() };
    let due = rules.due(Duty::Answer, at("2026-11-13 10:00"), Priority::NORMAL, None);
    assert_eq!((due.at, due.law), (at("2026-11-16 12:00"), "the agency's own rule"));
}

#[test]
fn a_due_date_brings_forward_only() {
    let rules = Rules::default();
    let signed = at("2026-02-13 17:30");
    let due = |date: &str| rules.due(Duty::Send, signed, Priority::NORMAL, Some(day(date)));
    let plain = rules.due(Duty::Send, signed, Priority::NORMAL, None);
    assert_eq!(due("2026-03-01"), plain);
    // The last working day before it was over already.
    assert_eq!(due("2026-02-18"), plain);
    let friday = at("2026-11-13 10:00");
    let due = rules.due(Duty::Send, friday, Priority::NORMAL, Some(day("2026-11-15")));
    assert_eq!(due.at, at("2026-11-13 17:00"));
    assert!(due.law.contains("QCVN 102:2016"));
    assert_eq!(Day::try_from(&edxml::Date::from("2026/11/15")).unwrap(), day("2026-11-15"));
    assert!(Day::try_from(&edxml::Date::from("15/11/2026")).is_err());
}

#[test]
fn lateness_is_after_the_last_moment() {
    let due = Rules::default().due(Duty::Answer, at("2026-11-13 10:00"), Priority::NORMAL, None);
    let end = at("2026-11-13 17:00");
    assert!(!due.is_late(None, end) && due.is_late(None, end.plus_seconds(1)));
    assert!(!due.is_late(Some(end), at("2027-01-01 00:00")));
    assert!(due.is_late(Some(end.plus_seconds(1)), end));
}

#[test]
fn how_well_the_days_are_known_is_said() {
    let rules = Rules::default();
    let basis = |since| rules.due(Duty::Send, at(since), Priority::NORMAL, None).basis;
    assert_eq!(basis("2026-06-15 10:00"), Basis::Announced);
    assert_eq!(basis("2026-12-31 10:00"), Basis::Computed, "it reaches into 2027");
    assert_eq!(basis("2050-06-15 10:00"), Basis::Computed);
    assert_eq!(basis("2051-06-15 10:00"), Basis::Unknown);
    assert_eq!(basis("2018-09-06 10:00"), Basis::Unknown);
}

/// Days off of each announced year beside weekends: eleven (ten under the Labour Code of
/// 2012), and one for each that was exchanged.
#[test]
fn every_year_has_the_days_that_the_law_gives() {
    let calendar = Calendar::vietnam();
    for year in 2019..=2050 {
        let mut off = 0;
        let mut saturdays = 0;
        let mut it = Day::new(year, 1, 1).unwrap();
        while it.year() == year {
            let weekend = matches!(it.weekday(), Weekday::Saturday | Weekday::Sunday);
            match (weekend, calendar.is_working_day(it)) {
                (false, false) => off += 1,
                (true, true) => saturdays += 1,
                _ => {}
            }
            it = it.next();
        }
        let entitled = if year < 2021 { 10 } else { 11 };
        // 5 January 2019 was worked for the last day of 2018.
        let exchanged = if year == 2019 { saturdays - 1 } else { saturdays };
        assert_eq!(off, entitled + exchanged, "{year}");
    }
}

#[test]
fn lunar_days_are_vietnams() {
    let calendar = Calendar::vietnam();
    // In 2030 China's new moon falls on the next day already.
    for (tet, hung_kings) in [
        ("2019-02-05", "2019-04-14"),
        ("2023-01-22", "2023-04-29"),
        ("2026-02-17", "2026-04-26"),
        ("2030-02-02", "2030-04-12"),
    ] {
        let working = calendar.is_working_day(day(tet));
        assert!(!working, "{tet}");
        assert_eq!(calendar.holiday(day(hung_kings)), Some("Giỗ Tổ Hùng Vương"));
    }
    assert_eq!(calendar.holiday(day("2030-02-01")), Some("Tết Nguyên đán"));
    assert_eq!(calendar.holiday(day("2030-01-31")), None);
}

#[test]
fn an_agency_keeps_its_own_in_a_file() {
    let hours: OfficeHours = serde_json::from_str(
        r#"{"morning": {"from": "07:00", "to": "11:30"}, "afternoon": {"from": "13:30", "to": "17:00"}}"#,
    )
    .unwrap();
    let calendar = Calendar::vietnam()
        .with_hours(hours)
        .with_day_off(day("2026-11-24"), "Ngày Văn hóa Việt Nam")
        .unwrap()
        .with_working_day(day("2026-11-28"))
        .unwrap();
    let rules = Rules { calendar, ..Rules::default() };
    let text = serde_json::to_string(&rules).unwrap();
    let again: Rules = serde_json::from_str(&text).unwrap();
    assert_eq!(again, rules);
    let due = |since| again.due(Duty::Send, at(since), Priority::NORMAL, None).at;
    assert_eq!(due("2026-11-23 16:00"), at("2026-11-25 11:30"));
    assert_eq!(due("2026-11-27 16:00"), at("2026-11-28 11:30"));
    assert_eq!(again.calendar.holiday(day("2026-11-24")), Some("Ngày Văn hóa Việt Nam"));
}

#[test]
fn calendars_without_working_days_are_refused() {
    assert!(Calendar::vietnam().with_weekdays([]).is_err());
    assert!(Calendar::vietnam().with_day_off(day("2051-01-02"), "x").is_err());
    let mut days_off = std::collections::BTreeMap::new();
    let mut it = Day::new(2027, 1, 1).unwrap();
    while it.year() == 2027 {
        days_off.insert(it, "x".to_owned());
        it = it.next();
    }
    let year = |days_off| Year {
        basis: Basis::Announced,
        source: String::new(),
        days_off,
        worked: std::collections::BTreeSet::new(),
    };
    assert!(Calendar::vietnam().with_year(2027, year(days_off.clone())).is_err());
    assert!(Calendar::vietnam().with_year(2028, year(days_off.clone())).is_err());
    days_off.remove(&day("2027-06-15"));
    let calendar = Calendar::vietnam().with_year(2027, year(days_off)).unwrap();
    assert_eq!(calendar.next_working_day(day("2027-06-15")), day("2028-01-04"));
    for wrong in [
        r#"{"morning": {"from": "12:00", "to": "11:30"}}"#,
        r#"{"morning": {"from": "08:00", "to": "12:00"}, "afternoon": {"from": "11:00", "to": "17:00"}}"#,
        r#"{"morning": {"from": "8:00", "to": "12:00"}}"#,
        r#"{"morning": {"from": "08:00", "to": "24:00"}}"#,
    ] {
        assert!(serde_json::from_str::<OfficeHours>(wrong).is_err(), "{wrong}");
    }
    for wrong in ["2026-2-17", "2026/02/17", "2026-02-30", "", "-026-02-17"] {
        assert!(wrong.parse::<Day>().is_err(), "{wrong}");
    }
}

#[test]
fn the_ends_of_time_do_not_panic() {
    let rules = Rules::default();
    for seconds in [-62_167_219_200, 253_402_300_799] {
        let since = UtcTime::from_unix(seconds).unwrap();
        for priority in [Priority::NORMAL, Priority::EXPRESS] {
            assert!(rules.due(Duty::Send, since, priority, None).at >= since);
        }
        assert!(rules.calendar.plus_working_minutes(since, u16::MAX) >= since);
        let _ = rules.due(Duty::Send, since, Priority::NORMAL, Some(day("0000-01-01")));
    }
}

#[test]
fn lists_begin_with_what_is_due_first() {
    let item = |subject, duty, since: &str, priority, done: Option<&str>| Item {
        subject,
        duty,
        since: at(since),
        priority,
        due_date: None,
        done: done.map(at),
    };
    let items = [
        item("thường", Duty::Answer, "2026-11-23 08:30", Priority::NORMAL, None),
        item("gửi", Duty::Send, "2026-11-23 08:00", Priority::NORMAL, None),
        item("xong", Duty::Answer, "2026-11-20 08:00", Priority::NORMAL, Some("2026-11-20 09:00")),
        item("cũ", Duty::Answer, "2026-11-23 08:00", Priority::NORMAL, None),
        item("trễ", Duty::Answer, "2026-11-20 08:00", Priority::NORMAL, None),
        item("hỏa tốc", Duty::Answer, "2026-11-23 16:45", Priority::EXPRESS, None),
    ];
    let list = due_list(&Rules::default(), items, at("2026-11-23 16:50"));
    let order: Vec<_> = list.iter().map(|it| it.item.subject).collect();
    assert_eq!(order, ["trễ", "hỏa tốc", "cũ", "thường", "gửi"]);
    let late: Vec<_> = list.iter().map(|it| it.late).collect();
    assert_eq!(late, [true, false, false, false, false]);
    assert_eq!(list[1].seconds_left, 600);
    assert!(list[0].seconds_left < 0);
}

const DUTIES: [Duty; 4] = [Duty::Send, Duty::Acknowledge, Duty::Answer, Duty::AnswerTakeBack];
const WITHIN: [Within; 3] = [Within::WorkingDay, Within::NextMorning, Within::NextWorkingDay];

/// Seconds of the years 2018 to 2052, which the table ends within.
fn instants() -> impl Strategy<Value = UtcTime> {
    (1_514_764_800_i64..2_587_680_000).prop_map(|it| UtcTime::from_unix(it).unwrap())
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let minutes = 0_u16..3_000;
    (0_usize..3, 0_usize..3, prop::array::uniform4(minutes), any::<bool>()).prop_map(
        |(send, answer, [urgent, very_urgent, express, express_at_time], office)| {
            let clock = if office { Clock::OfficeHours } else { Clock::Always };
            Rules {
                send: WITHIN[send],
                answer: WITHIN[answer],
                at_once: AtOnce { urgent, very_urgent, express, express_at_time, clock },
                ..Rules::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_due_before_it_began(
        rules in any_rules(), since in instants(), duty in 0_usize..4, class in -1_i32..6,
        date in prop::option::of(instants()),
    ) {
        let due = rules.due(DUTIES[duty], since, Priority(class), date.map(Day::of));
        prop_assert!(due.at >= since);
    }

    #[test]
    fn what_begins_later_is_due_no_earlier(
        rules in any_rules(), one in instants(), later in 0_i64..2_000_000, duty in 0_usize..4,
        class in 0_i32..5, date in prop::option::of(instants()),
    ) {
        let date = date.map(Day::of);
        let first = rules.due(DUTIES[duty], one, Priority(class), date);
        let second = rules.due(DUTIES[duty], one.plus_seconds(later), Priority(class), date);
        prop_assert!(first.at <= second.at);
    }

    #[test]
    fn what_is_more_urgent_is_due_no_later(
        rules in any_rules(), since in instants(), duty in 0_usize..4, class in 0_i32..5,
    ) {
        let due = |class| rules.due(DUTIES[duty], since, Priority(class), None).at;
        prop_assert!(due(class + 1) <= due(class));
    }

    #[test]
    fn what_is_not_urgent_is_due_within_hours(
        rules in any_rules(), since in instants(), duty in 0_usize..4,
    ) {
        let due = rules.due(DUTIES[duty], since, Priority::NORMAL, None);
        prop_assert!(rules.calendar.is_working(due.at.plus_seconds(-1)), "{}", due.at.vietnam());
    }

    #[test]
    fn working_time_adds_up(since in instants(), one in 0_u16..2_000, two in 0_u16..2_000) {
        let calendar = Calendar::vietnam();
        let whole = calendar.plus_working_minutes(since, one + two);
        let parts = calendar.plus_working_minutes(calendar.plus_working_minutes(since, one), two);
        // Between the end of one span and the beginning of the next no working time passes.
        prop_assert_eq!(
            calendar.next_working_moment(whole), calendar.next_working_moment(parts)
        );
    }
}
