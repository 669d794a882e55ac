import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogDisk } from '../log-disk.ts'
import { codeOf } from './fixture.ts'

export type LogDiskFixture = {
  disk: LogDisk
  /** A second disk on the same files, as another opening of the directory would have it. */
  again(): LogDisk
  dispose(): Promise<void>
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytes = (value: string) => Buffer.from(value)

/** What every log disk promises; nothing here can tell whether a sync reaches a medium. */
export function describeLogDisk(name: string, make: () => Promise<LogDiskFixture>): void {
  describe(`log disk: ${name}`, () => {
    let fixture: LogDiskFixture
    beforeEach(async () => {
      fixture = await make()
    })
    afterEach(async () => fixture.dispose())

    async function write(file: string, ...parts: string[]): Promise<void> {
      const handle = await fixture.disk.open(file)
      for (const part of parts) await handle.append(bytes(part))
      await handle.datasync()
      await handle.close()
    }

    it('holds nothing before it is locked', async () => {
      expect(await fixture.disk.list()).toEqual([])
      expect(await fixture.disk.size('absent')).toBeUndefined()
      expect(await fixture.disk.read('absent', 0, 10)).toHaveLength(0)
    })

    it('lets in one at a time, and the next one after a release', async () => {
      const release = await fixture.disk.lock()
      expect(await codeOf(fixture.again().lock())).toBe('log_locked')
      await release()
      const releaseAgain = await fixture.again().lock()
      await releaseAgain()
    })

    describe('once it is locked', () => {
      let release: () => Promise<void>
      beforeEach(async () => {
        release = await fixture.disk.lock()
      })
      afterEach(async () => release())

      it('appends in order, and to what is there', async () => {
        await write('a', 'one ', 'two ')
        await write('a', 'three')
        expect(text(await fixture.disk.read('a', 0, 100))).toBe('one two three')
        expect(await fixture.disk.size('a')).toBe(13)
      })

      it('reads a range, less where the file ends, and nothing behind it', async () => {
        await write('a', 'abcdef')
        expect(text(await fixture.disk.read('a', 2, 4))).toBe('cd')
        expect(text(await fixture.disk.read('a', 4, 100))).toBe('ef')
        expect(await fixture.disk.read('a', 6, 100)).toHaveLength(0)
        expect(await fixture.disk.read('a', 50, 100)).toHaveLength(0)
        expect(await fixture.disk.read('a', 3, 3)).toHaveLength(0)
      })

      it('reads many places of a file, of another and of none at once', async () => {
        await write('a', 'abcdef')
        await write('b', 'xyz')
        const places = ['a', 'b', 'absent', 'a', 'a', 'b'] as const
        const read = await Promise.all(places.map((name, at) => fixture.disk.read(name, at % 3, (at % 3) + 2)))
        expect(read.map(text)).toEqual(['ab', 'yz', '', 'ab', 'bc', 'z'])
      })

      it('reads what is there when it is asked, also while it is read for others', async () => {
        await write('a', 'old')
        const before = Array.from({ length: 9 }, () => fixture.disk.read('a', 0, 9))
        await before[0]
        await fixture.disk.replace('a', bytes('new'))
        const after = fixture.disk.read('a', 0, 9)
        expect((await Promise.all(before)).map(text)).toEqual(Array(9).fill('old'))
        expect(text(await after)).toBe('new')
      })

      it('hands out bytes that belong to the reader', async () => {
        await write('a', 'abc')
        const read = await fixture.disk.read('a', 0, 3)
        read.fill(0)
        expect(text(await fixture.disk.read('a', 0, 3))).toBe('abc')
      })

      it('lists what is there, in order, and nothing of its own', async () => {
        await write('b-2', 'x')
        await write('a', 'x')
        await write('b-10', 'x')
        await fixture.disk.replace('c', bytes('x'))
        await fixture.disk.syncDirectory()
        expect(await fixture.disk.list()).toEqual(['a', 'b-10', 'b-2', 'c'])
        expect(await fixture.again().list()).toEqual(['a', 'b-10', 'b-2', 'c'])
      })

      it('creates a file by opening it', async () => {
        await write('a')
        expect(await fixture.disk.size('a')).toBe(0)
      })

      it('cuts a file, and an open one goes on at the cut', async () => {
        const handle = await fixture.disk.open('a')
        await handle.append(bytes('abcdef'))
        await fixture.disk.truncate('a', 2)
        await handle.append(bytes('x'))
        await handle.close()
        expect(text(await fixture.disk.read('a', 0, 10))).toBe('abx')
      })

      it('cuts nothing that is shorter or absent', async () => {
        await fixture.disk.truncate('absent', 0)
        expect(await fixture.disk.list()).toEqual([])
      })

      it('replaces a file whole', async () => {
        await write('a', 'a long old content')
        await fixture.disk.replace('a', bytes('new'))
        expect(text(await fixture.disk.read('a', 0, 100))).toBe('new')
        await fixture.disk.replace('a', new Uint8Array())
        expect(await fixture.disk.size('a')).toBe(0)
      })

      it('removes a file, and does not mind when there is none', async () => {
        await write('a', 'x')
        await fixture.disk.remove('a')
        await fixture.disk.remove('a')
        expect(await fixture.disk.list()).toEqual([])
      })

      it('takes a megabyte in one write', async () => {
        const large = Buffer.alloc(1_048_577, 7)
        const handle = await fixture.disk.open('a')
        await handle.append(large)
        await handle.close()
        expect(Buffer.from(await fixture.disk.read('a', 0, 2_000_000)).equals(large)).toBe(true)
      })
    })
  })
}
