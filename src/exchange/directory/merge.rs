//! Bringing a directory up to date, and saying what changed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use super::Directory;
use super::unit::{AgencyRecord, Unit};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::limits::{DIRECTORY_AGENCIES, within};

/// How much of the axis' list is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of it (`getAgenciesList`, `getAgenciesListQD20`): what a list had before and this
    /// one does not is taken off.
    Full,
    /// Some units (`getSynchronizeUnit`): the others stay as they are.
    Units,
}

/// What a merge changed, in the order of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changes {
    /// New on the list, or on it again.
    pub added: Vec<OrganId>,
    /// With another name.
    pub renamed: Vec<Renamed>,
    /// With another code, or one more.
    pub recoded: Vec<Recoded>,
    /// With another parent or e-mail address.
    pub updated: Vec<OrganId>,
    /// Taken off the list. What is set for them stays.
    pub removed: Vec<OrganId>,
    /// Rows older than what is known.
    pub stale: usize,
    /// What contradicts itself; a person has to look.
    pub problems: Vec<Problem>,
}

/// An agency with another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Renamed {
    /// Its code.
    pub code: OrganId,
    /// Before.
    pub from: String,
    /// Now.
    pub to: String,
}

/// An agency with other codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recoded {
    /// Its name.
    pub name: String,
    /// Before.
    pub from: Vec<OrganId>,
    /// Now.
    pub to: Vec<OrganId>,
}

/// A row that was not taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// Two agencies claim one code. Who had it keeps it.
    CodeTaken {
        /// Which.
        code: OrganId,
        /// The name of the agency that has it.
        holder: String,
        /// The name of the agency that claims it.
        claimant: String,
    },
    /// An agency without a code.
    NoCode {
        /// Its name.
        name: String,
    },
    /// A field is longer than any real one.
    TooLong {
        /// The identifier of the row, cut off.
        id: String,
    },
}

impl Changes {
    /// Whether nothing is different, and nothing contradicts itself.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { stale: self.stale, ..Self::default() }
    }
}

impl Directory {
    /// Takes over what the axis says of agencies.
    ///
    /// An agency is known by the axis' identifier, and else by a code; a row of another
    /// identifier is the same agency when code and name are. Authorizations stay with the
    /// agency through everything, and nobody inherits them with a code. Two agencies with
    /// one code are a [`Problem`], and never silently one.
    ///
    /// A full list that lost its end takes off the list whatever it lost: merge into a clone
    /// first where [`Changes::removed`] is for a person to confirm.
    ///
    /// # Errors
    /// `Malformed` when a full list has no agency, which is no list but an outage;
    /// `LimitExceeded` when there are more agencies than any country has. Nothing was
    /// changed then.
    pub fn merge(
        &mut self,
        units: impl IntoIterator<Item = Unit>,
        scope: Scope,
    ) -> Result<Changes> {
        let mut merge = Merge {
            seen: vec![false; self.agencies.len()],
            directory: self,
            changes: Changes::default(),
        };
        let rows = merge.rows(units)?;
        if scope == Scope::Full && !rows.iter().any(|it| it.codes().next().is_some()) {
            return Err(Error::malformed("the list has no agency: nothing was changed"));
        }
        let plans = merge.plans(rows);
        let new = plans.iter().filter(|it| matches!(it, Plan::New(_))).count();
        let all = merge.directory.agencies.len().saturating_add(new);
        within(all, DIRECTORY_AGENCIES, "agencies")?;
        if scope == Scope::Full {
            merge.remove_unseen();
        }
        merge.apply(plans)?;
        Ok(merge.changes)
    }
}

struct Merge<'a> {
    directory: &'a mut Directory,
    changes: Changes,
    /// Which records some row is about.
    seen: Vec<bool>,
}

/// What is to become of a row.
enum Plan {
    /// It is about the record at this position.
    Known(usize, Unit),
    /// It is about an agency that is not known.
    New(Unit),
}

impl Merge<'_> {
    /// Rows that can be taken; of several with one identifier the latest version, and of
    /// equal versions the last.
    fn rows(&mut self, units: impl IntoIterator<Item = Unit>) -> Result<Vec<Unit>> {
        let mut rows: Vec<Unit> = Vec::new();
        let mut by_id: HashMap<String, usize> = HashMap::new();
        for unit in units {
            within(rows.len(), DIRECTORY_AGENCIES, "agencies of one list")?;
            if unit.check_length().is_err() {
                let id: String = unit.id.chars().take(100).collect();
                self.see(&unit);
                self.changes.problems.push(Problem::TooLong { id });
                continue;
            }
            let (next, version) = (rows.len(), unit.version);
            match by_id.entry(unit.id.clone()) {
                Entry::Occupied(first) if !unit.id.is_empty() => {
                    if let Some(row) = rows.get_mut(*first.get())
                        && row.version <= version
                    {
                        *row = unit;
                    }
                }
                Entry::Occupied(_) => rows.push(unit),
                Entry::Vacant(place) => {
                    place.insert(next);
                    rows.push(unit);
                }
            }
        }
        Ok(rows)
    }

    /// Notes that a row which cannot be taken is about a known agency.
    fn see(&mut self, unit: &Unit) {
        let index = &self.directory.index;
        let known = index.by_id(&unit.id).or_else(|| index.live(&unit.code));
        if let Some(seen) = known.and_then(|it| self.seen.get_mut(it)) {
            *seen = true;
        }
    }

    /// Finds whom each row is about. Those known by identifier come first, so that nobody
    /// else is taken for them by a code that they give up.
    fn plans(&mut self, rows: Vec<Unit>) -> Vec<Plan> {
        let known: Vec<Option<usize>> =
            rows.iter().map(|it| self.directory.index.by_id(&it.id)).collect();
        for position in known.iter().flatten() {
            if let Some(seen) = self.seen.get_mut(*position) {
                *seen = true;
            }
        }
        rows.into_iter()
            .zip(known)
            .map(|(unit, known)| match known.or_else(|| self.by_code(&unit)) {
                Some(position) => Plan::Known(position, unit),
                None => Plan::New(unit),
            })
            .collect()
    }

    fn by_code(&mut self, unit: &Unit) -> Option<usize> {
        let index = &self.directory.index;
        let position = unit.codes().find_map(|it| index.live(it).or_else(|| index.former(it)))?;
        let record = self.directory.agencies.get(position)?;
        let seen = self.seen.get_mut(position)?;
        let same_name = record.unit.name == unit.name;
        let nameless = unit.id.is_empty() || record.unit.id.is_empty();
        let free = !*seen && !record.unit.deleted;
        // Twice in a list without identifiers, an agency is the same as long as it says so.
        let same = same_name && (free || unit.id.is_empty() || record.unit.deleted);
        let found = same || (free && nameless);
        *seen |= found;
        found.then_some(position)
    }

    fn remove_unseen(&mut self) {
        for position in 0..self.directory.agencies.len() {
            let unseen = !self.seen.get(position).copied().unwrap_or(true);
            let listed = |it: &&mut AgencyRecord| it.listed && !it.unit.deleted;
            if unseen && let Some(record) = self.directory.agencies.get_mut(position).filter(listed)
            {
                self.directory.index.release(position, &record.unit);
                record.unit.deleted = true;
                self.changes.removed.push(record.unit.code.clone());
                // A deleted agency claims nothing, so that there is nothing to contradict.
                let _ = self.directory.index.insert(position, &record.unit);
            }
        }
    }

    /// Removals free codes, then those who keep their codes are sure of them, and only then
    /// come those who claim others.
    fn apply(&mut self, plans: Vec<Plan>) -> Result<()> {
        let mut claims = Vec::new();
        for plan in plans {
            match plan {
                Plan::Known(position, unit) => {
                    if let Some(claim) = self.details(position, unit)? {
                        claims.push(Plan::Known(position, claim));
                    }
                }
                Plan::New(unit) if unit.deleted => {}
                Plan::New(unit) => claims.push(Plan::New(unit)),
            }
        }
        // All who change their codes give them up first: two may exchange theirs.
        for claim in &claims {
            if let Plan::Known(position, _) = claim
                && let Some(record) = self.directory.agencies.get(*position)
            {
                self.directory.index.release(*position, &record.unit);
            }
        }
        for claim in claims {
            match claim {
                Plan::Known(position, unit) => self.recode(position, &unit)?,
                Plan::New(unit) => self.add(unit)?,
            }
        }
        Ok(())
    }

    /// Takes over all but the codes, and gives the row back where it changes those.
    fn details(&mut self, position: usize, unit: Unit) -> Result<Option<Unit>> {
        let Directory { agencies, index } = &mut *self.directory;
        let Some(record) = agencies.get_mut(position) else {
            return Ok(None);
        };
        let old = &mut record.unit;
        if old.version.zip(unit.version).is_some_and(|(old, new)| new < old) {
            self.changes.stale += 1;
            return Ok(None);
        }
        record.listed = true;
        if !unit.id.is_empty() && old.id != unit.id {
            index.forget_id(&old.id);
            index.identify(position, &unit.id);
            old.id.clone_from(&unit.id);
        }
        old.version = unit.version.or(old.version);
        replace(&mut old.modified, &unit.modified);
        // Some lists name parents by identifier, others by code.
        let parent = index.parent(&old.parent);
        let same_parent = parent.is_some() && parent == index.parent(&unit.parent);
        let moved = !same_parent && replace(&mut old.parent, &unit.parent);
        let updated = replace(&mut old.email, &unit.email) || moved;
        if !unit.name.is_empty() && old.name != unit.name {
            let from = std::mem::replace(&mut old.name, unit.name.clone());
            let (code, to) = (old.code.clone(), unit.name.clone());
            self.changes.renamed.push(Renamed { code, from, to });
        }
        if updated && !unit.deleted {
            self.changes.updated.push(old.code.clone());
        }
        if unit.deleted {
            if !old.deleted {
                index.release(position, old);
                old.deleted = true;
                self.changes.removed.push(old.code.clone());
                index.insert(position, old)?;
            }
            return Ok(None);
        }
        let (code, other_code) = codes(old, &unit);
        let same = code == old.code && other_code == old.other_code && !old.deleted;
        Ok((!same).then_some(Unit { code, other_code, ..unit }))
    }

    /// Gives a known agency the codes that it claims, as far as they are free, or else those
    /// that it had.
    fn recode(&mut self, position: usize, claim: &Unit) -> Result<()> {
        let Some(mut unit) = self.directory.agencies.get(position).map(|it| it.unit.clone()) else {
            return Ok(());
        };
        let from: Vec<OrganId> = unit.codes().cloned().collect();
        let code = self.claim(position, &claim.code, Some(&unit.code), &unit.name);
        let other = claim.other_code.as_ref();
        let other =
            other.and_then(|it| self.claim(position, it, unit.other_code.as_ref(), &unit.name));
        (unit.code, unit.other_code) = match (code, other) {
            (Some(code), other) => (code, other),
            (None, Some(code)) => (code, None),
            (None, None) => (OrganId::default(), None),
        };
        let restored = std::mem::take(&mut unit.deleted);
        if restored {
            self.changes.added.push(unit.code.clone());
        }
        let to: Vec<OrganId> = unit.codes().cloned().collect();
        if from != to {
            self.changes.recoded.push(Recoded { name: unit.name.clone(), from, to });
        }
        self.directory.index.insert(position, &unit)?;
        if let Some(record) = self.directory.agencies.get_mut(position) {
            record.unit = unit;
        }
        Ok(())
    }

    fn add(&mut self, mut unit: Unit) -> Result<()> {
        let position = self.directory.agencies.len();
        if unit.code.is_empty() {
            unit.code = unit.other_code.take().unwrap_or_default();
        }
        if unit.code.is_empty() {
            self.changes.problems.push(Problem::NoCode { name: unit.name });
            return Ok(());
        }
        if self.claim(position, &unit.code, None, &unit.name).is_none() {
            return Ok(());
        }
        let other = unit.other_code.take().filter(|it| !it.is_empty());
        unit.other_code = other.and_then(|it| self.claim(position, &it, None, &unit.name));
        self.changes.added.push(unit.code.clone());
        self.directory.push(AgencyRecord { unit, listed: true, authorizations: Vec::new() })
    }

    /// The code where it is free, or else the one that the agency had, if that is.
    fn claim(
        &mut self,
        position: usize,
        code: &OrganId,
        had: Option<&OrganId>,
        name: &str,
    ) -> Option<OrganId> {
        let index = &self.directory.index;
        if index.is_free(code, position) {
            return Some(code.clone());
        }
        let holder = index.live(code).and_then(|it| self.directory.agencies.get(it));
        let holder = holder.map(|it| it.unit.name.clone()).unwrap_or_default();
        let free = had.filter(|it| !it.is_empty() && index.is_free(it, position)).cloned();
        let (code, claimant) = (code.clone(), name.to_owned());
        self.changes.problems.push(Problem::CodeTaken { code, holder, claimant });
        free
    }
}

/// The codes of an agency after a row. Lists have its codes in either order, and some have
/// one of them alone: that one takes the place of the one of the same form.
fn codes(old: &Unit, row: &Unit) -> (OrganId, Option<OrganId>) {
    let has = |code: &OrganId| old.codes().any(|it| it == code);
    let kept = || (old.code.clone(), old.other_code.clone());
    let said: Vec<&OrganId> = row.codes().collect();
    match said.as_slice() {
        [one, two] if has(one) && has(two) && one != two => kept(),
        [one, two, ..] => ((*one).clone(), Some((*two).clone())),
        [one] if has(one) => kept(),
        [one] if old.code.form() == one.form() => ((*one).clone(), old.other_code.clone()),
        [one] => match &old.other_code {
            Some(other) if other.form() != one.form() => ((*one).clone(), Some(other.clone())),
            Some(_) => (old.code.clone(), Some((*one).clone())),
            None if old.code.is_empty() => ((*one).clone(), None),
            None => ((*one).clone(), Some(old.code.clone())),
        },
        [] => kept(),
    }
}

/// Whether the text says something else than before.
fn replace(old: &mut String, new: &str) -> bool {
    let other = !new.is_empty() && old != new;
    if other {
        new.clone_into(old);
    }
    other
}
