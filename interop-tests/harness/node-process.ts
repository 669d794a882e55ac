/** A node of its own home directory, as `hansa init` makes it and `hansa up` runs it. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Did, Rule } from '@hansa/protocols'
import { connect, type NodeClient } from '@hansa/sdk'
import { stringify } from 'yaml'
import { freePort } from './free-port.ts'
import { HANSA_BIN } from './hansa-command.ts'
import { childEnvironment, SpawnedProcess } from './spawned-process.ts'

export type NodeProcessInit = {
  /** Members of hansa.yaml, beside name, listen and allow_private. */
  config?: Readonly<Record<string, unknown>>
  /** Rules, or the text of policy.yaml. @default no rule, which permits nothing */
  policy?: readonly Rule[] | string
  /** Further files of the home, by path in it; they are written with mode 0600. */
  files?: Readonly<Record<string, string>>
  /** A program that runs the node in another place, such as `ip netns exec NAME`. */
  within?: readonly string[]
}

type Running = { process: SpawnedProcess; client: NodeClient; endpoint: string; control: string }

/** Runs one command to its end. @returns what it printed. @throws Error with what it said, when it does not exit with 0. */
export async function hansa(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [HANSA_BIN, ...args], { env: childEnvironment })).stdout
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
    throw new Error(`hansa ${args.join(' ')} ended with code ${code}:\n${stdout}${stderr}`, { cause: error })
  }
}

export class NodeProcess implements AsyncDisposable {
  readonly name: string
  /** Its directory. */
  readonly home: string
  readonly did: Did
  readonly #port: number
  readonly #log: string[] = []
  #within: readonly string[] = []
  #running: Running | undefined
  /** Until it is ready, or has failed. */
  #starting: Promise<SpawnedProcess> | undefined

  /** Makes the home; nothing runs yet. @param identity a `webvh` one is published where the node listens */
  static async create(name: string, home: string, identity: 'key' | 'webvh' = 'key'): Promise<NodeProcess> {
    const port = await freePort()
    const place = identity === 'webvh' ? ['--did', 'webvh', '--domain', `localhost:${port}`] : []
    const { did } = JSON.parse(await hansa('init', ...place, '--home', home, '--json')) as { did: Did }
    return new NodeProcess(name, home, did, port)
  }

  private constructor(name: string, home: string, did: Did, port: number) {
    this.name = name
    this.home = home
    this.did = did
    this.#port = port
  }

  get pid(): number {
    return this.#live.process.pid
  }

  /** Base URL at which other kernels reach it. */
  get endpoint(): string {
    return this.#live.endpoint
  }

  get manifestUrl(): string {
    return `${this.endpoint}/.well-known/hansa/manifest`
  }

  /** What `connect()` takes. */
  get control(): string {
    return this.#live.control
  }

  /** A client of it; after a restart there is another one. */
  get client(): NodeClient {
    return this.#live.client
  }

  get logDirectory(): string {
    return join(this.home, 'log')
  }

  /** Everything its processes have written to standard output and error. */
  logText(): string {
    return this.#log.map((line) => `${this.name} | ${line}\n`).join('')
  }

  /** Writes configuration, policy and files; takes effect with the next start. */
  async configure({ config = {}, policy = [], files = {}, within = [] }: NodeProcessInit): Promise<void> {
    this.#within = within
    const listen = `127.0.0.1:${this.#port}`
    const text = typeof policy === 'string' ? policy : stringify({ version: 1, rules: policy })
    const own = { name: this.name, listen, allow_private: ['127.0.0.0/8'], ...config }
    for (const [path, content] of Object.entries({ 'hansa.yaml': stringify(own), 'policy.yaml': text, ...files })) {
      const target = join(this.home, path)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await writeFile(target, content, { mode: 0o600 })
      // A file that was there keeps its mode otherwise.
      await chmod(target, 0o600)
    }
  }

  /** Starts it, for the first time or again: same home, same port. */
  async start(): Promise<void> {
    if (this.#running?.process.running === true) throw new Error(`${this.name} is running already`)
    this.#starting = this.#spawn()
    const spawned = await this.#starting
    const { endpoint, control } = spawned.ready as { endpoint: string; control: string }
    const client = await connect(control, { tokenFile: join(this.home, 'control.token') })
    this.#running = { process: spawned, client, endpoint, control }
  }

  async #spawn(): Promise<SpawnedProcess> {
    await this.#forget()
    const log = (line: string) => void this.#log.push(line)
    const args = [HANSA_BIN, 'up', '--home', this.home, '--json']
    return SpawnedProcess.start({ name: this.name, args, within: this.#within, cwd: this.home, log })
  }

  /** Ends it at once, as a loss of its process would. */
  async kill(): Promise<void> {
    await this.#running?.process.kill()
  }

  /** Asks it to end, and waits. @throws Error when it does not end in good order. */
  async stop(): Promise<void> {
    await this.#running?.process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also one that is not ready yet, because another one that was started with it has failed.
    const started = await this.#starting?.catch(() => undefined)
    await this.#forget()
    await started?.kill()
  }

  get #live(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} was not started`)
    return this.#running
  }

  async #forget(): Promise<void> {
    const client = this.#running?.client
    this.#running = undefined
    await client?.[Symbol.asyncDispose]()
  }
}
