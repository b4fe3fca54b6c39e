use proptest::prelude::*;

use super::*;
use crate::envelope::edxml::OrganId;
use crate::error::ErrorKind;
use crate::time::UtcTime;

fn unit(id: &str, code: &str, name: &str) -> Unit {
    Unit { id: id.to_owned(), ..Unit::new(code, name) }
}

fn with_other(mut unit: Unit, code: &str) -> Unit {
    unit.other_code = Some(code.into());
    unit
}

fn version(mut unit: Unit, version: u64) -> Unit {
    unit.version = Some(version);
    unit
}

fn deleted(mut unit: Unit) -> Unit {
    unit.deleted = true;
    unit
}

fn ids(codes: &[&str]) -> Vec<OrganId> {
    codes.iter().map(|it| OrganId::from(*it)).collect()
}

fn name(directory: &Directory, code: &str) -> Option<String> {
    directory.get(&code.into()).map(|it| it.unit.name.clone())
}

fn seal() -> Authorization {
    Authorization::of_subject("công vụ").with_organization("Sở Nội vụ")
}

/// The Government Office, a province, and two of its departments.
fn list() -> Vec<Unit> {
    vec![
        with_other(unit("1", "G22", "Văn phòng Chính phủ"), "000.00.00.G22"),
        with_other(unit("2", "H37", "UBND tỉnh Lạng Sơn"), "000.00.00.H37"),
        Unit {
            parent: "2".into(),
            ..with_other(unit("3", "H37.15", "Sở Nội vụ"), "000.00.15.H37")
        },
        Unit {
            parent: "2".into(), ..with_other(unit("4", "H37.10", "Sở Y tế"), "000.00.10.H37")
        },
    ]
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    let changes = directory.merge(list(), Scope::Full).unwrap();
    assert_eq!(changes.added, ids(&["G22", "H37", "H37.15", "H37.10"]));
    directory
}

#[test]
fn either_code_finds_an_agency() {
    let directory = directory();
    for code in ["H37.15", "000.00.15.H37"] {
        assert_eq!(name(&directory, code).as_deref(), Some("Sở Nội vụ"), "{code}");
    }
    // At the first level the one follows from the other, below it only the list tells.
    let mut bare = Directory::default();
    bare.add(Unit::new("000.00.00.G22", "Văn phòng Chính phủ")).unwrap();
    bare.add(Unit::new("H51.15", "Sở Nội vụ")).unwrap();
    assert!(name(&bare, "G22").is_some() && name(&bare, "000.00.00.G22").is_some());
    assert_eq!(name(&bare, "000.00.15.H51"), None);
    assert_eq!(name(&bare, "000.00.00.vxp"), None);
    let department = directory.by_id("3").unwrap();
    assert_eq!(directory.parent(department).unwrap().unit.name, "UBND tỉnh Lạng Sơn");
    assert_eq!(directory.parent(directory.by_id("1").unwrap()), None);
}

#[test]
fn parents_are_named_by_identifier_or_code() {
    let mut directory = directory();
    let by_code =
        |code: &str| Unit { parent: code.into(), ..unit("3", "H37.15", "Sở Nội vụ") };
    let changes = directory.merge([by_code("000.00.00.H37")], Scope::Units).unwrap();
    assert!(changes.is_empty(), "{changes:?}");
    let changes = directory.merge([by_code("G22")], Scope::Units).unwrap();
    assert_eq!(changes.updated, ids(&["H37.15"]));
    let department = directory.by_id("3").unwrap();
    assert_eq!(directory.parent(department).unwrap().unit.name, "Văn phòng Chính phủ");
}

/// The directory holds for the same what [`OrganId::is_same_agency`] does.
#[test]
fn codes_are_the_same_by_one_rule() {
    let codes = [
        "G22",
        "000.00.00.G22",
        "H37",
        "000.00.00.H37",
        "000.00.15.H37",
        "H37.15",
        "000.00.00.x",
        "x",
        "000.00.00.",
        "000.00.00.G222",
        "g22",
        "00.00.00.G22",
        "000.00.00.G22.1",
    ];
    for one in codes {
        let mut directory = Directory::default();
        directory.add(Unit::new(one, "Cơ quan")).unwrap();
        for other in codes {
            let same = OrganId::from(one).is_same_agency(&other.into());
            assert_eq!(directory.get(&other.into()).is_some(), same, "{one} {other}");
        }
    }
}

#[test]
fn the_same_list_again_changes_nothing() {
    let mut directory = directory();
    let before = directory.clone();
    assert!(directory.merge(list(), Scope::Full).unwrap().is_empty());
    // The older list has the codes the other way round, and says less.
    let older = list().into_iter().map(|it| {
        let code = it.other_code.clone().unwrap();
        Unit { other_code: Some(it.code), code, parent: String::new(), ..it }
    });
    assert!(directory.merge(older, Scope::Full).unwrap().is_empty());
    let one_code = list().into_iter().map(|it| Unit { other_code: None, ..it });
    assert!(directory.merge(one_code, Scope::Units).unwrap().is_empty());
    assert_eq!(directory, before);
}

#[test]
fn changes_are_told() {
    let mut directory = directory();
    let changes = directory
        .merge(
            [
                unit("3", "H37.15", "Sở Nội vụ và Lao động"),
                Unit { email: "soyte@langson.gov.vn".into(), ..unit("4", "H37.11", "Sở Y tế") },
                unit("5", "H37.20", "Sở Công Thương"),
            ],
            Scope::Units,
        )
        .unwrap();
    assert_eq!(changes.added, ids(&["H37.20"]));
    assert_eq!(changes.renamed[0].to, "Sở Nội vụ và Lao động");
    assert_eq!(changes.updated, ids(&["H37.10"]));
    let recoded = &changes.recoded[0];
    assert_eq!(recoded.from, ids(&["H37.10", "000.00.10.H37"]));
    assert_eq!(recoded.to, ids(&["H37.11", "000.00.10.H37"]));
    assert!(changes.problems.is_empty() && changes.removed.is_empty());
    assert_eq!(name(&directory, "H37.10"), None);
    assert_eq!(name(&directory, "000.00.10.H37").as_deref(), Some("Sở Y tế"));

    let rest: Vec<Unit> = list().into_iter().take(3).collect();
    let changes = directory.merge(rest, Scope::Full).unwrap();
    assert_eq!(changes.removed, ids(&["H37.11", "H37.20"]));
    assert_eq!(name(&directory, "H37.11"), None);
    assert!(directory.get_or_former(&"H37.11".into()).unwrap().unit.deleted);
}

#[test]
fn an_empty_list_is_an_outage() {
    let mut directory = directory();
    let before = directory.clone();
    let nameless = || vec![unit("7", "", "x")];
    for rows in [vec![], nameless(), vec![unit("2", "H37", &"x".repeat(100_000))]] {
        let error = directory.merge(rows, Scope::Full).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(directory, before);
    }
    assert_eq!(directory.merge(nameless(), Scope::Units).unwrap().problems.len(), 1);
    assert!(directory.merge([], Scope::Units).unwrap().is_empty());
}

#[test]
fn versions_go_forward() {
    let mut directory = directory();
    let row = |name, n| version(unit("3", "H37.15", name), n);
    directory.merge([row("Sở Nội vụ 2", 7), row("Sở Nội vụ 1", 6)], Scope::Units).unwrap();
    assert_eq!(name(&directory, "H37.15").as_deref(), Some("Sở Nội vụ 2"));
    let changes = directory.merge([row("Sở Nội vụ 1", 6)], Scope::Units).unwrap();
    assert_eq!((changes.stale, changes.is_empty()), (1, true));
    assert!(directory.merge([row("Sở Nội vụ 2", 7)], Scope::Units).unwrap().is_empty());
    let gone = deleted(row("Sở Nội vụ 2", 8));
    let changes = directory.merge([gone.clone()], Scope::Units).unwrap();
    assert_eq!(changes.removed, ids(&["H37.15"]));
    assert!(directory.merge([gone], Scope::Units).unwrap().is_empty());
    assert_eq!(name(&directory, "H37.15"), None);
    let changes = directory.merge([row("Sở Nội vụ", 9)], Scope::Units).unwrap();
    assert_eq!(changes.added, ids(&["H37.15"]));
}

#[test]
fn what_the_administrator_set_stays_with_the_agency() {
    let mut directory = directory();
    directory.authorize(&"000.00.15.H37".into(), seal()).unwrap();
    directory.authorize(&"H37.15".into(), seal()).unwrap();
    directory.add(Unit::new("vxp.saas.03", "Đơn vị thử nghiệm")).unwrap();
    let count = |directory: &Directory, code: &str| {
        directory.get_or_former(&code.into()).map(|it| it.authorizations.len())
    };
    // Another name and another code.
    let row = unit("3", "H37.99", "Sở Nội vụ và Lao động");
    directory.merge([row], Scope::Units).unwrap();
    assert_eq!(count(&directory, "H37.99"), Some(1));
    // Whoever gets its old code inherits nothing.
    directory.merge([unit("9", "H37.15", "Sở mới")], Scope::Units).unwrap();
    assert_eq!(count(&directory, "H37.15"), Some(0));
    // Off the list and on it again.
    directory.merge([unit("1", "G22", "Văn phòng Chính phủ")], Scope::Full).unwrap();
    assert_eq!(name(&directory, "H37.99"), None);
    assert_eq!(count(&directory, "H37.99"), Some(1));
    assert!(name(&directory, "vxp.saas.03").is_some(), "no list ever had it");
    directory.merge([unit("3", "H37.99", "Sở Nội vụ")], Scope::Units).unwrap();
    assert_eq!(count(&directory, "H37.99"), Some(1));
    // The same agency under another identifier.
    directory.merge([unit("33", "H37.99", "Sở Nội vụ")], Scope::Units).unwrap();
    assert_eq!(directory.by_id("33").unwrap().authorizations.len(), 1);
    assert_eq!(directory.by_id("3"), None);
}

#[test]
fn two_agencies_with_one_code_are_reported() {
    let mut directory = directory();
    let taken = |code: &str, holder: &str, claimant: &str| Problem::CodeTaken {
        code: code.into(),
        holder: holder.into(),
        claimant: claimant.into(),
    };
    // A newcomer, by either code; one whose own code is free is taken without the other.
    let changes = directory
        .merge(
            [
                unit("7", "000.00.15.H37", "Kẻ mạo danh"),
                with_other(unit("8", "H37.30", "Sở Tài chính"), "000.00.10.H37"),
            ],
            Scope::Units,
        )
        .unwrap();
    let problems = [
        taken("000.00.15.H37", "Sở Nội vụ", "Kẻ mạo danh"),
        taken("000.00.10.H37", "Sở Y tế", "Sở Tài chính"),
    ];
    assert_eq!((changes.added, changes.problems), (ids(&["H37.30"]), problems.to_vec()));
    assert_eq!(name(&directory, "000.00.10.H37").as_deref(), Some("Sở Y tế"));
    // One that is known keeps the code that it had.
    let changes = directory.merge([unit("4", "H37.15", "Sở Y tế")], Scope::Units).unwrap();
    assert_eq!(changes.problems, [taken("H37.15", "Sở Nội vụ", "Sở Y tế")]);
    assert!(changes.recoded.is_empty());
    assert_eq!(name(&directory, "H37.10").as_deref(), Some("Sở Y tế"));
    let error = directory.add(Unit::new("H37.15", "Sở khác")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[test]
fn agencies_may_exchange_their_codes() {
    let mut directory = directory();
    let changes = directory
        .merge(
            [
                with_other(unit("3", "H37.10", "Sở Nội vụ"), "000.00.10.H37"),
                with_other(unit("4", "H37.15", "Sở Y tế"), "000.00.15.H37"),
            ],
            Scope::Units,
        )
        .unwrap();
    assert!(changes.problems.is_empty(), "{changes:?}");
    assert_eq!(changes.recoded.len(), 2);
    assert_eq!(name(&directory, "H37.10").as_deref(), Some("Sở Nội vụ"));
    assert_eq!(name(&directory, "000.00.15.H37").as_deref(), Some("Sở Y tế"));
    // A code may pass on from one that leaves in the same list.
    let changes = directory
        .merge([unit("9", "H37.10", "Sở mới"), deleted(unit("3", "H37.10", ""))], Scope::Units)
        .unwrap();
    assert!(changes.problems.is_empty(), "{changes:?}");
    assert_eq!(name(&directory, "H37.10").as_deref(), Some("Sở mới"));
}

#[test]
fn rows_that_cannot_be_taken_are_reported() {
    let mut directory = directory();
    let long = unit("2", "H37", &"x".repeat(100_000));
    let mut rows = list();
    rows[1] = long;
    rows.push(unit("7", "", "Không mã"));
    let changes = directory.merge(rows, Scope::Full).unwrap();
    let problems =
        [Problem::TooLong { id: "2".into() }, Problem::NoCode { name: "Không mã".into() }];
    assert_eq!(changes.problems, problems);
    // A row that cannot be taken takes nobody off the list.
    assert!(changes.removed.is_empty());
    assert_eq!(name(&directory, "H37").as_deref(), Some("UBND tỉnh Lạng Sơn"));
}

#[test]
fn lists_without_identifiers_go_by_codes() {
    let mut directory = Directory::default();
    let rows = || list().into_iter().map(|it| Unit { id: String::new(), ..it });
    assert_eq!(directory.merge(rows(), Scope::Full).unwrap().added.len(), 4);
    assert!(directory.merge(rows(), Scope::Full).unwrap().is_empty());
    let doubled = rows().chain(rows());
    assert!(directory.merge(doubled, Scope::Full).unwrap().is_empty());
    let renamed = [Unit::new("000.00.15.H37", "Sở Nội vụ và Lao động")];
    let changes = directory.merge(renamed, Scope::Units).unwrap();
    assert_eq!(changes.renamed.len(), 1);
    // Identifiers that come later are taken over.
    directory.merge([unit("4", "H37.10", "Sở Y tế")], Scope::Units).unwrap();
    assert!(directory.by_id("4").is_some());
    assert_eq!(directory.len(), 4);
}

#[test]
fn a_file_is_checked_when_it_is_read() {
    let mut directory = directory();
    let until: UtcTime = "2027-01-01T00:00:00Z".parse().unwrap();
    directory.authorize(&"H37.15".into(), seal().as_role(Role::AgencySeal).until(until)).unwrap();
    directory.merge([deleted(unit("4", "H37.10", ""))], Scope::Units).unwrap();
    let text = serde_json::to_string(&directory).unwrap();
    let again: Directory = serde_json::from_str(&text).unwrap();
    assert_eq!(again, directory);
    assert!(again.get(&"H37.10".into()).is_none());
    assert!(again.get_or_former(&"H37.10".into()).is_some());
    for wrong in [
        r#"{"agencies":[{"unit":{"code":"G22","name":"a"}},{"unit":{"code":"000.00.00.G22","name":"b"}}]}"#,
        r#"{"agencies":[{"unit":{"id":"1","code":"G22","name":"a"}},{"unit":{"id":"1","code":"G23","name":"b"}}]}"#,
        r#"{"agencies":[{"unit":{"code":"G22","name":"a"},"authorizations":[{"known_by":{"subject":{"organization":"a"}}}]}]}"#,
        r#"{"agencies":[{"unit":{"code":"G22","name":"a"},"authorizations":[{"known_by":{"certificate":"00"}}]}]}"#,
    ] {
        assert!(serde_json::from_str::<Directory>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn authorizations_that_cannot_be_relied_on_are_refused() {
    let mut directory = directory();
    let agency = OrganId::from("H37.15");
    let at = |text: &str| text.parse::<UtcTime>().unwrap();
    let (one, two) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
    for wrong in [
        Authorization::of_subject("công vụ"),
        Authorization::of_subject("").with_organization("Sở Nội vụ"),
        seal().with_common_name(" "),
        seal().from(two).until(one),
        seal().from(one).until(one),
        Authorization::of_issuer_serial("", "01"),
        Authorization::of_issuer_serial("CN=CA", ""),
        Authorization::of_issuer_serial("CN=CA", "xy"),
    ] {
        assert_eq!(wrong.check().unwrap_err().kind(), ErrorKind::Misuse, "{wrong:?}");
        assert!(directory.authorize(&agency, wrong.clone()).is_err());
        assert!(directory.set_authorizations(&agency, vec![seal(), wrong]).is_err());
    }
    assert!(directory.authorize(&"H99".into(), seal()).is_err());
    assert!(directory.get(&agency).unwrap().authorizations.is_empty());
    directory.set_authorizations(&agency, vec![seal().from(one).until(two)]).unwrap();
    assert_eq!(directory.get(&agency).unwrap().authorizations.len(), 1);
}

#[test]
fn digests_are_read_as_people_write_them() {
    let digest = Fingerprint::of(b"");
    let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest.to_string(), text);
    let spaced: Vec<String> = text
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|it| String::from_utf8_lossy(it).into_owned())
        .collect();
    assert_eq!(spaced.join(":").parse::<Fingerprint>().unwrap(), digest);
    assert_eq!(spaced.join(" ").parse::<Fingerprint>().unwrap(), digest);
    for wrong in ["", &text[1..], &format!("{text}0"), &text.replace('e', "g")] {
        assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
    }
}

#[test]
fn names_cannot_steer_a_finding() {
    let finding = NotAuthorized {
        signer: "Nguyễn Văn A\u{202e}".into(),
        agency: "Sở\nNội vụ".into(),
        code: "H37.15".into(),
        why: Why::Role(Role::AgencySeal),
    }
    .finding();
    assert_eq!(finding.code, "SIGNER_NOT_OF_AGENCY");
    assert_eq!(
        finding.message_vi,
        "Chữ ký hợp lệ nhưng người ký Nguyễn Văn A\u{fffd} không được ký thay cơ quan \
         Sở\u{fffd}Nội vụ (H37.15) với tư cách chữ ký số của cơ quan."
    );
    assert!(finding.message_en.ends_with("(H37.15) as the agency's own signature."));
}

/// As many as the national list had in 2025.
#[test]
fn the_national_list_fits() {
    let code = |n: u32| (format!("H{:02}.{n}", n % 64), format!("{:03}.{n}.x", n % 1000));
    let rows = || {
        (0..111_000_u32).map(|n| {
            let (code, other) = code(n);
            with_other(unit(&n.to_string(), &code, &format!("Ủy ban nhân dân xã số {n}")), &other)
        })
    };
    let mut directory = Directory::default();
    let changes = directory.merge(rows(), Scope::Full).unwrap();
    assert_eq!((changes.added.len(), changes.problems.len()), (111_000, 0));
    assert!(directory.merge(rows(), Scope::Full).unwrap().is_empty());
    let text = serde_json::to_string(&directory).unwrap();
    let again: Directory = serde_json::from_str(&text).unwrap();
    for n in (0..111_000).step_by(1_009) {
        let (code, other) = code(n);
        assert_eq!(name(&again, &code), name(&again, &other));
        assert_eq!(name(&again, &code), Some(format!("Ủy ban nhân dân xã số {n}")));
    }
}

fn rows() -> impl Strategy<Value = Vec<Unit>> {
    let code = || prop::sample::select(vec!["", "A", "B", "C", "G22", "000.00.00.G22", "H37.1"]);
    let row = (
        prop::sample::select(vec!["", "1", "2", "3", "4"]),
        code(),
        prop::option::of(code()),
        prop::sample::select(vec!["a", "b", ""]),
        prop::option::of(0_u64..4),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(id, code, other, name, version, deleted)| Unit {
            other_code: other.map(OrganId::from),
            version,
            deleted,
            ..unit(id, code, name)
        });
    prop::collection::vec(row, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever contradictions come: every agency on the list is found by each of its codes,
    /// a file reads back as it is, and nobody gains or loses an authorization.
    #[test]
    fn merges_keep_the_directory_sound(
        lists in prop::collection::vec((rows(), any::<bool>()), 1..5),
    ) {
        let mut directory = Directory::default();
        let mut notes: Vec<String> = Vec::new();
        for (rows, full) in lists {
            let scope = if full { Scope::Full } else { Scope::Units };
            let before = directory.clone();
            if let Err(error) = directory.merge(rows, scope) {
                prop_assert!(full && error.to_string().contains("no agency"), "{}", error);
                prop_assert_eq!(&directory, &before);
            }
            for (n, record) in directory.agencies.iter().enumerate() {
                let expected: Vec<&String> = notes.get(n).into_iter().collect();
                let found: Vec<&String> = record.authorizations.iter().map(|it| &it.note).collect();
                prop_assert_eq!(found, expected);
                if !record.unit.deleted {
                    for code in record.unit.codes() {
                        prop_assert_eq!(directory.get(code), Some(record), "{}", code);
                    }
                }
                if !record.unit.id.is_empty() {
                    prop_assert_eq!(directory.by_id(&record.unit.id), Some(record));
                }
            }
            for n in notes.len()..directory.agencies.len() {
                let note = n.to_string();
                directory.agencies[n].authorizations.push(Authorization { note: note.clone(), ..seal() });
                notes.push(note);
            }
            let text = serde_json::to_string(&directory).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Directory>(&text).unwrap(), &directory);
        }
    }
}
