//! Certificate policies (RFC 5280 §6.1) by the policy graph of RFC 9618, which grows
//! with the certificates and never doubles from one to the next, as the tree did.

use std::collections::{BTreeMap, BTreeSet};

use der::asn1::ObjectIdentifier;

use super::fault::Fault;
use super::requirements::PathRequirements;
use crate::pki::{ANY_POLICY, Certificate, PolicyExtensions, TrustAnchor};

/// Policies that hold for a whole path: those that the caller asks for, in the domain of
/// the anchor; `anyPolicy` where nobody restricts them.
pub(super) type ValidPolicies = BTreeSet<ObjectIdentifier>;

/// What holds for the path (§6.1.5 (g)), or the certificate at which it has no policy.
pub(super) fn check(
    certificates: &[Certificate],
    anchor: &TrustAnchor,
    requirements: &PathRequirements,
) -> Result<ValidPolicies, (usize, Fault)> {
    let constraining = anchor.constraints();
    let path: Vec<_> = certificates.iter().chain(constraining).collect();
    let mut state = State::new(path.len(), requirements);
    for (index, certificate) in path.into_iter().enumerate().rev() {
        let failed = |fault| (index, fault);
        let policies = certificate.policies();
        let self_issued = certificate.is_self_issued();
        // §6.1.3 (d) to (f).
        let any_counts = state.inhibit_any > 0 || (index > 0 && self_issued);
        // RFC 5937 §3.2: an anchor restricts policies only where it names some.
        if index < certificates.len() || policies.policies.is_some() {
            state.graph.enter(policies, any_counts);
        }
        if state.explicit == 0 && state.graph.is_empty() {
            return Err(failed(Fault::NoPolicy));
        }
        if index > 0 {
            state.prepare_for_next(policies, self_issued).map_err(failed)?;
        } else {
            // §6.1.5 (a) and (b).
            state.explicit = state.explicit.saturating_sub(1);
            if policies.require_explicit == Some(0) {
                state.explicit = 0;
            }
        }
    }
    let valid = requirements.constrain(state.graph.of_the_anchors_domain());
    if state.explicit == 0 && valid.is_empty() {
        return Err((0, Fault::NoPolicy));
    }
    Ok(valid)
}

/// §6.1.2 (a) and (d) to (f).
struct State {
    graph: Graph,
    explicit: u32,
    inhibit_mapping: u32,
    inhibit_any: u32,
}

impl State {
    fn new(length: usize, requirements: &PathRequirements) -> Self {
        let never = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
        let unless = |at_once: bool| if at_once { 0 } else { never };
        Self {
            graph: Graph::new(),
            explicit: unless(requirements.require_explicit_policy),
            inhibit_mapping: unless(requirements.inhibit_policy_mapping),
            inhibit_any: unless(requirements.inhibit_any_policy),
        }
    }

    /// §6.1.4 (a), (b), (h) to (j).
    fn prepare_for_next(&mut self, own: &PolicyExtensions, self_issued: bool) -> Result<(), Fault> {
        if own.mappings.iter().any(|(from, to)| *from == ANY_POLICY || *to == ANY_POLICY) {
            return Err(Fault::Malformed { what: "it maps a policy from or to anyPolicy".into() });
        }
        self.graph.map(&own.mappings, self.inhibit_mapping > 0);
        for (counter, skip) in [
            (&mut self.explicit, own.require_explicit),
            (&mut self.inhibit_mapping, own.inhibit_mapping),
            (&mut self.inhibit_any, own.inhibit_any),
        ] {
            if !self_issued {
                *counter = counter.saturating_sub(1);
            }
            *counter = skip.map_or(*counter, |skip| skip.min(*counter));
        }
        Ok(())
    }
}

/// The policy graph (RFC 9618 §5.1), a level for each certificate. A level has no more
/// nodes than its certificate has policies and the one above mappings.
struct Graph {
    above: Vec<Level>,
    last: Level,
}

/// A node stands for a policy, and knows its parents in the level above: none but
/// `anyPolicy` where there are none.
#[derive(Clone)]
struct Level {
    nodes: BTreeMap<ObjectIdentifier, Vec<ObjectIdentifier>>,
    /// Whether there is a node for `anyPolicy`.
    any: bool,
}

impl Graph {
    /// §6.1.2 (a).
    fn new() -> Self {
        Self { above: Vec::new(), last: Level { nodes: BTreeMap::new(), any: true } }
    }

    fn is_empty(&self) -> bool {
        !self.last.any && self.last.nodes.is_empty()
    }

    /// RFC 9618 §5.2: which nodes a certificate keeps, and what it adds.
    fn enter(&mut self, own: &PolicyExtensions, any_counts: bool) {
        let level = &mut self.last;
        let Some(policies) = &own.policies else {
            level.nodes.clear();
            level.any = false;
            return;
        };
        let any = any_counts && policies.contains(&ANY_POLICY);
        if !any {
            level.nodes.retain(|policy, _| policies.contains(policy));
        }
        if level.any {
            for policy in policies.iter().filter(|it| **it != ANY_POLICY) {
                level.nodes.entry(*policy).or_default();
            }
        }
        level.any &= any;
    }

    /// RFC 9618 §5.3: opens the level of the next certificate, under the names that it
    /// has to use.
    fn map(&mut self, mappings: &[(ObjectIdentifier, ObjectIdentifier)], counts: bool) {
        let level = &mut self.last;
        let mut next = Level { nodes: BTreeMap::new(), any: level.any };
        for (from, to) in mappings {
            if !counts {
                level.nodes.remove(from);
                continue;
            }
            if level.any {
                level.nodes.entry(*from).or_default();
            }
            if level.nodes.contains_key(from) {
                next.nodes.entry(*to).or_default().push(*from);
            }
        }
        let mapped: BTreeSet<_> = mappings.iter().map(|(from, _)| from).collect();
        for policy in level.nodes.keys().filter(|policy| !mapped.contains(policy)) {
            next.nodes.entry(*policy).or_default().push(*policy);
        }
        self.above.push(std::mem::replace(level, next));
    }

    /// The authority-constrained policy set (RFC 9618 §5.4): from the last level up to
    /// the nodes below `anyPolicy`.
    fn of_the_anchors_domain(&self) -> ValidPolicies {
        let mut found: ValidPolicies = self.last.any.then_some(ANY_POLICY).into_iter().collect();
        let mut reached: ValidPolicies = self.last.nodes.keys().copied().collect();
        for level in [&self.last].into_iter().chain(self.above.iter().rev()) {
            let mut parents = ValidPolicies::new();
            for policy in reached {
                match level.nodes.get(&policy) {
                    Some(of_policy) if !of_policy.is_empty() => parents.extend(of_policy),
                    _ => {
                        found.insert(policy);
                    }
                }
            }
            reached = parents;
        }
        found
    }
}
