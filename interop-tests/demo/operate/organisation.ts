/** One organisation: a home that `hansa init` made, and the node that `hansa up` runs in it. */
import { join } from 'node:path'
import { HANSA_BIN } from '../../harness/hansa-command.ts'
import { SpawnedProcess } from '../../harness/spawned-process.ts'
import type { Ran, Shell } from './shell.ts'

export type OrganisationInit = {
  name: 'orga' | 'orgb'
  /** Address on which its node listens. */
  host: string
  port: number
}

export class Organisation implements AsyncDisposable {
  readonly name: 'orga' | 'orgb'
  readonly host: string
  readonly port: number
  readonly #shell: Shell
  readonly #log: string[] = []
  #node: SpawnedProcess | undefined
  /** Known once its home is made. */
  did = ''
  fingerprint = ''

  constructor({ name, host, port }: OrganisationInit, shell: Shell) {
    this.name = name
    this.host = host
    this.port = port
    this.#shell = shell
  }

  get home(): string {
    return join(this.#shell.directory, this.name)
  }

  get url(): string {
    return `https://${this.host}:${this.port}`
  }

  /** Lines that its node wrote. */
  get log(): readonly string[] {
    return this.#log
  }

  json<T>(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.#shell.json([...args, '--home', this.name], environment)
  }

  run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return this.#shell.run([...args, '--home', this.name, '--json'], environment)
  }

  /** @returns what the node said when it was ready. */
  async up(): Promise<{ endpoint: string; control: string; pid: number }> {
    this.#node = await SpawnedProcess.start({
      name: this.name,
      args: [HANSA_BIN, 'up', '--home', this.home, '--json'],
      cwd: this.#shell.directory,
      log: (line) => void this.#log.push(`${this.name} | ${line}`),
    })
    return this.#node.ready as { endpoint: string; control: string; pid: number }
  }

  /** SIGTERM, and waits. @throws Error when it does not end in good order. */
  async stop(): Promise<void> {
    await this.#node?.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node?.kill()
  }
}
