/** Method, path and schemas of every registry route: the server and its client derive from this one table. */
import { z } from 'zod'
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
  health: {
    method: 'GET',
    path: '/health',
    request: z.object({}),
    response: z.object({ status: z.literal('ok'), listings: z.int() }),
  },
} as const
