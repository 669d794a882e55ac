import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports below those that systems give to outgoing connections, which could take a port while its process is down. */
const LOWEST = 20_000
const HIGHEST = 32_000

/**
 * @returns a loopback port on which nobody listens, and which no other caller of this function is given while this
 * process runs: the UDP port of the same number, which nothing here uses, is held as the claim to it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST)
    if ((await claim(port)) && (await isFree(port))) return port
  }
}

async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  const bound = once(socket, 'listening').then(
    () => true,
    () => false,
  )
  socket.bind({ address: '127.0.0.1', port, exclusive: true })
  if (await bound) socket.unref()
  else socket.close()
  return await bound
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
