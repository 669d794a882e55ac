/** Three hosts in three networks: two that nobody can dial and that have no way to each other, and a relay that both reach. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TestHostInit } from '../testing/test-host.ts'

const script = fileURLToPath(new URL('../testing/host-process.ts', import.meta.url))
const namespaces = ['relay', 'one', 'other'].map((name) => `hansa-${process.pid}-${name}`)
const [relayNet = '', oneNet = '', otherNet = ''] = namespaces
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })

/** A cable between the relay and a network, with addresses of `subnet` at its ends. */
function connect(net: string, subnet: string, at: number): void {
  const [near, far] = [`hz${process.pid}r${at}`.slice(-15), `hz${process.pid}n${at}`.slice(-15)]
  ip('link', 'add', near, 'netns', relayNet, 'type', 'veth', 'peer', 'name', far, 'netns', net)
  for (const [inside, link, address] of [
    [relayNet, near, `${subnet}.1/24`],
    [net, far, `${subnet}.2/24`],
  ] as const) {
    ip('-n', inside, 'addr', 'add', address, 'dev', link)
    ip('-n', inside, 'link', 'set', link, 'up')
  }
}

/** Why this machine lets no networks be made; undefined when it does. */
function networksFault(): string | undefined {
  try {
    ip('netns', 'add', relayNet)
    ip('-n', relayNet, 'link', 'set', 'lo', 'up')
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : String(error)
  } finally {
    removeNetworks()
  }
}

function makeNetworks(): void {
  for (const name of namespaces) {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  connect(oneNet, '10.77.1', 1)
  connect(otherNet, '10.77.2', 2)
}

function removeNetworks(): void {
  for (const name of namespaces) {
    try {
      ip('netns', 'del', name)
    } catch {
      // It was not made.
    }
  }
}

type Answer = Record<string, unknown> & { peerId?: string; addresses?: string[]; error?: string }

class HostProcess {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting: ((answer: Answer) => void)[] = []
  readonly ready: Promise<Answer>

  constructor(net: string, name: string, init: TestHostInit) {
    const argv = ['netns', 'exec', net, process.execPath, script, name, JSON.stringify(init)]
    this.#process = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)))
    this.ready = this.#answer()
  }

  ask(command: string): Promise<Answer> {
    const answer = this.#answer()
    this.#process.stdin.write(`${command}\n`)
    return answer
  }

  async end(): Promise<void> {
    const ended = new Promise((settle) => this.#process.once('exit', settle))
    this.#process.stdin.end()
    this.#process.kill()
    await ended
  }

  #answer(): Promise<Answer> {
    return new Promise((settle) => this.#waiting.push(settle))
  }
}

const fault = networksFault()
const common: TestHostInit = { network: 'internet', allowPrivate: true, dht: 'off' }

describe.skipIf(fault !== undefined)(
  `hosts in networks of their own${fault === undefined ? '' : ` (skipped: ${fault})`}`,
  () => {
    let relay: HostProcess
    let one: HostProcess
    let other: HostProcess
    beforeAll(async () => {
      makeNetworks()
      relay = new HostProcess(relayNet, 'relay', { ...common, listen: ['/ip4/0.0.0.0/tcp/7401'], relay: 'server' })
      const { peerId } = await relay.ready
      const from = (subnet: string) => ({
        ...common,
        listen: [],
        relay: 'client' as const,
        bootstrap: [`/ip4/${subnet}.1/tcp/7401/p2p/${peerId}`],
      })
      one = new HostProcess(oneNet, 'one', from('10.77.1'))
      other = new HostProcess(otherNet, 'other', from('10.77.2'))
      await Promise.all([one.ready, other.ready])
    }, 60_000)
    afterAll(async () => {
      await Promise.all([relay, one, other].map((host) => host?.end()))
      removeNetworks()
    })

    it('have no way to each other', () => {
      expect(() =>
        execFileSync('ip', ['netns', 'exec', oneNet, 'ip', 'route', 'get', '10.77.2.2'], { stdio: 'pipe' }),
      ).toThrow()
    })

    it('reach each other through the relay that both know, and speak over it', async () => {
      const circuit = await vi.waitFor(
        async () => {
          const { addresses = [] } = await other.ask('addresses')
          const found = addresses.find((address) => address.includes('/p2p-circuit'))
          if (found === undefined) throw new Error('no place at the relay yet')
          return found.replace('10.77.2.1', '10.77.1.1')
        },
        { timeout: 30_000, interval: 200 },
      )
      const { peerId } = await other.ask('addresses')
      expect(await one.ask(`dial ${circuit}`)).toMatchObject({
        peerId,
        relayed: true,
        did: expect.stringMatching(/^did:key:/),
      })
      expect(await one.ask(`echo ${circuit}`)).toEqual({ echoed: 'from one' })
    })
  },
)
