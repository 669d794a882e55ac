import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe(Turns, () => {
  it('lets one begin per turn of the event loop, in order', async () => {
    const turns = new Turns()
    const begun: number[] = []
    for (const index of [1, 2, 3]) void turns.next().then(() => begun.push(index))
    const seen: number[][] = []
    for (let at = 0; at < 3; at++) {
      await turn()
      seen.push([...begun])
    }
    expect(seen).toEqual([[1], [1, 2], [1, 2, 3]])
  })

  it('takes whoever comes after everyone had a turn', async () => {
    const turns = new Turns()
    await turns.next()
    await turn()
    await expect(turns.next()).resolves.toBeUndefined()
  })
})
