import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type AgentCard, HANSA_EXTENSION, makeAgentCard } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { admitIssuerKeys } from '../issuer/index.ts'
import { alice, mallory } from '../testing/actors.ts'
import { canonicalCard } from './canonical-card.ts'
import { signAgentCard } from './sign-card.ts'
import { type CardTrust, readAgentCard, verifyAgentCard } from './verify-card.ts'

const card: AgentCard = {
  ...makeAgentCard({
    kernel: alice.did,
    name: 'Bergen Harbour Office',
    description: 'Berths and cargo',
    version: '1.2.0',
    interfaces: [
      { url: 'https://bergen.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: 'harbour' },
    ],
    provider: { organization: 'Bergen', url: 'https://bergen.example' },
    documentationUrl: 'https://bergen.example/docs',
    pushNotifications: true,
    openIdConnectUrls: ['https://id.bergen.example/.well-known/openid-configuration'],
    capabilities: [
      {
        ref: 'berths.plan',
        kind: 'task',
        title: 'Berths',
        description: 'Plans berths',
        safety: 'READ',
        sensitivity: [],
        state: 'available',
        hash: 'A'.repeat(43),
      },
    ],
  }),
  iconUrl: 'https://bergen.example/icon.png',
}
const trust: CardTrust = { signer: alice.did, resolver: didKeyResolver() }

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))
async function verdictOn(value: unknown, given: CardTrust = trust) {
  const reading = readAgentCard(typeof value === 'string' ? Buffer.from(value) : bytesOf(value))
  return reading.ok ? verifyAgentCard(reading, given) : reading
}
const signed = () => structuredClone(signAgentCard(card, alice).card)

describe(canonicalCard, () => {
  it('is what section 8.4.1 of A2A 1.0 shows', () => {
    const fragment = {
      name: 'Example Agent',
      description: '',
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    }
    expect(canonicalCard(fragment)).toBe(
      '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}',
    )
  })

  it('leaves defaults out below the top too, and keeps what the proto requires there', () => {
    const skill = { id: 's', name: '', description: '', tags: [], examples: [], inputModes: [] }
    const more = { ...card, skills: [skill], securitySchemes: {}, supportedInterfaces: [{ url: '', tenant: '' }] }
    expect(JSON.parse(canonicalCard(more))).toMatchObject({
      skills: [{ id: 's', name: '', description: '', tags: [] }],
      supportedInterfaces: [{ url: '' }],
    })
    expect(canonicalCard(more)).not.toContain('securitySchemes')
    expect(canonicalCard(more)).not.toContain('examples')
    expect(canonicalCard(more)).not.toContain('tenant')
  })

  it('keeps a scheme without members, and free JSON as it is', () => {
    const free = {
      securitySchemes: { mtls: { mtlsSecurityScheme: {} } },
      capabilities: { extensions: [{ uri: 'u', params: { a: '', b: [], c: 0.5 } }] },
    }
    expect(canonicalCard(free)).toBe(
      '{"capabilities":{"extensions":[{"params":{"a":"","b":[],"c":0.5},"uri":"u"}]},"securitySchemes":{"mtls":{"mtlsSecurityScheme":{}}}}',
    )
  })
})

describe('a signed card', () => {
  it('is verified as the exact text that is served', async () => {
    const { text } = signAgentCard(card, alice)
    expect(await verdictOn(text)).toEqual({ ok: true, kid: alice.kid, form: 'specification' })
  })

  it('is verified in whatever order its members come', async () => {
    const reversed = Object.fromEntries(Object.entries(signed()).reverse())
    expect(await verdictOn(reversed)).toMatchObject({ ok: true })
  })

  it('is verified when REQUIRED members without a value were left out of what was signed', async () => {
    const empty = { ...card, description: '', skills: [] }
    const header = encodeBase64url(Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: alice.kid, typ: 'JOSE' })))
    const payload = encodeBase64url(Buffer.from(canonicalCard(empty, 'without_defaults')))
    const signature = encodeBase64url(alice.sign(Buffer.from(`${header}.${payload}`)))
    const verdict = await verdictOn({ ...empty, signatures: [{ protected: header, signature }] })
    expect(verdict).toEqual({ ok: true, kid: alice.kid, form: 'without_defaults' })
  })

  /** Every leaf of the card, as a path. */
  function leaves(value: unknown, path: (string | number)[] = []): (string | number)[][] {
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [path]
    return Object.entries(value).flatMap(([key, item]) =>
      leaves(item, [...path, Array.isArray(value) ? Number(key) : key]),
    )
  }
  const paths = leaves(card)

  function changed(
    path: (string | number)[],
    change: (parent: Record<string | number, unknown>, last: string | number) => void,
  ) {
    const copy = signed()
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], copy)
    change(parent as Record<string | number, unknown>, path.at(-1) ?? '')
    return copy
  }

  it('has leaves in every part', () => {
    const tops = new Set(paths.map(([top]) => top))
    expect(tops).toEqual(new Set(Object.keys(card)))
    expect(paths.length).toBeGreaterThan(30)
  })

  it.each(paths.map((path) => [path.join('.'), path] as const))(
    'is refused when mallory changes %s',
    async (_name, path) => {
      const altered = changed(path, (parent, last) => {
        const was = parent[last]
        parent[last] = typeof was === 'boolean' ? !was : `${String(was)}x`
      })
      expect((await verdictOn(altered)).ok).toBe(false)
    },
  )

  it.each(paths.map((path) => [path.join('.'), path] as const))(
    'is refused when mallory removes %s',
    async (_name, path) => {
      const altered = changed(path, (parent, last) => {
        if (Array.isArray(parent)) parent.splice(Number(last), 1)
        else delete parent[last]
      })
      // Removing a REQUIRED member may make it unreadable instead.
      expect((await verdictOn(altered)).ok).toBe(false)
    },
  )

  it('is refused when mallory asks for the credential in the query instead', async () => {
    const copy = signed()
    copy.securitySchemes = {
      ...copy.securitySchemes,
      bearer: { apiKeySecurityScheme: { location: 'query', name: 'key' } },
    }
    expect(await verdictOn(copy)).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it.each([
    [
      'an interface',
      {
        supportedInterfaces: [
          ...card.supportedInterfaces,
          { url: 'https://mallory.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
      },
    ],
    ['a scheme', { securitySchemes: { ...card.securitySchemes, x: { mtlsSecurityScheme: {} } } }],
    ['a member that nobody knows', { trusted_by: 'everybody' }],
  ])('is refused when mallory adds %s', async (_what, more) => {
    expect(await verdictOn({ ...signed(), ...more })).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it.each([
    ['schemes in the form of a library', { bearer: { scheme: { $case: 'httpAuthSecurityScheme', value: {} } } }],
    [
      'a scheme of two kinds',
      { bearer: { mtlsSecurityScheme: {}, openIdConnectSecurityScheme: { openIdConnectUrl: 'https://x' } } },
    ],
    ['a scheme of none', { bearer: {} }],
  ])('cannot be read with %s', async (_what, securitySchemes) => {
    expect(readAgentCard(bytesOf({ ...card, securitySchemes }))).toMatchObject({ ok: false, reason: /^card_malformed/ })
  })

  it.each([
    ['two members of one name', '{"name":"a","name":"b"}', 'card_duplicate_name'],
    ['no JSON', '{', 'card_malformed'],
    ['a list', '[]', 'card_not_an_object'],
    ['too many bytes', ' '.repeat(262_145), 'card_too_large'],
  ])('cannot be read as %s', (_what, text, reason) => {
    expect(readAgentCard(Buffer.from(text))).toEqual({ ok: false, reason })
  })
})

describe('whose signature counts', () => {
  const withSignature = (header: object, key: (bytes: Buffer) => Uint8Array, unprotected?: object) => {
    const text = encodeBase64url(Buffer.from(JSON.stringify(header)))
    const payload = encodeBase64url(Buffer.from(canonicalCard(card)))
    const signature = encodeBase64url(key(Buffer.from(`${text}.${payload}`)))
    return { ...card, signatures: [{ protected: text, signature, ...(unprotected && { header: unprotected }) }] }
  }

  it('is that of the pinned kernel and not that of mallory, whatever the card says of itself', async () => {
    expect(card.capabilities.extensions?.[0]).toMatchObject({ uri: HANSA_EXTENSION, params: { kernel: alice.did } })
    expect(await verdictOn(signAgentCard(card, mallory).card)).toEqual({ ok: false, reason: 'key_not_pinned' })
    const claimed = withSignature({ alg: 'EdDSA', kid: alice.kid, typ: 'JOSE' }, (bytes) => mallory.sign(bytes))
    expect(await verdictOn(claimed)).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it('is that of nobody when nobody has been named', async () => {
    expect(await verdictOn(signed(), { resolver: didKeyResolver() })).toEqual({ ok: false, reason: 'key_not_pinned' })
    expect(await verdictOn(card)).toEqual({ ok: false, reason: 'card_not_signed' })
  })

  it('may be the second of two', async () => {
    const both = signed()
    const of = signAgentCard(card, mallory).card.signatures ?? []
    both.signatures = [...of, ...(both.signatures ?? [])]
    expect(await verdictOn(both)).toMatchObject({ ok: true, kid: alice.kid })
  })

  it.each([
    ['no algorithm', { alg: 'none', kid: alice.kid }, 'header_alg'],
    ['a shared secret', { alg: 'HS256', kid: alice.kid }, 'header_alg'],
    ['another algorithm than that of the key', { alg: 'ES256', kid: alice.kid }, 'header_alg_of_another_key'],
    ['a critical member', { alg: 'EdDSA', kid: alice.kid, crit: ['b64'], b64: false }, 'header_members'],
    ['its own key', { alg: 'EdDSA', kid: alice.kid, jwk: {} }, 'header_members'],
    ['no kid', { alg: 'EdDSA' }, 'header_kid'],
    ['another type', { alg: 'EdDSA', kid: alice.kid, typ: 'JWT' }, 'header_typ'],
  ])('is none with %s', async (_what, header, reason) => {
    expect(await verdictOn(withSignature(header, (bytes) => alice.sign(bytes)))).toEqual({ ok: false, reason })
  })

  it('is none whose algorithm is said outside of what is signed', async () => {
    const outside = withSignature({ alg: 'EdDSA', kid: alice.kid }, (bytes) => alice.sign(bytes), { kid: alice.kid })
    expect(await verdictOn(outside)).toEqual({ ok: false, reason: 'header_unprotected' })
  })

  it('names where its key is, and is not asked there', async () => {
    const header = { alg: 'EdDSA', kid: 'key-1', jku: 'https://mallory.example/jwks.json' }
    expect(await verdictOn(withSignature(header, (bytes) => mallory.sign(bytes)))).toEqual({
      ok: false,
      reason: 'key_not_pinned',
    })
  })

  describe('with a key that an operator has pinned', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1' }
    const keys = admitIssuerKeys({ keys: [jwk as never] }, 'sig', ['ES256']).keys
    const es256 = (key: KeyObject) => (bytes: Buffer) =>
      new Uint8Array(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }))

    it('is ES256 of that key', async () => {
      const good = withSignature(
        { alg: 'ES256', kid: 'key-1', jku: 'https://bergen.example/jwks.json' },
        es256(pair.privateKey),
      )
      expect(await verdictOn(good, { ...trust, keys })).toMatchObject({ ok: true, kid: 'key-1' })
    })

    it('is not that of another key under its name', async () => {
      const other = createPrivateKey(
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
      )
      const forged = withSignature({ alg: 'ES256', kid: 'key-1' }, es256(other))
      expect(await verdictOn(forged, { ...trust, keys })).toEqual({ ok: false, reason: 'signature_invalid' })
    })

    it('is not that of another algorithm', async () => {
      const forged = withSignature({ alg: 'EdDSA', kid: 'key-1' }, (bytes) => mallory.sign(bytes))
      expect(await verdictOn(forged, { ...trust, keys })).toEqual({ ok: false, reason: 'header_alg_of_another_key' })
    })
  })
})
