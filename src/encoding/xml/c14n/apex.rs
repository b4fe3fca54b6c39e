//! What an element inherits that stands in one which is left out: attributes of `xml:`.

use std::borrow::Cow;

use super::base::join;
use super::{Chosen, Method, Walk};
use crate::encoding::xml::document::{NodeId, XML_NAMESPACE};
use crate::error::Result;

type Found<'d> = (&'d str, &'d str, &'d str, Cow<'d, str>);

impl<'d, C: Chosen> Walk<'_, 'd, '_, C> {
    /// Remembers the attributes of `xml:` for what is in the element.
    pub(super) fn inherit(&mut self, node: NodeId) {
        if self.method.method == Method::Exclusive {
            return;
        }
        let of_xml = |it: &&_| is_xml(it);
        let own = self.document.attributes(node).iter().filter(of_xml).map(|it| (node, it));
        self.inheritable.extend(own);
    }

    /// Adds what the element inherits (Canonical XML 1.0 and 1.1 §2.4).
    pub(super) fn inherited(&mut self, node: NodeId, all: &mut Vec<Found<'d>>) -> Result<()> {
        if self.inheritable.is_empty() {
            return Ok(());
        }
        self.out.effort(self.inheritable.len())?;
        let own = self.document.attributes(node).iter().filter(|it| is_xml(it));
        let mut seen: std::collections::BTreeSet<&str> = own.map(|it| it.local).collect();
        let only = match self.method.method {
            Method::Inclusive => None,
            Method::Inclusive11 => Some(["lang", "space"]),
            Method::Exclusive => return Ok(()),
        };
        for (_, it) in self.inheritable.iter().rev() {
            if only.is_none_or(|only| only.contains(&it.local)) && seen.insert(it.local) {
                all.push((XML_NAMESPACE, it.local, it.qualified, it.value.as_ref().into()));
            }
        }
        if self.method.method == Method::Inclusive11 {
            self.fix_base(node, all);
        }
        Ok(())
    }

    /// Canonical XML 1.1 §2.4: the bases of the elements left out right above are joined
    /// with its own.
    fn fix_base(&self, node: NodeId, all: &mut Vec<Found<'d>>) {
        let kept = self.document.ancestors_or_self(node).skip(1).find(|it| self.chosen.node(*it));
        let is_base = |it: &&(NodeId, &super::Attribute<'_>)| it.1.local == "base";
        let left_out = self.inheritable.iter().rev().filter(is_base);
        let mut above = left_out.take_while(|it| kept.is_none_or(|kept| it.0 > kept)).peekable();
        if above.peek().is_none() {
            return;
        }
        let mut own = self.document.attributes(node).iter().filter(|it| is_xml(it));
        let own = own.find(|it| it.local == "base").map(|it| it.value.to_string());
        let joined = above.fold(own, |inner, it| {
            Some(match inner {
                Some(inner) => join(&it.1.value, &inner),
                None => it.1.value.to_string(),
            })
        });
        all.retain(|it| (it.0, it.1) != (XML_NAMESPACE, "base"));
        if let Some(base) = joined.filter(|it| !it.is_empty()) {
            all.push((XML_NAMESPACE, "base", "xml:base", base.into()));
        }
    }
}

fn is_xml(attribute: &super::Attribute<'_>) -> bool {
    attribute.namespace.as_deref() == Some(XML_NAMESPACE)
}
