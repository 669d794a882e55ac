import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKernel } from '../create-kernel.ts'
import { hasNode } from './has-node.ts'
import { createHome, homePaths, openHome, openOrCreateHome } from './home.ts'

let root: string
let outside: string

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'hansa-home-'))
  root = join(outside, 'node')
})

afterEach(() => rm(outside, { recursive: true, force: true }))

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** Every file and directory under the home that somebody else on this machine can look into. */
async function exposed(): Promise<string[]> {
  const found: string[] = []
  if ((await modeOf(root)).slice(1) !== '00') found.push('.')
  for (const name of ['keys', 'keys/identity.key', 'keys/log.key', 'keys/token.secret', 'format', 'log']) {
    if ((await modeOf(join(root, name))).slice(1) !== '00') found.push(name)
  }
  return found
}

describe('a home', () => {
  it('is nobody else’s to look into, also when its directory was there before and open to all', async () => {
    await mkdir(root, { mode: 0o777 })
    await chmod(root, 0o777)
    await createHome(root)
    expect(await exposed()).toEqual([])
  })

  it.skipIf(process.getuid?.() === 0)('that this account may not enter is not taken for none', async () => {
    await createHome(root)
    await chmod(root, 0o000)
    await expect(hasNode(root)).rejects.toMatchObject({ detail: { code: 'home_closed', path: root } })
    await chmod(root, 0o700)
  })

  it('of a kernel that has worked in it shows nothing to others', async () => {
    const before = process.umask(0)
    try {
      const kernel = await createKernel({ directory: root })
      await kernel.register({ id: 'echo', safety: 'READ' }, () => 'hi')
      await kernel[Symbol.asyncDispose]()
    } finally {
      process.umask(before)
    }
    expect(await exposed()).toEqual([])
  })

  it('has the same keys when it is opened again, and is not made twice', async () => {
    const made = await createHome(root)
    const opened = await openHome(root)
    expect(opened.keys.signer.did).toBe(made.keys.signer.did)
    expect([opened.keys.logSeed, opened.keys.secret]).toEqual([made.keys.logSeed, made.keys.secret])
    await expect(createHome(root)).rejects.toMatchObject({ detail: { code: 'home_exists' } })
    expect((await openOrCreateHome(root)).keys.signer.did).toBe(made.keys.signer.did)
  })

  it('has three secrets that say nothing of each other', async () => {
    const { keys } = await createHome(root)
    expect(Buffer.compare(keys.logSeed, keys.secret)).not.toBe(0)
    expect([keys.logSeed.length, keys.secret.length]).toEqual([32, 32])
  })

  it.each(['identity', 'logKey', 'secret'] as const)('is not opened when others can read its %s', async (name) => {
    await createHome(root)
    await chmod(homePaths(root)[name], 0o644)
    await expect(openHome(root)).rejects.toThrow()
  })

  it.each([
    ['that is not there', async () => {}, 'home_missing'],
    [
      'of a newer format',
      async () => {
        await createHome(root)
        await writeFile(join(root, 'format'), 'hansa-home/9\n')
      },
      'home_newer',
    ],
    [
      'of a format that is none',
      async () => {
        await createHome(root)
        await writeFile(join(root, 'format'), 'hansa-home/two\n')
      },
      'home_format',
    ],
    [
      'without a format',
      async () => {
        await createHome(root)
        await rm(join(root, 'format'))
      },
      'home_format',
    ],
  ])('%s is not opened', async (_what, prepare, code) => {
    await prepare()
    await expect(openHome(root)).rejects.toMatchObject({ detail: { code } })
  })

  it('leaves nothing outside its directory', async () => {
    await createHome(root)
    expect(await readdir(outside)).toEqual(['node'])
  })
})
