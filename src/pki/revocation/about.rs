//! Which lists and answers have anything to do with a certificate, whoever made them.

use super::crl::Crl;
use super::ocsp::OcspResponse;
use super::reason::Reasons;
use super::scope::Subject;
use crate::pki::Certificate;

impl Crl {
    /// Whether a question about the certificate would find the list worth a word: it may
    /// list the certificate, or is from its issuer and about others.
    pub(crate) fn concerns(&self, certificate: &Certificate) -> bool {
        self.reasons_for(&Subject::new(certificate)) != Reasons::NONE
            || self.issuer_name().matches(certificate.issuer_name())
    }

    /// Whether one of these would by its names and its scope list the certificate, were it
    /// revoked.
    pub(crate) fn any_speaks_of(lists: &[&Self], certificate: &Certificate) -> bool {
        let subject = Subject::new(certificate);
        lists.iter().any(|it| it.reasons_for(&subject) != Reasons::NONE)
    }
}

impl OcspResponse {
    /// Certificates that came with it; none of them is trusted.
    pub(crate) fn accompanying(&self) -> &[Certificate] {
        self.certificates()
    }

    /// Whether it answers for a certificate that a CA with this key issued.
    pub(crate) fn concerns(&self, certificate: &Certificate, issuer_key_info: &[u8]) -> bool {
        self.single(certificate, issuer_key_info).is_some()
    }

    /// Whether it names the certificate's subject or key as who answers.
    pub(crate) fn names(&self, certificate: &Certificate) -> bool {
        self.is_from(certificate.subject_name(), certificate.public_key_info())
    }
}
