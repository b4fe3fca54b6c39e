//! Signature formats, one drawer each: what is in a signature, and making one.
