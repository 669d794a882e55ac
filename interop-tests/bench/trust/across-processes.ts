/**
 * What takes two nodes to measure, each a process of its own as `hansa up` runs it: a handshake, and how long a
 * connected kernel goes on accepting what another one has taken back.
 */
import { httpPeerTransport } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import { newSeed, signerFromSeed } from '@hansa/trust'
import type { NodeProcess } from '../../harness/node-process.ts'
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { RoguePeer, type Victim } from '../../harness/rogue-peer.ts'
import { percentile } from '../measure/percentile.ts'
import type { OperationRow } from '../report/bench-report.ts'

const OPERATOR = 'person:bench'
/** Calls under the link that are on their way at the same time while it is revoked. */
const CALLERS = 4
/** Milliseconds after which a revocation that is not heeded is a fault. */
const PATIENCE_MS = 10_000
/** Milliseconds that they go on after the first refusal: whatever was accepted late is seen. */
const LINGER_MS = 50

export type AcrossInit = { handshakes: number; revocations: number; progress(name: string): void }

export async function acrossProcesses({ handshakes, revocations, progress }: AcrossInit): Promise<OperationRow[]> {
  await using mesh = await ProcessMesh.create()
  const invoker = signerFromSeed(newSeed())
  const [owner, giver] = [await mesh.prepare('owner'), await mesh.prepare('giver')]
  const trusted = [giver.did, invoker.did].map((did) => ({ did, standing: 750, delegation: true }))
  const files = { 'billing.mjs': billing }
  const config = { capabilities: [{ module: { path: 'billing.mjs' } }], peers: trusted, log_level: 'warn' }
  await owner.configure({ config, policy: underChain, files })
  await giver.configure({ config: { log_level: 'warn' } })
  await Promise.all([owner.start(), giver.start()])
  const manifest = await owner.client.advertise()
  await giver.client.importRemote({ manifest: manifest.jws, as: 'owner' })
  const victim: Victim = {
    did: owner.did,
    endpoint: owner.endpoint,
    transport: httpPeerTransport({ allowPrivate: ['127.0.0.0/8'] }),
    clock,
    capabilities: manifest.manifest.capabilities,
  }
  progress('a handshake')
  const rows = [await handshakeRow(victim, handshakes)]
  progress('a revocation')
  return [...rows, ...(await revocationRows(owner, giver, await RoguePeer.against(victim, invoker), revocations))]
}

/** Each under a DID that was never seen: the keys of both are looked at, manifest, log and revocations exchanged. */
async function handshakeRow(victim: Victim, times: number): Promise<OperationRow> {
  await RoguePeer.against(victim, signerFromSeed(newSeed()))
  const eachUs: number[] = []
  for (let time = 0; time < times; time++) {
    const signer = signerFromSeed(newSeed())
    const before = performance.now()
    await RoguePeer.against(victim, signer)
    eachUs.push((performance.now() - before) * 1000)
  }
  return row('handshake between two processes, with a kernel never seen', eachUs)
}

async function revocationRows(
  owner: NodeProcess,
  giver: NodeProcess,
  invoker: RoguePeer,
  times: number,
): Promise<OperationRow[]> {
  const exp = Math.floor(Date.now() / 1000) + 3_600
  const cmd = '/billing/list'
  const given = { cmd, exp, by: OPERATOR }
  const root = await owner.client.operator.delegations.delegate({ ...given, to: giver.did, dep: 1 })
  await giver.client.operator.delegations.add({ chain: root.chain, by: OPERATOR })
  const answeredUs: number[] = []
  const lastUs: number[] = []
  const afterUs: number[] = []
  for (let time = 0; time < times; time++) {
    const link = await giver.client.operator.delegations.delegate({ ...given, to: invoker.signer.did, from: root.id })
    const { asked, answered, last } = await revokeUnderCalls(giver, invoker, link.id, link.chain.split('\n'))
    answeredUs.push((answered - asked) * 1000)
    lastUs.push((last - asked) * 1000)
    afterUs.push((last - answered) * 1000)
  }
  const answer = row('revocation: asked for, until the operator has the answer', answeredUs)
  const after = row('revocation: from the answer to that last call; below zero, it came before', afterUs)
  return [
    answer,
    row('revocation: asked for, until the last call that a connected kernel accepted', lastUs),
    // A difference of times has no rate of its own.
    { ...after, perSecond: answer.perSecond },
  ]
}

/** When it was asked for, when it was answered, and when the last call that was accepted had its answer, milliseconds. */
async function revokeUnderCalls(giver: NodeProcess, invoker: RoguePeer, hash: string, chain: readonly string[]) {
  const needed = CALLERS * 3
  let [last, accepted] = [0, 0]
  let end = performance.now() + PATIENCE_MS
  let refused: string | undefined
  const warm = Promise.withResolvers<void>()
  const call = async () => {
    while (performance.now() < end) {
      const { receipt, code } = await invoker.call({ cap: 'billing.list', args: {}, chain })
      if (receipt?.status === 'ok') {
        last = performance.now()
        accepted += 1
        if (accepted === needed) warm.resolve()
      } else if (refused === undefined) {
        refused = receipt?.code ?? code ?? 'refused'
        end = performance.now() + LINGER_MS
      }
    }
    if (accepted < needed) warm.reject(new Error(`a call under a good chain is not accepted: ${refused}`))
  }
  const calls = Promise.all(Array.from({ length: CALLERS }, call))
  await warm.promise
  const asked = performance.now()
  await giver.client.operator.revoke({ kind: 'delegation', what: hash, reason: 'the bench takes it back' })
  const answered = performance.now()
  await calls
  if (refused === undefined) throw new Error(`a link that was revoked is good for ${PATIENCE_MS / 1000} s and longer`)
  return { asked, answered, last }
}

function row(name: string, eachUs: readonly number[]): OperationRow {
  const sorted = [...eachUs].sort((a, b) => a - b)
  const meanUs = sorted.reduce((sum, us) => sum + us, 0) / sorted.length
  return { name, perSecond: 1e6 / meanUs, p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) }
}

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

const billing = `
const input = { type: 'object', additionalProperties: false, properties: {} }
const limits = { calls_per_minute: 10000000, concurrent: 64 }
export const capabilities = [
  { definition: { id: 'billing.list', safety: 'READ', input, output: input, limits }, handler: () => ({}) },
]
`

const underChain = `version: 1
rules:
  - { id: only-under-a-chain, effect: allow, subject: "*", action: "*", resource: "billing.*", when: delegation.present }
`
