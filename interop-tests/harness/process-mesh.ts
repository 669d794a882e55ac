/**
 * Several nodes and a registry as real processes on free loopback ports, in a temporary directory: for what sockets,
 * crashes and disks do, and `TestMesh` cannot show.
 *
 *   await using mesh = await ProcessMesh.create()
 *   const orgb = await mesh.node('orgb', { config: { capabilities: [...] }, policy: [...] })
 *   await orgb.kill()
 *   await orgb.start()
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeProcess, type NodeProcessInit } from './node-process.ts'
import { SpawnedProcess } from './spawned-process.ts'

const REGISTRY_BIN = join(import.meta.dirname, '../../registry-server/bin/hansa-registry.js')

export type RegistryMember = { url: string; pid: number }

export class ProcessMesh implements AsyncDisposable {
  readonly directory: string
  readonly #nodes: NodeProcess[] = []
  readonly #registryLog: string[] = []
  #registry: SpawnedProcess | undefined
  #kept = false

  static async create(): Promise<ProcessMesh> {
    return new ProcessMesh(await mkdtemp(join(tmpdir(), 'hansa-')))
  }

  private constructor(directory: string) {
    this.directory = directory
  }

  /** Starts a registry; a mesh has one. */
  async registry(): Promise<RegistryMember> {
    const args = [REGISTRY_BIN, '--listen', '127.0.0.1:0', '--database', `sqlite:${this.directory}/registry.sqlite`]
    this.#registry ??= await SpawnedProcess.start({
      name: 'registry',
      args: [...args, '--json'],
      cwd: this.directory,
      log: (line) => void this.#registryLog.push(`registry | ${line}\n`),
    })
    return { url: String(this.#registry.ready.url), pid: this.#registry.pid }
  }

  /** Makes the home of a node and does not start it. */
  async prepare(name: string, identity: 'key' | 'webvh' = 'key'): Promise<NodeProcess> {
    const node = await NodeProcess.create(name, join(this.directory, name), identity)
    this.#nodes.push(node)
    return node
  }

  /** Makes a node and starts it. */
  async node(name: string, init: NodeProcessInit = {}): Promise<NodeProcess> {
    const node = await this.prepare(name)
    await node.configure(init)
    await node.start()
    return node
  }

  /** What every process of the mesh wrote, one after the other. */
  logText(): string {
    return this.#registryLog.join('') + this.#nodes.map((node) => node.logText()).join('')
  }

  /** The directory stays when the mesh ends, with what the processes wrote in `processes.log`. */
  keep(): void {
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.map((node) => node[Symbol.asyncDispose]()), this.#registry?.kill()])
    if (this.#kept) await writeFile(join(this.directory, 'processes.log'), this.logText())
    else await rm(this.directory, { recursive: true, force: true })
  }
}
