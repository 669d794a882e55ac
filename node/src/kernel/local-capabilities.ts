/** What this kernel itself offers: definitions turned into descriptors, each with its driver and compiled schemas. */
import type { CapabilityDefinition, CapabilityDescriptor, CostPerCall, SchemaSource } from '@hansa/protocols'
import { CallError, capabilityDescriptorSchema, costPerCallSchema } from '@hansa/protocols'
import { capabilityHash, parseObligations } from '@hansa/trust'
import { z } from 'zod'
import type { Driver } from '../drivers/index.ts'
import { checkOnDemand, compileSchema, type SchemaCompilation } from '../firewall/index.ts'
import { canaryFaults, canaryOf } from './canary-of.ts'
import type { LocalTarget } from './stages.ts'

/** Anything, for a capability that declares no input. */
const ANY_INPUT = '{}'

/** Capabilities of one manifest, and the bytes of their descriptors that fit into the largest one that is read. */
const ALL: Share = { capabilities: 500, bytes: 190_000 }
/** What of it connected programs may take together, so that the configuration always has room. */
const OF_PROGRAMS: Share = { capabilities: 250, bytes: 95_000 }
/** What of it one of them may take. */
const OF_ONE_OWNER: Share = { capabilities: 64, bytes: 49_152 }

type Share = { capabilities: number; bytes: number }

/** Of a capability that a connected program serves. */
type Service = { owner: string /** Unix milliseconds; undefined while it is connected. */; awaySince?: number }
type Held = { target: LocalTarget; descriptor: CapabilityDescriptor; service?: Service }

export type ListedCapability = { descriptor: CapabilityDescriptor; service?: Readonly<Service> }

export type ServedCapability = {
  /** Whether nothing of it was known before. */
  fresh: boolean
  /** Calls are refused from now on; nothing else changes. @param nowMs since when */
  leave(nowMs: number): void
  remove(): void
}

export class LocalCapabilities {
  readonly #held = new Map<string, Held>()
  /** Answered by the kernel itself and part of the protocol, so in no list and no manifest. */
  readonly #builtIn = new Map<string, Held>()
  readonly #isRevoked: (id: string) => boolean
  readonly #watchers = new Set<() => void>()
  #generation = 0

  /** @param isRevoked whether nobody may call it any more: then it is not advertised */
  constructor(isRevoked: (id: string) => boolean = () => false) {
    this.#isRevoked = isRevoked
  }

  /** Rises with every change; a manifest made under another one is out of date. */
  get generation(): number {
    return this.#generation
  }

  /** @param changed told of each rise of `generation`. @returns ends it */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  get size(): number {
    return this.#held.size
  }

  /**
   * Takes the place of one whose program has gone away: what an operator configures goes before.
   * @returns takes it away again; the driver stays the caller's to close.
   * @throws CallError `invalid_request` that names every fault of the definition, or that the id is taken.
   */
  add(definition: CapabilityDefinition, driver: Driver): () => void {
    refuseReserved(definition.id)
    const built = buildTarget(definition, driver)
    const present = this.#held.get(definition.id)
    if (present !== undefined && present.service?.awaySince === undefined) throw taken(definition.id)
    this.#refuseBeyond(ALL, built, () => true)
    this.#put(built)
    return () => this.#remove(built)
  }

  /** @throws CallError `invalid_request` as `add` does. */
  addBuiltIn(definition: CapabilityDefinition, driver: Driver): void {
    this.#builtIn.set(definition.id, buildTarget(definition, driver, onDemand))
  }

  /**
   * Adds what a connected program serves, or lets its owner take it up again. The same definition is no change.
   * @throws CallError `invalid_request` as `add` does, or that it belongs to someone else.
   */
  serve(definition: CapabilityDefinition, driver: Driver, owner: string): ServedCapability {
    refuseReserved(definition.id)
    const held: Held = { ...buildTarget(definition, driver), service: { owner } }
    const present = this.#held.get(definition.id)
    if (present !== undefined) refuseTaking(definition.id, present.service, owner)
    this.#refuseBeyond(ALL, held, () => true)
    this.#refuseBeyond(OF_PROGRAMS, held, ({ service }) => service !== undefined)
    this.#refuseBeyond(OF_ONE_OWNER, held, ({ service }) => service?.owner === owner)
    if (present?.descriptor.hash === held.descriptor.hash) this.#held.set(definition.id, held)
    else this.#put(held)
    return {
      fresh: present === undefined,
      leave: (nowMs) => {
        if (this.#held.get(definition.id) === held) held.service = { owner, awaySince: nowMs }
      },
      remove: () => this.#remove(held),
    }
  }

  /** What was served before this process began. @throws CallError as `add` does. */
  restore(definition: CapabilityDefinition, driver: Driver, service: Required<Service>): void {
    if (this.#held.has(definition.id)) throw taken(definition.id)
    this.#put({ ...buildTarget(definition, driver), service })
  }

  /** @throws CallError `not_found`, or `invalid_request` unless its program has gone away. */
  forget(id: string): void {
    const held = this.#held.get(id)
    if (held === undefined) throw new CallError({ code: 'not_found' }, `not_found: There is no capability ${id}.`)
    if (held.service === undefined)
      throw invalid(`${id} is served by this node itself; remove it where it is configured`)
    if (held.service.awaySince === undefined)
      throw invalid(`${id} is served by ${held.service.owner} now; end that first`)
    this.#remove(held)
  }

  find(id: string): LocalTarget | undefined {
    return (this.#builtIn.get(id) ?? this.#held.get(id))?.target
  }

  /** @returns why nothing can be called under this id now, for the log; undefined when its driver is there. */
  absenceOf(id: string): string | undefined {
    const service = this.#held.get(id)?.service
    if (service?.awaySince === undefined) return undefined
    return `${service.owner}, whose program serves ${id}, is not connected since ${new Date(service.awaySince).toISOString()}`
  }

  descriptor(id: string): CapabilityDescriptor | undefined {
    return this.#held.get(id)?.descriptor
  }

  /** What others may know of, by id, in code point order. */
  descriptors(): CapabilityDescriptor[] {
    return this.list().flatMap(({ descriptor }) => (this.#isRevoked(descriptor.id) ? [] : [descriptor]))
  }

  /** One of them may no longer be called: it is not advertised any more. */
  withdrawn(): void {
    this.#rise()
  }

  /** All of them by id, with whose program serves each. */
  list(): ListedCapability[] {
    return [...this.#held.values()].sort((a, b) => (a.descriptor.id < b.descriptor.id ? -1 : 1))
  }

  #put(held: Held): void {
    this.#held.set(held.descriptor.id, held)
    this.#rise()
  }

  #remove(held: Held): void {
    if (this.#held.get(held.descriptor.id) !== held) return
    this.#held.delete(held.descriptor.id)
    this.#rise()
  }

  #rise(): void {
    this.#generation += 1
    for (const changed of this.#watchers) changed()
  }

  /** A manifest that is too large is read by nobody, so one capability too many would take all others away. */
  #refuseBeyond(share: Share, { descriptor }: Held, counts: (held: Held) => boolean): void {
    const others = [...this.#held.values()].filter((held) => held.descriptor.id !== descriptor.id && counts(held))
    const bytes = others.reduce((sum, held) => sum + bytesOf(held.descriptor), bytesOf(descriptor))
    if (others.length < share.capabilities && bytes <= share.bytes) return
    throw invalid(
      `Capability ${descriptor.id} does not fit: at most ${share.capabilities} with ${share.bytes} bytes of descriptions`,
    )
  }
}

function refuseTaking(id: string, service: Service | undefined, owner: string): void {
  if (service === undefined) throw taken(id)
  if (service.owner !== owner) throw invalid(`Capability ${id} belongs to ${service.owner}`)
  if (service.awaySince === undefined) throw invalid(`Capability ${id} is already registered, and being served`)
}

/** What the kernel answers itself must not be answered by a program in its name. */
function refuseReserved(id: string): void {
  if (id === 'governance' || id.startsWith('governance.'))
    throw invalid(`Capability ${id} cannot be registered: governance.* belongs to the kernel`)
}

function taken(id: string): CallError {
  return invalid(`Capability ${id} is already registered`)
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}

function bytesOf(descriptor: CapabilityDescriptor): number {
  return Buffer.byteLength(JSON.stringify(descriptor))
}

/** What the kernel itself offers is written here, so nothing is learned from it at every start. */
function onDemand(schemaText: string): SchemaCompilation {
  return { ok: true, check: checkOnDemand(() => schemaText) }
}

function buildTarget(
  definition: CapabilityDefinition,
  driver: Driver,
  compile: (schemaText: string) => SchemaCompilation = compileSchema,
): { target: LocalTarget; descriptor: CapabilityDescriptor } {
  const { descriptor, faults } = describeCapability(definition)
  const input = compile(descriptor.input_schema)
  const output = descriptor.output_schema === undefined ? undefined : compile(descriptor.output_schema)
  if (!input.ok) faults.push(`input: ${input.reason}`)
  if (output !== undefined && !output.ok) faults.push(`output: ${output.reason}`)
  const obligations = parseObligations(descriptor.obligations)
  if (!obligations.ok) faults.push(`obligations: ${obligations.unknown} is not understood`)
  if (input.ok) faults.push(...canaryFaults(descriptor, input.check))
  const cost = costOf(definition, faults)
  if (faults.length > 0 || !input.ok || output?.ok === false) {
    throw new CallError(
      { code: 'invalid_request' },
      `invalid_request: Capability ${definition.id} cannot be registered: ${faults.join('; ')}.`,
    )
  }
  const target: LocalTarget = {
    kind: 'local',
    ref: descriptor.id,
    id: descriptor.id,
    hash: descriptor.hash,
    safety: descriptor.safety,
    labels: descriptor.sensitivity,
    obligations: descriptor.obligations,
    idempotent: descriptor.idempotent,
    limits: descriptor.limits,
    input: input.check,
    output: output?.check,
    driver,
    ...(cost === undefined ? {} : { cost }),
  }
  return { target, descriptor }
}

/** Of this kernel alone: who asks is told what it was given, not what it costs. */
function costOf({ cost }: CapabilityDefinition, faults: string[]): CostPerCall | undefined {
  if (cost === undefined) return undefined
  const parsed = costPerCallSchema.safeParse(cost)
  if (!parsed.success)
    faults.push(...parsed.error.issues.map(({ path, message }) => `cost.${path.join('.')}: ${message}`))
  return parsed.data
}

/** As it would be advertised. */
export function describeCapability(definition: CapabilityDefinition): {
  descriptor: CapabilityDescriptor
  faults: string[]
} {
  const faults: string[] = []
  const safety = definition.safety ?? 'DESTRUCTIVE'
  const input = schemaText(definition.input, 'input', faults) ?? ANY_INPUT
  const output = schemaText(definition.output, 'output', faults)
  const unhashed = {
    id: definition.id,
    ver: definition.version ?? '1.0.0',
    ...(definition.kind === undefined || definition.kind === 'tool' ? {} : { kind: definition.kind }),
    title: definition.title ?? definition.id,
    description: definition.description ?? '',
    safety,
    sensitivity: [...new Set(definition.sensitivity ?? [])].sort(),
    tags: [...new Set(definition.tags ?? [])].sort(),
    idempotent: definition.idempotent ?? safety === 'READ',
    input_schema: input,
    ...(output === undefined ? {} : { output_schema: output }),
    obligations: [...new Set(definition.obligations ?? [])].sort(),
    limits: withoutUndefined(definition.limits ?? {}),
    ...canaryOf(definition, faults),
  }
  const descriptor = { ...unhashed, hash: capabilityHash(unhashed) }
  const parsed = capabilityDescriptorSchema.safeParse(descriptor)
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  return { descriptor, faults }
}

function schemaText(source: SchemaSource | undefined, name: string, faults: string[]): string | undefined {
  if (source === undefined) return undefined
  if (typeof source === 'string') return source
  if (!(source instanceof z.ZodType)) return JSON.stringify(source)
  try {
    return JSON.stringify(z.toJSONSchema(source))
  } catch (error) {
    faults.push(`${name}: ${error instanceof Error ? error.message : 'cannot be written as JSON Schema'}`)
    return undefined
  }
}

/** JSON has no undefined, and the hash covers what is written. */
function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
