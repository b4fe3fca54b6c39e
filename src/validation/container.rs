//! Signatures in a container (EN 319 162-1).

mod pdf_besides;

use self::pdf_besides::is_no_pdf_outside;
use super::collect::{self, CollectedContainer};
use super::report::{DocumentFormat, Report};
use super::validator::Validator;
use crate::error::Result;
use crate::signature::asic::{Container, ContainerType, Irregularity};
use crate::source::Source;

impl Validator {
    /// What two readers could read in two ways is no container here.
    pub(super) fn validate_container(&self, document: &dyn Source) -> Result<Report> {
        let container = Container::open(document, &self.limits)?;
        let collected = collect::collect_container(&container, self.beside_token())?;
        is_no_pdf_outside(document, &container, &collected.answered)?;
        let format = match container.container_type() {
            ContainerType::Simple => DocumentFormat::AsicS,
            ContainerType::Extended => DocumentFormat::AsicE,
        };
        let mut report = self.report(format, &collected.facts)?;
        for it in container.irregularities() {
            report = irregular(report, &it);
        }
        Ok(of_files(report, &collected).with_uncovered(collected.uncovered))
    }
}

/// What time-stamps, signatures and records leave open of the files.
fn of_files(mut report: Report, collected: &CollectedContainer) -> Report {
    let CollectedContainer { uncovered, in_part, recorded, stale, .. } = collected;
    for it in stale {
        let (stamp, entry) = (&it.time_stamp, &it.entry);
        report = report.with_diagnostic(
            "STALE_TIMESTAMP",
            format!("Dấu thời gian “{stamp}” không chứng minh được gì về “{entry}”: tệp đã thay đổi hoặc không có trong gói."),
            format!("The time-stamp “{stamp}” proves nothing of “{entry}”, which was changed or is not in the container."),
        );
    }
    if !uncovered.is_empty() {
        let all = quoted(uncovered);
        report = report.with_diagnostic(
            "UNCOVERED_ENTRIES",
            format!("CHÚ Ý: không có chữ ký nào bảo đảm cho các tệp sau trong gói: {all}."),
            format!("NOTE: no signature covers these files of the container: {all}."),
        );
    }
    if !in_part.is_empty() {
        let all = quoted(in_part);
        report = report.with_diagnostic(
            "PARTLY_COVERED_ENTRIES",
            format!("Chữ ký chỉ bảo đảm cho một phần nội dung của các tệp sau, phần còn lại ai cũng có thể sửa: {all}."),
            format!("Signatures are over a part of these files only, and anybody may have written the rest: {all}."),
        );
    }
    if !recorded.is_empty() {
        let all = quoted(recorded);
        report = report.with_diagnostic(
            "EVIDENCE_RECORD",
            format!("Với các tệp sau chỉ có bản ghi bằng chứng, tức là chỉ có thể biết tệp có từ lúc nào, không biết ai chịu trách nhiệm: {all}."),
            format!("An evidence record alone is over these files, which may say since when they exist, and not who answers for them: {all}."),
        );
    }
    report
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|it| format!("“{it}”")).collect::<Vec<_>>().join(", ")
}

fn irregular(report: Report, what: &Irregularity) -> Report {
    let code = "CONTAINER_STRUCTURE";
    match what {
        Irregularity::MimeTypeMissing => report.with_diagnostic(
            code,
            "Gói không có tệp “mimetype” cho biết loại gói.",
            "The container has no entry “mimetype” that says of what kind it is.",
        ),
        Irregularity::MimeTypeUnknown(said) => report.with_diagnostic(
            code,
            format!("Tệp “mimetype” ghi “{said}”, không phải một loại gói chữ ký."),
            format!("The entry “mimetype” says “{said}”, which is no container of signatures."),
        ),
        Irregularity::MimeTypeMisplaced => report.with_diagnostic(
            code,
            "Tệp “mimetype” không đứng đầu gói ở dạng không nén như tiêu chuẩn yêu cầu.",
            "The entry “mimetype” is not first and stored, as the standard asks.",
        ),
        Irregularity::SeveralFiles(count) => report.with_diagnostic(
            code,
            format!("Gói ASiC-S phải có đúng một tệp, nhưng có {count} tệp."),
            format!("An ASiC-S has exactly one file; this one has {count}."),
        ),
        // It is said of each signature, where it weighs.
        Irregularity::SeveralSignatureFiles(_) => report,
        Irregularity::ManifestUnreadable(entry, why) => report.with_diagnostic(
            code,
            format!("Không đọc được danh mục “{entry}” trong gói."),
            format!("The manifest “{entry}” cannot be read: {why}."),
        ),
    }
}
