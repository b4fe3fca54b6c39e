//! Who signs several values at once, as a card or a service does.

use kyso::{
    Certificate, Result, SignatureAlgorithm, SignatureValue, Signer, SoftwareSigner, ToBeSigned,
};

/// A key, and how many values it takes at once.
pub(crate) struct Holder(pub(crate) SoftwareSigner, pub(crate) usize);

impl Signer for Holder {
    fn certificate_chain(&self) -> &[Certificate] {
        self.0.certificate_chain()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        self.0.sign(to_be_signed)
    }

    fn batch_size(&self) -> usize {
        self.1
    }
}
