//! Foreign suites of certification paths: NIST's PKITS, x509-limbo, BoringSSL's, Botan's
//! and OpenSSL's. Each divergence stands in `tests/divergences/<suite>.json` with its
//! reason; one that has gone fails, too.
//!
//! Revocation is asked where a suite hands in lists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use kyso::{
    Acceptable, AlgorithmConstraints, Certificate, CertificateConclusion, CertificateReport, Crl,
    Limits, PathRequirements, Policy, Revocation, TrustAnchor, TrustStore, UtcTime, Validator,
};
use serde_json::Value;
use support::samples::corpus;

/// One case of a suite, in our words.
struct Case {
    id: String,
    end_entity: kyso::Result<Certificate>,
    trust: TrustStore,
    candidates: Vec<Certificate>,
    at: UtcTime,
    requirements: PathRequirements,
    /// The least bits of an RSA key; nothing where all algorithms will do.
    strength: Option<usize>,
    valid: bool,
    policies: Option<BTreeSet<String>>,
    /// Nothing where the suite does not ask for revocation.
    crls: Option<Vec<Crl>>,
}

impl Case {
    fn new(id: &str, at: &str, valid: bool) -> Self {
        Self {
            id: id.to_owned(),
            end_entity: Err(kyso::Error::new(kyso::ErrorKind::Misuse, "not set")),
            trust: TrustStore::new(),
            candidates: Vec::new(),
            at: at.parse().unwrap(),
            requirements: PathRequirements::default(),
            strength: Some(2048),
            valid,
            policies: None,
            crls: None,
        }
    }

    fn check(&self) -> Result<CertificateReport, String> {
        let end_entity = self.end_entity.as_ref().map_err(ToString::to_string)?;
        let mut policy = Policy::pilot();
        match self.strength {
            Some(bits) => policy.algorithms.rsa = [(bits, Acceptable::Always)].into(),
            None => policy.algorithms = AlgorithmConstraints::none(),
        }
        if self.crls.is_some() {
            policy.revocation = Revocation::Required;
        }
        Validator::new(self.trust.clone(), policy, self.at)
            .with_crls(self.crls.iter().flatten().cloned())
            .with_certificates(self.candidates.clone())
            .with_requirements(self.requirements.clone())
            .check_certificate(end_entity)
            .map_err(|error| error.to_string())
    }

    /// What differs from the suite's word, if anything does.
    fn divergence(&self) -> Option<String> {
        let report = match self.check() {
            Ok(report) => report,
            Err(error) => return self.valid.then(|| format!("refused: {error}")),
        };
        let valid = report.conclusion == Some(CertificateConclusion::Valid);
        if valid != self.valid {
            return Some(format!("valid is {valid}: {}", report.reason.unwrap_or_default()));
        }
        let policies = report.policies.into_iter().collect();
        match &self.policies {
            Some(expected) if valid && *expected != policies => {
                Some(format!("policies are {policies:?}, not {expected:?}"))
            }
            _ => None,
        }
    }
}

/// Runs the cases against the list of divergences. `skipped` says by which rules, and how many.
#[track_caller]
fn assert_suite(name: &str, cases: &[Case], skipped: &BTreeMap<&str, usize>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/divergences/{name}.json"));
    let listed: BTreeMap<String, String> =
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let found: BTreeMap<_, _> =
        cases.iter().filter_map(|case| Some((case.id.clone(), case.divergence()?))).collect();
    println!(
        "{name}: {} of {} agree, {} listed divergences, skipped {skipped:?}",
        cases.len() - found.len(),
        cases.len(),
        listed.len()
    );
    let mut wrong = Vec::new();
    wrong.extend(
        found
            .iter()
            .filter(|(id, _)| !listed.contains_key(*id))
            .map(|(id, what)| format!("{id}: {what}")),
    );
    wrong.extend(
        listed.keys().filter(|id| !found.contains_key(*id)).map(|id| format!("{id}: agrees now")),
    );
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Those that can be read: a candidate that cannot is none.
fn read(bytes: &[u8]) -> Vec<Certificate> {
    Certificate::all_from(bytes, &Limits::default()).unwrap_or_default()
}

/// PEM blocks, each by itself, so that one that is broken does not hide the others.
fn blocks(pem: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks = pem.split_inclusive(END).filter(|it| it.contains(END));
    blocks.map(|it| it[it.find("-----BEGIN").unwrap()..].to_owned()).collect()
}

fn crls(bytes: &[u8]) -> Vec<Crl> {
    Crl::all_from(bytes, &Limits::default()).unwrap()
}

fn one(bytes: &[u8]) -> kyso::Result<Certificate> {
    let all = Certificate::all_from(bytes, &Limits::default())?;
    Ok(all.into_iter().next().unwrap())
}

#[test]
fn pkits() {
    let Some(folder) = corpus("pkits") else { return };
    let mut cases = Vec::new();
    for record in json(&folder.join("cases.json")).as_array().unwrap() {
        let valid = record["expect"] == "valid";
        let file = |name: &str| fs::read(folder.join("certs").join(name)).unwrap();
        let mut case = Case::new(text(&record["id"]), text(&record["validation_time"]), valid);
        let chain: Vec<_> = strings(&record["certs_root_to_leaf"]).collect();
        case.trust = read(&file(chain[0])).into_iter().collect();
        case.end_entity = one(&file(chain[chain.len() - 1]));
        let between = chain[1..chain.len() - 1].iter().copied();
        for name in between.chain(strings(&record["extra_certs"])) {
            case.candidates.extend(read(&file(name)));
        }
        let lists = strings(&record["crls"]).map(|it| fs::read(folder.join("crls").join(it)));
        let lists = lists.filter_map(|it| Crl::from_der(it.unwrap(), &Limits::default()).ok());
        case.crls = (record["check_revocation"] == true).then(|| lists.collect());
        let requirements = &mut case.requirements;
        requirements.initial_policies =
            strings(&record["initial_policy_set"]).map(str::to_owned).collect();
        requirements.require_explicit_policy = record["initial_explicit_policy"] == true;
        requirements.inhibit_policy_mapping = record["initial_policy_mapping_inhibit"] == true;
        requirements.inhibit_any_policy = record["initial_inhibit_any_policy"] == true;
        let expected = strings(&record["expected_user_constrained_policy_set"]);
        case.policies = Some(expected.map(str::to_owned).collect());
        cases.push(case);
    }
    assert_suite("pkits", &cases, &BTreeMap::new());
}

#[test]
fn x509_limbo() {
    let Some(folder) = corpus("x509-limbo") else { return };
    let mut cases = Vec::new();
    let mut skipped = BTreeMap::new();
    for record in json(&folder.join("limbo-dev.json"))["testcases"].as_array().unwrap() {
        let applies = text(&record["x_applies"]);
        let valid = record["expected_result"] == "SUCCESS";
        let rule = match applies {
            "core" => None,
            "strict-profile" => Some("profile of what authorities issue"),
            _ => Some("TLS and web profile"),
        };
        if let Some(rule) = rule {
            *skipped.entry(rule).or_insert(0) += 1;
            continue;
        }
        // Where a case names no time it is the day it was made.
        let at = record["validation_time"].as_str().unwrap_or("2026-11-22T00:00:00Z");
        let mut case = Case::new(text(&record["id"]), at, valid);
        for pem in strings(&record["trusted_certs"]) {
            case.trust.merge(read(pem.as_bytes()).into_iter().collect());
        }
        for pem in strings(&record["untrusted_intermediates"]) {
            case.candidates.extend(read(pem.as_bytes()));
        }
        case.end_entity = one(text(&record["peer_certificate"]).as_bytes());
        case.requirements.max_depth =
            record["max_chain_depth"].as_u64().map(|it| usize::try_from(it).unwrap());
        let lists = strings(&record["crls"]);
        let lists: Vec<_> = lists.flat_map(|it| crls(it.as_bytes())).collect();
        case.crls = (!lists.is_empty()).then_some(lists);
        let usage = strings(&record["extended_key_usage"]).next().map(purpose);
        case.requirements.extended_key_usage = usage.map(str::to_owned);
        cases.push(case);
    }
    assert_suite("x509-limbo", &cases, &skipped);
}

fn purpose(name: &str) -> &'static str {
    match name {
        "serverAuth" | "sslserver" | "SERVER_AUTH" => "1.3.6.1.5.5.7.3.1",
        "clientAuth" | "sslclient" | "CLIENT_AUTH" => "1.3.6.1.5.5.7.3.2",
        other => panic!("{other}"),
    }
}

#[test]
fn boringssl() {
    let Some(folder) = corpus("boringssl-pki") else { return };
    let mut cases = Vec::new();
    let mut skipped = BTreeMap::new();
    for record in json(&folder.join("chain-cases.json")).as_array().unwrap() {
        let trust = text(&record["last_cert_trust"]);
        let usage = match text(&record["key_purpose"]) {
            "ANY_EKU" => None,
            it @ ("SERVER_AUTH" | "CLIENT_AUTH") => Some(purpose(it)),
            _ => {
                *skipped.entry("purposes of TLS and C2PA").or_insert(0) += 1;
                continue;
            }
        };
        if trust.ends_with("REQUIRE_SELF_SIGNED") {
            *skipped.entry("kinds of trust that there are not here").or_insert(0) += 1;
            continue;
        }
        let at = match text(&record["utc_time"]) {
            "DEFAULT" => "2021-10-05T12:00:00Z".to_owned(),
            it => {
                let part = |at: usize| &it[at..at + 2];
                let [y, m, d, h, n] = [0, 2, 4, 6, 8].map(part);
                format!("20{y}-{m}-{d}T{h}:{n}:00Z")
            }
        };
        let mut case = Case::new(text(&record["id"]), &at, record["expect"] == "valid");
        let pem = fs::read_to_string(folder.join("chain").join(text(&record["chain"]))).unwrap();
        let chain = blocks(&pem);
        case.end_entity = one(chain[0].as_bytes());
        let constrained = trust.starts_with("TRUSTED_ANCHOR_WITH_CONSTRAINTS");
        let last = read(chain[chain.len() - 1].as_bytes()).into_iter();
        // What is distrusted is not handed in as trusted.
        for anchor in last.filter(|_| trust != "DISTRUSTED") {
            let anchor = TrustAnchor::from_certificate(anchor);
            case.trust.add(if constrained {
                anchor.with_constraints_of_certificate()
            } else {
                anchor
            });
        }
        case.candidates = chain[1..]
            .iter()
            .take(chain.len().saturating_sub(2))
            .flat_map(|it| read(it.as_bytes()))
            .collect();
        case.requirements.extended_key_usage = usage.map(str::to_owned);
        cases.push(case);
    }
    assert_suite("boringssl-pki", &cases, &skipped);
}

#[test]
fn botan() {
    let Some(folder) = corpus("botan-x509") else { return };
    let mut cases = Vec::new();
    let mut skipped = BTreeMap::new();
    for (suite, at) in
        [("x509test", "2016-10-21T04:20:00Z"), ("name_constraints", "2027-01-01T00:00:00Z")]
    {
        let folder = folder.join(suite);
        let root = fs::read(folder.join("root.pem")).unwrap();
        for (name, valid) in botan_expectations(&folder) {
            let words = name.to_lowercase();
            let host = ["wildcard", "invalidname.", "altname"].iter().any(|it| words.contains(it));
            if suite == "x509test" && host {
                *skipped.entry("turns on a host's name").or_insert(0) += 1;
                continue;
            }
            let mut case = Case::new(&format!("{suite}/{name}"), at, valid);
            case.trust = read(&root).into_iter().collect();
            // The suite's are servers' certificates, some by keys that are small today.
            case.strength = (suite != "x509test").then_some(2048);
            case.requirements.extended_key_usage = Some(purpose("serverAuth").into());
            let name = if suite == "x509test" { name } else { format!("{name}.pem") };
            let chain = blocks(&fs::read_to_string(folder.join(name)).unwrap());
            case.end_entity = one(chain[0].as_bytes());
            case.candidates = chain[1..].iter().flat_map(|it| read(it.as_bytes())).collect();
            cases.push(case);
        }
    }
    let folder = folder.join("pss_certs");
    let years: BTreeMap<String, String> = lines(&folder.join("validation_times.txt")).collect();
    for (name, valid) in botan_expectations(&folder) {
        let end = folder.join(&name).join("end.crt");
        let files = fs::read_dir(folder.join(&name)).unwrap().map(|it| it.unwrap().path());
        let crl = files.filter(|it| it.extension().is_some_and(|it| it == "crl")).count() > 0;
        let root = fs::read(folder.join(&name).join("root.crt"));
        let (Ok(end), Ok(root), false) = (fs::read(end), root, crl) else {
            *skipped.entry("a request, a CRL, or a certificate without its root").or_insert(0) += 1;
            continue;
        };
        let at = format!("{}-01-01T00:00:00Z", years[&name].trim());
        let mut case = Case::new(&format!("pss_certs/{name}"), &at, valid);
        case.end_entity = one(&end);
        case.strength = None;
        case.trust = read(&root).into_iter().collect();
        cases.push(case);
    }
    assert_suite("botan-x509", &cases, &skipped);
}

fn lines(file: &Path) -> impl Iterator<Item = (String, String)> + use<> {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())))
        .collect();
    lines.into_iter()
}

fn botan_expectations(folder: &Path) -> impl Iterator<Item = (String, bool)> + use<> {
    lines(&folder.join("expected.txt")).map(|(name, result)| {
        let valid = ["Verified", "OK", "Warning"].iter().any(|it| result.starts_with(it));
        (name, valid)
    })
}

#[test]
fn openssl() {
    let Some(folder) = corpus("openssl-verify") else { return };
    let mut cases = Vec::new();
    let mut skipped = BTreeMap::new();
    for record in json(&folder.join("cases.json")).as_array().unwrap() {
        let options: Vec<_> = strings(&record["options"]).collect();
        let title = text(&record["id"]);
        // Every anchor may end a path here, as with `-partial_chain`.
        let other = ["-allow_proxy_certs", "-x509_strict"].iter().any(|it| options.contains(it));
        let rule = match text(&record["applies"]) {
            "general" if other => Some("options of OpenSSL's own"),
            "general" => None,
            _ => Some("OpenSSL's trusted certificates"),
        };
        if let Some(rule) = rule {
            *skipped.entry(rule).or_insert(0) += 1;
            continue;
        }
        let after = |name: &str| {
            let at = options.iter().position(|it| *it == name)?;
            Some(options[at + 1])
        };
        let mut case = Case::new(title, "2026-11-22T00:00:00Z", record["expect"] == "valid");
        let file = |name: &str| fs::read(folder.join("certs").join(name)).unwrap();
        case.end_entity = one(&file(text(&record["cert"])));
        for name in strings(&record["trusted"]) {
            case.trust.merge(read(&file(name)).into_iter().collect());
        }
        for name in strings(&record["untrusted"]) {
            case.candidates.extend(read(&file(name)));
        }
        case.strength = match after("-auth_level") {
            Some("0") => None,
            Some("3") => Some(3072),
            Some("2") => Some(2048),
            _ => Some(1024),
        };
        if let Some(seconds) = after("-attime") {
            case.at = UtcTime::from_unix(seconds.parse().unwrap()).unwrap();
        }
        let requirements = &mut case.requirements;
        requirements.max_depth = after("-verify_depth").map(|it| it.parse().unwrap());
        requirements.initial_policies.extend(after("-policy").map(str::to_owned));
        requirements.require_explicit_policy = options.contains(&"-explicit_policy");
        let usage = text(&record["purpose"]);
        requirements.extended_key_usage = (!usage.is_empty()).then(|| purpose(usage).to_owned());
        cases.push(case);
    }
    assert_suite("openssl-verify", &cases, &skipped);
}
