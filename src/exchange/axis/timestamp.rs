//! The time among the signed headers.

use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

use crate::time::UtcTime;

/// `22112026T155648+0174`: Vietnam's clock, and after the plus milliseconds, not a zone.
#[must_use]
pub fn timestamp(instant: UtcTime) -> String {
    let local = instant.vietnam_local();
    let (hour, minute, second) = local.to_hms();
    format!(
        "{:02}{:02}{:04}T{hour:02}{minute:02}{second:02}+{:04}",
        local.day(),
        u8::from(local.month()),
        local.year(),
        local.millisecond()
    )
}

/// The instant that a `timestamp` tells, by Vietnam's clock; nothing where it is not
/// written `ddMMyyyy'T'HHmmss'+'SSSS`.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<UtcTime> {
    let (day, rest) = text.split_once('T')?;
    let (clock, millis) = rest.split_once('+')?;
    if [day.len(), clock.len(), millis.len()] != [8, 6, 4] {
        return None;
    }
    let year = i32::from(number(day.get(4..)?)?);
    let month = Month::try_from(small(day.get(2..4)?)?).ok()?;
    let date = Date::from_calendar_date(year, month, small(day.get(..2)?)?).ok()?;
    let [hour, minute, second] =
        [small(clock.get(..2)?)?, small(clock.get(2..4)?)?, small(clock.get(4..)?)?];
    let time = Time::from_hms_milli(hour, minute, second, number(millis)?).ok()?;
    let zone = UtcOffset::from_hms(7, 0, 0).ok()?;
    let local = PrimitiveDateTime::new(date, time).assume_offset(zone);
    (year >= 1).then(|| UtcTime::from_datetime(local))
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn small(digits: &str) -> Option<u8> {
    number(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_to_the_millisecond() {
        for text in [
            "2026-11-22T15:56:48.174+07:00",
            "2024-02-29T00:00:00.000+07:00",
            "0001-01-01T07:00:00Z",
        ] {
            let at: UtcTime = text.parse().unwrap();
            assert_eq!(parse_timestamp(&timestamp(at)), Some(at), "{text}");
        }
        let at = "2026-11-22T15:56:48.174+07:00".parse().ok();
        assert_eq!(parse_timestamp("22112026T155648+0174"), at);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "22112026T155648",
            "22112026T155648+174",
            "22112026T155648+0700Z",
            "22112026T155648+1000",
            "22112026 155648+0174",
            "31022026T155648+0174",
            "22132026T155648+0174",
            "22112026T245648+0174",
            "2211+026T155648+0174",
            "221120é6T155648+0174",
            "01010000T000000+0000",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
