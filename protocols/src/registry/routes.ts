/** Method, path and schemas of every registry route: the server and its client derive from this one table. */
import { z } from 'zod'
import {
  checkpointQuerySchema,
  listingStatusSchema,
  provenEntrySchema,
  registryCheckpointSchema,
} from './log-messages.ts'
import {
  listingSchema,
  listQuerySchema,
  listResponseSchema,
  registeredSchema,
  registerRequestSchema,
  signedStatementSchema,
} from './messages.ts'
import { registrySearchAnswerSchema, registrySearchQuerySchema } from './search-messages.ts'

export const registryRoutes = {
  register: {
    method: 'POST',
    path: '/hansa/registry/v1/manifests',
    request: registerRequestSchema,
    response: registeredSchema,
  },
  renew: {
    method: 'POST',
    path: '/hansa/registry/v1/renewals',
    request: signedStatementSchema,
    response: registeredSchema,
  },
  withdraw: {
    method: 'POST',
    path: '/hansa/registry/v1/withdrawals',
    request: signedStatementSchema,
    response: registeredSchema,
  },
  list: { method: 'GET', path: '/hansa/registry/v1/manifests', request: listQuerySchema, response: listResponseSchema },
  /** The DID goes in the last segment, percent-encoded. */
  get: { method: 'GET', path: '/hansa/registry/v1/manifests/:did', request: z.object({}), response: listingSchema },
  /** Also of a kernel that is not listed any more. */
  status: {
    method: 'GET',
    path: '/hansa/registry/v1/kernels/:did',
    request: z.object({}),
    response: listingStatusSchema,
  },
  checkpoint: {
    method: 'GET',
    path: '/hansa/registry/v1/checkpoint',
    request: checkpointQuerySchema,
    response: registryCheckpointSchema,
  },
  entry: {
    method: 'GET',
    path: '/hansa/registry/v1/entries/:index',
    request: z.object({}),
    response: provenEntrySchema,
  },
  /** From what is listed now; without the standing that a kernel would have with whoever asks. */
  search: {
    method: 'GET',
    path: '/hansa/registry/v1/search',
    request: registrySearchQuerySchema,
    response: registrySearchAnswerSchema,
  },
  ready: {
    method: 'GET',
    path: '/ready',
    request: z.object({}),
    response: z.object({ status: z.literal('ready'), entries: z.int().describe('Of the log') }),
  },
  health: {
    method: 'GET',
    path: '/health',
    request: z.object({}),
    response: z.object({ status: z.literal('ok'), listings: z.int() }),
  },
} as const

/** Routes whose answer is not one JSON object. */
export const registryStreams = {
  /** Server-sent events, see `watchEvents`; `Last-Event-ID` counts as `after`. */
  watch: { method: 'GET', path: '/hansa/registry/v1/watch', produces: 'text/event-stream' },
  /** The log as https://c2sp.org/tlog-tiles lays it out: `checkpoint` and `tile/…` behind this path. */
  log: { method: 'GET', path: '/hansa/registry/v1/log/', produces: 'application/octet-stream' },
  openapi: { method: 'GET', path: '/hansa/registry/v1/openapi.json', produces: 'application/json' },
  metrics: { method: 'GET', path: '/metrics', produces: 'text/plain' },
} as const

/** One sentence each. */
export const registrySummaries: Readonly<Record<keyof typeof registryRoutes | keyof typeof registryStreams, string>> = {
  register: 'Lists a kernel under the manifest that it signed.',
  renew: 'A heartbeat, signed: the manifest with this number still holds.',
  withdraw: 'A tombstone, signed: the listing ends, and its number is remembered.',
  list: 'Live listings, in pages.',
  get: 'The live listing of one kernel.',
  status: 'Whether a kernel is alive, unreachable, dead or withdrawn, and which entry of the log says so.',
  checkpoint: 'The signed head of the log, and that it extends what the reader has seen.',
  entry: 'One entry of the log with its proof.',
  search:
    'Capabilities by words, id, prefix, tag, safety class and range of versions, the best first, with the reason.',
  ready: 'Answers once requests can be served.',
  health: 'How many listings are live.',
  watch: 'Server-sent events: every change, once, in order.',
  log: 'The log as C2SP tlog-tiles lays it out.',
  openapi: 'This document.',
  metrics: 'Figures for Prometheus.',
}
