/**
 * What bad peers do to calls that have nothing to do with them, over real sockets: nothing. Figures are told, and only
 * counts and states are asserted: the machine may be busy.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { httpPeerTransport } from '@hansa/mesh'
import { type AssembledKernel, createKernel } from '@hansa/node'
import {
  type CapabilityManifest,
  type Clock,
  type Did,
  exchangePaths,
  type LogFields,
  type Logger,
  type PeerInfo,
} from '@hansa/protocols'
import { newSeed, type Signer, signerFromSeed, signManifest } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { type Fault, FaultProxy } from '../harness/fault-proxy.ts'
import { freePort } from '../harness/free-port.ts'
import { outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, echo } from '../harness/two-orgs.ts'

const FAULTS = ['dead', 'black_hole', 'half_open', 'drip'] as const
const CALLS = 200
const IN_FLIGHT = 8
const text = { text: 'x' }
const open = { ...echo, limits: { calls_per_minute: 1_000_000, concurrent: 64 } }
const policy = [{ name: 'all', rules: [allow('all', '*', '*')] }]
const reach = { allowPrivate: ['127.0.0.0/8'], policy }

const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

type Line = { event: string; fields: LogFields }

function recorder(lines: Line[]): Logger {
  const note = (event: string, fields: LogFields = {}) => void lines.push({ event, fields })
  return { debug: () => {}, info: note, warn: note, error: note }
}

/** A kernel that serves, behind a proxy that can turn bad. */
async function serving(held: AsyncDisposableStack, asker: Did, proxy?: FaultProxy): Promise<AssembledKernel> {
  const listen = { host: '127.0.0.1', port: await freePort() }
  proxy?.standBefore(listen.port)
  const kernel = held.use(
    await createKernel({ ...reach, listen, ...(proxy && { publicUrl: proxy.url }), name: 'peer' }),
  )
  await kernel.register(open, (args) => args)
  // A newcomer may not ask often.
  const until = Math.floor(Date.now() / 1000) + 86_400
  await kernel.standing.vouch({ who: asker, standing: 700, until, by: 'person:test' })
  return kernel
}

type Figures = { p50: number; p99: number; failed: number }

async function measured(call: () => Promise<unknown>): Promise<Figures> {
  const times: number[] = []
  let [left, failed] = [CALLS, 0]
  const worker = async () => {
    while (left-- > 0) {
      const started = performance.now()
      if ((await outcomeOf(call())) !== 'released') failed += 1
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  times.sort((a, b) => a - b)
  const at = (part: number) => Math.round((times[Math.floor(times.length * part)] ?? 0) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), failed }
}

const memoryMiB = () => Math.round(process.memoryUsage().rss / 1_048_576)
const aliasOf = (fault: Fault) => fault.replace('_', '-')

/** Manifests under one key, for a place that says whatever it likes. */
function manifests(signer: Signer, url: string, of: CapabilityManifest) {
  const now = Math.floor(Date.now() / 1000)
  return (seq: number, name: string) =>
    signManifest(signer, {
      ...{ v: 1, kernel_id: signer.did, seq, prev: null, iat: now, exp: now + 3_600, name },
      ...{
        endpoints: [{ proto: 'hansa-http/1', url }],
        logs: of.logs,
        policy: of.policy,
        capabilities: of.capabilities,
      },
    }).jws
}

describe('peers that are dead, black holes, half open, slow, flooding, replaying, an hour off, too large, or lying', () => {
  it('hurt no call between others and none of this kernel, and are named with what they did', async () => {
    await using held = new AsyncDisposableStack()
    const lines: Line[] = []
    const hub = held.use(
      await createKernel({ ...reach, listen: { host: '127.0.0.1', port: 0 }, logger: recorder(lines), name: 'hub' }),
    )
    await hub.register({ ...open, id: 'own' }, (args) => args)
    const good = await serving(held, hub.did)
    await hub.importRemote({ manifest: await good.advertise(), as: 'good' })
    const proxies = new Map<Fault, FaultProxy>()
    for (const fault of FAULTS) {
      const proxy = held.use(await FaultProxy.create())
      const kernel = await serving(held, hub.did, proxy)
      proxies.set(fault, proxy)
      await hub.importRemote({ manifest: await kernel.advertise(), as: aliasOf(fault) })
      expect(await outcomeOf(hub.invoke(`${aliasOf(fault)}/echo`, text)), fault).toBe('released')
    }
    const toGood = () => hub.invoke('good/echo', text)
    const toOwn = () => hub.invoke('own', text)
    await measured(toGood)
    const before = { good: await measured(toGood), own: await measured(toOwn), memory: memoryMiB() }

    for (const [fault, proxy] of proxies) await proxy.turn(fault)
    const rogue = await against(held, hub, newSeed())
    const recorded = await rogue.body({ cap: 'own' })
    const ended = new AbortController()
    const outcomes = new Map<Fault, Map<string, number>>()
    const load = [
      ...FAULTS.map((fault) => callOnAndOn(hub, fault, outcomes, ended.signal)),
      onAndOn(ended.signal, () => rogue.call({ cap: 'own' })),
      onAndOn(ended.signal, () => rogue.send(exchangePaths.call, recorded)),
      onAndOn(ended.signal, () => rogue.send(exchangePaths.call, Buffer.alloc(100_000, 'x'))),
    ]
    // Whatever fails below: nobody calls on when the kernels are gone.
    held.defer(async () => {
      ended.abort()
      await Promise.all(load)
    })
    const offs = await outcomeOfOpening(against(held, hub, newSeed(), 3_600_000))
    const cutOff = async () => (await hub.peers()).filter(({ link }) => link !== undefined)
    await expect.poll(async () => (await cutOff()).length, { timeout: 25_000 }).toBe(FAULTS.length)
    const during = { good: await measured(toGood), own: await measured(toOwn), memory: memoryMiB() }
    // Refused at once, so that there are many of them; the others cost their deadline, and there are a few.
    const refusedAtOnce = () => Math.min(...FAULTS.map((fault) => outcomes.get(fault)?.get('busy') ?? 0))
    await expect.poll(refusedAtOnce, { timeout: 25_000 }).toBeGreaterThan(50)
    ended.abort()
    await Promise.all(load)

    expect([before, during].flatMap(({ good: a, own }) => [a.failed, own.failed])).toEqual([0, 0, 0, 0])
    expect(offs).toContain('clock_skew')
    for (const fault of FAULTS) {
      const peer = (await hub.peers()).find(({ alias }) => alias === aliasOf(fault))
      expect(peer?.link?.reason, fault).toMatch(/exchanges/)
      expect(lines.filter(({ event, fields }) => event === 'peer.cut_off' && fields.peer === peer?.did)).toHaveLength(1)
    }
    expect((await hub.peers()).find(({ alias }) => alias === 'good')?.link).toBeUndefined()
    const shown = (fault: Fault) => [...(outcomes.get(fault) ?? [])].map(([code, n]) => `${n} ${code}`).join(', ')
    process.stdout.write(
      [
        'calls, ms               p50    p99      beside bad peers p50    p99',
        row('to a healthy peer', before.good, during.good),
        row('of its own', before.own, during.own),
        `memory ${before.memory} MiB, beside bad peers ${during.memory} MiB`,
        ...FAULTS.map((fault) => `calls to ${fault}: ${shown(fault)}`),
        ...(await cutOff()).map(({ alias, link }: PeerInfo) => `${alias} ${link?.state}: ${link?.reason}`),
        '',
      ].join('\n'),
    )
  }, 120_000)

  it('that send manifests of ten megabytes, or lie about their number, are refused and named', async () => {
    await using held = new AsyncDisposableStack()
    const hub = held.use(await createKernel(reach))
    const good = await serving(held, hub.did)
    const signer = signerFromSeed(newSeed())
    let shown: string | Buffer = Buffer.alloc(10 * 1_048_576, 'x')
    const server = createServer((_request, response) => void response.end(shown))
    held.defer(() => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { peers, faults } = await hub.discoverPeers({ peerUrls: [origin] })
    expect(peers).toEqual([])
    expect(faults).toMatchObject([{ reason: expect.stringContaining('262144') }])

    const signed = manifests(signer, origin, (await good.advertise()).manifest)
    const now = Math.floor(Date.now() / 1000)
    await hub.importRemote({ manifest: signed(now, 'first'), as: 'liar' })
    const stateOf = async () => (await hub.peers())[0]?.state
    shown = signed(now - 10, 'older')
    expect(await outcomeOf(hub.refresh('liar'))).not.toBe('released')
    expect(await stateOf()).toBe('ok')
    // Two manifests of one number are a lie that anybody can check: nothing goes there any more.
    shown = signed(now, 'second')
    expect(await outcomeOf(hub.refresh('liar'))).not.toBe('released')
    await expect.poll(stateOf).toBe('blocked')
    expect(await outcomeOf(hub.invoke('liar/echo', text))).toBe('descriptor_mismatch')
  })
})

/** A stranger with a session at the hub. */
async function against(held: AsyncDisposableStack, hub: AssembledKernel, seed: Uint8Array, offsetMs = 0) {
  const transport = held.use(httpPeerTransport({ allowPrivate: ['127.0.0.0/8'] }))
  const clock = { ...systemClock, now: () => systemClock.now() + offsetMs }
  const { capabilities } = (await hub.advertise()).manifest
  const victim = { did: hub.did, endpoint: hub.endpoint ?? '', transport, clock, capabilities }
  return RoguePeer.against(victim, signerFromSeed(seed))
}

async function outcomeOfOpening(opening: Promise<unknown>): Promise<string> {
  return opening.then(
    () => 'opened',
    (error: Error) => error.message,
  )
}

async function onAndOn(ended: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  // What fails at once must not keep timers from running.
  while (!ended.aborted) await act().catch(() => new Promise((next) => setImmediate(next)))
}

/** Four agents of the hub that call one bad peer, as fast as they are answered, up to a hundred times a second. */
async function callOnAndOn(
  hub: AssembledKernel,
  fault: Fault,
  outcomes: Map<Fault, Map<string, number>>,
  ended: AbortSignal,
): Promise<void> {
  const counts = new Map<string, number>()
  outcomes.set(fault, counts)
  const agent = async (name: number) => {
    const options = { principal: `agent:unlucky-${name}`, deadlineMs: 1_500 }
    await onAndOn(ended, async () => {
      const outcome = await outcomeOf(hub.invoke(`${aliasOf(fault)}/echo`, text, options))
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      await new Promise<void>((next) => void systemClock.after(40, next))
    })
  }
  await Promise.all(Array.from({ length: 4 }, (_, name) => agent(name)))
}

function row(what: string, before: Figures, during: Figures): string {
  const figure = (value: number) => String(value).padStart(6)
  return `${what.padEnd(20)} ${figure(before.p50)} ${figure(before.p99)}                    ${figure(during.p50)} ${figure(during.p99)}`
}
