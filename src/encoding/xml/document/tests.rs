use std::sync::LazyLock;

use super::*;
use crate::error::ErrorKind;

fn parse(text: &str) -> Document<'_> {
    static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);
    Document::parse(text, 0, &LIMITS).expect(text)
}

fn named(document: &Document<'_>, local: &str) -> NodeId {
    let mut all = document.subtree(NodeId::ROOT);
    all.find(|it| document.element(*it).is_some_and(|it| it.local == local)).expect(local)
}

#[test]
fn nodes_stand_in_document_order() {
    let text = "<?go now?><!--one--><a>x&amp;<![CDATA[<y>]]><b/>z<!--two--></a> <!--three-->";
    let document = parse(text);
    let seen: Vec<String> = document
        .subtree(NodeId::ROOT)
        .map(|node| match document.kind(node) {
            Kind::Root => "root".to_owned(),
            Kind::Element(it) => it.qualified.to_owned(),
            Kind::Text(_) => format!("{:?}", document.pieces(node)),
            Kind::Comment(it) => format!("!{it}"),
            Kind::Instruction { target, data } => format!("?{target}|{data}"),
        })
        .collect();
    let pieces = r#"[Raw("x"), Char('&'), Raw("<y>")]"#;
    let expected = ["root", "?go|now", "!one", "a", pieces, "b", r#"[Raw("z")]"#, "!two", "!three"];
    assert_eq!(seen, expected);
    let a = named(&document, "a");
    assert_eq!(document.root_element(), a);
    assert_eq!(document.children(NodeId::ROOT).count(), 4);
    assert_eq!(document.children(a).count(), 4);
    assert_eq!(document.child_elements(a).count(), 1);
    assert_eq!(document.subtree(a).count(), 5);
    assert_eq!(document.text_of(a), "x&<y>z");
    let b = named(&document, "b");
    assert_eq!(document.ancestors_or_self(b).collect::<Vec<_>>(), [b, a, NodeId::ROOT]);
    assert!(document.is_within(b, a) && !document.is_within(a, b));
}

#[test]
fn names_have_namespaces() {
    let text =
        "<a xmlns='u' xmlns:p='v' k='1' p:k='2&#13;' xml:lang='vi'><p:b xmlns=''><c/></p:b></a>";
    let document = parse(text);
    let a = document.root_element();
    assert!(document.element(a).unwrap().is("u", "a"));
    let attributes: Vec<_> = document
        .attributes(a)
        .iter()
        .map(|it| (it.namespace.as_deref(), it.local, it.value.as_ref()))
        .collect();
    let lang = (Some(XML_NAMESPACE), "lang", "vi");
    assert_eq!(attributes, [(None, "k", "1"), (Some("v"), "k", "2\r"), lang]);
    assert_eq!(document.attribute(a, "k"), Some("1"));
    assert_eq!(document.attribute(a, "lang"), None);
    let b = document.children_named(a, "v", "b").next().unwrap();
    assert_eq!(document.element(b).unwrap().prefix(), "p");
    let c = named(&document, "c");
    assert_eq!(document.element(c).unwrap().namespace, None);
    assert_eq!(document.namespace_of(c, ""), None);
    assert_eq!(document.namespace_of(a, ""), Some("u"));
    assert_eq!(document.namespace_of(c, "p"), Some("v"));
    let declared: Vec<_> = document.declarations(a).iter().map(|it| it.prefix).collect();
    assert_eq!(declared, ["", "p"]);
}

#[test]
fn elements_know_where_they_stand() {
    let text = "<a>\r\n<b k='>'>x</b ><c/></a>";
    let document = parse(text);
    let (b, c) = (named(&document, "b"), named(&document, "c"));
    assert_eq!(document.source(b), "<b k='>'>x</b >");
    assert_eq!(document.end_tag(b), text.find("</b >"));
    assert_eq!((document.source(c), document.end_tag(c)), ("<c/>", None));
    assert_eq!(document.source(document.root_element()), text);
    assert_eq!(document.offset(b), 5);
    assert_eq!(document.text_of(document.root_element()), "\n");
}

#[test]
fn ids_may_be_ambiguous() {
    let text = "<a Id='1'><b id='2' xml:id='2'/><c ID='1'/><d i='3' x:Id='4' xmlns:x='u'/></a>";
    let document = parse(text);
    let ids = Ids::of(&document);
    assert_eq!(ids.named("1").len(), 2);
    assert_eq!(ids.named("2"), [named(&document, "b")]);
    assert!(ids.named("3").is_empty() && ids.named("4").is_empty());
}

#[test]
fn refuses_what_namespaces_forbid() {
    for text in [
        "<p:a/>",
        "<a p:k='1'/>",
        "<a xmlns:p='u' xmlns:q='u' p:k='1' q:k='2'/>",
        "<a>]]></a>",
        "<a><?xml go?></a>",
        "<a><?XML go?></a>",
        "<a><? go?></a>",
        "<a><!-- -- --></a>",
        "<!DOCTYPE a><a/>",
    ] {
        let limits = Limits::default();
        let error = Document::parse(text, 0, &limits).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{text}");
    }
    parse("<a><![CDATA[x]]>y</a>");
}

#[test]
fn nodes_are_bounded() {
    let limits = Limits { xml_elements: 2, ..Limits::default() };
    let comments = "<!---->".repeat(10);
    let references = "&amp;".repeat(40);
    let attributes = "<b a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l=''/>";
    let attributes = attributes.replace("<b", "<b m='' n='' o='' p='' q=''");
    let namespaces: String = (0..17).map(|n| format!(" xmlns:a{n}='u'")).collect();
    let namespaces = format!("<b{namespaces}/>");
    for inside in [comments, references, attributes, namespaces] {
        let text = format!("<a>{inside}</a>");
        let error = Document::parse(&text, 0, &limits).expect_err(&text);
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{text}");
    }
}
