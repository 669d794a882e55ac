import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKernel } from '../../create-kernel.ts'
import { FAKE_DID } from '../../testing/fake-answers.ts'
import { runCli } from '../testing/run-cli.ts'

/** A home with a log of a few entries under a checkpoint, whose node does not run. */
async function aLog() {
  const root = await mkdtemp(join(tmpdir(), 'hansa-export-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const home = join(root, 'home')
  await using kernel = await createKernel({ directory: home })
  await kernel.invoke('nothing.there', {}).catch(() => undefined)
  const { size } = await kernel.ledger.cut()
  return { home, root, size, did: kernel.did }
}

const argv = (root: string, name: string) => ['audit', 'export', '--peer', FAKE_DID, '--out', join(root, name)]

describe('hansa audit export', () => {
  it('says how far the log is covered, so that nobody looks in it for what came later', async () => {
    const { home, root, size, did } = await aLog()
    const { exit, stdout } = await runCli([...argv(root, 'one'), '--json'], { home })
    const result = JSON.parse(stdout)
    const [header = ''] = (await readFile(join(root, 'one'), 'utf8')).split('\n')
    expect([exit, result]).toMatchObject([0, { kernel: did, peer: FAKE_DID, entries: 0, manifest: false }])
    expect(result.logEntries).toBeGreaterThanOrEqual(size)
    expect(result.throughMs).toBe(JSON.parse(header).through_ms)
    const said = await runCli(argv(root, 'two'), { home })
    const at = new Date(Math.floor(result.throughMs / 1000) * 1000).toISOString().replace('.000Z', 'Z')
    expect(said.stdout).toContain(`covers    the log up to its checkpoint of ${result.logEntries} entries, ${at}`)
  })

  it('writes over nothing, and leaves nothing behind when there is nothing to prove', async () => {
    const { home, root } = await aLog()
    await runCli(argv(root, 'one'), { home })
    const before = await readFile(join(root, 'one'), 'utf8')
    const again = await runCli(argv(root, 'one'), { home })
    expect([again.exit, again.stderr]).toEqual([3, expect.stringContaining('exists already')])
    expect(await readFile(join(root, 'one'), 'utf8')).toBe(before)
    await rm(join(home, 'log', 'checkpoint'))
    const bare = await runCli(argv(root, 'two'), { home })
    expect(bare.exit).not.toBe(0)
    await expect(readFile(join(root, 'two'))).rejects.toThrow('ENOENT')
  })
})
