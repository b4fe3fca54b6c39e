//! Within what a duty has to be done.

use serde::{Deserialize, Serialize};

use super::calendar::{Basis, Calendar};
use super::day::Day;
use crate::envelope::edxml::Priority;
use crate::time::UtcTime;

/// What an agency has to do with a document, and from when the time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duty {
    /// Send a document, from when it is signed.
    Send,
    /// Say that a document arrived (01), from its arrival.
    Acknowledge,
    /// Check a document and accept (03) or refuse it (02), from its arrival.
    Answer,
    /// Agree (15) or refuse (16) to give a document back, from the arrival of the wish (13).
    AnswerTakeBack,
}

/// The time that a duty has where the document is not urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Until the office closes: on the same day, or on the next working day where it had
    /// closed already.
    WorkingDay,
    /// Until noon of the next working day.
    NextMorning,
    /// Until the office closes on the next working day.
    NextWorkingDay,
}

/// How many minutes "at once" means for each class of urgency. No law says it.
///
/// A more urgent class never has more time than a less urgent one, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AtOnce {
    /// *Khẩn.*
    pub urgent: u16,
    /// *Thượng khẩn.*
    pub very_urgent: u16,
    /// *Hỏa tốc.*
    pub express: u16,
    /// *Hỏa tốc hẹn giờ.* The message names no hour; what the agency promised counts.
    pub express_at_time: u16,
    /// By which clock.
    pub clock: Clock,
}

/// By which clock minutes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Day and night: the law's "at once" knows no office hours.
    Always,
    /// Within office hours alone, where nobody is on duty outside them.
    OfficeHours,
}

/// An agency's rules: a calendar, and the time for each duty. By default the law's,
/// and the stricter one where two laws differ.
///
/// ```
/// use kyso::exchange::deadline::Rules;
///
/// // What an agency's file does not say stays as it is by default.
/// let own: Rules = serde_json::from_str(
///     r#"{"send": "next_working_day", "at_once": {"urgent": 120, "clock": "office_hours"}}"#,
/// ).unwrap();
/// assert_eq!(own.answer, Rules::default().answer);
/// assert_eq!(own.at_once.express, 15);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// When people work.
    pub calendar: Calendar,
    /// For [`Duty::Send`].
    pub send: Within,
    /// For [`Duty::Acknowledge`].
    pub acknowledge: Within,
    /// For [`Duty::Answer`].
    pub answer: Within,
    /// For [`Duty::AnswerTakeBack`].
    pub answer_take_back: Within,
    /// For all of them where the document is urgent.
    pub at_once: AtOnce,
}

/// Until when a duty has to be done, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Due {
    /// The last moment at which it is not late.
    pub at: UtcTime,
    /// The clause that it follows from, or that it is the agency's own rule.
    pub law: &'static str,
    /// How well the days off are known that it was reckoned by.
    pub basis: Basis,
}

impl Due {
    /// Whether it was done after that, or, where it is not done, whether now is after that.
    #[must_use]
    pub fn is_late(&self, done: Option<UtcTime>, now: UtcTime) -> bool {
        done.unwrap_or(now) > self.at
    }
}

impl Default for AtOnce {
    /// An hour, half an hour, a quarter of an hour.
    fn default() -> Self {
        Self { urgent: 60, very_urgent: 30, express: 15, express_at_time: 15, clock: Clock::Always }
    }
}

impl AtOnce {
    /// Nothing where the document is not urgent. What is above the known classes is taken
    /// for the most urgent.
    fn minutes(&self, priority: Priority) -> Option<u16> {
        let classes = [self.urgent, self.very_urgent, self.express, self.express_at_time];
        let class = usize::try_from(priority.0).ok()?;
        classes.into_iter().take(class).min()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            calendar: Calendar::default(),
            send: Within::NextMorning,
            acknowledge: Within::WorkingDay,
            answer: Within::WorkingDay,
            answer_take_back: Within::WorkingDay,
            at_once: AtOnce::default(),
        }
    }
}

impl Rules {
    /// Until when a duty has to be done whose time began at `since`.
    ///
    /// A due date that the document itself names (QCVN 102:2016/BTTTT 1.9) brings this
    /// forward to the end of that day, or of the last working day before it, never puts
    /// it off; one that was over already at `since` changes nothing.
    #[must_use]
    pub fn due(
        &self,
        duty: Duty,
        since: UtcTime,
        priority: Priority,
        due_date: Option<Day>,
    ) -> Due {
        let within = self.within(duty);
        let mut at = self.calendar_end(within, since);
        let mut law = law(duty, within);
        if let Some(minutes) = self.at_once.minutes(priority) {
            let once = match self.at_once.clock {
                Clock::Always => since.plus_seconds(i64::from(minutes) * 60),
                Clock::OfficeHours => self.calendar.plus_working_minutes(since, minutes),
            };
            at = at.min(once);
            law = law_of_urgent(duty);
        }
        if let Some(named) = due_date.map(|it| self.end_of_due_date(it))
            && since <= named
            && named < at
        {
            (at, law) = (named, DUE_DATE);
        }
        Due { at, law, basis: self.calendar.basis_between(since, at) }
    }

    fn within(&self, duty: Duty) -> Within {
        match duty {
            Duty::Send => self.send,
            Duty::Acknowledge => self.acknowledge,
            Duty::Answer => self.answer,
            Duty::AnswerTakeBack => self.answer_take_back,
        }
    }

    fn calendar_end(&self, within: Within, since: UtcTime) -> UtcTime {
        match within {
            Within::WorkingDay => self.calendar.end_of_working_day(since),
            Within::NextMorning => self.calendar.end_of_next_morning(since),
            Within::NextWorkingDay => self.calendar.end_of_next_working_day(since),
        }
    }

    fn end_of_due_date(&self, day: Day) -> UtcTime {
        self.calendar.working_day_until(day).at(self.calendar.hours().end())
    }
}

const OWN: &str = "the agency's own rule";
const DUE_DATE: &str = "the due date of the document (QCVN 102:2016/BTTTT 1.9)";
const TAKE_BACK: &str =
    "Decree 30/2020/NĐ-CP art. 18(4)(b), in the time that the agency sets itself";

fn law(duty: Duty, within: Within) -> &'static str {
    match (duty, within) {
        (Duty::Send, Within::WorkingDay | Within::NextMorning) => {
            "Decision 28/2018/QĐ-TTg art. 6(2)"
        }
        (Duty::Send, Within::NextWorkingDay) => "Decree 30/2020/NĐ-CP art. 18(1)",
        (Duty::Acknowledge | Duty::Answer, Within::WorkingDay) => {
            "Decree 30/2020/NĐ-CP art. 21(2)(c)"
        }
        (Duty::Acknowledge | Duty::Answer, Within::NextMorning | Within::NextWorkingDay) => OWN,
        (Duty::AnswerTakeBack, _) => TAKE_BACK,
    }
}

fn law_of_urgent(duty: Duty) -> &'static str {
    match duty {
        Duty::Send => "Decision 28/2018/QĐ-TTg art. 6(2), Decree 30/2020/NĐ-CP art. 18(1)",
        Duty::Acknowledge | Duty::Answer => {
            "Decision 28/2018/QĐ-TTg art. 6(2), Decree 30/2020/NĐ-CP art. 4(2)(c)"
        }
        Duty::AnswerTakeBack => TAKE_BACK,
    }
}
