//! Says why a request gets no HL7 answer, in one line for the person at the other end.

use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};

use super::body::Body;
use crate::meter;

/// Why a request gets no HL7 answer. The texts name nothing of the request and no internals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Broken,
    ContentEncoding,
    ContentType,
    CutOff,
    Forbidden,
    Method,
    NoRoom,
    NotFound,
    NotGzip,
    NotHl7,
    Overloaded,
    #[cfg(feature = "axum")]
    SeveralMessages,
    Stopping,
    TimedOut,
    TooLong,
    TooManyMessages,
    Unauthorized,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NotGzip | Self::NotHl7 => StatusCode::BAD_REQUEST,
            #[cfg(feature = "axum")]
            Self::SeveralMessages => StatusCode::BAD_REQUEST,
            Self::CutOff => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            // 400 would say that the content is at fault, and the message would be set aside.
            Self::Broken | Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooLong | Self::TooManyMessages => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentEncoding | Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoRoom | Self::Overloaded | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Broken => "the body is broken off\n",
            Self::ContentEncoding => "the content encoding is not supported; gzip is\n",
            Self::ContentType => "the content type is not supported\n",
            Self::CutOff => "shut down before there was an answer\n",
            Self::Forbidden => "not allowed\n",
            Self::Method => "HL7 messages are sent by POST\n",
            Self::NoRoom => "too many bytes at once\n",
            Self::NotFound => "nothing takes messages at this path\n",
            Self::NotGzip => "the body is not gzip, or is cut off\n",
            Self::NotHl7 => "the body is not an HL7 v2 message in ER7\n",
            Self::Overloaded => "too many requests at once\n",
            #[cfg(feature = "axum")]
            Self::SeveralMessages => "one message at a time is taken here\n",
            Self::Stopping => "shutting down\n",
            Self::TimedOut => "the body did not come in time\n",
            Self::TooLong => "the body is too long\n",
            Self::TooManyMessages => "the body holds too many messages\n",
            Self::Unauthorized => "credentials are missing or not known\n",
        }
    }

    /// Whether what is left of the request makes the connection useless.
    fn closes(self) -> bool {
        matches!(
            self,
            Self::Broken
                | Self::CutOff
                | Self::NoRoom
                | Self::Stopping
                | Self::TimedOut
                | Self::TooLong
        )
    }

    pub(super) fn response(self, version: Version) -> Response<Body> {
        let status = self.status();
        meter::refused(status);
        tracing::debug!(status = status.as_u16(), reason = self.text().trim_end(), "refused");
        let mut response = Response::new(Body::new(self.text(), None));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, plain);
        match self {
            Self::Method => drop(headers.insert(header::ALLOW, HeaderValue::from_static("POST"))),
            Self::ContentEncoding => {
                drop(headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")));
            }
            _ => {}
        }
        if self.closes() {
            close(headers, version);
        }
        retry_later(&mut response);
        response
    }
}

/// Says after how many seconds another try may help, where the status says that one may (RFC 9110,
/// 10.2.3; RFC 6585, 4).
pub(super) fn retry_later(response: &mut Response<Body>) {
    if matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
    {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

/// Asks for the end of the connection, where the version of HTTP has a header for it.
pub(super) fn close(headers: &mut HeaderMap, version: Version) {
    if version < Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
