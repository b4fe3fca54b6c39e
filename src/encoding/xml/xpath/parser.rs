//! Expressions (XPath 1.0 §2, §3). What stands in a row is a list, so that only brackets
//! nest.

use super::expression::{AXES, Arithmetic, Axis, Comparison, Expr, Function, Path, Step, Test};
use super::lexer::{Token, tokens};
use crate::encoding::xml::document::XML_NAMESPACE;
use crate::error::{Error, Result};

/// Brackets within brackets.
const DEEPEST: usize = 24;

/// By name, with how many arguments each takes (§4).
const FUNCTIONS: [(&str, Function, usize, usize); 28] = [
    ("last", Function::Last, 0, 0),
    ("position", Function::Position, 0, 0),
    ("count", Function::Count, 1, 1),
    ("id", Function::Id, 1, 1),
    ("local-name", Function::LocalName, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("name", Function::Name, 0, 1),
    ("string", Function::String, 0, 1),
    ("concat", Function::Concat, 2, 100),
    ("starts-with", Function::StartsWith, 2, 2),
    ("contains", Function::Contains, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring", Function::Substring, 2, 3),
    ("string-length", Function::StringLength, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("translate", Function::Translate, 3, 3),
    ("boolean", Function::Boolean, 1, 1),
    ("not", Function::Not, 1, 1),
    ("true", Function::True, 0, 0),
    ("false", Function::False, 0, 0),
    ("lang", Function::Lang, 1, 1),
    ("number", Function::Number, 0, 1),
    ("sum", Function::Sum, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("round", Function::Round, 1, 1),
    ("here", Function::Here, 0, 0),
];

pub(super) fn parse(text: &str, namespace: &dyn Fn(&str) -> Option<String>) -> Result<Expr> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, namespace };
    let expr = parser.expr()?;
    if parser.at < parser.tokens.len() {
        return Err(wrong());
    }
    Ok(expr)
}

fn wrong() -> Error {
    Error::malformed("the XPath expression is none")
}

struct Parser<'p> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    namespace: &'p dyn Fn(&str) -> Option<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.at.saturating_add(1))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(it)) if *it == symbol)
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, symbol: &str) -> bool {
        let is = self.is(symbol);
        if is {
            self.advance();
        }
        is
    }

    fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.take(symbol) { Ok(()) } else { Err(wrong()) }
    }

    fn expr(&mut self) -> Result<Expr> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(Error::unsupported("an XPath expression with brackets in 24 others"));
        }
        let expr = self.or();
        self.depth = self.depth.saturating_sub(1);
        expr
    }

    fn or(&mut self) -> Result<Expr> {
        self.row("or", Self::and, Expr::Or)
    }

    fn and(&mut self) -> Result<Expr> {
        self.row("and", Self::equality, Expr::And)
    }

    fn row(
        &mut self,
        symbol: &str,
        next: fn(&mut Self) -> Result<Expr>,
        all: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr> {
        let first = next(self)?;
        if !self.is(symbol) {
            return Ok(first);
        }
        let mut row = vec![first];
        while self.take(symbol) {
            row.push(next(self)?);
        }
        Ok(all(row))
    }

    fn equality(&mut self) -> Result<Expr> {
        let operators = [("=", Comparison::Equal), ("!=", Comparison::Unequal)];
        self.operations(&operators, Self::relation, Expr::Compare)
    }

    fn relation(&mut self) -> Result<Expr> {
        let operators = [
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        self.operations(&operators, Self::sum, Expr::Compare)
    }

    fn sum(&mut self) -> Result<Expr> {
        let operators = [("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];
        self.operations(&operators, Self::product, Expr::Arithmetic)
    }

    fn product(&mut self) -> Result<Expr> {
        let operators =
            [("*", Arithmetic::Multiply), ("div", Arithmetic::Divide), ("mod", Arithmetic::Modulo)];
        self.operations(&operators, Self::unary, Expr::Arithmetic)
    }

    fn operations<O: Copy>(
        &mut self,
        operators: &[(&str, O)],
        next: fn(&mut Self) -> Result<Expr>,
        all: fn(Box<Expr>, Vec<(O, Expr)>) -> Expr,
    ) -> Result<Expr> {
        let first = next(self)?;
        let mut rest = Vec::new();
        while let Some((symbol, operator)) = operators.iter().find(|it| self.is(it.0)) {
            self.expect(symbol)?;
            rest.push((*operator, next(self)?));
        }
        Ok(if rest.is_empty() { first } else { all(Box::new(first), rest) })
    }

    fn unary(&mut self) -> Result<Expr> {
        let mut minuses = 0_usize;
        while self.take("-") {
            minuses = minuses.saturating_add(1);
        }
        let expr = self.row("|", Self::path, Expr::Union)?;
        Ok(match minuses {
            0 => expr,
            odd if odd & 1 == 1 => Expr::Negate(Box::new(expr)),
            // Twice makes a number of it all the same.
            _ => Expr::Call(Function::Number, vec![expr]),
        })
    }

    fn path(&mut self) -> Result<Expr> {
        if self.starts_primary() {
            let start = self.primary()?;
            let predicates = self.predicates()?;
            let steps = match self.peek() {
                Some(Token::Symbol("/" | "//")) => self.steps_after()?,
                _ => Vec::new(),
            };
            if predicates.is_empty() && steps.is_empty() {
                return Ok(start);
            }
            return Ok(Expr::From { start: Box::new(start), predicates, steps });
        }
        let absolute = self.is("/") || self.is("//");
        let steps = if self.is("//") {
            self.steps_after()?
        } else if self.take("/") {
            if self.starts_step() { self.steps()? } else { Vec::new() }
        } else {
            self.steps()?
        };
        Ok(Expr::Path(Path { absolute, steps }))
    }

    fn starts_primary(&self) -> bool {
        match self.peek() {
            Some(Token::Literal(_) | Token::Number(_) | Token::Symbol("(")) => true,
            Some(Token::Name { prefix, local }) => {
                let node_type = prefix.is_none()
                    && matches!(
                        local.as_str(),
                        "node" | "text" | "comment" | "processing-instruction"
                    );
                matches!(self.peek_second(), Some(Token::Symbol("("))) && !node_type
            }
            _ => false,
        }
    }

    fn starts_step(&self) -> bool {
        matches!(
            self.peek(),
            Some(Token::Name { .. } | Token::Star | Token::Symbol("." | ".." | "@"))
        )
    }

    fn primary(&mut self) -> Result<Expr> {
        let token = self.peek().cloned().ok_or_else(wrong)?;
        self.advance();
        match token {
            Token::Literal(text) => Ok(Expr::Literal(text)),
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Symbol("(") => {
                let expr = self.expr()?;
                self.expect(")")?;
                Ok(expr)
            }
            Token::Name { prefix: None, local } => self.call(&local),
            Token::Name { .. } => Err(Error::unsupported("a function of others in XPath")),
            Token::Symbol(_) | Token::Star => Err(wrong()),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr> {
        let known = FUNCTIONS.iter().find(|it| it.0 == name);
        let Some((_, function, least, most)) = known else {
            return Err(Error::unsupported("an unknown function in an XPath expression"));
        };
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.is(")") {
            arguments.push(self.expr()?);
            while self.take(",") {
                arguments.push(self.expr()?);
            }
        }
        self.expect(")")?;
        if !(*least..=*most).contains(&arguments.len()) {
            return Err(wrong());
        }
        Ok(Expr::Call(*function, arguments))
    }

    fn predicates(&mut self) -> Result<Vec<Expr>> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.expr()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }

    fn steps(&mut self) -> Result<Vec<Step>> {
        let mut steps = vec![self.step()?];
        steps.extend(self.steps_after()?);
        Ok(steps)
    }

    /// `/step`, `//step` and so on.
    fn steps_after(&mut self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            if self.take("//") {
                let (axis, test) = (Axis::DescendantOrSelf, Test::Node);
                steps.push(Step { axis, test, predicates: Vec::new() });
            } else if !self.take("/") {
                return Ok(steps);
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Result<Step> {
        for (symbol, axis) in [(".", Axis::Own), ("..", Axis::Parent)] {
            if self.take(symbol) {
                return Ok(Step { axis, test: Test::Node, predicates: Vec::new() });
            }
        }
        let axis = if self.take("@") { Axis::Attribute } else { self.axis()? };
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis> {
        if !matches!(self.peek_second(), Some(Token::Symbol("::"))) {
            return Ok(Axis::Child);
        }
        let Some(Token::Name { prefix: None, local }) = self.peek() else { return Err(wrong()) };
        let known = AXES.iter().find(|it| it.0 == local).ok_or_else(wrong)?;
        self.advance();
        self.advance();
        Ok(known.1)
    }

    fn test(&mut self) -> Result<Test> {
        let token = self.peek().cloned().ok_or_else(wrong)?;
        self.advance();
        match token {
            Token::Star => Ok(Test::Any),
            Token::Name { prefix: None, local } if self.take("(") => self.node_type(&local),
            Token::Name { prefix: None, local } => Ok(Test::Name { namespace: None, local }),
            Token::Name { prefix: Some(prefix), local } => {
                let name = match prefix.as_str() {
                    "xml" => Some(XML_NAMESPACE.to_owned()),
                    other => (self.namespace)(other),
                };
                let name = name.ok_or_else(|| {
                    Error::malformed("a prefix in an XPath expression is declared nowhere")
                })?;
                Ok(match local.as_str() {
                    "*" => Test::AnyIn(name),
                    _ => Test::Name { namespace: Some(name), local },
                })
            }
            Token::Symbol(_) | Token::Literal(_) | Token::Number(_) => Err(wrong()),
        }
    }

    fn node_type(&mut self, name: &str) -> Result<Test> {
        let test = match name {
            "node" => Test::Node,
            "text" => Test::Text,
            "comment" => Test::Comment,
            "processing-instruction" => {
                let target = match self.peek() {
                    Some(Token::Literal(target)) => Some(target.clone()),
                    _ => None,
                };
                if target.is_some() {
                    self.advance();
                }
                Test::Instruction(target)
            }
            _ => return Err(wrong()),
        };
        self.expect(")")?;
        Ok(test)
    }
}
