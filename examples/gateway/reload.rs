//! [`Reloads`]: reads certificates, secrets and tables again at SIGHUP, for what is opened from then on.

use std::io;

/// What can be read again.
#[derive(Default)]
pub(crate) struct Reloads {
    reload: Vec<Box<Reload>>,
}

type Reload = dyn Fn() -> Result<(), String> + Send + Sync;

impl Reloads {
    /// Calls this at each reload. On an error it leaves in use what was.
    pub(crate) fn add(&mut self, reload: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        self.reload.push(Box::new(reload));
    }

    /// Reads them all.
    fn run(&self) {
        let failed = self.reload.iter().filter_map(|reload| reload().err());
        let failed = failed.inspect(|error| tracing::error!(%error, "not reloaded"));
        let failed = failed.count();
        tracing::info!(
            reloaded = self.reload.len() - failed,
            failed,
            "certificates, secrets and tables reloaded"
        );
    }

    /// Does so at every SIGHUP, from this call on.
    #[cfg(unix)]
    pub(crate) fn at_hangup(self) -> io::Result<impl Future<Output = ()> + Send + 'static> {
        use tokio::signal::unix::{SignalKind, signal};

        let mut hangup = signal(SignalKind::hangup())?;
        Ok(async move {
            while hangup.recv().await.is_some() {
                self.run();
            }
        })
    }

    /// There is no such signal here.
    #[cfg(not(unix))]
    pub(crate) fn at_hangup(self) -> io::Result<impl Future<Output = ()> + Send + 'static> {
        Ok(async move {
            let _unused = self;
            std::future::pending::<()>().await;
        })
    }
}
