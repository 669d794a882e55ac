import type { Server } from 'node:http'
import type { ListenAddress } from '../config/listen-address.ts'
import { GatewayError } from './errors.ts'

/** Resolves when it listens; port 0 takes a free one. @throws GatewayError when the address cannot be listened on. */
export function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const address = `${host}:${port}`
  server.once('error', (error: NodeJS.ErrnoException) => {
    const detail =
      error.code === 'EADDRINUSE'
        ? ({ code: 'address_in_use', address } as const)
        : ({ code: 'address_unusable', address, reason: error.message } as const)
    const message =
      detail.code === 'address_in_use'
        ? `Another process listens on ${address}. Stop it, or choose another port with --listen.`
        : `Cannot listen on ${address}: ${error.message}.`
    reject(new GatewayError(detail, message, { cause: error }))
  })
  server.listen(port, host, resolve)
  return promise
}
