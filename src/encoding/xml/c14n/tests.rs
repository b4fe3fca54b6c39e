use std::rc::Rc;
use std::sync::LazyLock;

use super::*;
use crate::encoding::xml::selection::Scopes;
use crate::limits::Limits;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

const INCLUSIVE: Canonicalization = Canonicalization::new(Method::Inclusive, false);
const INCLUSIVE11: Canonicalization = Canonicalization::new(Method::Inclusive11, false);
const EXCLUSIVE: Canonicalization = Canonicalization::new(Method::Exclusive, false);

fn parse(text: &str) -> Document<'_> {
    Document::parse(text, 0, &LIMITS).expect(text)
}

fn named(document: &Document<'_>, local: &str) -> NodeId {
    let mut all = document.subtree(NodeId::ROOT);
    all.find(|it| document.element(*it).is_some_and(|it| it.local == local)).expect(local)
}

fn octets(method: &Canonicalization, document: &Document<'_>, selection: &Selection) -> String {
    let mut octets = Vec::new();
    method.write(document, selection, &mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

/// An element by its local name, as a subtree and as a set of nodes, which has to be the
/// same.
fn element(method: &Canonicalization, text: &str, local: &str) -> String {
    let document = parse(text);
    let apex = if local.is_empty() { NodeId::ROOT } else { named(&document, local) };
    let subtree = Selection::Subtree(Subtree::new(apex, true));
    let written = octets(method, &document, &subtree);
    let scopes = Rc::new(Scopes::of(&document));
    let set = Selection::Set(subtree.into_set(&document, &scopes));
    assert_eq!(octets(method, &document, &set), written, "{text}");
    written
}

#[test]
fn whole_documents_are_written_with_what_stands_around() {
    let text = "<?xml version='1.0'?>\r\n<?go  a\rb?>\n<!-- one\r\n -->  <a  b = 'x'\n></a><!--two--> <?end?>";
    let plain = "<?go a\nb?>\n<a b=\"x\"></a>\n<?end?>";
    assert_eq!(element(&INCLUSIVE, text, ""), plain);
    let commented = Canonicalization::new(Method::Inclusive, true);
    let whole = "<?go a\nb?>\n<!-- one\n -->\n<a b=\"x\"></a>\n<!--two-->\n<?end?>";
    assert_eq!(element(&commented, text, ""), whole);
    let document = parse(text);
    let quiet = Selection::Subtree(Subtree::new(NodeId::ROOT, false));
    assert_eq!(octets(&commented, &document, &quiet), plain);
}

#[test]
fn characters_are_replaced() {
    let text = "<a k='&lt;&gt;&amp;&quot;&#9;&#10;&#13; \t\r\n'>x\r\ny\rz&#13;\n&lt;&gt;&amp;\"<![CDATA[<&>]]>&#x1ED1;</a>";
    let expected = "<a k=\"&lt;>&amp;&quot;&#x9;&#xA;&#xD;   \">x\ny\nz&#xD;\n&lt;&gt;&amp;\"&lt;&amp;&gt;ố</a>";
    assert_eq!(element(&INCLUSIVE, text, ""), expected);
    // Specials before, at and after the bounds of blocks.
    for length in 0..200 {
        let run = "x".repeat(length);
        let text = format!("<a>{run}\r\n{run}&amp;{run}\r</a>");
        let expected = format!("<a>{run}\n{run}&amp;{run}\n</a>");
        assert_eq!(element(&INCLUSIVE, &text, ""), expected);
    }
    let long = "y".repeat(5_000);
    let text = format!("<a>{long}<b/>{long}></a>");
    assert_eq!(element(&INCLUSIVE, &text, ""), format!("<a>{long}<b></b>{long}&gt;</a>"));
}

#[test]
fn namespaces_are_written_where_they_are_news() {
    let text = "<a xmlns='u' xmlns:q='w' xmlns:p='v' z='1' q:y='2' p:y='3' b='4'>\
                <p:b xmlns:p='v' xmlns=''><c xmlns:r='r'/><d xmlns='u'/></p:b><e xmlns='u'/></a>";
    let inner = "<c xmlns:r=\"r\"></c><d xmlns=\"u\"></d></p:b>";
    assert_eq!(
        element(&INCLUSIVE, text, ""),
        format!(
            "<a xmlns=\"u\" xmlns:p=\"v\" xmlns:q=\"w\" b=\"4\" z=\"1\" p:y=\"3\" q:y=\"2\">\
             <p:b xmlns=\"\">{inner}<e></e></a>"
        )
    );
    assert_eq!(element(&INCLUSIVE, text, "b"), format!("<p:b xmlns:p=\"v\" xmlns:q=\"w\">{inner}"));
    assert_eq!(
        element(&EXCLUSIVE, text, "b"),
        "<p:b xmlns:p=\"v\"><c></c><d xmlns=\"u\"></d></p:b>"
    );
    let mut listed = EXCLUSIVE;
    listed.inclusive_prefixes = vec!["q".into(), "r".into(), "none".into(), String::new()];
    assert_eq!(element(&listed, text, "b"), format!("<p:b xmlns:p=\"v\" xmlns:q=\"w\">{inner}"));
}

#[test]
fn an_apex_inherits_from_xml() {
    let text = "<a xml:lang='vi' xml:id='i' xml:base='http://x/y/z' xml:other='o'>\
                <b xml:lang='en' xml:space='preserve' xml:base='../w/'><c k='1' xml:base='v'/></b></a>";
    assert_eq!(
        element(&INCLUSIVE, text, "c"),
        "<c k=\"1\" xml:base=\"v\" xml:id=\"i\" xml:lang=\"en\" xml:other=\"o\" \
         xml:space=\"preserve\"></c>"
    );
    assert_eq!(
        element(&INCLUSIVE11, text, "c"),
        "<c k=\"1\" xml:base=\"http://x/w/v\" xml:lang=\"en\" xml:space=\"preserve\"></c>"
    );
    assert_eq!(element(&EXCLUSIVE, text, "c"), "<c k=\"1\" xml:base=\"v\"></c>");
}

/// What stands in elements that are left out is written all the same.
#[test]
fn nodes_without_those_around_are_written() {
    let document = parse("<a xmlns='u' xml:lang='vi' k='1'>x<b l='2'><c xmlns='v'/>y</b></a>");
    let scopes = Rc::new(Scopes::of(&document));
    let mut set = NodeSet::empty(&document, &scopes);
    set.put_subtree(&document, NodeId::ROOT, true);
    let (a, b) = (document.root_element(), named(&document, "b"));
    set.put(b, false);
    let written = octets(&INCLUSIVE, &document, &Selection::Set(set.clone()));
    let inside = "x l=\"2\"<c xmlns=\"v\" xml:lang=\"vi\"></c>y";
    assert_eq!(written, format!("<a xmlns=\"u\" k=\"1\" xml:lang=\"vi\">{inside}</a>"));
    set.put(a, false);
    set.put_attribute(document.attribute_places(a).start, false);
    let written = octets(&INCLUSIVE, &document, &Selection::Set(set));
    assert_eq!(
        written,
        " xmlns=\"u\" k=\"1\"x xmlns=\"u\" l=\"2\"<c xmlns=\"v\" xml:lang=\"vi\"></c>y"
    );
}

#[test]
fn subtrees_are_left_out() {
    let document = parse("<a>1<s>2<s>3</s></s>4<t/><s/></a>");
    let mut selection = Selection::Subtree(Subtree::new(NodeId::ROOT, false));
    let all = document.subtree(NodeId::ROOT);
    let signatures: Vec<_> =
        all.filter(|it| document.element(*it).is_some_and(|it| it.local == "s")).collect();
    selection.remove(&document, &signatures);
    assert_eq!(octets(&INCLUSIVE, &document, &selection), "<a>14<t></t></a>");
    let scopes = Rc::new(Scopes::of(&document));
    let set = Selection::Set(selection.into_set(&document, &scopes));
    assert_eq!(octets(&INCLUSIVE, &document, &set), "<a>14<t></t></a>");
}

#[test]
fn algorithms_have_names() {
    for method in [Method::Inclusive, Method::Inclusive11, Method::Exclusive] {
        for comments in [false, true] {
            let one = Canonicalization::new(method, comments);
            assert_eq!(Canonicalization::from_uri(one.uri()), Some(one));
        }
    }
    for unknown in ["", "http://www.w3.org/2001/10/xml-exc-c14n", "WithComments"] {
        assert_eq!(Canonicalization::from_uri(unknown), None);
    }
}

/// Sixty namespaces around many elements that each bind two anew: nothing is written, and
/// nothing considered, more often than that.
#[test]
fn many_namespaces_take_little() {
    struct Count(usize);
    impl Sink for Count {
        fn write(&mut self, octets: &[u8]) -> Result<()> {
            self.0 += octets.len();
            Ok(())
        }
        fn effort(&mut self, _octets: usize) -> Result<()> {
            panic!("a whole subtree takes no effort beside its octets")
        }
    }
    let mut text = String::from("<a");
    (0..60).for_each(|it| text.push_str(&format!(" xmlns:p{it}=\"u{it}\"")));
    text.push('>');
    text.push_str(&"<b xmlns:p1=\"x\" xmlns:p2=\"y\"><p3:c></p3:c></b>".repeat(5_000));
    text.push_str("</a>");
    let document = parse(&text);
    let selection = Selection::Subtree(Subtree::new(NodeId::ROOT, true));
    let mut count = Count(0);
    INCLUSIVE.write(&document, &selection, &mut count).unwrap();
    assert_eq!(count.0, text.len());
}
