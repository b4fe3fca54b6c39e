//! A report as a clerk reads it: Vietnamese first, English beneath.

use std::fmt;

use super::check::Outcome;
use super::conclusion::{Conclusion, Failed, Indeterminate};
use super::facts::Claims;
use super::report::{Coverage, EvidenceRecordReport, Failure, Report, SignatureReport};
pub(super) use crate::encoding::printable;
use crate::error::ErrorKind;
use crate::time::UtcTime;

/// What is the matter with something that could not be read. The reason itself is technical
/// and in English, and stands in the English sentence alone.
pub(crate) fn trouble(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Malformed => "bị hỏng hoặc không đúng định dạng",
        ErrorKind::Unsupported => "dùng định dạng hoặc tính năng chưa được hỗ trợ",
        ErrorKind::LimitExceeded => "vượt quá giới hạn xử lý đã đặt",
        ErrorKind::Misuse => "được phần mềm gọi kiểm tra không đúng cách",
        ErrorKind::Signer => "cần khóa ký, nhưng thiết bị hoặc người giữ khóa từ chối",
        ErrorKind::Service => "cần một dịch vụ từ xa bị lỗi hoặc không trả lời",
        ErrorKind::Io => "không đọc được từ nơi lưu trữ",
    }
}

impl Failure {
    /// In Vietnamese and in English.
    pub(super) fn sentence(&self) -> (String, String) {
        (
            format!("Không đọc được tệp: tệp {}.", trouble(self.kind)),
            format!("The file cannot be read: {}.", self.message),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = self.file() {
            writeln!(f, "{}", printable(file))?;
        }
        if let Some((vi, en)) = self.failure().map(Failure::sentence) {
            writeln!(f, "{vi}\n  {}", printable(&en))?;
        } else {
            let (vi, en) = summary(self);
            writeln!(f, "{vi}\n  {en}")?;
        }
        for (vi, en) in self.diagnostics() {
            writeln!(f, "! {}\n  {}", printable(vi), printable(en))?;
        }
        self.evidence_records().iter().try_for_each(|record| record.fmt(f))?;
        self.signatures().iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl fmt::Display for SignatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vi, en) = sentence(self.conclusion());
        writeln!(f, "Chữ ký “{}”: {vi} ({})", printable(self.id()), self.conclusion())?;
        writeln!(f, "  Signature “{}”: {en}", printable(self.id()))?;
        let warnings = self.checks().iter().filter(|it| it.outcome == Outcome::Warning).count();
        if self.conclusion() == Conclusion::TotalPassed && warnings > 0 {
            writeln!(f, "  CHÚ Ý: hợp lệ nhưng có {warnings} cảnh báo, xem các dòng [!].")?;
            writeln!(f, "  NOTE: valid, with {warnings} warning(s): see the lines marked [!].")?;
        }
        writeln!(f, "  Dạng và mức / Form and level: {} {}", self.form(), self.level())?;
        if let Some((vi, en)) = covers(self) {
            writeln!(f, "  Phạm vi ký / Covers: {} / {}", printable(&vi), printable(&en))?;
        }
        if let Some(signer) = self.signer() {
            let name = self.signer_name().unwrap_or(signer);
            writeln!(f, "  Người ký / Signer: {}", printable(name))?;
        }
        if let Some(agency) = self.agency() {
            writeln!(f, "  Cơ quan / Agency: {}", printable(agency))?;
        }
        if let Some(proven) = self.best_signature_time() {
            writeln!(f, "  Chứng minh đã ký trước / Proven to exist by: {}", proven.vietnam())?;
        }
        for (vi, en) in self.missing_vi().iter().zip(self.missing()) {
            writeln!(f, "  ? Còn thiếu: {}\n    Missing: {}", printable(vi), printable(en))?;
        }
        if let Some(claimed) = self.claimed_time() {
            writeln!(f, "  Thời gian ký khai báo / Claimed time: {}", claimed.vietnam())?;
        }
        for (label_vi, label_en, said) in claimed(self.claims()) {
            writeln!(f, "  {label_vi} / {label_en}: {}", printable(&said))?;
        }
        for said in self.pdf().into_iter().flat_map(|it| [&it.reason, &it.location]).flatten() {
            writeln!(f, "  Ghi chú / Remark: {}", printable(said))?;
        }
        for check in self.checks() {
            let mark = mark(check.outcome);
            writeln!(f, "  {mark} {}", printable(&check.message_vi))?;
            writeln!(f, "      {}", printable(&check.message_en))?;
        }
        Ok(())
    }
}

impl fmt::Display for EvidenceRecordReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (vi, en) = of_record(self.conclusion);
        if let Some(entry) = &self.entry {
            writeln!(f, "“{}”:", printable(entry))?;
        }
        writeln!(f, "{vi} ({})\n  {en}", self.conclusion)?;
        if let Some(time) = self.time {
            let from = time.vietnam();
            writeln!(f, "  Dấu thời gian đầu tiên / First time-stamp: {from}")?;
        }
        for reference in &self.references {
            let mark = match (reference.found, reference.intact) {
                (true, Some(true)) => "[+]",
                (true, Some(false)) => "[x]",
                (_, _) => "[?]",
            };
            writeln!(f, "  {mark} {}", printable(&reference.name))?;
        }
        for stamp in &self.timestamps {
            let time = stamp.time.map_or_else(|| "?".to_owned(), UtcTime::vietnam);
            writeln!(f, "  Dấu thời gian / Time-stamp: {time} ({})", stamp.conclusion)?;
        }
        for (vi, en) in self.missing_vi.iter().zip(&self.missing) {
            writeln!(f, "  ? Còn thiếu: {}\n    Missing: {}", printable(vi), printable(en))?;
        }
        for check in &self.checks {
            let mark = mark(check.outcome);
            writeln!(f, "  {mark} {}", printable(&check.message_vi))?;
            writeln!(f, "      {}", printable(&check.message_en))?;
        }
        Ok(())
    }
}

/// What a conclusion on an evidence record means, in a sentence.
pub(super) fn of_record(conclusion: Conclusion) -> (&'static str, &'static str) {
    match conclusion {
        Conclusion::TotalPassed => (
            "Bản ghi bằng chứng hợp lệ: dữ liệu đã tồn tại từ dấu thời gian đầu tiên.",
            "The evidence record is valid: the data existed when it was first time-stamped.",
        ),
        Conclusion::TotalFailed(_) => {
            ("Bản ghi bằng chứng không hợp lệ.", "The evidence record is not valid.")
        }
        Conclusion::Indeterminate(_) => {
            ("Chưa xác định được bản ghi bằng chứng.", "The evidence record is not settled.")
        }
    }
}

pub(super) fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "[+]",
        Outcome::Information => "[i]",
        Outcome::Warning => "[!]",
        Outcome::NotChecked => "[?]",
        Outcome::Failed => "[x]",
    }
}

/// What the whole document comes to, in a sentence: what a clerk reads first.
pub(super) fn summary(report: &Report) -> (String, String) {
    let all = report.signatures().len();
    let passed = report.signatures().iter().filter(|it| it.conclusion() == Conclusion::TotalPassed);
    let passed = passed.count();
    match report.conclusion() {
        None => {
            let (vi, en) = ("Tài liệu không có chữ ký số.", "Nothing is signed.");
            let (of_vi, of_en) = report.evidence_conclusion().map(of_record).unzip();
            (sentences(vi, of_vi), sentences(en, of_en))
        }
        Some(Conclusion::TotalPassed) => (
            format!("Tất cả {all} chữ ký trên tài liệu đều hợp lệ."),
            format!("All {all} signature(s) of the document are valid."),
        ),
        Some(Conclusion::TotalFailed(_)) => (
            format!("Tài liệu có chữ ký không hợp lệ ({passed}/{all} chữ ký hợp lệ)."),
            format!("Some signature is not valid ({passed} of {all} are)."),
        ),
        Some(Conclusion::Indeterminate(_)) => (
            format!("Chưa xác định được mọi chữ ký ({passed}/{all} chữ ký hợp lệ)."),
            format!("Not every signature is settled ({passed} of {all} are valid)."),
        ),
    }
}

fn sentences(one: &str, other: Option<&str>) -> String {
    other.map_or_else(|| one.to_owned(), |other| format!("{one} {other}"))
}

/// What of the file a signature covers; nothing where that does not apply.
pub(super) fn covers(signature: &SignatureReport) -> Option<(String, String)> {
    let revision = signature.pdf().and_then(|it| Some((it.revision?, it.revisions)));
    let Coverage { whole_file, files, container, .. } = signature.covers();
    if files.is_empty() {
        return covers_document(*whole_file, revision);
    }
    if *container {
        return Some(covers_files(*whole_file, files));
    }
    // What stands beside the document is told by itself.
    let (vi, en) = covers_files(None, files);
    Some(match covers_document(*whole_file, revision) {
        Some((of_vi, of_en)) => (format!("{of_vi}; {vi}"), format!("{of_en}; {en}")),
        None => (vi, en),
    })
}

/// What of the document itself.
fn covers_document(
    whole_file: Option<bool>,
    revision: Option<(usize, usize)>,
) -> Option<(String, String)> {
    Some(match (whole_file?, revision) {
        (true, _) => ("toàn bộ tệp".to_owned(), "the whole file".to_owned()),
        (false, Some((this, all))) => {
            (format!("phiên bản {this} trong {all} của tệp"), format!("revision {this} of {all}"))
        }
        (false, None) => ("một phần của tệp".to_owned(), "a part of the file".to_owned()),
    })
}

/// Files beside the signature, by their names.
fn covers_files(all: Option<bool>, files: &[String]) -> (String, String) {
    /// Names of a line; the JSON has them all.
    const MOST: usize = 20;
    let shown = files.iter().take(MOST).map(|it| format!("“{it}”")).collect::<Vec<_>>();
    let (shown, more) = (shown.join(", "), files.len().saturating_sub(MOST));
    let (more_vi, more_en) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" và {more} tệp khác"), format!(" and {more} more")),
    };
    match all {
        Some(true) => (
            format!("mọi tệp trong gói: {shown}{more_vi}"),
            format!("every file of the container: {shown}{more_en}"),
        ),
        Some(false) => {
            (format!("chỉ các tệp {shown}{more_vi}"), format!("only the files {shown}{more_en}"))
        }
        None => (format!("các tệp {shown}{more_vi}"), format!("the files {shown}{more_en}")),
    }
}

/// What the signer says of itself: what it is in Vietnamese and in English, and the words.
pub(super) fn claimed(claims: &Claims) -> Vec<(&'static str, &'static str, String)> {
    let mut all = Vec::new();
    let mut tell = |vi, en, said: String| {
        if !said.is_empty() {
            all.push((vi, en, said));
        }
    };
    tell("Vai trò tự khai", "Claimed role", claims.roles.join("; "));
    tell("Nơi ký tự khai", "Claimed place", claims.production_place.join(", "));
    let commitments: Vec<_> = claims.commitments.iter().map(|it| commitment(it)).collect();
    tell("Cam kết tự khai", "Claimed commitment", commitments.join("; "));
    all
}

/// Those of EN 319 122-1 §5.2.3 and EN 319 132-1 §5.2.3 in words; others as they stand.
fn commitment(identifier: &str) -> String {
    const OIDS: &str = "1.2.840.113549.1.9.16.6.";
    const URIS: &str = "http://uri.etsi.org/01903/v1.2.2#ProofOf";
    let known = [
        ("1", "Origin", "nguồn gốc / origin"),
        ("2", "Receipt", "đã nhận / receipt"),
        ("3", "Delivery", "đã giao / delivery"),
        ("4", "Sender", "đã gửi / sender"),
        ("5", "Approval", "phê duyệt / approval"),
        ("6", "Creation", "tạo lập / creation"),
    ];
    let plain = identifier.strip_prefix("urn:oid:").unwrap_or(identifier);
    let (number, name) = (plain.strip_prefix(OIDS), identifier.strip_prefix(URIS));
    let found = known.into_iter().find(|it| number == Some(it.0) || name == Some(it.1));
    found.map_or_else(|| identifier.to_owned(), |it| it.2.to_owned())
}

/// What a conclusion means, in a sentence.
pub(super) fn sentence(conclusion: Conclusion) -> (&'static str, &'static str) {
    match conclusion {
        Conclusion::TotalPassed => ("Chữ ký hợp lệ.", "The signature is valid."),
        Conclusion::TotalFailed(why) => failed(why),
        Conclusion::Indeterminate(why) => indeterminate(why),
    }
}

fn failed(why: Failed) -> (&'static str, &'static str) {
    match why {
        Failed::FormatFailure => (
            "Chữ ký không hợp lệ: sai định dạng.",
            "The signature is not valid: it does not follow its format.",
        ),
        Failed::HashFailure => (
            "Chữ ký không hợp lệ: tài liệu đã bị thay đổi.",
            "The signature is not valid: the document was changed.",
        ),
        Failed::SigCryptoFailure => (
            "Chữ ký không hợp lệ: giá trị chữ ký sai.",
            "The signature is not valid: its value is wrong.",
        ),
        Failed::Revoked => (
            "Chữ ký không hợp lệ: chứng thư số đã bị thu hồi trước khi ký.",
            "The signature is not valid: the certificate was revoked before.",
        ),
        Failed::Expired => (
            "Chữ ký không hợp lệ: chứng thư số đã hết hạn sử dụng trước khi ký.",
            "The signature is not valid: the certificate had expired before.",
        ),
        Failed::NotYetValid => (
            "Chữ ký không hợp lệ: chứng thư số chưa có hiệu lực khi ký.",
            "The signature is not valid: the certificate was not yet valid.",
        ),
    }
}

fn indeterminate(why: Indeterminate) -> (&'static str, &'static str) {
    match why {
        Indeterminate::SigConstraintsFailure => (
            "Chưa xác định: chữ ký không đáp ứng yêu cầu của chính sách.",
            "Not settled: the signature does not meet what the policy asks.",
        ),
        Indeterminate::ChainConstraintsFailure => (
            "Chưa xác định: chứng thư số không đáp ứng yêu cầu của chính sách.",
            "Not settled: the certificates do not meet what the policy asks.",
        ),
        Indeterminate::CertificateChainGeneralFailure => (
            "Chưa xác định: đường dẫn chứng thực không hợp lệ.",
            "Not settled: the certification path does not hold.",
        ),
        Indeterminate::CryptoConstraintsFailureNoPoe | Indeterminate::CryptoConstraintsFailure => (
            "Chưa xác định: thuật toán hoặc độ dài khóa quá yếu.",
            "Not settled: an algorithm or a key is too weak.",
        ),
        Indeterminate::PolicyProcessingError | Indeterminate::SignaturePolicyNotAvailable => (
            "Chưa xác định: không xử lý được chính sách chữ ký.",
            "Not settled: the signature policy cannot be processed.",
        ),
        Indeterminate::TimestampOrderFailure => (
            "Chưa xác định: các dấu thời gian mâu thuẫn nhau.",
            "Not settled: the time-stamps contradict each other.",
        ),
        Indeterminate::NoSigningCertificateFound => (
            "Chưa xác định: không tìm thấy chứng thư số của người ký.",
            "Not settled: the signer's certificate is not at hand.",
        ),
        Indeterminate::NoCertificateChainFound | Indeterminate::NoCertificateChainFoundNoPoe => (
            "Chưa xác định: chứng thư số không tin cậy.",
            "Not settled: the certificate is not trusted.",
        ),
        Indeterminate::RevokedNoPoe => (
            "Chưa xác định: chứng thư số đã bị thu hồi, không rõ ký trước hay sau.",
            "Not settled: the certificate is revoked, before or after the signature.",
        ),
        Indeterminate::RevokedCaNoPoe => (
            "Chưa xác định: chứng thư số CA đã bị thu hồi, không rõ ký trước hay sau.",
            "Not settled: an authority is revoked, before or after the signature.",
        ),
        Indeterminate::OutOfBoundsNotRevoked | Indeterminate::OutOfBoundsNoPoe => (
            "Chưa xác định: chứng thư số không trong thời hạn hiệu lực, không rõ thời điểm ký.",
            "Not settled: a certificate is out of its time, and the time of signing not proven.",
        ),
        Indeterminate::RevocationOutOfBoundsNoPoe => (
            "Chưa xác định: dữ liệu thu hồi không được chứng minh là có từ khi còn đáng tin.",
            "Not settled: nothing proves that the revocation data is as old as it has to be.",
        ),
        Indeterminate::NoPoe => (
            "Chưa xác định: không có bằng chứng về thời điểm tồn tại.",
            "Not settled: nothing proves when it existed.",
        ),
        Indeterminate::TryLater => (
            "Chưa xác định: chưa biết chứng thư số có bị thu hồi hay không.",
            "Not settled: whether a certificate is revoked is not known.",
        ),
        Indeterminate::SignedDataNotFound => (
            "Chưa xác định: không có dữ liệu được ký.",
            "Not settled: the signed data is not at hand.",
        ),
        Indeterminate::Generic => (
            "Chưa xác định: không kiểm tra được chữ ký.",
            "Not settled: the signature could not be checked.",
        ),
    }
}
