//! What stands between `<?` and `?>`: the declaration, and instructions.

use quick_xml::events::BytesDecl;

use super::{Node, ill_formed, short};
use crate::encoding::xml::chars::is_qualified_name;
use crate::error::{Error, Result};
use crate::limits::XML_NAME_BYTES;

/// XML 1.0 §2.6.
pub(super) fn instruction(source: &str) -> Option<Node<'_>> {
    let inside = source.strip_prefix("<?")?.strip_suffix("?>")?;
    let blank = [' ', '\t', '\r', '\n'];
    let (target, data) = inside.split_once(blank).unwrap_or((inside, ""));
    let reserved = target.eq_ignore_ascii_case("xml");
    let named = is_qualified_name(target) && target.len() <= XML_NAME_BYTES && !reserved;
    named.then(|| Node::Instruction { target, data: data.trim_start_matches(blank) })
}

pub(super) fn malformed_instruction() -> Error {
    Error::malformed("a processing instruction without a name of its own (XML 1.0 §2.6)")
}

pub(super) fn declared(
    declaration: &BytesDecl<'_>,
    at_start: bool,
    is_ascii: impl Fn() -> bool,
) -> Result<()> {
    if !at_start {
        return Err(Error::malformed("an XML declaration that is not at the start"));
    }
    let version = declaration.version().map_err(|source| ill_formed(&source))?;
    if version != "1.0" {
        return Err(Error::unsupported(format!("XML version {:?}", short(&version))));
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if ["utf-8", "utf-16"].contains(&name.to_lowercase().as_str()) => Ok(()),
        // Which is UTF-8 as well.
        Some(Ok(name)) if name.eq_ignore_ascii_case("us-ascii") => match is_ascii() {
            true => Ok(()),
            false => Err(Error::malformed("the text is not US-ASCII, as it says of itself")),
        },
        Some(Ok(name)) => Err(Error::unsupported(format!("the encoding {:?}", short(&name)))),
        Some(Err(source)) => Err(ill_formed(&source)),
    }
}
