import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createKernel } from '../create-kernel.ts'
import { homePaths } from '../home/home-paths.ts'
import { hostSeed } from '../home/host-seed.ts'
import { examine } from './examine.ts'
import { makeHome } from './make-home.ts'

let home: string
beforeEach(async () => {
  home = join(await mkdtemp(join(tmpdir(), 'hansa-doctor-')), 'home')
})
afterEach(() => rm(join(home, '..'), { recursive: true, force: true }))

const checks = async (mesh: string) => {
  await makeHome(home, `listen: 127.0.0.1:0\nallow_private: true\n${mesh}\n`)
  return (await examine(home, { home })).filter(({ check }) => /host|bootstrap/.test(check))
}

/** A kernel with a host, and the address of that. */
async function running() {
  let address = ''
  const take = (event: string, fields: Record<string, unknown> = {}) => {
    if (event === 'host.started') address = String(fields.addresses)
  }
  const host = {
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    bootstrap: [],
    mdns: false,
    relay: 'none',
    dht: 'off',
  } as const
  const kernel = await createKernel({ host, allowPrivate: true, logger: { ...silentLogger, info: take } })
  return { kernel, address }
}

it('says nothing of a host where there is none', async () => {
  expect(await checks('name: a')).toEqual([])
})

it('dials the hosts that a node starts from, and says whose they are', async () => {
  const { kernel, address } = await running()
  await using _ = kernel
  const found = await checks(`mesh: { listen: [/ip4/127.0.0.1/tcp/0], bootstrap: [${address}] }`)
  expect(found).toMatchObject([
    { check: 'host key', state: 'ok', detail: 'made by the first start with a host' },
    { check: 'host address', state: 'ok' },
    { check: 'bootstrap', state: 'ok', detail: `${address} is a host of ${kernel.did}` },
  ])
})

it('fails for a host that does not answer', async () => {
  const { kernel, address } = await running()
  await kernel[Symbol.asyncDispose]()
  const found = await checks(`mesh: { listen: [], bootstrap: [${address}] }`)
  expect(found.at(-1)).toMatchObject({ check: 'bootstrap', state: 'fail' })
})

it('fails for a port that is taken, and for a key that cannot be read', async () => {
  const { kernel, address } = await running()
  await using _ = kernel
  const taken = address.slice(0, address.indexOf('/p2p/'))
  await makeHome(home, `listen: 127.0.0.1:0\nmesh: { listen: [${taken}] }\n`)
  const paths = homePaths(home)
  await hostSeed(paths)
  await writeFile(paths.hostKey, 'not a key')
  const found = (await examine(home, { home })).filter(({ check }) => check.startsWith('host'))
  expect(found).toMatchObject([
    { check: 'host key', state: 'fail', remedy: expect.stringContaining('another PeerId') },
    { check: 'host address', state: 'fail', remedy: 'Correct mesh.listen in hansa.yaml.' },
  ])
})
