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
  },
});
provider.listen(Number(port), "127.0.0.1");
