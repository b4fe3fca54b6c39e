//! By whom a message is sealed, held against whom it says it is from.

use crate::encoding::folded;
use crate::envelope::edxml::{OrganId, Organization};
use crate::pki::Certificate;

/// Whether the certificate's subject has the agency's code or its name.
pub(super) fn is_named(sender: &Organization, certificate: &Certificate) -> bool {
    let name = folded(&sender.organ_name);
    certificate.subject_name().identities().any(|it| {
        let is_code = !it.trim().is_empty() && OrganId::from(it).is_same_agency(&sender.organ_id);
        is_code || !name.is_empty() && folded(it) == name
    })
}
