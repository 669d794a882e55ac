import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from './batch.ts'
import { GroupCommit } from './group-commit.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await turn()
}

type Slowness = { write: number; sync: number }

/** Batches as they come to a disk that takes so many turns of the event loop, and fails at one of its operations. */
function observed({ write, sync }: Slowness, failsAt = Number.POSITIVE_INFINITY) {
  const seen = {
    batches: [] as { first: number; links: string[] }[],
    durable: 0,
    atOnce: 0,
    mostAtOnce: 0,
    failed: [] as unknown[],
  }
  let operations = 0
  let written = 0
  const slowly = async (count: number) => {
    seen.atOnce++
    seen.mostAtOnce = Math.max(seen.mostAtOnce, seen.atOnce)
    await turns(count)
    seen.atOnce--
    if (++operations === failsAt) throw new Error('input/output error')
  }
  const group: GroupCommit = new GroupCommit({
    first: 0,
    schedule: setImmediate,
    async write({ first, links }: Batch) {
      seen.batches.push({ first, links: [...links] })
      await slowly(write)
      written = first + links.length
    },
    async sync() {
      const covered = written
      await slowly(sync)
      seen.durable = covered
    },
    done: ({ first, links }) => expect(seen.durable).toBe(first + links.length),
    failed(error) {
      seen.failed.push(error)
      group.refuse(error)
    },
  })
  return { group, seen }
}

type Told = { links: string[]; acknowledged: number[]; refused: number[]; early: number[] }

/** So many writers, each of which appends again when its entry is durable. */
async function closedLoop({ group, seen }: ReturnType<typeof observed>, writers: number, each: number): Promise<Told> {
  const told: Told = { links: [], acknowledged: [], refused: [], early: [] }
  const writer = async () => {
    for (let n = 0; n < each && seen.failed.length === 0; n++) {
      const number = group.size
      const { link, durable } = group.add(`entry ${number}`)
      told.links.push(link)
      group.drainSoon()
      try {
        await durable
        told.acknowledged.push(number)
        if (number >= seen.durable) told.early.push(number)
      } catch {
        told.refused.push(number)
      }
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  await group.drained()
  return told
}

const slowness = fc.record({ write: fc.nat(2), sync: fc.nat(3) })

describe(GroupCommit, () => {
  it('writes every entry once and in order, one operation at a time, and says nothing before the sync', async () => {
    await fc.assert(
      fc.asyncProperty(
        slowness,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 4 }),
        async (slow, writers, each) => {
          const log = observed(slow)
          const { links, acknowledged, early } = await closedLoop(log, writers, each)
          expect(early).toEqual([])
          expect(acknowledged).toHaveLength(writers * each)
          expect(log.seen.batches.flatMap((batch) => batch.links)).toEqual(links)
          let next = 0
          for (const batch of log.seen.batches) {
            expect(batch.first).toBe(next)
            next += batch.links.length
          }
          expect(log.seen.mostAtOnce).toBe(1)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('at a failure of any operation tells everybody: who was synced that it is durable, and all others that it is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        slowness,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 12 }),
        async (slow, writers, failsAt) => {
          const log = observed(slow, failsAt)
          const { acknowledged, refused, early } = await closedLoop(log, writers, 10)
          expect(early).toEqual([])
          expect(log.seen.failed).toHaveLength(1)
          expect(acknowledged).toEqual(Array.from({ length: log.seen.durable }, (_, number) => number))
          expect(refused.length + acknowledged.length).toBe(log.group.size)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('with many writers forms one half while the other half is synced', async () => {
    const log = observed({ write: 0, sync: 2 })
    const formed: number[] = []
    const sizes = () => log.seen.batches.map((batch) => batch.links.length)
    const writer = async () => {
      for (let n = 0; n < 12; n++) {
        const { durable } = log.group.add('x')
        if (log.seen.atOnce > 0) formed.push(log.group.size)
        log.group.drainSoon()
        await durable
      }
    }
    await Promise.all(Array.from({ length: 128 }, writer))
    await log.group.drained()
    expect(sizes().slice(0, 3)).toEqual([128, 64, 64])
    expect(new Set(sizes().slice(1))).toEqual(new Set([64]))
    expect(formed.length).toBeGreaterThan(128 * 8)
  })

  it('with few writers takes together what they append in one turn', async () => {
    const log = observed({ write: 0, sync: 2 })
    await closedLoop(log, 40, 5)
    expect(log.seen.batches.map((batch) => batch.links.length)).toEqual([40, 40, 40, 40, 40])
  })

  it('is smaller again when the writers are fewer', async () => {
    const log = observed({ write: 1, sync: 1 })
    await closedLoop(log, 200, 3)
    const before = log.seen.batches.length
    await closedLoop(log, 3, 4)
    expect(log.seen.batches.slice(before).map((batch) => batch.links.length)).toEqual([3, 3, 3, 3])
  })
})
