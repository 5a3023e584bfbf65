//! Builds a message, sends it over MLLP, and tells what became of it.
//!
//! `cargo run --example build_send -- 127.0.0.1:2575`; without an address to itself.

use std::{env, error::Error, io, io::Write, process::ExitCode};

use hl7_ack::{AckCode, ControlIds, Deliver, Delivery, Outcome, Received, UniqueIds};
use hl7_examples::end;
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::{EditError, MessageBuilder, OwnedMessage};
use jiff::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(build_send().await)
}

async fn build_send() -> Result<(), Box<dyn Error>> {
    let to = match env::args().nth(1) {
        Some(address) => address,
        None => {
            let server = Server::bind("127.0.0.1:0").await?;
            let address = server.local_addr().to_string();
            tokio::spawn(server.serve(async |_: Received| Outcome::accepted()).into_future());
            address
        }
    };
    let client = Client::builder(to).build()?;
    match client.deliver(build()?).await {
        Delivery::Answered(answer) => {
            let code = answer.code().map_or("no code", AckCode::as_str);
            // AE: the content is at fault. AR: the receiver does not take it, or not now.
            if answer.is_positive() {
                Ok(writeln!(io::stdout(), "accepted: {code}")?)
            } else {
                Err(format!("refused: {code}").into())
            }
        }
        // No byte has left: sent again, it can not arrive twice.
        Delivery::NotSent(cause) => Err(format!("not sent: {cause}").into()),
        // It may have arrived. Sent again, with the same control ID, it may arrive twice.
        Delivery::Unknown(cause) => Err(format!("sent, and then: {cause}").into()),
        _ => Err("sent, but nobody has acknowledged it".into()),
    }
}

fn build() -> Result<OwnedMessage, EditError> {
    let mut builder = MessageBuilder::new();
    builder.sending_application("LAB").sending_facility("NORTHFIELD").processing_id("T");
    builder.message_type(["ORU", "R01", "ORU_R01"]).version("2.5.1");
    // The crates below the transports read no clock: time and IDs are passed in.
    builder.date_time(Timestamp::now().strftime("%Y%m%d%H%M%S+0000").to_string());
    builder.control_id(UniqueIds::new().next().as_str());
    builder.segment("PID").set("3.1", "4480017").set_components(5, ["EVERYWOMAN", "EVE"]);
    builder.segment("OBR").set(1, "1").set_components(4, ["718-7", "Hemoglobin", "LN"]);
    builder.segment("OBX").set(1, "1").set(2, "NM").set("3.1", "718-7").set(5, "13.2").set(11, "F");
    builder.finish()
}
