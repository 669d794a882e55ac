/** Tokens of foreign issuers: what is taken, and every way in which mallory has a token that is not. */
import { describe, expect, it } from 'vitest'
import { anIssuer, hmacToken, signatureOf, signedText } from '../testing/issued-tokens.ts'
import { NOW } from '../testing/manifests.ts'
import { admitIssuerKeys } from './admit-issuer-key.ts'
import type { IssuerRules, OidcRules, SpiffeRules } from './issuer-rules.ts'
import { judgeToken, type KeyFinding } from './judge-token.ts'
import { principalTemplate } from './principal-template.ts'
import { spiffePath } from './spiffe-id.ts'

const US = 'did:key:z6MkUs'
const corpKey = anIssuer('k1')
const meshKey = anIssuer('k1', 'ES256', 'jwt-svid')
const foreignKey = anIssuer('k1', 'ES256', 'jwt-svid')
const mallory = anIssuer('k1')

function template(text: string) {
  const reading = principalTemplate(text)
  if (!reading.ok) throw new Error(reading.reason)
  return reading.template
}

const common = { audience: US, algorithms: ['EdDSA', 'ES256'] as const, maxLifeSeconds: 3_600, scopeRequired: false }
const corp: OidcRules = {
  ...common,
  kind: 'oidc',
  name: 'corp',
  issuer: 'https://login.example',
  types: ['at+jwt'],
  principal: template('agent:corp-{sub}'),
}
const mesh: SpiffeRules = {
  ...common,
  kind: 'spiffe',
  name: 'mesh',
  trustDomain: 'prod.example',
  path: spiffePath('/ns/{ns}/sa/{sa}') ?? [],
  principal: template('agent:{ns}.{sa}'),
}
const foreign: SpiffeRules = {
  ...mesh,
  name: 'foreign',
  trustDomain: 'other.example',
  principal: template('agent:other-{ns}.{sa}'),
}
const keys = new Map([
  ['corp', admitIssuerKeys({ keys: [corpKey.jwk] }, 'sig', common.algorithms)],
  ['mesh', admitIssuerKeys({ keys: [meshKey.jwk] }, 'jwt-svid', common.algorithms)],
  ['foreign', admitIssuerKeys({ keys: [foreignKey.jwk] }, 'jwt-svid', common.algorithms)],
])

function judge(text: string, ...over: IssuerRules[]) {
  const asked: string[] = []
  const keyOf = async ({ name }: IssuerRules, kid: string): Promise<KeyFinding> => {
    asked.push(name)
    const key = keys.get(name)?.keys.get(kid)
    return key === undefined ? { ok: false, reason: 'kid_unknown' } : { ok: true, key }
  }
  const issuers = over.length > 0 ? over : [corp, mesh, foreign]
  return judgeToken(text, { issuers, now: NOW, keyOf }).then((verdict) => ({ verdict, asked }))
}
const verdictOf = async (text: string, ...over: IssuerRules[]) => (await judge(text, ...over)).verdict

const claims = (over: object = {}) => ({
  iss: corp.issuer,
  sub: 'reporter',
  aud: US,
  iat: NOW - 5,
  exp: NOW + 300,
  ...over,
})
const svid = (over: object = {}) => ({
  ...claims(over),
  iss: undefined,
  sub: 'spiffe://prod.example/ns/ops/sa/reporter',
  ...over,
})
const svidHead = { typ: 'JWT' }

describe('a token of a configured issuer', () => {
  it('stands for the principal that the configuration makes of its subject', async () => {
    expect(await verdictOf(corpKey.sign(claims()))).toEqual({
      ok: true,
      token: { issuer: 'corp', principal: 'agent:corp-reporter', issued: NOW - 5, expires: NOW + 300, typ: 'at+jwt' },
    })
  })

  it('is taken with ES256, with one audience in a list, and with RS256 where that is listed', async () => {
    const es = anIssuer('es', 'ES256')
    const rs = anIssuer('rs', 'RS256')
    keys.set('corp-es', admitIssuerKeys({ keys: [es.jwk] }, 'sig', ['ES256']))
    keys.set('corp-rs', admitIssuerKeys({ keys: [rs.jwk] }, 'sig', ['RS256']))
    const named = (name: string, algorithms: OidcRules['algorithms']) => ({ ...corp, name, algorithms })
    expect(await verdictOf(es.sign(claims({ aud: [US] })), named('corp-es', ['ES256']))).toMatchObject({ ok: true })
    expect(await verdictOf(rs.sign(claims()), named('corp-rs', ['RS256']))).toMatchObject({ ok: true })
    expect(await verdictOf(rs.sign(claims()), named('corp-rs', ['EdDSA', 'ES256']))).toMatchObject({
      ok: false,
      reason: 'alg_not_allowed',
    })
  })

  it('of a SPIFFE trust domain stands for the workload', async () => {
    expect(await verdictOf(meshKey.sign(svid(), svidHead))).toMatchObject({
      ok: true,
      token: { issuer: 'mesh', principal: 'agent:ops.reporter' },
    })
  })

  it('says what it may be used for, and other scopes say nothing', async () => {
    const scope = 'openid invoke:crm.* invoke:orgb/files.read'
    expect(await verdictOf(corpKey.sign(claims({ scope })))).toMatchObject({
      token: { scope: ['crm.*', 'orgb/files.read'] },
    })
    expect(await verdictOf(corpKey.sign(claims({ scope: 'openid profile' })))).not.toHaveProperty('token.scope')
  })

  it('with an actor stands for the actor, on behalf of the subject', async () => {
    expect(await verdictOf(corpKey.sign(claims({ sub: 'olga', act: { sub: 'reporter' } })))).toMatchObject({
      token: { principal: 'agent:corp-reporter', onBehalfOf: 'agent:corp-olga' },
    })
  })

  it('may name who alone acts for its subject', async () => {
    expect(await verdictOf(corpKey.sign(claims({ may_act: { sub: 'reporter' } })))).toMatchObject({
      token: { principal: 'agent:corp-reporter', mayAct: { principal: 'agent:corp-reporter' } },
    })
  })
})

describe('mallory is refused', () => {
  const hour = 3_600
  it.each<[string, string, () => string, OidcRules?]>([
    ['signature_invalid', 'with a key of her own under the kid of the issuer', () => mallory.sign(claims())],
    ['kid_unknown', 'with a key under a kid of her own', () => anIssuer('hers').sign(claims())],
    [
      'issuer_unknown',
      'as an issuer that nobody configured',
      () => mallory.sign(claims({ iss: 'https://evil.example' })),
    ],
    ['issuer_unknown', 'as the issuer with a slash more', () => corpKey.sign(claims({ iss: `${corp.issuer}/` }))],
    ['aud_of_another', 'with a token for another kernel', () => corpKey.sign(claims({ aud: 'did:key:z6MkOther' }))],
    [
      'aud_of_another',
      'with a token that somebody else may take too',
      () => corpKey.sign(claims({ aud: [US, 'https://other'] })),
    ],
    ['aud_missing', 'with a token for nobody', () => corpKey.sign(claims({ aud: undefined }))],
    ['expired', 'with a token whose last second has come', () => corpKey.sign(claims({ exp: NOW }))],
    ['exp_missing', 'with a token that never ends', () => corpKey.sign(claims({ exp: undefined }))],
    ['exp_missing', 'with an expiry that is a text', () => corpKey.sign(claims({ exp: '9999999999' }))],
    ['exp_missing', 'with an expiry between two seconds', () => corpKey.sign(claims({ exp: NOW + 1.5 }))],
    ['iat_missing', 'with a token of no time', () => corpKey.sign(claims({ iat: undefined }))],
    ['not_yet_valid', 'with a token of tomorrow', () => corpKey.sign(claims({ iat: NOW + 61 }))],
    ['not_yet_valid', 'with a token that is not good yet', () => corpKey.sign(claims({ nbf: NOW + 61 }))],
    ['lives_too_long', 'with a token for a day', () => corpKey.sign(claims({ exp: NOW + 24 * hour }))],
    ['typ_not_allowed', 'with an ID token', () => corpKey.sign(claims(), { typ: 'JWT' })],
    ['typ_not_allowed', 'with a logout token', () => corpKey.sign(claims(), { typ: 'logout+jwt' })],
    ['typ_not_allowed', 'with a token of no type', () => corpKey.sign(claims(), { typ: undefined })],
    [
      'proof_of_possession_needed',
      'with a token that is bound to a key',
      () => corpKey.sign(claims({ cnf: { jkt: 'x' } })),
    ],
    ['subject_has_no_principal', 'with a subject that is no name', () => corpKey.sign(claims({ sub: 'Reporter' }))],
    ['subject_has_no_principal', 'with a subject that is a path', () => corpKey.sign(claims({ sub: '../admin' }))],
    ['sub_missing', 'without a subject', () => corpKey.sign(claims({ sub: undefined }))],
    ['actor_is_subject', 'as an actor for herself', () => corpKey.sign(claims({ act: { sub: 'reporter' } }))],
    ['act_malformed', 'with an actor that is a text', () => corpKey.sign(claims({ act: 'reporter' }))],
    [
      'actor_has_no_principal',
      'with an actor of another issuer',
      () => corpKey.sign(claims({ act: { iss: 'https://x', sub: 'a' } })),
    ],
    ['scope_malformed', 'with a scope that is a list', () => corpKey.sign(claims({ scope: ['invoke:*'] }))],
    ['scope_malformed', 'with a scope that cuts a segment', () => corpKey.sign(claims({ scope: 'invoke:cr*' }))],
    [
      'scope_missing',
      'without a scope where one is needed',
      () => corpKey.sign(claims()),
      { ...corp, scopeRequired: true },
    ],
    [
      'client_missing',
      'without a client where clients are named',
      () => corpKey.sign(claims()),
      { ...corp, clients: ['a'] },
    ],
    [
      'client_not_allowed',
      'from another client',
      () => corpKey.sign(claims({ azp: 'b' })),
      { ...corp, clients: ['a'] },
    ],
    [
      'client_not_allowed',
      'from two clients',
      () => corpKey.sign(claims({ azp: 'b', client_id: 'a' })),
      { ...corp, clients: ['a'] },
    ],
  ])('for %s %s', async (reason, _how, make, rules) => {
    expect(await verdictOf(make(), ...(rules === undefined ? [] : [rules]))).toMatchObject({ ok: false, reason })
  })

  it.each(['none', 'HS256', 'ES384', 'PS256', 'EdDSA ', 'eddsa'])(
    'with the algorithm %s, whatever signs',
    async (alg) => {
      const pem = corpKey.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      for (const secret of [pem, corpKey.jwk.x ?? '']) {
        const token = hmacToken({ alg, kid: 'k1', typ: 'at+jwt' }, claims(), secret)
        expect(await judge(token)).toMatchObject({ verdict: { ok: false, reason: 'alg_not_allowed' }, asked: [] })
      }
    },
  )

  it('with an algorithm that is allowed, and not that of the key', async () => {
    const es = anIssuer('k1', 'ES256')
    expect(await verdictOf(es.sign(claims()))).toMatchObject({ ok: false, reason: 'alg_not_of_key' })
  })

  it.each(['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'])('with a header %s', async (name) => {
    const token = mallory.sign(claims(), { [name]: name === 'jwk' ? mallory.jwk : ['exp'] })
    expect(await judge(token)).toMatchObject({ verdict: { ok: false, reason: `header_${name}` }, asked: [] })
  })

  it.each([
    ['no kid', { kid: undefined }, 'header_kid'],
    ['an empty kid', { kid: '' }, 'header_kid'],
    ['a kid that is a number', { kid: 1 }, 'header_kid'],
    ['no algorithm', { alg: undefined }, 'header_alg'],
  ])('with %s', async (_what, header, reason) => {
    expect(await verdictOf(corpKey.sign(claims(), header))).toEqual({ ok: false, reason })
  })

  it('with a claim twice, of which one reader takes the first and another the last', async () => {
    const body = JSON.stringify(claims()).replace('"sub":"reporter"', '"sub":"reporter","sub":"admin"')
    const head = { alg: 'EdDSA', kid: 'k1', typ: 'at+jwt' }
    const token = signedText(head, body, (bytes) => signatureOf('EdDSA', bytes, corpKey.privateKey))
    expect(await verdictOf(token)).toEqual({ ok: false, reason: 'claims_duplicate_name' })
  })

  it('with another spelling of a good token, so that its hash names it', async () => {
    const good = corpKey.sign(claims())
    const [head, body, signature = ''] = good.split('.')
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = alphabet[alphabet.indexOf(last) ^ 1]
    for (const other of [`${good}=`, `${head}.${body}.${signature.slice(0, -1)}${twin}`, ` ${good}`, `${good}\n`])
      expect(await verdictOf(other)).toEqual({ ok: false, reason: 'not_canonical_base64url' })
    for (const other of [`${good}.x`, `${head}.${body}`, 'x', ''])
      expect(await verdictOf(other)).toEqual({ ok: false, reason: 'not_a_compact_jws' })
    expect(await verdictOf('a'.repeat(16_385))).toEqual({ ok: false, reason: 'too_large' })
  })

  it('with one byte of the claims changed', async () => {
    const [head, body = '', signature] = corpKey.sign(claims()).split('.')
    const changed = Buffer.from(Buffer.from(body, 'base64url').toString().replace('reporter', 'reporteR')).toString(
      'base64url',
    )
    expect(await verdictOf(`${head}.${changed}.${signature}`)).toMatchObject({ ok: false })
  })
})

describe('trust domains', () => {
  it.each([
    [
      'the workload of another domain, signed by the keys of this one',
      () => meshKey.sign(svid({ sub: 'spiffe://other.example/ns/ops/sa/reporter' }), svidHead),
      'signature_invalid',
      ['foreign'],
    ],
    [
      'the workload of this domain, signed by a key of another with the same kid',
      () => foreignKey.sign(svid(), svidHead),
      'signature_invalid',
      ['mesh'],
    ],
    [
      'a workload, signed by an OpenID provider that says so',
      () => corpKey.sign(svid({ iss: corp.issuer }), svidHead),
      'alg_not_of_key',
      ['mesh'],
    ],
  ])('are never mixed: %s', async (_what, make, reason, asked) => {
    expect(await judge(make())).toMatchObject({ verdict: { ok: false, reason }, asked })
  })

  it.each([
    'spiffe://PROD.example/ns/ops/sa/reporter',
    'spiffe://prod.example.evil/ns/ops/sa/reporter',
    'spiffe://prod.example/ns/ops/sa/reporter/',
    'spiffe://prod.example/ns//sa/reporter',
    'spiffe://prod.example/ns/../sa/reporter',
    'spiffe://prod.example/ns/%6fps/sa/reporter',
    'spiffe://prod.example:443/ns/ops/sa/reporter',
    'spiffe://user@prod.example/ns/ops/sa/reporter',
    'spiffe://prod.example/ns/ops/sa/reporter?x',
    'spiffe://prod.example',
    'SPIFFE://prod.example/ns/ops/sa/reporter',
  ])('take no other spelling of an id: %s', async (sub) => {
    expect(await verdictOf(meshKey.sign(svid({ sub }), svidHead))).toMatchObject({
      ok: false,
      reason: 'issuer_unknown',
    })
  })

  it.each([
    ['another path', 'spiffe://prod.example/sa/reporter'],
    ['a longer path', 'spiffe://prod.example/ns/ops/sa/reporter/x'],
    ['a namespace that would read as two', 'spiffe://prod.example/ns/a.b/sa/c'],
    ['upper case', 'spiffe://prod.example/ns/ops/sa/Reporter'],
  ])('make no principal of %s', async (_what, sub) => {
    expect(await verdictOf(meshKey.sign(svid({ sub }), svidHead))).toMatchObject({
      ok: false,
      reason: 'subject_has_no_principal',
    })
  })

  it('take no access token of the domain, and no lifetime beyond the bound', async () => {
    expect(await verdictOf(meshKey.sign(svid(), { typ: 'at+jwt' }))).toMatchObject({ reason: 'typ_not_allowed' })
    expect(await verdictOf(meshKey.sign(svid({ exp: NOW + 7_200 }), svidHead))).toMatchObject({
      reason: 'lives_too_long',
    })
  })
})

it('a source of keys that fails refuses', async () => {
  const keyOf = () => Promise.reject(new Error('no network'))
  expect(await judgeToken(corpKey.sign(claims()), { issuers: [corp], now: NOW, keyOf })).toEqual({
    ok: false,
    reason: 'keys_failed',
    issuer: 'corp',
  })
})
