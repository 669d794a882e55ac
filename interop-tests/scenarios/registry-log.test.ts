/** A node and a real registry over loopback: what it lists is followed, and what it takes back is found out. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { guardedFetch, guardedStream, LocalReplica, registryClient, watchRegistry } from '@hansa/mesh'
import { createKernel } from '@hansa/node'
import type { Clock } from '@hansa/protocols'
import { defaultConfig, startRegistry } from '@hansa/registry-server'
import { didKeyResolver, newSeed, signerFromSeed, signManifest, unadmittedKeys } from '@hansa/trust'
import { aManifest } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hansa-registry-log-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const allowPrivate = ['127.0.0.1']
const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
const seconds = () => Math.floor(clock.now() / 1000)

async function aRegistry(database: string, port = 0) {
  return await startRegistry({
    ...defaultConfig,
    port,
    database: `sqlite:${join(directory, database)}`,
    logKeyFile: join(directory, 'log-key'),
  })
}

function aKernel(url: string) {
  const signer = signerFromSeed(newSeed())
  const iat = seconds()
  const signed = signManifest(signer, aManifest({ kernel_id: signer.did, seq: iat, iat, exp: iat + 3_600 }))
  const client = registryClient({ fetch: guardedFetch({ allowPrivate }), baseUrl: url })
  return { signer, signed, client, list: () => client.register(signed) }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

describe('a node and its registry', () => {
  it('follows what is listed: a manifest is in its replica without a question, and leaves it with its withdrawal', async () => {
    await using registry = await aRegistry('first.sqlite')
    const [before, after] = [aKernel(registry.url), aKernel(registry.url)]
    expect(await before.list()).toMatchObject({ ok: true })
    const replica = new LocalReplica({ clock, resolver: unadmittedKeys(didKeyResolver()) })
    await using _watcher = watchRegistry(
      { url: registry.url },
      { clock, stream: guardedStream({ allowPrivate }), take: (jws) => replica.take(jws, registry.url) },
    )
    await until(() => replica.get(before.signer.did) !== undefined)
    await after.list()
    await until(() => replica.get(after.signer.did)?.hash === after.signed.hash)
    const { iat: seq, exp } = after.signed.manifest
    await after.client.withdraw(after.signer, { seq: seq + 1, iat: seq, exp })
    await until(() => replica.get(after.signer.did) === undefined)
    expect(replica.size).toBe(1)
  })

  it('is not asked any more once mallory has put an older copy in its place, and the log of the node says why', async () => {
    await using kernel = await createKernel({ allowPrivate })
    const first = await aRegistry('first.sqlite')
    const [bob, carol] = [aKernel(first.url), aKernel(first.url)]
    for (const one of [bob, carol]) await one.list()
    const ask = () => kernel.discoverPeers({ registryUrls: [first.url] })
    expect((await ask()).peers).toHaveLength(2)
    await first.close()

    await using _second = await aRegistry('second.sqlite', Number(new URL(first.url).port))
    await bob.list()
    const reason = expect.stringContaining('its log had 2 entries and has 1 now')
    const refused = await ask()
    expect(refused.faults).toMatchObject([{ source: first.url, code: 'remote_refused', reason }])
    expect(refused.peers.filter(({ by }) => by.includes('registry'))).toEqual([])
    await carol.list()
    expect((await ask()).faults).toMatchObject([{ reason }])
    const found = (await kernel.audit({})).filter(({ type }) => type === 'registry.fault')
    expect(found).toMatchObject([{ ext: { source: first.url, reason: expect.stringMatching(/^rolled_back: /) } }])
  })
})
