//! The work itself: one document is signed or verified. It blocks, and knows no queue.

use std::sync::Arc;

use kyso::exchange::store::objects::Objects;
use kyso::{
    Conclusion, ErrorKind, Memory, Policy, Report, Seekable, Signer, Source, TrustStore, UtcTime,
    Validator, pades,
};
use ring::digest;

use crate::job::signing_part;
use crate::job::{Job, Level, PolicyName, Profile, Sha256, Signing, VERIFYING_PART, Verifying};
use crate::levels::Levels;
use crate::network::Network;

/// What a worker works with.
pub(crate) struct Tools {
    pub(crate) objects: Box<dyn Objects>,
    pub(crate) signer: Option<Box<dyn Signer>>,
    pub(crate) levels: Levels,
    /// Nothing where the worker does not verify.
    pub(crate) trust: Option<TrustStore>,
    pub(crate) network: Network,
    pub(crate) memory: Memory,
}

/// What came of it, in the object store already.
pub(crate) struct Product {
    pub(crate) output: Sha256,
    pub(crate) conclusion: Option<String>,
}

/// Why nothing came of it.
pub(crate) enum Fault {
    /// Something is away, and may be back later.
    Passing(String),
    /// It would be the same each time.
    Lasting(String),
}

/// Read at once.
const PIECE: u64 = 1 << 20;

impl Tools {
    /// The parts of the queue that these are the tools for.
    pub(crate) fn parts(&self) -> Vec<String> {
        let signer = self.signer.as_ref().and_then(|signer| {
            let digest = Sha256::of_certificate(signer.certificate_chain().first()?);
            Some(signing_part(&digest, &signer.algorithm().to_string()))
        });
        let verifying = self.trust.as_ref().map(|_| VERIFYING_PART.to_owned());
        signer.into_iter().chain(verifying).collect()
    }

    pub(crate) fn carry_out(&self, job: &Job) -> Result<Product, Fault> {
        let document = self.open(&job.input)?;
        match &job.profile {
            Profile::Sign(signing) => self.sign(&*document, signing),
            Profile::Verify(verifying) => self.verify(&*document, &job.input, verifying),
        }
    }

    /// Throws away what does not count.
    pub(crate) fn discard(&self, output: &Sha256) {
        // An object too many does no harm.
        let _ = self.objects.remove(output.as_str());
    }

    /// The document that the job names, and no other one, whatever the store gives.
    fn open(&self, input: &Sha256) -> Result<Box<dyn Source>, Fault> {
        let there = self.objects.has(input.as_str()).map_err(of_store)?;
        if !there {
            // It may be on its way, or its disk not mounted.
            return Err(Fault::Passing(format!("the object {input} is not in the store")));
        }
        let document = self.objects.open(input.as_str()).map_err(of_store)?;
        if digest_of(&*document).map_err(of_store)? != input.as_str() {
            return Err(Fault::Lasting(format!("the object {input} is damaged in the store")));
        }
        Ok(document)
    }

    fn sign(&self, document: &dyn Source, signing: &Signing) -> Result<Product, Fault> {
        let signer = self.signer.as_ref().ok_or_else(|| passing("this worker has no key"))?;
        let services = match signing.level {
            Level::B => None,
            level => Some(self.levels.services_at(level.name()).map_err(passing)?),
        };
        let level = services.as_ref().map(|it| it.pdf_level()).transpose().map_err(passing)?;
        let raising = level.map(pades::Augmenter::new);
        let mut builder = pades::SignatureBuilder::new(document, UtcTime::now());
        if let Some(reason) = &signing.reason {
            builder = builder.reason(reason);
        }
        if let Some(location) = &signing.location {
            builder = builder.location(location);
        }
        if let Some(raising) = &raising {
            builder = builder.level(raising);
        }
        let mut signed = tempfile::tempfile().map_err(passing)?;
        builder.sign_to(&**signer, &mut signed).map_err(of_work)?;
        let signed = Seekable::new(signed).map_err(of_store)?;
        Ok(Product { output: self.keep(&signed)?, conclusion: None })
    }

    fn verify(
        &self,
        document: &dyn Source,
        input: &Sha256,
        verifying: &Verifying,
    ) -> Result<Product, Fault> {
        let trust = self.trust.as_ref().ok_or_else(|| passing("this worker verifies nothing"))?;
        let policy = match verifying.policy {
            PolicyName::Vietnam => Policy::vietnam_official(),
            PolicyName::Etsi => Policy::etsi(),
            PolicyName::Pilot => Policy::pilot(),
        };
        let at = verifying.time.unwrap_or_else(UtcTime::now);
        let retrieval = self.network.retrieval(&policy, at).map_err(of_work)?;
        let mut validator = Validator::new(trust.clone(), policy, at).with_memory(&self.memory);
        if let Some(retrieval) = retrieval {
            validator = validator.with_retrieval(Arc::clone(&retrieval));
        }
        let report = validator.validate(document).map_err(of_work)?.for_file(input.as_str());
        let json = serde_json::to_vec(&report).map_err(lasting)?;
        Ok(Product { output: self.keep(&json)?, conclusion: conclusion(&report) })
    }

    fn keep(&self, output: &dyn Source) -> Result<Sha256, Fault> {
        Sha256::try_from(self.objects.put(output).map_err(of_store)?).map_err(Fault::Lasting)
    }
}

/// As the report has it; nothing where nothing is signed.
fn conclusion(report: &Report) -> Option<String> {
    let name = match report.conclusion()? {
        Conclusion::TotalPassed => "TOTAL_PASSED",
        Conclusion::TotalFailed(_) => "TOTAL_FAILED",
        Conclusion::Indeterminate(_) => "INDETERMINATE",
    };
    Some(name.to_owned())
}

fn digest_of(document: &dyn Source) -> kyso::Result<String> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut from = 0;
    while from < document.len() {
        let to = from.saturating_add(PIECE).min(document.len());
        context.update(&document.window(from..to)?);
        from = to;
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn of_store(error: kyso::Error) -> Fault {
    passing(error)
}

/// Whose turn it is to act says whether it may be otherwise another time.
fn of_work(error: kyso::Error) -> Fault {
    match error.kind() {
        ErrorKind::Io | ErrorKind::Service | ErrorKind::Signer => passing(error),
        _ => lasting(error),
    }
}

fn passing(error: impl ToString) -> Fault {
    Fault::Passing(error.to_string())
}

fn lasting(error: impl ToString) -> Fault {
    Fault::Lasting(error.to_string())
}
