//! Says what came of the jobs, and fetches it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use kyso::exchange::store::objects::Objects;

use crate::files::stream_whole;
use crate::job::{Outcome, Profile, Record};
use crate::queue::{Queue, plain};
use crate::say;
use crate::text::shown;

/// Asked so often whether any job is left.
const OFTEN: Duration = Duration::from_millis(250);
const PIECE: u64 = 1 << 20;

pub(crate) async fn wait(queue: &Queue) -> Result<(), Box<dyn Error>> {
    while queue.waiting().await.map_err(plain)? > 0 {
        tokio::time::sleep(OFTEN).await;
    }
    Ok(())
}

/// A table, and under it how many there are of each.
pub(crate) fn print_table(records: &[Record]) {
    say(&format!(
        "{:<30} {:<7} {:<14} {:>8}  {}",
        "DOCUMENT", "WHAT", "RESULT", "ATTEMPTS", "OUTPUT"
    ));
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    for record in records {
        let (name, kind) =
            record.job.as_ref().map_or(("", "refused"), |it| (&*it.name, it.profile.kind()));
        let name: String = name.chars().take(30).collect();
        let (result, output) = result(record);
        let attempts = record.attempts;
        say(&format!("{name:<30} {kind:<7} {result:<14} {attempts:>8}  {output}"));
        let count = counts.entry((kind, result)).or_default();
        *count = count.saturating_add(1);
    }
    for ((kind, result), count) in counts {
        say(&format!("{count} {kind} {result}"));
    }
}

fn result(record: &Record) -> (&str, &str) {
    match &record.outcome {
        Outcome::Done { output, conclusion } => {
            let nothing = match record.job.as_ref().map(|it| &it.profile) {
                Some(Profile::Verify(_)) => "NOT_SIGNED",
                _ => "done",
            };
            (conclusion.as_deref().unwrap_or(nothing), output.as_str())
        }
        Outcome::Failed { reason } => ("failed", reason),
    }
}

pub(crate) fn print_json(records: &[Record]) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for record in records {
        writeln!(out, "{}", serde_json::to_string(record)?)?;
    }
    Ok(())
}

/// Named by the digest of the document and by what it is: names of others are not to be
/// trusted as names of files. Not to be called within a runtime.
pub(crate) fn write(
    objects: &dyn Objects,
    records: &[Record],
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    for record in records {
        let (Some(job), Some(output)) = (&record.job, record.output()) else { continue };
        let ending = match job.profile {
            Profile::Sign(_) => "signed.pdf",
            Profile::Verify(_) => "report.json",
        };
        let key = job.key();
        let document = objects.open(output.as_str())?;
        stream_whole(&folder.join(format!("{}.{ending}", shown(key.as_str()))), |out| {
            let mut from = 0;
            while from < document.len() {
                let to = from.saturating_add(PIECE).min(document.len());
                out.write_all(&document.window(from..to)?)?;
                from = to;
            }
            Ok(())
        })?;
    }
    Ok(())
}
