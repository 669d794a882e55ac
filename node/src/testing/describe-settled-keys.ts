import { describe, expect, it } from 'vitest'
import type { SettledKey, SettledKeys } from '../kernel/settled-keys.ts'

const keyOf = (n: number, over: Partial<SettledKey> = {}): SettledKey => ({
  scope: `scope ${n}`,
  callId: `call ${n}`,
  argsCommitment: `args ${n}`,
  sinceMs: 1_800_000_000_000 + n,
  state: n % 2 === 0 ? 'done' : 'unknown',
  ...over,
})
const many = (count: number) => Array.from({ length: count }, (_, n) => keyOf(n))

/** What a place for settled keys does, wherever it keeps them. */
export function describeSettledKeys(title: string, open: () => Promise<SettledKeys>): void {
  describe(`keys of calls that have ended, ${title}`, () => {
    it('are found by their scope as they were added, and no other is', async () => {
      const keys = await open()
      await keys.add([keyOf(1), keyOf(2)])
      expect(await keys.find('scope 1')).toEqual(keyOf(1))
      expect(await keys.find('scope 2')).toEqual(keyOf(2))
      expect(await keys.find('scope 3')).toBeUndefined()
    })

    it('give way to a later call with the same key, also among those that are added at once', async () => {
      const keys = await open()
      await keys.add([keyOf(1)])
      await keys.add([keyOf(1, { callId: 'second' }), keyOf(1, { callId: 'third', state: 'done' })])
      expect(await keys.find('scope 1')).toEqual(keyOf(1, { callId: 'third', state: 'done' }))
    })

    it('are found by their calls, of any number', async () => {
      const keys = await open()
      await keys.add(many(1_200))
      const asked = new Set(Array.from({ length: 1_100 }, (_, n) => `call ${n + 600}`))
      expect((await keys.ofCalls(asked)).map(({ callId }) => callId).sort()).toEqual(
        many(1_200)
          .slice(600)
          .map(({ callId }) => callId)
          .sort(),
      )
      expect(await keys.ofCalls(new Set())).toEqual([])
    })

    it('are given from a moment back, the oldest first and not more at a time than asked, until they are forgotten', async () => {
      const keys = await open()
      await keys.add([...many(10)].reverse())
      const moment = keyOf(5).sinceMs
      expect(await keys.before(moment, 3)).toEqual(many(3))
      expect(await keys.before(moment, 3)).toEqual(many(3))
      await keys.forget(many(3))
      expect(await keys.before(moment, 3)).toEqual([keyOf(3), keyOf(4)])
      await keys.forget([keyOf(3), keyOf(4)])
      expect(await keys.before(moment, 3)).toEqual([])
      expect(await keys.find('scope 4')).toBeUndefined()
      expect(await keys.find('scope 5')).toEqual(keyOf(5))
    })

    it('are not forgotten when a later call has the same key', async () => {
      const keys = await open()
      await keys.add([keyOf(1)])
      await keys.add([keyOf(1, { callId: 'second' })])
      await keys.forget([keyOf(1)])
      expect(await keys.find('scope 1')).toEqual(keyOf(1, { callId: 'second' }))
    })

    it('may be none', async () => {
      const keys = await open()
      await keys.add([])
      await keys.forget([])
      expect(await keys.before(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
    })
  })
}
