/** A registry and two nodes, each a process, each node with a home that `hansa init` made. */
import { cp, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import type { NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import { short } from '../layout.ts'
import type { DemoReport } from '../report.ts'
import type { Scene } from '../scene.ts'
import type { Story } from '../story.ts'

const DEMO = dirname(import.meta.dirname)
const SERVER_PACKAGE = '@modelcontextprotocol/server-filesystem'

/** @throws Error with what a process wrote, when it does not start. */
export async function startProcesses(mesh: ProcessMesh, story: Story, report: DemoReport): Promise<Scene> {
  story.section(
    'Three processes start',
    'On loopback, each node with its own keys and its own directory. Both nodes are given the same token secret, which ' +
      'is a mistake; step 9 shows that it opens no door.',
  )
  story.doing('starting the registry, making two homes (hansa init)')
  const [registry, orga, orgb] = await Promise.all([
    timed(story, 'registry  ', async () => mesh.registry()),
    mesh.prepare('orga'),
    mesh.prepare('orgb'),
  ])
  const server = await filesystemServer()
  const values = {
    REGISTRY_URL: registry.url,
    ORGA_DID: orga.did,
    NODE: process.execPath,
    FILESYSTEM_SERVER: server.program,
  }
  await cp(join(DEMO, 'orgb/files'), join(orgb.home, 'files'), { recursive: true })
  await configure(orgb, values, {
    'customers.mts': await readFile(join(DEMO, 'orgb/customers.mts'), 'utf8'),
    'keys/token.secret': await readFile(join(orga.home, 'keys/token.secret'), 'utf8'),
  })
  await configure(orga, values)
  story.doing('starting both nodes (hansa up)')
  await Promise.all([orga, orgb].map((node) => timed(story, `${node.name}      `, () => started(node))))
  for (const { name, did, pid, endpoint } of [orga, orgb]) report.kernels.push({ name, did, pid, endpoint })
  const offered = (await orgb.client.operator.capabilities()).map(({ ref }) => ref)
  const files = offered.filter((ref) => ref.startsWith('files.'))
  story.note(
    `orgb offers ${files.join(', ')}: ${SERVER_PACKAGE} ${server.version} from npm, which knows nothing of Hansa, over a ` +
      `directory of real files. And ${offered.filter((ref) => !files.includes(ref)).join(', ')}: a function of its own process.`,
  )
  return { mesh, story, report, registry, orga, orgb, manifests: new Map() }
}

/** Fills in what is only known now; everything else is in `demo/orga` and `demo/orgb` as an operator would write it. */
async function configure(
  node: NodeProcess,
  values: Record<string, string>,
  files: Record<string, string> = {},
): Promise<void> {
  const directory = join(DEMO, node.name)
  const template = await readFile(join(directory, 'hansa.yaml'), 'utf8')
  const text = template.replaceAll(/\$\{([A-Z_]+)\}/g, (_all, name: string) => values[name] ?? '')
  const config = parse(text) as Record<string, unknown>
  await node.configure({ config, policy: await readFile(join(directory, 'policy.yaml'), 'utf8'), files })
}

async function filesystemServer(): Promise<{ program: string; version: string }> {
  const manifest = createRequire(import.meta.url).resolve(`${SERVER_PACKAGE}/package.json`)
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  return { program: join(dirname(manifest), 'dist/index.js'), version }
}

async function started(node: NodeProcess): Promise<{ url: string; pid: number; did: string }> {
  await node.start()
  return { url: node.endpoint, pid: node.pid, did: node.did }
}

/** Starts a process and tells where it is. */
async function timed<T extends { url: string; pid: number; did?: string }>(
  story: Story,
  name: string,
  start: () => Promise<T>,
): Promise<T> {
  const begun = performance.now()
  const process = await start()
  const { url, pid, did } = process
  story.done(`${name}${url}   pid ${pid}   ${did === undefined ? '' : short(did)}`.trimEnd(), performance.now() - begun)
  return process
}
