//! Which declarations of namespaces an element is written with.
//!
//! All methods have one rule (Canonical XML 1.0 §2.3, Exclusive §3): an element considers
//! some prefixes, and writes each whose name is not the one that the nearest element around
//! which considered it had. The inclusive methods consider all prefixes in scope, the
//! exclusive one those that are used. Prefixes have numbers, so that this takes no search.

use std::collections::HashMap;

use super::{Canonicalization, Method};
use crate::encoding::xml::document::Declaration;

pub(super) struct Namespaces<'d> {
    exclusive: bool,
    /// Those of the list of the exclusive method.
    listed: Vec<String>,
    numbers: HashMap<&'d str, usize>,
    prefixes: Vec<Prefix<'d>>,
    /// The prefixes bound here, by their numbers, in the order that they were first bound in.
    bound: Vec<usize>,
    /// What the innermost element declares.
    own: Vec<usize>,
    considered: Vec<usize>,
    news: Vec<(&'d str, &'d str)>,
    turn: u64,
    changes: Vec<Change<'d>>,
    /// For each open element, how many changes there were before.
    marks: Vec<usize>,
}

struct Prefix<'d> {
    text: &'d str,
    /// Whether the inclusive rule goes for it.
    inclusive: bool,
    is_bound: bool,
    /// What it is bound to; nothing where it is not.
    scope: Option<&'d str>,
    /// What the nearest element around that considered it had.
    rendered: Option<&'d str>,
    /// When it was considered last, so that no element does twice.
    turn: u64,
}

enum Change<'d> {
    /// Was bound for the first time.
    Bound,
    Scope(usize, Option<&'d str>),
    Rendered(usize, Option<&'d str>),
}

impl<'d> Namespaces<'d> {
    pub(super) fn new(method: &Canonicalization) -> Self {
        let mut listed = method.inclusive_prefixes.clone();
        listed.sort_unstable();
        Self {
            exclusive: method.method == Method::Exclusive,
            listed,
            numbers: HashMap::new(),
            prefixes: Vec::new(),
            bound: Vec::new(),
            own: Vec::new(),
            considered: Vec::new(),
            news: Vec::new(),
            turn: 0,
            changes: Vec::new(),
            marks: Vec::new(),
        }
    }

    fn number(&mut self, prefix: &'d str) -> usize {
        if let Some(number) = self.numbers.get(prefix) {
            return *number;
        }
        let number = self.prefixes.len();
        let listed = || self.listed.binary_search_by(|it| it.as_str().cmp(prefix)).is_ok();
        self.prefixes.push(Prefix {
            text: prefix,
            inclusive: !self.exclusive || listed(),
            is_bound: false,
            scope: None,
            rendered: None,
            turn: 0,
        });
        self.numbers.insert(prefix, number);
        number
    }

    /// An element begins.
    pub(super) fn enter(&mut self, declarations: &'d [Declaration<'_>]) {
        self.marks.push(self.changes.len());
        self.own.clear();
        self.considered.clear();
        self.turn = self.turn.wrapping_add(1);
        for declaration in declarations {
            let number = self.number(declaration.prefix);
            self.own.push(number);
            let Some(prefix) = self.prefixes.get_mut(number) else { continue };
            if !prefix.is_bound {
                prefix.is_bound = true;
                self.bound.push(number);
                self.changes.push(Change::Bound);
            }
            self.changes.push(Change::Scope(number, prefix.scope));
            prefix.scope = Some(declaration.name.as_ref()).filter(|it| !it.is_empty());
        }
    }

    /// The innermost element ends.
    pub(super) fn leave(&mut self) {
        let mark = self.marks.pop().unwrap_or(0);
        while self.changes.len() > mark {
            match self.changes.pop() {
                Some(Change::Bound) => {
                    let number = self.bound.pop();
                    if let Some(it) = number.and_then(|it| self.prefixes.get_mut(it)) {
                        it.is_bound = false;
                    }
                }
                Some(Change::Scope(number, before)) => {
                    if let Some(it) = self.prefixes.get_mut(number) {
                        it.scope = before;
                    }
                }
                Some(Change::Rendered(number, before)) => {
                    if let Some(it) = self.prefixes.get_mut(number) {
                        it.rendered = before;
                    }
                }
                None => break,
            }
        }
    }

    /// Considers what the inclusive rule goes for: `all` in scope, or what the element
    /// declares.
    pub(super) fn consider_inclusive(&mut self, all: bool) {
        let numbers = if all { &self.bound } else { &self.own };
        for number in numbers {
            let Some(prefix) = self.prefixes.get_mut(*number) else { continue };
            if prefix.inclusive && prefix.turn != self.turn {
                prefix.turn = self.turn;
                self.considered.push(*number);
            }
        }
    }

    /// Considers one prefix.
    pub(super) fn consider(&mut self, prefix: &'d str) {
        if prefix == "xml" {
            return;
        }
        let number = self.number(prefix);
        let Some(prefix) = self.prefixes.get_mut(number) else { return };
        if prefix.turn != self.turn {
            prefix.turn = self.turn;
            self.considered.push(number);
        }
    }

    pub(super) fn considered(&self) -> usize {
        self.considered.len()
    }

    /// What is to be written, by prefix. `written` says whether the element itself is:
    /// otherwise those around it stay the nearest.
    pub(super) fn news(
        &mut self,
        written: bool,
        chosen: impl Fn(&str) -> bool,
    ) -> &[(&'d str, &'d str)] {
        self.news.clear();
        for number in &self.considered {
            let Some(prefix) = self.prefixes.get_mut(*number) else { continue };
            let name = prefix.scope.filter(|_| chosen(prefix.text));
            if name == prefix.rendered {
                continue;
            }
            match name {
                Some(name) => self.news.push((prefix.text, name)),
                None if written && prefix.text.is_empty() => self.news.push(("", "")),
                None => {}
            }
            if written {
                self.changes.push(Change::Rendered(*number, prefix.rendered));
                prefix.rendered = name;
            }
        }
        self.news.sort_unstable_by_key(|it| it.0);
        &self.news
    }
}
