/** The scene as a reader of its JSON runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { MeshReport } from './mesh-report.ts'

it('a mesh without a centre is found, used, goes on when a third is killed, and takes in a late one', {
  timeout: 240_000,
}, async () => {
  const main = join(import.meta.dirname, '../main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--scene', 'mesh', '--nodes', '5', '--json'], {
    env: childEnvironment,
  })
  const report = JSON.parse(stdout) as MeshReport
  expect(report).toMatchObject({ ok: true, registryUsed: false, localFailures: 0, survivorFailures: 0 })
  expect(new Set(report.nodes.map(({ pid }) => pid)).size).toBe(5)
  expect(report.killed).toEqual(report.nodes.slice(0, 2).map(({ did }) => did))
  expect([report.convergedMs, report.lateJoinMs]).toEqual([expect.any(Number), expect.any(Number)])
  expect(Math.min(report.localCalls, report.survivorCalls, report.callsAcross)).toBeGreaterThan(0)
})
