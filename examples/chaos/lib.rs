//! Peers that misbehave on an HL7 v2 link, each under a name, to test any engine with.
//!
//! A [`Row`] is one habit of a peer in the wild: a script of [`Step`]s, and what a good engine makes
//! of it. A row plays a *sender*, which connects to the engine and sends to it, or a *receiver*, to
//! which the engine connects and sends. [`Player`] plays it over TCP or any other stream.
//!
//! [`Line`] stands between two programs and breaks their connections at random.
//!
//! The tests of `hl7-mllp` and `hl7-http` play every row; the program `chaos` of the examples plays
//! one by name against whatever listens or sends. Nothing in here uses the crates that are tested
//! with it, so that no fault is on both sides of a link.
//!
//! ```
//! use std::time::Duration;
//!
//! use hl7_chaos::{Player, Role, Settings, rows};
//! use tokio::net::TcpStream;
//!
//! async fn test_my_engine() -> Result<(), Box<dyn std::error::Error>> {
//!     for row in rows(&Settings::new()).iter().filter(|row| row.role() == Role::Sender) {
//!         let connect = || TcpStream::connect("127.0.0.1:2575");
//!         let played = Player::new(connect).patience(Duration::from_secs(5)).play(row).await;
//!         played.map_err(|fault| format!("{}: {fault}", row.name()))?;
//!     }
//!     Ok(())
//! }
//! ```

mod content;
mod http_receivers;
mod http_senders;
mod line;
mod link;
mod message;
mod open;
mod play;
mod random;
mod receivers;
mod row;
mod senders;
mod step;

pub use line::{Line, Struck};
pub use message::{MARK, acknowledgment, control_id, frame, message, msa};
pub use open::Open;
pub use play::{Fault, Player};
pub use random::Random;
pub use row::{Known, Role, Row, Settings, Transport, find, rows};
pub use step::{Script, Step};
