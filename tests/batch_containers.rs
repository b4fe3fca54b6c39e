//! Containers and XML in one batch, made and verified beside each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::batch::{Batch, Made, Outcome, SignatureRequest, ToSign, ToVerify};
use kyso::{
    Conclusion, DocumentFormat, ErrorKind, Failed, Policy, Report, Result, SignatureLevel, Signer,
    UtcTime, Validator, asic, xades, xmldsig,
};
use support::holder::Holder;
use support::pki::{NOW, Pki};

const XML: &[u8] = "<CongVan><So Id=\"so\">15</So></CongVan>".as_bytes();

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Simple { xades: bool },
    Extended { xades: bool },
    Enveloped,
    Enveloping,
    Plain,
    NoXml,
}

use Kind::{Enveloped, Enveloping, Extended, NoXml, Plain, Simple};

const KINDS: [Kind; 8] = [
    Simple { xades: false },
    Enveloped,
    Extended { xades: true },
    NoXml,
    Plain,
    Extended { xades: false },
    Enveloping,
    Simple { xades: true },
];

#[derive(Clone, Copy)]
struct Levels<'a> {
    of_containers: &'a asic::Level<'a>,
    of_xml: &'a xades::Level<'a>,
}

struct Document<'a> {
    number: usize,
    kind: Kind,
    levels: Option<Levels<'a>>,
}

impl Document<'_> {
    fn format(&self) -> DocumentFormat {
        match self.kind {
            Simple { .. } => DocumentFormat::AsicS,
            Extended { .. } => DocumentFormat::AsicE,
            Enveloped | Enveloping | Plain | NoXml => DocumentFormat::Xml,
        }
    }
}

fn at() -> UtcTime {
    NOW.parse().unwrap()
}

impl ToSign for Document<'_> {
    type Document = Vec<u8>;
    type Kept = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        Ok(match self.kind {
            Enveloped | Plain => XML.to_vec(),
            _ => format!("document {}", self.number).into_bytes(),
        })
    }

    fn request<'a>(&'a self, document: &'a Vec<u8>) -> Result<SignatureRequest<'a>> {
        let container = |builder: asic::ContainerBuilder<'a>, xades: bool| {
            let builder = if xades { builder.with_xades() } else { builder };
            match self.levels {
                Some(it) => builder.level(it.of_containers).into(),
                None => builder.into(),
            }
        };
        let xml = |builder: xades::SignatureBuilder<'a>| match self.levels {
            Some(it) => builder.level(it.of_xml).into(),
            None => builder.into(),
        };
        Ok(match self.kind {
            Simple { xades } => {
                container(asic::ContainerBuilder::simple(at()).file("a.bin", document), xades)
            }
            Extended { xades } => {
                let builder = asic::ContainerBuilder::extended(at());
                container(builder.file("a.bin", document).file("b/c.xml", &XML), xades)
            }
            Enveloped | NoXml => xml(xades::SignatureBuilder::enveloped(document, at())),
            Enveloping => xml(xades::SignatureBuilder::enveloping(document, at())),
            Plain => xmldsig::SignatureBuilder::over(document, ["so"], at()).into(),
        })
    }

    fn keep(&self, made: &Made<'_>) -> Result<Vec<u8>> {
        let whole = made.to_vec()?;
        let mut written = Vec::new();
        made.write_to(&mut written)?;
        assert_eq!(written, whole, "{:?}", self.kind);
        Ok(whole)
    }
}

struct Signed(Vec<u8>);

impl ToVerify for Signed {
    type Document = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

fn signed(pki: &Pki, signer: &dyn Signer, levels: Option<Levels<'_>>) -> Vec<(Kind, Vec<u8>)> {
    let documents = KINDS.into_iter().cycle().take(24).enumerate();
    let documents = documents.map(|(number, kind)| Document { number, kind, levels });
    let validator = Validator::new(pki.trust(), Policy::pilot(), at());
    let (mut made, mut place) = (Vec::new(), 0);
    let each = |document: Document<'_>, outcome: Outcome<Vec<u8>>| {
        assert_eq!(document.number, place, "out of order");
        place += 1;
        let signed = match (document.kind, outcome.into_result()) {
            (NoXml, refused) => {
                return assert_eq!(refused.unwrap_err().kind(), ErrorKind::Malformed);
            }
            (_, signed) => signed.unwrap(),
        };
        let report = validator.validate(&signed).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        assert_eq!(report.format(), document.format());
        let level = match (levels, document.kind) {
            (_, Plain) => SignatureLevel::NotEtsi,
            (None, _) => SignatureLevel::BaselineB,
            (Some(_), _) => SignatureLevel::BaselineT,
        };
        assert_eq!(report.signatures()[0].level(), level, "{report}");
        made.push((document.kind, signed));
    };
    let progress = Batch::new().threads(2).sign_all(signer, documents, each).unwrap();
    assert_eq!((progress.done, progress.failed, progress.not_begun), (21, 3, 0));
    made
}

#[test]
fn containers_and_xml_are_signed_beside_each_other() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let levels = Levels { of_containers: &asic::Level::T(&tsa), of_xml: &xades::Level::T(&tsa) };
    for signer in [&pki.signer() as &dyn Signer, &Holder(pki.signer(), 5)] {
        for levels in [None, Some(levels)] {
            signed(&pki, signer, levels);
        }
    }
}

#[test]
fn containers_and_xml_are_verified_beside_each_other() {
    let pki = Pki::new();
    let mut documents = signed(&pki, &pki.signer(), None);
    // One octet of the last file of its kind is another one now.
    let (_, xml) = documents.iter_mut().rfind(|it| it.0 == Enveloped).unwrap();
    let place = xml.windows(4).position(|it| it == b">15<").unwrap();
    xml[place + 1] = b'2';
    let changed = documents.iter().rposition(|it| it.0 == Enveloped).unwrap();
    let validator = Validator::new(pki.trust(), Policy::pilot(), at());
    let mut conclusions = Vec::new();
    let each = |_: Signed, outcome: Outcome<Report>| {
        conclusions.push(outcome.into_result().unwrap().conclusion().unwrap());
    };
    let all = documents.into_iter().map(|it| Signed(it.1));
    let progress = Batch::new().threads(2).verify_all(&validator, all, each).unwrap();
    assert_eq!((progress.done, progress.failed), (21, 0));
    for (place, conclusion) in conclusions.into_iter().enumerate() {
        let expected = match place == changed {
            true => Conclusion::TotalFailed(Failed::HashFailure),
            false => Conclusion::TotalPassed,
        };
        assert_eq!(conclusion, expected, "{place}");
    }
}
