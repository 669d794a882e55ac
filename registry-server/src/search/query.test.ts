import { errorBodySchema, listingSchema, listResponseSchema } from '@hansa/protocols'
import { aCapability, alice, bob, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { manifestOf, manifests, refused, testRegistry } from '../testing/test-registry.ts'

describe('searching', () => {
  const withLabels = [aCapability({ id: 'billing.list', tags: ['money'], sensitivity: ['PII', 'TENANT:acme'] })]

  it('finds kernels by capability, by tag and by sensitivity, and by both at once', async () => {
    await using registry = await testRegistry()
    const [plain, labelled] = [manifestOf(alice), manifestOf(bob, { capabilities: [...withLabels, aCapability()] })]
    await registry.ask.register(plain)
    await registry.ask.register(labelled)
    const find = async (query: Record<string, string>) => manifests(await registry.ask.list(query)).toSorted()
    expect(await find({ capability: 'files.read' })).toEqual([plain, labelled].toSorted())
    expect(await find({ capability: 'billing.list' })).toEqual([labelled])
    expect(await find({ tag: 'PII' })).toEqual([labelled])
    expect(await find({ tag: 'TENANT:acme' })).toEqual([labelled])
    expect(await find({ tag: 'money', capability: 'files.read' })).toEqual([labelled])
    expect(await find({ tag: 'money', capability: 'files.write' })).toEqual([])
  })

  it.each(["' or 1=1 --", "money'; drop table records; --", '%', 'mone_', 'MONEY', 'money" or ""="', '\\'])(
    'takes the tag %j for a tag that nobody has',
    async (tag) => {
      await using registry = await testRegistry()
      await registry.ask.register(manifestOf(bob, { capabilities: withLabels }))
      expect(await registry.ask.list({ tag })).toEqual({ status: 200, body: { listings: [] } })
      expect((await registry.ask.health()).body.listings).toBe(1)
    },
  )

  it.each([
    { capability: "x' or '1'='1" },
    { tag: 'x'.repeat(73) },
    { tag: 'a\0b' },
    { limit: '0' },
    { limit: '201' },
    { limit: '1; drop table records' },
    { cursor: "did:key:z' --" },
    { cursor: 'not a DID' },
  ])('refuses %j', async (query) => {
    await using registry = await testRegistry()
    expect(await registry.ask.list(query as Record<string, string>)).toEqual(refused(400, 'invalid_request'))
  })

  it('refuses a parameter that is given twice, rather than choose', async () => {
    await using registry = await testRegistry()
    const path = '/hansa/registry/v1/manifests?tag=a&tag=b'
    expect(await registry.ask.send('GET', path)).toEqual(refused(400, 'invalid_request'))
  })

  it('gives every kernel once, over pages, in the order of DIDs', async () => {
    await using registry = await testRegistry()
    const everyone = [alice, bob, carol, mallory]
    for (const kernel of everyone) await registry.ask.register(manifestOf(kernel))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const { body } = await registry.ask.list({ limit: '1', ...(cursor !== undefined && { cursor }) })
      const page = listResponseSchema.parse(body)
      expect(page.listings).toHaveLength(1)
      seen.push(...page.listings.map(({ manifest }) => manifest))
      cursor = page.next
    } while (cursor !== undefined)
    const inOrder = everyone.toSorted((a, b) => (a.did < b.did ? -1 : 1))
    expect(seen).toEqual(inOrder.map((kernel) => manifestOf(kernel)))
  })

  it('names the kernel by its DID, in any spelling of the path', async () => {
    await using registry = await testRegistry()
    const manifest = manifestOf(bob)
    await registry.ask.register(manifest)
    const plain = await registry.ask.send('GET', `/hansa/registry/v1/manifests/${bob.did}`)
    expect(listingSchema.parse(plain.body).manifest).toBe(manifest)
    for (const [path, code] of [
      ['did:key:zNobody', 'not_found'],
      ["did:key:z' or 1=1", 'invalid_request'],
      ['bob', 'invalid_request'],
      ['%E0%A4%A', 'not_found'],
    ] as const) {
      const { body } = await registry.ask.send('GET', `/hansa/registry/v1/manifests/${path.replaceAll(' ', '%20')}`)
      expect(errorBodySchema.parse(body)).toEqual({ code })
    }
  })
})
