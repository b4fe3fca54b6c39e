//! Cryptographic verification (EN 319 102-1 §5.2.7, RFC 5652 §5.4 and §5.6, XMLDSig §3.2).
//!
//! The standard looks for the signed data first: where it is not at hand, what else
//! was found is said, but decides nothing. What the references of an XML signature came to
//! that are at hand still does.

use super::references;
use crate::validation::check::{CheckId, Finding, say};
use crate::validation::conclusion::{Failed, Indeterminate};
use crate::validation::facts::{
    AttributeFact, AttributeFaultKind, ContentTypeFact, DigestFact, Disagreement, EntryFact,
    MimicryFact, SignatureFacts, ValueFact,
};

pub(super) fn findings(facts: &SignatureFacts) -> Vec<Finding> {
    let mut all = vec![match &facts.xml {
        Some(xml) => references::data(xml),
        None => data(facts),
    }];
    all.extend(facts.attribute_faults.iter().map(attribute));
    match &facts.xml {
        Some(xml) => all.extend(references::digests(xml)),
        None => {
            all.extend(mimicry(facts));
            all.extend(message_digest(facts));
            all.extend(facts.container.iter().flat_map(|it| &it.entries).filter_map(entry));
            all.extend(content_type(facts));
        }
    }
    all.extend(facts.disagreements.iter().map(disagreement));
    all.extend(value(facts));
    if !facts.data.found {
        // XMLDSig §3.2.1 digests each reference by itself: that one is not at hand takes nothing
        // from it that another was changed.
        let decides = |it: &Finding| facts.xml.is_some() && it.id == CheckId::MessageDigest;
        all.iter_mut().skip(1).filter(|it| !decides(it)).for_each(Finding::only_warn);
    }
    all.extend(facts.xml.iter().flat_map(references::manifest));
    all
}

/// A signed attribute that is there twice may say one thing to one program and the
/// opposite to another (RFC 5652 §5.3 and §11).
fn attribute(fault: &AttributeFact) -> Finding {
    let (id, what) = (CheckId::SignedAttributes, &fault.what);
    let message = say(
        format!("Thuộc tính được ký không đúng chuẩn: {what}."),
        format!("A signed attribute is not as it must be: {what}."),
    );
    match fault.kind {
        AttributeFaultKind::Core | AttributeFaultKind::Repeated => {
            Finding::broken(id, Failed::SigCryptoFailure, message)
        }
        AttributeFaultKind::Reference | AttributeFaultKind::Misplaced => {
            Finding::broken(id, Failed::FormatFailure, message)
        }
        AttributeFaultKind::Other => Finding::warned(id, message),
    }
}

fn data(facts: &SignatureFacts) -> Finding {
    let id = CheckId::SignedData;
    if facts.data.found {
        Finding::holds(id, say("Có dữ liệu được ký.", "The signed data is at hand."))
    } else {
        Finding::unknown(
            id,
            Indeterminate::SignedDataNotFound,
            say(
                "Không có dữ liệu được ký; hãy cung cấp tệp gốc để kiểm tra.",
                "The signed data is not at hand; hand in the file that was signed.",
            ),
        )
    }
}

/// The value may be that of another signature, whose attributes are passed off as content.
fn mimicry(facts: &SignatureFacts) -> Option<Finding> {
    let (id, follows) = (CheckId::SignedAttributes, Indeterminate::SigConstraintsFailure);
    match facts.data.mimicry {
        MimicryFact::No => None,
        MimicryFact::Yes => Some(Finding::broken(
            id,
            follows,
            say(
                "Nội dung được ký có dạng thuộc tính của một chữ ký khác, có thể bị cắt ghép.",
                "The signed content looks like the attributes of another signature, cut out of it.",
            ),
        )),
        MimicryFact::NotSeen => Some(Finding::unknown(
            id,
            follows,
            say(
                "Chữ ký không có thuộc tính được ký: phải có chính nội dung, không chỉ giá trị băm.",
                "The signature has no signed attributes: it takes the content, not only its digest.",
            ),
        )),
    }
}

fn message_digest(facts: &SignatureFacts) -> Option<Finding> {
    let id = CheckId::MessageDigest;
    Some(match facts.data.digest {
        DigestFact::NotCompared => return None,
        DigestFact::Matches => Finding::holds(
            id,
            say(
                "Nội dung không bị thay đổi kể từ khi ký.",
                "The content has not been changed since it was signed.",
            ),
        ),
        DigestFact::Differs => Finding::broken(
            id,
            Failed::HashFailure,
            say(
                "Tài liệu đã bị thay đổi: nội dung không khớp với giá trị băm đã ký.",
                "The document was changed: its content is not what the digest was made of.",
            ),
        ),
        // RFC 5652 §5.3 wants one wherever there are signed attributes.
        DigestFact::Missing => Finding::broken(
            id,
            Failed::FormatFailure,
            say(
                "Chữ ký thiếu giá trị băm của nội dung.",
                "The signature lacks the digest of the content.",
            ),
        ),
        DigestFact::Unsupported => {
            let oid = facts.digest_algorithm.identifier();
            Finding::unknown(
                id,
                Indeterminate::Generic,
                say(
                    format!("Hàm băm {oid} không được hỗ trợ nên không kiểm tra được nội dung."),
                    format!("The digest {oid} is not supported, so the content is not checked."),
                ),
            )
        }
    })
}

/// A file that the manifest of a container lists is signed as the manifest is
/// (EN 319 162-1 Annex A.4). What is as it was is among the references.
fn entry(entry: &EntryFact) -> Option<Finding> {
    let name = &entry.name;
    if !entry.found {
        return Some(Finding::unknown(
            CheckId::SignedData,
            Indeterminate::SignedDataNotFound,
            say(
                format!("Tệp “{name}” được ký nhưng không có trong gói."),
                format!("The file “{name}” was signed, and is not in the container."),
            ),
        ));
    }
    let id = CheckId::MessageDigest;
    match entry.digest {
        DigestFact::Matches => None,
        DigestFact::Unsupported => {
            let method = &entry.method;
            let message = say(
                format!("Hàm băm {method} của tệp “{name}” không được hỗ trợ."),
                format!("The digest {method} of the file “{name}” is not supported."),
            );
            Some(Finding::unknown(id, Indeterminate::Generic, message))
        }
        DigestFact::Differs | DigestFact::Missing | DigestFact::NotCompared => {
            Some(Finding::broken(
                id,
                Failed::HashFailure,
                say(
                    format!("Tệp “{name}” đã bị thay đổi sau khi ký."),
                    format!("The file “{name}” was changed since it was signed."),
                ),
            ))
        }
    }
}

fn content_type(facts: &SignatureFacts) -> Option<Finding> {
    let broken =
        |message| Some(Finding::broken(CheckId::ContentType, Failed::FormatFailure, message));
    match facts.data.content_type {
        ContentTypeFact::NotSigned | ContentTypeFact::Matches => None,
        ContentTypeFact::Missing => broken(say(
            "Chữ ký thiếu thuộc tính loại nội dung.",
            "The signature lacks the content-type attribute.",
        )),
        ContentTypeFact::Differs => broken(say(
            "Loại nội dung được ký khác với loại nội dung thực tế.",
            "The content type that was signed is not that of the content.",
        )),
        ContentTypeFact::Unprotected => broken(say(
            "Nội dung không phải dữ liệu thường nhưng loại nội dung không được ký.",
            "The content is not plain data, but its type is not signed.",
        )),
        ContentTypeFact::Forbidden => broken(say(
            "Chữ ký xác nhận (countersignature) không được có thuộc tính loại nội dung.",
            "A countersignature must not have a content-type attribute.",
        )),
    }
}

fn disagreement(disagreement: &Disagreement) -> Finding {
    let message = match disagreement {
        Disagreement::Digest { stated, signature } => say(
            format!("Chữ ký ghi hai hàm băm khác nhau: {stated} và {signature}."),
            format!("The signature names two different digests: {stated} and {signature}."),
        ),
        Disagreement::AlgorithmProtection => say(
            "Thuật toán của chữ ký khác với thuật toán đã được ký bảo vệ (RFC 6211).",
            "The signature's algorithms are not those that were signed (RFC 6211).",
        ),
    };
    Finding::broken(CheckId::AlgorithmAgreement, Failed::SigCryptoFailure, message)
}

fn value(facts: &SignatureFacts) -> Vec<Finding> {
    let id = CheckId::SignatureValue;
    let good = || {
        Finding::holds(
            id,
            say(
                "Giá trị chữ ký do đúng khóa của người ký tạo ra.",
                "The signature value was made by the signer's key.",
            ),
        )
    };
    let bad = |message| vec![Finding::broken(id, Failed::SigCryptoFailure, message)];
    match &facts.value {
        ValueFact::Valid => vec![good()],
        // Whose key it is is asked elsewhere.
        ValueFact::ValidByKey => vec![Finding::noted(
            id,
            say(
                "Giá trị chữ ký khớp với khóa ghi trong chữ ký, nhưng không rõ khóa của ai.",
                "The signature value was made by the key in the signature, but whose it is, is open.",
            ),
        )],
        ValueFact::ValidWithoutNull => vec![
            good(),
            Finding::broken(
                CheckId::SignatureEncoding,
                Indeterminate::SigConstraintsFailure,
                say(
                    "Giá trị chữ ký được mã hóa theo kiểu cũ, thiếu tham số NULL (RFC 8017).",
                    "The signature value is encoded in an old way, without NULL (RFC 8017).",
                ),
            ),
        ],
        ValueFact::ValidAsStoredOnly => bad(say(
            "Giá trị chữ ký sai: các thuộc tính được ký không theo thứ tự DER mà RFC 5652 yêu \
             cầu. Phần mềm khác có thể bỏ qua lỗi này.",
            "The signature value is wrong: it was made over attributes that are not in DER \
             order, as RFC 5652 asks. Other programs may overlook that.",
        )),
        ValueFact::Invalid => bad(say(
            "Giá trị chữ ký sai: không phải do khóa của người ký tạo ra trên dữ liệu này.",
            "The signature value is wrong: the signer's key did not make it over this data.",
        )),
        ValueFact::Unreadable(why) => bad(say(
            format!("Không thể kiểm tra giá trị chữ ký: {why}."),
            format!("The signature value cannot be checked: {why}."),
        )),
        ValueFact::Unsupported => {
            let oid = facts.signature_algorithm.identifier();
            vec![Finding::unknown(
                id,
                Indeterminate::Generic,
                say(
                    format!("Thuật toán chữ ký {oid} với khóa này không được hỗ trợ."),
                    format!("The signature algorithm {oid} with this key is not supported."),
                ),
            )]
        }
        // Why is said by the checks for the certificate and the data.
        ValueFact::NotChecked => Vec::new(),
    }
}
