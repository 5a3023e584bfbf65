//! [`Networks`]: sets of IP addresses, for lists of who may connect.

use std::{error::Error, fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A list of networks: `10.1.0.0/16, 2001:db8::/32, 192.0.2.7`.
///
/// An address without a length is that address alone. An IPv4 address that arrives on an IPv6
/// socket (`::ffff:10.1.2.3`) is looked up as the IPv4 address it is.
///
/// ```
/// use hl7_transport::Networks;
///
/// # fn main() -> Result<(), hl7_transport::NetworksError> {
/// let wards: Networks = "10.1.0.0/16, 192.0.2.7".parse()?;
/// assert!(wards.contains("10.1.2.3".parse().unwrap()));
/// assert!(wards.contains("::ffff:192.0.2.7".parse().unwrap()));
/// assert!(!wards.contains("10.2.0.1".parse().unwrap()));
/// assert!("10.1.0.0/33".parse::<Networks>().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    list: Vec<IpNet>,
}

impl Networks {
    /// Whether the address is in one of the networks; never, if there is none.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.list.iter().any(|network| network.contains(&address))
    }

    /// Every address.
    #[must_use]
    pub fn everybody() -> Self {
        Self { list: vec![Ipv4Net::default().into(), Ipv6Net::default().into()] }
    }

    /// Whether there is no network in the list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// One network or address, or several with commas or blanks between them.
impl FromStr for Networks {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        let parts = text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let network = part.parse().or_else(|_| part.parse().map(|ip: IpAddr| IpNet::from(ip)));
            network.map_err(|_| NetworksError { part: part.to_owned() })
        };
        Ok(Self { list: parts.map(network).collect::<Result<_, _>>()? })
    }
}

impl From<IpAddr> for Networks {
    fn from(address: IpAddr) -> Self {
        Self { list: vec![IpNet::from(address)] }
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, network) in self.list.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

/// A part of a list that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworksError {
    part: String,
}

impl fmt::Display for NetworksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part.escape_debug();
        write!(f, "`{part}` is no network: expected an address, or one with a length (10.1.0.0/16)")
    }
}

impl Error for NetworksError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_first_and_last_address_and_none_beside() {
        let networks: Networks = "10.1.2.0/30 2001:db8::/126".parse().unwrap();
        for (address, inside) in [
            ("10.1.1.255", false),
            ("10.1.2.0", true),
            ("10.1.2.3", true),
            ("10.1.2.4", false),
            ("::ffff:10.1.2.3", true),
            ("2001:db8::", true),
            ("2001:db8::3", true),
            ("2001:db8::4", false),
            ("::1", false),
        ] {
            assert_eq!(networks.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert_eq!(networks.to_string(), "10.1.2.0/30, 2001:db8::/126");
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["10.1.0.0/33", "10.1.0", "localhost", "10.0.0.1, ::1/129", "10.0.0.1:80"] {
            let error = text.parse::<Networks>().expect_err(text);
            assert!(text.contains(&error.part), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        assert!("".parse::<Networks>().unwrap().is_empty());
        assert_eq!(Networks::everybody().to_string(), "0.0.0.0/0, ::/0");
        assert!(!Networks::default().contains("127.0.0.1".parse().unwrap()));
    }
}
