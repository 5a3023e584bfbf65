//! Cuts the next message out of what was read: a frame of MLLP, or the body of a message of HTTP.

use std::str;

use crate::row::Transport;

/// Why what came is no message. The text holds nothing of it.
pub(crate) type NotOne = &'static str;

/// Most bytes of one message.
const MAX_LEN: usize = 256 * 1024 * 1024;

/// The next whole message and how many bytes it took; `None` while more has to come.
pub(crate) fn cut(transport: Transport, buffer: &[u8]) -> Result<Option<(Vec<u8>, usize)>, NotOne> {
    if buffer.len() > MAX_LEN {
        return Err("a message without an end");
    }
    match transport {
        Transport::Mllp => frame(buffer),
        Transport::Http => http(buffer),
    }
}

/// As strict as can be: what engines write is judged, and not only read.
fn frame(buffer: &[u8]) -> Result<Option<(Vec<u8>, usize)>, NotOne> {
    let Some((first, rest)) = buffer.split_first() else { return Ok(None) };
    if *first != 0x0B {
        return Err("bytes before the start of a frame");
    }
    let Some(len) = rest.windows(2).position(|window| window == b"\x1c\r") else {
        return Ok(None);
    };
    let content = rest.get(..len).unwrap_or_default();
    if content.contains(&0x0B) {
        return Err("a start byte within a frame");
    }
    Ok(Some((content.to_vec(), len.saturating_add(3))))
}

fn http(buffer: &[u8]) -> Result<Option<(Vec<u8>, usize)>, NotOne> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = buffer.split_at(end.saturating_add(4));
    let head = str::from_utf8(head).map_err(|_| "a head that is not ASCII")?;
    if value(head, "transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return Ok(chunks(body)?.map(|(body, len)| (body, head.len().saturating_add(len))));
    }
    // A response that says nothing of its length has none here: 204, or an end of the connection.
    let len = value(head, "content-length").map_or(Ok(0), |len| len.parse::<usize>());
    let len = len.map_err(|_| "a length that is no number")?;
    let body = body.get(..len).map(<[u8]>::to_vec);
    Ok(body.map(|body| (body, head.len().saturating_add(len))))
}

fn chunks(mut rest: &[u8]) -> Result<Option<(Vec<u8>, usize)>, NotOne> {
    let (whole, mut content) = (rest.len(), Vec::new());
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let size = rest.get(..end).and_then(|size| str::from_utf8(size).ok()).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| "a chunk without a size")?;
        let from = end.saturating_add(2);
        let to = from.saturating_add(size);
        let (Some(chunk), Some(after)) = (rest.get(from..to), rest.get(to.saturating_add(2)..))
        else {
            return Ok(None);
        };
        content.extend_from_slice(chunk);
        rest = after;
        if size == 0 {
            return Ok(Some((content, whole.saturating_sub(rest.len()))));
        }
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_out_once_it_is_whole_and_not_before() {
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        for (transport, whole) in [
            (Transport::Mllp, &b"\x0babc\x1c\r"[..]),
            (Transport::Http, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
            (Transport::Http, chunked),
        ] {
            for len in 0..whole.len() {
                let part = cut(transport, &whole[..len]);
                assert_eq!(part, Ok(None), "{len} of {}", whole.escape_ascii());
            }
            let next = [whole, b"more"].concat();
            assert_eq!(cut(transport, &next), Ok(Some((b"abc".to_vec(), whole.len()))));
        }
        assert!(cut(Transport::Mllp, b"abc").is_err());
        assert!(cut(Transport::Mllp, b"\x0ba\x0bb\x1c\r").is_err());
    }
}
