import type { Store } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'

/** The contract of the port `Store`. @param make an empty store for each test. */
export function describeStore(name: string, make: () => Promise<Store>): void {
  describe(`Store: ${name}`, () => {
    it('answers undefined for what was never set', async () => {
      const store = await make()
      expect(await store.get('pins', 'alice')).toBeUndefined()
      expect(await store.list('pins')).toEqual([])
    })

    it('answers what was set last, to the character', async () => {
      const store = await make()
      const value = JSON.stringify({ text: 'é 漢 😀 "\\ \n \u2028', deep: [1.5, null, { '': '' }] })
      await store.set('pins', 'alice', '{"old":true}')
      await store.set('pins', 'alice', value)
      expect(await store.get('pins', 'alice')).toBe(value)
      expect(await store.list('pins')).toEqual([{ key: 'alice', value }])
    })

    it('tells an empty value from none', async () => {
      const store = await make()
      await store.set('pins', 'alice', '')
      expect(await store.get('pins', 'alice')).toBe('')
    })

    it('keeps namespaces apart, whatever they are called', async () => {
      const store = await make()
      await store.set('a', 'b/c', 'one')
      await store.set('a/b', 'c', 'two')
      await store.set('', '', 'three')
      await store.set('__proto__', 'constructor', 'four')
      expect(await store.list('a')).toEqual([{ key: 'b/c', value: 'one' }])
      expect(await store.list('a/b')).toEqual([{ key: 'c', value: 'two' }])
      expect(await store.get('', '')).toBe('three')
      expect(await store.get('__proto__', 'constructor')).toBe('four')
      expect(await store.get('constructor', '__proto__')).toBeUndefined()
    })

    it('takes quotes, percent signs and semicolons for what they are', async () => {
      const store = await make()
      const key = `'; drop table store_entries; -- %_"`
      await store.set('pins', key, 'safe')
      await store.set('pins', 'other', 'left alone')
      expect(await store.get('pins', key)).toBe('safe')
      await store.delete('pins', key)
      expect(await store.list('pins')).toEqual([{ key: 'other', value: 'left alone' }])
    })

    it('forgets what was deleted, and nothing else', async () => {
      const store = await make()
      await store.set('pins', 'alice', '1')
      await store.set('pins', 'bob', '2')
      await store.set('imports', 'alice', '3')
      await store.delete('pins', 'alice')
      await store.delete('pins', 'nobody')
      expect(await store.list('pins')).toEqual([{ key: 'bob', value: '2' }])
      expect(await store.get('imports', 'alice')).toBe('3')
    })

    it('lists by key in code point order, in which capitals come first and emoji after everything', async () => {
      const store = await make()
      const keys = ['B', 'Z', '_', 'a', 'b', 'é', '\uff21', '😀']
      for (const key of keys.toReversed()) await store.set('order', key, key)
      expect((await store.list('order')).map(({ key }) => key)).toEqual(keys)
    })

    it('ends with one of the values when many are set at once', async () => {
      const store = await make()
      const values = Array.from({ length: 20 }, (_, index) => String(index))
      await Promise.all(values.map((value) => store.set('race', 'one', value)))
      expect(values).toContain(await store.get('race', 'one'))
      expect(await store.list('race')).toHaveLength(1)
    })

    it('applies several changes in their order, over namespaces', async () => {
      const store = await make()
      await store.set('agents', 'old', '1')
      await store.apply([
        { namespace: 'agents', key: 'old' },
        { namespace: 'agents', key: 'new', value: 'first' },
        { namespace: 'agents', key: 'new', value: 'second' },
        { namespace: 'outbox', key: '1', value: 'told' },
      ])
      expect(await store.list('agents')).toEqual([{ key: 'new', value: 'second' }])
      expect(await store.get('outbox', '1')).toBe('told')
      await store.apply([])
    })
  })
}
