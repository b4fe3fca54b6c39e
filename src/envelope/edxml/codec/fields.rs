//! Getting values out of a header's elements, and noting what is odd about them.

use super::NAMESPACE;
use crate::encoding::xml::{Element, Namespace};
use crate::envelope::edxml::date::{Date, Timestamp};
use crate::envelope::edxml::diagnostic::{Diagnostic, DiagnosticCode, Severity};

/// What was noted so far.
#[derive(Default)]
pub(super) struct Notes {
    list: Vec<Diagnostic>,
    namespace_missing: bool,
    prefix_unbound: bool,
}

/// Diagnostics kept of one message: an attacker could make a million.
const MOST: usize = 500;

impl Notes {
    pub(super) fn add(
        &mut self,
        code: DiagnosticCode,
        place: &str,
        offset: impl Into<Option<u64>>,
        found: &str,
    ) {
        // The gravest must not be lost to a flood of harmless ones.
        let room =
            self.list.len() < MOST || (code.severity() == Severity::Error && !self.has(code));
        if room {
            self.list.push(Diagnostic::new(code, place, offset.into(), found));
        }
    }

    fn has(&self, code: DiagnosticCode) -> bool {
        self.list.iter().any(|it| it.code == code)
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    /// The prefix of an attribute is declared nowhere.
    pub(super) fn unbound(&mut self, offset: u64) {
        self.unbound_at("xmlns", offset);
    }

    fn unbound_at(&mut self, place: &str, offset: u64) {
        if !self.prefix_unbound {
            self.prefix_unbound = true;
            self.add(DiagnosticCode::PrefixUnbound, place, offset, "");
        }
    }

    /// Whether a name is one of the message's. Names without a namespace and with
    /// the undeclared prefix that senders write are taken for such, and noted once.
    pub(super) fn is_ours(&mut self, namespace: &Namespace, local: &str, offset: u64) -> bool {
        match namespace {
            Namespace::Name(name) => return &**name == NAMESPACE,
            Namespace::None if !self.namespace_missing => {
                self.namespace_missing = true;
                self.add(DiagnosticCode::NamespaceMissing, local, offset, "");
            }
            Namespace::Unbound => self.unbound_at(local, offset),
            Namespace::None => {}
        }
        true
    }
}

/// What makes up a message. Readers that go by the text or search the whole document
/// find these wherever they stand; ours, only in their place.
const FRAME: [&str; 11] = [
    "edXML",
    "edXMLEnvelope",
    "edXMLHeader",
    "MessageHeader",
    "TraceHeaderList",
    "Bussiness",
    "edXMLBody",
    "AttachmentEncoded",
    "Attachment",
    "ContentTransferEncoded",
    "StatusCode",
];

impl Notes {
    /// An element that is not read.
    pub(super) fn unread(&mut self, local: &str, offset: u64, found: &str) {
        let code = if FRAME.contains(&local) {
            DiagnosticCode::ElementMisplaced
        } else {
            DiagnosticCode::ElementUnknown
        };
        self.add(code, local, offset, found);
    }

    /// What is within an element that is not read: of interest only if others read it.
    pub(super) fn unread_within(&mut self, local: &str, offset: u64) {
        if FRAME.contains(&local) {
            self.add(DiagnosticCode::ElementMisplaced, local, offset, "");
        }
    }
}

/// The children of an element, asked for by name. What was not asked for is noted
/// at the end by [`Fields::finish`].
pub(super) struct Fields<'e, 'a, 'n> {
    element: &'e Element<'a>,
    notes: &'n mut Notes,
    asked: Vec<&'static str>,
}

impl<'e, 'a, 'n> Fields<'e, 'a, 'n> {
    pub(super) fn of(element: &'e Element<'a>, notes: &'n mut Notes) -> Self {
        Self { element, notes, asked: Vec::new() }
    }

    pub(super) fn notes(&mut self) -> &mut Notes {
        self.notes
    }

    /// The element of this name; of several, the first.
    pub(super) fn child(&mut self, name: &'static str) -> Option<&'e Element<'a>> {
        let found = self.children(name);
        let mut found = found.into_iter();
        let first = found.next();
        if let Some(second) = found.next() {
            self.notes.add(DiagnosticCode::ElementRepeated, name, second.offset, "");
        }
        first
    }

    /// All elements of this name.
    pub(super) fn children(&mut self, name: &'static str) -> Vec<&'e Element<'a>> {
        self.asked.push(name);
        let named = self.element.children.iter().filter(|it| it.local == name);
        named.filter(|it| self.notes.is_ours(&it.namespace, name, it.offset)).collect()
    }

    pub(super) fn text(&mut self, name: &'static str) -> String {
        self.nested_text(name).unwrap_or_default()
    }

    /// The text of an element; nothing where there is no such element.
    pub(super) fn nested_text(&mut self, name: &'static str) -> Option<String> {
        self.leaf(name).map(|it| self.text_of(it, name))
    }

    /// An element that holds text alone. What else is in it splits the text, and
    /// readers differ in which parts they take.
    pub(super) fn leaf(&mut self, name: &'static str) -> Option<&'e Element<'a>> {
        self.child(name).inspect(|it| self.split(it))
    }

    fn split(&mut self, leaf: &Element<'_>) {
        if let Some(child) = leaf.children.first() {
            let code = DiagnosticCode::ElementMisplaced;
            self.notes.add(code, child.local, child.offset, &child.text);
        }
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let leaves = self.children(name);
        leaves.iter().for_each(|it| self.split(it));
        leaves.into_iter().map(|it| self.text_of(it, name)).collect()
    }

    fn text_of(&mut self, element: &Element<'_>, name: &'static str) -> String {
        let most = LENGTHS.iter().find(|(it, _)| *it == name).map_or(usize::MAX, |(_, most)| *most);
        if element.text.chars().count() > most {
            self.notes.add(DiagnosticCode::TextTooLong, name, element.offset, &element.text);
        }
        element.text.clone().into_owned()
    }

    /// A whole number; nothing where there is none, or something else.
    pub(super) fn number(&mut self, name: &'static str) -> Option<i32> {
        let element = self.leaf(name).filter(|it| !it.text.is_empty())?;
        let number = element.text.parse().ok();
        if number.is_none() {
            self.notes.add(DiagnosticCode::NumberMalformed, name, element.offset, &element.text);
        }
        number
    }

    /// A whole number that should lie within `range`; kept where it does not.
    pub(super) fn number_within(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<i32>,
    ) -> Option<i32> {
        let number = self.number(name);
        if let Some(number) = number.filter(|it| !range.contains(it)) {
            self.notes.add(DiagnosticCode::NumberOutOfRange, name, None, &number.to_string());
        }
        number
    }

    pub(super) fn date(&mut self, name: &'static str) -> Date {
        let Some(element) = self.leaf(name) else { return Date::default() };
        let date = Date::from(&*element.text);
        if !date.is_empty() && date.ymd().is_none() {
            self.odd_date(name, element, date.is_older_form());
        }
        date
    }

    pub(super) fn timestamp(&mut self, name: &'static str) -> Timestamp {
        let Some(element) = self.leaf(name) else { return Timestamp::default() };
        let timestamp = Timestamp::from(&*element.text);
        if !timestamp.is_empty() && timestamp.instant().is_none() {
            self.odd_date(name, element, timestamp.is_older_form());
        }
        timestamp
    }

    fn odd_date(&mut self, name: &str, element: &Element<'_>, older: bool) {
        let code =
            if older { DiagnosticCode::DateOlderForm } else { DiagnosticCode::DateMalformed };
        self.notes.add(code, name, element.offset, &element.text);
    }

    /// What a nested element holds; nothing where there is none.
    pub(super) fn nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'e, 'a, '_>) -> T,
    ) -> Option<T> {
        let element = self.child(name)?;
        Some(read_all(element, self.notes, read))
    }

    /// What each of several nested elements holds.
    pub(super) fn each<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'e, 'a, '_>) -> T,
    ) -> Vec<T> {
        self.children(name).into_iter().map(|it| read_all(it, self.notes, &mut read)).collect()
    }

    /// Notes that something is required and not there.
    pub(super) fn require(&mut self, name: &str, is_there: bool) {
        if !is_there {
            self.notes.add(DiagnosticCode::ElementMissing, name, self.element.offset, "");
        }
    }

    fn finish(self) {
        for child in &self.element.children {
            let foreign = matches!(&child.namespace, Namespace::Name(name) if &**name != NAMESPACE);
            let asked = self.asked.contains(&child.local);
            if foreign && asked {
                // Whoever looks for `edXML:From` as text takes it, whatever `edXML` is.
                let code = DiagnosticCode::ElementMisplaced;
                self.notes.add(code, child.local, child.offset, &child.text);
            } else if !asked {
                self.notes.unread(child.local, child.offset, &child.text);
                let mut within: Vec<_> = child.children.iter().collect();
                while let Some(it) = within.pop() {
                    self.notes.unread_within(it.local, it.offset);
                    within.extend(&it.children);
                }
            }
        }
    }
}

/// Reads an element and notes what `read` did not ask for.
pub(super) fn read_all<'e, 'a, T>(
    element: &'e Element<'a>,
    notes: &mut Notes,
    read: impl FnOnce(&mut Fields<'e, 'a, '_>) -> T,
) -> T {
    let mut fields = Fields::of(element, notes);
    let value = read(&mut fields);
    fields.finish();
    value
}

/// The lengths that the one public checker in the field allows, in characters. The
/// national samples exceed some, so they are noted and nothing more.
const LENGTHS: [(&str, usize); 22] = [
    ("OrganName", 200),
    ("OrganizationInCharge", 200),
    ("OrganAdd", 250),
    ("Email", 100),
    ("Telephone", 20),
    ("Fax", 20),
    ("Website", 100),
    ("CodeNumber", 11),
    ("CodeNotation", 30),
    ("Place", 150),
    ("Subject", 500),
    ("Content", 500),
    ("TypeName", 100),
    ("Competence", 100),
    ("Position", 100),
    ("FullName", 50),
    ("SphereOfPromulgation", 100),
    ("TyperNotation", 10),
    ("Appendix", 250),
    ("AttachmentName", 200),
    ("Description", 500),
    ("BussinessDocReason", 500),
];
