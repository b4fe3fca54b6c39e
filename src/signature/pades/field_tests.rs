//! Certifications, locks, seed values, and fields that are made for others.

use super::tests::{judged_by_others, read, sign, signer, time};
use super::*;
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Reader, sample};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;

fn blank() -> Vec<u8> {
    sample::table(&sample::with(&[]))
}

fn builder(pdf: &[u8]) -> SignatureBuilder<'_, [u8]> {
    SignatureBuilder::new(pdf, time())
}

fn refused(result: Result<Vec<u8>>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

fn with_fields(pdf: &[u8], fields: impl IntoIterator<Item = EmptyField>) -> Result<Vec<u8>> {
    fields.into_iter().fold(FieldBuilder::new(pdf), FieldBuilder::field).add()
}

fn names(pdf: &[u8]) -> Vec<String> {
    let (source, limits) = (&pdf, Limits::default());
    let reader = Reader::open(source, &limits).unwrap();
    let fields = crate::encoding::pdf::fields(reader.newest()).unwrap();
    fields.into_iter().map(|it| it.name).collect()
}

/// What the signature in a field locks.
fn locks(pdf: &[u8], name: &str) -> Vec<FieldLock> {
    let (source, limits) = (&pdf, Limits::default());
    let reader = Reader::open(source, &limits).unwrap();
    let view = reader.newest();
    let fields = crate::encoding::pdf::fields(view).unwrap();
    let field = fields.iter().find(|it| it.name == name).unwrap();
    let value = view.resolve(field.value.as_ref().unwrap()).unwrap();
    FieldLock::of(view, &field.dictionary, value.as_dictionary().unwrap()).unwrap()
}

#[test]
fn certifications_come_first() {
    let shapes = [
        blank(),
        sample::streams(&sample::with(&[]), &[1, 2, 3]),
        sample::table(&sample::with(&[
            (1, "<</Type/Catalog/Pages 2 0 R/Perms 7 0 R>>"),
            (7, "<</Other(stays)>>"),
        ])),
    ];
    for (p, permission) in
        [(1, DocMdp::NoChanges), (2, DocMdp::FormFilling), (3, DocMdp::Annotating)]
    {
        for pdf in &shapes {
            let certified = builder(pdf).certify(permission).sign(&signer()).unwrap();
            judged_by_others(&format!("certified {p}"), &certified, 1);
            let found = read(&certified);
            assert_eq!(found.certification, Some(p));
            assert_eq!(found.signatures[0].certification, Some(p));
            assert_eq!(found.signatures[0].findings, []);
            assert_eq!((found.signatures[0].permitted, &found.defects[..]), (Some(true), &[][..]));
            let again = builder(&certified).certify(permission).sign(&signer());
            refused(again, ErrorKind::Misuse, "comes first");
            let further = builder(&certified).sign(&signer());
            if p == 1 {
                refused(further, ErrorKind::Misuse, "permits no further signature");
                let field = with_fields(&certified, [EmptyField::new("x")]);
                refused(field, ErrorKind::Misuse, "permits no further signature");
                continue;
            }
            let further = further.unwrap();
            judged_by_others(&format!("certified {p}, and signed"), &further, 2);
            assert_eq!(read(&further).signatures[0].permitted, Some(true));
        }
    }
    let signed = sign(&blank());
    let late = builder(&signed).certify(DocMdp::FormFilling).sign(&signer());
    refused(late, ErrorKind::Misuse, "signed in the field \"Signature1\"");
}

/// The catalog gets its permissions and its form in one update.
#[test]
fn other_permissions_stay() {
    let pdf = sample::table(&sample::with(&[(1, "<</Type/Catalog/Pages 2 0 R/Perms<</A(x)>>>>")]));
    let certified = builder(&pdf).certify(DocMdp::FormFilling).sign(&signer()).unwrap();
    let (source, limits) = (&certified, Limits::default());
    let reader = Reader::open(source, &limits).unwrap();
    let (_, catalog) = reader.newest().catalog().unwrap();
    assert!(catalog.contains("AcroForm"));
    let permissions = catalog.get("Perms").unwrap().as_dictionary().unwrap();
    assert!(permissions.contains("A") && permissions.contains("DocMDP"));
}

#[test]
fn locks_are_kept_by_those_who_come_later() {
    let prepared = with_fields(&blank(), ["a.leader", "a.seal", "b"].map(EmptyField::new)).unwrap();
    let locked = |lock: FieldLock| {
        let signed = builder(&prepared).field("a.leader").lock(lock.clone()).sign(&signer());
        let signed = signed.unwrap();
        judged_by_others("locked", &signed, 1);
        assert_eq!(locks(&signed, "a.leader"), [lock]);
        signed
    };
    let free = |pdf: &[u8], field: &str| {
        let signed = builder(pdf).field(field).sign(&signer()).unwrap();
        judged_by_others("beside a lock", &signed, 2);
        assert_eq!(read(&signed).signatures.len(), 2);
    };
    let barred = |pdf: &[u8], field: &str| {
        let said = format!("{field:?} is locked by the signature in the field \"a.leader\"");
        refused(builder(pdf).field(field).sign(&signer()), ErrorKind::Misuse, &said);
    };
    let pdf = locked(FieldLock::all());
    ["a.seal", "b", "new"].into_iter().for_each(|field| barred(&pdf, field));
    refused(with_fields(&pdf, [EmptyField::new("new")]), ErrorKind::Misuse, "is locked");
    let pdf = locked(FieldLock::include(["a"]));
    barred(&pdf, "a.seal");
    ["b", "new"].into_iter().for_each(|field| free(&pdf, field));
    let pdf = locked(FieldLock::exclude(["b"]));
    ["a.seal", "new"].into_iter().for_each(|field| barred(&pdf, field));
    free(&pdf, "b");
    let pdf = locked(FieldLock::include(["none"]).permitting(DocMdp::NoChanges));
    refused(builder(&pdf).sign(&signer()), ErrorKind::Misuse, "permits no further signature");
    let pdf = locked(FieldLock::include(["none"]).permitting(DocMdp::FormFilling));
    free(&pdf, "b");
}

/// What a field asks for stands in the signature that fills it.
#[test]
fn a_field_brings_its_lock() {
    let lock = FieldLock::include(["b", "số.2"]).permitting(DocMdp::FormFilling);
    let field = EmptyField::new("a").rectangle([10.0, 10.0, 60.0, 40.0]).lock(lock.clone());
    let prepared = with_fields(&blank(), [field, EmptyField::new("b")]).unwrap();
    let signed = builder(&prepared).field("a").sign(&signer()).unwrap();
    judged_by_others("a field with a lock", &signed, 1);
    assert_eq!(locks(&signed, "a"), std::slice::from_ref(&lock));
    let same = builder(&prepared).field("a").lock(lock).sign(&signer());
    assert_eq!(locks(&same.unwrap(), "a").len(), 1);
    let other = builder(&prepared).field("a").lock(FieldLock::all()).sign(&signer());
    refused(other, ErrorKind::Misuse, "a lock of its own");
    // A new field asks for what its signature does.
    let signed = builder(&blank()).field("a").lock(FieldLock::all()).sign(&signer()).unwrap();
    assert_eq!(locks(&signed, "a"), [FieldLock::all()]);
    assert!(String::from_utf8_lossy(&signed).contains("/SigFieldLock"));
}

#[test]
fn long_lists_of_locked_names_are_bounded() {
    let field = EmptyField::new("a").lock(FieldLock::include(vec!["b"; 20_000]));
    let prepared = with_fields(&blank(), [field]).unwrap();
    refused(builder(&prepared).field("a").sign(&signer()), ErrorKind::LimitExceeded, "names");
}

#[test]
fn fields_within_fields() {
    let fields = ["a.b.leader", "a.b.seal", "a.c", "d"].map(EmptyField::new);
    let once = with_fields(&blank(), fields).unwrap();
    assert_eq!(names(&once), ["a.b.leader", "a.b.seal", "a.c", "d"]);
    let twice = with_fields(&once, [EmptyField::new("a.b.clerk"), EmptyField::new("e.f")]).unwrap();
    let all = ["a.b.leader", "a.b.seal", "a.b.clerk", "a.c", "d", "e.f"];
    assert_eq!(names(&twice), all);
    let signed = builder(&twice).field("a.b.seal").sign(&signer()).unwrap();
    let signed = builder(&signed).field("e.g").sign(&signer()).unwrap();
    judged_by_others("fields within fields", &signed, 2);
    let found = read(&signed);
    let signatures: Vec<_> = found.signatures.iter().map(|it| it.field.as_str()).collect();
    assert_eq!((signatures, &found.defects[..]), (vec!["a.b.seal", "e.g"], &[][..]));
    for (name, said) in [
        ("a.b", "there is a field \"b\""),
        ("d", "there is a field \"d\""),
        ("d.e", "there is a field \"d\""),
        ("a..b", "no field can be called"),
        ("", "no field can be called"),
        (".", "no field can be called"),
    ] {
        refused(with_fields(&signed, [EmptyField::new(name)]), ErrorKind::Misuse, said);
    }
    refused(with_fields(&signed, []), ErrorKind::Misuse, "no field to add");
    let twins = ["x", "x"].map(EmptyField::new);
    refused(with_fields(&signed, twins), ErrorKind::Misuse, "there is a field");
    let page = with_fields(&signed, [EmptyField::new("x").page(2)]);
    refused(page, ErrorKind::Misuse, "no page 2");
    let deep = vec!["a"; 200].join(".");
    refused(with_fields(&signed, [EmptyField::new(deep)]), ErrorKind::LimitExceeded, "nested");
}

/// The type stands above the field, and what is seen of it below.
const WIDGETS: [(u32, &str); 6] = [
    (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>>>"),
    (3, "<</Type/Page/Parent 2 0 R/Annots[9 0 R 10 0 R]>>"),
    (7, "<</T(a)/FT/Sig/Kids[8 0 R]>>"),
    (8, "<</T(b)/Parent 7 0 R/Kids[9 0 R 10 0 R]>>"),
    (9, "<</Type/Annot/Subtype/Widget/Parent 8 0 R/Rect[0 0 50 50]/F 4/P 3 0 R>>"),
    (10, "<</Type/Annot/Subtype/Widget/Parent 8 0 R/Rect[0 0 0 0]/F 4/P 3 0 R>>"),
];

#[test]
fn fields_with_widgets_and_inherited_types() {
    let signed = builder(&sample::table(&sample::with(&WIDGETS))).field("a.b").sign(&signer());
    let signed = signed.unwrap();
    // Poppler looks for the value in the widgets, where it does not stand.
    let found = read(&signed);
    assert_eq!((found.signatures.len(), &found.signatures[0].findings[..]), (1, &[][..]));
    assert_eq!((&found.signatures[0].field[..], found.signatures[0].page), ("a.b", Some(1)));
    let text = String::from_utf8_lossy(&signed);
    assert!(text.rfind("\n9 0 obj").unwrap() > text.find("%%EOF").unwrap(), "gets a look");
    assert!(text.rfind("\n10 0 obj").unwrap() < text.find("%%EOF").unwrap());
}

fn seeded(seed: SeedValues) -> Vec<u8> {
    with_fields(&blank(), [EmptyField::new("a").seed(seed)]).unwrap()
}

#[test]
fn seed_values_are_heeded() {
    let cades = SeedValues::new().sub_filters([SubFilter::EtsiCadesDetached]);
    let pkcs7 = seeded(SeedValues::new().sub_filters([SubFilter::AdbePkcs7Detached]));
    let signed = builder(&pkcs7).field("a").sign(&signer()).unwrap();
    judged_by_others("seed", &signed, 1);
    assert_eq!(read(&signed).signatures[0].sub_filter.as_deref(), Some("adbe.pkcs7.detached"));
    let cases: [(SeedValues, &str); 8] = [
        (cades, "SubFilter ETSI.CAdES.detached, not adbe"),
        (SeedValues::new().digest_methods([DigestAlgorithm::Sha512]), "SHA512, not SHA256"),
        (SeedValues::new().reasons(["Phê duyệt", "Ký nháy"]), "one of the reasons"),
        (SeedValues::new().reasons(["."]), "no reason"),
        (
            SeedValues::new().certification(DocMdp::FormFilling),
            "certification with the permission 2",
        ),
        (SeedValues::new().certification(DocMdp::NoChanges), "certification with the permission 1"),
        (SeedValues::new().approval(), "no certification"),
        (SeedValues::new().time_stamp("http://tsa.example.vn"), "time-stamp of http://tsa"),
    ];
    for (seed, said) in cases {
        let pdf = seeded(seed);
        let sign =
            builder(&pdf).field("a").reason("Chuyển").sub_filter(SubFilter::AdbePkcs7Detached);
        let sign = if said.contains("certification") && !said.contains("permission 2") {
            sign.certify(DocMdp::Annotating)
        } else {
            sign
        };
        refused(sign.sign(&signer()), ErrorKind::Misuse, said);
    }
    let good = SeedValues::new()
        .digest_methods([DigestAlgorithm::Sha256])
        .reasons(["Phê duyệt"])
        .certification(DocMdp::FormFilling);
    let pdf = seeded(good);
    let sign = builder(&pdf).field("a").reason("Phê duyệt").certify(DocMdp::FormFilling);
    assert_eq!(read(&sign.sign(&signer()).unwrap()).certification, Some(2));
    let pdf = seeded(SeedValues::new().lock_document());
    let signed = builder(&pdf).field("a").sign(&signer()).unwrap();
    assert_eq!(locks(&signed, "a"), [FieldLock::all().permitting(DocMdp::NoChanges)]);
    refused(builder(&signed).sign(&signer()), ErrorKind::Misuse, "permits no further signature");
}

/// As others write them.
#[test]
fn seed_values_of_others() {
    let seeded = |seed: &str| {
        let field = "<</Type/Annot/Subtype/Widget/FT/Sig/T(a)/Rect[0 0 0 0]/P 3 0 R/SV 9 0 R>>";
        let parts = [
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"),
            (3, "<</Type/Page/Parent 2 0 R/Annots[8 0 R]>>"),
            (8, field),
            (9, seed),
        ];
        sample::table(&sample::with(&parts))
    };
    let signed = |seed: &str| builder(&seeded(seed)).field("a").sign(&signer());
    for good in [
        "<</Ff 0/Filter/Other/DigestMethod[(SHA1)]/Reasons[(x)]/SubFilter[/x]/V 9>>",
        "<</Ff 64/DigestMethod[(sha256)(SHA-512)]>>",
        "<</Ff 1/Filter/Adobe.PPKLite>>",
        "<</Ff 8/Reasons[]>>",
        "<</Ff 8>>",
        "<</Ff 4/V 2.0>>",
        "<</Ff 32/AddRevInfo false>>",
        "<</MDP<</P 0>>/TimeStamp<</URL(http://x)/Ff 0>>>>",
        "<</Cert<</Ff 0/Subject[<00>]/OID[(1.2)]>>>>",
        "<</LockDocument/auto/Ff 128>>",
    ] {
        assert_eq!(read(&signed(good).unwrap()).signatures.len(), 1, "{good}");
    }
    for (bad, kind, said) in [
        ("<</Ff 1/Filter/Other>>", ErrorKind::Unsupported, "handler Other"),
        ("<</Ff 2/SubFilter[/x/y]>>", ErrorKind::Unsupported, "SubFilter x or y"),
        ("<</Ff 4/V 3.5>>", ErrorKind::Unsupported, "PDF 2.0"),
        ("<</Ff 8/Reasons[(x)]>>", ErrorKind::Misuse, "reasons [\"x\"]"),
        ("<</Ff 32/AddRevInfo true>>", ErrorKind::Unsupported, "AddRevInfo"),
        ("<</Ff 64/DigestMethod[/SHA384]>>", ErrorKind::Misuse, "DigestMethod SHA384"),
        ("<</Ff 256/AppearanceFilter(x)>>", ErrorKind::Unsupported, "AppearanceFilter"),
        ("<</MDP<</P 4>>>>", ErrorKind::Malformed, "MDP"),
        ("<</TimeStamp<</URL(http://x)/Ff 1>>>>", ErrorKind::Misuse, "http://x"),
        ("<</Cert<</Ff 1/Subject[<00>]>>>>", ErrorKind::Misuse, "another signer's"),
        ("<</Cert<</Ff 2/Issuer[<00>]>>>>", ErrorKind::Misuse, "another issuer"),
        ("<</Cert<</Ff 32/KeyUsage[(1)]>>>>", ErrorKind::Unsupported, "KeyUsage"),
    ] {
        refused(signed(bad), kind, said);
    }
}

/// Fields that are made first are what later signers need; ours knows them.
#[test]
fn later_signers_of_prepared_fields_change_nothing_else() {
    let fields = ["leader", "seal"].map(|name| {
        EmptyField::new(name).rectangle([10.0, 10.0, 60.0, 40.0]).lock(FieldLock::include([name]))
    });
    let prepared = with_fields(&blank(), fields).unwrap();
    let certified =
        builder(&prepared).field("leader").certify(DocMdp::FormFilling).sign(&signer()).unwrap();
    let both = builder(&certified).field("seal").sign(&signer()).unwrap();
    judged_by_others("prepared for two", &both, 2);
    let found = read(&both);
    assert_eq!(found.signatures[0].later_changes, LaterChanges::Signatures);
    assert_eq!((found.signatures[0].permitted, found.signatures[0].drawn), (Some(true), None));
    // Prepared after a signature.
    let late = with_fields(&sign(&blank()), [EmptyField::new("seal").rectangle([9.0; 4])]).unwrap();
    let both = builder(&late).field("seal").sign(&signer()).unwrap();
    assert_eq!(read(&both).signatures[0].later_changes, LaterChanges::Signatures);
}

/// Only further signatures came to a document that is signed.
fn only_signatures(pdf: &[u8]) {
    assert_eq!(read(pdf).signatures[0].later_changes, LaterChanges::Signatures);
}

/// Fields that come after a signature, and those that were there.
#[test]
fn what_later_signers_write_is_known() {
    let rectangle = [10.0, 10.0, 60.0, 40.0];
    let once = sign(&blank());
    only_signatures(&builder(&once).field("y").lock(FieldLock::all()).sign(&signer()).unwrap());
    let asking = EmptyField::new("y").lock(FieldLock::all()).seed(SeedValues::new().approval());
    let fields = [EmptyField::new("x").rectangle(rectangle), asking];
    let prepared = with_fields(&once, fields).unwrap();
    only_signatures(&prepared);
    only_signatures(&builder(&prepared).field("y").sign(&signer()).unwrap());
    let nested = EmptyField::new("x.y").rectangle(rectangle);
    let once = sign(&with_fields(&blank(), [nested]).unwrap());
    only_signatures(&builder(&once).field("x.y").sign(&signer()).unwrap());
}

#[test]
fn new_fields_within_fields_of_later_signers_are_known() {
    let once = sign(&blank());
    only_signatures(&with_fields(&once, [EmptyField::new("x.y")]).unwrap());
    only_signatures(&builder(&once).field("x.y").sign(&signer()).unwrap());
    let once = sign(&with_fields(&blank(), [EmptyField::new("x.y")]).unwrap());
    only_signatures(&builder(&once).field("x.z").sign(&signer()).unwrap());
}

#[test]
fn fields_with_widgets_of_later_signers_are_known() {
    let once = sign(&sample::table(&sample::with(&WIDGETS)));
    only_signatures(&builder(&once).field("a.b").sign(&signer()).unwrap());
}

/// A thousand signatures that lock nothing are held against each field nevertheless.
#[test]
fn empty_lists_of_locked_fields_count_as_well() {
    let locking = EmptyField::new("x").lock(FieldLock::include(Vec::<String>::new()));
    let prepared = with_fields(&blank(), [locking]).unwrap();
    let locked = sign(&builder(&prepared).field("x").sign(&signer()).unwrap());
    let limits = Limits { pdf_lock_comparisons: 0, ..Limits::default() };
    assert_eq!(parse(&locked, &limits).unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(parse(&sign(&sign(&blank())), &limits).is_ok(), "nothing is compared");
}

/// Locks and seed values are read, too, whatever became of them.
#[test]
fn mutations_of_locks_and_seed_values_end_in_an_answer() {
    let seed = SeedValues::new().reasons(["x"]).approval().time_stamp("x").lock_document();
    let field = |name| EmptyField::new(name).lock(FieldLock::include(["b"])).seed(seed.clone());
    let base = with_fields(&blank(), [field("a"), field("b.c")]).unwrap();
    let start = blank().len();
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for _ in 0..2_000 {
        let mut pdf = base.clone();
        for _ in 0..=next() % 4 {
            let at = start + next() % (pdf.len() - start);
            pdf[at] = b"0123456789<>[]()/ R"[next() % 19];
        }
        exhaust::exhaust(&pdf);
    }
}
