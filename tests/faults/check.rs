//! What has to hold afterwards, by what the agencies' stores and the axis' own have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use kyso::edxml::{DocumentId, OrganId, StatusCode};
use kyso::exchange::journal::{Event, Journal};
use kyso::exchange::store::{
    Delivery, DeliveryState, Incoming, IncomingState, Letter, PostOffice, Store,
};
use kyso::exchange::{MessageKind, TransportState};

use crate::agency::{AGENCIES, Desk, organization};

/// An agency's store, read from outside.
pub(crate) struct Ledger {
    desk: Desk,
    store: Arc<dyn Store>,
}

impl Ledger {
    pub(crate) fn open(desk: &Desk) -> kyso::Result<Self> {
        let desk = Desk { most_bytes: None, ..desk.clone() };
        Ok(Self { store: desk.store()?, desk })
    }

    fn us(&self) -> OrganId {
        organization(self.desk.us).organ_id
    }

    /// Every delivery, with its letter.
    fn deliveries(&self) -> kyso::Result<Vec<(Letter, Delivery)>> {
        let (us, mut all) = (self.us(), Vec::new());
        for state in DeliveryState::ALL {
            let mut after = None;
            loop {
                let page = self.store.within(|it| it.deliveries_in(&us, state, after, 500))?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for delivery in page {
                    let letter = self.store.within(|it| it.letter(delivery.letter))?.unwrap();
                    all.push((letter, delivery));
                }
            }
        }
        Ok(all)
    }

    fn incoming(&self) -> kyso::Result<Vec<Incoming>> {
        let (us, mut all) = (self.us(), Vec::new());
        for state in IncomingState::ALL {
            let mut after = None;
            loop {
                let page = self.store.within(|it| it.incoming_in(&us, state, after, 500))?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                all.extend(page);
            }
        }
        Ok(all)
    }

    /// What is still to come, in words; empty once all was sent, received and answered.
    pub(crate) fn open_ends(&self) -> kyso::Result<Vec<String>> {
        let mut open = Vec::new();
        let deliveries = self.deliveries()?;
        let documents = deliveries.iter().filter(|it| it.0.kind == MessageKind::Document).count();
        let expected = self.desk.documents * (AGENCIES.len() - 1);
        if documents != expected {
            open.push(format!("{}: {documents} deliveries of {expected}", self.us()));
        }
        for (letter, it) in deliveries {
            let answered = it.progress.handling() == Some(StatusCode::Accepted);
            let kind = letter.kind;
            if it.state != DeliveryState::Sent || (kind == MessageKind::Document && !answered) {
                open.push(format!(
                    "{} to {}: {kind:?} {} {:?} is {}, {:?}, {} tries: {}",
                    self.us(),
                    it.to,
                    letter.document,
                    letter.status,
                    it.state,
                    it.progress,
                    it.attempts,
                    it.fault
                ));
            }
        }
        for it in self.incoming()? {
            if it.state.is_open() || !it.acknowledged {
                open.push(format!(
                    "{} from {}: {:?} {} is {}, acknowledged: {}, {} tries: {}",
                    self.us(),
                    it.from,
                    it.kind,
                    it.document,
                    it.state,
                    it.acknowledged,
                    it.attempts,
                    it.fault
                ));
            }
        }
        Ok(open)
    }

    /// Every document of the others is here once, and whatever else came is accounted for.
    /// How many repetitions there were.
    pub(crate) fn received_once(&self) -> usize {
        let incoming = self.incoming().unwrap();
        let mut accepted: BTreeMap<(OrganId, DocumentId), usize> = BTreeMap::new();
        let mut repeated = 0;
        for it in &incoming {
            let is_document = it.kind == MessageKind::Document;
            match it.state {
                IncomingState::Accepted if is_document => {
                    *accepted.entry((it.issuer.clone(), it.document.clone())).or_default() += 1;
                }
                IncomingState::Repeated if is_document => repeated += 1,
                IncomingState::Done if !is_document => {}
                _ => panic!("{it:?}"),
            }
        }
        let mut expected = BTreeMap::new();
        for us in (0..AGENCIES.len()).filter(|it| *it != self.desk.us) {
            let issuer = Desk { us, ..self.desk.clone() };
            for number in 0..self.desk.documents {
                let header = issuer.document(number).header;
                expected.insert((header.from.organ_id, header.document_id), 1);
            }
        }
        assert_eq!(accepted, expected, "{}: each document once", self.us());
        repeated
    }

    /// The journal is whole, and says of each document once that it was handed over, came
    /// and was examined. How many entries it has.
    pub(crate) fn journal_is_whole(&self) -> u64 {
        let journal = Journal::new(&self.desk.post(Arc::clone(&self.store)));
        let chain = journal.follow().unwrap().unwrap();
        let mut said: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for entry in journal.entries(1) {
            let event = entry.unwrap().event().unwrap();
            let (document, what) = match &event {
                Event::Queued { document, .. } => (document.id.to_string(), "queued"),
                Event::Received { document, .. } => (document.id.to_string(), "received"),
                Event::SendingGivenUp { .. } | Event::Unreadable { .. } => panic!("{event:?}"),
                _ => continue,
            };
            *said.entry((document, what)).or_default() += 1;
        }
        assert!(said.values().all(|it| *it == 1), "{}: {said:?}", self.us());
        assert_eq!(said.len(), self.desk.documents * AGENCIES.len());
        chain.entries()
    }
}

/// The axis has each document of each agency for each receiver, and nothing that waits.
/// How many messages of either kind it has beyond those.
pub(crate) fn nothing_waits(axis: &dyn PostOffice, documents: usize) -> usize {
    let mut beyond = 0;
    for (code, _) in AGENCIES {
        let us = OrganId::from(code);
        for kind in [MessageKind::Document, MessageKind::Status] {
            let waiting = axis.waiting(&us, kind, None, 10).unwrap();
            assert_eq!(waiting, [], "{us}");
            let sent = axis.sent(&us, kind, None, None).unwrap();
            assert!(sent.iter().all(|it| it.state == TransportState::Done), "{us}: {sent:?}");
            let each: BTreeSet<(&str, &str, &str)> = sent
                .iter()
                .map(|it| (it.to.as_str(), it.notation.as_str(), it.title.as_str()))
                .collect();
            let others = AGENCIES.len() - 1;
            if kind == MessageKind::Document {
                assert_eq!(each.len(), documents * others, "{us}");
            }
            beyond += sent.len() - each.len();
        }
    }
    beyond
}

/// Every file below: databases and what is beside them, what was written into the logs.
pub(crate) fn no_secret_below(folder: &Path, secrets: &[String]) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_secret_below(&path, secrets);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{} has a secret", path.display());
        }
    }
}
