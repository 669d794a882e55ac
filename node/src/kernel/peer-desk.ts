/**
 * Kernels that an operator made known with `hansa peer add`: each is in the store and in the ledger before it counts, so
 * that it counts again after a restart. What such a kernel offers is imported with it.
 */
import { defaultAlias } from '@hansa/mesh'
import {
  type AddPeer,
  CallError,
  type CapabilityManifest,
  type Clock,
  type Did,
  didSchema,
  type KnownPeer,
  labelsSchema,
  type PeerAlias,
  peerAliasSchema,
  principalSchema,
  type Store,
} from '@hansa/protocols'
import { type KeyResolver, type NormalRule, verifyManifest } from '@hansa/trust'
import { NAMED_STANDING } from '@hansa/trust/score'
import { z } from 'zod'
import type { PeerStanding } from '../standing/standing.ts'
import type { Events } from './event-outbox.ts'
import type { ImportDesk } from './import-desk.ts'
import type { PeerSettings } from './peer-settings.ts'

const NAMESPACE = 'node.peers'

const recordSchema = z.strictObject({
  v: z.literal(1),
  did: didSchema,
  alias: peerAliasSchema,
  clearance: labelsSchema,
  sameOwner: z.boolean(),
  delegation: z.boolean().optional(),
  standing: z.int().min(0).max(1000),
  by: principalSchema,
  since: z.int(),
})
type PeerRecord = z.infer<typeof recordSchema>

export type PeerDeskComponents = {
  store: Store
  clock: Clock
  resolver: KeyResolver
  settings: PeerSettings
  imports: ImportDesk
  self: Did
  events: Events
  /**
   * An operator has removed the kernel: what was held against it no longer counts.
   * @param by undefined when hansa.yaml names it, so that it stays known
   */
  removed?(peer: Did, by: string | undefined): Promise<unknown>
  /** What it may be trusted with now. */
  standing?(peer: Did): PeerStanding | undefined
  /** The policy in force. */
  rules(): readonly NormalRule[]
}

export class PeerDesk {
  readonly #c: PeerDeskComponents
  readonly #records = new Map<Did, PeerRecord>()

  /** Puts what was added before in effect. @throws Error for a record that cannot be read: it must not look like none. */
  static async open(components: PeerDeskComponents): Promise<PeerDesk> {
    const desk = new PeerDesk(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = recordSchema.safeParse(JSON.parse(value))
      if (!record.success) throw new Error(`what is stored of the peer ${key} cannot be read; restore the store`)
      desk.#hold(record.data)
    }
    return desk
  }

  private constructor(components: PeerDeskComponents) {
    this.#c = components
  }

  /**
   * Makes a kernel known and imports what its manifest offers. Adding it again replaces what was said, and confirms
   * what it changed.
   * @throws CallError `invalid_request`, or why its manifest cannot be imported; nothing has changed then.
   */
  async add(init: AddPeer): Promise<KnownPeer> {
    const { settings, imports, clock, events, self } = this.#c
    const { did, manifest, trustPolicy, by } = init
    if (did === self) throw refused('this is the DID of this kernel itself')
    const said = [init.clearance, init.sameOwner, init.delegation, init.standing].some((one) => one !== undefined)
    if (settings.configured(did) && said)
      throw refused('hansa.yaml names this peer; change its clearance, owner, consent to delegation or standing there')
    const offered = manifest === undefined ? undefined : await this.#offered(did, manifest)
    const alias = init.alias ?? settings.of(did).aliases[0] ?? offered?.alias ?? fallbackAlias(did)
    this.#checkAlias(did, alias)
    if (alias === offered?.alias && init.alias === undefined) this.#checkRules(did, alias)
    if (manifest !== undefined && offered?.some === true) {
      await imports.add({ manifest, as: alias, ...(trustPolicy !== undefined && { trustPolicy }) })
    }
    if (settings.configured(did)) return this.#known(did)
    const record: PeerRecord = {
      v: 1,
      did,
      alias,
      clearance: init.clearance ?? [],
      sameOwner: init.sameOwner ?? false,
      ...(init.delegation === undefined ? {} : { delegation: init.delegation }),
      standing: init.standing ?? NAMED_STANDING,
      by,
      since: Math.floor(clock.now() / 1000),
    }
    const added = {
      type: 'peer.added',
      actor: by,
      peer: did,
      ext: { alias, note: noteOf(record), standing: record.standing },
    } as const
    await events.record(added, [{ namespace: NAMESPACE, key: did, value: JSON.stringify(record) }])
    this.#hold(record)
    imports.forgetTargets()
    return this.#known(did)
  }

  /**
   * Forgets what was said and what was imported.
   * @param who an alias or a DID. @throws CallError `not_found`; `invalid_request` for one that hansa.yaml names.
   */
  async remove(who: string, by: string): Promise<KnownPeer> {
    const known = this.find(who)
    if (known === undefined) throw new CallError({ code: 'not_found' }, `not_found: No peer is known as ${who}.`)
    const { settings, imports, events } = this.#c
    if (settings.configured(known.did) && known.imports.length === 0)
      throw refused('hansa.yaml names this peer; remove it there')
    for (const alias of known.imports) await imports.remove(alias)
    await this.#c.removed?.(known.did, settings.configured(known.did) ? undefined : by)
    if (this.#records.has(known.did)) {
      const ext = known.alias === undefined ? {} : { ext: { alias: known.alias } }
      const removed = { type: 'peer.removed', actor: by, peer: known.did, ...ext } as const
      await events.record(removed, [{ namespace: NAMESPACE, key: known.did }])
      this.#records.delete(known.did)
      settings.remove(known.did)
      imports.forgetTargets()
    }
    return known
  }

  /**
   * The alias for a kernel that is imported without an operator: the one that was said, or that of its manifest.
   * @throws CallError `invalid_request` when it is another kernel's, or rules speak of it that may not be meant.
   */
  aliasFor(manifest: CapabilityManifest, said: { as: PeerAlias | undefined; mayMeanRules: boolean }): PeerAlias {
    const did = manifest.kernel_id
    const alias = said.as ?? this.#c.settings.of(did).aliases[0] ?? defaultAlias(manifest)
    this.#checkAlias(did, alias)
    if (!said.mayMeanRules) this.#checkRules(did, alias)
    return alias
  }

  find(who: string): KnownPeer | undefined {
    return this.list().find(({ did, alias, imports }) => did === who || alias === who || imports.includes(who))
  }

  /** Every kernel that is configured, added or imported, by DID. */
  list(): KnownPeer[] {
    const { settings, imports } = this.#c
    const dids = new Set([...settings.all(), ...imports.dids()])
    return [...dids].sort().map((did) => this.#known(did))
  }

  #known(did: Did): KnownPeer {
    const { settings, imports } = this.#c
    const { aliases, clearance, sameOwner, delegation, standing } = settings.of(did)
    const record = settings.configured(did) ? undefined : this.#records.get(did)
    const imported = imports.aliasesOf(did)
    const alias = aliases[0] ?? imported[0]
    return {
      did,
      ...(alias === undefined ? {} : { alias }),
      source: settings.configured(did) ? 'configuration' : record === undefined ? 'import' : 'operator',
      clearance: [...clearance],
      sameOwner,
      ...(delegation ? { delegation } : {}),
      standing,
      ...this.#c.standing?.(did),
      ...(record === undefined ? {} : { by: record.by, since: record.since }),
      imports: imported,
    }
  }

  /** @throws CallError when the manifest does not verify, or is of another kernel. */
  async #offered(did: Did, manifest: string): Promise<{ alias: PeerAlias | undefined; some: boolean }> {
    const now = Math.floor(this.#c.clock.now() / 1000)
    const verified = await verifyManifest(manifest, { now, resolver: this.#c.resolver })
    if (!verified.ok) throw refused(`its manifest does not verify: ${verified.reason}`)
    const { kernel_id, name, capabilities } = verified.signed.manifest
    if (kernel_id !== did) throw refused(`the manifest is of ${kernel_id} and not of ${did}`)
    const alias = peerAliasSchema.safeParse(name?.toLowerCase())
    return { alias: alias.success ? alias.data : undefined, some: capabilities.length > 0 }
  }

  /** One alias means one kernel, in rules and in the names of capabilities. */
  #checkAlias(did: Did, alias: PeerAlias): void {
    const { settings, imports } = this.#c
    const holders = [settings.named(alias), ...imports.dids().filter((one) => imports.aliasesOf(one).includes(alias))]
    const other = holders.find((holder) => holder !== undefined && holder !== did)
    if (other !== undefined) throw refused(`the alias ${alias} is taken by ${other}; choose another one with --as`)
    const before = settings.of(did).aliases[0]
    if (before !== undefined && before !== alias)
      throw refused(`this peer is known as ${before}; remove it first to give it another alias`)
  }

  /** A name that a kernel gives itself must not make rules its own that a person wrote for somebody. */
  #checkRules(did: Did, alias: PeerAlias): void {
    const { rules, settings, imports } = this.#c
    if (settings.of(did).aliases.includes(alias) || imports.aliasesOf(did).includes(alias)) return
    const rule = rules().find(
      ({ subject, resource }) =>
        subject.includes(`peer:${alias}`) || resource.some((one) => one.startsWith(`${alias}/`)),
    )
    if (rule !== undefined)
      throw refused(
        `it calls itself ${alias}, of which rule ${rule.id} speaks already; say --as ${alias} when that rule is meant for it, or choose another alias`,
      )
  }

  #hold(record: PeerRecord): void {
    const { delegation, ...said } = record
    this.#records.set(record.did, record)
    this.#c.settings.add({ ...said, ...(delegation === undefined ? {} : { delegation }) })
  }
}

function noteOf({ clearance, sameOwner, delegation, standing }: PeerRecord): string {
  return `clearance ${clearance.join(', ') || 'none'}; standing ${standing}${sameOwner ? '; same owner' : ''}${delegation === true ? '; delegation' : ''}`.slice(
    0,
    512,
  )
}

function fallbackAlias(did: Did): PeerAlias {
  const end = did
    .slice(-8)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
  return `k-${end}`
}

function refused(reason: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${reason}.`)
}
