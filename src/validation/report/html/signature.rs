//! One signature on the page.

use super::{Page, class};
use crate::time::UtcTime;
use crate::validation::certificate::{CertificateRevocation, CertificateStatus};
use crate::validation::check::{Check, CheckId, Outcome};
use crate::validation::report::particulars::Chain;
use crate::validation::report::{EvidenceRecordReport, SignatureReport, TimeStampReport};
use crate::validation::text::{claimed, covers, mark, of_record, sentence};

impl Page {
    pub(super) fn signature(&mut self, signature: &SignatureReport) {
        let id = signature.id();
        self.markup("<section>\n");
        self.both("h2", &format!("Chữ ký “{id}”"), &format!("Signature “{id}”"));
        let (vi, en) = sentence(signature.conclusion());
        self.verdict(
            class(signature.conclusion()),
            vi,
            &format!("{en} ({})", signature.conclusion()),
        );
        self.why(signature);
        self.markup("<table>\n");
        self.who(signature);
        self.when(signature);
        self.chain(&signature.particulars.chain);
        self.what(signature);
        self.markup("</table>\n");
        self.technical(signature);
        self.markup("</section>\n");
    }

    /// What keeps it from passing, and what a clerk should know although it passes.
    fn why(&mut self, signature: &SignatureReport) {
        let missing = signature.missing_vi().iter().zip(signature.missing());
        for (vi, en) in missing {
            self.both("p", &format!("Còn thiếu: {vi}"), &format!("Missing: {en}"));
        }
        let telling = |it: &&Check| {
            matches!(it.outcome, Outcome::Failed | Outcome::NotChecked | Outcome::Warning)
        };
        let checks: Vec<_> = signature.checks().iter().filter(telling).collect();
        self.checks(&checks);
    }

    fn who(&mut self, signature: &SignatureReport) {
        let signer = signature.signer_name().or(signature.signer());
        self.optional("Người ký", "Signer", signer);
        self.optional("Cơ quan", "Agency", signature.agency());
        self.optional("Miền tin cậy", "Trust domain", signature.trust_domain());
        for (vi, en, said) in claimed(signature.claims()) {
            self.row(vi, en, &said);
        }
    }

    fn when(&mut self, signature: &SignatureReport) {
        self.time(
            "Được chứng minh đã ký trước",
            "Proven to exist by",
            signature.best_signature_time(),
        );
        for stamp in signature.timestamps() {
            self.time_stamp(stamp);
        }
        for record in signature.evidence_records() {
            let time = record.time.map_or_else(|| "?".to_owned(), UtcTime::vietnam);
            let text = format!("{time} ({})", record.conclusion);
            self.row("Bản ghi bằng chứng từ", "Evidence record since", &text);
        }
        self.time(
            "Thời gian ký do người ký khai báo",
            "Time claimed by the signer",
            signature.claimed_time(),
        );
    }

    /// One over the document, which no signature stands beside.
    pub(super) fn evidence_record(&mut self, record: &EvidenceRecordReport) {
        self.markup("<section>\n");
        self.both("h2", "Bản ghi bằng chứng", "Evidence record");
        let (vi, en) = of_record(record.conclusion);
        let en = format!("{en} ({})", record.conclusion);
        self.verdict(class(record.conclusion), vi, &en);
        for (vi, en) in record.missing_vi.iter().zip(&record.missing) {
            self.both("p", &format!("Còn thiếu: {vi}"), &format!("Missing: {en}"));
        }
        self.markup("<table>\n");
        self.optional("Tệp", "File", record.entry.as_deref());
        for reference in &record.references {
            let (vi, en) = match (reference.found, reference.intact) {
                (true, Some(true)) => ("được bao trùm", "covered"),
                (true, Some(false)) => ("không được bao trùm", "not covered"),
                (_, _) => ("không có để kiểm tra", "not at hand"),
            };
            let name = &reference.name;
            self.row_both(("Dữ liệu", "Data"), (&format!("{name}: {vi}"), en));
        }
        for stamp in &record.timestamps {
            self.time_stamp(stamp);
        }
        self.markup("</table>\n");
        self.checks(&record.checks.iter().collect::<Vec<_>>());
        self.markup("</section>\n");
    }

    fn time_stamp(&mut self, stamp: &TimeStampReport) {
        let time = stamp.time.map_or_else(|| "?".to_owned(), UtcTime::vietnam);
        let text = format!("{time} ({})", stamp.conclusion);
        self.row("Dấu thời gian", "Time-stamp", &text);
    }

    /// From the signer to the anchor, and what is known of each.
    fn chain(&mut self, chain: &Chain) {
        for certificate in &chain.certificates {
            let known = chain.known.iter().find(|(it, _)| it == certificate).map(|it| &it.1);
            let (subject, (vi, en)) = (certificate.subject(), status(known));
            let (from, to) = (day(certificate.not_before()), day(certificate.not_after()));
            self.row_both(
                ("Chứng thư số", "Certificate"),
                (
                    &format!("{subject}. Hiệu lực từ {from} đến {to}; {vi}."),
                    &format!("Valid from {from} to {to}; {en}."),
                ),
            );
        }
        let anchor = chain.anchor.as_ref().map(|it| it.name());
        self.optional("Gốc tin cậy", "Trust anchor", anchor.as_deref());
    }

    /// What it covers, and what came after it.
    fn what(&mut self, signature: &SignatureReport) {
        if let Some(pdf) = signature.pdf() {
            self.optional("Lý do ký", "Reason", pdf.reason.as_deref());
            self.optional("Địa điểm ký", "Location", pdf.location.as_deref());
            let shown = pdf.shown.as_deref().map(|it| it.replace('\n', " · "));
            self.optional("Chữ ký hiển thị", "Shown on the page", shown.as_deref());
            self.optional("Trang", "Page", pdf.page.map(|it| it.to_string()).as_deref());
        }
        if let Some((vi, en)) = covers(signature) {
            self.row_both(("Phạm vi ký", "Covers"), (&vi, &en));
        }
        let later = [
            CheckId::LaterChanges,
            CheckId::FormFilling,
            CheckId::FormRefilling,
            CheckId::CoveredText,
            CheckId::Annotations,
            CheckId::ClerkAddition,
            CheckId::PermittedChanges,
        ];
        for check in signature.checks().iter().filter(|it| later.contains(&it.id)) {
            self.row_both(
                ("Thay đổi sau khi ký", "Later changes"),
                (&check.message_vi, &check.message_en),
            );
        }
    }

    /// For whoever has to understand the verdict; a clerk need not.
    fn technical(&mut self, signature: &SignatureReport) {
        self.markup("<details><summary>");
        self.text("Chi tiết kỹ thuật / Technical details");
        self.markup("</summary>\n<table>\n");
        self.row(
            "Dạng và mức",
            "Form and level",
            &format!("{} {}", signature.form(), signature.level()),
        );
        self.optional(
            "Thuật toán ký",
            "Signature algorithm",
            signature.signature_algorithm.as_deref(),
        );
        self.optional("Hàm băm", "Digest algorithm", signature.digest_algorithm.as_deref());
        self.optional("Tên trong chứng thư số", "Name in the certificate", signature.signer());
        self.optional("Cơ quan cấp chứng thư số", "Issuer", signature.issuer());
        self.optional("Số sê-ri", "Serial number", signature.serial());
        self.markup("</table>\n");
        self.checks(&signature.checks().iter().collect::<Vec<_>>());
        self.markup("</details>\n");
    }

    fn checks(&mut self, checks: &[&Check]) {
        if checks.is_empty() {
            return;
        }
        self.markup("<table>\n");
        for check in checks {
            self.markup(match check.outcome {
                Outcome::Failed | Outcome::NotChecked => "<tr class=\"bad\"><td class=\"mark\">",
                Outcome::Ok | Outcome::Information | Outcome::Warning => "<tr><td class=\"mark\">",
            });
            self.text(mark(check.outcome));
            self.markup("</td>");
            self.both("td", &check.message_vi, &check.message_en);
            self.markup("<td class=\"clause\">");
            self.text(check.clause);
            self.markup("</td></tr>\n");
        }
        self.markup("</table>\n");
    }
}

/// In Vietnam.
fn day(at: UtcTime) -> String {
    at.vietnam().chars().take_while(|it| *it != 'T').collect()
}

/// What is known of a certificate's revocation; nothing was asked about an anchor.
fn status(known: Option<&CertificateRevocation>) -> (String, &'static str) {
    let Some(known) = known else {
        return ("chưa kiểm tra thu hồi".into(), "revocation was not checked");
    };
    match known.status {
        CertificateStatus::Good => {
            let of = known.this_update.map(UtcTime::vietnam).unwrap_or_default();
            (format!("chưa bị thu hồi (theo dữ liệu lúc {of})"), "not revoked")
        }
        CertificateStatus::Revoked => {
            let at = known.revoked_at.map(UtcTime::vietnam).unwrap_or_default();
            (format!("đã bị thu hồi lúc {at}"), "revoked")
        }
        CertificateStatus::Unknown => {
            ("không rõ tình trạng thu hồi".into(), "revocation status unknown")
        }
    }
}
