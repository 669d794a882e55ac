import { parseArgs } from 'node:util'

export const scenes = ['call', 'operate', 'ledger', 'trust', 'mesh', 'protocols'] as const
export type SceneName = (typeof scenes)[number]

/** Fewer of which a third can be killed while calls go on are no mesh; more do not fit on a laptop. */
const MIN_NODES = 4
const MAX_NODES = 40

export type DemoOptions = {
  scene: SceneName /** Nodes of the mesh. */
  nodes: number
  json: boolean
  keep: boolean
  help: boolean
}

export const usage = `Two organisations on this machine, shown as a story.

  npm run demo                          one governed call, and what both firewalls and both logs do about it
  npm run demo -- --scene operate       two nodes are installed, joined, operated and audited, by commands alone
  npm run demo -- --scene ledger        either side lies about its log in every way there is, and is found out
  npm run demo -- --scene trust         what is given and passed on between kernels, taken back, and earned
  npm run demo -- --scene mesh --nodes 8   kernels find each other without a registry, and go on when a third is killed
  npm run demo -- --scene protocols     plain clients of A2A and MCP delegate across two kernels, under policy
  npm run demo -- --keep                keeps the homes and logs of both nodes, to look further
  npm run -s demo -- --json             prints one JSON object and nothing else; exit code 0 only if all of it holds
`

/** @throws TypeError for what is none of them. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scene: { type: 'string', default: 'call' },
      nodes: { type: 'string', default: '8' },
      json: flag,
      keep: flag,
      help: { ...flag, short: 'h' },
    },
  })
  const scene = scenes.find((name) => name === values.scene)
  if (scene === undefined) throw new TypeError(`--scene is one of ${scenes.join(', ')}, not "${values.scene}"`)
  const nodes = Number(values.nodes)
  if (!Number.isInteger(nodes) || nodes < MIN_NODES || nodes > MAX_NODES)
    throw new TypeError(`--nodes is a number from ${MIN_NODES} to ${MAX_NODES}, not "${values.nodes}"`)
  return { ...values, scene, nodes }
}
