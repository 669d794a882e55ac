import { describe, expect, it } from 'vitest'
import { httpServer } from '../testing/http-server.ts'
import type { AddressGuard, AddressVerdict } from './address.ts'
import { guardedConnector } from './guarded-connector.ts'

/** Opens one connection under a guard whose verdicts come in this order. */
async function connecting(port: number, verdicts: AddressVerdict[], hostname = 'kernel.example') {
  const asked: string[] = []
  const guard: AddressGuard = (address) => {
    asked.push(address)
    return verdicts.shift() ?? { ok: false, reason: 'asked once too often' }
  }
  const resolve = async () => ['127.0.0.1']
  const connect = guardedConnector({ guard, publicPorts: [443], connectTimeoutMs: 1_000, resolve })
  const outcome = await new Promise<string>((settle) => {
    connect({ hostname, host: `${hostname}:${port}`, protocol: 'http:', port: String(port) }, (...[error, socket]) => {
      socket?.destroy()
      settle(error === null ? 'connected' : error.message)
    })
  })
  return { outcome, asked }
}

const operator: AddressVerdict = { ok: true, by: 'operator' }

describe(guardedConnector, () => {
  it('judges an address before connecting and the one at the other end after', async () => {
    await using server = await httpServer(() => undefined)
    expect(await connecting(server.port, [operator, operator])).toEqual({
      outcome: 'connected',
      asked: ['127.0.0.1', '127.0.0.1'],
    })
  })

  it('closes the connection when the address at the other end is refused', async () => {
    await using server = await httpServer(() => undefined)
    const { outcome } = await connecting(server.port, [operator, { ok: false, reason: 'it is somewhere else' }])
    expect(outcome).toBe('it is somewhere else')
  })

  it('closes the connection when the address at the other end is public and plain HTTP was meant for the operator', async () => {
    await using server = await httpServer(() => undefined)
    const { outcome } = await connecting(server.port, [operator, { ok: true, by: 'public' }])
    expect(outcome).toContain('plain HTTP')
  })

  it('judges a literal after connecting, where no name is resolved', async () => {
    await using server = await httpServer(() => undefined)
    const { outcome, asked } = await connecting(server.port, [{ ok: false, reason: 'not this one' }], '127.0.0.1')
    expect({ outcome, asked }).toEqual({ outcome: 'not this one', asked: ['127.0.0.1'] })
  })
})
