//! Type 2 charstrings: the programs that draw the glyphs of CFF fonts (Adobe Technical Note
//! #5177). What only old fonts have, arithmetic and accents put together, is not run.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::effort::Effort;
use super::geometry::Point;
use super::shape::Pen;

/// Subroutines that a charstring may call, by their biased number.
pub(super) trait Subroutines {
    fn global(&self, number: i32) -> Option<&[u8]>;
    fn local(&self, number: i32) -> Option<&[u8]>;
}

/// What a charstring draws; nothing where it is broken, or takes more steps than are left.
pub(super) fn draw<'a>(
    charstring: &'a [u8],
    subroutines: &'a dyn Subroutines,
    effort: &Effort,
) -> Option<Pen> {
    let mut machine = Machine::default();
    let mut calls = vec![charstring];
    while let Some(code) = calls.last_mut() {
        effort.spend(1)?;
        let operator = next(code)?;
        match operator {
            Step::Number(number) => machine.push(number)?,
            Step::Operator(ENDCHAR) => {
                // With four numbers, and a width, it puts accents on letters.
                let most = usize::from(!machine.leads);
                return (machine.stack.len() <= most).then_some(machine.pen);
            }
            Step::Operator(RETURN) => {
                calls.pop();
            }
            Step::Operator(call @ (CALL | CALL_GLOBAL)) => {
                let number = whole(machine.stack.pop()?)?;
                let called = if call == CALL {
                    subroutines.local(number)
                } else {
                    subroutines.global(number)
                };
                (calls.len() <= DEPTH).then_some(())?;
                calls.push(called?);
            }
            Step::Operator(MASK | MASK_COUNTERS) => {
                machine.hints();
                let bytes = machine.hints.div_ceil(8);
                *code = code.get(bytes..)?;
            }
            Step::Operator(operator) => machine.execute(operator)?,
        }
    }
    None
}

/// Calls within calls (#5177, Appendix B).
const DEPTH: usize = 10;
/// Numbers on the stack (#5177, Appendix B).
const STACK: usize = 48;

const CALL: u16 = 10;
const RETURN: u16 = 11;
const ENDCHAR: u16 = 14;
const MASK: u16 = 19;
const MASK_COUNTERS: u16 = 20;
const CALL_GLOBAL: u16 = 29;
/// Operators of two bytes, the first of which is this.
const ESCAPE: u8 = 12;

enum Step {
    Number(f64),
    /// The second byte in the higher half, where there are two.
    Operator(u16),
}

fn take<'a>(code: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = code.split_at_checked(count)?;
    *code = rest;
    Some(taken)
}

fn next(code: &mut &[u8]) -> Option<Step> {
    let byte = *take(code, 1)?.first()?;
    let number = match byte {
        28 => i16::from_be_bytes(*take(code, 2)?.first_chunk()?).into(),
        32..=246 => f64::from(byte) - 139.0,
        247..=250 => {
            (f64::from(byte) - 247.0) * 256.0 + f64::from(*take(code, 1)?.first()?) + 108.0
        }
        251..=254 => {
            -(f64::from(byte) - 251.0) * 256.0 - f64::from(*take(code, 1)?.first()?) - 108.0
        }
        255 => f64::from(i32::from_be_bytes(*take(code, 4)?.first_chunk()?)) / 65_536.0,
        ESCAPE => {
            let second = *take(code, 1)?.first()?;
            return Some(Step::Operator(u16::from_be_bytes([second, ESCAPE])));
        }
        operator => return Some(Step::Operator(operator.into())),
    };
    Some(Step::Number(number))
}

pub(super) fn whole(number: f64) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "it is within")]
    (number.fract() == 0.0 && number.abs() < 2_147_483_648.0).then_some(number as i32)
}

#[derive(Default)]
struct Machine {
    pen: Pen,
    stack: Vec<f64>,
    at: Point,
    hints: usize,
    /// Whether the first operator that clears the stack was there, and the width with it.
    leads: bool,
}

impl Machine {
    fn push(&mut self, number: f64) -> Option<()> {
        (self.stack.len() < STACK).then(|| self.stack.push(number))
    }

    /// What stands before so many numbers is the width, and only once.
    fn width(&mut self, numbers: usize) -> Option<()> {
        let more = self.stack.len().checked_sub(numbers)?;
        (more == 0 || more == 1 && !self.leads).then_some(())?;
        self.leads = true;
        self.stack.drain(..more);
        Some(())
    }

    fn hints(&mut self) {
        self.hints = self.hints.saturating_add(self.stack.len() / 2);
        self.leads = true;
        self.stack.clear();
    }

    fn to(&mut self, x: f64, y: f64) {
        self.at = (self.at.0 + x, self.at.1 + y);
        self.pen.add(self.at);
    }

    fn curve(&mut self, [a, b, c, d, e, f]: [f64; 6]) {
        self.to(a, b);
        self.to(c, d);
        self.to(e, f);
    }

    fn move_by(&mut self, x: f64, y: f64) {
        self.at = (self.at.0 + x, self.at.1 + y);
        self.pen.move_to(self.at);
    }

    fn execute(&mut self, operator: u16) -> Option<()> {
        match operator {
            1 | 3 | 18 | 23 => {
                self.hints();
                return Some(());
            }
            4 | 22 => self.width(1)?,
            21 => self.width(2)?,
            // Nothing is drawn before the first move.
            _ => self.leads.then_some(())?,
        }
        let numbers = std::mem::take(&mut self.stack);
        match (operator, &numbers[..]) {
            (4, [y]) => self.move_by(0.0, *y),
            (22, [x]) => self.move_by(*x, 0.0),
            (21, [x, y]) => self.move_by(*x, *y),
            (5, _) => self.lines(&numbers)?,
            (6, _) => self.turning_lines(&numbers, true),
            (7, _) => self.turning_lines(&numbers, false),
            (8, _) => self.curves(&numbers)?,
            (24, [curves @ .., x, y]) => {
                self.curves(curves)?;
                self.to(*x, *y);
            }
            (25, _) => {
                let (lines, curve) = numbers.split_at_checked(numbers.len().checked_sub(6)?)?;
                self.lines(lines)?;
                self.curves(curve)?;
            }
            (26, _) => self.flat_curves(&numbers, false)?,
            (27, _) => self.flat_curves(&numbers, true)?,
            (30, _) => self.turning_curves(&numbers, false)?,
            (31, _) => self.turning_curves(&numbers, true)?,
            (operator, _) => self.flex(operator, &numbers)?,
        }
        Some(())
    }

    fn lines(&mut self, numbers: &[f64]) -> Option<()> {
        let (pairs, rest) = numbers.as_chunks();
        pairs.iter().for_each(|[x, y]| self.to(*x, *y));
        rest.is_empty().then_some(())
    }

    fn turning_lines(&mut self, numbers: &[f64], mut across: bool) {
        for by in numbers {
            let (x, y) = if across { (*by, 0.0) } else { (0.0, *by) };
            self.to(x, y);
            across = !across;
        }
    }

    fn curves(&mut self, numbers: &[f64]) -> Option<()> {
        let (curves, rest) = numbers.as_chunks();
        curves.iter().for_each(|it| self.curve(*it));
        rest.is_empty().then_some(())
    }

    /// `hhcurveto` and `vvcurveto`.
    fn flat_curves(&mut self, numbers: &[f64], across: bool) -> Option<()> {
        let odd = numbers.len() % 4 == 1;
        let (first, numbers) = numbers.split_at_checked(usize::from(odd))?;
        let mut aside = first.first().copied().unwrap_or_default();
        let (curves, rest) = numbers.as_chunks();
        for [a, b, c, d] in curves {
            self.curve(if across {
                [*a, aside, *b, *c, *d, 0.0]
            } else {
                [aside, *a, *b, *c, 0.0, *d]
            });
            aside = 0.0;
        }
        rest.is_empty().then_some(())
    }

    /// `hvcurveto` and `vhcurveto`.
    fn turning_curves(&mut self, numbers: &[f64], mut across: bool) -> Option<()> {
        let (numbers, last) = match numbers.len() % 4 {
            1 => numbers.split_last().map(|(last, rest)| (rest, *last))?,
            _ => (numbers, 0.0),
        };
        let (curves, rest) = numbers.as_chunks();
        for (n, [a, b, c, d]) in (1..).zip(curves) {
            let end = if n == curves.len() { last } else { 0.0 };
            self.curve(if across {
                [*a, 0.0, *b, *c, end, *d]
            } else {
                [0.0, *a, *b, *c, *d, end]
            });
            across = !across;
        }
        rest.is_empty().then_some(())
    }

    fn flex(&mut self, operator: u16, numbers: &[f64]) -> Option<()> {
        let [second, ESCAPE] = operator.to_be_bytes() else { return None };
        let (first, last) = match (second, numbers) {
            // The last one says how deep it is.
            (35, [numbers @ .., _]) => {
                return (numbers.len() == 12).then(|| self.curves(numbers))?;
            }
            (34, [a, b, c, d, e, f, g]) => ([*a, 0.0, *b, *c, *d, 0.0], [*e, 0.0, *f, -c, *g, 0.0]),
            (36, [a, b, c, d, e, f, g, h, i]) => {
                ([*a, *b, *c, *d, *e, 0.0], [*f, 0.0, *g, *h, *i, -(b + d + h)])
            }
            (37, [a, b, c, d, e, f, g, h, i, j, k]) => {
                let (x, y) = (a + c + e + g + i, b + d + f + h + j);
                let end = if x.abs() > y.abs() { [*k, -y] } else { [-x, *k] };
                ([*a, *b, *c, *d, *e, *f], [*g, *h, *i, *j, end[0], end[1]])
            }
            _ => return None,
        };
        self.curve(first);
        self.curve(last);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What adds its own number to the place, and calls itself.
    struct Own<'a>(&'a [u8]);

    impl Subroutines for Own<'_> {
        fn global(&self, number: i32) -> Option<&[u8]> {
            (number == 0).then_some(self.0)
        }

        fn local(&self, _: i32) -> Option<&[u8]> {
            None
        }
    }

    fn run(code: &[u8], subroutine: &[u8]) -> Option<[f64; 4]> {
        let pen = draw(code, &Own(subroutine), &Effort::of(1_000))?;
        Some(pen.bounds().map_or([0.0; 4], |it| [it.left, it.bottom, it.right, it.top]))
    }

    /// Small numbers take one byte.
    fn n(number: i32) -> u8 {
        u8::try_from(number.saturating_add(139)).unwrap()
    }

    #[test]
    fn operators_of_charstrings() {
        let start = [n(50), n(10), n(20), 21];
        for (rest, expected) in [
            (&[n(5), n(6), 5, 14][..], [10.0, 20.0, 15.0, 26.0]),
            (&[n(5), n(6), n(-9), 6, 14], [6.0, 20.0, 15.0, 26.0]),
            (&[n(5), n(6), n(-9), 7, 14], [10.0, 16.0, 16.0, 25.0]),
            (&[n(1), n(2), n(3), n(4), n(5), n(6), 8, 14], [10.0, 20.0, 19.0, 32.0]),
            (&[n(1), n(2), n(3), n(4), 27, 14], [10.0, 20.0, 17.0, 23.0]),
            (&[n(9), n(1), n(2), n(3), n(4), 26, 14], [10.0, 20.0, 21.0, 28.0]),
            (&[n(1), n(2), n(3), n(4), 31, 14], [10.0, 20.0, 13.0, 27.0]),
            (&[n(1), n(2), n(3), n(4), n(9), 30, 14], [10.0, 20.0, 16.0, 33.0]),
            (&[n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8), 24, 14], [10.0, 20.0, 26.0, 40.0]),
            (&[n(7), n(8), n(1), n(2), n(3), n(4), n(5), n(6), 25, 14], [10.0, 20.0, 26.0, 40.0]),
            (&[n(1), n(2), n(3), n(4), n(5), n(6), n(7), 12, 34, 14], [10.0, 20.0, 35.0, 23.0]),
            (&[247, 0, 28, 1, 0, 5, 14], [10.0, 20.0, 118.0, 276.0]),
            (&[255, 0, 1, 128, 0, 251, 0, 5, 14], [10.0, -88.0, 11.5, 20.0]),
            (&[n(1), n(2), 3, n(1), n(2), 19, 0, n(5), n(6), 5, 14], [10.0, 20.0, 15.0, 26.0]),
            (&[14], [0.0; 4]),
        ] {
            assert_eq!(run(&[&start, rest].concat(), &[]), Some(expected), "{rest:?}");
        }
        // A space; and one with a width.
        assert_eq!((run(&[14], &[]), run(&[n(9), 14], &[])), (Some([0.0; 4]), Some([0.0; 4])));
        let called = run(&[n(1), 22, n(0), 29, 14], &[n(5), n(6), 5, 11]);
        assert_eq!(called, Some([1.0, 0.0, 6.0, 6.0]));
    }

    #[test]
    fn charstrings_that_are_not_run() {
        let itself = [n(0), 29, 11];
        for code in [
            &[][..],
            &[n(1)],
            &[n(1), n(2), 5, 14],
            &[n(1), 22, n(1), 5, 14],
            &[n(1), n(2), n(3), n(4), 14],
            &[n(1), 22, n(0), 10, 14],
            &[n(1), 22, n(0), 29, 14],
            &[n(1), 22, n(1), n(2), 12, 10, 14],
            &[n(1), 22, 0, 14],
            &[n(0); 60],
        ] {
            assert_eq!(run(code, &itself), None, "{code:?}");
        }
        // Each calls the next one again and again.
        let long = [n(1), 22].into_iter().chain([n(0), n(0), n(5), 6].repeat(900)).chain([14]);
        assert_eq!(run(&long.collect::<Vec<u8>>(), &[]), None);
    }
}
