/** Adapter: a node as a process, from its configuration to the signal that ends it. */
import { flushCompileCache } from 'node:module'
import process from 'node:process'
import type { EventLogger } from '@hansa/protocols'
import { type Environment, type NodeConfig, type Overrides, readConfig } from '../config/index.ts'
import { homePaths, openHome } from '../home/home.ts'
import { RecentLines } from '../operations/recent-lines.ts'
import { cannotStart, sentenceOf } from '../start/errors.ts'
import { type RunningNode, startNode } from '../start-node.ts'
import { systemClock } from '../system-clock.ts'
import { systemLogger } from '../system-logger.ts'
import { announceApprovals } from './announce-approvals.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Print } from './print.ts'

export type RunNodeInit = { home: string; environment: Environment; overrides: Overrides; print: Print }

/** Milliseconds that a stopping node has for the calls that run. */
const DRAIN_MS = 30_000
/** Milliseconds: a signal that comes sooner is the same one, from the terminal and from whoever passes signals on. */
const SAME_SIGNAL_MS = 1_000

/** @returns when the node has ended as it was told to. @throws what keeps it from starting. */
export async function runNode({ home, environment, overrides, print }: RunNodeInit): Promise<ExitCode> {
  const config = await usableConfig(home, environment, overrides)
  const lines = new RecentLines()
  const logger: EventLogger = systemLogger(config.logLevel, lines)
  const fatal = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error)
    logger.error('node.fatal', { reason, stack: error instanceof Error ? error.stack : undefined })
    print.fault({
      code: 'internal',
      message: `The node cannot go on: ${reason}`,
      remedy: `Its log up to here is safe. Look at the disk, then start it again; see hansa doctor --home ${home}.`,
    })
    process.exit(exitCodes.failed)
  }
  process.once('uncaughtException', fatal)
  const read = () => readConfig(homePaths(home).config, environment, overrides)
  const node = await startNode({ home, config, readConfig: read, environment, logger, lines, onFatal: fatal })
  const stopped = untilStopped(node)
  const { did, endpoint, control } = node
  print.result(
    { did, endpoint, control, pid: process.pid },
    (style) => `${style.good('Ready')}: ${style.name(did)} at ${endpoint}, control ${control}. Stop it with Ctrl+C.`,
  )
  // A node that is killed has no other time for it, and its next start would compile everything again.
  flushCompileCache()
  announceApprovals({ events: node.kernel.watchApprovals(), home, print, logger }).catch((error: unknown) =>
    logger.error('approvals.not_announced', { reason: sentenceOf(error) }),
  )
  await stopped
  const drainMs = config.drainMs ?? DRAIN_MS
  systemClock.after(drainMs, () => {
    logger.error('node.drain_timeout', { after_ms: drainMs })
    process.exit(exitCodes.failed)
  })
  await node[Symbol.asyncDispose]()
  // What a capability of the operator's own has left open must not keep the process.
  process.exit(exitCodes.ok)
}

/**
 * @throws HomeError `home_missing`; else one error with what is wrong with the configuration and, where that is all that
 * can be known, with the home. A home that is unusable under a good configuration is one of the faults of the start.
 */
async function usableConfig(home: string, environment: Environment, overrides: Overrides): Promise<NodeConfig> {
  const [opened, read] = await Promise.allSettled([
    openHome(home),
    readConfig(homePaths(home).config, environment, overrides),
  ])
  const missing = opened.status === 'rejected' && isMissing(opened.reason)
  if (missing) throw opened.reason
  if (read.status === 'fulfilled') return read.value
  throw opened.status === 'fulfilled' ? read.reason : cannotStart([opened.reason, read.reason].map(sentenceOf))
}

function isMissing(error: unknown): boolean {
  return (error as { detail?: { code?: unknown } }).detail?.code === 'home_missing'
}

/** Resolves at the signal that ends the node; a second one ends the process at once. */
function untilStopped(node: RunningNode): Promise<void> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined
    const stop = () => {
      const now = systemClock.now()
      if (stoppedAt !== undefined && now - stoppedAt > SAME_SIGNAL_MS) process.exit(exitCodes.failed)
      stoppedAt ??= now
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    // Whoever started it with a channel ends it by going away, however that happens.
    process.once('disconnect', stop)
    process.on('SIGHUP', () => void node.reload().catch(() => {}))
  })
}
