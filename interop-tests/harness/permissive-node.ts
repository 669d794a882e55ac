/** A node in this process that permits everything, in front of servers and agents of others. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig, type RunningNode, startNode } from '@hansa/node'
import { type CapabilityDetail, silentLogger } from '@hansa/protocols'
import { stringify } from 'yaml'
import { freePort } from './free-port.ts'
import { hansa } from './node-process.ts'
import { allow } from './two-orgs.ts'

/** An item of `capabilities` of `hansa.yaml`; one of kind `mcp` without what is classified. */
export type Upstream = { mcp: Readonly<Record<string, unknown>> & { id: string } } | Readonly<Record<string, unknown>>

/** Homes of nodes that run at different times can be copies of one: making the first takes a process. */
export class NodeHomes implements AsyncDisposable {
  readonly #directory: string
  #count = 0

  static async make(): Promise<NodeHomes> {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-homes-'))
    await hansa('init', '--home', join(directory, 'first'), '--json')
    return new NodeHomes(directory)
  }

  private constructor(directory: string) {
    this.#directory = directory
  }

  async next(): Promise<string> {
    this.#count += 1
    const home = join(this.#directory, String(this.#count))
    await cp(join(this.#directory, 'first'), home, { recursive: true })
    return home
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

export class PermissiveNode implements AsyncDisposable {
  readonly #home: string
  readonly #upstreams: readonly Upstream[]
  readonly #config: Readonly<Record<string, unknown>>
  readonly node: RunningNode

  /** @param more - further members of `hansa.yaml` */
  static async start(
    home: string,
    upstreams: readonly Upstream[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<PermissiveNode> {
    const config = {
      name: 'front',
      listen: `127.0.0.1:${await freePort()}`,
      allow_private: ['127.0.0.0/8', '::1/128'],
      // A client that goes away in the middle leaves calls that nobody waits for.
      limits: { drain_seconds: 1 },
      ...more,
    }
    const rules = [allow('everything', '*', '*')]
    await writeFile(join(home, 'policy.yaml'), stringify({ version: 1, rules }), { mode: 0o600 })
    const read = await configOf(home, config, upstreams)
    const node = await startNode({ home, config: read, logger: silentLogger })
    return new PermissiveNode(home, upstreams, config, node)
  }

  private constructor(
    home: string,
    upstreams: readonly Upstream[],
    config: Readonly<Record<string, unknown>>,
    node: RunningNode,
  ) {
    this.#home = home
    this.#upstreams = upstreams
    this.#config = config
    this.node = node
  }

  /** Classifies everything that MCP servers and agents of A2A offer as READ, as an operator who trusts them would. @returns what is offered then */
  async offerEverything(): Promise<readonly CapabilityDetail[]> {
    const listed = (await this.#details()).flatMap(({ tool }) => tool ?? [])
    const classified = this.#upstreams.map((item) => {
      if (isA2a(item)) {
        const skills = listed.filter(({ server, kind }) => server === item.a2a.id && kind === 'skill')
        const classes = Object.fromEntries(skills.map(({ name, digest }) => [name, { safety: 'READ', digest }]))
        return { a2a: { ...item.a2a, capabilities: classes } }
      }
      if (!isMcp(item)) return item
      const own = listed.filter(({ server }) => server === item.mcp.id)
      const of = (kind: string) =>
        Object.fromEntries(own.filter((one) => one.kind === kind).map(({ name }) => [name, { safety: 'READ' }]))
      const resources = own.some(({ kind }) => kind === 'resource') ? { resources: { safety: 'READ' } } : {}
      return { mcp: { ...item.mcp, capabilities: of('tool'), prompts: of('prompt'), ...resources } }
    })
    await configOf(this.#home, this.#config, classified)
    await this.node.reload()
    return (await this.#details()).filter(({ state }) => state === 'available')
  }

  /** @returns what an agent of its own shows where agents connect */
  async credential(): Promise<string> {
    return (await this.node.kernel.addAgent({ name: 'kit' })).credential
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }

  async #details(): Promise<readonly CapabilityDetail[]> {
    const { kernel } = this.node
    return Promise.all((await kernel.capabilities()).map(({ ref }) => kernel.capability(ref)))
  }
}

function isA2a(item: Upstream): item is { a2a: Readonly<Record<string, unknown>> & { id: string } } {
  return Object.hasOwn(item, 'a2a')
}

function isMcp(item: Upstream): item is Extract<Upstream, { mcp: { id: string } }> {
  return Object.hasOwn(item, 'mcp')
}

/** Writes `hansa.yaml`. @returns it, as the node reads it */
async function configOf(home: string, config: Readonly<Record<string, unknown>>, capabilities: readonly unknown[]) {
  const path = join(home, 'hansa.yaml')
  const text = stringify({ ...config, capabilities })
  await writeFile(path, text, { mode: 0o600 })
  const reading = parseConfig(text, path, 'hansa.yaml', [])
  if (reading.ok) return reading.config
  throw new Error(`hansa.yaml: ${JSON.stringify(reading.faults)}`)
}
