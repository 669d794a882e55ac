/**
 * The keys of a DID document, each for the purposes that the document gives it. A key is looked up only under the DID that
 * was asked for: a method of another DID, or of another controller, is not a key of this one, whatever a document says.
 */
import {
  type Did,
  type DidDocument,
  didDocumentSchema,
  KEY_REVOCATIONS_SERVICE,
  keyRevocationsSchema,
  type RevokedKey,
  type VerificationMethod,
} from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { type AdmittedKey, admitKey, PUBLIC_KEY_BYTES } from '../keys/admitted-key.ts'
import type { KeyPurpose } from './key-resolver.ts'
import { multikeyOf, publicKeyFromMultikey } from './multikey.ts'

export const keyPurposes = [
  'authentication',
  'assertionMethod',
  'capabilityInvocation',
  'capabilityDelegation',
] as const satisfies readonly KeyPurpose[]

export type DocumentKeyRefusal = { ok: false; reason: string }
export type DocumentKey = { ok: true; key: AdmittedKey } | DocumentKeyRefusal

export class DocumentKeys {
  readonly did: Did
  readonly document: DidDocument
  readonly revoked: readonly RevokedKey[]
  readonly #methods: ReadonlyMap<string, Uint8Array>
  readonly #purposes: ReadonlyMap<KeyPurpose, ReadonlySet<string>>
  /** Admission costs a millisecond, so it waits until a key is asked for. */
  readonly #admitted = new Map<string, DocumentKey>()

  constructor(
    did: Did,
    document: DidDocument,
    methods: ReadonlyMap<string, Uint8Array>,
    revoked: readonly RevokedKey[],
  ) {
    this.did = did
    this.document = document
    this.revoked = revoked
    this.#methods = methods
    this.#purposes = new Map(keyPurposes.map((purpose) => [purpose, namesIn(did, document[purpose] ?? [])]))
  }

  /** Every key id that is good for something, in the order of the document. */
  get kids(): string[] {
    return [...this.#methods.keys()].filter((kid) => keyPurposes.some((purpose) => this.serves(kid, purpose)))
  }

  serves(kid: string, purpose: KeyPurpose): boolean {
    return this.#methods.has(kid) && this.#purposes.get(purpose)?.has(kid) === true
  }

  /** The same document with these keys and no others. @param multikeys as an operator gave them */
  only(multikeys: readonly string[]): DocumentKeys {
    const given = new Set(multikeys)
    const methods = [...this.#methods].filter(([, publicKey]) => isAmong(publicKey, given))
    return new DocumentKeys(this.did, this.document, new Map(methods), this.revoked)
  }

  /** 32 bytes, admitted or not; undefined when the document has no such Ed25519 key. */
  publicKey(kid: string): Uint8Array | undefined {
    return this.#methods.get(kid)
  }

  /** The key for a purpose, or why there is none. */
  key(kid: string, purpose: KeyPurpose): DocumentKey {
    const bytes = this.#methods.get(kid)
    if (bytes === undefined) return { ok: false, reason: 'kid_unknown_key' }
    if (this.revoked.some((revoked) => revoked.kid === kid)) return { ok: false, reason: 'key_revoked' }
    if (!this.serves(kid, purpose)) return { ok: false, reason: 'key_not_for_this_purpose' }
    const known = this.#admitted.get(kid)
    if (known !== undefined) return known
    const admitted = admitKey(bytes)
    this.#admitted.set(kid, admitted)
    return admitted
  }
}

export type DocumentReading = { ok: true; keys: DocumentKeys } | { ok: false; reason: string }

/** @param value parsed JSON. @param did whose document was asked for. Never throws. */
export function readDidDocument(value: unknown, did: Did): DocumentReading {
  const parsed = didDocumentSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return refuse(`document_malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  const document = parsed.data
  if (document.id !== did) return refuse('document_of_another')
  const controllers = [document.controller ?? []].flat()
  // Who else may speak for this DID is not followed, so a document that names somebody is not half understood.
  if (controllers.some((controller) => controller !== did)) return refuse('document_has_another_controller')
  const methods = new Map<string, Uint8Array>()
  const seen = new Set<string>()
  for (const method of methodsOf(document)) {
    if (isPrivate(method)) return refuse('document_shows_a_secret')
    const kid = absolute(did, method.id)
    if (seen.has(kid)) return refuse('document_names_a_key_twice')
    seen.add(kid)
    if (!kid.startsWith(`${did}#`) || (method.controller ?? did) !== did) continue
    const key = keyOf(method)
    if (key !== undefined) methods.set(kid, key)
  }
  const revoked = revocationsIn(document)
  if (revoked === undefined) return refuse('document_revocations_malformed')
  return { ok: true, keys: new DocumentKeys(did, document, methods, revoked) }
}

/** Listed methods, and those that stand inside a relationship. */
function methodsOf(document: DidDocument): VerificationMethod[] {
  const embedded = keyPurposes.flatMap((purpose) => document[purpose] ?? []).filter((item) => typeof item !== 'string')
  return [...(document.verificationMethod ?? []), ...embedded]
}

function namesIn(did: Did, items: readonly (string | VerificationMethod)[]): Set<string> {
  return new Set(items.map((item) => absolute(did, typeof item === 'string' ? item : item.id)))
}

function absolute(did: Did, id: string): string {
  return id.startsWith('#') ? `${did}${id}` : id
}

function isPrivate({ publicKeyJwk, secretKeyMultibase, privateKeyMultibase }: VerificationMethod): boolean {
  return publicKeyJwk?.d !== undefined || secretKeyMultibase !== undefined || privateKeyMultibase !== undefined
}

/** Ed25519 only; keys of other kinds are left alone. */
function keyOf({ type, publicKeyMultibase, publicKeyJwk }: VerificationMethod): Uint8Array | undefined {
  if (type === 'Multikey' || type === 'Ed25519VerificationKey2020')
    return publicKeyMultibase === undefined ? undefined : publicKeyFromMultikey(publicKeyMultibase)
  if (type !== 'JsonWebKey2020' && type !== 'JsonWebKey') return undefined
  if (publicKeyJwk?.kty !== 'OKP' || publicKeyJwk.crv !== 'Ed25519' || publicKeyJwk.x === undefined) return undefined
  return decodeBase64url(publicKeyJwk.x)
}

/** @returns undefined when the service is there and cannot be read: what is revoked is then not known. */
function revocationsIn({ service = [] }: DidDocument): RevokedKey[] | undefined {
  const all: RevokedKey[] = []
  for (const { type, serviceEndpoint } of service) {
    if (![type].flat().includes(KEY_REVOCATIONS_SERVICE)) continue
    const read = keyRevocationsSchema.safeParse(serviceEndpoint)
    if (!read.success) return undefined
    all.push(...read.data.revoked)
  }
  return all
}

function isAmong(publicKey: Uint8Array, multikeys: ReadonlySet<string>): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && multikeys.has(multikeyOf(publicKey))
}

function refuse(reason: string): DocumentReading {
  return { ok: false, reason }
}
