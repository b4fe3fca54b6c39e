//! The form in which a message is sent: `multipart/form-data` (RFC 7578).

use std::io::{self, Read};

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;

/// What stands around the message in a form.
pub(super) struct Form {
    boundary: String,
    head: String,
    tail: String,
}

impl Form {
    /// With a boundary that nobody can foresee, so that no message holds it.
    pub(super) fn new(message_type: &str) -> Result<Self> {
        let mut random = [0_u8; 16];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::new(ErrorKind::Io, "the system gives no random bytes"))?;
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let boundary = format!("edoc-{hex}");
        let disposition = "Content-Disposition: form-data; name=";
        let head = format!(
            "--{boundary}\r\n{disposition}\"edocFile\"; filename=\"message.edxml\"\r\n\
             Content-Type: application/xml\r\n\r\n"
        );
        let tail = format!(
            "\r\n--{boundary}\r\n{disposition}\"messageType\"\r\n\r\n{message_type}\r\n--{boundary}--\r\n"
        );
        Ok(Self { boundary, head, tail })
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Bytes of the form around a message of so many.
    pub(super) fn length(&self, message: u64) -> u64 {
        let around =
            Source::len(self.head.as_bytes()).saturating_add(Source::len(self.tail.as_bytes()));
        message.saturating_add(around)
    }

    pub(super) fn around<R: Read>(&self, message: R) -> io::Chain<io::Chain<&[u8], R>, &[u8]> {
        self.head.as_bytes().chain(message).chain(self.tail.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_stands_in_it_untouched() {
        let form = Form::new("edoc").unwrap();
        let message = b"--not a boundary\r\n\0\xFF";
        let mut bytes = Vec::new();
        form.around(&message[..]).read_to_end(&mut bytes).unwrap();
        assert_eq!(Source::len(&bytes), form.length(Source::len(message)));
        let boundary = form.content_type().split_once("boundary=").unwrap().1.to_owned();
        let parts: Vec<_> = {
            let text: String = bytes.iter().map(|it| char::from(*it)).collect();
            text.split(&format!("--{boundary}")).map(str::to_owned).collect()
        };
        assert_eq!(parts.len(), 4);
        assert!(parts[1].ends_with("\r\n\r\n--not a boundary\r\n\0\u{FF}\r\n"));
        assert!(parts[2].ends_with("name=\"messageType\"\r\n\r\nedoc\r\n"));
        assert_eq!((parts[0].as_str(), parts[3].as_str()), ("", "--\r\n"));
        assert_ne!(Form::new("edoc").unwrap().boundary, boundary);
    }
}
