//! From references to digests (XMLDSig 1.1 §3.2.1, §4.4.3.2).

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use super::budget::{Budget, Metered};
use super::files::ReadFiles;
use super::target::Target;
use super::transform::Transform;
use super::write::short;
use super::{Reference, Signature, SignedInfo};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext, Verification};
use crate::encoding::xml::{
    Canonicalization, Document, Ids, Method, NodeId, Scopes, Selection, Sink, Subtree,
};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::Files;

/// What became of a reference.
#[derive(Debug)]
pub(crate) struct Processed {
    /// Nothing where its URI cannot be followed.
    pub(crate) target: Option<Target>,
    /// What was digested; nothing where nothing was.
    pub(crate) covered: Option<Covered>,
    pub(crate) found: Found,
}

/// Whether what is there has the digest.
#[derive(Debug)]
pub(crate) enum Found {
    Matches,
    Differs,
    /// What it refers to is not there.
    Missing,
    /// It refers to an Id that several elements have.
    Ambiguous,
    /// It, or what it refers to, is not what it has to be.
    Malformed(Error),
    /// It asks for what is not done; that says nothing about the signature.
    Unsupported(Error),
}

/// What a digest is over.
#[derive(Debug, Clone)]
pub(crate) enum Covered {
    /// These nodes of the document.
    Nodes(Selection),
    /// What the text of these nodes of the document stands for in base64.
    Text(Selection),
    /// Octets that were made of these nodes and worked on as such: which of the nodes are in
    /// them still cannot be told.
    Octets(Selection),
    /// A file beside the document, as it stands or transformed.
    File { as_it_stands: bool },
}

impl Covered {
    /// Whether a node of the document was digested with all that is in it, comments left
    /// aside.
    pub(crate) fn holds(&self, document: &Document<'_>, node: NodeId) -> bool {
        match self {
            Self::Nodes(nodes) => nodes.holds(document, node),
            Self::Text(_) | Self::Octets(_) | Self::File { .. } => false,
        }
    }

    /// The nodes of the document that what was digested was made of.
    pub(crate) fn nodes(&self) -> Option<&Selection> {
        match self {
            Self::Nodes(nodes) | Self::Text(nodes) | Self::Octets(nodes) => Some(nodes),
            Self::File { .. } => None,
        }
    }
}

/// Follows the references of one document.
///
/// The same nodes are digested once, however many references there are to them.
pub(crate) struct Dereferencer<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) ids: Ids<'d>,
    pub(super) files: Option<&'d dyn Files>,
    pub(super) limits: &'d Limits,
    pub(super) budget: Budget,
    /// Of the document, once they are asked for.
    pub(super) scopes: Option<Rc<Scopes>>,
    /// Steps of XPath that are left.
    pub(super) steps: Cell<u64>,
    nodes: HashMap<(Subtree, Canonicalization, DigestAlgorithm), Digest>,
    /// How many nodes those are that what is known leaves out.
    kept: usize,
    pub(super) read: Rc<ReadFiles>,
}

/// The canonicalization of nodes that no transform has made octets of (§4.4.3.2).
pub(super) const DEFAULT: Canonicalization = Canonicalization::new(Method::Inclusive, false);

/// Nodes left out that digests are known without, together: what leaves out more is digested
/// anew.
const KEPT: usize = 1 << 20;

enum Start {
    Nodes(Subtree),
    File(String),
    Nowhere,
}

impl<'d> Dereferencer<'d> {
    pub(crate) fn new(
        document: &'d Document<'d>,
        files: Option<&'d dyn Files>,
        limits: &'d Limits,
    ) -> Self {
        Self {
            document,
            ids: Ids::of(document),
            files,
            limits,
            budget: Budget::of(document, limits),
            scopes: None,
            steps: Cell::new(limits.xml_xpath_steps),
            nodes: HashMap::new(),
            kept: 0,
            read: Rc::new(ReadFiles::new(limits)),
        }
    }

    /// With what other documents read of the same files.
    pub(crate) fn sharing(self, read: Rc<ReadFiles>) -> Self {
        Self { read, ..self }
    }

    /// The elements by their Ids.
    pub(crate) fn ids(&self) -> &Ids<'d> {
        &self.ids
    }

    /// Checks a signature's value with the key of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// `Malformed` when the key cannot be read; `LimitExceeded`.
    pub(crate) fn check_value(
        &mut self,
        signature: &Signature,
        public_key_info: &[u8],
    ) -> Result<Verification> {
        let over = self.signed_octets(&signature.signed_info)?;
        signature.check_value(over.as_deref(), public_key_info)
    }

    /// The octets that a signature's value is over; nothing where their canonicalization is
    /// unknown.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(crate) fn signed_octets(&mut self, signed_info: &SignedInfo) -> Result<Option<Vec<u8>>> {
        let Some(method) = &signed_info.canonicalization else { return Ok(None) };
        let mut octets = Vec::new();
        self.canonical(signed_info.element, method, &mut octets)?;
        Ok(Some(octets))
    }

    /// Writes the canonical form of an element with all that is in it.
    ///
    /// # Errors
    /// Those of the sink; `LimitExceeded`.
    pub(crate) fn canonical(
        &mut self,
        element: NodeId,
        method: &Canonicalization,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut sink = Metered { sink, budget: self.budget.clone() };
        method.write_subtree(self.document, element, &mut sink)
    }

    /// Follows a reference of a signature, or of a manifest in it, and digests what is there.
    ///
    /// # Errors
    /// `LimitExceeded`, `Io`: nothing is known then. All else is what is [`Found`].
    pub(crate) fn process(
        &mut self,
        signature: NodeId,
        reference: &Reference,
    ) -> Result<Processed> {
        let (target, start) = match self.start(reference) {
            Ok(found) => found,
            Err(error) => {
                return Ok(Processed { target: None, covered: None, found: Found::of(error)? });
            }
        };
        let digested = match reference.digest_algorithm {
            Some(by) => self.digest(signature, start, reference, by),
            None => {
                let what = format!("the digest {:?}", short(&reference.digest_uri));
                Err(Error::unsupported(what))
            }
        };
        let (covered, found) = match digested {
            Ok(Some((digest, covered))) if digest.value() == reference.digest_value => {
                (Some(covered), Found::Matches)
            }
            Ok(Some((_, covered))) => (Some(covered), Found::Differs),
            Ok(None) if matches!(target, Target::Ambiguous(_)) => (None, Found::Ambiguous),
            Ok(None) => (None, Found::Missing),
            Err(error) => (None, Found::of(error)?),
        };
        Ok(Processed { target: Some(target), covered, found })
    }

    /// Writes the octets that a reference digests, for what else is over them; nothing where
    /// what it refers to is not there, or is not one thing.
    ///
    /// # Errors
    /// `Malformed`, `Unsupported` as in [`Found`]; `LimitExceeded`, `Io`, and the sink's.
    pub(crate) fn write(
        &mut self,
        signature: NodeId,
        reference: &Reference,
        sink: &mut dyn Sink,
    ) -> Result<Option<Covered>> {
        match self.start(reference)?.1 {
            Start::Nowhere => Ok(None),
            Start::Nodes(start) => {
                let (nodes, rest) = self.choose_nodes(signature, start, reference)?;
                self.write_nodes(self.document, &nodes, rest, sink)?;
                Ok(Some(covered(nodes, rest)))
            }
            Start::File(name) => self.write_file(&name, reference, sink),
        }
    }

    /// Counts what is asked of the nodes that were digested, node by node.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(crate) fn effort(&self, nodes: usize) -> Result<()> {
        self.budget.spend(nodes)
    }

    fn start(&self, reference: &Reference) -> Result<(Target, Start)> {
        let (target, comments) = Target::of(reference.uri.as_deref(), &self.ids)?;
        let start = match &target {
            Target::Document => Start::Nodes(Subtree::new(NodeId::ROOT, comments)),
            Target::Element(node) => Start::Nodes(Subtree::new(*node, comments)),
            Target::File(name) => Start::File(name.clone()),
            Target::Unnamed => self.only_file().map_or(Start::Nowhere, Start::File),
            Target::NoElement(_) | Target::Ambiguous(_) => Start::Nowhere,
        };
        Ok((target, start))
    }

    /// A file that needs no name: the only one.
    fn only_file(&self) -> Option<String> {
        match self.files?.names().as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        }
    }

    fn digest(
        &mut self,
        signature: NodeId,
        start: Start,
        reference: &Reference,
        by: DigestAlgorithm,
    ) -> Result<Option<(Digest, Covered)>> {
        match start {
            Start::Nowhere => Ok(None),
            Start::Nodes(start) => {
                let (nodes, rest) = self.choose_nodes(signature, start, reference)?;
                let digest = self.digest_nodes(&nodes, rest, by)?;
                Ok(Some((digest, covered(nodes, rest))))
            }
            Start::File(name) => self.digest_file(&name, reference, by),
        }
    }

    fn choose_nodes<'r>(
        &mut self,
        signature: NodeId,
        start: Subtree,
        reference: &'r Reference,
    ) -> Result<(Selection, &'r [Transform])> {
        let scene = Scene { document: self.document, signature: Some(signature) };
        self.choose(&scene, Selection::Subtree(start), &reference.transforms)
    }

    fn digest_nodes(
        &mut self,
        nodes: &Selection,
        rest: &[Transform],
        by: DigestAlgorithm,
    ) -> Result<Digest> {
        let method = match rest {
            [] => Some(&DEFAULT),
            [Transform::Canonicalization(method)] => Some(method),
            _ => None,
        };
        let key = match (method, nodes) {
            (Some(method), Selection::Subtree(it)) => Some((it.clone(), method.clone(), by)),
            _ => None,
        };
        if let Some(known) = key.as_ref().and_then(|it| self.nodes.get(it)) {
            return Ok(known.clone());
        }
        let mut digesting = DigestContext::new(by);
        self.write_nodes(self.document, nodes, rest, &mut digesting)?;
        let digest = digesting.finish();
        if let Some(key) = key {
            self.kept = self.kept.saturating_add(key.0.without().len());
            if self.kept <= KEPT {
                self.nodes.insert(key, digest.clone());
            }
        }
        Ok(digest)
    }

    fn digest_file(
        &mut self,
        name: &str,
        reference: &Reference,
        by: DigestAlgorithm,
    ) -> Result<Option<(Digest, Covered)>> {
        let as_it_stands = reference.transforms.is_empty();
        if let Some(known) = self.read.digest(name, by).filter(|_| as_it_stands) {
            return Ok(Some((known, Covered::File { as_it_stands })));
        }
        let mut digesting = DigestContext::new(by);
        let covered = self.write_file(name, reference, &mut digesting)?;
        let digest = digesting.finish();
        if as_it_stands && covered.is_some() {
            self.read.keep(name, digest.clone());
        }
        Ok(covered.map(|it| (digest, it)))
    }

    /// Applies the transforms that choose nodes; what is left begins with one that does not.
    pub(super) fn choose<'t>(
        &mut self,
        scene: &Scene<'_>,
        mut nodes: Selection,
        mut transforms: &'t [Transform],
    ) -> Result<(Selection, &'t [Transform])> {
        while let Some((first, after)) = transforms.split_first() {
            match first {
                Transform::Enveloped => match scene.signature {
                    Some(signature) => {
                        if matches!(nodes, Selection::Set(_)) {
                            self.budget.spend(scene.document.len())?;
                        }
                        nodes.remove(scene.document, &[signature]);
                    }
                    None => {
                        let what = "a signature is to be left out of what it does not stand in";
                        return Err(Error::malformed(what));
                    }
                },
                Transform::XPath(expression) => {
                    nodes = self.filter(scene, nodes, *expression)?;
                }
                Transform::Filter2(filters) => {
                    nodes = self.filter2(scene, nodes, filters)?;
                }
                Transform::Canonicalization(_) | Transform::Base64 | Transform::Unknown(_) => break,
            }
            transforms = after;
        }
        Ok((nodes, transforms))
    }
}

/// Where transforms choose nodes.
pub(super) struct Scene<'x> {
    pub(super) document: &'x Document<'x>,
    /// The signature whose transforms they are, where it stands in this document.
    pub(super) signature: Option<NodeId>,
}

/// `rest` as [`choose`](Dereferencer::choose) left it: what comes after octets were made is
/// read anew, and may leave anything out, but for another canonical form of the same.
fn covered(nodes: Selection, rest: &[Transform]) -> Covered {
    match rest {
        [Transform::Base64] => Covered::Text(nodes),
        all if all.iter().all(|it| matches!(it, Transform::Canonicalization(_))) => {
            Covered::Nodes(nodes)
        }
        _ => Covered::Octets(nodes),
    }
}

impl Found {
    fn of(error: Error) -> Result<Self> {
        match error.kind() {
            ErrorKind::Malformed => Ok(Self::Malformed(error)),
            ErrorKind::Unsupported => Ok(Self::Unsupported(error)),
            _ => Err(error),
        }
    }
}
