import type { Did } from '@hansa/protocols'
import { describeOnBoth } from '@hansa/storage/testing'
import { noteKey } from '@hansa/trust/ledger'
import { expect, it, vi } from 'vitest'
import { openLog } from '../log/open-log.ts'
import { recordMigrations } from './record-migrations.ts'
import type { Change, KnownKernel, RecordStore } from './record-store.ts'
import { type RecordTables, sqlRecordStore } from './sql-record-store.ts'

const NOW = 1_800_000_000

const did = (name: string): Did => `did:key:z${name}`

const listing = (over: Partial<Extract<Change, { kind: 'list' }>> = {}): Extract<Change, { kind: 'list' }> => ({
  kind: 'list',
  source: '',
  seq: 7,
  hash: 'h7',
  manifest: 'e30.e30.c2ln',
  manifestExp: NOW + 3600,
  expires: NOW + 90,
  terms: [{ kind: 'capability', term: 'files.read' }],
  keepUntil: NOW + 90_000,
  ...over,
})

const known = (over: Partial<KnownKernel> = {}): KnownKernel => ({
  seq: 7,
  hash: 'h7',
  withdrawn: false,
  state: 'alive',
  source: '',
  listing: { manifestExp: NOW + 3600, expires: NOW + 90, renewed: 0 },
  ...over,
})

const put = (store: RecordStore, kernel: Did, change: Change) =>
  store.change(kernel, () => ({ answer: undefined, change }))
const look = async (store: RecordStore, kernel: Did) =>
  (await store.change(kernel, (found) => ({ answer: found }))).answer
const limits = { deadAfterSeconds: 600 }
const names = async (store: RecordStore, query: object = {}) =>
  (await store.page({ limit: 200, ...query }, NOW)).listings.map(({ manifest }) => manifest)

describeOnBoth('a record store', (open, { durable, shared }) => {
  const make = async () => {
    const database = await open<RecordTables>()
    await database.migrate(recordMigrations)
    await openLog(database, noteKey('registry.example/log', new Uint8Array(32)))
    const appended = vi.fn()
    return { database, appended, store: sqlRecordStore(database, appended) }
  }

  it('says when the log has an entry more, and nothing of a heartbeat', async () => {
    const { store, appended } = await make()
    await put(store, did('a'), { ...listing(), entry: { event: 'listed', at: NOW } })
    expect(appended).toHaveBeenCalledTimes(1)
    await put(store, did('a'), { kind: 'renew', source: '', expires: NOW + 150, renewed: NOW + 60 })
    await look(store, did('a'))
    expect(appended).toHaveBeenCalledTimes(1)
  })

  it('knows nothing of a kernel that it never saw, and how many others there are', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    await put(store, did('b'), listing())
    expect(await store.change(did('c'), (found, kernels) => ({ answer: [found, kernels] }))).toEqual({
      answer: [undefined, 2],
    })
  })

  it('remembers a listing', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    expect(await look(store, did('a'))).toEqual(known())
    expect(await store.get(did('a'), NOW)).toEqual({ manifest: 'e30.e30.c2ln', expires: NOW + 90 })
    expect(await store.countListed(NOW)).toBe(1)
  })

  it('takes numbers up to the largest exact one', async () => {
    const { store } = await make()
    await put(store, did('a'), listing({ seq: Number.MAX_SAFE_INTEGER }))
    expect((await look(store, did('a')))?.seq).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('changes nothing when the decision is to change nothing', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    expect(await store.change(did('a'), () => ({ answer: 'refused' }))).toEqual({ answer: 'refused' })
    expect(await look(store, did('a'))).toEqual(known())
  })

  it('changes nothing when the decision throws', async () => {
    const { store } = await make()
    const attempt = store.change(did('a'), () => {
      throw new Error('no decision')
    })
    await expect(attempt).rejects.toThrow('no decision')
    expect(await look(store, did('a'))).toBeUndefined()
  })

  it('hides a listing from the second on which it ends', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    expect(await store.get(did('a'), NOW + 89)).toBeDefined()
    expect(await store.get(did('a'), NOW + 90)).toBeUndefined()
    expect(await store.page({ limit: 9 }, NOW + 90)).toEqual({ listings: [] })
    expect(await store.countListed(NOW + 90)).toBe(0)
  })

  it('extends a listing', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    await put(store, did('a'), { kind: 'renew', source: '', expires: NOW + 150, renewed: NOW + 60 })
    expect((await look(store, did('a')))?.listing).toEqual({
      manifestExp: NOW + 3600,
      expires: NOW + 150,
      renewed: NOW + 60,
    })
  })

  it('begins to count heartbeats anew with a new manifest', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    await put(store, did('a'), { kind: 'renew', source: '', expires: NOW + 150, renewed: NOW + 60 })
    await put(store, did('a'), listing({ seq: 8, hash: 'h8' }))
    expect(await look(store, did('a'))).toEqual(known({ seq: 8, hash: 'h8' }))
  })

  it('keeps the number of a withdrawal and nothing of the manifest', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    await put(store, did('a'), { kind: 'withdraw', seq: 9, hash: 'h9', keepUntil: NOW + 90_000 })
    expect(await look(store, did('a'))).toEqual({
      ...{ seq: 9, hash: 'h9', withdrawn: true, source: '' },
      state: 'alive',
    })
    expect(await names(store, { capability: 'files.read' })).toEqual([])
    await put(store, did('a'), listing({ seq: 10, hash: 'h10' }))
    expect(await look(store, did('a'))).toEqual(known({ seq: 10, hash: 'h10' }))
  })

  it('keeps the first pair that convicts a kernel', async () => {
    const { store } = await make()
    const convict = { kind: 'convict', seq: 7, keepUntil: NOW + 90_000 } as const
    await put(store, did('a'), listing())
    await put(store, did('a'), { ...convict, hash: 'other', manifest: 'second' })
    await put(store, did('a'), { ...convict, hash: 'third', manifest: 'third' })
    expect(await store.equivocation(did('a'))).toEqual({
      seq: 7,
      hash: 'other',
      manifest: 'second',
      firstHash: 'h7',
      firstManifest: 'e30.e30.c2ln',
    })
    expect(await look(store, did('a'))).toEqual(known())
    expect(await store.equivocation(did('b'))).toBeUndefined()
  })

  it('convicts without the first text when the listing is dead', async () => {
    const { store } = await make()
    await put(store, did('a'), listing())
    await put(store, did('a'), { kind: 'observe', state: 'dead' })
    await put(store, did('a'), { kind: 'convict', seq: 7, hash: 'x', manifest: 'second', keepUntil: NOW + 90_000 })
    expect(await store.equivocation(did('a'))).toEqual({ seq: 7, hash: 'x', manifest: 'second', firstHash: 'h7' })
  })

  it('knows whose state is not that of the time any more, and forgets the dead in their time', async () => {
    const { store } = await make()
    const at = (event: 'listed' | 'unreachable' | 'dead') => ({ entry: { event, at: NOW } })
    await put(store, did('silent'), { ...listing(), ...at('listed') })
    await put(store, did('expired'), { ...listing({ manifestExp: NOW + 60, expires: NOW + 60 }), ...at('listed') })
    await put(store, did('alive'), { ...listing({ expires: NOW + 500, keepUntil: NOW + 100 }), ...at('listed') })
    expect(await store.overdue(NOW + 59, limits, 9)).toEqual([])
    expect(await store.overdue(NOW + 90, limits, 9)).toEqual([did('expired'), did('silent')])
    expect(await store.overdue(NOW + 90, limits, 1)).toEqual([did('expired')])
    await put(store, did('silent'), { kind: 'observe', state: 'unreachable', ...at('unreachable') })
    await put(store, did('expired'), { kind: 'observe', state: 'dead', ...at('dead') })
    expect(await store.overdue(NOW + 400, limits, 9)).toEqual([])
    expect(await store.overdue(NOW + 690, limits, 9)).toEqual([did('alive'), did('silent')])
    expect(await store.forget(NOW + 100_000)).toBe(1)
    expect(await look(store, did('expired'))).toBeUndefined()
    expect((await look(store, did('alive')))?.listing).toBeDefined()
  })

  it('finds kernels by what their manifests hold', async () => {
    const { store } = await make()
    const offers = (manifest: string, ...terms: string[]) =>
      listing({
        manifest,
        terms: terms.map((text) => {
          const [kind = '', term = ''] = text.split(' ')
          return { kind: kind as 'tag', term }
        }),
      })
    await put(store, did('a'), offers('A', 'capability files.read', 'tag files'))
    await put(store, did('b'), offers('B', 'capability files.read', 'capability billing.list', 'tag PII'))
    await put(store, did('c'), offers('C', 'tag files.read'))
    expect(await names(store)).toEqual(['A', 'B', 'C'])
    expect(await names(store, { capability: 'files.read' })).toEqual(['A', 'B'])
    expect(await names(store, { tag: 'files.read' })).toEqual(['C'])
    expect(await names(store, { capability: 'files.read', tag: 'PII' })).toEqual(['B'])
    expect(await names(store, { capability: 'billing.list', tag: 'files' })).toEqual([])
  })

  it.each(["' or 1=1 --", '%', '_iles', 'FILES', '"', '\\', "x'); drop table records; --"])(
    'takes %j for a tag like any other',
    async (tag) => {
      const { store } = await make()
      await put(store, did('a'), listing({ terms: [{ kind: 'tag', term: 'files' }] }))
      expect(await names(store, { tag })).toEqual([])
      await put(store, did('b'), listing({ manifest: 'B', terms: [{ kind: 'tag', term: tag }] }))
      expect(await names(store, { tag })).toEqual(['B'])
    },
  )

  it('takes as many terms as a manifest can hold', async () => {
    const { store } = await make()
    const terms = Array.from({ length: 20_000 }, (_, at) => ({ kind: 'tag' as const, term: `t${at}` }))
    await put(store, did('a'), listing({ terms }))
    expect(await names(store, { tag: 't19999' })).toHaveLength(1)
  })

  it('pages by the bytes of the DID, capitals first, and says where to go on', async () => {
    const { store } = await make()
    const kernels = ['B', 'Z', '_', 'a', 'b', 'c']
    for (const name of kernels.toReversed()) await put(store, did(name), listing({ manifest: name }))
    const first = await store.page({ limit: 4 }, NOW)
    expect(first.listings.map(({ manifest }) => manifest)).toEqual(['B', 'Z', '_', 'a'])
    expect(first.next).toBe(did('a'))
    const second = await store.page({ limit: 4, after: did('a') }, NOW)
    expect(second.listings.map(({ manifest }) => manifest)).toEqual(['b', 'c'])
    expect(second.next).toBeUndefined()
  })

  it('ends a page at a mebibyte, but never with nothing', async () => {
    const { store } = await make()
    const manifest = 'm'.repeat(700_000)
    for (const name of ['a', 'b', 'c']) await put(store, did(name), listing({ manifest }))
    const pages: number[] = []
    for (let after: Did | undefined = did('A'); after !== undefined; ) {
      const page = await store.page({ limit: 200, after }, NOW)
      pages.push(page.listings.length)
      after = page.next
    }
    expect(pages).toEqual([1, 1, 1])
  })

  it('lets one of many who decide at once win, whoever it is', async () => {
    const { store } = await make()
    const bid = (seq: number) =>
      store.change(did('a'), (found) =>
        found === undefined || seq > found.seq
          ? { answer: true, change: listing({ seq, hash: `h${seq}` }) }
          : { answer: false },
      )
    const accepted = await Promise.all(Array.from({ length: 20 }, (_, at) => bid(20 - at)))
    expect(accepted.map(({ answer }) => answer)).toContain(true)
    expect((await look(store, did('a')))?.seq).toBe(20)
  })

  if (shared)
    it('lets one of many processes win that list the same new kernel', async () => {
      const stores = [await make(), await make(), await make()]
      const first = (store: RecordStore) =>
        store.change(did('a'), (found) =>
          found === undefined ? { answer: true, change: listing() } : { answer: false },
        )
      const answers = await Promise.all(stores.flatMap(({ store }) => [first(store), first(store), first(store)]))
      expect(answers.filter(({ answer }) => answer)).toHaveLength(1)
    })

  if (durable)
    it('has all of it when it is opened again', async () => {
      const { database, store } = await make()
      await put(store, did('a'), listing())
      await put(store, did('b'), listing())
      await put(store, did('b'), { kind: 'withdraw', seq: 9, hash: 'h9', keepUntil: NOW + 90_000 })
      await database.close()
      const again = await make()
      expect(await look(again.store, did('a'))).toEqual(known())
      expect(await look(again.store, did('b'))).toEqual({
        ...{ seq: 9, hash: 'h9', withdrawn: true, source: '' },
        state: 'alive',
      })
      expect(await names(again.store, { capability: 'files.read' })).toHaveLength(1)
    })
})
