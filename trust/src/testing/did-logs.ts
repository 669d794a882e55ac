/** Identifiers with a log, made from fixed seeds, and what anybody who holds a key can append to them. */
import type { Did } from '@hansa/protocols'
import { KEY_REVOCATIONS_SERVICE, type RevokedKey } from '@hansa/protocols'
import { multikeyOf } from '../did/multikey.ts'
import { type DidLog, verifyWebvhLog } from '../did/webvh/verify-webvh-log.ts'
import { newWebvhLog, nextWebvhLine } from '../did/webvh/write-webvh-log.ts'
import { sha256 } from '../encoding/hash.ts'
import { type Signer, signerFromSeed } from '../keys/signer.ts'
import { NOW } from './manifests.ts'

/** A log that grows; every entry is signed by the update key that the one before committed to. */
export class TestDid {
  readonly did: Did
  readonly lines: string[] = []
  /** Hash of the key that can undo what the update key signs; what is signed from now on names it. */
  recovery: string | undefined
  readonly #name: string
  #timeMs: number
  #verified: DidLog | undefined

  constructor(
    name: string,
    host = `${name}.example`,
    keys: readonly Signer[] = [signingKey(name, 1)],
    at = NOW - 86_400,
    recovery?: string,
  ) {
    this.recovery = recovery
    this.#name = name
    this.#timeMs = at * 1000
    const made = newWebvhLog({
      place: { host, path: [] },
      ...this.#keys(1),
      timeMs: this.#timeMs,
      document: (did) => documentOf(did, keys),
    })
    this.did = made.did
    this.lines.push(made.line)
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.lines.map((line) => `${line}\n`).join(''))
  }

  get log(): DidLog {
    // Lines are only appended, so what was verified stays so; a long log would else cost its square.
    const { did, bytes } = this
    const verdict = verifyWebvhLog({ did, log: bytes, now: NOW + 10 * 86_400, before: this.#verified })
    if (!verdict.ok) throw new Error(verdict.reason)
    this.#verified = verdict.log
    return verdict.log
  }

  /** @param at Unix seconds */
  next(keys: readonly Signer[], at: number, revoked: readonly RevokedKey[] = []): void {
    this.#timeMs = at * 1000
    const number = this.lines.length + 1
    const state = documentOf(this.did, keys, revoked)
    this.lines.push(nextWebvhLine(this.log, { ...this.#keys(number), timeMs: this.#timeMs, state }))
  }

  /** The log with everything behind so many entries undone by its recovery key. @param at Unix seconds */
  recovered(keep: number, recovery: Signer, keys: readonly Signer[], at: number): Uint8Array {
    const before = Buffer.from(
      this.lines
        .slice(0, keep)
        .map((line) => `${line}\n`)
        .join(''),
    )
    const verdict = verifyWebvhLog({ did: this.did, log: before, now: NOW + 10 * 86_400 })
    if (!verdict.ok) throw new Error(verdict.reason)
    const nextUpdateKey = this.updateKey(1_000).publicKey
    const state = documentOf(this.did, keys)
    const line = nextWebvhLine(verdict.log, { updateKey: recovery, nextUpdateKey, timeMs: at * 1000, state })
    return Buffer.concat([before, Buffer.from(`${line}\n`)])
  }

  /** Signs under this identifier with one of its keys. */
  signer(key: Signer): Signer {
    return { ...key, did: this.did, kid: `${this.did}#${multikeyOf(key.publicKey)}` }
  }

  updateKey(number: number): Signer {
    return signerFromSeed(sha256(`hansa test update key ${this.#name} ${number}`))
  }

  #keys(number: number) {
    const { recovery } = this
    return { updateKey: this.updateKey(number), nextUpdateKey: this.updateKey(number + 1).publicKey, recovery }
  }
}

export function signingKey(name: string, number: number): Signer {
  return signerFromSeed(sha256(`hansa test signing key ${name} ${number}`))
}

export function documentOf(did: Did, keys: readonly Signer[], revoked: readonly RevokedKey[] = []) {
  const kids = keys.map(({ publicKey }) => `${did}#${multikeyOf(publicKey)}`)
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: keys.map(({ publicKey }, at) => ({
      id: kids[at],
      type: 'Multikey',
      controller: did,
      publicKeyMultibase: multikeyOf(publicKey),
    })),
    authentication: kids,
    assertionMethod: kids,
    capabilityInvocation: kids,
    capabilityDelegation: kids,
    ...(revoked.length === 0
      ? {}
      : { service: [{ id: `${did}#key-revocations`, type: KEY_REVOCATIONS_SERVICE, serviceEndpoint: { revoked } }] }),
  }
}
