//! The dossier of a one-stop procedure, from desk to desk.
//!
//! ```text
//! cargo run --release --example dossier                     walks one through five desks
//! cargo run --release --example dossier -- show FILE        its sheet, and whether it holds
//! cargo run --release --example dossier -- overdue FILE...  those that are late by their records, which it
//!                                                           does not verify, the latest first
//! ```
//!
//! What the walk makes stays in `target/dossier`. Exit: 0 it holds, or nothing is late · 1 it
//! does not, or something is · 2 a file could not be read · 64 wrong usage.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kyso::dossier::{
    Applicant, Desk, Dossier, DossierNumber, DossierReport, HandOver, NewFile, Outcome,
    OutcomeKind, Receipt, Step, overdue,
};
use kyso::{Limits, Policy, TrustStore, UtcTime, Validator};
use text::shown;
use time::OffsetDateTime;

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;
#[path = "support/test_pki.rs"]
mod test_pki;
#[path = "support/text.rs"]
mod text;

const USAGE: &str = "\
dossier                                        walks a dossier through five desks
dossier show --trust FILE [--time TIME] FILE   the sheet of a dossier, and whether it holds
dossier overdue [--time TIME] FILE...          those whose time has run out";

const FORM: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");
const HOUR: i64 = 3_600;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let asked = match Asked::read() {
        Ok(asked) => asked,
        Err(error) => return arguments::wrong_usage(error.as_ref(), USAGE),
    };
    let done = match &asked {
        Asked::Walk => walk(),
        Asked::Show { trust, at, file } => show(trust, *at, file),
        Asked::Overdue { at, files } => late(*at, files),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = arguments::failed("dossier", error.as_ref());
            ExitCode::from(2)
        }
    }
}

enum Asked {
    Walk,
    Show { trust: PathBuf, at: UtcTime, file: PathBuf },
    Overdue { at: UtcTime, files: Vec<PathBuf> },
}

impl Asked {
    fn read() -> Result<Self> {
        let mut arguments = arguments::all()?;
        let Some(command) = arguments.next() else { return Ok(Self::Walk) };
        let (mut trust, mut at, mut files) = (None, UtcTime::now(), Vec::new());
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--trust" => trust = arguments.next().map(PathBuf::from),
                "--time" => at = arguments.next().ok_or("--time wants a time")?.parse()?,
                text if text.starts_with('-') => return Err(format!("no option {text}").into()),
                text => files.push(PathBuf::from(text)),
            }
        }
        match (command.as_str(), files.as_slice()) {
            ("overdue", [_, ..]) => Ok(Self::Overdue { at, files }),
            ("show", [file]) => {
                let trust = trust.ok_or("whom to trust is said by --trust")?;
                Ok(Self::Show { trust, at, file: file.clone() })
            }
            _ => Err("what should be done?".into()),
        }
    }
}

/// One dossier from the application to the licence.
fn walk() -> Result<bool> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dossier");
    let pki = test_pki::make(OffsetDateTime::now_utc(), None)?;
    let signer = |name: &str| test_pki::signer(&pki, name);
    let now = UtcTime::now().whole_seconds();
    let at = |hours: i64| now.plus_seconds(hours * HOUR);

    let one_stop = Desk::new("Bộ phận Một cửa", "Phạm Thị Một Cửa TEST");
    let receipt = Receipt {
        number: DossierNumber::compose("000.00.01.H99", at(-20), 1)?,
        procedure: "Cấp giấy phép tổ chức lễ hội".into(),
        procedure_code: "TEST-1.000001".into(),
        applicant: Applicant { name: "Công ty TEST".into(), ..Applicant::default() },
        desk: one_stop.clone(),
        received_at: at(-20),
        promised_at: at(4),
        result_at: "Quầy 3, Bộ phận Một cửa".into(),
    };
    let plan = "Kế hoạch tổ chức lễ hội (thử nghiệm)\n".as_bytes();
    let papers = [NewFile::new("don-de-nghi.pdf", &FORM), NewFile::new("ke-hoach.txt", &plan)];
    let mut container = Dossier::create(receipt, &papers, &signer("so-one-stop")?)?;

    let desks = [
        (Desk::new("Văn thư", "Vũ Văn Thư TEST"), "so-clerk", -18, Some(-17)),
        (Desk::new("Phòng Quản lý văn hóa", "Lê Chuyên Viên TEST"), "so-specialist", -16, Some(-8)),
        (Desk::new("Lãnh đạo Sở", "Trần Thị TEST"), "so-leader", -4, None),
        (Desk::new("Văn thư (đóng dấu)", "Sở Nội vụ TEST"), "so-seal", -2, None),
    ];
    let (mut giver, mut gives) = (one_stop, "so-one-stop");
    for (desk, takes, hours, due) in desks {
        let step = HandOver {
            from: giver,
            to: desk.clone(),
            at: at(hours),
            due: due.map(at),
            note: String::new(),
        };
        let given = opened(&container)?.hand_over(step, &[], &signer(gives)?)?;
        container = opened(&given)?.confirm(&signer(takes)?, at(hours))?;
        (giver, gives) = (desk, takes);
    }
    let end = Outcome { kind: OutcomeKind::Granted, by: giver, at: now, note: String::new() };
    let licence = "Giấy phép tổ chức lễ hội (thử nghiệm)\n".as_bytes();
    let result = [NewFile::new("ket-qua/giay-phep.txt", &licence)];
    container = opened(&container)?.conclude(end, &result, &signer(gives)?)?;

    files::write_whole(&folder.join("ho-so.asice"), &container)?;
    test_pki::write(&pki, &folder.join("pki"))?;
    let report = checked(&container, test_pki::trust(&pki)?, UtcTime::now())?;
    print(&report, now);
    println!("\nKept in target/dossier: ho-so.asice and the test PKI.");
    let forged = renamed(&container)?;
    let report = checked(&forged, test_pki::trust(&pki)?, UtcTime::now())?;
    println!("\nThe same with one paper passed off as another:");
    report.findings().iter().for_each(|it| println!("  {}", it.message_vi()));
    Ok(!report.holds())
}

#[allow(clippy::ptr_arg, reason = "a slice by itself is no `dyn Source`")]
fn opened(container: &Vec<u8>) -> Result<Dossier<'_>> {
    Ok(Dossier::open(container, &Limits::default())?)
}

#[allow(clippy::ptr_arg, reason = "as above")]
fn checked(container: &Vec<u8>, trust: TrustStore, at: UtcTime) -> Result<DossierReport> {
    let validator = Validator::new(trust, Policy::pilot(), at);
    Ok(opened(container)?.check(&validator)?)
}

fn show(trust: &Path, at: UtcTime, file: &Path) -> Result<bool> {
    let container = fs::read(file)?;
    let report = checked(&container, TrustStore::from_bytes(&fs::read(trust)?)?, at)?;
    print(&report, at);
    Ok(report.holds())
}

/// The sheet that goes with it.
fn print(report: &DossierReport, now: UtcTime) {
    for it in report.steps() {
        let at = it.step().at().vietnam();
        match it.step() {
            Step::Receipt(receipt) => {
                println!(
                    "Mã hồ sơ {}: {}",
                    shown(receipt.number.as_str()),
                    shown(&receipt.procedure)
                );
                println!("Người nộp {}", shown(&receipt.applicant.name));
                println!("Hẹn trả {}", receipt.promised_at.vietnam());
                println!("{at}  tiếp nhận: {}", shown(&receipt.desk.to_string()));
            }
            Step::HandOver(step) => {
                let (from, to) = (step.from.to_string(), step.to.to_string());
                println!("{at}  {} → {}", shown(&from), shown(&to));
            }
            Step::Outcome(outcome) => {
                println!("{at}  kết thúc: {}", shown(&outcome.by.to_string()));
            }
            _ => println!("{at}  một bước mà chương trình này không biết"),
        }
        println!("    ký số hợp lệ: {}", shown(&report.signers(it).join(", ")));
        if matches!(it.step(), Step::HandOver(_)) && !it.is_confirmed() {
            println!("    bên nhận chưa ký nhận");
        }
    }
    for it in report.delays_by_proof(now) {
        let (desk, hours) = (it.desk.to_string(), it.seconds(now) / HOUR);
        println!("Trễ hạn {hours} giờ: {}", shown(&desk));
    }
    report.findings().iter().for_each(|it| println!("{}", it.message_vi()));
    println!("{}", if report.holds() { "Hồ sơ toàn vẹn." } else { "Hồ sơ không toàn vẹn!" });
}

fn late(at: UtcTime, files: &[PathBuf]) -> Result<bool> {
    let containers: Vec<Vec<u8>> = files.iter().map(fs::read).collect::<std::io::Result<_>>()?;
    let dossiers: Vec<Dossier<'_>> = containers.iter().map(opened).collect::<Result<_>>()?;
    let late = overdue(&dossiers, at);
    for (dossier, seconds) in &late {
        let number = dossier.number().map(ToString::to_string).unwrap_or_default();
        let holder = dossier.holder().map(ToString::to_string).unwrap_or_default();
        println!("{}  {} giờ  {}", shown(&number), seconds / HOUR, shown(&holder));
    }
    Ok(late.is_empty())
}

/// What somebody would do who does not like a paper: gives it another name.
fn renamed(container: &[u8]) -> Result<Vec<u8>> {
    let mut archive = container.to_vec();
    let name = b"ke-hoach.txt";
    let at = archive.windows(name.len()).position(|it| it == name).ok_or("no such paper")?;
    let word = archive.get_mut(at..at + name.len()).ok_or("no such paper")?;
    word.copy_from_slice(b"ke-hoach.xml");
    let at = archive.windows(name.len()).rposition(|it| it == name).ok_or("no such paper")?;
    let word = archive.get_mut(at..at + name.len()).ok_or("no such paper")?;
    word.copy_from_slice(b"ke-hoach.xml");
    Ok(archive)
}
