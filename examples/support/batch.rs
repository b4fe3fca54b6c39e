//! What programs need that work on many files: which ones, how far they have come, the
//! signal that ends them, and a table of what came of each.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use kyso::batch::{Cancel, Progress};
use serde::Serialize;

use crate::files::write_whole;
use crate::text::shown;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A file that is asked for.
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    /// Where it stands below the folder, or what is left of a path that a manifest names.
    pub(crate) name: PathBuf,
    /// The second column of a manifest.
    #[allow(dead_code, reason = "not every program writes files")]
    pub(crate) output: Option<PathBuf>,
}

/// The files of a folder, by name, and of those below it where that is wanted. Hidden ones
/// are left out: a program that was ended may have left half a file so. A folder that cannot be
/// listed is an entry of its own, which cannot be read either.
pub(crate) fn folder(root: &Path, recursive: bool) -> Outcome<Vec<Entry>> {
    let mut open = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == root => {
                return Err(format!("{}: {error}", root.display()).into());
            }
            Err(_) => {
                found.push(folder);
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // A link to a folder may lead round in a circle.
            if kind.is_dir() && recursive {
                open.push(path);
            } else if !kind.is_dir() && !path.is_dir() {
                found.push(path);
            }
        }
    }
    found.sort();
    let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    Ok(found.into_iter().map(|path| Entry { name: name(&path), path, output: None }).collect())
}

/// A path a line; or, where it is called `.csv`, one or two columns: input and output.
pub(crate) fn manifest(list: &Path) -> Outcome<Vec<Entry>> {
    let text = fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    let is_table = list.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"));
    let mut entries = Vec::new();
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells = if is_table { cells(line) } else { vec![line.to_owned()] };
        let (path, output) = match cells.as_slice() {
            [input, output] if (number, &**input, &**output) == (0, "input", "output") => continue,
            [input] => (PathBuf::from(input), None),
            [input, output] => (PathBuf::from(input), Some(output.into())),
            _ => return Err(format!("{}: line {}: not a file", list.display(), number + 1).into()),
        };
        // Nobody writes above the folder that is written to.
        let within = |it: &Component<'_>| matches!(it, Component::Normal(_));
        let name = match path.is_absolute() {
            true => path.file_name().map(PathBuf::from).unwrap_or_default(),
            false => path.components().filter(within).collect(),
        };
        entries.push(Entry { path, name, output });
    }
    Ok(entries)
}

/// The cells of a line, quoted or not (RFC 4180).
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

/// Ended by the first SIGINT or SIGTERM: what is begun is finished. The second ends at once.
pub(crate) fn cancelled_by_signals() -> io::Result<Cancel> {
    let cancel = Cancel::new();
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        let told = cancel.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if told.is_cancelled() {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
                told.cancel();
            }
        });
    }
    Ok(cancel)
}

/// How far it has come, where somebody looks on.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(total: usize) -> Self {
        let seen = io::stderr().is_terminal() && io::stdout().is_terminal();
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(u64::try_from(total).ok(), target);
        let style = "{bar:30} {pos}/{len}  {rate}, {eta} left  {msg}";
        let style = ProgressStyle::with_template(style);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
            "rate",
            |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}/s", state.per_sec());
            },
        );
        Self(bar.with_style(style))
    }

    /// Besides those of which `before` is known already.
    pub(crate) fn show(&self, before: usize, progress: Progress) {
        let ended = progress.done + progress.failed + progress.not_begun;
        self.0.set_position(ended + u64::try_from(before).unwrap_or(0));
        if progress.failed > 0 {
            self.0.set_message(format!("{} failed", progress.failed));
        }
    }

    /// A line of its own, for people.
    #[allow(dead_code, reason = "not every program says what fails before its end")]
    #[allow(clippy::print_stderr, reason = "a program speaks to who runs it")]
    pub(crate) fn say(&self, text: &str) {
        // Names of files are others' texts.
        self.0.suspend(|| eprintln!("{}", shown(text)));
    }

    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// A line of the summary.
pub(crate) trait Row: Serialize {
    const HEAD: &'static [&'static str];

    fn cells(&self) -> Vec<String>;
}

/// As JSON, or as a table for spreadsheets, by the name of the file.
pub(crate) fn write_summary<R: Row>(path: &Path, rows: &[R]) -> Outcome<()> {
    if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) {
        return Ok(write_whole(path, &serde_json::to_vec_pretty(rows)?)?);
    }
    // Without the mark Excel shows no Vietnamese.
    let mut table = "\u{feff}".as_bytes().to_vec();
    write!(table, "{}\r\n", R::HEAD.join(","))?;
    for row in rows {
        let cells: Vec<String> = row.cells().iter().map(|it| quoted(it)).collect();
        write!(table, "{}\r\n", cells.join(","))?;
    }
    Ok(write_whole(path, &table)?)
}

/// What would be a formula to a spreadsheet becomes a text: names of files are others'.
fn quoted(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Which summary can be written.
pub(crate) fn summary(path: String) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    match path.extension().and_then(|it| it.to_str()) {
        Some("csv" | "json") => Ok(path),
        _ => Err("--summary takes a file called .csv or .json".into()),
    }
}
