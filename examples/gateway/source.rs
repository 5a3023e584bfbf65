//! Builds what brings the messages of a route: a server, or a poller.

use std::{io, path::Path};

use hl7_ack::{Acknowledger, AnyHandler, Handled};
use hl7_http::server::Access;
use hl7_transport::{AllowList, Listener, Pem, ServerTls, Serving};

use crate::{
    config::{HttpSource, MllpSource, ServerTlsFiles, Source},
    poll::Polling,
    reload::Reloads,
};

/// A source with everything read that it needs, but for its port.
pub(crate) struct Prepared {
    source: &'static Source,
    tls: Option<ServerTls>,
    access: Option<Access>,
    poller: Option<Polling>,
    allowed: Option<AllowList>,
}

/// A source that brings messages once it is awaited.
pub(crate) enum Ready {
    Server(Box<Serving>),
    Poller(Box<Polling>, Handled),
}

impl Prepared {
    pub(crate) fn new(
        source: &'static Source,
        folder: &'static Path,
        reloads: &mut Reloads,
    ) -> Result<Self, String> {
        let (files, access, poller) = match source {
            Source::Mllp(mllp) => (mllp.tls.as_ref(), None, None),
            Source::Http(http) => (http.tls.as_ref(), access(http, folder)?, None),
            Source::Poll(poll) => (None, None, Some(Polling::new(poll, folder, reloads)?)),
        };
        let tls = files.map(|files| server_tls(files, folder)).transpose()?;
        if let Some(tls) = &tls {
            let reloaded = tls.clone();
            reloads.add(move || reloaded.reload().map_err(|error| error.to_string()));
        }
        Ok(Self { source, tls, access, poller, allowed: None })
    }

    /// Who may connect; everybody if it is not said.
    pub(crate) fn allow(self, list: AllowList) -> Self {
        Self { allowed: Some(list), ..self }
    }

    /// Binds; nothing is accepted or fetched before the returned value is awaited.
    pub(crate) async fn bind(self, handler: AnyHandler) -> Result<Ready, String> {
        let serving = match (self.source, self.poller) {
            (Source::Mllp(mllp), _) => serve_mllp(mllp, self.tls, self.allowed, handler).await?,
            (Source::Http(http), _) => {
                serve_http(http, self.tls, self.access, self.allowed, handler).await?
            }
            (Source::Poll(_), Some(poller)) => {
                let handled = Handled::by(handler).acknowledger(acknowledger());
                return Ok(Ready::Poller(Box::new(poller), handled));
            }
            (Source::Poll(_), None) => return Err("the source is not prepared".to_owned()),
        };
        Ok(Ready::Server(Box::new(serving)))
    }
}

impl Ready {
    /// Brings messages until `stop`; then what is in flight is finished.
    pub(crate) async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        match self {
            Self::Server(serving) => serving.with_graceful_shutdown(stop).await,
            Self::Poller(poller, handled) => {
                poller.run(handled, stop).await;
                Ok(())
            }
        }
    }
}

/// What a message needs to be taken is the destination's business: one without MSH-10 too.
pub(crate) fn acknowledger() -> Acknowledger {
    Acknowledger::new().tolerate_missing_control_id()
}

/// Sets the options that are given; the others keep their default.
macro_rules! set {
    ($server:ident, $source:ident, $($option:ident),+; $($wrapped:ident),+) => {
        $(if let Some(value) = $source.$option {
            $server = $server.$option(value);
        })+
        $(if let Some(value) = $source.$wrapped {
            $server = $server.$wrapped(value.0);
        })+
    };
}

/// Binds, with the list of who may connect.
macro_rules! listener {
    ($source:ident, $allowed:ident) => {{
        let bound = Listener::bind($source.listen.get_ref().as_str()).await;
        let mut listener = bound.map_err(|error| error.to_string())?;
        if let Some(list) = $allowed {
            listener = listener.allow_list(list);
        }
        if let Some(proxies) = &$source.proxy_protocol {
            listener = listener.proxy_protocol(proxies.0.clone());
        }
        if let Some(connections) = $source.max_connections {
            listener = listener.max_connections(connections);
        }
        if let Some(connections) = $source.max_per_address {
            listener = listener.max_per_address(connections);
        }
        listener
    }};
}

async fn serve_mllp(
    mllp: &MllpSource,
    tls: Option<ServerTls>,
    allowed: Option<AllowList>,
    handler: AnyHandler,
) -> Result<Serving, String> {
    let mut server = hl7_mllp::server::Server::from_listener(listener!(mllp, allowed))
        .strict(mllp.strict)
        .release2(mllp.release2)
        .acknowledger(acknowledger());
    set!(
        server, mllp, max_in_flight;
        envelope, max_frame_len, max_buffered, idle_timeout, frame_timeout, handler_timeout,
        write_timeout, shutdown_timeout
    );
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    Ok(server.serve(handler))
}

async fn serve_http(
    http: &HttpSource,
    tls: Option<ServerTls>,
    access: Option<Access>,
    allowed: Option<AllowList>,
    handler: AnyHandler,
) -> Result<Serving, String> {
    let mut server = hl7_http::server::Server::from_listener(listener!(http, allowed))
        .acknowledger(acknowledger());
    set!(
        server, http, max_in_flight;
        max_body_len, max_buffered, idle_timeout, header_timeout, body_timeout, handler_timeout,
        write_timeout, shutdown_timeout
    );
    if let Some(dialect) = &http.dialect {
        server = server.dialect(dialect.clone());
    }
    if let Some(path) = &http.path {
        server = server.path(path.as_str());
    }
    if let Some(access) = access {
        server = server.access(access);
    }
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    Ok(server.serve(handler))
}

/// Who may send to an HTTP server; `None`: everybody who may connect.
fn access(http: &HttpSource, folder: &Path) -> Result<Option<Access>, String> {
    if http.basic.is_none() && http.bearer.is_none() {
        return Ok(None);
    }
    let mut access = Access::new();
    if let Some(basic) = &http.basic {
        access = access.basic(basic.user.as_str(), &basic.password.read(folder)?);
    }
    if let Some(token) = &http.bearer {
        access = access.bearer(&token.read(folder)?);
    }
    Ok(Some(access))
}

fn server_tls(files: &ServerTlsFiles, folder: &Path) -> Result<ServerTls, String> {
    let pem = |path: &crate::config::Text| Pem::file(folder.join(path.as_str()));
    let mut tls = ServerTls::builder(pem(&files.certificate), pem(&files.key));
    if let Some(ca) = &files.client_ca {
        tls = tls.client_ca(pem(ca));
    }
    if let Some(pinned) = &files.pinned {
        tls = tls.pinned_client(pem(pinned));
    }
    if let Some(revoked) = &files.revoked {
        tls = tls.revoked(pem(revoked));
    }
    tls.build().map_err(|error| error.to_string())
}
