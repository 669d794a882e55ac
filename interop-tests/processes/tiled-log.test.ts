/** The logs of real nodes, read by a client that knows the specifications and nothing of ours. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { HANSA_BIN } from '../harness/hansa-command.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa, type NodeProcess } from '../harness/node-process.ts'
import { SpawnedProcess } from '../harness/spawned-process.ts'
import { httpGet, leafHash, TlogClient, treeHash } from '../harness/tlog-client.ts'
import { twoNodes } from './two-nodes.ts'

const TIMEOUT_MS = 120_000

async function serve(home: string, ...options: string[]): Promise<{ url: string; process: SpawnedProcess }> {
  const args = [HANSA_BIN, 'audit', 'serve', '--home', home, '--listen', '127.0.0.1:0', '--json', ...options]
  const process = await SpawnedProcess.start({ name: 'serve', args, cwd: home, log: () => {} })
  onTestFinished(() => process.kill())
  return { url: String(process.ready.url), process }
}

const vkeyOf = async ({ home }: NodeProcess): Promise<string> =>
  JSON.parse(await hansa('status', '--home', home, '--json')).log.vkey

async function manyNotes(orga: NodeProcess, count: number): Promise<void> {
  const one = async (n: number) => orga.client.invoke('orgb/note', { text: `note ${n}` })
  // No more at the same time than a node takes of one principal.
  for (let n = 0; n < count; n += 5) await Promise.all([0, 1, 2, 3, 4].map((more) => one(n + more)))
}

it(
  'a client that knows only the specifications follows the log of a running node, and its hashes alone',
  async () => {
    await using mesh = await meshOfTest()
    const { orga, orgb } = await twoNodes(mesh)
    const vkey = await vkeyOf(orgb)
    const get = httpGet(`${orgb.endpoint}/hansa/log/1`)
    const client = new TlogClient(get, vkey)
    await manyNotes(orga, 20)
    const before = await client.checkpoint()
    await manyNotes(orga, 100)
    await expect.poll(async () => (await client.checkpoint()).size, { timeout: 20_000 }).toBeGreaterThan(300)
    const after = await client.checkpoint()
    const leaves = await client.leafHashes(after.size)
    expect(treeHash(leaves).equals(after.root)).toBe(true)
    // It only grew: what was signed first is the beginning of what is signed now.
    expect(treeHash(leaves.slice(0, before.size)).equals(before.root)).toBe(true)
    expect(after.origin).toBe(`${orgb.did}/log/1`)

    await expect(client.entries(after.size)).rejects.toThrow('there is no tile/entries/000')
    await expect(new TlogClient(get, await vkeyOf(orga)).checkpoint()).rejects.toThrow('not signed')
    const posted = await fetch(`${orgb.endpoint}/hansa/log/1/checkpoint`, { method: 'POST' })
    expect(posted.status).toBe(400)
    const tile = await fetch(`${orgb.endpoint}/hansa/log/1/tile/0/000`)
    expect(tile.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')

    // What it shows is what the directory holds, and is not written there by being shown.
    const { url, process } = await serve(orgb.home)
    const whole = new TlogClient(httpGet(`${url}/hansa/log/1`), vkey)
    const entries = await whole.entries(after.size)
    expect(entries.map(leafHash)).toEqual(leaves)
    expect(entries.map((entry) => JSON.parse(entry.toString()).seq)).toEqual(entries.map((_, seq) => seq))
    await manyNotes(orga, 10)
    await expect.poll(async () => (await whole.checkpoint()).size, { timeout: 20_000 }).toBeGreaterThan(after.size)
    await process.stop()
  },
  TIMEOUT_MS,
)

it(
  'shows nothing where the operator wants nothing shown, and no entries where he serves hashes only',
  async () => {
    await using mesh = await meshOfTest()
    const orga = await mesh.node('orga', { config: { log: { public: 'none' } } })
    for (const path of ['checkpoint', 'tile/0/000.p/1']) {
      expect((await fetch(`${orga.endpoint}/hansa/log/1/${path}`)).status).toBe(404)
    }
    const { url, process } = await serve(orga.home, '--hashes-only')
    const client = new TlogClient(httpGet(`${url}/hansa/log/1`), await vkeyOf(orga))
    const { size, root } = await client.checkpoint()
    expect(treeHash(await client.leafHashes(size)).equals(root)).toBe(true)
    await expect(client.entries(size)).rejects.toThrow('there is no tile/entries')
    await process.stop()
  },
  TIMEOUT_MS,
)

it(
  'a static directory, written beside the running node and served by anything, is the same log; so is a frozen one',
  async () => {
    await using mesh = await meshOfTest()
    const orga = await mesh.node('orga', {})
    const vkey = await vkeyOf(orga)
    const directory = join(mesh.directory, 'tiles')
    for (let run = 0; run < 2; run++) {
      await hansa('audit', 'tiles', directory, '--home', orga.home, '--json')
      await hansa('agent', 'add', `agent-${run}`, '--home', orga.home, '--json')
    }
    const fromDisk = (path: string) => readFile(join(directory, path)).catch(() => undefined)
    const client = new TlogClient(fromDisk, vkey)
    const { size, root } = await client.checkpoint()
    expect(treeHash((await client.entries(size)).map(leafHash)).equals(root)).toBe(true)
    expect(treeHash(await client.leafHashes(size)).equals(root)).toBe(true)

    const backup = join(mesh.directory, 'orga.hansa-backup')
    await hansa('backup', backup, '--home', orga.home, '--json')
    await orga.stop()
    const restored = join(mesh.directory, 'restored')
    await hansa('restore', backup, '--home', restored, '--json')
    const { url, process } = await serve(restored)
    const logs = process.ready.logs as { log: number; origin: string }[]
    expect(logs).toMatchObject([
      { log: 2, origin: `${orga.did}/log/2` },
      { log: 1, origin: `${orga.did}/log/1` },
    ])
    const frozen = new TlogClient(httpGet(`${url}/hansa/log/1`), vkey)
    const last = await frozen.checkpoint()
    expect(treeHash(await frozen.leafHashes(last.size)).equals(last.root)).toBe(true)
    const old = join(mesh.directory, 'tiles-of-1')
    await hansa('audit', 'tiles', old, '--log', '1', '--home', restored, '--json')
    const verified = JSON.parse(await hansa('verify', old, '--key', vkey, '--json'))
    expect(verified).toMatchObject({ verdict: 'clean', size: last.size })
    await process.stop()
  },
  TIMEOUT_MS,
)
