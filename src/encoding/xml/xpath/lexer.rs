//! Tokens (XPath 1.0 §3.7).

use crate::error::{Error, Result};

/// Letters, and tokens, of one expression: the longest in signed documents have some
/// hundred letters.
const MOST_LETTERS: usize = 10_000;
const MOST_TOKENS: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `( ) [ ] . .. @ , :: / // | + - = != < <= > >= *` and, as operators, `and or mod div`.
    Symbol(&'static str),
    /// A `*` that is a name test.
    Star,
    /// `prefix:name`, `name`; `prefix:*` has a star for its local name.
    Name {
        prefix: Option<String>,
        local: String,
    },
    Literal(String),
    Number(f64),
}

const SYMBOLS: [&str; 19] = [
    "::", "//", "!=", "<=", ">=", "..", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=",
    "<",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    if text.len() > MOST_LETTERS {
        return Err(Error::unsupported("an XPath expression of more than 10,000 letters"));
    }
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text.trim_start_matches(BLANK);
    while !rest.is_empty() {
        let (token, after) = token(rest, tokens.last())?;
        tokens.push(token);
        if tokens.len() > MOST_TOKENS {
            return Err(Error::unsupported("an XPath expression of more than 1,000 tokens"));
        }
        rest = after.trim_start_matches(BLANK);
    }
    Ok(tokens)
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether what follows is an operator rather than a name (§3.7).
fn wants_operator(last: Option<&Token>) -> bool {
    match last {
        None => false,
        Some(Token::Symbol(it)) => matches!(*it, ")" | "]" | "." | ".."),
        Some(_) => true,
    }
}

fn token<'t>(text: &'t str, last: Option<&Token>) -> Result<(Token, &'t str)> {
    let wrong = || Error::malformed("the XPath expression is none");
    let first = text.chars().next().ok_or_else(wrong)?;
    if first.is_ascii_digit() || (first == '.' && second_is_digit(text)) {
        return number(text).ok_or_else(wrong);
    }
    if first == '"' || first == '\'' {
        let inside = text.strip_prefix(first).ok_or_else(wrong)?;
        let (literal, after) = inside.split_once(first).ok_or_else(wrong)?;
        return Ok((Token::Literal(literal.to_owned()), after));
    }
    if first == '$' {
        return Err(Error::unsupported("a variable in an XPath expression"));
    }
    if let Some(after) = text.strip_prefix('*') {
        let token = if wants_operator(last) { Token::Symbol("*") } else { Token::Star };
        return Ok((token, after));
    }
    if let Some(after) = text.strip_prefix('>') {
        return Ok(match after.strip_prefix('=') {
            Some(after) => (Token::Symbol(">="), after),
            None => (Token::Symbol(">"), after),
        });
    }
    for symbol in SYMBOLS {
        if let Some(after) = text.strip_prefix(symbol) {
            return Ok((Token::Symbol(symbol), after));
        }
    }
    name(text, last).ok_or_else(wrong)
}

fn second_is_digit(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|it| it.is_ascii_digit())
}

fn number(text: &str) -> Option<(Token, &str)> {
    let digits = |text: &str| text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let end = match text.get(whole..)?.strip_prefix('.') {
        Some(after) => whole.checked_add(1)?.checked_add(digits(after))?,
        None => whole,
    };
    let (number, after) = text.split_at_checked(end)?;
    Some((Token::Number(number.trim_end_matches('.').parse().ok()?), after))
}

fn name<'t>(text: &'t str, last: Option<&Token>) -> Option<(Token, &'t str)> {
    let (first, after) = local(text)?;
    if wants_operator(last) {
        let operator = ["and", "or", "mod", "div"].into_iter().find(|it| *it == first)?;
        return Some((Token::Symbol(operator), after));
    }
    let unprefixed = (Token::Name { prefix: None, local: first.to_owned() }, after);
    let Some(second) = after.strip_prefix(':').filter(|it| !it.starts_with(':')) else {
        return Some(unprefixed);
    };
    let (second, after) = match second.strip_prefix('*') {
        Some(after) => ("*", after),
        None => local(second)?,
    };
    Some((Token::Name { prefix: Some(first.to_owned()), local: second.to_owned() }, after))
}

fn local(text: &str) -> Option<(&str, &str)> {
    let starts = |it: char| it.is_ascii_alphabetic() || it == '_' || !it.is_ascii();
    let goes_on = |it: char| starts(it) || it.is_ascii_digit() || matches!(it, '-' | '.');
    let end = text.find(|it: char| !goes_on(it)).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    name.starts_with(starts).then_some((name, after))
}
