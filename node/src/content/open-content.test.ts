import { silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { memoryContent } from '../testing/memory-content.ts'
import { DEFAULT_CONTENT } from './content-settings.ts'
import { checkContent, openContent } from './open-content.ts'

const ids = ['A', 'B', 'C'].map((letter) => letter.repeat(22))

/** A content store that holds arguments and result of three calls, and what opens it again. */
async function ground(settings = { ...DEFAULT_CONTENT, keep: 'all' as const }) {
  const memory = await memoryContent()
  const clock = manualClock()
  const ledger = new FakeLedger(clock)
  const events = new EventOutbox({
    store: memory.store,
    logger: silentLogger,
    ledger: () => ledger,
    room: async () => {},
  })
  const open = (known: readonly string[], left: readonly string[] = []) =>
    openContent({
      ground: memory.ground,
      settings,
      ...{ store: memory.store, events, clock, logger: silentLogger, frozen: [] },
      ledger: Object.assign(ledger, { sync: async () => {} }),
      callIds: { has: (id) => known.includes(id) },
      idempotency: { resultsOf: () => Promise.resolve([]) },
      args: { approvedOf: () => [], forgetApproved: () => {} },
      open: new Set(left),
    })
  const { content } = await open([])
  const keep = async (callId: string) => {
    const subject = { callId, principal: 'agent:a', peer: '', capability: 'echo' }
    for (const kind of ['arguments', 'result'] as const) {
      await content?.keep(subject, kind, 'A'.repeat(43), { salt: new Uint8Array(32), bytes: Buffer.from('{}') })
    }
  }
  for (const callId of ids) await keep(callId)
  const kept = async () =>
    (await memory.ground.records.since(0)).map(({ callId, kind }) => `${callId[0]} ${kind}`).sort()
  return { memory, clock, ledger, open, keep, kept }
}

describe('a start over content that is kept', () => {
  it('discards what the log does not tell of: calls that did not begin, results that nobody was given', async () => {
    const { ledger, open, kept, memory } = await ground()
    await open([ids[0] ?? '', ids[1] ?? ''], [ids[1] ?? ''])
    expect(await kept()).toEqual(['A arguments', 'A result', 'B arguments'])
    expect(memory.blobs.size).toBe(3)
    expect(ledger.ofType('content.erased')).toEqual([])
  })

  it('leaves what was kept long before the newest, whether or not the call is still remembered', async () => {
    const { open, kept, keep, clock } = await ground()
    clock.advance(61_000)
    await keep('D'.repeat(22))
    await open(['D'.repeat(22)])
    expect(await kept()).toHaveLength(8)
    await open([])
    expect(await kept()).toHaveLength(6)
  })

  it('reads nothing of the log', async () => {
    const { ledger, open, kept } = await ground()
    ledger.read = () => {
      throw new Error('the log was read')
    }
    await open(ids)
    expect(await kept()).toHaveLength(6)
  })
})

it('refuses to keep content where there is no place for it', async () => {
  await expect(checkContent(undefined, { ...DEFAULT_CONTENT, keep: 'all' })).rejects.toThrow('kept in a directory')
  await checkContent(undefined, DEFAULT_CONTENT)
})
