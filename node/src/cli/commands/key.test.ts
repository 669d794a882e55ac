import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createHome, homePaths } from '../../home/home.ts'
import { runCli } from '../testing/run-cli.ts'

it('shows who a stopped node is, with its key files, and nothing secret', async () => {
  const home = await mkdtemp(join(tmpdir(), 'hansa-key-'))
  const { keys } = await createHome(home)
  const shown = await runCli(['key', 'show', '--json'], { home })
  const { did } = keys.signer
  expect(JSON.parse(shown.stdout)).toMatchObject({
    did,
    fingerprint: expect.stringMatching(/^[0-9a-f]{4}( [0-9a-f]{4}){7}$/),
    log: { origin: `${did}/log/1`, vkey: expect.stringContaining(`${did}/log/1+`) },
    witness: { vkey: expect.stringContaining(`${did}/witness+`) },
    files: ['identity', 'log', 'tokens', 'witness'].map((key) => ({ key, mode: '0600', made: expect.any(Number) })),
  })
  const text = await runCli(['key', 'show'], { home })
  expect(text.stdout).toMatch(/^did +did:key:z6Mk.*\nfingerprint +[0-9a-f]{4} .*\nlog +did:key:.*\nlog key +did:key:/)
  const { identity, logKey, secret, witnessKey } = homePaths(home)
  for (const path of [identity, logKey, secret, witnessKey]) {
    const seed = (await readFile(path, 'utf8')).trim().split(/\s/).at(-1) ?? ''
    expect(seed.length).toBeGreaterThan(30)
    expect(shown.stdout + text.stdout).not.toContain(seed)
  }
  await chmod(logKey, 0o644)
  expect(await runCli(['key', 'show'], { home })).toMatchObject({ exit: 3, stderr: expect.stringContaining('log.key') })
  expect((await runCli(['key', 'show'], { home: '/nonexistent' })).exit).toBe(3)
  await rm(home, { recursive: true })
})
