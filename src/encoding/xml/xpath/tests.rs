#![allow(clippy::unwrap_in_result)] // what a test names is there

use std::cell::Cell;
use std::sync::LazyLock;

use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

const TEXT: &str = "<a xmlns='u' xmlns:p='v' n='1' xml:lang='vi-VN'><!--c--><b Id='x'>one</b>\
    <p:b m='2'>two<p:c/> three</p:b><?go on?><d xmlns=''>4</d><d xmlns=''>5</d></a>";

fn evaluate(text: &str, expression: &str, steps: u64) -> Result<String> {
    let document = Document::parse(text, 0, &LIMITS)?;
    let scopes = Rc::new(Scopes::of(&document));
    let ids = Ids::of(&document);
    let steps = Cell::new(steps);
    let scene = Scene {
        document: &document,
        ids: &ids,
        scopes: &scopes,
        here: Some(document.root_element()),
        most: 15_000,
        steps: &steps,
    };
    let namespace = |prefix: &str| match prefix {
        "u" => Some("u".to_owned()),
        "v" => Some("v".to_owned()),
        _ => None,
    };
    let expression = Expression::parse(expression, &namespace)?;
    let item = Item { node: document.root_element(), part: Part::Whole };
    let evaluator = Evaluator::new(&scene);
    let value = evaluator.value(&expression.0, Context { item, position: 1, size: 1 })?;
    Ok(match &value {
        Value::Nodes(items) => {
            let names: Vec<_> = items
                .iter()
                .map(|it| match (it.part, evaluator.name(*it)) {
                    (Part::Whole, Some((_, name))) => name.to_owned(),
                    (Part::Whole, None) if it.node == NodeId::ROOT => "/".to_owned(),
                    (Part::Whole, None) => format!("{:?}", evaluator.string_value(*it).unwrap()),
                    (Part::Attribute(_), name) => format!("@{}", name.unwrap().1),
                    (Part::Namespace(_), name) => format!("#{}", name.unwrap().1),
                })
                .collect();
            names.join(" ")
        }
        other => evaluator.text_of(other)?,
    })
}

fn of(expression: &str) -> String {
    evaluate(TEXT, expression, 100_000).expect(expression)
}

#[test]
fn axes_lead_where_they_should() {
    for (expression, expected) in [
        (".", "a"),
        ("/", "/"),
        ("..", "/"),
        ("*", "b b d d"),
        ("node()", "\"c\" b b go d d"),
        ("u:*", "b"),
        ("v:b | u:b | v:b", "b b"),
        ("b", ""),
        ("d", "d d"),
        ("d[2]", "d"),
        ("d[last()]/text()", "\"5\""),
        ("@*", "@n @lang"),
        ("@n", "@n"),
        ("@xml:lang", "@lang"),
        ("//@m/..", "b"),
        ("//@m/ancestor-or-self::node()", "/ a b @m"),
        ("namespace::*", "# #p #xml"),
        ("namespace::p", "#p"),
        ("d/namespace::*", "#p #xml #p #xml"),
        ("//v:c/ancestor::*", "a b"),
        ("//v:c/ancestor-or-self::*[1]", "c"),
        ("//v:c/preceding::*", "b"),
        ("//v:c/preceding::node()[1]", "\"two\""),
        ("//v:c/following::node()", "\" three\" go d \"4\" d \"5\""),
        ("v:b/following-sibling::*", "d d"),
        ("d[2]/preceding-sibling::node()[2]", "go"),
        ("descendant::text()", "\"one\" \"two\" \" three\" \"4\" \"5\""),
        ("descendant-or-self::*", "a b b c d d"),
        ("//comment()", "\"c\""),
        ("//processing-instruction()", "go"),
        ("//processing-instruction('stay')", ""),
        ("id('x')", "b"),
        ("id('y')", ""),
        ("id('x')/text()", "\"one\""),
        ("here()/@n", "@n"),
        ("(//d)[1]/text()", "\"4\""),
        ("self::u:a", "a"),
        ("self::text()", ""),
        ("//v:*[@m = 2]/v:c", "c"),
    ] {
        assert_eq!(of(expression), expected, "{expression}");
    }
}

#[test]
fn values_are_by_the_recommendation() {
    for (expression, expected) in [
        ("1 + 2 * 3 - 4 div 2", "5"),
        ("5 mod 2 = 1 and -1 < 0", "true"),
        ("-5 mod 2", "-1"),
        ("--1", "1"),
        ("1 div 0", "Infinity"),
        ("0 div 0 = 0 div 0", "false"),
        ("0.5", "0.5"),
        (".5 + 1.", "1.5"),
        ("string(1000000000000000000000)", "1000000000000000000000"),
        ("d = 5", "true"),
        ("d != 5", "true"),
        ("d > 5", "false"),
        ("d = d", "true"),
        ("not(d = 'x')", "true"),
        ("boolean(d[3])", "false"),
        ("d = true()", "true"),
        ("1 = true()", "true"),
        ("'a' = 'a' = true()", "true"),
        ("1 < 2 < 3", "true"),
        ("count(//node())", "13"),
        ("count(namespace::* | @*)", "5"),
        ("sum(d)", "9"),
        ("string(v:b)", "two three"),
        ("concat('a', 1, true())", "a1true"),
        (
            "starts-with('abc', 'ab') and contains('abc', 'bc') and not(contains('abc', 'x'))",
            "true",
        ),
        ("substring-before('1999/04', '/')", "1999"),
        ("substring-after('1999/04', '/')", "04"),
        ("substring('12345', 2, 3)", "234"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substring('12345', 0 div 0, 3)", ""),
        ("substring('12345', -42, 1 div 0)", "12345"),
        ("string-length('tờ')", "2"),
        ("normalize-space('  a \n b ')", "a b"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("translate('--aaa--', 'abc-', 'ABC')", "AAA"),
        ("floor(-1.5) + ceiling(1.2) + round(2.5) + round(-2.5)", "1"),
        ("number('x')", "NaN"),
        ("number(' -1.5 ')", "-1.5"),
        ("number('1e3')", "NaN"),
        ("lang('vi') and not(lang('en'))", "true"),
        ("name() = local-name() and namespace-uri() = 'u'", "true"),
        ("name(v:b)", "p:b"),
        ("name(//comment())", ""),
        ("name(@xml:lang)", "xml:lang"),
        ("position() = last()", "true"),
        ("string(namespace::p)", "v"),
    ] {
        assert_eq!(of(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    for expression in [
        "",
        "(",
        ")",
        "a b",
        "a[",
        "a]",
        "1 +",
        "@",
        "::a",
        "nowhere::a",
        "a/",
        "'a",
        "!",
        "count()",
        "count(1)",
        "not(1, 2)",
        "x:a",
        "1 | 2",
        "a//",
        "text(1)",
        "count(true())",
    ] {
        let error = evaluate(TEXT, expression, 1_000).expect_err(expression);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{expression}");
    }
    let (long, deep) = ("1+".repeat(600) + "1", "(".repeat(40) + "1" + &")".repeat(40));
    let large = format!("'{}'", "x".repeat(20_000));
    for expression in ["$x", "document('x')", "ext:f()", &long, &deep, &large] {
        let error = evaluate(TEXT, expression, 1_000).expect_err(expression);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{expression}");
    }
}

/// Each looks at as much as it takes or leaves, and finds out before it has done it.
#[test]
fn long_strings_are_counted() {
    let long = "v".repeat(3_000);
    let nested = format!("<b>{}{}</b>", "<c k='1' l='2' m='3'>".repeat(60), "</c>".repeat(60));
    let text = format!("<a xmlns='{long}'><!--{long}--><?p {long}?>{}</a>", nested.repeat(60));
    for (expression, most) in [
        ("//*[namespace-uri() = 'x']", 1_000_000),
        ("//*[../comment() = //comment()]", 50_000),
        ("//*[string(/*/comment()) = 'x']", 1_000_000),
        ("//*[string(/*/processing-instruction()) = 'x']", 1_000_000),
        ("//*[lang('x')]", 300_000),
        ("//*[/*/comment() < 1]", 1_000_000),
    ] {
        let error = evaluate(&text, expression, most).map(drop).expect_err(expression);
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{expression}");
    }
    assert_eq!(of("lang('VI') and lang('vi-vn') and not(lang('vi-V')) and not(lang(''))"), "true");
}

/// Sixty namespaces are in force in each of a thousand elements: looking through them takes
/// steps whether or not they are among what is looked for.
#[test]
fn passes_over_all_nodes_are_counted() {
    let names: String = (0..60).map(|n| format!(" xmlns:a{n}='u{n}'")).collect();
    let text = format!("<a{names}>{}</a>", "<b/>".repeat(1_000));
    let document = Document::parse(&text, 0, &LIMITS).unwrap();
    let (scopes, ids) = (Rc::new(Scopes::of(&document)), Ids::of(&document));
    let nothing = Selection::Set(NodeSet::empty(&document, &scopes));
    let found = Expression::parse("/a/b[1]", &|_| None).unwrap();
    let steps = Cell::new(60_000);
    let (document, ids, scopes) = (&document, &ids, &scopes);
    let scene = Scene { document, ids, scopes, here: None, most: 10, steps: &steps };
    let expression = Expression::parse("false()", &|_| None).unwrap();
    let error = expression.filter(&scene, nothing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    let error = found.find(&scene).map(drop).unwrap_err();
    assert!(error.to_string().contains("found at once"), "{error}");
    let found = found.find(&Scene { most: 1_002, ..scene }).unwrap();
    let before = steps.get();
    found.subtrees(&scene).unwrap();
    assert!(before - steps.get() > 900, "{}", before - steps.get());
}

/// What was found and is done with makes room.
#[test]
fn what_is_at_hand_is_bounded() {
    let text = format!("<a>{}</a>", "<b><c/></b>".repeat(2_000));
    for (expression, enough) in [
        ("//*", true),
        (&["count(//*)"; 10].join(" + "), true),
        ("count(//b[count(//*) < 0 or count(/a/b) = 2000][position() < 3])", true),
        ("count(//*[//*[//*]])", false),
        ("//* | //b | //c", true),
        ("//node()[count(//node() | //c) > count(//*)][1]", false),
    ] {
        let error = evaluate(&text, expression, 100_000_000).map(drop).map_err(|it| it.kind());
        let expected = if enough { Ok(()) } else { Err(ErrorKind::LimitExceeded) };
        assert_eq!(error, expected, "{expression}");
    }
}

#[test]
fn nothing_runs_for_long() {
    let mut text = String::from("<a>");
    text.push_str(&"<b>some text</b>".repeat(2_000));
    text.push_str("</a>");
    for expression in [
        "//*[count(//*[count(//*) > 1]) > 1]",
        "//*[//*[//*]]",
        "//*[. = //*]",
        "count(//*/following::*/preceding::*)",
        "string(concat(/, /, /, concat(/, /, /, concat(/, /, /, /))))",
        "//*[translate(/, /, /) = /]",
    ] {
        let error = evaluate(&text, expression, 100_000).map(drop).expect_err(expression);
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{expression}");
    }
}
