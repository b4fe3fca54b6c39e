//! Which lists and answers are about the certificates of a path: what has to be kept for
//! those who validate it later.

use super::crl::Crl;
use super::ocsp::OcspResponse;
use super::reason::Reasons;
use super::scope::Subject;
use crate::pki::Certificate;
use crate::pki::path::ValidatedPath;

/// Lists and answers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Kept {
    pub(crate) crls: Vec<Crl>,
    pub(crate) responses: Vec<OcspResponse>,
}

/// How far responders are followed that answer for responders. A delegated responder is
/// charged by the authority itself, so that one step is the rule.
const STEPS: usize = 3;

impl Kept {
    /// Keeps those of `others` that say something about a certificate of the path, or about
    /// those who signed what is kept. Whether it holds is for the checker to say.
    pub(crate) fn keep(&mut self, path: &ValidatedPath, others: &Self) {
        let mut about: Vec<Certificate> = path.certificates().to_vec();
        about.retain(|it| !path.anchor().is_of(it));
        let keys: Vec<&[u8]> = path
            .certificates()
            .iter()
            .map(Certificate::public_key_info)
            .chain([path.anchor().public_key_info()])
            .collect();
        for _ in 0..STEPS {
            let before = self.responses.len();
            for response in &others.responses {
                let says = about
                    .iter()
                    .any(|it| keys.iter().any(|key| response.single(it, key).is_some()));
                if says && !self.responses.iter().any(|it| it.der() == response.der()) {
                    self.responses.push(response.clone());
                }
            }
            if self.responses.len() == before {
                break;
            }
            for response in self.responses.iter().skip(before) {
                about.extend(response.certificates().iter().cloned());
            }
        }
        let about: Vec<_> = about.iter().map(Subject::new).collect();
        for crl in &others.crls {
            let says = about.iter().any(|it| crl.reasons_for(it) != Reasons::NONE);
            if says && !self.crls.iter().any(|it| it.der() == crl.der()) {
                self.crls.push(crl.clone());
            }
        }
    }
}
