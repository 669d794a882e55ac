/**
 * Stands before a kernel and does with its connections what bad machines and bad networks do. The kernel behind it names
 * the proxy as the place where it is reached.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `dead`: nothing listens. `black_hole`: connections open, and nothing is read. `half_open`: what is sent arrives, and
 * nothing comes back. `drip`: a byte a second comes back.
 */
export type Fault = 'none' | 'dead' | 'black_hole' | 'half_open' | 'drip'

const DRIP_MS = 1_000

export class FaultProxy implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #fault: Fault = 'none'
  #behind = 0
  /** Connections that were opened since the fault began. */
  connections = 0

  static async create(): Promise<FaultProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FaultProxy(server)
  }

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#accept(socket))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** @param port on which the kernel listens. */
  standBefore(port: number): void {
    this.#behind = port
  }

  /** From now on; what is open already goes the same way. */
  async turn(fault: Fault): Promise<void> {
    this.#fault = fault
    this.connections = 0
    for (const socket of this.#sockets) socket.destroy()
    if (fault === 'dead') await new Promise<void>((closed) => this.#server.close(() => closed()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) await new Promise<void>((closed) => this.#server.close(() => closed()))
  }

  #accept(socket: Socket): void {
    this.connections += 1
    this.#hold(socket)
    if (this.#fault === 'black_hole') return void socket.pause()
    const inner = connect(this.#behind, '127.0.0.1')
    this.#hold(inner)
    socket.on('close', () => inner.destroy())
    inner.on('close', () => this.#fault === 'none' && socket.destroy())
    socket.pipe(inner)
    if (this.#fault === 'none') inner.pipe(socket)
    else if (this.#fault === 'half_open') inner.resume()
    else drip(inner, socket)
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

function drip(from: Socket, to: Socket): void {
  const waiting: number[] = []
  from.on('data', (bytes: Buffer) => void waiting.push(...bytes))
  const timer = setInterval(() => {
    const byte = waiting.shift()
    if (byte !== undefined) to.write(Buffer.of(byte))
  }, DRIP_MS)
  to.on('close', () => clearInterval(timer))
}
