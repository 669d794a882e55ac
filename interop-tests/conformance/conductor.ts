/**
 * The client that the kit starts for each scenario is a kernel here: a small program hands over what it was told, a node
 * is started in front of the kit's server, and an agent calls everything that the node offers.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readScenarioContext } from '../fixtures/mcp-client/scenario-context.ts'
import { NodeHomes, PermissiveNode } from '../harness/permissive-node.ts'
import { callEverything } from './calling-agent.ts'
import { discoverable } from './discoverable.ts'
import { accessTo, signInAsPerson } from './signing-in.ts'

const SERVER = 'kit'
/** Times that a person signs in because the server is not there, or refuses calls. */
const SIGN_INS = 3
const TAKEN_IN_LOOKS = 40
const TAKEN_IN_EVERY_MS = 250

/** Nodes at a time: the kit starts all its scenarios at once. */
const AT_ONCE = 4

export type Conductor = AsyncDisposable & {
  /** What the kit is given as the client under test. */
  command: string
}

export async function startConductor(): Promise<Conductor> {
  const homes = await NodeHomes.make()
  const turns = new Turns(AT_ONCE)
  const server = createServer(async (request, response) => {
    try {
      const { url, env } = JSON.parse(await textOf(request)) as { url: string; env: Record<string, string> }
      await turns.take(async () => playScenario(homes, url, env))
      response.writeHead(204).end()
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    command: `${process.execPath} ${join(import.meta.dirname, 'hand-over.ts')} http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await homes[Symbol.asyncDispose]()
    },
  }
}

async function playScenario(homes: NodeHomes, url: string, env: Record<string, string>): Promise<void> {
  const context = readScenarioContext(env)
  await using reachable = await discoverable(url, context.scenario)
  const home = await homes.next()
  const access = context.scenario.startsWith('auth/') ? await accessTo(reachable.url, home, context) : {}
  const upstream = { mcp: { id: SERVER, url: reachable.url, ...access } }
  await using front = await PermissiveNode.start(home, [upstream])
  const { kernel } = front.node
  for (let signedIn = 0; ; signedIn += 1) {
    const offered = await front.offerEverything()
    const refused = await callEverything(kernel, offered, context.toolCalls)
    const done = offered.length > 0 && refused === 0
    if (done || signedIn === SIGN_INS || !Object.hasOwn(access, 'auth')) return
    // The server wants a token, or one for more than was agreed to; a person has to agree to that.
    if (!(await signInAsPerson(home, SERVER))) return
    await takenIn(front)
  }
}

/** The node takes a server in some time after somebody has signed in; signing in once more would be another matter. */
async function takenIn(front: PermissiveNode): Promise<void> {
  for (let look = 0; look < TAKEN_IN_LOOKS && (await front.offerEverything()).length === 0; look += 1)
    await delay(TAKEN_IN_EVERY_MS)
}

/** So many at a time, in the order of coming. */
class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
