//! Joining two values of `xml:base`, of which either may be relative (Canonical XML 1.1
//! §2.4, RFC 3986 §5.2).

/// `reference` as seen from `base`.
pub(super) fn join(base: &str, reference: &str) -> String {
    let (base, reference) = (Parts::of(base), Parts::of(reference));
    let (scheme, authority, path, query);
    if reference.scheme.is_some() {
        (scheme, authority) = (reference.scheme, reference.authority);
        (path, query) = (without_dots(reference.path), reference.query);
    } else if reference.authority.is_some() {
        (scheme, authority) = (base.scheme, reference.authority);
        (path, query) = (without_dots(reference.path), reference.query);
    } else {
        (scheme, authority) = (base.scheme, base.authority);
        if reference.path.is_empty() {
            path = without_dots(base.path);
            query = reference.query.or(base.query);
        } else if reference.path.starts_with('/') {
            (path, query) = (without_dots(reference.path), reference.query);
        } else {
            let merged = merged(&base, reference.path);
            (path, query) = (without_dots(&merged), reference.query);
        }
    }
    let scheme = scheme.map(|it| format!("{it}:")).unwrap_or_default();
    let authority = authority.map(|it| format!("//{it}")).unwrap_or_default();
    let query = query.map(|it| format!("?{it}")).unwrap_or_default();
    format!("{scheme}{authority}{path}{query}")
}

/// RFC 3986 appendix B; the fragment is left out.
struct Parts<'s> {
    scheme: Option<&'s str>,
    authority: Option<&'s str>,
    path: &'s str,
    query: Option<&'s str>,
}

impl<'s> Parts<'s> {
    fn of(text: &'s str) -> Self {
        let text = text.split_once('#').map_or(text, |it| it.0);
        let (text, query) = match text.split_once('?') {
            Some((text, query)) => (text, Some(query)),
            None => (text, None),
        };
        let named = text.split_once(':').filter(|it| !it.0.is_empty() && !it.0.contains('/'));
        let (scheme, text) = match named {
            Some((scheme, text)) => (Some(scheme), text),
            None => (None, text),
        };
        let (authority, path) = match text.strip_prefix("//") {
            None => (None, text),
            Some(text) => {
                let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
                (Some(authority), path)
            }
        };
        Self { scheme, authority, path, query }
    }
}

/// RFC 3986 §5.2.3; a base that ends in `..` names a folder.
fn merged(base: &Parts<'_>, path: &str) -> String {
    if base.authority.is_some() && base.path.is_empty() {
        return format!("/{path}");
    }
    let ends_above = base.path == ".." || base.path.ends_with("/..");
    let folder = match base.path.rsplit_once('/') {
        _ if ends_above => format!("{}/", base.path),
        Some((folder, _)) => format!("{folder}/"),
        None => String::new(),
    };
    format!("{folder}{path}")
}

/// RFC 3986 §5.2.4, but that `..` stays at the beginning of a relative path, that slashes
/// in a row are one, and that a `..` at the end gets one.
fn without_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for segment in path.split('/') {
        is_folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|it| *it != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            _ => kept.push(segment),
        }
    }
    let mut text = kept.join("/");
    if is_folder && !text.is_empty() {
        text.push('/');
    }
    if absolute { format!("/{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn joins_as_the_recommendation_has_it() {
        for (base, reference, expected) in [
            ("foo/bar", "../", ""),
            ("..", "..", "../../"),
            ("../", "../", "../../"),
            ("foo/bar", "..", ""),
            ("foo/bar", "/baz", "/baz"),
            ("foo//bar/x", "y", "foo/bar/y"),
            ("http://www.example.com", "../bar/a", "http://www.example.com/bar/a"),
            ("http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y"),
            ("http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q"),
            ("http://a/b/c/d;p?q", "g#s", "http://a/b/c/g"),
            ("http://a/b/c/d;p?q", "../../../g", "http://a/g"),
            ("http://a/b/c/d;p?q", "//g", "http://g"),
            ("http://a/b/c/d;p?q", "g:h", "g:h"),
            ("foo/", "..", ""),
            ("a/b/c", "../..", ""),
            ("a/b/c", "../../..", "../"),
        ] {
            assert_eq!(join(base, reference), expected, "{base} {reference}");
        }
    }
}
