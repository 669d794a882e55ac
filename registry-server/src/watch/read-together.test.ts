import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { readTogether } from './read-together.ts'

function counted() {
  const asked: string[] = []
  const answers: (() => void)[] = []
  let entries = 0
  const answer = <T>(what: string, value: T) => {
    asked.push(what)
    return new Promise<T>((resolve) => answers.push(() => resolve(value)))
  }
  const log = {
    size: () => answer('size', entries),
    checkpoint: () => answer('checkpoint', { size: entries, note: '' }),
    entries: (from: number) => answer(`entries ${from}`, []),
  }
  const records = {
    manifest: () => answer('manifest', 'jws'),
    page: () => answer('page', { listings: [] }),
  }
  const bell = { rung: 0 }
  const grow = () => {
    entries += 1
    bell.rung += 1
  }
  return {
    asked,
    bell,
    grow,
    reading: readTogether({ log, records }, bell),
    answer: () => answers.splice(0).map((one) => one()),
  }
}

describe(readTogether, () => {
  it('asks once for what many readers want at the same moment', async () => {
    const { asked, reading, answer } = counted()
    const all = Array.from({ length: 100 }, () =>
      Promise.all([reading.log.size(), reading.log.entries(7, 64), reading.records.manifest(alice.did, 'h')]),
    )
    expect(asked).toEqual(['size', 'entries 7', 'manifest'])
    answer()
    expect(await Promise.all(all)).toEqual(all.map(() => [0, [], 'jws']))
  })

  it('keeps nothing: who comes later asks again', async () => {
    const { asked, reading, answer } = counted()
    for (let time = 0; time < 2; time++) {
      const size = reading.log.size()
      answer()
      await size
    }
    expect(asked).toEqual(['size', 'size'])
  })

  it('gives nobody what was begun before the last ring', async () => {
    const { reading, grow, answer } = counted()
    const before = reading.log.size()
    grow()
    const after = reading.log.size()
    answer()
    expect(await Promise.all([before, after])).toEqual([0, 1])
  })

  it('tells each of them when the database fails', async () => {
    const { bell } = counted()
    const fails = async () => {
      throw new Error('gone')
    }
    const broken = { size: fails, checkpoint: fails, entries: fails }
    const { log } = readTogether({ log: broken, records: { manifest: fails, page: fails } }, bell)
    const both = await Promise.allSettled([log.size(), log.size()])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
