import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { payload } from './payload.ts'
import { median, percentile } from './percentile.ts'
import { runLoad } from './run-load.ts'
import { scratchDirectory } from './scratch-directory.ts'

describe(percentile, () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1)

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('takes the nearest rank of %s', (share, value) => {
    expect(percentile(hundred, share)).toBe(value)
  })

  it('refuses to be taken of nothing', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError)
  })
})

describe(median, () => {
  it('is the middle of values in any order, and the lower of two', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([8, 2])).toBe(2)
  })
})

describe(runLoad, () => {
  it('keeps exactly so many calls in flight and counts those that were answered', async () => {
    let running = 0
    let most = 0
    let answered = 0
    const call = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      answered++
    }
    const load = await runLoad(call, { inFlight: 7, durationMs: 20 })
    expect(most).toBe(7)
    expect(load.calls).toBe(answered)
  })

  it('fails with the first call that fails, so that no figure counts refusals as answers', async () => {
    const call = async (number: number) => {
      if (number === 3) throw new Error('refused')
    }
    await expect(runLoad(call, { inFlight: 2, durationMs: 1_000 })).rejects.toThrow('refused')
  })
})

describe(payload, () => {
  it('is about 1 KB, and differs from call to call', () => {
    const [first, second] = [payload(1), payload(2)].map((one) => JSON.stringify(one))
    expect(first?.length).toBeGreaterThan(900)
    expect(first?.length).toBeLessThan(1_150)
    expect(first).not.toBe(second)
  })
})

describe(scratchDirectory, () => {
  it('is gone with all that is in it when the run has ended', async () => {
    const scratch = await scratchDirectory()
    await writeFile(join(await scratch.make('contender'), 'log'), 'entries')
    await scratch[Symbol.asyncDispose]()
    expect(existsSync(scratch.path)).toBe(false)
  })
})
