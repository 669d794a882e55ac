/** The scene as a reader of its JSON runs it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { ProtocolsReport } from './protocols-report.ts'

it('plain clients of A2A and MCP delegate across two kernels, and neither protocol is a way around a policy', {
  timeout: 240_000,
}, async () => {
  const main = join(import.meta.dirname, '../main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--scene', 'protocols', '--json'], {
    env: childEnvironment,
  })
  const receipts = [expect.stringMatching(/^[\w-]{43}$/)]
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    a2a: {
      states: ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_COMPLETED'],
      taskState: 'TASK_STATE_COMPLETED',
      hops: 2,
      receipts,
    },
    mcp: { result: 'High water at Bergen', hops: 2, receipts },
    refused: [
      { protocol: 'a2a', code: 'policy_denied' },
      { protocol: 'a2a', code: 'policy_denied' },
      { protocol: 'mcp', code: 'policy_denied' },
    ],
  } satisfies ProtocolsReport)
})
