//! What a reference refers to (XMLDSig 1.1 §4.4.3.1 to §4.4.3.3).

use crate::encoding::percent;
use crate::encoding::xml::{Ids, NodeId};
use crate::error::{Error, Result};

/// What a reference refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The document that the signature is in.
    Document,
    /// The one element of this document that has the Id.
    Element(NodeId),
    /// A file beside the signature, by its name.
    File(String),
    /// It has no URI: whoever uses the signature knows.
    Unnamed,
    /// No element has the Id.
    NoElement(String),
    /// More than one element has the Id.
    Ambiguous(String),
}

impl Target {
    /// What a URI refers to, and whether comments are meant.
    pub(super) fn of(uri: Option<&str>, ids: &Ids<'_>) -> Result<(Self, bool)> {
        let Some(uri) = uri else { return Ok((Self::Unnamed, true)) };
        if uri.is_empty() {
            return Ok((Self::Document, false));
        }
        let Some(fragment) = uri.strip_prefix('#') else {
            if uri.contains('#') {
                return Err(Error::unsupported(format!(
                    "a part of another file: {:?}",
                    short(uri)
                )));
            }
            return Ok((Self::File(decoded(uri)?), true));
        };
        if fragment == "xpointer(/)" {
            return Ok((Self::Document, true));
        }
        let pointed = fragment.strip_prefix("xpointer(id(").and_then(|it| it.strip_suffix("))"));
        if let Some(quoted) = pointed {
            return match unquoted(quoted) {
                Some(id) => Ok((Self::element(id, ids), true)),
                None => Err(Error::unsupported(format!("the pointer {:?}", short(fragment)))),
            };
        }
        if fragment.is_empty() || fragment.contains('(') {
            return Err(Error::unsupported(format!("the pointer {:?}", short(fragment))));
        }
        Ok((Self::element(fragment, ids), false))
    }

    fn element(id: &str, ids: &Ids<'_>) -> Self {
        let mut found = ids.named(id);
        let plain = decoded(id).ok().filter(|_| found.is_empty());
        if let Some(plain) = &plain {
            found = ids.named(plain);
        }
        match found {
            [] => Self::NoElement(id.to_owned()),
            [one] => Self::Element(*one),
            _ => Self::Ambiguous(id.to_owned()),
        }
    }
}

fn unquoted(text: &str) -> Option<&str> {
    let within = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"')).filter(|it| !it.contains(['\'', '"']))
}

fn decoded(text: &str) -> Result<String> {
    let decoded = percent::decoded(text).filter(|it| !it.stray).map(|it| it.text);
    decoded.ok_or_else(|| Error::malformed(format!("{:?} is no URI", short(text))))
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::xml::Document;
    use crate::error::ErrorKind;
    use crate::limits::Limits;

    #[test]
    fn uris_refer_to_one_thing() {
        let limits = Limits::default();
        let text = "<a Id='x'><b ID='y z'/><c id='w'/><d xml:id='w'/></a>";
        let document = Document::parse(text, 0, &limits).unwrap();
        let ids = Ids::of(&document);
        let of = |uri: &str| Target::of(Some(uri), &ids);
        let x = document.root_element();
        assert_eq!(Target::of(None, &ids).unwrap().0, Target::Unnamed);
        assert_eq!(of("").unwrap(), (Target::Document, false));
        assert_eq!(of("#xpointer(/)").unwrap(), (Target::Document, true));
        assert_eq!(of("#x").unwrap(), (Target::Element(x), false));
        assert_eq!(of("#xpointer(id('x'))").unwrap(), (Target::Element(x), true));
        assert_eq!(of("#xpointer(id(\"x\"))").unwrap(), (Target::Element(x), true));
        assert!(matches!(of("#y%20z").unwrap().0, Target::Element(_)));
        assert_eq!(of("#w").unwrap().0, Target::Ambiguous("w".into()));
        assert_eq!(of("#none").unwrap().0, Target::NoElement("none".into()));
        assert_eq!(
            of("t%E1%BB%9D%20tr%C3%ACnh.pdf").unwrap().0,
            Target::File("tờ trình.pdf".into())
        );
        for uri in ["#", "#xpointer(//a)", "#xpointer(id(x))", "#element(/1)", "f.xml#x"] {
            assert_eq!(of(uri).unwrap_err().kind(), ErrorKind::Unsupported, "{uri}");
        }
        for uri in ["a%", "a%+1", "%FF"] {
            assert_eq!(of(uri).unwrap_err().kind(), ErrorKind::Malformed, "{uri}");
        }
    }
}
