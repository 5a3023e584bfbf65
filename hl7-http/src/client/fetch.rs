//! Requests that carry no message: what the poller asks its source.

use bytes::Bytes;
use hl7_ack::{Cause, CauseKind};
use http::{HeaderMap, Method, StatusCode};
use reqwest::{Request, Url};

use super::{Client, Credentials, Failed, Inner, failure, read_body};
use crate::dialect::Dialect;

/// A response that was read to its end.
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    /// The URL messages are sent to; for the poller, the one they are fetched from.
    pub(crate) fn url(&self) -> &Url {
        &self.inner.url
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.inner.dialect
    }

    /// Asks without a body, with the client's credentials, headers and limits. An access token that
    /// is refused is replaced once.
    pub(crate) async fn fetch(&self, method: &Method, url: &Url) -> Result<Fetched, Cause> {
        let inner = &*self.inner;
        match tokio::time::timeout(inner.limits.timeout, self.fetch_in_time(method, url)).await {
            Ok(Ok(fetched)) => Ok(fetched),
            Ok(Err(Failed::Before(cause))) => Err(cause),
            Ok(Err(Failed::Http(error))) => {
                Err(failure(&error, &inner.destination, inner.limits.connect_timeout))
            }
            Err(_) => Err(inner.timed_out()),
        }
    }

    async fn fetch_in_time(&self, method: &Method, url: &Url) -> Result<Fetched, Failed> {
        let Inner { http, credentials, limits, destination, .. } = &*self.inner;
        let mut renewed = false;
        loop {
            let authorization = credentials.header().await?;
            let headers = self.inner.headers_without_body(authorization.as_ref());
            let mut request = Request::new(method.clone(), url.clone());
            *request.headers_mut() = headers;
            let mut response = http.execute(request).await?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED
                && !renewed
                && let (Credentials::Tokens(tokens), Some(refused)) = (credentials, &authorization)
            {
                tokens.forget(refused);
                renewed = true;
                continue;
            }
            let headers = response.headers().clone();
            let max = limits.max_response_len;
            let Some(body) = read_body(&mut response, max).await? else {
                let text = format!("{destination} answered more than {max} bytes");
                return Err(Failed::Before(Cause::new(CauseKind::Unreadable, text)));
            };
            return Ok(Fetched { status, headers, body });
        }
    }
}
