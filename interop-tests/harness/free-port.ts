import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Ports below those that systems give to outgoing connections, which could take a port while its process is down. */
const LOWEST = 20_000
const HIGHEST = 32_000

/** @returns a loopback port on which nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
