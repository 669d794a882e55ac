/** The cards of this kernel: one for everybody, with what its manifest shows too, and one for each who has shown who it is. */
import {
  A2A_VERSION,
  type AgentCard,
  type AgentInterface,
  type CapabilityInfo,
  type Clock,
  makeAgentCard,
} from '@hansa/protocols'
import { encodeBase64url, type SignedAgentCard, type Signer, sha256, signAgentCard } from '@hansa/trust'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import { VERSION } from '../version.ts'
import { openToVisitor } from './open-to-visitor.ts'
import type { Visitor } from './task-desk.ts'

export type CardSettings = {
  name: string
  description: string
  provider?: { organization: string; url: string }
  documentationUrl?: string
  openIdConnectUrls?: readonly string[]
  pushNotifications: boolean
  /** Whether requests of A2A 0.3 are taken too. */
  legacy: boolean
  /** Interfaces besides those where agents connect. @default none */
  further?: readonly AgentInterface[]
}

export type CardDeskComponents = {
  kernel: Pick<ControlledKernel, 'did' | 'capabilities' | 'open'>
  signer: Pick<Signer, 'kid' | 'sign'>
  clock: Clock
}

/** A card with what its headers say of it. */
export type ServedCard = { text: string; etag: string; modifiedMs: number }

/** Cards of which it is remembered since when they are as they are. */
const MAX_REMEMBERED = 64

export class CardDesk {
  readonly #settings: CardSettings
  readonly #c: CardDeskComponents
  readonly #served = new Map<string, ServedCard>()

  constructor(settings: CardSettings, components: CardDeskComponents) {
    this.#settings = settings
    this.#c = components
  }

  /** @param base of the URLs in it; never what a request says of its host */
  async forEverybody(base: string): Promise<ServedCard> {
    const listed = await this.#c.kernel.capabilities()
    const own = listed.filter(({ peer }) => peer === undefined)
    return this.#serve(this.#signed(own, base).text)
  }

  /** What the rules of this kernel leave open to the visitor, imported capabilities too. */
  async forVisitor(visitor: Visitor, base: string): Promise<AgentCard> {
    return this.#signed(await openToVisitor(this.#c.kernel, visitor), base).card
  }

  #signed(capabilities: readonly CapabilityInfo[], base: string): SignedAgentCard {
    const { kernel, signer } = this.#c
    const { legacy, further = [], ...said } = this.#settings
    const init = {
      ...said,
      kernel: kernel.did,
      version: VERSION,
      capabilities,
      interfaces: [...interfacesAt(base, legacy), ...further],
    }
    return signAgentCard(makeAgentCard(init), signer)
  }

  #serve(text: string): ServedCard {
    const known = this.#served.get(text)
    if (known !== undefined) return known
    const made = { text, etag: `"${encodeBase64url(sha256(text))}"`, modifiedMs: this.#c.clock.now() }
    const [oldest] = this.#served.keys()
    if (this.#served.size >= MAX_REMEMBERED && oldest !== undefined) this.#served.delete(oldest)
    this.#served.set(text, made)
    return made
  }
}

function interfacesAt(base: string, legacy: boolean): AgentInterface[] {
  const url = `${base}/a2a`
  return [
    { url, protocolBinding: 'JSONRPC', protocolVersion: A2A_VERSION },
    { url, protocolBinding: 'HTTP+JSON', protocolVersion: A2A_VERSION },
    ...(legacy ? [{ url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' }] : []),
  ]
}
