use super::*;
use crate::error::ErrorKind;

fn walk(text: &str, limits: &Limits) -> Result<String> {
    let mut reader = Reader::new(text, 0, limits);
    let mut seen = String::new();
    loop {
        match reader.next()? {
            Token::Start(start) => {
                let namespace = match &start.namespace {
                    Namespace::None => "-",
                    Namespace::Unbound => "?",
                    Namespace::Name(name) => name,
                };
                seen.push_str(&format!("<{{{namespace}}}{}", start.local));
                seen.push('>');
            }
            Token::Text(text) => seen.push_str(&text),
            Token::End => seen.push_str("</>"),
            Token::Eof => return Ok(seen),
        }
    }
}

#[test]
fn resolves_names_and_references() {
    let text = "<?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><a xmlns='u' xmlns:p='v'>\
                <p:b k='1 &lt; 2'/>x&#65;&amp;<![CDATA[<&]]><c xmlns=''/><q:d/></a>\n";
    assert_eq!(
        walk(text, &Limits::default()).unwrap(),
        "<{u}a><{v}b></>xA&<&<{-}c></><{?}d></></>"
    );
}

#[test]
fn refuses_what_is_not_well_formed() {
    for text in [
        "",
        "text",
        " <?xml version='1.0'?><a/>",
        "1212<?xml version='1.0'?><a/>",
        "<a></b>",
        "<a>",
        "<a/><b/>",
        "<a/>x",
        "<a/>&amp;",
        "</a>",
        "<a k='1' k='2'/>",
        "<a k='<'/>",
        "<a k=1/>",
        "<a>&e;</a>",
        "<a k='&e;'/>",
        "<a>&#0;</a>",
        "<a xmlns:p=''/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:xml=''/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>",
        "<1a/>",
        "<a:b:c/>",
        "<a><?xml version='1.0'?></a>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
    ] {
        let error = walk(text, &Limits::default()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{text}");
        assert!(error.offset().is_some(), "{text}");
    }
    for text in ["<?xml version='1.1'?><a/>", "<?xml version='1.0' encoding='VISCII'?><a/>"] {
        let error = walk(text, &Limits::default()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{text}");
    }
}

/// Entity bombs and external entities of others: whatever has a DTD is refused
/// before anything of it is looked at.
#[test]
fn refuses_the_bombs_of_others() {
    let Some(corpus) = crate::samples::corpus("xml-bombs") else { return };
    let cases = std::fs::read(corpus.join("cases.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        let bytes = std::fs::read(corpus.join(file)).unwrap();
        let (text, _) = crate::encoding::xml::decode(&bytes).unwrap();
        let expected = case["expect"].as_str().unwrap();
        let read = walk(&text, &Limits::default());
        let has_dtd = text.contains("<!DOCTYPE");
        assert_eq!(read.is_ok(), !has_dtd, "{file}: {read:?}");
        if expected.starts_with("reject") {
            assert!(read.is_err(), "{file}");
        }
    }
}

#[test]
fn keeps_to_the_limits() {
    let limits = Limits { xml_depth: 3, xml_elements: 5, xml_attributes: 2, ..Limits::default() };
    assert!(walk("<a><b><c/></b><d/><e/></a>", &limits).is_ok());
    for text in [
        "<a><b><c><d/></c></b></a>",
        "<a><b/><b/><b/><b/><b/></a>",
        "<a x='1' y='2' z='3'/>",
        "<a xmlns:x='1' xmlns:y='2'><b xmlns:z='3'/></a>",
    ] {
        let error = walk(text, &limits).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{text}");
    }
}

/// Parts of a message declare the same prefixes in each, within one another.
#[test]
fn what_is_declared_again_counts_once() {
    let limits = Limits { xml_attributes: 2, ..Limits::default() };
    let part = "<a xmlns='u' xmlns:p='v'>";
    let text = format!("{}<p:b/>{}", part.repeat(16), "</a>".repeat(16));
    assert!(walk(&text, &limits).is_ok());
    let text = format!("{}<p:b/>{}", part.repeat(17), "</a>".repeat(17));
    assert_eq!(walk(&text, &limits).unwrap_err().kind(), ErrorKind::LimitExceeded);
    // What hid another gives it free again, and what hid none is gone.
    let text = "<a xmlns:p='1'><b xmlns:p='2' xmlns:q='3'><p:c/></b><p:d/><b xmlns:r='4' \
                xmlns:p='5'><r:e/><p:e/></b><p:f xmlns:q='6'><q:g/></p:f></a>";
    let read = walk(text, &limits).unwrap();
    for name in ["{2}c", "{1}d", "{4}e", "{5}e", "{1}f", "{6}g"] {
        assert!(read.contains(name), "{name} in {read}");
    }
}

#[test]
fn what_goes_without_saying_may_be_said() {
    let text = "<?xml version='1.0' encoding='us-ascii'?>\
                <a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='vi'/>";
    assert!(walk(text, &Limits::default()).is_ok());
    let document = crate::encoding::xml::Document::parse(text, 0, &Limits::default())
        .map(|it| it.declarations(it.root_element()).len());
    assert_eq!(document.unwrap(), 0);
}

#[test]
fn errors_repeat_no_endless_names() {
    let long = "e".repeat(10_000);
    for text in [
        format!("<{long}/>"),
        format!("<a {long}='1'/>"),
        format!("<a xmlns:{long}=''/>"),
        format!("<a>&{long};</a>"),
        format!("<a></{long}>"),
        format!("<?xml version='{long}'?><a/>"),
        format!("<?xml version='1.0' encoding='{long}'?><a/>"),
    ] {
        let error = walk(&text, &Limits::default()).expect_err(&text);
        assert!(error.to_string().len() < 500, "{}", error.to_string().len());
    }
}

#[test]
fn sees_attributes_without_a_namespace() {
    let text = "<a xmlns:p='u' p:k='1' xml:lang='vi'><b q:k='1'/></a>";
    let limits = Limits::default();
    let mut reader = Reader::new(text, 0, &limits);
    while !matches!(reader.next().unwrap(), Token::Eof) {}
    assert_eq!(reader.unbound_attribute(), Some(37));
}

#[test]
fn hands_out_the_source_of_an_element() {
    let text = "<a xmlns:p='u' xmlns:q='v'>\r\n<b k='>' xmlns:q = 'w'>x</b></a>";
    let limits = Limits::default();
    let mut reader = Reader::new(text, 0, &limits);
    reader.next().unwrap();
    reader.next().unwrap();
    let Token::Start(b) = reader.next().unwrap() else { panic!("no element") };
    assert_eq!(reader.inherited(), [("p", Rc::from("u"))]);
    reader.skip().unwrap();
    assert_eq!(reader.unbound_attribute(), None);
    assert_eq!(reader.source_from(b.offset), "<b k='>' xmlns:q = 'w'>x</b>");
}
