//! [`Reloadable`]: a configuration that can be read again while connections use it.

use std::sync::{Arc, PoisonError, RwLock};

use super::error::{TlsError, TlsErrorKind};

type Build<C> = dyn Fn() -> Result<C, TlsError> + Send + Sync;

/// The configuration in use, and how to make it anew.
pub(super) struct Reloadable<C> {
    current: RwLock<Arc<C>>,
    build: Option<Box<Build<C>>>,
}

impl<C> Reloadable<C> {
    /// A configuration that is made by `build`, now and at each reload.
    pub(super) fn new(
        build: impl Fn() -> Result<C, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let current = RwLock::new(Arc::new(build()?));
        Ok(Self { current, build: Some(Box::new(build)) })
    }

    /// A configuration that was made elsewhere.
    pub(super) fn fixed(config: Arc<C>) -> Self {
        Self { current: RwLock::new(config), build: None }
    }

    /// Replaces the configuration; on an error the old one stays in use.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let Some(build) = &self.build else {
            let text = "made from a ready configuration, there is no file to read again";
            return Err(TlsError::new(TlsErrorKind::NotReloadable, text));
        };
        let fresh = Arc::new(build()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The configuration in use.
    pub(super) fn current(&self) -> Arc<C> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}
