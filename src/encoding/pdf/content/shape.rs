//! What glyphs draw, by their points; and whether that is the mark of punctuation which
//! their text says.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use super::geometry::{Bounds, Matrix, Point, Rect};

/// How far a glyph reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// There is nothing to be seen.
    Nothing,
    /// For a size of 1.
    Within(Rect),
}

/// What a glyph draws, for a size of 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawn {
    pub(super) reach: Reach,
    /// The points of its contours, those of control among them; none where there are many,
    /// or where more than one glyph may be meant.
    pub(super) contours: Rc<[Vec<Point>]>,
}

impl Drawn {
    pub(super) fn within(reach: Reach) -> Self {
        Self { reach, contours: Rc::default() }
    }

    /// Both of them, where either may be meant.
    pub(super) fn or(self, other: &Self) -> Self {
        if self == *other {
            return self;
        }
        Self::within(match (self.reach, other.reach) {
            (all, Reach::Nothing) => all,
            (Reach::Nothing, one) => one,
            (Reach::Within(all), Reach::Within(one)) => Reach::Within(all.union(&one)),
        })
    }
}

/// Notes the points that outlines go through.
#[derive(Debug, Default)]
pub(super) struct Pen {
    bounds: Bounds,
    contours: Vec<Vec<Point>>,
    kept: usize,
    /// Where the next contour begins, should anything be drawn from there.
    start: Option<Point>,
}

impl Pen {
    /// Points of a mark of punctuation, and more.
    const KEPT: usize = 128;

    /// Begins a contour, of which nothing is seen yet.
    pub(super) fn move_to(&mut self, point: Point) {
        self.start = Some(point);
    }

    /// A point on the contour, or one of control: curves stay between them.
    pub(super) fn add(&mut self, point: Point) {
        if let Some(start) = self.start.take() {
            self.contours.push(Vec::new());
            self.note(start);
        }
        self.note(point);
    }

    fn note(&mut self, point: Point) {
        self.bounds.add(point);
        self.kept = self.kept.saturating_add(1);
        match self.contours.last_mut() {
            Some(contour) if self.kept <= Self::KEPT => contour.push(point),
            _ => self.contours.clear(),
        }
    }

    #[cfg(test)]
    pub(super) fn bounds(&self) -> Option<Rect> {
        self.bounds.rect()
    }

    /// What was drawn, by the matrix of the font.
    pub(super) fn drawn(self, matrix: &Matrix) -> Drawn {
        let reach =
            self.bounds.rect().map_or(Reach::Nothing, |it| Reach::Within(matrix.bounds(&it)));
        let few = self.kept <= Self::KEPT;
        let contours = if few { self.contours } else { Vec::new() };
        Drawn { reach, contours: placed(&contours, matrix).into() }
    }
}

/// The points where a matrix puts them.
pub(super) fn placed(contours: &[Vec<Point>], matrix: &Matrix) -> Vec<Vec<Point>> {
    let place = |it: &Vec<Point>| it.iter().map(|point| matrix.apply(*point)).collect();
    contours.iter().map(place).collect()
}

/// Whether these contours, as they stand on the page, are the colon, the slash or the dash
/// that the text says. They are such as no digit is, of whatever size.
pub(super) fn is_punctuation(text: &str, contours: &[Vec<Point>]) -> bool {
    let bounds: Option<Vec<Rect>> = contours.iter().map(|it| convex(it)).collect();
    match (text, contours, bounds.as_deref()) {
        (":", _, Some([one, other])) => is_colon(one, other) || is_colon(other, one),
        ("/", [contour], Some([bounds])) => is_slash(contour, bounds),
        ("-" | "–" | "\u{2010}", _, Some([bounds])) => {
            bounds.width() >= 1.5 * bounds.height() && bounds.height() > 0.0
        }
        _ => false,
    }
}

/// Two dots, one above the other and apart from it.
fn is_colon(above: &Rect, below: &Rect) -> bool {
    let is_dot = |it: &Rect| it.width() > 0.5 * it.height() && it.height() > 0.5 * it.width();
    let width = above.width().max(below.width());
    let height = above.height().max(below.height());
    let alike = height <= 1.5 * above.height().min(below.height());
    // Of slanted ones the upper one stands more to the right.
    let aside = (above.left + above.right - below.left - below.right).abs() / 2.0;
    let apart = above.bottom - below.top;
    is_dot(above) && is_dot(below) && alike && aside <= 1.2 * width && apart >= 0.5 * height
}

/// A straight stroke that leans more to the right than the digit one does in slanted fonts.
fn is_slash(contour: &[Point], bounds: &Rect) -> bool {
    const LEAST: f64 = 0.24;
    const MOST: f64 = 1.2;
    /// Half of the stroke, of its length.
    const THICK: f64 = 0.09;
    let near = bounds.height() * 0.1;
    let middle = |is_end: &dyn Fn(f64) -> bool| {
        let ends = contour.iter().filter(|it| is_end(it.1)).map(|it| it.0);
        let (least, most) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
            (least.min(x), most.max(x))
        });
        f64::midpoint(least, most)
    };
    let low = (middle(&|y| y <= bounds.bottom + near), bounds.bottom);
    let (x, y) = (middle(&|y| y >= bounds.top - near) - low.0, bounds.height());
    let length = x.hypot(y);
    let leans = y > 0.0 && (LEAST..=MOST).contains(&(x / y));
    let is_near = |it: &Point| ((it.0 - low.0) * y - (it.1 - low.1) * x).abs() / length;
    leans && contour.iter().all(|it| is_near(it) <= THICK * length)
}

/// Around a contour that bends to one side only and goes around once; nothing otherwise.
fn convex(contour: &[Point]) -> Option<Rect> {
    let mut points: Vec<Point> = Vec::with_capacity(contour.len());
    let mut bounds = Bounds::default();
    for point in contour {
        bounds.add(*point);
        if points.last() != Some(point) {
            points.push(*point);
        }
    }
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    (points.len() >= 3).then_some(())?;
    let next = |n: usize| points.iter().cycle().skip(1).take(n);
    let edges: Vec<Point> = points
        .iter()
        .zip(next(points.len()))
        .map(|(from, to)| (to.0 - from.0, to.1 - from.1))
        .collect();
    let turn = |(a, b): (&Point, &Point)| (a.0 * b.1 - a.1 * b.0).atan2(a.0 * b.0 + a.1 * b.1);
    let turns = edges.iter().zip(edges.iter().cycle().skip(1)).map(turn);
    let (mut left, mut right) = (0.0, 0.0);
    turns.for_each(|it| if it > 0.0 { left += it } else { right -= it });
    // What rounding makes of straight lines.
    const STRAY: f64 = 0.1;
    let once = (left.max(right) - std::f64::consts::TAU).abs() < STRAY * 2.0;
    (once && left.min(right) < STRAY).then(|| bounds.rect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quad(points: [(f64, f64); 4]) -> Vec<Point> {
        points.to_vec()
    }

    fn area(left: f64, bottom: f64, right: f64, top: f64) -> Vec<Point> {
        quad([(left, bottom), (right, bottom), (right, top), (left, top)])
    }

    #[test]
    fn marks_of_punctuation() {
        let dots = [area(0.1, 0.0, 0.2, 0.1), area(0.1, 0.35, 0.2, 0.45)];
        let slash = [quad([(0.0, 0.0), (0.07, 0.0), (0.29, 0.7), (0.22, 0.7)])];
        let bar = [area(0.0, 0.2, 0.3, 0.26)];
        assert!(is_punctuation(":", &dots) && is_punctuation("/", &slash));
        assert!(is_punctuation("-", &bar) && is_punctuation("–", &bar));
        // Rounded, and the other way round.
        let round = [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, -1.0), (0.0, -1.0), (-1.0, -1.0)];
        let mut round = [&round[..], &[(-1.0, 0.0), (-1.0, 1.0)]].concat();
        let up =
            |round: &[Point], by: f64| round.iter().map(|it| (it.0, it.1 + by)).collect::<Vec<_>>();
        assert!(is_punctuation(":", &[up(&round, 9.0), up(&round, 0.0)]));
        round.reverse();
        assert!(is_punctuation(":", &[up(&round, 0.0), up(&round, 9.0)]));
    }

    #[test]
    fn what_is_no_mark_of_punctuation() {
        let one = [area(0.2, 0.0, 0.3, 0.7)];
        let slanted = [quad([(0.0, 0.0), (0.1, 0.0), (0.25, 0.7), (0.15, 0.7)])];
        let mut flagged = one[0].clone();
        flagged.extend([(0.05, 0.6), (0.2, 0.6)]);
        // Around twice: what is within would be as if it were not there.
        let twice = [area(0.0, 0.2, 0.3, 0.26).repeat(2)];
        let star = (0..5_u8).map(|n| (f64::from(n) * 2.0 * std::f64::consts::TAU / 5.0).sin_cos());
        let halves = [area(0.2, 0.0, 0.3, 0.3), area(0.2, 0.45, 0.3, 0.7)];
        let side = [area(0.0, 0.0, 0.1, 0.1), area(0.4, 0.0, 0.5, 0.1)];
        let nothing = [Vec::new(), Vec::new()];
        let wild = [vec![(f64::NAN, 0.0); 4]];
        for contours in [
            &one[..],
            &slanted,
            &[flagged],
            &twice,
            &[star.collect()],
            &halves,
            &side,
            &nothing,
            &wild,
            &[],
        ] {
            for text in [":", "/", "-", "(", " ", ""] {
                assert!(!is_punctuation(text, contours), "{text} {contours:?}");
            }
        }
    }
}
