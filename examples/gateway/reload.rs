//! [`Reloads`]: what is read again at SIGHUP: certificates and secrets, for what is opened from then
//! on, and the rules of routes, for messages from then on.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use hl7_ack::{AnyHandler, Handler, Received};

use crate::{config::Config, rules::Rules};

/// A value in use whose place another can take. Clones are handles to the same one.
#[derive(Debug)]
pub(crate) struct Current<T>(Arc<RwLock<T>>);

impl<T: Clone> Current<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(value)))
    }

    pub(crate) fn get(&self) -> T {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Current<AnyHandler> {
    /// Hands each message to the handler that is in use when it comes.
    pub(crate) fn handler(&self) -> AnyHandler {
        let current = self.clone();
        AnyHandler::new(move |received: Received| {
            let handler = current.get();
            async move { handler.handle(received).await }
        })
    }
}

/// What can be read again.
#[derive(Default)]
pub(crate) struct Reloads {
    files: Vec<Box<Reload>>,
    rules: Option<(&'static Config, Vec<Rules>)>,
}

type Reload = dyn Fn() -> Result<(), String> + Send + Sync;

impl Reloads {
    /// Calls this at each reload. On an error it leaves in use what was.
    pub(crate) fn add(&mut self, reload: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        self.files.push(Box::new(reload));
    }

    /// Reads the rules of these routes from the file of this configuration.
    pub(crate) fn add_rules(&mut self, config: &'static Config, rules: Vec<Rules>) {
        self.rules = Some((config, rules));
    }

    /// Reads them all.
    fn run(&self) {
        let mut failed = 0;
        let files = self.files.iter().map(|reload| reload());
        for faults in files.chain([self.reload_rules()]).filter_map(Result::err) {
            failed += 1;
            faults.lines().for_each(|error| tracing::error!(error, "not reloaded"));
        }
        tracing::info!(failed, "certificates, secrets and rules reloaded");
    }

    /// All or none: a file with a fault in it changes nothing.
    fn reload_rules(&self) -> Result<(), String> {
        let Some((config, rules)) = &self.rules else { return Ok(()) };
        let fresh = Config::load(&config.file).map_err(|faults| faults.to_string())?;
        if fresh.fixed != config.fixed {
            return Err(format!(
                "{}: more than allow, senders, accept, validate, filter and transform has changed; \
                 restart for it",
                config.file.display()
            ));
        }
        // What is fixed is the same, and with it the number of routes and their order.
        let prepared = rules.iter().zip(&fresh.routes);
        let prepared = prepared.map(|(rules, route)| rules.prepare(route, &fresh.folder));
        for replace in prepared.collect::<Result<Vec<_>, _>>()? {
            replace();
        }
        Ok(())
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
