import type { Frame } from '@hansa/protocols'
import type { LogDisk, MemoryLogDisk } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { serveBob, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

/** Makes calls of alice's to bob until one of them loses power, and gives back what alice's agent had been told by then. */
async function callUntilPowerFails(mesh: TwoOrgs, victim: 'alice' | 'bob', afterMessages: number): Promise<Frame[]> {
  const alice = mesh.kernel('alice')
  const told: Frame[] = []
  let messages = 0
  let down = false
  mesh.network.intercept(() => {
    messages += 1
    if (messages < afterMessages || down) return undefined
    down = true
    mesh.lose(victim, messages % 7)
    return { lose: 'request' }
  })
  const calls = Array.from({ length: 24 }, async (_, index) => {
    const frame = await alice.invoke('bob/note.write', { text: `note ${index}` })
    if (!down) told.push(frame)
  })
  await Promise.race([Promise.allSettled(calls), mesh.settle().then(() => mesh.settle())])
  if (!down) throw new Error(`only ${messages} messages were sent, and the power was to fail at ${afterMessages}`)
  return told
}

/** A disk that answers every sync at once and syncs nothing. */
function withoutSync(disk: MemoryLogDisk): LogDisk {
  return new Proxy(disk, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'open') return member.bind(target)
      return async (file: string) => {
        const opened = await target.open(file)
        return { append: opened.append.bind(opened), close: opened.close.bind(opened), datasync: async () => {} }
      }
    },
  })
}

const seeds = Array.from({ length: 12 }, (_, index) => index + 1)

describe('what was acknowledged', () => {
  it.each(seeds)('is in the log of bob after he lost power (moment %i)', async (seed) => {
    await using mesh = await twoOrgs({ seed })
    await mesh.join('alice', 'bob')
    const told = await callUntilPowerFails(mesh, 'bob', 2 + seed)
    await mesh.start('bob')
    const entries = await entriesOf(mesh, 'bob')
    for (const { callId, remote } of told) {
      expect(entries[remote?.log.index ?? -1]).toMatchObject({ type: 'outcome', call_id: callId })
      expect(entries.some(({ type, call_id }) => type === 'intent.accepted' && call_id === callId)).toBe(true)
    }
    expect(mesh.errors('alice')).toEqual([])
  })

  it.each(seeds)('is in the log of alice after she lost power (moment %i)', async (seed) => {
    await using mesh = await twoOrgs({ seed })
    await mesh.join('alice', 'bob')
    const told = await callUntilPowerFails(mesh, 'alice', 2 + seed)
    await mesh.start('alice')
    const entries = await entriesOf(mesh, 'alice')
    for (const { callId, audit } of told) {
      expect(entries[audit.index]).toMatchObject({ type: 'receipt.received', call_id: callId })
    }
  })

  it.each(seeds.slice(0, 6))('is never an action without an entry that announced it (moment %i)', async (seed) => {
    await using mesh = await twoOrgs({ seed })
    await mesh.join('alice', 'bob')
    await callUntilPowerFails(mesh, 'bob', 2 + seed * 2)
    await mesh.start('bob')
    await serveBob(mesh, [])
    const entries = await entriesOf(mesh, 'bob')
    const accepted = entries.filter(({ type }) => type === 'intent.accepted')
    const outcomes = entries.filter(({ type }) => type === 'outcome')
    expect(mesh.notes.length).toBeLessThanOrEqual(accepted.length)
    expect(new Set(outcomes.map(({ call_id }) => call_id)).size).toBe(outcomes.length)
    for (const { call_id } of accepted)
      expect(outcomes.filter((outcome) => outcome.call_id === call_id)).toHaveLength(1)
  })

  it.each([
    ['survives on a disk that syncs', undefined, true],
    ['does not on one that only pretends to, so these tests do depend on the sync', withoutSync, false],
  ])('%s', async (_what, wrapDisk, survives) => {
    await using mesh = await twoOrgs({ bob: wrapDisk === undefined ? {} : { wrapDisk } })
    await mesh.join('alice', 'bob')
    const { callId } = await mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    mesh.lose('bob')
    const found = await mesh.start('bob').then(
      async () => (await entriesOf(mesh, 'bob', 'outcome')).some(({ call_id }) => call_id === callId),
      // The log notices by itself that signed entries are missing, and does not open.
      () => false,
    )
    expect(found).toBe(survives)
  })
})
