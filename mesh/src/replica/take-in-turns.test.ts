import { setImmediate } from 'node:timers/promises'
import { didKeyResolver, unadmittedKeys } from '@hansa/trust'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { kernelNumber, manifestOf } from '../testing/replica-records.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { LocalReplica } from './local-replica.ts'
import { localRecordReader, type RecordReader } from './record-reader.ts'
import { takePages } from './take-in-turns.ts'

const resolver = unadmittedKeys(didKeyResolver())
const page = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => manifestOf(kernelNumber(from + at)))

function aReplica(reader?: RecordReader) {
  return new LocalReplica({ clock: clockAtNow(), resolver, reader }, { knows: () => true })
}

/** Pages as they come, and how many were asked for. */
function pagesOf(pages: readonly (readonly string[] | Error)[]) {
  const asked = { count: 0 }
  const all = (async function* () {
    for (const one of pages) {
      asked.count += 1
      if (one instanceof Error) throw one
      yield one
    }
  })()
  return { asked, all }
}

/** Until a condition holds: what waits for it are turns of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !holds(); turn++) await setImmediate()
  expect(holds()).toBe(true)
}

describe(takePages, () => {
  it('takes every page', async () => {
    const replica = aReplica()
    const { all } = pagesOf([page(0, 40), page(40, 5), page(45, 33)])
    expect(await takePages(replica, all, 'x')).toEqual({ taken: 78 })
    expect(replica.size).toBe(78)
  })

  it('has the next page checked before the last of a page is taken', async () => {
    const local = localRecordReader(resolver)
    const waiting: (() => void)[] = []
    const slow: RecordReader = {
      parallel: 4,
      async read(records, now) {
        await new Promise<void>((resolve) => waiting.push(resolve))
        return local.read(records, now)
      },
    }
    const replica = aReplica(slow)
    const taking = takePages(replica, pagesOf([page(0, 40), page(40, 40)]).all, 'x')
    // Two batches of each page, and nothing taken yet.
    await until(() => waiting.length === 4)
    expect(replica.size).toBe(0)
    for (const resolve of waiting) resolve()
    expect(await taking).toEqual({ taken: 80 })
  })

  it('takes what has come while the next page is on its way', async () => {
    const replica = aReplica()
    let bring = (_page: readonly string[]) => {}
    const second = new Promise<readonly string[]>((resolve) => {
      bring = resolve
    })
    const pages = (async function* () {
      yield page(0, 40)
      yield await second
    })()
    const taking = takePages(replica, pages, 'x')
    await until(() => replica.size === 40)
    bring(page(40, 3))
    expect(await taking).toEqual({ taken: 43 })
  })

  it('throws what asking for a page throws, with what came before it taken', async () => {
    const replica = aReplica()
    const { all } = pagesOf([page(0, 40), new Error('away')])
    await expect(takePages(replica, all, 'x')).rejects.toThrow('away')
    expect(replica.size).toBe(40)
  })
})

describe('mallory', () => {
  it.each<[string, readonly string[]]>([
    ['pages without end that are empty', []],
    ['the same page without end', page(0, 3)],
  ])('sends %s, and is asked for a few of them', async (_what, again) => {
    const replica = aReplica()
    const { asked, all } = pagesOf([page(0, 3), ...new Array<readonly string[]>(100).fill(again)])
    expect(await takePages(replica, all, 'mallory')).toEqual({ taken: 3 })
    expect(asked.count).toBeLessThan(10)
  })

  it('sends an invalid record, and nothing behind it is taken', async () => {
    const replica = aReplica()
    const [header, payload] = page(3, 1)[0]?.split('.') ?? []
    const forged = `${header}.${payload}.${manifestOf(mallory).split('.')[2]}`
    const { all } = pagesOf([[...page(0, 3), forged, ...page(4, 3)], page(10, 3)])
    expect(await takePages(replica, all, 'mallory')).toEqual({ taken: 3, rejected: 'signature_invalid' })
    expect(replica.size).toBe(3)
  })
})
