//! [`Line`]: a TCP connection through which two real programs talk, and which breaks.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::random::Random;

/// Forwards connections to a target, and breaks most of them after a random number of bytes: by a
/// reset of both ends, by forwarding no more, or by closing one direction.
///
/// What breaks, where and when follows from the seed and the number of the connection. The target can
/// be exchanged while the line is in use, as when a server starts again on another port.
///
/// It ends when it is dropped; connections that are open then go on until an end closes them.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    struck: Arc<Struck>,
    task: tokio::task::JoinHandle<()>,
}

/// How often a [`Line`] broke.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Struck {
    connections: AtomicU64,
    resets: AtomicU64,
    stalls: AtomicU64,
    half_closes: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Reset,
    Stall,
    HalfClose,
}

/// What happens to one connection.
#[derive(Clone, Copy, Debug)]
struct Plan {
    kind: Kind,
    outwards: bool,
    after: u64,
}

impl Line {
    /// A line on a loopback port of its own. Connections last for `mean` bytes on average, counted in
    /// the direction that breaks.
    ///
    /// # Errors
    ///
    /// Where no port can be listened on.
    pub async fn start(target: SocketAddr, seed: u64, mean: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let struck = Arc::<Struck>::default();
        let (target, targets) = watch::channel(target);
        let counts = Arc::clone(&struck);
        let task = tokio::spawn(async move {
            let mut random = Random::new(seed);
            // Without a connection there is nothing to forward; the next may work.
            loop {
                let Ok((near, _)) = listener.accept().await else { continue };
                counts.connections.fetch_add(1, Relaxed);
                let plan = Plan::random(&mut random, mean);
                let (target, counts) = (*targets.borrow(), Arc::clone(&counts));
                tokio::spawn(async move {
                    // A target that is down closes the connection at once.
                    if let Ok(far) = TcpStream::connect(target).await {
                        carry(near, far, plan, &counts).await;
                    }
                });
            }
        });
        Ok(Self { address, target, struck, task })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections from now on go there. Those that are open stay as they are.
    pub fn retarget(&self, target: SocketAddr) {
        self.target.send_replace(target);
    }

    /// How often it broke until now.
    #[must_use]
    pub fn struck(&self) -> &Struck {
        &self.struck
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Struck {
    /// Breaks of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        [&self.resets, &self.stalls, &self.half_closes]
            .into_iter()
            .fold(0, |total, count| total.saturating_add(count.load(Relaxed)))
    }

    fn count(&self, kind: Kind) {
        let counter = match kind {
            Kind::Reset => &self.resets,
            Kind::Stall => &self.stalls,
            Kind::HalfClose => &self.half_closes,
        };
        counter.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [connections, resets, stalls, half_closes] =
            [&self.connections, &self.resets, &self.stalls, &self.half_closes]
                .map(|count| count.load(Relaxed));
        write!(
            f,
            "{connections} connections, {resets} resets, {stalls} stalls, {half_closes} half-closes"
        )
    }
}

impl Plan {
    fn random(random: &mut Random, mean: u64) -> Self {
        // Stalls last until somebody's time limit is over, so they are the fewest.
        let kind = match random.below(10) {
            0 => Kind::Stall,
            1..=3 => Kind::HalfClose,
            _ => Kind::Reset,
        };
        let outwards = random.below(2) == 0;
        Self { kind, outwards, after: random.below(mean.saturating_mul(2).max(1)) }
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, plan: Plan, counts: &Struck) {
    let broken = AtomicBool::new(false);
    let mut reset = false;
    {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let after = |outwards| (plan.outwards == outwards).then_some(plan.after);
        let pump =
            |outwards| Pump { left: after(outwards), kind: plan.kind, broken: &broken, counts };
        let mut out = std::pin::pin!(pump(true).run(near_read, far_write));
        let mut back = std::pin::pin!(pump(false).run(far_read, near_write));
        let (mut out_ended, mut back_ended) = (false, false);
        while !(reset || out_ended && back_ended) {
            tokio::select! {
                struck = &mut out, if !out_ended => (out_ended, reset) = (true, struck),
                struck = &mut back, if !back_ended => (back_ended, reset) = (true, struck),
            }
            // Who stalled on a broken line has gone: nothing is left to wait for.
            if out_ended && broken.load(Relaxed) {
                break;
            }
        }
    }
    if reset {
        for stream in [near, far] {
            // Where this fails the connection is closed in good order, which is a break as well.
            drop(stream.set_zero_linger());
        }
    }
}

/// One direction of a connection.
struct Pump<'a> {
    /// Bytes until it breaks.
    left: Option<u64>,
    kind: Kind,
    broken: &'a AtomicBool,
    counts: &'a Struck,
}

impl Pump<'_> {
    /// Copies until the end, and says whether that is a reset. After a stall or half-close it reads
    /// on and forwards nothing, so that it notices when its sender gives up.
    async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> bool {
        let mut buffer = [0; 8192];
        let mut forwards = true;
        loop {
            let len = from.read(&mut buffer).await.unwrap_or(0);
            if len == 0 {
                if forwards {
                    drop(to.shutdown().await);
                }
                return false;
            }
            if !forwards {
                continue;
            }
            let len = u64::try_from(len).unwrap_or(u64::MAX);
            let taken = self.left.map_or(len, |left| left.min(len));
            let taken_len = usize::try_from(taken).unwrap_or(usize::MAX);
            let written = to.write_all(buffer.get(..taken_len).unwrap_or_default()).await;
            forwards = written.is_ok();
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(taken);
                if *left == 0 {
                    forwards = false;
                    self.broken.store(true, Relaxed);
                    self.counts.count(self.kind);
                    match self.kind {
                        Kind::Reset => return true,
                        Kind::HalfClose => drop(to.shutdown().await),
                        Kind::Stall => {}
                    }
                }
            }
        }
    }
}
