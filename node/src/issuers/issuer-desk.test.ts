import type { EntryDraft, Revocation } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { principalTemplate } from '@hansa/trust'
import { anIssuer } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { hashOf, IssuerDesk, MAX_SHOWN_OF_ONE } from './issuer-desk.ts'
import type { IssuerSetting } from './issuer-setting.ts'

const self = 'did:key:z6MkUs'
const signing = anIssuer('k1')
const reading = principalTemplate('agent:corp-{sub}')
if (!reading.ok) throw new Error(reading.reason)

const corp: IssuerSetting = {
  kind: 'oidc',
  name: 'corp',
  issuer: 'https://login.example',
  algorithms: ['EdDSA'],
  types: ['at+jwt'],
  maxLifeSeconds: 3_600,
  scopeRequired: false,
  principal: reading.template,
  principalText: 'agent:corp-{sub}',
  keys: { kind: 'url', url: 'https://login.example/jwks' },
}

function aDesk(over: Partial<IssuerSetting> = {}) {
  const clock = manualClock()
  const drafts: EntryDraft[] = []
  const refusals: string[] = []
  const revoked = new Map<string, number>()
  const durable = { now: () => Promise.resolve() }
  const desk = new IssuerDesk(
    {
      self,
      clock,
      fetch: {
        get: async () => ({
          ok: true,
          status: 200,
          contentType: '',
          body: Buffer.from(JSON.stringify({ keys: [signing.jwk] })),
        }),
      },
      revocations: {
        revoked: (kind, what) => {
          const iat = revoked.get(`${kind} ${what}`)
          return iat === undefined ? undefined : ({ iat } as Revocation)
        },
      },
      refusals: { count: (source, code, reason) => `${refusals.push(`${source} ${code} ${reason}`)}` },
      append(draft) {
        drafts.push(draft)
        return { seq: drafts.length, tMs: 0, durable: durable.now() } as never
      },
    },
    [{ ...corp, ...over } as IssuerSetting],
  )
  const now = Math.floor(clock.now() / 1000)
  const claims = (more: object = {}) => ({
    iss: 'https://login.example',
    sub: 'reporter',
    aud: self,
    iat: now,
    exp: now + 300,
    ...more,
  })
  return { desk, clock, drafts, refusals, durable, revoked, now, token: (more?: object) => signing.sign(claims(more)) }
}

describe(IssuerDesk, () => {
  it('knows an agent by a token, and says in the log by which issuer, once, with the hash of the token alone', async () => {
    const { desk, drafts, token, now } = aDesk()
    const text = token()
    const shown = await Promise.all([desk.identify(text), desk.identify(text)])
    expect(shown[0]).toMatchObject({ name: 'corp-reporter', principal: 'agent:corp-reporter', issuer: 'corp' })
    expect(shown[1]).toBe(shown[0])
    expect(await desk.identify(text)).toBe(shown[0])
    const ext = { issuer: 'corp', hash: hashOf(text), expires: now + 300 }
    expect(drafts).toEqual([{ type: 'token.accepted', actor: 'agent:corp-reporter', ext }])
    expect(JSON.stringify(drafts)).not.toContain(text.split('.')[2])
  })

  it('lets nobody in before that entry is durable', async () => {
    const { desk, durable, token } = aDesk()
    durable.now = () => Promise.reject(new Error('the disk is gone'))
    await expect(desk.identify(token())).rejects.toThrow('the disk is gone')
  })

  it('ends what a token opened at the second in which it expires', async () => {
    const { desk, clock, token, refusals } = aDesk()
    const text = token()
    const shown = await desk.identify(text)
    clock.advance(299_000)
    expect(shown?.removed.aborted).toBe(false)
    clock.advance(1_000)
    expect(shown?.removed.aborted).toBe(true)
    expect(await desk.identify(text)).toBeUndefined()
    expect(refusals).toEqual(['agents token_rejected issued token: corp: expired'])
  })

  it('names for whom an agent acts', async () => {
    const { desk, drafts, token } = aDesk()
    expect(await desk.identify(token({ sub: 'olga', act: { sub: 'reporter' } }))).toMatchObject({
      principal: 'agent:corp-reporter',
      onBehalfOf: 'agent:corp-olga',
    })
    expect(drafts).toMatchObject([{ actor: 'agent:corp-reporter', ext: { obo: 'agent:corp-olga' } }])
  })

  it('refuses an actor that the issuer did not name', async () => {
    const { desk, refusals, token } = aDesk()
    const claims = { sub: 'olga', act: { sub: 'mallory' }, may_act: { sub: 'reporter' } }
    expect(await desk.identify(token(claims))).toBeUndefined()
    expect(refusals).toEqual(['agents token_rejected issued token: corp: actor_not_allowed'])
  })

  it('lets no person act by a token', async () => {
    const person = principalTemplate('person:{sub}')
    if (!person.ok) throw new Error(person.reason)
    const { desk, refusals, token, drafts } = aDesk({ principal: person.template })
    expect(await desk.identify(token({ sub: 'olga' }))).toBeUndefined()
    expect(refusals).toEqual(['agents token_rejected issued token: corp: not_an_agent'])
    expect(drafts).toEqual([])
  })

  it('says nothing outside, and counts the exact reason', async () => {
    const { desk, refusals, token } = aDesk()
    expect(await desk.identify(token({ aud: 'did:key:z6MkOther' }))).toBeUndefined()
    expect(await desk.identify('no.token.x')).toBeUndefined()
    expect(refusals).toEqual([
      'agents token_rejected issued token: corp: aud_of_another',
      'agents token_rejected issued token: no issuer: not_canonical_base64url',
    ])
  })

  it('refuses a token that was revoked, and ends what was opened with it', async () => {
    const { desk, revoked, refusals, token, now } = aDesk()
    const [one, other] = [token({ jti: '1' }), token({ jti: '2' })]
    const [shown, kept] = [await desk.identify(one), await desk.identify(other)]
    revoked.set(`token ${hashOf(one)}`, now)
    desk.endRevoked()
    expect([shown?.removed.aborted, kept?.removed.aborted]).toEqual([true, false])
    expect(await desk.identify(one)).toBeUndefined()
    expect(await desk.identify(other)).toBe(kept)
    expect(refusals).toEqual(['agents token_rejected issued token: corp: token_revoked'])
  })

  it.each([
    ['acts', { sub: 'reporter' }],
    ['is acted for', { sub: 'olga', act: { sub: 'reporter' } }],
  ])('refuses every token of a revoked principal that %s, and takes those that are issued later', async (_who, who) => {
    const { desk, revoked, token, clock, now } = aDesk()
    const shown = await desk.identify(token(who))
    revoked.set(`principal agent:corp-${who.sub}`, now)
    desk.endRevoked()
    expect(shown?.removed.aborted).toBe(true)
    expect(await desk.identify(token(who))).toBeUndefined()
    expect(await desk.check('corp', token(who))).toMatchObject({ token: { ok: false, reason: 'principal_revoked' } })
    clock.advance(1_000)
    expect(await desk.identify(token({ ...who, iat: now + 1 }))).toBeDefined()
  })

  it('lets nobody in by a token that is revoked while its entry is on its way to the disk', async () => {
    const { desk, durable, revoked, token, now } = aDesk()
    const text = token()
    durable.now = async () => void revoked.set(`token ${hashOf(text)}`, now)
    expect(await desk.identify(text)).toBeUndefined()
  })

  it('is not filled by an agent with a new token for each request: what it opened with the oldest ends', async () => {
    const { desk, token } = aDesk()
    const other = await desk.identify(token({ sub: 'other' }))
    const shown = []
    for (let at = 0; at <= MAX_SHOWN_OF_ONE; at++) shown.push(await desk.identify(token({ jti: `${at}` })))
    expect(shown.map((one) => one?.removed.aborted).slice(0, 3)).toEqual([true, false, false])
    expect(other?.removed.aborted).toBe(false)
  })

  it('says that the log is full, and lets nobody in', async () => {
    const { desk, durable, token } = aDesk()
    durable.now = () => Promise.reject(Object.assign(new Error('full'), { detail: { code: 'log_full' } }))
    await expect(desk.identify(token())).rejects.toMatchObject({ detail: { code: 'log_full' } })
  })

  it('shows an operator which keys there are, and what a token would be taken as', async () => {
    const { desk, token, drafts } = aDesk()
    expect(desk.list()).toMatchObject([{ name: 'corp', keys: [] }])
    expect(await desk.check('corp', token({ scope: 'invoke:files.*' }))).toMatchObject({
      keys: [{ kid: 'k1', alg: 'EdDSA' }],
      refused: [],
      token: { ok: true, principal: 'agent:corp-reporter', scopes: ['files.*'] },
    })
    expect(await desk.check('corp', token({ exp: 1 }))).toMatchObject({ token: { ok: false, reason: 'expired' } })
    expect(drafts).toEqual([])
    await expect(desk.check('nobody')).rejects.toMatchObject({ detail: { code: 'not_found' } })
  })

  it('ends everything when the kernel closes', async () => {
    const { desk, token, clock } = aDesk()
    const shown = await desk.identify(token())
    desk.close()
    expect(shown?.removed.aborted).toBe(true)
    expect(clock.waiting).toBe(0)
  })
})
