/** The control interface over a fake kernel, in a home of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { type ControlListen, type ControlServer, controlServer, type NodeOperations } from '../control/index.ts'
import type { Mount } from '../control/mount.ts'
import { RecentLines } from '../operations/recent-lines.ts'
import { detail, fakeCard } from './fake-answers.ts'
import { type FakeKernel, fakeKernel } from './fake-kernel.ts'

export interface FakeNode extends ControlServer {
  readonly kernel: FakeKernel
  readonly clock: ManualClock
  /** What `hansa logs` shows. */
  readonly lines: RecentLines
  /** A directory of mode 0700 of its own. */
  readonly home: string
}

/** @param listen given the home directory. @default the Unix socket `control.sock` in it */
export async function fakeNode(
  listen: (home: string) => ControlListen = (home) => ({ kind: 'unix', path: join(home, 'control.sock') }),
  logger: Logger = silentLogger,
  mounts: (kernel: FakeKernel) => readonly Mount[] = () => [],
): Promise<FakeNode> {
  const home = await mkdtemp(join(tmpdir(), 'hansa-'))
  const kernel = fakeKernel()
  const clock = manualClock()
  const lines = new RecentLines()
  const server = await controlServer({
    kernel,
    node: { ...fakeOperations, logLines: (params, signal) => lines.readOrWait(params, clock, signal) },
    clock,
    logger,
    principal: 'agent:default',
    listen: listen(home),
    mounts: mounts(kernel),
  })
  return {
    kernel,
    clock,
    lines,
    home,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** A node whose policy has one rule, whenever it is read. */
export const fakeOperations: NodeOperations = {
  logLines: async ({ after = 0 }) => ({ lines: [], next: after, missed: 0 }),
  reloadPolicy: async () => ({ ok: true, version: 2, rules: 1 }),
  policyFaults: () => [],
  agentCard: async (agentsUrl) => ({ text: JSON.stringify(fakeCard(agentsUrl)) }),
  reload: async () => ({
    ok: true,
    added: [],
    removed: [],
    changed: ['files.read'],
    rules: 1,
    needsRestart: ['listen'],
  }),
  classify: async ({ capability, safety }) => ({ ...detail(capability), safety }),
}
