#![no_main]

use std::sync::OnceLock;

use kyso::asic::{Container, ContainerBuilder};
use kyso::{Conclusion, Files, Limits, Policy, TrustStore, UtcTime, Validator};
use libfuzzer_sys::fuzz_target;

/// Trusts nobody, so that nothing may pass whatever the bytes are.
fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        let at = "2026-11-22T00:00:00Z".parse().expect("a time");
        Validator::new(TrustStore::new(), Policy::pilot(), at)
    })
}

// The bytes are a container, or say what is in one.
fuzz_target!(|data: &[u8]| {
    let packed = kyso::fuzzing::container(data);
    for bytes in [Some(data), packed.as_deref()].into_iter().flatten() {
        let limits = Limits::default();
        let Ok(container) = Container::open(&bytes, &limits) else { continue };
        for name in container.names() {
            let mut content = Vec::new();
            if container.extract(name, &mut content).is_ok() {
                let source = container.open(name).expect("it is there").expect("it is a file");
                assert_eq!(source.window(0..source.len()).expect("it is whole"), content);
            }
        }
        let _ = ContainerBuilder::beside(&container, UtcTime::from_unix(0).expect("a time"));
        if let Ok(report) = validator().validate(bytes) {
            assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed));
            let _ = (report.to_string(), report.to_html());
            for one in report.signatures() {
                let broken = one.references().iter().any(|it| it.intact != Some(true));
                assert!(!broken || one.intact() != Some(true));
            }
            for name in report.uncovered_entries() {
                assert!(container.names().contains(&name.as_str()));
            }
        }
    }
});
