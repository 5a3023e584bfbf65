// An OpenID provider that issues access tokens by client credentials, on loopback.
//
//   node provider.js PORT CLIENT_ID CLIENT_SECRET LIFETIME_SECONDS

import { Provider } from "oidc-provider";

const [port, id, secret, lifetime] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ["hl7.write"],
  ttl: { ClientCredentials: Number(lifetime) },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    // Signed tokens (RFC 9068) for those who name a resource (RFC 8707), opaque ones for others.
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: "hl7.write",
        audience: "hl7",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.listen(Number(port), "127.0.0.1");
