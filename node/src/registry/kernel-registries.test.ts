import type { RegistryClient } from '@hansa/mesh'
import { type EntryDraft, entryDraftSchema, memoryStore, silentLogger } from '@hansa/protocols'
import { noteKey } from '@hansa/trust/ledger'
import { expect, it } from 'vitest'
import { kernelRegistries } from './kernel-registries.ts'

it('writes into the log of the kernel that a registry was caught, and to its operator, once', async () => {
  const entries: EntryDraft[] = []
  const lines: unknown[] = []
  const { memory } = kernelRegistries({
    store: memoryStore(),
    replica: { take: async () => 'ignore' },
    logger: {
      ...silentLogger,
      error: (event: string, fields?: object) => void lines.push([event, fields]),
    } as typeof silentLogger,
    append(draft) {
      entries.push(draft)
      return { durable: Promise.resolve() } as never
    },
  })
  const url = 'https://registry.test'
  const { vkey } = noteKey('registry.test/log', new Uint8Array(32))
  const client = {
    checkpoint: async () => ({ ok: true, value: { vkey, checkpoint: 'nothing that is signed' } }),
  } as unknown as RegistryClient
  expect(await memory.advance(url, client)).toMatchObject({ ok: false, kind: 'unsigned' })
  expect(await memory.advance(url, client)).toMatchObject({ ok: false, kind: 'unsigned' })
  expect(lines).toEqual([['registry.fault', expect.objectContaining({ registry: url, kind: 'unsigned' })]])
  expect(entries).toMatchObject([{ type: 'registry.fault', ext: { source: url } }])
  expect(entryDraftSchema.safeParse(entries[0]).success).toBe(true)
})
