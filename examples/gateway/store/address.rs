//! [`Address`]: where a database is, as its URL says.

use std::{
    net::IpAddr,
    path::{self, Path, PathBuf},
};

use hl7_examples::without_secrets;
use url::{Host, Url};

use super::flavour::Flavour;

/// A database's URL: `sqlite:PATH`, `mariadb://USER@HOST/NAME` or `postgres://USER@HOST/NAME`.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    flavour: Flavour,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    File(String),
    Server(Url),
}

impl Address {
    /// Reads it, and says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let flavour = match scheme {
            "sqlite" => Flavour::Sqlite,
            "mariadb" | "mysql" => Flavour::Mariadb,
            "postgres" | "postgresql" => Flavour::Postgres,
            _ => {
                return Err("a store is sqlite:PATH, mariadb://USER@HOST/NAME or \
                            postgres://USER@HOST/NAME"
                    .to_owned());
            }
        };
        let place = match flavour {
            Flavour::Sqlite => file(rest)?,
            Flavour::Mariadb | Flavour::Postgres => server(text)?,
        };
        if !flavour.is_built() {
            let (name, feature) = (flavour.name(), flavour.feature());
            return Err(format!(
                "this gateway was built without {name}; add `--features {feature}` to its build"
            ));
        }
        Ok(Self { flavour, place })
    }

    pub(super) fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Where it is, as it may be shown.
    pub(crate) fn shown(&self) -> String {
        match &self.place {
            Place::File(path) => format!("sqlite:{path}"),
            Place::Server(url) => without_secrets(url.as_str()),
        }
    }

    /// The file that it is, if it is one. A relative path begins at `folder`.
    pub(super) fn file(&self, folder: &Path) -> Option<PathBuf> {
        match &self.place {
            Place::File(file) => Some(folder.join(file)),
            Place::Server(_) => None,
        }
    }

    /// What the driver is given.
    pub(super) fn url(&self, folder: &Path, password: Option<&str>) -> Result<Url, String> {
        let refused = || "the store's URL can not be used".to_owned();
        match &self.place {
            Place::File(file) => {
                let whole = path::absolute(folder.join(file)).map_err(|error| error.to_string())?;
                let mut url = Url::from_file_path(whole).map_err(|()| refused())?;
                url.set_query(Some("mode=rwc"));
                let url = url.as_str().replacen("file:", "sqlite:", 1);
                Url::parse(&url).map_err(|_| refused())
            }
            Place::Server(url) => {
                let mut url = url.clone();
                if let Some(password) = password {
                    url.set_password(Some(password)).map_err(|()| refused())?;
                }
                if !is_near(&url) && !names_tls(&url) {
                    let (option, value) = match self.flavour {
                        Flavour::Mariadb => ("ssl-mode", "VERIFY_IDENTITY"),
                        _ => ("sslmode", "verify-full"),
                    };
                    url.query_pairs_mut().append_pair(option, value);
                }
                Ok(url)
            }
        }
    }
}

fn file(rest: &str) -> Result<Place, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err("the store's URL names no file; write sqlite:PATH".to_owned()),
        path if path.starts_with(':') || path.contains(['?', '#']) => {
            Err("a store is a file: sqlite:PATH, without options".to_owned())
        }
        path => Ok(Place::File(path.to_owned())),
    }
}

fn server(text: &str) -> Result<Place, String> {
    let url = Url::parse(text).map_err(|error| format!("the store's URL: {error}"))?;
    if url.password().is_some() {
        return Err("a password stands apart from the URL, as `password`".to_owned());
    }
    if url.path().trim_matches('/').is_empty() {
        return Err("the store's URL names no database; write it behind the host".to_owned());
    }
    Ok(Place::Server(url))
}

/// Whether the connection stays on this machine.
fn is_near(url: &Url) -> bool {
    let by_socket = url.query_pairs().any(|(name, _)| name == "socket" || name == "host");
    by_socket
        || match url.host() {
            None => true,
            Some(Host::Domain(name)) => {
                name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
        }
}

/// Whether it says itself how far TLS is to be trusted.
fn names_tls(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| matches!(&*name, "sslmode" | "ssl-mode"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_store_is_told() {
        for (text, expected) in [
            ("events.db", "a store is sqlite:PATH"),
            ("oracle://a@b/c", "a store is sqlite:PATH"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite::memory:", "a store is a file"),
            ("sqlite:events.db?mode=memory", "a store is a file"),
            ("postgres://a:secret@b/c", "a password stands apart"),
            ("postgres://a@b", "names no database"),
            ("mariadb://a@b/", "names no database"),
            ("mariadb:", "the store's URL"),
        ] {
            let told = Address::parse(text).err().unwrap_or_default();
            assert!(told.contains(expected) && !told.contains("secret"), "{text}: {told}");
        }
    }

    #[test]
    #[cfg(feature = "sqlite")]
    fn a_file_is_found_from_the_folder_of_the_configuration() {
        for (text, expected) in [
            ("sqlite:events.db", "sqlite:///srv/hl7/events.db?mode=rwc"),
            ("sqlite://events.db", "sqlite:///srv/hl7/events.db?mode=rwc"),
            ("sqlite:/var/a b.db", "sqlite:///var/a%20b.db?mode=rwc"),
            ("sqlite:///var/a%b.db", "sqlite:///var/a%25b.db?mode=rwc"),
        ] {
            let address = Address::parse(text).expect(text);
            let url = address.url(Path::new("/srv/hl7"), None).expect(text);
            assert_eq!(url.as_str(), expected, "{text}");
        }
    }

    #[test]
    #[cfg(all(feature = "mariadb", feature = "postgres"))]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        for (text, expected) in [
            ("postgres://a@db/c", "postgres://a:p%40ss@db/c?sslmode=verify-full"),
            ("mariadb://a@db/c", "mariadb://a:p%40ss@db/c?ssl-mode=VERIFY_IDENTITY"),
            ("postgres://a@192.0.2.1/c", "postgres://a:p%40ss@192.0.2.1/c?sslmode=verify-full"),
            ("postgres://a@db/c?sslmode=disable", "postgres://a:p%40ss@db/c?sslmode=disable"),
            ("postgres://a@localhost/c", "postgres://a:p%40ss@localhost/c"),
            ("postgres://a@127.0.0.1:1/c", "postgres://a:p%40ss@127.0.0.1:1/c"),
            ("mysql://a@[::1]/c", "mysql://a:p%40ss@[::1]/c"),
        ] {
            let address = Address::parse(text).expect(text);
            assert!(!address.shown().contains("a@"), "{text}");
            let url = address.url(Path::new("/"), Some("p@ss")).expect(text);
            assert_eq!(url.as_str(), expected, "{text}");
        }
    }
}
