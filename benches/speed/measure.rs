//! One thing beside another, in turns: what else the machine does slows both.

use std::fs;
use std::time::{Duration, Instant};

/// How long two things took, each the median of its rounds.
pub(crate) struct Pair {
    pub(crate) floor: Duration,
    pub(crate) whole: Duration,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// For how long a case is measured, and at least how often.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) time: Duration,
    pub(crate) rounds: usize,
}

impl Effort {
    pub(crate) fn new(quick: bool) -> Self {
        if quick {
            Self { time: Duration::ZERO, rounds: 1 }
        } else {
            Self { time: Duration::from_secs(6), rounds: 9 }
        }
    }

    /// Floor and whole, each so many times a round, in turns.
    pub(crate) fn pair(self, times: u32, mut floor: impl FnMut(), mut whole: impl FnMut()) -> Pair {
        // What is remembered from the first document on is no part of it.
        floor();
        whole();
        let (mut floors, mut wholes, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let started = Instant::now();
        while ratios.len() < self.rounds || started.elapsed() < self.time {
            let (one, other) = (each(times, &mut floor), each(times, &mut whole));
            ratios.push(other.as_secs_f64() / one.as_secs_f64());
            floors.push(one);
            wholes.push(other);
        }
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        Pair { floor: median(floors), whole: median(wholes), ratio }
    }
}

fn each(times: u32, work: &mut impl FnMut()) -> Duration {
    let (worked, started) = (processor_time(), Instant::now());
    (0..times).for_each(|_| work());
    let elapsed = started.elapsed();
    let worked = processor_time().zip(worked).map(|(after, before)| after.saturating_sub(before));
    worked.unwrap_or(elapsed) / times
}

/// For how long this thread has had a processor, where Linux says so: what others do meanwhile
/// is not in it.
fn processor_time() -> Option<Duration> {
    // It is counted up to here.
    std::thread::yield_now();
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// By how many KiB the resident memory rose at most while `work` ran; Linux alone tells.
pub(crate) fn risen(work: impl FnOnce()) -> Option<u64> {
    // The highest so far is forgotten.
    fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = kibibytes("VmRSS:")?;
    work();
    Some(kibibytes("VmHWM:")?.saturating_sub(before))
}

fn kibibytes(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
