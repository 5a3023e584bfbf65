//! What the gateway shows of a configuration full of secrets: when something is wrong with it, and
//! while it runs, in its log and as metrics.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use hl7_ack::{Outcome, Received};
use hl7_chaos::{MARK, Player, Role, Settings, Transport, frame, rows};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    marks::{NUMBER, assert_clean, damaged, marked},
    process::Gateway,
};

/// A folder that is gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("hl7-privacy-{name}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.0.join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of a temporary folder fails no test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Each secret that a file can hold, and no fault. `Q` stands for the mark.
const SOUND: &str = r#"
[store.events]
url = "sqlite:events.db"
password = "Q"

[[route]]
name = "in"
from.http.listen = "127.0.0.1:0"
from.http.basic = { user = "Q", password = "Q" }
from.http.bearer = "Q"

[[route.to]]
name = "token"
http.url = "http://Q:Q@127.0.0.1:9/?key=Q#Q"
http.headers.x-key = "Q"
http.oauth = { url = "http://Q:Q@127.0.0.1:9/?key=Q", client = "Q", secret = "Q", parameters = { key = "Q" } }
http.proxy = "http://Q:Q@127.0.0.1:9/"

[[route.to]]
name = "basic"
http.url = "http://127.0.0.1:9/"
http.basic = { user = "Q", password = "Q" }

[[route.to]]
name = "bearer"
http.url = "http://127.0.0.1:9/"
http.bearer = "Q"
"#;

/// What makes a fault of a line: text of [`SOUND`] and what stands there instead. `N` is a number
/// that is a mark, too.
const FAULTS: [(&str, &str); 37] = [
    // Of another type.
    ("password = \"Q\"\n", "password = N\n"),
    ("password = \"Q\"\n", "password = [\"Q\"]\n"),
    ("password = \"Q\"\n", "password = { Q = \"Q\" }\n"),
    ("password = \"Q\"\n", "password = 1977-07-07\n"),
    ("http.bearer = \"Q\"\n\n", "http.bearer = N\n\n"),
    ("http.bearer = \"Q\"\n\n", "http.bearer = N.5\n\n"),
    ("http.bearer = \"Q\"\n\n", "http.bearer.token = \"Q\"\n\n"),
    ("from.http.basic = { user = \"Q\", password = \"Q\" }", "from.http.basic = \"Q\""),
    ("from.http.basic = { user = \"Q\", password = \"Q\" }", "from.http.basic = \"Q, expected Q\""),
    ("from.http.basic = { user = \"Q\", password = \"Q\" }", "from.http.basic = [\"Q\", N]"),
    ("x-key = \"Q\"", "x-key = N"),
    ("http.headers.x-key = \"Q\"", "http.headers = \"Q\""),
    ("{ url = \"http://Q:Q@127.0.0.1:9/?key=Q\", client", "\"Q\" # { client"),
    ("secret = \"Q\"", "secret = N"),
    ("parameters = { key = \"Q\" }", "parameters = \"Q\""),
    ("http.proxy = \"http://Q:Q@127.0.0.1:9/\"", "http.proxy = { url = \"Q\" }"),
    // No TOML.
    ("password = \"Q\"\n", "password = Q\n"),
    ("password = \"Q\"\n", "password = \"Q\n"),
    ("password = \"Q\"\n", "password = \"Q\" Q\n"),
    ("password = \"Q\"\n", "password = \"Q\\Q\"\n"),
    ("password = \"Q\"\n", "password = \"Q\"\npassword = \"Q\"\n"),
    ("secret = \"Q\"", "secret = Q"),
    // References that are none.
    ("password = \"Q\"\n", "password = \"Q$Q\"\n"),
    ("password = \"Q\"\n", "password = \"Q${Q\"\n"),
    ("password = \"Q\"\n", "password = \"${Q Q}\"\n"),
    // A key where none is, or a secret where another is.
    ("http.bearer = \"Q\"\n\n", "http.bearr = \"Q\"\n\n"),
    ("secret = \"Q\"", "secret = \"Q\", token = \"Q\""),
    (
        "http.basic = { user = \"Q\", password = \"Q\" }\n\n[[route.to]]\nname = \"bearer\"",
        "http.basic = { user = \"Q\" }\n\n[[route.to]]\nname = \"bearer\"",
    ),
    ("http.headers.x-key", "http.bearer = \"Q\"\nhttp.headers.x-key"),
    // Of a form that can not be used.
    ("\"sqlite:events.db\"", "\"mariadb://Q:Q@127.0.0.1:9/Q?Q\""),
    ("\"sqlite:events.db\"", "\"oracle://Q:Q@127.0.0.1:9/Q?Q\""),
    ("\"http://Q:Q@127.0.0.1:9/?key=Q#Q\"", "\"ftp://Q:Q@127.0.0.1:9/?key=Q#Q\""),
    ("\"http://Q:Q@127.0.0.1:9/?key=Q#Q\"", "\"http://Q:Q@127.0.0.1:99999/?key=Q#Q\""),
    ("x-key = \"Q\"", "x-key = \"Q\\n\""),
    ("{ url = \"http://Q:Q@127.0.0.1:9/?key=Q\", client", "{ url = \"Q\", client"),
    ("\"http://Q:Q@127.0.0.1:9/\"", "\"http://Q:Q@:9/\""),
    (
        "name = \"bearer\"\nhttp.url = \"http://127.0.0.1:9/\"\nhttp.bearer = \"Q\"",
        "name = \"bearer\"\nhttp.url = \"http://127.0.0.1:9/\"\nhttp.bearer = \"Q\\n\"",
    ),
];

fn check(folder: &Folder, text: &str) -> (bool, String) {
    let text = text.replace('Q', MARK).replace(" N", &format!(" {NUMBER}"));
    let file = folder.write("gateway.toml", &text);
    Gateway::start(&["--config", &file, "--check-files"]).ended()
}

#[test]
fn a_configuration_without_a_fault_is_found_to_have_none() {
    let (is_well, printed) = check(&Folder::new("sound"), SOUND);
    assert!(is_well, "{printed}");
    assert_clean("the gateway", &printed);
}

#[test]
fn no_fault_of_a_configuration_shows_a_secret() {
    let folder = Folder::new("faults");
    for (from, to) in FAULTS {
        assert!(SOUND.contains(from), "{from}");
        let (is_well, printed) = check(&folder, &SOUND.replacen(from, to, 1));
        assert!(!is_well, "{to} is no fault: {printed}");
        assert!(printed.contains("gateway: "), "{to}: {printed}");
        assert_clean(to, &printed);
    }
}

/// Three routes: MLLP that is changed and goes to HTTP, HTTP that is stored, and MLLP that goes to
/// where nobody is.
const ROUTES: &str = r#"
[status]
listen = "127.0.0.1:0"

[store.events]
url = "sqlite:events.db"
max_message_len = "200KiB"

[[route]]
name = "changed"
from.mllp.listen = "127.0.0.1:0"
from.mllp.frame_timeout = "500ms"
from.mllp.max_frame_len = "250KiB"
validate = [
    { required = ["MSH-9.1"] },
    { path = "PID-5.1", any_of = ["Q"], otherwise = "report" },
    { path = "PID-8", max_length = 4 },
]
filter = [{ path = "PV1-2", none_of = ["Q"] }]
transform = [
    { map_codes = { path = "PID-8", table = "codes.csv" } },
    { set = { path = "PID-11.1", value = "Q" } },
]
replay = { refuse_reused_ids = true }

[[route.to]]
name = "far"
http.url = "FAR"
http.basic = { user = "Q", password = "Q" }
http.headers.x-key = "Q"
order = "per patient"
retry = { preset = "retry_rejected", max_attempts = 2, pauses = ["1ms", "2ms"] }

[[route]]
name = "stored"
from.http.listen = "127.0.0.1:0"
from.http.bearer = "Q"
from.http.body_timeout = "500ms"
validate = [{ path = "PID-5.1", any_of = ["OTHER"], otherwise = "report" }]

[[route.to]]
name = "events"
store = "events"

[[route]]
name = "lost"
from.mllp.listen = "127.0.0.1:0"

[[route.to]]
name = "nobody"
http.url = "http://Q:Q@127.0.0.1:1/?key=Q"
http.oauth = { url = "http://Q:Q@127.0.0.1:1/?key=Q", client = "Q", secret = "Q" }
retry = { preset = "park_content_errors", max_attempts = 2, pauses = ["1ms", "2ms"] }
"#;

/// What comes back until the end of the stream, or until `is_whole`.
async fn exchange(to: SocketAddr, bytes: &[u8], is_whole: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let mut answer = Vec::new();
    let answered = async {
        // It may be refused before all is written.
        let _ = stream.write_all(bytes).await;
        while !is_whole(&answer) && stream.read_buf(&mut answer).await.unwrap_or(0) > 0 {}
    };
    timeout(Duration::from_secs(30), answered).await.expect("an answer, or the end");
    answer
}

async fn get(from: SocketAddr, path: &str) -> String {
    let answer = exchange(from, format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes(), |_| false).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_gateway_shows_no_value_in_its_log_or_metrics_whatever_it_does() {
    let far = hl7_http::server::Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", far.local_addr());
    let refuse_some = async |received: Received| match received.message.as_bytes().len() % 2 {
        0 => Outcome::accepted(),
        _ => Outcome::error(hl7_ack::ErrorCode::APPLICATION_ERROR, MARK),
    };
    tokio::spawn(far.serve(refuse_some).into_future());

    let folder = Folder::new("runs");
    folder.write("codes.csv", &format!("F,{MARK}\n{MARK},F\n"));
    let file = folder.write("gateway.toml", &ROUTES.replace('Q', MARK).replace("FAR", &url));
    let gateway = Gateway::start(&["--config", &file]);
    let address = |route: &str| gateway.address(&format!("forwarding route=\"{route}\""), "listen");
    let (changed, stored, lost) = (address("changed"), address("stored"), address("lost"));
    let status = gateway.address("health, readiness and metrics", "at");

    let ends = |answer: &[u8]| answer.ends_with(b"\x1c\r");
    let few = damaged().step_by(37);
    for message in [marked(), hl7_chaos::message("1")].into_iter().chain(few) {
        let length = message.len();
        let head = format!(
            "POST /{MARK} HTTP/1.1\r\nHost: {MARK}\r\nAuthorization: Bearer {MARK}\r\n\
             Content-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        exchange(stored, &[head.as_bytes(), &message].concat(), |_| false).await;
        // Silence behind FS ends a frame, too, and what refuses one may close the connection.
        let framed = [&frame(&message)[..], &frame(&hl7_chaos::message("77"))].concat();
        exchange(changed, &framed, ends).await;
        exchange(lost, &framed, ends).await;
    }
    let mut settings = Settings::new();
    settings.large = 300_000;
    settings.late = Duration::from_millis(300);
    for row in rows(&settings).iter().filter(|row| row.role() == Role::Sender) {
        let to = if row.transport() == Transport::Mllp { changed } else { stored };
        let mut peer = Player::new(move || TcpStream::connect(to)).patience(Duration::from_secs(1));
        // Whether it is played to its end is another test's.
        let _played = peer.play(row).await;
    }

    let metrics = get(status, "/metrics").await;
    assert_clean("/metrics", &metrics);
    for expected in [
        "hl7_gateway_received_total{route=\"changed\"} ",
        "hl7_gateway_broken_rules_total{route=\"changed\",outcome=\"failed\"} ",
        "hl7_gateway_broken_rules_total{route=\"changed\",outcome=\"reported\"} ",
        "hl7_gateway_broken_rules_total{route=\"stored\",outcome=\"reported\"} ",
        "hl7_gateway_deliveries_total{route=\"changed\",destination=\"far\",outcome=\"AA\"} ",
        "hl7_gateway_deliveries_total{route=\"changed\",destination=\"far\",outcome=\"AE\"} ",
        "hl7_gateway_deliveries_total{route=\"stored\",destination=\"events\",outcome=\"AA\"} ",
        "hl7_gateway_deliveries_total{route=\"lost\",destination=\"nobody\",outcome=\"not_sent\"} ",
        "hl7_mllp_exchanges_total{code=\"AA\"} ",
        "hl7_mllp_events_total{",
    ] {
        assert!(metrics.contains(expected), "nothing was counted as {expected}: {metrics}");
    }
    for path in [&format!("/{MARK}"), &format!("/metrics/{MARK}?{MARK}"), "/readyz"] {
        assert_clean("the status", &get(status, path).await);
    }
    let printed = gateway.end();
    assert_clean("the gateway", &printed);
    for expected in ["TRACE", "route=\"stored\"", "to=\"nobody\""] {
        assert!(printed.contains(expected), "nothing of {expected} in {} bytes", printed.len());
    }
    assert!(folder.path().join("events.db").exists(), "nothing was stored");
}
