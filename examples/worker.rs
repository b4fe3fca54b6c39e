//! One of a fleet: takes jobs from a queue of NATS JetStream, signs or verifies documents that
//! lie in an object store, and enters results, each of which counts once.
//!
//! A job is named by its document's digest and by what is to be done. Whoever gets one looks
//! first whether there is a result under that name, and enters its own only where there is
//! none: however often a job is handed out, and whoever dies over it, one result counts.

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;
#[path = "support/worker/job.rs"]
mod job;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/levels.rs"]
mod levels;
#[path = "support/network.rs"]
mod network;
#[path = "support/options.rs"]
mod options;
#[path = "support/worker/put.rs"]
mod put;
#[path = "support/worker/queue.rs"]
mod queue;
#[path = "support/worker/results.rs"]
mod results;
#[path = "support/worker/serve.rs"]
mod serve;
#[path = "support/worker/settings.rs"]
mod settings;
#[path = "support/worker/task.rs"]
mod task;
#[path = "support/text.rs"]
mod text;
#[path = "support/worker/work.rs"]
mod work;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use kyso::Memory;
use queue::{Queue, plain};
use settings::{Settings, USAGE};
use task::{Counts, Worker};
use text::shown;
use work::Tools;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let settings = match arguments::all().and_then(Settings::read) {
        Ok(settings) => settings,
        Err(error) => return keys::wrong_usage(&*error, USAGE),
    };
    let words: Vec<_> = settings.words.iter().map(String::as_str).collect();
    let done = match *words {
        ["setup"] => setup(&settings),
        ["serve"] => serve(settings),
        ["put", kind, _, ..] => put(kind, &settings),
        ["results"] => results(&settings),
        _ => return keys::wrong_usage(&*Box::<dyn Error>::from("say what to do"), USAGE),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("worker", &*error),
    }
}

fn setup(settings: &Settings) -> Outcome<()> {
    runtime()?.block_on(open(settings))?;
    say(&format!("the queue {} is there", settings.queue));
    Ok(())
}

fn serve(settings: Settings) -> Outcome<()> {
    let tools = Arc::new(Tools {
        objects: settings.objects()?,
        signer: (settings.keys.named() > 0).then(|| settings.keys.open()).transpose()?,
        levels: settings.levels,
        trust: settings.trust,
        network: settings.network,
        memory: Memory::default(),
    });
    // Kept until the runtime has ended: a bucket has one of its own.
    let kept = Arc::clone(&tools);
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let queue = Queue::open(&settings.server, &settings.queue, &settings.made).await?;
        let worker = Worker {
            queue,
            tools,
            name: format!("{}-{}", machine(), std::process::id()),
            attempts: settings.attempts,
            pause: settings.pause,
            threads: Semaphore::new(settings.threads),
            counts: Counts::default(),
        };
        serve::serve(Arc::new(worker), settings.threads, settings.ack_wait).await
    });
    drop(runtime);
    drop(kept);
    served.map_err(plain)
}

fn put(kind: &str, settings: &Settings) -> Outcome<()> {
    let profile = put::profile(kind, settings)?;
    let files = put::files(settings.words.get(2..).unwrap_or_default())?;
    let jobs = put::jobs(&*settings.objects()?, &profile, &files)?;
    runtime()?.block_on(async { put::put(&open(settings).await?, &jobs, settings.again).await })
}

fn results(settings: &Settings) -> Outcome<()> {
    let mut records = runtime()?.block_on(async {
        let queue = open(settings).await?;
        if settings.wait {
            results::wait(&queue).await?;
        }
        queue.results().await.map_err(plain)
    })?;
    if settings.failed {
        records.retain(job::Record::has_failed);
    }
    if let Some(folder) = &settings.out {
        results::write(&*settings.objects()?, &records, folder)?;
    }
    match settings.json {
        true => results::print_json(&records),
        false => {
            results::print_table(&records);
            Ok(())
        }
    }
}

async fn open(settings: &Settings) -> Outcome<Queue> {
    Queue::open(&settings.server, &settings.queue, &settings.made).await.map_err(plain)
}

/// For what is said to the queue. The work itself is done in threads beside it.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn machine() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "worker".into() } else { name.to_owned() }
}

/// A line for who runs it. Whoever reads may be gone: that ends no work.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", shown(text));
}
