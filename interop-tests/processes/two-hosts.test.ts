/**
 * Two organisations on two hosts, without a certificate authority: each makes its own certificate, one meets the other by
 * DID and address, and a certificate is replaced while agents call. Real processes, real TLS.
 */
import { selfSignedCertificate } from '@hansa/mesh'
import { fileLogDisk, verifyPair } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOnDisk } from '../harness/entries-on-disk.ts'
import { freePort } from '../harness/free-port.ts'
import { meshOfTest } from '../harness/mesh-of-test.ts'
import { hansa, type NodeProcess } from '../harness/node-process.ts'
import { canMakeNamespaces, type Host, type TwoHosts, twoLoopbackHosts, twoNamespaces } from '../harness/two-hosts.ts'
import { allow } from '../harness/two-orgs.ts'

const AGENTS = 8
const MORE_AGENTS = 24

const echo = `
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false }
const limits = { calls_per_minute: 1_000_000, concurrent: 64 }
const definition = { id: 'echo', safety: 'READ', input: text, output: text, limits }
export const capabilities = [{ definition, handler: ({ text }) => ({ text }) }]
`

async function startAt(node: NodeProcess, other: NodeProcess, host: Host, { range }: TwoHosts): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const pair = selfSignedCertificate({ hosts: [host.address], notBefore: now - 60, notAfter: now + 86_400 })
  await node.configure({
    within: host.within,
    config: {
      peers: [{ did: other.did }],
      listen: `${host.address}:${await freePort()}`,
      tls: { certificate: 'tls.crt', key: 'keys/tls.key' },
      allow_private: [range],
      limits: { calls_per_principal: 64 },
      capabilities: [{ module: { path: 'echo.mjs' } }],
    },
    policy: [allow('all', '*', '*'), allow('imports', '*', '*', { action: 'import' })],
    files: { 'echo.mjs': echo, 'tls.crt': pair.cert, 'keys/tls.key': pair.key },
  })
  await node.start()
}

/** Calls without a pause until it is told to stop. Any call that fails fails the test. */
function callers(orga: NodeProcess, count: number) {
  let answered = 0
  let stopped = false
  const all = Promise.all(
    Array.from({ length: count }, async (_, agent) => {
      while (!stopped) {
        const text = `${agent}.${answered}`
        expect(await orga.client.invoke('orgb/echo', { text })).toMatchObject({ value: { text } })
        answered++
      }
    }),
  )
  // It is looked at by whoever stops; a failure before must not count as unhandled.
  all.catch(() => undefined)
  return {
    /** So many further answers. */
    more: async (wanted: number) => {
      const until = answered + wanted
      await Promise.race([all, expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(until)])
    },
    stop: async () => {
      stopped = true
      await all
    },
  }
}

const places: [string, () => TwoHosts, boolean][] = [
  ['two loopback addresses', twoLoopbackHosts, true],
  ['two network namespaces (needs root and iproute2)', twoNamespaces, canMakeNamespaces()],
]

describe.each(places)('two organisations on %s', { timeout: 120_000 }, (_name, place, possible) => {
  it.runIf(possible)('meet by DID, call over TLS, and replace a certificate without a failed call', async () => {
    using hosts = place()
    await using mesh = await meshOfTest()
    const [orga, orgb] = await Promise.all([mesh.prepare('orga'), mesh.prepare('orgb')])
    await Promise.all([startAt(orga, orgb, hosts.a, hosts), startAt(orgb, orga, hosts.b, hosts)])
    expect(orgb.endpoint).toMatch(/^https:/)

    // Nobody vouches for the certificate, so an address alone leads to nobody, and another DID neither.
    const ask = { peerUrls: [orgb.endpoint] }
    expect(await orga.client.discoverPeers(ask)).toMatchObject({
      peers: [],
      faults: [{ reason: expect.stringContaining('--did') }],
    })
    expect((await orga.client.discoverPeers({ ...ask, did: orga.did })).peers).toEqual([])
    const { peers } = await orga.client.discoverPeers({ ...ask, did: orgb.did })
    expect(peers).toMatchObject([{ did: orgb.did }])
    const manifest = peers[0]?.signed.jws ?? ''
    const before = peers[0]?.signed.manifest.tls ?? []
    await orga.client.importRemote({ manifest, as: 'orgb' })

    const first = callers(orga, AGENTS)
    await first.more(50)
    await hansa('tls', 'create', '--host', hosts.b.address, '--replace', '--home', orgb.home)
    process.kill(orgb.pid, 'SIGHUP')
    await expect.poll(() => orgb.logText(), { timeout: 20_000 }).toContain('tls.reloaded')
    // More at a time than connections are open, so that some are opened under the new certificate.
    const second = callers(orga, MORE_AGENTS)
    await second.more(300)
    await Promise.all([first.stop(), second.stop()])

    const { seq, tls: now = [] } = (await orgb.client.advertise()).manifest
    // orga met the new key on a connection and learned it from the manifest that names it.
    const learned = (await entriesOnDisk(orga.logDirectory)).filter(({ type }) => type === 'peer.imported')
    expect(learned.map(({ ext }) => ext?.seq)).toContain(seq)
    expect(now).toEqual([expect.not.stringMatching(before[0] ?? ''), ...before])
    // A session that is opened now is bound to the new key.
    await orga.stop()
    await orga.start()
    expect(await orga.client.invoke('orgb/echo', { text: 'again' })).toMatchObject({ value: { text: 'again' } })

    await orga.stop()
    await orgb.stop()
    const source = ({ did, logDirectory }: NodeProcess) => ({ did, disk: fileLogDisk(logDirectory) })
    const report = await verifyPair(source(orga), source(orgb))
    expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
  })
})
