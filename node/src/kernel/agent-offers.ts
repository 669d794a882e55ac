/**
 * Capabilities that connected programs serve. A program that goes away leaves its capability behind, unavailable: other
 * kernels have pinned it, and it is coming back. So definitions are kept in the store and are there again after a restart.
 */
import {
  type CapabilityHandler,
  type CapabilityId,
  type Clock,
  type EventLogger,
  type RegisterParams,
  registerParamsSchema,
  type Store,
} from '@hansa/protocols'
import { z } from 'zod'
import type { AgentOffer } from '../control/controlled-kernel.ts'
import { withoutUndefined } from '../control/without-undefined.ts'
import { type Driver, DriverError, driver, functionDriver } from '../drivers/index.ts'
import type { LocalCapabilities, ServedCapability } from './local-capabilities.ts'

const NAMESPACE = 'served'

const recordSchema = z.object({
  definition: registerParamsSchema,
  owner: z.string().max(128),
  /** Unix milliseconds; without it the process ended while the program was connected. */
  since: z.int().min(0).optional(),
})
type Record = z.infer<typeof recordSchema>

export type AgentOffersComponents = { store: Store; clock: Clock; locals: LocalCapabilities; logger: EventLogger }

export class AgentOffers {
  readonly #c: AgentOffersComponents

  /** What was served before is there again, unavailable. What cannot be read is left out, and said in the log. */
  static async open(components: AgentOffersComponents): Promise<AgentOffers> {
    const { store, clock, locals, logger } = components
    for (const { key, value } of await store.list(NAMESPACE)) {
      try {
        const { definition, owner, since } = recordSchema.parse(JSON.parse(value))
        locals.restore(withoutUndefined(definition), absentDriver(), { owner, awaySince: since ?? clock.now() })
      } catch (error) {
        logger.warn('capability.not_restored', { capability: key, reason: String(error).slice(0, 512) })
      }
    }
    return new AgentOffers(components)
  }

  private constructor(components: AgentOffersComponents) {
    this.#c = components
  }

  async offer(definition: RegisterParams, handler: CapabilityHandler, owner: string): Promise<AgentOffer> {
    const { locals, logger } = this.#c
    const { id } = definition
    const serving = functionDriver({ handler, structured: definition.output !== undefined })
    const served = locals.serve(withoutUndefined(definition), serving, owner)
    try {
      await this.#keep({ definition, owner })
    } catch (error) {
      await this.#undo(served, { definition, owner })
      throw error
    }
    logger.info('capability.available', { capability: id, served_by: owner })
    return {
      capability: id,
      fresh: served.fresh,
      leave: () => this.#leave(served, { definition, owner }),
      withdraw: async () => {
        served.remove()
        await this.#c.store.delete(NAMESPACE, id)
      },
    }
  }

  /** @throws CallError `not_found`, or `invalid_request` unless its program has gone away. */
  async forget(id: CapabilityId): Promise<void> {
    this.#c.locals.forget(id)
    await this.#c.store.delete(NAMESPACE, id)
  }

  async #leave(served: ServedCapability, record: Record): Promise<void> {
    const since = this.#c.clock.now()
    served.leave(since)
    this.#c.logger.info('capability.unavailable', { capability: record.definition.id, served_by: record.owner })
    await this.#keep({ ...record, since })
  }

  async #undo(served: ServedCapability, { definition }: Record): Promise<void> {
    if (served.fresh) served.remove()
    else served.leave(this.#c.clock.now())
    this.#c.logger.error('capability.not_kept', { capability: definition.id })
  }

  #keep(record: Record): Promise<void> {
    return this.#c.store.set(NAMESPACE, record.definition.id, JSON.stringify(record))
  }
}

/** Stands in for a program that is not connected; the receive stage refuses before it is asked. */
function absentDriver(): Driver {
  return driver(async () => {
    throw new DriverError({ code: 'driver_closed', began: false, reason: 'its program is not connected' })
  })
}
