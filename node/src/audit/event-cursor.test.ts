import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCursor, writeCursor } from './event-cursor.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-cursor-'))
})
afterAll(() => rm(directory, { recursive: true }))

describe('a cursor', () => {
  it('is not there at first, then what was written last, and leaves nothing beside it', async () => {
    const file = join(directory, 'cursor')
    expect(await readCursor(file)).toBeUndefined()
    await writeCursor(file, { origin: 'a/log/1', next: 4 })
    await writeCursor(file, { origin: 'a/log/1', next: 9 })
    expect(await readCursor(file)).toEqual({ origin: 'a/log/1', next: 9 })
    expect(await readdir(directory)).toEqual(['cursor'])
  })

  it.each([
    '',
    '{',
    '{"v":2,"origin":"a","next":1}',
    '{"v":1,"origin":"a","next":-1}',
    '{"v":1,"origin":"a","next":1,"x":0}',
  ])('is refused when it holds %j: nobody guesses where to go on', async (text) => {
    const file = join(directory, 'bad')
    await writeFile(file, text)
    await expect(readCursor(file)).rejects.toMatchObject({ detail: { code: 'cursor_malformed' } })
    await rm(file)
  })
})
