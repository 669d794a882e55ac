/** The update key of an identity with three holders, and a recovery key: by files, as people do it. */
import { access, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multikeyOf, nextKeyHash, readKeyFile } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { homePaths } from '../../home/home.ts'
import { homeIdentityFiles } from '../../home/identity-home.ts'
import { OwnIdentity } from '../../identity/own-identity.ts'
import { systemClock } from '../../system-clock.ts'
import { runCli } from '../testing/run-cli.ts'

type Home = { home: string; shares: string; key: (...argv: string[]) => ReturnType<typeof runCli> }

async function homeWithLog(): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), 'hansa-shares-'))
  const shares = await mkdtemp(join(tmpdir(), 'hansa-holders-'))
  await runCli(['init', '--did', 'webvh', '--domain', 'localhost:7499'], { home })
  return { home, shares, key: (...argv) => runCli(['key', ...argv], { home }) }
}

/** As a running node does it. */
const renewed = async ({ home }: Home, recovery?: string) => {
  const own = await OwnIdentity.open({ files: homeIdentityFiles(homePaths(home)), nowMs: () => systemClock.now() })
  await own.renew(recovery)
}
const share = ({ shares }: Home, number: number) => join(shares, `share-${number}.json`)

describe('an update key of three holders', () => {
  it('is gone from the host, and any two of them bring it back', async () => {
    const at = await homeWithLog()
    const { updateKey } = homePaths(at.home)
    const before = await readFile(updateKey, 'utf8')
    expect(await at.key('split', '--out', at.shares)).toMatchObject({ exit: 0 })
    await expect(access(updateKey)).rejects.toThrow()
    await expect(renewed(at)).rejects.toThrow(/is not there/)
    expect((await stat(share(at, 1))).mode & 0o777).toBe(0o600)
    for (const number of [1, 2, 3])
      expect(await readFile(share(at, number), 'utf8')).not.toContain(before.trim().split(' ').at(-1))
    expect(await at.key('join', share(at, 3), share(at, 1))).toMatchObject({ exit: 0 })
    expect(await readFile(updateKey, 'utf8')).toBe(before)
    await renewed(at)
  })

  it('is not brought back by mallory alone, nor by a share that she made up or has twice', async () => {
    const at = await homeWithLog()
    await at.key('split', '--out', at.shares)
    const alone = await at.key('join', share(at, 1))
    expect(alone).toMatchObject({ exit: 1, stderr: expect.stringMatching(/2 shares are needed/) })
    expect(await at.key('join', share(at, 1), share(at, 1))).toMatchObject({ exit: 1 })
    const mine = JSON.parse(await readFile(share(at, 1), 'utf8'))
    const forged = join(at.shares, 'forged.json')
    await writeFile(forged, JSON.stringify({ ...mine, number: 2 }))
    expect(await at.key('join', share(at, 1), forged)).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/damaged/),
    })
    await writeFile(forged, JSON.stringify({ ...mine, needed: 1 }))
    expect(await at.key('join', forged)).toMatchObject({ exit: 3, stderr: expect.stringMatching(/no share/) })
    await expect(access(homePaths(at.home).updateKey)).rejects.toThrow()
  })

  it('is not brought back by two holders of whom one has left: the key was renewed since', async () => {
    const at = await homeWithLog()
    const later = { ...at, shares: await mkdtemp(join(tmpdir(), 'hansa-holders-')) }
    await at.key('split', '--out', at.shares)
    await at.key('join', share(at, 1), share(at, 2))
    await renewed(at)
    await at.key('split', '--out', later.shares)
    const mixed = await at.key('join', share(at, 3), share(later, 1))
    expect(mixed).toMatchObject({ exit: 1, stderr: expect.stringMatching(/of two splittings/) })
    // Two who kept what they should have destroyed.
    const old = await at.key('join', share(at, 2), share(at, 3))
    expect(old).toMatchObject({ exit: 1, stderr: expect.stringMatching(/does not commit to this key/) })
    expect(await at.key('join', share(later, 2), share(later, 3))).toMatchObject({ exit: 0 })
  })

  it('is not split into fewer shares than are needed, nor over files that are there', async () => {
    const at = await homeWithLog()
    expect(await at.key('split', '--needed', '3', '--holders', '2', '--out', at.shares)).toMatchObject({ exit: 3 })
    await writeFile(share(at, 2), 'something')
    expect((await at.key('split', '--out', at.shares)).exit).not.toBe(0)
    await expect(access(share(at, 1))).rejects.toThrow()
    await access(homePaths(at.home).updateKey)
  })
})

describe('a recovery key', () => {
  const made = async (at: Home) => {
    const file = join(at.shares, 'recovery.key')
    return { file, key: (await at.key('recovery', file)).stdout.trim() }
  }
  const state = async ({ home }: Home) => {
    const own = await OwnIdentity.open({ files: homeIdentityFiles(homePaths(home)), nowMs: () => systemClock.now() })
    return { versions: own.log.versions.length, signing: own.signingKid, rank: own.log.current.rank }
  }

  it('undoes what mallory wrote with the update key, and gives the identity new keys', async () => {
    const at = await homeWithLog()
    const { file, key } = await made(at)
    expect(key).toBe(multikeyOf((await readKeyFile(file, 'update-ed25519')).publicKey))
    await renewed(at, nextKeyHash(key))
    const good = await state(at)
    await renewed(at)
    const { exit, stdout } = await at.key('recover', file, '--keep', '2', '--json')
    expect([exit, JSON.parse(stdout)]).toMatchObject([0, { version: 3, undone: 1 }])
    const after = await state(at)
    expect(after).toMatchObject({ versions: 3, rank: 0 })
    expect(after.signing).not.toBe(good.signing)
    await renewed(at)
    expect(await at.key('recover', file)).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/another recovery key/),
    })
  })

  it('that the log does not name undoes nothing', async () => {
    const at = await homeWithLog()
    const { file } = await made(at)
    const before = await state(at)
    expect(await at.key('recover', file)).toMatchObject({ exit: 3, stderr: expect.stringMatching(/or to none/) })
    expect(await at.key('recover', file, '--keep', '7')).toMatchObject({ exit: 3 })
    expect(await at.key('renew', '--recovery', 'z6Mk')).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/no public key/),
    })
    expect(await state(at)).toEqual(before)
  })
})
