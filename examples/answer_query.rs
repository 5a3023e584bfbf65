//! Answers a query: whose name begins so (QBP^Q22)? These people's (RSP^K22).
//!
//! `cargo run --example answer_query -- testdata/messages/qbp_q22.hl7`

use std::{error::Error, process::ExitCode};

use hl7_ack::{ControlIds, Deliver, Delivery, ErrorCode, Outcome, Received, Reply, UniqueIds};
use hl7_examples::{end, input, print_segments};
use hl7_mllp::{client::Client, server::Server};
use hl7_parse::{Editor, Message, OwnedMessage, Path, SegmentBuilder};
use jiff::Timestamp;

const QPD: Path = Path::new("QPD");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(answer_query().await)
}

async fn answer_query() -> Result<(), Box<dyn Error>> {
    let query = OwnedMessage::parse(input("messages/qbp_q22.hl7")?)?;
    let server = Server::bind("127.0.0.1:0").await?;
    let client = Client::builder(server.local_addr().to_string()).build()?;
    tokio::spawn(server.serve(answer).into_future());
    match client.deliver(query).await {
        Delivery::Answered(answer) if answer.is_positive() => Ok(print_segments(answer.message())?),
        other => Err(format!("not answered: {other:?}").into()),
    }
}

/// The handler: a message that it returns is the answer, an outcome becomes an acknowledgment.
async fn answer(received: Received) -> Reply {
    let refused = Outcome::error(ErrorCode::SEGMENT_SEQUENCE_ERROR, "no query in it");
    response(&received.message.as_message()).map_or_else(|_| refused.into(), Reply::from)
}

/// Made of the query, so that QPD comes back as it was asked, and in the same delimiters.
fn response(query: &Message<'_>) -> Result<OwnedMessage, Box<dyn Error>> {
    let (header, name) = (query.header(), query.get(&Path::new("QPD-3.2")).decode());
    let mut found = vec![["71", "EVERYMAN", "ADAM"], ["73", "TESTCASE", "TARA"]];
    found.retain(|[_, family, _]| family.starts_with(name.trim_end_matches('*')));
    let (mut msa, mut qak) = (SegmentBuilder::new("MSA"), SegmentBuilder::new("QAK"));
    msa.set(1, "AA").set(2, header.control_id().decode());
    // What was found is told in QAK; that it was nothing (NF) is no error.
    qak.set(1, query.get(&Path::new("QPD-2")).decode());
    qak.set(2, if found.is_empty() { "NF" } else { "OK" });
    let mut editor = Editor::new(query);
    editor.keep_only([&Path::new("MSH-11"), &QPD]).insert_before(&QPD, &msa);
    for (to, from) in [(3, 5), (4, 6), (5, 3), (6, 4)] {
        editor.set_raw(&format!("MSH-{to}").parse()?, header.field(from).as_bytes());
    }
    editor.set(&Path::new("MSH-7"), Timestamp::now().strftime("%Y%m%d%H%M%S+0000").to_string());
    editor.set_components(&Path::new("MSH-9"), ["RSP", "K22", "RSP_K22"]);
    editor.set(&Path::new("MSH-10"), UniqueIds::new().next().as_str()).insert_before(&QPD, &qak);
    for [id, family, given] in found {
        editor.append(SegmentBuilder::new("PID").set("3.1", id).set_components(5, [family, given]));
    }
    Ok(editor.finish()?)
}
