import type { registryRoutes } from '@hansa/protocols'
import { isDid } from '@hansa/protocols'
import type { Events } from '../events.ts'
import type { RecordComponents } from '../records/admission.ts'
import { register } from '../records/register.ts'
import { renew } from '../records/renew.ts'
import { withdraw } from '../records/withdraw.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { readQuery } from '../search/query.ts'
import type { RouteName } from './match-route.ts'

type Routes = typeof registryRoutes
type RequestOf<R extends RouteName> = ReturnType<Routes[R]['request']['parse']>
type ResponseOf<R extends RouteName> = ReturnType<Routes[R]['response']['parse']>

export type Answer<T> = { ok: true; body: T } | Refusal

/** One for each route, with the types that the route declares. */
export type Handlers = {
  [R in RouteName]: (
    input: RequestOf<R>,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<Answer<ResponseOf<R>>>
}

export function registryHandlers(components: RecordComponents, events: Events): Handlers {
  const { now, records } = components
  return {
    async register({ manifest }) {
      const outcome = await register(components, manifest)
      if (outcome.ok) {
        events.registered(outcome.registered.kernel_id, outcome.registered.seq)
        return { ok: true, body: outcome.registered }
      }
      const { equivocation } = outcome
      if (equivocation !== undefined) events.equivocated(equivocation.kernel, equivocation.seq, equivocation.hash)
      return outcome
    },
    async renew({ statement }) {
      const outcome = await renew(components, statement)
      return outcome.ok ? { ok: true, body: outcome.registered } : outcome
    },
    async withdraw({ statement }) {
      const outcome = await withdraw(components, statement)
      if (!outcome.ok) return outcome
      events.withdrawn(outcome.registered.kernel_id, outcome.registered.seq)
      return { ok: true, body: outcome.registered }
    },
    async list(input) {
      const query = readQuery(input)
      return query === undefined
        ? refuse('invalid_request', 'not_a_query')
        : { ok: true, body: await records.page(query, now()) }
    },
    async get(_input, { did = '' }) {
      if (!isDid(did)) return refuse('invalid_request', 'not_a_did')
      const listing = await records.get(did, now())
      return listing === undefined ? refuse('not_found', 'not_listed') : { ok: true, body: listing }
    },
    async health() {
      return { ok: true, body: { status: 'ok', listings: await records.countListed(now()) } }
    },
  }
}
