/**
 * The identity of this kernel where it has a log (did:webvh): its document, the key that signs now, and how one key follows
 * another. Every entry of the log is signed by a key that the entry before committed to, and that was made beforehand.
 *
 *   announce   the new key is in the document beside the old one, which still signs
 *   switch     the new key signs; what the old one signed is still believed
 *   retire     the old key leaves the document; what it signed verifies at its time, from the log
 */
import { CallError, type Did, type IdentityKey, type IdentityKeys, type RevokedKey } from '@hansa/protocols'
import {
  type DidLog,
  keyWindows,
  multikeyOf,
  nextKeyHash,
  nextWebvhLine,
  type PublishedFile,
  publishedPath,
  type Signer,
  verifyWebvhLog,
  type WebLocation,
  webLocation,
} from '@hansa/trust'
import { didWebDocument, identityDocument, kidOf } from './identity-document.ts'
import type { IdentityFiles, StoredIdentity } from './identity-files.ts'
import type { Rotation } from './rotation.ts'

export type OwnIdentityComponents = { files: IdentityFiles; nowMs(): number }

export class OwnIdentity {
  readonly did: Did
  /** Signs with whatever key is in use when it is asked: never take `kid` and `sign` apart across a wait. */
  readonly signer: Signer
  readonly #files: IdentityFiles
  readonly #nowMs: () => number
  readonly #location: WebLocation
  #log: DidLog
  #text: string
  #signing: Signer
  #rotation: Rotation | undefined

  /** Reads what is kept, and puts right what a crash left half done. @throws Error when log and keys do not fit together. */
  static async open({ files, nowMs }: OwnIdentityComponents): Promise<OwnIdentity> {
    const stored = await files.read()
    const did = didIn(stored.log)
    const location = did && webLocation(did)
    if (did === undefined || location === undefined) throw new Error('the log of the identity names no did:webvh')
    const log = verified(did, stored.log, nowMs())
    const opened = new OwnIdentity({ files, nowMs }, stored, location, log)
    await opened.#settle(stored)
    return opened
  }

  private constructor(
    { files, nowMs }: OwnIdentityComponents,
    { log: text, signing, rotation }: StoredIdentity,
    location: WebLocation,
    log: DidLog,
  ) {
    this.#files = files
    this.#nowMs = nowMs
    this.#location = location
    this.#log = log
    this.#text = text
    this.#signing = signing
    this.#rotation = rotation
    this.did = location.did
    this.signer = this.#rotatingSigner()
  }

  get log(): DidLog {
    return this.#log
  }

  /** What is under way; undefined when nothing is. */
  get rotation(): Rotation | undefined {
    return this.#rotation
  }

  get signingKid(): string {
    return kidOf(this.did, this.#signing.publicKey)
  }

  /** What is served under a path; undefined for any other path. */
  published(path: string): { text: string; contentType: string } | undefined {
    const at = (file: PublishedFile) => publishedPath(this.#location, file)
    if (path === at('did.jsonl')) return { text: this.#text, contentType: 'text/jsonl' }
    if (path !== at('did.json')) return undefined
    return { text: didWebDocument(this.#log, this.#location), contentType: 'application/did+json' }
  }

  keys(): IdentityKeys {
    return identityKeys(this.#log, this.signingKid, this.#rotation)
  }

  /**
   * @param record writes down that the key comes, before anybody can see it
   * @throws CallError `invalid_request` while another rotation is under way, or without the update key.
   */
  async announce(
    times: Pick<Rotation, 'signs_from' | 'retires'>,
    record: (kid: string) => Promise<void>,
  ): Promise<Rotation> {
    if (this.#rotation !== undefined) throw refused(underWay(this.#rotation))
    await this.requireUpdateKey()
    const next = await this.#files.createNext('signing')
    const announced = Math.floor(this.#nowMs() / 1000)
    const kid = kidOf(this.did, next.publicKey)
    const rotation: Rotation = { v: 1, kid, previous: this.signingKid, announced, ...times }
    await this.#files.writeRotation(rotation)
    await record(kid)
    await this.#publish([this.#signing.publicKey, next.publicKey], this.#revoked())
    this.#rotation = rotation
    return rotation
  }

  /** The announced key signs from now on. */
  async switch(): Promise<void> {
    const { nextSigning } = await this.#files.read()
    if (nextSigning === undefined) throw new Error('there is no announced key to switch to')
    await this.#files.promote('signing')
    this.#signing = nextSigning
  }

  /** The key that went leaves the document. */
  async retire(): Promise<void> {
    await this.#publish([this.#signing.publicKey], this.#revoked())
    await this.#endRotation()
  }

  /**
   * Says in the log that a key is compromised since a time. When it is the key in use another one signs at once, because
   * nothing that the old one signs is worth anything any more.
   * @throws CallError `not_found` for a key that the identity never had; `invalid_request` without the update key.
   */
  async revoke(kid: string, since: number, reason: string): Promise<void> {
    if (!keyWindows(this.#log).some((window) => window.kid === kid))
      throw new CallError({ code: 'not_found' }, `not_found: This identity has no key ${kid}. See: hansa key show`)
    await this.requireUpdateKey()
    const revoked = [...this.#revoked(), { kid, compromised_since: since, reason }]
    const inUse = kid === this.signingKid
    const rotating = this.#rotation !== undefined && !this.#isSwitched()
    const next = inUse && !rotating ? await this.#files.createNext('signing') : (await this.#files.read()).nextSigning
    const announced = this.#rotation?.kid === kid
    // Only what is good from now on stays in the document: a rotation that was under way ends with it.
    const stays = inUse ? next : this.#signing
    if (stays === undefined) throw new Error('there is no key to sign with')
    await this.#publish([stays.publicKey], revoked)
    if (inUse) await this.switch()
    else if (announced || rotating) await this.#files.dropNext('signing')
    await this.#endRotation()
  }

  /**
   * One more entry with the document as it is: it commits to a new update key, so that whoever has the one before, or
   * shares of it, has nothing.
   * @param recovery hash of the key that goes before the update key from now on; `none` takes it away. @default as it is
   * @throws CallError `invalid_request` while a rotation is under way, or without the update key.
   */
  async renew(recovery?: string): Promise<void> {
    if (this.#rotation !== undefined) throw refused(underWay(this.#rotation))
    await this.#publish([this.#signing.publicKey], this.#revoked(), recovery)
  }

  #isSwitched(): boolean {
    return this.#rotation?.kid === this.signingKid
  }

  #revoked(): readonly RevokedKey[] {
    return this.#log.current.keys.revoked
  }

  /** One more entry of the log; the key that signs the one after is made first. */
  async #publish(keys: readonly Uint8Array[], revoked: readonly RevokedKey[], given?: string): Promise<void> {
    const recovery = given === 'none' ? undefined : (given ?? recoveryOf(this.#log))
    const update = await this.requireUpdateKey()
    const nextUpdate = await this.#files.createNext('update')
    const state = identityDocument(this.did, keys, revoked)
    const timeMs = this.#nowMs()
    const next = { updateKey: update, nextUpdateKey: nextUpdate.publicKey, timeMs, state, recovery }
    const line = nextWebvhLine(this.#log, next)
    const text = `${this.#text}${line}\n`
    const log = verified(this.did, text, timeMs + 1000 * MAX_AHEAD_SECONDS)
    await this.#files.writeLog(text)
    this.#log = log
    this.#text = text
    await this.#files.promote('update')
  }

  /** @throws CallError `invalid_request` when it is not there: an operator keeps it elsewhere. */
  async requireUpdateKey(): Promise<Signer> {
    const { update } = await this.#files.read()
    if (update !== undefined && commits(this.#log, update)) return update
    throw refused(
      'The key that the log of the identity has committed to is not there. Put it back as keys/update.key, and try again.',
    )
  }

  async #endRotation(): Promise<void> {
    await this.#files.writeRotation(undefined)
    this.#rotation = undefined
  }

  /** After a crash: an entry that was published counts, and what was made for one that was not is dropped. */
  async #settle({ update, nextUpdate, nextSigning, rotation }: StoredIdentity): Promise<void> {
    if (nextUpdate !== undefined) {
      const published = commits(this.#log, nextUpdate) && (update === undefined || !commits(this.#log, update))
      if (published) await this.#files.promote('update')
      else await this.#files.dropNext('update')
    }
    const inDocument = (kid: string) => this.#log.current.keys.publicKey(kid) !== undefined
    const nextIsKnown = nextSigning !== undefined && inDocument(kidOf(this.did, nextSigning.publicKey))
    // The entry that took the key in use away was published: what it left in place signs.
    if (!inDocument(this.signingKid) && nextIsKnown) {
      await this.switch()
      return this.#endRotation()
    }
    if (!inDocument(this.signingKid))
      throw new Error('the log of the identity does not name the key in keys/identity.key')
    if (nextSigning !== undefined && !nextIsKnown) await this.#files.dropNext('signing')
    if (rotation !== undefined && !inDocument(rotation.kid)) await this.#endRotation()
    // Retired, and the note of it was lost.
    if (rotation !== undefined && this.#isSwitched() && !inDocument(rotation.previous)) await this.#endRotation()
  }

  #rotatingSigner(): Signer {
    const current = () => this.#signing
    const kid = () => this.signingKid
    return {
      did: this.did,
      get kid() {
        return kid()
      },
      get publicKey() {
        return current().publicKey
      },
      sign: (bytes) => current().sign(bytes),
      signInPool: (bytes) => current().signInPool(bytes),
    }
  }
}

/** Own entries may be a second or two ahead of the clock, because each has to be later than the one before. */
const MAX_AHEAD_SECONDS = 60

/** Every key of an identity, with what it is good for now. Pure. */
export function identityKeys(log: DidLog, signing: string, rotation: Rotation | undefined): IdentityKeys {
  const keys = keyWindows(log).map((window): IdentityKey => {
    const { kid, from, to, revoked } = window
    const common = { kid, from, ...(to === undefined ? {} : { to }) }
    if (revoked !== undefined)
      return { ...common, state: 'revoked', compromisedSince: revoked.compromised_since, reason: revoked.reason }
    if (to !== undefined) return { ...common, state: 'retired' }
    if (kid === signing) return { ...common, state: 'signing', ...leaving(kid, rotation) }
    if (rotation?.kid === kid) return { ...common, state: 'announced', signsFrom: rotation.signs_from }
    return { ...common, state: 'retiring', ...leaving(kid, rotation) }
  })
  return { did: log.did, method: 'webvh', keys }
}

function leaving(kid: string, rotation: Rotation | undefined): { to?: number } {
  return rotation?.previous === kid ? { to: rotation.retires } : {}
}

/** The identifier that a log is of; nothing is verified. */
export function didIn(text: string): Did | undefined {
  const [first = ''] = text.split('\n', 1)
  const id = /"id":"(did:webvh:[^"]{1,480})"/.exec(first)?.[1]
  const location = id === undefined ? undefined : webLocation(id.split('#')[0] ?? '')
  return location?.did
}

export function verified(did: Did, text: string, nowMs: number): DidLog {
  const verdict = verifyWebvhLog({ did, log: Buffer.from(text), now: Math.floor(nowMs / 1000) })
  if (!verdict.ok)
    throw new Error(`the log of the identity does not verify (${verdict.reason}); restore identity/did.jsonl`)
  return verdict.log
}

function commits({ active }: DidLog, { publicKey }: Signer): boolean {
  return active.nextKeyHashes.includes(nextKeyHash(multikeyOf(publicKey)))
}

/** Hash of the key that goes before the one that is used. */
export function recoveryOf({ active: { nextKeyHashes } }: DidLog): string | undefined {
  return nextKeyHashes.length > 1 ? nextKeyHashes[0] : undefined
}

function underWay({ kid, signs_from }: Rotation): string {
  return `A rotation is under way: ${kid} signs from ${new Date(signs_from * 1000).toISOString()} on. Wait until the key before it has left: hansa key show`
}

function refused(message: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${message}`)
}
