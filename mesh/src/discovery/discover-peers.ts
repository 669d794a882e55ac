/**
 * Asks every URL and the registry for manifests at the same time, verifies each, and returns what was found beside the
 * reason for each source that failed (security.md B2, B11). One bad source never spoils another.
 *
 * What a source says is only where to look: who a kernel is, what it offers and how new that is comes from the signature.
 */
import { setImmediate } from 'node:timers/promises'
import {
  type CapabilityManifest,
  type Clock,
  type Did,
  type DiscoveredPeer,
  type DiscoverInit,
  type Discovery,
  type DiscoveryChannel,
  type DiscoveryFault,
  MAX_MANIFEST_BYTES,
  type SignedManifest,
} from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import { fetchFaultToCode } from '../fetch/fault-code.ts'
import type { FetchedOverAny, GuardedFetch } from '../fetch/guarded-fetch.ts'
import { ExchangeStopped } from '../fetch/network-fault.ts'
import { inParallel } from '../in-parallel.ts'
import { checkPeerManifest, equivocated, type ManifestMemory, rememberManifest } from '../peers/verify-peer-manifest.ts'
import { type RegistryClient, registryClient } from '../registry/registry-client.ts'
import type { RegistryMemory } from '../registry/registry-memory.ts'
import { withTimeLimit } from '../time-limit.ts'
import { certificateFault } from '../transport/certificate-fault.ts'
import type { ShownCertificate } from '../transport/certificate-key.ts'
import { manifestUrl } from './manifest-url.ts'

export type DiscoverPeersComponents = {
  fetch: GuardedFetch
  resolver: KeyResolver
  clock: Clock
  memory: ManifestMemory
  /** What is remembered of registries. @default nothing is */
  registries?: RegistryMemory
  /** What is held here of the mesh. @default nothing */
  mesh?: { manifests(did?: Did): Iterable<string> } | undefined
  /** This kernel itself, which is never a peer. */
  self?: Did
}

/** URLs of one discovery; the rest are faults. */
export const MAX_PEER_URLS = 256
/** Registries of one discovery. */
const MAX_REGISTRIES = 16
/** Manifests that are held here and looked at: each is verified once more. A search finds them among all. */
const MAX_HELD = 1_000
/** Fetches at the same time. */
const CONCURRENCY = 16
/** For the whole discovery, milliseconds; what has not answered by then is a fault. */
const TOTAL_TIME_MS = 15_000

/** How much longer registries are waited for once one of them has answered, milliseconds: what it lists is then a little older. */
const GRACE_MS = 1_000

const tooLate = new ExchangeStopped('timeout', `it did not answer within ${TOTAL_TIME_MS / 1000} s`)

type Candidate = { source: string; by: DiscoveryChannel; jws: string; certificate?: ShownCertificate }
type Found = { source: string; by: DiscoveryChannel; signed: SignedManifest }
/** What one question to one source brought. */
type Answer = { candidates: Candidate[]; faults: DiscoveryFault[] }

/** The signal of `init`, when aborted, ends the wait like the clock does. */
export function discoverPeers(components: DiscoverPeersComponents): (init?: DiscoverInit) => Promise<Discovery> {
  const limit = { clock: components.clock, limitMs: TOTAL_TIME_MS, tooLate }
  return (init = {}) => withTimeLimit({ ...limit, outer: init.signal }, (signal) => discover(components, init, signal))
}

async function discover(
  components: DiscoverPeersComponents,
  init: DiscoverInit,
  signal: AbortSignal,
): Promise<Discovery> {
  const urls = [...new Set(init.peerUrls ?? [])]
  const tooMany = urls
    .slice(MAX_PEER_URLS)
    .map((url) => fault(url, 'invalid_request', `more than ${MAX_PEER_URLS} URLs were given; this one was not asked`))
  const questions = urls.slice(0, MAX_PEER_URLS).map((url) => () => askUrl(components, url, init, signal))
  const registries = new Set([
    ...(init.registryUrl === undefined ? [] : [init.registryUrl]),
    ...(init.registryUrls ?? []),
  ])
  const first = firstAnswer(components.clock, signal)
  for (const url of [...registries].slice(0, MAX_REGISTRIES))
    questions.push(() => first.among(() => askRegistry(components, url, init, first.signal)))
  const answers = await inParallel(questions, CONCURRENCY)
  first.done()
  // Whoever names a place wants what is there.
  const held = urls.length > 0 ? [] : heldOf(components, init)
  const asked = answers.flatMap(({ candidates }) => candidates)
  const verified = await verifyAll(components, [...asked, ...held], init.did)
  const merged = mergeByKernel(verified.found)
  for (const { did, signed } of merged.peers) await rememberManifest(components, did, signed)
  return {
    peers: merged.peers.filter(({ did, signed }) => did !== components.self && isWanted(signed.manifest, init)),
    faults: [...tooMany, ...answers.flatMap(({ faults }) => faults), ...verified.faults, ...merged.faults],
  }
}

const outrun = new ExchangeStopped('timeout', `another registry had answered ${GRACE_MS / 1000} s before`)

/** Ends what is asked of others some time after the first good answer: a registry that is away holds nobody up. */
function firstAnswer(clock: Clock, outer: AbortSignal) {
  const late = new AbortController()
  let cancel: (() => void) | undefined
  return {
    signal: AbortSignal.any([outer, late.signal]),
    async among(ask: () => Promise<Answer>): Promise<Answer> {
      const answer = await ask()
      if (answer.faults.length === 0) cancel ??= clock.after(GRACE_MS, () => late.abort(outrun))
      if (!late.signal.aborted) return answer
      return { ...answer, faults: answer.faults.map((one) => ({ ...one, reason: outrun.message })) }
    },
    done: () => cancel?.(),
  }
}

async function askUrl(
  { fetch }: DiscoverPeersComponents,
  source: string,
  { did }: DiscoverInit,
  signal: AbortSignal,
): Promise<Answer> {
  const bounds = { maxBytes: MAX_MANIFEST_BYTES, signal }
  const url = manifestUrl(source)
  const fetched: FetchedOverAny = await (did === undefined
    ? fetch.get(url, bounds)
    : fetch.getOverAnyCertificate(url, bounds))
  if (!fetched.ok) return { candidates: [], faults: [fault(source, fetchFaultToCode[fetched.code], fetched.reason)] }
  if (fetched.status !== 200)
    return { candidates: [], faults: [fault(source, 'remote_refused', `the answer has status ${fetched.status}`)] }
  // A compact JWS is ASCII; anything else fails its verification.
  const jws = Buffer.from(fetched.body).toString('latin1').trim()
  const { certificate } = fetched
  const candidate = { source, by: 'peer_url', jws, ...(certificate === undefined ? {} : { certificate }) } as const
  return { candidates: [candidate], faults: [] }
}

async function askRegistry(
  { fetch, registries }: DiscoverPeersComponents,
  registryUrl: string,
  { capability, tag }: DiscoverInit,
  signal: AbortSignal,
): Promise<Answer> {
  const filter = { ...(capability === undefined ? {} : { capability }), ...(tag === undefined ? {} : { tag }) }
  const client = registryClient({ fetch, baseUrl: registryUrl })
  const [listed, caught] = await Promise.all([
    client.list(filter, signal),
    registryFault(registries, registryUrl, client, signal),
  ])
  if (caught !== undefined) return { candidates: [], faults: [fault(registryUrl, 'remote_refused', caught)] }
  const candidates = listed.listings.map(
    ({ manifest }) => ({ source: registryUrl, by: 'registry', jws: manifest }) as const,
  )
  const faults = listed.fault === undefined ? [] : [fault(registryUrl, listed.fault.code, listed.fault.reason)]
  return { candidates, faults }
}

/** @returns why nothing that the registry lists is looked at. */
export async function registryFault(
  registries: RegistryMemory | undefined,
  url: string,
  client: RegistryClient,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (registries === undefined) return undefined
  const advanced = await registries.advance(url, client, signal)
  if (advanced.ok) return undefined
  if ('kind' in advanced) return `it is not asked any more: ${advanced.reason}`
  // Without a log it is an older one; once it has shown one, it cannot do without.
  return (await registries.head(url)) === undefined
    ? undefined
    : `it does not show its log any more: ${advanced.reason}`
}

/** @returns what is held here; nobody is asked. */
function heldOf({ mesh }: DiscoverPeersComponents, { did }: DiscoverInit): Candidate[] {
  const held: Candidate[] = []
  for (const jws of mesh?.manifests(did) ?? []) {
    if (held.length >= MAX_HELD) break
    held.push({ source: 'mesh', by: 'mesh', jws })
  }
  return held
}

/** Against what was known before this discovery: a source that lags behind another one of today is not a rollback. */
async function verifyAll(components: DiscoverPeersComponents, candidates: readonly Candidate[], expected?: Did) {
  const found: Found[] = []
  const faults: DiscoveryFault[] = []
  for (const { source, by, jws, certificate } of candidates) {
    // A thousand manifests take a second of processor time; calls go between two of them.
    await setImmediate()
    // Other kernels of a registry are passed over; who answers at a URL has to be the one that is wanted.
    const verdict = await checkPeerManifest(components, jws, by === 'peer_url' ? expected : undefined)
    const wrong =
      verdict.ok && expected !== undefined ? certificateFault(verdict.signed.manifest, certificate) : undefined
    if (!verdict.ok) faults.push(fault(source, verdict.code, verdict.reason))
    else if (wrong !== undefined) faults.push(fault(source, 'identity_unavailable', wrong))
    else found.push({ source, by, signed: verdict.signed })
  }
  return { found, faults }
}

function mergeByKernel(found: readonly Found[]): Discovery {
  const peers: DiscoveredPeer[] = []
  const faults: DiscoveryFault[] = []
  for (const [did, ofKernel] of Map.groupBy(found, ({ signed }) => signed.manifest.kernel_id)) {
    const sources = [...new Set(ofKernel.map(({ source }) => source))]
    const twice = equivocation(ofKernel)
    if (twice === undefined)
      peers.push({ did, signed: newest(ofKernel), by: [...new Set(ofKernel.map(({ by }) => by))], sources })
    else faults.push(fault(sources.join(', '), 'discovery_conflict', equivocated(did, twice)))
  }
  return { peers, faults }
}

/** @returns a number under which the kernel has signed two different manifests. */
function equivocation(ofKernel: readonly Found[]): number | undefined {
  const hashes = new Map<number, string>()
  for (const { signed } of ofKernel) {
    const { seq } = signed.manifest
    if ((hashes.get(seq) ?? signed.hash) !== signed.hash) return seq
    hashes.set(seq, signed.hash)
  }
  return undefined
}

function newest(ofKernel: readonly Found[]): SignedManifest {
  return ofKernel
    .map(({ signed }) => signed)
    .reduce((best, next) => (next.manifest.seq > best.manifest.seq ? next : best))
}

/** The registry was asked the same, and is not believed. */
function isWanted({ kernel_id, capabilities }: CapabilityManifest, { did, capability, tag }: DiscoverInit): boolean {
  if (did !== undefined && kernel_id !== did) return false
  const offers = capability === undefined || capabilities.some(({ id }) => id === capability)
  const tagged =
    tag === undefined || capabilities.some(({ tags, sensitivity }) => [...tags, ...sensitivity].includes(tag))
  return offers && tagged
}

function fault(source: string, code: DiscoveryFault['code'], reason: string): DiscoveryFault {
  return { source, code, reason }
}
