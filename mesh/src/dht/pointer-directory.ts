/**
 * Where kernels leave their pointer records, and how a reader looks one up. A DHT decides nothing: every host that answers is
 * one voice, each record is verified here, and of several the newest counts, because libp2p's hosts keep whatever was stored
 * last. An answer says how many voices there were; absence means nothing (security.md B11).
 */
import type { Did, UnixSeconds } from '@hansa/protocols'
import {
  comparePointers,
  type KeyResolver,
  pointerKey,
  pointersContradict,
  type SignedPointer,
  verifyPointer,
} from '@hansa/trust'

import { CrowdedNetworks } from './crowded-networks.ts'

/** Voices that an answer should have, from networks (/16, of IPv6 /32) that differ, before anything is built on it alone. */
export const ENOUGH_RESPONDERS = 5
export const ENOUGH_NETWORKS = 3
/** Records of one question that are verified; each costs a signature. */
const MAX_RECORDS = 64

/** One host's answer to one question. Without `from` it is what this host keeps itself, which is no voice. */
export type DhtAnswer = { from: string | undefined; address: string | undefined; value: Uint8Array | undefined }

export interface PointerDht {
  /** Every host's answer, as it comes. Never rejects; what fails is no answer. */
  answers(key: Uint8Array, signal: AbortSignal): AsyncIterable<DhtAnswer>
  /** @returns how many hosts took it. */
  put(key: Uint8Array, value: Uint8Array, signal: AbortSignal): Promise<number>
}

export type FoundPointers = {
  /** The newest; undefined when nobody had one that verifies. */
  best: SignedPointer | undefined
  /** What differs, the newest first. */
  records: SignedPointer[]
  /** Hosts that answered, with a record or without. */
  responders: number
  /** Networks that they are in; loopback and private addresses are one each. */
  networks: number
  /** Whether that is enough for an answer to stand by itself. */
  enough: boolean
  /** Two manifests of one number: they convict the kernel that signed both. */
  contradiction: readonly [SignedPointer, SignedPointer] | undefined
  /** Answers that did not verify, or came from a network of which two others were heard, by reason. */
  refused: Readonly<Record<string, number>>
}

export type PointerDirectoryComponents = {
  dht: PointerDht
  resolver: KeyResolver
  now(): UnixSeconds
}

export type PointerDirectory = {
  find(did: Did, signal: AbortSignal): Promise<FoundPointers>
  announce(signed: SignedPointer, signal: AbortSignal): Promise<number>
}

export function pointerDirectory({ dht, resolver, now }: PointerDirectoryComponents): PointerDirectory {
  return {
    async find(did, signal) {
      const texts = new Set<string>()
      const responders = new Map<string, string>()
      const networksHeard = new CrowdedNetworks()
      let crowded = 0
      for await (const { from, address, value } of dht.answers(Buffer.from(pointerKey(did)), signal)) {
        if (from !== undefined && !networksHeard.hears(from, address)) {
          crowded += 1
          continue
        }
        if (from !== undefined) responders.set(from, networkOf(address))
        if (value !== undefined && texts.size < MAX_RECORDS) texts.add(Buffer.from(value).toString('latin1'))
      }
      const verdicts = await Promise.all([...texts].map((jws) => verifyPointer(jws, { resolver, now: now(), of: did })))
      const records = verdicts.flatMap((verdict): SignedPointer[] =>
        verdict.ok ? [{ jws: verdict.jws, pointer: verdict.pointer }] : [],
      )
      records.sort(comparePointers)
      const networks = new Set(responders.values()).size
      return {
        best: records[0],
        records,
        responders: responders.size,
        networks,
        enough: responders.size >= ENOUGH_RESPONDERS && networks >= ENOUGH_NETWORKS,
        contradiction: contradictionIn(records),
        refused: counted([
          ...verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict.reason])),
          ...Array.from({ length: crowded }, () => 'crowded_network'),
        ]),
      }
    },
    announce: ({ jws, pointer }, signal) =>
      dht.put(Buffer.from(pointerKey(pointer.did)), Buffer.from(jws, 'latin1'), signal),
  }
}

/** What is found where there is no DHT. */
export const nothingFound: FoundPointers = {
  best: undefined,
  records: [],
  responders: 0,
  networks: 0,
  enough: false,
  contradiction: undefined,
  refused: {},
}

function contradictionIn(records: readonly SignedPointer[]): readonly [SignedPointer, SignedPointer] | undefined {
  // They are sorted by number, so two of one number that differ stand in one stretch.
  for (const [at, one] of records.entries()) {
    const other = records.slice(at + 1).find(({ pointer }) => pointersContradict(one.pointer, pointer))
    if (other !== undefined) return [one, other]
  }
  return undefined
}

/** The part of an address that one operator usually has whole. */
function networkOf(address: string | undefined): string {
  const [, family, ip] = address?.split('/') ?? []
  if (family === 'ip4' && ip !== undefined) return ip.split('.').slice(0, 2).join('.')
  if (family === 'ip6' && ip !== undefined) return ip.split(':').slice(0, 2).join(':')
  return family ?? 'unknown'
}

function counted(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}
