import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKernel } from '../../create-kernel.ts'
import { runCli } from '../testing/run-cli.ts'

/** A home in which a kernel has run, with the key of its log. */
async function aHome(): Promise<{ home: string; root: string; vkey: string; did: string }> {
  const root = await mkdtemp(join(tmpdir(), 'hansa-tiles-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const home = join(root, 'home')
  await using kernel = await createKernel({ directory: home })
  return { home, root, vkey: kernel.ledger.vkey, did: kernel.did }
}

const json = async (argv: string[], home: string) => {
  const { exit, stdout } = await runCli([...argv, '--json'], { home })
  return { exit, value: JSON.parse(stdout) }
}

describe('hansa audit tiles', () => {
  it('writes the log as tiles, which verify by the key of the log and by the DID', async () => {
    const { home, root, vkey, did } = await aHome()
    const tiles = join(root, 'tiles')
    const { exit, value } = await json(['audit', 'tiles', tiles], home)
    expect([exit, value]).toEqual([
      0,
      expect.objectContaining({ directory: tiles, log: 1, origin: `${did}/log/1`, before: 0, hashesOnly: false }),
    ])
    expect(await readFile(join(tiles, 'checkpoint'), 'utf8')).toBe(await readFile(join(home, 'log/checkpoint'), 'utf8'))
    for (const key of [vkey, did]) {
      const verified = await json(['verify', tiles, '--key', key], '/nonexistent')
      expect(verified).toMatchObject({ exit: 0, value: { verdict: 'clean', size: value.size, root: value.root } })
    }
  })

  it('adds what is new, and says so to a person', async () => {
    const { home, root } = await aHome()
    const tiles = join(root, 'tiles')
    await runCli(['audit', 'tiles', tiles], { home })
    {
      await using kernel = await createKernel({ directory: home })
      await kernel.addAgent({ name: 'reporter' })
    }
    const { exit, stdout, stderr } = await runCli(['audit', 'tiles', tiles], { home })
    expect([exit, stdout]).toEqual([
      0,
      expect.stringMatching(/entries +\d+ under the checkpoint, \d+ more than before/),
    ])
    expect(stderr).toContain('who called what')
    expect(await runCli(['verify', tiles], { home })).toMatchObject({ exit: 0 })
  })

  it('is a violation that names the tile when mallory changed one', async () => {
    const { home, root, vkey } = await aHome()
    const tiles = join(root, 'tiles')
    const { value } = await json(['audit', 'tiles', tiles], home)
    const path = join(tiles, `tile/0/000.p/${value.size}`)
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(1, 0, 1))
    const verified = await json(['verify', tiles, '--key', vkey], home)
    expect(verified).toMatchObject({ exit: 1, value: { verdict: 'violation' } })
    expect(JSON.stringify(verified.value.faults)).toContain(`tile/0/000.p/${value.size}`)
  })

  it.each([
    [['audit', 'tiles'], "missing required argument 'dir'"],
    [['audit', 'tiles', 'DIR', '--log', '7'], 'There is no log 7'],
    [['verify', 'HASHES', 'HASHES'], 'it is verified by itself'],
    [['verify', 'HASHES', '--since', '3'], 'here are only hashes'],
  ])('says what is wrong with %j', async (argv, message) => {
    const { home, root } = await aHome()
    const hashes = join(root, 'hashes')
    await runCli(['audit', 'tiles', hashes, '--hashes-only'], { home })
    const { exit, stderr } = await runCli(
      argv.map((word) => (word === 'HASHES' ? hashes : word === 'DIR' ? join(root, 'out') : word)),
      { home },
    )
    expect([exit, stderr]).toEqual([3, expect.stringContaining(message)])
  })

  it('can hold hashes only, which are verified against a checkpoint that was kept', async () => {
    const [{ home, root, vkey, did }, stranger] = [await aHome(), await aHome()]
    const [hashes, kept] = [join(root, 'hashes'), join(root, 'kept')]
    await writeFile(kept, await readFile(join(home, 'log/checkpoint')))
    {
      await using kernel = await createKernel({ directory: home })
      await kernel.addAgent({ name: 'reporter' })
    }
    await runCli(['audit', 'tiles', hashes, '--hashes-only'], { home })
    const verified = await json(['verify', hashes, '--key', vkey, '--checkpoint', kept], '/nonexistent')
    expect(verified).toMatchObject({ exit: 2, value: { verdict: 'incomplete', origin: `${did}/log/1`, faults: [] } })
    const other = await readFile(join(stranger.home, 'log/checkpoint'))
    await writeFile(kept, other)
    expect((await runCli(['verify', hashes, '--checkpoint', kept], { home })).exit).toBe(3)
    expect((await runCli(['verify', hashes, '--key', stranger.vkey], { home })).exit).toBe(1)
    const text = await runCli(['verify', hashes, '--key', vkey], { home })
    expect([text.exit, text.stdout]).toEqual([2, expect.stringContaining('Only hashes are here')])
  })

  it('refuses a directory with the tiles of another log, and a home without one', async () => {
    const [one, other] = [await aHome(), await aHome()]
    const tiles = join(one.root, 'tiles')
    await runCli(['audit', 'tiles', tiles], { home: one.home })
    const refused = await json(['audit', 'tiles', tiles], other.home)
    expect(refused).toMatchObject({ exit: 3, value: { error: { code: 'tiles_foreign' } } })
    const empty = await runCli(['audit', 'tiles', tiles], { home: join(one.root, 'empty') })
    expect([empty.exit, empty.stderr]).toEqual([3, expect.stringContaining('hansa up')])
  })
})
