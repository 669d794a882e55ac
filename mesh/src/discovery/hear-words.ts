/**
 * Asks every discovery channel for one kernel, each by itself, so that their words can be compared: the place that an
 * operator named, registries, what neighbours have brought, the DHT, the LAN. What does not verify is no word, and who is
 * silent says nothing.
 */
import { type ChannelWord, type Did, HTTP_ENDPOINT_PROTO, type SignedManifest } from '@hansa/protocols'
import type { SignedPointer } from '@hansa/trust'
import type { FoundPointers } from '../dht/pointer-directory.ts'
import { inParallel } from '../in-parallel.ts'
import { checkPeerManifest, type ManifestMemory } from '../peers/verify-peer-manifest.ts'
import { registryClient } from '../registry/registry-client.ts'
import { signedOf } from '../replica/local-replica.ts'
import { readClaim } from '../replica/read-record.ts'
import type { Replica } from '../replica/replica.ts'
import { type DiscoverPeersComponents, discoverPeers, registryFault } from './discover-peers.ts'
import type { HeardWord } from './judge-words.ts'

export type HearWordsComponents = Omit<DiscoverPeersComponents, 'mesh'> & {
  /** What is held of the mesh. */
  replica: Pick<Replica, 'record'>
  /** Kernels of which neighbours say that they are served at this URL. */
  servedAt(url: string): Iterable<Did>
  /** Whether a kernel that brought a record is known here, so that strangers do not bear each other out. */
  isKnown(from: string): boolean
  /** @default none */
  dht?: { find(did: Did): Promise<Pick<FoundPointers, 'records' | 'enough'>> } | undefined
  /** Hosts on the LAN with what they show of themselves. @default none */
  lan?: { shown(did: Did): Promise<readonly { peerId: string; signed: SignedPointer }[]> } | undefined
}

export type HearWordsInit = { did?: Did | undefined; url?: string | undefined; registryUrls: readonly string[] }

export type Heard = {
  word: HeardWord
  /** The manifest, where the channel shows it. */
  signed?: SignedManifest
  /** Where the record of a DHT or a host says that it is. */
  places?: readonly string[]
}

/** Registries that are asked. */
const MAX_REGISTRIES = 16
const CONCURRENCY = 16

export async function hearWords(components: HearWordsComponents, init: HearWordsInit): Promise<Heard[]> {
  const { url } = init
  const atPlace = url === undefined ? [] : await fromPlace(components, url, init.did)
  const did = init.did ?? atPlace[0]?.word.did
  if (did === undefined) return []
  const registries = init.registryUrls.slice(0, MAX_REGISTRIES)
  const heard = await inParallel(
    [
      ...registries.map((registry) => () => fromRegistry(components, registry, did)),
      () => fromDht(components, did),
      () => fromLan(components, did),
    ],
    CONCURRENCY,
  )
  const others = url === undefined || init.did !== undefined ? [] : rivals(components, url, did)
  return [...atPlace, ...heard.flat(), ...fromMesh(components, did), ...others]
}

/** The manifest that two records name and nobody has shown: from where they say it is. */
export async function fetchNamed(
  components: HearWordsComponents,
  { did, hash }: { did: Did; hash: string },
  heard: readonly Heard[],
): Promise<SignedManifest | undefined> {
  const shown = heard.find(({ word, signed }) => word.hash === hash && signed !== undefined)?.signed
  if (shown !== undefined) return shown
  const peerUrls = [...new Set(heard.flatMap(({ places = [] }) => places))]
  const { peers } = await discoverPeers(components)({ did, peerUrls })
  return peers.find(({ signed }) => signed.hash === hash)?.signed
}

async function fromPlace(components: HearWordsComponents, url: string, did: Did | undefined): Promise<Heard[]> {
  const { memory, contradicting } = listening(components.memory, { channel: 'peer_url', source: url })
  const discover = discoverPeers({ ...components, memory })
  const { peers } = await discover({ peerUrls: [url], ...(did === undefined ? {} : { did }) })
  return [...peers.map(({ signed }) => heardManifest('peer_url', url, signed)), ...contradicting]
}

async function fromRegistry(components: HearWordsComponents, url: string, did: Did): Promise<Heard[]> {
  const client = registryClient({ fetch: components.fetch, baseUrl: url })
  if ((await registryFault(components.registries, url, client)) !== undefined) return []
  const listed = await client.get(did)
  if (!listed.ok) return []
  const { memory, contradicting } = listening(components.memory, { channel: 'registry', source: url })
  const verdict = await checkPeerManifest({ ...components, memory }, listed.value.manifest, did)
  return verdict.ok ? [heardManifest('registry', url, verdict.signed)] : contradicting
}

/** Keeps what a channel shows that contradicts what was seen before: it is refused like a forgery, and says more. */
function listening(memory: ManifestMemory, from: ChannelWord): { memory: ManifestMemory; contradicting: Heard[] } {
  const contradicting: Heard[] = []
  return {
    contradicting,
    memory: {
      manifest: (peer) => memory.manifest(peer),
      rememberManifest: (...of) => memory.rememberManifest(...of),
      equivocates(peer, jws) {
        memory.equivocates(peer, jws)
        const claim = readClaim(jws)
        if (claim !== undefined)
          contradicting.push({ word: { ...from, did: peer, seq: claim.seq, hash: claim.hash, contradicts: true } })
      },
    },
  }
}

/** What a known kernel has brought of another one. Its word about itself is no second one, and neither is a registry's. */
function fromMesh({ replica, isKnown }: HearWordsComponents, did: Did): Heard[] {
  const record = replica.record(did)
  if (record?.kind !== 'manifest' || record.from === did || !isKnown(record.from)) return []
  const signed = signedOf(record)
  return signed === undefined ? [] : [heardManifest('mesh', record.from, signed)]
}

/** Other kernels that claim the place at which this one answers. */
function rivals({ servedAt, replica }: HearWordsComponents, url: string, did: Did): Heard[] {
  for (const other of servedAt(url)) {
    const record = other === did ? undefined : replica.record(other)
    const signed = record?.kind === 'manifest' ? signedOf(record) : undefined
    if (record !== undefined && signed !== undefined) return [heardManifest('mesh', record.from, signed)]
  }
  return []
}

/** Only of enough hosts in enough networks: else it is the word of whoever stands around the key. */
async function fromDht({ dht }: HearWordsComponents, did: Did): Promise<Heard[]> {
  const found = await dht?.find(did)
  return found?.enough === true ? found.records.map((signed) => heardPointer('dht', 'dht', signed)) : []
}

async function fromLan({ lan }: HearWordsComponents, did: Did): Promise<Heard[]> {
  const shown = (await lan?.shown(did)) ?? []
  return shown.map(({ peerId, signed }) => heardPointer('mdns', peerId, signed))
}

function heardManifest(channel: HeardWord['channel'], source: string, signed: SignedManifest): Heard {
  const { kernel_id: did, seq } = signed.manifest
  return { word: { channel, source, did, seq, hash: signed.hash }, signed }
}

function heardPointer(channel: HeardWord['channel'], source: string, { pointer }: SignedPointer): Heard {
  const { did, seq, manifest_hash: hash, endpoints } = pointer
  const places = endpoints.filter(({ proto }) => proto === HTTP_ENDPOINT_PROTO).map(({ url }) => url)
  return { word: { channel, source, did, seq, hash }, places }
}
