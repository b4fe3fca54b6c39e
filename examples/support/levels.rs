//! What a signature needs beyond level B: an authority, whom to trust, and whom to ask.

use std::error::Error;
use std::sync::Arc;

use kyso::{
    Crl, OcspResponse, Policy, TrustStore, UtcTime, Validator, cades, online, pades, tsp, xades,
};

use crate::options::{certificates, crls, responses};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Default)]
pub(crate) struct Levels {
    level: Option<String>,
    tsa: Option<String>,
    trust: TrustStore,
    crls: Vec<Crl>,
    responses: Vec<OcspResponse>,
    local: bool,
}

/// What answers at the level that was asked for.
pub(crate) struct Services {
    level: String,
    authority: tsp::Online,
    validator: Validator,
}

impl Levels {
    /// Whether the option is one of these.
    pub(crate) fn read(
        &mut self,
        option: &str,
        mut value: impl FnMut() -> Result<String, String>,
    ) -> Outcome<bool> {
        match option {
            "--level" => self.level = Some(value()?).filter(|it| it != "B"),
            "--tsa" => self.tsa = Some(value()?),
            "--trust" => self.trust.merge(certificates(&value()?)?.into_iter().collect()),
            "--crl" => self.crls.extend(crls(&value()?)?),
            "--ocsp" => self.responses.extend(responses(&value()?)?),
            "--local" => self.local = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// For what is of level B only.
    #[allow(dead_code, reason = "not every program prepares")]
    pub(crate) fn must_be_b(&self) -> Outcome<()> {
        match &self.level {
            Some(level) => {
                Err(format!("level {level}: only a PDF is prepared for it; --augment raises")
                    .into())
            }
            None => Ok(()),
        }
    }

    /// Nothing at level B.
    #[allow(dead_code, reason = "not every program signs at one level alone")]
    pub(crate) fn services(&self) -> Outcome<Option<Services>> {
        self.level.as_ref().map(|level| self.services_at(level)).transpose()
    }

    /// What answers at this level, whatever was asked for.
    pub(crate) fn services_at(&self, level: &str) -> Outcome<Services> {
        let url = self.tsa.as_ref().ok_or("--level needs --tsa")?;
        let http = match self.local {
            true => online::Http::new().allow_private_addresses(),
            false => online::Http::new(),
        };
        let http: Arc<dyn kyso::Retrieve> = Arc::new(http);
        // The present, not the claimed time: what is collected has to hold from now on.
        let validator = Validator::new(self.trust.clone(), Policy::default(), UtcTime::now())
            .with_crls(self.crls.clone())
            .with_ocsp_responses(self.responses.clone())
            .with_retrieval(Arc::clone(&http));
        let authority = tsp::Online::new(url, http);
        Ok(Services { level: level.to_owned(), authority, validator })
    }
}

impl Services {
    /// Of a signature beside its file.
    #[allow(dead_code, reason = "not every program signs files of any kind")]
    pub(crate) fn level(&self) -> Outcome<cades::Level<'_>> {
        match self.level.as_str() {
            "T" => Ok(cades::Level::T(&self.authority)),
            "LT" => Ok(cades::Level::Lt(&self.authority, &self.validator)),
            "LTA" => Ok(cades::Level::Lta(&self.authority, &self.validator)),
            other => Err(format!("no level {other}").into()),
        }
    }

    /// Of a signature in XML.
    #[allow(dead_code, reason = "not every program signs XML")]
    pub(crate) fn xml_level(&self) -> Outcome<xades::Level<'_>> {
        match self.level.as_str() {
            "T" => Ok(xades::Level::T(&self.authority)),
            "LT" => Ok(xades::Level::Lt(&self.authority, &self.validator)),
            "LTA" => Ok(xades::Level::Lta(&self.authority, &self.validator)),
            other => Err(format!("no level {other}").into()),
        }
    }

    /// Of a signature in a PDF.
    pub(crate) fn pdf_level(&self) -> Outcome<pades::Level<'_>> {
        match self.level.as_str() {
            "T" => Ok(pades::Level::T(&self.authority)),
            "LT" => Ok(pades::Level::Lt(&self.authority, &self.validator)),
            "LTA" => Ok(pades::Level::Lta(&self.authority, &self.validator)),
            other => Err(format!("no level {other}").into()),
        }
    }
}
