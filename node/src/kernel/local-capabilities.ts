/** What this kernel itself offers: definitions turned into descriptors, each with its driver and compiled schemas. */
import type { CapabilityDefinition, CapabilityDescriptor, SchemaSource } from '@hansa/protocols'
import { CallError, capabilityDescriptorSchema } from '@hansa/protocols'
import { capabilityHash, parseObligations } from '@hansa/trust'
import { z } from 'zod'
import type { Driver } from '../drivers/index.ts'
import { compileSchema } from '../firewall/index.ts'
import type { LocalTarget } from './stages.ts'

/** Anything, for a capability that declares no input. */
const ANY_INPUT = '{}'

export class LocalCapabilities {
  readonly #targets = new Map<string, { target: LocalTarget; descriptor: CapabilityDescriptor }>()
  #generation = 0

  /** Rises with every change; a manifest made under another one is out of date. */
  get generation(): number {
    return this.#generation
  }

  get size(): number {
    return this.#targets.size
  }

  /**
   * @returns takes it away again; the driver stays the caller's to close.
   * @throws CallError `invalid_request` that names every fault of the definition, or that the id is taken.
   */
  add(definition: CapabilityDefinition, driver: Driver): () => void {
    const built = buildTarget(definition, driver)
    if (this.#targets.has(definition.id)) {
      throw new CallError(
        { code: 'invalid_request' },
        `invalid_request: Capability ${definition.id} is already registered.`,
      )
    }
    this.#targets.set(definition.id, built)
    this.#generation += 1
    return () => {
      if (this.#targets.get(definition.id) !== built) return
      this.#targets.delete(definition.id)
      this.#generation += 1
    }
  }

  find(id: string): LocalTarget | undefined {
    return this.#targets.get(id)?.target
  }

  descriptor(id: string): CapabilityDescriptor | undefined {
    return this.#targets.get(id)?.descriptor
  }

  /** By id, in code point order. */
  descriptors(): CapabilityDescriptor[] {
    return [...this.#targets.values()].map(({ descriptor }) => descriptor).sort((a, b) => (a.id < b.id ? -1 : 1))
  }
}

function buildTarget(
  definition: CapabilityDefinition,
  driver: Driver,
): { target: LocalTarget; descriptor: CapabilityDescriptor } {
  const { descriptor, faults } = describeCapability(definition)
  const input = compileSchema(descriptor.input_schema)
  const output = descriptor.output_schema === undefined ? undefined : compileSchema(descriptor.output_schema)
  if (!input.ok) faults.push(`input: ${input.reason}`)
  if (output !== undefined && !output.ok) faults.push(`output: ${output.reason}`)
  const obligations = parseObligations(descriptor.obligations)
  if (!obligations.ok) faults.push(`obligations: ${obligations.unknown} is not understood`)
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
  }
  return { target, descriptor }
}

function describeCapability(definition: CapabilityDefinition): { descriptor: CapabilityDescriptor; faults: string[] } {
  const faults: string[] = []
  const safety = definition.safety ?? 'DESTRUCTIVE'
  const input = schemaText(definition.input, 'input', faults) ?? ANY_INPUT
  const output = schemaText(definition.output, 'output', faults)
  const unhashed = {
    id: definition.id,
    ver: definition.version ?? '1.0.0',
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
