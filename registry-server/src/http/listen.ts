/** Adapter: binds a server to an address, and lets it go. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@hansa/protocols'

/** @returns the base URL. @throws Error with one sentence that says what to do, and the cause. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(explain(cause, host, port), { cause })
  }
  const { address, family, port: bound } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}

function explain(cause: unknown, host: string, port: number): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const where = `${host}:${port}`
  if (code === 'EADDRINUSE') return `${where} is in use: stop what listens there, or choose another port with --listen.`
  if (code === 'EACCES')
    return `${where} needs rights that this process does not have: choose a port above 1023 with --listen.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${host} is no address of this machine: choose another one with --listen.`
  }
  return `${where} cannot be listened on: ${cause instanceof Error ? cause.message : String(cause)}.`
}

/** Takes no more requests and waits for those that run, but not longer than `drainMs`. */
export async function drain(server: Server, clock: Clock, drainMs: number): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  const cancel = clock.after(drainMs, () => server.closeAllConnections())
  await closed
  cancel()
}
