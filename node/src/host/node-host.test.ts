import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogFields } from '@hansa/protocols'
import { afterEach, expect, it, vi } from 'vitest'
import { homeFiles } from '../backup/home-files.ts'
import { createKernel } from '../create-kernel.ts'
import { homePaths } from '../home/home-paths.ts'
import { hostSeed } from '../home/host-seed.ts'
import type { HostSettings } from './node-host.ts'

const open: AsyncDisposable[] = []
const directories: string[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

type Line = { event: string; fields: LogFields }
const settings: HostSettings = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  announce: [],
  bootstrap: [],
  mdns: false,
  relay: 'none',
  dht: 'server',
}

/** A kernel with a host on loopback, and what it writes to its log. */
async function node(over: Partial<HostSettings> = {}, directory?: string) {
  const lines: Line[] = []
  const take = (event: string, fields: LogFields = {}) => void lines.push({ event, fields })
  const logger = { debug: take, info: take, warn: take, error: take }
  const kernel = await createKernel({
    logger,
    allowPrivate: true,
    listen: { host: '127.0.0.1', port: 0 },
    host: { ...settings, ...over },
    ...(directory === undefined ? {} : { directory }),
  })
  open.push(kernel)
  const fieldsOf = (event: string) => lines.filter((line) => line.event === event).map(({ fields }) => fields)
  const started = fieldsOf('host.started')[0]
  return { kernel, fieldsOf, peerId: String(started?.peer_id), address: String(started?.addresses).split(' ')[0] ?? '' }
}

it('kernels whose hosts meet know each other by their DIDs', async () => {
  const b = await node()
  const a = await node({ bootstrap: [b.address] })
  await vi.waitFor(() => {
    expect(a.fieldsOf('host.peer_identified')).toMatchObject([{ peer: b.kernel.did, peer_id: b.peerId }])
    expect(b.fieldsOf('host.peer_identified')).toMatchObject([{ peer: a.kernel.did, peer_id: a.peerId }])
  }, 20_000)
})

it('a host that does not answer is said once', async () => {
  const b = await node()
  await b.kernel[Symbol.asyncDispose]()
  const a = await node({ bootstrap: [b.address] })
  await vi.waitFor(() => expect(a.fieldsOf('host.not_reached')).toMatchObject([{ address: b.address }]), 20_000)
})

it('a node has the same PeerId after a restart, by a key that only its owner reads and that a backup holds', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-host-'))
  directories.push(directory)
  const first = await node({}, directory)
  await first.kernel[Symbol.asyncDispose]()
  const { hostKey } = homePaths(directory)
  expect((await stat(hostKey)).mode & 0o777).toBe(0o600)
  expect((await node({}, directory)).peerId).toBe(first.peerId)
  expect(await hostSeed({ hostKey })).toHaveLength(32)
  const { files } = await homeFiles(directory, undefined)
  expect(files.map(({ path }) => path)).toContain('keys/host.key')
})

it('a node without a host has no key for one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-host-'))
  directories.push(directory)
  open.push(await createKernel({ directory }))
  await expect(stat(homePaths(directory).hostKey)).rejects.toMatchObject({ code: 'ENOENT' })
})
