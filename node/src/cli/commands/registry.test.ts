import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { registryRoutes } from '@hansa/protocols'
import { emptyRoot, encodeBase64url, taggedHash } from '@hansa/trust'
import { formatCheckpoint, noteKey } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { fakeNode } from '../../testing/index.ts'
import { exitCodes } from '../exit-codes.ts'
import { runCli } from '../testing/run-cli.ts'

const key = noteKey('registry.test/log', new Uint8Array(32))
const root = encodeBase64url(emptyRoot)

/** @param note what it shows as the head of its log. */
async function registry(note: string) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    asked.push(path)
    const status = { state: 'alive', seq: 7, hash: taggedHash('manifest', 'x'), since: 1, index: 3, equivocated: false }
    const kernels = registryRoutes.status.path.replace(':did', '')
    const body =
      path === registryRoutes.checkpoint.path
        ? { checkpoint: note, vkey: key.vkey }
        : { ...status, kernel_id: path.slice(kernels.length) }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

describe('hansa registry show', () => {
  it('shows the log of a registry, and how it lists this node', async () => {
    await using node = await fakeNode()
    await using site = await registry(key.sign(formatCheckpoint({ origin: key.name, size: 0, root })))
    const { exit, stdout } = await runCli(['registry', 'show', site.url, '--json'], { home: node.home })
    expect(exit).toBe(0)
    const log = { origin: key.name, entries: 0, root, vkey: key.vkey }
    const listing = { state: 'alive', seq: 7, entry: 3 }
    expect(JSON.parse(stdout)).toEqual({ registries: [{ url: site.url, log, listing, faults: [] }] })
    const text = await runCli(['registry', 'show', site.url], { home: node.home })
    expect(text.stdout).toMatch(
      /^registry .*\nlog +registry\.test\/log, 0 entries\nkey .*\nthis node +alive, number 7, entry 3\n$/,
    )
  })

  it('exits with 1 when what mallory shows is not signed by the key of the log', async () => {
    const other = noteKey(key.name, new Uint8Array(32).fill(1))
    await using site = await registry(other.sign(formatCheckpoint({ origin: key.name, size: 0, root })))
    const { exit, stdout } = await runCli(['registry', 'show', site.url], { home: '/nonexistent' })
    expect(exit).toBe(1)
    expect(stdout).toContain('its checkpoint does not verify')
    expect(site.asked).toEqual([registryRoutes.checkpoint.path])
  })

  it('says what to give when there is nothing to ask', async () => {
    const { exit, stderr } = await runCli(['registry', 'show'], { home: '/nonexistent' })
    expect(exit).toBe(exitCodes.usage)
    expect(stderr).toContain('give the URL of a registry')
  })
})

it('forgives a registry under the name of the account, and says what it was caught with', async () => {
  await using node = await fakeNode()
  const { exit, stdout } = await runCli(['registry', 'forgive', 'https://registry.example'], { home: node.home })
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('rolled_back: its log is shorter') })
  expect(node.kernel.calls.filter(([name]) => name === 'forgiveRegistry')).toEqual([
    ['forgiveRegistry', 'https://registry.example', expect.stringMatching(/^person:/)],
  ])
})
