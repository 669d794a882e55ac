/** RFC 8693 at this kernel: what is exchanged for what, and everything that mallory tries to get more. */
import { ACCESS_TOKEN_TYPE, CLIENT_ASSERTION_TYPE, TOKEN_EXCHANGE_GRANT, type TokenRequest } from '@hansa/protocols'
import { hmacToken } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { hashOf } from './issuer-desk.ts'
import { CORP, issuing, SELF, signers } from './testing/issuing.ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

function setUp() {
  const parts = issuing()
  const claims = (over: object = {}) => ({
    iss: CORP,
    sub: 'reporter',
    aud: SELF,
    iat: parts.now(),
    exp: parts.now() + 200,
    ...over,
  })
  let serial = 0
  const assertion = (over: object = {}, header: object = {}, signer = signers.app) =>
    signer.sign(
      { iss: 'app', sub: 'app', aud: SELF, iat: parts.now(), exp: parts.now() + 60, jti: `${serial++}`, ...over },
      { typ: undefined, ...header },
    )
  const request = (over: Partial<TokenRequest> = {}): TokenRequest => ({
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: signers.corp.sign(claims()),
    subject_token_type: ACCESS_TOKEN_TYPE,
    scope: 'invoke:crm.customers',
    client_id: 'open',
    ...over,
  })
  const exchange = (over: Partial<TokenRequest> = {}) => {
    const asked = request(over)
    const known = Object.entries(asked).filter(([, value]) => value !== undefined)
    return parts.desk.exchange?.exchange(Object.fromEntries(known) as TokenRequest)
  }
  const proven = (text = assertion()) => ({
    client_id: undefined as never,
    client_assertion: text,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
  })
  return { ...parts, claims, assertion, exchange, proven }
}

describe('a token of an issuer', () => {
  it('is exchanged for one of this kernel, for one capability and no longer than itself', async () => {
    const { exchange, granted, claims } = setUp()
    const subject = signers.corp.sign(claims())
    expect(await exchange({ subject_token: subject, scope: 'invoke:crm.customers uses:3 max_rows:10' })).toEqual({
      ok: true,
      body: {
        access_token: 'hkt1.granted',
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: 'Bearer',
        expires_in: 200,
        scope: 'invoke:crm.customers uses:3 max_rows:10',
      },
    })
    expect(granted).toEqual([
      [
        { principal: 'agent:corp-reporter', capability: 'crm.customers', uses: 3, life: 200 },
        { issuer: 'corp', client: 'open', hash: hashOf(subject), limits: { max_rows: 10 } },
      ],
    ])
  })

  it('lives five minutes at most, whatever it was exchanged for', async () => {
    const { exchange, granted, claims, now } = setUp()
    await exchange({ subject_token: signers.corp.sign(claims({ exp: now() + 3_000 })) })
    expect(granted).toMatchObject([[{ life: 300 }, {}]])
  })

  it('of a workload, or of an ID token, is exchanged as what it is', async () => {
    const { exchange, claims } = setUp()
    const sub = 'spiffe://prod.example/ns/ops/sa/a'
    const svid = signers.mesh.sign(claims({ iss: undefined, sub }), { typ: 'JWT' })
    const idToken = signers.corp.sign(claims(), { typ: 'JWT' })
    expect(await exchange({ subject_token: svid, subject_token_type: JWT })).toMatchObject({ ok: true })
    expect(await exchange({ subject_token: idToken, subject_token_type: ID_TOKEN })).toMatchObject({ ok: true })
  })

  it('of an actor is exchanged on behalf of whoever the subject token is of, a person too', async () => {
    const { exchange, granted, claims, now } = setUp()
    const person = signers.staff.sign(claims({ iss: 'https://staff.example', sub: 'olga', exp: now() + 90 }))
    const both = {
      subject_token: person,
      actor_token: signers.corp.sign(claims()),
      actor_token_type: ACCESS_TOKEN_TYPE,
    }
    expect(await exchange(both as Partial<TokenRequest>)).toMatchObject({ ok: true, body: { expires_in: 90 } })
    expect(granted).toMatchObject([
      [{ principal: 'agent:corp-reporter' }, { issuer: 'staff', onBehalfOf: 'person:olga' }],
    ])
  })

  it('with an actor in it is exchanged for that actor', async () => {
    const { exchange, granted, claims } = setUp()
    const subject = signers.corp.sign(claims({ sub: 'olga', act: { sub: 'reporter' } }))
    expect(await exchange({ subject_token: subject })).toMatchObject({ ok: true })
    expect(granted).toMatchObject([[{ principal: 'agent:corp-reporter' }, { onBehalfOf: 'agent:corp-olga' }]])
  })

  it('is for the capabilities that it names, where it names any', async () => {
    const { exchange, claims } = setUp()
    const subject = () => signers.corp.sign(claims({ scope: 'openid invoke:crm.*' }))
    expect(await exchange({ subject_token: subject() })).toMatchObject({ ok: true })
    for (const scope of ['invoke:files.read', 'invoke:orgb/crm.customers', 'invoke:crmx.customers'])
      expect(await exchange({ subject_token: subject(), scope })).toMatchObject({ ok: false, error: 'invalid_scope' })
  })
})

describe('a client', () => {
  it('shows who it is with an assertion of its own key', async () => {
    const { exchange, proven, granted } = setUp()
    expect(await exchange(proven())).toMatchObject({ ok: true })
    expect(granted).toMatchObject([[{}, { client: 'app' }]])
  })

  it('exchanges tokens of its issuers only', async () => {
    const { exchange, refusals } = setUp()
    expect(await exchange({ client_id: 'staff-only' })).toMatchObject({ ok: false, error: 'unauthorized_client' })
    expect(refusals).toEqual(['client staff-only: issuer corp is not its'])
  })

  it('that mallory replays is not known by it', async () => {
    const { exchange, proven, assertion, refusals, clock } = setUp()
    const once = assertion()
    expect(await exchange(proven(once))).toMatchObject({ ok: true })
    expect(await exchange(proven(once))).toMatchObject({ ok: false, error: 'invalid_client' })
    clock.advance(59_000)
    expect(await exchange(proven(once))).toMatchObject({ ok: false, error: 'invalid_client' })
    expect(refusals).toEqual(Array(2).fill('client: app: replayed'))
  })

  it('signed before the node was started may have been used then', async () => {
    const { exchange, proven, assertion, refusals, now } = setUp()
    expect(await exchange(proven(assertion({ iat: now() - 1 })))).toMatchObject({ ok: false, error: 'invalid_client' })
    expect(refusals).toEqual(['client: app: before_this_start'])
  })

  type Made = ReturnType<typeof setUp>
  it.each<[string, string, (made: Made) => Partial<TokenRequest>]>([
    ['client_unknown', 'no name', () => ({ client_id: undefined as never })],
    ['client_unknown', 'a name that nobody has', () => ({ client_id: 'mallory' })],
    ['assertion_missing', 'the name of one that has a key', () => ({ client_id: 'app' })],
    [
      'app: signature_invalid',
      'a key of her own',
      ({ assertion, proven }) => proven(assertion({}, {}, signers.mallory)),
    ],
    [
      'app: alg_not_allowed',
      'the public key as a shared secret',
      ({ now, proven }) =>
        proven(
          hmacToken(
            { alg: 'HS256', kid: 'k1' },
            { iss: 'app', sub: 'app', aud: SELF, iat: now(), exp: now() + 60, jti: 'x' },
            signers.app.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          ),
        ),
    ],
    [
      'app: aud_of_another',
      'an assertion for another kernel',
      ({ assertion, proven }) => proven(assertion({ aud: 'did:key:z6MkOther' })),
    ],
    [
      'app: aud_of_another',
      'an assertion for a URL that every machine has',
      ({ assertion, proven }) => proven(assertion({ aud: 'http://localhost/oauth/token' })),
    ],
    [
      'app: aud_of_another',
      'an assertion for two',
      ({ assertion, proven }) => proven(assertion({ aud: [SELF, 'https://x'] })),
    ],
    [
      'app: iss_is_not_sub',
      'an assertion that somebody else issued',
      ({ assertion, proven }) => proven(assertion({ iss: 'open' })),
    ],
    [
      'app: jti_missing',
      'an assertion that can be used twice',
      ({ assertion, proven }) => proven(assertion({ jti: undefined })),
    ],
    [
      'app: lives_too_long',
      'an assertion for an hour',
      ({ assertion, proven, now }) => proven(assertion({ exp: now() + 3_600 })),
    ],
    [
      'app: expired',
      'an assertion of yesterday',
      ({ assertion, proven, now }) => proven(assertion({ iat: now() - 90, exp: now() })),
    ],
    [
      'app: time_missing',
      'an assertion without an end',
      ({ assertion, proven }) => proven(assertion({ exp: undefined })),
    ],
    [
      'app: typ_not_allowed',
      'an access token as an assertion',
      ({ assertion, proven }) => proven(assertion({}, { typ: 'at+jwt' })),
    ],
    [
      'client_id_of_another',
      'an assertion under the name of another',
      ({ proven }) => ({ ...proven(), client_id: 'open' }),
    ],
    [
      'open: client_has_no_keys',
      'an assertion of one that has no key',
      ({ assertion, proven }) => proven(assertion({ iss: 'open', sub: 'open' })),
    ],
    [
      'assertion_type',
      'an assertion of another kind',
      ({ proven }) => ({
        ...proven(),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      }),
    ],
  ])('is refused for %s with %s', async (reason, _what, make) => {
    const made = setUp()
    expect(await made.exchange(make(made))).toMatchObject({ ok: false, error: 'invalid_client' })
    expect(made.refusals).toEqual([`client: ${reason}`])
    expect(made.granted).toEqual([])
  })
})

describe('mallory gets nothing', () => {
  type Made = ReturnType<typeof setUp>
  const actor = (token: string): Partial<TokenRequest> => ({ actor_token: token, actor_token_type: ACCESS_TOKEN_TYPE })
  it.each<[string, string, (made: Made) => Partial<TokenRequest>]>([
    [
      'subject_token: corp: expired',
      'with a token that has expired',
      ({ claims, now }) => ({ subject_token: signers.corp.sign(claims({ exp: now() })) }),
    ],
    [
      'subject_token: corp: aud_of_another',
      'with a token for another kernel',
      ({ claims }) => ({ subject_token: signers.corp.sign(claims({ aud: 'did:key:z6MkOther' })) }),
    ],
    [
      'subject_token: corp: signature_invalid',
      'with a key of her own',
      ({ claims }) => ({ subject_token: signers.mallory.sign(claims()) }),
    ],
    [
      'subject_token: corp: alg_not_of_key',
      'with the key of another issuer under the same kid',
      ({ claims }) => ({ subject_token: signers.staff.sign(claims()) }),
    ],
    [
      'subject_token: mesh: signature_invalid',
      'with the key of another trust domain under the same kid',
      ({ claims }) => ({
        subject_token: signers.other.sign(claims({ iss: undefined, sub: 'spiffe://prod.example/ns/ops/sa/a' }), {
          typ: 'JWT',
        }),
        subject_token_type: JWT,
      }),
    ],
    [
      'subject_token: corp: alg_not_allowed',
      'with the public key as a shared secret',
      ({ claims }) => ({
        subject_token: hmacToken({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' }, claims(), signers.corp.jwk.x ?? ''),
      }),
    ],
    [
      'subject_token: corp: token_type',
      'with an ID token as an access token',
      ({ claims }) => ({ subject_token: signers.corp.sign(claims(), { typ: 'JWT' }) }),
    ],
    [
      'subject_token: corp: token_type',
      'with an access token as an ID token',
      () => ({ subject_token_type: ID_TOKEN }),
    ],
    [
      'subject_token: no issuer: not_a_compact_jws',
      'with a token of this kernel',
      () => ({ subject_token: 'hkt1.0.AAAA.BBBB' }),
    ],
    [
      'tokens: not_an_agent',
      'as a person',
      ({ claims }) => ({ subject_token: signers.staff.sign(claims({ iss: 'https://staff.example', sub: 'olga' })) }),
    ],
    [
      'tokens: actor_is_subject',
      'with one token twice',
      ({ claims }) => {
        const one = signers.corp.sign(claims())
        return { subject_token: one, ...actor(one) }
      },
    ],
    [
      'tokens: actor_is_subject',
      'as actor for herself with two tokens',
      ({ claims, now }) => actor(signers.corp.sign(claims({ iat: now() - 1 }))),
    ],
    [
      'tokens: actor_acts_for_another',
      'with an actor that acts for somebody else',
      ({ claims }) => actor(signers.corp.sign(claims({ sub: 'olga', act: { sub: 'helper' } }))),
    ],
    [
      'tokens: actor_of_subject_is_another',
      'as actor in the place of the one that the issuer named',
      ({ claims }) => ({
        subject_token: signers.corp.sign(claims({ sub: 'olga', act: { sub: 'helper' } })),
        ...actor(signers.corp.sign(claims({ sub: 'mallory' }))),
      }),
    ],
    [
      'tokens: actor_not_allowed',
      'as actor where the issuer allows another one',
      ({ claims }) => ({
        subject_token: signers.corp.sign(claims({ sub: 'olga', may_act: { sub: 'helper' } })),
        ...actor(signers.corp.sign(claims({ sub: 'mallory' }))),
      }),
    ],
    [
      'actor_token: corp: signature_invalid',
      'with an actor that she made up',
      ({ claims }) => actor(signers.mallory.sign(claims({ sub: 'helper' }))),
    ],
    [
      'scope: widened',
      'with a scope that the actor does not have',
      ({ claims }) => actor(signers.corp.sign(claims({ sub: 'helper', scope: 'invoke:files.*' }))),
    ],
  ])('for %s: %s', async (reason, _what, make) => {
    const made = setUp()
    const answer = await made.exchange(make(made))
    expect(answer).toMatchObject({
      ok: false,
      error: reason === 'scope: widened' ? 'invalid_scope' : 'invalid_request',
    })
    expect(made.refusals).toEqual([reason])
    expect(made.granted).toEqual([])
    // Whoever asks learns which token it was, and not what was wrong with it.
    expect(JSON.stringify(answer)).not.toMatch(/signature|kid|expired|alg/)
  })

  it.each<[string, Partial<TokenRequest>]>([
    ['unsupported_grant_type', { grant_type: 'client_credentials' }],
    ['invalid_target', { audience: 'did:key:z6MkOther' }],
    ['invalid_target', { resource: 'https://elsewhere.example' }],
    ['invalid_request', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ['invalid_request', { actor_token: 'x' }],
    ['invalid_scope', { scope: undefined as never }],
    ['invalid_scope', { scope: 'invoke:crm.*' }],
    ['invalid_scope', { scope: 'invoke:crm.a invoke:crm.b' }],
    ['invalid_scope', { scope: 'uses:3' }],
    ['invalid_scope', { scope: 'invoke:crm.customers admin' }],
    ['invalid_scope', { scope: 'invoke:crm.customers uses:0' }],
    ['invalid_scope', { scope: 'invoke:crm.customers uses:1e3' }],
    ['invalid_scope', { scope: 'invoke:crm.customers uses:1 uses:9' }],
    ['invalid_scope', { scope: 'invoke:crm.customers max_rows:-1' }],
    ['invalid_scope', { scope: 'invoke:nothing.here' }],
  ])('%s for %j', async (error, over) => {
    const { exchange, granted } = setUp()
    expect(await exchange(over)).toMatchObject({ ok: false, error })
    expect(granted).toEqual([])
  })

  it('may name this kernel, and nobody else, as audience and resource', async () => {
    const { exchange } = setUp()
    expect(await exchange({ audience: SELF, resource: SELF })).toMatchObject({ ok: true })
  })
})
