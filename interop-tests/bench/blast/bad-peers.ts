/**
 * A process of the bench: kernels that flood, replay, are an hour off, send ten megabytes for a manifest or lie about its
 * number, and agents of the hub that go on calling peers which do not answer.
 */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setPriority } from 'node:os'
import { httpPeerTransport } from '@hansa/mesh'
import { type Clock, type Did, exchangePaths, type SignedManifest } from '@hansa/protocols'
import { connect, type NodeClient } from '@hansa/sdk'
import { newSeed, signerFromSeed, signManifest } from '@hansa/trust'
import { outcomeOf } from '../../harness/outcome.ts'
import { RoguePeer } from '../../harness/rogue-peer.ts'
import { answerParent } from '../measure/answer-parent.ts'
import { flood } from './flood.ts'
import { moveTo } from './processors.ts'

export type Hub = { did: Did; endpoint: string; control: string; tokenFile: string; manifest: SignedManifest }
export type BadPeersInit = { hub: Hub /** Aliases of peers that do not answer. */; silent: readonly string[] }
/** By what was done, and by what came of it, how often. */
export type Outcomes = Record<string, Record<string, number>>

const HOUR_MS = 3_600_000
const AGENTS = 4
/** Between two calls of one agent, milliseconds. */
const PAUSE_MS = 40
/** Requests a second of each kind of flood: more than one caller that waits for its answers could make. */
const FLOODS = { calls: 800, large: 600, replays: 1_000 }
const LARGE_BYTES = 100_000
/** Of all priorities the lowest. */
const NICE = 19

const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
const pause = (ms: number) => new Promise<void>((next) => void systemClock.after(ms, next))

const outcomes: Outcomes = {}
const ended = new AbortController()
let running: Promise<unknown> = Promise.resolve()

async function onAndOn(name: string, pauseMs: number, act: () => Promise<string>): Promise<void> {
  const counts: Record<string, number> = {}
  outcomes[name] = counts
  while (!ended.signal.aborted) {
    const outcome = await act().catch((error: Error) => error.message.slice(0, 60))
    counts[outcome] = (counts[outcome] ?? 0) + 1
    await pause(pauseMs)
  }
}

function rogueAt({ did, endpoint, manifest }: Hub, offsetMs: number): Promise<RoguePeer> {
  const clock = { ...systemClock, now: () => systemClock.now() + offsetMs }
  const transport = httpPeerTransport({ allowPrivate: ['127.0.0.0/8'] })
  const { capabilities } = manifest.manifest
  return RoguePeer.against({ did, endpoint, transport, clock, capabilities }, signerFromSeed(newSeed()))
}

/** Serves whatever is shown at the moment as its manifest. */
async function place() {
  const shown: { body: string | Buffer } = { body: '' }
  const server = createServer((_request, response) => void response.end(shown.body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { shown, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Imports a kernel that then shows an older manifest, and another one of the same number. */
async function liar(client: NodeClient, { manifest: { manifest } }: Hub): Promise<() => Promise<string>> {
  const { shown, url } = await place()
  const signer = signerFromSeed(newSeed())
  const now = Math.floor(Date.now() / 1000)
  const said = (seq: number, name: string) =>
    signManifest(signer, {
      ...{ v: 1, kernel_id: signer.did, seq, prev: null, iat: now, exp: now + 3_600, name },
      ...{ endpoints: [{ proto: 'hansa-http/1', url }], logs: manifest.logs, policy: manifest.policy },
      capabilities: manifest.capabilities,
    }).jws
  const imported = await client.importRemote({ manifest: said(now, 'first'), as: 'liar' })
  let turn = 0
  return () => {
    turn += 1
    shown.body = turn % 2 === 0 ? said(now, 'second') : said(now - 10, 'older')
    return outcomeOf(imported.refresh())
  }
}

async function begin({ hub, silent }: BadPeersInit): Promise<void> {
  const client = await connect(hub.control, { tokenFile: hub.tokenFile })
  const rogue = await rogueAt(hub, 0)
  const replayed = await rogue.body({ cap: 'own' })
  const large = await place()
  large.shown.body = Buffer.alloc(10 * 1_048_576, 'x')
  const lie = await liar(client, hub)
  const floodOf = async (name: string, perSecond: number, body: () => Uint8Array | Promise<Uint8Array>) => {
    outcomes[name] = await flood({ url: hub.endpoint, path: exchangePaths.call, perSecond, body }, ended.signal)
  }
  const agents = silent.flatMap((alias) =>
    Array.from({ length: AGENTS }, (_, name) => {
      const options = { principal: `agent:unlucky-${name}`, deadlineMs: 1_500 }
      const call = () => outcomeOf(client.invoke(`${alias}/echo`, { text: 'x' }, options))
      return onAndOn(`calls to ${alias}, agent ${name}`, PAUSE_MS, call)
    }),
  )
  running = Promise.all([
    ...agents,
    floodOf('floods with calls', FLOODS.calls, () => rogue.body({ cap: 'own' })),
    floodOf('floods with what is too large', FLOODS.large, () => Buffer.alloc(LARGE_BYTES, 'x')),
    floodOf('replays one call', FLOODS.replays, () => replayed),
    onAndOn('is an hour off', 50, () => rogueAt(hub, HOUR_MS).then(() => 'has a session')),
    onAndOn('shows a manifest of 10 MB', 250, async () => {
      const { faults } = await client.discoverPeers({ peerUrls: [large.url] })
      return faults[0]?.code ?? 'found'
    }),
    onAndOn('lies about its number', 250, lie),
  ])
}

const [own] = process.argv.slice(2)
if (own !== undefined) moveTo(own)

// Where they have no processor of their own they get what the others leave. On Linux each thread has its own priority.
for (const thread of process.platform === 'linux' ? readdirSync('/proc/self/task') : ['0'])
  setPriority(Number(thread), NICE)

answerParent({
  begin,
  async end(): Promise<Outcomes> {
    ended.abort()
    await running
    return outcomes
  },
})
