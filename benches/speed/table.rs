//! What was measured, and what was asked for.

use super::measure::Pair;

/// The table under way.
pub(crate) struct Table {
    chosen: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    case: String,
    asked: String,
    reached: String,
    holds: bool,
    beside: String,
}

impl Table {
    /// Only of cases whose names have this in them.
    pub(crate) fn of(chosen: Option<String>) -> Self {
        Self { chosen, rows: Vec::new() }
    }

    pub(crate) fn wants(&self, case: &str) -> bool {
        self.chosen.as_ref().is_none_or(|it| case.contains(it.as_str()))
    }

    /// No more than so many times the floor.
    pub(crate) fn ratio(&mut self, case: &str, most: f64, pair: &Pair) {
        let (whole, floor) = (pair.whole.as_secs_f64() * 1e3, pair.floor.as_secs_f64() * 1e3);
        self.add(Row {
            case: case.to_owned(),
            asked: format!("<= {most:.2} x floor"),
            reached: format!("{:.2} x", pair.ratio),
            holds: pair.ratio <= most,
            beside: format!("{whole:.3} ms, floor {floor:.3} ms"),
        });
    }

    /// No more of something than asked for, or no less.
    pub(crate) fn figure(
        &mut self,
        case: &str,
        asked: (&str, f64),
        reached: f64,
        unit: &str,
        beside: String,
    ) {
        let (relation, bound) = asked;
        self.add(Row {
            case: case.to_owned(),
            asked: format!("{relation} {bound} {unit}"),
            reached: format!("{reached:.2} {unit}"),
            holds: if relation == "<=" { reached <= bound } else { reached >= bound },
            beside,
        });
    }

    /// What nobody asked for.
    pub(crate) fn told(&mut self, case: &str, pair: &Pair) {
        let (whole, floor) = (pair.whole.as_secs_f64() * 1e3, pair.floor.as_secs_f64() * 1e3);
        self.add(Row {
            case: case.to_owned(),
            asked: "-".to_owned(),
            reached: format!("{:.2} x", pair.ratio),
            holds: true,
            beside: format!("{whole:.3} ms, floor {floor:.3} ms"),
        });
    }

    fn add(&mut self, row: Row) {
        let Row { case, asked, reached, holds, beside } = &row;
        let holds = if *holds { "" } else { " (not reached)" };
        println!("{case}: {reached}, asked {asked}{holds}; {beside}");
        self.rows.push(row);
    }

    /// As README has it.
    pub(crate) fn print(&self) {
        println!("\n| case | asked | reached | |\n|---|---|---|---|");
        for Row { case, asked, reached, holds, beside } in &self.rows {
            let reached = if *holds { reached.clone() } else { format!("**{reached}**") };
            println!("| {case} | {asked} | {reached} | {beside} |");
        }
        println!(
            "\nBold: not reached. Floor: the bare key operation, SHA-256 and, for signing, one copy."
        );
    }
}
