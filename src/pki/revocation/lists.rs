//! Lists that were read for earlier documents. One of a million entries takes longer to read
//! and to check than everything else about a document.

use super::crl::Crl;
use crate::limits::Limits;

/// The latest that were used, as many bytes together as one list may have.
#[derive(Debug, Default)]
pub(crate) struct Lists(Vec<ReadLists>);

/// What stood at a URL.
#[derive(Debug, Clone)]
pub(crate) struct ReadLists {
    pub(crate) url: String,
    /// Of the answer, as [`Retrieve::edition`](crate::Retrieve::edition) says.
    pub(crate) edition: Vec<u8>,
    /// Bytes of the answer.
    pub(crate) size: usize,
    pub(crate) lists: Vec<Crl>,
}

impl Lists {
    pub(crate) fn get(&mut self, url: &str, edition: &[u8]) -> Option<ReadLists> {
        let place = self.0.iter().position(|it| it.url == url && it.edition == edition)?;
        let read = self.0.remove(place);
        self.0.push(read.clone());
        Some(read)
    }

    /// In place of an earlier edition, and of those that were not used for longest.
    pub(crate) fn keep(&mut self, read: ReadLists, limits: &Limits) {
        self.0.retain(|it| it.url != read.url);
        self.0.push(read);
        let bytes =
            |all: &[ReadLists]| all.iter().fold(0_usize, |sum, it| sum.saturating_add(it.size));
        while self.0.len() > limits.remembered || bytes(&self.0) > limits.crl_bytes {
            self.0.remove(0);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_more_is_kept_than_one_list_may_have() {
        let limits = Limits { crl_bytes: 100, ..Limits::default() };
        let mut all = Lists::default();
        let keep = |all: &mut Lists, url: &str, edition, size| {
            let (url, edition) = (url.to_owned(), vec![edition]);
            all.keep(ReadLists { url, edition, size, lists: Vec::new() }, &limits);
        };
        keep(&mut all, "a", 1, 40);
        keep(&mut all, "b", 1, 40);
        assert!(all.get("a", &[1]).is_some(), "used later than b");
        keep(&mut all, "c", 1, 40);
        assert!(all.get("b", &[1]).is_none());
        assert_eq!((all.get("a", &[1]).unwrap().size, all.len()), (40, 2));
        keep(&mut all, "a", 2, 40);
        assert!(all.get("a", &[1]).is_none() && all.get("a", &[2]).is_some());
        keep(&mut all, "d", 1, 101);
        assert_eq!(all.len(), 0, "too large by itself");
        let none = Limits { remembered: 0, ..limits };
        let read = ReadLists { url: "a".into(), edition: vec![1], size: 1, lists: Vec::new() };
        all.keep(read, &none);
        assert_eq!(all.len(), 0);
    }
}
