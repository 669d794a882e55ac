import type { EntryDraft } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { shipEvents } from './ship-events.ts'
import type { LogCursor } from './signed-entries.ts'
import { auditLog } from './testing/audit-log.ts'

const ORIGIN = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/log'
const drafts = (count: number): EntryDraft[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'policy.loaded', ext: { count: n } }))

/** What `deliver` and `keep` were called with, in order. */
function receiver() {
  const seen: string[] = []
  let cursor: LogCursor | undefined
  return {
    seen,
    last: () => cursor,
    deliver: async (entries: readonly { entry: { origin: string; seq: number } }[]) => {
      seen.push(entries.map(({ entry }) => `${entry.origin.at(-1)}:${entry.seq}`).join(' '))
    },
    keep: async (now: LogCursor) => {
      cursor = now
      seen.push(`keep ${now.origin.at(-1)}:${now.next}`)
    },
  }
}

describe(shipEvents, () => {
  it('takes what is signed in order, log after log, and notes each batch behind its delivery', async () => {
    await using one = await auditLog(`${ORIGIN}/1`, drafts(2))
    await using two = await auditLog(`${ORIGIN}/2`, drafts(1))
    const { seen, deliver, keep } = receiver()
    const logs = async () => [one.log, two.log]
    expect(await shipEvents({ logs, batch: 2, deliver, keep, clock: one.clock })).toBe(5)
    expect(seen).toEqual(['1:0 1:1', 'keep 1:2', '1:2', 'keep 1:3', '2:0 2:1', 'keep 2:2'])
  })

  it('goes on behind the cursor, and has nothing to do at the end', async () => {
    await using one = await auditLog(`${ORIGIN}/1`, drafts(3))
    const { seen, deliver } = receiver()
    const init = { logs: async () => [one.log], batch: 9, deliver, clock: one.clock }
    await shipEvents({ ...init, after: { origin: one.log.origin, next: 2 } })
    await shipEvents({ ...init, after: { origin: one.log.origin, next: 4 } })
    expect(seen).toEqual(['1:2 1:3'])
  })

  it('notes nothing of what was not delivered', async () => {
    await using one = await auditLog(`${ORIGIN}/1`, drafts(3))
    const { last, keep } = receiver()
    let deliveries = 0
    const deliver = async () => {
      deliveries++
      if (deliveries === 2) throw new Error('away')
    }
    const shipped = shipEvents({ logs: async () => [one.log], batch: 2, deliver, keep, clock: one.clock })
    await expect(shipped).rejects.toThrow('away')
    expect(last()).toEqual({ origin: one.log.origin, next: 2 })
  })

  it('passes over what is not wanted, and does not come back to it', async () => {
    await using one = await auditLog(`${ORIGIN}/1`, drafts(2))
    const { seen, deliver, keep } = receiver()
    await shipEvents({ logs: async () => [one.log], batch: 9, wanted: () => false, deliver, keep, clock: one.clock })
    expect(seen).toEqual(['keep 1:3'])
  })

  it('leaves entries that nothing has signed yet for later', async () => {
    await using one = await auditLog(`${ORIGIN}/1`)
    const { seen, deliver } = receiver()
    await one.ledger.append({ type: 'policy.loaded' }).durable
    await shipEvents({ logs: async () => [one.log], batch: 9, deliver, clock: one.clock })
    expect(seen).toEqual(['1:0'])
  })

  it('follows what comes until it is told to end', async () => {
    await using one = await auditLog(`${ORIGIN}/1`)
    const { seen, deliver, keep } = receiver()
    const end = new AbortController()
    const first = Promise.withResolvers<void>()
    const logs = async () => {
      first.resolve()
      return [one.log]
    }
    const second = Promise.withResolvers<void>()
    const watched = async (entries: Parameters<typeof deliver>[0]) => {
      await deliver(entries)
      if (entries.some(({ entry }) => entry.seq === 1)) second.resolve()
    }
    const shipped = shipEvents({ logs, batch: 9, deliver: watched, keep, follow: end.signal, clock: one.clock })
    await first.promise
    one.ledger.append({ type: 'policy.loaded' })
    await one.ledger.cut()
    const ticking = (async () => {
      while (!end.signal.aborted) {
        one.clock.advance(1_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await second.promise
    end.abort()
    await ticking
    expect(await shipped).toBe(2)
    expect(seen.join(' ')).toContain('1:1')
  })

  it('stops at a log whose checkpoint another key signed', async () => {
    await using one = await auditLog(`${ORIGIN}/1`, drafts(1))
    await using other = await auditLog(`${ORIGIN}/2`, drafts(1))
    const mixed = { ...one.log, directory: other.log.directory }
    const shipped = shipEvents({ logs: async () => [mixed], batch: 9, deliver: async () => {}, clock: one.clock })
    await expect(shipped).rejects.toMatchObject({ detail: { code: 'log_foreign' } })
  })
})
