//! What the references of an XML signature lead to, found anew within the signature where they
//! are to its own parts: what stands elsewhere under the same name is no part of it.

use std::collections::HashSet;

use super::XmlSource;
use super::content::OverContent;
use crate::encoding::xml::{Method, NodeId};
use crate::error::Result;
use crate::signature::xades::{QualifyingProperties, Referred, is_signed_properties};
use crate::signature::xmldsig::{
    DS, Dereferencer, Found, Processed, Reference, Signature, Target, Transform, manifest,
};
use crate::validation::facts::{
    DigestFact, Digested, FileFact, Named, ReferenceFacts, ReferenceKind, XmlFacts, XmlFinding,
};

/// What became of all references of one signature.
#[derive(Default)]
pub(super) struct Followed {
    /// What is told of them, for the signature's facts to take.
    pub(super) xml: XmlFacts,
    /// Whether a reference is to the signed properties of this very signature.
    pub(super) properties_referred: bool,
    /// Whether these are as they were, besides.
    pub(super) properties_signed: bool,
    pub(super) key_info_signed: bool,
    /// Those of `SignedInfo`, in their order.
    pub(super) referred: Vec<Referred>,
    /// Those of the manifests that it refers to.
    pub(super) in_manifests: Vec<Referred>,
    /// The same, as they stand there.
    pub(super) listed: Vec<Reference>,
    /// Whether one of them is to another manifest, which is not followed.
    pub(super) nested: bool,
    /// Those of `SignedInfo` to data.
    pub(super) to_data: Vec<Referred>,
}

/// `outer` is the value of the signature that this one stands in as a countersignature.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when a file cannot be read.
pub(super) fn follow(
    source: XmlSource<'_>,
    dereferencer: &mut Dereferencer<'_>,
    signature: &Signature,
    properties: Option<&QualifyingProperties>,
    outer: Option<NodeId>,
) -> Result<Followed> {
    let mut follower = Follower {
        source,
        dereferencer,
        signature,
        properties: properties.and_then(|it| it.signed.as_ref()).map(|it| it.node),
        of_properties: properties.map(|it| it.object),
        outer,
        has_data: false,
        over_content: OverContent::default(),
        signed_objects: HashSet::new(),
        followed: Followed::default(),
    };
    for reference in &signature.signed_info.references {
        follower.follow(reference)?;
    }
    follower.expect();
    follower.expect_content();
    follower.unsigned_objects();
    Ok(follower.followed)
}

pub(super) struct Follower<'f, 'd> {
    pub(super) source: XmlSource<'f>,
    pub(super) dereferencer: &'f mut Dereferencer<'d>,
    pub(super) signature: &'f Signature,
    /// The signed properties that stand in the signature.
    pub(super) properties: Option<NodeId>,
    /// The Object that these stand in.
    pub(super) of_properties: Option<NodeId>,
    pub(super) outer: Option<NodeId>,
    /// Whether something is referred to that is no part of what a signature says of itself.
    has_data: bool,
    /// Whether one of them is to the content that was handed in.
    pub(super) over_content: OverContent,
    /// Its own Objects of which something is signed.
    pub(super) signed_objects: HashSet<NodeId>,
    pub(super) followed: Followed,
}

impl Follower<'_, '_> {
    fn follow(&mut self, reference: &Reference) -> Result<()> {
        let processed = self.dereferencer.process(self.signature.element, reference)?;
        let (kind, is_own) = self.kind(reference, &processed);
        let mut facts = self.facts(reference, &processed, kind, is_own);
        facts.element = self.element(&processed)?;
        if matches!(processed.found, Found::Ambiguous) {
            let id = facts.name.strip_prefix('#').unwrap_or(&facts.name).to_owned();
            self.followed.xml.findings.push(XmlFinding::AmbiguousId(id));
        }
        let signed = facts.found && facts.digest == DigestFact::Matches;
        match kind {
            ReferenceKind::SignedProperties => {
                self.followed.properties_referred |= facts.found;
                self.followed.properties_signed |= signed;
            }
            ReferenceKind::KeyInfo => self.followed.key_info_signed |= signed,
            ReferenceKind::CountersignedValue | ReferenceKind::Content => {}
            ReferenceKind::Data | ReferenceKind::Manifest => {
                self.covered(reference, &processed);
                self.has_data = self.has_data || self.is_data(reference, &processed)?;
            }
        }
        // What stands beside the properties is not signed with them.
        if signed && kind != ReferenceKind::SignedProperties {
            self.note_objects(reference, &processed)?;
        }
        self.look_for_content(reference, &processed, &facts)?;
        let referred = Referred {
            id: reference.id.clone(),
            uri: reference.uri.clone(),
            is_signed_properties: kind == ReferenceKind::SignedProperties,
        };
        if kind == ReferenceKind::Data && !self.is_about_signature(&processed) {
            self.followed.to_data.push(referred.clone());
        }
        self.followed.referred.push(referred);
        self.followed.xml.references.push(facts);
        if let (ReferenceKind::Manifest, Some(Target::Element(node))) = (kind, &processed.target)
            && is_own
        {
            self.manifest(*node)?;
        }
        Ok(())
    }

    /// What has to be signed, and is referred to by nothing.
    fn expect(&mut self) {
        let kinds = || self.followed.xml.references.iter().map(|it| it.kind);
        if self.properties.is_some() && !kinds().any(|it| it == ReferenceKind::SignedProperties) {
            self.followed.xml.findings.push(XmlFinding::PropertiesNotSigned);
        }
        let missing = if self.outer.is_some() {
            let signed = kinds().any(|it| it == ReferenceKind::CountersignedValue);
            (!signed).then_some(("(countersigned value)", ReferenceKind::CountersignedValue, true))
        } else {
            (!self.has_data).then_some(("(no data)", ReferenceKind::Data, false))
        };
        if let Some((name, kind, found)) = missing {
            let digest = if found { DigestFact::Differs } else { DigestFact::NotCompared };
            self.followed.xml.references.push(ReferenceFacts {
                name: name.to_owned(),
                file: None,
                kind,
                found,
                digest,
                algorithm: Named::NOTHING,
                trouble: None,
                element: None,
                transforms: Vec::new(),
            });
        }
    }

    /// What it is to, and whether it is in its place where that has to be this signature.
    fn kind(&self, reference: &Reference, processed: &Processed) -> (ReferenceKind, bool) {
        let document = self.source.document;
        let kind = reference.type_uri.as_deref().unwrap_or_default();
        if is_signed_properties(kind) {
            // Digested by whatever expression, it is the whole of them or nothing.
            let covers = |it| self.leads_to(processed, it) && self.is_only(processed, it);
            return (ReferenceKind::SignedProperties, self.properties.is_some_and(covers));
        }
        let Some(Target::Element(node)) = &processed.target else {
            return (ReferenceKind::Data, true);
        };
        // What an expression leaves a part of is not what it is a part of.
        let is_whole = self.leads_to(processed, *node);
        if self.outer == Some(*node) && is_whole {
            return (ReferenceKind::CountersignedValue, true);
        }
        if self.signature.key_info == Some(*node) && is_whole {
            return (ReferenceKind::KeyInfo, true);
        }
        let Some(element) = document.element(*node) else { return (ReferenceKind::Data, true) };
        let is_of_ours = |node| self.signature.objects.contains(&node);
        let in_object = || document.parent(*node).is_some_and(is_of_ours);
        let is_within = || document.is_within(*node, self.signature.element);
        match element.local {
            "Manifest" if element.is(DS, "Manifest") && is_whole => {
                (ReferenceKind::Manifest, in_object())
            }
            "Manifest" if element.is(DS, "Manifest") => (ReferenceKind::Data, in_object()),
            "Object" if element.is(DS, "Object") => (ReferenceKind::Data, is_of_ours(*node)),
            "SignatureProperties" if element.is(DS, "SignatureProperties") => {
                (ReferenceKind::Data, in_object())
            }
            "KeyInfo" | "SignatureProperty" if element.namespace.as_deref() == Some(DS) => {
                (ReferenceKind::Data, is_within())
            }
            _ if kind.ends_with("xmldsig#Object") || kind.ends_with("xmldsig#Manifest") => {
                (ReferenceKind::Data, is_within())
            }
            _ => (ReferenceKind::Data, true),
        }
    }

    /// Whether an element was digested with all that is in it, or would have been.
    fn leads_to(&self, processed: &Processed, node: NodeId) -> bool {
        match (&processed.covered, &processed.target) {
            (Some(covered), _) => covered.holds(self.source.document, node),
            (None, Some(target)) => *target == Target::Element(node),
            (None, None) => matches!(processed.found, Found::Unsupported(_)),
        }
    }

    /// Whether nothing but this node is covered, so that a wider reference does not pass for
    /// one to the properties.
    fn is_only(&self, processed: &Processed, node: NodeId) -> bool {
        let Some(covered) = &processed.covered else { return true };
        let parent = self.source.document.parent(node);
        parent.is_none_or(|it| !covered.holds(self.source.document, it))
    }

    /// Properties of the signature, which are no data.
    fn is_about_signature(&self, processed: &Processed) -> bool {
        let Some(Target::Element(node)) = &processed.target else { return false };
        self.source
            .document
            .element(*node)
            .is_some_and(|it| it.is(DS, "SignatureProperties") || it.is(DS, "SignatureProperty"))
    }

    fn facts(
        &self,
        reference: &Reference,
        processed: &Processed,
        kind: ReferenceKind,
        is_own: bool,
    ) -> ReferenceFacts {
        let mut facts = facts_of(reference, processed, kind);
        self.name_nothing(&mut facts);
        let unknown = matches!(processed.found, Found::Unsupported(_));
        if let (Some(Target::File(name)), true) = (&processed.target, unknown) {
            // What cannot be digested may be missing, too.
            let files = self.source.files;
            facts.found = files.is_some_and(|it| matches!(it.open(name), Ok(Some(_))));
        }
        let outside = matches!(processed.target, Some(Target::File(_) | Target::Unnamed));
        if let (Some(digest), true, false) = (self.source.digest, outside, facts.found) {
            facts.found = true;
            let comparable = reference.transforms.is_empty()
                && reference.digest_algorithm == Some(digest.algorithm());
            facts.digest = match comparable {
                true if reference.digest_value == digest.value() => DigestFact::Matches,
                true => DigestFact::Differs,
                false => DigestFact::Unsupported,
            };
        }
        if facts.found && !is_own {
            facts.found = false;
            facts.digest = DigestFact::NotCompared;
            facts.trouble = Some("it does not stand in this signature".into());
        }
        facts
    }

    /// What was handed in without a name is no file of the name that the signer gave.
    fn name_nothing(&self, facts: &mut ReferenceFacts) {
        facts.file = facts.file.take().filter(|_| !self.source.content);
    }

    /// XMLDSig §5.1: outside of what decides, entry by entry.
    fn manifest(&mut self, node: NodeId) -> Result<()> {
        let Ok(entries) = manifest(self.source.document, node, self.source.limits) else {
            return Ok(());
        };
        for entry in &entries {
            let processed = self.dereferencer.process(self.signature.element, entry)?;
            if matches!(processed.found, Found::Matches) {
                self.note_objects(entry, &processed)?;
            }
            let mut facts = facts_of(entry, &processed, ReferenceKind::Data);
            self.name_nothing(&mut facts);
            self.look_in_manifest(entry, &processed, &facts)?;
            self.followed.xml.manifest.push(facts);
            let document = self.source.document;
            let is_manifest = |node| document.element(node).is_some_and(|it| it.is(DS, "Manifest"));
            self.followed.nested |=
                matches!(processed.target, Some(Target::Element(node)) if is_manifest(node));
            self.followed.listed.push(entry.clone());
            self.followed.in_manifests.push(Referred {
                id: entry.id.clone(),
                uri: entry.uri.clone(),
                is_signed_properties: false,
            });
        }
        Ok(())
    }
}

fn facts_of(reference: &Reference, processed: &Processed, kind: ReferenceKind) -> ReferenceFacts {
    let (found, digest, trouble) = match &processed.found {
        Found::Matches => (true, DigestFact::Matches, None),
        Found::Differs => (true, DigestFact::Differs, None),
        Found::Missing => (false, DigestFact::NotCompared, None),
        Found::Ambiguous => (true, DigestFact::Differs, None),
        Found::Malformed(error) => (true, DigestFact::Differs, Some(error.to_string())),
        Found::Unsupported(error) => (true, DigestFact::Unsupported, Some(error.to_string())),
    };
    ReferenceFacts {
        name: match reference.uri.as_deref() {
            None => "(no URI)".to_owned(),
            Some("") => "(document)".to_owned(),
            Some(uri) => short(uri),
        },
        file: match &processed.target {
            Some(Target::File(name)) => {
                Some(FileFact { name: name.clone(), digested: digested(reference) })
            }
            _ => None,
        },
        kind,
        found,
        digest,
        algorithm: Named::by_uri(reference.digest_algorithm, &reference.digest_uri),
        trouble,
        element: None,
        transforms: reference.transforms.iter().map(|it| short(it.uri())).collect(),
    }
}

/// What the transforms of a reference leave of a file.
pub(super) fn digested(reference: &Reference) -> Digested {
    match reference.transforms.as_slice() {
        [] => Digested::AsItStands,
        [Transform::Canonicalization(it)] if it.comments && it.method != Method::Exclusive => {
            Digested::Canonical
        }
        [Transform::Canonicalization(_)] => Digested::Meaning,
        _ => Digested::Part,
    }
}

/// As many letters of a name as are told.
fn short(name: &str) -> String {
    name.chars().take(200).collect()
}
