import type { Store } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { sha256 } from '@hansa/trust'
import { type Ledger, type MemoryLogDisk, memoryLogDisk, noteKey, openLedger, prefixHead } from '@hansa/trust/ledger'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Projections, ProjectionsState } from './projections.ts'
import type { ResumeThread } from './read-on.ts'
import { ResumeKeeper, type ResumeKeeperInit } from './resume-keeper.ts'
import type { SettledKey } from './settled-keys.ts'

const ORIGIN = 'test/log/1'
const KEY = noteKey(ORIGIN, sha256('log'))
/** A few more than what a running kernel makes a point for. */
const MANY = 33_000

let clock: ManualClock
let disk: MemoryLogDisk
let store: Store
let ledger: Ledger
let faults: unknown[]

beforeEach(async () => {
  clock = manualClock()
  disk = memoryLogDisk()
  store = memoryStore()
  faults = []
  const limits = { queueEntries: MANY }
  ledger = await openLedger({
    disk,
    origin: ORIGIN,
    key: KEY,
    clock,
    onFatal: (error) => void faults.push(error),
    limits,
  })
})

/** Counts entries: all that is asked of projections here. */
function counting(): Projections & { entries: number } {
  const counted = {
    entries: 0,
    ended: [] as SettledKey[],
    replay() {
      counted.entries += 1
    },
    state: () => ({ policyVersion: counted.entries }) as ProjectionsState,
    idempotency: { ended: () => counted.ended },
    restore({ policyVersion }: ProjectionsState) {
      counted.entries = policyVersion
    },
  }
  return counted as unknown as Projections & { entries: number }
}

function keeper(over: Partial<ResumeKeeperInit> = {}): ResumeKeeper {
  return new ResumeKeeper({
    store,
    clock,
    logger: { debug() {}, info() {}, warn: (event, fields) => void faults.push([event, fields]), error() {} },
    directory: disk,
    vkey: KEY.vkey,
    key: sha256('resume'),
    keys: { settle: async () => {}, forgetSettled: async () => false },
    begin: async () => counting(),
    blank: counting,
    onDamage: (error) => void faults.push(error),
    ...over,
  })
}

function settledKey(n: number): SettledKey {
  return { scope: `scope ${n}`, callId: `call ${n}`, argsCommitment: 'a', sinceMs: n, state: 'done' }
}

async function write(entries: number): Promise<number> {
  for (let n = 0; n < entries; n++) ledger.append({ type: 'policy.loaded', pol: n })
  return (await ledger.cut()).size
}

/** Lets the clock run until the condition holds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (await condition()) return
    clock.advance(10)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  throw new Error('it did not come about')
}

const covered = async () => (await keeper().load())?.state.policyVersion

describe(ResumeKeeper, () => {
  it('makes a point in the background when enough was written, and the next one from there', async () => {
    const kept = keeper()
    kept.tick(await write(1_000))
    expect(await covered()).toBeUndefined()
    const size = await write(MANY)
    kept.tick(size)
    await until(async () => (await covered()) === size)
    const point = await keeper().load()
    expect(point && (await prefixHead(disk, KEY.vkey, point.prefix))).toMatchObject({ fits: true, head: { size } })
    await kept.close(await write(2_000))
    expect(await covered()).toBe(size + 2_000)
    expect(faults).toEqual([])
  })

  it('leaves what a point says to the thread that makes it, and keeps the text: reading it would hold up calls', async () => {
    await keeper().close(await write(2_000))
    const before = await store.get('resume', 'point')
    const handed: (string | undefined)[] = []
    const thread: ResumeThread = {
      async readOn(after) {
        handed.push(after)
        return { sealed: `made ${handed.length}`, ended: [], size: handed.length * MANY }
      },
      verify: async () => {},
      close: async () => {},
    }
    const kept = keeper({ thread })
    kept.tick(MANY)
    await until(async () => (await store.get('resume', 'point')) === 'made 1')
    kept.tick(2 * MANY)
    await until(async () => (await store.get('resume', 'point')) === 'made 2')
    expect(handed).toEqual([before, 'made 1'])
  })

  it('puts the keys that a point leaves out on the disk before the point, a few hundred at a time', async () => {
    const ended = Array.from({ length: 600 }, (_, n) => settledKey(n))
    const saw: string[] = []
    const keys = {
      async settle(some: readonly SettledKey[]) {
        saw.push(`${some.length} keys, ${(await store.get('resume', 'point')) === undefined ? 'no point' : 'a point'}`)
      },
      forgetSettled: async () => false,
    }
    const kept = keeper({ keys, begin: async () => Object.assign(counting(), { idempotency: { ended: () => ended } }) })
    kept.tick(await write(MANY))
    await until(async () => (await covered()) !== undefined)
    expect(saw).toEqual(['256 keys, no point', '256 keys, no point', '88 keys, no point'])
    expect(faults).toEqual([])
  })

  it('forgets old keys once an hour until there are none, also when no point is worth it', async () => {
    const left: number[] = []
    let old = 3
    const keys = {
      settle: async () => {},
      async forgetSettled() {
        left.push(--old)
        return old > 0
      },
    }
    const kept = keeper({ keys })
    kept.tick(10)
    await until(async () => old === 0)
    old = 2
    clock.advance(3_500_000)
    kept.tick(10)
    expect(left).toEqual([2, 1, 0])
    clock.advance(100_000)
    kept.tick(10)
    await until(async () => old === 0)
    expect(left).toEqual([2, 1, 0, 1, 0])
  })

  it('keeps no point whose keys could not be put on the disk', async () => {
    const keys = { settle: () => Promise.reject(new Error('the disk')), forgetSettled: async () => false }
    const ended = [settledKey(1)]
    const kept = keeper({ keys, begin: async () => Object.assign(counting(), { idempotency: { ended: () => ended } }) })
    await kept.close(await write(2_000))
    expect(await covered()).toBeUndefined()
    expect(faults).toEqual([['log.resume_point_failed', expect.anything()]])
  })

  it('tries again later and later while no point can be made, and as before when one was', async () => {
    let isBroken = true
    let tried = 0
    const state = () => {
      tried += 1
      if (isBroken) throw new Error('it is too large')
      return { policyVersion: tried } as ProjectionsState
    }
    const kept = keeper({ begin: async () => ({ ...counting(), state }) as unknown as Projections })
    await write(1)
    const at: number[] = []
    for (let size = 0; size < 12 * 32_768; size += 32_768) {
      const before = tried
      kept.tick(size)
      for (let turn = 0; turn < 20; turn++) {
        clock.advance(10)
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      if (tried > before) at.push(size / 32_768)
    }
    expect(at).toEqual([1, 2, 4, 8])
    isBroken = false
    kept.tick(16 * 32_768)
    await until(async () => (await covered()) === 5)
  })

  it('is interrupted by the end of the kernel, which then makes the point itself', async () => {
    const kept = keeper()
    const size = await write(MANY)
    kept.tick(size)
    await kept.close(size)
    expect(await covered()).toBe(size)
    expect(faults).toEqual([])
  })

  it('is not worth it for little, nor when it would keep the end waiting', async () => {
    await keeper().close(await write(500))
    expect(await covered()).toBeUndefined()
    await keeper().close(1_000_000)
    expect(await covered()).toBeUndefined()
  })

  it('does not use what was not sealed by this kernel, and makes a point anew', async () => {
    const size = await write(2_000)
    await keeper().close(size)
    const sealed = (await store.get('resume', 'point')) ?? ''
    await store.set('resume', 'point', sealed.replace(`"policyVersion":${size}`, '"policyVersion":7'))
    expect(await covered()).toBeUndefined()
    await keeper().close(size)
    expect(await covered()).toBe(size)
  })

  it('keeps the old point when the log cannot be read on', async () => {
    const size = await write(2_000)
    await keeper().close(size)
    const more = await write(2_000)
    const name = 'entries-0000000000000000.hkl'
    const bytes = Buffer.from(await disk.read(name, 0, (await disk.size(name)) ?? 0))
    bytes[bytes.length - 500] = (bytes.at(-500) ?? 0) ^ 1
    await disk.replace(name, bytes)
    await keeper().close(more)
    expect(await covered()).toBe(size)
    expect(faults).toEqual([['log.resume_point_failed', expect.objectContaining({ code: 'log_corrupt' })]])
  })
})
