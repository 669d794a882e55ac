/**
 * Keeps the policy in force the one of its files. What was read comes in, and one reading is finished before the next
 * one is handed over: then what was read later is in force later.
 */
import { isDeepStrictEqual } from 'node:util'
import type { EventLogger, PolicyReload } from '@hansa/protocols'
import type { PolicySource } from '@hansa/trust'
import type { PolicyReading } from '../config/index.ts'
import { checkPolicies } from './preflight.ts'

/** Milliseconds between two looks. A change is taken when two looks in a row see the same, so within about a second. */
export const POLICY_PERIOD_MS = 500

export type PolicyFilesComponents = {
  /** @param by who wants it @returns what is in force then; `pending` is the one that waits, if this one does. */
  load(sources: readonly PolicySource[], by?: string): Promise<{ version: number; rules: number; pending?: string }>
  logger: EventLogger
}

export class PolicyFiles {
  readonly #c: PolicyFilesComponents
  #inForce: readonly PolicySource[]
  /** What was last put in force, or refused. */
  #decided: PolicyReading
  /** What the look before saw. */
  #seen: PolicyReading
  #faults: readonly string[] = []

  /** @param inForce what was read of the files and is in force */
  constructor(inForce: readonly PolicySource[], components: PolicyFilesComponents) {
    this.#c = components
    this.#inForce = inForce
    this.#decided = this.#seen = { sources: [...inForce], faults: [] }
  }

  /** Why the files are not the policy in force; empty when they are. */
  get faults(): readonly string[] {
    return this.#faults
  }

  isInForce(sources: readonly PolicySource[]): boolean {
    return isDeepStrictEqual(sources, this.#inForce) && this.#faults.length === 0
  }

  /** Puts the files in force as they were read. With a fault in any of them the policy in force stays. */
  async take(reading: PolicyReading, by?: string): Promise<PolicyReload> {
    const checked = checkPolicies(reading)
    if (!checked.ok) return this.refuse(reading, checked.faults)
    const { pending, ...inForce } = await this.#c.load(checked.sources, by)
    // One that waits is in the hands of persons: the files have said what they say.
    this.#inForce = checked.sources
    this.#decided = reading
    this.#faults = []
    if (pending !== undefined) return { ok: false, faults: [waits(pending)], pending }
    this.#c.logger.info('policy.reloaded', { rules: inForce.rules, version: inForce.version })
    return { ok: true, ...inForce }
  }

  /**
   * Takes a reading if it says something new and the one before it said the same. Editors write in several steps, and
   * half a file can be a policy too.
   */
  async look(reading: PolicyReading): Promise<void> {
    const rests = isDeepStrictEqual(reading, this.#seen)
    this.#seen = reading
    if (rests && !isDeepStrictEqual(reading, this.#decided)) await this.take(reading)
  }

  refuse(reading: PolicyReading, faults: string[]): PolicyReload {
    this.#decided = reading
    this.#faults = faults
    this.#c.logger.error('policy.not_reloaded', { faults: faults.join('\n') })
    return { ok: false, faults }
  }
}

function waits(id: string): string {
  return `These rules may permit more than those in force, so they wait for two persons: hansa policy approve ${id.slice(0, 12)}`
}
