/**
 * One agent of the configuration that is reached by A2A. Its card is fetched under the rules of every outbound fetch,
 * verified by keys that the operator has named, and read again before a call when it is older than some minutes: what
 * was classified is what is called. An agent that is away takes nothing down: what it offers is suspended meanwhile.
 */
import { guardedFetch, guardedStream } from '@hansa/mesh'
import {
  A2A_VERSION,
  AGENT_CARD_PATH,
  type AgentCard,
  type AgentInterface,
  HANSA_EXTENSION,
  MAX_AGENT_CARD_BYTES,
} from '@hansa/protocols'
import { admitIssuerKeys, canonicalJson, didKeyResolver, readAgentCard, verifyAgentCard } from '@hansa/trust'
import type { ConfiguredCapability as ConfiguredItem } from '../config/index.ts'
import type { A2aAgent } from '../drivers/a2a-agent.ts'
import { a2aDriver } from '../drivers/a2a-driver.ts'
import { type Driver, DriverError } from '../drivers/index.ts'
import { type A2aSurveyInit, digestOfSkill, surveySkills, surveyWithoutCard } from './a2a-survey.ts'
import { type CapabilitySource, noOffers, type Offers, type SourceComponents } from './capability-source.ts'

type A2aItem = Extract<ConfiguredItem, { kind: 'a2a' }>

/** Milliseconds for which a card is believed without another look. */
const CARD_LIFE_MS = 300_000
/** Milliseconds after which an agent that did not answer is asked again. */
const RETRY_MS = 60_000

export function keyOfA2a({ prefix, connection }: A2aItem): string {
  return `a2a ${canonicalJson({ prefix, ...JSON.parse(JSON.stringify(connection)) })}`
}

type Looked = { card: AgentCard; at: AgentInterface; signed: boolean; readMs: number }
type Look = { ok: true; looked: Looked } | { ok: false; reason: string }

export class A2aSource implements CapabilitySource {
  readonly key: string
  readonly #item: A2aItem
  readonly #c: SourceComponents
  readonly #drivers = new Map<string, { made: string; driver: Driver }>()
  readonly #told = new Set<string>()
  #look: Look | undefined
  #agent: { url: string; agent: Promise<A2aAgent> } | undefined
  #stopRetrying = () => {}

  constructor(item: A2aItem, components: SourceComponents) {
    this.key = keyOfA2a(item)
    this.#item = item
    this.#c = components
  }

  async offersOf(item: ConfiguredItem, again: boolean): Promise<Offers> {
    if (item.kind !== 'a2a') return noOffers()
    if (again || this.#look?.ok !== true) this.#look = await this.#read()
    const { at, prefix, classified } = item
    const look = this.#look
    const signed = look.ok && look.looked.signed
    const init: A2aSurveyInit = { at, prefix, classified, signed, detectors: this.#c.detectors }
    if (!look.ok) {
      this.#retryLater()
      this.#tell(`${at}: ${look.reason}`)
      return { offers: [], withheld: surveyWithoutCard(look.reason, init).withheld, faults: [] }
    }
    const { card, at: where } = look.looked
    const survey = surveySkills(card, where, init)
    for (const sentence of survey.unusable) this.#tell(sentence)
    const offers = survey.offered.map(({ definition, claim }) => ({
      at,
      definition,
      driver: this.#driver(
        claim.name,
        canonicalJson({ definition: JSON.parse(JSON.stringify(definition)), claim: claim.digest }),
        item,
      ),
      tool: claim,
    }))
    if (offers.length > 0) this.#announce(look.looked)
    return { offers, withheld: survey.withheld, faults: [] }
  }

  adopt(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopRetrying()
  }

  #driver(skill: string, made: string, { connection }: A2aItem): Driver {
    const known = this.#drivers.get(skill)
    if (known?.made === made) return known.driver
    const agent: A2aAgent = {
      send: async function* (this: A2aSource, message: Parameters<A2aAgent['send']>[0], signal: AbortSignal) {
        yield* (await this.#connected()).send(message, signal)
      }.bind(this),
      get: async (id, signal) => (await this.#connected()).get(id, signal),
      cancel: async (id) => (await this.#connected()).cancel(id),
    }
    const digest = this.#digestNow(skill)
    const confirm = () => this.#confirm(skill, digest)
    const capability = () => (this.#isKernel() ? skill : undefined)
    const clearance = connection.clearance ?? []
    const driver = a2aDriver({ agent, clearance, clock: this.#c.clock, confirm, capability })
    this.#drivers.set(skill, { made, driver })
    return driver
  }

  /** Whether the card says that the agent understands which capability a message is for. */
  #isKernel(): boolean {
    const { extensions = [] } = this.#look?.ok === true ? this.#look.looked.card.capabilities : {}
    return extensions.some(({ uri }) => uri === HANSA_EXTENSION)
  }

  #digestNow(skill: string): string | undefined {
    if (this.#look?.ok !== true) return undefined
    const { card, at } = this.#look.looked
    const [only, other] = card.skills.filter(({ id }) => id === skill)
    return only === undefined || other !== undefined ? undefined : digestOfSkill(card, at, only)
  }

  /** Before each call: the skill is still what it was when it was offered. */
  async #confirm(skill: string, digest: string | undefined): Promise<void> {
    const fresh = this.#look?.ok === true && this.#c.clock.now() - this.#look.looked.readMs < CARD_LIFE_MS
    if (!fresh) {
      this.#look = await this.#read()
      this.#c.changed()
    }
    if (!this.#look?.ok) throw new DriverError({ code: 'backend_gone', began: false, reason: this.#look?.reason ?? '' })
    if (digest !== undefined && this.#digestNow(skill) === digest) return
    const reason = `the agent describes ${skill} differently than when it was classified`
    throw new DriverError({ code: 'backend_failed', began: false, reason })
  }

  async #read(): Promise<Look> {
    const { connection } = this.#item
    const url = connection.card ?? new URL(AGENT_CARD_PATH, connection.url ?? '').href
    const { reach, clock } = this.#c
    const fetched = await guardedFetch({ ...reach, ports: portsOf(url) }).get(url, { maxBytes: MAX_AGENT_CARD_BYTES })
    if (!fetched.ok) return { ok: false, reason: `the card of the agent cannot be had: ${fetched.reason}` }
    if (fetched.status !== 200) return { ok: false, reason: `the card of the agent cannot be had: ${fetched.status}` }
    const reading = readAgentCard(fetched.body)
    if (!reading.ok) return { ok: false, reason: `the card of the agent cannot be read: ${reading.reason}` }
    const { signer, keys } = connection
    if (signer !== undefined || keys !== undefined) {
      const admitted = keys && admitIssuerKeys({ keys: [...keys] }, 'sig', ['EdDSA', 'ES256', 'RS256']).keys
      const trust = { resolver: didKeyResolver(), ...(signer && { signer }), ...(admitted && { keys: admitted }) }
      const verdict = await verifyAgentCard(reading, trust)
      if (!verdict.ok) return { ok: false, reason: `the card of the agent is not to be believed: ${verdict.reason}` }
    }
    const at = chosenInterface(reading.card, url, connection.interface)
    if (typeof at === 'string') return { ok: false, reason: at }
    const signed = signer !== undefined || keys !== undefined
    return { ok: true, looked: { card: reading.card, at, signed, readMs: clock.now() } }
  }

  #connected(): Promise<A2aAgent> {
    if (this.#look?.ok !== true)
      throw new DriverError({ code: 'backend_gone', began: false, reason: 'there is no card' })
    const { card, at } = this.#look.looked
    const known = canonicalJson([at, card.capabilities.streaming ?? false])
    if (this.#agent?.url !== known) this.#agent = { url: known, agent: this.#open(card, at) }
    return this.#agent.agent
  }

  /** What it needs is loaded only by a node that calls such an agent. */
  async #open({ capabilities }: AgentCard, at: AgentInterface): Promise<A2aAgent> {
    const { agentClient } = await import('../a2a/sdk/agent-client.ts')
    const { headers = {} } = this.#item.connection
    const request = guardedStream({ ...this.#c.reach, ports: portsOf(at.url) })
    return agentClient({ at, streaming: capabilities.streaming ?? false, headers, request })
  }

  #retryLater(): void {
    this.#stopRetrying()
    this.#stopRetrying = this.#c.clock.after(RETRY_MS, () => this.#c.changed())
  }

  #announce({ card, at, signed }: Looked): void {
    const { prefix } = this.#item
    const said = `${prefix} ${at.url} ${signed}`
    if (this.#told.has(said)) return
    this.#told.add(said)
    const reason = `${card.name} is no kernel: only this one decides, logs and answers for its calls; what destroys takes a person, and labels go there only by its clearance`
    this.#c.logger.info('a2a.agent_offered', { capability: prefix, host: new URL(at.url).host, signed, reason })
  }

  /** Each once, although the card is read many times. */
  #tell(reason: string): void {
    if (this.#told.has(reason) || this.#told.size > 1_000) return
    this.#told.add(reason)
    this.#c.logger.warn('a2a.agent_unusable', { reason })
  }
}

/** The operator has written the URL, so its port is one that is meant. */
function portsOf(url: string): number[] {
  const { port, protocol } = new URL(url)
  return [443, 8443, Number(port || (protocol === 'http:' ? 80 : 443))]
}

const bindings = ['JSONRPC', 'HTTP+JSON']

/**
 * An interface elsewhere than the card is one that only the operator can mean: whoever writes the card could else have
 * this node send its credentials, and its requests, wherever they like.
 * @returns why there is none
 */
function chosenInterface(card: AgentCard, cardUrl: string, named: string | undefined): AgentInterface | string {
  const spoken = card.supportedInterfaces.filter(
    ({ protocolBinding, protocolVersion }) => bindings.includes(protocolBinding) && isSpoken(protocolVersion),
  )
  const usable = spoken.filter(({ url }) => (named === undefined ? sameOrigin(url, cardUrl) : url === named))
  const [first] = usable
  if (first !== undefined) return first
  const others = spoken.map(({ url }) => url.slice(0, 256)).join(', ')
  if (named !== undefined) return `the card of the agent names no interface ${named}; it names: ${others || 'none'}`
  if (others === '') return `the agent speaks no A2A ${A2A_VERSION} over JSONRPC or HTTP+JSON`
  return `the agent is elsewhere than its card: ${others}; where that is right, configure it as interface`
}

function isSpoken(version: string): boolean {
  return version === A2A_VERSION || version.startsWith(`${A2A_VERSION}.`)
}

function sameOrigin(one: string, other: string): boolean {
  return URL.parse(one)?.origin === URL.parse(other)?.origin
}
