/** The pointer record of this kernel: made anew when what it says has changed, and when half of its life is over. */
import type { Clock, Endpoint, SignedManifest } from '@hansa/protocols'
import { type SignedPointer, type Signer, signPointer } from '@hansa/trust'

/** Life of a record, seconds: half of what is allowed, so that a node that is off for a night is not looked for for two days. */
const LIFE_SECONDS = 86_400
const MAX_ENDPOINTS = 8

export type OwnPointerComponents = {
  clock: Pick<Clock, 'now'>
  signer: Signer
  manifest(): Promise<SignedManifest> | SignedManifest
  /** Where the host can be dialled now. */
  hostEndpoints(): readonly Endpoint[]
}

export class OwnPointer {
  readonly #c: OwnPointerComponents
  #last: { state: string; signed: SignedPointer } | undefined

  constructor(components: OwnPointerComponents) {
    this.#c = components
  }

  async current(peerIds: readonly string[]): Promise<SignedPointer> {
    const { manifest, hash } = await this.#c.manifest()
    const now = Math.floor(this.#c.clock.now() / 1000)
    const endpoints = unique([...manifest.endpoints, ...this.#c.hostEndpoints()])
    const state = JSON.stringify([manifest.seq, hash, endpoints, peerIds, this.#c.signer.kid])
    if (this.#last?.state === state && now < this.#last.signed.pointer.iat + LIFE_SECONDS / 2) return this.#last.signed
    const signed = signedWithin(this.#c.signer, {
      v: 1,
      did: manifest.kernel_id,
      seq: manifest.seq,
      manifest_hash: hash,
      endpoints,
      peer_ids: [...peerIds],
      iat: now,
      exp: now + LIFE_SECONDS,
    })
    this.#last = { state, signed }
    return signed
  }
}

/** As many endpoints as fit, the first first: a record has a bound, and one that says less is better than none. */
function signedWithin(signer: Signer, pointer: SignedPointer['pointer']): SignedPointer {
  try {
    return signPointer(signer, pointer)
  } catch (error) {
    if (!(error instanceof RangeError) || pointer.endpoints.length === 0) throw error
    return signedWithin(signer, { ...pointer, endpoints: pointer.endpoints.slice(0, -1) })
  }
}

function unique(endpoints: readonly Endpoint[]): Endpoint[] {
  return endpoints.filter(({ url }, at) => endpoints.findIndex((one) => one.url === url) === at).slice(0, MAX_ENDPOINTS)
}
