//! Text in every character set, by its known bytes and by its properties.

#![allow(clippy::expect_used, reason = "helpers of tests, outside of them")]

#[cfg(feature = "charset")]
mod decoding;
#[cfg(feature = "charset")]
mod encoding;
#[cfg(feature = "charset")]
mod evidence;
mod hidden;
mod known;
#[cfg(feature = "charset")]
mod properties;
mod splitting;
#[cfg(feature = "charset")]
mod switching;
#[cfg(feature = "charset")]
mod wide_reader;

#[cfg(feature = "charset")]
use hl7_parse::{
    OwnedMessage, Path,
    charset::{self, Decoded},
};

#[cfg(feature = "charset")]
const NAME: Path = Path::new("PID-5");

fn header(msh_18: &str, msh_20: &str) -> String {
    format!("MSH|^~\\&|A|||||||1|P|2.5||||||{msh_18}||{msh_20}\r")
}

#[cfg(feature = "charset")]
fn decode(bytes: &[u8]) -> Decoded {
    let decoded = charset::decode(bytes.to_vec(), None);
    decoded.map_err(|_| bytes.escape_ascii().to_string()).expect("readable")
}

#[cfg(feature = "charset")]
fn name_in(message: &OwnedMessage) -> String {
    message.as_message().get(&NAME).decode().into_owned()
}
