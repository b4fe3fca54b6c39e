//! Who is registered: the agencies that have a secret, and the units below them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use kyso::axis::{AgencyRow, Call, Credentials, ErrorCode, Once, Registration, UnitRow, Verified};
use kyso::exchange::store::{PostOffice, Records, Store};
use kyso::{Result, UtcTime};
use serde_json::{Value, json};

use super::refusal::No;

/// An agency that the gateway serves.
pub(crate) struct Agency {
    code: String,
    other_code: String,
    name: String,
    locked: bool,
    credentials: Credentials,
}

impl Agency {
    /// Registered under this code, with this secret.
    pub(crate) fn new(code: &str, name: &str, secret: &str) -> Self {
        Self {
            code: code.to_owned(),
            other_code: String::new(),
            name: name.to_owned(),
            locked: false,
            credentials: Credentials::new(code, secret),
        }
    }

    /// Also known by a code of the other scheme.
    #[allow(dead_code, reason = "not every program that includes this file registers two")]
    pub(crate) fn known_as(mut self, other_code: &str) -> Self {
        self.other_code = other_code.to_owned();
        self
    }

    /// Nothing can be sent to it.
    #[allow(dead_code, reason = "not every program that includes this file locks one")]
    pub(crate) fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    fn answers_to(&self, code: &str) -> bool {
        !code.is_empty() && (self.code == code || self.other_code == code)
    }
}

/// A unit that an agency registered below itself. It has no secret: its post goes to that
/// agency.
#[derive(Clone)]
struct Unit {
    owner: String,
    particulars: Registration,
    deleted: bool,
    changed: String,
}

/// Under which the units are kept in the store.
const UNITS: &str = "axis.units";

impl Unit {
    fn to_json(&self) -> Value {
        json!({
            "owner": self.owner,
            "unit": self.particulars.to_json(),
            "deleted": self.deleted,
            "changed": self.changed,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        Some(Self {
            owner: value.get("owner")?.as_str()?.to_owned(),
            particulars: Registration::from_json(value.get("unit")?.as_str()?.as_bytes()).ok()?,
            deleted: value.get("deleted")?.as_bool()?,
            changed: value.get("changed")?.as_str()?.to_owned(),
        })
    }
}

/// All who are registered.
pub(super) struct Directory {
    agencies: Vec<Agency>,
    /// As the store has them, which is asked when the gateway starts.
    units: RwLock<Vec<Unit>>,
    store: Arc<dyn PostOffice>,
}

impl Directory {
    pub(super) fn new(store: Arc<dyn PostOffice>, agencies: Vec<Agency>) -> Result<Self> {
        let units = within(&*store, |records| read_units(records))?;
        Ok(Self { agencies, units: RwLock::new(units), store })
    }

    pub(super) fn credentials(&self, id: &str) -> Option<&Credentials> {
        self.agencies.iter().find(|it| it.code == id).map(|it| &it.credentials)
    }

    /// That whoever `from` names is the caller, by one of its codes.
    pub(super) fn is_caller(&self, caller: &Verified, from: &str) -> std::result::Result<(), No> {
        let registered = caller.system_id();
        if self.agencies.iter().any(|it| it.code == registered && it.answers_to(from)) {
            return Ok(());
        }
        let text = format!("Don vi gui {from} khong dung voi ma da dang ky: {registered}");
        Err(No(ErrorCode::UNKNOWN_SENDER, text))
    }

    /// Whose post box is that of a receiver.
    pub(super) fn receiver(&self, code: &str) -> std::result::Result<String, No> {
        let units = self.units();
        let unit = units.iter().find(|it| !it.deleted && it.particulars.code == code);
        let owner = unit.map_or(code, |it| it.owner.as_str());
        let mut agencies = self.agencies.iter();
        let found = agencies
            .find(|it| it.answers_to(code))
            .or_else(|| self.agencies.iter().find(|it| unit.is_some() && it.code == owner));
        match found {
            Some(it) if it.locked => {
                Err(No(ErrorCode::RECEIVER_LOCKED, format!("Don vi nhan bi khoa: {code}")))
            }
            Some(it) => Ok(it.code.clone()),
            None => {
                let text = format!("Don vi nhan khong ton tai: {code}");
                Err(No(ErrorCode::UNKNOWN_RECEIVER, text))
            }
        }
    }

    /// The directory by either scheme; by the newer one, of one level of agencies, where
    /// `level` names one: ministries and provinces are the first.
    pub(super) fn agencies(&self, call: Call, level: &str) -> Vec<AgencyRow> {
        let older = call == Call::GetAgenciesList;
        let agencies = self.agencies.iter().enumerate().map(|(n, it)| {
            let (code, name, other) = (it.code.clone(), it.name.clone(), it.other_code.clone());
            let row = AgencyRow { id: n.to_string(), code, name, ..AgencyRow::default() };
            if older {
                AgencyRow { old_code: other, ..row }
            } else {
                AgencyRow { code102: other, ..row }
            }
        });
        let units = self.units();
        let units =
            units.iter().filter(|it| !it.deleted).map(|Unit { particulars: it, .. }| {
                let (id, pid, code) = (it.id.clone(), it.pcode.clone(), it.code.clone());
                let (name, mail) = (it.name.clone(), it.mail.clone());
                AgencyRow { id, pid, code, name, mail, ..AgencyRow::default() }
            });
        agencies
            .chain(units)
            .filter(|it| older || level.is_empty() || level_of(&it.code).to_string() == level)
            .collect()
    }

    /// What centres synchronise: deleted units too.
    pub(super) fn synchronized(&self) -> Vec<UnitRow> {
        let agencies = self.agencies.iter().enumerate().map(|(n, it)| UnitRow {
            id: n.to_string(),
            code: it.code.clone(),
            name: it.name.clone(),
            deleted: false.to_string(),
            is_agency: true.to_string(),
            ..UnitRow::default()
        });
        let units = self.units();
        let units = units.iter().map(|it| UnitRow {
            id: it.particulars.id.clone(),
            pid: it.particulars.pcode.clone(),
            code: it.particulars.code.clone(),
            name: it.particulars.name.clone(),
            mail: it.particulars.mail.clone(),
            center_code: it.owner.clone(),
            deleted: it.deleted.to_string(),
            modify_date: it.changed.clone(),
            is_agency: true.to_string(),
            ..UnitRow::default()
        });
        agencies.chain(units).collect()
    }

    /// Registers a unit below the caller, or changes what is known of it.
    pub(super) fn register(&self, caller: &Verified, body: &[u8]) -> std::result::Result<(), No> {
        let mut new = Registration::from_json(body)
            .map_err(|error| No(ErrorCode::INVALID_FILE, error.to_string()))?;
        let owner = caller.system_id().to_owned();
        if new.pcode.is_empty() {
            new.pcode.clone_from(&owner);
        }
        if new.code.is_empty() || self.agencies.iter().any(|it| it.answers_to(&new.code)) {
            return Err(No(ErrorCode::INVALID_FILE, "Ma don vi khong hop le".to_owned()));
        }
        let once = Once::of(Call::RegisterAgency, caller, body);
        self.change(once.as_ref(), |units| {
            let own = |code: &str| {
                let mut units = units.iter();
                units.any(|it| !it.deleted && it.owner == owner && it.particulars.code == code)
            };
            self.is_caller(caller, &new.pcode)
                .or_else(|no| if own(&new.pcode) { Ok(()) } else { Err(no) })?;
            let changed = UtcTime::now().vietnam();
            let (owner, particulars) = (owner.clone(), new.clone());
            let unit = Unit { owner, particulars, deleted: false, changed };
            match units.iter_mut().find(|it| it.particulars.code == new.code) {
                Some(it) if it.owner != unit.owner && !it.deleted => {
                    let text = format!("Ma don vi da dang ky: {}", new.code);
                    return Err(No(ErrorCode::INVALID_FILE, text));
                }
                Some(it) => *it = unit,
                None => units.push(unit),
            }
            Ok(())
        })
    }

    /// Takes one of the caller's units out.
    pub(super) fn delete(&self, caller: &Verified) -> std::result::Result<(), No> {
        let code = caller.parameter("AgencyCode").unwrap_or_default();
        let once = Once::of(Call::DeleteAgency, caller, b"");
        self.change(once.as_ref(), |units| {
            let found = units.iter_mut().find(|it| {
                !it.deleted && it.particulars.code == code && it.owner == caller.system_id()
            });
            let Some(unit) = found else {
                return Err(No(ErrorCode::PROCESSING, format!("Khong co don vi {code}")));
            };
            unit.deleted = true;
            unit.changed = UtcTime::now().vietnam();
            Ok(())
        })
    }

    /// Changes the units, unless this very request did so before. What came of it is kept
    /// together with the change.
    fn change(
        &self,
        once: Option<&Once>,
        work: impl Fn(&mut Vec<Unit>) -> std::result::Result<(), No>,
    ) -> std::result::Result<(), No> {
        let Some(once) = once else { return Err(No::because(ErrorCode::SYSTEM)) };
        let name = format!("axis.once.{}", once.key());
        let outcome = within(&*self.store, |records| {
            if let Some(content) = records.setting(&name)? {
                return Ok(if content == once.content() {
                    Ok(None)
                } else {
                    Err(No::because(ErrorCode::WRONG_CREDENTIALS))
                });
            }
            let mut units = read_units(records)?;
            if let Err(no) = work(&mut units) {
                return Ok(Err(no));
            }
            let json = Value::Array(units.iter().map(Unit::to_json).collect()).to_string();
            records.set_setting(UNITS, &json)?;
            records.set_setting(&name, once.content())?;
            Ok(Ok(Some(units)))
        });
        if let Some(units) = outcome.map_err(No::failed)?? {
            *self.units.write().unwrap_or_else(PoisonError::into_inner) = units;
        }
        Ok(())
    }

    fn units(&self) -> RwLockReadGuard<'_, Vec<Unit>> {
        self.units.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the codes of Decision 20/2020/QĐ-TTg: `H41` is of the first level, `H41.5` of the
/// second. By the older ones, the levels that are filled.
fn level_of(code: &str) -> usize {
    let filled = |it: &&str| it.bytes().any(|digit| digit != b'0');
    code.split('.').filter(filled).count()
}

fn read_units(records: &mut dyn Records) -> Result<Vec<Unit>> {
    let kept = records.setting(UNITS)?.unwrap_or_default();
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    Ok(kept.as_array().into_iter().flatten().filter_map(Unit::from_json).collect())
}

fn within<T>(store: &dyn PostOffice, work: impl FnMut(&mut dyn Records) -> Result<T>) -> Result<T> {
    let store: &dyn Store = store;
    store.within(work)
}
