//! The extensions of a certificate that paths and reports ask for (RFC 5280 §4.2).

use std::collections::HashSet;

use x509_parser::extensions::{
    self as parser, DistributionPointName, ExtendedKeyUsage, ParsedExtension, X509Extension,
};
use x509_parser::prelude::X509Certificate;

use super::general_name::{GeneralName, NameConstraints};
use super::policies::PolicyExtensions;
use crate::error::Result;

/// What a certificate's extensions say.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) key_usage: Option<KeyUsage>,
    /// Of services only, by the extended key usage.
    pub(super) only_for_services: bool,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
    /// Identifiers of the extensions that must be understood.
    pub(super) binding: Vec<String>,
    /// Nothing where there is no such extension.
    pub(super) alternative_names: Option<Vec<GeneralName>>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policies: PolicyExtensions,
    /// Purposes by their identifiers; nothing where the key may serve any.
    pub(super) extended_key_usage: Option<Vec<String>>,
    pub(super) crl_urls: Vec<String>,
    pub(super) ocsp_urls: Vec<String>,
    pub(super) issuer_urls: Vec<String>,
    pub(super) fault: Option<String>,
}

/// The key usages that matter to documents and paths (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct KeyUsage {
    pub(crate) digital_signature: bool,
    /// `nonRepudiation`, which newer texts call `contentCommitment`.
    pub(crate) content_commitment: bool,
    pub(crate) key_cert_sign: bool,
    pub(crate) crl_sign: bool,
}

/// RFC 5280 §4.2.1.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    /// How many certificates that are not self-issued may stand between it and the last.
    pub(crate) path_length: Option<u32>,
}

const ALTERNATIVE_NAME: &str = "2.5.29.17";
const NAME_CONSTRAINTS: &str = "2.5.29.30";

/// RFC 5280 asks every CA to mark these critical and every validator to process
/// them; one that is not marked binds all the same.
const ALWAYS_BINDING: [&str; 2] = ["2.5.29.30", "2.5.29.36"];

impl Extensions {
    pub(super) fn read(certificate: &X509Certificate<'_>) -> Self {
        let mut read = Self::default();
        // Parameters and all (RFC 5280 §4.1.1.2): nobody signs the outer ones, by which
        // the check of the signature goes.
        if certificate.tbs_certificate.signature != certificate.signature_algorithm {
            read.fault = Some("its two signature algorithms differ".into());
        }
        let mut seen = HashSet::new();
        for extension in certificate.extensions() {
            let oid = extension.oid.to_id_string();
            if extension.critical || ALWAYS_BINDING.contains(&oid.as_str()) {
                read.binding.push(oid.clone());
            }
            if seen.insert(oid.clone()) {
                read.take(extension, &oid);
            } else {
                // RFC 5280 §4.2: which of the two would count?
                read.fault = Some(format!("the extension {oid} is twice there"));
            }
        }
        if read.fault.is_some() {
            read.key_usage = Some(KeyUsage::default());
        }
        read
    }

    /// Reads what constrains paths; whether it was that.
    fn take_binding(&mut self, extension: &X509Extension<'_>, oid: &str) -> Result<bool> {
        let (value, critical) = (extension.value, extension.critical);
        match oid {
            ALTERNATIVE_NAME => self.alternative_names = Some(GeneralName::read_all(value)?),
            NAME_CONSTRAINTS => {
                self.name_constraints = Some(NameConstraints::read(value, critical)?);
            }
            _ => return self.policies.take(oid, value, critical),
        }
        Ok(true)
    }

    fn take(&mut self, extension: &X509Extension<'_>, oid: &str) {
        match self.take_binding(extension, oid) {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                self.fault = Some(format!("the extension {oid} is broken: {error}"));
                return;
            }
        }
        match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    digital_signature: usage.digital_signature(),
                    content_commitment: usage.non_repudiation(),
                    key_cert_sign: usage.key_cert_sign(),
                    crl_sign: usage.crl_sign(),
                });
            }
            // RFC 3161 §2.3, RFC 6960 §4.2.2.2: these sign what anybody sends them.
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let documents = usage.any
                    || usage.server_auth
                    || usage.client_auth
                    || usage.code_signing
                    || usage.email_protection
                    || !usage.other.is_empty();
                self.extended_key_usage = Some(purposes(usage));
                self.only_for_services = !documents && (usage.time_stamping || usage.ocsp_signing);
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.basic_constraints = Some(BasicConstraints {
                    ca: constraints.ca,
                    path_length: constraints.path_len_constraint,
                });
            }
            ParsedExtension::SubjectKeyIdentifier(id) => {
                self.subject_key_identifier = Some(id.0.to_vec())
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_identifier = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point
                    {
                        self.crl_urls.extend(names.iter().filter_map(url));
                    }
                }
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for description in &access.accessdescs {
                    let urls = match description.access_method.to_id_string().as_str() {
                        OCSP => &mut self.ocsp_urls,
                        CA_ISSUERS => &mut self.issuer_urls,
                        _ => continue,
                    };
                    urls.extend(url(&description.access_location));
                }
            }
            ParsedExtension::ParseError { .. } => {
                self.fault = Some(format!("the extension {oid} is broken"));
            }
            _ => {}
        }
    }
}

/// RFC 5280 §4.2.1.12.
fn purposes(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "2.5.29.37.0"),
        (usage.server_auth, "1.3.6.1.5.5.7.3.1"),
        (usage.client_auth, "1.3.6.1.5.5.7.3.2"),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let named = known.iter().filter(|(there, _)| *there).map(|(_, oid)| (*oid).to_owned());
    named.chain(usage.other.iter().map(|oid| oid.to_id_string())).collect()
}

const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

fn url(name: &parser::GeneralName<'_>) -> Option<String> {
    match name {
        parser::GeneralName::URI(url) => Some((*url).to_owned()),
        _ => None,
    }
}
