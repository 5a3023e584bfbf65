//! [`Keys`]: says of a token whether its owner may send messages.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use hl7_http::server::Permission;
use http::HeaderValue;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet},
};
use serde::Deserialize;

/// The issuer's keys, and what its tokens are to say.
pub(crate) struct Keys {
    set: RwLock<JwkSet>,
    expected: Expected,
}

/// What a token is to say.
pub(crate) struct Expected {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) scope: String,
}

/// What is read of a token besides what [`Validation`] looks at.
#[derive(Deserialize)]
struct Claims {
    /// Words with blanks between them (RFC 9068, 2.2.3).
    #[serde(default)]
    scope: String,
}

impl Keys {
    pub(crate) fn new(set: JwkSet, expected: Expected) -> Self {
        Self { set: RwLock::new(set), expected }
    }

    pub(crate) fn replace(&self, set: JwkSet) {
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
    }

    /// Granted, denied where the scope is another (403), unknown where there is no valid token (401).
    pub(crate) fn permission(&self, authorization: Option<&HeaderValue>) -> Permission {
        let token = authorization.and_then(|value| value.to_str().ok()).and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
        });
        match token.and_then(|token| self.claims(token)) {
            None => Permission::Unknown,
            Some(claims) if claims.scope.split(' ').any(|word| word == self.expected.scope) => {
                Permission::Granted
            }
            Some(_) => Permission::Denied,
        }
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        let key = set.find(&decode_header(token).ok()?.kid?)?;
        // By the key and never by the token, which anybody writes: RFC 8725, 3.1.
        let mut validation = Validation::new(algorithm(key)?);
        validation.set_issuer(&[&self.expected.issuer]);
        validation.set_audience(&[&self.expected.audience]);
        validation.required_spec_claims = HashSet::from(["exp", "iss", "aud"].map(str::to_owned));
        validation.validate_nbf = true;
        Some(decode(token, &DecodingKey::from_jwk(key).ok()?, &validation).ok()?.claims)
    }
}

/// The one algorithm a public key is used with here.
fn algorithm(key: &Jwk) -> Option<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Some(Algorithm::ES256)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::{
        hmac,
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::{Value, json};

    use super::*;

    /// An issuer with one key.
    struct Issuer {
        key: EcdsaKeyPair,
        random: SystemRandom,
    }

    fn base64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    impl Issuer {
        fn new() -> Self {
            let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
            let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
            Self { key, random }
        }

        fn set(&self) -> JwkSet {
            let point = self.key.public_key().as_ref();
            let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
            let key =
                json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": x, "y": y});
            serde_json::from_value(json!({"keys": [key]})).unwrap()
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let content = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
            let signature = self.key.sign(&self.random, content.as_bytes()).unwrap();
            format!("{content}.{}", base64(signature))
        }
    }

    fn header() -> Value {
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"})
    }

    fn claims() -> Value {
        let now = jsonwebtoken::get_current_timestamp();
        json!({"iss": "us", "aud": "hl7", "exp": now + 600, "scope": "other hl7.write"})
    }

    fn keys(issuer: &Issuer) -> Keys {
        super::super::ring_provider::install();
        let expected = Expected {
            issuer: "us".to_owned(),
            audience: "hl7".to_owned(),
            scope: "hl7.write".to_owned(),
        };
        Keys::new(issuer.set(), expected)
    }

    fn permission(keys: &Keys, token: &str) -> Permission {
        keys.permission(Some(&HeaderValue::try_from(format!("Bearer {token}")).unwrap()))
    }

    #[test]
    fn a_token_counts_if_it_is_signed_current_and_meant_for_us() {
        let issuer = Issuer::new();
        let keys = keys(&issuer);
        let now = jsonwebtoken::get_current_timestamp();
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            claims
        };
        let without = |name: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            claims
        };
        for (claims, expected) in [
            (claims(), Permission::Granted),
            (with("scope", json!("hl7.write")), Permission::Granted),
            (with("scope", json!("hl7.writer")), Permission::Denied),
            (without("scope"), Permission::Denied),
            (with("exp", json!(now - 120)), Permission::Unknown),
            (without("exp"), Permission::Unknown),
            (with("nbf", json!(now + 120)), Permission::Unknown),
            (with("aud", json!("others")), Permission::Unknown),
            (with("aud", json!(["others", "hl7"])), Permission::Granted),
            (without("aud"), Permission::Unknown),
            (with("iss", json!("them")), Permission::Unknown),
            (without("iss"), Permission::Unknown),
        ] {
            let token = issuer.token(&header(), &claims);
            assert_eq!(permission(&keys, &token), expected, "{claims}");
        }
    }

    #[test]
    fn nobody_signs_for_the_issuer_or_chooses_the_algorithm() {
        let issuer = Issuer::new();
        let keys = keys(&issuer);
        let stranger = Issuer::new().token(&header(), &claims());
        let good = issuer.token(&header(), &claims());
        let (content, _) = good.rsplit_once('.').unwrap();
        // The public key as a secret, as everybody knows it.
        let head = json!({"alg": "HS256", "kid": "k1"});
        let shared = format!("{}.{}", base64(head.to_string()), base64(claims().to_string()));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, issuer.key.public_key().as_ref());
        let confused = format!("{shared}.{}", base64(hmac::sign(&secret, shared.as_bytes())));
        for (case, token) in [
            ("of a stranger", stranger),
            ("without a signature", format!("{content}.")),
            ("of no algorithm", issuer.token(&json!({"alg": "none", "kid": "k1"}), &claims())),
            ("by a shared secret", confused),
            ("of another key", issuer.token(&json!({"alg": "ES256", "kid": "k2"}), &claims())),
            ("of no key", issuer.token(&json!({"alg": "ES256"}), &claims())),
            ("cut off", content.to_owned()),
            ("nothing", String::new()),
        ] {
            assert_eq!(permission(&keys, &token), Permission::Unknown, "{case}");
        }
        assert_eq!(keys.permission(None), Permission::Unknown);
        assert_eq!(permission(&keys, &good), Permission::Granted);
        keys.replace(Issuer::new().set());
        assert_eq!(permission(&keys, &good), Permission::Unknown, "the key is gone");
    }
}
