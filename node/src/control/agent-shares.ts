/**
 * What the programs of one agent may hold of a listener at the same time. An agent that was taken over must not take the
 * memory of the node or every connection: the other agents, and the operator, are served beside it.
 */
import { BodyMemory } from '../gateway/body-memory.ts'
import { type ControlCaller, ownerOf } from './control-caller.ts'

/** Requests of one agent that are open: a stream for each capability that it serves, its calls, its answers. */
export const MAX_OPEN_OF_AGENT = 512
/** Bytes of bodies that are being read or worked on: of one agent, and of all. */
export const MAX_BODY_BYTES_OF_AGENT = 67_108_864
const MAX_BODY_BYTES_OF_ALL = 268_435_456

/** Of one request. */
export interface RequestShare {
  /** @returns whether there was room for further bytes of the body; then it is taken until `end`. */
  take(bytes: number): boolean
  end(): void
}

export class AgentShares {
  readonly #all = new BodyMemory(MAX_BODY_BYTES_OF_ALL)
  readonly #agents = new Map<string, { open: number; memory: BodyMemory }>()

  /** @returns undefined when the agent has too many requests open. An operator is not bounded. */
  begin(caller: ControlCaller): RequestShare | undefined {
    if (caller.scope !== 'agent') return { take: () => true, end() {} }
    const name = ownerOf(caller)
    const held = this.#agents.get(name) ?? { open: 0, memory: new BodyMemory(MAX_BODY_BYTES_OF_AGENT) }
    if (held.open >= MAX_OPEN_OF_AGENT) return undefined
    held.open += 1
    this.#agents.set(name, held)
    return this.#share(name, held)
  }

  #share(name: string, held: { open: number; memory: BodyMemory }): RequestShare {
    let taken = 0
    let ended = false
    return {
      take: (bytes) => {
        if (ended || !this.#all.take(bytes)) return false
        if (!held.memory.take(bytes)) {
          this.#all.give(bytes)
          return false
        }
        taken += bytes
        return true
      },
      end: () => {
        if (ended) return
        ended = true
        this.#all.give(taken)
        held.memory.give(taken)
        held.open -= 1
        if (held.open === 0) this.#agents.delete(name)
      },
    }
  }
}
