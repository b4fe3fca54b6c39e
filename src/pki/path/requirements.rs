//! What a caller asks of a path beyond RFC 5280's own rules.

use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use super::policies::ValidPolicies;
use crate::pki::{ANY_POLICY, Certificate, TrustAnchor};

/// What is asked of a certification path (RFC 5280 §6.1.1). Plain data; the default asks
/// for nothing, and whatever is set can only refuse paths that would hold without it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PathRequirements {
    /// Most authorities between the end entity and the anchor; self-issued ones count.
    pub max_depth: Option<usize>,
    /// `user-initial-policy-set`: identifiers in dotted form. Empty is any policy.
    pub initial_policies: BTreeSet<String>,
    /// `initial-explicit-policy`: the path must hold for one of the initial policies.
    pub require_explicit_policy: bool,
    /// `initial-policy-mapping-inhibit`: no policy may stand for another one.
    pub inhibit_policy_mapping: bool,
    /// `initial-any-policy-inhibit`: `anyPolicy` stands for no policy.
    pub inhibit_any_policy: bool,
    /// A purpose that the certificate, and each authority that restricts its own, must
    /// allow (extended key usage, in dotted form). Nothing by default: the government's
    /// certificates for officers name no purpose for documents.
    pub extended_key_usage: Option<String>,
    /// When each certificate of the path has to be within its time.
    pub validity_model: ValidityModel,
}

/// When the certificates of a path have to be within their time, and not revoked (EN 319
/// 102-1 §5.2.6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValidityModel {
    /// All at the validation time, as RFC 5280 §6.1.3 has it.
    #[default]
    Shell,
    /// The end entity at the validation time, and each authority when it issued the one
    /// below: what it issued while it was valid outlives it. A certificate is taken to be
    /// issued when it begins to be valid.
    ///
    /// Whoever holds a stolen key writes any date. So what an authority issued outlives its
    /// revocation only where the reason is affiliationChanged, superseded or
    /// cessationOfOperation, which say that the key was not compromised; as long as it has not
    /// expired, nothing may be open about that at the validation time. With any other reason,
    /// a hold, or none, only what is proven to be older than the revocation stands (EN 319
    /// 102-1 §5.6.2.2.4 step 2 b).
    Chain,
}

/// What a caller asks of a path beyond all else. It is shown paths that hold otherwise, and
/// can only reject them: then the search goes on, and the reason is reported.
pub trait PathCheck: Send + Sync {
    /// Looks at a path from the end entity on; the anchor is not in it, unless it is the
    /// end entity itself.
    ///
    /// # Errors
    /// Why the path must not be relied on, as a person can read it.
    fn check(&self, path: &[Certificate], anchor: &TrustAnchor) -> Result<(), String>;
}

impl<F> PathCheck for F
where
    F: Fn(&[Certificate], &TrustAnchor) -> Result<(), String> + Send + Sync,
{
    fn check(&self, path: &[Certificate], anchor: &TrustAnchor) -> Result<(), String> {
        self(path, anchor)
    }
}

impl PathRequirements {
    /// RFC 9618 §5.4: of the policies that the authorities stand for, those asked for.
    pub(super) fn constrain(&self, authority: ValidPolicies) -> ValidPolicies {
        let any = ANY_POLICY.to_string();
        if self.initial_policies.is_empty() || self.initial_policies.contains(&any) {
            return authority;
        }
        let asked: ValidPolicies = self
            .initial_policies
            .iter()
            .filter_map(|it| ObjectIdentifier::new(it).ok())
            .filter(|it| authority.contains(&ANY_POLICY) || authority.contains(it))
            .collect();
        asked
    }

    /// Whether a certificate with this extended key usage may serve the purpose.
    pub(super) fn allows(&self, usage: Option<&[String]>) -> bool {
        match (&self.extended_key_usage, usage) {
            (Some(asked), Some(usage)) => usage.iter().any(|it| it == asked || it == ANY_PURPOSE),
            _ => true,
        }
    }
}

/// `anyExtendedKeyUsage` (RFC 5280 §4.2.1.12).
const ANY_PURPOSE: &str = "2.5.29.37.0";
