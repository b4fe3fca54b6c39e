//! The State's days off, year by year.
//!
//! Until 2026 they are as announced to the State's offices: each year the Prime Minister
//! settles Tết and the day beside the National Day (Labour Code 2019 art. 112(3)), and
//! which working days are exchanged for Saturdays. Where a dispatch of the Government
//! Office (VPCP) is named, it was found in published reports; the others follow press of
//! the time and the Labour Code alone. That 31 August 2026 is exchanged for 22 August was
//! found as proposed. What falls on a weekend is made up for on the next
//! working day (art. 111(3)).
//!
//! 24 November, *Ngày Văn hóa Việt Nam*, is not among them: Resolution 80-NQ/TW of January
//! 2026 wants it off, and the Labour Code was still to be amended for it when this was
//! written. An agency adds it with
//! [`Calendar::with_day_off`](super::Calendar::with_day_off).

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{Basis, FixedHoliday, Year};
use super::day::{Day, Weekday};

const NEW_YEAR: &str = "Tết Dương lịch";
const TET: &str = "Tết Nguyên đán";
const HUNG_KINGS: &str = "Giỗ Tổ Hùng Vương";
const VICTORY: &str = "Ngày Chiến thắng";
const LABOUR: &str = "Ngày Quốc tế lao động";
const NATIONAL: &str = "Quốc khánh";
const IN_LIEU: &str = "Nghỉ bù";
const EXCHANGED: &str = "Nghỉ hoán đổi";

/// Labour Code 2019 art. 112(1); in 2012's (art. 115) the same days.
const FIXED: [(u8, u8, &str); 4] =
    [(1, 1, NEW_YEAR), (4, 30, VICTORY), (5, 1, LABOUR), (9, 2, NATIONAL)];

/// Month and day.
type Date = (u8, u8);
type Days = &'static [Date];

struct Announced {
    year: i32,
    source: &'static str,
    tet: Days,
    hung_kings: Date,
    /// The day beside the National Day, since the Labour Code 2019.
    national: Days,
    in_lieu: Days,
    /// A day off and the Saturday worked for it; one of them may lie in another year.
    exchanged: Days,
    worked: Days,
}

const ANNOUNCED: [Announced; 8] = [
    Announced {
        year: 2019,
        source: "6519/VPCP-KGVX (2018)",
        tet: &[(2, 4), (2, 5), (2, 6), (2, 7), (2, 8)],
        hung_kings: (4, 14),
        national: &[],
        in_lieu: &[(4, 15)],
        exchanged: &[(4, 29)],
        worked: &[(1, 5), (5, 4)],
    },
    Announced {
        year: 2020,
        source: "Thông báo lịch nghỉ năm 2020",
        tet: &[(1, 23), (1, 24), (1, 27), (1, 28), (1, 29)],
        hung_kings: (4, 2),
        national: &[],
        in_lieu: &[],
        exchanged: &[],
        worked: &[],
    },
    Announced {
        year: 2021,
        source: "Thông báo lịch nghỉ năm 2021",
        tet: &[(2, 10), (2, 11), (2, 12), (2, 15), (2, 16)],
        hung_kings: (4, 21),
        national: &[(9, 3)],
        in_lieu: &[(5, 3)],
        exchanged: &[],
        worked: &[],
    },
    Announced {
        year: 2022,
        source: "245/VPCP-KGVX (11/01/2022)",
        tet: &[(1, 31), (2, 1), (2, 2), (2, 3), (2, 4)],
        hung_kings: (4, 10),
        national: &[(9, 1)],
        in_lieu: &[(1, 3), (4, 11), (5, 2), (5, 3)],
        exchanged: &[],
        worked: &[],
    },
    Announced {
        year: 2023,
        source: "8056/VPCP-KGVX (01/12/2022)",
        tet: &[(1, 20), (1, 23), (1, 24), (1, 25), (1, 26)],
        hung_kings: (4, 29),
        national: &[(9, 1)],
        in_lieu: &[(1, 2), (5, 2), (5, 3), (9, 4)],
        exchanged: &[],
        worked: &[],
    },
    Announced {
        year: 2024,
        source: "Thông báo lịch nghỉ năm 2024; 2450/VPCP-KGVX (12/04/2024)",
        tet: &[(2, 8), (2, 9), (2, 12), (2, 13), (2, 14)],
        hung_kings: (4, 18),
        national: &[(9, 3)],
        in_lieu: &[],
        exchanged: &[(4, 29)],
        worked: &[(5, 4)],
    },
    Announced {
        year: 2025,
        source: "8726/VPCP-KGVX (26/11/2024)",
        tet: &[(1, 27), (1, 28), (1, 29), (1, 30), (1, 31)],
        hung_kings: (4, 7),
        national: &[(9, 1)],
        in_lieu: &[],
        exchanged: &[(5, 2)],
        worked: &[(4, 26)],
    },
    Announced {
        year: 2026,
        source: "Thông báo lịch nghỉ năm 2026; 12729/VPCP-KGVX (25/12/2025)",
        tet: &[(2, 16), (2, 17), (2, 18), (2, 19), (2, 20)],
        hung_kings: (4, 26),
        national: &[(9, 1)],
        in_lieu: &[(4, 27)],
        exchanged: &[(1, 2), (8, 31)],
        worked: &[(1, 10), (8, 22)],
    },
];

/// Years, the first day of Tết and the tenth of the third lunar month, by new moons and
/// solar terms at +07:00 (Hồ Ngọc Đức's method); China's calendar differs in some years.
const LUNAR: [(i32, Date, Date); 24] = [
    (2027, (2, 6), (4, 16)),
    (2028, (1, 26), (4, 4)),
    (2029, (2, 13), (4, 23)),
    (2030, (2, 2), (4, 12)),
    (2031, (1, 23), (4, 1)),
    (2032, (2, 11), (4, 19)),
    (2033, (1, 31), (4, 9)),
    (2034, (2, 19), (4, 28)),
    (2035, (2, 8), (4, 17)),
    (2036, (1, 28), (4, 6)),
    (2037, (2, 15), (4, 24)),
    (2038, (2, 4), (4, 13)),
    (2039, (1, 24), (4, 3)),
    (2040, (2, 12), (4, 20)),
    (2041, (2, 1), (4, 10)),
    (2042, (1, 22), (4, 29)),
    (2043, (2, 10), (4, 19)),
    (2044, (1, 30), (4, 7)),
    (2045, (2, 17), (4, 26)),
    (2046, (2, 6), (4, 15)),
    (2047, (1, 26), (4, 4)),
    (2048, (2, 14), (4, 22)),
    (2049, (2, 2), (4, 11)),
    (2050, (1, 23), (4, 1)),
];

pub(super) fn fixed() -> Vec<FixedHoliday> {
    FIXED
        .map(|(month, day, name)| FixedHoliday { month, day, name: name.to_owned() })
        .into_iter()
        .collect()
}

pub(super) fn years() -> BTreeMap<i32, Year> {
    let announced = ANNOUNCED.iter().map(|it| (it.year, it.days()));
    announced.chain(LUNAR.iter().map(|it| (it.0, computed(*it)))).collect()
}

impl Announced {
    fn days(&self) -> Year {
        let named = [
            (self.tet, TET),
            (self.national, NATIONAL),
            (self.in_lieu, IN_LIEU),
            (self.exchanged, EXCHANGED),
        ];
        let day = |(month, day): Date| Day::new(self.year, month, day).ok();
        let mut days_off: BTreeMap<Day, String> = named
            .into_iter()
            .flat_map(|(days, name)| days.iter().map(move |it| (*it, name)))
            .filter_map(|(it, name)| Some((day(it)?, name.to_owned())))
            .collect();
        days_off.extend(day(self.hung_kings).map(|it| (it, HUNG_KINGS.to_owned())));
        let worked: BTreeSet<Day> = self.worked.iter().filter_map(|it| day(*it)).collect();
        Year { basis: Basis::Announced, source: self.source.to_owned(), days_off, worked }
    }
}

/// As most years were announced: the last day of the old year and four of the new one, and
/// the day beside the National Day that makes the longest row of days off.
fn computed((year, tet, hung_kings): (i32, Date, Date)) -> Year {
    let day = |(month, day): Date| Day::new(year, month, day).ok();
    let mut off: BTreeMap<Day, String> = BTreeMap::new();
    let mut holidays: Vec<(Day, &str)> = Vec::new();
    if let Some(first) = day(tet) {
        holidays.extend(
            std::iter::successors(Some(first.previous()), |it| Some(it.next()))
                .take(5)
                .map(|it| (it, TET)),
        );
    }
    holidays.extend(day(hung_kings).map(|it| (it, HUNG_KINGS)));
    holidays.extend(FIXED.iter().filter_map(|(m, d, name)| Some((day((*m, *d))?, *name))));
    holidays.extend(day((9, 2)).map(|it| (beside(it), NATIONAL)));
    off.extend(holidays.iter().map(|(day, name)| (*day, (*name).to_owned())));
    for (holiday, _) in holidays {
        if is_weekend(holiday) {
            let mut free = holiday.next();
            while is_weekend(free) || off.contains_key(&free) {
                free = free.next();
            }
            off.insert(free, IN_LIEU.to_owned());
        }
    }
    let source = "Âm lịch Việt Nam; Bộ luật Lao động 2019, điều 111 và 112".to_owned();
    Year { basis: Basis::Computed, source, days_off: off, worked: BTreeSet::new() }
}

fn is_weekend(day: Day) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn beside(national: Day) -> Day {
    match national.weekday() {
        Weekday::Monday | Weekday::Thursday | Weekday::Sunday => national.next(),
        _ => national.previous(),
    }
}
