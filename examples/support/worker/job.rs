//! What is to be done with which document, and what came of it.

use std::fmt;

use kyso::{Certificate, DigestAlgorithm, UtcTime};
use serde::{Deserialize, Serialize};

/// No job is larger: documents are named, not carried.
pub(crate) const MOST_BYTES: usize = 16 << 10;
/// A name is for people; more than a file system takes is none.
const MOST_OF_NAME: usize = 255;

/// One thing to be done with one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) input: Sha256,
    /// For people alone.
    pub(crate) name: String,
    #[serde(rename = "do")]
    pub(crate) profile: Profile,
}

/// What is to be done. Written as JSON, a profile has one form and so one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Profile {
    Sign(Signing),
    Verify(Verifying),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signing {
    /// Of the signer's certificate.
    pub(crate) signer: Sha256,
    /// By the name that reports give it.
    pub(crate) algorithm: String,
    pub(crate) level: Level,
    pub(crate) reason: Option<String>,
    pub(crate) location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Level {
    B,
    T,
    #[serde(rename = "LT")]
    Lt,
    #[serde(rename = "LTA")]
    Lta,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verifying {
    pub(crate) policy: PolicyName,
    /// The validation time; when the job is worked on, unless given.
    pub(crate) time: Option<UtcTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyName {
    Vietnam,
    Etsi,
    Pilot,
}

/// A SHA-256 in lower-case hexadecimal: it names an object, and nothing else can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Sha256(String);

/// Where the result of a job is found: by the document and the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

/// What came of a job. There is one that counts, and it is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Nothing where the message could not be read as one.
    pub(crate) job: Option<Job>,
    pub(crate) outcome: Outcome,
    pub(crate) worker: String,
    /// How often the job had been handed out by then.
    pub(crate) attempts: u64,
    pub(crate) at: UtcTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The signed document, or the report as JSON, is among the objects.
    Done {
        output: Sha256,
        conclusion: Option<String>,
    },
    Failed {
        reason: String,
    },
}

impl Job {
    /// A job as it came. Whoever may write to the queue may have written anything.
    pub(crate) fn read(message: &[u8]) -> Result<Self, String> {
        if message.len() > MOST_BYTES {
            return Err(format!("a job has {MOST_BYTES} bytes at most"));
        }
        let job: Self =
            serde_json::from_slice(message).map_err(|error| format!("this is no job: {error}"))?;
        job.checked()
    }

    /// Made so that what means the same is the same.
    pub(crate) fn checked(mut self) -> Result<Self, String> {
        if self.name.len() > MOST_OF_NAME {
            return Err(format!("a name has {MOST_OF_NAME} bytes at most"));
        }
        if let Profile::Sign(signing) = &mut self.profile {
            let token = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
            let algorithm = &signing.algorithm;
            if algorithm.is_empty() || algorithm.len() > 64 || !algorithm.bytes().all(token) {
                return Err(format!("no algorithm is called {algorithm:?}"));
            }
            for text in [&mut signing.reason, &mut signing.location] {
                *text = text.take().filter(|it| !it.is_empty());
            }
        }
        Ok(self)
    }

    pub(crate) fn key(&self) -> Key {
        Key(format!("{}.{}", self.input, self.profile.digest()))
    }
}

impl Key {
    /// For what is no job.
    pub(crate) fn of_message(message: &[u8]) -> Self {
        Self(format!("refused.{}", Sha256::of(message)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Profile {
    fn digest(&self) -> Sha256 {
        Sha256::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sign(_) => "sign",
            Self::Verify(_) => "verify",
        }
    }

    /// Who can do it: those who serve this part of the queue. A key's jobs wait for the key.
    pub(crate) fn part(&self) -> String {
        match self {
            Self::Sign(it) => signing_part(&it.signer, &it.algorithm),
            Self::Verify(_) => VERIFYING_PART.into(),
        }
    }
}

pub(crate) const VERIFYING_PART: &str = "verify";

pub(crate) fn signing_part(signer: &Sha256, algorithm: &str) -> String {
    format!("sign.{signer}.{algorithm}")
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::T => "T",
            Self::Lt => "LT",
            Self::Lta => "LTA",
        }
    }
}

impl Sha256 {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(DigestAlgorithm::Sha256.digest(bytes).to_string())
    }

    pub(crate) fn of_certificate(certificate: &Certificate) -> Self {
        Self::of(certificate.der())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hexadecimal = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(hexadecimal) {
            return Ok(Self(text));
        }
        Err(format!("{text:?} is no SHA-256 in lower-case hexadecimal"))
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
