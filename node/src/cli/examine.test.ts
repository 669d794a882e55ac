import { chmod, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restoreHome } from '../backup/restore-home.ts'
import { formatOnePaths, homePaths } from '../home/home-paths.ts'
import { systemClock } from '../system-clock.ts'
import { fakeNode } from '../testing/fake-node.ts'
import type { Check } from './check.ts'
import { examine } from './examine.ts'
import { fileLimitCheck } from './examine-limits.ts'
import { peerChecks } from './examine-network.ts'
import { makeHome } from './make-home.ts'
import { runCli } from './testing/run-cli.ts'

let directory: string
let home: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-doctor-'))
  home = join(directory, 'home')
  await makeHome(home, 'listen: 127.0.0.1:0\nallow_private: true\n')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function check(name: string): Promise<Check | undefined> {
  return (await examine(home, { home })).find((one) => one.check === name)
}

describe('hansa doctor', () => {
  it('finds nothing wrong with a new home, and says that there is no backup', async () => {
    const checks = await examine(home, { home })
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    expect(await check('format')).toMatchObject({ state: 'ok', detail: 'hansa-home/2' })
    expect(await check('backup')).toMatchObject({ state: 'warn', remedy: `hansa backup --home ${home}` })
  })

  it('knows the age of the last backup', async () => {
    const file = join(directory, 'one.hansa-backup')
    await runCli(['backup', file, '--home', home], { home })
    expect(await check('backup')).toMatchObject({ state: 'ok', detail: expect.stringContaining(file) })
    const note = { created: Math.floor(systemClock.now() / 1000) - 8 * 86_400, path: file, bytes: 1, entries: 12 }
    await writeFile(join(home, 'backups/last.json'), JSON.stringify(note))
    expect(await check('backup')).toMatchObject({
      state: 'warn',
      detail: expect.stringMatching(/^8 d old, 12 entries/),
    })
    await writeFile(join(home, 'backups/last.json'), '{"created": "soon"}')
    expect(await check('backup')).toMatchObject({ state: 'warn', detail: 'none was made yet' })
  })

  it('fails for a policy that others can write, and names the command', async () => {
    const policy = homePaths(home).policy
    await chmod(policy, 0o664)
    expect(await check('permissions')).toEqual({
      check: 'permissions',
      state: 'fail',
      detail: `others can write ${policy}`,
      remedy: `chmod go-w ${policy}`,
    })
  })

  it('knows a home of format 1 and its keys, and refuses a newer one', async () => {
    const [now, then] = [homePaths(home), formatOnePaths(home)]
    for (const key of ['identity', 'logKey', 'secret'] as const) await rename(now[key], then[key])
    await writeFile(now.format, 'hansa-home/1\n')
    expect(await check('format')).toMatchObject({ state: 'warn' })
    expect(await check('identity key')).toMatchObject({ state: 'ok' })
    await writeFile(now.format, 'hansa-home/3\n')
    expect(await check('format')).toMatchObject({ state: 'fail', detail: expect.stringContaining('newer version') })
  })

  it('finds that a frozen log is missing', async () => {
    const file = join(directory, 'one.hansa-backup')
    const { createKernel } = await import('../create-kernel.ts')
    await (await createKernel({ directory: home, logReserveBytes: 0 }))[Symbol.asyncDispose]()
    await runCli(['backup', file, '--home', home], { home })
    home = join(directory, 'restored')
    await restoreHome({ file, home, reason: 'restored', clock: systemClock })
    expect(await check('log')).toMatchObject({ state: 'ok', detail: expect.stringContaining('following 1 frozen log') })
    await rename(join(home, 'log/frozen/1'), join(directory, 'away'))
    await mkdir(join(home, 'log/frozen'), { recursive: true })
    expect(await check('log')).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('log/frozen/1 is missing'),
    })
  })

  it('says how much of its limit the log has taken, warns from 80 %, and fails when no call is taken', async () => {
    const { createKernel } = await import('../create-kernel.ts')
    await (await createKernel({ directory: home, logReserveBytes: 0 }))[Symbol.asyncDispose]()
    expect(await check('log size')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('only the disk limits it'),
    })
    await writeFile(homePaths(home).config, 'listen: 127.0.0.1:0\nlimits: { log_max_gib: 1 }\n')
    expect(await check('log size')).toMatchObject({ state: 'ok', detail: expect.stringContaining('of 1.0 GiB, 0 %') })
    // Holes: as large as it says, and nothing on the disk.
    for (const [mib, state, detail] of [
      [700, 'ok', '78 %'],
      [720, 'warn', '80 %'],
      [900, 'fail', 'no call is taken'],
    ] as const) {
      await truncate(join(homePaths(home).log, 'hashes'), mib * 1_048_576)
      expect(await check('log size'), detail).toMatchObject({ state, detail: expect.stringContaining(detail) })
    }
    expect((await check('log size'))?.remedy).toContain('limits.log_max_gib')
  })

  it('warns of a limit of open files that a burst of peers would reach', async () => {
    const limits = join(directory, 'limits')
    const of = async (soft: string) => {
      await writeFile(
        limits,
        `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   4096   files\n`,
      )
      return (await fileLimitCheck(limits))[0]?.state
    }
    expect([await of('256'), await of('1024'), await of('unlimited')]).toEqual(['warn', 'ok', 'ok'])
    expect(await fileLimitCheck(join(directory, 'nowhere'))).toEqual([])
  })
})

describe('peers, as the doctor sees them', () => {
  const config = { allowPrivate: true } as Parameters<typeof peerChecks>[1]

  it.each([
    ['as this one', 0, 'ok', /^as those of orgb$/],
    ['two minutes behind', -120, 'fail', /^this clock is 1\d\d s ahead of orgb$/],
  ])('whose clock is %s', async (_how, offset, state, detail) => {
    const server = createServer((_request, response) => {
      response.setHeader('date', new Date(systemClock.now() + offset * 1000).toUTCString())
      response.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await using node = await fakeNode()
    const [peer] = await node.kernel.peers()
    if (peer === undefined) throw new Error('the fake has no peer')
    node.kernel.peers = async () => [{ ...peer, endpoint }]
    const found = (await peerChecks(node.home, config)).find((one) => one.check === 'clocks')
    expect(found).toMatchObject({ state, detail: expect.stringMatching(detail) })
    server.close()
  })

  it('are named with what to do when they are blocked or have expired', async () => {
    await using node = await fakeNode()
    const [peer] = await node.kernel.peers()
    if (peer === undefined) throw new Error('the fake has no peer')
    node.kernel.peers = async () => [
      { ...peer, alias: 'changed', state: 'blocked' },
      { ...peer, alias: 'gone', state: 'expired' },
    ]
    expect(await peerChecks(node.home, config)).toMatchObject([
      {
        state: 'warn',
        detail: expect.stringContaining('changed: blocked'),
        remedy: expect.stringContaining('hansa import'),
      },
      {
        state: 'warn',
        detail: expect.stringContaining('gone: its manifest has expired'),
        remedy: expect.stringContaining('hansa refresh gone'),
      },
    ])
  })
})
