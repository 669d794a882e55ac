/** A kernel's issuers as tests need them: one OpenID provider, two SPIFFE trust domains, two clients; keys are in memory. */
import { CallError, type EntryDraft, type Jwk } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { principalTemplate, spiffePath } from '@hansa/trust'
import { anIssuer } from '@hansa/trust/testing'
import type { IssuerSetting, TokenClient } from '../issuer-setting.ts'
import { openIssuers } from '../open-issuers.ts'

export const SELF = 'did:key:z6MkUs'
export const CORP = 'https://login.example'

export function template(text: string) {
  const reading = principalTemplate(text)
  if (!reading.ok) throw new Error(reading.reason)
  return { principal: reading.template, principalText: text }
}

const common = { algorithms: ['EdDSA', 'ES256'] as const, maxLifeSeconds: 3_600, scopeRequired: false }
const at = (name: string) => ({ kind: 'url' as const, url: `https://keys.example/${name}` })
const path = spiffePath('/ns/{ns}/sa/{sa}') ?? []

export const corp: IssuerSetting = {
  ...common,
  ...template('agent:corp-{sub}'),
  kind: 'oidc',
  name: 'corp',
  issuer: CORP,
  types: ['at+jwt', 'jwt'],
  keys: at('corp'),
}
export const staff: IssuerSetting = {
  ...corp,
  ...template('person:{sub}'),
  name: 'staff',
  issuer: 'https://staff.example',
  keys: at('staff'),
}
const mesh = (name: string, trustDomain: string): IssuerSetting => ({
  ...common,
  ...template(`agent:${name}-{ns}.{sa}`),
  kind: 'spiffe',
  name,
  trustDomain,
  path,
  keys: at(name),
})

const clients: TokenClient[] = [
  { id: 'app', auth: 'private_key_jwt', keys: at('app'), algorithms: ['EdDSA'] },
  { id: 'staff-only', auth: 'none', issuers: ['staff'] },
  { id: 'open', auth: 'none' },
]

/** Each signs what it is told to, under the kid `k1`. */
export const signers = {
  corp: anIssuer('k1'),
  staff: anIssuer('k1', 'ES256'),
  mesh: anIssuer('k1', 'ES256', 'jwt-svid'),
  other: anIssuer('k1', 'ES256', 'jwt-svid'),
  app: anIssuer('k1'),
  mallory: anIssuer('k1'),
}

export function issuing() {
  const clock = manualClock()
  const drafts: EntryDraft[] = []
  const refusals: string[] = []
  const granted: unknown[][] = []
  const published = new Map<string, Jwk>(Object.entries(signers).map(([name, { jwk }]) => [at(name).url, jwk]))
  const opened = openIssuers(
    {
      self: SELF,
      clock,
      fetch: {
        get: async (url) => ({
          ok: true,
          status: 200,
          contentType: '',
          body: Buffer.from(JSON.stringify({ keys: [published.get(url)] })),
        }),
      },
      refusals: { count: (_source, _code, reason) => `${refusals.push(reason)}` },
      append(draft) {
        drafts.push(draft)
        return { seq: drafts.length, tMs: 0, durable: Promise.resolve() } as never
      },
      revocations: { revoked: () => undefined, tell() {} },
      agents: { identify: () => undefined },
      tokens: {
        identify: async () => undefined,
        async grant(init, exchanged) {
          if (init.capability === 'nothing.here') throw new CallError({ code: 'not_found' })
          granted.push([init, exchanged])
          return { token: 'hkt1.granted', expires: now() + (init.life ?? 0) }
        },
      },
    },
    { issuers: [corp, staff, mesh('mesh', 'prod.example'), mesh('other', 'other.example')], tokenClients: clients },
  )
  const now = () => Math.floor(clock.now() / 1000)
  return { ...opened, clock, drafts, refusals, granted, now }
}
