//! What goes on being tried and fails, among all that is open.

use crate::error::Result;

/// Records that are looked through at a time.
pub(super) const A_PAGE: u32 = 1000;

/// The first `most` that fail of the records after `after` in these states, by their numbers.
/// `page` gives which fail of the next [`A_PAGE`] in a state, and the last one looked at.
pub(super) fn failing<S, I: Copy + Ord, T>(
    states: impl IntoIterator<Item = S>,
    after: Option<I>,
    most: u32,
    id: impl Fn(&T) -> I,
    page: impl Fn(&S, Option<I>) -> Result<(Vec<T>, Option<I>)>,
) -> Result<Vec<T>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut failing = Vec::new();
    for state in states {
        let (mut found, mut after) = (Vec::new(), after);
        while found.len() < most {
            let (mut some, last) = page(&state, after)?;
            if last.is_none() {
                break;
            }
            after = last;
            found.append(&mut some);
        }
        failing.append(&mut found);
    }
    failing.sort_by_key(id);
    failing.truncate(most);
    Ok(failing)
}
