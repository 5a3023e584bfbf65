//! TLS handshakes and what is said when one can not be made.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hl7_transport::{
    ClientTls, Listener, Pem, ServerTls, Serving, Shutdown, TlsError, TlsErrorKind, TlsStream,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::TcpStream,
};

type Outcome = Result<TlsStream<DuplexStream>, TlsError>;

/// An authority made for one test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Tells the authorities of all tests apart by name.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A certificate with its key, as PEM text.
struct Identity {
    chain: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Pem {
        Pem::bytes(self.0.pem())
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { chain: certificate.pem(), key: key.serialize_pem() }
    }

    fn identity(&self) -> Identity {
        self.issue(|_| {})
    }
}

impl Identity {
    fn chain(&self) -> Pem {
        Pem::bytes(self.chain.as_str())
    }

    fn key(&self) -> Pem {
        Pem::bytes(self.key.as_str())
    }

    fn server(&self) -> ServerTls {
        ServerTls::builder(self.chain(), self.key()).build().unwrap()
    }
}

fn trusting(authority: &Authority) -> ClientTls {
    ClientTls::builder().ca(authority.pem()).build().unwrap()
}

/// Runs both handshakes against each other; a side that failed has closed its end.
async fn shake(server: &ServerTls, client: &ClientTls, name: &str) -> (Outcome, Outcome) {
    let (near, far) = duplex(64 * 1024);
    tokio::join!(server.accept(near), client.connect(name, far))
}

fn kind(outcome: &Outcome) -> TlsErrorKind {
    outcome.as_ref().expect_err("the handshake should have failed").kind()
}

#[tokio::test]
async fn bytes_pass_both_ways_after_a_handshake() {
    let authority = Authority::new();
    let (server, client) = (authority.identity().server(), trusting(&authority));
    let (near, far) = shake(&server, &client, "localhost").await;
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    assert_eq!(near.alpn_protocol(), None);

    far.write_all(b"ping").await.unwrap();
    let mut read = [0; 4];
    near.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ping");
    near.write_all(b"pong").await.unwrap();
    near.shutdown().await.unwrap();
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"pong");
    assert!(format!("{near:?}").contains("TLSv1_3"), "{near:?}");
}

#[tokio::test]
async fn alpn_is_agreed_on_when_both_offer_it() {
    let authority = Authority::new();
    let server = authority.identity().server().with_alpn(&[b"h2", b"http/1.1"]);
    let mut config = rustls::ClientConfig::clone(&trusting(&authority).config());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let client = ClientTls::from_config(config.into());
    let (near, far) = shake(&server, &client, "localhost").await;
    assert_eq!(near.unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(far.unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn an_unknown_authority_is_refused_and_both_sides_say_so() {
    let server = Authority::new().identity().server();
    let client = trusting(&Authority::new());
    let (near, far) = shake(&server, &client, "localhost").await;
    assert_eq!(kind(&far), TlsErrorKind::PeerCertificate);
    assert!(far.unwrap_err().to_string().contains("authority"), "the reason is named");
    assert_eq!(kind(&near), TlsErrorKind::Refused);
    assert!(near.unwrap_err().to_string().contains("does not trust"), "the reason is named");
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_or_use_is_refused() {
    let authority = Authority::new();
    let client = trusting(&authority);
    let expired = authority.issue(|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let early = authority.issue(|params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    let client_only = authority.issue(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    for (identity, name, reason) in [
        (authority.identity(), "example.org", "not for the name"),
        (authority.identity(), "127.0.0.1", "not for the name"),
        (authority.identity(), "[::1]", "not for the name"),
        (expired, "localhost", "expired"),
        (early, "localhost", "not valid yet"),
        (client_only, "localhost", "serverAuth"),
    ] {
        let (_, far) = shake(&identity.server(), &client, name).await;
        assert_eq!(kind(&far), TlsErrorKind::PeerCertificate, "{name}, {reason}");
        let text = far.unwrap_err().to_string();
        assert!(text.contains(reason), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_before_a_byte_is_sent() {
    let client = trusting(&Authority::new());
    for name in ["", "two words", "a..b", "[", "host:443"] {
        let (near, far) = duplex(1024);
        let error = client.connect(name, far).await.expect_err(name);
        assert_eq!(error.kind(), TlsErrorKind::ServerName, "{name:?}: {error}");
        let mut sent = Vec::new();
        let mut near = near;
        near.read_to_end(&mut sent).await.unwrap();
        assert!(sent.is_empty(), "{name:?}");
    }
}

#[tokio::test]
async fn mutual_tls_wants_a_certificate_of_the_right_authority() {
    let authority = Authority::new();
    let identity = authority.identity();
    let server = ServerTls::builder(identity.chain(), identity.key())
        .client_ca(authority.pem())
        .build()
        .unwrap();
    let with = |identity: Identity| {
        ClientTls::builder()
            .ca(authority.pem())
            .identity(identity.chain(), identity.key())
            .build()
            .unwrap()
    };

    let (near, far) = shake(&server, &with(authority.identity()), "localhost").await;
    near.expect("the right certificate");
    far.expect("the right certificate");

    let (near, far) = shake(&server, &trusting(&authority), "localhost").await;
    assert_eq!(kind(&near), TlsErrorKind::PeerCertificate);
    assert!(near.unwrap_err().to_string().contains("no certificate"));
    // TLS 1.3 tells the client only when it reads.
    assert!(far.unwrap().read_u8().await.is_err());

    let (near, _) = shake(&server, &with(Authority::new().identity()), "localhost").await;
    assert_eq!(kind(&near), TlsErrorKind::PeerCertificate, "another authority");

    let server_only = authority.issue(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let (near, _) = shake(&server, &with(server_only), "localhost").await;
    assert!(near.unwrap_err().to_string().contains("clientAuth"), "missing usage is named");
}

#[tokio::test]
async fn plain_bytes_on_a_tls_port_are_recognised() {
    let server = Authority::new().identity().server();
    for plain in [&b"\x0bMSH|^~\\&|A|B\r\x1c\r"[..], b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let (near, mut far) = duplex(1024);
        far.write_all(plain).await.unwrap();
        let error = server.accept(near).await.expect_err("not TLS");
        assert_eq!(error.kind(), TlsErrorKind::NotTls, "{plain:?}: {error}");
        assert!(error.to_string().contains("did not speak TLS"), "{error}");
    }
}

#[tokio::test]
async fn a_client_that_meets_plain_text_says_so() {
    let client = trusting(&Authority::new());
    let (mut near, far) = duplex(1024);
    near.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let error = client.connect("localhost", far).await.expect_err("not TLS");
    assert_eq!(error.kind(), TlsErrorKind::NotTls, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up_after_the_handshake_timeout() {
    let authority = Authority::new();
    let server = authority.identity().server();
    let client = trusting(&authority).handshake_timeout(Duration::from_secs(3));
    for (expected, server_side) in [(10, true), (3, false)] {
        let (near, _far) = duplex(64 * 1024);
        let started = tokio::time::Instant::now();
        let outcome = if server_side {
            server.accept(near).await
        } else {
            client.connect("localhost", near).await
        };
        assert_eq!(kind(&outcome), TlsErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), expected, "server side: {server_side}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_connects_and_is_silent_has_the_handshake_timeout_and_no_more() {
    let limit = Duration::from_secs(3);
    let tls = Authority::new().identity().server().handshake_timeout(limit);
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr();
    let serving = Serving::new(listener, Shutdown::new(), limit, |_, _| async {}).tls(tls);
    tokio::spawn(serving.into_future());
    // The second sends a part, late.
    for part in [&b""[..], b"\x16\x03\x01"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let started = tokio::time::Instant::now();
        if !part.is_empty() {
            tokio::time::sleep(limit * 2 / 3).await;
            stream.write_all(part).await.unwrap();
        }
        // Closed or reset.
        let _ended = stream.read(&mut [0; 8]).await;
        assert_eq!(started.elapsed().as_secs(), limit.as_secs(), "{part:?}");
    }
}

#[tokio::test]
async fn a_peer_that_closes_during_the_handshake_is_told_apart() {
    let server = Authority::new().identity().server();
    let (near, mut far) = duplex(1024);
    far.write_all(&[0x16, 3, 1]).await.unwrap();
    drop(far);
    let error = server.accept(near).await.expect_err("closed");
    assert_eq!(error.kind(), TlsErrorKind::Closed, "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let identity = Authority::new().identity();
    let missing = || Pem::file("/nonexistent/hl7.pem");
    for error in [
        ServerTls::builder(missing(), identity.key()).build().unwrap_err(),
        ServerTls::builder(identity.chain(), missing()).build().unwrap_err(),
        ServerTls::builder(identity.chain(), identity.key())
            .client_ca(missing())
            .build()
            .unwrap_err(),
        ClientTls::builder().ca(missing()).build().unwrap_err(),
    ] {
        assert_eq!(error.kind(), TlsErrorKind::File, "{error}");
        assert!(error.to_string().starts_with("/nonexistent/hl7.pem: "), "{error}");
    }
}

#[test]
fn wrong_pem_is_told_apart() {
    let authority = Authority::new();
    let (one, other) = (authority.identity(), authority.identity());
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let traditional = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: X\r\n\r\nAAAA\r\n-----END RSA PRIVATE KEY-----\r\n";
    let junk_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let junk_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    for (what, chain, key, expected, word) in [
        ("no certificate", one.key.as_str(), one.key.as_str(), TlsErrorKind::Certificate, "BEGIN"),
        ("cut certificate", cut, &one.key, TlsErrorKind::Certificate, "valid PEM"),
        ("junk certificate", junk_certificate, &one.key, TlsErrorKind::Certificate, "X.509"),
        ("no key", &one.chain, &one.chain, TlsErrorKind::PrivateKey, "BEGIN PRIVATE KEY"),
        ("empty key", &one.chain, "", TlsErrorKind::PrivateKey, "BEGIN PRIVATE KEY"),
        ("junk key", &one.chain, junk_key, TlsErrorKind::PrivateKey, "kind not supported"),
        ("another's key", &one.chain, &other.key, TlsErrorKind::KeyMismatch, "does not belong"),
        ("encrypted", &one.chain, encrypted, TlsErrorKind::EncryptedKey, "openssl pkey -in"),
        ("traditional", &one.chain, traditional, TlsErrorKind::EncryptedKey, "openssl pkey -in"),
    ] {
        let error = ServerTls::builder(Pem::bytes(chain), Pem::bytes(key)).build().expect_err(what);
        assert_eq!(error.kind(), expected, "{what}: {error}");
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains('\n'), "{what}: {text}");
        let client = ClientTls::builder()
            .ca(authority.pem())
            .identity(Pem::bytes(chain), Pem::bytes(key))
            .build()
            .expect_err(what);
        assert_eq!(client.kind(), expected, "{what}, as a client: {client}");
    }
    let error = ClientTls::builder().ca(Pem::bytes("")).build().unwrap_err();
    assert_eq!(error.kind(), TlsErrorKind::Certificate, "{error}");
}

#[test]
fn the_command_that_decrypts_a_key_names_its_file_as_one_word() {
    let identity = Authority::new().identity();
    let folder = std::env::temp_dir().join(format!("hl7 transport {}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("server.key");
    std::fs::write(&path, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").unwrap();
    let built = ServerTls::builder(identity.chain(), Pem::file(&path)).build();
    std::fs::remove_dir_all(&folder).unwrap();
    let (text, path) = (built.expect_err("encrypted").to_string(), path.display());
    let command = format!("openssl pkey -in \"{path}\" -out \"{path}.plain\"");
    assert!(text.ends_with(&command), "{text}");
}

/// As `openssl x509 -req -signkey` makes them without a file of extensions.
const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBGTCBvwIUHJERjd7M8trglOyOQMm12UTYiJ8wCgYIKoZIzj0EAwIwDjEMMAoG\n\
A1UEAwwDYm94MCAXDTI2MTEyMTIwMTYzMVoYDzIxMjYxMDI4MjAxNjMxWjAOMQww\n\
CgYDVQQDDANib3gwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARpY5m9MFjsjzNF\n\
oXTyzoh45Dy6F23tmTPZsnNKILOcrW+VkzvnsYwUgdzYdlg5nEq8gTEpVamDg17/\n\
SWiLvpE+MAoGCCqGSM49BAMCA0kAMEYCIQDB4P8G+4EVCsbiBAf1IdYZjFEfOdIk\n\
7C0AWAN5IUqgrQIhAP9WXZBmXWnip2ZLcOfd/5RevLJSuyVgNuPQoU6/jsR3\n\
-----END CERTIFICATE-----\n";

#[tokio::test]
async fn a_certificate_of_version_1_is_told_whosever_it_is() {
    let made = Authority::new().identity();
    let own = ServerTls::builder(Pem::bytes(VERSION_1), made.key()).build().expect_err("version 1");
    assert_eq!(own.kind(), TlsErrorKind::Certificate, "{own}");
    assert!(own.to_string().contains("X.509 version 1"), "{own}");

    // A server that does not look at what it shows.
    let chain = vec![CertificateDer::from_pem_slice(VERSION_1.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(made.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = rustls::sign::CertifiedKey::new(chain, key);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
    let server = ServerTls::from_config(Arc::new(config));
    let client = ClientTls::builder().pinned_server(Pem::bytes(VERSION_1)).build().unwrap();
    let (_, far) = shake(&server, &client, "localhost").await;
    assert_eq!(kind(&far), TlsErrorKind::PeerCertificate);
    let text = far.unwrap_err().to_string();
    assert!(text.contains("the peer's certificate is of X.509 version 1"), "{text}");
}

#[tokio::test]
async fn a_peer_with_which_nothing_is_in_common_is_told_what_is_spoken_here() {
    let authority = Authority::new();
    let server = authority.identity().server();
    let mut provider = rustls::crypto::ring::default_provider();
    // The server's key is of ECDSA.
    provider.cipher_suites.retain(|suite| format!("{:?}", suite.suite()).contains("ECDHE_RSA"));
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let (near, far) = shake(&server, &ClientTls::from_config(Arc::new(config)), "localhost").await;
    assert_eq!((kind(&near), kind(&far)), (TlsErrorKind::Handshake, TlsErrorKind::Refused));
    let text = near.unwrap_err().to_string();
    assert!(text.contains("in common") && text.contains("TLS 1.2"), "{text}");
}

#[tokio::test]
async fn a_failure_is_found_inside_the_error_of_another_library() {
    #[derive(Debug, thiserror::Error)]
    #[error("wrapped")]
    struct Wrapped(#[source] std::io::Error);

    let fault = || rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
    let inner = std::io::Error::other(fault());
    for error in [std::io::Error::other(fault()), std::io::Error::other(Wrapped(inner))] {
        let found = TlsError::find(&error).expect("it is in there");
        assert_eq!(found.kind(), TlsErrorKind::PeerCertificate);
        assert_eq!(found.to_string(), "the peer's certificate has expired");
    }
    assert!(TlsError::find(&std::io::Error::other("no TLS")).is_none());
}

#[tokio::test]
async fn a_client_that_trusts_nobody_trusts_nobody() {
    let server = Authority::new().identity().server();
    let client = ClientTls::trusting_nobody().unwrap();
    let (_, far) = shake(&server, &client, "localhost").await;
    assert_eq!(kind(&far), TlsErrorKind::PeerCertificate);
}

#[test]
fn debug_shows_no_key() {
    let identity = Authority::new().identity();
    let builder = ServerTls::builder(identity.chain(), identity.key());
    let text = format!("{builder:?} {:?}", identity.server());
    assert!(text.contains("bytes)") && !text.contains("PRIVATE"), "{text}");
}

/// A certificate nobody else has signed, with a name in CN alone.
fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "lab");
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Identity { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

#[tokio::test]
async fn pinned_certificates_are_compared_whatever_they_hold() {
    let (one, other) = (self_signed(|_| {}), self_signed(|_| {}));
    let server =
        ServerTls::builder(one.chain(), one.key()).pinned_client(other.chain()).build().unwrap();
    let client = |pinned: &Identity, own: &Identity| {
        let builder = ClientTls::builder().pinned_server(pinned.chain());
        builder.identity(own.chain(), own.key()).build().unwrap()
    };
    let (near, far) = shake(&server, &client(&one, &other), "whatever.example").await;
    let (mut near, mut far) = (near.expect("pinned"), far.expect("pinned"));
    assert_eq!(near.peer_identity().expect("a certificate was shown").subject(), "CN=lab");
    far.write_all(b"x").await.unwrap();
    assert_eq!(near.read_u8().await.unwrap(), b'x');

    let (near, _) = shake(&server, &client(&one, &one), "localhost").await;
    assert_eq!(kind(&near), TlsErrorKind::PeerCertificate, "another client");
    let (_, far) = shake(&server, &client(&other, &other), "localhost").await;
    assert_eq!(kind(&far), TlsErrorKind::PeerCertificate, "another server");
}

#[tokio::test]
async fn a_pinned_certificate_has_its_dates_checked() {
    for (from, to, reason) in [(2001, 2002, "expired"), (2998, 2999, "not valid yet")] {
        let identity = self_signed(|params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        });
        let client = ClientTls::builder().pinned_server(identity.chain()).build().unwrap();
        let (_, far) = shake(&identity.server(), &client, "localhost").await;
        assert!(far.unwrap_err().to_string().contains(reason), "{from} to {to}");
    }
}

#[tokio::test]
async fn pins_and_authorities_stand_side_by_side() {
    let (authority, pinned) = (Authority::new(), self_signed(|_| {}));
    let client = ClientTls::builder().ca(authority.pem()).pinned_server(pinned.chain());
    let client = client.build().unwrap();
    for identity in [authority.identity(), pinned] {
        let (near, far) = shake(&identity.server(), &client, "localhost").await;
        near.expect("trusted");
        far.expect("trusted");
    }
    let (_, far) = shake(&Authority::new().identity().server(), &client, "localhost").await;
    assert_eq!(kind(&far), TlsErrorKind::PeerCertificate);
}

#[tokio::test]
async fn only_the_dangerous_client_takes_any_certificate() {
    let server = self_signed(|_| {}).server();
    let client = ClientTls::dangerous_unverified().build().unwrap();
    let (near, far) = shake(&server, &client, "whatever.example").await;
    near.expect("accepted");
    far.expect("accepted");
}

#[tokio::test]
async fn files_are_read_again_and_open_connections_stay() {
    let folder = std::env::temp_dir().join(format!("hl7-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (chain, key) = (folder.join("server.pem"), folder.join("server.key"));
    let write = |identity: &Identity| {
        std::fs::write(&chain, &identity.chain).unwrap();
        std::fs::write(&key, &identity.key).unwrap();
    };
    let (old, new) = (self_signed(|_| {}), self_signed(|_| {}));
    write(&old);
    let server = ServerTls::builder(Pem::file(&chain), Pem::file(&key)).build().unwrap();
    let over_http = server.clone().with_alpn(&[b"http/1.1"]);
    let trusting =
        |identity: &Identity| ClientTls::builder().pinned_server(identity.chain()).build().unwrap();
    let (near, far) = shake(&server, &trusting(&old), "localhost").await;
    let (mut near, mut far) = (near.unwrap(), far.unwrap());

    write(&new);
    server.reload().unwrap();
    for server in [&server, &over_http] {
        let (_, fresh) = shake(server, &trusting(&new), "localhost").await;
        fresh.expect("the new certificate is shown");
        let (_, stale) = shake(server, &trusting(&old), "localhost").await;
        assert_eq!(kind(&stale), TlsErrorKind::PeerCertificate);
    }
    far.write_all(b"x").await.unwrap();
    assert_eq!(near.read_u8().await.unwrap(), b'x', "the old connection goes on");

    // What can not be read leaves everything as it was.
    std::fs::write(&chain, "nothing").unwrap();
    let error = server.reload().unwrap_err();
    assert_eq!(error.kind(), TlsErrorKind::Certificate, "{error}");
    let (_, fresh) = shake(&server, &trusting(&new), "localhost").await;
    fresh.expect("the last good certificate is shown");
    std::fs::remove_dir_all(&folder).unwrap();

    let fixed = ServerTls::from_config(server.config());
    assert_eq!(fixed.reload().unwrap_err().kind(), TlsErrorKind::NotReloadable);
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_by_name_of_the_fault() {
    use rcgen::{
        CertificateRevocationListParams, KeyIdMethod, KeyUsagePurpose, RevokedCertParams,
        SerialNumber,
    };

    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Revoking authority");
    let key = KeyPair::generate().unwrap();
    let authority = Authority(CertifiedIssuer::self_signed(params, key).unwrap());
    let list = CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2024, 1, 1),
        next_update: rcgen::date_time_ymd(2999, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(66),
            revocation_time: rcgen::date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&authority.0).unwrap().pem().unwrap();
    let numbered = |number: u64| {
        authority.issue(|params| params.serial_number = Some(SerialNumber::from(number)))
    };
    let identity = authority.identity();
    let server = ServerTls::builder(identity.chain(), identity.key())
        .client_ca(authority.pem())
        .revoked(Pem::bytes(list.as_str()))
        .build()
        .unwrap();
    for (number, fault) in [(65, None), (66, Some("revoked"))] {
        let own = numbered(number);
        let client = ClientTls::builder().ca(authority.pem()).revoked(Pem::bytes(list.as_str()));
        let client = client.identity(own.chain(), own.key()).build().unwrap();
        let (near, _) = shake(&server, &client, "localhost").await;
        match fault {
            None => drop(near.expect("not on the list")),
            Some(fault) => assert!(near.unwrap_err().to_string().contains(fault)),
        }
    }
    let wrong = ClientTls::builder().ca(authority.pem()).revoked(authority.pem()).build();
    assert_eq!(wrong.unwrap_err().kind(), TlsErrorKind::RevocationList);
}
