/** Two organisations of two kernels each, as processes, and a kernel of nobody's that does on the wire whatever it likes. */
import { join } from 'node:path'
import { httpPeerTransport } from '@hansa/mesh'
import type { Clock, PeerTransport } from '@hansa/protocols'
import {
  didKeyResolver,
  didLogKeyResolver,
  firstOf,
  newSeed,
  type Signer,
  signerFromSeed,
  verifyWebvhLog,
} from '@hansa/trust'
import { hansa, type NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import { RoguePeer } from '../../harness/rogue-peer.ts'
import type { Story } from '../story.ts'
import type { TrustReport } from './trust-report.ts'

export const members = ['orgb', 'orgb-desk', 'orga', 'orga-clerk'] as const
export type Member = (typeof members)[number]

export type TrustWorld = {
  directory: string
  nodes: Record<Member, NodeProcess>
  /** Whose key mallory has: her own. */
  mallory: Signer
  transport: PeerTransport
  story: Story
  report: TrustReport
}

/** What orgb lets be done: its invoices, by whoever comes with a chain that it or its desk has begun. */
const billing = `
const input = {
  type: 'object', additionalProperties: false, required: ['tenant'],
  properties: { tenant: { type: 'string' }, number: { type: 'integer' } },
}
const rows = { type: 'array', items: { type: 'object', additionalProperties: true } }
const output = { type: 'object', additionalProperties: false, required: ['invoices'], properties: { invoices: rows } }
const limits = { calls_per_minute: 100000, concurrent: 64 }
const invoices = [{ number: 4711, amount: 'NOK 214.00' }, { number: 4712, amount: 'NOK 98.50' }]
export const capabilities = [
  { definition: { id: 'billing.invoice.list', safety: 'READ', input, output, limits }, handler: () => ({ invoices }) },
  { definition: { id: 'billing.invoice.write', safety: 'WRITE', input, output, limits }, handler: () => ({ invoices: [] }) },
  { definition: { id: 'billing.ledger', safety: 'READ', input, output, limits }, handler: () => ({ invoices: [] }) },
]
`

const underChain = `version: 1
rules:
  - { id: only-under-a-chain, effect: allow, subject: "*", action: "*", resource: "billing.*", when: delegation.present }
`
const ofOwnAgents =
  'version: 1\nrules:\n  - { id: own-agents, effect: allow, subject: "agent:*", action: "*", resource: "*" }\n'

/** Standing from which a kernel may pass on what it was given. */
const PARTNER = 750

export async function openTrustWorld(mesh: ProcessMesh, story: Story, report: TrustReport): Promise<TrustWorld> {
  story.doing('starting four nodes')
  const made = await Promise.all(members.map((name) => mesh.prepare(name, name === 'orgb' ? 'webvh' : 'key')))
  const nodes = Object.fromEntries(members.map((name, at) => [name, made[at]])) as TrustWorld['nodes']
  const mallory = signerFromSeed(newSeed())
  const did = (name: Member) => nodes[name].did
  const partners = [did('orga'), did('orga-clerk'), mallory.did].map((partner) => ({
    did: partner,
    standing: PARTNER,
    delegation: true,
  }))
  await nodes.orgb.configure({
    config: {
      capabilities: [{ module: { path: 'billing.mjs' } }],
      identity: { announce_seconds: 12 },
      peers: [{ did: did('orgb-desk'), same_owner: true }, ...partners],
      log_level: 'warn',
    },
    policy: underChain,
    files: { 'billing.mjs': billing },
  })
  for (const name of ['orgb-desk', 'orga', 'orga-clerk'] as const) {
    const peers = [{ did: did('orgb'), alias: 'orgb', delegation: true, standing: PARTNER }]
    await nodes[name].configure({ config: { peers, log_level: 'warn' }, policy: ofOwnAgents })
  }
  await Promise.all(members.map((name) => nodes[name].start()))
  const manifest = (await nodes.orgb.client.advertise()).jws
  for (const name of ['orgb-desk', 'orga', 'orga-clerk'] as const)
    await nodes[name].client.importRemote({ manifest, as: 'orgb', trustPolicy: 'most_restrictive' })
  const transport = httpPeerTransport({ allowPrivate: ['127.0.0.0/8'] })
  return { directory: mesh.directory, nodes, mallory, transport, story, report }
}

/** Runs a command at a node, and shows it as its operator types it. */
export async function at(world: TrustWorld, name: Member, ...args: string[]): Promise<string> {
  world.story.command(`${name}: hansa ${args.map((arg) => shown(world, arg)).join(' ')}`)
  return await hansa(...args, '--home', world.nodes[name].home)
}

/** Names instead of identifiers, files instead of their directories. */
function shown({ nodes, directory, mallory }: TrustWorld, arg: string): string {
  const named = members.reduce(
    (text, name) => text.replaceAll(nodes[name].did, name),
    arg.replace(mallory.did, 'mallory'),
  )
  const short = named.replaceAll(`${directory}/`, '')
  return /[\s"*]/.test(short) ? `'${short}'` : short
}

export function fileOf({ directory }: TrustWorld, name: string): string {
  return join(directory, name)
}

/** A session of mallory with orgb: a real one, under her own name. */
export async function malloryAtOrgb({ nodes: { orgb }, mallory, transport }: TrustWorld): Promise<RoguePeer> {
  const { capabilities } = (await orgb.client.advertise()).manifest
  const { did, endpoint } = orgb
  const path = '/.well-known/did.jsonl'
  const { body } = await transport.send({ endpoint, path, method: 'GET', maxReplyBytes: 1_000_000 })
  const verdict = verifyWebvhLog({ did, log: body, now: Math.floor(clock.now() / 1000) })
  if (!verdict.ok) throw new Error(`the identity of orgb: ${verdict.reason}`)
  const resolver = firstOf(didKeyResolver(), didLogKeyResolver([verdict.log]))
  return await RoguePeer.against({ did, endpoint, transport, clock, capabilities, resolver }, mallory)
}

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
