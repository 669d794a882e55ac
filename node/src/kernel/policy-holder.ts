/** The policy in force: one compiled set at a time, swapped as a whole, so that no call sees half of a change. */
import type { EntryDraft } from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import { type CompiledPolicy, compilePolicy, type PolicySource } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'

export class PolicyHolder {
  #current: CompiledPolicy
  #version: number
  #loading: Promise<unknown> = Promise.resolve()
  readonly #append: (draft: EntryDraft) => Appended

  constructor(policy: CompiledPolicy, version: number, append: (draft: EntryDraft) => Appended) {
    this.#current = policy
    this.#version = version
    this.#append = append
  }

  get current(): CompiledPolicy {
    return this.#current
  }

  /** Rises by one with every policy that was loaded. */
  get version(): number {
    return this.#version
  }

  /**
   * Puts another policy in force once its entry is durable.
   * @throws CallError `invalid_request` that names every fault; the old policy stays in force.
   */
  async load(sources: readonly PolicySource[]): Promise<void> {
    const policy = compileOrThrow(sources)
    // One after the other: two policies must not be recorded under one version.
    const loaded = this.#loading.then(() => this.#put(policy))
    this.#loading = loaded.catch(() => {})
    await loaded
  }

  async #put(policy: CompiledPolicy): Promise<void> {
    await this.record(policy, this.#version + 1)
    this.#current = policy
    this.#version += 1
  }

  async record(policy: CompiledPolicy, version: number): Promise<void> {
    const entry = this.#append({
      type: 'policy.loaded',
      pol: version,
      ext: { hash: policy.hash, count: policy.rules.length },
    })
    await entry.durable
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
