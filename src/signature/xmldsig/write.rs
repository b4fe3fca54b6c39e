//! What is digested, written: nodes and octets, through the transforms that are left.

use std::borrow::Cow;

use super::Reference;
use super::base64::Decoder;
use super::budget::Metered;
use super::dereference::{Covered, DEFAULT, Dereferencer, Scene};
use super::transform::Transform;
use crate::encoding::xml::{Document, NodeId, Selection, Sink, Subtree, decode};
use crate::error::{Error, Result};
use crate::source::{Source, for_each_piece};

impl Dereferencer<'_> {
    pub(super) fn write_file(
        &mut self,
        name: &str,
        reference: &Reference,
        sink: &mut dyn Sink,
    ) -> Result<Option<Covered>> {
        let as_it_stands = reference.transforms.is_empty();
        let Some(files) = self.files else { return Ok(None) };
        let Some(source) = files.open(name)? else { return Ok(None) };
        self.read.spend(name, source.len())?;
        if as_it_stands {
            for_each_piece(&*source, 0..source.len(), |piece| sink.write(piece))?;
        } else {
            self.budget.spend(usize::try_from(source.len()).unwrap_or(usize::MAX))?;
            let octets = source.window(0..source.len())?;
            self.write_octets(&octets, &reference.transforms, sink)?;
        }
        Ok(Some(Covered::File { as_it_stands }))
    }

    /// `transforms` as [`choose`](Self::choose) left them.
    pub(super) fn write_nodes(
        &mut self,
        document: &Document<'_>,
        nodes: &Selection,
        transforms: &[Transform],
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let budget = self.budget.clone();
        match transforms.split_first() {
            None => DEFAULT.write(document, nodes, &mut Metered { sink, budget }),
            Some((Transform::Canonicalization(method), [])) => {
                method.write(document, nodes, &mut Metered { sink, budget })
            }
            Some((Transform::Canonicalization(method), after)) => {
                let mut octets = Vec::new();
                method.write(document, nodes, &mut Metered { sink: &mut octets, budget })?;
                self.write_octets(&octets, after, sink)
            }
            Some((Transform::Base64, after)) => {
                let mut octets = Vec::new();
                let into: &mut dyn Sink = if after.is_empty() { sink } else { &mut octets };
                let mut metered = Metered { sink: into, budget };
                let mut decoder = Decoder::new(&mut metered);
                nodes.text(document, &mut decoder)?;
                decoder.finish()?;
                if after.is_empty() { Ok(()) } else { self.write_octets(&octets, after, sink) }
            }
            Some((other, _)) => Err(unknown(other)),
        }
    }

    fn write_octets(
        &mut self,
        octets: &[u8],
        transforms: &[Transform],
        sink: &mut dyn Sink,
    ) -> Result<()> {
        match transforms.split_first() {
            None => sink.write(octets),
            Some((Transform::Base64, after)) => {
                self.budget.spend(octets.len())?;
                let mut decoded = Vec::new();
                let mut decoder = Decoder::new(&mut decoded);
                decoder.write(octets)?;
                decoder.finish()?;
                self.write_octets(&decoded, after, sink)
            }
            Some((unknown @ Transform::Unknown(_), _)) => Err(self::unknown(unknown)),
            Some(_) => {
                self.budget.spend(octets.len())?;
                let (text, mark): (Cow<'_, str>, u64) = decode(octets)?;
                let document = Document::parse(&text, mark, self.limits)?;
                let scene = Scene { document: &document, signature: None };
                let all = Selection::Subtree(Subtree::new(NodeId::ROOT, true));
                let (nodes, rest) = self.choose(&scene, all, transforms)?;
                self.write_nodes(&document, &nodes, rest, sink)
            }
        }
    }
}

fn unknown(transform: &Transform) -> Error {
    Error::unsupported(format!("the transform {:?}", short(transform.uri())))
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
