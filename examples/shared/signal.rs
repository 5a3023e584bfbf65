//! Waits for the operator to stop the program.

use std::io;

use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// A future that ends at Ctrl-C or, on Unix, at SIGTERM. From this call on neither ends the
/// program by itself; a second Ctrl-C ends it at once, with status 130.
///
/// # Errors
///
/// Where the system does not let signals be handled.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = ctrl_c().await;
        tracing::info!("stopping: finishing what is in flight");
        tokio::spawn(async {
            let _ = ctrl_c().await;
            std::process::exit(130);
        });
    })
}
