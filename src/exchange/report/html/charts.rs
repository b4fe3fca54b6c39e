//! The charts, drawn as SVG.

use std::collections::BTreeMap;

use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::encoding::printable;
use crate::exchange::report::{Count, Times};

/// In units that the page stretches to its width.
const WIDTH: i32 = 900;
const LABELS: i32 = 250;
const ROW: i32 = 30;
/// Of two bars below each other.
const TWO_ROWS: i32 = 40;
/// Where a scale of time has its lines, in seconds.
const SPANS: [(u64, &str); 5] = [
    (60, "1 phút"),
    (3_600, "1 giờ"),
    (86_400, "1 ngày"),
    (30 * 86_400, "30 ngày"),
    (365 * 86_400, "1 năm"),
];
const GREY: RGBColor = RGBColor(215, 215, 215);
const BLUE: RGBColor = RGBColor(31, 90, 150);
const ORANGE: RGBColor = RGBColor(205, 120, 30);
/// Bars beside each other that can still be told apart.
const MOST_BARS: usize = 62;

/// A bar with its name, and what stands behind it.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) length: u64,
    pub(super) said: String,
    pub(super) second: bool,
}

/// Bars below each other.
pub(super) fn bars(bars: &[Bar]) -> Option<String> {
    let most = bars.iter().map(|it| it.length).max().filter(|it| *it > 0)?;
    let height = ROW.checked_mul(i32::try_from(bars.len()).ok()?)?;
    draw(height, |area| {
        let (left, right) = (text(20, HPos::Right), text(20, HPos::Left));
        for (bar, top) in bars.iter().zip((0..).step_by(30)) {
            let end = LABELS.saturating_add(part(bar.length, most, WIDTH - LABELS - 190));
            let color = if bar.second { ORANGE } else { BLUE };
            let shape = [(LABELS, top + 5), (end, top + ROW - 5)];
            area.draw(&Rectangle::new(shape, color.filled())).ok()?;
            area.draw_text(&shortened(&bar.name), &left, (LABELS - 10, top + ROW / 2)).ok()?;
            area.draw_text(&bar.said, &right, (end + 8, top + ROW / 2)).ok()?;
        }
        Some(())
    })
}

/// For each name two bars, the median and the worst. The scale is logarithmic: the worst is
/// often a thousand times the median.
pub(super) fn times(times: &[(String, Times)], said: fn(u64) -> String) -> Option<String> {
    let worst = times.iter().map(|(_, it)| it.worst).max()?.max(60);
    let (base, far) = (TWO_ROWS.checked_mul(i32::try_from(times.len()).ok()?)?, WIDTH - 170);
    let scale: LogCoord<u64> = (1..worst).log_scale().into();
    let place = |seconds: u64| scale.map(&seconds.max(1), (LABELS, far)).clamp(LABELS, far);
    draw(base + ROW, |area| {
        let (name, value) = (text(20, HPos::Right), text(16, HPos::Left));
        for (seconds, label) in SPANS.iter().filter(|(it, _)| *it <= worst) {
            let at = place(*seconds);
            area.draw(&PathElement::new([(at, 0), (at, base)], GREY)).ok()?;
            area.draw_text(label, &text(16, HPos::Center), (at, base + ROW / 2)).ok()?;
        }
        for ((status, it), top) in times.iter().zip((0..).step_by(40)) {
            area.draw_text(&shortened(status), &name, (LABELS - 10, top + TWO_ROWS / 2)).ok()?;
            for (seconds, top, color) in [(it.median, top + 5, BLUE), (it.worst, top + 21, ORANGE)]
            {
                let end = place(seconds).max(LABELS + 2);
                let shape = [(LABELS, top), (end, top + 14)];
                area.draw(&Rectangle::new(shape, color.filled())).ok()?;
                area.draw_text(&said(seconds), &value, (end + 8, top + 7)).ok()?;
            }
        }
        Some(())
    })
}

/// Two series over the days on which anything happened: sent and received.
pub(super) fn days(sent: &Count, received: &Count) -> Option<String> {
    let (first, height, base) = (60, 260, 220);
    let groups = grouped(sent, received);
    let most = groups.values().map(|(one, other)| *one.max(other)).max().filter(|it| *it > 0)?;
    let count = i32::try_from(groups.len()).ok()?;
    let wide = ((WIDTH - first) / count.max(1)).min(80);
    let every = usize::try_from((110 / wide.max(1)).max(1)).ok()?;
    draw(height, |area| {
        let (number, name) = (text(18, HPos::Right), text(18, HPos::Left));
        for value in [0, most / 2, most] {
            let at = base - part(value, most, base - 20);
            let line = PathElement::new([(first, at), (WIDTH, at)], GREY);
            area.draw(&line).ok()?;
            area.draw_text(&value.to_string(), &number, (first - 8, at)).ok()?;
        }
        for (index, (label, (one, other))) in groups.iter().enumerate() {
            let left = first + wide.checked_mul(i32::try_from(index).ok()?)?;
            let (middle, right) = (left + wide * 9 / 20, left + wide * 9 / 10);
            for (from, to, value, color) in
                [(left, middle, one, BLUE), (middle, right, other, ORANGE)]
            {
                let shape = [(from, base - part(*value, most, base - 20)), (to, base)];
                area.draw(&Rectangle::new(shape, color.filled())).ok()?;
            }
            if index.checked_rem(every) == Some(0) {
                area.draw_text(&day(label), &name, (left, base + 20)).ok()?;
            }
        }
        Some(())
    })
}

/// By day; by month, and by year, where there are too many.
fn grouped(sent: &Count, received: &Count) -> BTreeMap<String, (u64, u64)> {
    let mut groups = BTreeMap::new();
    for length in [10, 7, 4] {
        groups = BTreeMap::<String, (u64, u64)>::new();
        let both = sent.iter().map(|it| (it, true)).chain(received.iter().map(|it| (it, false)));
        for ((day, number), is_sent) in both {
            let group = groups.entry(day.chars().take(length).collect()).or_default();
            let place = if is_sent { &mut group.0 } else { &mut group.1 };
            *place = place.saturating_add(*number);
        }
        if groups.len() <= MOST_BARS {
            break;
        }
    }
    groups
}

/// `2026-03-31` as people in Vietnam write it, a month, a year likewise: `31/03/2026`.
pub(super) fn day(iso: &str) -> String {
    iso.rsplit('-').collect::<Vec<_>>().join("/")
}

fn text(size: u32, side: HPos) -> TextStyle<'static> {
    TextStyle::from(("serif", size)).pos(Pos::new(side, VPos::Center))
}

fn draw(
    height: i32,
    fill: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Option<()>,
) -> Option<String> {
    let mut svg = String::new();
    let size = (u32::try_from(WIDTH).ok()?, u32::try_from(height).ok()?);
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    fill(&area)?;
    area.present().ok()?;
    drop(area);
    Some(svg)
}

/// So many of `most`, in units of the picture.
fn part(value: u64, most: u64, whole: i32) -> i32 {
    let whole = u128::try_from(whole).unwrap_or_default();
    let scaled = u128::from(value).saturating_mul(whole).checked_div(most.into());
    scaled.and_then(|it| i32::try_from(it).ok()).unwrap_or_default()
}

/// The library escapes it.
fn shortened(name: &str) -> String {
    let name = printable(name);
    if name.chars().count() <= 26 { name } else { name.chars().take(25).chain(['…']).collect() }
}
