//! [`Pem`]: certificates and keys, in a file or at hand.

use std::{
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use rustls::RootCertStore;
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject,
};

use super::error::{TlsError, TlsErrorKind};

/// Where PEM text comes from. Errors name it; `Debug` never shows what is in it.
#[derive(Clone)]
pub struct Pem {
    source: Source,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Pem {
    /// Most bytes read of one PEM file: 4 MiB, some twenty times the usual system bundle.
    pub const MAX_LEN: u64 = 4 * 1024 * 1024;

    /// PEM text in a file, read when the configuration is built.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self { source: Source::File(path.as_ref().to_path_buf()) }
    }

    /// PEM text that is at hand already.
    pub fn bytes(text: impl Into<Vec<u8>>) -> Self {
        Self { source: Source::Bytes(text.into()) }
    }

    /// The certificates, in the order of the text; at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let text = self.read()?;
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            certificates.push(certificate.map_err(|_| {
                self.error(TlsErrorKind::Certificate, "a certificate that is not valid PEM")
            })?);
        }
        if certificates.is_empty() {
            return Err(self.error(
                TlsErrorKind::Certificate,
                "no certificate; a line BEGIN CERTIFICATE is expected",
            ));
        }
        Ok(certificates)
    }

    /// The certificates as anchors of trust.
    pub(super) fn add_to(&self, roots: &mut RootCertStore) -> Result<(), TlsError> {
        for certificate in self.certificates()? {
            roots.add(certificate).map_err(|_| {
                self.error(
                    TlsErrorKind::Certificate,
                    "a certificate that can not serve as an authority; is it X.509 version 3?",
                )
            })?;
        }
        Ok(())
    }

    /// The lists of revoked certificates; at least one.
    pub(super) fn revocation_lists(
        &self,
    ) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
        let text = self.read()?;
        let lists: Result<Vec<_>, _> =
            CertificateRevocationListDer::pem_slice_iter(&text).collect();
        match lists {
            Ok(lists) if !lists.is_empty() => Ok(lists),
            _ => Err(self.error(
                TlsErrorKind::RevocationList,
                "no revocation list; a line BEGIN X509 CRL is expected",
            )),
        }
    }

    /// The first private key.
    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = self.read()?;
        if is_encrypted(&text) {
            let name = match &self.source {
                Source::File(path) => path.display().to_string(),
                Source::Bytes(_) => "key.pem".to_owned(),
            };
            let (encrypted, plain) = (quoted(&name), quoted(&format!("{name}.plain")));
            return Err(TlsError::new(
                TlsErrorKind::EncryptedKey,
                format!(
                    "{self}: the private key is encrypted; decrypt it first: \
                     openssl pkey -in {encrypted} -out {plain}"
                ),
            ));
        }
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
            let found = match error {
                rustls_pki_types::pem::Error::NoItemsFound => {
                    "no private key; a line BEGIN PRIVATE KEY is expected"
                }
                _ => "a private key that is not valid PEM",
            };
            self.error(TlsErrorKind::PrivateKey, found)
        })
    }

    pub(super) fn error(&self, kind: TlsErrorKind, found: &str) -> TlsError {
        TlsError::new(kind, format!("{self}: {found}"))
    }

    fn read(&self) -> Result<Vec<u8>, TlsError> {
        let path = match &self.source {
            Source::Bytes(text) => return Ok(text.clone()),
            Source::File(path) => path,
        };
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(Self::MAX_LEN + 1).read_to_end(&mut text))
            .map_err(|error| self.error(TlsErrorKind::File, &error.to_string()))?;
        if text.len() as u64 > Self::MAX_LEN {
            return Err(self.error(TlsErrorKind::File, "longer than 4 MiB, so not a PEM file"));
        }
        Ok(text)
    }
}

/// A file name as a shell takes it for one word.
fn quoted(name: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "/\\:._-+@".contains(char);
    if name.chars().all(is_plain) { name.to_owned() } else { format!("\"{name}\"") }
}

/// Whether the text holds an encrypted key, of PKCS #8 or of the traditional form.
fn is_encrypted(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(|line| {
        line.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY")
            || (line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED"))
    })
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Bytes(_) => f.write_str("PEM text"),
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => f.debug_tuple("Pem::file").field(path).finish(),
            Source::Bytes(text) => write!(f, "Pem::bytes({} bytes)", text.len()),
        }
    }
}
