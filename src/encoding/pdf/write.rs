//! Objects to bytes.

use super::object::{Dictionary, Object};

/// Writes a direct object. A stream is written as its dictionary; its data are the
/// caller's.
pub(crate) fn write_object(object: &Object, out: &mut Vec<u8>) {
    match object {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(true) => out.extend_from_slice(b"true"),
        Object::Boolean(false) => out.extend_from_slice(b"false"),
        Object::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Object::Real(text) => out.extend_from_slice(text),
        Object::Name(name) => write_name(name, out),
        Object::String(bytes) => write_string(bytes, out),
        Object::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b' ');
                }
                write_object(item, out);
            }
            out.push(b']');
        }
        Object::Dictionary(dictionary) => write_dictionary(dictionary, out),
        Object::Stream(stream) => write_dictionary(&stream.dictionary, out),
        Object::Reference(reference) => out.extend_from_slice(reference.to_string().as_bytes()),
    }
}

pub(crate) fn write_dictionary(dictionary: &Dictionary, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<<");
    for entry in dictionary.entries() {
        write_name(&entry.key, out);
        out.push(b' ');
        write_object(&entry.value, out);
        out.push(b'\n');
    }
    out.extend_from_slice(b">>");
}

/// ISO 32000-2 §7.3.5.
fn write_name(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for byte in name {
        let special = matches!(
            byte,
            b'#' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        );
        if byte.is_ascii_graphic() && !special {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

/// Readable text as a literal string, anything else in hexadecimal.
fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        out.push(b'(');
        for byte in bytes {
            if matches!(byte, b'(' | b')' | b'\\') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b')');
    } else {
        out.push(b'<');
        for byte in bytes {
            out.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
        out.push(b'>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::pdf::lexer::Lexer;

    #[test]
    fn what_is_written_is_read_again() {
        let text = b"<</A#20B [1 -2.50 (a\\(b\\\\) <c3a9> true null 7 0 R /#23] /C <</D false>>>>";
        let read = Lexer::new(text, 0, 9).object().unwrap();
        let mut written = Vec::new();
        write_object(&read, &mut written);
        assert_eq!(Lexer::new(&written, 0, 9).object().unwrap(), read);
        assert!(String::from_utf8_lossy(&written).contains("-2.50"));
    }
}
