/** A real OpenID provider (`oidc-provider`) over TLS on loopback, with clients that ask for tokens for a kernel. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfSignedCertificate } from '@hansa/mesh'
import Provider, { type Configuration } from 'oidc-provider'
import { Agent, request } from 'undici'

export type OidcClient = { id: string; secret: string }

export interface OidcProvider extends AsyncDisposable {
  /** Its `iss`, and where its document is. */
  readonly issuer: string
  /** Of its connections, in PEM. */
  readonly certificate: { key: string; cert: string }
  /** Access token of a client, by client credentials. @param resource whom it is for */
  accessToken(client: OidcClient, resource: string, scope?: string): Promise<string>
  /** An ID token for a client. @param subject who has signed in there */
  idToken(client: OidcClient, subject: string): Promise<string>
}

/** A grant of this provider alone, in the place of a browser in which somebody signs in. */
const SIGNED_IN = 'urn:example:signed-in'

export async function oidcProvider(clients: readonly OidcClient[], alg: 'ES256' | 'EdDSA'): Promise<OidcProvider> {
  const now = Math.floor(Date.now() / 1000)
  const certificate = selfSignedCertificate({ hosts: ['127.0.0.1'], notBefore: now - 60, notAfter: now + 3_600 })
  const server = createServer(certificate)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configuration(clients, alg))
  signInWithoutBrowser(provider)
  server.on('request', provider.callback())
  const dispatcher = new Agent({ connect: { ca: certificate.cert } })
  const ask = async (client: OidcClient, form: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: client.id, client_secret: client.secret, ...form }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await request(`${issuer}/token`, { method: 'POST', headers, body, dispatcher })
    const tokens = (await answer.body.json()) as Record<string, string>
    if (answer.statusCode !== 200) throw new Error(`the provider answered ${JSON.stringify(tokens)}`)
    return tokens
  }
  return {
    issuer,
    certificate,
    async accessToken(client, resource, scope) {
      const form = { grant_type: 'client_credentials', resource, ...(scope === undefined ? {} : { scope }) }
      return (await ask(client, form)).access_token ?? ''
    },
    async idToken(client, subject) {
      return (await ask(client, { grant_type: SIGNED_IN, subject })).id_token ?? ''
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function configuration(clients: readonly OidcClient[], alg: 'ES256' | 'EdDSA'): Configuration {
  const { privateKey } =
    alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: `${alg}-1`, use: 'sig', alg } as never] },
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: alg,
      grant_types: ['client_credentials', SIGNED_IN],
      redirect_uris: [],
      response_types: [],
    })),
    enabledJWA: { idTokenSigningAlgValues: [alg] },
    cookies: { keys: ['of a test'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: 'invoke:greetings.* invoke:greetings.say',
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg } },
        }),
      },
    },
    ttl: { IdToken: 600 },
  }
}

function signInWithoutBrowser(provider: Provider): void {
  const handler: Parameters<Provider['registerGrantType']>[1] = async (ctx) => {
    const idToken = new provider.IdToken({ sub: String(ctx.oidc.params?.subject) }, { ctx })
    ctx.body = { id_token: await Object.assign(idToken, { scope: 'openid' }).issue({ use: 'idtoken' }) }
  }
  provider.registerGrantType(SIGNED_IN, handler, ['subject'])
}
