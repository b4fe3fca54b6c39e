//! Format checking (EN 319 102-1 §5.2.2): is this a signature at all, and is it
//! where and how its format wants it?

use super::references;
use crate::signature::pades;
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::{Failed, Indeterminate};
use crate::validation::facts::{
    ContainerFacts, EncapsulatedFact, Misshapen, PdfFacts, SignatureFacts,
};
use crate::validation::messages;

pub(super) fn findings(facts: &SignatureFacts) -> Vec<Finding> {
    let mut all = vec![structure(facts)];
    all.extend(trailing(facts));
    all.extend(facts.data.encapsulated.map(encapsulated));
    all.extend(facts.container.as_ref().and_then(manifest));
    all.extend(facts.container.as_ref().and_then(|it| it.misshapen).map(misshapen));
    if let Some(xml) = &facts.xml {
        all.extend(xml.findings.iter().map(references::structure));
    }
    if let Some(pdf) = &facts.pdf {
        all.extend(pdf_findings(pdf));
        all.push(readable(pdf));
        all.extend(further_signers(pdf));
    }
    all
}

fn structure(facts: &SignatureFacts) -> Finding {
    match &facts.unreadable {
        None => Finding::holds(
            CheckId::FormatStructure,
            say("Chữ ký đọc được theo đúng định dạng.", "The signature can be read in its format."),
        ),
        Some(why) => Finding::broken(
            CheckId::FormatStructure,
            Failed::FormatFailure,
            say(
                "Không đọc được chữ ký: chữ ký bị hỏng hoặc có dạng chưa được hỗ trợ.".to_owned(),
                format!("The signature cannot be read: {why}."),
            ),
        ),
    }
}

/// Without its manifest, a signature in a container is over nothing that can be told.
fn manifest(place: &ContainerFacts) -> Option<Finding> {
    let why = place.manifest_unreadable.as_ref()?;
    Some(Finding::broken(
        CheckId::FormatStructure,
        Failed::FormatFailure,
        say(
            "Danh mục các tệp được ký trong gói (ASiCManifest) bị hỏng.".to_owned(),
            format!("The container's list of what is signed is broken: {why}."),
        ),
    ))
}

/// What a container has to be, so that all programs show the same as signed.
fn misshapen(what: Misshapen) -> Finding {
    let message = match what {
        Misshapen::NotOneFile(count) => say(
            format!("Gói ASiC-S phải có đúng một tệp, nhưng có {count} tệp."),
            format!("An ASiC-S has exactly one file; this one has {count}."),
        ),
        Misshapen::InFolder => say(
            "Tệp của gói ASiC-S không được nằm trong thư mục.",
            "The file of an ASiC-S must not be in a folder.",
        ),
        Misshapen::NoFile => say(
            "Gói ASiC-E không có tệp nào để ký.",
            "The ASiC-E has no file that could be signed.",
        ),
        Misshapen::SeveralSignatureFiles(count) => {
            // Each is over the one file there is: nothing else can be shown as signed.
            return Finding::warned(
                CheckId::FormatStructure,
                messages::several_signature_files(count),
            );
        }
    };
    Finding::broken(CheckId::FormatStructure, Failed::FormatFailure, message)
}

/// What stands behind a CMS, or around its PEM, is signed by nobody, and some programs show it.
fn trailing(facts: &SignatureFacts) -> Option<Finding> {
    let count = facts.trailing;
    (count > 0).then(|| {
        Finding::broken(
            CheckId::FormatStructure,
            Failed::FormatFailure,
            say(
                format!("Có {count} byte lạ nằm ngoài chữ ký trong tệp."),
                format!("{count} bytes beside the signature stand in its file."),
            ),
        )
    })
}

fn pdf_findings(pdf: &PdfFacts) -> Vec<Finding> {
    let mut all: Vec<Finding> = pdf.findings.iter().map(|it| pdf_finding(*it)).collect();
    // Another signature that claims this one's place does not harm the one whose it is.
    let owner = !pdf.findings.contains(&pades::Finding::GapIsNotContents);
    if owner && let Some(at) = pdf.findings.iter().position(|it| *it == pades::Finding::GapShared) {
        all.get_mut(at).into_iter().for_each(Finding::only_warn);
    }
    if !all.iter().any(|finding| finding.id == CheckId::PdfByteRange) {
        all.push(Finding::holds(
            CheckId::PdfByteRange,
            say(
                "Chữ ký bao trùm toàn bộ tệp PDF tính đến lúc ký, trừ chính giá trị chữ ký.",
                "The signature covers the whole PDF as it was when signed, but its own value.",
            ),
        ));
    }
    all
}

fn pdf_finding(finding: pades::Finding) -> Finding {
    use pades::Finding as Found;
    let message = messages::pdf_finding(finding);
    match finding {
        Found::ByteRangeMissing
        | Found::ByteRangeNotFourIntegers
        | Found::ByteRangeNegative
        | Found::ByteRangeOutOfFile
        | Found::ByteRangeNotFromStart
        | Found::GapIsNotContents
        | Found::EndIsNotRevisionEnd
        | Found::ContentsMissing
        | Found::ContentsNotHexadecimal
        | Found::ContentsNotAsn1
        | Found::ContentsTrailingBytes
        | Found::GapShared
        | Found::DictionaryNotCovered => {
            Finding::broken(CheckId::PdfByteRange, Failed::FormatFailure, message)
        }
        Found::DuplicateKey
        | Found::SharedDictionary
        | Found::DuplicateFieldName
        | Found::DictionaryNotInFile
        | Found::NotInForm
        | Found::ValueBroken
        | Found::DictionaryChanged
        | Found::TypeUnknown => {
            Finding::broken(CheckId::PdfDictionary, Failed::FormatFailure, message)
        }
    }
}

/// ISO 32000-2 §12.8.3.3.1 wants no content within a PDF's signature; where what is
/// signed stands there once more, nothing is hidden.
fn encapsulated(fact: EncapsulatedFact) -> Finding {
    let id = CheckId::PdfEncapsulatedContent;
    match fact {
        EncapsulatedFact::Same => Finding::holds(
            id,
            say(
                "Nội dung nằm trong chữ ký trùng với phần tệp được ký.",
                "The content within the signature is the same as what is signed of the file.",
            ),
        ),
        EncapsulatedFact::Empty => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                "Chữ ký chứa một nội dung rỗng thay vì nội dung của tệp được ký.",
                "The signature holds an empty content instead of that of the signed file.",
            ),
        ),
        EncapsulatedFact::Other => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                "Chữ ký chứa một nội dung khác với tệp được ký.",
                "The signature holds a content other than the signed file.",
            ),
        ),
    }
}

/// Their signatures are not judged: the field speaks for one signer.
fn further_signers(pdf: &PdfFacts) -> Option<Finding> {
    let count = pdf.further_signers;
    (count > 0).then(|| {
        Finding::warned(
            CheckId::PdfDictionary,
            say(
                format!("Trường chữ ký còn chứa {count} người ký khác, không được kiểm tra."),
                format!("The field holds {count} further signer(s), who are not checked."),
            ),
        )
    })
}

/// When a file had to be repaired to be read, two programs may read two documents.
fn readable(pdf: &PdfFacts) -> Finding {
    let id = CheckId::PdfStructure;
    let why = pdf.recovered.first().or(pdf.irregular.first());
    match why {
        None => {
            Finding::holds(id, say("Cấu trúc tệp PDF đúng chuẩn.", "The PDF's structure is sound."))
        }
        Some(why) => Finding::broken(
            id,
            Indeterminate::SigConstraintsFailure,
            say(
                "Cấu trúc tệp PDF bị hỏng, các phần mềm có thể hiển thị khác nhau.".to_owned(),
                format!("The PDF is broken, so that programs may show it differently: {why}."),
            ),
        ),
    }
}
