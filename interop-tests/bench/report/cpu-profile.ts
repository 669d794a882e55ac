/** What a CPU profile says in a page: which functions took the time of the thread, and on whose behalf. */

/** The part of V8's format that is read here. */
export type CpuProfile = {
  nodes: ProfileNode[]
  samples: number[]
  /** Microseconds before each sample. */
  timeDeltas: number[]
}

export type ProfileNode = {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}

/** `share` is of the time in which the thread was busy. */
export type FunctionTime = { name: string; at: string; share: number }

export type ProfileSummary = {
  /** Of all the time that was sampled. */
  busyShare: number
  /** By the function that was running, most first. */
  self: FunctionTime[]
  /** The same time by the nearest function of this repository around it: what libraries and the runtime did is its own. */
  onBehalf: FunctionTime[]
  /** The same by folder, or by library where nothing of this repository is around it; `at` is empty. */
  folders: FunctionTime[]
}

type Frame = ProfileNode['callFrame']

const IDLE = '(idle)'
/** The profiler's own work in the thread that it looks at. */
const PROFILER = 'node:inspector'

export function summarise(profile: CpuProfile): ProfileSummary {
  const owners = ownersOf(profile.nodes)
  const self = new Tally()
  const onBehalf = new Tally()
  const folders = new Tally()
  let total = 0
  let busy = 0
  for (const [at, id] of profile.samples.entries()) {
    const { frame, owner } = owners.get(id) ?? {}
    const us = profile.timeDeltas[at] ?? 0
    if (frame === undefined || owner === undefined || frame.url === PROFILER) continue
    total += us
    if (frame.functionName === IDLE) continue
    busy += us
    self.add(nameOf(frame), place(frame), us)
    onBehalf.add(nameOf(owner), place(owner), us)
    folders.add(folderOf(owner), '', us)
  }
  return {
    busyShare: busy / total,
    self: self.shares(busy),
    onBehalf: onBehalf.shares(busy),
    folders: folders.shares(busy),
  }
}

class Tally {
  readonly #times = new Map<string, { name: string; at: string; us: number }>()

  add(name: string, at: string, us: number): void {
    const key = `${name} ${at}`
    const known = this.#times.get(key) ?? { name, at, us: 0 }
    known.us += us
    this.#times.set(key, known)
  }

  shares(total: number): FunctionTime[] {
    const all = [...this.#times.values()].sort((a, b) => b.us - a.us)
    return all.map(({ name, at, us }) => ({ name, at, share: us / total }))
  }
}

/** For each node its frame, and the nearest one at or above it of this repository, else of a library, else its own. */
function ownersOf(nodes: readonly ProfileNode[]): Map<number, { frame: Frame; owner: Frame }> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const owners = new Map<number, { frame: Frame; owner: Frame }>()
  const visit = (node: ProfileNode, ours: Frame | undefined, library: Frame | undefined): void => {
    const frame = node.callFrame
    const from = originOf(frame)
    const nearest = from === 'ours' ? frame : ours
    const nearestLibrary = from === 'library' ? frame : library
    owners.set(node.id, { frame, owner: nearest ?? nearestLibrary ?? frame })
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) visit(child, nearest, nearestLibrary)
    }
  }
  // V8 writes the root first.
  const [root] = nodes
  if (root !== undefined) visit(root, undefined, undefined)
  return owners
}

function originOf({ url }: Frame): 'ours' | 'library' | 'runtime' {
  if (!url.startsWith('file:')) return 'runtime'
  return url.includes('/node_modules/') ? 'library' : 'ours'
}

function nameOf({ functionName }: Frame): string {
  return functionName === '' ? '(anonymous)' : functionName
}

/** Paths from the package on, so that they fit a line. */
function place({ url, lineNumber }: Frame): string {
  if (url === '') return ''
  const path = url.replace(/^file:\/\//, '').replace(/^.*\/node_modules\//, '')
  return `${path.replace(/^.*\/((?:protocols|trust|mesh|storage|node|sdk|interop-tests)\/)/, '$1')}:${lineNumber + 1}`
}

function folderOf(frame: Frame): string {
  const from = originOf(frame)
  if (from === 'runtime') return 'node, on its own'
  const path = place(frame)
  if (from === 'ours') return path.slice(0, path.lastIndexOf('/'))
  const [scope = '', name = ''] = path.split('/')
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}
