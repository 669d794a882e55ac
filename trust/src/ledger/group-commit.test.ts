import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from './batch.ts'
import { GroupCommit } from './group-commit.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await turn()
}

/** Turns of the event loop. */
type Slowness = { write: number; sync: number }

/** Batches as they come to a disk that takes so many turns of the event loop, and fails at one of its operations. */
function observed(
  { write, sync }: Slowness,
  failsAt = Number.POSITIVE_INFINITY,
  rest = (): Promise<void> | undefined => undefined,
) {
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
    done({ first, links }) {
      expect(seen.durable).toBe(first + links.length)
      return rest()
    },
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

  const sizesOf = async (slow: Slowness, writers: number, each: number) => {
    const log = observed(slow)
    await closedLoop(log, writers, each)
    return log.seen.batches.map((batch) => batch.links.length)
  }

  it('writes nothing more until it may go on, and tells who is durable at once', async () => {
    const goOn = Promise.withResolvers<void>()
    const log = observed({ write: 0, sync: 1 }, Number.POSITIVE_INFINITY, () => goOn.promise)
    let told = 0
    const writer = async () => {
      for (let n = 0; n < 3; n++) {
        const { durable } = log.group.add('x')
        log.group.drainSoon()
        await durable
        told++
      }
    }
    const writers = Promise.all(Array.from({ length: 128 }, writer))
    await turns(20)
    expect([told, log.seen.batches.length]).toEqual([128, 1])
    goOn.resolve()
    await writers
    expect(told).toBe(384)
  })

  it('takes together what is appended in one turn, by few and by many', async () => {
    expect(await sizesOf({ write: 0, sync: 2 }, 3, 4)).toEqual([3, 3, 3, 3])
    expect(await sizesOf({ write: 1, sync: 1 }, 200, 4)).toEqual([200, 200, 200, 200])
  })
})
