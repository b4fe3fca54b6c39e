//! EN 319 102-1 clause 5: facts first, then one policy judges.
