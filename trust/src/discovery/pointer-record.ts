/**
 * Pointer records (security.md B11): signing, verifying, and which of two a reader takes. Pure; the DHT hands in what others
 * stored, so nothing here may throw for anything in it.
 */
import {
  MAX_POINTER_BYTES,
  MAX_POINTER_SECONDS,
  POINTER_KEY_PREFIX,
  POINTER_TYP,
  type PointerRecord,
  pointerRecordSchema,
  type UnixSeconds,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256 } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws, verifyJws } from '../signed/jws.ts'
import { reading } from '../signed/reading.ts'

/** Seconds between two clocks (security.md B0.4). */
const SKEW_SECONDS = 60

/** A record and the text that proves it. */
export type SignedPointer = { jws: string; pointer: PointerRecord }

/** @throws RangeError for another kernel's DID and for a record that is too large: fewer endpoints make it smaller. */
export function signPointer(signer: Signer, pointer: PointerRecord): SignedPointer {
  if (pointer.did !== signer.did) throw new RangeError('a kernel signs its own pointer record only')
  const { jws } = signJws(signer, POINTER_TYP, pointerRecordSchema.parse(pointer))
  if (jws.length > MAX_POINTER_BYTES)
    throw new RangeError(`a pointer record is at most ${MAX_POINTER_BYTES} bytes, not ${jws.length}`)
  return { jws, pointer }
}

export type PointerVerdict = ({ ok: true } & SignedPointer) | { ok: false; reason: string }

/** @param of whose record it has to be. @default whoever signed it */
export async function verifyPointer(
  jws: string,
  { resolver, now, of }: { resolver: KeyResolver; now: UnixSeconds; of?: string | undefined },
): Promise<PointerVerdict> {
  const verdict = await verifyJws(jws, {
    typ: POINTER_TYP,
    resolver,
    maxBytes: MAX_POINTER_BYTES,
    purpose: 'assertionMethod',
    issuerOf: (payload) => payload.did,
  })
  if (!verdict.ok) return verdict
  const read = reading(pointerRecordSchema.safeParse(verdict.payload))
  if (!read.ok) return read
  const pointer = read.value
  if (of !== undefined && pointer.did !== of) return refuse('record_of_another_kernel')
  if (pointer.exp <= pointer.iat || pointer.exp - pointer.iat > MAX_POINTER_SECONDS) return refuse('life_out_of_bounds')
  if (pointer.iat > now + SKEW_SECONDS) return refuse('from_the_future')
  return now >= pointer.exp ? refuse('expired') : { ok: true, jws, pointer }
}

/** The key under which the record of a kernel lies, as text. */
export function pointerKey(did: string): string {
  return `${POINTER_KEY_PREFIX}${encodeBase64url(sha256(did))}`
}

/**
 * Negative when a reader takes `a` before `b`: the higher number, then the smaller hash, which everybody decides alike, then
 * what was signed last.
 */
export function comparePointers(a: SignedPointer, b: SignedPointer): number {
  if (a.pointer.seq !== b.pointer.seq) return b.pointer.seq - a.pointer.seq
  if (a.pointer.manifest_hash !== b.pointer.manifest_hash)
    return a.pointer.manifest_hash < b.pointer.manifest_hash ? -1 : 1
  if (a.pointer.iat !== b.pointer.iat) return b.pointer.iat - a.pointer.iat
  return a.jws < b.jws ? -1 : Number(a.jws > b.jws)
}

/** Whether the two together convict their signer: two manifests of one number. */
export function pointersContradict(a: PointerRecord, b: PointerRecord): boolean {
  return a.did === b.did && a.seq === b.seq && a.manifest_hash !== b.manifest_hash
}

function refuse(reason: string): PointerVerdict {
  return { ok: false, reason }
}
