//! Serves one connection: hyper's protocols, with this crate's time limits.

use std::{
    error::Error,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use hl7_ack::Peer;
use hl7_transport::{Shutdown, deadline_after};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep_until,
};

use super::{
    Timeouts,
    service::Service,
    watch::{Counted, Limits, Watch, Watched},
};
use crate::meter;

/// Most bytes of a request's headers, and of what is read ahead of a body.
const MAX_HEADER_LEN: usize = 64 * 1024;

/// Most requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Connections {
    service: Service,
    timeouts: Timeouts,
    shutdown: Shutdown,
    http: Builder<TokioExecutor>,
}

/// Why a connection was left.
enum End {
    /// Either side closed it, or it broke.
    Closed(Result<(), Box<dyn Error + Send + Sync>>),
    /// No request, or not all of its headers, came in time; or an answer was not taken.
    Silent,
}

impl Connections {
    pub(super) fn new(service: Service, timeouts: Timeouts, shutdown: Shutdown) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        // A caller that shuts down its sending side still gets its answer. The headers' time limit
        // is this module's, because hyper's also runs while a connection is idle.
        http.http1()
            .half_close(true)
            .header_read_timeout(None)
            .max_buf_size(MAX_HEADER_LEN)
            .timer(TokioTimer::new());
        http.http2()
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADER_LEN as u32)
            .timer(TokioTimer::new());
        Self { service, timeouts, shutdown, http }
    }

    /// Answers the requests of one connection until it is closed by either side.
    pub(super) async fn serve<S>(&self, io: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let _held = meter::Held::begin();
        let watch = Watch::new();
        let service = service_fn({
            let (watch, peer) = (watch.clone(), peer.clone());
            move |request: Request<Incoming>| {
                let in_flight = watch.request(request.version());
                let (service, peer) = (self.service.clone(), peer.clone());
                async move {
                    let (parts, body) = request.into_parts();
                    let response = service.answer_to(peer, parts, body).await;
                    let in_flight = in_flight.answered();
                    let counted = |inner| Counted { inner, _in_flight: in_flight };
                    Ok::<_, std::convert::Infallible>(response.map(counted))
                }
            }
        });
        let io = TokioIo::new(Watched { inner: io, watch: watch.clone() });
        let mut connection = pin!(self.http.serve_connection(io, service));
        let mut stopping = pin!(self.shutdown.stopping());
        let mut is_stopping = false;
        let Timeouts { header, idle, write, .. } = self.timeouts;
        let stop_grace = self.service.options().stop_grace;
        let mut timer = pin!(sleep_until(deadline_after(idle)));
        let end = poll_fn(|context| {
            if !is_stopping && stopping.as_mut().poll(context).is_ready() {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(closed) = connection.as_mut().poll(context) {
                return Poll::Ready(End::Closed(closed));
            }
            // Polling the connection may have moved the deadline either way.
            loop {
                // While it answers, another task may do so and end without waking this one.
                let header = if is_stopping { header.min(stop_grace) } else { header };
                let limits = Limits { header, idle, write };
                let deadline = watch.deadline(limits);
                let deadline = deadline.unwrap_or_else(|| deadline_after(idle));
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                if timer.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                if watch.deadline(limits).is_some_and(|now| now <= deadline) {
                    return Poll::Ready(End::Silent);
                }
            }
        })
        .await;
        log(&end, &peer);
    }
}

fn log(end: &End, peer: &Peer) {
    match end {
        End::Closed(Ok(())) => tracing::debug!(%peer, "closed"),
        End::Silent => {
            meter::noted("silent");
            tracing::debug!(%peer, "no request in time, or an answer not taken, closed");
        }
        End::Closed(Err(error)) => match error.downcast_ref::<hyper::Error>() {
            Some(error) if error.is_parse() => {
                meter::noted("not_http");
                tracing::warn!(
                    %peer,
                    "not HTTP, closed; does the sender speak TLS or MLLP to this port?"
                );
            }
            error => {
                meter::noted("lost");
                // hyper's own text names what failed; sources could show what was received.
                let error = error.map(tracing::field::display);
                tracing::debug!(%peer, error, "connection lost");
            }
        },
    }
}
