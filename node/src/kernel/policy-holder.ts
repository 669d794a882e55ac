/** The policy in force: one compiled set at a time, swapped as a whole, so that no call sees half of a change. */
import type { EntryDraft } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { type CompiledPolicy, compilePolicy, type PolicySource } from '@hansa/trust'

export class PolicyHolder {
  #current: CompiledPolicy
  #version: number

  constructor(policy: CompiledPolicy, version: number) {
    this.#current = policy
    this.#version = version
  }

  get current(): CompiledPolicy {
    return this.#current
  }

  /** Rises by one with every policy that was loaded. */
  get version(): number {
    return this.#version
  }

  /** In force from now on; its entry is durable by then. */
  put(policy: CompiledPolicy): void {
    this.#current = policy
    this.#version += 1
  }

  /** What the log says of it. */
  entry({ hash, rules }: CompiledPolicy, version: number): EntryDraft {
    return { type: 'policy.loaded', pol: version, ext: { hash, count: rules.length } }
  }
}

/** @throws CallError `invalid_request` that names every fault of every source. */
export function compileOrThrow(sources: readonly PolicySource[]): CompiledPolicy {
  const compiled = compilePolicy(sources)
  if (compiled.ok) return compiled.policy
  const faults = compiled.faults.map(
    ({ source, line, rule, reason }) =>
      `${source}${line === undefined ? '' : `:${line}`}${rule === undefined ? '' : ` (rule ${rule})`}: ${reason}`,
  )
  throw new CallError({ code: 'invalid_request' }, `invalid_request: The policy has faults.\n  ${faults.join('\n  ')}`)
}
