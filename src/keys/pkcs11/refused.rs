//! What tokens refused in this process. Several objects may speak to one token, and each would
//! spend a try of its own with the same wrong PIN.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::info::Identity;

/// The PINs that one token refused.
pub(super) struct Refused(Mutex<Marks>);

/// By marks that mean nothing outside of this process: no PIN is kept.
#[derive(Default)]
pub(super) struct Marks(VecDeque<u64>);

/// Each costs a try: long before, the token is locked.
const KEPT: usize = 16;

/// By the module and the token.
type Tokens = BTreeMap<(String, Identity), Arc<Refused>>;

static TOKENS: Mutex<Tokens> = Mutex::new(BTreeMap::new());
static MARKED_BY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Refused {
    /// The same for all that speak to this token.
    pub(super) fn by(module: String, token: Identity) -> Arc<Self> {
        let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
        // Of tokens that nobody speaks to and that refused nothing, nothing is kept.
        tokens.retain(|_, it| Arc::strong_count(it) > 1 || !it.presenting().0.is_empty());
        let new = || Arc::new(Self(Mutex::default()));
        Arc::clone(tokens.entry((module, token)).or_insert_with(new))
    }

    /// Whoever presents a PIN to the token holds this, so that nobody presents the same one
    /// before it is known what came of it.
    pub(super) fn presenting(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a PIN.
pub(super) fn mark(pin: &str) -> u64 {
    MARKED_BY.hash_one(pin)
}

impl Marks {
    pub(super) fn has(&self, mark: u64) -> bool {
        self.0.contains(&mark)
    }

    pub(super) fn add(&mut self, mark: u64) {
        self.0.push_back(mark);
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
