import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readArguments, readCredential, readToken } from './call-input.ts'

const nothing = () => Readable.from([])

describe(readArguments, () => {
  it('takes JSON from the command line, a file or standard input, and nothing for an empty object', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-arguments-'))
    const path = join(directory, 'a.json')
    await writeFile(path, '{"from":"file"}')
    expect(await readArguments(undefined, nothing())).toEqual({})
    expect(await readArguments('[1,"a"]', nothing())).toEqual([1, 'a'])
    expect(await readArguments(`@${path}`, nothing())).toEqual({ from: 'file' })
    expect(await readArguments('-', Readable.from(['{"from":', '"input"}']))).toEqual({ from: 'input' })
    await rm(directory, { recursive: true })
  })

  it.each([
    ['{', /^The JSON of the arguments on the command line cannot be read: .*Quote it/],
    ['{"a":1,"a":2}', /cannot be read: duplicate/],
    ['@/nonexistent.json', /^There is no file \/nonexistent\.json\.$/],
    ['-', /^The JSON of the arguments from standard input cannot be read: /],
  ])('says what is wrong with %s', async (given, message) => {
    await expect(readArguments(given, nothing())).rejects.toMatchObject({
      detail: { code: 'usage' },
      message: expect.stringMatching(message),
    })
  })

  it('does not read more than arguments can hold', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536, 32)
      })(),
    )
    await expect(readArguments('-', endless)).rejects.toThrow('at most 1048576 bytes')
  })
})

describe(readToken, () => {
  it('reads it from a file, so that it need not stand on a command line', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-token-'))
    await writeFile(join(directory, 'token'), 'hkt1.x\n')
    expect(await readToken(`@${join(directory, 'token')}`)).toBe('hkt1.x')
    expect(await readToken('hkt1.y')).toBe('hkt1.y')
    await rm(directory, { recursive: true })
  })
})

describe(readCredential, () => {
  it.each(['', 'hansa_agent_short', 'agent reporter\nhansa_agent_x\n', '{"credential":"hansa_agent_x"}'])(
    'refuses a file that holds %j instead of a credential, and shows nothing of it',
    async (text) => {
      const directory = await mkdtemp(join(tmpdir(), 'hansa-credential-'))
      const path = join(directory, 'reporter.credential')
      await writeFile(path, text)
      await expect(readCredential(path)).rejects.toMatchObject({
        detail: { code: 'usage' },
        message: expect.stringMatching(new RegExp(`^${path} holds no credential: it is one line that begins with`)),
      })
      await rm(directory, { recursive: true })
    },
  )
})
