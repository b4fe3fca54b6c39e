//! The engine: order, bounds, ends and accidents, whatever the work is.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::{Batch, Cancel, Ended, Outcome, Progress};
use crate::error::{Error, ErrorKind, Result};

/// What came back, in words.
fn told<T: std::fmt::Debug>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Done(value) => format!("{value:?}"),
        Outcome::Failed(error) => format!("{error:?}"),
        Outcome::NotBegun(ended) => ended.to_string(),
    }
}

/// Later jobs of each handful are done first, and still come back last.
#[test]
fn outcomes_come_in_the_order_of_the_jobs_on_any_number_of_threads() {
    for threads in [1, 2, 7] {
        let work = |job: &u64| {
            thread::sleep(Duration::from_micros(300 * (5 - job % 5)));
            if job % 10 == 3 { Err(Error::misuse("three")) } else { Ok(job * 2) }
        };
        let mut seen = Vec::new();
        let progress = Batch::new()
            .threads(threads)
            .run(0..100, work, |job, outcome| seen.push((job, told(&outcome))))
            .unwrap();
        let expected = (0..100_u64).map(|job| match job % 10 {
            3 => (job, "Misuse: three".to_owned()),
            _ => (job, (job * 2).to_string()),
        });
        assert_eq!(seen, expected.collect::<Vec<_>>());
        let all = Progress { done: 90, failed: 10, not_begun: 0, total: Some(100) };
        assert_eq!(progress, all);
    }
}

#[test]
fn nothing_to_do_is_done() {
    let work = |_: &u8| -> Result<()> { Ok(()) };
    let progress = Batch::new().run([], work, |_, _| panic!("there was no job")).unwrap();
    assert_eq!(progress, Progress { total: Some(0), ..Progress::default() });
}

/// The first job does not end before all others that may be under way have: no further
/// one is taken until it was given back.
#[test]
fn nothing_is_taken_ahead_of_the_window() {
    let (pulled, delivered) = (AtomicUsize::new(0), Cell::new(0));
    let (others, changed) = (Mutex::new(0), Condvar::new());
    let jobs = std::iter::from_fn(|| {
        let job = pulled.fetch_add(1, Ordering::SeqCst);
        assert!(job - delivered.get() < 5, "{job} is taken after {}", delivered.get());
        (job < 200).then_some(job)
    });
    let work = |job: &usize| {
        let mut done = others.lock().unwrap();
        if *job == 0 {
            done = changed.wait_while(done, |done| *done < 4).unwrap();
            assert_eq!(pulled.load(Ordering::SeqCst), 5);
        }
        *done += 1;
        changed.notify_all();
        Ok(())
    };
    let each = |_, outcome| {
        assert!(matches!(outcome, Outcome::Done(())), "{outcome:?}");
        delivered.set(delivered.get() + 1);
    };
    let progress = Batch::new().threads(2).window(5).run(jobs, work, each).unwrap();
    assert_eq!((progress.done, progress.total), (200, None));
}

/// All threads work at once, or the barrier would never open.
#[test]
fn as_many_threads_work_as_were_asked_for() {
    let barrier = Barrier::new(3);
    let work = |_: &usize| Ok(barrier.wait().is_leader());
    let progress = Batch::new().threads(3).window(3).run(0..9, work, |_, _| ()).unwrap();
    assert_eq!(progress.done, 9);
}

#[test]
fn what_was_not_begun_comes_back_when_it_is_cancelled() {
    let (cancel, begun) = (Cancel::new(), AtomicUsize::new(0));
    let work = |_: &usize| {
        begun.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    let mut jobs = Vec::new();
    let each = |job, outcome| {
        if job == 3 {
            cancel.cancel();
        }
        let is_done = matches!(outcome, Outcome::Done(()));
        assert!(is_done || matches!(outcome, Outcome::NotBegun(Ended::Cancelled)));
        assert!(is_done == (job < 4), "one job at a time is under way");
        jobs.push(job);
    };
    let batch = Batch::new().threads(2).window(1).cancelled_by(&cancel);
    let progress = batch.run(0..1000, work, each).unwrap();
    assert_eq!(jobs, (0..1000).collect::<Vec<_>>());
    assert_eq!((progress.done, progress.not_begun, begun.into_inner()), (4, 996, 4));
    // It stays so.
    let progress = batch.run(0..3, |_| Ok(()), |_, _| ()).unwrap();
    assert_eq!((progress.done, progress.not_begun), (0, 3));
}

/// From another thread, with many under way: what is begun is finished, and nothing is lost.
#[test]
fn it_can_be_cancelled_from_within_a_job() {
    let (cancel, begun) = (Cancel::new(), AtomicUsize::new(0));
    let work = |job: &u64| {
        begun.fetch_add(1, Ordering::SeqCst);
        if *job == 20 {
            cancel.cancel();
        }
        Ok(())
    };
    let progress =
        Batch::new().threads(4).cancelled_by(&cancel).run(0..500, work, |_, _| ()).unwrap();
    assert_eq!(progress.done, u64::try_from(begun.into_inner()).unwrap());
    assert_eq!(progress.done + progress.not_begun, 500);
    // No more are under way than the window has, of which it is the first.
    assert!((21..=36).contains(&progress.done), "{progress:?}");
}

#[test]
fn a_job_that_panics_takes_no_other_with_it() {
    for threads in [1, 3] {
        let work = |job: &u64| match job % 50 {
            7 => panic!("seven"),
            8 => panic!("eight of {job}"),
            _ => Ok(()),
        };
        let mut wrong = Vec::new();
        let each = |job, outcome: Outcome<()>| {
            if let Outcome::Failed(error) = outcome {
                assert_eq!(error.kind(), ErrorKind::Misuse);
                wrong.push((job, error.to_string()));
            }
        };
        let progress = Batch::new().threads(threads).run(0..100, work, each).unwrap();
        assert_eq!((progress.done, progress.failed), (96, 4));
        assert!(wrong[0].0 == 7 && wrong[0].1.ends_with("panicked: seven"), "{wrong:?}");
        assert!(wrong[3].0 == 58 && wrong[3].1.ends_with("eight of 58"), "{wrong:?}");
    }
}

/// A listing may fail at one entry, and go on: each job says so in its place.
#[test]
fn jobs_that_could_not_be_found_fail_in_their_place() {
    let jobs = (0..6).map(|n| if n == 2 { Err("gone") } else { Ok(n) });
    let work = |job: &std::result::Result<u8, &str>| {
        job.map_err(|error| Error::new(ErrorKind::Io, error)).map(|n| n * 2)
    };
    let mut seen = Vec::new();
    Batch::new().run(jobs, work, |_, outcome| seen.push(told(&outcome))).unwrap();
    assert_eq!(seen, ["0", "2", "Io: gone", "6", "8", "10"]);
}

#[test]
fn an_iterator_that_panics_does_so_after_all_that_it_gave_came_back() {
    let jobs = (0..10).inspect(|job| assert!(*job < 6, "the list is broken"));
    let seen = RefCell::new(Vec::new());
    let run = || Batch::new().run(jobs, |_| Ok(()), |job, _| seen.borrow_mut().push(job));
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the list is broken"));
    assert_eq!(seen.into_inner(), (0..6).collect::<Vec<_>>());
}

#[test]
fn who_takes_outcomes_may_panic() {
    let run = || {
        Batch::new().run(0..100, |_| Ok(()), |job, _| assert!(job < 3, "the disk is full")).unwrap()
    };
    assert!(catch_unwind(run).is_err());
}

/// Told of each job as it ends, not as it is given back.
#[test]
fn progress_is_told_after_each_job() {
    let all = RefCell::new(Vec::new());
    let told = |progress| all.borrow_mut().push(progress);
    let work = |job: &u8| if *job == 1 { Err(Error::misuse("one")) } else { Ok(()) };
    let last = Batch::new().threads(2).progress(&told).run(0..5, work, |_, _| ()).unwrap();
    let all = all.into_inner();
    assert_eq!((all.len(), all.last()), (5, Some(&last)));
    assert!((1..).zip(&all).all(|(n, it)| it.done + it.failed == n && it.total == Some(5)));
}

/// Outcomes of jobs that are over at once are gathered, but none of them waits for a long job
/// behind it: that is what ends the long ones here.
#[test]
fn short_jobs_are_told_of_while_long_ones_are_done() {
    let (told, changed) = (Mutex::new(0), Condvar::new());
    let count = |progress: Progress| {
        *told.lock().unwrap() = progress.done;
        changed.notify_all();
    };
    let work = |job: &u64| {
        if job % 100 < 98 {
            return Ok(true);
        }
        let before = job / 100 * 100 + 98;
        let told = told.lock().unwrap();
        let patience = Duration::from_secs(60);
        let (told, _) = changed.wait_timeout_while(told, patience, |it| *it < before).unwrap();
        Ok(*told >= before)
    };
    let each = |job, outcome: Outcome<bool>| assert!(outcome.into_result().unwrap(), "{job}");
    let progress = Batch::new().threads(2).progress(&count).run(0..400, work, each).unwrap();
    assert_eq!(progress.done, 400);
}
