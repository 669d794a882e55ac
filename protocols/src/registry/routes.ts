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
} as const
