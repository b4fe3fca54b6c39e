//! Handing messages to the outbox.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::{Answer, Delivery, DeliveryState, LetterId, MessageKind, Outbox};
use crate::crypto::DigestAlgorithm;
use crate::envelope::edxml::{
    self, BusinessType, Envelope, Message, MessageHeader, OrganId, Organization, ResponseFor,
    StatusCode, StatusMessage, Timestamp,
};
use crate::error::{Error, Result};
use crate::exchange::content::content_digest_but_seals;
use crate::exchange::journal::{DocumentFacts, Event};
use crate::exchange::store::{Body, Gist, Letter, NewLetter, Records};
use crate::exchange::trace;
use crate::limits::Limits;
use crate::time::UtcTime;

impl Outbox {
    /// Hands a document over: from here on it is sent, whatever happens. `signed_at` is when
    /// its last signature was made, from which on the time runs that the law gives.
    ///
    /// The same document handed over again, which is what an application does that died
    /// before it knew, is the same letter: it is sent once. For others who shall have it too,
    /// it is handed over for them alone. A revocation, an update or a replacement of a
    /// document is another one. What a person cancelled stays so until a person has it sent
    /// after all ([`Outbox::resume`]): handing it over again is an error.
    ///
    /// # Errors
    /// `Misuse` where it is not this agency's, names no receiver or no identifier, where
    /// another content was handed over under its identifier, where some of its receivers have
    /// it already and others do not, or where it was cancelled for one of them; what writing
    /// the message fails with; where the store fails.
    pub fn put(&self, envelope: &Envelope, signed_at: Option<UtcTime>) -> Result<LetterId> {
        let header = &envelope.header;
        let to = self.receivers(envelope)?;
        if header.document_id.is_empty() {
            return Err(Error::misuse("the document has no identifier: compose one"));
        }
        let gist = gist(envelope, &self.post.limits);
        let new = New::of(envelope, gist, to, signed_at, self.post.now())?;
        let (agency, id) = (self.post.id(), &header.document_id);
        let (mut looked_at, mut kept) = (0_usize, None);
        loop {
            let earlier = self.post.store().within(|it| it.letters_of(agency, id))?;
            let unknown = earlier.get(looked_at..).unwrap_or_default();
            if let Some(id) = self.known(unknown, &new)? {
                return Ok(id);
            }
            looked_at = earlier.len();
            // Only now: nothing is written for a repetition.
            let body: &Body = match &mut kept {
                Some(body) => body,
                // Where it had to be compared, its digest is known.
                none => none.insert(match new.digest.get() {
                    Some(known) => self.post.store().keep_as(&new.bytes, known)?,
                    None => self.post.store().keep(&new.bytes)?,
                }),
            };
            let put = self.post.step(|records| {
                // Another one may have been handed over meanwhile.
                match records.letters_of(agency, id)?.len() == looked_at {
                    true => self.write_new(&new, body, records).map(Some),
                    false => Ok(None),
                }
            })?;
            if let Some(letter) = put {
                trace::happened(self.post.id(), Some(id), None, &new.event);
                return Ok(letter);
            }
        }
    }

    fn write_new(&self, new: &New<'_>, body: &Body, records: &mut dyn Records) -> Result<LetterId> {
        let (header, facts) = (new.header, &new.facts);
        let letter = records.insert_letter(&NewLetter {
            agency: self.post.id(),
            kind: MessageKind::Document,
            issuer: &header.from.organ_id,
            document: &header.document_id,
            code: &facts.code,
            subject: &header.subject,
            status: None,
            priority: facts.priority,
            body,
            gist: Some(&new.gist),
            to: &new.to,
            created: new.at,
        })?;
        if new.gist.kind() == BusinessType::Revocation {
            for target in &new.gist.targets {
                self.wanted_back(records, target, letter)?;
            }
        }
        let (document, digest) = (Some(&header.document_id), Some(body.digest.as_str()));
        records.note(&self.post.noted(new.at, document, None, digest, &new.event))?;
        Ok(letter)
    }

    /// Asks receivers of a document to give it back (13): all, or those named. Which of them
    /// were asked: not those who were asked before and have not answered, nor those to whom
    /// it was not sent yet, for whom [`Outbox::cancel`] is there. Whoever may have it by an
    /// attempt of which nobody knows is asked, though it waits to be sent to them again: that
    /// is cancelled apart. Of several messages under its identifier, the newest counts that a
    /// receiver may have.
    ///
    /// # Errors
    /// `Misuse` where no such document was sent, or where earlier versions of this crate alone
    /// sent it and its bytes are gone; where the store fails.
    pub fn take_back(
        &self,
        document: &edxml::DocumentId,
        receivers: Option<&[OrganId]>,
        reason: &str,
    ) -> Result<AskedBack> {
        let letters = self.post.store().look(|it| it.letters_of(self.post.id(), document))?;
        let (mut sent, mut unknown) = (Vec::new(), Vec::new());
        for letter in letters.into_iter().rev() {
            match self.gist(&letter)? {
                Some(gist) if gist.kind() == BusinessType::Revocation => {}
                Some(gist) => sent.push((letter, gist)),
                None => unknown.push(letter),
            }
        }
        if sent.is_empty() {
            return Err(match unknown.is_empty() {
                true => Error::misuse(format!("{document} was never sent from here")),
                false => nobody_knows(document, REVOKE_IT),
            });
        }
        let (mut back, mut looked_at) = (AskedBack::default(), HashSet::<OrganId>::new());
        let mut have = |letter: &Letter| -> Result<Vec<Delivery>> {
            let mut mine = self.post.store().look(|it| it.deliveries_of(letter.id))?;
            mine.retain(|it| {
                let named =
                    receivers.is_none_or(|them| them.iter().any(|to| to.is_same_agency(&it.to)));
                named && may_be_there(it) && looked_at.insert(it.to.clone())
            });
            Ok(mine)
        };
        for (letter, gist) in &sent {
            back.receivers.extend(self.ask_back(letter, gist, have(letter)?, reason)?);
        }
        for letter in &unknown {
            back.left_out.extend(have(letter)?.into_iter().map(|it| it.to));
        }
        Ok(back)
    }

    /// Asks those who may have it; who was asked.
    fn ask_back(
        &self,
        letter: &Letter,
        gist: &Gist,
        deliveries: Vec<Delivery>,
        reason: &str,
    ) -> Result<Vec<OrganId>> {
        let mut asked = Vec::new();
        for Delivery { id, to, .. } in deliveries {
            let status = StatusMessage {
                response_for: ResponseFor {
                    organ_id: to.clone(),
                    code: letter.code.clone(),
                    document_id: letter.document.clone(),
                    promulgation_date: gist.promulgated.clone(),
                },
                from: self.post.agency.clone(),
                code: StatusCode::TakeBackRequested,
                staff: None,
                description: reason.to_owned(),
                timestamp: Timestamp::at(self.post.now()),
            };
            let code = status.code;
            let answer = Answer::new(&self.post, status, to.clone())?;
            let asks = self.post.step(|records| {
                let found = records.delivery(id)?.filter(may_be_there);
                let Some(progress) = found.and_then(|it| it.progress.after(code)) else {
                    return Ok(false);
                };
                records.set_progress(id, progress)?;
                answer.put(&self.post, records)?;
                Ok(true)
            })?;
            if asks {
                answer.told(&self.post);
                asked.push(to);
            }
        }
        Ok(asked)
    }

    /// A revocation asks for the document back, as a 13 does: its receivers may answer 15 or
    /// 16.
    fn wanted_back(
        &self,
        records: &mut dyn Records,
        target: &edxml::DocumentId,
        by: LetterId,
    ) -> Result<()> {
        let mine = records.deliveries_of(by)?;
        let receivers: HashSet<OrganId> = mine.iter().map(|it| it.to.clone()).collect();
        // The answer may name the revocation, which may have an identifier of its own.
        let mut deliveries = mine;
        for letter in records.letters_of(self.post.id(), target)? {
            if letter.id != by {
                deliveries.extend(records.deliveries_of(letter.id)?);
            }
        }
        for delivery in deliveries {
            let after = delivery.progress.after(StatusCode::TakeBackRequested);
            if let Some(progress) = after.filter(|_| receivers.contains(&delivery.to)) {
                records.set_progress(delivery.id, progress)?;
            }
        }
        Ok(())
    }

    /// The document as it was handed over.
    pub(in crate::exchange) fn envelope(&self, letter: &Letter) -> Result<Envelope> {
        let source = self.post.store().open(&letter.digest)?;
        let bytes = source.window(0..source.len())?;
        match edxml::parse(&bytes, &self.post.limits)?.message {
            Message::Document(envelope) => Ok(envelope),
            Message::Status(_) => Err(Error::misuse("the letter holds a status, not a document")),
        }
    }

    /// What is known of a document that was handed over; nothing where an earlier version of
    /// this crate did not keep it, and its bytes are gone.
    pub(in crate::exchange) fn gist(&self, letter: &Letter) -> Result<Option<Gist>> {
        if let Some(gist) = &letter.gist {
            return Ok(Some(gist.clone()));
        }
        if self.post.store().within(|it| it.has_body(&letter.digest))? {
            return Ok(Some(gist(&self.envelope(letter)?, &self.post.limits)));
        }
        Ok(None)
    }

    fn receivers(&self, envelope: &Envelope) -> Result<Vec<OrganId>> {
        let from = &envelope.header.from.organ_id;
        if from != self.post.id() {
            let us = self.post.id();
            return Err(Error::misuse(format!("the document is from {from}, this post is {us}'s")));
        }
        let (mut to, mut named): (Vec<OrganId>, HashSet<&str>) = (Vec::new(), HashSet::new());
        for Organization { organ_id, .. } in &envelope.header.to {
            // The first level has the same code in both grammars.
            let short = organ_id.as_str().strip_prefix("000.00.00.").unwrap_or_default();
            let is_same = organ_id.is_same_agency(&short.into());
            let code = if is_same { short } else { organ_id.as_str() };
            if !organ_id.is_empty() && named.insert(code) {
                to.push(organ_id.clone());
            }
        }
        if to.is_empty() { Err(Error::misuse("the document names no receiver")) } else { Ok(to) }
    }

    /// The letter that brought the same content to the same receivers; an error where it was
    /// brought to some of them alone, or where another content stands under the same
    /// identifier, both being new documents.
    fn known(&self, earlier: &[Letter], new: &New<'_>) -> Result<Option<LetterId>> {
        let is_new = |it: &Gist| it.kind() == BusinessType::New;
        for letter in earlier {
            let gist = self.gist(letter)?;
            // The same bytes say the same, whatever is known of them.
            let is_same = gist.as_ref().is_some_and(|it| it.content == new.gist.content)
                || letter.digest == new.digest();
            if is_same {
                let brought = self.post.store().within(|it| it.deliveries_of(letter.id))?;
                if brought_to(&letter.document, &brought, &new.to)? {
                    return Ok(Some(letter.id));
                }
                continue;
            }
            match gist {
                None if is_new(&new.gist) => return Err(nobody_knows(&letter.document, UPDATE_IT)),
                Some(it) if is_new(&it) && is_new(&new.gist) => {
                    return Err(Error::misuse(format!(
                        "{} was handed over with another content: send an update of it",
                        letter.document
                    )));
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Who was asked to give a document back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct AskedBack {
    /// Who was asked now.
    pub receivers: Vec<OrganId>,
    /// Who may have it and was not asked: what they have of it an earlier version of this
    /// crate sent, and its bytes are gone. A revocation reaches them.
    pub left_out: Vec<OrganId>,
}

/// A document that is handed over.
struct New<'e> {
    header: &'e MessageHeader,
    bytes: Vec<u8>,
    /// Its SHA-256 in lower-case hexadecimal, once asked for.
    digest: OnceCell<String>,
    gist: Gist,
    facts: DocumentFacts,
    to: Vec<OrganId>,
    at: UtcTime,
    event: Event,
}

impl<'e> New<'e> {
    fn of(
        envelope: &'e Envelope,
        gist: Gist,
        to: Vec<OrganId>,
        signed_at: Option<UtcTime>,
        at: UtcTime,
    ) -> Result<Self> {
        let header = &envelope.header;
        let bytes = envelope.to_bytes()?;
        let facts = DocumentFacts::of(header, gist.kind());
        let event = Event::Queued { document: facts.clone(), to: to.clone(), signed_at };
        Ok(Self { header, bytes, digest: OnceCell::new(), gist, facts, to, at, event })
    }

    fn digest(&self) -> &str {
        self.digest.get_or_init(|| DigestAlgorithm::Sha256.digest(&self.bytes).to_string())
    }
}

/// Whether these deliveries bring it to all of them; an error where to some alone, or where a
/// person decided that one of them does not have it.
fn brought_to(document: &edxml::DocumentId, brought: &[Delivery], to: &[OrganId]) -> Result<bool> {
    let to_any = |it: &&Delivery| to.iter().any(|to| it.to.is_same_agency(to));
    let cancelled = |it: &&Delivery| it.state == DeliveryState::Cancelled && to_any(it);
    if let Some(Delivery { id, to, .. }) = brought.iter().find(cancelled) {
        return Err(Error::misuse(format!(
            "{document} was cancelled for {to}: have delivery {} resumed, or hand it over for \
             the others alone",
            id.0
        )));
    }
    let has = |to: &&OrganId| brought.iter().any(|it| it.to.is_same_agency(to));
    match (to.iter().all(|it| has(&it)), to.iter().find(has)) {
        (true, _) => Ok(true),
        (false, Some(one)) => Err(brought_to_some(document, one)),
        (false, None) => Ok(false),
    }
}

fn brought_to_some(document: &edxml::DocumentId, one: &OrganId) -> Error {
    Error::misuse(format!(
        "{document} was handed over for {one} before, and not for all the others: hand it over \
         for those alone"
    ))
}

/// Of a letter of an earlier version whose bytes were thrown away.
fn nobody_knows(document: &edxml::DocumentId, what: &str) -> Error {
    Error::misuse(format!(
        "{document} was handed over to an earlier version of this crate, and its bytes were \
         thrown away since: {what}"
    ))
}

const UPDATE_IT: &str = "whether this is the same nobody can tell; send an update of it";
const REVOKE_IT: &str = "what to ask for nobody can tell; send a revocation of it";

fn gist(envelope: &Envelope, limits: &Limits) -> Gist {
    let kind = envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind);
    Gist {
        // An application that died seals it anew, and no two seals are the same bytes.
        content: content_digest_but_seals(envelope, limits),
        business: kind.number(),
        targets: envelope.targets().into_iter().cloned().collect(),
        promulgated: envelope.header.promulgation.date.clone(),
    }
}

/// Whether the receiver may have it.
fn may_be_there(delivery: &Delivery) -> bool {
    use DeliveryState::{InDoubt, Sending, Sent};
    matches!(delivery.state, Sent | InDoubt | Sending) || delivery.in_doubt_since.is_some()
}
