import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { readConfig } from '../../config/index.ts'
import { createHome, homePaths } from '../../home/home.ts'
import { startNode } from '../../start-node.ts'
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

it('makes an identity with a log, and shows its keys', async () => {
  const home = await mkdtemp(join(tmpdir(), 'hansa-key-'))
  const made = await runCli(['init', '--did', 'webvh', '--domain', 'localhost:7499/kernels', '--json'], { home })
  const { did } = JSON.parse(made.stdout)
  expect(did).toMatch(/^did:webvh:Qm\w{44}:localhost%3A7499:kernels$/)
  const shown = JSON.parse((await runCli(['key', 'show', '--json'], { home })).stdout)
  expect(shown).toMatchObject({
    did,
    log: { origin: `${did}/log/1` },
    keys: [{ kid: expect.stringMatching(/#z6Mk/), state: 'signing', from: expect.any(Number) }],
    files: ['identity', 'update', 'log', 'tokens', 'witness'].map((key) => ({ key, mode: '0600' })),
  })
  const text = await runCli(['key', 'show'], { home })
  expect(text.stdout).toMatch(/z6Mk\w+ +signing +\d{4}-/)
  await rm(home, { recursive: true })
})

it.each([
  [['--did', 'webvh'], '--domain'],
  [['--did', 'web', '--domain', 'a.example'], 'neither key nor webvh'],
  [['--domain', 'a.example'], '--did webvh'],
  [['--did', 'webvh', '--domain', '127.0.0.1'], 'not a DNS name'],
  [['--did', 'webvh', '--domain', 'A.example'], 'not a DNS name'],
  [['--did', 'webvh', '--domain', 'a.example/../b'], 'not a DNS name'],
])('refuses %j, before anything is made', async (options, message) => {
  const home = await mkdtemp(join(tmpdir(), 'hansa-key-'))
  const refused = await runCli(['init', ...options], { home })
  expect(refused.exit).toBe(3)
  expect(refused.stderr).toContain(message)
  expect(await readdir(home)).toEqual([])
  await rm(home, { recursive: true })
})

it('changes and revokes the key of a node that runs, and says what is wrong with anything else', async () => {
  const home = await mkdtemp(join(tmpdir(), 'hansa-key-'))
  await runCli(['init', '--did', 'webvh', '--domain', 'localhost:7498', '--listen', '127.0.0.1:0'], { home })
  expect(await runCli(['key', 'rotate'], { home })).toMatchObject({ stderr: expect.stringContaining('hansa up') })
  const config = await readConfig(join(home, 'hansa.yaml'), { home })
  await using node = await startNode({ home, config, logger: silentLogger })
  expect(node.did).toMatch(/^did:webvh/)
  const rotated = await runCli(['key', 'rotate', '--delay', '3600', '--json'], { home })
  const { keys } = JSON.parse(rotated.stdout)
  expect(keys.map(({ state }: { state: string }) => state)).toEqual(['signing', 'announced'])
  const again = await runCli(['key', 'rotate'], { home })
  expect(again.exit).not.toBe(0)
  expect(again.stderr).toContain('A rotation is under way')
  const kid = keys[0].kid.split('#')[1]
  expect((await runCli(['key', 'revoke', kid], { home })).stderr).toContain('--compromised-since')
  expect((await runCli(['key', 'revoke', kid, '--compromised-since', '1s'], { home })).stderr).toContain('--reason')
  const revoke = ['key', 'revoke', kid, '--compromised-since', '1s', '--reason', 'lost']
  expect((await runCli(revoke, { home })).stdout).toMatch(/revoked .*compromised since .*: lost\n.*signing/)
  const unknown = await runCli(['key', 'revoke', 'z6MkNone', '--compromised-since', '1s', '--reason', 'x'], { home })
  expect(unknown.stderr).toContain('hansa key show')
})
