//! [`Reloads`]: reads certificates again at SIGHUP, for connections that are opened from then on.

use std::io;

use hl7_transport::{ClientTls, ServerTls, TlsError};

/// What can be read again.
#[derive(Default)]
pub(crate) struct Reloads {
    reload: Vec<Box<dyn Fn() -> Result<(), TlsError> + Send + Sync>>,
}

impl Reloads {
    pub(crate) fn client(&mut self, tls: ClientTls) {
        self.reload.push(Box::new(move || tls.reload()));
    }

    pub(crate) fn server(&mut self, tls: ServerTls) {
        self.reload.push(Box::new(move || tls.reload()));
    }

    /// Reads them all; one that can not be used leaves the one before in use.
    fn run(&self) {
        let failed = self.reload.iter().filter_map(|reload| reload().err());
        let failed = failed.inspect(|error| tracing::error!(%error, "certificate not reloaded"));
        let failed = failed.count();
        tracing::info!(reloaded = self.reload.len() - failed, failed, "certificates reloaded");
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
