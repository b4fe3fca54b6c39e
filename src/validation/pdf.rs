//! PDFs with signatures in them.

use super::collect;
use super::report::{DocumentFormat, Report};
use super::validator::Validator;
use crate::error::Result;
use crate::signature::pades;
use crate::source::Source;

impl Validator {
    pub(super) fn validate_pdf(&self, document: &dyn Source) -> Result<Report> {
        let pdf = pades::parse_with(document, &self.limits, &self.password)?;
        let facts =
            collect::collect_pdf(document, &pdf, &self.certificates, self.memory(), &self.limits)?;
        let mut report = self.report(DocumentFormat::Pdf, &facts)?;
        if let Some(locked) = &pdf.locked {
            let why = match locked {
                pades::Locked::Password => "thiếu mật khẩu hoặc mật khẩu không đúng",
                pades::Locked::Unsupported(_) => "cách mã hóa chưa được hỗ trợ",
            };
            report = report.with_diagnostic(
                "PDF_ENCRYPTED",
                format!("Tệp PDF được mã hóa, lý do, địa điểm ký và các ghi chú khác không đọc được: {why}."),
                format!("The PDF is encrypted, and reason, location and other remarks cannot be read: {locked}."),
            );
        }
        for gone in &pdf.withdrawn {
            let (field, revision) = (&gone.field, gone.revision);
            report = report.with_diagnostic(
                "SIGNATURE_WITHDRAWN",
                format!("Chữ ký ở trường “{field}” có trong phiên bản {revision} của tệp nhưng sau đó đã bị gỡ bỏ; báo cáo này không nói gì về chữ ký đó."),
                format!("A signature in the field “{field}” that revision {revision} of the file had was taken away later; nothing is said of it here."),
            );
        }
        for defect in &pdf.defects {
            let (vi, what) = match defect {
                pades::FileDefect::Recovered(what) => (
                    "bảng tra cứu các đối tượng bị hỏng, nội dung được dò lại từ toàn bộ tệp",
                    what,
                ),
                pades::FileDefect::Irregular(what) => {
                    ("một phần không đúng chuẩn, các phần mềm có thể đọc khác nhau", what)
                }
            };
            report = report.with_diagnostic(
                "PDF_STRUCTURE",
                format!("Cấu trúc tệp PDF có lỗi: {vi}."),
                format!("The PDF's structure is flawed: {what}."),
            );
        }
        Ok(report)
    }
}
