//! Verifies certificates that are pinned: compared byte by byte with those that were configured.
//!
//! IHE ITI-19 asks for direct comparison besides chains of authorities, and that no particular
//! attribute be demanded of a certificate: neither names nor usages are looked at here. Its dates
//! are.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate::validity;

/// What is done with a certificate that is not pinned.
#[derive(Debug)]
pub(super) enum Others<V: ?Sized> {
    /// Refused.
    Refused,
    /// Verified by its chain.
    Verified(Arc<V>),
    /// Accepted, whatever it is. Only through a constructor that says dangerous.
    Accepted,
}

/// Accepts pinned certificates.
pub(super) struct Pinned<V: ?Sized> {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) others: Others<V>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl<V: ?Sized> Pinned<V> {
    /// Whether the certificate is pinned.
    fn holds(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Result<bool, Error> {
        if !self.certificates.contains(certificate) {
            return Ok(false);
        }
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let fault = match validity(certificate) {
            None => CertificateError::BadEncoding,
            Some((from, _)) if now < from => CertificateError::NotValidYet,
            Some((_, to)) if now > to => CertificateError::Expired,
            Some(_) => return Ok(true),
        };
        Err(Error::InvalidCertificate(fault))
    }

    fn tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What is said of a certificate that is neither pinned nor of a trusted authority.
fn unknown() -> Error {
    Error::InvalidCertificate(CertificateError::UnknownIssuer)
}

impl ServerCertVerifier for Pinned<dyn ServerCertVerifier> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.holds(certificate, now)? {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.others {
            Others::Refused => Err(unknown()),
            Others::Accepted => Ok(ServerCertVerified::assertion()),
            Others::Verified(chain) => {
                chain.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ClientCertVerifier for Pinned<dyn ClientCertVerifier> {
    /// None: a client whose certificate is pinned may have been issued by anybody.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.holds(certificate, now)? {
            return Ok(ClientCertVerified::assertion());
        }
        match &self.others {
            Others::Verified(chain) => chain.verify_client_cert(certificate, intermediates, now),
            Others::Refused | Others::Accepted => Err(unknown()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl<V: ?Sized> fmt::Debug for Pinned<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned")
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}
