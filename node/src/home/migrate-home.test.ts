import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileLogDisk } from '@hansa/trust/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyBackup } from '../backup/verify-backup.ts'
import { createHome, homePaths, openHome } from './home.ts'
import { formatOnePaths } from './home-paths.ts'
import type { MigrationStep } from './migrate-home.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hansa-migrate-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** A home as format 1 had it. @returns the keys in it. */
async function formatOneHome(): Promise<string[]> {
  await createHome(root)
  const [now, then] = [homePaths(root), formatOnePaths(root)]
  for (const key of ['identity', 'logKey', 'secret'] as const) await rename(now[key], then[key])
  await rm(now.keys, { recursive: true })
  await writeFile(now.format, 'hansa-home/1\n', { mode: 0o600 })
  return Promise.all([then.identity, then.logKey, then.secret].map((path) => readFile(path, 'utf8')))
}

async function keysNow(): Promise<string[]> {
  const { identity, logKey, secret } = homePaths(root)
  return Promise.all([identity, logKey, secret].map((path) => readFile(path, 'utf8')))
}

const format = () => readFile(homePaths(root).format, 'utf8')
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('a home of format 1', () => {
  it('has its secrets in keys/ afterwards, unchanged, and nobody else can look into it', async () => {
    const before = await formatOneHome()
    await openHome(root)
    expect(await keysNow()).toEqual(before)
    expect(await format()).toBe('hansa-home/2\n')
    expect(await readdir(root)).not.toContain('identity.key')
    const paths = homePaths(root)
    const modes = [await mode(paths.keys), await mode(paths.identity), await mode(paths.format)]
    expect(modes).toEqual(['700', '600', '600'])
  })

  it.each<MigrationStep>(['backup', 'keys_directory', 'identity', 'logKey', 'secret', 'format'])(
    'that was interrupted after the step %s is complete after the next start',
    async (last) => {
      const before = await formatOneHome()
      const interrupt = (step: MigrationStep) => {
        if (step === last) throw new Error('interrupted')
      }
      await expect(openHome(root, { onStep: interrupt })).rejects.toThrow('interrupted')
      expect(await format()).toBe(last === 'format' ? 'hansa-home/2\n' : 'hansa-home/1\n')
      await openHome(root)
      expect([await keysNow(), await format()]).toEqual([before, 'hansa-home/2\n'])
    },
  )

  it.each<MigrationStep>(['backup', 'keys_directory', 'identity', 'logKey', 'secret', 'format'])(
    'whose process was killed after the step %s is complete after the next start',
    async (last) => {
      const before = await formatOneHome()
      const program = join(import.meta.dirname, 'testing/migrate-until-killed.ts')
      const { signal } = spawnSync(process.execPath, [program, root, last], { stdio: 'ignore' })
      expect(signal).toBe('SIGKILL')
      await openHome(root)
      expect([await keysNow(), await format()]).toEqual([before, 'hansa-home/2\n'])
    },
  )

  it('is backed up as it was before anything is moved, once', async () => {
    const before = await formatOneHome()
    const interrupt = (step: MigrationStep) => {
      if (step === 'identity') throw new Error('interrupted')
    }
    await expect(openHome(root, { onStep: interrupt })).rejects.toThrow('interrupted')
    await openHome(root)
    const { backups } = homePaths(root)
    const [name = '', ...more] = await readdir(backups)
    expect([name, more]).toEqual([expect.stringMatching(/^before-hansa-home-2-\d{8}T\d{6}Z\.hansa-backup$/), []])
    const manifest = await verifyBackup({ file: join(backups, name) })
    expect([manifest.home, manifest.files.map(({ path }) => path)]).toEqual([
      1,
      ['format', 'identity.key', 'log.key', 'token.secret'],
    ])
    expect([await mode(backups), await mode(join(backups, name)), before.length]).toEqual(['700', '600', 3])
  })

  it('is left alone while another process has it', async () => {
    await formatOneHome()
    const release = await fileLogDisk(homePaths(root).log).lock()
    await expect(openHome(root)).rejects.toMatchObject({ detail: { code: 'log_locked' } })
    await release()
    expect(await format()).toBe('hansa-home/1\n')
  })

  it('with a second identity in keys/ is not guessed about', async () => {
    const before = await formatOneHome()
    await mkdir(homePaths(root).keys)
    await writeFile(homePaths(root).identity, 'hansa-secret/1 ed25519 mallory\n', { mode: 0o600 })
    await expect(openHome(root)).rejects.toMatchObject({ detail: { code: 'home_migration' } })
    expect(await readFile(formatOnePaths(root).identity, 'utf8')).toBe(before[0])
  })
})

it('a home of a newer format is refused with what to do, and not changed', async () => {
  await createHome(root)
  await writeFile(homePaths(root).format, 'hansa-home/3\n')
  const before = await readdir(root)
  await expect(openHome(root)).rejects.toThrow(
    'it has the format hansa-home/3, and this version reads up to hansa-home/2. Use the version that wrote it, or a newer one.',
  )
  expect([await readdir(root), await format()]).toEqual([before, 'hansa-home/3\n'])
})
