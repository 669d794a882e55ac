import { type EntryDraft, entryDraftSchema } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { forgiveRegistry } from './forgive-registry.ts'

const url = 'https://registry.example'
const by = 'person:olga'

function caught(refusal: { kind: 'rolled_back'; reason: string } | undefined) {
  const done: unknown[] = []
  const entries: EntryDraft[] = []
  const components = {
    memory: {
      refusal: async () => (refusal === undefined ? undefined : ({ ok: false, ...refusal } as const)),
      forget: async (of: string) => void done.push(['forgotten', of]),
    },
    append(draft: EntryDraft) {
      entries.push(draft)
      return { durable: Promise.resolve().then(() => done.push('durable')) } as never
    },
  }
  return { done, entries, forgive: () => forgiveRegistry({ url, by }, components) }
}

describe(forgiveRegistry, () => {
  it('forgets what a registry was caught with once the log says who forgave it', async () => {
    const { done, entries, forgive } = caught({ kind: 'rolled_back', reason: 'its log is shorter' })
    expect(await forgive()).toEqual({ url, kind: 'rolled_back', reason: 'its log is shorter' })
    expect(done).toEqual(['durable', ['forgotten', url]])
    expect(entries).toMatchObject([{ type: 'registry.forgiven', actor: by, ext: { source: url } }])
    expect(entryDraftSchema.safeParse(entries[0]).success).toBe(true)
  })

  it('says of one that was not caught that there is nothing to forgive', async () => {
    const { done, forgive } = caught(undefined)
    await expect(forgive()).rejects.toMatchObject({ detail: { code: 'not_found' } })
    expect(done).toEqual([])
  })
})
