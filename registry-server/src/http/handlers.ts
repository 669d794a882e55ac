import type { Did, ListingStatus, registryRoutes, UnixSeconds } from '@hansa/protocols'
import { isDid } from '@hansa/protocols'
import type { Events } from '../events.ts'
import { type LivenessLimits, livenessAt } from '../liveness/liveness.ts'
import type { RegistryLog } from '../log/registry-log.ts'
import type { RecordComponents } from '../records/admission.ts'
import type { KernelRecord } from '../records/record-store.ts'
import { register } from '../records/register.ts'
import { renew } from '../records/renew.ts'
import { withdraw } from '../records/withdraw.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { LiveIndex } from '../search/live-index.ts'
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

export type HandlerComponents = RecordComponents & {
  log: RegistryLog
  index: Pick<LiveIndex, 'search'>
  events: Events
}

export function registryHandlers(components: HandlerComponents): Handlers {
  return { ...writeHandlers(components), ...readHandlers(components), ...logHandlers(components) }
}

function writeHandlers(components: HandlerComponents): Pick<Handlers, 'register' | 'renew' | 'withdraw'> {
  const { events } = components
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
  }
}

function readHandlers(
  components: HandlerComponents,
): Pick<Handlers, 'list' | 'get' | 'status' | 'search' | 'ready' | 'health'> {
  const { now, records, index, log } = components
  return {
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
    async status(_input, { did = '' }) {
      if (!isDid(did)) return refuse('invalid_request', 'not_a_did')
      const found = await records.find(did)
      return found === undefined
        ? refuse('not_found', 'never_registered')
        : { ok: true, body: statusOf(did, found, now(), components.liveness) }
    },
    async search(query) {
      const answer = await index.search(query)
      return answer === undefined ? refuse('invalid_request', 'not_a_range_of_versions') : { ok: true, body: answer }
    },
    async ready() {
      return { ok: true, body: { status: 'ready', entries: await log.size() } }
    },
    async health() {
      return { ok: true, body: { status: 'ok', listings: await records.countListed(now()) } }
    },
  }
}

function logHandlers({ log }: HandlerComponents): Pick<Handlers, 'checkpoint' | 'entry'> {
  return {
    async checkpoint({ since }) {
      return { ok: true, body: await log.proveGrowth(since) }
    },
    async entry(_input, { index = '' }) {
      if (!/^(?:0|[1-9][0-9]{0,14})$/.test(index)) return refuse('invalid_request', 'not_an_index')
      const proven = await log.prove(Number(index))
      return proven === undefined ? refuse('not_found', 'no_such_entry') : { ok: true, body: proven }
    },
  }
}

/** A sweep may be seconds behind; what is said here is what the time says. */
function statusOf(
  kernel_id: Did,
  { seq, hash, since, index, equivocated, ...record }: KernelRecord,
  now: UnixSeconds,
  limits: LivenessLimits,
): ListingStatus {
  const state = record.state === 'dead' ? 'dead' : livenessAt(record, now, limits)
  const { expires, manifestExp } = record
  return {
    ...{ kernel_id, state, seq, hash, equivocated },
    since: state === record.state ? since : Math.min(now, expires, manifestExp),
    ...(state === 'alive' && { expires }),
    ...(index !== undefined && { index }),
  }
}
