//! [`Gateway`]: the program `gateway` as a process, and all that it prints at the level at which all
//! crates say everything.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// Built by `cargo test` beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = built.join("examples").join("gateway");
    assert!(program.exists(), "first: cargo build --example gateway ({})", program.display());
    program
}

#[derive(Default)]
struct Printed {
    text: Mutex<String>,
    more: Condvar,
}

/// A gateway, ended when dropped, and all that it printed.
pub(crate) struct Gateway {
    child: Child,
    printed: Arc<Printed>,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Gateway {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(program())
            .args(arguments)
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = Arc::<Printed>::default();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![collect(out, &printed), collect(err, &printed)];
        Self { child, printed, readers }
    }

    /// The address behind `key=` in the first line that has both, once there is one.
    pub(crate) fn address(&self, line_with: &str, key: &str) -> SocketAddr {
        let find = |text: &str| {
            let mut lines = text.lines().filter(|line| line.contains(line_with));
            lines.find_map(|line| address_in(line, key))
        };
        let text = self.printed.text.lock().unwrap();
        let waited = self
            .printed
            .more
            .wait_timeout_while(text, Duration::from_secs(20), |text| find(text).is_none());
        let text = waited.unwrap().0;
        find(&text).unwrap_or_else(|| panic!("it does not listen: {text}"))
    }

    /// Ends it, and gives all that it printed.
    pub(crate) fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.ended().1
    }

    /// Waits until it ends by itself: whether all was well, and all that it printed.
    pub(crate) fn ended(&mut self) -> (bool, String) {
        let status = self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status.success(), self.printed.text.lock().unwrap().clone())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }
}

fn collect(from: impl Read + Send + 'static, printed: &Arc<Printed>) -> thread::JoinHandle<()> {
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let mut text = printed.text.lock().unwrap();
            *text += &String::from_utf8_lossy(&line);
            text.push('\n');
            printed.more.notify_all();
        }
    })
}

fn address_in(line: &str, key: &str) -> Option<SocketAddr> {
    let value = line.split_whitespace().find_map(|word| word.strip_prefix(key))?;
    value.strip_prefix('=')?.trim_matches('"').parse().ok()
}
